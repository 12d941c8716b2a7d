//! Exim: a router that knows the lists by a table of regular expressions, and a pipe transport.

mod check;

use crate::command::{Args, Command, Names, Outcome};
use crate::error::Error;
use crate::session::Session;

use super::{
    CHECK, CONFIG, CONFIG_FILE, DOMAIN, Installation, MAPS, METHODS, MTA, MailServer, PART, SAMPLE_DOMAIN, TABLE, USER,
};

const DETAILS: &str = "\
On Debian with split configuration:

  mailjam-cli mta-config exim --part main > /etc/exim4/conf.d/main/00_mailjam
  mailjam-cli mta-config exim --part router > /etc/exim4/conf.d/router/050_mailjam
  mailjam-cli mta-config exim --part transport > /etc/exim4/conf.d/transport/30_mailjam
  mailjam-cli mta-config exim --maps /etc/exim4/mailjam.lists

Without split configuration, or without Debian, main goes to the top of the configuration (exim4.conf.localmacros on \
Debian), router right behind \"begin routers\" and transport behind \"begin transports\" (exim4.conf.template on Debian); \
there, .include names a file that is to be read.

Then have Exim take mail for the domains of the lists: dc_relay_domains in /etc/exim4/update-exim4.conf.conf, or the domain \
list relay_to_domains. At last: update-exim4.conf && systemctl reload exim4

The table is to be written again whenever a list was created, renamed or deleted. Exim reads it for each message.

--check asks Exim for its configuration and prints what is wrong, and where, and what to do, a line for each. Its exit code \
is 0 if nothing is wrong, 1 if something is or Exim cannot be asked, and 3 if the daemon cannot be reached, so that the table \
and the domains were not compared. Lines that begin with \"note\" do not count.";

pub const COMMAND: Command = Command::new(
    "exim",
    "Router and transport, explained; with --maps the table of addresses",
    METHODS,
    &[
        CHECK,
        MAPS,
        PART.names(Names::Words(&["main", "router", "transport"])),
        DOMAIN,
        TABLE,
        MTA,
        CONFIG,
        USER,
        CONFIG_FILE,
    ],
    run,
)
.details(DETAILS);

pub const SERVER: MailServer = MailServer {
    verb: "exim",
    name: "Exim",
    format: "regexp",
    table: "/etc/exim4/mailjam.lists",
    reread: None,
    parts: &[("main", main), ("router", router), ("transport", transport)],
    check: check::check,
};

/// Exit codes by which mailjam-mta never refuses a post: whatever brings them about, the post has to be kept.
const TEMP_ERRORS: &str = "1 : 2 : 64 : 66 : 68 : 70 : 71 : 72 : 73 : 74 : 75 : 76 : 78 : 101 : 126 : 127";

fn run(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    super::serve(&SERVER, Some(CONFIG_FILE.name), session, args)
}

fn main(installation: &Installation) -> String {
    let domains =
        if installation.domains.is_empty() { SAMPLE_DOMAIN.to_owned() } else { installation.domains.join(" : ") };
    let (_, replace) = installation.domains_or_sample();
    format!(
        "\
# main: on Debian /etc/exim4/conf.d/main/00_mailjam, or /etc/exim4/exim4.conf.localmacros without split configuration;
# elsewhere the top of the configuration.

# All domains that lists are in.{replace} One that has only lists must be among those that Exim takes mail for:
# on Debian dc_relay_domains in /etc/exim4/update-exim4.conf.conf, elsewhere the domain list relay_to_domains.
# One that has users as well stays where it is; see the router mailjam_unknown.
domainlist mailjam_domains = {domains}

# mailjamd sends many messages over one connection. By default Exim leaves all behind the tenth to the next queue run.
smtp_accept_queue_per_connection = 0
"
    )
}

