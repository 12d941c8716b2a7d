//! When to try a deferred recipient again, and when to give up (RFC 5321 4.5.4.1).

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// After this many seconds a recipient that is still deferred is given up: five days.
pub const LIFETIME: i64 = 5 * 24 * HOUR;

/// Waiting time after the first, second, … attempt; the last one repeats. Short at first, for greylisting and
/// restarts of the next hop.
const DELAYS: [i64; 8] = [MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR];

/// The time of the next attempt, or `None` when the recipient is to be given up.
///
/// `first` is the time of the first attempt and `now` the present, both in Unix seconds; `attempts` is how many
/// have been made. Whatever the schedule, one last attempt falls on the end of the [`LIFETIME`].
#[must_use]
pub fn next_attempt(first: i64, attempts: u32, now: i64) -> Option<i64> {
    let end = first.saturating_add(LIFETIME);
    let step = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let delay = DELAYS[step.min(DELAYS.len() - 1)];
    (now < end).then(|| now.saturating_add(delay).min(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_retry_is_quick_and_later_ones_are_hours_apart() {
        assert_eq!(next_attempt(1000, 1, 1000), Some(1060));
        assert_eq!(next_attempt(1000, 2, 1060), Some(1360));
        assert_eq!(next_attempt(1000, 30, 100_000), Some(100_000 + 4 * HOUR));
    }

    #[test]
    fn schedule_ends_with_one_attempt_at_five_days() {
        let (first, mut now, mut attempts) = (0, 0, 1);
        while let Some(next) = next_attempt(first, attempts, now) {
            assert!(next > now);
            now = next;
            attempts += 1;
        }
        assert_eq!(now, LIFETIME);
        assert!((30..50).contains(&attempts), "{attempts}");
    }

    #[test]
    fn extreme_clocks_do_not_overflow() {
        assert_eq!(next_attempt(i64::MAX, 0, i64::MAX), None);
        assert!(next_attempt(i64::MAX - 1, u32::MAX, i64::MIN).is_some());
    }
}
