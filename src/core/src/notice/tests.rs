//! Tests of notices: every text in every language, read back by a parser that is not ours.

use mail_parser::{MessageParser, MimeHeaders, PartType};

use super::*;
use crate::settings::Settings;

fn list(address: &str, language: &str) -> List {
    let address = Address::parse(address).expect("an address");
    let settings = Settings { language: language.to_owned(), ..Settings::default() };
    List { list_id: crate::list::list_id(&address), address, closed: false, settings }
}

fn held() -> HeldPost {
    HeldPost {
        id: 17,
        sender: "Eve \"x\" <eve@example.org>".to_owned(),
        subject: "Grüße {{ list }}\r\nBcc: a@example.org {% if %}".to_owned(),
        message_id: "<1@example.org>".to_owned(),
        rule: "moderated".to_owned(),
        reason: "posts need approval".to_owned(),
        expires: 1_800_000_000,
        bytes: Some("From: eve@example.org\nSubject: Grüße\n\nHallo\n".as_bytes().to_vec()),
    }
}

const SECRET: Secret = [7; 32];

fn none(_: Name, _: &str) -> Option<String> {
    None
}

fn desk(list: &List) -> Desk<'_> {
    Desk { list, number: 4, secret: &SECRET, texts: &none, now: 1_790_000_000, seed: 5, answers: None }
}

fn ann() -> Address {
    Address::parse("ann@example.org").expect("an address")
}

fn every_notice(desk: &Desk<'_>) -> Vec<Notice> {
    let ann = ann();
    let to = Reader { address: &ann, language: "" };
    let mut notices = vec![
        desk.confirm(to, Act::Subscribe, 0, ("subscribe", ""), ""),
        desk.confirm(to, Act::Unsubscribe, 0, ("unsubscribe", ""), ""),
        desk.confirm(to, Act::Mute, 17, ("mute", "Grüße\r\nX: y"), ""),
        desk.welcome(to),
        desk.goodbye(to, ""),
        desk.goodbye(to, "You asked\nfor it."),
        desk.waiting(to),
        desk.denied(to, "No."),
        desk.request(to, "bob@example.org", "Bob {{ x }}", 3),
        desk.bad_token(to, "expired"),
        desk.bad_token(to, "gone"),
        desk.bad_token(to, "stranger"),
        desk.bad_token(to, "text"),
        desk.bad_token(to, "bad"),
        desk.tell(Name::Closed, to, false),
        desk.tell(Name::Help, to, true),
        desk.tell(Name::Help, to, false),
        desk.tell(Name::Faq, to, false),
        desk.roster(to, false, &[]),
        desk.roster(to, true, &["bob@example.org".to_owned()]),
        desk.held(to, &[held()], 0, &[]),
        desk.held(to, &[held(), held()], 3, &["command".to_owned(), "off-topic".to_owned()]),
        desk.held_poster(to, &held()),
        desk.rejected(to, &held(), "", None),
        desk.rejected(to, &held(), "Please write\nto the other list.", None),
        desk.expired(to, &held()),
        desk.probe(to, "550 5.1.1 no such user"),
        desk.disabled(to, "550 5.1.1 no such user", 28),
        desk.disabled(to, "", 0),
        desk.removed(to),
        desk.login(to, "https://lists.example.org/login/0123", 15),
        desk.blamed(to, "Dinner", 40, "554 5.7.1 no"),
    ];
    for event in ["disabled", "removed", "complaint", "report"] {
        for last in [false, true] {
            notices.push(desk.bounced(to, Event { event, member: "bob@example.org", diagnostic: "550 no", last }));
        }
    }
    for name in Name::ALL.iter().filter(|name| template::canned(name.name()).is_some()) {
        let text = template::text(*name, &desk.list.settings.language);
        notices.push(desk.rejected(to, &held(), "", Some(text)));
        notices.push(desk.rejected(to, &held(), "As the others.", Some(text)));
    }
    for preference in [
        ("mode", "post"),
        ("mode", "digest"),
        ("mode", "plain-digest"),
        ("own-posts", "no"),
        ("away", "2027-01-01"),
        ("back", ""),
    ] {
        notices.push(desk.confirm(to, Act::Set, 0, preference, "https://lists.example.org/web/"));
        notices.push(desk.done(to, preference));
    }
    for act in ["mute", "cancel", "approve", "trust", "reject", "discard", "admit", "deny", "enable"] {
        notices.push(desk.done(to, (act, "x")));
    }
    for action in ["approve", "trust", "reject", "discard", "cancel", "expire"] {
        for (by, late) in [("", true), ("mod@example.org", true), ("mod@example.org", false)] {
            notices.push(desk.decided(to, &held(), Decision { action, by, at: 1_800_000_000 }, late));
        }
    }
    notices.into_iter().map(|notice| notice.expect("a text")).collect()
}

