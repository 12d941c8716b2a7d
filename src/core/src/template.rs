//! The texts that a list sends on its own, in several languages.
//!
//! A template is a line `Subject: …`, an empty line and the body, with values in `{{ }}`. Values come from strangers, so each
//! is one line of a bounded length without control characters wherever it stands; what a moderator writes for a poster may
//! have several lines.

use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value};

macro_rules! texts {
    ($languages:tt $($name:ident $file:literal $help:literal [$($variable:literal)*],)*) => {
        /// What a text is sent for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Name {
            $(#[doc = $help] $name,)*
        }

        impl Name {
            /// All of them.
            pub const ALL: &'static [Name] = &[$(Name::$name,)*];

            /// What administrators call it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Name::$name => $file,)* }
            }

            /// What it is sent for, in a sentence.
            #[must_use]
            pub const fn help(self) -> &'static str {
                match self { $(Name::$name => $help,)* }
            }

            /// What may stand in `{{ }}`.
            #[must_use]
            pub const fn variables(self) -> &'static [&'static str] {
                match self { $(Name::$name => &[$($variable,)*],)* }
            }
        }

        texts!(@languages $languages [$($name $file)*]);
    };
    (@languages [$($language:literal)*] $names:tt) => {
        const LANGUAGES: &[&str] = &[$($language,)*];

        fn built_in(name: Name, language: &str) -> Option<&'static str> {
            match language {
                $($language => Some(texts!(@language $language name $names)),)*
                _ => None,
            }
        }
    };
    (@language $language:literal $wanted:ident [$($name:ident $file:literal)*]) => {
        match $wanted {
            $(Name::$name => include_str!(concat!("../templates/", $language, "/", $file, ".txt")),)*
        }
    };
}

// English first: it stands for every language that is not here.
texts! {
    ["en" "de" "es" "fr" "ja"]
    Confirm "confirm" "Asks whether a command by mail, or a request in a browser, is really wanted." ["list" "address" "act" "value" "confirm" "link" "days"],
    Welcome "welcome" "Greets a new member." ["list" "address" "owner" "unsubscribe" "help"],
    Goodbye "goodbye" "Says that a membership has ended." ["list" "address" "subscribe" "reason"],
    Waiting "waiting" "Says that a request to join waits for approval." ["list"],
    Denied "denied" "Says that a request to join was turned down." ["list" "address" "owner" "reason"],
    Request "request" "Asks moderators to approve a request to join." ["list" "address" "name" "approve" "deny"],
    Done "done" "Says that what was confirmed is done." ["list" "act" "value"],
    BadToken "bad-token" "Says that a token was not genuine, or is too old." ["list" "why" "help"],
    Closed "closed" "Says that nobody can join by asking." ["list" "owner"],
    Help "help" "Explains the commands." ["list" "request" "owner" "unknown"],
    Faq "faq" "Answers what is asked often; the place for a text of the list's own." ["list" "owner" "subscribe" "unsubscribe" "description"],
    Roster "roster" "Lists the members for those who may know." ["list" "owner" "allowed" "count" "members"],
    Held "held" "Tells moderators of posts that wait." ["list" "count" "days" "posts" "more" "canned"],
    HeldPoster "held-poster" "Tells a poster that the post waits." ["list" "subject" "cancel"],
    Rejected "rejected" "Tells a poster that the post was refused." ["list" "subject" "reason"],
    RejectedCommand "rejected-command" "Refuses a post that reads like a command, where the reason begins with #command." ["list" "subject" "reason" "unsubscribe" "help"],
    RejectedOffTopic "rejected-off-topic" "Refuses a post where the reason begins with #off-topic." ["list" "subject" "reason" "description"],
    RejectedPersonal "rejected-personal" "Refuses a post where the reason begins with #personal." ["list" "subject" "reason"],
    Expired "expired" "Tells a poster that nobody decided in time." ["list" "subject" "days" "owner"],
    Probe "probe" "Finds out whether a member whose mail came back can be reached." ["list" "address" "diagnostic"],
    Disabled "disabled" "Tells a member that mail is stopped because it came back." ["list" "address" "diagnostic" "enable" "days" "unsubscribe"],
    Removed "removed" "Tells a member that the membership has ended because mail came back." ["list" "address" "subscribe"],
    Bounced "bounced" "Tells owners that mail to a member is stopped, or that the membership has ended." ["list" "member" "event" "diagnostic" "last"],
    Blamed "blamed" "Tells owners that many refuse a post." ["list" "subject" "count" "diagnostic"],
    Decided "decided" "Tells moderators that another one decided." ["list" "subject" "sender" "action" "by"],
    Digest "digest" "Introduces a digest of posts." ["list" "name" "description" "owner" "unsubscribe" "help" "volume" "issue" "count" "posts"],
    Login "login" "Mails a link by which somebody logs in; only the site can have another text." ["list" "address" "link" "minutes"],
    TooLate "too-late" "Tells a moderator that another one decided before." ["list" "subject" "action" "by" "at"],
}

