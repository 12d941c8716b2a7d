use proptest::prelude::*;

use super::*;
use crate::address::Address;
use crate::list::list_id;
use crate::mime;
use crate::settings::Settings;

fn list() -> List {
    let address = Address::parse("talk@lists.example.org").expect("an address");
    let settings = Settings { description: "Everything".to_owned(), ..Settings::default() };
    List { list_id: list_id(&address), address, closed: false, settings }
}

fn issue(list: &List) -> Issue<'_> {
    Issue {
        list,
        volume: 2026,
        number: 12,
        now: 1_709_294_400,
        seed: 7,
        texts: &|_, _| None,
        language: "",
        left_out: &|what| format!("[left out: {what}]"),
    }
}

fn written(form: Form, posts: &[&[u8]]) -> Vec<u8> {
    let list = list();
    let mut digest = Digest::new(issue(&list), form, posts.len(), posts.iter().map(|post| post.len()).sum());
    posts.iter().for_each(|post| digest.add(post));
    assert_eq!(digest.len(), posts.len());
    digest.finish().expect("a digest").bytes
}

/// The body of a digest in plain text, with LF.
fn text(bytes: &[u8]) -> String {
    let message = mime::parse(bytes).expect("a message");
    message.body_text(0).expect("a text").replace("\r\n", "\n")
}

/// Takes a plain digest apart as the standard says: the preamble, the posts, the trailer.
fn undigest(text: &str) -> (String, Vec<String>, String) {
    let (preamble, rest) = text.split_once(&format!("\n{}\n\n", "-".repeat(70))).expect("a preamble");
    let (mut posts, mut post, mut lines) = (Vec::new(), String::new(), rest.lines().peekable());
    while let Some(line) = lines.next() {
        if line == "-".repeat(30) && post.ends_with("\n\n") && lines.peek() == Some(&"") {
            lines.next();
            posts.push(std::mem::take(&mut post));
        } else {
            post.push_str(line);
            post.push('\n');
        }
    }
    (preamble.to_owned(), posts, post)
}

#[test]
fn a_boundary_that_a_post_foresees_is_not_used() {
    let list = list();
    let secret = issue(&list).secret();
    let first = b"Subject: a\n\nfirst\n".as_slice();
    let hostile = format!("Subject: b\n\n--=_{secret}i--\n--=_{secret}o--\n");
    let bytes = written(Form::Mime, &[first, hostile.as_bytes(), first]);
    let digest = mime::parse(&bytes).expect("a message");
    let found: Vec<_> = digest.parts.iter().filter_map(|part| part.message()).collect();
    assert_eq!(found.len(), 3);
    assert_eq!(
        found[1].body_text(0).expect("a text").trim_end(),
        hostile.trim_end().split_once("\n\n").expect("a body").1
    );
    assert_eq!(digest.parts.len(), 1 + 1 + 1 + 3 + 1);
}

#[test]
fn the_list_and_the_issue_are_named() {
    let bytes = written(Form::Plain, &[b"From: Ann <ann@example.org>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\nHi\n"]);
    let message = Message::parse(&bytes).expect("a message");
    let subject = message.field("Subject").next().expect("a subject").decoded().into_owned();
    assert_eq!(subject, "talk Digest, Vol 2026, Issue 12");
    let (preamble, posts, trailer) = undigest(&text(&bytes));
    assert!(preamble.contains("\n  1. Grüße (Ann)\n") && preamble.starts_with("Everything\n"), "{preamble}");
    assert_eq!(posts, ["From: Ann <ann@example.org>\nSubject: Grüße\n\nHi\n\n"]);
    let line = "End of talk Digest, Vol 2026, Issue 12";
    assert_eq!(trailer, format!("{line}\n{}\n", "*".repeat(line.len())));
    let copy = crate::compose::list_mail(&message, &list(), false);
    let sent = copy.to_vec();
    let copy = Message::parse(&sent).expect("a message");
    assert!(crate::compose::is_own_post(&copy, &list()));
    assert_eq!(copy.fields().len(), message.fields().len() + 7);
}

