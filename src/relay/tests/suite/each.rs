//! One transaction a recipient, the end of each beside the start of the next.

use super::*;
use crate::smtp_sink::everything_but;
use mailjam_relay::{Error, PersonalCopy};

fn items(count: usize) -> Vec<(String, String)> {
    addresses(count).into_iter().enumerate().map(|(n, to)| (format!("all-bounces+{n}@lists.test"), to)).collect()
}

fn copies(items: Vec<(String, String)>) -> impl Iterator<Item = PersonalCopy> {
    items.into_iter().map(|(return_path, recipient)| PersonalCopy { return_path, recipient, head: Vec::new() })
}

/// Sends to all `items`; returns each one's outcome and how it ended, after checking that each was told once.
fn send_each(sink: &Sink, items: Vec<(String, String)>) -> (Vec<Option<Outcome>>, Result<(), Error>) {
    let mut outcomes = vec![None; items.len()];
    let mut left = copies(items);
    let ended = block_on(async {
        let note = |n: usize, outcome| assert_eq!(outcomes[n].replace(outcome), None, "told twice");
        connect(sink).await.send_each(&mut left, &Body::new(MESSAGE), note).await
    });
    let untold = outcomes.iter().filter(|outcome| outcome.is_none()).count();
    assert_eq!(untold, left.count(), "what is taken is told, and what is not told is left");
    (outcomes, ended)
}

fn told(outcomes: &[Option<Outcome>]) -> String {
    letters(&outcomes.iter().flatten().cloned().collect::<Vec<_>>())
}

#[test]
fn every_member_gets_a_copy_with_a_return_path_of_its_own() {
    for offers in [everything_but(&[]), everything_but(&["PIPELINING"])] {
        let sink = Sink::start(Behaviour { offers, ..Behaviour::default() });
        let (outcomes, ended) = send_each(&sink, items(20));
        ended.expect("an unbroken connection");
        assert_eq!(told(&outcomes), "d".repeat(20));
        let state = sink.state();
        for (n, delivery) in state.deliveries.iter().enumerate() {
            assert_eq!(delivery.mail_from, format!("all-bounces+{n}@lists.test"));
            assert_eq!(delivery.recipients, [format!("member{n}@example.test")]);
            assert_eq!(delivery.message, state.deliveries[0].message);
        }
        assert_eq!(state.messages, 20);
    }
}

#[test]
fn next_transaction_travels_with_the_end_of_the_last() {
    for (offers, overlapped) in [(everything_but(&[]), 19), (everything_but(&["PIPELINING"]), 0)] {
        let sink = Sink::start(Behaviour { offers, ..Behaviour::default() });
        send_each(&sink, items(20)).1.expect("an unbroken connection");
        assert_eq!(sink.state().overlapped, overlapped);
    }
}

#[test]
fn failures_stay_with_their_recipient() {
    for offers in [everything_but(&[]), everything_but(&["PIPELINING"])] {
        let script = |moment: &Moment<'_>| match moment.step {
            Step::Mail("all-bounces+1@lists.test") => Action::Reply("451 4.7.1 later".into()),
            step if is_member(&step, 3) || is_member(&step, 4) => Action::Reply("550 5.1.1 no such user".into()),
            step if is_member(&step, 7) => Action::Reply("450 4.2.0 greylisted".into()),
            _ => Action::Usual,
        };
        let sink = Sink::start(Behaviour { offers, script: Box::new(script), ..Behaviour::default() });
        let mut items = items(10);
        items[5].1 = "not an address".into();
        items[8].1 = String::new();
        items[9].0 = "\r\n".into();
        let (outcomes, ended) = send_each(&sink, items);
        ended.expect("an unbroken connection");
        assert_eq!(told(&outcomes), "d4d555d455");
        assert_eq!((sink.state().messages, sink.state().connections), (3, 1));
    }
}

#[test]
fn failure_at_the_end_does_not_touch_the_next() {
    let sink = scripted(|moment| match moment.step {
        Step::End if moment.delivered == 2 => Action::Reply("554 5.7.1 spam".into()),
        _ => Action::Usual,
    });
    let (outcomes, ended) = send_each(&sink, items(5));
    ended.expect("an unbroken connection");
    assert_eq!(told(&outcomes), "dd555", "the script refuses from the third on");
}

