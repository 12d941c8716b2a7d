//! Other list managers, measured beside mailjam where they are installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::daemon::{run, say};
use crate::machine;

/// A list of mlmmj, which keeps it in a folder and needs no daemon.
pub struct Mlmmj {
    folder: TempDir,
}

impl Mlmmj {
    const RECEIVE: &str = "/usr/bin/mlmmj-receive";

    /// A list with this many members that sends to `smtp`, a `host:port`.
    pub fn list(smtp: &str, members: usize) -> Option<Mlmmj> {
        if !Path::new(Mlmmj::RECEIVE).exists() {
            say("skipped: mlmmj beside it: it is not installed");
            return None;
        }
        let folder = tempfile::tempdir_in(machine::disk()).expect("a folder on the disk");
        let path = folder.path();
        let folders = "incoming queue queue/discarded archive text subconf unsubconf bounce control moderation \
                       subscribers.d digesters.d nomailsubs.d requeue";
        for name in folders.split(' ') {
            fs::create_dir(path.join(name)).expect("a folder of the list");
        }
        let (host, port) = smtp.split_once(':').expect("host and port");
        let roster: String = (0..members).map(|number| format!("member{number}@example.org\n")).collect();
        for (name, text) in [
            ("control/listaddress", "bench@lists.example.org\n"),
            ("control/owner", "owner@lists.example.org\n"),
            ("control/relayhost", host),
            ("control/smtpport", port),
            // One transaction for many, as mailjam has it: without this each member costs one, and 44 ms.
            ("control/verp", "postfix"),
            ("subscribers.d/m", &roster),
        ] {
            fs::write(path.join(name), text).expect("a file of the list");
        }
        Some(Mlmmj { folder })
    }

    /// The command that an MTA's pipe would run.
    pub fn command(&self) -> Vec<String> {
        vec![Mlmmj::RECEIVE.to_owned(), "-L".to_owned(), self.folder.path().display().to_string()]
    }

    /// Hands a message over.
    pub fn hand_over(&self, message: &[u8]) {
        let output = run(Command::new(Mlmmj::RECEIVE).arg("-L").arg(self.folder.path()), message);
        assert!(output.status.success(), "{output:?}");
    }
}
