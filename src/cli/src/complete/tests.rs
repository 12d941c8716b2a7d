//! What fits where, by the table of commands and a site that is made up.

use std::cell::RefCell;

use mailjam_rpc::records::{Domain, Held, List, Member, Page, Query, QueueItem, Role, SettingSchema, Template, Token};
use mailjam_rpc::{Shape, Time};

use super::*;
use crate::command::Action;
use crate::commands::COMMANDS;

const NOW: Time = Time(1_795_509_000);

fn text(text: &str) -> String {
    text.to_owned()
}

fn page<T: Shape>(items: Vec<T>, next: Option<&str>) -> Option<Value> {
    Page { total: 9, items, next: next.map(text) }.to_value()
}

fn list(name: &str) -> List {
    List {
        address: format!("{name}@lists.example.org"),
        list_id: format!("{name}-id.lists.example.org"),
        closed: false,
        revision: 1,
        members: 3,
        created: NOW,
        settings: [(text("description"), Value::String(format!("About\t{name}")))].into(),
    }
}

fn member(address: &str) -> Member {
    Member {
        address: text(address),
        name: text("Somebody"),
        mode: text("post"),
        since: NOW,
        language: None,
        away_until: None,
        own_posts: true,
        posting: text("default"),
        approved: 0,
        disabled: None,
    }
}

