//! A test that needs a process of its own runs its binary again, for itself alone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

/// Names the folder to the child; set only there.
const FOLDER: &str = "MAILJAM_STORE_TEST_FOLDER";

/// The folder to work in, if this process is the child.
pub fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// Tells the parent a line; false when it has gone. Standard error, because the test harness writes to the other.
pub fn tell(line: impl std::fmt::Display) -> bool {
    writeln!(std::io::stderr(), "{line}").is_ok()
}

/// A child, killed when it is not needed any more.
pub struct Child {
    process: std::process::Child,
    lines: BufReader<std::process::ChildStderr>,
}

impl Child {
    /// Runs `test`, named as the harness names it, in a process of its own.
    pub fn start(test: &str, folder: &Path) -> Child {
        let mut process = Command::new(std::env::current_exe().expect("the test's binary"))
            .args([test, "--exact", "--nocapture"])
            .env(FOLDER, folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a child");
        let lines = BufReader::new(process.stderr.take().expect("a pipe"));
        Child { process, lines }
    }

    /// The next whole line that the child told; `None` when it has ended.
    pub fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("a line");
        line.strip_suffix('\n').map(str::to_owned)
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.kill().expect("a child to kill");
    }

    /// Waits for its end.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait().expect("a child to wait for")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
