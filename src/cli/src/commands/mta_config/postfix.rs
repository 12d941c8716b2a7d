//! Postfix: a transport that starts mailjam-mta by pipe(8), and a regexp table of the lists' addresses.

mod check;
mod instance;

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::session::Session;

use super::{CHECK, CONFIG, DOMAIN, Installation, MAPS, METHODS, MTA, MailServer, PART, TABLE, USER};

const CONFIG_DIR: Arg = Arg::new(
    "config-dir",
    Form::Value,
    "DIR",
    "Configuration directory to check, if not Postfix's usual one or that in MAIL_CONFIG",
)
.names(Names::File);

const DETAILS: &str = "\
Append the lines for master.cf to /etc/postfix/master.cf and work those for main.cf into /etc/postfix/main.cf:

  mailjam-cli mta-config postfix --part master.cf >> /etc/postfix/master.cf
  mailjam-cli mta-config postfix --part main.cf

Then, and again whenever a list was created, renamed or deleted:

  mailjam-cli mta-config postfix --maps /etc/postfix/mailjam.regexp && postfix reload

A file that would not change is not written, and one that changes is replaced as a whole.

--check asks Postfix for its configuration and prints what is wrong, and where, and what to do, a line for each. Its exit \
code is 0 if nothing is wrong, 1 if something is or Postfix cannot be asked, and 3 if the daemon cannot be reached, so that \
the table and the domains were not compared. Lines that begin with \"note\" do not count.";

pub const COMMAND: Command = Command::new(
    "postfix",
    "Lines for master.cf and main.cf, explained; with --maps the table of addresses",
    METHODS,
    &[CHECK, MAPS, PART.names(Names::Words(&["master.cf", "main.cf"])), DOMAIN, TABLE, MTA, CONFIG, USER, CONFIG_DIR],
    run,
)
.details(DETAILS);

pub const SERVER: MailServer = MailServer {
    verb: "postfix",
    name: "Postfix",
    format: "postfix",
    table: "/etc/postfix/mailjam.regexp",
    reread: Some("postfix reload"),
    parts: &[("master.cf", master_cf), ("main.cf", main_cf)],
    check: check::check,
};

fn run(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    super::serve(&SERVER, Some(CONFIG_DIR.name), session, args)
}

fn master_cf(installation: &Installation) -> String {
    let Installation { mta, user, group, .. } = installation;
    let config = installation.config_option();
    format!(
        "\
# master.cf: the transport \"mailjam\" starts mailjam-mta once for each post (pipe(8)).
# flags=R puts the envelope sender in front as Return-Path, q quotes odd addresses, X reports the post as delivered
# to whoever asked for a delivery notice. null_sender= passes a bounce's empty sender on as an empty argument.
# ${{recipient}} is the address after aliases, which is the one the list has; keep the -- before it.
mailjam   unix  -       n       n       -       -       pipe
  flags=RqX user={user}:{group} null_sender=
  argv={mta}{config} --queue-id ${{queue_id}} --sender ${{sender}} -- ${{recipient}}
"
    )
}

fn main_cf(installation: &Installation) -> String {
    let table = &installation.table;
    let (domains, replace) = installation.domains_or_sample();
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

#[cfg(test)]
mod tests {
    use super::super::tests::{effective, installation};
    use super::*;

    #[test]
    fn master_cf_is_one_service() {
        let expected = [
            "mailjam   unix  -       n       n       -       -       pipe",
            "  flags=RqX user=u:g null_sender=",
            "  argv=/opt/mta --config /x --queue-id ${queue_id} --sender ${sender} -- ${recipient}",
        ];
        assert_eq!(effective(&master_cf(&installation(&[]))), expected);
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
        let text = main_cf(&installation(&["a.example", "b.example"]));
        assert_eq!(effective(&text), expected);
        assert!(!text.contains("Put your own"));
        assert!(main_cf(&installation(&[])).contains("relay_domains = lists.example.org\n"));
    }
}
