//! Runs mailjam-cli, away from the environment of whoever runs the tests.

use std::io::Write;
use std::process::{Command, Stdio};

use super::daemon::Daemon;

/// What came of a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub exit: i32,
    pub out: String,
    pub err: String,
}

/// A run to come.
pub struct Cli(Command);

impl Cli {
    /// With these arguments and nothing else.
    pub fn new(arguments: &[&str]) -> Cli {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailjam-cli"));
        command.env_clear().args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Cli(command)
    }

    /// With the address of this daemon in front.
    pub fn of(daemon: &Daemon, arguments: &[&str]) -> Cli {
        let mut all = vec!["--server", daemon.url.as_str()];
        all.extend(arguments);
        Cli::new(&all)
    }

    pub fn env(mut self, name: &str, value: &str) -> Cli {
        self.0.env(name, value);
        self
    }

    /// Runs it with nothing on standard input.
    pub fn run(self) -> Outcome {
        self.fed(b"")
    }

    /// Runs it with this on standard input.
    pub fn fed(mut self, input: &[u8]) -> Outcome {
        let mut child = self.0.spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // A command that reads nothing may have ended before.
            scope.spawn(move || pipe.write_all(input).is_ok());
            child.wait_with_output().unwrap()
        });
        Outcome {
            exit: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it with a standard output that nobody reads from the start.
    pub fn unread(mut self) -> (i32, String) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = self.0.stdout(writer).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// Runs it with its standard output going into this file.
    pub fn into_file(mut self, path: &str) -> (i32, String) {
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        let output = self.0.stdout(file).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    /// Runs it on a terminal of 60 columns on which this is typed, and returns all that is seen there.
    pub fn on_terminal(daemon: &Daemon, arguments: &str, typed: &str) -> Outcome {
        let program = env!("CARGO_BIN_EXE_mailjam-cli");
        let line = format!("stty cols 60 rows 24 -echo; exec '{program}' --server '{}' {arguments}", daemon.url);
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &line, "/dev/null"]);
        command.env("TERM", "xterm").env_remove("NO_COLOR");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let outcome = Cli(command).fed(typed.as_bytes());
        Outcome { out: outcome.out.replace("\r\n", "\n"), ..outcome }
    }
}

impl Outcome {
    /// All of it is as expected, and nothing on standard error.
    #[track_caller]
    pub fn prints(&self, expected: &str) {
        assert_eq!((self.exit, self.out.as_str(), self.err.as_str()), (0, expected, ""));
    }

    /// It failed with this code, this on standard error and nothing on standard output.
    #[track_caller]
    pub fn fails(&self, exit: i32, complaint: &str) {
        assert_eq!((self.exit, self.out.as_str(), self.err.as_str()), (exit, "", complaint));
    }
}
