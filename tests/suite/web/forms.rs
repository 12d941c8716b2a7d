//! Looking changes nothing, and what is done was meant: every row of the table, with a daemon that would do it all.

use mailjam_rpc::Value;
use mailjam_rpc::catalogue::{Access, Method};
use mailjam_web::{Guard, Verb, table};

use super::browser::{Browser, encoded};
use super::{EVIL, HTTPS, Web, fake, yes};

const SESSION: &str = "0123456789abcdef0123456789abcdef";

/// A path with something in each open part.
fn filled(path: &str) -> String {
    let evil = encoded(&[("", EVIL)]);
    let evil = evil.trim_start_matches('=');
    // Where anybody may ask, only what can be a list is asked about.
    let path = if path.ends_with("/subscribe") { "/lists/talk@lists.example.org/subscribe" } else { path };
    let mut filled = path.replace("{file}", "style.css").replace("{token}", "some-token-or-other");
    while let Some((before, rest)) = filled.split_once('{') {
        let (_, after) = rest.split_once('}').expect("a closing brace");
        filled = format!("{before}{evil}{after}");
    }
    filled
}

fn logged_in(web: &Web) -> Browser {
    let mut browser = web.browser();
    browser.cookies.insert("__Host-mailjam".to_owned(), SESSION.to_owned());
    browser
}

/// Methods that change nothing.
fn only_looks(method: &str) -> bool {
    let verb = method.split_once('.').map_or(method, |(_, verb)| verb);
    matches!(
        verb,
        "get"
            | "list"
            | "lists"
            | "stats"
            | "info"
            | "pending"
            | "members"
            | "member"
            | "settings.schema"
            | "render"
            | "export"
            | "status"
            | "preview"
            | "retention"
            | "posts"
            | "threads"
    )
}

#[test]
fn looking_changes_nothing_and_every_page_can_be_shown() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let mut pages = 0;
    for (verb, path, guard) in table() {
        if verb != Verb::Get {
            continue;
        }
        for method in ["GET", "HEAD"] {
            let mut browser = if guard == Guard::Person { logged_in(&web) } else { web.browser() };
            let page = browser.request(method, &filled(path), &[], "");
            assert!(matches!(page.status, 200 | 303), "{method} {path}: {} {}", page.status, page.body);
        }
        pages += 1;
    }
    assert!(pages > 30, "{pages}");
    for call in daemon.calls() {
        assert!(only_looks(&call.method), "a look called {}", call.method);
        // Everything that is called in somebody's name names the session, and nothing else does.
        let access = Method::find(&call.method).expect("a method").access;
        assert_eq!(
            call.head.contains(&format!("Authorization: Bearer {SESSION}")),
            access != Access::Public,
            "{call:?}"
        );
    }
}

#[test]
fn no_form_is_done_that_does_not_come_from_a_page_of_ours() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    // A token that was made for another session, and one for somebody without.
    let mut other = web.browser();
    other.cookies.insert("__Host-mailjam".to_owned(), SESSION.replace('0', "f"));
    other.get("/my").expect(200);
    let mut visitor = web.browser();
    visitor.get("/login").expect(200);
    let ours = ("Origin", "https://lists.example.org");
    let mut forms = 0;
    for (verb, path, guard) in table() {
        if verb != Verb::Post || guard == Guard::Token {
            continue;
        }
        let path = filled(path);
        let mut browser = if guard == Guard::Person { logged_in(&web) } else { web.browser() };
        browser.get(if guard == Guard::Person { "/my" } else { "/login" }).expect(200);
        let right = browser.token.clone();
        let foreign = if guard == Guard::Person { visitor.token.clone() } else { other.token.clone() };
        let long = "0".repeat(64);
        let before = daemon.calls().len();
        for token in ["", "x", &long, &other.token, &foreign, &right[..62]] {
            let page = browser.request("POST", &path, &[ours], &encoded(&[("form", token)]));
            assert_eq!(page.status, 403, "{path} with {token:?}: {}", page.body);
        }
        let body = encoded(&[("form", right.as_str())]);
        for header in [
            ("Origin", "https://evil.example"),
            ("Origin", "http://lists.example.org"),
            ("Origin", "null"),
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Site", "same-site"),
        ] {
            let page = browser.request("POST", &path, &[header], &body);
            assert_eq!(page.status, 403, "{path} with {header:?}");
        }
        let page = browser.request("POST", &path, &[ours, ("Content-Type", "text/plain")], &body);
        assert_eq!(page.status, 415, "{path}");
        // In the query it does not count: that is what a link can have.
        let page = browser.request("POST", &format!("{path}?{body}"), &[ours], "");
        assert_eq!(page.status, 403, "{path}");
        let called = &daemon.calls()[before..];
        assert!(called.iter().all(|call| call.method == "session.get"), "{path} called {called:?}");
        // And from a page of ours it is done, or refused for another reason.
        let page = browser.request("POST", &path, &[ours], &body);
        assert!(page.status != 403 && page.status < 500, "{path}: {} {}", page.status, page.body);
        forms += 1;
    }
    assert!(forms > 25, "{forms}");
}

