//! `mta-config`: what to write into the configuration of a mail server, the table of addresses that it reads, and
//! whether all of that is in place. There is one file for each mail server.

mod check;
mod exim;
mod opensmtpd;
mod postfix;
mod probe;
mod sendmail;
mod site;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::replace_file;
use crate::session::{Session, text};

use check::Check;

pub const NOUN: Command = Command::group(
    "mta-config",
    "What to write into the configuration of the mail server, and whether it is there",
    &[postfix::COMMAND, exim::COMMAND, opensmtpd::COMMAND, sendmail::COMMAND],
);

/// Methods that printing, writing the table and checking call.
const METHODS: &[&str] = &["mta.maps", "domain.list", "list.list"];

const MAPS: Arg = Arg::new(
    "maps",
    Form::MaybeValue,
    "FILE",
    "Write the table of all addresses to FILE instead, or to standard output",
)
.names(Names::File);
const CHECK: Arg =
    Arg::flag("check", "Say instead what is missing or wrong on this machine; exits with 1 if anything is");
const PART: Arg = Arg::new("part", Form::Value, "PART", "Only the lines for this file; else for all");
const DOMAIN: Arg = Arg::new(
    "domain",
    Form::Repeated,
    "DOMAIN",
    "Domain that has only lists; may be repeated; else those that the daemon knows",
)
.names(Names::Domain);
const TABLE: Arg = Arg::new("table", Form::Value, "FILE", "Where the table of addresses will be").names(Names::File);
const MTA: Arg = Arg::new("mta", Form::Value, "PATH", "Where mailjam-mta is installed").names(Names::File);
const CONFIG: Arg =
    Arg::new("config", Form::Value, "FILE", "Configuration of mailjam-mta, if not /etc/mailjam/mta.conf")
        .names(Names::File);
const USER: Arg = Arg::new("user", Form::Value, "USER:GROUP", "Who mailjam-mta runs as");
const CONFIG_FILE: Arg =
    Arg::new("config-file", Form::Value, "FILE", "Configuration of the mail server to check, if not its usual one")
        .names(Names::File);

const DEFAULT_MTA: &str = "/usr/libexec/mailjam/mailjam-mta";
const DEFAULT_USER: &str = "mailjam-mta:mailjam-mta";
/// Stands for the domains where nobody knows any.
const SAMPLE_DOMAIN: &str = "lists.example.org";