impl Name {
    /// The opposite of [`Name::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Name> {
        Name::ALL.iter().copied().find(|known| known.name() == name)
    }

    /// Whether only the site can have another text, and no list: an owner could have the link of a mail that lets somebody in
    /// lead elsewhere, and be whoever opens it.
    #[must_use]
    pub const fn is_sites_own(self) -> bool {
        matches!(self, Name::Login)
    }
}

/// What the names of canned rejections begin with. Beside those that come with mailjam there may be any others.
pub const CANNED: &str = "rejected-";

/// The name behind [`CANNED`], if this may be the name of a canned rejection: letters, digits and hyphens, a letter first.
#[must_use]
pub fn canned(name: &str) -> Option<&str> {
    name.strip_prefix(CANNED).filter(|word| is_canned_word(word))
}

/// The canned rejection that a reason begins with, and the rest of it: `#off-topic Try dev@example.org.`
#[must_use]
pub fn canned_reason(reason: &str) -> Option<(String, &str)> {
    let reason = reason.trim_start().strip_prefix('#')?;
    let (word, rest) = reason.split_once(char::is_whitespace).unwrap_or((reason, ""));
    let word = word.trim_end_matches(['.', ':', ',']).to_ascii_lowercase();
    is_canned_word(&word).then(|| (word, rest.trim()))
}

fn is_canned_word(word: &str) -> bool {
    (1..=40).contains(&word.len())
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Languages that there are texts in.
#[must_use]
pub const fn languages() -> &'static [&'static str] {
    LANGUAGES
}

/// The language of [`languages`] that stands for a tag: the first part of it counts, and English stands for the others.
#[must_use]
pub fn language(tag: &str) -> &'static str {
    let primary = tag.split('-').next().unwrap_or_default();
    LANGUAGES.iter().find(|known| known.eq_ignore_ascii_case(primary)).unwrap_or(&LANGUAGES[0])
}

/// The text that comes with mailjam.
#[must_use]
pub fn text(name: Name, tag: &str) -> &'static str {
    built_in(name, language(tag)).unwrap_or_default()
}

/// Characters of a value at most.
const LONGEST: usize = 300;

/// Characters of a value with lines at most.
const LONGEST_TEXT: usize = 4000;

/// A text with its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Lines that end with LF.
    pub body: String,
}

/// Steps that a text may take. It is rendered while others wait for the storage.
const FUEL: u64 = 200_000;

/// Octets that may come of a text.
const LARGEST_RENDERED: usize = 512 << 10;

/// Memory that takes no more than [`LARGEST_RENDERED`].
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + octets.len() > LARGEST_RENDERED {
            return Err(std::io::Error::other("the text becomes too long"));
        }
        self.0.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Permits conditions, loops and values, and nothing that computes: a text must not be able to make values of any size, nor
/// the daemon busy.
fn check_tags(text: &str) -> Result<(), Error> {
    let refuse = |tag: &str, why: &str| Err(Error::new(ErrorKind::SyntaxError, format!("{why} in {tag:?}")));
    let mut rest = text;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let close = if rest[start..].starts_with("{{") { "}}" } else { "%}" };
        let Some(end) = rest[start..].find(close) else { return Ok(()) };
        let tag = &rest[start..start + end + close.len()];
        let inner = tag[2..tag.len() - 2].trim_matches('-').trim();
        if inner.contains(['~', '*', '+', '/', '(', ')', '{', '}', '%', '\\']) {
            return refuse(tag, "only values, comparisons and loops are permitted");
        }
        if inner.split('|').skip(1).any(|filter| !filter.trim_start().starts_with("length")) {
            return refuse(tag, "no other filter than length is permitted");
        }
        let word = inner.split_whitespace().next().unwrap_or_default();
        if close == "%}" && !["if", "elif", "else", "endif", "for", "endfor"].contains(&word) {
            return refuse(tag, "only if, elif, else, endif, for and endfor are permitted");
        }
        rest = &rest[start + end + close.len()..];
    }
    Ok(())
}

