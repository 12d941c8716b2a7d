//! What pages are made of: every answer in its strict headers, every string as text, nothing that a browser would run.

use mailjam_rpc::Code;
use mailjam_web::{Guard, Verb, table};

use super::browser::{Page, encoded};
use super::{EVIL, HTTPS, Web, fake, yes};

const STRICT: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
];

#[track_caller]
pub fn strict(page: &Page, about: &str) {
    for (name, value) in STRICT {
        assert_eq!(page.header(name), Some(value), "{about}: {name}");
    }
    let kept = page.header("cache-control").unwrap_or_default();
    assert!(kept == "no-store" || about.contains("/static/") || about.contains("robots"), "{about}: {kept}");
    assert_eq!(page.headers.iter().filter(|(name, _)| name == "content-security-policy").count(), 1, "{about}");
}

/// Nothing in a page is what `EVIL` wants to be.
#[track_caller]
pub fn harmless(page: &Page, about: &str) {
    let body = &page.body;
    for bad in
        ["<script>", "<img", "<svg on", "onerror=alert(2)>", "\"'>", "<style", " style=", "href=\"javascript", ">49@"]
    {
        assert!(!body.contains(bad), "{about} has {bad}: {body}");
    }
    assert_eq!(body.matches("<script ").count(), usize::from(body.contains("<html")), "{about}");
}

fn path(path: &str) -> String {
    let evil = encoded(&[("", EVIL)]).trim_start_matches('=').to_owned();
    let fill = |path: String, part: &str| path.replace(part, &evil);
    ["{token}", "{list}", "{id}", "{address}", "{name}", "{language}", "{file}"]
        .iter()
        .fold(path.to_owned(), |p, part| fill(p, part))
}

#[test]
fn whatever_the_daemon_says_is_text_on_every_page() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let query =
        encoded(&[("q", EVIL), ("cursor", EVIL), ("done", EVIL), ("next", EVIL), ("state", EVIL), ("lang", EVIL)]);
    let mut said = 0;
    for (verb, row, guard) in table() {
        let mut browser = web.browser();
        if guard == Guard::Person {
            browser.cookies.insert("__Host-mailjam".to_owned(), "0123456789abcdef".to_owned());
        }
        browser.get(if guard == Guard::Person { "/my" } else { "/login" }).expect(200);
        let names = ["address", "name", "password", "next", "reason", "id", "q", "members", "text", "label", "scopes"];
        let fields: Vec<(&str, &str)> =
            names.iter().map(|name| (*name, EVIL)).chain([("set.description", EVIL)]).collect();
        let about = format!("{verb:?} {row}");
        let page = match verb {
            Verb::Get => browser.get(&format!("{}?{query}", path(row))),
            Verb::Post => browser.post(&path(row), &fields),
        };
        strict(&page, &about);
        if row.ends_with("/export") {
            let kept = page.header("content-disposition").unwrap_or_default();
            assert!(page.header("content-type") == Some("application/json") && kept.starts_with("attachment"));
        } else {
            harmless(&page, &about);
        }
        said += page.body.matches("&#60;script&#62;").count();
    }
    assert!(said > 100, "{said}: the pages were empty");
}

#[test]
fn answers_without_a_page_are_strict_too() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let mut browser = web.browser();
    for (method, path, status) in [
        ("GET", "/nothing", 404),
        ("GET", "/static/nothing", 404),
        ("POST", "/my", 405),
        ("DELETE", "/login", 405),
        ("OPTIONS", "/login", 405),
        ("GET", "/", 303),
        ("GET", "/static/style.css", 200),
        ("GET", "/static/script.js", 200),
        ("GET", "/static/icon.svg", 200),
        ("GET", "/robots.txt", 200),
    ] {
        let page = browser.request(method, path, &[], "");
        assert_eq!(page.status, status, "{method} {path}");
        strict(&page, path);
    }
    for path in [
        "/static/../Cargo.toml",
        "/static/..%2fCargo.toml",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/static/style.css%00",
        "/static/%ff",
        "/../../etc/passwd",
    ] {
        let page = browser.get(path);
        assert!(matches!(page.status, 400 | 404), "{path}: {}", page.status);
        assert!(!page.body.contains("root:") && !page.body.contains("[package]"), "{path}");
        strict(&page, path);
    }
}

