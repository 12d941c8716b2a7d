//! `--check`: findings, how they are shown, and what is looked at alike for all mail servers.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;

use mailjam_rpc::Value;

use crate::command::Outcome;
use crate::error::Error;
use crate::output::clean;
use crate::session::Session;

use super::site::Site;
use super::{Installation, MailServer, probe};

/// What mailjam adds to a post: the header of the list, and some room.
const HEADER_ROOM: u64 = 1 << 20;

/// Seconds that mailjam-mta takes unless it is told otherwise.
const DEFAULT_DEADLINE: u64 = 60;

const DEFAULT_CONFIG: &str = "/etc/mailjam/mta.conf";

/// Something to be said about the configuration.
struct Finding {
    /// Whether mail is lost, refused or late because of it.
    wrong: bool,
    place: String,
    what: String,
    remedy: String,
}

/// A check under way.
pub struct Check<'a> {
    server: &'a MailServer,
    /// What the daemon knows, if it could be asked.
    pub site: Option<&'a Site>,
    findings: Vec<Finding>,
}

impl Check<'_> {
    /// Something that has to be put right: where, what, and what to do.
    pub fn wrong(&mut self, place: impl Display, what: impl Display, remedy: impl Display) {
        self.add(true, &place, &what, &remedy);
    }

    /// Something that is worth knowing.
    pub fn note(&mut self, place: impl Display, what: impl Display, remedy: impl Display) {
        self.add(false, &place, &what, &remedy);
    }

    /// The same as [`Check::wrong`] unless it is `fine`.
    pub fn expect(&mut self, fine: bool, place: impl Display, what: impl Display, remedy: impl Display) {
        if !fine {
            self.wrong(place, what, remedy);
        }
    }

    fn add(&mut self, wrong: bool, place: &dyn Display, what: &dyn Display, remedy: &dyn Display) {
        let (place, what, remedy) = (place.to_string(), what.to_string(), remedy.to_string());
        self.findings.push(Finding { wrong, place, what, remedy });
    }

    /// The command that prints what should be there.
    pub fn printing(&self, part: &str) -> String {
        format!("\"mailjam-cli mta-config {} --part {part}\" prints it", self.server.verb)
    }

    /// The program is there and can be started.
    pub fn program(&mut self, place: impl Display, program: &str) {
        if let Some(reason) = probe::why_not_executable(Path::new(program)) {
            self.wrong(
                place,
                format_args!("{program} {reason}"),
                "install mailjam-mta, or name the place where it is with --mta and print this part again",
            );
        }
    }

    /// The user and the group exist, and are those that the daemon's socket lets in.
    pub fn identity(&mut self, place: impl Display, user: &str, group: Option<&str>, expected: &Installation) {
        for (database, kind, name) in [("passwd", "user", Some(user)), ("group", "group", group)] {
            if let Some(name) = name.filter(|name| !probe::exists(database, name)) {
                let remedy = "\"useradd --system --user-group mailjam-mta\" makes the user and the group mailjam-mta";
                self.wrong(&place, format_args!("there is no {kind} {name}"), remedy);
            }
        }
        if group.unwrap_or(user) != expected.group {
            let group = group.unwrap_or(user);
            self.note(
                &place,
                format_args!("mailjam-mta runs with the group {group}, not {}", expected.group),
                "that group has to be let in at the daemon's socket; see the group of mta.sock",
            );
        }
    }

    /// The mail server gives mailjam-mta longer than that takes.
    pub fn time_limit(&mut self, place: impl Display, limit: u64, options: &[&str]) {
        let value = |name: &str| {
            let at = options.iter().position(|option| *option == name)?;
            options.get(at + 1).copied()
        };
        let config = value("--config");
        let file = config.unwrap_or(DEFAULT_CONFIG);
        let text = std::fs::read_to_string(file);
        if let (Err(error), Some(_)) = (&text, config) {
            let remedy = "without a file that is named there, mailjam-mta takes no mail (exit 75)";
            self.wrong(&place, format_args!("--config {file} cannot be read: {}", error.kind()), remedy);
        }
        let text = text.unwrap_or_default();
        let configured = probe::settings(&text).get("deadline").and_then(|deadline| deadline.parse().ok());
        let given = value("--deadline").and_then(|deadline| deadline.parse().ok());
        let deadline = given.or(configured).unwrap_or(DEFAULT_DEADLINE);
        self.expect(
            limit > deadline,
            place,
            format_args!("the time limit of {limit} s is not above the deadline of mailjam-mta, {deadline} s"),
            "raise the limit, or lower deadline in /etc/mailjam/mta.conf",
        );
    }

    /// The table is the one that the daemon would write.
    pub fn table(&mut self, file: &str) {
        let reread = self.server.reread.map(|command| format!(" && {command}")).unwrap_or_default();
        let remedy = format!("run: mailjam-cli mta-config {} --maps {file}{reread}", self.server.verb);
        let written = match std::fs::read_to_string(file) {
            Ok(written) => written,
            Err(error) => return self.wrong(file, format_args!("it cannot be read: {}", error.kind()), remedy),
        };
        let Some(site) = self.site.filter(|site| site.table != written) else { return };
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        let (written, wanted) = (lines(&written), lines(&site.table));
        let missing = wanted.difference(&written).count();
        let superfluous = written.difference(&wanted).count();
        let what = format!("the table is out of date: {missing} lines are missing, {superfluous} should not be there");
        self.wrong(file, what, remedy);
    }

    /// Posts fit with what mailjam adds. A limit of 0 is none.
    pub fn message_size(&mut self, place: impl Display, limit: u64, remedy: impl FnOnce(u64) -> String) {
        let Some(largest) = self.site.and_then(|site| site.largest_post) else { return };
        let needed = largest + HEADER_ROOM;
        if limit != 0 && limit < needed {
            let what =
                format!("{limit} octets are less than the largest max_size of a list, {largest}, and 1 MiB more");
            self.wrong(place, what, remedy(needed));
        }
    }
}

