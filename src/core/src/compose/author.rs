//! Who a copy is from where the author's domain would have it refused: the list, with the author in the name, in Reply-To and
//! in Author.

use super::change::Change;
use super::list_fields::{WIDTH, fold, phrase};
use crate::list::List;
use crate::message::{Mailbox, Message, mailboxes};
use crate::settings::ReplyTo;

/// Characters of a name, and names in one.
const LONGEST: usize = 60;
const MOST: usize = 3;

/// What stands in a copy instead of what the author wrote, each with what it changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// The one From.
    pub(super) from: Option<(Vec<u8>, Change)>,
    /// An Author field (RFC 9057) with what From said; `None` where there was nothing, or where Author says something already,
    /// which nobody on the way may change.
    pub(super) author: Option<(Vec<u8>, Change)>,
    /// A Reply-To with what From said, where the list leaves replies to the author, who said nothing about them.
    pub(super) reply_to: Option<(Vec<u8>, Change)>,
}

/// The fields that put the list in the author's place; none where the list itself is the author.
///
/// What From said goes on as it is, encoded words and groups included. Only if no program could read it, the addresses
/// that can be found in it stand in Reply-To instead.
pub(super) fn rewrite(message: &Message, list: &List) -> Rewritten {
    let line_end = message.line_end().as_str();
    let authors = message.from();
    if !authors.is_empty() && authors.iter().all(|author| author.address.as_ref() == Some(&list.address)) {
        return Rewritten::default();
    }
    let values: Vec<&[u8]> =
        message.field("From").map(|field| field.value().trim_ascii()).filter(|value| !value.is_empty()).collect();
    let value = values.join(format!(",{line_end} ").as_bytes());

    let name = via(&authors, list.address.local());
    let mut words = phrase(&name, "From: ".len());
    words.push(format!("<{}>", list.address.envelope()));
    let from = format!("From: {}{line_end}", fold(&words, "From: ".len(), line_end)).into_bytes();

    let has_author = message.field("Author").any(|field| !field.value().trim_ascii().is_empty());
    let author =
        (!has_author && !value.is_empty()).then(|| (field("Author", &value, line_end), Change::Added("Author")));
    let answered = !message.mailboxes("Reply-To").is_empty();
    let to_author = list.settings.reply_to == ReplyTo::Author && !answered;
    let reply_to = to_author.then(|| replies(&authors, &value, line_end)).flatten();
    Rewritten { from: Some((from, Change::FromRewritten(name))), author, reply_to }
}

/// A Reply-To that leads to the authors; `None` if no address of theirs is known.
fn replies(authors: &[Mailbox], value: &[u8], line_end: &str) -> Option<(Vec<u8>, Change)> {
    let addresses: Vec<String> =
        authors.iter().filter_map(|author| Some(author.address.as_ref()?.envelope())).collect();
    if addresses.is_empty() {
        return None;
    }
    let change = Change::ReplyToSet(addresses.join(", "));
    let read = mailboxes(&String::from_utf8_lossy(value));
    if addresses.len() == authors.len() && read == authors {
        return Some((field("Reply-To", value, line_end), change));
    }
    let end = addresses.len() - 1;
    let words: Vec<String> =
        addresses.iter().enumerate().map(|(at, one)| if at < end { format!("{one},") } else { one.clone() }).collect();
    let text = fold(&words, "Reply-To: ".len(), line_end);
    Some((format!("Reply-To: {text}{line_end}").into_bytes(), change))
}

/// A field with a value as it was written elsewhere. It begins on a line of its own where the longer name leaves no room.
fn field(name: &str, value: &[u8], line_end: &str) -> Vec<u8> {
    let first = value.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let room = name.len() + ": ".len() + first.len() <= WIDTH;
    let start = if room { format!("{name}: ") } else { format!("{name}:{line_end} ") };
    [start.as_bytes(), value, line_end.as_bytes()].concat()
}

