//! More than a request may have.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::browser::encoded;
use super::shown::strict;
use super::{HTTPS, Web, fake, yes};
use crate::daemon::{PATIENCE, eventually};

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let mut browser = web.browser();
    let page = browser.get(&format!("/login?next={}", "x".repeat(5000))).expect(414);
    strict(&page, "a long address");
    for (name, size) in [("X-Long", 70_000), ("Cookie", 70_000)] {
        let page = browser.request("GET", "/login", &[(name, &"x".repeat(size))], "");
        assert_eq!(page.status, 431, "{name}");
    }
    let many: Vec<(String, String)> = (0..100).map(|n| (format!("X-{n}"), "x".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    browser.request("GET", "/login", &many, "").expect(431);

    browser.get("/login").expect(200);
    let large = "x".repeat(20_000);
    browser.post("/login", &[("address", &large), ("password", "x")]).expect(413);
    let page = browser.post("/login/link", &[("address", &large)]).expect(413);
    strict(&page, "a large form");
    assert!(daemon.calls().is_empty());
    // A form that says how large it is need not be sent to be refused.
    browser.request("POST", "/unsubscribe/token", &[], &large).expect(413);
    browser.cookies.insert("__Host-mailjam".to_owned(), "0123456789abcdef".to_owned());
    browser.get("/my").expect(200);
    browser.post("/lists/a@b/import", &[("members", &"x".repeat(3 << 20))]).expect(413);
    assert!(daemon.calls().iter().all(|call| call.method != "member.import"));
}

#[test]
fn lengths_that_a_form_permits_reach_the_daemon_as_they_are() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let mut browser = web.browser();
    browser.get("/login").expect(200);
    let odd = format!("{}\u{0}\u{202e}ü\r\n", "x".repeat(2000));
    browser.post("/login", &[("address", "a@b"), ("password", &odd)]).expect(303);
    for body in ["%", "%zz=%", "form", "&&&&", "=", "form=%ff%fe", "\u{0}"] {
        let token = browser.token.clone();
        let body = format!("{body}&{}", encoded(&[("form", &token)]));
        let page = browser.request("POST", "/login", &[], &body);
        assert!(page.status < 500, "{body}");
    }
}

#[test]
fn what_is_no_http_is_refused() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let browser = web.browser();
    for request in ["\r\n\r\nnonsense\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n", "GET /login HTTP/9\r\n\r\n"]
    {
        assert_eq!(browser.send(request).status, 400, "{request:?}");
    }
    // Two lengths are two requests to whoever believes the other one.
    let smuggled =
        "POST /login HTTP/1.1\r\nHost: lists.example.org\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\nabc";
    assert_eq!(browser.send(smuggled).status, 400);
}

#[test]
fn one_who_says_nothing_keeps_nobody_else_waiting() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let silent: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", web.port)).expect("a connection");
            stream.write_all(b"GET /login HTTP/1.1\r\nHost: lists").expect("half a request");
            stream
        })
        .collect();
    web.browser().get("/login").expect(200);
    drop(silent);
    // A request that stops in its body holds nothing that others need.
    let mut slow = TcpStream::connect(("127.0.0.1", web.port)).expect("a connection");
    let head = "POST /login HTTP/1.1\r\nHost: lists.example.org\r\nContent-Length: 100\r\n\r\nx";
    slow.write_all(head.as_bytes()).expect("half a request");
    web.browser().get("/login").expect(200);
    slow.shutdown(std::net::Shutdown::Write).expect("half a connection");
    let mut rest = Vec::new();
    let _ = slow.read_to_end(&mut rest);
    assert!(daemon.calls().is_empty());
}

/// Less than mailjam-web waits for the head of a request: who gets a page later may owe it to that.
const SOON: Duration = Duration::from_secs(12);

/// Connections that it has at the same time.
const MOST: usize = 512;

