//! What the DNS says about domains of lists.

use std::collections::BTreeSet;

use mailjam_signature::{Resolver, dns_record, policy};

use super::{Finding, Status};
use crate::daemon::Daemon;
use crate::signing;

/// Whether each domain has a key, and each key its record in the DNS.
pub async fn keys(daemon: &Daemon, domains: &BTreeSet<String>) -> Vec<Finding> {
    const CHECK: &str = "keys";
    let (config, signing) = (daemon.config(), daemon.signing());
    let mut findings = Vec::new();
    for domain in domains.iter().filter(|domain| signing.signer(domain).is_none()) {
        let fix = format!("mailjam-cli dkim create {domain}, unless the mail server signs for it");
        findings.push(Finding::new(CHECK, Status::Warn, format!("lists of {domain} do not sign (DKIM)"), fix));
    }
    let stored = match signing::stored(&config) {
        Ok(stored) => stored,
        Err(error) => {
            findings.push(Finding::new(CHECK, Status::Fail, error.to_string(), "make the file readable for mailjamd"));
            return findings;
        }
    };
    for key in stored {
        let record = dns_record(&key.domain, &key.selector, &key.key.public());
        let wanted = record.strings.concat();
        let Some(resolver) = signing.resolver() else {
            findings.push(unasked(CHECK, &record.name));
            continue;
        };
        let publish = format!("put into the DNS: {record}");
        findings.push(match resolver.texts(&record.name).await {
            Ok(texts) if texts.iter().any(|text| same(text, &wanted)) && key.active => {
                Finding::ok(CHECK, format!("{} is in the DNS", record.name))
            }
            Ok(texts) if texts.iter().any(|text| same(text, &wanted)) => {
                let fix = format!("mailjam-cli dkim activate {} {}", key.domain, key.selector);
                Finding::new(CHECK, Status::Warn, format!("{} is in the DNS, and not used yet", record.name), fix)
            }
            Ok(texts) => {
                let detail = if texts.is_empty() { "is not in the DNS" } else { "is another key in the DNS" };
                let status = if key.active { Status::Fail } else { Status::Warn };
                Finding::new(CHECK, status, format!("{} {detail}", record.name), publish)
            }
            Err(temporary) => Finding::new(CHECK, Status::Warn, temporary.to_string(), ""),
        });
    }
    findings
}

/// Whether two records say the same, however they are spaced.
fn same(found: &str, wanted: &str) -> bool {
    let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    bare(found).trim_end_matches(';') == bare(wanted).trim_end_matches(';')
}

/// Whether each domain says who may send for it (SPF, RFC 7208), and what is to become of other mail (DMARC, RFC 9989).
pub async fn policies(daemon: &Daemon, domains: &BTreeSet<String>) -> Vec<Finding> {
    const CHECK: &str = "policies";
    let signing = daemon.signing();
    let mut findings = Vec::new();
    for domain in domains {
        let Some(resolver) = signing.resolver() else {
            findings.push(unasked(CHECK, domain));
            continue;
        };
        findings.push(spf(CHECK, resolver, domain).await);
        findings.push(match policy(resolver, domain).await {
            Ok(Some(found)) => Finding::ok(CHECK, format!("{domain} has a DMARC policy (p={})", found.assessment)),
            Ok(None) => {
                let fix = format!("put into the DNS: _dmarc.{domain}. IN TXT \"v=DMARC1; p=none\"");
                Finding::new(CHECK, Status::Warn, format!("{domain} has no DMARC policy"), fix)
            }
            Err(temporary) => Finding::new(CHECK, Status::Warn, temporary.to_string(), ""),
        });
    }
    findings
}

async fn spf(check: &'static str, resolver: &Resolver, domain: &str) -> Finding {
    let texts = match resolver.texts(domain).await {
        Ok(texts) => texts,
        Err(temporary) => return Finding::new(check, Status::Warn, temporary.to_string(), ""),
    };
    let is_spf = |text: &&String| text.split(' ').next().is_some_and(|version| version.eq_ignore_ascii_case("v=spf1"));
    match texts.iter().filter(is_spf).count() {
        1 => Finding::ok(check, format!("{domain} says who may send for it (SPF)")),
        0 => {
            let fix = format!(
                "put into the DNS, with the addresses that your mail leaves from: {domain}. IN TXT \"v=spf1 mx -all\""
            );
            Finding::new(check, Status::Warn, format!("{domain} does not say who may send for it (SPF)"), fix)
        }
        _ => {
            let detail = format!("{domain} has several SPF records, which count as an error");
            Finding::new(check, Status::Fail, detail, "keep one of them")
        }
    }
}

/// Whether members can leave with one click.
pub async fn one_click(daemon: &Daemon) -> Finding {
    const CHECK: &str = "one-click";
    let (config, signing) = (daemon.config(), daemon.signing());
    let url = &config.web.public_url;
    let Some(rest) = url.strip_prefix("https://") else {
        let fix = "set [web] public_url once mailjam-web answers there; large providers ask for it";
        return Finding::new(CHECK, Status::Skipped, "copies have no link to leave with one click", fix);
    };
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    let Some(resolver) = signing.resolver() else { return unasked(CHECK, host) };
    match resolver.exists(host).await {
        Ok(true) => Finding::ok(CHECK, format!("{url} has an address")),
        Ok(false) => {
            let fix = "correct [web] public_url, or put the name into the DNS";
            Finding::new(CHECK, Status::Fail, format!("{host} of [web] public_url is not in the DNS"), fix)
        }
        Err(temporary) => Finding::new(CHECK, Status::Warn, temporary.to_string(), ""),
    }
}

/// What is said where the administrator wants the DNS left alone.
pub fn unasked(check: &'static str, name: &str) -> Finding {
    Finding::new(check, Status::Skipped, format!("{name}: the DNS is not asked"), "set [dns] enabled = true")
}
