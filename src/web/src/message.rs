//! A held message as a moderator sees it: text and names only. Nothing of it reaches the browser as anything but text.

use mail_parser::{MessageParser, MimeHeaders as _};

use crate::shown::size;

/// Octets of text shown at most; a moderator who wants more has mail.
const TEXT: usize = 64 << 10;

/// Header fields shown at most.
const FIELDS: usize = 200;

/// What is shown of a message.
#[derive(Debug, Default)]
pub struct Shown {
    pub from: String,
    pub to: String,
    pub date: String,
    /// The text, out of HTML if there is no other.
    pub text: String,
    /// Whether it was cut.
    pub cut: bool,
    /// Whether it was HTML.
    pub from_html: bool,
    /// Name, media type and size of what is attached.
    pub attachments: Vec<(String, String, String)>,
    /// The header, field by field.
    pub fields: Vec<(String, String)>,
}

impl Shown {
    /// Reads a message; of one that is none, its octets as text.
    #[must_use]
    pub fn of(raw: &[u8]) -> Shown {
        let Some(message) = MessageParser::default().parse(raw) else {
            let (text, cut) = cut(&String::from_utf8_lossy(raw));
            return Shown { text, cut, ..Shown::default() };
        };
        let from_html = message.text_bodies().next().is_some_and(mail_parser::MessagePart::is_text_html);
        let (text, cut) = cut(&message.body_text(0).unwrap_or_default());
        let field = |name: &str| unfolded(message.header_raw(name).unwrap_or_default());
        let attachments = message.attachments().take(FIELDS).map(|part| {
            let kind = part.content_type().map_or_else(
                || "unknown".to_owned(),
                |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("*")),
            );
            let name = part.attachment_name().unwrap_or("without a name").to_owned();
            (name, kind, size(i64::try_from(part.len()).unwrap_or(i64::MAX)))
        });
        Shown {
            from: decoded(&message, "From"),
            to: field("To"),
            date: field("Date"),
            text,
            cut,
            from_html,
            attachments: attachments.collect(),
            fields: message
                .headers_raw()
                .take(FIELDS)
                .map(|(name, value)| (name.to_owned(), unfolded(value)))
                .collect(),
        }
    }
}

/// The author, with the name decoded.
fn decoded(message: &mail_parser::Message<'_>, name: &str) -> String {
    let authors = message.from().map(|from| {
        let each = from.iter().map(|one| match (one.name(), one.address()) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (name, address) => name.or(address).unwrap_or_default().to_owned(),
        });
        each.collect::<Vec<_>>().join(", ")
    });
    authors
        .filter(|authors| !authors.is_empty())
        .unwrap_or_else(|| unfolded(message.header_raw(name).unwrap_or_default()))
}

/// A field on one line.
fn unfolded(value: &str) -> String {
    value.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str) -> (String, bool) {
    let end = text.floor_char_boundary(TEXT);
    (text[..end].to_owned(), end < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn html_becomes_text_and_attachments_a_list() {
        let raw = b"From: =?utf-8?q?Bj=C3=B6rn?= <b@example.org>\r\nTo: talk@lists.example.org\r\nMIME-Version: 1.0\r\n\
            Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n\
            <p>Hello <b>you</b></p><script>alert(1)</script><img src=x onerror=alert(2)>\r\n\
            --x\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\nxyz\r\n--x--\r\n";
        let shown = Shown::of(raw);
        assert_eq!(shown.from, "Björn <b@example.org>");
        assert!(shown.from_html && shown.text.contains("Hello you") && !shown.text.contains('<'), "{shown:?}");
        assert_eq!(shown.attachments, [("a.pdf".to_owned(), "application/pdf".to_owned(), "3 B".to_owned())]);
        assert_eq!(shown.fields.len(), 4);
    }

    proptest! {
        #[test]
        fn whatever_it_is_it_can_be_shown(raw: Vec<u8>, head in "(From|To|Content-Type|MIME-Version): [ -~]{0,80}") {
            let _ = Shown::of(&raw);
            let _ = Shown::of(&[head.as_bytes(), b"\r\n\r\n", &raw].concat());
        }
    }

    #[test]
    fn whatever_is_no_message_is_text() {
        for raw in [&b""[..], b"\xff\xfe\x00", b"\r\n\r\n", &[b'x'; 100_000]] {
            let _ = Shown::of(raw);
        }
        let long = [b"Subject: x\r\n\r\n".as_slice(), "ü".repeat(100_000).as_bytes()].concat();
        assert!(Shown::of(&long).cut);
    }
}