/// `Ann Example via talk`: the authors by their names, or by what stands before the @ where they have none.
fn via(authors: &[Mailbox], list: &str) -> String {
    let name = |author: &Mailbox| {
        let shown = author.name.as_deref().map(cleaned).filter(|name| !name.is_empty());
        shown.or_else(|| Some(cleaned(author.address.as_ref()?.local())).filter(|name| !name.is_empty()))
    };
    let names: Vec<String> = authors.iter().filter_map(name).collect();
    let more = if names.len() > MOST { " …" } else { "" };
    let names = names.into_iter().take(MOST).collect::<Vec<_>>().join(", ");
    if names.is_empty() { list.to_owned() } else { format!("{names}{more} via {list}") }
}

/// A name in one line, without what turns text around, and without an address in it: one beside ours is what forgers write,
/// and what filters look for.
fn cleaned(name: &str) -> String {
    let turns = |c: &char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let name: String = name.chars().filter(|c| !turns(c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = name.split_whitespace().map(|word| match word.split_once('@') {
        Some((local, _)) => local.trim_start_matches(['<', '(', '"', '\'']),
        None => word,
    });
    let name = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if name.chars().count() <= LONGEST {
        return name;
    }
    let start: String = name.chars().take(LONGEST - 1).collect();
    format!("{}…", start.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::address::Address;
    use crate::settings::Settings;

    fn list(reply_to: &str) -> List {
        let mut settings = Settings::default();
        settings.set("reply_to", reply_to).expect("a setting");
        let address = Address::parse("talk@lists.example.org").expect("an address");
        List { address, list_id: "talk.lists.example.org".to_owned(), closed: false, settings }
    }

    /// From, Author and Reply-To of a message with this header.
    fn fields(header: &str, reply_to: &str) -> (String, String, String) {
        let raw = format!("{header}\nSubject: s\n\nbody\n");
        let message = Message::parse(raw.as_bytes()).expect("a message");
        let rewritten = rewrite(&message, &list(reply_to));
        let text = |field: Option<(Vec<u8>, Change)>| {
            String::from_utf8(field.map(|(field, _)| field).unwrap_or_default()).expect("UTF-8")
        };
        (text(rewritten.from), text(rewritten.author), text(rewritten.reply_to))
    }

    #[test]
    fn the_list_stands_in_the_authors_place() {
        for (from, shown) in [
            ("Ann Example <ann@example.com>", "\"Ann Example via talk\""),
            ("ann@example.com", "\"ann via talk\""),
            ("ann@example.com (Ann)", "\"Ann via talk\""),
            ("\"Example, Ann \\\"A\\\"\" <ann@example.com>", "\"Example, Ann \\\"A\\\" via talk\""),
            ("=?utf-8?q?J=C3=B6rg?= <j@example.com>", "=?UTF-8?Q?J=C3=B6rg_via_talk?="),
            ("boss@example.com <ann@example.com>", "\"boss via talk\""),
            ("Ann (ann@example.com) <ann@example.com>", "\"Ann via talk\""),
            ("=?utf-8?q?a=0D=0AX=3A_b=E2=80=AEc?= <ann@example.com>", "\"a X: bc via talk\""),
            ("Ann <ann@example.com>, Bob <bob@example.net>", "\"Ann, Bob via talk\""),
            ("a@x.example, b@x.example, c@x.example, d@x.example", "=?UTF-8?Q?a=2C_b=2C_c_=E2=80=A6_via_talk?="),
            ("Board: Ann <ann@example.com>, Bob <bob@example.com>;", "\"Ann, Bob via talk\""),
            ("Nobody <>", "\"Nobody via talk\""),
            ("undisclosed:;", "\"talk\""),
        ] {
            let (field, author, _) = fields(&format!("From: {from}"), "author");
            assert_eq!(field, format!("From: {shown} <talk@lists.example.org>\n"), "{from}");
            assert_eq!(author, format!("Author: {from}\n"));
            let read = mailboxes(field["From: ".len()..].trim());
            assert_eq!(read.len(), 1, "{field}");
            assert_eq!(read[0].address.as_ref().map(ToString::to_string), Some("talk@lists.example.org".to_owned()));
        }
    }

    #[test]
    fn replies_go_where_the_list_and_the_author_want_them() {
        let ann = "From: Ann <ann@example.com>";
        assert_eq!(fields(ann, "author").2, "Reply-To: Ann <ann@example.com>\n");
        assert_eq!(fields(&format!("{ann}\nReply-To: b@example.com"), "author").2, "");
        assert_eq!(fields(&format!("{ann}\nReply-To:"), "author").2, "Reply-To: Ann <ann@example.com>\n");
        assert_eq!(fields(ann, "list").2, "");
        assert_eq!(fields("From: ann@x.example, John Doe bob@x.example", "author").2, "Reply-To: ann@x.example\n");
        assert_eq!(fields("From: Nobody <>", "author").2, "");
        let group = "From: Board: Ann <ann@example.com>;";
        assert_eq!(fields(group, "author").2, "Reply-To: Board: Ann <ann@example.com>;\n");
    }

    #[test]
    fn an_author_field_that_is_there_stays() {
        assert_eq!(fields("From: ann@example.com\nAuthor: bob@example.com", "author").1, "");
        assert_eq!(fields("From: ann@example.com\nAuthor:", "author").1, "Author: ann@example.com\n");
    }

    #[test]
    fn without_from_there_is_a_list_and_no_author() {
        let (from, author, reply_to) = fields("To: talk@lists.example.org", "author");
        assert_eq!((&*from, &*author, &*reply_to), ("From: \"talk\" <talk@lists.example.org>\n", "", ""));
    }

    #[test]
    fn several_from_fields_become_one() {
        let (from, author, reply_to) = fields("From: Ann <ann@example.com>\nX: y\nFrom:\n bob@example.com", "author");
        assert_eq!(from, "From: \"Ann, bob via talk\" <talk@lists.example.org>\n");
        assert_eq!(author, "Author: Ann <ann@example.com>,\n bob@example.com\n");
        assert_eq!(reply_to, "Reply-To: Ann <ann@example.com>,\n bob@example.com\n");
    }

    #[test]
    fn the_lists_own_mail_stays_as_it_is() {
        let message = Message::parse(b"From: Talk <talk@lists.example.org>\n\n").expect("a message");
        assert_eq!(rewrite(&message, &list("author")), Rewritten::default());
    }

    #[test]
    fn long_names_are_cut_and_long_values_begin_anew() {
        let name = "Ann ".repeat(40);
        let (from, author, _) = fields(&format!("From: {name}<ann@example.com>"), "author");
        assert!(from.lines().all(|line| line.len() <= 78), "{from}");
        assert!(from.contains("=E2=80=A6_via_talk"), "{from}");
        assert_eq!(author, format!("Author:\n {name}<ann@example.com>\n"));
    }

    proptest! {
        #[test]
        fn from_always_names_the_list_alone(from in "[ -~äüß\u{202e}]{0,120}(\n [!-~ü]{1,30}){0,2}") {
            let raw = format!("From:{from}\nSubject: s\n\n");
            let message = Message::parse(raw.as_bytes()).expect("a message");
            let Rewritten { from, author, reply_to } = rewrite(&message, &list("author"));
            if let Some((from, _)) = from {
                let read = Message::parse(&from).map(|message| message.from()).expect("a field");
                prop_assert_eq!(read.len(), 1);
                prop_assert_eq!(read[0].address.as_ref(), Some(&list("author").address));
                for (field, _) in [author, reply_to].into_iter().flatten() {
                    prop_assert_eq!(Message::parse(&field).expect("a field").fields().len(), 1);
                }
            }
        }
    }
}
