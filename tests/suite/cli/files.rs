//! What is read and written besides: messages, copies, the table for the mail server, completions.

use std::fs;
use std::path::Path;

use mailjam_rpc::Value;
use mailjam_rpc::records::{Domain, Explanation, Page, Rule, Verdict};

use super::daemon::{Daemon, value};
use super::program::Cli;
use super::site::{NOW, TALK, member_of, text};

const MESSAGE: &[u8] = b"From: a@x.org\r\n\r\n\0\xff bytes\n.\n";

fn explanation(output: Option<&[u8]>) -> Explanation {
    let rule = |rule: &str, result: &str, detail: &str| Rule {
        rule: rule.to_owned(),
        result: result.to_owned(),
        detail: detail.to_owned(),
    };
    let (action, code, dsn) = if output.is_some() { ("accept", 0, "2.0.0") } else { ("refuse", 77, "5.7.2") };
    Explanation {
        rules: vec![rule("size", "pass", "30 of 65536 octets"), rule("post-policy", action, "members may post")],
        verdict: Verdict {
            action: action.to_owned(),
            code,
            dsn: dsn.to_owned(),
            text: "so it is".to_owned(),
            post_id: None,
            duplicate: None,
        },
        changes: vec!["List-Id added".to_owned()],
        return_path: output.map(|_| "talk-bounces@lists.example.org".to_owned()),
        recipient_count: 7,
        recipients: (0..7).map(|n| format!("{n}@x.org")).collect(),
        output: output.map(<[u8]>::to_vec),
    }
}

#[test]
fn a_message_is_explained_rule_by_rule() {
    let daemon = Daemon::start(|_| value(explanation(Some(b"copy"))));
    Cli::of(&daemon, &["explain", TALK, "--sender", "a@x.org"]).fed(MESSAGE).prints(
        "\
accept: 2.0.0 so it is (mailjam-mta exits with 0)

RULE         RESULT  BECAUSE
size         pass    30 of 65536 octets
post-policy  accept  members may post

Changes in the copy
  List-Id added

Recipients: 7
  return path <talk-bounces@lists.example.org>
  0@x.org
  1@x.org
  2@x.org
  3@x.org
  4@x.org
  and 2 more
",
    );
    let request = &daemon.calls()[0].params[0];
    assert_eq!(member_of(request, "message"), Some(Value::Base64(MESSAGE.to_vec())));
    assert_eq!(member_of(request, "sender"), Some(text("a@x.org")));
}

#[test]
fn the_copy_goes_where_it_is_wanted() {
    let daemon = Daemon::start(|_| value(explanation(Some(b"the copy\n"))));
    let explain = ["explain", TALK, "--sender", "", "--output"];
    Cli::of(&daemon, &[&explain[..], &["-"]].concat()).fed(MESSAGE).prints("the copy\n");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("copy.eml");
    let outcome = Cli::of(&daemon, &[&explain[..], &[file.to_str().unwrap(), "--json"]].concat()).fed(MESSAGE);
    assert_eq!(outcome.exit, 0);
    assert_eq!(fs::read(&file).unwrap(), b"the copy\n");
    let parsed: serde_json::Value = serde_json::from_str(&outcome.out).unwrap();
    assert_eq!(parsed["output"], "dGhlIGNvcHkK");

    let refusing = Daemon::start(|_| value(explanation(None)));
    Cli::of(&refusing, &[&explain[..], &["-"]].concat())
        .fed(MESSAGE)
        .fails(1, "mailjam-cli: there is no copy to write: 5.7.2 so it is\n");
}

#[test]
fn the_table_for_postfix_replaces_the_file_as_a_whole() {
    let daemon = Daemon::start(|_| value("/^talk@x$/ mailjam:\n".to_owned()));
    Cli::of(&daemon, &["mta-config", "postfix", "--maps"]).run().prints("/^talk@x$/ mailjam:\n");
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mailjam.regexp");
    fs::write(&file, "old").unwrap();
    let maps = ["mta-config", "postfix", "--maps", file.to_str().unwrap()];
    let wrote = Cli::of(&daemon, &maps).run();
    assert_eq!((wrote.exit, wrote.err.as_str()), (0, ""));
    assert!(wrote.out.contains("\"postfix reload\""), "{}", wrote.out);
    assert_eq!(fs::read_to_string(&file).unwrap(), "/^talk@x$/ mailjam:\n");
    Cli::of(&daemon, &maps).run().prints(&format!("{} is up to date\n", file.display()));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");

    let nowhere = ["mta-config", "postfix", "--maps", "/nonexistent/table"];
    Cli::of(&daemon, &nowhere)
        .run()
        .fails(1, "mailjam-cli: cannot write /nonexistent/table: No such file or directory\n");
}

#[test]
fn the_lines_for_postfix_know_the_domains_or_say_that_they_do_not() {
    let domain = |name: &str| Domain { name: name.to_owned(), description: String::new(), lists: 1, created: NOW };
    // Page by page, each with one domain.
    let daemon = Daemon::start(move |call| {
        value(match member_of(&call.params[0], "cursor") {
            None => Page { total: 2, items: vec![domain("a.example")], next: Some("after a".to_owned()) },
            Some(cursor) => {
                assert_eq!(cursor, text("after a"));
                Page { total: 2, items: vec![domain("b.example")], next: None }
            }
        })
    });
    let lines = Cli::of(&daemon, &["mta-config", "postfix"]).run();
    assert!(lines.out.contains("\nrelay_domains = a.example b.example\n"), "{}", lines.out);
    let main = Cli::of(&daemon, &["mta-config", "postfix", "--part", "main.cf", "--domain", "c.example"]).run();
    assert!(main.out.contains("\nrelay_domains = c.example\n") && !main.out.contains("argv="), "{}", main.out);
    let early = Cli::new(&["--server", "unix:/nonexistent", "mta-config", "postfix"]).run();
    assert!(early.exit == 0 && early.out.contains("Put your own for lists.example.org"), "{early:?}");
}

#[test]
fn completions_are_up_to_date() {
    for (shell, file) in [("bash", "mailjam-cli.bash"), ("zsh", "_mailjam-cli"), ("fish", "mailjam-cli.fish")] {
        let generated = Cli::new(&["completions", shell]).run();
        let committed =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(file)).unwrap();
        // The program has them in it as they were when it was built.
        assert!(
            generated.out == committed,
            "completions/{file} is not what \"mailjam-cli completions {shell}\" prints"
        );
    }
}