#[test]
fn every_language_introduces_a_digest() {
    let list = list();
    for language in template::languages() {
        let mut digest = Digest::new(Issue { language, ..issue(&list) }, Form::Plain, 1, 100);
        digest.add(b"Subject: Tea\nFrom: a@example.org\n\nx\n");
        let found = text(&digest.finish().expect("a digest").bytes);
        assert!(
            found.contains("  1. Tea (a@example.org)\n") && found.contains("talk-unsubscribe@"),
            "{language}: {found}"
        );
    }
    let own = |name: Name, _: &str| {
        (name == Name::Digest).then(|| "Subject: {{ name }} {{ issue }}\n\n{{ lsit }}".to_owned())
    };
    let mut digest = Digest::new(Issue { texts: &own, ..issue(&list) }, Form::Plain, 1, 100);
    digest.add(b"Subject: Tea\n\nx\n");
    assert!(digest.finish().is_ok(), "a text that fails does not keep a digest back");
}

#[test]
fn a_large_digest_is_in_memory_once() {
    let post = format!(
        "From: ann@example.org\nSubject: {}\n\n{}",
        "Tea ".repeat(50),
        format!("{}\n", "x".repeat(50)).repeat(200)
    );
    let posts = vec![post.as_bytes(); 500];
    for form in [Form::Mime, Form::Plain] {
        let bytes = written(form, &posts);
        let size: usize = posts.iter().map(|post| post.len()).sum();
        assert!(bytes.len() > size && bytes.capacity() < size + size / 4, "{} for {size}", bytes.capacity());
    }
}

#[test]
fn an_empty_digest_is_a_message() {
    let (_, posts, _) = undigest(&text(&written(Form::Plain, &[])));
    assert!(posts.is_empty());
    assert!(mime::parse(&written(Form::Mime, &[])).is_ok());
}

proptest! {
    #[test]
    fn what_is_put_together_is_taken_apart(
        bodies in prop::collection::vec(prop::collection::vec(
            prop_oneof!["[a-zü ]{0,20}", Just("-".repeat(30)), Just("-".repeat(70)), Just(String::new()), Just("End of talk Digest".to_owned())],
            0..6,
        ), 1..5),
    ) {
        let posts: Vec<String> = bodies.iter().enumerate().map(|(number, lines)| {
            format!("Message-ID: <{number}@x>\nX-Other: no\nContent-Type: text/plain; charset=utf-8\n\n{}\n", lines.join("\n"))
        }).collect();
        let posts: Vec<&[u8]> = posts.iter().map(String::as_bytes).collect();
        let (_, found, trailer) = undigest(&text(&written(Form::Plain, &posts)));
        prop_assert_eq!(found.len(), posts.len());
        prop_assert!(trailer.starts_with("End of talk Digest, Vol 2026, Issue 12\n***"));
        for (number, (found, lines)) in found.iter().zip(&bodies).enumerate() {
            let (header, body) = found.split_once("\n\n").expect("a header");
            prop_assert_eq!(header, format!("Message-ID: <{number}@x>"));
            let plain = |text: &str| text.lines().map(|line| line.trim().trim_start_matches('-').len()).filter(|n| *n > 0).collect::<Vec<_>>();
            prop_assert_eq!(plain(body), plain(&lines.join("\n")));
        }
        let bytes = written(Form::Mime, &posts);
        let digest = mime::parse(&bytes).expect("a message");
        let ids: Vec<_> = digest.parts.iter().filter_map(|part| part.message()).map(|message| message.message_id().map(str::to_owned)).collect();
        prop_assert_eq!(ids, (0..posts.len()).map(|number| Some(format!("{number}@x"))).collect::<Vec<_>>());
    }

    #[test]
    fn never_panics(raw in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = (written(Form::Mime, &[&raw, &raw]), written(Form::Plain, &[&raw, &raw]));
    }
}