/// The name of a file that lines belong into, and those lines.
type Part = (&'static str, fn(&Installation) -> String);

/// One mail server.
pub struct MailServer {
    /// The verb below `mta-config`.
    verb: &'static str,
    /// What it calls itself.
    name: &'static str,
    /// Which table of `mta.maps` it reads.
    format: &'static str,
    /// Where that table usually is.
    table: &'static str,
    /// The command that has it read a changed table, if it does not by itself.
    reread: Option<&'static str>,
    /// What goes into which file.
    parts: &'static [Part],
    /// Looks at what is configured.
    check: fn(&mut Check<'_>, &Installation) -> Result<(), Error>,
}

/// What is installed here, and where.
pub struct Installation {
    /// The path of mailjam-mta.
    mta: String,
    /// Its configuration, if not the usual one.
    config: Option<String>,
    user: String,
    group: String,
    /// The table of addresses.
    table: String,
    /// Whether the path of the table was given, so that no other will do.
    table_given: bool,
    /// Domains with lists; none where nobody knows any.
    domains: Vec<String>,
    /// Where the mail server's configuration is, if it is not to be its usual one.
    place: Option<PathBuf>,
}

impl Installation {
    fn of(server: &MailServer, session: &mut Session, args: &Args<'_>) -> Result<Installation, Error> {
        let shown = |file: &Path| file.display().to_string();
        let user = args.optional("user").unwrap_or(DEFAULT_USER);
        let (user, group) = user.split_once(':').unwrap_or((user, user));
        let named = args.many("domain");
        let domains = if named.is_empty() { site::domains_if_known(session)? } else { owned(&named) };
        Ok(Installation {
            mta: args.file("mta").map_or_else(installed_mta, shown),
            config: args.file("config").map(shown),
            user: user.to_owned(),
            group: group.to_owned(),
            table: args.file("table").map_or_else(|| server.table.to_owned(), shown),
            table_given: args.file("table").is_some(),
            domains,
            place: None,
        })
    }

    /// ` --config FILE`, or nothing.
    fn config_option(&self) -> String {
        self.config.as_ref().map(|file| format!(" --config {file}")).unwrap_or_default()
    }

    /// The domains with a space between, or one that stands for them and what to do about that.
    fn domains_or_sample(&self) -> (String, &'static str) {
        if self.domains.is_empty() {
            (SAMPLE_DOMAIN.to_owned(), " Put your own for lists.example.org.")
        } else {
            (self.domains.join(" "), "")
        }
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// mailjam-mta beside this program, so that an installation under another prefix finds its own.
fn installed_mta() -> String {
    let beside = std::env::current_exe().ok().and_then(|program| {
        let prefix = program.parent()?.parent()?;
        Some(prefix.join("libexec/mailjam/mailjam-mta")).filter(|mta| mta.is_file())
    });
    beside.map_or_else(|| DEFAULT_MTA.to_owned(), |mta| mta.display().to_string())
}

/// Does for one mail server what the options say: prints, writes the table, or checks.
fn serve(server: &MailServer, place: Option<&str>, session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let part = args.optional("part");
    let checking = args.flag("check");
    if let Some(file) = args.file("maps") {
        if checking || part.is_some() {
            return Err(Error::Contradiction("--maps writes the table only; leave --check and --part out"));
        }
        return write_table(server, session, file);
    }
    let mut installation = Installation::of(server, session, args)?;
    if checking {
        if part.is_some() {
            return Err(Error::Contradiction("--check looks at everything; leave --part out"));
        }
        installation.place = place.and_then(|option| args.file(option)).map(Path::to_path_buf);
        return check::run(server, session, &installation);
    }
    let mut wanted = server.parts.iter().filter(|(name, _)| part.is_none_or(|part| part == *name));
    if let Some((_, first)) = wanted.next() {
        write!(session.screen, "{}", first(&installation));
    }
    for (_, text) in wanted {
        write!(session.screen, "\n{}", text(&installation));
    }
    Ok(Outcome::Done)
}

/// Writes the table to standard output or into a file.
fn write_table(server: &MailServer, session: &mut Session, file: &Path) -> Result<Outcome, Error> {
    if session.json {
        return session.show("mta.maps", vec![text(server.format)], |_, _: String| ());
    }
    let table: String = session.ask("mta.maps", vec![text(server.format)])?;
    if file == Path::new("-") {
        write!(session.screen, "{table}");
    } else if std::fs::read(file).is_ok_and(|known| known == table.as_bytes()) {
        writeln!(session.screen, "{} is up to date", file.display());
    } else {
        replace_file(file, table.as_bytes())?;
        make_readable(file)?;
        match server.reread {
            Some(command) => {
                writeln!(session.screen, "wrote {}; \"{command}\" has {} read it", file.display(), server.name);
            }
            None => {
                writeln!(session.screen, "wrote {}; {} reads it with the next message", file.display(), server.name)
            }
        }
    }
    Ok(Outcome::Done)
}

/// Lets everybody read the table, whatever the umask was: mail servers read it as users of their own, and what it says
/// can be found out by sending mail anyway.
fn make_readable(file: &Path) -> Result<(), Error> {
    let metadata = std::fs::metadata(file).map_err(Error::write(file))?;
    let mode = metadata.permissions().mode();
    if !metadata.is_file() || mode & 0o444 == 0o444 {
        return Ok(());
    }
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode | 0o444)).map_err(Error::write(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An installation where everything is elsewhere.
    pub fn installation(domains: &[&str]) -> Installation {
        Installation {
            mta: "/opt/mta".into(),
            config: Some("/x".into()),
            user: "u".into(),
            group: "g".into(),
            table: "/t".into(),
            table_given: true,
            domains: owned(domains),
            place: None,
        }
    }

    /// The lines that a mail server would see, without comments.
    pub fn effective(text: &str) -> Vec<&str> {
        text.lines().filter(|line| !line.is_empty() && !line.trim_start().starts_with('#')).collect()
    }

    #[test]
    fn every_part_says_in_its_first_line_where_it_belongs() {
        for server in [&postfix::SERVER, &exim::SERVER, &opensmtpd::SERVER, &sendmail::SERVER] {
            for (name, text) in server.parts {
                let text = text(&installation(&["a.example"]));
                assert!(text.starts_with(&format!("# {name}: ")), "{} {name}", server.verb);
                assert!(text.ends_with('\n') && text.lines().all(|line| line.chars().count() <= 120), "{name}");
            }
        }
    }
}
