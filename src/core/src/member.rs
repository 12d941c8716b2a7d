//! What members choose for themselves.

/// What a member gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every post.
    #[default]
    Post,
    /// Digests with the posts as they are (RFC 2046 5.1.5).
    Digest,
    /// Nothing.
    NoMail,
    /// Digests in plain text (RFC 1153).
    PlainDigest,
}

impl Mode {
    /// All, in the order of their numbers in tokens.
    pub const ALL: [Mode; 4] = [Mode::Post, Mode::Digest, Mode::NoMail, Mode::PlainDigest];

    /// The word that is stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Post => "post",
            Mode::Digest => "digest",
            Mode::NoMail => "nomail",
            Mode::PlainDigest => "plain-digest",
        }
    }

    /// Whether the member gets digests.
    #[must_use]
    pub const fn is_digest(self) -> bool {
        matches!(self, Mode::Digest | Mode::PlainDigest)
    }

    /// The opposite of [`Mode::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Mode> {
        Mode::ALL.into_iter().find(|mode| mode.name() == name)
    }

    const fn number(self) -> u32 {
        match self {
            Mode::Post => 0,
            Mode::Digest => 1,
            Mode::NoMail => 2,
            Mode::PlainDigest => 3,
        }
    }
}

/// One thing that a member can ask for by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preference {
    /// What to get.
    Mode(Mode),
    /// Whether to get copies of own posts.
    OwnPosts(bool),
    /// The day, counted from 1970, from which on mail is wanted again; 0 for now.
    Away(u32),
}

impl Preference {
    /// As a number in a token.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Preference::Mode(mode) => mode.number(),
            Preference::OwnPosts(wanted) => 1 << 24 | wanted as u32,
            Preference::Away(day) => 2 << 24 | day & 0x00ff_ffff,
        }
    }

    /// The opposite of [`Preference::number`].
    #[must_use]
    pub fn from_number(number: u32) -> Option<Preference> {
        let value = number & 0x00ff_ffff;
        match number >> 24 {
            0 => Mode::ALL.into_iter().find(|mode| mode.number() == value).map(Preference::Mode),
            1 => (value < 2).then_some(Preference::OwnPosts(value == 1)),
            2 => Some(Preference::Away(value)),
            _ => None,
        }
    }

    /// What a text says of it: the word for the kind, and the value.
    #[must_use]
    pub fn words(self) -> (&'static str, String) {
        match self {
            Preference::Mode(mode) => ("mode", mode.name().to_owned()),
            Preference::OwnPosts(wanted) => ("own-posts", if wanted { "yes" } else { "no" }.to_owned()),
            Preference::Away(0) => ("back", String::new()),
            Preference::Away(day) => ("away", date(day)),
        }
    }
}

/// Seconds in a day.
pub const DAY: i64 = 86_400;

/// A day counted from 1970 as people write it (RFC 3339 full-date).
fn date(day: u32) -> String {
    jiff::Timestamp::from_second(i64::from(day) * DAY).map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}

/// Reads a day that is not over, `2027-01-31`, as its number from 1970; at most ten years from now.
#[must_use]
pub fn day(text: &str, now: i64) -> Option<u32> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let seconds = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    let day = seconds / DAY;
    (now / DAY < day && day < now / DAY + 3660).then(|| u32::try_from(day).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_survives_as_a_number() {
        let all = Mode::ALL.map(Preference::Mode).into_iter();
        let all = all.chain([Preference::OwnPosts(true), Preference::OwnPosts(false), Preference::Away(0)]);
        for preference in all.chain([Preference::Away(20_833)]) {
            assert_eq!(Preference::from_number(preference.number()), Some(preference));
        }
        for number in [4, 1 << 24 | 2, 3 << 24, u32::MAX] {
            assert_eq!(Preference::from_number(number), None, "{number}");
        }
        assert_eq!(Preference::Away(20_833).words(), ("away", "2027-01-15".to_owned()));
    }

    #[test]
    fn only_days_to_come_are_read() {
        let now = 1_800_000_000;
        assert_eq!(day("2027-01-16", now), Some(20_834));
        for text in ["2027-01-15", "2026-01-01", "2100-01-01", "16.1.2027", "tomorrow", ""] {
            assert_eq!(day(text, now), None, "{text}");
        }
    }
}
