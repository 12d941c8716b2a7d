//! A member with a real daemon: in by password or link, settings, leaving with one click, asking to come back.

use mailjam_rpc::Value;
use mailjam_rpc::records::{Account, Member, Page};

use crate::calls::{Door, members, post, text};
use crate::daemon::{Daemon, PATIENCE};
use crate::smtp_sink::{Behaviour, Sink};

use super::Web;
use super::browser::encoded;
use super::shown::strict;

pub const TALK: &str = "talk@lists.example.org";
pub const ANN: &str = "ann@example.org";
pub const BOB: &str = "bob@example.org";
pub const PASSWORD: &str = "Zwetschgen-Knoedel";
const WEB: &str = "[web]\npublic_url = \"https://lists.example.org\"\n";

/// A daemon that mails links, with a list of two, and mailjam-web in front of it.
pub fn site() -> (Sink, Daemon, Web) {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start_with(&sink.server(), WEB);
    daemon.create_list(TALK, &[ANN, BOB]);
    let web = Web::of(&daemon);
    (sink, daemon, web)
}

/// Gives somebody a password.
pub fn account(daemon: &Daemon, who: &str, admin: bool) {
    let attributes = members([("password", text(PASSWORD)), ("admin", Value::Boolean(admin))]);
    let _: Account = Door::control(daemon).call("account.create", vec![text(who), attributes]);
}

fn member(daemon: &Daemon, who: &str) -> Option<Member> {
    let page: Page<Member> = Door::control(daemon).call("member.list", vec![text(TALK)]);
    page.items.into_iter().find(|member| member.address == who)
}

/// A mail's text as it is read.
fn readable(message: &[u8]) -> String {
    String::from_utf8_lossy(message).replace("=\r\n", "").replace("=3D", "=").replace("\r\n ", " ")
}

/// The part of a mail's text from here to the next blank.
fn link(message: &[u8], start: &str) -> String {
    let text = readable(message);
    let rest = text.split(start).nth(1).unwrap_or_else(|| panic!("no {start} in {text}"));
    let end = rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').to_owned()
}

#[test]
fn a_member_logs_in_changes_settings_and_leaves() {
    let (_sink, daemon, web) = site();
    account(&daemon, ANN, false);
    let mut browser = web.browser();
    browser.get("/login").expect(200);
    let page = browser.post("/login", &[("address", ANN), ("password", "wrong")]).expect(422);
    assert!(
        page.body.contains("do not fit together") && page.body.contains(&format!("value=\"{ANN}\"")),
        "{}",
        page.body
    );
    let same = browser.post("/login", &[("address", "nobody@example.org"), ("password", "wrong")]).expect(422);
    let without = |body: &str, who: &str| body.replace(who, "");
    assert_eq!(without(&page.body, ANN), without(&same.body, "nobody@example.org"));

    browser.log_in(ANN, PASSWORD);
    let page = browser.get("/my").expect(200);
    assert!(page.body.contains(TALK) && page.body.contains("Member as ann@example.org"), "{}", page.body);
    let wishes = [("mode", "digest"), ("away_until", "2099-12-24"), ("language", "de")];
    let page = browser.fill("/my", &format!("/my/{TALK}"), &wishes);
    assert!(page.body.contains("Saved.") && page.body.contains("value=\"2099-12-24\""), "{}", page.body);
    let ann = member(&daemon, ANN).expect("a member");
    assert_eq!((ann.mode.as_str(), ann.own_posts, ann.language.as_deref()), ("digest", false, Some("de")));
    assert!(ann.away_until.is_some());

    // What cannot be is refused, and what was typed stays.
    browser.get("/my").expect(200);
    let page = browser.post(&format!("/my/{TALK}"), &[("mode", "post"), ("away_until", "24.12.")]).expect(422);
    assert!(page.body.contains("value=\"24.12.\"") && page.body.contains("role=\"alert\""), "{}", page.body);
    browser.fill("/my", &format!("/my/{TALK}"), &[("mode", "post"), ("own_posts", "yes"), ("language", "")]);
    let ann = member(&daemon, ANN).expect("a member");
    assert_eq!((ann.mode.as_str(), ann.own_posts, ann.language, ann.away_until), ("post", true, None, None));

    // A list of others is not there for her.
    browser.post("/my/other@lists.example.org", &[("mode", "post")]);
    for page in ["", "/held", "/members", "/settings"] {
        browser.get(&format!("/lists/{TALK}{page}")).expect(403);
    }
    browser.get("/site").expect(403);
    browser.get("/site/tokens").expect(403);

    let page = browser.fill("/my", &format!("/my/{TALK}/leave"), &[]);
    assert!(page.body.contains("You have left the list.") && page.body.contains("You are a member of no list."));
    assert!(member(&daemon, ANN).is_none());

    let export = browser.get("/account/export").expect(200);
    assert!(export.header("content-disposition").is_some_and(|value| value.starts_with("attachment")));
    serde_json::from_str::<serde_json::Value>(&export.body).expect("JSON");

    let page = browser.fill("/account", "/account/password", &[("old", PASSWORD), ("new", "another-long-one")]);
    assert!(page.body.contains("The password is changed."));
    browser.get("/account").expect(200);
    let old = browser.cookies.clone();
    browser.post("/logout", &[]).expect(303);
    assert!(!browser.cookies.contains_key("__Host-mailjam"));
    browser.cookies = old;
    browser.get("/my").expect(303);
}

