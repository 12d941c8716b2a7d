//! The score of a member whose mail comes back: it grows with faults of the address, by at most one bounce a day, and is
//! forgotten when no other comes. Days are those of UTC, so that the bounces of a daily mail count every day, whatever the
//! minute at which each comes.

use super::Class;
use crate::member::DAY;

/// What a bounce that will not pass adds, in hundredths.
const HARD: u32 = 100;

/// What a bounce that may pass adds, in hundredths.
const SOFT: u32 = 50;

/// A score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// In hundredths, as it was at [`State::last`].
    pub score: u32,
    /// Unix seconds of the bounce that was added last; 0 if none was.
    pub last: i64,
}

/// Adds a bounce; answers the score with it, and how much it was. `None` if it adds nothing: it is no fault of the address,
/// or one of the same day was added before. After `forget` days without any the score begins anew.
#[must_use]
pub fn add(state: State, class: Class, hard: bool, forget: u32, now: i64) -> Option<(State, u32)> {
    let since = now - state.last;
    // A clock that was set back counts nothing twice.
    let has_counted = state.last > 0 && now.div_euclid(DAY) <= state.last.div_euclid(DAY);
    if !class.is_address_fault() || has_counted {
        return None;
    }
    let points = if hard { HARD } else { SOFT };
    let before = if since > i64::from(forget) * DAY { 0 } else { state.score };
    Some((State { score: before.saturating_add(points), last: now }, points))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn faults_of_the_address_count_once_a_day() {
        let (state, points) = add(State::default(), Class::Dead, true, 14, NOW).expect("a bounce that counts");
        assert_eq!((state, points), (State { score: 100, last: NOW }, 100));
        let midnight = NOW - NOW % DAY + DAY;
        assert_eq!(add(state, Class::Dead, true, 14, midnight - 1), None);
        let (state, points) = add(state, Class::Full, false, 14, midnight).expect("another day");
        assert_eq!((state.score, points), (150, 50));
        for class in [Class::Policy, Class::Spam, Class::Authentication, Class::Rate, Class::Content, Class::Other] {
            assert_eq!(add(state, class, true, 14, NOW + 9 * DAY), None, "{class:?}");
        }
        let (state, _) = add(state, Class::Dead, true, 14, midnight + 14 * DAY + 1).expect("long after");
        assert_eq!(state.score, 100, "what was before is forgotten");
    }

    proptest! {
        #[test]
        fn nobody_passes_a_threshold_in_fewer_days_than_it_has_points(
            bounces in proptest::collection::vec((0_i64..30 * DAY, any::<bool>()), 0..200), threshold in 1_u32..10,
        ) {
            let mut bounces = bounces;
            bounces.sort_unstable();
            let mut state = State::default();
            let mut first = None;
            for (after, hard) in bounces {
                let before = state.score;
                if let Some((next, points)) = add(state, Class::Dead, hard, 14, NOW + after) {
                    prop_assert!(points > 0 && next.score >= points && next.score <= before + points);
                    if next.score == points {
                        first = Some(after);
                    }
                    state = next;
                }
                if state.score >= threshold * 100 {
                    let first = first.expect("a first bounce");
                    prop_assert!((NOW + after) / DAY - (NOW + first) / DAY >= i64::from(threshold - 1));
                }
            }
        }

        #[test]
        fn a_clock_that_jumps_does_no_harm(last: i64, now in 0..i64::MAX / 2, score: u32) {
            let _ = add(State { score, last: last.clamp(0, i64::MAX / 2) }, Class::Dead, true, u32::MAX, now);
        }
    }
}
