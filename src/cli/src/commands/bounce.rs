//! `bounce`: mail that came back, and members whose mail did.

use std::fs;
use std::path::Path;

use mailjam_rpc::Value;
use mailjam_rpc::records::{Bounce, BounceDetail, Bouncing, BouncingMember, Classified};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::output::{Screen, clean, or_dash, replace_file};
use crate::session::{Session, text, understand};

use super::collection::Collection;
use super::{FILTER, LIMIT, LIST, MEMBER, moment};

const ID: Arg = Arg::new("id", Form::Required, "ID", "Id of a bounce, from \"bounce list\"");
const RAW: Arg = Arg::new(
    "raw",
    Form::Value,
    "FILE",
    "Write the report to FILE, byte for byte; - for nothing else on standard output",
)
.names(Names::File);
const FILE: Arg =
    Arg::new("file", Form::Required, "FILE", "A delivery report; - for standard input").names(Names::File);

pub const NOUN: Command = Command::group(
    "bounce",
    "Mail that came back, and members whose mail did",
    &[
        Command::new(
            "list",
            "Show mail that came back, the newest first",
            &["bounce.list"],
            &[LIST, FILTER, LIMIT],
            list,
        )
        .details(
            "\
OUTCOME says what followed: unproven: nothing proves that the list sent it; stranger: about nobody who is a member; \
counted: written down; scored: it counts against the member; blamed: so many refuse the post that it counts against \
nobody; probe: a probe came back; complaint: the member's provider reported the list's mail as unwanted.",
        ),
        Command::new(
            "members",
            "Show members whose mail came back",
            &["bounce.members"],
            &[LIST, FILTER, LIMIT],
            members,
        ),
        Command::new("show", "Show one bounce", &["bounce.get"], &[ID, RAW], show).alias("get"),
        Command::new("member", "Show one member's bounces", &["bounce.member"], &[LIST, MEMBER], member),
        Command::new(
            "reset",
            "Forget what came back, and let mail go out again",
            &["bounce.reset"],
            &[LIST, MEMBER],
            reset,
        ),
        Command::new("probe", "Find out whether a member can be reached", &["bounce.probe"], &[LIST, MEMBER], probe)
            .details("When the probe comes back, mail to the member is stopped."),
        Command::new(
            "classify",
            "Say what a delivery report would be taken for",
            &["bounce.classify"],
            &[FILE],
            classify,
        ),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "bounce.list",
        called: "bounces",
        columns: [whole("ID"), whole("AT"), whole("OUTCOME"), whole("CLASS"), words("ADDRESS"), words("SAID")],
        row: |bounce: Bounce| {
            let at = moment::day(bounce.at);
            [bounce.id, at, bounce.outcome, bounce.class, bounce.address, or_dash(&bounce.diagnostic)]
        },
    }
    .show(session, args, &[text(args.text("list"))], &[("filter", args.optional("filter"))])
}

fn members(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "bounce.members",
        called: "members whose mail came back",
        columns: [words("MEMBER"), whole("SCORE"), whole("STAGE"), whole("SINCE"), whole("NEXT")],
        row: |found: Bouncing| {
            let day = |time: Option<_>| time.map_or_else(|| "-".to_owned(), moment::day);
            [found.member, format!("{:.2}", found.score), found.stage, day(found.since), day(found.next)]
        },
    }
    .show(session, args, &[text(args.text("list"))], &[("filter", args.optional("filter"))])
}

fn show(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let answer = session.call("bounce.get", vec![text(args.text("id"))])?;
    let detail: BounceDetail = understand("bounce.get", answer.clone())?;
    if let Some(file) = args.file("raw") {
        let raw = detail.raw.as_deref().ok_or(Error::NoReport)?;
        if file == Path::new("-") {
            session.screen.bytes(raw);
            return Ok(Outcome::Done);
        }
        replace_file(file, raw)?;
    }
    if session.json {
        session.screen.json(&answer);
    } else {
        show_bounce(&mut session.screen, &detail.item);
    }
    Ok(Outcome::Done)
}