/// Octets that a text of somebody's own may have.
pub const LARGEST: usize = 32 << 10;

/// A text with values in its places.
///
/// # Errors
/// The text is no template, has no subject, or names a value that is not there.
pub fn render(text: &str, values: &Value) -> Result<Rendered, Error> {
    let text = render_text(text, values)?;
    let (head, body) = text.split_once('\n').unwrap_or((&text, ""));
    let subject = head
        .strip_prefix("Subject:")
        .map(one_line)
        .filter(|subject| !subject.is_empty())
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "the first line must be: Subject: TEXT"))?;
    Ok(Rendered { subject, body: format!("{}\n", body.trim()) })
}

/// A text without a subject, such as a footer, with values in its places.
///
/// # Errors
/// The text is no template, or names a value that is not there.
pub fn render_text(text: &str, values: &Value) -> Result<String, Error> {
    check_tags(text)?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    let mut output = Bounded(Vec::new());
    environment.template_from_str(text)?.render_captured_to(values, &mut output)?;
    Ok(String::from_utf8_lossy(&output.0).into_owned())
}

/// A value as one line.
#[must_use]
pub fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if is_odd(c) { ' ' } else { c }).take(LONGEST + 1).collect();
    shorten(line.trim(), LONGEST)
}

/// A value that may have several lines.
#[must_use]
pub fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let text: String =
        text.chars().map(|c| if c != '\n' && is_odd(c) { ' ' } else { c }).take(LONGEST_TEXT + 1).collect();
    shorten(text.trim(), LONGEST_TEXT)
}

/// Controls, and what turns the direction of the text around it (Unicode UAX 9).
fn is_odd(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shorten(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_strangers_are_one_line() {
        assert_eq!(one_line("a\r\nBcc: b\u{202e}c\u{7}"), "a  Bcc: b c");
        assert_eq!(one_line(&"x".repeat(1000)).chars().count(), LONGEST + 1);
        assert_eq!(lines("a\r\nb\u{1b}[31m\n"), "a\nb [31m");
    }

    #[test]
    fn every_text_is_there_in_every_language() {
        for language in languages() {
            for name in Name::ALL {
                let text = text(*name, language);
                assert!(text.starts_with("Subject: ") && text.contains("\n\n"), "{language} {}", name.name());
                for other in languages() {
                    assert!(
                        language == other || text != built_in(*name, other).expect("a text"),
                        "{} in {other}",
                        name.name()
                    );
                }
            }
        }
        assert_eq!((language("de-AT"), language("pt"), language("")), ("de", "en", "en"));
    }

    #[test]
    fn a_reason_may_begin_with_a_canned_rejection() {
        assert_eq!(canned_reason("#off-topic"), Some(("off-topic".to_owned(), "")));
        assert_eq!(canned_reason(" #Off-Topic:\nTry dev.\n"), Some(("off-topic".to_owned(), "Try dev.")));
        for plain in ["", "No.", "#", "# heading", "#1 is the other list", "no #off-topic", "#../etc"] {
            assert_eq!(canned_reason(plain), None, "{plain:?}");
        }
        assert_eq!((canned("rejected-html"), canned("rejected"), canned("rejected-")), (Some("html"), None, None));
    }

    #[test]
    fn what_is_no_template_is_refused() {
        let values = minijinja::context! { list => "x" };
        for text in
            ["", "Hello", "Subject:\n\nx", "Subject: {{ list }\n", "Subject: {{ lsit }}\n\nx", "Subject: x\n\n{% if %}"]
        {
            assert!(render(text, &values).is_err(), "{text:?}");
        }
        for bomb in [
            "{{ range(100000) }}",
            "{% set x = list ~ list %}",
            "{{ list * 1000000 }}",
            "{{ list|upper }}",
            "{% include 'x' %}",
            "{% macro x() %}{% endmacro %}",
            "{%- for a in list %}{{ a ~ a }}{% endfor -%}",
        ] {
            assert!(render(&format!("Subject: x\n\n{bomb}\n"), &values).is_err(), "{bomb}");
        }
        let many = minijinja::context! { members => vec!["x".repeat(100); 2000] };
        let nested = "Subject: x\n\n{% for a in members %}{% for b in members %}{{ b }}{% endfor %}{% endfor %}";
        assert!(render(nested, &many).is_err());
        let rendered = render("Subject: a {{ list }}\n\nb\n", &values).expect("a template");
        assert_eq!((rendered.subject.as_str(), rendered.body.as_str()), ("a x", "b\n"));
    }
}
