//! Servers that go away, go mad or go to sleep, at every step; and what is known of the recipients then.

use std::io::{Read, Write};
use std::net::TcpListener;

use super::*;
use crate::smtp_sink::everything_but;
use mailjam_relay::{Error, Interrupted};

/// Sends to three recipients, of which the second is refused, on a connection that the script breaks.
fn interrupted(offers: Vec<&'static str>, script: Script) -> Interrupted {
    let script = move |moment: &Moment<'_>| match script(moment) {
        Action::Usual if is_member(&moment.step, 1) => Action::Reply("550 5.1.1 no such user".into()),
        action => action,
    };
    let sink = Sink::start(Behaviour { offers, script: Box::new(script), ..Behaviour::default() });
    block_on(async {
        let mut connection = connect(&sink).await;
        let recipients = addresses(3);
        let envelope = Envelope { return_path: RETURN_PATH, recipients: &recipients };
        let body = Body::new(MESSAGE);
        let interrupted = connection.send(&envelope, &body).await.expect_err("a broken connection");

        let after = connection.send(&envelope, &body).await.expect_err("a connection that stays broken");
        assert!(matches!(after.cause, Error::Ended { .. }), "{after}");
        assert_eq!(letters(&after.outcomes), "444");
        connection.quit().await;
        interrupted
    })
}

#[test]
fn lost_before_the_final_dot_is_surely_not_delivered() {
    for offers in [everything_but(&[]), everything_but(&["PIPELINING"])] {
        let at: [(Script, &str); 5] = [
            (|m| if let Step::Mail(_) = m.step { Action::Drop } else { Action::Usual }, "444"),
            (|m| if is_member(&m.step, 0) { Action::Drop } else { Action::Usual }, "444"),
            (|m| if is_member(&m.step, 2) { Action::Drop } else { Action::Usual }, "454"),
            (|m| if m.step == Step::Data { Action::Drop } else { Action::Usual }, "454"),
            (|m| if is_member(&m.step, 2) { Action::Reply("nonsense".into()) } else { Action::Usual }, "454"),
        ];
        for (script, expected) in at {
            let broken = interrupted(offers.clone(), script);
            assert_eq!(letters(&broken.outcomes), expected, "{broken}");
            assert_eq!(code(&broken.outcomes[0]), 421);
        }
    }
}

#[test]
fn lost_after_the_final_dot_is_unconfirmed() {
    let at: [Script; 3] = [
        |m| if m.step == Step::End { Action::Drop } else { Action::Usual },
        |m| if m.step == Step::End { Action::Reply("354 what?".into()) } else { Action::Usual },
        |m| if m.step == Step::End { Action::Reply("HTTP/1.1 200 OK".into()) } else { Action::Usual },
    ];
    for script in at {
        let broken = interrupted(everything_but(&[]), script);
        assert_eq!(letters(&broken.outcomes), "?5?", "{broken}");
    }
}

/// The message is larger than what the sockets between hold, so that the dot cannot be out.
#[test]
fn lost_within_a_large_message_is_surely_not_delivered() {
    for (said, expected) in [(None, 421), (Some("552 5.3.4 too large"), 552), (Some("421 4.3.2 going down"), 421)] {
        let sink = scripted(move |moment| match (moment.step, said) {
            (Step::MessageBegins, None) => Action::Drop,
            (Step::MessageBegins, Some(said)) => Action::ReplyAndDrop(said.into()),
            _ => Action::Usual,
        });
        let message = ["a: b\n", &"x".repeat(1 << 14), "\n"].concat().repeat(1 << 10);
        let recipients = addresses(2);
        let envelope = Envelope { return_path: RETURN_PATH, recipients: &recipients };
        let broken = block_on(async {
            connect(&sink).await.send(&envelope, &Body::new(message.as_bytes())).await.expect_err("a broken connection")
        });
        assert!(!letters(&broken.outcomes).contains(['?', 'd']), "{broken}");
        assert_eq!(code(&broken.outcomes[0]), expected, "{broken}");
    }
}

#[test]
fn service_closing_defers_whom_it_leaves_open() {
    for offers in [everything_but(&[]), everything_but(&["PIPELINING"])] {
        let at: [(Script, &str); 4] = [
            (|m| closing(matches!(m.step, Step::Mail(_))), "444"),
            (|m| closing(is_member(&m.step, 2)), "454"),
            (|m| closing(m.step == Step::Data), "454"),
            (|m| closing(m.step == Step::End), "454"),
        ];
        for (script, expected) in at {
            let broken = interrupted(offers.clone(), script);
            assert_eq!(letters(&broken.outcomes), expected, "{broken}");
            let Outcome::Deferred(reply) = &broken.outcomes[0] else { panic!("{:?}", broken.outcomes) };
            assert_eq!(reply.to_string(), "421 4.3.2 closing");
        }
    }
}

fn closing(now: bool) -> Action {
    if now { Action::ReplyAndDrop("421 4.3.2 closing".into()) } else { Action::Usual }
}

