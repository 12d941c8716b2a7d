//! B4: a hundred thousand members in and out; B5 idle and afterwards.

use std::fmt::Write;
use std::time::Instant;

use crate::daemon::{Daemon, free_port, say};
use crate::machine;
use crate::report::{Report, Target, median, seconds};

const MEMBERS: usize = 100_000;
const RUNS: usize = 3;

pub fn measure(report: &mut Report) {
    say(&format!("B4: {MEMBERS} members, {RUNS} times"));
    let daemon = Daemon::start_in(&machine::disk(), &format!("127.0.0.1:{}", free_port()), "");
    report.row("B5 memory of mailjamd, idle", machine::memory(daemon.pid()), "MiB", Target::AtMost(12.0));
    let mut roster = String::new();
    for number in 0..MEMBERS {
        writeln!(roster, "Member {number} <member{number}@host{}.example.org>", number % 977).expect("text");
    }
    let (mut imports, mut listings) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let list = format!("bench{run}@lists.example.org");
        daemon.create_list(&list, &[]);
        let started = Instant::now();
        let output = daemon.cli_with_input(&["member", "import", &list, "-"], roster.as_bytes());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        imports.push(seconds(started.elapsed()));
        let started = Instant::now();
        let listing = daemon.cli_prints(&["member", "list", &list]);
        listings.push(seconds(started.elapsed()));
        assert!(listing.lines().count() >= MEMBERS, "members are missing");
    }
    report.row("B4 import of 100,000 members", median(imports), "s", Target::AtMost(3.0));
    report.row("B4 listing them", median(listings), "s", Target::AtMost(1.0));
    report.row("B5 memory of mailjamd, after B4", machine::memory(daemon.pid()), "MiB", Target::AtMost(20.0));
}
