//! What the mail server found out about a sender: Authentication-Results (RFC 8601), as far as it wrote them itself.
//!
//! Only fields with the configured authserv-id count. A mail server has to remove such fields from what comes in from
//! outside (RFC 8601 5); should it not, its own results stand above those that came in, so of each method the topmost
//! result counts.

use crate::address::Address;
use crate::message::{Field, Message};

/// What is known of an identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Identity {
    /// Nothing was evaluated, or it came to no result.
    #[default]
    Unknown,
    /// It is genuine.
    Passed,
    /// It is forged, as far as its domain says.
    Failed,
}

/// What is known of who sent a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    /// The author in From.
    pub author: Identity,
    /// The envelope sender.
    pub sender: Identity,
}

/// One result in an Authentication-Results field.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    method: String,
    result: String,
    /// `ptype.property` and value.
    properties: Vec<(String, String)>,
}

impl Finding {
    fn property(&self, names: &[&str]) -> Option<&str> {
        self.properties.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| value.as_str())
    }

    fn passed(&self) -> bool {
        self.result == "pass"
    }

    fn failed(&self) -> bool {
        self.result == "fail"
    }
}

/// Whether a field is an Authentication-Results of this mail server.
#[must_use]
pub fn is_own(field: &Field, authserv_id: &str) -> bool {
    if authserv_id.is_empty() || !field.is("Authentication-Results") {
        return false;
    }
    let text = without_comments(&field.text());
    let id = text.split(';').next().unwrap_or_default();
    // A version may follow (RFC 8601 2.2).
    let id = id.split_whitespace().next().unwrap_or_default().trim_matches('"');
    id.eq_ignore_ascii_case(authserv_id)
}

/// What the mail server with this authserv-id says about a message; nothing, if no id is configured.
#[must_use]
pub fn evaluate(message: &Message, authserv_id: &str, sender: Option<&Address>) -> Authentication {
    let own = message.fields().iter().filter(|field| is_own(field, authserv_id));
    let mut findings: Vec<Finding> = Vec::new();
    for field in own {
        let here = findings_of(&field.text());
        // DKIM has a result for each signature; of the methods that were seen above, the others are not believed.
        let new: Vec<Finding> =
            here.into_iter().filter(|one| !findings.iter().any(|known| known.method == one.method)).collect();
        findings.extend(new);
    }
    let authors: Vec<Address> = message.from().into_iter().filter_map(|author| author.address).collect();
    Authentication {
        author: match authors.as_slice() {
            [author] => author_identity(&findings, author),
            // Several authors cannot all be vouched for (RFC 7489 6.6.1), and none neither.
            _ if findings.iter().any(|finding| finding.method == "dmarc" && finding.failed()) => Identity::Failed,
            _ => Identity::Unknown,
        },
        sender: sender.map(|sender| sender_identity(&findings, sender)).unwrap_or_default(),
    }
}

/// DMARC decides where it was evaluated. Elsewhere one aligned pass is enough, and a failure of what is aligned is one.
fn author_identity(findings: &[Finding], author: &Address) -> Identity {
    let domain = author.ascii_domain().into_owned();
    if let Some(dmarc) = findings.iter().find(|finding| finding.method == "dmarc") {
        let same = dmarc.property(&["header.from"]).is_none_or(|from| domain_of(from) == domain);
        match (dmarc.passed() && same, dmarc.failed()) {
            (true, _) => return Identity::Passed,
            (_, true) => return Identity::Failed,
            _ => {}
        }
    }
    let about_author = |finding: &&Finding| {
        let names: &[&str] = match finding.method.as_str() {
            "dkim" => &["header.d", "header.i"],
            // The name in HELO stands for the sender only where there is none (RFC 7489 3.1.2).
            "spf" if finding.property(&["smtp.mailfrom"]).is_some_and(|sender| !sender.is_empty()) => {
                &["smtp.mailfrom"]
            }
            "spf" => &["smtp.helo"],
            _ => return false,
        };
        finding.property(names).is_some_and(|about| are_aligned(&domain_of(about), &domain))
    };
    let mut aligned = findings.iter().filter(about_author).peekable();
    if aligned.peek().is_none() {
        return Identity::Unknown;
    }
    let aligned: Vec<&Finding> = aligned.collect();
    if aligned.iter().any(|finding| finding.passed()) {
        Identity::Passed
    } else if aligned.iter().any(|finding| finding.failed()) {
        Identity::Failed
    } else {
        Identity::Unknown
    }
}

fn sender_identity(findings: &[Finding], sender: &Address) -> Identity {
    let about = |finding: &&Finding| {
        finding.method == "spf"
            && finding
                .property(&["smtp.mailfrom"])
                .is_some_and(|mailfrom| domain_of(mailfrom) == sender.ascii_domain().as_ref())
    };
    match findings.iter().find(about) {
        Some(spf) if spf.passed() => Identity::Passed,
        Some(spf) if spf.failed() => Identity::Failed,
        _ => Identity::Unknown,
    }
}

/// The domain of an address, or of a bare domain, in the form for comparison.
fn domain_of(text: &str) -> String {
    let domain = text.rsplit_once('@').map_or(text, |(_, domain)| domain);
    Address::parse_foreign(&format!("x@{domain}"))
        .map_or_else(|_| domain.to_ascii_lowercase(), |address| address.ascii_domain().into_owned())
}

/// Relaxed alignment (RFC 7489 3.1) without a list of public suffixes: one is the other, or below it, and the shorter one is
/// no top-level domain.
fn are_aligned(a: &str, b: &str) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long == short || (short.contains('.') && long.strip_suffix(short).is_some_and(|rest| rest.ends_with('.')))
}

