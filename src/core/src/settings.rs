//! The settings of a list: one table says key, type, default and help, and everything else reads it.

use std::collections::BTreeMap;

use crate::address::{Address, AddressError};

/// Who may post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostPolicy {
    /// Everybody.
    Open,
    /// Members, by envelope sender or From.
    Members,
    /// Moderators and owners.
    Moderators,
    /// Nobody.
    Closed,
}

/// What becomes of `Reply-To`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplyTo {
    /// As the author wrote it.
    Author,
    /// The list.
    List,
    /// This address.
    Address(Address),
}

/// Whether each member's copy names the member in its return path (VERP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerpMode {
    /// Where the next hop writes it by itself (XVERP), otherwise not.
    Auto,
    /// Never.
    None,
    /// Always: one SMTP transaction a member where the next hop does not offer XVERP.
    Always,
}

/// What a list's owner can choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Who may post.
    pub post_policy: PostPolicy,
    /// Put before the subject, such as `[talk]`.
    pub subject_prefix: Option<String>,
    /// What becomes of `Reply-To`.
    pub reply_to: ReplyTo,
    /// Largest message taken, in octets.
    pub max_size: u64,
    /// Return path of the copies.
    pub verp: VerpMode,
    /// One line for `List-Id` and for people.
    pub description: String,
    /// Language of what the list itself says (RFC 5646 tag).
    pub language: String,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The key that administrators write.
    pub key: &'static str,
    /// `string`, `octets`, or the permitted words joined with `|` (`ADDRESS` stands for any address).
    pub kind: &'static str,
    /// The default as text; empty for none.
    pub default: &'static str,
    /// One sentence.
    pub help: &'static str,
}

/// The table.
pub const DEFINITIONS: &[Definition] = &[
    Definition {
        key: "post_policy",
        kind: "open|members|moderators|closed",
        default: "members",
        help: "Who may post: everybody, members, moderators and owners, or nobody.",
    },
    Definition {
        key: "subject_prefix",
        kind: "string",
        default: "",
        help: "Text put before the subject of every copy, unless it is there already.",
    },
    Definition {
        key: "reply_to",
        kind: "author|list|ADDRESS",
        default: "author",
        help: "Where replies go: as the author wrote it, to the list, or to this address.",
    },
    Definition {
        key: "max_size",
        kind: "octets",
        default: "10485760",
        help: "Largest message taken, in octets; K, M and G stand for KiB, MiB and GiB.",
    },
    Definition {
        key: "verp",
        kind: "auto|none|always",
        default: "auto",
        help: "Name the member in the return path of each copy: where the mail server does it by itself (XVERP), never, or always, one transaction a member if need be.",
    },
    Definition {
        key: "description",
        kind: "string",
        default: "",
        help: "One line that says what the list is for; it becomes the phrase of List-Id.",
    },
    Definition {
        key: "language",
        kind: "string",
        default: "en",
        help: "Language of what the list itself writes, such as en or de.",
    },
];

/// Largest `max_size`: 256 MiB.
///
/// mailjam-mta holds 383 MiB, SQLite a billion octets in one value, and a post is in memory some five times while it is
/// handed over.
pub const LARGEST_MAX_SIZE: u64 = 256 * 1024 * 1024;

/// Why a setting was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// No such key.
    #[error("no setting {key:?}{}", suggestion.map(|known| format!("; did you mean {known:?}?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        key: String,
        /// A key that looks like it.
        suggestion: Option<&'static str>,
    },
    /// Not one of the permitted words.
    #[error("{key} must be one of {permitted}, not {value:?}")]
    Word {
        /// The key.
        key: &'static str,
        /// The permitted words, joined with `|`.
        permitted: &'static str,
        /// What was given.
        value: String,
    },
    /// Not an address.
    #[error("{key}: {value:?} is neither one of the permitted words nor an address: {error}")]
    Address {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it as an address.
        error: AddressError,
    },
    /// Not a number of octets.
    #[error("{key}: {value:?} is no number of octets between 1 and {LARGEST_MAX_SIZE} (K, M and G may follow it)")]
    Octets {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
    },
    /// Text that cannot stand in one line of a header.
    #[error("{key}: must be one line of at most {limit} octets without control characters")]
    Line {
        /// The key.
        key: &'static str,
        /// Octets permitted.
        limit: usize,
    },
    /// Not a language tag.
    #[error("{key}: {value:?} is no language tag such as en, de or pt-BR")]
    Language {
        /// The key.
        key: &'static str,
        /// What was given.
        value: String,
    },
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            post_policy: PostPolicy::Members,
            subject_prefix: None,
            reply_to: ReplyTo::Author,
            max_size: 10 * 1024 * 1024,
            verp: VerpMode::Auto,
            description: String::new(),
            language: "en".to_owned(),
        }
    }
}

