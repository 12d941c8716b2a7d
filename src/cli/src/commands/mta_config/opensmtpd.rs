//! OpenSMTPD: an action that pipes to mailjam-mta, and a table of regular expressions for the lists' addresses.

mod check;
mod config;

use crate::command::{Args, Command, Names, Outcome};
use crate::error::Error;
use crate::session::Session;

use super::{
    CHECK, CONFIG, CONFIG_FILE, DOMAIN, Installation, MAPS, METHODS, MTA, MailServer, PART, SAMPLE_DOMAIN, TABLE, USER,
};

const DETAILS: &str = "\
Write the lines into a file of their own, and the table beside it:

  mailjam-cli mta-config opensmtpd > /etc/mailjam/smtpd.conf
  mailjam-cli mta-config opensmtpd --maps /etc/mailjam/smtpd.lists

In /etc/smtpd.conf, before the first \"match\", because the first one that fits is taken:

  include \"/etc/mailjam/smtpd.conf\"

Then: smtpd -n && systemctl restart opensmtpd

Whenever a list was created, renamed or deleted:

  mailjam-cli mta-config opensmtpd --maps /etc/mailjam/smtpd.lists && smtpctl update table mailjam_lists

--check reads smtpd.conf and prints what is wrong, and where, and what to do, a line for each. Its exit code is 0 if nothing \
is wrong, 1 if something is or OpenSMTPD cannot be asked, and 3 if the daemon cannot be reached, so that the table and the \
domains were not compared. Lines that begin with \"note\" do not count.";

pub const COMMAND: Command = Command::new(
    "opensmtpd",
    "Lines for smtpd.conf, explained; with --maps the table of addresses",
    METHODS,
    &[CHECK, MAPS, PART.names(Names::Words(&["smtpd.conf"])), DOMAIN, TABLE, MTA, CONFIG, USER, CONFIG_FILE],
    run,
)
.details(DETAILS);

pub const SERVER: MailServer = MailServer {
    verb: "opensmtpd",
    name: "OpenSMTPD",
    format: "regexp",
    table: "/etc/mailjam/smtpd.lists",
    reread: Some("smtpctl update table mailjam_lists"),
    parts: &[("smtpd.conf", smtpd_conf)],
    check: check::check,
};

fn run(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    super::serve(&SERVER, Some(CONFIG_FILE.name), session, args)
}

fn smtpd_conf(installation: &Installation) -> String {
    let Installation { mta, user, table, .. } = installation;
    let config = installation.config_option();
    let (_, replace) = installation.domains_or_sample();
    let sample = [SAMPLE_DOMAIN.to_owned()];
    let domains = if installation.domains.is_empty() { &sample[..] } else { &installation.domains };
    let domains: Vec<String> = domains.iter().map(|domain| format!("\"{domain}\"")).collect();
    let domains = domains.join(", ");
    format!(
        "\
# smtpd.conf: before the first \"match\", because the first one that fits is taken.
# The table is written by: mailjam-cli mta-config opensmtpd --maps {table}
# and read again by: smtpctl update table mailjam_lists
table mailjam_lists file:{table}

# Who mailjam-mta runs as, with that user's own group. The address of a list is no user of this host, so that every one
# becomes this user; mailjam-mta still hears the address.
table mailjam_user {{ \"@\" = \"{user}\" }}

# mailjam-mta finds SENDER and RECIPIENT in its environment. Never write $SENDER or %{{sender}} here: two shells in a row
# read this line, and the second would run what a stranger wrote into the address. While mailjam-mta is missing, mail
# waits.
action \"mailjam\" \\
  mda \"test -x {mta} || exit 75; exec {mta}{config}\" \\
  virtual <mailjam_user> user {user}

match from any for rcpt-to regex <mailjam_lists> action \"mailjam\"

# Domains that have only lists. Other addresses there are refused while the sender is still connected. Leave out any
# domain that has users as well.{replace}
match from any for domain {{ {domains} }} reject
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{effective, installation};
    use super::*;

    #[test]
    fn lists_come_before_what_is_refused() {
        let expected = [
            "table mailjam_lists file:/t",
            "table mailjam_user { \"@\" = \"u\" }",
            "action \"mailjam\" \\",
            "  mda \"test -x /opt/mta || exit 75; exec /opt/mta --config /x\" \\",
            "  virtual <mailjam_user> user u",
            "match from any for rcpt-to regex <mailjam_lists> action \"mailjam\"",
            "match from any for domain { \"a.example\", \"b.example\" } reject",
        ];
        assert_eq!(effective(&smtpd_conf(&installation(&["a.example", "b.example"]))), expected);
    }

    #[test]
    fn no_shell_reads_an_address() {
        for line in effective(&smtpd_conf(&installation(&[]))) {
            assert!(!line.contains('$') && !line.contains('%'), "{line}");
        }
    }
}
