//! A post reduced to its text.

use std::borrow::Cow;
use std::collections::BTreeSet;

use mail_parser::decoders::html::html_to_text;
use mail_parser::{MessagePart, MimeHeaders, PartType};

use crate::mime;
use crate::template::one_line;

/// The text that a program without HTML shows, and in its place what is left out.
pub(super) fn text(raw: &[u8], left_out: &dyn Fn(&str) -> String) -> String {
    let Ok(message) = mime::parse(raw) else { return one_line(&left_out("message/rfc822")) };
    // A post may have very many parts.
    let shown: BTreeSet<u32> = message.text_body.iter().copied().collect();
    let attached: BTreeSet<u32> = message.attachments.iter().copied().collect();
    let mut text = String::new();
    for (number, part) in (0..).zip(&message.parts) {
        let shown = shown.contains(&number) || message.parts.len() == 1;
        let Some(piece) = piece(part, shown, attached.contains(&number), left_out) else { continue };
        if !text.is_empty() {
            text.push_str(if text.ends_with('\n') { "\n" } else { "\n\n" });
        }
        text.push_str(&piece.replace("\r\n", "\n").replace('\r', "\n"));
    }
    text
}

fn piece<'m>(
    part: &'m MessagePart<'_>,
    shown: bool,
    attached: bool,
    left_out: &dyn Fn(&str) -> String,
) -> Option<Cow<'m, str>> {
    match &part.body {
        PartType::Multipart(_) => None,
        // What has no parts although it says so is shown as well.
        PartType::Text(text) if shown => Some(Cow::Borrowed(text)),
        PartType::Html(text) if shown => Some(Cow::Owned(html_to_text(text))),
        _ if attached => {
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