#[test]
fn every_text_can_be_rendered_in_every_language() {
    for language in template::languages().iter().copied().chain(["pt-BR", "de-AT"]) {
        let list = list("talk@lists.example.org", language);
        for notice in every_notice(&desk(&list)) {
            let read = MessageParser::default().parse(&notice.bytes).expect("a message");
            let subject = read.subject().expect("a subject");
            assert!(!subject.contains(['\r', '\n']) && !subject.is_empty(), "{language}: {subject:?}");
            assert!(read.header("Bcc").is_none() && read.header("X").is_none());
            assert_eq!(read.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
            let text = read.body_text(0).expect("a text");
            assert!(text.trim().len() > 10 && !text.contains("{%  "), "{language}: {text}");
            assert!(read.message_id().is_some_and(|id| notice.message_id == format!("<{id}>")));
        }
    }
}

#[test]
fn what_strangers_wrote_is_no_template_and_one_line() {
    let list = list("talk@lists.example.org", "en");
    let address = ann();
    let notice = desk(&list).held_poster(Reader { address: &address, language: "" }, &held()).expect("a text");
    let read = MessageParser::default().parse(&notice.bytes).expect("a message");
    let text = read.body_text(0).expect("a text");
    assert!(text.contains("\"Grüße {{ list }}  Bcc: a@example.org {% if %}\""), "{text}");
}

#[test]
fn a_text_of_the_lists_own_is_used_unless_it_fails() {
    let list = list("talk@lists.example.org", "de");
    let address = ann();
    for (language, own, subject) in [
        ("", "Subject: Hallo {{ address }}\n\nSchön.\n", "Hallo ann@example.org"),
        ("", "Subject: {{ nothing }}\n\nSchön.\n", "Willkommen"),
        ("fr", "", "Bienvenue"),
    ] {
        let texts = |name: Name, tag: &str| (name == Name::Welcome && tag == "de").then(|| own.to_owned());
        let desk = Desk { texts: &texts, ..desk(&list) };
        let notice = desk.welcome(Reader { address: &address, language }).expect("a text");
        let read = MessageParser::default().parse(&notice.bytes).expect("a message");
        assert!(read.subject().is_some_and(|found| found.starts_with(subject)), "{:?}", read.subject());
    }
}

#[test]
fn a_held_post_is_attached_and_the_signed_addresses_work() {
    let list = list("talk@lists.example.org", "de");
    let address = ann();
    let notice = desk(&list).held(Reader { address: &address, language: "" }, &[held()], 0, &[]).expect("a text");
    let read = MessageParser::default().parse(&notice.bytes).expect("a message");
    let attached = read.parts.iter().find_map(|part| match &part.body {
        PartType::Message(inner) => {
            assert!(part.content_type().is_some_and(|found| found.subtype() == Some("rfc822")));
            inner.subject().map(str::to_owned)
        }
        _ => None,
    });
    assert_eq!(attached.as_deref(), Some("Grüße"));
    let text = read.body_text(0).expect("a text");
    let acts: Vec<Act> = text
        .split_whitespace()
        .filter_map(|word| word.strip_prefix("talk-confirm+")?.strip_suffix("@lists.example.org"))
        .map(|word| {
            let token = token::read(word).expect("a token");
            assert!(token.is_for(&SECRET, Bearer { list: 4, key: "ann@example.org" }) && token.about == 17);
            token.act
        })
        .collect();
    assert_eq!(acts, [Act::Approve, Act::Trust, Act::Reject, Act::Discard]);
    let reply_to = read.header_raw("Reply-To").expect("a Reply-To").trim();
    assert!(text.contains(reply_to), "{reply_to}");
}

#[test]
fn a_question_can_be_answered_on_a_page_if_there_are_pages() {
    for language in template::languages() {
        let list = list("talk@lists.example.org", language);
        let address = ann();
        let to = Reader { address: &address, language: "" };
        let words = ("subscribe", "");
        let notice =
            desk(&list).confirm(to, Act::Subscribe, 1, words, "https://lists.example.org/web/").expect("a text");
        let read = MessageParser::default().parse(&notice.bytes).expect("a message");
        let text = read.body_text(0).expect("a text");
        let token = text.split("https://lists.example.org/web/confirm/").nth(1).expect("a link");
        let token = token.split_whitespace().next().and_then(token::read).expect("a token");
        assert!(token.is_for(&SECRET, Bearer { list: 4, key: "ann@example.org" }), "{language}");
    }
}

#[test]
fn a_question_can_be_answered_by_address_and_by_subject() {
    for (name, fits) in [("talk".to_owned(), true), ("x".repeat(crate::list::MAX_LOCAL), false)] {
        let list = list(&format!("{name}@lists.example.org"), "en");
        let address = ann();
        let desk = desk(&list);
        let notice = desk.confirm(Reader { address: &address, language: "" }, Act::Subscribe, 1, ("subscribe", ""), "");
        let notice = notice.expect("a text");
        let read = MessageParser::default().parse(&notice.bytes).expect("a message");
        let by_subject = token::find(read.subject().expect("a subject")).expect("a token");
        assert_eq!(by_subject.bearer, Some((4, "ann@example.org".to_owned())));
        assert!(by_subject.is_for(&SECRET, Bearer { list: 4, key: "ann@example.org" }));
        let reply_to = read.header_raw("Reply-To").expect("a Reply-To").trim();
        let local = reply_to.split('@').next().expect("a local part");
        let by_address = local.split_once("-confirm+").and_then(|(_, token)| token::read(token));
        assert_eq!(by_address.is_some(), fits, "{reply_to}");
        assert!(local.len() <= 64);
        assert!(!String::from_utf8_lossy(&notice.bytes).contains("https:"), "there are no pages");
    }
}

#[test]
fn an_answer_says_what_it_answers() {
    let list = list("talk@lists.example.org", "en");
    let address = ann();
    let desk = Desk { answers: Some("<7@example.org>"), ..desk(&list) };
    let notice = desk.tell(Name::Help, Reader { address: &address, language: "" }, false).expect("a text");
    let read = MessageParser::default().parse(&notice.bytes).expect("a message");
    assert_eq!(read.header_raw("Auto-Submitted").map(str::trim), Some("auto-replied"));
    assert_eq!(read.header_raw("In-Reply-To").map(str::trim), Some("<7@example.org>"));
}

#[test]
fn a_canned_rejection_stands_in_place_of_the_usual_one() {
    let list = list("talk@lists.example.org", "en");
    let address = ann();
    let to = Reader { address: &address, language: "" };
    let read = |canned| {
        let notice = desk(&list).rejected(to, &held(), "Sorry.", canned).expect("a text");
        let read = MessageParser::default().parse(&notice.bytes).expect("a message");
        (read.subject().unwrap_or_default().to_owned(), read.body_text(0).unwrap_or_default().trim().replace('\r', ""))
    };
    let (subject, text) = read(Some("Subject: No HTML, please\n\nPlain text. {{ reason }}\n"));
    assert_eq!((subject.as_str(), text.as_str()), ("No HTML, please", "Plain text. Sorry."));
    // A text that cannot be rendered must not keep the poster from being told.
    assert_eq!(read(Some("Subject: {{ nothing }}\n\n")), read(None));
}