#[test]
fn silence_ends_at_the_deadline() {
    for (step, expected) in [("connect", ""), ("rcpt", "44"), ("end", "??")] {
        let sink = scripted(move |moment| match moment.step {
            Step::Connect if step == "connect" => Action::Hang,
            Step::Rcpt(..) if step == "rcpt" => Action::Hang,
            Step::End if step == "end" => Action::Hang,
            _ => Action::Usual,
        });
        let short = Duration::from_millis(200);
        let mut next_hop = next_hop(sink.server());
        next_hop.timeouts = Timeouts { connect: DEADLINE, command: short, data_end: short };
        block_on(async {
            let mut connection = match Connection::open(&next_hop).await {
                Ok(connection) => connection,
                Err(error) => return assert!(step == "connect" && matches!(error, Error::Timeout { .. }), "{error}"),
            };
            let recipients = addresses(2);
            let envelope = Envelope { return_path: RETURN_PATH, recipients: &recipients };
            let broken = connection.send(&envelope, &Body::new(MESSAGE)).await.expect_err("a deadline");
            assert!(matches!(broken.cause, Error::Timeout { .. }), "{broken}");
            assert_eq!(letters(&broken.outcomes), expected);
        });
    }
}

#[test]
fn half_sent_transaction_is_not_taken_up_again() {
    let sink = scripted(|moment| if moment.step == Step::End { Action::Hang } else { Action::Usual });
    block_on(async {
        let mut connection = connect(&sink).await;
        let recipients = addresses(1);
        let envelope = Envelope { return_path: RETURN_PATH, recipients: &recipients };
        let body = Body::new(MESSAGE);
        tokio::time::timeout(Duration::from_millis(50), connection.send(&envelope, &body)).await.expect_err("a hang");
        let after = connection.send(&envelope, &body).await.expect_err("a connection that is not used again");
        assert!(matches!(after.cause, Error::Ended { .. }), "{after}");
    });
}

#[test]
fn servers_that_do_not_want_us_are_named_with_their_answer() {
    let open = |sink: &Sink| {
        let error = block_on(Connection::open(&next_hop(sink.server()))).expect_err("no connection");
        assert!(error.to_string().contains(&sink.server()), "{error}");
        error.to_string()
    };
    let busy = scripted(|m| if m.step == Step::Connect { Action::Reply("421 busy".into()) } else { Action::Usual });
    assert!(open(&busy).contains("the greeting with \"421 busy\""));
    let no = scripted(|m| if m.step == Step::Connect { Action::Reply("554 no".into()) } else { Action::Usual });
    assert!(open(&no).contains("554 no"));
    let web = scripted(|m| if m.step == Step::Connect { Action::Reply("HTTP/1.1 400".into()) } else { Action::Usual });
    assert!(open(&web).contains("not SMTP: \"HTTP/1.1 400\""));
    let gone = scripted(|m| if m.step == Step::Ehlo { Action::Drop } else { Action::Usual });
    assert!(open(&gone).contains("closed the connection at EHLO"));
    let later = scripted(|m| if m.step == Step::Ehlo { Action::Reply("450 no".into()) } else { Action::Usual });
    assert!(open(&later).contains("EHLO with \"450 no\""));
}

#[test]
fn servers_without_ehlo_are_greeted_with_helo() {
    let sink = scripted(|m| if m.step == Step::Ehlo { Action::Reply("502 what?".into()) } else { Action::Usual });
    block_on(async {
        let mut connection = connect(&sink).await;
        assert_eq!(*connection.offers(), mailjam_relay::Extensions::default());
        assert_eq!(letters(&send(&mut connection, &addresses(2)).await), "dd");
    });
    assert_eq!(sink.state().commands[..2], ["EHLO lists.test", "HELO lists.test"]);
    assert!(sink.state().deliveries[0].parameters.is_empty());
}

#[test]
fn nobody_listening_is_a_clear_error() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port");
    let error = block_on(Connection::open(&next_hop(port.to_string()))).expect_err("nobody listens");
    assert!(matches!(error, Error::Connect { .. }) && error.to_string().contains("is it running"), "{error}");
}

#[test]
fn our_own_name_must_be_one() {
    for helo in ["", "a b", "a\r\nMAIL FROM:<>", "b\u{fc}cher.test"] {
        let next_hop = NextHop { helo: helo.into(), ..next_hop("127.0.0.1:1".into()) };
        let error = block_on(Connection::open(&next_hop)).expect_err("a bad name");
        assert!(matches!(error, Error::Helo { .. }), "{error}");
    }
}

/// Replies without an end, in one line or in many, are given up with little memory.
#[test]
fn endless_replies_are_not_read_to_the_end() {
    for piece in [&b"2"[..], b"220-still here\r\n", b"\0\r"] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = listener.local_addr().expect("a port").to_string();
        let flood = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a connection");
            let mut sent = 0;
            while stream.write_all(&piece.repeat(1000)).is_ok() && sent < 100 << 20 {
                sent += piece.len() * 1000;
            }
            let _ = stream.read(&mut [0]);
            sent
        });
        let error = block_on(Connection::open(&next_hop(server))).expect_err("no greeting");
        assert!(matches!(error, Error::Garbled { .. }), "{error}");
        assert!(flood.join().expect("the flood") < 100 << 20);
    }
}
