use std::borrow::Cow;

use mail_parser::{MessagePart, MimeHeaders, PartType};
use proptest::prelude::*;

use super::*;
use crate::mime;

const BELOW: &str = "____\ntalk: tälk@example.org\n";

fn added(raw: &str) -> (String, Place) {
    let footed = add(raw.as_bytes(), "", BELOW);
    (String::from_utf8(footed.bytes.into_owned()).expect("UTF-8"), footed.place)
}

#[test]
fn nothing_to_say_changes_nothing() {
    let raw = b"Content-Length: 7\nSubject: x";
    let footed = add(raw, "", "");
    assert_eq!((footed.bytes, footed.place), (Cow::Borrowed(&raw[..]), Place::Nowhere));
}

#[test]
fn a_text_in_ascii_becomes_one_in_utf_8() {
    let (text, place) = added("Subject: x\nContent-Length: 6\n\na = b\n");
    assert_eq!(place, Place::Inside);
    assert_eq!(
        text,
        "Subject: x\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\
         Content-Transfer-Encoding: quoted-printable\n\na =3D b\n____\ntalk: t=C3=A4lk@example.org\n"
    );
}

#[test]
fn what_has_no_line_end_gets_one() {
    let typed = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit";
    let quoted = typed.replace("8bit", "quoted-printable");
    let below = BELOW.replace('ä', "=C3=A4");
    for (raw, expected) in [
        (format!("{typed}\n\nü"), format!("{typed}\n\nü\n{BELOW}")),
        (format!("{typed}\n\na"), format!("{quoted}\n\na\n{below}")),
        (format!("{typed}\n\n"), format!("{quoted}\n\n{below}")),
        (format!("{typed}\n"), format!("{quoted}\n\n{below}")),
        (format!("{typed}\n\nü").replace('\n', "\r\n"), format!("{typed}\n\nü\n{BELOW}").replace('\n', "\r\n")),
    ] {
        assert_eq!(added(&raw), (expected, Place::Inside));
    }
}

#[test]
fn a_boundary_is_none_that_the_message_has() {
    let first = boundary(b"x");
    assert_ne!(boundary(format!("x{first}").as_bytes()), first);
    assert_eq!(boundary(b"x"), first);
}

