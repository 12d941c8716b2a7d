//! `account`: who can log in to the web client with a password, and who runs the site.

use mailjam_rpc::records::{Account, AccountChanges, NewAccount};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::clean;
use crate::output::table::{whole, words};
use crate::session::{Session, param, text};

use super::collection::Collection;
use super::moment::or_never;
use super::{ADDRESS, FILTER, LIMIT, YES, confirm, password};

const ACCOUNT: Arg = ADDRESS.names(Names::Account);
const ADMIN: Arg = Arg::flag("admin", "Give the role admin on the site");
const PASSWORD: Arg = Arg::flag("password", "Ask for a new password on the terminal");
const PASSWORD_FILE: Arg = Arg::new(
    "password-file",
    Form::Value,
    "FILE",
    "Take the password from the first line of FILE; - for standard input",
)
.names(Names::File);
const NO_PASSWORD: Arg = Arg::flag("no-password", "No password: the person logs in by mailed links alone");
const IS_ADMIN: Arg = Arg::new("admin", Form::Value, "YES/NO", "Give or take the role admin on the site")
    .names(Names::Words(&["yes", "no"]));
const LOCKED: Arg = Arg::new("locked", Form::Value, "YES/NO", "Keep the person from logging in, in any way")
    .names(Names::Words(&["yes", "no"]));

pub const NOUN: Command = Command::group(
    "account",
    "People who log in with a password, and admins of the site",
    &[
        Command::new(
            "create",
            "Create an account",
            &["account.create"],
            &[ADDRESS, ADMIN, PASSWORD_FILE, NO_PASSWORD],
            create,
        )
        .details(
            "\
The password is asked for on the terminal, unless an option says where it is. It has 10 characters at least. \
There is no option that takes it itself, because everybody on the machine can read the command lines of all processes. \
Members, owners and moderators need no account to log in by mailed links.

The first admin of a site:

  mailjam-cli account create you@example.org --admin",
        ),
        Command::new("list", "Show accounts", &["account.list"], &[FILTER, LIMIT], list),
        Command::new("show", "Show an account", &["account.get"], &[ACCOUNT], show).alias("get"),
        Command::new(
            "update",
            "Change an account",
            &["account.update"],
            &[ACCOUNT, PASSWORD, PASSWORD_FILE, NO_PASSWORD, IS_ADMIN, LOCKED],
            update,
        )
        .details("A new password, and locking, end all sessions of the person."),
        Command::new(
            "delete",
            "Delete an account, with its sessions and the role admin",
            &["account.delete"],
            &[ACCOUNT, YES],
            delete,
        )
        .details("Memberships and roles on lists stay, and with them logging in by mailed links."),
    ],
);

/// The password that the options name, or where they name none what `ask` says.
fn chosen(session: &mut Session, args: &Args<'_>, ask: bool) -> Result<Option<String>, Error> {
    match (args.file("password-file"), args.flag("no-password")) {
        (Some(_), true) => Err(Error::Contradiction("--password-file and --no-password exclude each other")),
        (Some(file), false) => password::from_file(session, file).map(Some),
        (None, true) => Ok(Some(String::new())),
        (None, false) if ask => password::on_terminal(session).map(Some),
        (None, false) => Ok(None),
    }
}

fn create(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let address = args.text("address");
    let password = chosen(session, args, true)?.filter(|password| !password.is_empty());
    let attributes = NewAccount { password, admin: args.flag("admin").then_some(true) };
    session.show("account.create", vec![text(address), param(attributes)], |screen, account: Account| {
        let admin = if account.admin { ", admin of the site" } else { "" };
        let way = if account.has_password { "with a password" } else { "by mailed links alone" };
        writeln!(screen, "created {}{admin}, who logs in {way}", clean(&account.address));
    })
}

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "account.list",
        called: "accounts",
        columns: [whole("LAST LOGIN"), whole("ADMIN"), whole("PASSWORD"), whole("LOCKED"), words("ADDRESS")],
        row,
    }
    .show(session, args, &[], &[("filter", args.optional("filter"))])
}

fn row(account: Account) -> [String; 5] {
    let Account { address, admin, has_password, locked, last_login, .. } = account;
    let [admin, password, locked] = [admin, has_password, locked].map(|yes| yes_or_no(yes).to_owned());
    [or_never(last_login), admin, password, locked, address]
}

const fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn show(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.show("account.get", vec![text(args.text("address"))], |screen, account: Account| {
        let Account { address, admin, has_password, locked, created, last_login } = account;
        let [admin, password, locked] = [admin, has_password, locked].map(|yes| yes_or_no(yes).to_owned());
        let fields = [
            ("address", address),
            ("admin", admin),
            ("password", password),
            ("locked", locked),
            ("created", created.to_string()),
            ("last login", or_never(last_login)),
        ];
        screen.fields(0, &fields);
    })
}

fn update(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let address = args.text("address");
    let ask = args.flag("password");
    if ask && (args.file("password-file").is_some() || args.flag("no-password")) {
        return Err(Error::Contradiction("--password asks for one; leave out the other options for passwords"));
    }
    let word = |name| args.optional(name).map(|word| word == "yes");
    let changes =
        AccountChanges { password: chosen(session, args, ask)?, admin: word("admin"), locked: word("locked") };
    if changes == (AccountChanges { password: None, admin: None, locked: None }) {
        return Err(Error::Contradiction("nothing is to be changed: name an option"));
    }
    session.show("account.update", vec![text(address), param(changes)], |screen, account: Account| {
        let [admin, password, locked] = [account.admin, account.has_password, account.locked].map(yes_or_no);
        writeln!(screen, "{}: admin {admin}, password {password}, locked {locked}", clean(&account.address));
    })
}

fn delete(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let address = args.text("address");
    if !args.flag("yes") {
        confirm::somebody_there(session, || format!("deleting the account {address}"))?;
        confirm::by_typing(&format!("This deletes the account {address}."), address)?;
    }
    session.show("account.delete", vec![text(address)], |screen, _: bool| writeln!(screen, "deleted {address}"))
}
