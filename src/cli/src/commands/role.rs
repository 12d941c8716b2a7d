//! `role`: owners and moderators of lists, admins of the site.

use mailjam_rpc::records::Role;

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::session::{Session, text};

use super::{ADDRESS, MEMBER, SITE, called, scope};

const OPTIONAL_LIST: Arg =
    Arg::new("list", Form::Optional, "LIST", "Posting address or list-id; else the site").names(Names::ListOr(SITE));
const LIST_OR_SITE: Arg =
    Arg::new("list", Form::Required, "LIST", "Posting address or list-id, or the word site").names(Names::ListOr(SITE));
const HOLDER: Arg = ADDRESS.names(Names::RoleHolder);
const ROLE: Arg = Arg::new("role", Form::Required, "ROLE", "owner or moderator of a list, or admin of the site")
    .names(Names::Words(&["owner", "moderator", "admin"]));

pub const NOUN: Command = Command::group(
    "role",
    "Owners and moderators of lists, admins of the site",
    &[
        Command::new("list", "Show who has a role", &["role.list"], &[OPTIONAL_LIST], list),
        Command::new("grant", "Give somebody a role", &["role.grant"], &[LIST_OR_SITE, MEMBER, ROLE], grant),
        Command::new("revoke", "Take a role away", &["role.revoke"], &[LIST_OR_SITE, HOLDER, ROLE], revoke)
            .details("The last owner of a list stays: make somebody else owner first."),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let list = scope(args, "list");
    session.show("role.list", vec![text(list)], |screen, roles: Vec<Role>| {
        if roles.is_empty() {
            screen.note(format_args!("nobody has a role on {}", called(list)));
        }
        let rows: Vec<_> = roles.into_iter().map(|role| [role.role, role.address]).collect();
        Table::new([whole("ROLE"), words("ADDRESS")]).rows(screen, &rows);
    })
}

fn grant(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (list, address, role) = (scope(args, "list"), args.text("address"), args.text("role"));
    let params = vec![text(list), text(address), text(role)];
    session.show("role.grant", params, |screen, _: bool| {
        writeln!(screen, "{address} is {role} of {}", called(list));
    })
}

fn revoke(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (list, address, role) = (scope(args, "list"), args.text("address"), args.text("role"));
    let params = vec![text(list), text(address), text(role)];
    session.show("role.revoke", params, |screen, _: bool| {
        writeln!(screen, "{address} is no longer {role} of {}", called(list));
    })
}
