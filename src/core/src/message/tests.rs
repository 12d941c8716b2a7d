use proptest::prelude::*;

use super::*;

fn parse(raw: &(impl AsRef<[u8]> + ?Sized)) -> Message<'_> {
    Message::parse(raw.as_ref()).unwrap()
}

fn names<'a>(message: &Message<'a>) -> Vec<&'a str> {
    message.fields().iter().map(Field::name).collect()
}

#[test]
fn finds_fields_and_body() {
    let message = parse("From: a@example.org\nSubject: one\n two\n\tthree\n\nbody\n\nmore");
    assert_eq!(names(&message), ["From", "Subject"]);
    let subject = &message.fields()[1];
    assert_eq!(subject.raw(), b"Subject: one\n two\n\tthree\n");
    assert_eq!(subject.value(), b" one\n two\n\tthree");
    assert_eq!(subject.text(), "one two\tthree");
    assert_eq!(message.separator(), b"\n");
    assert_eq!(message.body(), b"body\n\nmore");
    assert_eq!(message.line_end(), LineEnd::Lf);
}

#[test]
fn knows_how_lines_end() {
    let message = parse("A: 1\r\n 2\r\nB: 3\r\n\r\nx");
    assert_eq!((message.line_end(), message.body()), (LineEnd::CrLf, &b"x"[..]));
    assert_eq!(message.fields()[0].text(), "1 2");
    assert_eq!(parse("A: 1\r\nB: 2\n\nx").line_end(), LineEnd::Mixed);
    let bare = parse("A: 1\rB: 2\n\nx\ry");
    assert_eq!((names(&bare), bare.body()), (vec!["A"], &b"x\ry"[..]));
}

#[test]
fn sets_an_mbox_line_apart() {
    let message = parse("From ann@example.org Mon Jan  1 10:00:00 2024\nA: 1\n\nx");
    assert_eq!(message.mbox_line(), b"From ann@example.org Mon Jan  1 10:00:00 2024\n");
    assert_eq!(names(&message), ["A"]);
    let message = parse("From : ann@example.org\n\nx");
    assert_eq!((message.mbox_line(), names(&message)), (&b""[..], vec!["From"]));
}

#[test]
fn takes_a_header_alone_and_a_missing_empty_line() {
    for raw in ["A: 1", "A: 1\n", "A: 1\n\n"] {
        assert_eq!(parse(raw).body(), b"");
    }
    let message = parse("A: 1\nno field\nB: 2\n\nx");
    assert_eq!(names(&message), ["A"]);
    assert_eq!((message.separator(), message.body()), (&b""[..], &b"no field\nB: 2\n\nx"[..]));
}

#[test]
fn refuses_what_is_no_message() {
    for raw in ["\nbody", "\r\n", "just text\nA: 1\n\n", " folded: first\n\n", ": x\n", "From ann\n\nA: 1\n", "\x7fELF"]
    {
        assert_eq!(Message::parse(raw.as_bytes()).err(), Some(MessageError::NoHeader), "{raw:?}");
    }
    assert_eq!(Message::parse(b"").err(), Some(MessageError::Empty));
    assert_eq!(Message::parse(b"A: 1\nB: \0\n\n").err(), Some(MessageError::NulInHeader { line: 2 }));
    assert!(Message::parse(b"A: 1\n\nb\0dy").is_ok());
}

#[test]
fn limits_lines_but_not_fields() {
    let line = |octets: usize| format!("A: 1\nB: {}\n\nx", "b".repeat(octets - 3));
    assert!(Message::parse(line(MAX_HEADER_LINE).as_bytes()).is_ok());
    let error = Message::parse(line(65536).as_bytes()).err();
    assert_eq!(error, Some(MessageError::HeaderLineTooLong { line: 2, octets: 65536 }));
    let folded =
        format!("References:{}\n\nx", "\n <0123456789012345678901234567890123456789@example.org>".repeat(2000));
    assert_eq!(parse(&folded).fields().len(), 1);
    let many = format!("{}\nx", "X-Many: 1\n".repeat(2000));
    assert_eq!(parse(&many).fields().len(), 2000);
}

#[test]
fn reads_authors_subject_and_id() {
    let message =
        parse("FROM: Ann <ann@example.org>, bob@example.org\nSubject: =?utf-8?q?=C3=BC?=\nMessage-Id: <1@x>\n\n");
    let addresses: Vec<_> = message.from().into_iter().map(|m| m.address.unwrap().to_string()).collect();
    assert_eq!(addresses, ["ann@example.org", "bob@example.org"]);
    assert_eq!(message.field("Subject").next().unwrap().decoded(), "ü");
    assert_eq!(message.message_id().unwrap(), "<1@x>");
    assert_eq!(parse("Message-ID: \nA: 1\n\n").message_id(), None);
}

#[test]
fn tells_robots_from_people() {
    for (header, kind) in [
        ("Subject: x", AutoSubmitted::No),
        ("Auto-Submitted: no", AutoSubmitted::No),
        ("auto-submitted: Auto-Generated (cron); owner-email=\"a@b\"", AutoSubmitted::Generated),
        ("Auto-Submitted: auto-replied; x=y", AutoSubmitted::Replied),
        ("Auto-Submitted: auto-notified", AutoSubmitted::Notified),
        ("Auto-Submitted: auto-new", AutoSubmitted::Other),
        ("Auto-Submitted: auto-generated\nAuto-Submitted: auto-replied", AutoSubmitted::Replied),
        ("X-Autoreply: yes", AutoSubmitted::Replied),
        ("X-Autoreply: no", AutoSubmitted::No),
        ("Precedence: auto_reply", AutoSubmitted::Replied),
        ("Precedence: bulk", AutoSubmitted::No),
        ("X-Auto-Response-Suppress: All", AutoSubmitted::No),
        ("Auto-Submitted: no\nX-Autoreply: yes", AutoSubmitted::No),
    ] {
        assert_eq!(parse(&format!("{header}\n\n")).auto_submitted(), kind, "{header}");
    }
}

#[test]
fn sees_list_ids() {
    let message = parse("List-Id: A <a.example.org>\nlist-id: <B.example.org>\n\n");
    assert_eq!(message.list_ids(), ["a.example.org", "b.example.org"]);
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        any::<Vec<u8>>().prop_map(|bytes| bytes.into_iter().take(20).collect()),
        "(From|From: |Subject: |List-Id: <|Auto-Submitted: )".prop_map(String::into_bytes),
        "[\r\n\t :;,<>=?\"a]{0,6}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_taken_apart_without_loss(raw in bytes()) {
        if let Ok(message) = Message::parse(&raw) {
            let parts = [message.mbox_line(), message.header(), message.separator(), message.body()].concat();
            prop_assert_eq!(&parts, &raw);
            let fields: Vec<u8> = message.fields().iter().flat_map(Field::raw).copied().collect();
            prop_assert_eq!(fields, message.header());
            for field in message.fields() {
                prop_assert!(!field.name().is_empty());
                field.decoded();
            }
            let _ = (message.from(), message.message_id(), message.auto_submitted(), message.list_ids());
        }
    }
}
