//! The form in which header and body are hashed (RFC 6376 3.4), made of the bytes as they cross the wire.
//!
//! The relay ends each line with CRLF before it sends: a line here ends where one ends there, by LF with or without a CR
//! before it, and every other byte counts as it is, a lone CR too. So a message may be signed in the form in which it is
//! stored.

use ring::digest::{Context, SHA256};

use mailjam_core::message::Field;

/// How much a mail system on the way may change white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Canonicalization {
    /// Not at all.
    Simple,
    /// Its amount, and that of empty lines at the end; the case of field names.
    Relaxed,
}

/// Appends a field with its line end (RFC 6376 3.4.1, 3.4.2).
pub(crate) fn push_field(out: &mut Vec<u8>, how: Canonicalization, field: &Field) {
    match how {
        Canonicalization::Simple => {
            for line in field.raw().split_inclusive(|byte| *byte == b'\n') {
                out.extend_from_slice(text_of(line));
                out.extend_from_slice(b"\r\n");
            }
        }
        Canonicalization::Relaxed => push_relaxed(out, field.name(), field.value()),
    }
}

/// Appends a field in relaxed form, with its line end; `value` is what stands behind the colon, folds included.
pub(crate) fn push_relaxed(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend(name.bytes().map(|byte| byte.to_ascii_lowercase()));
    out.push(b':');
    let start = out.len();
    for line in value.split_inclusive(|byte| *byte == b'\n') {
        for byte in text_of(line) {
            match byte {
                b' ' | b'\t' if out.len() == start || out.last() == Some(&b' ') => {}
                b' ' | b'\t' => out.push(b' '),
                _ => out.push(*byte),
            }
        }
    }
    if out.len() > start && out.last() == Some(&b' ') {
        out.pop();
    }
    out.extend_from_slice(b"\r\n");
}

/// The line without what ends it on the wire. The last line of a message may lack an end, and then keeps its CR.
fn text_of(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(text) => text.strip_suffix(b"\r").unwrap_or(text),
        None => line,
    }
}

/// A SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BodyHash {
    pub(crate) hash: [u8; 32],
    /// How many octets were hashed, in canonical form.
    pub(crate) octets: u64,
}

/// The hash of a body (RFC 6376 3.4.3, 3.4.4), of all or of so many octets in canonical form.
pub(crate) fn hash_body(how: Canonicalization, body: &[u8], limit: Option<u64>) -> BodyHash {
    let mut hasher = Hasher::new(limit);
    // Empty lines count only when another line follows them.
    let mut empty = 0_u64;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let mut text = text_of(line);
        if how == Canonicalization::Relaxed {
            text = trim_end(text);
        }
        if text.is_empty() {
            empty += 1;
            continue;
        }
        for _ in 0..std::mem::take(&mut empty) {
            hasher.push(b"\r\n");
        }
        match how {
            Canonicalization::Simple => hasher.push(text),
            Canonicalization::Relaxed => hasher.push_words(text),
        }
        hasher.push(b"\r\n");
    }
    if how == Canonicalization::Simple && hasher.nothing_yet() {
        hasher.push(b"\r\n");
    }
    hasher.finish()
}

/// The hashes of one body, each worked out once: a message may have many signatures, and a large body.
pub(crate) struct BodyHashes<'b> {
    body: &'b [u8],
    known: Vec<(Canonicalization, Option<u64>, BodyHash)>,
}

