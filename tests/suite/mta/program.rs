//! Runs mailjam-mta as an MTA does, and checks each time what holds for every run.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::NamedTempFile;

/// The programs under test: what `MAILJAM_MTA` names, colons between them, or the one cargo built.
pub fn programs() -> Vec<PathBuf> {
    match std::env::var_os("MAILJAM_MTA") {
        Some(paths) => std::env::split_paths(&paths).collect(),
        None => vec![PathBuf::from(env!("CARGO_BIN_EXE_mailjam-mta"))],
    }
}

/// A message nobody would object to.
pub const POST: &[u8] = b"From: ann@example.org\nTo: talk@lists.example.org\nSubject: hello\n\nHello, list.\n";

/// What the MTA gets: exit code and line.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub exit: i32,
    pub line: String,
}

/// A call of mailjam-mta, without the MTA's environment and without the machine's configuration.
#[derive(Clone)]
pub struct Call {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    config: bool,
    input: Vec<u8>,
    /// What a shell appends to the command.
    redirection: &'static str,
}

impl Call {
    /// With no arguments at all.
    pub fn bare() -> Self {
        Self { arguments: vec![], environment: vec![], config: true, input: POST.to_vec(), redirection: "" }
    }

    /// As from master.cf, handing [`POST`] to this server.
    pub fn to(server: &str) -> Self {
        let envelope = ["--sender", "ann@example.org", "--", "talk@lists.example.org"];
        Self::bare().args(&["--server", server, "--deadline", "30"]).args(&envelope)
    }

    /// Appends arguments.
    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|&argument| argument.to_owned()));
        self
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Names no configuration file; the arguments do.
    pub fn without_config(self) -> Self {
        Self { config: false, ..self }
    }

    /// Another message.
    pub fn input(self, input: impl Into<Vec<u8>>) -> Self {
        Self { input: input.into(), ..self }
    }

    /// Lets a shell do something to the standard descriptors; what is fed to standard input may then go unread.
    pub fn redirected(self, redirection: &'static str) -> Self {
        Self { redirection, ..self }
    }

    /// Runs each program and gives what came of it to `check`.
    pub fn each(&self, check: impl Fn(Outcome)) {
        for program in programs() {
            check(self.run(&program));
        }
    }

    /// Runs each program and expects this.
    pub fn expect(&self, exit: i32, line: &str) {
        self.each(|outcome| {
            assert_eq!(outcome, Outcome { exit, line: line.to_owned() }, "{:?}", self.arguments);
        });
    }

    /// Runs each program and expects a line that begins and goes on like this.
    pub fn expect_line(&self, exit: i32, code: &str, part: &str) {
        self.each(|outcome| {
            let fits = outcome.line.starts_with(&format!("{code} ")) && outcome.line.contains(part);
            assert!(outcome.exit == exit && fits, "{:?}: {outcome:?}, not {exit} {code} {part}", self.arguments);
        });
    }

    fn run(&self, program: &PathBuf) -> Outcome {
        let config = NamedTempFile::new().unwrap();
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("exec \"$@\" {}", self.redirection)).arg("sh").arg(program);
        if self.config {
            command.arg("--config").arg(config.path());
        }
        command.args(&self.arguments).env_clear().envs(self.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (output, drained) = feed(command.spawn().unwrap(), &self.input);
        assert!(drained || !self.redirection.is_empty(), "standard input was not read to its end");
        self.checked(&output)
    }

    /// What holds for every run: one line at most, printable, whose code does not contradict the exit code.
    fn checked(&self, output: &Output) -> Outcome {
        let exit = output.status.code().unwrap_or_else(|| panic!("{}", output.status));
        let text = String::from_utf8(output.stdout.clone()).unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "nothing belongs on standard error");
        let line = text.strip_suffix('\n').unwrap_or(&text).to_owned();
        assert!(line.len() <= 400 && line.chars().all(|character| (' '..='~').contains(&character)), "{line:?}");
        let class = match exit {
            0 => "2.",
            75 => "4.",
            _ => "5.",
        };
        assert!(line.is_empty() || line.starts_with(class), "exit {exit} with {line:?}");
        Outcome { exit, line }
    }
}

/// Writes all to the child, reads all from it, and tells whether it took everything.
fn feed(mut child: Child, input: &[u8]) -> (Output, bool) {
    let mut pipe = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || pipe.write_all(input).is_ok());
        let output = child.wait_with_output().unwrap();
        (output, writer.join().unwrap())
    })
}
