//! Who calls, and what that permits: on a unix socket the path, on TCP a token, at the web socket a session.

use std::fmt::Write as _;

use base64::Engine as _;
use hyper::header::HeaderValue;
use mailjam_rpc::catalogue::{Access, Method};
use mailjam_rpc::{Code, Fault};
use mailjam_store::TokenRow;
use sha2::{Digest as _, Sha256};

use crate::actor::Actor;
use crate::daemon::Daemon;
use crate::listen::Door;
use crate::login::{self, Person};
use crate::methods::Failed;

/// Somebody who reached a socket.
#[derive(Clone, Debug)]
pub struct Caller {
    door: Door,
    /// Peer credentials of a unix socket.
    uid: Option<u32>,
    /// On TCP.
    token: Option<TokenRow>,
    /// At the web socket, once somebody has logged in.
    person: Option<Person>,
}

/// Why nobody is known on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No token came.
    Missing,
    /// The token is not known.
    Unknown,
    /// It has expired or was revoked.
    Expired,
    /// The storage cannot tell.
    Unavailable,
}

impl Refused {
    /// For the client.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Refused::Missing => "send a token: Authorization: Bearer TOKEN\n",
            Refused::Unknown => "the token is not known; mailjam-cli token create makes one\n",
            Refused::Expired => "the token has expired or was revoked\n",
            Refused::Unavailable => "the token cannot be checked now; try again later\n",
        }
    }

    /// For the web client, which brought a session.
    #[must_use]
    pub fn fault(self) -> Fault {
        match self {
            Refused::Missing | Refused::Unknown => Fault::new(Code::NotAuthenticated, "no such session; log in"),
            Refused::Expired => Fault::new(Code::Expired, "the session is over; log in again"),
            Refused::Unavailable => Fault::new(Code::StorageBusy, "the session cannot be checked now; try again"),
        }
    }
}

/// Random bytes from the system, in hexadecimal.
pub fn random_hex<const N: usize>() -> Result<String, Failed> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failed::new(Code::Internal, format!("the system gives no random bytes: {error}")))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// The hash under which a token's secret is kept. A secret has 256 random bits, so one round of SHA-256 is enough.
#[must_use]
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// A scope of a token that is tied to a list.
fn list_of_scope<'s>(scope: &'s str, kinds: &[&str]) -> Option<&'s str> {
    let (kind, list) = scope.split_once(':')?;
    kinds.contains(&kind).then_some(list)
}

/// Whether a token may have this scope.
#[must_use]
pub fn is_scope(scope: &str) -> bool {
    matches!(scope, "mta" | "read" | "metrics" | "admin")
        || list_of_scope(scope, &["owner", "moderate"])
            .is_some_and(|list| !list.is_empty() && !list.contains(char::is_whitespace))
}

impl Caller {
    /// Somebody who could open a unix socket.
    #[must_use]
    pub const fn local(door: Door, uid: Option<u32>) -> Caller {
        Caller { door, uid, token: None, person: None }
    }

    /// Somebody who brought a token, as `Bearer` or as the password of `Basic`.
    pub async fn with_token(daemon: &Daemon, authorization: Option<&HeaderValue>) -> Result<Caller, Refused> {
        let secret = authorization.and_then(|value| secret(value.to_str().ok()?)).ok_or(Refused::Missing)?;
        let hash = hash(&secret);
        let token = daemon.store.read(move |session| session.token(&hash)).await.map_err(|error| {
            tracing::error!(%error, "cannot check a token");
            Refused::Unavailable
        })?;
        let token = token.ok_or(Refused::Unknown)?;
        if token.revoked || (token.expires != 0 && token.expires <= crate::daemon::now()) {
            return Err(Refused::Expired);
        }
        Ok(Caller { door: Door::Tcp, uid: None, token: Some(token), person: None })
    }

    /// The same caller, as the person whose session came with the call, if one did and the door takes any.
    pub async fn with_session(self, daemon: &Daemon, authorization: Option<&HeaderValue>) -> Result<Caller, Refused> {
        match authorization.filter(|_| self.door == Door::Web) {
            Some(authorization) => Ok(Caller { person: Some(login::find(daemon, authorization).await?), ..self }),
            None => Ok(self),
        }
    }