fn router(installation: &Installation) -> String {
    let table = &installation.table;
    format!(
        "\
# router: on Debian /etc/exim4/conf.d/router/050_mailjam; elsewhere right behind \"begin routers\", before all others.
# The table is written by: mailjam-cli mta-config exim --maps {table}
mailjam:
  driver = accept
  domains = +mailjam_domains
  # No local part alone is in the table. But while the table cannot be read, this keeps mail waiting; the condition
  # would be false, and mail refused.
  local_parts = ! nwildlsearch;{table}
  condition = ${{lookup{{$local_part@$domain}}nwildlsearch{{{table}}}{{yes}}{{no}}}}
  # Upper case stays as it was sent.
  caseful_local_part
  transport = mailjam

# Other addresses in these domains are refused while the sender is still connected, so that no bounce is ever sent to a
# forged one. Where a domain has users as well, take it out: domains = ! corp.example : +mailjam_domains
mailjam_unknown:
  driver = redirect
  domains = +mailjam_domains
  allow_fail
  data = :fail: no such list
"
    )
}

fn transport(installation: &Installation) -> String {
    let Installation { mta, user, group, .. } = installation;
    let config = installation.config_option();
    format!(
        "\
# transport: on Debian /etc/exim4/conf.d/transport/30_mailjam; elsewhere behind \"begin transports\".
# Exim starts mailjam-mta once for each recipient, with SENDER and RECIPIENT in its environment. They must not be
# arguments: Exim takes what a stranger wrote for tainted there, and returns the post.
mailjam:
  driver = pipe
  command = {mta}{config} --queue-id $message_exim_id
  user = {user}
  group = {group}
  # The post as it came: no line \"From \" in front, no empty line at the end.
  message_prefix =
  message_suffix =
  # The envelope sender, as a header.
  return_path_add
  # Who is refused reads why, and so does the log.
  return_fail_output
  log_output
  # Only 65, 67, 69 and 77 refuse a post. With everything else it is kept and tried again; 126 and 127 mean that the
  # program cannot be started.
  temp_errors = {TEMP_ERRORS}
  timeout_defer
  freeze_signal
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::{effective, installation};
    use super::*;

    #[test]
    fn main_names_the_domains() {
        let text = main(&installation(&["a.example", "b.example"]));
        let expected = ["domainlist mailjam_domains = a.example : b.example", "smtp_accept_queue_per_connection = 0"];
        assert_eq!(effective(&text), expected);
        let text = main(&installation(&[]));
        assert!(text.contains("mailjam_domains = lists.example.org\n") && text.contains("Put your own"), "{text}");
    }

    #[test]
    fn the_router_asks_the_table_and_refuses_the_rest() {
        let expected = [
            "mailjam:",
            "  driver = accept",
            "  domains = +mailjam_domains",
            "  local_parts = ! nwildlsearch;/t",
            "  condition = ${lookup{$local_part@$domain}nwildlsearch{/t}{yes}{no}}",
            "  caseful_local_part",
            "  transport = mailjam",
            "mailjam_unknown:",
            "  driver = redirect",
            "  domains = +mailjam_domains",
            "  allow_fail",
            "  data = :fail: no such list",
        ];
        assert_eq!(effective(&router(&installation(&[]))), expected);
    }

    #[test]
    fn the_transport_takes_no_address_as_an_argument() {
        let text = transport(&installation(&[]));
        let expected = [
            "mailjam:",
            "  driver = pipe",
            "  command = /opt/mta --config /x --queue-id $message_exim_id",
            "  user = u",
            "  group = g",
            "  message_prefix =",
            "  message_suffix =",
            "  return_path_add",
            "  return_fail_output",
            "  log_output",
            "  temp_errors = 1 : 2 : 64 : 66 : 68 : 70 : 71 : 72 : 73 : 74 : 75 : 76 : 78 : 101 : 126 : 127",
            "  timeout_defer",
            "  freeze_signal",
        ];
        assert_eq!(effective(&text), expected);
    }
}
