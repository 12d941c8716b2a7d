use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::address::Address;
use crate::settings::Settings;

const NOW: Context<'_> =
    Context { now: 1_700_000_000, post_id: 7, authserv_id: "", rewrite_from: false, one_click: false };

fn list(changes: &[(&str, &str)]) -> List {
    let mut settings = Settings::default();
    for (key, value) in changes {
        settings.set(key, value).unwrap();
    }
    let address = Address::parse("talk@lists.example.org").unwrap();
    List { address, list_id: "talk.lists.example.org".to_owned(), closed: false, settings }
}

#[test]
fn a_copy_is_known_again_and_a_copy_of_another_list_too() {
    let (talk, mut dev) = (list(&[]), list(&[]));
    dev.list_id = "dev.lists.example.org".to_owned();
    let post = Message::parse(b"From: ann@example.org\n\nx").unwrap();
    assert!(!is_own_post(&post, &talk));
    let first = list_copy(&post, &talk, &NOW).to_vec();
    let first = Message::parse(&first).unwrap();
    assert!(is_own_post(&first, &talk) && !is_own_post(&first, &dev));
    let second = list_copy(&first, &dev, &NOW).to_vec();
    let second = Message::parse(&second).unwrap();
    assert_eq!(second.list_ids(), ["dev.lists.example.org"]);
    assert!(is_own_post(&second, &talk), "two lists that are members of each other would never stop");
}

#[test]
fn mail_to_the_owner_is_passed_on_whole_and_known_again() {
    let list = list(&[("subject_prefix", "[talk]")]);
    let raw = b"From x\nReturn-Path: <a@example.org>\nList-Id: <x>\nBcc: b\nSubject: s\n\nbody";
    let message = Message::parse(raw).unwrap();
    assert!(!is_own_owner_mail(&message, &list));
    let copy = owner_copy(&message, &list);
    assert_eq!(copy.to_vec(), b"X-Loop: owner@talk.lists.example.org\nList-Id: <x>\nBcc: b\nSubject: s\n\nbody");
    let again = copy.to_vec();
    let again = Message::parse(&again).unwrap();
    assert!(is_own_owner_mail(&again, &list) && !is_own_post(&again, &list));
}

#[test]
fn says_what_it_changed() {
    let raw =
        b"From x\nBcc: b@example.org\nlist-ID: O <other.example.org>\nReply-To: (\nSubject: s\nFrom: a\nno field\n";
    let message = Message::parse(raw).unwrap();
    let copy = list_copy(&message, &list(&[("subject_prefix", "[talk]"), ("reply_to", "list")]), &NOW);
    let changes: Vec<String> = copy.changes.iter().map(Change::to_string).collect();
    assert_eq!(
        changes,
        [
            "removed the mbox From line",
            "removed Bcc",
            "removed list-ID of other.example.org",
            "set Reply-To to talk@lists.example.org instead of the unreadable \"(\"",
            "put [talk] before the subject",
            "added List-Id",
            "added List-Help",
            "added List-Subscribe",
            "added List-Unsubscribe",
            "added List-Post",
            "added List-Owner",
            "added X-Loop",
            "added Date",
            "added Message-ID",
            "added the empty line between header and body",
        ]
    );
}

#[test]
fn the_list_stands_in_from_once_and_the_author_in_author_once() {
    let raw = b"Received: x\nAuthor:\nFrom: Ann <ann@example.com>\nReply-To: b@x.example\nFROM: bob@example.com\n\nx";
    let message = Message::parse(raw).unwrap();
    let rewrite = Context { rewrite_from: true, ..NOW };
    let copy = list_copy(&message, &list(&[]), &rewrite);
    let header = String::from_utf8(copy.header.clone()).unwrap();
    let kept = "Received: x\nAuthor: Ann <ann@example.com>,\n bob@example.com\n\
                From: \"Ann, bob via talk\" <talk@lists.example.org>\nReply-To: b@x.example\n\n";
    assert!(header.ends_with(kept), "{header}");
    let changes: Vec<String> = copy.changes.iter().map(Change::to_string).collect();
    let from = "put \"Ann, bob via talk\" with the list's address into From";
    assert_eq!(changes[..2], ["added Author", from]);
    assert_eq!(list_copy(&message, &list(&[]), &NOW).to_vec().windows(5).filter(|five| five == b"From:").count(), 1);
}

/// Takes milliseconds; looking at the rest of the subject anew behind each marker would take minutes.
#[test]
fn a_hostile_subject_costs_no_more_than_its_length() {
    let list = list(&[("subject_prefix", "[talk]")]);
    for part in ["a:", "[a]", "[", "=?utf-8?q?a:?= "] {
        let raw = format!("Subject:{}\n\nx", format!("\n {}", part.repeat(100)).repeat(1000));
        let message = Message::parse(raw.as_bytes()).unwrap();
        let start = Instant::now();
        list_copy(&message, &list, &NOW);
        assert!(start.elapsed().as_secs() < 5, "{part}");
    }
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let name = "(X-A|Received|From|Subject|Reply-To|List-Id|List-Post|Bcc|Date|Message-ID|DKIM-Signature|Delivered-To)";
    let value = "[ -~äü]{0,90}(\n[ \t][!-~]{1,30}){0,2}";
    let fields = proptest::collection::vec((name, value), 1..8);
    (fields, any::<bool>(), any::<Vec<u8>>()).prop_map(|(fields, crlf, body)| {
        let header: String = fields.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let header = if crlf { header.replace('\n', "\r\n") + "\r\n" } else { header + "\n" };
        [header.as_bytes(), &body].concat()
    })
}

