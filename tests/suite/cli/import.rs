//! Many members at once.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use mailjam_rpc::records::{ImportItem, Imported, Refused, Synced};
use mailjam_rpc::{Code, Shape, Value};

use super::daemon::{Answer, Call, Daemon, fault, value};
use super::program::Cli;
use super::site::{TALK, member_of, struct_of, text};
use crate::daemon::eventually;
use crate::terminal::Terminal;

/// Adds everybody but addresses without an @; who is called `known` was a member before.
fn import(call: &Call) -> Answer {
    let members = Vec::<ImportItem>::from_value(call.params[1].clone()).unwrap();
    let mut answer = Imported { added: 0, already: 0, refused: vec![] };
    for ImportItem { address, .. } in members {
        if !address.contains('@') {
            let reason = "no @ in it".to_owned();
            answer.refused.push(Refused { address, code: Code::BadAddress as i32, reason });
        } else if address.starts_with("known@") {
            answer.already += 1;
        } else {
            answer.added += 1;
        }
    }
    value(answer)
}

fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

#[test]
fn refused_lines_are_named_and_stop_nobody() {
    let daemon = Daemon::start(import);
    let members = file(b"# people\nAnna <anna@x.org>\n\nbroken\nknown@x.org\ncaf\xe9@x.org\nbroken\nlast@x.org");
    let path = members.path().to_str().unwrap();
    let outcome = Cli::of(&daemon, &["member", "import", TALK, path]).run();
    assert_eq!(outcome.exit, 4);
    assert_eq!(outcome.out, "added 2, already members 1, refused 3\n");
    assert_eq!(
        outcome.err,
        "mailjam-cli: line 4: broken: no @ in it\nmailjam-cli: line 6: not UTF-8\nmailjam-cli: line 7: broken: no @ in it\n"
    );
    let anna = struct_of([("address", text("anna@x.org")), ("name", text("Anna"))]);
    assert!(matches!(&daemon.calls()[0].params[1], Value::Array(items) if items[0] == anna));

    let json = Cli::of(&daemon, &["member", "import", TALK, path, "--json"]).run();
    let parsed: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((&parsed["added"], &parsed["already"]), (&2.into(), &1.into()));
    assert_eq!(parsed["refused"][0]["line"], 4);
    assert_eq!(parsed["refused"][0]["code"], 302);
}

#[test]
fn standard_input_goes_in_portions() {
    let daemon = Daemon::start(import);
    let mut members = String::new();
    for n in 0..4_500 {
        writeln!(members, "{n}@x.org").unwrap();
    }
    Cli::of(&daemon, &["member", "import", TALK, "-"])
        .fed(members.as_bytes())
        .prints("added 4500, already members 0, refused 0\n");
    let sizes = daemon.calls().into_iter().map(|call| match &call.params[1] {
        Value::Array(items) => items.len(),
        other => panic!("{other:?}"),
    });
    assert_eq!(sizes.collect::<Vec<_>>(), [2_000, 2_000, 500]);

    let dry = Cli::of(&daemon, &["member", "import", TALK, "-", "--dry-run"]).fed(b"a@x.org\n");
    dry.prints("would add 1, already members 0, refused 0\n");
    assert_eq!(daemon.calls()[3].params[2], struct_of([("dry_run", Value::Boolean(true))]));
}

#[test]
fn an_empty_file_still_finds_out_that_there_is_no_such_list() {
    let daemon = Daemon::start(|_| fault(Code::NoList, "no list x@y"));
    let outcome = Cli::of(&daemon, &["member", "import", "x@y", "-"]).run();
    assert_eq!((outcome.exit, outcome.out.as_str()), (1, ""));
}