#[test]
fn another_host_is_not_answered_for() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, HTTPS);
    let mut browser = web.browser();
    for host in ["evil.example", "lists.example.org.evil.example", "lists.example.org:81", "localhost", "127.0.0.1", ""]
    {
        let page = browser.request("GET", "/login", &[("Host", host)], "");
        assert_eq!(page.status, 421, "{host}");
        strict(&page, host);
    }
    let two = "GET /login HTTP/1.1\r\nHost: lists.example.org\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert!(matches!(browser.send(two).status, 400 | 421));
    browser.request("GET", "/login", &[("Host", "LISTS.example.org:443")], "").expect(200);

    // A trial answers to the names that this host has for itself, and says that it is one.
    let web = Web::of_fake(&daemon, "");
    let mut browser = web.browser();
    browser.request("GET", "/login", &[("Host", "lists.example.org")], "").expect(421);
    let page = browser.request("GET", "/login", &[("Host", "localhost:8080")], "").expect(200);
    assert!(page.body.contains("A trial without TLS"));
    assert!(page.header("set-cookie").expect("a cookie").starts_with("mailjam-visit="));
}

#[test]
fn below_a_path_everything_stays_below_it() {
    let daemon = fake::Daemon::start(yes);
    let web = Web::of_fake(&daemon, "public_url = \"https://lists.example.org/mail\"\n");
    let mut browser = web.browser();
    browser.get("/login").expect(404);
    let page = browser.get("/mail/login").expect(200);
    for link in page
        .body
        .split(" href=\"")
        .skip(1)
        .chain(page.body.split(" action=\"").skip(1))
        .chain(page.body.split(" src=\"").skip(1))
    {
        assert!(link.starts_with("/mail/") || link.starts_with('#') || link.starts_with('?'), "{link:.80}");
    }
    let page = browser.post("/mail/login", &[("address", "a@b"), ("password", "x"), ("next", "/evil")]).expect(303);
    assert_eq!(page.location(), "/mail/my");
    assert!(
        page.header("set-cookie")
            .expect("a cookie")
            .starts_with("__Secure-mailjam=a-new-session-of-the-daemon; Path=/mail; ")
    );
    let page = browser.get("/mail/").expect(303);
    assert_eq!(page.location(), "/mail/my");
}

#[test]
fn what_is_wrong_inside_stays_inside() {
    for (code, status, words) in [
        (Code::Internal, 500, "Something is broken here"),
        (Code::StorageFull, 500, "Something is broken here"),
        (Code::StorageBusy, 503, "Try again in a minute"),
        (Code::NoList, 404, "/var/lib/mailjam/secret"),
        (Code::Expired, 303, ""),
        (Code::NotAuthenticated, 303, ""),
        (Code::NotAllowed, 403, "Ask an owner"),
    ] {
        let daemon = fake::Daemon::start(move |call| match call.method.as_str() {
            "list.get" => fake::fault(code, "/var/lib/mailjam/secret"),
            _ => yes(call),
        });
        let web = Web::of_fake(&daemon, HTTPS);
        let mut browser = web.browser();
        browser.cookies.insert("__Host-mailjam".to_owned(), "0123456789abcdef".to_owned());
        let page = browser.get("/lists/talk@lists.example.org");
        assert_eq!(page.status, status, "{code:?}");
        assert!(page.body.contains(words), "{code:?}: {}", page.body);
        // A fault that is for people is told to them; others are for the log.
        assert_eq!(page.body.contains("secret"), code == Code::NoList, "{code:?}: {}", page.body);
        assert_eq!(browser.cookies.contains_key("__Host-mailjam"), status != 303, "{code:?}");
    }
    // An answer of another version, one that is none, and no daemon.
    let strange = fake::Daemon::start(|call| if call.method == "session.get" { fake::value(true) } else { yes(call) });
    let broken = fake::Daemon::start(|_| fake::status("500 Oh"));
    for (daemon, status) in [(&strange, 500), (&broken, 503)] {
        let web = Web::of_fake(daemon, HTTPS);
        let mut browser = web.browser();
        browser.cookies.insert("__Host-mailjam".to_owned(), "0123456789abcdef".to_owned());
        let page = browser.get("/my").expect(status);
        strict(&page, "/my");
        assert!(!page.body.contains("session.get") && !page.body.contains(".sock"), "{}", page.body);
    }
    let web = Web::start("/nonexistent/web.sock", HTTPS);
    let mut browser = web.browser();
    browser.get("/login").expect(200);
    let page = browser.post("/login", &[("address", "a@b"), ("password", "x")]).expect(503);
    assert!(!page.body.contains("nonexistent"), "{}", page.body);
}
