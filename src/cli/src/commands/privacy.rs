//! `privacy`: what is stored about people, for how long, and how it is erased.

use mailjam_rpc::records::{EraseOptions, Erased, Retention};

use crate::command::{Args, Command, Outcome};
use crate::error::Error;
use crate::session::{Session, param, text};

use super::{ADDRESS, DRY_RUN, LIST, YES, confirm};

pub const NOUN: Command = Command::group(
    "privacy",
    "What is stored about people",
    &[
        Command::new("export", "Print all that is stored about an address", &["privacy.export"], &[ADDRESS], export)
            .details("It is one JSON document, with --json and without."),
        Command::new(
            "erase",
            "Erase what is stored about an address",
            &["privacy.erase"],
            &[ADDRESS, DRY_RUN, YES],
            erase,
        )
        .details(
            "\
A salted hash of the address is kept, so that no import brings it back. \
The last owner of a list stays: make somebody else owner first.",
        ),
        Command::new("retention", "Show for how long a list keeps what", &["privacy.retention"], &[LIST], retention),
    ],
);

fn export(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let document: Vec<u8> = session.ask("privacy.export", vec![text(args.text("address"))])?;
    let document = String::from_utf8_lossy(&document);
    session.screen.text(&document);
    if !document.ends_with('\n') {
        writeln!(session.screen);
    }
    Ok(Outcome::Done)
}

fn erase(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    const METHOD: &str = "privacy.erase";
    let address = args.text("address");
    let call = |dry_run| vec![text(address), param(EraseOptions { dry_run })];
    if args.flag("dry-run") {
        return session.show(METHOD, call(Some(true)), |screen, would: Erased| {
            writeln!(screen, "would erase {}", in_words(&would));
        });
    }
    if !args.flag("yes") {
        confirm::somebody_there(session, || format!("erasing what is stored about {address}"))?;
        let would: Erased = session.ask(METHOD, call(Some(true)))?;
        let what = format!("This erases what is stored about {address}, for good: {}.", in_words(&would));
        confirm::by_typing(&what, address)?;
    }
    session.show(METHOD, call(None), |screen, erased: Erased| writeln!(screen, "erased {}", in_words(&erased)))
}

fn in_words(erased: &Erased) -> String {
    let Erased { memberships, roles, posts, audit_entries, other } = erased;
    format!(
        "memberships: {memberships}, roles: {roles}, posts and requests: {posts}, contents of audit entries: \
         {audit_entries}, other things: {other}"
    )
}

fn retention(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.show("privacy.retention", vec![text(args.text("list"))], |screen, kept: Retention| {
        let fields = [
            ("posts that everybody has", days(kept.posts)),
            ("posts that wait for a moderator", days(kept.held)),
            ("requests that nobody confirmed", days(kept.requests)),
            ("decisions about held posts", days(kept.decisions)),
            ("keys of hand-overs", days(kept.handovers)),
        ];
        screen.fields(0, &fields);
    })
}

fn days(days: i32) -> String {
    format!("{days} {}", if days == 1 { "day" } else { "days" })
}
