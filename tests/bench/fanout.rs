//! B2 and B2v: one post to ten thousand members; B5 at its peak.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::daemon::{Daemon, PATIENCE, say};
use crate::machine;
use crate::peers::Mlmmj;
use crate::report::{Report, Target, median, seconds};
use crate::smtp_sink::{Behaviour, Sink, everything_but};

const LIST: &str = "bench@lists.example.org";
const MEMBERS: usize = 10_000;
const RUNS: usize = 5;

/// What one post took.
struct Cost {
    elapsed: Duration,
    /// Processor time of mailjamd.
    processor: Duration,
}

pub fn measure(report: &mut Report) {
    say(&format!("B2: one post to {MEMBERS} members, {RUNS} times each"));
    let offers = everything_but(&["XVERP"]);
    let sink = Sink::start(Behaviour { offers, count_only: true, ..Behaviour::default() });
    let daemon = Daemon::start_in(&machine::disk(), &sink.server(), "");
    daemon.create_list(LIST, &[]);
    let roster: String = (0..MEMBERS).map(|number| format!("member{number}@example.org\n")).collect();
    let imported = daemon.cli_with_input(&["member", "import", LIST, "-"], roster.as_bytes());
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));

    let mut posts = 0;
    let mut rows = |name: &str, limit: f64, report: &mut Report| {
        let costs: Vec<Cost> = (0..RUNS).map(|_| post(&daemon, &sink, &mut posts)).collect();
        let elapsed = median(costs.iter().map(|cost| seconds(cost.elapsed)).collect());
        let processor = median(costs.iter().map(|cost| seconds(cost.processor)).collect());
        report.row(&format!("{name} until the sink has all"), elapsed, "s", Target::AtMost(limit));
        report.row("… processor time of mailjamd", processor, "s", Target::None);
    };
    rows("B2 one post to 10,000 members", 0.5, report);
    let xverp = Sink::start(Behaviour { count_only: true, ..Behaviour::default() });
    if let Some(mlmmj) = Mlmmj::list(&xverp.server(), MEMBERS) {
        let elapsed = until_delivered(&xverp, || mlmmj.hand_over(&machine::message()));
        report.row("B2 the same by mlmmj, once", seconds(elapsed), "s", Target::None);
    }
    daemon.cli_prints(&["list", "set", LIST, "verp=always"]);
    rows("B2v the same with a return path for each", 2.0, report);
    daemon.cli_prints(&["list", "set", LIST, "verp=none"]);
    let peak = peak_memory(&daemon, || _ = post(&daemon, &sink, &mut posts));
    report.row("B5 memory of mailjamd, peak in B2", peak, "MiB", Target::AtMost(40.0));
}

/// Posts once and waits until everybody has it.
fn post(daemon: &Daemon, sink: &Sink, posts: &mut usize) -> Cost {
    let message = machine::numbered(*posts);
    *posts += 1;
    let used = machine::processor_time(daemon.pid());
    let elapsed = until_delivered(sink, || {
        let output = daemon.hand_over("member0@example.org", LIST, &message);
        assert!(output.status.success(), "{output:?}");
    });
    Cost { elapsed, processor: machine::processor_time(daemon.pid()) - used }
}

/// The time from a hand-over until the sink has a copy for each member.
fn until_delivered(sink: &Sink, hand_over: impl FnOnce()) -> Duration {
    let before = sink.state().recipients;
    let started = Instant::now();
    hand_over();
    sink.wait_for(|state| state.recipients >= before + MEMBERS, PATIENCE * 4);
    started.elapsed()
}

/// The most memory that the daemon has while this is done.
fn peak_memory(daemon: &Daemon, work: impl FnOnce()) -> f64 {
    let done = AtomicBool::new(false);
    thread::scope(|threads| {
        let observer = threads.spawn(|| {
            let mut peak: f64 = 0.0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(machine::memory(daemon.pid()));
                thread::sleep(Duration::from_millis(2));
            }
            peak
        });
        work();
        done.store(true, Ordering::Relaxed);
        observer.join().expect("the observer")
    })
}
