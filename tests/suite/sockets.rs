//! The daemon's sockets: its own, those that systemd passes, and what is in the way.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use nix::sys::signal::Signal;
use nix::unistd::Group;

use crate::calls::Door;
use crate::daemon::{Daemon, eventually, free_port};
use crate::site::Site;
use crate::skip::skipped;

/// The answer to a call on a stream.
fn answer(mut stream: impl Read + Write, method: &str) -> String {
    let body = format!("<methodCall><methodName>{method}</methodName><params/></methodCall>");
    let length = body.len();
    let head = format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all((head + &body).as_bytes()).expect("a request sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn answer_at(socket: &Path, method: &str) -> String {
    answer(eventually("a socket", || UnixStream::connect(socket).ok()), method)
}

#[test]
fn own_sockets_are_for_their_group_alone_and_go_at_the_stop() {
    let site = Site::new("");
    let mut daemon = site.start(&mut site.command());
    assert!(answer_at(&site.socket("web"), "system.listMethods").contains("200 OK"));
    for (name, group) in [("mta", "mailjam-mta"), ("control", "mailjam-admin"), ("web", "mailjam-web")] {
        let mode = fs::metadata(site.socket(name)).expect("a socket").permissions().mode() & 0o777;
        let known = Group::from_name(group).expect("the groups of this machine").is_some();
        assert_eq!(mode, if known { 0o660 } else { 0o600 }, "{name}: {mode:o}");
    }
    let database = fs::metadata(site.database()).expect("a database").permissions().mode() & 0o777;
    assert_eq!(database, 0o600, "{database:o}");
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.end().success(), "{}", daemon.log());
    for name in ["mta", "control", "web"] {
        assert!(!site.socket(name).exists(), "{name}");
    }
}

#[test]
fn a_socket_left_by_a_killed_daemon_is_replaced() {
    let mut daemon = Daemon::start("127.0.0.1:9");
    daemon.kill();
    assert!(daemon.control_socket().exists());
    daemon.start_again();
    daemon.stop();
}

#[test]
fn what_is_in_the_way_of_a_socket_stays_and_is_named() {
    let site = Site::new("");
    let _listener = UnixListener::bind(site.socket("control")).expect("somebody else's socket");
    let said = site.refuses_to_start();
    assert!(said.contains("control.sock already; is another mailjamd running?"), "{said}");
    assert!(UnixStream::connect(site.socket("control")).is_ok(), "the socket of somebody else is gone");

    let site = Site::new("");
    fs::write(site.socket("web"), "important").expect("a file");
    let said = site.refuses_to_start();
    assert!(said.contains("web.sock exists and is not a socket; move it away"), "{said}");
    assert_eq!(fs::read_to_string(site.socket("web")).expect("the file"), "important");
}

#[test]
fn a_second_daemon_on_a_database_is_refused_and_the_first_goes_on() {
    let site = Site::new("");
    let _first = site.start(&mut site.command());
    assert!(answer_at(&site.socket("control"), "server.ping").contains("<boolean>1</boolean>"));
    // With the same sockets, which must not be touched, and with others.
    let other = Site::new("");
    let folder = other.path().display();
    let sockets = format!("[sockets]\nmta = \"{folder}/m\"\ncontrol = \"{folder}/c\"\nweb = \"{folder}/w\"\n");
    let storage = format!("[storage]\npath = \"{}\"\n", site.database().display());
    fs::write(other.config(), sockets + &storage).expect("a configuration");
    for second in [&site, &other] {
        let said = second.refuses_to_start();
        assert!(said.contains("mailjam.db.lock is in use by another mailjamd"), "{said}");
    }
    assert!(answer_at(&site.socket("control"), "server.ping").contains("<boolean>1</boolean>"));
    assert!(!other.path().join("m").exists());
}

#[test]
fn localhost_is_every_address_that_it_resolves_to() {
    let port = free_port();
    let site = Site::new(&format!("[xmlrpc_server]\nenabled = true\naddress = \"localhost\"\nport = {port}\n"));
    let _daemon = site.start(&mut site.command());
    assert!(answer_at(&site.socket("control"), "server.ping").contains("200 OK"));
    let addresses = ("localhost", port).to_socket_addrs().expect("addresses of localhost");
    let mut answered = 0;
    for address in addresses {
        // A host without IPv6 may have ::1 in its table of hosts.
        if std::net::TcpListener::bind((address.ip(), 0)).is_err() {
            continue;
        }
        let stream = TcpStream::connect(address).unwrap_or_else(|error| panic!("{address}: {error}"));
        assert!(answer(stream, "server.ping").starts_with("HTTP/1.1 401"), "{address}");
        answered += 1;
    }
    assert!(answered > 0);
}

