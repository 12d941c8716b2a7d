//! B3: many posts at once to a small list.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use crate::daemon::{Daemon, PATIENCE, say};
use crate::machine;
use crate::peers::Mlmmj;
use crate::report::{Report, Target, median, seconds};
use crate::smtp_sink::{Behaviour, Sink};

const LIST: &str = "bench@lists.example.org";
const MEMBERS: usize = 10;
const POSTS: usize = 500;
const AT_ONCE: usize = 8;
const RUNS: usize = 3;

pub fn measure(report: &mut Report) {
    say(&format!("B3: {POSTS} posts to a list of {MEMBERS}, {AT_ONCE} mailjam-mta at once, {RUNS} times"));
    let sink = Sink::start(Behaviour { count_only: true, ..Behaviour::default() });
    let daemon = Daemon::start_in(&machine::disk(), &sink.server(), "");
    let members: Vec<String> = (0..MEMBERS).map(|number| format!("member{number}@example.org")).collect();
    daemon.create_list(LIST, &members.iter().map(String::as_str).collect::<Vec<_>>());

    let rates = (0..RUNS).map(|run| {
        rate(&sink, |number| {
            let message = machine::numbered(run * POSTS + number);
            let output = daemon.hand_over("member0@example.org", LIST, &message);
            assert!(output.status.success(), "{output:?}");
        })
    });
    let rates = rates.collect();
    report.row("B3 posts a second, until 5,000 deliveries", median(rates), "/s", Target::AtLeast(400.0));
    let lost = RUNS * POSTS * MEMBERS - sink.state().recipients;
    report.row("B3 deliveries lost", lost as f64, "", Target::AtMost(0.0));
    if let Some(mlmmj) = Mlmmj::list(&sink.server(), MEMBERS) {
        let rate = rate(&sink, |number| mlmmj.hand_over(&machine::numbered(number)));
        report.row("B3 posts a second by mlmmj, once", rate, "/s", Target::None);
    }
}

/// Posts a second, from the first hand-over to the last delivery.
fn rate(sink: &Sink, hand_over: impl Fn(usize) + Sync) -> f64 {
    let before = sink.state().recipients;
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= POSTS {
                        break;
                    }
                    hand_over(number);
                }
            });
        }
    });
    sink.wait_for(|state| state.recipients >= before + POSTS * MEMBERS, PATIENCE);
    POSTS as f64 / seconds(started.elapsed())
}