impl Settings {
    /// The value of a setting as text, in the form that [`Settings::set`] takes; `None` for an unknown key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<String> {
        Some(match key {
            "post_policy" => POST_POLICIES.name_of(self.post_policy).to_owned(),
            "subject_prefix" => self.subject_prefix.clone().unwrap_or_default(),
            "reply_to" => match &self.reply_to {
                ReplyTo::Author => "author".to_owned(),
                ReplyTo::List => "list".to_owned(),
                ReplyTo::Address(address) => address.to_string(),
            },
            "max_size" => self.max_size.to_string(),
            "verp" => VERP_MODES.name_of(self.verp).to_owned(),
            "description" => self.description.clone(),
            "language" => self.language.clone(),
            _ => return None,
        })
    }

    /// Changes one setting; the empty text sets it back to its default.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
        let definition = definition(key)?;
        let value = if value.is_empty() { definition.default } else { value };
        let key = definition.key;
        match key {
            "post_policy" => self.post_policy = POST_POLICIES.parse(definition, value)?,
            "subject_prefix" => {
                let prefix = line(key, value.trim(), 100)?;
                self.subject_prefix = (!prefix.is_empty()).then_some(prefix);
            }
            "reply_to" => {
                self.reply_to = match value {
                    "author" => ReplyTo::Author,
                    "list" => ReplyTo::List,
                    address => ReplyTo::Address(Address::parse(address).map_err(|error| SettingError::Address {
                        key,
                        value: value.to_owned(),
                        error,
                    })?),
                }
            }
            "max_size" => self.max_size = octets(key, value)?,
            "verp" => self.verp = VERP_MODES.parse(definition, value)?,
            "description" => self.description = line(key, value.trim(), 500)?,
            "language" => self.language = language(key, value)?,
            _ => unreachable!("the table has no other key"),
        }
        Ok(())
    }

    /// Every setting that differs from its default, as text; what a storage keeps.
    #[must_use]
    pub fn changed(&self) -> BTreeMap<String, String> {
        let default = Settings::default();
        DEFINITIONS
            .iter()
            .filter_map(|definition| {
                let value = self.get(definition.key)?;
                (Some(&value) != default.get(definition.key).as_ref()).then(|| (definition.key.to_owned(), value))
            })
            .collect()
    }

    /// The opposite of [`Settings::changed`].
    pub fn from_changed<'a>(
        changed: impl IntoIterator<Item = (&'a String, &'a String)>,
    ) -> Result<Settings, SettingError> {
        let mut settings = Settings::default();
        for (key, value) in changed {
            settings.set(key, value)?;
        }
        Ok(settings)
    }
}

/// The row with this key.
pub fn definition(key: &str) -> Result<&'static Definition, SettingError> {
    DEFINITIONS.iter().find(|definition| definition.key == key).ok_or_else(|| SettingError::Unknown {
        key: key.to_owned(),
        suggestion: DEFINITIONS
            .iter()
            .map(|definition| definition.key)
            .find(|known| known.starts_with(key) || key.starts_with(known) || crate::near(known, key)),
    })
}

