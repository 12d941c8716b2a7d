//! `subscription`: becoming a member and leaving, as the person or the person's program asks for it.

use mailjam_rpc::Value;
use mailjam_rpc::records::{Confirmed, Pending, SubscriptionOptions};

use crate::command::{Arg, Args, Command, Form, Outcome};
use crate::error::Error;
use crate::output::table::{whole, words};
use crate::output::{Screen, clean, or_dash};
use crate::session::{Session, param, text};

use super::collection::Collection;
use super::{ADDRESS, FILTER, LANGUAGE, LIMIT, LIST, MODE, NAME};

const TOKEN: Arg = Arg::new("token", Form::Required, "TOKEN", "Token from a mail of the list").secret();
const IDS: Arg = Arg::new("id", Form::Several, "ID", "Id of a request, from \"subscription pending\"");
const REASON: Arg = Arg::new("reason", Form::Value, "TEXT", "Why; with this, the person is told by mail");

pub const NOUN: Command = Command::group(
    "subscription",
    "Requests to become a member or to leave",
    &[
        Command::new(
            "request",
            "Ask by mail whether somebody wants to become a member",
            &["subscription.request"],
            &[LIST, ADDRESS, NAME, MODE, LANGUAGE],
            request,
        )
        .details("The answer is the same whether there is anything to ask or not. \"member add\" asks nobody."),
        Command::new(
            "leave",
            "Ask by mail whether a member wants to leave",
            &["subscription.leave"],
            &[LIST, ADDRESS],
            leave,
        )
        .details("The answer is the same whether there is anything to ask or not. \"member remove\" asks nobody."),
        Command::new("confirm", "Do what a token says", &["subscription.confirm"], &[TOKEN], confirm),
        Command::new(
            "unsubscribe",
            "End the membership that a token from List-Unsubscribe names",
            &["subscription.unsubscribe"],
            &[TOKEN],
            unsubscribe,
        ),
        Command::new(
            "pending",
            "Show who asked to become a member and is none yet",
            &["subscription.pending"],
            &[LIST, FILTER, LIMIT],
            pending,
        )
        .alias("list"),
        Command::new(
            "approve",
            "Make members of those who wait for approval",
            &["subscription.approve"],
            &[IDS],
            approve,
        ),
        Command::new("deny", "Turn requests down", &["subscription.deny"], &[IDS, REASON], deny),
    ],
);

fn request(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let given = |name| args.optional(name).map(str::to_owned);
    let (list, address) = (args.text("list"), args.text("address"));
    let options =
        SubscriptionOptions { name: given("name"), mode: given("mode"), language: given("language"), source_ip: None };
    let params = vec![text(list), text(address), param(options)];
    session.show("subscription.request", params, |screen, _: bool| {
        writeln!(screen, "if {address} can become a member of {list}, a mail asks for confirmation");
    })
}

fn leave(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (list, address) = (args.text("list"), args.text("address"));
    session.show("subscription.leave", vec![text(list), text(address)], |screen, _: bool| {
        writeln!(screen, "if {address} is a member of {list}, a mail asks for confirmation");
    })
}

fn confirm(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.show("subscription.confirm", vec![text(args.text("token"))], show_confirmed)
}

fn unsubscribe(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.show("subscription.unsubscribe", vec![text(args.text("token"))], show_confirmed)
}

fn show_confirmed(screen: &mut Screen, confirmed: Confirmed) {
    let result = match confirmed.result.as_str() {
        "waiting" => "waiting for a moderator's approval".to_owned(),
        "already" => "nothing was left to do".to_owned(),
        result => clean(result).into_owned(),
    };
    let [act, list, address] = [&confirmed.act, &confirmed.list, &confirmed.address].map(|part| clean(part));
    writeln!(screen, "{list}: {act} {address}: {result}");
}

fn pending(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "subscription.pending",
        called: "requests",
        columns: [whole("ID"), whole("WAITS FOR"), whole("ASKED"), words("ADDRESS"), words("NAME")],
        row: |request: Pending| {
            let Pending { id, waits_for, asked, address, name, .. } = request;
            [id, waits_for, asked.to_string(), address, or_dash(&name)]
        },
    }
    .show(session, args, &[text(args.text("list"))], &[("filter", args.optional("filter"))])
}

fn approve(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    decide(session, args, "subscription.approve", None, "approved")
}

fn deny(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    decide(session, args, "subscription.deny", args.optional("reason").map(text), "denied")
}

fn decide(
    session: &mut Session,
    args: &Args<'_>,
    method: &'static str,
    option: Option<Value>,
    done: &str,
) -> Result<Outcome, Error> {
    session.each(&args.many("id"), |session, id| {
        let params = [text(id)].into_iter().chain(option.clone()).collect();
        session.show(method, params, |screen, _: bool| writeln!(screen, "{done} {id}"))?;
        Ok(())
    })
}
