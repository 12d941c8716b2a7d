//! `mta-config sendmail --check`: what sendmail says in its test mode (`-bt`), and where it would send addresses (`-bv`).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::commands::mta_config::Installation;
use crate::commands::mta_config::check::Check;
use crate::commands::mta_config::probe::{self, Said};
use crate::error::Error;

/// A local part that no list has.
const NOBODY: &str = "mailjam.check.no.such.list";

/// Asks in test mode for the mailers, the domains and the map.
const QUESTIONS: &str = "=M\n/map mailjam mailjam.table\n";

struct Sendmail {
    program: PathBuf,
    config: Option<String>,
}

impl Sendmail {
    fn find(config: Option<&Path>) -> Result<Sendmail, Error> {
        let program = probe::find("sendmail", &["sendmail"])?;
        Ok(Sendmail { program, config: config.map(|file| format!("-C{}", file.display())) })
    }

    fn ask(&self, arguments: &[&str], input: &str) -> Result<Said, Error> {
        let mut all: Vec<&str> = self.config.iter().map(String::as_str).collect();
        all.extend(arguments);
        probe::run(&self.program, &all, input)
    }
}

pub fn check(check: &mut Check<'_>, installation: &Installation) -> Result<(), Error> {
    let sendmail = Sendmail::find(installation.place.as_deref())?;
    let said = sendmail.ask(&["-bt", "-d0.1"], QUESTIONS)?;
    // Every mail server has a program of this name.
    if !said.out.contains("Version 8.") {
        let complaint = format!("it is no sendmail 8, or may not be asked by this user: {}", said.complaint());
        return Err(Error::Unasked { program: sendmail.program.display().to_string(), complaint });
    }
    if sendmail.config.is_none() && !probe::runs(&["sendmail", "sendmail-mta"]) {
        check.wrong("sendmail", "it does not run", "start it: systemctl start sendmail");
    }
    let mut ready = mailer(check, installation, &said.out);
    let place = "sendmail.cf, Kmailjam";
    let present = said.out.contains("map_lookup: mailjam (mailjam.table) returns mailjam.table");
    if present {
        let table = map_file(&sendmail, installation);
        if table != installation.table && installation.table_given {
            let what = format!("the map is {table}, not {}", installation.table);
            check.wrong(place, what, check.printing("mailjam.m4"));
        }
        check.table(&table);
    } else if said.out.contains("map_lookup: mailjam") {
        ready = false;
        let what = "the table of the lists is not there, or has not got its first line";
        check.wrong(place, what, "run: mailjam-cli mta-config sendmail --maps /etc/mail/mailjam.lists");
    } else {
        ready = false;
        check.wrong(place, "there is no such map", check.printing("mailjam.m4"));
    }
    let size =
        config_lines(&sendmail).lines().find_map(|line| line.strip_prefix("O MaxMessageSize=").map(str::to_owned));
    if let Some(size) = size.and_then(|size| probe::octets(size.trim())) {
        check.message_size("sendmail.cf, MaxMessageSize", size, |needed| {
            format!("write define(`confMAX_MESSAGE_SIZE', `{needed}') into sendmail.mc")
        });
    }
    // Without these, each address would only say the same again.
    if ready { addresses(check, &sendmail) } else { Ok(()) }
}

/// sendmail.cf, as far as this user may read it.
fn config_lines(sendmail: &Sendmail) -> String {
    let file = sendmail.config.as_deref().map_or("/etc/mail/sendmail.cf", |option| &option[2..]);
    std::fs::read_to_string(file).unwrap_or_default()
}

/// The file behind the map.
fn map_file(sendmail: &Sendmail, installation: &Installation) -> String {
    let config = config_lines(sendmail);
    let line = config.lines().find(|line| line.starts_with("Kmailjam "));
    line.and_then(|line| line.split_whitespace().next_back()).unwrap_or(&installation.table).to_owned()
}

/// `mailer 9 (mailjam): P=… S=… R=… M=0 U=999:999 F=8PShlnu L=0 … A=…`
///
/// Answers whether there is one.
fn mailer(check: &mut Check<'_>, installation: &Installation, said: &str) -> bool {
    let place = "sendmail.cf, Mmailjam";
    let Some((_, mailer)) = said.lines().find_map(|line| line.split_once(" (mailjam): ")) else {
        check.wrong(place, "there is no such mailer", check.printing("mailjam.m4"));
        return false;
    };
    let (fields, argv) = mailer.split_once(" A=").unwrap_or((mailer, ""));
    let fields: BTreeMap<&str, &str> = fields.split(' ').filter_map(|field| field.split_once('=')).collect();
    let field = |name: &str| fields.get(name).copied().unwrap_or_default();
    check.program(place, field("P"));
    for (flag, without) in [
        ('S', "it runs as whoever sends the post, if that is a user of this host"),
        ('n', "a line From comes in front of the post"),
        ('8', "a post of eight bits is recoded"),
        ('u', "upper case in addresses is lost"),
    ] {
        let what = format!("the flag {flag} is missing: {without}");
        check.expect(field("F").contains(flag), place, what, "use F=lnuhSP8");
    }
    for (flag, what) in [('m', "several recipients come at once"), ('E', "lines that begin with From are changed")] {
        check.expect(
            !field("F").contains(flag),
            place,
            format_args!("the flag {flag} is set: {what}"),
            "use F=lnuhSP8",
        );
    }
    let (user, group) = field("U").split_once(':').unwrap_or((field("U"), ""));
    if matches!(user, "" | "-1" | "0") {
        check.wrong(place, "there is no U=, or it is root", check.printing("mailjam.m4"));
    } else {
        let known = [("passwd", user, &installation.user), ("group", group, &installation.group)];
        for (database, number, name) in known {
            if !probe::is_number_of(database, number, name) {
                let what = format!("U= has {number}, which is not the number of {name} in {database}");
                check.note(place, what, "that user or group has to be let in at the daemon's socket");
            }
        }
    }
    let words: Vec<&str> = argv.split_whitespace().collect();
    for wanted in ["$f", "--", "$u"] {
        check.expect(words.contains(&wanted), place, format_args!("A= has no {wanted}"), check.printing("mailjam.m4"));
    }
    true
}

fn addresses(check: &mut Check<'_>, sendmail: &Sendmail) -> Result<(), Error> {
    let Some(site) = check.site else { return Ok(()) };
    for domain in &site.domains {
        let Some(list) = site.lists_in(domain).next() else { continue };
        for address in [list.to_owned(), list.replacen('@', "-bounces+x=y.example@", 1)] {
            let said = sendmail.ask(&["-bv", &address], "")?;
            if !said.out.contains("mailer mailjam,") {
                let what = format!("sendmail would not hand it over: {}", fate(&said));
                check.wrong(&address, what, "write the table again, and see what --part mailjam.m4 prints");
                break;
            }
        }
        let nobody = format!("{NOBODY}@{domain}");
        let said = sendmail.ask(&["-bv", &nobody], "")?;
        check.expect(
            !said.out.contains("deliverable: mailer"),
            &nobody,
            format_args!("sendmail would take mail for an address that does not exist: {}", fate(&said)),
            format_args!("add C{{MailjamDomain}}{domain}, or see what else takes any address"),
        );
    }
    Ok(())
}

/// What sendmail would do with an address.
fn fate(said: &Said) -> &str {
    said.out.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_else(|| said.complaint())
}
