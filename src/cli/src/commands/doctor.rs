//! `doctor`: what lists need and do not have.

use mailjam_rpc::Value;
use mailjam_rpc::records::Finding;

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::clean;
use crate::session::{Session, text, understand};

const CHECK: Arg = Arg::new("check", Form::Any, "CHECK", "What to look at; else everything").names(Names::Words(&[
    "storage",
    "clock",
    "sockets",
    "next-hop",
    "queue",
    "loop",
    "keys",
    "policies",
    "reverse",
    "one-click",
]));
const STRICT: Arg = Arg::flag("strict", "Fail on warnings too");

pub const DOCTOR: Command = Command::new(
    "doctor",
    "Look whether all that lists need is there, and say what to do",
    &["server.doctor"],
    &[CHECK, STRICT],
    doctor,
)
.details(
    "\
storage: the database can be written, and its disk has room. clock: no mail is from the future. sockets: nobody but \
their groups may use them. next-hop: the mail server takes copies. queue: nothing waits for long. loop: a mail to a \
list comes back by way of the mail server. keys: each domain has a DKIM key, and each key its record in the DNS. \
policies: each domain has SPF and DMARC. reverse: the addresses of the mail server, by the name that it calls itself, \
have names that lead back to them (PTR). one-click: the link to leave leads somewhere.

The exit status is 1 if anything fails, for programs that watch.",
);

fn doctor(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let checks = Value::Array(args.many("check").into_iter().map(text).collect());
    let answer = session.call("server.doctor", vec![checks])?;
    let findings: Vec<Finding> = understand("server.doctor", answer.clone())?;
    if session.json {
        session.screen.json(&answer);
    } else {
        for finding in &findings {
            let status = session.screen.state(&finding.status);
            let pad = " ".repeat(8_usize.saturating_sub(finding.status.len()));
            writeln!(session.screen, "{status}{pad}{:<10} {}", clean(&finding.check), clean(&finding.detail));
            if !finding.fix.is_empty() {
                writeln!(session.screen, "{:19}→ {}", "", clean(&finding.fix));
            }
        }
    }
    let bad = |finding: &&Finding| finding.status == "fail" || (finding.status == "warn" && args.flag("strict"));
    match findings.iter().filter(bad).count() {
        0 => Ok(Outcome::Done),
        count => Err(Error::Unwell { count }),
    }
}
