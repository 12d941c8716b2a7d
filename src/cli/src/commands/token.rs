//! `token`: secrets for programs that come over TCP.

use mailjam_rpc::Time;
use mailjam_rpc::records::{Token, TokenCreated, TokenRequest};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::session::{Session, param, text};

use super::moment::{self, or_never};

const LABEL: Arg = Arg::new("label", Form::Required, "LABEL", "What the token is for, for people");
const SCOPES: Arg =
    Arg::new("scope", Form::NeededValues, "SCOPE", "mta, read, metrics, moderate:LIST, owner:LIST or admin")
        .names(Names::Scope(&["mta", "read", "metrics", "admin"], &["moderate:", "owner:"]));
const EXPIRES: Arg = Arg::new(
    "expires",
    Form::Value,
    "T",
    "When it stops working: a date or time such as 2027-01-31, or from now on, such as 30d or 1y; else never",
);
const ID: Arg = Arg::new("id", Form::Required, "ID", "Id of a token, from \"token list\"").names(Names::Token);

pub const NOUN: Command = Command::group(
    "token",
    "Tokens for programs that come over TCP",
    &[
        Command::new(
            "create",
            "Create a token and show its secret, this once",
            &["token.create"],
            &[LABEL, SCOPES, EXPIRES],
            create,
        ),
        Command::new("list", "Show all tokens, without their secrets", &["token.list"], &[], list),
        Command::new("revoke", "Make a token worthless", &["token.revoke"], &[ID], revoke),
    ],
);

fn create(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let expires = moment::given(args, "expires")?;
    let request = TokenRequest {
        label: args.text("label").to_owned(),
        scopes: args.many("scope").into_iter().map(str::to_owned).collect(),
        expires,
    };
    session.show("token.create", vec![param(request)], |screen, created: TokenCreated| {
        screen.fields(0, &[("id", created.id), ("secret", created.secret), ("expires", or_never(expires))]);
        screen.note(format_args!("The secret is shown this once; the daemon keeps only its hash."));
    })
}

fn list(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    session.show("token.list", vec![], |screen, tokens: Vec<Token>| {
        if tokens.is_empty() {
            screen.note(format_args!("no tokens"));
        }
        let now = Time(moment::now());
        let rows: Vec<_> = tokens.into_iter().map(|token| row(token, now)).collect();
        let columns = [whole("ID"), whole("STATE"), whole("EXPIRES"), words("LABEL"), words("SCOPES")];
        Table::new(columns).rows(screen, &rows);
    })
}

fn row(token: Token, now: Time) -> [String; 5] {
    let state = match token.expires {
        _ if token.revoked => "revoked",
        Some(expires) if expires <= now => "expired",
        _ => "valid",
    };
    [token.id, state.to_owned(), or_never(token.expires), token.label, token.scopes.join(" ")]
}

fn revoke(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let id = args.text("id");
    session.show("token.revoke", vec![text(id)], |screen, _: bool| writeln!(screen, "revoked {id}"))
}
