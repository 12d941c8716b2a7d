//! More than a request may have.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::browser::encoded;
use super::shown::strict;
use super::{HTTPS, Web, fake, yes};

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
