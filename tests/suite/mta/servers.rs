//! Daemons that are slow, gone or elsewhere.

use std::fs;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use nix::sys::socket::{self, AddressFamily, Backlog, SockFlag, SockType, UnixAddr};

use super::daemon::{Daemon, accepted, http, verdict};
use super::program::Call;

#[test]
fn no_daemon_defers_with_the_remedy() {
    Call::to("unix:/nonexistent/mta.sock")
        .expect(75, "4.3.0 unix:/nonexistent/mta.sock: cannot connect: no such file; is mailjamd running?");
    let stale = {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.keep().join("mta.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        path
    };
    Call::to(&format!("unix:{}", stale.display())).expect_line(75, "4.3.0", "connection refused; is mailjamd running?");
    fs::remove_dir_all(stale.parent().unwrap()).unwrap();
}

#[test]
fn a_daemon_that_says_nothing_is_given_up_in_time() {
    let deaf = Daemon::start(|connection| connection.listen_on());
    let mute = Daemon::start(|connection| {
        connection.hear();
        connection.listen_on();
    });
    let halting = Daemon::start(|connection| {
        connection.hear();
        connection.say("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<?xml");
        connection.listen_on();
    });
    for daemon in [&deaf, &mute, &halting] {
        let began = Instant::now();
        let call = Call::bare().args(&["--server", &daemon.url, "--deadline=1", "--sender", "a@b", "--", "c@d"]);
        call.expect_line(75, "4.3.0", "no time left to wait for the answer");
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    // Too large for the socket's buffer, so that not even sending gets done.
    let stuffed = Daemon::start(|connection| {
        connection.hear_head();
        connection.hold();
    });
    let call = Call::bare().args(&["--server", &stuffed.url, "--deadline=1", "--sender", "a@b", "--", "c@d"]);
    call.input(vec![b'x'; 4 << 20]).expect_line(75, "4.3.0", "no time left to send");
}

#[test]
fn a_full_backlog_is_given_up_in_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("full.sock");
    let address = UnixAddr::new(&path).unwrap();
    let open = |flags| socket::socket(AddressFamily::Unix, SockType::Stream, flags, None).unwrap();
    let listener = open(SockFlag::empty());
    socket::bind(listener.as_raw_fd(), &address).unwrap();
    socket::listen(&listener, Backlog::new(0).unwrap()).unwrap();
    let mut waiting = Vec::new();
    loop {
        let stream = open(SockFlag::SOCK_NONBLOCK);
        if socket::connect(stream.as_raw_fd(), &address).is_err() {
            break;
        }
        waiting.push(stream);
    }
    let url = format!("unix:{}", path.display());
    let call = Call::bare().args(&["--server", &url, "--deadline=1", "--sender", "a@b", "--", "c@d"]);
    call.expect_line(75, "4.3.0", "cannot connect: timed out");
}

#[test]
fn the_next_server_is_tried_unless_the_first_may_have_the_message() {
    let good = Daemon::saying(accepted());
    let after = |first: &str| {
        Call::bare().args(&["--server", first, "--server", &good.url, "--deadline=30", "--sender=a@b", "--", "c@d"])
    };
    after("unix:/nonexistent/mta.sock").expect(0, "2.0.0 1234");
    after("http://127.0.0.1:1").expect(0, "2.0.0 1234");

    // Closed before the message was whole: it cannot have taken it.
    let broken = Daemon::start(|connection| drop(connection.hear_head()));
    after(&broken.url).input(vec![b'x'; 4 << 20]).expect(0, "2.0.0 1234");
    while good.has_request() {}

    let died = Daemon::start(|connection| connection.hear());
    after(&died.url).expect_line(75, "4.3.0", "closed without an answer");
    let refusing = Daemon::saying(verdict("refuse", "5.7.2", "no"));
    after(&refusing.url).expect(77, "5.7.2 no");
    let busy = Daemon::saying(http("503 Busy", ""));
    after(&busy.url).expect_line(75, "4.3.0", "503");
    assert!(!good.has_request(), "a message went to a second server");
}

#[test]
fn a_dead_server_leaves_time_for_the_next() {
    // Takes connections and reads nothing: sending a large message stops.
    let stuck = Daemon::start(|connection| {
        connection.hear_head();
        connection.hold();
    });
    let good = Daemon::saying(accepted());
    let call =
        Call::bare().args(&["--server", &stuck.url, "--server", &good.url, "--deadline=10", "--sender=a@b", "c@d"]);
    call.input(vec![b'x'; 1 << 20]).expect(0, "2.0.0 1234");
}

#[test]
fn tcp_by_address_and_as_localhost() {
    let v4 = Daemon::start_tcp("127.0.0.1:0", |connection| {
        connection.hear();
        connection.say(accepted());
    });
    Call::to(&v4.url).expect(0, "2.0.0 1234");
    assert!(v4.request().head.contains(&format!("\r\nHost: {}\r\n", v4.url.trim_start_matches("http://"))));
    Call::to(&v4.url.replace("127.0.0.1", "localhost")).expect(0, "2.0.0 1234");
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        let v6 = Daemon::start_tcp("[::1]:0", |connection| {
            connection.hear();
            connection.say(accepted());
        });
        Call::to(&v6.url).expect(0, "2.0.0 1234");
        Call::to(&v6.url.replace("[::1]", "localhost")).expect(0, "2.0.0 1234");
    }
    Call::to("http://lists.example.org:9876").expect_line(75, "4.3.5", "names are not looked up");
}
