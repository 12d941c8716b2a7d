//! What a server answers, and what that means for a recipient.

use std::fmt;

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server has taken responsibility for the message.
    Delivered,
    /// Not now: send again later. Surely not delivered.
    Deferred(SmtpReply),
    /// Not now, and perhaps delivered already: the whole message was sent, and the connection broke before the
    /// answer came. Sending again later may deliver twice, not sending may deliver never (RFC 5321 4.5.4.2).
    Unconfirmed(SmtpReply),
    /// Never: the reply is final.
    Refused(SmtpReply),
    /// The server takes no more recipients in this transaction: send again at once in another one
    /// (RFC 5321 4.5.3.1.10). Only ever said beside a recipient that was accepted, so that repeating ends.
    TooMany,
}

/// A server's reply, or one made here in a server's place; harmless to log and to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmtpReply {
    /// Three digits, 100 to 599.
    pub code: u16,
    /// Class, subject and detail (RFC 3463), where the reply has them.
    pub enhanced: Option<(u8, u16, u16)>,
    /// The text without codes: one line of at most [`SmtpReply::TEXT_LIMIT`] octets without control characters.
    pub text: String,
}

impl SmtpReply {
    /// Octets of text that are kept; more is cut.
    pub const TEXT_LIMIT: usize = 500;

    /// A reply that no server sent.
    pub(crate) fn local(code: u16, enhanced: (u8, u16, u16), text: &str) -> SmtpReply {
        let mut reply = SmtpReply { code, enhanced: Some(enhanced), text: String::new() };
        reply.append(text);
        reply
    }

    /// What the reply means for the recipients it speaks of; `None` for success.
    pub(crate) fn failure(self) -> Option<Outcome> {
        match self.code {
            400..500 => Some(Outcome::Deferred(self)),
            500.. => Some(Outcome::Refused(self)),
            _ => None,
        }
    }

    /// Whether a RCPT was refused because the transaction is full, not because of the recipient.
    ///
    /// 552 comes from servers older than RFC 2821. An enhanced code that speaks of something else, a full mailbox
    /// for instance, decides.
    pub(crate) fn says_too_many(&self) -> bool {
        matches!(self.code, 452 | 552) && matches!(self.enhanced, None | Some((_, 5, 3)))
    }

    /// Adds the next line of the reply; the first enhanced code of its class counts.
    pub(crate) fn add_line(&mut self, line: &str) {
        let text = match split_enhanced(line) {
            Some((enhanced, rest)) if u16::from(enhanced.0) == self.code / 100 => {
                self.enhanced.get_or_insert(enhanced);
                rest
            }
            _ => line,
        };
        self.append(text);
    }

    fn append(&mut self, text: &str) {
        if !self.text.is_empty() && !text.is_empty() {
            self.text.push(' ');
        }
        self.text.extend(text.chars().map(|c| if c.is_control() || LINE_SEPARATORS.contains(&c) { '?' } else { c }));
        let limit = self.text.floor_char_boundary(SmtpReply::TEXT_LIMIT);
        self.text.truncate(limit);
    }
}

impl fmt::Display for SmtpReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        if !self.text.is_empty() {
            write!(f, " {}", self.text)?;
        }
        Ok(())
    }
}

/// What ends a line to those who read Unicode, besides control characters.
const LINE_SEPARATORS: [char; 2] = ['\u{2028}', '\u{2029}'];

/// Splits `"5.1.1 no such user"` into the code and the rest.
fn split_enhanced(line: &str) -> Option<((u8, u16, u16), &str)> {
    let (code, rest) = line.split_once(' ').unwrap_or((line, ""));
    let mut parts = code.split('.');
    let class = parts.next().filter(|class| matches!(*class, "2" | "4" | "5"))?;
    let mut number = || {
        let digits = parts.next()?;
        let plain = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        digits.parse().ok().filter(|_| plain)
    };
    let enhanced = (class.parse().ok()?, number()?, number()?);
    parts.next().is_none().then_some((enhanced, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u16, lines: &[&str]) -> SmtpReply {
        let mut reply = SmtpReply { code, enhanced: None, text: String::new() };
        lines.iter().for_each(|line| reply.add_line(line));
        reply
    }

    #[test]
    fn enhanced_codes_leave_the_text() {
        let both = reply(550, &["5.1.1 no such", "5.1.1 user"]);
        assert_eq!(both.enhanced, Some((5, 1, 1)));
        assert_eq!(both.text, "no such user");
        assert_eq!(both.to_string(), "550 5.1.1 no such user");
    }

    #[test]
    fn what_only_looks_like_an_enhanced_code_is_text() {
        for text in ["4.1.1 other class", "5.1 short", "5.1.1.1 long", "5.+1.1 sign", "5.1.1000 digits"] {
            assert_eq!(reply(550, &[text]).enhanced, None, "{text}");
            assert_eq!(reply(550, &[text]).text, text);
        }
    }

    #[test]
    fn text_is_one_bounded_line_without_controls() {
        assert_eq!(reply(250, &["a\tb\u{7f}\u{85}c\0\u{2028}"]).text, "a?b??c??");
        let long = reply(250, &["\u{20ac}".repeat(400).as_str(), "more"]);
        assert!(long.text.len() <= SmtpReply::TEXT_LIMIT);
    }

    #[test]
    fn full_transactions_and_full_mailboxes_are_told_apart() {
        assert!(reply(452, &["4.5.3 too many recipients"]).says_too_many());
        assert!(reply(552, &["too many recipients"]).says_too_many());
        assert!(!reply(452, &["4.2.2 mailbox full"]).says_too_many());
        assert!(!reply(550, &["5.5.3 no"]).says_too_many());
    }
}
