//! Values of settings: how they are written, and what they mean.

use std::fmt;

use super::{Definition, LARGEST_MAX_SIZE, SettingError};

/// So many in so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how many seconds.
    pub seconds: i64,
}

/// The units of a rate.
const RATE_UNITS: [(&str, i64); 3] = [("minute", 60), ("hour", 3600), ("day", 86_400)];

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = RATE_UNITS.iter().find(|(_, seconds)| *seconds == self.seconds).map_or("day", |(unit, _)| unit);
        write!(f, "{}/{unit}", self.count)
    }
}

/// Reads `10/hour`.
pub(super) fn rate(key: &'static str, value: &str) -> Result<Option<Rate>, SettingError> {
    if value.is_empty() {
        return Ok(None);
    }
    value
        .split_once('/')
        .and_then(|(count, unit)| {
            let count = count.trim().parse().ok().filter(|count| *count > 0)?;
            let (_, seconds) = RATE_UNITS.iter().find(|(name, _)| *name == unit.trim())?;
            Some(Some(Rate { count, seconds: *seconds }))
        })
        .ok_or_else(|| SettingError::Form { key, value: value.to_owned(), wanted: "a rate such as 10/hour or 50/day" })
}

/// The units of a span of time.
const SPAN_UNITS: [(&str, i64); 4] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)];

/// Reads `30m`; the value is in seconds.
pub(super) fn span(key: &'static str, value: &str) -> Result<i64, SettingError> {
    let digits = value.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = SPAN_UNITS.iter().find(|(unit, _)| *unit == value[digits.len()..].trim());
    let number: Option<i64> = digits.parse().ok();
    number
        .zip(unit)
        .and_then(|(number, (_, seconds))| number.checked_mul(*seconds))
        .filter(|seconds| (1..=30 * 86_400).contains(seconds))
        .ok_or_else(|| SettingError::Form {
            key,
            value: value.to_owned(),
            wanted: "a time such as 30m, 1h or 1d, 30d at most",
        })
}

/// Writes seconds as [`span`] reads them.
pub(super) fn span_text(seconds: i64) -> String {
    let (unit, size) = SPAN_UNITS.iter().find(|(_, size)| seconds % size == 0).unwrap_or(&("s", 1));
    format!("{}{unit}", seconds / size)
}

/// Octets of a text at most.
const LONGEST_TEXT: usize = 4096;

/// Reads a text of several lines that can be rendered above and below posts, see [`crate::compose::post_copy`].
pub(super) fn text(key: &'static str, value: &str) -> Result<String, SettingError> {
    let text = value.replace("\r\n", "\n");
    let fail = |problem: String| SettingError::Text { key, problem };
    if text.len() > LONGEST_TEXT {
        return Err(fail(format!("the text has {} octets, at most {LONGEST_TEXT}", text.len())));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(fail("control characters have no place in it".to_owned()));
    }
    crate::compose::check_text(&text).map_err(|error| {
        let detail = error.detail().unwrap_or_default();
        let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
        fail(format!("{line}{} {detail}", error.kind()))
    })?;
    Ok(text)
}

/// Reads a whole number up to `most`.
pub(super) fn number(key: &'static str, value: &str, most: u32) -> Result<u32, SettingError> {
    value.trim().parse().ok().filter(|number| *number <= most).ok_or_else(|| SettingError::Number {
        key,
        value: value.to_owned(),
        most,
    })
}

/// Reads media types and file endings divided by commas, in lower case.
pub(super) fn types(key: &'static str, value: &str) -> Result<Vec<String>, SettingError> {
    let value = line(key, value, 1000)?;
    let types: Vec<String> =
        value.split(',').map(|one| one.trim().to_ascii_lowercase()).filter(|one| !one.is_empty()).collect();
    let is_token = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+*".contains(&b));
    match types.iter().find(|one| match one.split_once('/') {
        Some((kind, subtype)) => kind.is_empty() || subtype.is_empty() || !is_token(kind) || !is_token(subtype),
        None => !one.starts_with('.') || one.len() < 2 || !is_token(one),
    }) {
        None => Ok(types),
        Some(odd) => Err(SettingError::Form {
            key,
            value: odd.clone(),
            wanted: "a media type such as application/zip or video/*, or a file ending such as .exe",
        }),
    }
}

/// The words of a setting and what they stand for.
pub(super) struct Words<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<T: Copy + PartialEq> Words<T> {
    pub(super) fn name_of(&self, value: T) -> &'static str {
        self.0.iter().find(|(_, known)| *known == value).map_or("", |(name, _)| name)
    }

    pub(super) fn parse(&self, definition: &Definition, value: &str) -> Result<T, SettingError> {
        self.0.iter().find(|(name, _)| *name == value).map(|(_, known)| *known).ok_or_else(|| SettingError::Word {
            key: definition.key,
            permitted: definition.kind,
            value: value.to_owned(),
        })
    }
}

pub(super) fn line(key: &'static str, value: &str, limit: usize) -> Result<String, SettingError> {
    if value.len() > limit || value.chars().any(char::is_control) {
        return Err(SettingError::Line { key, limit });
    }
    Ok(value.to_owned())
}

pub(super) fn octets(key: &'static str, value: &str) -> Result<u64, SettingError> {
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

pub(super) fn language(key: &'static str, value: &str) -> Result<String, SettingError> {
    let mut subtags = value.split('-');
    let primary = subtags.next().unwrap_or_default();
    let good = (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|tag| (2..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if good { Ok(value.to_owned()) } else { Err(SettingError::Language { key, value: value.to_owned() }) }
}
