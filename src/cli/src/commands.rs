//! The table of all commands: one entry a noun, in the order of the help.

mod account;
mod audit;
mod ban;
mod bounce;
mod collection;
pub mod config;
mod confirm;
mod digest;
mod dkim;
mod doctor;
mod domain;
mod export;
mod import;
mod list;
mod mail;
mod member;
mod moderation;
mod moment;
mod mta_config;
mod password;
mod privacy;
mod queue;
mod raw;
mod role;
mod roster;
mod server;
mod setting;
mod shell;
mod subscription;
mod template;
mod token;

pub use moment::now;
pub use shell::explain;

use crate::command::{Arg, Args, Command, Form, Names};

/// Everything that can be asked of mailjam-cli.
pub static COMMANDS: &[Command] = &[
    list::NOUN,
    member::NOUN,
    subscription::NOUN,
    moderation::NOUN,
    ban::NOUN,
    bounce::NOUN,
    digest::NOUN,
    dkim::NOUN,
    template::NOUN,
    role::NOUN,
    account::NOUN,
    domain::NOUN,
    queue::NOUN,
    mail::EXPLAIN,
    mail::CHECK,
    mail::RESOLVE,
    audit::NOUN,
    privacy::NOUN,
    token::NOUN,
    config::NOUN,
    server::NOUN,
    doctor::DOCTOR,
    mta_config::NOUN,
    raw::CALL,
    raw::COMPLETIONS,
    shell::USE,
    shell::HELP,
    shell::EXIT,
];

const LIST: Arg = Arg::new("list", Form::Required, "LIST", "Posting address or list-id").names(Names::List);
const ADDRESS: Arg = Arg::new("address", Form::Required, "ADDRESS", "Mail address");
const MEMBER: Arg = ADDRESS.names(Names::Member);
const LIMIT: Arg = Arg::new("limit", Form::Value, "N", "Stop after N").names(Names::Number);
const FILTER: Arg = Arg::new("filter", Form::Value, "TEXT", "Only those that contain TEXT, in any case");
const YES: Arg = Arg::flag("yes", "Do not ask");
const DRY_RUN: Arg = Arg::flag("dry-run", "Say what would change, change nothing");
const NAME: Arg = Arg::new("name", Form::Value, "NAME", "Name for people");
const MODE: Arg = Arg::new(
    "mode",
    Form::Value,
    "MODE",
    "post: gets every post; digest: digests of whole messages; plain-digest: digests in plain text; nomail: nothing",
)
.names(Names::Words(&["post", "digest", "plain-digest", "nomail"]));
const LANGUAGE: Arg = Arg::new("language", Form::Value, "LANGUAGE", "Language of what the list writes, such as de");

/// The word that stands for no list but all of mailjam; no list has a name without a dot or an @.
pub const SITE: &str = "site";

/// What the argument `name` means, as the daemon takes it: empty for the site.
fn scope<'a>(args: &Args<'a>, name: &str) -> &'a str {
    args.optional(name).filter(|scope| *scope != SITE).unwrap_or_default()
}

/// The scope in a sentence.
fn called(scope: &str) -> &str {
    if scope.is_empty() { "the site" } else { scope }
}
