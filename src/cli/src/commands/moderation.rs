//! `moderation`: posts that wait for a moderator.

mod decide;
mod show;

use mailjam_rpc::records::Held;

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::or_dash;
use crate::output::table::{whole, words};
use crate::session::{Session, text};

use super::collection::Collection;
use super::{ADDRESS, FILTER, LIMIT, moment};

const OPTIONAL_LIST: Arg =
    Arg::new("list", Form::Optional, "LIST", "Posting address or list-id; else all lists").names(Names::List);
const ID: Arg = Arg::new("id", Form::Required, "ID", "Id of a held post, from \"moderation list\"").names(Names::Held);
const IDS: Arg = Arg::new("id", Form::Several, "ID", "Id of a held post, from \"moderation list\"").names(Names::Held);
const RAW: Arg = Arg::new(
    "raw",
    Form::Value,
    "FILE",
    "Write the message to FILE, byte for byte; - for nothing else on standard output",
)
.names(Names::File);
const TRUST: Arg = Arg::flag("trust", "Let the poster, if a member, post without approval from now on");
const REASON: Arg = Arg::new("reason", Form::Value, "TEXT", "Why, for the poster");
const BAN: Arg = Arg::flag("ban", "Ban the poster from the list as well");

const SEVERAL: &str = "Each post is decided about for itself: one that is refused does not keep the others waiting.";

pub const NOUN: Command = Command::group(
    "moderation",
    "Posts that wait for a moderator",
    &[
        Command::new(
            "list",
            "Show held posts, oldest first",
            &["moderation.list"],
            &[OPTIONAL_LIST, FILTER, LIMIT],
            list,
        ),
        Command::new("show", "Show one held post", &["moderation.get"], &[ID, RAW], show::show).alias("get"),
        Command::new(
            "approve",
            "Send held posts to the members",
            &["moderation.approve", "moderation.bulk"],
            &[IDS, TRUST],
            decide::approve,
        )
        .details(SEVERAL),
        Command::new(
            "reject",
            "Drop held posts and tell the posters",
            &["moderation.reject", "moderation.bulk"],
            &[IDS, REASON],
            decide::reject,
        )
        .details(
            "\
A reason that begins with #NAME picks a canned rejection, to which what follows is added:

  mailjam-cli moderation reject 17 --reason '#off-topic Please ask on dev@lists.example.org.'

There are #command, #off-topic and #personal; \"template set talk@lists.example.org rejected-html en FILE\" makes \
another, #html.

A poster whose address may be forged is told nothing.

Each post is decided about for itself.",
        ),
        Command::new(
            "discard",
            "Drop held posts and tell nobody",
            &["moderation.discard", "moderation.bulk"],
            &[IDS, BAN],
            decide::discard,
        )
        .details(SEVERAL),
        Command::new(
            "forward",
            "Send a held post to somebody, attached; it goes on waiting",
            &["moderation.forward"],
            &[ID, ADDRESS],
            forward,
        ),
    ],
)
.alias("held");

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "moderation.list",
        called: "held posts",
        columns: [whole("ID"), whole("EXPIRES"), whole("RULE"), words("SENDER"), words("SUBJECT"), words("LIST")],
        row: |held: Held| {
            let expires = moment::day(held.expires);
            [held.id, expires, held.rule, or_dash(&held.sender), or_dash(&held.subject), held.list]
        },
    }
    .show(session, args, &[text(args.text("list"))], &[("filter", args.optional("filter"))])
}

fn forward(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (id, address) = (args.text("id"), args.text("address"));
    session.show("moderation.forward", vec![text(id), text(address)], |screen, _: bool| {
        writeln!(screen, "sent {id} to {address}; it goes on waiting");
    })
}
