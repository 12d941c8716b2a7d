//! The table of all commands: one entry a noun, in the order of the help.

mod collection;
mod domain;
mod import;
mod list;
mod mail;
mod member;
mod mta_config;
mod queue;
mod raw;
mod role;
mod roster;
mod server;
mod setting;
mod token;

use crate::command::{Arg, Command, Form, Names};

/// Everything that can be asked of mailjam-cli.
pub static COMMANDS: &[Command] = &[
    list::NOUN,
    member::NOUN,
    role::NOUN,
    domain::NOUN,
    queue::NOUN,
    mail::EXPLAIN,
    mail::CHECK,
    mail::RESOLVE,
    token::NOUN,
    server::NOUN,
    mta_config::NOUN,
    raw::CALL,
    raw::COMPLETIONS,
];

const LIST: Arg = Arg::new("list", Form::Required, "LIST", "Posting address or list-id").names(Names::List);
const ADDRESS: Arg = Arg::new("address", Form::Required, "ADDRESS", "Mail address");
const MEMBER: Arg = ADDRESS.names(Names::Member);
const LIMIT: Arg = Arg::new("limit", Form::Value, "N", "Stop after N").names(Names::Number);
const FILTER: Arg = Arg::new("filter", Form::Value, "TEXT", "Only those that contain TEXT, in any case");
const YES: Arg = Arg::flag("yes", "Do not ask");
const DRY_RUN: Arg = Arg::flag("dry-run", "Say what would change, change nothing");