#[test]
fn a_mailed_link_logs_in_once_and_not_by_being_looked_at() {
    let (sink, _daemon, web) = site();
    let mut browser = web.browser();
    browser.get("/login").expect(200);
    let known = browser.post("/login/link", &[("address", BOB)]).expect(200);
    let unknown = browser.post("/login/link", &[("address", "x@example.org")]).expect(200);
    assert_eq!(known.body.replace(BOB, ""), unknown.body.replace("x@example.org", ""));
    let mail = sink.wait_for(|state| state.messages == 1, PATIENCE).deliveries.pop().expect("a mail");
    assert_eq!(mail.recipients, [BOB]);
    let path = format!("/login/{}", link(&mail.message, "https://lists.example.org/login/"));

    let mut other = web.browser();
    for _ in 0..2 {
        other.get(&path).expect(200);
    }
    let there = other.post(&path, &[]).expect(303);
    assert_eq!(there.location(), "/my");
    other.get("/my").expect(200);
    browser.get(&path).expect(200);
    let page = browser.post(&path, &[]).expect(422);
    assert!(page.body.contains("has been used"), "{}", page.body);

    // Without a password one can be set; then it works.
    other.fill("/account", "/account/password", &[("old", ""), ("new", PASSWORD)]);
    web.browser().log_in(BOB, PASSWORD);
    other.get("/account").expect(200);
    other.post("/account/everywhere", &[]).expect(303);
    other.get("/my").expect(303);
}

#[test]
fn one_click_leaves_without_cookie_login_or_redirect() {
    let (sink, daemon, web) = site();
    Door::named(&daemon, "mta").submit(ANN, TALK, &post("once"));
    let copies = sink.wait_for(|state| state.messages == 2, PATIENCE).deliveries;
    let boundary = "multipart/form-data; boundary=x";
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    for (who, kind, body) in
        [(ANN, "application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"), (BOB, boundary, multipart)]
    {
        let copy = copies.iter().find(|copy| copy.recipients == [who]).expect("a copy");
        let path = format!("/unsubscribe/{}", link(&copy.message, "<https://lists.example.org/unsubscribe/"));
        let page = web.browser().get(&path).expect(200);
        assert!(page.body.contains("One click, no login."), "{}", page.body);
        web.browser().request("HEAD", &path, &[], "").expect(200);
        assert!(member(&daemon, who).is_some(), "looking does not leave");
        // As a mail program sends it, from a page of its own or from none.
        let headers = [("Content-Type", kind), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")];
        let mut program = web.browser();
        let page = program.request("POST", &path, &headers, body).expect(200);
        strict(&page, &path);
        assert!(program.cookies.is_empty() && page.body.contains("gets no more mail"), "{}", page.body);
        assert!(member(&daemon, who).is_none());
        let again = web.browser().request("POST", &path, &headers, body).expect(200);
        assert!(again.body.contains("was no member any more"), "{}", again.body);
    }
    let page = web.browser().request("POST", "/unsubscribe/forged", &[], "List-Unsubscribe=One-Click").expect(404);
    assert!(page.body.contains("This link does not work"), "{}", page.body);
}

#[test]
fn who_left_by_mistake_and_who_comes_new_confirm_by_mail() {
    let (sink, daemon, web) = site();
    Door::named(&daemon, "mta").submit(BOB, TALK, &post("once"));
    let copies = sink.wait_for(|state| state.messages == 2, PATIENCE).deliveries;
    let copy = copies.iter().find(|copy| copy.recipients == [ANN]).expect("a copy");
    let path = format!("/unsubscribe/{}", link(&copy.message, "<https://lists.example.org/unsubscribe/"));
    let mut browser = web.browser();
    browser.request("GET", &path, &[("Accept-Language", "de-DE")], "").expect(200);
    let page = browser.post(&format!("{path}?lang=de"), &[("List-Unsubscribe", "One-Click")]).expect(200);
    assert!(page.body.contains("lang=\"de\"") && page.body.contains("Das war ein Versehen"), "{}", page.body);
    let address = page.hidden("address").expect("the address").to_owned();
    let page = browser.post(&format!("/lists/{TALK}/subscribe"), &[("address", &address)]).expect(200);
    assert!(page.body.contains("Look into your mail"), "{}", page.body);

    let mut stranger = web.browser();
    stranger.get(&format!("/lists/{TALK}/subscribe?lang=fr")).expect(200);
    let known = stranger.post(&format!("/lists/{TALK}/subscribe"), &[("address", "new@example.org")]).expect(200);
    let missing = stranger.post("/lists/no@lists.example.org/subscribe", &[("address", "new@example.org")]).expect(200);
    assert_eq!(known.body, missing.body, "nobody is told which lists there are");
    let asked = |who: &'static str| {
        let to = move |one: &crate::smtp_sink::Delivery| {
            one.recipients == [who] && readable(&one.message).contains("(confirm ")
        };
        let state = sink.wait_for(|state| state.deliveries.iter().any(to), PATIENCE);
        state.deliveries.into_iter().rfind(to).expect("a mail")
    };
    for who in [ANN, "new@example.org"] {
        let mail = asked(who);
        let token = link(&mail.message, "https://lists.example.org/confirm/");
        let mut browser = web.browser();
        let path = format!("/confirm/{token}");
        browser.get(&path).expect(200);
        assert!(member(&daemon, who).is_none());
        let page = browser.request("POST", &path, &[], &encoded(&[("x", "y")])).expect(200);
        assert!(page.body.contains("is done at"), "{}", page.body);
        assert!(member(&daemon, who).is_some());
        let again = browser.request("POST", &path, &[], "").expect(200);
        assert!(again.body.contains("That was done before"), "{}", again.body);
    }
}
