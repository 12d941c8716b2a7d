//! B2 and B2v: one post to ten thousand members; B5 at its peak.

use std::time::{Duration, Instant};

use crate::daemon::{Daemon, PATIENCE, processor_time, say};
use crate::machine;
use crate::peers::Mlmmj;
use crate::report::{Report, Target, median, seconds};
use crate::smtp_sink::{Behaviour, Sink, everything_but};

/// The list that is posted to.
pub const LIST: &str = "bench@lists.example.org";
const MEMBERS: usize = 10_000;
/// Posts of which the median is shown.
pub const RUNS: usize = 5;

/// What one post took.
pub struct Cost {
    /// Until the sink has all.
    pub elapsed: Duration,
    /// Processor time of mailjamd.
    pub processor: Duration,
}

pub fn measure(report: &mut Report) {
    say(&format!("B2: one post to {MEMBERS} members, {RUNS} times each"));
    let offers = everything_but(&["XVERP"]);
    let sink = Sink::start(Behaviour { offers, count_only: true, ..Behaviour::default() });
    let daemon = large_list(&sink, "");
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
    let peak = machine::peak_memory(daemon.pid(), || _ = post(&daemon, &sink, &mut posts));
    report.row("B5 memory of mailjamd, peak in B2", peak, "MiB", Target::AtMost(40.0));
}

/// A daemon with a list of all these members, with `more` in its configuration.
pub fn large_list(sink: &Sink, more: &str) -> Daemon {
    let daemon = Daemon::start_in(&machine::disk(), &sink.server(), more);
    daemon.create_list(LIST, &[]);
    let roster: String = (0..MEMBERS).map(|number| format!("member{number}@example.org\n")).collect();
    let imported = daemon.cli_with_input(&["member", "import", LIST, "-"], roster.as_bytes());
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    daemon
}

/// Posts once and waits until everybody has it.
pub fn post(daemon: &Daemon, sink: &Sink, posts: &mut usize) -> Cost {
    let message = machine::numbered(*posts);
    *posts += 1;
    let used = processor_time(daemon.pid());
    let elapsed = until_delivered(sink, || {
        let output = daemon.hand_over("member0@example.org", LIST, &message);
        assert!(output.status.success(), "{output:?}");
    });
    Cost { elapsed, processor: processor_time(daemon.pid()) - used }
}

/// The time from a hand-over until the sink has a copy for each member.
fn until_delivered(sink: &Sink, hand_over: impl FnOnce()) -> Duration {
    let before = sink.state().recipients;
    let started = Instant::now();
    hand_over();
    sink.wait_for(|state| state.recipients >= before + MEMBERS, PATIENCE * 4);
    started.elapsed()
}
