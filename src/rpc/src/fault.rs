//! What may go wrong with a call: numeric codes with stable names.
//!
//! The range −32768…−32000 follows the fault-code interoperability note for XML-RPC and is used for nothing else.
//! `faultString` is `NAME: text`; the upper-case name is stable, the text is for people.

use std::fmt;

macro_rules! codes {
    ($($number:literal $variant:ident $name:literal $doc:literal,)*) => {
        /// A fault code. The discriminant is the number on the wire.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i32)]
        pub enum Code {
            $(#[doc = $doc] $variant = $number,)*
        }

        impl Code {
            /// All codes in the order of the reference.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name that opens `faultString`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// One line for the reference.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => $doc,)* }
            }
        }
    };
}

codes! {
    -32700 NotWellFormed "NOT-WELL-FORMED" "The request is not well-formed XML.",
    -32701 UnsupportedEncoding "UNSUPPORTED-ENCODING" "The request declares an encoding other than UTF-8.",
    -32702 InvalidCharacter "INVALID-CHARACTER" "The request is not valid UTF-8.",
    -32600 InvalidRequest "INVALID-REQUEST" "The request is XML but not an XML-RPC call.",
    -32601 NoSuchMethod "NO-SUCH-METHOD" "No such method on this socket.",
    -32602 InvalidParameters "INVALID-PARAMETERS" "A parameter is missing, of another type or not understood.",
    -32603 Internal "INTERNAL-ERROR" "A defect in mailjamd; its log has the details.",
    -32050 TooLarge "REQUEST-TOO-LARGE" "The request is larger or more deeply nested than this socket takes.",
    -32051 TooMany "TOO-MANY-REQUESTS" "Too many requests; try again later.",
    100 NotAuthenticated "NOT-AUTHENTICATED" "Nobody is known on this connection.",
    101 Expired "TOKEN-EXPIRED" "The token has expired or was revoked.",
    102 NotAllowed "NOT-ALLOWED" "The caller is known but may not do this.",
    200 NoList "NO-SUCH-LIST" "No such list.",
    201 ListExists "LIST-EXISTS" "A list or one of its addresses has this name already.",
    202 BadListName "BAD-LIST-NAME" "The name is reserved or collides with an extension of a list.",
    203 ListClosed "LIST-CLOSED" "The list is closed.",
    210 NoDomain "NO-SUCH-DOMAIN" "No such domain.",
    211 DomainInUse "DOMAIN-IN-USE" "The domain has lists, or exists already.",
    300 NoMember "NO-SUCH-MEMBER" "No such member.",
    301 AlreadyMember "ALREADY-MEMBER" "Already a member.",
    302 BadAddress "BAD-ADDRESS" "Not an address that mail can be sent to.",
    303 Banned "BANNED" "The address is banned here.",
    304 Suppressed "SUPPRESSED" "The person had all data erased; only that person can come back, by asking.",
    310 NoRole "NO-SUCH-ROLE" "No such role, or nobody has it.",
    311 LastOwner "LAST-OWNER" "The last owner of a list cannot be removed.",
    320 NoAccount "NO-SUCH-ACCOUNT" "No such account.",
    321 AccountExists "ACCOUNT-EXISTS" "There is an account for this address already.",
    322 BadPassword "BAD-PASSWORD" "The new password is too short or too long, or the old one is wrong.",
    400 NoItem "NO-SUCH-ITEM" "No such item, or none of this kind.",
    401 AlreadyHandled "ALREADY-HANDLED" "Somebody decided about it before; the text says who and when.",
    402 ItemExpired "ITEM-EXPIRED" "It was dropped because nobody decided in time.",
    410 BadToken "BAD-TOKEN" "No such token, or not a genuine one.",
    411 ConfirmationExpired "CONFIRMATION-EXPIRED" "The token was genuine and is too old; ask again.",
    500 BadMessage "BAD-MESSAGE" "The bytes are not a message.",
    501 MessageTooLarge "MESSAGE-TOO-LARGE" "The message is larger than the list takes.",
    600 RevisionConflict "REVISION-CONFLICT" "Somebody changed it in between; read it again.",
    700 StorageBusy "STORAGE-BUSY" "The storage is busy; try again.",
    701 StorageFull "STORAGE-FULL" "The storage is full or cannot be written.",
    702 SchemaMismatch "SCHEMA-MISMATCH" "The database was written by another version of mailjam.",
}

impl Code {
    /// The code with this number on the wire.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Code> {
        Code::ALL.iter().copied().find(|code| *code as i32 == number)
    }
}

/// A refused call, as it is sent: code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The number on the wire; another daemon's version may know more of them than [`Code`].
    pub number: i32,
    /// `NAME: text`.
    pub string: String,
}

impl Fault {
    /// Octets of [`Fault::string`] at most: whatever a text repeats of a request, it stays a sentence.
    pub const LIMIT: usize = 1000;

    /// A fault with this code; `text` says what, where and what to do.
    pub fn new(code: Code, text: impl fmt::Display) -> Fault {
        let mut string = format!("{}: {text}", code.name());
        if string.len() > Fault::LIMIT {
            string.truncate(string.floor_char_boundary(Fault::LIMIT - '…'.len_utf8()));
            string.push('…');
        }
        Fault { number: code as i32, string }
    }

    /// The code, where it is one of ours.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        Code::from_number(self.number)
    }

    /// The text for people, without the name in front.
    #[must_use]
    pub fn text(&self) -> &str {
        self.string.split_once(": ").map_or(&self.string, |(_, text)| text)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.string, self.number)
    }
}

impl std::error::Error for Fault {}

impl From<crate::Mismatch> for Fault {
    fn from(mismatch: crate::Mismatch) -> Fault {
        Fault::new(Code::InvalidParameters, mismatch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_repeats_no_more_than_a_sentence() {
        let fault = Fault::new(Code::NoList, "ü".repeat(1_000_000));
        assert!(fault.string.len() <= Fault::LIMIT);
        assert!(fault.string.starts_with("NO-SUCH-LIST: ü") && fault.string.ends_with("ü…"));
        assert_eq!(Fault::new(Code::NoList, "no list x").string, "NO-SUCH-LIST: no list x");
    }
}
