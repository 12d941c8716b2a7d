//! A post reduced to its text.

use std::borrow::Cow;

use mail_parser::decoders::html::html_to_text;
use mail_parser::{Message, MessagePart, MimeHeaders, PartType};

use crate::mime;
use crate::template::one_line;

/// The text that a program without HTML shows, and in its place what is left out.
pub(super) fn text(raw: &[u8], left_out: &dyn Fn(&str) -> String) -> String {
    let Ok(message) = mime::parse(raw) else { return one_line(&left_out("message/rfc822")) };
    let mut text = String::new();
    for (number, part) in message.parts.iter().enumerate() {
        let Some(piece) = piece(&message, number, part, left_out) else { continue };
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        text.push_str(&piece.replace("\r\n", "\n").replace('\r', "\n"));
    }
    text
}

fn piece<'m>(
    message: &'m Message<'_>,
    number: usize,
    part: &'m MessagePart<'_>,
    left_out: &dyn Fn(&str) -> String,
) -> Option<Cow<'m, str>> {
    let is_in = |numbers: &[u32]| numbers.iter().any(|one| usize::try_from(*one) == Ok(number));
    match &part.body {
        PartType::Multipart(_) => None,
        // What has no parts although it says so is shown as well.
        PartType::Text(text) if is_in(&message.text_body) || message.parts.len() == 1 => Some(Cow::Borrowed(text)),
        PartType::Html(text) if is_in(&message.text_body) => Some(Cow::Owned(html_to_text(text))),
        _ if is_in(&message.attachments) => {
            let name = part.attachment_name().map(|name| format!("{name:?}"));
            Some(Cow::Owned(one_line(&left_out(&one_line(&name.unwrap_or_else(|| media_type(part)))))))
        }
        // The same in HTML.
        _ => None,
    }
}

fn media_type(part: &MessagePart<'_>) -> String {
    match (part.content_type(), &part.body) {
        (Some(found), _) => format!("{}/{}", found.ctype(), found.subtype().unwrap_or_default()).to_ascii_lowercase(),
        (None, PartType::Message(_)) => "message/rfc822".to_owned(),
        (None, _) => "text/plain".to_owned(),
    }
}