#[test]
fn what_stops_an_import_says_how_far_it_came() {
    let daemon = Daemon::start(|call| {
        let first =
            matches!(&call.params[1], Value::Array(items) if items[0] == struct_of([("address", text("0@x.org"))]));
        if first { import(call) } else { fault(Code::StorageFull, "the disk is full") }
    });
    let members: String = (0..2_001).map(|n| format!("{n}@x.org\n")).collect();
    let outcome = Cli::of(&daemon, &["member", "import", TALK, "-"]).fed(members.as_bytes());
    assert_eq!(outcome.exit, 1);
    assert_eq!(outcome.out, "added 2000, already members 0, refused 0\n");
    assert_eq!(
        outcome.err,
        "mailjam-cli: the disk is full (after line 2000 of standard input)\n\
        what was added stays; run the same command again for the rest\n"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let daemon = Daemon::start(import);
    Cli::of(&daemon, &["member", "import", TALK, "/nonexistent"])
        .run()
        .fails(1, "mailjam-cli: cannot read /nonexistent: No such file or directory\n");
    Cli::of(&daemon, &["member", "import", TALK, "/tmp"])
        .run()
        .fails(1, "mailjam-cli: cannot read /tmp: Is a directory\n");
    assert!(daemon.calls().is_empty());
}

/// Keeps `kept@x.org`, removes `gone@x.org`, adds the others; with one that is no address it does nothing.
fn sync(call: &Call) -> Answer {
    let addresses = Vec::<String>::from_value(call.params[1].clone()).unwrap();
    let (good, bad): (Vec<_>, Vec<_>) = addresses.into_iter().partition(|address| address.contains('@'));
    let refused = bad.into_iter().map(|address| Refused { address, code: 302, reason: "no @ in it".to_owned() });
    let added = good.into_iter().filter(|address| address != "kept@x.org").collect();
    value(Synced { added, removed: vec!["gone@x.org".to_owned()], kept: 1, refused: refused.collect() })
}

#[test]
fn sync_tells_who_came_and_who_went() {
    let daemon = Daemon::start(sync);
    Cli::of(&daemon, &["member", "sync", TALK, "-"])
        .fed(b"kept@x.org\nNew <new@x.org>\n")
        .prints("+ new@x.org\n- gone@x.org\nadded 1, removed 1, kept 1\n");
    let dry = Cli::of(&daemon, &["member", "sync", TALK, "-", "--dry-run"]).fed(b"kept@x.org\n");
    dry.prints("- gone@x.org\nwould add 0, would remove 1, kept 1\n");
    assert_eq!(member_of(&daemon.calls()[1].params[2], "dry_run"), Some(Value::Boolean(true)));
}

#[test]
fn sync_does_nothing_when_a_line_is_wrong() {
    let daemon = Daemon::start(sync);
    let remedy = "correct the lines named above and run it again\n";
    let unread = Cli::of(&daemon, &["member", "sync", TALK, "-"]).fed(b"kept@x.org\n\xff\n");
    unread.fails(
        1,
        &format!("mailjam-cli: line 2: not UTF-8\nmailjam-cli: lines refused: 1; nothing was changed\n{remedy}"),
    );
    assert!(daemon.calls().is_empty(), "nothing was asked of the daemon");
    let refused = Cli::of(&daemon, &["member", "sync", TALK, "-"]).fed(b"kept@x.org\nbad\n");
    refused.fails(
        1,
        &format!("mailjam-cli: line 2: bad: no @ in it\nmailjam-cli: lines refused: 1; nothing was changed\n{remedy}"),
    );
}

#[test]
fn an_import_tells_how_far_it_is_and_ctrl_c_ends_it_behind_a_portion() {
    let (release, wait) = sync_channel::<()>(1);
    let wait = Mutex::new(wait);
    let daemon = Daemon::start(move |call| {
        let third = struct_of([("address", text("2000@x.org"))]);
        if matches!(&call.params[1], Value::Array(items) if items[0] == third) {
            wait.lock().unwrap().recv().unwrap();
        }
        import(call)
    });
    let members: String = (0..4_500).map(|n| format!("{n}@x.org\n")).collect();
    let members = file(members.as_bytes());
    let path = members.path().to_str().unwrap();
    let arguments = ["--server", &daemon.url, "member", "import", TALK, path];
    let mut terminal = Terminal::start(env!("CARGO_BIN_EXE_mailjam-cli"), &arguments, 24, 80, |_| ());
    terminal.shows("2000 added, 0 known, ");
    terminal.shows("/s, ");
    terminal.shows(" left");
    // What comes before the next portion is sent ends the import before it, which is right as well.
    eventually("the next portion", || (daemon.calls().len() == 2).then_some(()));
    terminal.types("\x03");
    terminal.shows("^C");
    release.send(()).unwrap();
    assert_eq!(terminal.ends().code(), Some(130));
    terminal.shows("added 4000, already members 0, refused 0");
    terminal.awaits("the last line", |screen| {
        let text = screen.contents().replace('\n', "");
        text.contains(&format!("interrupted (after line 4000 of {path})"))
            && text.contains("what was added stays; run the same command again for the rest")
    });
    assert_eq!(daemon.calls().len(), 2);
}
