//! B8: a digest of 500 posts, from the call until the sink has it, and the memory meanwhile.

use std::time::Instant;

use mailjam_rpc::Value;

use crate::daemon::{Daemon, PATIENCE, say};
use crate::machine;
use crate::report::{Report, Target, seconds};
use crate::smtp_sink::{Behaviour, Sink};

const LIST: &str = "bench@lists.example.org";
const POSTS: usize = 500;

pub fn measure(report: &mut Report) {
    say(&format!("B8: a digest of {POSTS} posts, in MIME and in plain text"));
    for mode in ["digest", "plain-digest"] {
        let sink = Sink::start(Behaviour { count_only: true, ..Behaviour::default() });
        let daemon = Daemon::start_in(&machine::disk(), &sink.server(), "");
        daemon.create_list(LIST, &["member0@example.org"]);
        daemon.cli_prints(&["member", "add", LIST, "reader@example.org", "--mode", mode]);
        daemon.cli_prints(&["list", "set", LIST, "digest_period=7d", "digest_size=256M"]);
        for number in 0..POSTS {
            let output = daemon.hand_over("member0@example.org", LIST, &machine::numbered(number));
            assert!(output.status.success(), "{output:?}");
        }
        sink.wait_for(|state| state.messages == POSTS, PATIENCE);
        let before = machine::memory(daemon.pid());
        let mut elapsed = 0.0;
        let peak = machine::peak_memory(daemon.pid(), || {
            let started = Instant::now();
            daemon.call("digest.send", vec![Value::String(LIST.to_owned())]);
            sink.wait_for(|state| state.messages > POSTS, PATIENCE);
            elapsed = seconds(started.elapsed());
        });
        report.row(&format!("B8 a {mode} of 500 posts of 5 KB"), elapsed, "s", Target::None);
        report.row("… memory of mailjamd: before", before, "MiB", Target::None);
        report.row("… at its peak", peak, "MiB", Target::None);
    }
}