impl<'b> BodyHashes<'b> {
    pub(crate) fn new(body: &'b [u8]) -> BodyHashes<'b> {
        BodyHashes { body, known: Vec::new() }
    }

    /// See [`hash_body`].
    pub(crate) fn get(&mut self, how: Canonicalization, limit: Option<u64>) -> BodyHash {
        let known = self.known.iter().find(|(known, at, _)| (*known, *at) == (how, limit));
        if let Some((_, _, hash)) = known {
            return *hash;
        }
        let hash = hash_body(how, self.body, limit);
        self.known.push((how, limit, hash));
        hash
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    &text[..end]
}

/// Hashes in pieces of some size: a call for each word costs more than the hash.
struct Hasher {
    context: Context,
    buffer: Vec<u8>,
    hashed: u64,
    limit: u64,
    begun: bool,
}

impl Hasher {
    const PIECE: usize = 16 * 1024;

    fn new(limit: Option<u64>) -> Hasher {
        Hasher {
            context: Context::new(&SHA256),
            buffer: Vec::with_capacity(Hasher::PIECE),
            hashed: 0,
            limit: limit.unwrap_or(u64::MAX),
            begun: false,
        }
    }

    fn nothing_yet(&self) -> bool {
        !self.begun
    }

    fn push(&mut self, bytes: &[u8]) {
        self.begun = true;
        if self.buffer.len() + bytes.len() > Hasher::PIECE {
            self.flush();
        }
        if bytes.len() > Hasher::PIECE {
            self.update(bytes);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// A line whose white space is reduced to single spaces; there is none at its end.
    fn push_words(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(space) = rest.iter().position(|byte| is_space(*byte)) {
            self.push(&rest[..space]);
            self.push(b" ");
            let word = rest[space..].iter().position(|byte| !is_space(*byte)).unwrap_or(rest.len() - space);
            rest = &rest[space + word..];
        }
        self.push(rest);
    }

    fn flush(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.update(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
    }

    fn update(&mut self, bytes: &[u8]) {
        let room = usize::try_from(self.limit - self.hashed).unwrap_or(usize::MAX);
        let taken = &bytes[..bytes.len().min(room)];
        self.context.update(taken);
        self.hashed += taken.len() as u64;
    }

    fn finish(mut self) -> BodyHash {
        self.flush();
        let mut hash = [0; 32];
        hash.copy_from_slice(self.context.finish().as_ref());
        BodyHash { hash, octets: self.hashed }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ring::digest::digest;

    use super::*;
    use Canonicalization::{Relaxed, Simple};

    fn hash_of(canonical: &[u8]) -> BodyHash {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, canonical).as_ref());
        BodyHash { hash, octets: canonical.len() as u64 }
    }

    #[test]
    fn bodies_take_their_canonical_form() {
        for (body, relaxed, simple) in [
            (&b""[..], &b""[..], &b"\r\n"[..]),
            (b"\n\r\n", b"", b"\r\n"),
            (b" \t\n", b"", b" \t\r\n"),
            // RFC 6376 3.4.5.
            (b" C \r\nD \t E\r\n\r\n\r\n", b" C\r\nD E\r\n", b" C \r\nD \t E\r\n"),
            (b"a", b"a\r\n", b"a\r\n"),
            (b"a\n\n\nb\n\n", b"a\r\n\r\n\r\nb\r\n", b"a\r\n\r\n\r\nb\r\n"),
            (b"a\rb\r\r\nc\r", b"a\rb\r\r\nc\r\r\n", b"a\rb\r\r\nc\r\r\n"),
            (b"\r", b"\r\r\n", b"\r\r\n"),
            (b"a \r\n", b"a\r\n", b"a \r\n"),
            (b".dot\n", b".dot\r\n", b".dot\r\n"),
        ] {
            assert_eq!(hash_body(Relaxed, body, None), hash_of(relaxed), "{body:?}");
            assert_eq!(hash_body(Simple, body, None), hash_of(simple), "{body:?}");
        }
    }

    #[test]
    fn a_limit_counts_canonical_octets() {
        assert_eq!(hash_body(Relaxed, b"a  b\nc\n", Some(4)), hash_of(b"a b\r"));
        assert_eq!(hash_body(Relaxed, b"a\n", Some(9)), hash_of(b"a\r\n"));
        assert_eq!(hash_body(Simple, b"a\n", Some(0)), hash_of(b""));
    }

    #[test]
    fn fields_take_their_canonical_form() {
        for (raw, relaxed, simple) in [
            // RFC 6376 3.4.5.
            (&b"A: X\r\n"[..], &b"a:X\r\n"[..], &b"A: X\r\n"[..]),
            (b"B : Y\t\r\n\tZ  \r\n", b"b:Y Z\r\n", b"B : Y\t\r\n\tZ  \r\n"),
            (b"C:\n a\n  b\n", b"c:a b\r\n", b"C:\r\n a\r\n  b\r\n"),
            (b"D:\n", b"d:\r\n", b"D:\r\n"),
            (b"E: a\rb\r\r\n", b"e:a\rb\r\r\n", b"E: a\rb\r\r\n"),
            (b"F:  \xff", b"f:\xff\r\n", b"F:  \xff\r\n"),
        ] {
            let message = mailjam_core::message::Message::parse(raw).expect("a field");
            for (how, expected) in [(Relaxed, relaxed), (Simple, simple)] {
                let mut out = Vec::new();
                push_field(&mut out, how, &message.fields()[0]);
                assert_eq!(out, expected, "{how:?} of {raw:?}");
            }
        }
    }

    /// The same as RFC 6376 3.4.4 says it, without care for speed.
    fn relaxed_by_the_letter(body: &[u8]) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = body
            .split_inclusive(|byte| *byte == b'\n')
            .map(|line| {
                let mut out = Vec::new();
                for byte in text_of(line) {
                    let space = is_space(*byte);
                    if !(space && out.last() == Some(&b' ')) {
                        out.push(if space { b' ' } else { *byte });
                    }
                }
                if out.last() == Some(&b' ') {
                    out.pop();
                }
                out
            })
            .collect();
        while lines.last().is_some_and(Vec::is_empty) {
            lines.pop();
        }
        lines.into_iter().flat_map(|line| [&line[..], b"\r\n"].concat()).collect()
    }

    proptest! {
        #[test]
        fn any_body_is_hashed_as_the_standard_says(
            body in proptest::collection::vec(prop_oneof![Just(b' '), Just(b'\t'), Just(b'\r'), Just(b'\n'), any::<u8>()], 0..80),
            times in prop_oneof![Just(1_usize), Just(700)],
        ) {
            let body = body.repeat(times);
            prop_assert_eq!(hash_body(Relaxed, &body, None), hash_of(&relaxed_by_the_letter(&body)));
        }
    }
}
