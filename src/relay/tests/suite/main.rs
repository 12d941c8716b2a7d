//! The relay against a mail server that behaves as each test tells it to.

#[path = "../../../../tests/support/smtp_sink.rs"]
mod smtp_sink;

mod broken;
mod each;
mod envelope;
mod speed;
mod transaction;
mod wire_form;

use std::time::Duration;

use mailjam_relay::{Body, Connection, Envelope, NextHop, Outcome, ReturnPath, SmtpReply, Timeouts};
use smtp_sink::{Action, Behaviour, Moment, Sink, Step};

/// Longer than anything here takes, short enough to wait for a failure.
const DEADLINE: Duration = Duration::from_secs(60);

const RETURN_PATH: ReturnPath<'static> = ReturnPath::Shared("all-bounces@lists.test");

const MESSAGE: &[u8] = b"From: a@example.test\nSubject: test\n\nText\n.dotted\n";

/// What a script looks like where several share a test.
type Script = fn(&Moment<'_>) -> Action;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { tokio::time::timeout(DEADLINE, work).await.expect("the test's deadline") })
}

fn next_hop(server: String) -> NextHop {
    let timeouts = Timeouts { connect: DEADLINE, command: DEADLINE, data_end: DEADLINE };
    NextHop { server, helo: "lists.test".into(), timeouts }
}

async fn connect(sink: &Sink) -> Connection {
    Connection::open(&next_hop(sink.server())).await.expect("the sink takes connections")
}

/// A sink that follows `script` and offers everything else.
fn scripted(script: impl Fn(&Moment<'_>) -> Action + Send + Sync + 'static) -> Sink {
    Sink::start(Behaviour { script: Box::new(script), ..Behaviour::default() })
}

fn addresses(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("member{n}@example.test")).collect()
}

/// Sends [`MESSAGE`] to `recipients` on an unbroken connection.
async fn send(connection: &mut Connection, recipients: &[String]) -> Vec<Outcome> {
    let envelope = Envelope { return_path: RETURN_PATH, recipients };
    connection.send(&envelope, &Body::new(MESSAGE)).await.expect("an unbroken connection")
}

/// The code of a failure.
fn code(outcome: &Outcome) -> u16 {
    match outcome {
        Outcome::Deferred(SmtpReply { code, .. })
        | Outcome::Unconfirmed(SmtpReply { code, .. })
        | Outcome::Refused(SmtpReply { code, .. }) => *code,
        Outcome::Delivered | Outcome::TooMany => panic!("{outcome:?} has no code"),
    }
}

/// One letter an outcome: delivered, deferred, unconfirmed, refused, too many.
fn letters(outcomes: &[Outcome]) -> String {
    let letter = |outcome: &Outcome| match outcome {
        Outcome::Delivered => 'd',
        Outcome::Deferred(_) => '4',
        Outcome::Unconfirmed(_) => '?',
        Outcome::Refused(_) => '5',
        Outcome::TooMany => 'm',
    };
    outcomes.iter().map(letter).collect()
}

/// Whether `step` is a RCPT of `member{n}`.
fn is_member(step: &Step<'_>, n: usize) -> bool {
    matches!(step, Step::Rcpt(address, _) if *address == format!("member{n}@example.test"))
}
