//! Counters for limits.

use crate::{Fixture, NOW};

/// The beginning of an hour.
const HOUR: i64 = NOW - NOW % 3600;

#[test]
fn a_counter_begins_anew_with_its_window() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        assert_eq!(session.counted("mail", "a@x.test", 3600, HOUR)?, 0);
        for (now, expected) in [(HOUR, 1), (HOUR + 1, 2), (HOUR + 3599, 3), (HOUR + 3600, 1), (HOUR + 3605, 2)] {
            assert_eq!(session.count_up("mail", "a@x.test", 3600, now)?, expected);
            assert_eq!(session.counted("mail", "a@x.test", 3600, now)?, expected);
        }
        assert_eq!(session.counted("mail", "a@x.test", 3600, HOUR + 7200)?, 0);
        Ok(())
    });
}

#[test]
fn counters_are_told_apart_by_what_by_key_and_by_window() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        for _ in 0..3 {
            session.count_up("mail", "a@x.test", 3600, HOUR)?;
        }
        assert_eq!(session.count_up("mail", "a@x.test", 60, HOUR)?, 1);
        assert_eq!(session.count_up("mail", "b@x.test", 3600, HOUR)?, 1);
        assert_eq!(session.count_up("join", "a@x.test", 3600, HOUR)?, 1);
        assert_eq!(session.counted("mail", "a@x.test", 3600, HOUR)?, 3);
        assert_eq!(session.counted("mail", "a@x.test", 86_400, HOUR)?, 0);
        Ok(())
    });
}

#[test]
fn what_was_counted_can_be_taken_back_in_its_window() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        session.count_up("guess", "a@x.test", 3600, HOUR)?;
        session.count_up("guess", "a@x.test", 3600, HOUR)?;
        session.count_down("guess", "a@x.test", 3600, HOUR + 3600)?;
        assert_eq!(session.counted("guess", "a@x.test", 3600, HOUR)?, 2, "that was another window");
        for left in [1, 0, 0] {
            session.count_down("guess", "a@x.test", 3600, HOUR)?;
            assert_eq!(session.counted("guess", "a@x.test", 3600, HOUR)?, left);
        }
        Ok(())
    });
}

#[test]
fn windows_that_ended_are_forgotten() {
    let fixture = Fixture::new();
    fixture.write(|session| {
        session.count_up("mail", "a@x.test", 60, HOUR)?;
        session.count_up("mail", "a@x.test", 3600, HOUR)?;
        assert_eq!(session.forget_counters(HOUR + 59)?, 0);
        assert_eq!(session.forget_counters(HOUR + 60)?, 1);
        assert_eq!(session.counted("mail", "a@x.test", 3600, HOUR + 60)?, 1);
        assert_eq!(session.forget_counters(HOUR + 3600)?, 1);
        Ok(())
    });
}