fn settings() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let prefix = "(|\\[talk\\]|\\[täglich\\]|[!-~]{1,40}|[ä-ü]{1,20})".prop_map(|text| ("subject_prefix", text));
    let reply_to = "(author|list|\"a b\"@example\\.org)".prop_map(|text| ("reply_to", text));
    let description = "[ -~äüß€]{0,200}".prop_map(|text| ("description", text));
    (prefix, reply_to, description).prop_map(|(prefix, reply_to, description)| vec![prefix, reply_to, description])
}

proptest! {
    #[test]
    fn only_what_is_named_changes(raw in message(), settings in settings()) {
        let settings: Vec<(&str, &str)> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let list = list(&settings);
        let message = Message::parse(&raw).unwrap();
        let copy = list_copy(&message, &list, &NOW);
        prop_assert_eq!(copy.body, message.body());

        let bytes = copy.to_vec();
        let parsed = Message::parse(&bytes).unwrap();
        prop_assert_eq!(parsed.body(), message.body());
        prop_assert_eq!(parsed.line_end(), message.line_end());
        prop_assert_eq!(parsed.list_ids(), ["talk.lists.example.org"]);

        let untouched = ["X-A", "Received", "From", "DKIM-Signature"];
        let kept = |message: &Message| -> Vec<Vec<u8>> {
            message.fields().iter().filter(|f| is_one_of(f, &untouched)).map(|f| f.raw().to_vec()).collect()
        };
        prop_assert_eq!(kept(&parsed), kept(&message));
        let named = ["Bcc", "Delivered-To"];
        prop_assert!(!parsed.fields().iter().any(|field| is_one_of(field, &named)));
        for name in ["Date", "Message-ID", "List-Post"] {
            prop_assert!(parsed.field(name).count() >= 1);
        }
        for line in copy.header.split(|b| *b == b'\n') {
            prop_assert!(line.len() <= 160, "{}", String::from_utf8_lossy(line));
        }
        let subject = |message: &Message| message.field("Subject").next().map(|field| field.decoded().into_owned());
        if let Some(prefix) = &list.settings.subject_prefix {
            prop_assert!(subject::has_prefix(&subject(&parsed).unwrap(), prefix));
        }
        let again = list_copy(&parsed, &list, &NOW).to_vec();
        prop_assert_eq!(subject(&Message::parse(&again).unwrap()), subject(&parsed));
    }

    #[test]
    fn the_description_is_read_again(description in "[!-~äüß€\"\\\\=?]{1,30}( [!-~äüß€=?]{1,30}){0,12}") {
        let list = list(&[("description", &description)]);
        let message = Message::parse(b"From: a\n\n").unwrap();
        let copy = list_copy(&message, &list, &NOW).to_vec();
        let copy = Message::parse(&copy).unwrap();
        let list_id = copy.field("List-Id").next().unwrap();
        prop_assert_eq!(list_id.list_id(), "talk.lists.example.org");
        for line in list_id.raw().split(|b| *b == b'\n') {
            prop_assert!(line.len() <= 78);
        }
        let name = crate::message::mailboxes(&list_id.text().replace("<talk.", "<talk@")).remove(0).name;
        prop_assert_eq!(name, Some(description));
    }

    #[test]
    fn any_bytes_are_composed(raw in any::<Vec<u8>>(), header in "(Subject:|Reply-To:)[ -~\r\n\t\"(<=?]{0,80}") {
        let raw = [header.as_bytes(), &raw].concat();
        if let Ok(message) = Message::parse(&raw) {
            let list = list(&[("subject_prefix", "[täglich]"), ("reply_to", "list")]);
            let copy = list_copy(&message, &list, &NOW).to_vec();
            prop_assert_eq!(Message::parse(&copy).unwrap().body(), message.body());
        }
    }
}

#[test]
fn each_member_has_a_link_and_an_address_to_leave() {
    let list = list(&[]);
    let bearer = Bearer { list: 3, key: "ann@example.org" };
    let head = one_click(&list, "https://lists.example.org/base/", &[9; 32], bearer);
    let head = String::from_utf8(head).expect("ASCII");
    let url = head.split("<https://lists.example.org/base/unsubscribe/").nth(1).and_then(|rest| rest.split('>').next());
    let token = token::read(url.expect("a link")).expect("a token");
    assert!(token.is_for(&[9; 32], bearer) && !token.is_over(i64::MAX / 3600));
    assert_eq!(head.matches(url.expect("a link")).count(), 2, "{head}");
    assert!(head.ends_with("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
    // The copies share no other.
    let message = Message::parse(b"From: a@x\nSubject: x\n\n").expect("a message");
    let shared = list_copy(&message, &list, &Context { one_click: true, ..NOW }).to_vec();
    assert!(!String::from_utf8_lossy(&shared).contains("List-Unsubscribe"));
}
