//! `mta-config exim --check`: the transport and the router as Exim reports them, and what it would do with addresses.

use std::path::{Path, PathBuf};

use crate::commands::mta_config::Installation;
use crate::commands::mta_config::check::Check;
use crate::commands::mta_config::probe::{self, Said};
use crate::error::Error;

use super::TEMP_ERRORS;

/// A local part that no list has.
const NOBODY: &str = "mailjam.check.no.such.list";

/// A host that is nowhere (RFC 5737), to ask as a stranger.
const STRANGER: &str = "192.0.2.1";

/// An Exim whose own command tells about it.
struct Exim {
    program: PathBuf,
    config: Option<String>,
}

impl Exim {
    fn find(config: Option<&Path>) -> Result<Exim, Error> {
        let program = probe::find("Exim", &["exim4", "exim"])?;
        Ok(Exim { program, config: config.map(|file| file.display().to_string()) })
    }

    fn ask(&self, arguments: &[&str], input: &str) -> Result<Said, Error> {
        let mut all: Vec<&str> = self.config.iter().flat_map(|file| ["-C", file]).collect();
        all.extend(arguments);
        probe::run(&self.program, &all, input)
    }

    /// An option of the main section, if it has a value.
    fn option(&self, name: &str) -> Result<Option<String>, Error> {
        let said = self.ask(&["-bP", name], "")?;
        Ok(probe::settings(&said.out).get(name).map(|value| (*value).to_owned()))
    }
}

pub fn check(check: &mut Check<'_>, installation: &Installation) -> Result<(), Error> {
    let exim = Exim::find(installation.place.as_deref())?;
    let version = exim.ask(&["-bV"], "")?;
    if !version.success {
        let complaint = version.complaint().to_owned();
        return Err(Error::Unasked { program: exim.program.display().to_string(), complaint });
    }
    if exim.config.is_none() && !probe::runs(&["exim4", "exim"]) {
        check.wrong("Exim", "it does not run", "start it: systemctl start exim4");
    }
    let ready = transport(check, installation, &exim)? & router(check, installation, &exim)?;
    if let Some(text) = exim.option("message_size_limit")?
        && let Some(limit) = probe::octets(&text)
    {
        check.message_size("message_size_limit", limit, |needed| {
            format!("set message_size_limit = {needed}, on Debian by the macro MESSAGE_SIZE_LIMIT, and reload Exim")
        });
    }
    let queued = exim.option("smtp_accept_queue_per_connection")?;
    check.expect(
        queued.as_deref().is_none_or(|value| value == "0"),
        "smtp_accept_queue_per_connection",
        format_args!(
            "{} messages of a connection go out at once, the others wait for a queue run",
            queued.unwrap_or_default()
        ),
        "set smtp_accept_queue_per_connection = 0 and reload Exim",
    );
    // Without these, each address would only say the same again.
    if ready { addresses(check, &exim) } else { Ok(()) }
}

/// The pipe; whether there is one.
fn transport(check: &mut Check<'_>, installation: &Installation, exim: &Exim) -> Result<bool, Error> {
    let place = "transport mailjam";
    let said = exim.ask(&["-bP", "transport", "mailjam"], "")?;
    if !said.out.contains("driver =") {
        check.wrong(place, "Exim has no such transport", check.printing("transport"));
        return Ok(false);
    }
    let options = probe::settings(&said.out);
    let value = |name: &str| options.get(name).copied().unwrap_or_default();
    let set = |name: &str| options.contains_key(name);
    if value("driver") != "pipe" {
        check.wrong(place, format_args!("its driver is {}, not pipe", value("driver")), check.printing("transport"));
        return Ok(false);
    }
    let command: Vec<&str> = value("command").split_whitespace().collect();
    check.program(place, command.first().copied().unwrap_or_default());
    let tainted = ["$local_part", "$domain", "$sender_address", "$recipients", "$pipe_addresses", "$original_"];
    for word in command.iter().filter(|word| tainted.iter().any(|name| word.replace(['{', '}'], "").contains(name))) {
        let what = format!("command has {word}, which Exim takes for tainted, and returns the post");
        check.wrong(place, what, "leave it out; mailjam-mta reads SENDER and RECIPIENT in its environment");
    }
    let group = Some(value("group")).filter(|group| !group.is_empty());
    match value("user") {
        "" => check.wrong(place, "there is no user", "set user and group"),
        user => check.identity(place, user, group, installation),
    }
    for name in ["message_prefix", "message_suffix"] {
        check.expect(
            value(name).is_empty(),
            place,
            format_args!("{name} is not empty, and Exim would add it to each post"),
            format_args!("add a line: {name} ="),
        );
    }
    let must = [
        ("timeout_defer", "a post that took too long would be returned"),
        ("freeze_signal", "a post would be returned when mailjam-mta is killed"),
        ("return_fail_output", "who is refused does not read why"),
    ];
    for (name, without) in must {
        check.expect(
            set(name),
            place,
            format_args!("{name} is not set: {without}"),
            format_args!("add a line: {name}"),
        );
    }
    for name in ["use_shell", "use_bsmtp", "use_crlf", "ignore_status"] {
        check.expect(!set(name), place, format_args!("{name} is set"), "take that line out");
    }
    check.expect(matches!(value("batch_max"), "" | "1"), place, "batch_max is not 1", "take that line out");
    let codes = |list: &str| list.split(':').map(|code| code.trim().to_owned()).collect::<Vec<_>>();
    let known = codes(value("temp_errors"));
    let missing: Vec<String> = codes(TEMP_ERRORS).into_iter().filter(|code| !known.contains(code)).collect();
    check.expect(
        missing.is_empty(),
        place,
        format_args!("temp_errors lacks {}, so that posts are returned for what is no refusal", missing.join(", ")),
        format_args!("write: temp_errors = {TEMP_ERRORS}"),
    );
    if known.iter().any(|code| ["*", "65", "67", "69", "77"].contains(&code.as_str())) {
        let what = "temp_errors has codes by which mailjam refuses posts, so that these are tried again for days";
        check.wrong(place, what, format_args!("write: temp_errors = {TEMP_ERRORS}"));
    }
    if let Some(limit) = probe::seconds(value("timeout")) {
        check.time_limit(place, limit, &command);
    }
    Ok(true)
}

