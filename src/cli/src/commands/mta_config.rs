//! `mta-config`: what to write into the configuration of a mail server, and the table of addresses that it reads.

use std::path::{Path, PathBuf};

use mailjam_rpc::records::{Domain, Page, Query};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::replace_file;
use crate::session::{Session, param, text};

const MAPS: Arg = Arg::new(
    "maps",
    Form::MaybeValue,
    "FILE",
    "Write the table of all addresses to FILE instead, or to standard output",
)
.names(Names::File);
const PART: Arg = Arg::new("part", Form::Value, "PART", "Only the lines for this file; else for both")
    .names(Names::Words(&["master.cf", "main.cf"]));
const DOMAIN: Arg = Arg::new(
    "domain",
    Form::Repeated,
    "DOMAIN",
    "Domain that has only lists; may be repeated; else those that the daemon knows",
);
const TABLE: Arg = Arg::new("table", Form::Value, "FILE", "Where the table of addresses will be").names(Names::File);
const MTA: Arg = Arg::new("mta", Form::Value, "PATH", "Where mailjam-mta is installed").names(Names::File);
const CONFIG: Arg =
    Arg::new("config", Form::Value, "FILE", "Configuration of mailjam-mta, if not /etc/mailjam/mta.conf")
        .names(Names::File);
const USER: Arg = Arg::new("user", Form::Value, "USER:GROUP", "Who mailjam-mta runs as");

const DEFAULT_TABLE: &str = "/etc/postfix/mailjam.regexp";
const DEFAULT_MTA: &str = "/usr/libexec/mailjam/mailjam-mta";
const DEFAULT_USER: &str = "mailjam-mta:mailjam-mta";
const SAMPLE_DOMAIN: &str = "lists.example.org";

const DETAILS: &str = "\
Append the lines for master.cf to /etc/postfix/master.cf and work those for main.cf into /etc/postfix/main.cf:

  mailjam-cli mta-config postfix --part master.cf >> /etc/postfix/master.cf
  mailjam-cli mta-config postfix --part main.cf

Then, and again whenever a list was created, renamed or deleted:

  mailjam-cli mta-config postfix --maps /etc/postfix/mailjam.regexp && postfix reload

A file that would not change is not written, and one that changes is replaced as a whole.";

pub const NOUN: Command = Command::group(
    "mta-config",
    "What to write into the configuration of the mail server",
    &[Command::new(
        "postfix",
        "Lines for master.cf and main.cf, explained; with --maps the table of addresses",
        &["mta.maps", "domain.list"],
        &[MAPS, PART, DOMAIN, TABLE, MTA, CONFIG, USER],
        postfix,
    )
    .details(DETAILS)],
);

fn postfix(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    if let Some(file) = args.file("maps") {
        return maps(session, file);
    }
    let mta = args.file("mta").map_or_else(installed_mta, Path::to_path_buf);
    let postfix = Postfix {
        mta: mta.display().to_string(),
        config: args.file("config").map(|file| format!(" --config {}", file.display())).unwrap_or_default(),
        user: args.optional("user").unwrap_or(DEFAULT_USER),
        table: args.file("table").unwrap_or(Path::new(DEFAULT_TABLE)).display().to_string(),
    };
    let part = args.optional("part");
    if part != Some("main.cf") {
        write!(session.screen, "{}", postfix.master_cf());
    }
    if part.is_none() {
        writeln!(session.screen);
    }
    if part != Some("master.cf") {
        let domains = domains(session, args)?;
        write!(session.screen, "{}", postfix.main_cf(&domains));
    }
    Ok(Outcome::Done)
}

/// Writes the table to standard output or into a file.
fn maps(session: &mut Session, file: &Path) -> Result<Outcome, Error> {
    if session.json {
        return session.show("mta.maps", vec![text("postfix")], |_, _: String| ());
    }
    let table: String = session.ask("mta.maps", vec![text("postfix")])?;
    if file == Path::new("-") {
        write!(session.screen, "{table}");
    } else if std::fs::read(file).is_ok_and(|known| known == table.as_bytes()) {
        writeln!(session.screen, "{} is up to date", file.display());
    } else {
        replace_file(file, table.as_bytes())?;
        writeln!(session.screen, "wrote {}; \"postfix reload\" has Postfix read it", file.display());
    }
    Ok(Outcome::Done)
}

/// The domains named, or those of the daemon. One that is not there yet does not keep anybody from setting up Postfix.
fn domains(session: &mut Session, args: &Args<'_>) -> Result<Vec<String>, Error> {
    let named = args.many("domain");
    if !named.is_empty() {
        return Ok(named.into_iter().map(str::to_owned).collect());
    }
    let mut domains = Vec::new();
    let mut cursor = None;
    loop {
        let query = Query { cursor, limit: None, filter: None };
        let page: Page<Domain> = match session.ask("domain.list", vec![param(query)]) {
            Err(Error::Connection(_)) => return Ok(vec![]),
            answer => answer?,
        };
        domains.extend(page.items.into_iter().map(|domain| domain.name));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(domains);
        }
    }
}

