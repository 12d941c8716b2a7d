//! A mailjamd of the test's own: started by hand in a temporary folder, killed, started again, and gone in the end.
#![allow(dead_code, reason = "each test binary that includes this file uses a part of it")]

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use mailjam_rpc::codec::{decode_reply, encode_call};
use mailjam_rpc::{Fault, Value};
use mailjam_wire::client::Client;
use mailjam_wire::server::Server;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

/// How long anything may take that a test waits for.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Looks again and again until there is something to see.
///
/// # Panics
/// When there is not within [`PATIENCE`].
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A TCP port of 127.0.0.1 that nobody uses now, and no other test until this process ends.
///
/// Ports that the kernel chooses, for listeners and for outgoing connections alike, can be somebody else's by the time they
/// are bound again; these are below its range, and claimed by a name that exists as long as the process.
pub fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    let start = std::process::id().wrapping_mul(97) % u32::from(COUNT);
    let ports = (start..start + u32::from(COUNT)).map(|n| FIRST + u16::try_from(n % u32::from(COUNT)).expect("12,000"));
    ports.into_iter().find(|port| claim(*port)).expect("a free port among 12,000")
}

fn claim(port: u16) -> bool {
    let name = SocketAddr::from_abstract_name(format!("mailjam-test-port-{port}")).expect("a short name");
    let Ok(claimed) = UnixListener::bind_addr(&name) else { return false };
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    if free {
        std::mem::forget(claimed);
    }
    free
}

/// The mailjam-mta under test: the one that `MAILJAM_MTA` names, or the one that Cargo built for this test.
pub fn mta_program() -> PathBuf {
    std::env::var_os("MAILJAM_MTA").map_or_else(|| env!("CARGO_BIN_EXE_mailjam-mta").into(), PathBuf::from)
}

