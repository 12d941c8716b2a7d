//! What the header fields of a part say, as far as an edit needs to know.

use std::borrow::Cow;

use mail_parser::{ContentType, HeaderName, HeaderValue, MessageParser, MessagePart};

use super::Encoding;

/// Fields that speak of a body's octets: wrong once it is edited.
pub(crate) const LENGTHS: [&str; 3] = ["Content-Length", "Lines", "Content-MD5"];

/// Whether a field belongs to the body and not to the message (RFC 2045 3).
pub(crate) fn is_mime_field(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"))
        || LENGTHS.iter().any(|length| name.eq_ignore_ascii_case(length))
}

/// What the header fields of a part say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// In lower case; the default where there is none.
    pub media_type: String,
    /// Whether Content-Type is there.
    pub typed: bool,
    /// Of a multipart.
    pub boundary: Option<String>,
    /// Parameters of Content-Type by their names in lower case, but for the boundary.
    pub parameters: Vec<(String, String)>,
    /// How the body is encoded.
    pub encoding: Encoding,
    /// Whether it is to be kept apart from the text: an attachment, or something with a name (RFC 2183).
    pub attached: bool,
    /// Content-ID without brackets.
    pub id: Option<String>,
    /// Whether fields are there twice, of which programs read one or the other.
    pub ambiguous: bool,
}

impl Part {
    /// Reads a header.
    pub(super) fn read(header: &[u8], default: &str) -> Part {
        let header = closed(header);
        let message = MessageParser::default().parse_headers(&header);
        let root = message.as_ref().and_then(|message| message.parts.first());
        let times = |name: HeaderName| root.map_or(0, |part| part.headers.iter().filter(|h| h.name == name).count());
        let content_type = root.and_then(|part| find(part, &HeaderName::ContentType));
        let disposition = root.and_then(|part| find(part, &HeaderName::ContentDisposition));
        let text = |name| match root.and_then(|part| value(part, &name)) {
            Some(HeaderValue::Text(text)) => Some(text.trim().to_owned()),
            _ => None,
        };
        let mut parameters = Vec::new();
        for attribute in content_type.and_then(ContentType::attributes).unwrap_or_default() {
            parameters.push((attribute.name.to_ascii_lowercase(), attribute.value.clone().into_owned()));
        }
        let at = parameters.iter().position(|(name, _)| name == "boundary");
        // Spaces at its end are not part of a boundary (RFC 2046 5.1.1).
        let boundary = at.map(|at| parameters.remove(at).1.trim_end().to_owned()).filter(|text| !text.is_empty());
        let named = parameters.iter().any(|(name, _)| name == "name");
        let attached = disposition.is_some_and(|found| !found.is_inline() || found.has_attribute("filename")) || named;
        let media_type = match content_type.map(|found| (found.ctype(), found.subtype())) {
            Some((kind, Some(subtype))) => format!("{kind}/{subtype}").to_ascii_lowercase(),
            // RFC 2045 5.2.
            _ => default.to_owned(),
        };
        Part {
            media_type,
            typed: content_type.is_some(),
            boundary,
            parameters,
            encoding: Encoding::of(text(HeaderName::ContentTransferEncoding).as_deref()),
            attached,
            id: text(HeaderName::ContentId),
            ambiguous: times(HeaderName::ContentType) > 1 || times(HeaderName::ContentTransferEncoding) > 1,
        }
    }

    /// What is before the slash.
    pub(crate) fn kind(&self) -> &str {
        self.media_type.split('/').next().unwrap_or_default()
    }

    /// Whether the body is a message.
    pub(crate) fn is_message(&self) -> bool {
        ["message/rfc822", "message/global"].contains(&self.media_type.as_str())
    }

    /// Whether the parts inside are signed, or are the envelope of something encrypted (RFC 1847): any change breaks them.
    pub(crate) fn is_sealed(&self) -> bool {
        ["multipart/signed", "multipart/encrypted"].contains(&self.media_type.as_str())
    }

    /// Whether the body is signed or encrypted in itself: S/MIME (RFC 8551 3.2), also by its name alone, and what came
    /// before PGP/MIME.
    pub(crate) fn is_envelope(&self) -> bool {
        ["application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp"].contains(&self.media_type.as_str())
            || self.parameter("name").is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m"))
    }

    /// A parameter of Content-Type.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// A header that the library reads: it drops a last field without a line end.
pub(crate) fn closed(header: &[u8]) -> Cow<'_, [u8]> {
    if header.ends_with(b"\n") { Cow::Borrowed(header) } else { Cow::Owned([header, b"\n"].concat()) }
}

fn value<'p>(part: &'p MessagePart<'_>, name: &HeaderName<'_>) -> Option<&'p HeaderValue<'p>> {
    part.headers.iter().find(|header| &header.name == name).map(|header| &header.value)
}

fn find<'p>(part: &'p MessagePart<'_>, name: &HeaderName<'_>) -> Option<&'p ContentType<'p>> {
    value(part, name).and_then(HeaderValue::as_content_type)
}