/// The results of one field, behind the authserv-id.
fn findings_of(text: &str) -> Vec<Finding> {
    parts(&without_comments(text)).into_iter().skip(1).filter_map(|part| finding(&part)).collect()
}

fn finding(part: &[String]) -> Option<Finding> {
    let mut pairs = part.iter().filter_map(|word| word.split_once('='));
    let (method, result) = pairs.next()?;
    let method = method.split('/').next().unwrap_or_default().trim().to_ascii_lowercase();
    let properties = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    Some(Finding { method, result: result.to_ascii_lowercase(), properties })
}

/// The field between semicolons, each part as words `name=value`; quotes are taken away, space around `=` is not there.
fn parts(text: &str) -> Vec<Vec<String>> {
    let mut parts = vec![Vec::new()];
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    let end_word = |word: &mut String, parts: &mut Vec<Vec<String>>| {
        if !word.is_empty()
            && let Some(part) = parts.last_mut()
        {
            part.push(std::mem::take(word));
        }
    };
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '"' => break,
                        '\\' => word.extend(chars.next()),
                        c => word.push(c),
                    }
                }
            }
            ';' => {
                end_word(&mut word, &mut parts);
                parts.push(Vec::new());
            }
            c if c.is_whitespace() => {
                while chars.next_if(|c| c.is_whitespace()).is_some() {}
                // `dkim = pass` is one word.
                if chars.peek() != Some(&'=') && !word.ends_with('=') {
                    end_word(&mut word, &mut parts);
                }
            }
            c => word.push(c),
        }
    }
    end_word(&mut word, &mut parts);
    parts
}

/// The text without comments (RFC 5322 3.2.2), each of which becomes a space.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    let (mut depth, mut quoted) = (0_usize, false);
    while let Some(c) = chars.next() {
        match c {
            '\\' if quoted || depth > 0 => {
                let escaped = chars.next();
                if depth == 0 {
                    out.push(c);
                    out.extend(escaped);
                }
            }
            '"' if depth == 0 => {
                quoted = !quoted;
                out.push(c);
            }
            '(' if !quoted => depth += 1,
            ')' if !quoted && depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    out.push(' ');
                }
            }
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "mx.example.org";

    fn evaluated(fields: &str, sender: &str) -> Authentication {
        let raw = format!("{fields}From: Ann <ann@example.com>\n\nbody\n");
        let message = Message::parse(raw.as_bytes()).expect("a message");
        evaluate(&message, ID, Address::parse_foreign(sender).ok().as_ref())
    }

    #[test]
    fn results_say_who_is_genuine() {
        use Identity::{Failed, Passed, Unknown};
        for (results, author, sender) in [
            ("mx.example.org; dmarc=pass header.from=example.com", Passed, Unknown),
            ("MX.example.ORG 1; dmarc=fail (p=reject) header.from=example.com", Failed, Unknown),
            ("mx.example.org; dmarc=pass header.from=evil.example", Unknown, Unknown),
            ("mx.example.org; dkim=pass header.d=example.com; spf=fail smtp.mailfrom=ann@example.com", Passed, Failed),
            ("mx.example.org; dkim=pass header.d=mail.example.com", Passed, Unknown),
            ("mx.example.org; dkim=pass header.d=evil.example", Unknown, Unknown),
            ("mx.example.org; dkim=pass header.d=com", Unknown, Unknown),
            ("mx.example.org; dkim=fail header.d=evil.example; dkim=pass header.i=@example.com", Passed, Unknown),
            ("mx.example.org; spf=pass smtp.mailfrom=example.com", Passed, Passed),
            ("mx.example.org; spf=pass smtp.helo=example.com smtp.mailfrom=eve@evil.example", Unknown, Unknown),
            ("mx.example.org; spf=pass smtp.helo=example.com", Passed, Unknown),
            ("mx.example.org; spf=softfail smtp.mailfrom=ann@example.com", Unknown, Unknown),
            ("mx.example.org; dmarc=none; spf=fail smtp.mailfrom=\"ann\"@example.com", Failed, Failed),
            ("mx.example.org; none", Unknown, Unknown),
            (
                "(a; comment) mx.example.org (x) ; dmarc = pass (x;y) reason=\"a;b\" header.from = example.com",
                Passed,
                Unknown,
            ),
            ("mx.example.org.evil.example; dmarc=pass", Unknown, Unknown),
            ("other.example; dmarc=pass header.from=example.com", Unknown, Unknown),
        ] {
            let found = evaluated(&format!("Authentication-Results: {results}\n"), "ann@example.com");
            assert_eq!(found, Authentication { author, sender }, "{results}");
        }
    }

    #[test]
    fn what_stands_below_does_not_change_a_result() {
        let fields = "Authentication-Results: mx.example.org; dmarc=fail\n\
                      Authentication-Results: mx.example.org; dmarc=pass; spf=pass smtp.mailfrom=example.com\n";
        assert_eq!(evaluated(fields, "ann@example.com").author, Identity::Failed);
    }

    #[test]
    fn without_an_id_nothing_is_believed() {
        let raw = b"Authentication-Results: ; dmarc=fail\nFrom: ann@example.com\n\n";
        let message = Message::parse(raw).expect("a message");
        assert_eq!(evaluate(&message, "", None), Authentication::default());
    }

    #[test]
    fn several_authors_are_not_vouched_for() {
        let raw = b"Authentication-Results: mx.example.org; dmarc=pass\nFrom: ann@example.com, eve@evil.example\n\n";
        let message = Message::parse(raw).expect("a message");
        assert_eq!(evaluate(&message, ID, None).author, Identity::Unknown);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[a-z=;.()\"\\\\@/ ]{0,80}") {
            evaluated(&format!("Authentication-Results: mx.example.org;{text}\n"), "ann@example.com");
        }
    }
}
