//! `queue`: what is on its way to members.

use mailjam_rpc::records::{QueueDetail, QueueItem, RetrySelection};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, number, whole, words};
use crate::output::{Screen, clean, or_dash};
use crate::session::{Session, param, text};

use super::LIMIT;
use super::collection::Collection;

const ID: Arg = Arg::new("id", Form::Required, "ID", "Id of an item, from \"queue list\"").names(Names::QueueItem);
const OF_LIST: Arg = Arg::new("list", Form::Value, "LIST", "Only items of this list").names(Names::List);
const STATE: Arg = Arg::new("state", Form::Value, "STATE", "Only items in this state; else all but done ones")
    .names(Names::Words(&["sending", "waiting", "done", "quarantined", "held"]));
const RETRY_ID: Arg = Arg::new("id", Form::Value, "ID", "Recipients of this item").names(Names::QueueItem);
const RETRY_LIST: Arg = Arg::new("list", Form::Value, "LIST", "Recipients of this list's items").names(Names::List);
const RETRY_DOMAIN: Arg = Arg::new("domain", Form::Value, "DOMAIN", "Recipients in this domain");

pub const NOUN: Command = Command::group(
    "queue",
    "What is on its way to members",
    &[
        Command::new("list", "Show the queue, oldest first", &["queue.list"], &[OF_LIST, STATE, LIMIT], list),
        Command::new("show", "Show one item and the recipients that wait or were refused", &["queue.get"], &[ID], show)
            .alias("get"),
        Command::new(
            "retry",
            "Try deferred recipients again now",
            &["queue.retry"],
            &[RETRY_ID, RETRY_LIST, RETRY_DOMAIN],
            retry,
        )
        .details("Exactly one of --id, --list and --domain says which. --id also brings back who was refused."),
        Command::new("drop", "Remove an item; who has not got it never will", &["queue.drop"], &[ID], drop_item),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "queue.list",
        called: "items in the queue",
        columns: [
            whole("ID"),
            whole("STATE"),
            number("SENT"),
            number("WAIT"),
            number("REFUSED"),
            whole("RECEIVED"),
            words("LIST"),
        ],
        row: |item: QueueItem| {
            let counts = [item.delivered, item.deferred, item.refused].map(|count| count.to_string());
            let [sent, waiting, refused] = counts;
            [item.id, item.state, sent, waiting, refused, item.received.to_string(), item.list]
        },
    }
    .show(session, args, &[], &[("list", args.optional("list")), ("state", args.optional("state"))])
}

fn show(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.show("queue.get", vec![text(args.text("id"))], show_detail)
}

fn show_detail(screen: &mut Screen, detail: QueueDetail) {
    let QueueDetail { item, recipients } = detail;
    let title = screen.title(&item.id);
    writeln!(screen, "{title}");
    let state = screen.state(&item.state);
    let mut fields = vec![
        ("list", clean(&item.list).into_owned()),
        ("kind", clean(&item.kind).into_owned()),
        ("state", state),
        ("sender", if item.sender.is_empty() { "<>".to_owned() } else { clean(&item.sender).into_owned() }),
        ("message-id", or_dash(&item.message_id)),
        ("size", format!("{} octets", item.size)),
        ("received", item.received.to_string()),
        ("sent", item.delivered.to_string()),
        ("waiting", item.deferred.to_string()),
        ("refused", item.refused.to_string()),
    ];
    if let Some(time) = item.next_attempt {
        fields.push(("next attempt", time.to_string()));
    }
    if let Some(error) = &item.last_error {
        fields.push(("last error", clean(error).into_owned()));
    }
    screen.fields(2, &fields);
    if recipients.is_empty() {
        return;
    }
    writeln!(screen);
    let rows: Vec<_> = recipients
        .into_iter()
        .map(|recipient| {
            let next = recipient.next_attempt.map_or_else(|| "-".to_owned(), |time| time.to_string());
            [recipient.address, recipient.state, recipient.attempts.to_string(), next, recipient.reply]
        })
        .collect();
    let columns = [words("RECIPIENT"), whole("STATE"), number("TRIES"), whole("NEXT"), words("REPLY")];
    Table::new(columns).rows(screen, &rows);
}

fn retry(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let given = |name| args.optional(name).map(str::to_owned);
    let selection = RetrySelection { id: given("id"), list: given("list"), domain: given("domain") };
    if [&selection.id, &selection.list, &selection.domain].into_iter().flatten().count() != 1 {
        return Err(Error::Contradiction("say which recipients: exactly one of --id, --list and --domain"));
    }
    session.show("queue.retry", vec![param(selection)], |screen, due: i32| {
        writeln!(screen, "{due} recipients are due now");
    })
}

fn drop_item(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let id = args.text("id");
    session.show("queue.drop", vec![text(id)], |screen, _: bool| writeln!(screen, "dropped {id}"))
}