fn setting(key: &str, kind: &str, default: &str) -> SettingSchema {
    SettingSchema { key: text(key), r#type: text(kind), default: text(default), help: format!("Help for {key}.") }
}

fn token(id: &str, revoked: bool) -> Token {
    Token { id: text(id), label: text("backup"), scopes: vec![], created: NOW, expires: None, revoked }
}

fn item(id: &str) -> QueueItem {
    QueueItem {
        id: text(id),
        list: text("talk@lists.example.org"),
        kind: text("post"),
        message_id: String::new(),
        sender: String::new(),
        size: 1,
        received: NOW,
        state: text("waiting"),
        delivered: 0,
        deferred: 1,
        refused: 0,
        next_attempt: None,
        last_error: None,
    }
}

fn held(id: &str) -> Held {
    Held {
        id: text(id),
        list: text("talk@lists.example.org"),
        sender: text("eve@y.org"),
        subject: text("Hello\u{1b}"),
        message_id: String::new(),
        size: 1,
        rule: text("moderated"),
        reason: String::new(),
        received: NOW,
        expires: NOW,
    }
}

fn template(name: &str, language: &str) -> Template {
    Template { name: text(name), language: text(language), origin: text("mailjam"), help: text("Sent.") }
}

/// A site with two lists. Of the members of the list named `large` one page tells a part only.
fn site(method: &str, params: &[Value]) -> Option<Value> {
    let named = params.first().and_then(|name| String::from_value(name.clone()).ok()).unwrap_or_default();
    match method {
        "list.list" => page(vec![list("announce"), list("talk")], None),
        "domain.list" => page(
            vec![Domain { name: text("lists.example.org"), description: text("Ours"), lists: 2, created: NOW }],
            None,
        ),
        "member.list" if named == "large" => page(vec![member("ann@x.org"), member("anna@x.org")], Some("anna@x.org")),
        "member.list" => {
            page(vec![member("Ann@x.org"), member("bea@x.org"), member("bob@x.org"), member("esc\u{1b}@x.org")], None)
        }
        "role.list" => {
            let role = |address: &str, role: &str| Role { address: text(address), role: text(role) };
            let site = named.is_empty();
            if site { vec![role("root@x.org", "admin")] } else { vec![role("own@x.org", "owner")] }.to_value()
        }
        "list.settings.schema" => vec![
            setting("post_policy", "open|members", "members"),
            setting("reply_to", "author|list|ADDRESS", "author"),
            setting("max_size", "octets", "10485760"),
        ]
        .to_value(),
        "token.list" => vec![token("t1", false), token("t2", true)].to_value(),
        "queue.list" => page(vec![item("17"), item("18"), item("21")], None),
        "moderation.list" => page(vec![held("31"), held("32")], None),
        "template.list" if named == "talk@x" => vec![template("welcome", "de"), template("welcome", "en")].to_value(),
        "template.list" => {
            vec![template("welcome", "en"), template("goodbye", "en"), template("goodbye", "fr")].to_value()
        }
        other => panic!("nobody asks for {other} here"),
    }
}

fn split(line: &str) -> Vec<String> {
    line.split(' ').map(text).collect()
}

/// What fits at the end of a line, with the descriptions of one word apart.
fn fits(line: &str) -> Vec<String> {
    let words = split(line);
    let found = complete(&Line::read(&words), &mut |method, params| site(method, &params));
    assert_eq!(found.files_from, None, "{line}");
    found.candidates.into_iter().map(|candidate| candidate.value).collect()
}

/// From where on names of files fit.
fn files(line: &str) -> Option<usize> {
    let words = split(line);
    complete(&Line::read(&words), &mut |_, _| None).files_from
}

const NONE: [&str; 0] = [];

#[test]
fn nouns_verbs_and_their_other_words() {
    assert_eq!(fits("")[..3], ["list", "member", "subscription"]);
    assert!(!fits("").contains(&text("completions")), "hidden commands stay hidden");
    assert_eq!(fits("me"), ["member"]);
    assert_eq!(fits("list re"), ["rename", "reopen"]);
    assert_eq!(fits("member sh"), ["show"], "another word, for who is typing it");
    assert!(!fits("member ").contains(&text("show")));
    assert_eq!(fits("mo"), ["moderation"]);
    assert_eq!(fits("he"), ["held"], "nouns have other words, too");
    assert_eq!(fits("held rej"), ["reject"]);
    assert_eq!(fits("member show talk@lists.example.org b"), ["bea@x.org", "bob@x.org"]);
    assert_eq!(fits("completions "), ["bash", "zsh", "fish"]);
    assert_eq!(fits("nonsense "), NONE);
    assert_eq!(fits("list nonsense "), NONE);
    assert_eq!(fits("list settings more "), NONE);
    assert_eq!(fits("call list.ge"), ["list.get"]);
}

#[test]
fn options_that_are_not_given_yet() {
    assert_eq!(
        fits("-"),
        ["--server", "--token-file", "--json", "--no-color", "--help", "--execute", "--file", "--version"]
    );
    assert_eq!(fits("--json --j"), NONE);
    assert_eq!(fits("list set talk@x --"), fits("list set talk@x -"));
    assert_eq!(fits("list set talk@x --")[..2], ["--dry-run", "--if-revision"]);
    assert_eq!(fits("list set talk@x --dry-run --d"), NONE);
    assert_eq!(fits("list create talk@x --owner a@x --o"), ["--owner"], "may be repeated");
    assert_eq!(fits("list show -- --j"), NONE, "behind -- nothing is an option");
    assert_eq!(fits("queue retry "), ["--id", "--list", "--domain"], "no word fits, so what does is shown");
    assert_eq!(fits("queue retry --id 17 "), ["--list", "--domain"]);
    assert_eq!(fits("list --v"), NONE, "the version is that of the program");
}

#[test]
fn values_of_options_in_both_forms() {
    assert_eq!(fits("queue list --state q"), ["quarantined"]);
    assert_eq!(fits("queue list --state=q"), ["--state=quarantined"]);
    assert_eq!(fits("queue list --list ta"), ["talk@lists.example.org"]);
    assert_eq!(fits("list list --filter --"), NONE, "a value that nobody knows, and no option");
    assert_eq!(fits("list list --filter x --l"), ["--limit"]);
    assert_eq!(fits("list list --json=x"), NONE);
    assert_eq!(fits("--server u"), ["unix:/run/mailjam/control.sock"]);
    assert_eq!(files("--server unix:/tmp/"), Some(5));
    assert_eq!(files("--server=unix:/tmp/"), Some(14));
    assert_eq!(files("member import talk@x "), Some(0));
    assert_eq!(files("member import talk@x - "), None);
    assert_eq!(files("--token-file=a"), Some(13));
    assert_eq!(files("template set talk@x welcome en "), Some(0));
    assert_eq!(files("held show 31 --raw "), Some(0));
    assert_eq!(files("mta-config postfix --maps "), Some(0));
}

#[test]
fn names_that_the_daemon_knows() {
    assert_eq!(fits("list show "), ["announce@lists.example.org", "talk@lists.example.org"]);
    assert_eq!(fits("list show talk-"), ["talk-id.lists.example.org"]);
    assert_eq!(fits("role list "), ["site", "announce@lists.example.org", "talk@lists.example.org"]);
    assert_eq!(fits("role revoke site "), ["root@x.org"]);
    assert_eq!(fits("role revoke talk@x "), ["own@x.org"]);
    assert_eq!(fits("role grant talk@x bea@x.org m"), ["moderator"]);
    assert_eq!(fits("role grant site "), NONE);
    assert_eq!(fits("domain get l"), ["lists.example.org"]);
    assert_eq!(fits("list create news"), ["news@lists.example.org"]);
    assert_eq!(fits("list rename talk@x news@l"), ["news@lists.example.org"]);
    assert_eq!(fits("list create "), NONE);
    assert_eq!(fits("token revoke "), ["t1"], "what is revoked need not be");
    assert_eq!(fits("queue drop 1"), ["17", "18"]);
    assert_eq!(fits("held approve 31 "), ["32"]);
    assert_eq!(fits("ban list s"), ["site"]);
    assert_eq!(
        fits("template list "),
        ["site", "lists.example.org", "announce@lists.example.org", "talk@lists.example.org"]
    );
    assert_eq!(fits("template show site "), ["goodbye", "welcome"]);
    assert_eq!(fits("template set talk@x welcome "), ["de", "en"]);
    assert_eq!(fits("template show site goodbye --language f"), ["fr"]);
    assert_eq!(fits("template show site --language "), ["en", "fr"]);
    assert_eq!(fits("explain talk@x --sender be"), ["bea@x.org"]);
    assert_eq!(fits("token create backup --scope r"), ["read"]);
    assert_eq!(fits("token create backup --scope mta o"), ["owner:"]);
    assert_eq!(fits("token create backup --scope owner:t"), ["owner:talk@lists.example.org"]);
}

#[test]
fn settings_and_their_values() {
    assert_eq!(fits("list set talk@x "), ["post_policy=", "reply_to=", "max_size="]);
    assert_eq!(fits("list set talk@x post_policy=open reply"), ["reply_to="]);
    assert_eq!(fits("list set talk@x post_policy=open p"), NONE);
    assert_eq!(fits("list create new@x post_policy=m"), ["post_policy=members"]);
    assert_eq!(fits("list set talk@x reply_to="), ["reply_to=author", "reply_to=list"]);
    assert_eq!(fits("list set talk@x max_size="), NONE);
    assert_eq!(fits("list set talk@x nonsense="), NONE);
}

#[test]
fn what_is_typed_stays_and_what_is_said_is_not_said_twice() {
    assert_eq!(fits("member remove talk@x aNN"), ["aNN@x.org"]);
    assert_eq!(fits("member remove talk@x bea@x.org b"), ["bob@x.org"]);
    assert_eq!(
        fits("member remove talk@x ANN@X.ORG "),
        ["bea@x.org", "bob@x.org"],
        "and nothing a terminal would obey"
    );
    let words = split("list show t");
    let found = complete(&Line::read(&words), &mut |method, params| site(method, &params));
    assert_eq!(found.candidates[0].description, "About\u{fffd}talk", "one line, one field");
}

#[test]
fn a_part_of_the_names_must_not_decide_what_is_typed() {
    assert_eq!(fits("member get large a"), NONE, "there may be an ali@x.org");
    assert_eq!(fits("member get large ann"), ["ann@x.org", "anna@x.org"]);
    assert_eq!(fits("member get large anna"), NONE);
    assert_eq!(fits("member get large anna@x.org"), ["anna@x.org"]);
}

#[test]
fn the_daemon_is_asked_for_a_few_that_contain_the_word_on_the_list_that_was_named() {
    let asked = RefCell::new(Vec::new());
    let words = split("--server unix:/x member get --json talk@x be");
    complete(&Line::read(&words), &mut |method, params| {
        asked.borrow_mut().push((text(method), params));
        None
    });
    let query = Query { cursor: None, limit: Some(200), filter: Some(text("be")) };
    let expected = vec![Value::String(text("talk@x")), query.to_value().unwrap()];
    assert_eq!(asked.into_inner(), [(text("member.list"), expected)]);
}

#[test]
fn the_daemon_that_is_named_last_counts() {
    let words = split("--server unix:/a list --server=unix:/b show --token-file /c ");
    let line = Line::read(&words);
    assert_eq!((line.server(), line.token_file()), (Some("unix:/b"), Some(std::path::Path::new("/c"))));
}

#[test]
fn nothing_but_the_table_without_a_daemon_and_no_line_is_too_odd() {
    fn each(commands: &'static [Command], before: &str, check: &mut impl FnMut(&str)) {
        for command in commands {
            let words = format!("{before}{} ", command.name);
            check(&words);
            if let Action::Group(verbs) = command.action {
                each(verbs, &words, check);
            }
        }
    }
    each(COMMANDS, "", &mut |before| {
        for end in
            ["", "-", "--", "-- ", "--=", "x=", "@", "'", "\u{fc}", "a b c d ", "--server", "--server ", "--scope a "]
        {
            let words = split(&format!("{before}{end}"));
            complete(&Line::read(&words), &mut |_, _| None);
        }
    });
    complete(&Line::read(&[]), &mut |_, _| None);
}