fn show_bounce(screen: &mut Screen, bounce: &Bounce) {
    let optional = |part: &Option<String>| or_dash(part.as_deref().unwrap_or_default());
    let title = screen.title(&bounce.id);
    writeln!(screen, "{title}");
    let kept = if bounce.hard { "will not be tried again" } else { "may pass" };
    let fields = [
        ("list", clean(&bounce.list).into_owned()),
        ("address", or_dash(&bounce.address)),
        ("member", optional(&bounce.member)),
        ("at", bounce.at.to_string()),
        ("outcome", clean(&bounce.outcome).into_owned()),
        ("class", format!("{}, {kept}", or_dash(&bounce.class))),
        ("status", optional(&bounce.status)),
        ("said", or_dash(&bounce.diagnostic)),
        ("points", format!("{:.2}", bounce.points)),
        ("post", optional(&bounce.post)),
        ("report", optional(&bounce.report)),
    ];
    screen.fields(2, &fields);
}

fn member(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let params = vec![text(args.text("list")), text(args.text("address"))];
    session.show("bounce.member", params, |screen, found: BouncingMember| {
        let BouncingMember { state, bounces } = found;
        let time = |time: Option<mailjam_rpc::Time>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        let title = screen.title(&state.member);
        writeln!(screen, "{title}");
        let stage = match &state.reason {
            Some(reason) => format!("{} ({reason})", state.stage),
            None => state.stage,
        };
        let fields = [
            ("stage", clean(&stage).into_owned()),
            ("since", time(state.since)),
            ("score", format!("{:.2}", state.score)),
            ("last counted", time(state.scored)),
            ("warnings", state.warnings.to_string()),
            ("next", time(state.next)),
        ];
        screen.fields(2, &fields);
        if !bounces.is_empty() {
            writeln!(screen);
            let row = |bounce: Bounce| {
                [bounce.id, moment::day(bounce.at), bounce.outcome, bounce.class, or_dash(&bounce.diagnostic)]
            };
            let rows: Vec<_> = bounces.into_iter().map(row).collect();
            Table::new([whole("ID"), whole("AT"), whole("OUTCOME"), whole("CLASS"), words("SAID")]).rows(screen, &rows);
        }
    })
}

fn reset(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (list, address) = (args.text("list"), args.text("address"));
    session.show("bounce.reset", vec![text(list), text(address)], |screen, known: bool| {
        if known {
            writeln!(screen, "{address} gets mail from {list} again");
        } else {
            writeln!(screen, "no mail from {list} to {address} had come back");
        }
    })
}

fn probe(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (list, address) = (args.text("list"), args.text("address"));
    session.show("bounce.probe", vec![text(list), text(address)], |screen, _: bool| {
        writeln!(screen, "{address} is sent a probe");
    })
}

fn classify(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let file = args.file("file").unwrap_or(Path::new("-"));
    let message = if file == Path::new("-") {
        let mut message = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut message).map_err(Error::read(file))?;
        message
    } else {
        fs::read(file).map_err(Error::read(file))?
    };
    session.show("bounce.classify", vec![Value::Base64(message)], |screen, found: Vec<Classified>| {
        if found.is_empty() {
            screen.note(format_args!("this says of nobody that mail did not arrive"));
        }
        let row = |found: Classified| {
            let hard = if found.hard { "yes" } else { "no" };
            let status = found.status.unwrap_or_default();
            [or_dash(&found.address), found.class, hard.to_owned(), or_dash(&status), or_dash(&found.diagnostic)]
        };
        let rows: Vec<_> = found.into_iter().map(row).collect();
        Table::new([words("ADDRESS"), whole("CLASS"), whole("HARD"), whole("STATUS"), words("SAID")])
            .rows(screen, &rows);
    })
}
