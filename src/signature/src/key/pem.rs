//! Private keys as text (RFC 7468).

use std::fmt;

use data_encoding::BASE64;

const DASHES: &str = "-----";

/// A private key as text, to be written to a file. `Debug` does not show it.
pub struct Pem(String);

impl Pem {
    pub(super) fn new(label: &str, der: &[u8]) -> Pem {
        let mut text = format!("{DASHES}BEGIN {label}{DASHES}\n");
        let encoded = BASE64.encode(der);
        let mut rest = encoded.as_str();
        while !rest.is_empty() {
            let (line, after) = rest.split_at(rest.len().min(64));
            text.push_str(line);
            text.push('\n');
            rest = after;
        }
        text.push_str(&format!("{DASHES}END {label}{DASHES}\n"));
        Pem(text)
    }

    /// The text of the file, with a line end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pem(…)")
    }
}

/// A block of a PEM file.
pub(super) struct Block {
    pub(super) label: String,
    pub(super) der: Vec<u8>,
    pub(super) encrypted: bool,
}

/// The first block whose label says that it is a private key. Text around blocks counts for nothing (RFC 7468 2).
pub(super) fn private_key(pem: &[u8]) -> Option<Block> {
    let text = std::str::from_utf8(pem).ok()?;
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = label(line, "BEGIN ").filter(|label| label.ends_with("PRIVATE KEY")) else { continue };
        let inside: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with(DASHES)).collect();
        // Fields such as Proc-Type stand before the keys of old programs (RFC 1421 4.6).
        let encrypted = label.starts_with("ENCRYPTED") || inside.iter().any(|line| line.contains("ENCRYPTED"));
        let der = if encrypted { Vec::new() } else { BASE64.decode(inside.concat().as_bytes()).ok()? };
        return Some(Block { label: label.to_owned(), der, encrypted });
    }
    None
}

fn label<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix(DASHES)?.strip_prefix(word)?.strip_suffix(DASHES)
}
