//! The members of a list as a file.

use std::fs;

use mailjam_rpc::records::{Member, Page};

use super::daemon::{Call, Daemon, value};
use super::program::Cli;
use super::site::{TALK, member, member_of, text};

/// Two pages of members.
fn members(call: &Call) -> super::daemon::Answer {
    let first = member_of(&call.params[1], "cursor").is_none();
    let doe = Member { name: "Doe, \"J\"".to_owned(), ..member("doe@x.org", "") };
    let (items, next) =
        if first { (vec![doe], Some("doe@x.org".to_owned())) } else { (vec![member("zoe@x.org", "")], None) };
    value(Page { total: 2, items, next })
}

#[test]
fn each_form_is_what_the_next_program_reads() {
    let daemon = Daemon::start(members);
    Cli::of(&daemon, &["member", "export", TALK]).run().prints(
        "address,name,mode,since,language,away_until,own_posts,posting\r\n\
         doe@x.org,\"Doe, \"\"J\"\"\",post,2026-11-24T08:30:00Z,,,yes,default\r\n\
         zoe@x.org,,post,2026-11-24T08:30:00Z,,,yes,default\r\n",
    );
    Cli::of(&daemon, &["member", "export", TALK, "--format", "text"])
        .run()
        .prints("\"Doe, \\\"J\\\"\" <doe@x.org>\nzoe@x.org\n");
    let lines = Cli::of(&daemon, &["member", "export", TALK, "--format", "jsonl"]).run().out;
    let addresses =
        lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["address"].clone());
    assert_eq!(addresses.collect::<Vec<_>>(), ["doe@x.org", "zoe@x.org"]);
    Cli::of(&daemon, &["member", "export", TALK, "--json"]).run().prints(&lines);
    assert_eq!(daemon.calls()[1].params[0], text(TALK));
}

#[test]
fn a_file_is_there_as_a_whole_or_not_at_all() {
    let daemon = Daemon::start(members);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("members.csv");
    let outcome = Cli::of(&daemon, &["member", "export", TALK, file.to_str().unwrap()]).run();
    assert_eq!((outcome.exit, outcome.out.as_str()), (0, ""));
    assert_eq!(outcome.err, format!("members written to {}: 2\n", file.display()));
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(written.lines().count(), 3);

    let broken = Daemon::start(|call| match member_of(&call.params[1], "cursor") {
        None => members(call),
        Some(_) => super::daemon::status("500 Internal Server Error"),
    });
    let outcome = Cli::of(&broken, &["member", "export", TALK, file.to_str().unwrap()]).run();
    assert_eq!(outcome.exit, 3, "{outcome:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), written, "the old file stays");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
