//! A request after the gate: who asks, what for, and the way to the daemon in that person's name.

use std::net::IpAddr;
use std::sync::Arc;

use mailjam_rpc::records::SessionDetail;
use mailjam_rpc::{Shape, Value};

use crate::cookie::{self, Cookies};
use crate::daemon::Daemon;
use crate::problem::Problem;
use crate::site::Site;
use crate::words::{Language, Words};

/// What all requests share.
#[derive(Debug)]
pub struct App {
    pub site: Site,
    pub cookies: Cookies,
    pub daemon: Daemon,
    /// The field in which a proxy says who asks; empty if none is believed.
    pub address_header: String,
}

/// Fields of a form or of the query of an address, in their order.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Fields {
        Fields(form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// The first field with this name; empty if there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Without the spaces around it.
    #[must_use]
    pub fn line(&self, name: &str) -> &str {
        self.get(name).trim()
    }

    /// All fields with this name, such as ticked boxes.
    #[must_use]
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Whether there is such a field.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Fields whose names begin so, without that.
    pub fn with_prefix<'f>(&'f self, prefix: &'f str) -> impl Iterator<Item = (&'f str, &'f str)> {
        self.0.iter().filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_str())))
    }
}

/// A request.
#[derive(Debug)]
pub struct Ask {
    pub app: Arc<App>,
    /// The parts of the path that the route leaves open.
    pub parts: Vec<(String, String)>,
    /// Whether something is to be done; otherwise nothing changes.
    pub acts: bool,
    /// The path as it came, with the query, for the way back after a login.
    pub target: String,
    pub query: Fields,
    pub form: Fields,
    /// The token in the cookie.
    pub session: Option<String>,
    /// Whose that is; looked up where a route wants somebody.
    pub person: Option<SessionDetail>,
    /// The number of a visitor without a session.
    pub visit: String,
    pub language: Language,
    /// Where the request comes from.
    pub from: IpAddr,
    /// What the browser says of itself, cut.
    pub agent: String,
}

impl Ask {
    /// A part of the path.
    #[must_use]
    pub fn part(&self, name: &str) -> &str {
        self.parts.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Calls a method as the person who asks, and takes the answer apart.
    pub async fn call<T: Shape>(&self, method: &str, params: Vec<Value>) -> Result<T, Problem> {
        let value = self.call_raw(method, params).await?;
        T::from_value(value).map_err(|mismatch| Problem::Defect(format!("{method}: {mismatch}")))
    }

    /// The same without taking the answer apart.
    pub async fn call_raw(&self, method: &str, params: Vec<Value>) -> Result<Value, Problem> {
        Ok(self.app.daemon.call(self.session.as_deref(), method, &params).await?)
    }

    /// Calls a public method as nobody in particular: whoever has the token in a link need not be who is logged in.
    pub async fn call_public(&self, method: &str, params: Vec<Value>) -> Result<Value, Problem> {
        Ok(self.app.daemon.call(None, method, &params).await?)
    }

    /// Who is logged in, where the route has seen to that.
    pub fn person(&self) -> Result<&SessionDetail, Problem> {
        self.person.as_ref().ok_or(Problem::Login)
    }

    /// Whether the person has a say in a list; for what is shown only, the daemon looks again at each call.
    #[must_use]
    pub fn runs(&self, list: &str) -> bool {
        self.person
            .as_ref()
            .is_some_and(|person| person.admin || person.roles.iter().any(|role| role.list.eq_ignore_ascii_case(list)))
    }

    /// Whether the person may change a list.
    #[must_use]
    pub fn owns(&self, list: &str) -> bool {
        self.person.as_ref().is_some_and(|person| {
            let mut roles = person.roles.iter().filter(|role| role.list.eq_ignore_ascii_case(list));
            person.admin || roles.any(|role| role.role == "owner")
        })
    }

    /// What forms must bring back.
    #[must_use]
    pub fn form_token(&self) -> String {
        cookie::form_token(self.secret())
    }

    /// Whether this form did.
    #[must_use]
    pub fn has_form_token(&self) -> bool {
        cookie::is_form_token(self.secret(), self.form.get("form"))
    }

    fn secret(&self) -> &str {
        match (&self.person, &self.session) {
            (Some(_), Some(session)) => session,
            _ => &self.visit,
        }
    }

    /// A path of ours with what stands before all of them.
    #[must_use]
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", self.app.site.base)
    }

    /// Words in the language of the person who asks.
    #[must_use]
    pub const fn words(&self) -> &'static Words {
        self.language.words()
    }
}

/// A string as a parameter.
#[must_use]
pub fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

/// A record as a parameter.
pub fn param(value: impl Shape) -> Value {
    // Only an absent member of a struct has no value, and this is no member.
    value.to_value().unwrap_or_else(|| Value::Struct([].into()))
}

/// A part of a path, percent-encoded.
#[must_use]
pub fn segment(part: &str) -> String {
    use std::fmt::Write as _;
    part.bytes().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into memory cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_segment_is_one_part_of_a_path_and_reads_as_it_was(part: String) {
            let written = segment(&part);
            prop_assert!(written.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#&\"<>'\\".contains(&byte)));
            // A plus means a space in a form and itself in a path; here it is always encoded.
            let read = Fields::read(format!("x={written}").as_bytes());
            prop_assert_eq!(read.get("x"), part.as_str());
        }
    }
}
