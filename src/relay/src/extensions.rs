//! The service extensions that a server offers in its answer to EHLO.

/// What the server offers, of what this client can use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// Commands may be sent without waiting for each answer (RFC 2920).
    pub pipelining: bool,
    /// SIZE is understood; the largest message in octets, 0 where there is no fixed limit (RFC 1870).
    pub size: Option<u64>,
    /// Bytes above 127 may be sent (RFC 6152).
    pub eight_bit_mime: bool,
    /// UTF-8 may stand in addresses and headers (RFC 6531).
    pub smtputf8: bool,
    /// The server makes a return path for each recipient itself (Postfix's VERP_README).
    pub xverp: bool,
    /// Delivery status notifications can be asked for (RFC 3461).
    pub dsn: bool,
}

impl Extensions {
    /// Takes one line of the answer, without its code.
    pub(crate) fn note(&mut self, line: &str) {
        let mut words = line.split_ascii_whitespace();
        let keyword = words.next().unwrap_or_default();
        match keyword.to_ascii_uppercase().as_str() {
            "PIPELINING" => self.pipelining = true,
            "SIZE" => self.size = Some(words.next().and_then(|n| n.parse().ok()).unwrap_or(0)),
            "8BITMIME" => self.eight_bit_mime = true,
            "SMTPUTF8" => self.smtputf8 = true,
            "XVERP" => self.xverp = true,
            "DSN" => self.dsn = true,
            _ => {}
        }
    }

    /// Whether a message of `size` octets is larger than the server takes.
    pub(crate) fn too_large(&self, size: u64) -> bool {
        self.size.is_some_and(|limit| limit > 0 && size > limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_read_in_any_case() {
        let mut offers = Extensions::default();
        ["pipelining", "Size 1000", "8BITMIME", "AUTH PLAIN", ""].iter().for_each(|line| offers.note(line));
        let expected = Extensions { pipelining: true, size: Some(1000), eight_bit_mime: true, ..Extensions::default() };
        assert_eq!(offers, expected);
    }

    #[test]
    fn size_zero_is_no_limit() {
        let mut offers = Extensions::default();
        assert!(!offers.too_large(u64::MAX));
        offers.note("SIZE");
        assert_eq!(offers.size, Some(0));
        assert!(!offers.too_large(u64::MAX));
        offers.note("SIZE 10");
        assert!(!offers.too_large(10));
        assert!(offers.too_large(11));
    }
}