/// What a mail program shows of the leaves, by the library.
fn leaves(raw: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    fn walk(parts: &[MessagePart<'_>], leaves: &mut Vec<(String, Vec<u8>)>) {
        for part in parts {
            let kind = part.content_type().map_or_else(
                || "text/plain".to_owned(),
                |found| format!("{}/{}", found.ctype(), found.subtype().unwrap_or_default()),
            );
            match &part.body {
                PartType::Multipart(_) => {}
                PartType::Message(inner) => walk(&inner.parts, leaves),
                PartType::Text(text) | PartType::Html(text) => {
                    leaves.push((kind, text.replace("\r\n", "\n").into_bytes()));
                }
                PartType::Binary(bytes) | PartType::InlineBinary(bytes) => leaves.push((kind, bytes.to_vec())),
            }
        }
    }
    let mut found = Vec::new();
    walk(&mime::parse(raw).ok()?.parts, &mut found);
    Some(found)
}

fn encoded(text: &str, charset: &str, encoding: &str) -> String {
    let known = encoding_rs::Encoding::for_label(charset.as_bytes()).expect("a character set");
    let bytes = known.encode(text).0;
    match encoding {
        "base64" => String::from_utf8(mime::base64(&bytes, "\n")).expect("ASCII"),
        _ => String::from_utf8(mime::quoted_printable(&bytes, "\n")).expect("ASCII"),
    }
}

prop_compose! {
    fn text_part()(
        text in "[a-zé日 .>=\n<-]{0,120}( |\n|)",
        kind in prop::sample::select(vec!["plain", "html", "enriched"]),
        charset in prop::sample::select(vec!["us-ascii", "utf-8", "iso-8859-1", "iso-2022-jp", "shift_jis", "gb2312", "utf-16", "x-none"]),
        encoding in prop::sample::select(vec!["7bit", "8bit", "quoted-printable", "base64", "x-odd"]),
        extra in prop::sample::select(vec!["", "", "; format=flowed", "; format=flowed; delsp=yes", "; x=\"y z\""]),
        disposition in prop::sample::select(vec!["", "", "Content-Disposition: inline\n", "Content-Disposition: attachment\n"]),
    ) -> String {
        let known = !charset.starts_with('x');
        let body = match encoding {
            "7bit" | "8bit" | "x-odd" => if encoding == "8bit" { text } else { text.replace(['é', '日'], "e") },
            _ => encoded(&text, if known { charset } else { "utf-8" }, encoding),
        };
        let charset = if encoding == "8bit" { "utf-8" } else { charset };
        format!("Content-Type: text/{kind}; charset={charset}{extra}\nContent-Transfer-Encoding: {encoding}\n{disposition}\n{body}")
    }
}

fn part() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => text_part(),
        1 => Just("Content-Type: image/png\n\nx".to_owned()),
        1 => Just("\n-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n".to_owned()),
        1 => Just("Content-Type: application/pkcs7-mime\n\nx\n".to_owned()),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let kind = prop::sample::select(vec!["mixed", "alternative", "related", "signed", "x-other"]);
        (kind, prop::collection::vec(inner, 1..4)).prop_map(|(kind, parts)| {
            let boundary = format!("b{}_", parts.concat().len());
            let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
            format!("Content-Type: multipart/{kind}; boundary={boundary}\n\n{parts}--{boundary}--\n")
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn a_post_differs_by_the_text_alone(
        part in part(),
        crlf in any::<bool>(),
        above in prop_oneof![Just(""), Just("<<oben>>\n"), Just("<<über>>")],
        below in prop_oneof![Just("<<unten>>\n"), Just("<<日本 é>>\n  <<->>\n")],
    ) {
        let raw = format!("Subject: x\nMIME-Version: 1.0\n{part}");
        let raw = if crlf { raw.replace('\n', "\r\n") } else { raw };
        let footed = add(raw.as_bytes(), above, below);
        let (before, after) = (leaves(raw.as_bytes()).expect("parts"), leaves(&footed.bytes).expect("parts"));
        let said = |leaf: &(String, Vec<u8>)| String::from_utf8_lossy(&leaf.1).contains("<<") || String::from_utf8_lossy(&leaf.1).contains("&lt;&lt;");
        match footed.place {
            Place::Sealed | Place::Unclear => prop_assert_eq!(&*footed.bytes, raw.as_bytes()),
            Place::Nowhere => prop_assert!(false),
            Place::Inside => {
                prop_assert_eq!(before.len(), after.len());
                prop_assert!(after.iter().any(said));
                for (before, after) in before.iter().zip(&after) {
                    if said(after) {
                        let text = String::from_utf8_lossy(&after.1);
                        let old = String::from_utf8_lossy(&before.1);
                        let kept = without(&text, before.0 == "text/html", above, below);
                        prop_assert!(kept.trim_end() == old.trim_end(), "{:?} of {:?}, was {:?}", kept, text, old);
                    } else {
                        prop_assert_eq!(before, after);
                    }
                }
            }
            Place::Apart | Place::Around => {
                let first = usize::from(!above.is_empty());
                prop_assert_eq!(&after[first..after.len() - 1], &before[..]);
                prop_assert!(said(&after[after.len() - 1]) && said(&after[0]) | above.is_empty());
            }
        }
        // What is there already is no obstacle.
        let again = add(&footed.bytes, above, below);
        let apart = [Place::Around, Place::Apart].contains(&footed.place);
        prop_assert!(again.place == footed.place || apart && [Place::Apart, Place::Inside].contains(&again.place));
        prop_assert!(footed.bytes.split(|b| *b == b'\n').all(|line| line.len() <= 999));
    }

    #[test]
    fn never_panics(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = add(&raw, "über", "unter");
    }
}

/// A text without what was added.
fn without(text: &str, html: bool, above: &str, below: &str) -> String {
    let form = |words: &str| match html {
        true => words.trim_end().replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>\n"),
        false => words.trim_end().to_owned(),
    };
    let ascii = |words: String| {
        words
            .chars()
            .map(|c| if html && !c.is_ascii() { format!("&#{};", u32::from(c)) } else { c.to_string() })
            .collect::<String>()
    };
    let mut text = text.to_owned();
    for words in [above, below] {
        let form = ascii(form(words));
        let wrapped = if html { format!("\n<div>{form}</div>\n") } else { format!("{form}\n") };
        let stuffed = wrapped.replace("\n  <<", "\n   <<");
        if !words.is_empty() {
            let found = if text.contains(&stuffed) { stuffed } else { wrapped };
            text = text.replacen(&found, "", 1);
        }
    }
    text
}
