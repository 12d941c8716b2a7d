//! Leaving with one click (RFC 8058): each member's copy has a link of its own, and what it says is done at the web door.

use mail_parser::MessageParser;
use mailjam_rpc::Value;
use mailjam_rpc::records::{Confirmed, Explanation, Member, Page};

use crate::calls::{Door, members, post, text};
use crate::daemon::{Daemon, PATIENCE};
use crate::smtp_sink::{Behaviour, Delivery, Sink};

const TALK: &str = "talk@lists.example.org";
const PEOPLE: [&str; 2] = ["ann@example.org", "bob@example.org"];
const WEB: &str = "[web]\npublic_url = \"https://lists.example.org/mail\"\n";

/// A field of a delivery, unfolded.
fn field(delivery: &Delivery, name: &str) -> Option<String> {
    let mail = MessageParser::default().parse(&delivery.message)?;
    mail.header_raw(name).map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn token(delivery: &Delivery) -> String {
    let field = field(delivery, "List-Unsubscribe").expect("List-Unsubscribe");
    let url = field.split("<https://lists.example.org/mail/unsubscribe/").nth(1).expect("a link");
    let token = url.split('>').next().expect("its end").to_owned();
    assert!(
        field.ends_with(&format!("<mailto:talk-unsubscribe@lists.example.org?subject=unsubscribe%20{token}>")),
        "{field}"
    );
    token
}

fn who(daemon: &Daemon) -> Vec<String> {
    let page: Page<Member> = Door::control(daemon).call("member.list", vec![text(TALK)]);
    page.items.into_iter().map(|member| member.address).collect()
}

#[test]
fn each_copy_has_a_link_of_its_own_that_ends_one_membership() {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start_with(&sink.server(), WEB);
    daemon.create_list(TALK, &PEOPLE);
    Door::named(&daemon, "mta").submit(PEOPLE[0], TALK, &post("once"));
    let copies = sink.wait_for(|state| state.messages == 2, PATIENCE).deliveries;
    for (copy, person) in copies.iter().zip(PEOPLE) {
        assert_eq!(copy.recipients, [person]);
        let named = format!("+{}@lists.example.org", person.replace('@', "="));
        assert!(copy.mail_from.starts_with("talk-bounces+c") && copy.mail_from.ends_with(&named), "{}", copy.mail_from);
        assert_eq!(field(copy, "List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
        assert_eq!(String::from_utf8_lossy(&copy.message).matches("List-Unsubscribe:").count(), 1);
    }
    let (ann, bob) = (token(&copies[0]), token(&copies[1]));
    assert_ne!(ann, bob);

    let web = Door::named(&daemon, "web");
    let mut forged = ann.clone();
    let last = if forged.pop() == Some('a') { 'b' } else { 'a' };
    forged.replace_range(20..21, if &forged[20..21] == "a" { "b" } else { "a" });
    forged.push(last);
    assert_eq!(web.fault("subscription.unsubscribe", vec![text(&forged)]), 410);
    assert_eq!(who(&daemon), PEOPLE);
    let left: Confirmed = web.call("subscription.unsubscribe", vec![text(&ann.to_uppercase())]);
    assert_eq!((left.act.as_str(), left.list.as_str(), left.result.as_str()), ("unsubscribe", TALK, "done"));
    assert_eq!(who(&daemon), PEOPLE[1..]);
    let again: Confirmed = web.call("subscription.unsubscribe", vec![text(&ann)]);
    assert_eq!(again.result, "already");

    // The address does the same, at once.
    let message = format!("From: bob@example.org\nSubject: unsubscribe {bob}\nMessage-ID: <2@x>\n\n");
    let verdict =
        Door::named(&daemon, "mta").submit(PEOPLE[1], "talk-unsubscribe@lists.example.org", message.as_bytes());
    assert_eq!(verdict.action, "accept");
    assert!(who(&daemon).is_empty());
}

#[test]
fn without_a_web_client_or_where_a_list_wants_none_members_share_a_copy() {
    for (more, settings) in [("", vec![]), (WEB, vec![("one_click", text("no"))])] {
        let sink = Sink::start(Behaviour::default());
        let daemon = Daemon::start_with(&sink.server(), more);
        daemon.create_list(TALK, &PEOPLE);
        let settings = settings.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Door::control(&daemon).call::<Vec<Value>>("list.update", vec![text(TALK), Value::Struct(settings)]);
        Door::named(&daemon, "mta").submit(PEOPLE[0], TALK, &post("once"));
        let copy = sink.wait_for(|state| state.messages == 1, PATIENCE).deliveries.remove(0);
        assert_eq!(copy.recipients, PEOPLE);
        let unsubscribe = field(&copy, "List-Unsubscribe");
        assert_eq!(unsubscribe.as_deref(), Some("<mailto:talk-unsubscribe@lists.example.org>"));
        assert_eq!(field(&copy, "List-Unsubscribe-Post"), None);
    }
}

#[test]
fn an_explanation_shows_the_link() {
    let daemon = Daemon::start_with("127.0.0.1:9", WEB);
    daemon.create_list(TALK, &PEOPLE);
    let request =
        members([("list", text(TALK)), ("sender", text(PEOPLE[0])), ("message", Value::Base64(post("once")))]);
    let explained: Explanation = Door::control(&daemon).call("message.explain", vec![request]);
    let output = String::from_utf8(explained.output.expect("a copy")).expect("ASCII");
    assert!(output.starts_with("List-Unsubscribe: <https://lists.example.org/mail/unsubscribe/"), "{output}");
    // It looks like one, and takes nobody from the list.
    let token = output.split("/unsubscribe/").nth(1).and_then(|rest| rest.split('>').next()).expect("a token");
    assert!(Door::named(&daemon, "web").ask("subscription.unsubscribe", vec![text(token)]).is_err(), "{token}");
    assert!(explained.changes.iter().any(|change| change.contains("for each member")), "{:?}", explained.changes);
}
