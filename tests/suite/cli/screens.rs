//! What is shown: tables, screens, JSON, page after page.

use mailjam_rpc::records::{Page, QueueItem, ServerStats};
use mailjam_rpc::{Shape, Value};

use super::daemon::{Daemon, value};
use super::program::Cli;
use super::site::{self, NOW, TALK, member, member_of, struct_of, text};

#[test]
fn lists_are_a_table_for_people_and_json_for_programs() {
    let daemon = Daemon::start(site::answer);
    Cli::of(&daemon, &["list", "list"]).run().prints(
        "\
LIST                        MEMBERS  STATE   DESCRIPTION
announce@lists.example.org    12345  closed  -
talk@lists.example.org            7  open    Talk about everything, in every language that anybody speaks
",
    );
    let json = Cli::of(&daemon, &["--json", "list", "list"]).run();
    assert_eq!((json.exit, json.err.as_str()), (0, ""));
    let parsed: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(parsed["total"], 2);
    assert_eq!(parsed["items"][1]["address"], TALK);
    assert_eq!(parsed["items"][0]["created"], "2026-11-24T08:30:00Z");
    assert_eq!(parsed["items"][0]["settings"]["max_size"], 65_536);
}

#[test]
fn one_list_is_a_screen() {
    let daemon = Daemon::start(site::answer);
    Cli::of(&daemon, &["list", "show", TALK]).run().prints(
        "\
talk@lists.example.org
  list-id    talk.lists.example.org
  state      open
  members    7
  created    2026-11-24T08:30:00Z
  revision   3
  owner      anna@example.org
  moderator  -

Settings
  description  Talk
  max_size     65536
  post_policy  open  (default: members)
",
    );
    let json = Cli::of(&daemon, &["list", "get", TALK, "--json"]).run();
    json.prints(concat!(
        r#"{"address":"talk@lists.example.org","closed":false,"created":"2026-11-24T08:30:00Z","#,
        r#""list_id":"talk.lists.example.org","members":7,"revision":3,"#,
        r#""settings":{"description":"Talk","max_size":65536,"post_policy":"open"}}"#,
        "\n"
    ));
}

#[test]
fn settings_are_explained() {
    let daemon = Daemon::start(site::answer);
    Cli::of(&daemon, &["list", "settings"]).run().prints(
        "\
post_policy = open|members  (default: members)
  Who may post.

max_size = octets  (default: 65536)
  Largest message taken.

description = string  (default: -)
  One line that says what the list is for, shown to people.
",
    );
}

/// So many members, `0@example.org` and on, as a daemon tells them: full pages but for the last.
fn members(total: i32) -> Daemon {
    Daemon::start(move |call| {
        let query = &call.params[1];
        let limit = i32::from_value(member_of(query, "limit").unwrap()).unwrap();
        let from = member_of(query, "cursor").map_or(0, |at| String::from_value(at).unwrap().parse::<i32>().unwrap());
        let to = (from + limit).min(total);
        let items = (from..to).map(|n| member(&format!("{n}@example.org"), "")).collect();
        value(Page { total, items, next: (to < total).then(|| to.to_string()) })
    })
}

#[test]
fn pages_are_asked_for_to_the_end() {
    let daemon = members(4_001);
    let all = Cli::of(&daemon, &["member", "list", TALK]).run();
    assert_eq!((all.exit, all.err.as_str()), (0, ""));
    assert_eq!(daemon.calls().len(), 3);
    let addresses: Vec<_> = all.out.lines().skip(1).filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(addresses, (0..4_001).map(|n| format!("{n}@example.org")).collect::<Vec<_>>());

    let json = Cli::of(&daemon, &["member", "list", TALK, "--json"]).run();
    let parsed: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((parsed["items"].as_array().unwrap().len(), &parsed["total"]), (4_001, &4_001.into()));
    assert!(parsed.get("next").is_none());
}

#[test]
fn a_limit_ends_earlier_and_says_so() {
    let daemon = members(4_001);
    let some = Cli::of(&daemon, &["member", "list", TALK, "--limit", "2002"]).run();
    assert_eq!(some.out.lines().count(), 2_003);
    assert_eq!(some.err, "there are more members, 4001 in all\n");
    assert_eq!(daemon.calls().len(), 2);
    let json = Cli::of(&daemon, &["member", "list", TALK, "--json", "--limit", "1"]).run();
    let parsed: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(parsed["next"], "1");
}

