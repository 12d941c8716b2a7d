//! One transaction, every recipient: who is told what when the server accepts, refuses, defers or is full.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket};

use super::*;
use crate::smtp_sink::everything_but;

/// Behaviours with and without PIPELINING, which must not differ in what they lead to.
fn both_ways(script: Script) -> [Sink; 2] {
    [&[][..], &["PIPELINING"]].map(|missing| {
        let behaviour = Behaviour { offers: everything_but(missing), script: Box::new(script), ..Behaviour::default() };
        Sink::start(behaviour)
    })
}

#[test]
fn all_recipients_get_the_message() {
    for sink in both_ways(|_| Action::Usual) {
        block_on(async {
            let mut connection = connect(&sink).await;
            assert_eq!(letters(&send(&mut connection, &addresses(3)).await), "ddd");
            connection.quit().await;
        });
        let state = sink.wait_for(|state| state.open == 0, DEADLINE);
        assert_eq!(state.deliveries[0].recipients, addresses(3));
        assert_eq!(state.deliveries[0].mail_from, "all-bounces@lists.test");
        assert_eq!(state.deliveries[0].message, b"From: a@example.test\r\nSubject: test\r\n\r\nText\r\n.dotted\r\n");
        assert_eq!(state.commands.last().expect("commands"), "QUIT");
    }
}

#[test]
fn each_recipient_has_its_own_reply() {
    let script = |moment: &Moment<'_>| match moment.step {
        step if is_member(&step, 1) => Action::Reply("550-5.1.1 no such\r\n550 5.1.1 user".into()),
        step if is_member(&step, 2) => Action::Reply("450 greylisted".into()),
        step if is_member(&step, 3) => Action::Reply("251 will forward".into()),
        _ => Action::Usual,
    };
    for sink in both_ways(script) {
        let outcomes = block_on(async { send(&mut connect(&sink).await, &addresses(5)).await });
        assert_eq!(letters(&outcomes), "d54dd");
        let no_such = SmtpReply { code: 550, enhanced: Some((5, 1, 1)), text: "no such user".into() };
        assert_eq!(outcomes[1], Outcome::Refused(no_such));
        assert_eq!(sink.state().deliveries[0].recipients.len(), 3);
    }
}

#[test]
fn refused_mail_and_data_and_message_count_for_all() {
    for (at, said, expected) in [
        ("mail", "450 4.7.1 later", "444"),
        ("mail", "550 5.7.1 never", "555"),
        ("data", "451 4.3.0 later", "454"),
        ("data", "554 5.7.1 never", "555"),
        ("end", "452 4.3.1 disk full", "454"),
        ("end", "554 5.7.1 spam", "555"),
    ] {
        for missing in [&[][..], &["PIPELINING"]] {
            let script = move |moment: &Moment<'_>| match moment.step {
                Step::Mail(_) if at == "mail" && moment.delivered == 1 => Action::Reply(said.into()),
                Step::Data if at == "data" && moment.delivered == 1 => Action::Reply(said.into()),
                Step::End if at == "end" && moment.delivered == 1 => Action::Reply(said.into()),
                step if is_member(&step, 1) => Action::Reply("550 5.1.1 no such user".into()),
                _ => Action::Usual,
            };
            let offers = everything_but(missing);
            let sink = Sink::start(Behaviour { offers, script: Box::new(script), ..Behaviour::default() });
            block_on(async {
                let mut connection = connect(&sink).await;
                assert_eq!(letters(&send(&mut connection, &addresses(1)).await), "d");
                let outcomes = send(&mut connection, &addresses(3)).await;
                assert_eq!(letters(&outcomes), expected, "{said} to {at}");
                assert_eq!(code(&outcomes[0]), said[..3].parse::<u16>().expect("a code"));
            });
            assert_eq!(sink.state().to_nobody, 0);
        }
    }
}

#[test]
fn connection_is_reset_after_a_failed_transaction_and_used_again() {
    for at_data in [false, true] {
        let sink = scripted(move |moment| match moment.step {
            Step::Rcpt("member0@example.test", _) if !at_data => Action::Reply("550 5.1.1 no".into()),
            Step::Data if at_data => Action::Reply("451 4.3.0 not now".into()),
            _ => Action::Usual,
        });
        block_on(async {
            let mut connection = connect(&sink).await;
            assert_eq!(letters(&send(&mut connection, &addresses(1)).await), if at_data { "4" } else { "5" });
            assert_eq!(letters(&send(&mut connection, &addresses(2)[1..]).await), if at_data { "4" } else { "d" });
        });
        let verbs: Vec<_> = sink.state().commands.iter().map(|line| line[..line.len().min(4)].to_owned()).collect();
        assert_eq!(verbs[..6], ["EHLO", "MAIL", "RCPT", "DATA", "RSET", "MAIL"], "{verbs:?}");
        assert_eq!(sink.state().connections, 1);
    }
}

#[test]
fn many_transactions_share_a_connection() {
    let sink = Sink::start(Behaviour::default());
    block_on(async {
        let mut connection = connect(&sink).await;
        for _ in 0..50 {
            assert_eq!(letters(&send(&mut connection, &addresses(2)).await), "dd");
        }
    });
    let state = sink.state();
    assert_eq!((state.connections, state.messages, state.recipients), (1, 50, 100));
    assert!(!state.commands.contains(&"RSET".to_owned()));
}

