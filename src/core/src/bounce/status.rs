//! Enhanced status codes (RFC 3463) and SMTP reply codes (RFC 5321 4.2), also where they stand in other text.

use std::fmt;
use std::str::FromStr;

/// An enhanced status code: `5.1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status {
    /// 2 success, 4 temporary, 5 permanent.
    pub class: u8,
    /// What it is about: 1 address, 2 mailbox, 3 mail system, 4 network, 5 protocol, 6 content, 7 policy; 0 anything.
    pub subject: u16,
    /// What exactly; 0 for nothing exact.
    pub detail: u16,
}

impl Status {
    /// Whether it says nothing beyond its class, as `5.0.0`.
    pub fn is_vague(self) -> bool {
        self.subject == 0 && self.detail == 0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

/// The text is no enhanced status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an enhanced status code is three numbers like 5.1.1, and begins with 2, 4 or 5")]
pub struct StatusError;

impl FromStr for Status {
    type Err = StatusError;

    /// Reads a code that is all of the text.
    fn from_str(text: &str) -> Result<Status, StatusError> {
        match leading(text.as_bytes()) {
            Some((status, len)) if len == text.len() => Ok(status),
            _ => Err(StatusError),
        }
    }
}

/// The code that `bytes` begins with, and its length.
fn leading(bytes: &[u8]) -> Option<(Status, usize)> {
    let (class, rest) = bytes.split_first()?;
    if !matches!(class, b'2' | b'4' | b'5') {
        return None;
    }
    let (subject, rest) = number(rest.strip_prefix(b".")?)?;
    let (detail, rest) = number(rest.strip_prefix(b".")?)?;
    Some((Status { class: class - b'0', subject, detail }, bytes.len() - rest.len()))
}

/// As many as three digits.
fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let len = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=3).contains(&len) {
        return None;
    }
    let value = bytes[..len].iter().fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    Some((value, &bytes[len..]))
}

/// What a mail server said, as far as numbers tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The SMTP reply code, 400 to 599.
    pub code: Option<u16>,
    /// The enhanced status code.
    pub status: Option<Status>,
}

impl Reply {
    /// Looks for codes in a text. A pair as `550 5.1.1` is believed before either alone, the first of a kind before others.
    pub fn find(text: &str) -> Reply {
        let mut found = Reply::default();
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if !starts_number(bytes, at) {
                at += 1;
                continue;
            }
            if let Some((code, status, len)) = code_at(bytes, at) {
                // A refusal that came first is not undone by a fault on the way to the next host.
                let is_undone = code < 500 && found.code.is_some_and(|first| first >= 500);
                if status.is_some() && !is_undone {
                    return Reply { code: Some(code), status };
                }
                found.code = found.code.or(Some(code));
                at += len;
            } else if let Some((status, len)) = status_at(bytes, at) {
                found.status = found.status.or(Some(status));
                at += len;
            } else {
                at += bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
            }
        }
        found
    }
}

/// Whether a number begins here that is no part of a word, an address or a longer number.
fn starts_number(bytes: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| bytes[before]);
    matches!(bytes[at], b'4' | b'5')
        && before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'.' | b'@' | b'/' | b'$' | b'+'))
}

fn code_at(bytes: &[u8], at: usize) -> Option<(u16, Option<Status>, usize)> {
    let (code, rest) = number(&bytes[at..])?;
    // Replies of these ranges occur; other numbers of three digits are something else.
    if !matches!(code, 400..=459 | 470..=479 | 500..=579) {
        return None;
    }
    let gap = rest.iter().take_while(|byte| matches!(byte, b' ' | b'-' | b'#' | b'\t' | b'(')).count();
    let follows = rest.get(gap).copied();
    let status = rest.get(gap..).and_then(|rest| status_at(rest, 0));
    if let Some((status, len)) = status {
        return Some((code, Some(status), 3 + gap + len));
    }
    let is_amount = rest.starts_with(b".") && rest.get(1).is_some_and(u8::is_ascii_digit)
        || rest
            .first()
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'%' | b':' | b'/' | b'='))
        || ["bytes", "kb", "mb", "seconds", "secs", "hours", "minutes", "days", "messages"]
            .iter()
            .any(|unit| rest[gap..].get(..unit.len()).is_some_and(|start| start.eq_ignore_ascii_case(unit.as_bytes())));
    let is_alone = follows.is_none()
        || gap > 0
        || matches!(follows, Some(b'\n' | b'<' | b'>' | b'"' | b')' | b',' | b';' | b'.' | b'_'));
    (is_alone && !is_amount).then_some((code, None, 3))
}

/// A code that does not go on like a version or an IP address.
fn status_at(bytes: &[u8], at: usize) -> Option<(Status, usize)> {
    let (status, len) = leading(&bytes[at..])?;
    let rest = &bytes[at + len..];
    let goes_on = rest.first().is_some_and(u8::is_ascii_alphanumeric)
        || rest.first() == Some(&b'.') && rest.get(1).is_some_and(u8::is_ascii_digit);
    (!goes_on && status.class != 2).then_some((status, len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_code_that_is_all_of_the_text() {
        for text in ["5.1.1", "4.4.7", "2.0.0", "5.7.26", "5.999.999"] {
            assert_eq!(text.parse::<Status>().unwrap().to_string(), text);
        }
        for text in ["", "5", "5.1", "5.1.", "3.1.1", "5.1.1 ", "5.1.1.1", "5.1000.1", "5.-1.1", "५.१.१"] {
            assert_eq!(text.parse::<Status>(), Err(StatusError), "{text:?}");
        }
    }

    #[test]
    fn finds_codes_in_text() {
        for (text, code, status) in [
            ("550 5.1.1 <a@b.example>... User unknown", Some(550), Some("5.1.1")),
            ("said: 550-5.1.1 no\n550 5.1.1 really", Some(550), Some("5.1.1")),
            ("#550 5.2.2 full ##", Some(550), Some("5.2.2")),
            ("Remote host said: 552 too large", Some(552), None),
            ("Sorry, no mailbox here. (#5.1.1)", None, Some("5.1.1")),
            ("550 #5.1.0 Address rejected.", Some(550), Some("5.1.0")),
            ("<<< 421 later\n<<< 550 5.7.1 never", Some(550), Some("5.7.1")),
            ("554 never\n421 4.4.1 the next host failed", Some(554), None),
            ("550", Some(550), None),
            ("it responded: [550 no]", Some(550), None),
        ] {
            let status = status.map(|text| text.parse().unwrap());
            assert_eq!(Reply::find(text), Reply { code, status }, "{text}");
        }
        for text in [
            "host [192.0.2.9]",
            "4.5.1.2",
            "at 5.5.2653.19",
            "on 450 MB",
            "550@example.org",
            "x550 y",
            "500 bytes",
            "1.550.2",
            "2024-05-01 12:00:00 +0500",
            "u5.1.1",
            "2.0.0 ok",
            "id 4F550",
            "421.5",
        ] {
            assert_eq!(Reply::find(text), Reply::default(), "{text}");
        }
    }
}
