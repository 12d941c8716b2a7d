//! `ban`: who may neither post nor subscribe.

use mailjam_rpc::records::{Ban, BanOptions};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::output::{clean, or_dash};
use crate::session::{Session, param, text};

use super::moment::{self, or_never};
use super::{ADDRESS, LIST, SITE, called, scope};

const OPTIONAL_SCOPE: Arg =
    Arg::new("scope", Form::Optional, "SCOPE", "Posting address or list-id; else the site").names(Names::ListOr(SITE));
const SCOPE: Arg = Arg::new("scope", Form::Required, "SCOPE", "Posting address or list-id, or the word site")
    .names(Names::ListOr(SITE));
const PATTERN: Arg = Arg::new(
    "pattern",
    Form::Required,
    "PATTERN",
    "An address, a domain with all below it, or a pattern with * and ?, in quotes",
);
const UNTIL: Arg = Arg::new(
    "until",
    Form::Value,
    "T",
    "When it ends: a date or time such as 2027-01-31, or from now on, such as 30d; else never",
);
const REASON: Arg = Arg::new("reason", Form::Value, "TEXT", "Why, for people");
const ID: Arg = Arg::new("id", Form::Required, "ID", "Id of a ban, from \"ban list\"");

pub const NOUN: Command = Command::group(
    "ban",
    "Addresses that may neither post nor subscribe",
    &[
        Command::new("list", "Show the bans on a list or on the site", &["ban.list"], &[OPTIONAL_SCOPE], list),
        Command::new(
            "add",
            "Ban an address, a domain or a pattern",
            &["ban.add"],
            &[SCOPE, PATTERN, UNTIL, REASON],
            add,
        ),
        Command::new("remove", "Lift a ban", &["ban.remove"], &[ID], remove),
        Command::new("check", "Show which bans hold an address", &["ban.check"], &[LIST, ADDRESS], check)
            .details("Those of the list and those of the site."),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let scope = scope(args, "scope");
    session.show("ban.list", vec![text(scope)], |screen, bans: Vec<Ban>| {
        if bans.is_empty() {
            screen.note(format_args!("no bans on {}", called(scope)));
        }
        let row = |ban: Ban| [ban.id, or_never(ban.until), ban.pattern, or_dash(&ban.by), or_dash(&ban.reason)];
        let rows: Vec<_> = bans.into_iter().map(row).collect();
        let columns = [whole("ID"), whole("UNTIL"), words("PATTERN"), words("BY"), words("REASON")];
        Table::new(columns).rows(screen, &rows);
    })
}

fn add(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let scope = scope(args, "scope");
    let options =
        BanOptions { until: moment::given(args, "until")?, reason: args.optional("reason").map(str::to_owned) };
    let params = vec![text(scope), text(args.text("pattern")), param(options)];
    session.show("ban.add", params, |screen, ban: Ban| {
        let until = ban.until.map(|time| format!(" until {time}")).unwrap_or_default();
        let [id, pattern, place] = [&ban.id, &ban.pattern, called(&ban.scope)].map(clean);
        writeln!(screen, "banned {pattern} from {place}{until} (id {id})");
    })
}

fn remove(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let id = args.text("id");
    session.show("ban.remove", vec![text(id)], |screen, _: bool| writeln!(screen, "lifted {id}"))
}

fn check(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (list, address) = (args.text("list"), args.text("address"));
    session.show("ban.check", vec![text(list), text(address)], |screen, bans: Vec<Ban>| {
        if bans.is_empty() {
            screen.note(format_args!("no ban holds {address} on {list}"));
        }
        let row = |ban: Ban| {
            let place = if ban.scope.is_empty() { SITE.to_owned() } else { ban.scope };
            [ban.id, or_never(ban.until), ban.pattern, place, or_dash(&ban.reason)]
        };
        let rows: Vec<_> = bans.into_iter().map(row).collect();
        let columns = [whole("ID"), whole("UNTIL"), words("PATTERN"), words("SCOPE"), words("REASON")];
        Table::new(columns).rows(screen, &rows);
    })
}