/// mailjam-mta beside this program, so that an installation under another prefix finds its own.
fn installed_mta() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|program| {
        let prefix = program.parent()?.parent()?;
        Some(prefix.join("libexec/mailjam/mailjam-mta")).filter(|mta| mta.is_file())
    });
    beside.unwrap_or_else(|| PathBuf::from(DEFAULT_MTA))
}

/// What Postfix has to be told.
struct Postfix<'a> {
    mta: String,
    /// `--config FILE` with a space in front, or nothing.
    config: String,
    user: &'a str,
    table: String,
}

impl Postfix<'_> {
    fn master_cf(&self) -> String {
        let Postfix { mta, config, user, .. } = self;
        format!(
            "\
# master.cf: the transport \"mailjam\" starts mailjam-mta once for each post (pipe(8)).
# flags=R puts the envelope sender in front as Return-Path, q quotes odd addresses, X reports the post as delivered
# to whoever asked for a delivery notice. null_sender= passes a bounce's empty sender on as an empty argument.
# ${{recipient}} is the address after aliases, which is the one the list has; keep the -- before it.
mailjam   unix  -       n       n       -       -       pipe
  flags=RqX user={user} null_sender=
  argv={mta}{config} --queue-id ${{queue_id}} --sender ${{sender}} -- ${{recipient}}
"
        )
    }

    fn main_cf(&self, domains: &[String]) -> String {
        let table = &self.table;
        let replace = if domains.is_empty() { " Put your own for lists.example.org." } else { "" };
        let domains = if domains.is_empty() { SAMPLE_DOMAIN.to_owned() } else { domains.join(" ") };
        format!(
            "\
# main.cf: where a parameter is set already, add to its value; a second line would replace the first.

# One recipient a hand-over, because each gets a verdict of its own.
mailjam_destination_recipient_limit = 1

# The addresses of all lists and their extensions go to mailjam. transport_maps decide before any domain does.
# The table is written by: mailjam-cli mta-config postfix --maps {table} && postfix reload
transport_maps = regexp:{table}

# A. Lists in domains of their own; leave out any that has users as well, see B.{replace}
# Unknown addresses there are refused while the sender is still connected, so that no bounce is ever sent to a forged
# one. If you relay for other domains whose recipients are not checked, name them in a second table (@other.example).
relay_domains = {domains}
relay_recipient_maps = regexp:{table}

# B. Lists in a domain that has users as well. The domain stays where it is and must not be in relay_domains; only its
# table of recipients learns of the lists. For a domain in mydestination:
#local_recipient_maps = proxy:unix:passwd.byname $alias_maps regexp:{table}
# For a domain in virtual_mailbox_domains, with the table of your mailboxes first:
#virtual_mailbox_maps = hash:/etc/postfix/vmailbox regexp:{table}
# For a domain in virtual_alias_domains nothing can be added: alias the address to a list in another domain.

# Lets mailjamd have Postfix write each member's address into the return path (XVERP) instead of sending one by one.
smtpd_authorized_verp_clients = 127.0.0.1 [::1]
"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn postfix() -> Postfix<'static> {
        Postfix { mta: "/opt/mta".into(), config: " --config /x".into(), user: "u:g", table: "/t".into() }
    }

    /// The lines that Postfix would see, without comments.
    fn effective(text: &str) -> Vec<&str> {
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
    }

    #[test]
    fn master_cf_is_one_service() {
        let expected = [
            "mailjam   unix  -       n       n       -       -       pipe",
            "  flags=RqX user=u:g null_sender=",
            "  argv=/opt/mta --config /x --queue-id ${queue_id} --sender ${sender} -- ${recipient}",
        ];
        assert_eq!(effective(&postfix().master_cf()), expected);
    }

    #[test]
    fn main_cf_names_the_table_and_the_domains() {
        let expected = [
            "mailjam_destination_recipient_limit = 1",
            "transport_maps = regexp:/t",
            "relay_domains = a.example b.example",
            "relay_recipient_maps = regexp:/t",
            "smtpd_authorized_verp_clients = 127.0.0.1 [::1]",
        ];
        let text = postfix().main_cf(&["a.example".into(), "b.example".into()]);
        assert_eq!(effective(&text), expected);
        assert!(!text.contains("Put your own"));
        assert!(postfix().main_cf(&[]).contains("relay_domains = lists.example.org\n"));
    }
}
