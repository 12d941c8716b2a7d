//! What the commands say, and what is refused here because the server does not offer what it needs.

use super::*;
use crate::smtp_sink::everything_but;

fn offering(offers: Vec<&'static str>) -> Sink {
    Sink::start(Behaviour { offers, ..Behaviour::default() })
}

fn send_once(sink: &Sink, return_path: ReturnPath<'_>, recipients: &[&str], message: &[u8]) -> Vec<Outcome> {
    let recipients: Vec<_> = recipients.iter().map(|address| (*address).to_owned()).collect();
    let envelope = Envelope { return_path, recipients: &recipients };
    block_on(async {
        let mut connection = connect(sink).await;
        connection.send(&envelope, &Body::new(message)).await.expect("an unbroken connection")
    })
}

fn enhanced(outcome: &Outcome) -> (u8, u16, u16) {
    match outcome {
        Outcome::Refused(reply) => reply.enhanced.expect("an enhanced code"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn parameters_are_those_that_are_offered_and_needed() {
    let (ascii, eight_bit) = (b"a: b\n\ntext\n", "a: b\n\nt\u{e9}xt\n".as_bytes());
    let utf8_header = "a: \u{e9}\n\ntext\n".as_bytes();
    for (offers, message, expected) in [
        (vec![], &ascii[..], ""),
        (everything_but(&[]), ascii, "SIZE=14 RET=HDRS"),
        (everything_but(&["SIZE", "DSN"]), ascii, ""),
        (everything_but(&[]), eight_bit, "SIZE=15 BODY=8BITMIME RET=HDRS"),
        (everything_but(&[]), utf8_header, "SIZE=15 BODY=8BITMIME SMTPUTF8 RET=HDRS"),
        (everything_but(&["SMTPUTF8"]), utf8_header, "SIZE=15 BODY=8BITMIME RET=HDRS"),
        (vec!["8bitmime"], eight_bit, "BODY=8BITMIME"),
    ] {
        let sink = offering(offers);
        assert_eq!(letters(&send_once(&sink, RETURN_PATH, &["a@example.test"], message)), "d");
        assert_eq!(sink.state().deliveries[0].parameters.join(" "), expected);
    }
}

#[test]
fn expansion_passes_on_no_delivery_notification_wishes() {
    let sink = offering(everything_but(&[]));
    send_once(&sink, RETURN_PATH, &["a@example.test"], MESSAGE);
    assert!(sink.state().commands.contains(&"RCPT TO:<a@example.test>".to_owned()));
}

#[test]
fn return_paths_are_shared_or_made_by_the_server() {
    let verp = ReturnPath::Xverp("all-bounces@lists.test");
    for (return_path, offers, path, xverp) in [
        (RETURN_PATH, everything_but(&[]), "all-bounces@lists.test", false),
        (verp, everything_but(&[]), "all-bounces@lists.test", true),
        (verp, everything_but(&["XVERP"]), "all-bounces@lists.test", false),
    ] {
        let sink = offering(offers);
        send_once(&sink, return_path, &["a@example.test"], MESSAGE);
        let delivery = &sink.state().deliveries[0];
        assert_eq!(delivery.mail_from, path);
        assert_eq!(delivery.has_parameter("XVERP=+="), xverp);
    }
}

#[test]
fn message_larger_than_offered_is_refused_unsent() {
    let sink = offering(vec!["SIZE 14"]);
    assert_eq!(letters(&send_once(&sink, RETURN_PATH, &["a@example.test"], b"a: b\n\ntext\n")), "d");
    let refused = send_once(&sink, RETURN_PATH, &["a@example.test", "b@example.test"], b"a: b\n\ntext!\n");
    assert_eq!(refused.iter().map(enhanced).collect::<Vec<_>>(), [(5, 3, 4); 2]);
    assert_eq!(sink.state().commands.iter().filter(|line| line.starts_with("MAIL")).count(), 1);
}

#[test]
fn eight_bit_message_is_refused_where_it_may_not_be_sent() {
    let sink = offering(vec!["PIPELINING"]);
    let refused = send_once(&sink, RETURN_PATH, &["a@example.test"], b"a: b\n\nt\xe9xt\n");
    assert_eq!(enhanced(&refused[0]), (5, 6, 3));
    assert_eq!(sink.state().commands.len(), 1, "EHLO");
}

#[test]
fn without_smtputf8_only_those_who_need_it_go_without() {
    let sink = offering(everything_but(&["SMTPUTF8"]));
    let recipients = ["a@example.test", "j\u{f6}rg@example.test", "b@b\u{fc}cher.test", "c@example.test"];
    let outcomes = send_once(&sink, RETURN_PATH, &recipients, MESSAGE);
    assert_eq!(letters(&outcomes), "d55d");
    assert_eq!(enhanced(&outcomes[1]), (5, 6, 7));
    assert_eq!(sink.state().deliveries[0].recipients, ["a@example.test", "c@example.test"]);

    let outcomes = send_once(&sink, ReturnPath::Shared("\u{e9}@lists.test"), &recipients, MESSAGE);
    assert_eq!(outcomes.iter().map(enhanced).collect::<Vec<_>>(), [(5, 6, 7); 4]);
    assert_eq!(sink.state().messages, 1);
}

#[test]
fn a_utf8_header_goes_out_as_eight_bit_text_where_smtputf8_is_not_offered() {
    let sink = offering(everything_but(&["SMTPUTF8"]));
    let message = "Subject: gr\u{fc}n\r\n\r\ntext\r\n".as_bytes();
    let recipients = ["a@example.test", "j\u{f6}rg@example.test"];
    let outcomes = send_once(&sink, RETURN_PATH, &recipients, message);
    assert_eq!(letters(&outcomes), "d5", "only an address needs SMTPUTF8");
    assert_eq!(enhanced(&outcomes[1]), (5, 6, 7));
    let delivery = &sink.state().deliveries[0];
    assert!(delivery.has_parameter("BODY=8BITMIME") && !delivery.has_parameter("SMTPUTF8"));
    assert_eq!(delivery.message, message);

    let sink = offering(everything_but(&["SMTPUTF8", "8BITMIME"]));
    let outcomes = send_once(&sink, RETURN_PATH, &recipients[..1], message);
    assert_eq!(enhanced(&outcomes[0]), (5, 6, 3));
}

#[test]
fn with_smtputf8_an_address_alone_asks_for_it() {
    let sink = offering(everything_but(&[]));
    let recipients = ["a@example.test", "j\u{f6}rg@example.test"];
    assert_eq!(letters(&send_once(&sink, RETURN_PATH, &recipients, MESSAGE)), "dd");
    let delivery = &sink.state().deliveries[0];
    assert!(delivery.has_parameter("SMTPUTF8") && !delivery.has_parameter("BODY=8BITMIME"));
    assert_eq!(delivery.recipients, recipients);
}

#[test]
fn no_address_becomes_a_command() {
    let sink = offering(everything_but(&[]));
    let evil = "a@example.test>\r\nRCPT TO:<victim@example.test";
    let recipients = ["a@example.test", evil, "a b@example.test", "a\0@example.test", "\"a b\"@example.test", ""];
    let outcomes = send_once(&sink, RETURN_PATH, &recipients, MESSAGE);
    assert_eq!(letters(&outcomes), "d555d5");
    assert_eq!(enhanced(&outcomes[1]), (5, 1, 3));
    assert_eq!(sink.state().deliveries[0].recipients, ["a@example.test", "\"a b\"@example.test"]);

    let outcomes = send_once(&sink, ReturnPath::Shared(evil), &["a@example.test"], MESSAGE);
    assert_eq!(enhanced(&outcomes[0]), (5, 1, 7));
    assert!(!sink.state().commands.iter().any(|line| line.contains("victim")));
}

#[test]
fn nobody_to_send_to_is_no_transaction() {
    let sink = offering(everything_but(&[]));
    assert!(send_once(&sink, RETURN_PATH, &[], MESSAGE).is_empty());
    assert_eq!(letters(&send_once(&sink, RETURN_PATH, &["", "\r\n"], MESSAGE)), "55");
    assert!(!sink.state().commands.iter().any(|line| line.starts_with("MAIL")));
}
