//! `mta-config opensmtpd --check`: smtpd.conf, as it is on disk.

use std::path::Path;

use crate::commands::mta_config::check::Check;
use crate::commands::mta_config::{Installation, probe};
use crate::error::Error;

use super::config::{self, Directive};

/// Where smtpd.conf is: on Linux, and on OpenBSD.
const PLACES: [&str; 2] = ["/etc/smtpd.conf", "/etc/mail/smtpd.conf"];

/// Octets that OpenSMTPD takes unless it is told otherwise.
const DEFAULT_SIZE: u64 = 35 << 20;

const NAME: &str = "mailjam";
const TABLE: &str = "<mailjam_lists>";

pub fn check(check: &mut Check<'_>, installation: &Installation) -> Result<(), Error> {
    let smtpd = probe::find("OpenSMTPD", &["smtpd"])?;
    let usual = PLACES.iter().map(Path::new).find(|place| place.exists()).unwrap_or(Path::new(PLACES[0]));
    let file = installation.place.as_deref().unwrap_or(usual);
    let shown = file.display().to_string();
    let said = probe::run(&smtpd, &["-n", "-f", &shown], "")?;
    check.expect(
        said.success,
        &shown,
        format_args!("smtpd does not accept it: {}", said.complaint()),
        "see smtpd.conf(5)",
    );
    if installation.place.is_none() && !probe::runs(&["smtpd"]) {
        check.wrong("OpenSMTPD", "it does not run", "start it: systemctl start opensmtpd");
    }
    let directives = config::read(file)?;
    action(check, installation, &shown, &directives);
    table(check, installation, &shown, &directives);
    matches(check, &shown, &directives);
    let size =
        directives.iter().filter(|directive| directive.is("smtp")).find_map(|smtp| smtp.after("max-message-size"));
    let size = size.map_or(Some(DEFAULT_SIZE), probe::octets);
    if let Some(size) = size {
        check.message_size(&shown, size, |needed| format!("add a line: smtp max-message-size {needed}"));
    }
    Ok(())
}

fn action(check: &mut Check<'_>, installation: &Installation, file: &str, directives: &[Directive]) {
    let printing = check.printing("smtpd.conf");
    let action = directives.iter().find(|directive| directive.is("action") && directive.after("action") == Some(NAME));
    let Some(action) = action else {
        return check.wrong(file, "there is no action \"mailjam\"", printing);
    };
    let place = format!("{file}, action \"mailjam\"");
    let Some(command) = action.after("mda") else {
        return check.wrong(place, "it is no mda", printing);
    };
    if let Some(danger) = command.find(['$', '%', '`']) {
        let what = format!(
            "the command has {:?}: what a stranger writes into an address is run by a shell",
            &command[danger..]
        );
        check.wrong(&place, what, "leave it out; mailjam-mta reads SENDER and RECIPIENT in its environment");
    }
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.iter().position(|word| *word == "exec") {
        Some(at) => check.program(&place, words.get(at + 1).copied().unwrap_or_default()),
        None => check.program(&place, words.first().copied().unwrap_or_default()),
    }
    let waits = command.contains("|| exit 75");
    check.expect(waits, &place, "while mailjam-mta is missing, posts are returned", &printing);
    match action.after("user") {
        None => check.wrong(&place, "there is no user", &printing),
        Some(user) => {
            check.identity(&place, user, None, installation);
            let everybody = directives.iter().any(|directive| {
                let named = action.after("virtual").map(|table| table.trim_matches(['<', '>']));
                directive.is("table") && directive.after("table") == named && directive.has(&["@", "=", user])
            });
            let what = "there is no virtual table that makes every address this user, so that lists are unknown users";
            check.expect(everybody, place, what, printing);
        }
    }
}

fn table(check: &mut Check<'_>, installation: &Installation, file: &str, directives: &[Directive]) {
    let name = TABLE.trim_matches(['<', '>']);
    let named = directives.iter().find(|directive| directive.is("table") && directive.after("table") == Some(name));
    let path = named.and_then(|table| table.0.get(2)?.strip_prefix("file:"));
    match path.filter(|path| !installation.table_given || *path == installation.table) {
        Some(path) => check.table(path),
        None => {
            let what = format!("there is no table {name} in {}", installation.table);
            check.wrong(file, what, check.printing("smtpd.conf"));
        }
    }
}

/// The first match that fits an address decides.
fn matches(check: &mut Check<'_>, file: &str, directives: &[Directive]) {
    let printing = check.printing("smtpd.conf");
    let rules: Vec<&Directive> = directives.iter().filter(|directive| directive.is("match")).collect();
    let to_us = |rule: &&&Directive| rule.after("action") == Some(NAME);
    let Some(ours) = rules.iter().position(|rule| to_us(&rule)) else {
        return check.wrong(file, "no match has the action \"mailjam\"", printing);
    };
    let place = format!("{file}, match … action \"mailjam\"");
    let rule = rules[ours];
    let regex = rule.has(&["rcpt-to", "regex", TABLE]) && !rule.has(&["!", "for"]);
    check.expect(regex, &place, "it is not for rcpt-to regex <mailjam_lists>", &printing);
    check.expect(
        rule.has(&["from", "any"]),
        &place,
        "it is not from any, so that mail from elsewhere is refused",
        &printing,
    );
    let domains = check.site.map_or(&[][..], |site| &site.domains);
    for earlier in &rules[..ours] {
        let any = earlier.has(&["for", "any"]);
        let named = domains.iter().find(|domain| earlier.0.contains(domain));
        if any || named.is_some() {
            let what = format!("\"{}\" comes before it and takes posts away", earlier.0.join(" "));
            check.wrong(&place, what, "put what mailjam has in front of all other matches");
        }
    }
    for domain in domains {
        let rejected = rules.iter().any(|rule| rule.has(&["reject"]) && rule.0.contains(domain));
        if !rejected {
            let what = format!("no match rejects other addresses in {domain}");
            check.note(file, what, "fine where the domain has users; else see the last line of what is printed");
        }
    }
    let way_out = rules.iter().any(|rule| rule.has(&["for", "any"]) && !rule.has(&["reject"]) && !rule.has(&["auth"]));
    let what = "no match takes mail for any domain, so that copies for members elsewhere are refused";
    check.expect(way_out, file, what, "add: action \"relay\" relay, and: match from local for any action \"relay\"");
}
