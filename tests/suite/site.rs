//! A folder for a mailjamd that a test starts in its own way: with passed sockets, under a made-up systemd, or in vain.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::daemon::{eventually, free_port, run};

/// The folder, with a configuration whose sockets and database are in it.
pub struct Site {
    folder: TempDir,
}

impl Site {
    /// A site whose next hop does not answer. `more` are further sections of the configuration.
    pub fn new(more: &str) -> Site {
        let folder = tempfile::Builder::new().prefix("mailjamd-").tempdir().expect("a temporary folder");
        let site = Site { folder };
        site.configure(&format!("[smtp]\nserver = \"127.0.0.1:{}\"\n{more}", free_port()));
        site
    }

    /// Writes the configuration anew: `more` behind sockets and database.
    pub fn configure(&self, more: &str) {
        let folder = self.path().display();
        let text = format!(
            "[sockets]\nmta = \"{folder}/mta.sock\"\ncontrol = \"{folder}/control.sock\"\nweb = \"{folder}/web.sock\"\n\
             [storage]\npath = \"{folder}/mailjam.db\"\n{more}"
        );
        fs::write(self.config(), text).expect("the configuration written");
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn config(&self) -> PathBuf {
        self.path().join("mailjam.toml")
    }

    pub fn socket(&self, name: &str) -> PathBuf {
        self.path().join(format!("{name}.sock"))
    }

    pub fn database(&self) -> PathBuf {
        self.path().join("mailjam.db")
    }

    /// The daemon, still to be started.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailjamd"));
        command.arg("--config").arg(self.config());
        command
    }

    /// The same behind systemd's tool that passes sockets; `None` where that is not installed.
    pub fn activated(&self, sockets: &[&str], names: &str) -> Option<Command> {
        let mut command = Command::new("systemd-socket-activate");
        command.args(sockets.iter().flat_map(|socket| ["-l", socket]));
        command.arg(format!("--fdname={names}")).arg(env!("CARGO_BIN_EXE_mailjamd")).arg("--config").arg(self.config());
        Command::new("systemd-socket-activate").arg("--version").output().ok().map(|_| command)
    }

    /// Runs the daemon to its end, which must come by itself and be a failure; returns what it said.
    pub fn refuses_to_start(&self) -> String {
        let output = run(&mut self.command(), b"");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        said
    }

    /// Starts a program that is killed in the end.
    pub fn start(&self, command: &mut Command) -> Running {
        let log = self.path().join("log");
        let file = File::create(&log).expect("a log file");
        let started =
            command.stdin(Stdio::null()).stdout(file.try_clone().expect("the log twice")).stderr(file).spawn();
        Running { child: started.unwrap_or_else(|error| panic!("{command:?}: {error}")), log }
    }
}

/// What a program wrote to standard error.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A program that is killed when the test ends.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).expect("a signal sent");
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a look at the program").is_none()
    }

    /// Waits for the end.
    pub fn end(&mut self) -> ExitStatus {
        eventually("the program to end", || self.child.try_wait().expect("a look at the program"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            crate::daemon::say(&format!("---- the log\n{}----", self.log()));
        }
    }
}