/// The most memory that it has had, in MiB.
fn peak(web: &Web) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", web.child.id())).expect("its state");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

/// A connection that has sent this and does not wait for an answer.
fn sent(web: &Web, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", web.port)).expect("a connection");
    stream.set_write_timeout(Some(PATIENCE)).expect("an option");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    // One of many may have been cut off already.
    let _ = stream.write_all(request.as_bytes());
    stream
}

/// Whether the other side has ended a connection, whatever it said before.
fn is_cut_off(mut stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("an option");
    match std::io::copy(&mut stream, &mut std::io::sink()) {
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

/// A page, before the time of those is over who are at a request already.
fn gets_a_page(web: &Web) {
    let begun = Instant::now();
    web.browser().get("/login").expect(200);
    assert!(begun.elapsed() < SOON, "a page after {:?}", begun.elapsed());
}

/// Room for the connections of a test and for what else it has open.
fn raise_descriptors() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("a limit");
    setrlimit(Resource::RLIMIT_NOFILE, hard.min(4096), hard).expect("as many as are permitted");
}

#[test]
fn a_thousand_slow_clients_keep_nobody_waiting_and_are_cut_off() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    raise_descriptors();
    web.browser().get("/login").expect(200);
    let before = web.descriptors();

    let host = "Host: lists.example.org\r\n";
    // Some never end the head, some never the form, and some ask for more than the system holds and read none of it.
    let head = format!("GET /login HTTP/1.1\r\n{host}X-Slow: ");
    let form = format!(
        "POST /login HTTP/1.1\r\n{host}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9999\r\n\r\na="
    );
    let unread = format!("GET /static/style.css HTTP/1.1\r\n{host}\r\n").repeat(500);
    let mut slow = Vec::new();
    for number in 0..1000 {
        slow.push(sent(&web, [&head, &form, &unread][if number % 50 == 0 { 2 } else { number % 2 }]));
        // The kernel keeps only so many until they are accepted, and lets more of them wait for seconds.
        if number % 64 == 0 {
            gets_a_page(&web);
        }
    }
    for _ in 0..20 {
        for (_, stream) in slow.iter_mut().enumerate().filter(|(number, _)| number % 50 != 0) {
            // One that is cut off already takes nothing.
            let _ = stream.write_all(b"x");
        }
        gets_a_page(&web);
    }
    assert!(web.descriptors() < before + MOST + 20, "{} descriptors", web.descriptors());

    // Whoever takes no time over a request makes the slow ones give way, all of them in the end.
    let ask = format!("GET /robots.txt HTTP/1.1\r\n{host}\r\n");
    let mut quick = Vec::new();
    eventually("every slow connection to be cut off", || {
        for _ in 0..MOST {
            let mut stream = sent(&web, &ask);
            assert!(stream.read(&mut [0; 64]).expect("an answer") > 0);
            quick.push(stream);
        }
        quick.drain(..quick.len() - MOST);
        slow.retain(|stream| !is_cut_off(stream));
        slow.is_empty().then_some(())
    });
    assert!(peak(&web) < 100, "{} MiB", peak(&web));
    drop(quick);
    eventually("every descriptor to be closed", || (web.descriptors() <= before).then_some(()));
    web.browser().get("/login").expect(200);
}

#[test]
fn without_descriptors_it_goes_on() {
    let daemon = fake::Daemon::start(yes);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 40; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_mailjam-web")]);
    let web = Web::run(command, daemon.url.strip_prefix("unix:").expect("a unix socket"), HTTPS);
    web.browser().get("/login").expect(200);
    let before = web.descriptors();
    let silent: Vec<TcpStream> = (0..200).map(|_| sent(&web, "GET /login HTTP/1.1\r\n")).collect();
    for _ in 0..5 {
        gets_a_page(&web);
    }
    drop(silent);
    eventually("every descriptor to be closed", || (web.descriptors() <= before).then_some(()));
}