/// The words of a setting and what they stand for.
struct Words<T: 'static>(&'static [(&'static str, T)]);

const POST_POLICIES: Words<PostPolicy> = Words(&[
    ("open", PostPolicy::Open),
    ("members", PostPolicy::Members),
    ("moderators", PostPolicy::Moderators),
    ("closed", PostPolicy::Closed),
]);

const VERP_MODES: Words<VerpMode> =
    Words(&[("auto", VerpMode::Auto), ("none", VerpMode::None), ("always", VerpMode::Always)]);

impl<T: Copy + PartialEq> Words<T> {
    fn name_of(&self, value: T) -> &'static str {
        self.0.iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
    }

    fn parse(&self, definition: &Definition, value: &str) -> Result<T, SettingError> {
        self.0.iter().find(|(name, _)| *name == value).map(|(_, known)| *known).ok_or_else(|| SettingError::Word {
            key: definition.key,
            permitted: definition.kind,
            value: value.to_owned(),
        })
    }
}

fn line(key: &'static str, value: &str, limit: usize) -> Result<String, SettingError> {
    if value.len() > limit || value.chars().any(char::is_control) {
        return Err(SettingError::Line { key, limit });
    }
    Ok(value.to_owned())
}

fn octets(key: &'static str, value: &str) -> Result<u64, SettingError> {
    let digits = value.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match value[digits.len()..].trim() {
        "" => Some(1),
        "K" | "KiB" => Some(1 << 10),
        "M" | "MiB" => Some(1 << 20),
        "G" | "GiB" => Some(1 << 30),
        _ => None,
    };
    let number: Option<u64> = digits.parse().ok();
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .filter(|octets| (1..=LARGEST_MAX_SIZE).contains(octets))
        .ok_or_else(|| SettingError::Octets { key, value: value.to_owned() })
}

fn language(key: &'static str, value: &str) -> Result<String, SettingError> {
    let mut subtags = value.split('-');
    let primary = subtags.next().unwrap_or_default();
    let good = (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|tag| (2..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if good { Ok(value.to_owned()) } else { Err(SettingError::Language { key, value: value.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_the_defaults_agree() {
        let settings = Settings::default();
        for definition in DEFINITIONS {
            assert_eq!(settings.get(definition.key).as_deref(), Some(definition.default), "{}", definition.key);
            let mut same = settings.clone();
            same.set(definition.key, "").expect("the default is permitted");
            assert_eq!(same, settings);
        }
        assert!(settings.changed().is_empty());
    }

    #[test]
    fn what_changed_comes_back() {
        let mut settings = Settings::default();
        for (key, value) in [
            ("post_policy", "moderators"),
            ("subject_prefix", "[täglich]"),
            ("reply_to", "replies@example.org"),
            ("max_size", "3M"),
            ("verp", "always"),
            ("description", "What \"it\" is for"),
            ("language", "pt-BR"),
        ] {
            settings.set(key, value).expect(key);
        }
        assert_eq!(settings.max_size, 3 << 20);
        assert_eq!(settings.changed().len(), DEFINITIONS.len());
        assert_eq!(Settings::from_changed(&settings.changed()), Ok(settings));
    }

    #[test]
    fn a_refused_value_names_key_and_remedy_and_changes_nothing() {
        let refused = [
            ("post_polcy", "open", "no setting \"post_polcy\"; did you mean \"post_policy\"?"),
            ("post_policy", "opne", "post_policy must be one of open|members|moderators|closed, not \"opne\""),
            ("max_size", "0", "max_size: \"0\" is no number of octets"),
            ("max_size", "9999999G", "max_size: \"9999999G\" is no number of octets between 1 and 268435456 (K"),
            ("max_size", "268435457", "max_size: \"268435457\" is no number of octets"),
            ("max_size", "10 apples", "max_size: \"10 apples\" is no number of octets"),
            ("description", "a\nList-Id: x", "description: must be one line"),
            ("reply_to", "nowhere", "reply_to: \"nowhere\" is neither"),
            ("language", "english!", "language: \"english!\" is no language tag"),
        ];
        for (key, value, message) in refused {
            let mut settings = Settings::default();
            let error = settings.set(key, value).expect_err(value).to_string();
            assert!(error.starts_with(message), "{error}");
            assert_eq!(settings, Settings::default());
        }
    }
}
