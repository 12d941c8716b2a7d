//! From the daemon's answer to what the MTA is told: the only place where an exit code other than 75 comes from a server.
#![forbid(unsafe_code)]

use mailjam_wire::exit;
use mailjam_wire::reply::{self, Kind};
use mailjam_wire::xml::Text;

use crate::submit::Answer;
use crate::trouble::Trouble;

/// What the MTA is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict<'a> {
    /// The exit code.
    pub exit: u8,
    /// The status code of RFC 3463, of the class that belongs to the exit code.
    pub dsn: Text<'a>,
    /// The reason, or the post's id.
    pub text: Text<'a>,
}

/// Fault and HTTP status of a request larger than the daemon takes.
const TOO_LARGE: Verdict<'static> =
    Verdict { exit: exit::UNAVAILABLE, dsn: Text("5.3.4"), text: Text("the message is larger than the server takes") };

impl<'a> Verdict<'a> {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it holds no verdict: a fault, another HTTP status, or members that contradict each other.
    pub fn read(answer: Answer<'a>) -> Result<Self, Trouble<'a>> {
        let server = answer.server;
        match answer.status {
            200 => {}
            413 => return Ok(TOO_LARGE),
            status => return Err(Trouble::Status { server, status }),
        }
        let mut members = Members::default();
        match reply::read(answer.document, |name, value| members.take(name, value)) {
            Ok(Kind::Result) => members.verdict(server),
            Ok(Kind::Fault) if members.fault_code.is("-32050") => Ok(TOO_LARGE),
            Ok(Kind::Fault) => Err(Trouble::Fault { server, code: members.fault_code, text: members.fault_string }),
            Err(why) => Err(Trouble::Answer { server, why }),
        }
    }
}

#[derive(Default)]
struct Members<'a> {
    action: Text<'a>,
    dsn: Text<'a>,
    text: Text<'a>,
    post_id: Text<'a>,
    fault_code: Text<'a>,
    fault_string: Text<'a>,
}

impl<'a> Members<'a> {
    fn take(&mut self, name: Text<'a>, value: Text<'a>) {
        match name.0 {
            "action" => self.action = value,
            "dsn" => self.dsn = value,
            "text" => self.text = value,
            "post_id" => self.post_id = value,
            "faultCode" => self.fault_code = value,
            "faultString" => self.fault_string = value,
            _ => {}
        }
    }

    fn verdict(&self, server: &'a str) -> Result<Verdict<'a>, Trouble<'a>> {
        let (exit, class) = match self.action.0 {
            "accept" | "hold" | "discard" => (exit::OK, b'2'),
            "no-list" => (exit::NOUSER, b'5'),
            "closed" | "too-large" | "need-smtputf8" => (exit::UNAVAILABLE, b'5'),
            "refuse" => (exit::NOPERM, b'5'),
            "bad-message" => (exit::DATAERR, b'5'),
            "retry" => (exit::TEMPFAIL, b'4'),
            _ => (exit::TEMPFAIL, 0),
        };
        // An MTA looks at both; they must not tell it different things.
        if !is_status(self.dsn.0.as_bytes(), class) {
            return Err(Trouble::Verdict { server, action: self.action, dsn: self.dsn });
        }
        let text = if exit == exit::OK { self.post_id } else { self.text };
        Ok(Verdict { exit, dsn: self.dsn, text })
    }
}

/// `class.subject.detail` of RFC 3463 section 2.
fn is_status(code: &[u8], class: u8) -> bool {
    let number = |part: &[u8]| matches!(part.len(), 1..=3) && part.iter().all(u8::is_ascii_digit);
    let mut parts = code.split(|&byte| byte == b'.');
    parts.next() == Some(&[class])
        && parts.next().is_some_and(number)
        && parts.next().is_some_and(number)
        && parts.next().is_none()
}