/// RFC 2920 3.1: a server may answer 354 although it refused every recipient.
#[test]
fn data_without_recipients_is_ended_by_a_lone_dot() {
    let sink = scripted(|moment| match moment.step {
        Step::Rcpt(..) => Action::Reply("550 5.1.1 no such user".into()),
        Step::Data => Action::Reply("354 go on all the same".into()),
        Step::MessageBegins => Action::Drop,
        _ => Action::Usual,
    });
    block_on(async {
        let mut connection = connect(&sink).await;
        assert_eq!(letters(&send(&mut connection, &addresses(3)).await), "555");
        assert_eq!(letters(&send(&mut connection, &addresses(1)).await), "5", "the connection is still good");
    });
    assert_eq!((sink.state().messages, sink.state().to_nobody), (0, 2));
}

#[test]
fn lone_dot_also_answers_354_after_a_refused_mail() {
    let sink = scripted(|moment| match moment.step {
        Step::Mail(_) => Action::Reply("451 4.3.0 later".into()),
        Step::Data => Action::Reply("354 go on all the same".into()),
        Step::MessageBegins => Action::Drop,
        _ => Action::Usual,
    });
    let outcomes = block_on(async { send(&mut connect(&sink).await, &addresses(2)).await });
    assert_eq!(letters(&outcomes), "44");
    assert_eq!(code(&outcomes[0]), 451);
}

#[test]
fn pipelined_commands_travel_together_and_others_wait() {
    for sink in both_ways(|_| Action::Usual) {
        let pipelining = block_on(async {
            let mut connection = connect(&sink).await;
            send(&mut connection, &addresses(10)).await;
            connection.offers().pipelining
        });
        // Eleven commands have another one behind them when MAIL, ten RCPT and DATA are one write.
        assert_eq!(sink.state().pipelined, if pipelining { 11 } else { 0 });
    }
}

#[test]
fn without_pipelining_nothing_follows_a_refusal() {
    let sink = Sink::start(Behaviour {
        offers: everything_but(&["PIPELINING"]),
        script: Box::new(|moment| match moment.step {
            Step::Mail(_) => Action::Reply("550 5.7.1 no".into()),
            _ => Action::Usual,
        }),
        ..Behaviour::default()
    });
    assert_eq!(letters(&block_on(async { send(&mut connect(&sink).await, &addresses(2)).await })), "55");
    assert_eq!(sink.state().commands.len(), 2, "EHLO and MAIL");
}

#[test]
fn full_transactions_are_sent_again_until_all_have_it() {
    let sink = Sink::start(Behaviour { rcpt_limit: Some(3), ..Behaviour::default() });
    block_on(async {
        let mut connection = connect(&sink).await;
        let mut left = addresses(10);
        while !left.is_empty() {
            let outcomes = send(&mut connection, &left).await;
            let again = left.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == Outcome::TooMany);
            left = again.map(|(address, _)| address.clone()).collect();
        }
    });
    let state = sink.state();
    let all: Vec<_> = state.deliveries.iter().flat_map(|delivery| delivery.recipients.clone()).collect();
    assert_eq!(all, addresses(10));
    assert_eq!(state.messages, 4);
}

#[test]
fn too_many_needs_an_accepted_recipient_beside_it() {
    for (said, expected) in [
        ("452 4.5.3 too many", ["444", "dmm"]),
        ("452 too many", ["444", "dmm"]),
        ("552 too many", ["555", "dmm"]),
        ("452 4.2.2 mailbox full", ["444", "d44"]),
        ("552 5.2.2 mailbox full", ["555", "d55"]),
    ] {
        for (first, expected) in expected.into_iter().enumerate() {
            let sink = scripted(move |moment| match moment.step {
                Step::Rcpt(address, _) if first == 0 || !address.starts_with("member0") => Action::Reply(said.into()),
                _ => Action::Usual,
            });
            let outcomes = block_on(async { send(&mut connect(&sink).await, &addresses(3)).await });
            assert_eq!(letters(&outcomes), expected, "{said}");
        }
    }
}

/// A server that reads no command before its last reply is out, as RFC 2920 3.1 warns of.
///
/// Commands and replies are each larger than what the client's side of the connection can hold.
#[test]
fn large_groups_of_commands_do_not_deadlock() {
    let members: Vec<_> = (0..30_000).map(|n| format!("{n}.{}@example.test", "x".repeat(230))).collect();
    block_on(async {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(256 << 10).expect("a small buffer");
        socket.set_send_buffer_size(256 << 10).expect("a small buffer");
        socket.bind(([127, 0, 0, 1], 0).into()).expect("a port");
        let listener = socket.listen(1).expect("a listening socket");
        let server = listener.local_addr().expect("a port").to_string();
        let client = async {
            let mut connection = Connection::open(&next_hop(server)).await.expect("a connection");
            send(&mut connection, &members).await
        };
        let (outcomes, ()) = tokio::join!(client, answer_one_by_one(listener));
        assert_eq!(letters(&outcomes), "d".repeat(members.len()));
    });
}

async fn answer_one_by_one(listener: TcpListener) {
    let (stream, _) = listener.accept().await.expect("a connection");
    let (input, mut output) = stream.into_split();
    let mut lines = BufReader::new(input).lines();
    let padding = "x".repeat(400);
    output.write_all(b"220 sink.test\r\n").await.expect("a greeting");
    let mut in_message = false;
    while let Ok(Some(line)) = lines.next_line().await {
        in_message = line == "DATA" || (in_message && line != ".");
        let reply = match line.as_str() {
            line if line.starts_with("EHLO") => "250-sink.test\r\n250 PIPELINING".to_owned(),
            "DATA" => "354 go on".to_owned(),
            _ if in_message => continue,
            _ => format!("250 {padding}"),
        };
        output.write_all(format!("{reply}\r\n").as_bytes()).await.expect("a reply");
    }
}
