//! `member`: who is on which list.

use mailjam_rpc::records::{Member, MemberAttributes, Membership};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::output::{clean, or_dash};
use crate::session::{Session, param, text};

use super::collection::Collection;
use super::{ADDRESS, DRY_RUN, FILTER, LIMIT, LIST, MEMBER, import};

const NEW_MEMBERS: Arg = Arg::new("address", Form::Several, "ADDRESS", "Mail address");
const MEMBERS: Arg = NEW_MEMBERS.names(Names::Member);
const NAME: Arg = Arg::new("name", Form::Value, "NAME", "Name for people");
const MODE: Arg = Arg::new("mode", Form::Value, "MODE", "post: gets every post; nomail: a member who gets none")
    .names(Names::Words(&["post", "nomail"]));
const FILE: Arg =
    Arg::new("file", Form::Required, "FILE", "File with one member a line; - for standard input").names(Names::File);
const OLD: Arg = Arg::new("old", Form::Required, "OLD", "Address so far");
const NEW: Arg = Arg::new("new", Form::Required, "NEW", "Address from now on");
const LISTS: Arg =
    Arg::new("list", Form::Any, "LIST", "Only on these lists; on all, if none is named").names(Names::List);

const FILE_FORMAT: &str = "\
The file is UTF-8, one ADDRESS or Name <ADDRESS> a line; blank lines and lines that begin with # are skipped.";

const IMPORT_DETAILS: &str = "\
The file is UTF-8, one ADDRESS or Name <ADDRESS> a line; blank lines and lines that begin with # are skipped.
Lines that are refused are told on standard error with their number, do not stop the others, and make the exit code 4.
Members are added in portions. After an interruption those of the portions before are members; run it again for the rest.";

pub const NOUN: Command = Command::group(
    "member",
    "Members of lists",
    &[
        Command::new("list", "Show the members of a list", &["member.list"], &[LIST, FILTER, LIMIT], list),
        Command::new("get", "Show one member", &["member.get"], &[LIST, MEMBER], get).alias("show"),
        Command::new("add", "Add members", &["member.add"], &[LIST, NEW_MEMBERS, NAME, MODE], add),
        Command::new(
            "update",
            "Change name or mode of a member",
            &["member.get", "member.update"],
            &[LIST, MEMBER, NAME, MODE],
            update,
        ),
        Command::new("remove", "Remove members", &["member.remove"], &[LIST, MEMBERS], remove),
        Command::new(
            "import",
            "Add the members that a file names",
            &["member.import"],
            &[LIST, FILE, DRY_RUN],
            import::import,
        )
        .details(IMPORT_DETAILS),
        Command::new(
            "sync",
            "Make the members exactly those that a file names",
            &["member.sync"],
            &[LIST, FILE, DRY_RUN],
            import::sync,
        )
        .details(FILE_FORMAT),
        Command::new("find", "Show all lists that somebody is a member of", &["member.find"], &[ADDRESS], find),
        Command::new(
            "change-address",
            "Give a member another address on all lists",
            &["member.change_address"],
            &[OLD, NEW, LISTS],
            change_address,
        ),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "member.list",
        called: "members",
        columns: [words("ADDRESS"), whole("MODE"), whole("SINCE"), words("NAME")],
        row: |member: Member| [member.address, member.mode, member.since.to_string(), or_dash(&member.name)],
    }
    .show(session, args, &[text(args.text("list"))], &[("filter", args.optional("filter"))])
}

fn get(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let params = vec![text(args.text("list")), text(args.text("address"))];
    session.show("member.get", params, |screen, member: Member| {
        let title = screen.title(&member.address);
        writeln!(screen, "{title}");
        let fields =
            [("name", or_dash(&member.name)), ("mode", or_dash(&member.mode)), ("since", member.since.to_string())];
        screen.fields(2, &fields);
    })
}

fn attributes(args: &Args<'_>) -> MemberAttributes {
    let given = |name| args.optional(name).map(str::to_owned);
    MemberAttributes { name: given("name"), mode: given("mode") }
}

fn add(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let addresses = args.many("address");
    if addresses.len() > 1 && args.optional("name").is_some() {
        return Err(Error::Contradiction("--name names one member, but there are several addresses"));
    }
    let attributes = param(attributes(args));
    session.each(&addresses, |session, address| {
        let params = vec![text(args.text("list")), text(address), attributes.clone()];
        session.show("member.add", params, |screen, member: Member| {
            writeln!(screen, "added {}", clean(&member.address))
        })?;
        Ok(())
    })
}

fn update(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let attributes = attributes(args);
    if attributes.name.is_none() && attributes.mode.is_none() {
        return Err(Error::Contradiction("nothing to change: give --name, --mode or both"));
    }
    let member = vec![text(args.text("list")), text(args.text("address"))];
    let before: Member = session.ask("member.get", member.clone())?;
    let params = member.into_iter().chain([param(attributes)]).collect();
    session.show("member.update", params, |screen, after: Member| {
        let pairs = [("name", before.name, after.name), ("mode", before.mode, after.mode)];
        let changes: Vec<_> = pairs.iter().filter(|(_, from, to)| from != to).collect();
        if changes.is_empty() {
            writeln!(screen, "nothing to change");
        }
        for (what, from, to) in changes {
            writeln!(screen, "{}: {what}: {} → {}", clean(&after.address), or_dash(from), or_dash(to));
        }
    })
}

fn remove(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.each(&args.many("address"), |session, address| {
        let params = vec![text(args.text("list")), text(address)];
        session.show("member.remove", params, |screen, _: bool| writeln!(screen, "removed {address}"))?;
        Ok(())
    })
}

fn find(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let address = args.text("address");
    session.show("member.find", vec![text(address)], |screen, memberships: Vec<Membership>| {
        if memberships.is_empty() {
            screen.note(format_args!("{address} is a member of no list"));
        }
        let rows: Vec<_> = memberships
            .into_iter()
            .map(|found| [found.list, found.address, found.mode, found.since.to_string(), or_dash(&found.name)])
            .collect();
        let columns = [words("LIST"), words("ADDRESS"), whole("MODE"), whole("SINCE"), words("NAME")];
        Table::new(columns).rows(screen, &rows);
    })
}

fn change_address(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (old, new) = (args.text("old"), args.text("new"));
    let lists = args.many("list");
    let mut params = vec![text(old), text(new)];
    if !lists.is_empty() {
        params.push(param(lists.into_iter().map(str::to_owned).collect::<Vec<_>>()));
    }
    session.show("member.change_address", params, |screen, changed: Vec<String>| {
        for list in &changed {
            writeln!(screen, "{}: {old} → {new}", clean(list));
        }
        if changed.is_empty() {
            writeln!(screen, "nothing to change");
        }
    })
}
