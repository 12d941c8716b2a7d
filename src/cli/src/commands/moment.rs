//! Points in time as people write and read them.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use mailjam_rpc::Time;

use crate::command::Args;
use crate::error::Error;

/// Unix seconds.
pub fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or(i64::MAX)
}

/// The point in time that an option names, if it was given.
pub fn given(args: &Args<'_>, name: &str) -> Result<Option<Time>, Error> {
    args.optional(name).map(|word| point_in_time(word, now())).transpose()
}

/// An end in time, or that there is none.
pub fn or_never(time: Option<Time>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| time.to_string())
}

/// The day in UTC, where a table has no room for the time.
pub fn day(time: Time) -> String {
    time.to_string().split('T').next().unwrap_or_default().to_owned()
}

/// A time as RFC 3339 writes it, a date or a time without zone (both UTC), or a duration from now on.
pub fn point_in_time(word: &str, now: i64) -> Result<Time, Error> {
    let civil = || word.parse::<DateTime>().or_else(|_| word.parse::<Date>().map(DateTime::from));
    let absolute = || word.parse().or_else(|_| civil()?.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()));
    let from_now = |span: Span| {
        let now = Timestamp::from_second(now)?.to_zoned(TimeZone::UTC);
        now.checked_add(span).map(|later| later.timestamp())
    };
    let parsed: Result<Timestamp, jiff::Error> = match word.parse::<Span>() {
        Ok(span) => from_now(span),
        Err(_) => absolute(),
    };
    parsed.map(|time| Time(time.as_second())).map_err(|_| Error::NotATime { word: word.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_dates_and_durations() {
        const NOW: i64 = 1_795_509_000; // 2026-11-24T08:30:00Z
        let cases = [
            ("2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"),
            ("2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z"),
            ("2027-01-31T12:00:00", "2027-01-31T12:00:00Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("30d", "2026-12-24T08:30:00Z"),
            ("1y", "2027-11-24T08:30:00Z"),
            ("12h", "2026-11-24T20:30:00Z"),
        ];
        for (word, expected) in cases {
            assert_eq!(point_in_time(word, NOW).unwrap().to_string(), expected, "{word}");
        }
        assert_eq!(day(Time(NOW)), "2026-11-24");
        for word in ["", "soon", "2027-02-30", "30", "999999y"] {
            assert!(matches!(point_in_time(word, NOW), Err(Error::NotATime { .. })), "{word}");
        }
    }
}
