//! A message arrives as it was given, but for its line ends.

use super::*;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

/// What a message looks like after the trip: all line ends CRLF, and one at the end.
fn normalized(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, &byte) in raw.iter().enumerate() {
        match byte {
            b'\n' if at > 0 && raw[at - 1] == b'\r' => out.push(b'\n'),
            b'\n' => out.extend_from_slice(b"\r\n"),
            other => out.push(other),
        }
    }
    if !raw.is_empty() && !raw.ends_with(b"\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Messages made of what matters on the wire.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let pieces: [&[u8]; 10] = [b".", b"..", b"\r", b"\n", b"\r\n", b"\r\n.\r\n", b"a", b"\0", b"\xe9", b"a: b"];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..40).prop_map(|pieces| pieces.concat())
}

#[test]
fn any_message_survives_the_trip() {
    let sink = Sink::start(Behaviour::default());
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let trip = |raw: Vec<u8>| {
        let body = Body::new(&raw);
        let recipients = addresses(1);
        let envelope = Envelope { return_path: RETURN_PATH, recipients: &recipients };
        let outcomes = block_on(async { connect(&sink).await.send(&envelope, &body).await });
        prop_assert_eq!(outcomes.expect("an unbroken connection"), [Outcome::Delivered]);
        let arrived = sink.state().deliveries.pop().expect("a delivery").message;
        prop_assert_eq!(arrived.len() as u64, body.size());
        prop_assert_eq!(arrived, normalized(&raw));
        Ok(())
    };
    if let Err(failure) = TestRunner::new(config).run(&message(), trip) {
        panic!("{failure}");
    }
}

#[test]
fn long_lines_and_large_messages_survive_the_trip() {
    let mut raw = b"a: b\n\n".to_vec();
    for length in [997, 998, 999, 70_000, 300_000] {
        raw.extend(std::iter::repeat_n(b'.', length));
        raw.push(b'\n');
    }
    raw.resize(5 << 20, b'x');
    let sink = Sink::start(Behaviour::default());
    let recipients = addresses(1);
    let envelope = Envelope { return_path: RETURN_PATH, recipients: &recipients };
    block_on(async { connect(&sink).await.send(&envelope, &Body::new(&raw)).await }).expect("an unbroken connection");
    assert_eq!(sink.state().deliveries[0].message, normalized(&raw));
}