    /// Who is logged in.
    pub fn person(&self) -> Result<&Person, Fault> {
        let nobody = || Fault::new(Code::NotAuthenticated, "send a session, at the web socket; session.open makes one");
        self.person.as_ref().ok_or_else(nobody)
    }

    /// Whether the socket answers this method at all; what it does not answer does not exist there.
    #[must_use]
    pub fn sees(&self, method: &Method) -> bool {
        match self.door {
            Door::Control | Door::Tcp => true,
            Door::Mta => matches!(method.access, Access::Mta | Access::Anyone),
            Door::Web => self.person.is_some() || method.name.starts_with("system.") || method.access == Access::Public,
        }
    }

    /// What a token or a person must still prove to call a method.
    pub fn check(&self, method: &Method) -> Result<Permission<'_>, Fault> {
        let own = match (&self.token, &self.person) {
            (Some(token), _) => &token.scopes,
            (None, Some(person)) => &person.scopes,
            (None, None) => return Ok(Permission::Granted),
        };
        let has = |scopes: &[&str]| own.iter().any(|scope| scopes.contains(&scope.as_str()));
        let (scopes, list_scopes): (&[&str], &'static [&'static str]) = match method.access {
            Access::Anyone | Access::Public => return Ok(Permission::Granted),
            Access::Person if self.person.is_some() => return Ok(Permission::Granted),
            Access::Person => return Err(self.not_allowed(method)),
            Access::Metrics => (&["metrics", "read", "admin"], &[]),
            Access::Mta => (&["mta", "admin"], &[]),
            Access::Read => (&["read", "admin"], &[]),
            Access::ListRead => (&["read", "admin"], &["owner", "moderate"]),
            Access::ListOwner => (&["admin"], &["owner"]),
            Access::Moderate => (&["admin"], &["owner", "moderate"]),
            Access::Admin => (&["admin"], &[]),
        };
        if has(scopes) {
            return Ok(Permission::Granted);
        }
        let lists: Vec<&str> = own.iter().filter_map(|scope| list_of_scope(scope, list_scopes)).collect();
        if lists.is_empty() {
            return Err(self.not_allowed(method));
        }
        Ok(Permission::OnlyLists(lists))
    }

    /// Who that is for the audit: a token, a person, or a user of this host.
    #[must_use]
    pub fn actor(&self) -> Actor {
        if let Some(person) = &self.person {
            return Actor { who: person.key.clone(), how: self.door.name() };
        }
        let who = match (&self.token, self.uid) {
            (Some(token), _) => format!("token {} ({})", token.id, token.label),
            (None, Some(uid)) => match nix::unistd::User::from_uid(uid.into()) {
                Ok(Some(user)) => user.name,
                _ => format!("uid {uid}"),
            },
            (None, None) => "somebody".to_owned(),
        };
        Actor { who, how: self.door.name() }
    }

    /// The fault for somebody who may not call a method.
    #[must_use]
    pub fn not_allowed(&self, method: &Method) -> Fault {
        if let Some(person) = &self.person {
            let text = format!("{} may not call {} there, by the roles of that address", person.key, method.name);
            return Fault::new(Code::NotAllowed, text);
        }
        let scopes = self.token.as_ref().map_or_else(String::new, |token| token.scopes.join(" "));
        Fault::new(Code::NotAllowed, format!("a token with the scopes {scopes:?} may not call {}", method.name))
    }
}

impl std::fmt::Display for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(person) = &self.person {
            return write!(f, "{} at {}", person.key.escape_debug(), self.door.name());
        }
        match (&self.token, self.uid) {
            (Some(token), _) => write!(f, "token {} ({})", token.id, token.label.escape_debug()),
            (None, Some(uid)) => write!(f, "uid {uid} at {}", self.door.name()),
            (None, None) => write!(f, "somebody at {}", self.door.name()),
        }
    }
}

/// How far a caller's permission goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Permission<'a> {
    /// As far as the method goes.
    Granted,
    /// Only on these lists, by address or list-id.
    OnlyLists(Vec<&'a str>),
}

/// What somebody brings in an Authorization field (RFC 9110 11.6.2).
pub fn secret(authorization: &str) -> Option<String> {
    let (scheme, rest) = authorization.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = base64::prelude::BASE64_STANDARD.decode(rest.trim()).ok()?;
        let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
        return Some(password.to_owned());
    }
    None
}