#[test]
fn an_empty_collection_is_nothing_on_standard_output() {
    let daemon = Daemon::start(|_| value(site::page(Vec::<Value>::new())));
    let table = Cli::of(&daemon, &["queue", "list"]).run();
    assert_eq!((table.exit, table.out.as_str(), table.err.as_str()), (0, "", "no items in the queue\n"));
    Cli::of(&daemon, &["queue", "list", "--json"]).run().prints("{\"items\":[],\"total\":0}\n");
}

#[test]
fn a_reader_who_leaves_ends_the_program_quietly() {
    let endless = Daemon::start(|_| {
        let items = (0..1000).map(|n| member(&format!("{n}@example.org"), "")).collect();
        value(Page { total: i32::MAX, items, next: Some("again".to_owned()) })
    });
    assert_eq!(Cli::of(&endless, &["member", "list", TALK]).unread(), (0, String::new()));
    assert_eq!(Cli::of(&endless, &["member", "list", TALK, "--json"]).unread(), (0, String::new()));
    assert_eq!(Cli::new(&["--help"]).unread(), (0, String::new()));
}

#[test]
fn a_full_disk_is_told() {
    let daemon = Daemon::start(site::answer);
    let outcome = Cli::of(&daemon, &["list", "list"]).into_file("/dev/full");
    assert_eq!(outcome, (1, "mailjam-cli: cannot write standard output: No space left on device\n".to_owned()));
}

#[test]
fn a_narrow_terminal_cuts_words_and_has_colours_unless_declined() {
    let daemon = Daemon::start(site::answer);
    let shown = Cli::on_terminal(&daemon, "list list", "");
    let talk = shown.out.lines().find(|line| line.starts_with("talk@")).unwrap();
    assert!(talk.ends_with('…') && talk.chars().count() == 60, "{talk:?}");
    assert!(shown.out.starts_with("\x1b[1mLIST"), "{:?}", shown.out);
    assert!(!Cli::on_terminal(&daemon, "list list --no-color", "").out.contains('\x1b'));
    assert!(Cli::on_terminal(&daemon, "list get nothing@x", "").out.starts_with("\x1b[31mmailjam-cli:\x1b[0m no list"));
}

#[test]
fn the_queue_and_one_item_of_it() {
    let item = || QueueItem {
        id: "17".to_owned(),
        list: TALK.to_owned(),
        kind: "post".to_owned(),
        message_id: "<1@example.org>".to_owned(),
        sender: String::new(),
        size: 5000,
        received: NOW,
        state: "waiting".to_owned(),
        delivered: 9998,
        deferred: 1,
        refused: 1,
        next_attempt: Some(NOW),
        last_error: Some("450 try\nlater".to_owned()),
    };
    let daemon = Daemon::start(move |call| match call.method.as_str() {
        "queue.list" => value(site::page(vec![item()])),
        _ => value(struct_of([
            ("item", item().to_value().unwrap()),
            (
                "recipients",
                Value::Array(vec![struct_of([
                    ("address", text("bea@example.net")),
                    ("state", text("refused")),
                    ("attempts", Value::Integer(1)),
                    ("reply", text("550 5.1.1 no such user")),
                ])]),
            ),
        ])),
    });
    Cli::of(&daemon, &["queue", "list"]).run().prints(
        "\
ID  STATE    SENT  WAIT  REFUSED  RECEIVED              LIST
17  waiting  9998     1        1  2026-11-24T08:30:00Z  talk@lists.example.org
",
    );
    Cli::of(&daemon, &["queue", "show", "17"]).run().prints(
        "\
17
  list          talk@lists.example.org
  kind          post
  state         waiting
  sender        <>
  message-id    <1@example.org>
  size          5000 octets
  received      2026-11-24T08:30:00Z
  sent          9998
  waiting       1
  refused       1
  next attempt  2026-11-24T08:30:00Z
  last error    450 try\u{fffd}later

RECIPIENT        STATE    TRIES  NEXT  REPLY
bea@example.net  refused      1  -     550 5.1.1 no such user
",
    );
}

#[test]
fn statistics_have_units_and_titles() {
    let daemon = Daemon::start(|_| {
        value(ServerStats {
            lists: 2,
            members: 12_352,
            queued: 0,
            deferred: 0,
            oldest: None,
            verdicts: [("accept".to_owned(), Value::Integer(3))].into(),
            delivered: 21,
            refused: 0,
            uptime: 3_700,
        })
    });
    Cli::of(&daemon, &["server", "stats"]).run().prints(
        "\
Stored
  lists     2
  members   12352
  queued    0
  deferred  0
  oldest    -

In the 1 h 1 min since the daemon started
  hand-overs: accept  3
  copies delivered    21
  copies refused      0
",
    );
}