/// Looks at everything and shows what was found.
///
/// # Errors
/// Something is wrong, or the mail server cannot be asked. The daemon not being there is an error as well, but only after
/// everything was shown that can be found without.
pub fn run(server: &MailServer, session: &mut Session, installation: &Installation) -> Result<Outcome, Error> {
    let site = Site::ask(session, server.format);
    let mut check = Check { server, site: site.as_ref().ok(), findings: Vec::new() };
    (server.check)(&mut check, installation)?;
    let findings = check.findings;
    show(session, &findings);
    site?;
    let count = findings.iter().filter(|finding| finding.wrong).count();
    match count {
        0 => {
            if !session.json {
                writeln!(session.screen, "{} is set up for mailjam", server.name);
            }
            Ok(Outcome::Done)
        }
        count => Err(Error::Findings { server: server.name, count }),
    }
}

fn show(session: &mut Session, findings: &[Finding]) {
    if session.json {
        let text = |text: &str| Value::String(text.to_owned());
        let value = |finding: &Finding| {
            let members = [
                ("status", text(status(finding))),
                ("where", text(&finding.place)),
                ("what", text(&finding.what)),
                ("do", text(&finding.remedy)),
            ];
            Value::Struct(members.map(|(name, value)| (name.to_owned(), value)).into())
        };
        session.screen.json(&Value::Array(findings.iter().map(value).collect()));
        return;
    }
    for finding in findings {
        let Finding { place, what, remedy, .. } = finding;
        let status = session.screen.state(status(finding));
        let (place, what, remedy) = (clean(place), clean(what), clean(remedy));
        writeln!(session.screen, "{status}: {place}: {what}; {remedy}");
    }
}

const fn status(finding: &Finding) -> &'static str {
    if finding.wrong { "wrong" } else { "note" }
}
