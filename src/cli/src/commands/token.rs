//! `token`: secrets for programs that come over TCP.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use mailjam_rpc::Time;
use mailjam_rpc::records::{Token, TokenCreated, TokenRequest};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::session::{Session, param, text};

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

fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}

fn create(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let expires = args.optional("expires").map(|word| point_in_time(word, now())).transpose()?;
    let request = TokenRequest {
        label: args.text("label").to_owned(),
        scopes: args.many("scope").into_iter().map(str::to_owned).collect(),
        expires,
    };
    session.show("token.create", vec![param(request)], |screen, created: TokenCreated| {
        let expires = expires.map_or_else(|| "never".to_owned(), |time| time.to_string());
        screen.fields(0, &[("id", created.id), ("secret", created.secret), ("expires", expires)]);
        screen.note(format_args!("The secret is shown this once; the daemon keeps only its hash."));
    })
}

fn list(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    session.show("token.list", vec![], |screen, tokens: Vec<Token>| {
        if tokens.is_empty() {
            screen.note(format_args!("no tokens"));
        }
        let now = Time(now());
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
    let expires = token.expires.map_or_else(|| "never".to_owned(), |time| time.to_string());
    [token.id, state.to_owned(), expires, token.label, token.scopes.join(" ")]
}

fn revoke(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let id = args.text("id");
    session.show("token.revoke", vec![text(id)], |screen, _: bool| writeln!(screen, "revoked {id}"))
}

/// A time as RFC 3339 writes it, a date or a time without zone (both UTC), or a duration from now on.
fn point_in_time(word: &str, now: i64) -> Result<Time, Error> {
    let civil = || word.parse::<DateTime>().or_else(|_| word.parse::<Date>().map(DateTime::from));
    let absolute = || word.parse().or_else(|_| civil()?.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()));
    let from_now = |span: Span| {
        let now = Timestamp::from_second(now)?.to_zoned(TimeZone::UTC);
        now.checked_add(span).map(|later| later.timestamp())
    };
    let parsed: Result<Timestamp, jiff::Error> = match word.parse::<Span>() {
        Ok(span) => from_now(span),
        Err(_) => absolute(),
    };
    parsed.map(|time| Time(time.as_second())).map_err(|_| Error::NotATime { word: word.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_dates_and_durations() {
        const NOW: i64 = 1_795_509_000; // 2026-11-24T08:30:00Z
        let cases = [
            ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"),
            ("2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z"),
            ("2027-01-31T12:00:00", "2027-01-31T12:00:00Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("30d", "2026-12-24T08:30:00Z"),
            ("1y", "2027-11-24T08:30:00Z"),
            ("12h", "2026-11-24T20:30:00Z"),
        ];
        for (word, expected) in cases {
            assert_eq!(point_in_time(word, NOW).unwrap().to_string(), expected, "{word}");
        }
        for word in ["", "soon", "2027-02-30", "30", "999999y"] {
            assert!(matches!(point_in_time(word, NOW), Err(Error::NotATime { .. })), "{word}");
        }
    }
}
