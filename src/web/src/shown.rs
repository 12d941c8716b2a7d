//! How times and sizes look: near enough for the eye, exact for whoever asks.

use std::fmt;
use std::time::SystemTime;

use mailjam_rpc::Time;

/// Seconds since 1970-01-01T00:00:00Z.
#[must_use]
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// A time, for `<time>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// Such as `3 hours ago`.
    pub near: String,
    /// RFC 3339 in UTC.
    pub exact: String,
}

impl When {
    /// Seen from now.
    #[must_use]
    pub fn of(time: Time) -> When {
        When::seen(time, now())
    }

    fn seen(time: Time, now: i64) -> When {
        let apart = time.0.saturating_sub(now);
        let (size, unit) = match apart.unsigned_abs() {
            seconds @ 0..60 => (seconds, "second"),
            seconds @ 60..3600 => (seconds / 60, "minute"),
            seconds @ 3600..86_400 => (seconds / 3600, "hour"),
            seconds @ 86_400..5_184_000 => (seconds / 86_400, "day"),
            seconds @ 5_184_000..63_072_000 => (seconds / 2_592_000, "month"),
            seconds => (seconds / 31_536_000, "year"),
        };
        let plural = if size == 1 { "" } else { "s" };
        let near = if unit == "second" {
            "now".to_owned()
        } else if apart < 0 {
            format!("{size} {unit}{plural} ago")
        } else {
            format!("in {size} {unit}{plural}")
        };
        When { near, exact: time.to_string() }
    }

    /// The day, as `YYYY-MM-DD`.
    #[must_use]
    pub fn day(&self) -> &str {
        self.exact.get(..10).unwrap_or_default()
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.near)
    }
}

/// Octets in the largest unit that leaves a number.
#[must_use]
pub fn size(octets: i64) -> String {
    match octets {
        ..1024 => format!("{octets} B"),
        1024..1_048_576 => format!("{} KiB", octets / 1024),
        _ => format!("{:.1} MiB", octets as f64 / 1_048_576.0),
    }
}

/// The first moment of a day given as `YYYY-MM-DD`, in UTC.
#[must_use]
pub fn day(text: &str) -> Option<Time> {
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(Time(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_from_now() {
        let now = 1_795_000_000;
        for (apart, words) in [
            (-5, "now"),
            (-60, "1 minute ago"),
            (-7200, "2 hours ago"),
            (86_400 * 3, "in 3 days"),
            (-86_400 * 90, "3 months ago"),
        ] {
            assert_eq!(When::seen(Time(now + apart), now).near, words);
        }
        assert_eq!(When::seen(Time(i64::MIN), now).exact, "@-9223372036854775808");
        assert_eq!(day("2026-11-24").map(|time| time.to_string()).as_deref(), Some("2026-11-24T00:00:00Z"));
        assert_eq!(day("2026-13-24"), None);
    }
}
