//! From an envelope recipient to a list and what is meant there: `talk-bounces+ann=example.com@…` is mail to the bounce
//! address of `talk`.
//!
//! Both `-` and `+` separate (RFC 5233 leaves the character to the site). A list whose whole name matches always wins;
//! list names that could be read as an address of another list are refused when they are created.

/// What is meant by an address of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The list itself.
    Post,
    /// The people who run it (RFC 2142 section 6, RFC 2369 3.5).
    Owner,
    /// Where delivery reports come back to (RFC 5321 3.9.2).
    Bounces,
    /// Commands in subject or body (RFC 2142 section 6).
    Request,
    /// Asks to become a member.
    Subscribe,
    /// Asks to be a member no more.
    Unsubscribe,
    /// Answers a question that the list asked.
    Confirm,
    /// Asks for help.
    Help,
}

impl Kind {
    /// The word behind the delimiter; `post` for the list itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Post => "post",
            Kind::Owner => "owner",
            Kind::Bounces => "bounces",
            Kind::Request => "request",
            Kind::Subscribe => "subscribe",
            Kind::Unsubscribe => "unsubscribe",
            Kind::Confirm => "confirm",
            Kind::Help => "help",
        }
    }
}

/// Every word that may follow the delimiter; `join`, `leave` and `admin` are what users of other list managers type.
pub const EXTENSIONS: &[(&str, Kind)] = &[
    ("owner", Kind::Owner),
    ("admin", Kind::Owner),
    ("bounces", Kind::Bounces),
    ("request", Kind::Request),
    ("subscribe", Kind::Subscribe),
    ("join", Kind::Subscribe),
    ("unsubscribe", Kind::Unsubscribe),
    ("leave", Kind::Unsubscribe),
    ("confirm", Kind::Confirm),
    ("help", Kind::Help),
];

/// What follows the name of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// What is meant.
    pub kind: Kind,
    /// What follows the second delimiter, such as `ann=example.com`; empty if nothing does.
    pub detail: &'a str,
}

impl Extension<'_> {
    /// Mail to the list itself.
    pub const NONE: Extension<'static> = Extension { kind: Kind::Post, detail: "" };
}

/// How a local part can be read as list name and extension, the shortest list name first.
///
/// The reading without an extension is not among them. The first list that exists is meant: a detail may hold anything,
/// another list's extension included, a list name may not.
pub fn readings(local: &str) -> impl Iterator<Item = (&str, Extension<'_>)> {
    local.match_indices(['-', '+']).filter_map(|(position, _)| {
        let (list, rest) = (&local[..position], &local[position + 1..]);
        let (word, detail) = rest.split_once(['-', '+']).unwrap_or((rest, ""));
        let (_, kind) = EXTENSIONS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word))?;
        (!list.is_empty()).then_some((list, Extension { kind: *kind, detail }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(local: &str) -> Option<(&str, Kind, &str)> {
        readings(local).next().map(|(list, extension)| (list, extension.kind, extension.detail))
    }

    #[test]
    fn both_delimiters_and_any_case() {
        assert_eq!(first("talk-owner"), Some(("talk", Kind::Owner, "")));
        assert_eq!(first("talk+Owner"), Some(("talk", Kind::Owner, "")));
        assert_eq!(first("dev-talk-request"), Some(("dev-talk", Kind::Request, "")));
        assert_eq!(first("talk-confirm+a-b"), Some(("talk", Kind::Confirm, "a-b")));
    }

    #[test]
    fn a_detail_may_look_like_another_address() {
        assert_eq!(first("talk-bounces+x-owner=example.com"), Some(("talk", Kind::Bounces, "x-owner=example.com")));
    }

    #[test]
    fn what_is_no_extension_is_none() {
        for local in ["talk", "dev-talk", "-owner", "talk+anything", "talk-ownership", "owner"] {
            assert_eq!(first(local), None, "{local}");
        }
    }
}