/// The environment that mailjamd.service gives the daemon: tests and measurements run what administrators run.
fn environment_of_unit() -> Vec<(String, String)> {
    let unit = include_str!("../../systemd/mailjamd.service");
    let settings = unit.lines().filter_map(|line| line.strip_prefix("Environment=")?.split_once('='));
    settings.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A daemon with a folder of its own for configuration, sockets, database and log.
pub struct Daemon {
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Daemon {
    /// Starts one that hands its mail to the SMTP server at `smtp` and listens on its unix sockets.
    pub fn start(smtp: &str) -> Daemon {
        Daemon::start_with(smtp, "")
    }

    /// Starts one whose configuration ends with `more`, and that listens on TCP too.
    pub fn start_with(smtp: &str, more: &str) -> Daemon {
        Daemon::start_in(&std::env::temp_dir(), smtp, more)
    }

    /// Starts one whose folder is made inside `place`: a benchmark wants a real disk.
    pub fn start_in(place: &Path, smtp: &str, more: &str) -> Daemon {
        let folder = tempfile::Builder::new().prefix("mailjamd-").tempdir_in(place).expect("a temporary folder");
        // The MTA hands over as a user of its own.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a folder that others may enter");
        let mut daemon = Daemon { folder, port: free_port(), child: None };
        daemon.configure(smtp, more);
        daemon.start_again();
        daemon
    }

    /// Writes the configuration; it counts from the next start on.
    pub fn configure(&self, smtp: &str, more: &str) {
        let folder = self.folder.path().display();
        let text = format!(
            "[sockets]\n\
             mta = \"{folder}/mta.sock\"\n\
             control = \"{folder}/control.sock\"\n\
             web = \"{folder}/web.sock\"\n\
             [xmlrpc_server]\n\
             enabled = true\n\
             address = \"127.0.0.1\"\n\
             port = {}\n\
             [storage]\n\
             path = \"{folder}/mailjam.db\"\n\
             {dns}[smtp]\n\
             server = \"{smtp}\"\n\
             {more}",
            self.port,
            // No test asks name servers but those that it made itself.
            dns = if more.contains("[dns]") { "" } else { "[dns]\nenabled = false\n" }
        );
        fs::write(self.config(), text).expect("the configuration written");
    }

    /// Starts the daemon, which must not run, and waits until it answers.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "mailjamd runs already");
        let log = OpenOptions::new().create(true).append(true).open(self.log_file()).expect("the log file");
        let child = Command::new(env!("CARGO_BIN_EXE_mailjamd"))
            .arg("--config")
            .arg(self.config())
            .envs(environment_of_unit())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("the log file twice"))
            .stderr(log)
            .spawn()
            .expect("mailjamd started");
        self.child = Some(child);
        eventually("mailjamd to answer", || {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().expect("a look at mailjamd")) {
                panic!("mailjamd ended with {status} instead of starting:\n{}", self.log());
            }
            self.try_call("server.ping", Vec::new()).ok()
        });
        // Without a group mailjam-mta the socket is the daemon's own; tests hand over as whom they please.
        fs::set_permissions(self.mta_socket(), Permissions::from_mode(0o666)).expect("a socket for everybody");
    }

    /// Ends the daemon in the middle of whatever it does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("SIGKILL sent");
            child.wait().expect("mailjamd gone");
        }
    }

    /// Asks the daemon to stop, and waits until it has; it must say that all went well.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("mailjamd runs");
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("SIGTERM sent");
        let status = eventually("mailjamd to stop", || child.try_wait().expect("a look at mailjamd"));
        assert!(status.success(), "mailjamd stopped with {status}:\n{}", self.log());
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("mailjamd runs").id()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn config(&self) -> PathBuf {
        self.folder.path().join("mailjam.toml")
    }

    pub fn mta_socket(&self) -> PathBuf {
        self.folder.path().join("mta.sock")
    }

    pub fn control_socket(&self) -> PathBuf {
        self.folder.path().join("control.sock")
    }

    /// The URL of the control socket.
    pub fn control(&self) -> String {
        format!("unix:{}", self.control_socket().display())
    }

    /// The URL of the socket for MTAs.
    pub fn mta(&self) -> String {
        format!("unix:{}", self.mta_socket().display())
    }

    /// The port of 127.0.0.1 where the daemon answers whoever has a token.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the daemon has said since its first start.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Calls a method on the control socket.
    ///
    /// # Panics
    /// When the answer is a fault or does not come.
    pub fn call(&self, method: &str, params: Vec<Value>) -> Value {
        self.try_call(method, params).unwrap_or_else(|fault| panic!("{method}: {fault}"))
    }

    /// Calls a method on the control socket; the error is a fault, or what else kept the answer away, in words.
    pub fn try_call(&self, method: &str, params: Vec<Value>) -> Result<Value, String> {
        let words = |fault: Fault| fault.string;
        let server = Server::Unix(self.control_socket().display().to_string());
        let call = encode_call(method, &params);
        let reply = Client::new(server, None, PATIENCE).post("/RPC2", call.as_bytes());
        let reply = reply.map_err(|error| error.to_string())?;
        decode_reply(&reply.body).map_err(words)?.map_err(words)
    }

    /// Runs mailjam-cli on the control socket.
    pub fn cli(&self, arguments: &[&str]) -> Output {
        self.cli_with_input(arguments, b"")
    }

    /// The same, with something to read.
    pub fn cli_with_input(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailjam-cli"));
        run(command.arg("--server").arg(self.control()).args(arguments), input)
    }

    /// What mailjam-cli prints.
    ///
    /// # Panics
    /// When it does not succeed.
    pub fn cli_prints(&self, arguments: &[&str]) -> String {
        let output = self.cli(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "mailjam-cli {arguments:?}: {}\n{errors}", output.status);
        String::from_utf8(output.stdout).expect("UTF-8 from mailjam-cli")
    }

    /// Creates a list with members.
    pub fn create_list(&self, list: &str, members: &[&str]) {
        self.cli_prints(&["list", "create", list]);
        if !members.is_empty() {
            self.cli_prints(&[&["member", "add", list], members].concat());
        }
    }

    /// Hands a message over as an MTA does.
    pub fn hand_over(&self, sender: &str, recipient: &str, message: &[u8]) -> Output {
        let mut command = Command::new(mta_program());
        run(command.args(["--server", &self.mta(), "--sender", sender, "--", recipient]), message)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let end = lines[lines.len().saturating_sub(100)..].join("\n");
            let _ = writeln!(std::io::stderr(), "---- the end of mailjamd's log\n{end}\n----");
        }
    }
}

/// Runs a program to its end with this to read.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("its standard input");
    thread::scope(|threads| {
        // A program that does not read all of it is no failure of the test.
        threads.spawn(move || stdin.write_all(input));
        child.wait_with_output().expect("its end")
    })
}

/// Processor time that a process has used.
pub fn processor_time(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).expect("the times of a process");
    // The name, in parentheses, can hold anything; the fields after it are counted from 3 (proc(5)).
    let (_, fields) = stat.rsplit_once(") ").expect("fields");
    let field = |number: usize| fields.split(' ').nth(number - 3).and_then(|text| text.parse::<u64>().ok());
    let ticks = field(14).zip(field(15)).map(|(user, system)| user + system).expect("two times");
    // The kernel counts 100 of them a second for whoever reads this file.
    Duration::from_millis(ticks * 10)
}

/// Says on standard output, past the test harness, what a test counted or why it did not run.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