#[test]
fn lone_dot_and_next_transaction_go_together() {
    let sink = scripted(|moment| match moment.step {
        step if is_member(&step, 1) => Action::Reply("550 5.1.1 no such user".into()),
        Step::Data => Action::Reply("354 go on in any case".into()),
        _ => Action::Usual,
    });
    let (outcomes, ended) = send_each(&sink, items(3));
    ended.expect("an unbroken connection");
    assert_eq!(told(&outcomes), "d5d");
    assert_eq!((sink.state().messages, sink.state().to_nobody), (2, 1));
}

#[test]
fn broken_connection_tells_the_two_under_way_apart() {
    let cases: [(Script, &str); 4] = [
        (|m| if m.step == Step::End && m.delivered == 2 { Action::Drop } else { Action::Usual }, "dd?4"),
        (|m| if is_member(&m.step, 3) { Action::Drop } else { Action::Usual }, "ddd4"),
        (|m| if is_member(&m.step, 0) { Action::Drop } else { Action::Usual }, "4"),
        (
            |m| match m.step {
                Step::Mail("all-bounces+3@lists.test") => Action::ReplyAndDrop("421 4.3.2 enough".into()),
                _ => Action::Usual,
            },
            "ddd4",
        ),
    ];
    for (script, expected) in cases {
        let sink = scripted(script);
        let (outcomes, ended) = send_each(&sink, items(6));
        assert_eq!(told(&outcomes), expected);
        ended.expect_err("a broken connection");
        assert_eq!(
            letters(&outcomes.into_iter().flatten().collect::<Vec<_>>()).matches('d').count(),
            sink.state().messages
        );
    }
}

#[test]
fn without_pipelining_only_one_is_under_way() {
    let sink = Sink::start(Behaviour {
        offers: everything_but(&["PIPELINING"]),
        script: Box::new(|m| match m.step {
            Step::End if m.delivered == 2 => Action::Drop,
            _ => Action::Usual,
        }),
        ..Behaviour::default()
    });
    let (outcomes, ended) = send_each(&sink, items(6));
    assert_eq!(told(&outcomes), "dd?4");
    ended.expect_err("a broken connection");
}

/// The daemon runs connections as tasks that may move between threads.
#[test]
fn sending_may_be_a_task_of_its_own() {
    fn is_send<T: Send>(work: T) -> T {
        work
    }
    let sink = Sink::start(Behaviour::default());
    block_on(is_send(async {
        let mut connection = connect(&sink).await;
        connection.send_each(copies(items(2)), &Body::new(MESSAGE), |_, _| ()).await.expect("an unbroken connection");
        send(&mut connection, &addresses(2)).await;
        connection.quit().await;
    }));
    assert_eq!(sink.wait_for(|state| state.open == 0, DEADLINE).recipients, 4);
}

#[test]
fn each_copy_begins_with_its_own_fields_which_count_for_its_size() {
    for offers in [everything_but(&[]), everything_but(&["PIPELINING"])] {
        let sink = Sink::start(Behaviour { offers, ..Behaviour::default() });
        let heads = ["", "A: 1\r\n", "A: 2\r\nB: 3\r\n"];
        let each = heads.iter().zip(items(3)).map(|(head, (return_path, recipient))| PersonalCopy {
            return_path,
            recipient,
            head: head.as_bytes().to_vec(),
        });
        block_on(async {
            connect(&sink).await.send_each(each, &Body::new(MESSAGE), |_, _| ()).await.expect("an unbroken connection");
        });
        let plain = sink.state().deliveries[0].message.clone();
        for (head, delivery) in heads.iter().zip(sink.state().deliveries) {
            assert_eq!(delivery.message, [head.as_bytes(), &plain].concat());
            assert!(delivery.has_parameter(&format!("SIZE={}", delivery.message.len())), "{:?}", delivery.parameters);
        }
    }
}
