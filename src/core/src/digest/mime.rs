//! A digest in MIME: a table of contents, a multipart/digest of the posts, and an end.

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::message::mbox_line;
use crate::mime::plain_part;

/// The posts, as parts.
pub(super) struct Body {
    /// In both boundaries, followed by one letter.
    secret: String,
    bytes: Vec<u8>,
    /// Where `secret` stands.
    places: Vec<usize>,
    eight_bit: bool,
}

impl Body {
    pub(super) fn new(secret: String, capacity: usize) -> Body {
        Body { secret, bytes: Vec::with_capacity(capacity), places: Vec::new(), eight_bit: false }
    }

    pub(super) fn add(&mut self, raw: &[u8]) {
        // The line of an mbox is not part of the message.
        let raw = &raw[mbox_line(raw).len()..];
        self.avoid(raw);
        let encoding = if raw.is_ascii() { "7bit" } else { "8bit" };
        self.eight_bit |= !raw.is_ascii();
        self.delimit("");
        let fields = format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
        self.bytes.extend_from_slice(fields.as_bytes());
        self.bytes.extend_from_slice(raw);
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Takes another boundary if a post has this one, in those delimiters that are written, too.
    fn avoid(&mut self, raw: &[u8]) {
        while contains(raw, &self.secret) {
            let mut other = self.secret.clone();
            while contains(raw, &other) || contains(&self.bytes, &other) {
                other = HEXLOWER.encode(&Sha256::digest(&other)[..12]);
            }
            for place in &self.places {
                self.bytes[*place..place + other.len()].copy_from_slice(other.as_bytes());
            }
            self.secret = other;
        }
    }

    fn delimit(&mut self, end: &str) {
        self.bytes.extend_from_slice(b"--=_");
        self.places.push(self.bytes.len());
        self.bytes.extend_from_slice(format!("{}i{end}\r\n", self.secret).as_bytes());
    }

    pub(super) fn finish(mut self, header: &str, contents: &str, end: &str) -> Vec<u8> {
        self.avoid(&[header, contents, end].concat().into_bytes());
        if self.places.is_empty() {
            // RFC 2046 5.1.1 wants a part.
            self.add(b"");
        }
        self.delimit("--");
        let encoding = if self.eight_bit { "8bit" } else { "7bit" };
        let secret = &self.secret;
        let (contents_fields, contents) = own(contents);
        let mut head = format!(
            "{header}Content-Type: multipart/mixed; boundary=\"=_{secret}o\"\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n--=_{secret}o\r\n{contents_fields}\r\n"
        )
        .into_bytes();
        head.extend_from_slice(&contents);
        let posts = format!(
            "\r\n--=_{secret}o\r\nContent-Type: multipart/digest; boundary=\"=_{secret}i\"\r\n\
             Content-Transfer-Encoding: {encoding}\r\n\r\n"
        );
        head.extend_from_slice(posts.as_bytes());
        let (end_fields, end) = own(&format!("{end}\n"));
        self.bytes.extend_from_slice(format!("\r\n--=_{secret}o\r\n{end_fields}\r\n").as_bytes());
        self.bytes.extend_from_slice(&end);
        self.bytes.extend_from_slice(format!("\r\n--=_{secret}o--\r\n").as_bytes());
        self.bytes.splice(0..0, head);
        self.bytes
    }
}

fn own(text: &str) -> (String, Vec<u8>) {
    let (fields, body) = plain_part(text, "\r\n");
    (fields.replace('\n', "\r\n"), body)
}

fn contains(bytes: &[u8], wanted: &str) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted.as_bytes())
}