/// Starts a daemon with passed sockets, or says that this cannot be tested here.
macro_rules! activated {
    ($site:expr, $sockets:expr, $names:expr) => {
        match $site.activated($sockets, $names) {
            Some(mut command) => $site.start(&mut command),
            None => {
                skipped("sockets passed by systemd: systemd-socket-activate is not installed");
                return;
            }
        }
    };
}

#[test]
fn passed_sockets_are_told_apart_by_name_and_outlive_the_daemon() {
    let site = Site::new("");
    let (first, second) = (site.path().join("first"), site.path().join("second"));
    let paths = [first.to_str().expect("UTF-8"), second.to_str().expect("UTF-8")];
    let mut daemon = activated!(site, &paths, "control:mta");
    // Names decide, not the order in which the socket units happened to be passed.
    assert!(answer_at(&first, "list.list").contains("<name>items</name>"));
    let refused = answer_at(&second, "list.list");
    assert!(refused.contains("-32601"), "{refused}");
    assert!(answer_at(&second, "mta.maps").contains("<string"), "the mta's socket answers mta.*");
    // What was not passed comes from the configuration, what was does not.
    assert!(answer_at(&site.socket("web"), "system.listMethods").contains("200 OK"));
    assert!(!site.socket("mta").exists() && !site.socket("control").exists());
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.end().success(), "{}", daemon.log());
    assert!(first.exists() && second.exists(), "systemd's sockets are gone");
    assert!(!site.socket("web").exists());
}

#[test]
fn passed_sockets_without_a_use_are_refused() {
    let path = |site: &Site| site.path().join("passed").to_str().expect("UTF-8").to_owned();
    let site = Site::new("");
    let mut daemon = activated!(site, &[&path(&site)], "frontdoor");
    let _connection = eventually("a socket", || UnixStream::connect(site.path().join("passed")).ok());
    assert_eq!(daemon.end().code(), Some(1));
    assert!(
        daemon.log().contains("\"frontdoor\"; FileDescriptorName= must be mta, control, web or tcp"),
        "{}",
        daemon.log()
    );

    let site = Site::new("");
    let mut daemon = activated!(site, &[&path(&site)], "tcp");
    let _connection = eventually("a socket", || UnixStream::connect(site.path().join("passed")).ok());
    assert_eq!(daemon.end().code(), Some(1));
    assert!(daemon.log().contains("what is not a listening TCP socket"), "{}", daemon.log());

    let (site, port) = (Site::new(""), free_port());
    let mut daemon = activated!(site, &[&format!("0.0.0.0:{port}")], "tcp");
    let _connection = eventually("a socket", || TcpStream::connect(("127.0.0.1", port)).ok());
    assert_eq!(daemon.end().code(), Some(1));
    assert!(daemon.log().contains("which others can reach"), "{}", daemon.log());
}

#[test]
fn sockets_for_another_process_are_left_alone() {
    let site = Site::new("");
    let environment = [("LISTEN_PID", "1"), ("LISTEN_FDS", "2"), ("LISTEN_FDNAMES", "mta:frontdoor")];
    let _daemon = site.start(site.command().envs(environment));
    assert!(answer_at(&site.socket("mta"), "server.ping").contains("200 OK"));
}

#[test]
fn a_crowd_at_one_door_keeps_nobody_from_another() {
    let daemon = Daemon::start("127.0.0.1:9");
    let crowd: Vec<UnixStream> =
        (0..400).map_while(|_| UnixStream::connect(daemon.folder().join("web.sock")).ok()).collect();
    assert!(crowd.len() > 128, "{}", crowd.len());
    assert!(Door::control(&daemon).call::<bool>("server.ping", vec![]));
    drop(crowd);
    assert!(Door::named(&daemon, "web").ask("system.getCapabilities", vec![]).is_ok());
}

#[test]
fn without_file_descriptors_the_daemon_waits_for_better_times() {
    let site = Site::new("");
    let program = site.command();
    let mut limited = std::process::Command::new("sh");
    limited.args(["-c", "ulimit -n 40; exec \"$@\"", "sh"]).arg(program.get_program()).args(program.get_args());
    let daemon = site.start(&mut limited);
    assert!(answer_at(&site.socket("control"), "server.ping").contains("200 OK"));
    let crowd: Vec<_> = (0..64).map(|_| UnixStream::connect(site.socket("web"))).collect();
    eventually("a word about it", || daemon.log().contains("cannot accept a connection").then_some(()));
    drop(crowd);
    assert!(answer_at(&site.socket("control"), "list.list").contains("<name>items</name>"));
}
