//! Links that are mailed and let somebody in once.

use mail_parser::MessageParser;
use mailjam_rpc::records::{Account, OpenSession};
use mailjam_rpc::{Code, Value};

use super::{ANN, BOB, OTHER, PASSWORD, TALK, actions, create, edit, site};
use crate::calls::{Door, members, text};
use crate::daemon::{Daemon, PATIENCE};
use crate::smtp_sink::Sink;

fn ask(daemon: &Daemon, who: &str, source_ip: &str) {
    let options = members([("source_ip", text(source_ip)), ("user_agent", text("http://evil.example {{ link }}"))]);
    assert!(Door::named(daemon, "web").call::<bool>("session.link", vec![text(who), options]), "{who}");
}

/// Subject and text of the last mail, which must be the one with this number and for this person.
fn mail(sink: &Sink, number: usize, to: &str) -> (String, String) {
    let state = sink.wait_for(|state| state.messages >= number, PATIENCE);
    assert_eq!(state.messages, number);
    let delivery = state.deliveries.last().expect("a mail");
    assert_eq!((delivery.recipients.as_slice(), delivery.mail_from.as_str()), (&[to.to_owned()][..], ""));
    let mail = MessageParser::default().parse(&delivery.message).expect("a message");
    (mail.subject().expect("a subject").to_owned(), mail.body_text(0).expect("a text").into_owned())
}

fn token(text: &str) -> &str {
    let link = text.split("https://lists.example.org/mail/login/").nth(1).unwrap_or_else(|| panic!("no link: {text}"));
    link.split_whitespace().next().expect("a token")
}

fn redeem(daemon: &Daemon, token: &str) -> OpenSession {
    Door::named(daemon, "web").call("session.redeem", vec![text(token)])
}

#[test]
fn a_link_goes_to_those_who_are_known_and_lets_in_once() {
    let (sink, daemon) = site();
    let control = Door::control(&daemon);
    for who in ["nobody@example.org", "no address", ""] {
        ask(&daemon, who, "192.0.2.1");
    }
    // A case of letters that somebody else may own is not written to.
    ask(&daemon, "ANN@example.org", "192.0.2.1");
    let (subject, body) = mail(&sink, 1, ANN);
    assert_eq!(subject, "Your link to log in");
    assert!(!body.contains("evil") && body.contains("ann@example.org") && body.contains(TALK), "{body}");
    let session = redeem(&daemon, token(&body));
    assert_eq!((session.address.as_str(), session.admin), (ANN, false));
    let lists: Vec<Value> = Door::web(&daemon, &session.token).call("me.lists", vec![]);
    assert_eq!(lists.len(), 1);
    let web = Door::named(&daemon, "web");
    for used in [token(&body), "nonsense", "", &session.token] {
        assert_eq!(web.fault("session.redeem", vec![text(used)]), Code::BadToken as i32, "{used}");
    }
    assert!(!daemon.log().contains(token(&body)), "the link is in the log");

    // An owner who is no member, and an admin of the site who is neither, in the name of some list.
    control.call::<bool>("role.grant", vec![text(OTHER), text("owner@example.org"), text("owner")]);
    ask(&daemon, "owner@example.org", "192.0.2.1");
    let (_, body) = mail(&sink, 2, "owner@example.org");
    assert!(body.contains(OTHER), "{body}");
    redeem(&daemon, token(&body));
    let admin = members([("admin", Value::Boolean(true))]);
    control.call::<Account>("account.create", vec![text("root@example.org"), admin]);
    ask(&daemon, "root@example.org", "192.0.2.1");
    assert!(redeem(&daemon, token(&mail(&sink, 3, "root@example.org").1)).admin);
}

