//! B10: the shell of mailjam-cli, from its start to its prompt.

use std::time::Instant;

use crate::daemon::{Daemon, say};
use crate::report::{Report, Target, median};
use crate::terminal::Terminal;

const ROUNDS: u32 = 50;

/// What somebody feels as a wait, in milliseconds.
const TARGET: f64 = 50.0;

pub fn measure(report: &mut Report) {
    say(&format!("B10: {ROUNDS} shells"));
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list("bench@lists.example.org", &["ann@example.org"]);
    let home = tempfile::tempdir().expect("a home");
    let times = (0..ROUNDS).map(|_| {
        let arguments = ["--server", &daemon.control()];
        let begun = Instant::now();
        let mut shell = Terminal::start(env!("CARGO_BIN_EXE_mailjam-cli"), &arguments, 24, 80, |command| {
            command.env("HOME", home.path());
        });
        shell.awaits("the prompt", |screen| screen.contents().trim_end().ends_with('>'));
        let time = begun.elapsed().as_secs_f64() * 1_000.0;
        shell.types("\x04");
        shell.ends();
        time
    });
    report.row("B10 shell, start to prompt", median(times.collect()), "ms", Target::AtMost(TARGET));
}
