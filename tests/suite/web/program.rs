//! The program itself: its configuration, its socket from systemd, its end.

use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::daemon::{PATIENCE, eventually, free_port, run};
use crate::skip::skipped;

use super::browser::Browser;
use super::members::{ANN, PASSWORD, account, site};
use super::{HOST, HTTPS, Web, fake, yes};

fn web() -> Command {
    Command::new(env!("CARGO_BIN_EXE_mailjam-web"))
}

#[test]
fn a_configuration_is_checked_and_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("web.toml");
    let said = |text: &str, option: &str| {
        std::fs::write(&path, text).expect("a file");
        let output = run(web().arg("--config").arg(&path).arg(option), b"");
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        (output.status.code(), said)
    };
    let (code, text) = said("public_ulr = \"x\"\n", "--check-config");
    assert_eq!(code, Some(78));
    assert!(
        text.contains("line 1: unknown field `public_ulr`") && text.contains("did you mean `public_url`?"),
        "{text}"
    );
    assert_eq!(said(HTTPS, "--check-config").0, Some(0));
    let (_, printed) = said(HTTPS, "--print-config");
    assert_eq!(said(&printed, "--print-config").1, printed);
    assert!(printed.starts_with(HTTPS), "{printed}");
    let output = run(web().args(["--config", "/nonexistent/web.toml"]), b"");
    assert_eq!(output.status.code(), Some(78));
    // An address that others can reach, by option as well.
    std::fs::write(&path, "").expect("a file");
    let output = run(web().arg("--config").arg(&path).args(["--listen", "0.0.0.0:0"]), b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("which others can reach"));
}

#[test]
fn systemd_is_told_and_sigterm_ends_it_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let notify = folder.path().join("notify");
    let socket = UnixDatagram::bind(&notify).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("an option");
    let next = || {
        let mut bytes = [0; 1000];
        let length = socket.recv(&mut bytes).expect("a word in time");
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    };
    let config = folder.path().join("web.toml");
    std::fs::write(&config, HTTPS).expect("a file");
    let mut command = web();
    command.arg("--config").arg(&config).args(["--listen", &format!("127.0.0.1:{}", free_port())]);
    let mut child = command.env("NOTIFY_SOCKET", &notify).stderr(Stdio::null()).spawn().expect("mailjam-web started");
    assert_eq!(next(), "READY=1");
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).expect("SIGTERM sent");
    assert_eq!(next(), "STOPPING=1");
    assert!(child.wait().expect("its end").success());
}

#[test]
fn a_passed_socket_is_used_instead_of_one_of_its_own() {
    if Command::new("systemd-socket-activate").arg("--version").output().is_err() {
        return skipped("mailjam-web's socket from systemd: systemd-socket-activate is not installed");
    }
    let daemon = fake::Daemon::start(yes);
    // Its own address is taken: were it needed, the program would end.
    let taken = Web::of_fake(&daemon, HTTPS);
    let folder = tempfile::tempdir().expect("a folder");
    let (config, port) = (folder.path().join("web.toml"), free_port());
    std::fs::write(&config, format!("listen = \"127.0.0.1:{}\"\n{HTTPS}", taken.port)).expect("a file");
    let mut command = Command::new("systemd-socket-activate");
    command.args(["-l", &format!("127.0.0.1:{port}"), env!("CARGO_BIN_EXE_mailjam-web"), "--config"]).arg(&config);
    let mut child = command.stderr(Stdio::null()).spawn().expect("systemd-socket-activate started");
    eventually("the socket", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    Browser::new(port, HOST, "https").get("/login").expect(200);
    child.kill().expect("SIGKILL sent");
    child.wait().expect("its end");
}

#[test]
fn a_daemon_that_was_away_is_found_again() {
    let (_sink, mut daemon, web) = site();
    account(&daemon, ANN, false);
    let mut browser = web.browser();
    browser.log_in(ANN, PASSWORD);
    browser.get("/my").expect(200);
    // Connections that were kept for the next call are of no more use.
    daemon.stop();
    let page = browser.get("/my").expect(503);
    assert!(page.body.contains("does not answer or is busy"), "{}", page.body);
    daemon.start_again();
    browser.get("/my").expect(200);
    daemon.kill();
    daemon.start_again();
    browser.get("/my").expect(200);
}