#[test]
fn a_link_is_over_after_a_while_and_when_another_one_was_used_or_the_account_is_locked() {
    let (sink, daemon) = site();
    let web = Door::named(&daemon, "web");
    ask(&daemon, ANN, "192.0.2.1");
    let (_, first) = mail(&sink, 1, ANN);
    ask(&daemon, ANN, "192.0.2.1");
    let (_, second) = mail(&sink, 2, ANN);
    redeem(&daemon, token(&second));
    assert_eq!(web.fault("session.redeem", vec![text(token(&first))]), Code::BadToken as i32);

    create(&daemon, BOB);
    ask(&daemon, BOB, "192.0.2.1");
    let (_, body) = mail(&sink, 3, BOB);
    let locked = members([("locked", Value::Boolean(true))]);
    Door::control(&daemon).call::<Account>("account.update", vec![text(BOB), locked]);
    web.ask("session.redeem", vec![text(token(&body))]).expect_err("the account is locked");
    ask(&daemon, BOB, "192.0.2.1");
    assert_eq!(actions(&daemon, BOB, "session.link"), 1, "who is locked gets no link");

    ask(&daemon, ANN, "192.0.2.1");
    let (_, body) = mail(&sink, 4, ANN);
    if edit(&daemon, "UPDATE login_link SET expires = expires - 900") {
        assert_eq!(web.fault("session.redeem", vec![text(token(&body))]), Code::ConfirmationExpired as i32);
    }
}

#[test]
fn nobody_fills_a_mailbox_with_links() {
    let (_sink, daemon) = site();
    for _ in 0..5 {
        ask(&daemon, ANN, "192.0.2.1");
    }
    assert_eq!(actions(&daemon, ANN, "session.link"), 3, "from one network");
    for network in 1..10 {
        ask(&daemon, ANN, &format!("198.51.{network}.1"));
    }
    assert_eq!(actions(&daemon, ANN, "session.link"), 6, "from all networks");
    ask(&daemon, BOB, "192.0.2.1");
    assert_eq!(actions(&daemon, BOB, "session.link"), 1, "another person is not kept out");
}

#[test]
fn only_the_site_has_another_text_for_the_mail_that_lets_people_in() {
    let (sink, daemon) = site();
    let control = Door::control(&daemon);
    let set = |scope: &str, subject: &str| {
        let body = format!("Subject: {subject}\n\nhttps://evil.example/?{{{{ link }}}}\n");
        control.ask("template.set", vec![text(scope), text("login"), text("en"), text(&body)])
    };
    for scope in [TALK, "lists.example.org"] {
        assert_eq!(set(scope, "Phish").expect_err(scope).number, Code::InvalidParameters as i32);
    }
    // Nor by way of the database of a version that did not mind.
    let phish =
        "INSERT INTO template SELECT id, '', 'login', 'en', 'Subject: Phish' || char(10, 10) || 'x', 1 FROM list";
    if !edit(&daemon, phish) {
        return;
    }
    ask(&daemon, ANN, "");
    assert_eq!(mail(&sink, 1, ANN).0, "Your link to log in");
    set("", "Log in").expect("the site may");
    ask(&daemon, ANN, "");
    assert_eq!(mail(&sink, 2, ANN).0, "Log in");
}

#[test]
fn a_password_is_chosen_by_who_came_by_link_and_changed_by_who_knows_the_old_one() {
    let (sink, daemon) = site();
    ask(&daemon, ANN, "");
    let door = Door::web(&daemon, &redeem(&daemon, token(&mail(&sink, 1, ANN).1)).token);
    let bad = Code::BadPassword as i32;
    assert_eq!(door.fault("me.password", vec![text(""), text("too short")]), bad);
    assert_eq!(door.fault("me.password", vec![text("guess"), text(PASSWORD)]), bad);
    assert!(door.call::<bool>("me.password", vec![text(""), text(PASSWORD)]));
    let other = super::logged_in(&daemon, ANN);
    assert_eq!(other.fault("me.password", vec![text(""), text("another password")]), bad);
    assert_eq!(door.fault("me.password", vec![text(""), text("another password")]), bad, "now there is one");
    assert!(other.call::<bool>("me.password", vec![text(PASSWORD), text("another password")]));
    assert_eq!(door.fault("session.get", vec![]), Code::NotAuthenticated as i32, "other sessions end");
    assert!(other.ask("session.get", vec![]).is_ok());
    super::ask(&daemon, ANN, PASSWORD, "").expect_err("that was the old one");
    super::ask(&daemon, ANN, "another password", "").expect("the new one");
}
