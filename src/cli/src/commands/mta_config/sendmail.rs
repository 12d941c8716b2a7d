//! sendmail: a mailer, and rules that know the lists by a table and take extensions off addresses.

mod check;

use crate::command::{Args, Command, Names, Outcome};
use crate::error::Error;
use crate::session::Session;

use super::{CHECK, CONFIG, CONFIG_FILE, DOMAIN, Installation, MAPS, METHODS, MTA, MailServer, PART, TABLE, USER};

const DETAILS: &str = "\
  mailjam-cli mta-config sendmail > /etc/mail/mailjam.m4
  mailjam-cli mta-config sendmail --maps /etc/mail/mailjam.lists

At the end of /etc/mail/sendmail.mc, behind MAILER(`smtp'):

  include(`/etc/mail/mailjam.m4')dnl

Then: make -C /etc/mail && systemctl restart sendmail

Copy the file as it is: left and right sides of its rules are divided by tabs.

The table is to be written again whenever a list was created, renamed or deleted. sendmail reads it for each address.

--check asks sendmail and prints what is wrong, and where, and what to do, a line for each. Its exit code is 0 if nothing is \
wrong, 1 if something is or sendmail cannot be asked, and 3 if the daemon cannot be reached, so that the table and the \
domains were not compared. Lines that begin with \"note\" do not count.";

pub const COMMAND: Command = Command::new(
    "sendmail",
    "Lines for sendmail.mc, explained; with --maps the table of addresses",
    METHODS,
    &[CHECK, MAPS, PART.names(Names::Words(&["mailjam.m4"])), DOMAIN, TABLE, MTA, CONFIG, USER, CONFIG_FILE],
    run,
)
.details(DETAILS);

pub const SERVER: MailServer = MailServer {
    verb: "sendmail",
    name: "sendmail",
    format: "sendmail",
    table: "/etc/mail/mailjam.lists",
    reread: None,
    parts: &[("mailjam.m4", mailjam_m4)],
    check: check::check,
};

/// What may follow the name of a list. The daemon knows best; a test compares.
const EXTENSIONS: &str = "owner|admin|bounces|request|subscribe|join|unsubscribe|leave|confirm|help";

fn run(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    super::serve(&SERVER, Some(CONFIG_FILE.name), session, args)
}

/// No apostrophe may be in this but in pairs with a backquote: m4 quotes with them.
fn mailjam_m4(installation: &Installation) -> String {
    let Installation { mta, user, group, table, .. } = installation;
    let config = installation.config_option();
    let (domains, replace) = installation.domains_or_sample();
    let classes: String =
        domains.split(' ').map(|domain| format!("Cw{domain}\nC{{MailjamDomain}}{domain}\n")).collect();
    format!(
        "\
# mailjam.m4: /etc/mail/mailjam.m4, named at the end of sendmail.mc. Tabs divide the two sides of a rule.

LOCAL_CONFIG
# Domains that have only lists.{replace} Take out any that has users as well.
{classes}# The posting addresses of all lists, written by: mailjam-cli mta-config sendmail --maps {table}
Kmailjam text -k0 -v0 {table}
# The name of a list without the extension behind it.
Kmailjam_ext regex -s1 ^(.+)[-+]({EXTENSIONS})([-+].*)?$

LOCAL_RULE_0
# Addresses of lists go to mailjam-mta. Others in these domains are refused while the sender is still connected, or have
# to wait if the table cannot be read: its first line is then missing.
R$+ < @ $+ . >\t\t$: $1 < @ $2 . > $| $>MailjamList $1 @ $2
R$+ < @ $+ . > $| YES\t$#mailjam $@ $2 $: $1 < @ $2 . >
R$+ < @ $={{MailjamDomain}} . > $| NO\t$: $1 < @ $2 . > $| $(mailjam mailjam.table $: GONE $)
R$+ < @ $+ . > $| GONE\t$#error $@ 4.3.0 $: \"451 The lists are not known now, try again later\"
R$+ < @ $={{MailjamDomain}} . > $| mailjam.table\t$#error $@ 5.1.1 $: \"550 No such list\"
R$+ $| $*\t\t$: $1

LOCAL_RULESETS
# Takes one extension off after the other until the name of a list is left.
SMailjamList
R$+ @ $+\t\t$: < $(mailjam $1 @ $2 $: $) > $1 @ $2
R< $+ > $*\t\t$@ YES
R< > $+ @ $+\t\t$: < $(mailjam_ext $1 $: $) > $1 @ $2
R< $+ > $+ @ $+\t$@ $>MailjamList $1 @ $3
R$*\t\t\t$@ NO

MAILER_DEFINITIONS
# F= l it delivers, n no line From in front, u and h upper case stays, S it runs as the user of U=, P with Return-Path,
# 8 eight bits stay eight; and no m, so that each recipient gets a verdict of its own.
Mmailjam,\tP={mta}, F=lnuhSP8,
\t\tS=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP/HdrFromSMTP,
\t\tU={user}:{group}, D=/, T=DNS/RFC822/X-Unix,
\t\tA=mailjam-mta{config} --queue-id $i --sender $f -- $u
"
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::installation;
    use super::*;

    #[test]
    fn the_mailer_and_the_domains_are_those_that_were_given() {
        let text = mailjam_m4(&installation(&["a.example", "b.example"]));
        for line in [
            "Cwa.example\nC{MailjamDomain}a.example\nCwb.example\nC{MailjamDomain}b.example\n",
            "Kmailjam text -k0 -v0 /t\n",
            "Mmailjam,\tP=/opt/mta, F=lnuhSP8,\n",
            "\t\tU=u:g, D=/, T=DNS/RFC822/X-Unix,\n",
            "\t\tA=mailjam-mta --config /x --queue-id $i --sender $f -- $u\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn m4_finds_nothing_to_do_in_it() {
        let text = mailjam_m4(&installation(&[]));
        assert!(!text.contains(['\'', '`']), "{text}");
        for word in
            ["define", "dnl", "divert", "eval", "format", "ifelse", "include", "index", "len", "shift", "substr"]
        {
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            assert!(!words.any(|found| found == word), "{word}");
        }
    }
}