/// The router and its table; whether both are there.
fn router(check: &mut Check<'_>, installation: &Installation, exim: &Exim) -> Result<bool, Error> {
    let place = "router mailjam";
    let said = exim.ask(&["-bP", "router", "mailjam"], "")?;
    if !said.out.contains("driver =") {
        check.wrong(place, "Exim has no such router", check.printing("router"));
        return Ok(false);
    }
    let options = probe::settings(&said.out);
    let value = |name: &str| options.get(name).copied().unwrap_or_default();
    let table = value("condition").split_once("nwildlsearch{").and_then(|(_, rest)| rest.split_once('}'));
    let table = table.map(|(file, _)| file).filter(|file| !installation.table_given || *file == installation.table);
    let Some(table) = table else {
        let what = format!("its condition does not ask the table {}", installation.table);
        check.wrong(place, what, check.printing("router"));
        return Ok(false);
    };
    check.table(table);
    check.expect(
        value("local_parts").contains("nwildlsearch;"),
        place,
        "there is no local_parts: while the table cannot be read, mail is refused",
        format_args!("add a line: local_parts = ! nwildlsearch;{table}"),
    );
    if !options.contains_key("caseful_local_part") {
        let what = "caseful_local_part is not set: addresses reach mailjam in lower case";
        check.note(place, what, "add a line: caseful_local_part");
    }
    Ok(Path::new(table).exists())
}

/// What becomes of lists and of other addresses, at delivery and for a stranger who connects.
fn addresses(check: &mut Check<'_>, exim: &Exim) -> Result<(), Error> {
    let Some(site) = check.site else { return Ok(()) };
    let domains: Vec<(&str, &str)> =
        site.domains.iter().filter_map(|domain| Some((domain.as_str(), site.lists_in(domain).next()?))).collect();
    for (domain, list) in &domains {
        for address in [(*list).to_owned(), list.replacen('@', "-bounces+x=y.example@", 1)] {
            let said = exim.ask(&["-bt", &address], "")?;
            if !said.out.contains("transport = mailjam") {
                check.wrong(
                    &address,
                    format_args!("Exim would not hand it over: {}", fate(&said)),
                    format_args!("put the router mailjam first, and {domain} into the domain list mailjam_domains"),
                );
                break;
            }
        }
        let nobody = format!("{NOBODY}@{domain}");
        let said = exim.ask(&["-bt", &nobody], "")?;
        let remedy = "add the router mailjam_unknown, or see what else takes any address";
        if said.out.contains("router = ") {
            let what = format!("Exim would take mail for an address that does not exist: {}", fate(&said));
            check.wrong(nobody, what, remedy);
        } else if !said.out.contains("undeliverable") {
            let what = format!("an address that does not exist is not refused but has to wait: {}", fate(&said));
            check.note(nobody, what, remedy);
        }
    }
    if let Some((_, list)) = domains.first() {
        let retry = exim.ask(&["-brt", list], "")?;
        check.expect(
            retry.out.contains("Retry rule:"),
            "retry",
            "no retry rule is for the lists, so that a post is returned when it cannot be handed over at once",
            "add to the section retry: * * F,2h,15m; G,16h,1h,1.5; F,4d,6h",
        );
    }
    stranger(check, exim, &domains)
}

/// What Exim would do with an address, without the trail of how it found out.
fn fate(said: &Said) -> &str {
    said.out.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_else(|| said.complaint())
}

/// A session with a host that nobody knows, which Exim plays to itself (`-bh`).
fn stranger(check: &mut Check<'_>, exim: &Exim, domains: &[(&str, &str)]) -> Result<(), Error> {
    for (domain, list) in domains {
        let session = format!(
            "HELO check.invalid\r\nMAIL FROM:<{list}>\r\nRCPT TO:<{list}>\r\nRCPT TO:<{NOBODY}@{domain}>\r\nQUIT\r\n"
        );
        let said = exim.ask(&["-bh", STRANGER], &session)?;
        let replies: Vec<&str> = said.out.lines().filter(|line| is_last_line_of_reply(line)).collect();
        // The greeting, HELO, MAIL, and the two recipients. Whoever cannot be asked so far said so already.
        let [_, _, mail, known, unknown, ..] = replies[..] else { continue };
        if !mail.starts_with('2') {
            continue;
        }
        if known.starts_with('5') {
            let remedy = "add the domain to dc_relay_domains in /etc/exim4/update-exim4.conf.conf (Debian) or to the domain \
                          list relay_to_domains";
            check.wrong(list, format_args!("Exim refuses mail from elsewhere: {known}"), remedy);
        }
        if unknown.starts_with('2') {
            let what = "Exim takes mail for addresses that do not exist, and bounces it later";
            check.wrong(domain, what, "have the ACL for RCPT ask \"require verify = recipient\" for this domain");
        }
    }
    Ok(())
}

fn is_last_line_of_reply(line: &str) -> bool {
    line.len() >= 4 && line.as_bytes()[..3].iter().all(u8::is_ascii_digit) && line.as_bytes()[3] == b' '
}