#[test]
fn without_a_session_a_persons_pages_lead_to_the_login() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    for (verb, path, guard) in table() {
        if guard != Guard::Person {
            continue;
        }
        let path = filled(path);
        let mut browser = web.browser();
        let page = if verb == Verb::Get { browser.get(&path) } else { browser.post(&path, &[]) };
        assert_eq!(page.status, 303, "{path}: {}", page.body);
        assert!(page.location().starts_with("/login?next="), "{path}: {}", page.location());
    }
    assert!(daemon.calls().is_empty());
}

#[test]
fn a_login_gives_a_new_session_whatever_the_browser_had() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let mut browser = logged_in(&web);
    browser.get("/login").expect(200);
    let page = browser.post("/login", &[("address", "ann@example.org"), ("password", "x")]).expect(303);
    let cookie = page.header("set-cookie").expect("a cookie");
    assert_eq!(
        cookie,
        "__Host-mailjam=a-new-session-of-the-daemon; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=7776000"
    );
    // The login was nobody's: not that of the session which somebody else may have put there.
    let call = daemon.calls().into_iter().find(|call| call.method == "session.open").expect("a login");
    assert!(!call.head.contains("Authorization"), "{}", call.head);
    browser.get("/my").expect(200);
    let old = browser.token.clone();
    assert_ne!(old, logged_in(&web).get("/my").form_token().expect("a form"));
}

#[test]
fn after_a_login_only_pages_of_ours_are_next() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    for (next, there) in [
        ("/lists/talk@lists.example.org/held?q=a", "/lists/talk@lists.example.org/held?q=a"),
        ("", "/my"),
        ("//evil.example", "/my"),
        ("/\\evil.example", "/my"),
        ("https://evil.example/", "/my"),
        ("javascript:alert(1)", "/my"),
        ("/my\r\nSet-Cookie: a=b", "/my"),
        ("/\tevil", "/my"),
        ("evil", "/my"),
        ("/login?next=//evil.example", "/my"),
    ] {
        let mut browser = web.browser();
        browser.get(&format!("/login?{}", encoded(&[("next", next)]))).expect(200);
        let page = browser.post("/login", &[("address", "a@b"), ("password", "x"), ("next", next)]).expect(303);
        assert_eq!(page.location(), there, "{next:?}");
        assert!(!page.headers.iter().any(|(_, value)| value.starts_with("a=b")), "{next:?}");
    }
}

#[test]
fn the_daemon_is_told_who_asks() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, &format!("{HTTPS}address_header = \"X-Forwarded-For\"\n"));
    let mut browser = web.browser();
    browser.get("/login").expect(200);
    let body = encoded(&[("form", &browser.token.clone()), ("address", "a@b"), ("password", "x")]);
    // What stands before the proxy's own word anybody may have written.
    let headers = [("X-Forwarded-For", "203.0.113.9"), ("X-Forwarded-For", "198.51.100.1, 192.0.2.7")];
    browser.request("POST", "/login", &headers, &body).expect(303);
    let call = daemon.calls().pop().expect("a call");
    let Some(Value::Struct(options)) = call.params.get(2) else { panic!("{call:?}") };
    assert_eq!(options.get("source_ip"), Some(&Value::String("192.0.2.7".to_owned())));
}
