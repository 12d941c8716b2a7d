//! Lists as a file describes them, with a real daemon: what would change, what is changed, and that nothing is left to
//! change then.

use std::fs;
use std::process::Output;

use mailjam_rpc::Code;
use mailjam_rpc::records::{Ban, Template};
use serde_json::Value;

use super::daemon::{Daemon as Fake, fault, value};
use super::program::Cli;
use super::site;
use crate::daemon::Daemon;

const TALK: &str = "talk@lists.example.org";

const FILE: &str = r#"
[lists."talk@lists.example.org"]
closed = true
owners = ["cleo@x.org"]
moderators = ["Mod@x.org"]
settings = { subject_prefix = "[talk]", max_size = "64K", welcome = false }
bans = [
    { pattern = "evil.example", reason = "spam" },
    { pattern = "*@Worse.example", until = 2099-01-31T00:00:00Z },
]

[lists."talk@lists.example.org".templates.welcome]
en = """
Subject: Welcome

Hello.
"""

[lists."new@lists.example.org"]
owners = ["ann@x.org"]
settings = { description = "New" }

[site]
bans = [{ pattern = "nobody.example" }]
"#;

/// A list with an owner, a ban and a text of its own, and another one.
fn a_site() -> Daemon {
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list(TALK, &["ann@x.org"]);
    daemon.create_list("left@lists.example.org", &[]);
    daemon.cli_prints(&["role", "grant", TALK, "ann@x.org", "owner"]);
    daemon.cli_prints(&["ban", "add", TALK, "old.example"]);
    let text = b"Subject: Help\n\nNo.\n";
    assert!(daemon.cli_with_input(&["template", "set", TALK, "help", "de", "-"], text).status.success());
    daemon
}

fn config(daemon: &Daemon, verb: &str, file: &str) -> Output {
    daemon.cli_with_input(&["config", verb, "-"], file.as_bytes())
}

#[track_caller]
fn prints(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

const CHANGES: &str = "\
site
  + ban nobody.example: for ever
new@lists.example.org
  + list
  + description: New
  + owner ann@x.org
talk@lists.example.org
  ~ max_size: 10485760 → 65536
  ~ subject_prefix: - → [talk]
  ~ welcome: yes → no
  ~ open → closed
  + owner cleo@x.org
  - owner ann@x.org
  + moderator Mod@x.org
  + ban evil.example: for ever, spam
  + ban *@Worse.example: until 2099-01-31T00:00:00Z
  - ban old.example
  + template welcome in en
      + Subject: Welcome
      + 
      + Hello.
  - template help in de
";

#[test]
fn a_plan_changes_nothing_and_apply_does_what_it_said() {
    let daemon = a_site();
    let plan = config(&daemon, "plan", FILE);
    assert_eq!(prints(&plan), format!("{CHANGES}changes: 16; \"config apply\" makes them\n"));
    assert_eq!(String::from_utf8_lossy(&plan.stderr), "not in the file, and left alone: left@lists.example.org\n");
    assert_eq!(prints(&config(&daemon, "plan", FILE)).lines().count(), CHANGES.lines().count() + 1);

    assert_eq!(prints(&config(&daemon, "apply", FILE)), format!("{CHANGES}changes made: 16\n"));
    assert_eq!(prints(&config(&daemon, "apply", FILE)), "nothing to change\n");
    let shown = daemon.cli_prints(&["list", "show", TALK]);
    assert!(shown.contains("owner      cleo@x.org") && shown.contains("state      closed"), "{shown}");

    // What changes again is told from what to what.
    let again = FILE.replace("\"spam\"", "\"more spam\"").replace("Hello.", "Good day.").replace("64K", "65536");
    let plan = prints(&config(&daemon, "plan", &again));
    assert_eq!(
        plan,
        "talk@lists.example.org\n  \
           ~ ban evil.example: for ever, spam → for ever, more spam\n  \
           ~ template welcome in en\n      \
               - Hello.\n      \
               + Good day.\n\
         changes: 2; \"config apply\" makes them\n"
    );
}

#[test]
fn what_is_exported_is_what_is_there() {
    let daemon = a_site();
    prints(&config(&daemon, "apply", FILE));
    let exported = daemon.cli_prints(&["config", "export"]);
    assert!(exported.contains("[lists.\"left@lists.example.org\"]"), "{exported}");
    assert!(exported.contains("max_size = 65536") && !exported.contains("verp"), "{exported}");
    assert_eq!(prints(&config(&daemon, "plan", &exported)), "nothing to change\n");

    // Elsewhere it makes the same.
    let other = Daemon::start("127.0.0.1:9");
    prints(&config(&other, "apply", &exported));
    assert_eq!(other.cli_prints(&["config", "export"]).replace(&other.control(), &daemon.control()), exported);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lists.toml");
    let path = file.to_str().unwrap();
    daemon.cli_prints(&["config", "export", TALK, "--output", path]);
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains(TALK) && !written.contains("[site]") && !written.contains("left@"), "{written}");
    assert_eq!(daemon.cli_prints(&["config", "plan", path]), "nothing to change\n");
}

#[test]
fn an_error_stops_and_says_how_far_it_came_and_the_rest_follows() {
    let daemon = a_site();
    let file = FILE.replace("[site]", "[lists.\"zoo@nowhere\"]\nowners = [\"broken\"]\n[site]");
    let stopped = config(&daemon, "apply", &file);
    assert_eq!(stopped.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&stopped.stderr).into_owned();
    assert!(errors.contains("(17 of 18 changes are made)\nwhat is made stays; run the same command again"), "{errors}");
    assert_eq!(String::from_utf8_lossy(&stopped.stdout), format!("{CHANGES}zoo@nowhere\n  + list\n"));
    assert_eq!(prints(&config(&daemon, "apply", FILE)), "nothing to change\n");
}

#[test]
fn what_the_file_cannot_mean_is_refused_before_anything_is_done() {
    let daemon = a_site();
    let cases = [
        ("[lists.\"talk@lists.example.org\"]\nowner = []\n", "standard input, line 2: unknown field `owner`"),
        ("[lists.\"x@y.org\"]\nsettings = { nonesuch = 1 }\n", "x@y.org: there is no setting nonesuch"),
        ("[lists.\"talk@lists.example.org\"]\nsettings = { verp = \"maybe\" }\n", "verp"),
    ];
    for (file, complaint) in cases {
        let refused = config(&daemon, "apply", file);
        let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && errors.contains(complaint), "{file}: {errors}");
        assert!(refused.stdout.is_empty(), "{file}");
    }
}

#[test]
fn programs_get_the_calls_and_settings_are_changed_only_as_they_were_seen() {
    let daemon = a_site();
    let plan = daemon.cli_with_input(&["config", "plan", "-", "--json"], FILE.as_bytes());
    let plan: Vec<Value> = serde_json::from_str(&prints(&plan)).unwrap();
    let update = plan.iter().find(|step| step["method"] == "list.update").unwrap();
    let list: Value = serde_json::from_str(&daemon.cli_prints(&["list", "get", TALK, "--json"])).unwrap();
    assert_eq!(update["params"][2]["if_revision"], list["revision"]);
    assert_eq!(update["place"], TALK);
}

#[test]
fn a_clone_is_like_the_other_list_but_for_its_members() {
    let daemon = a_site();
    prints(&config(&daemon, "apply", FILE));
    let said = daemon.cli_prints(&["list", "clone", TALK, "copy@lists.example.org", "subject_prefix=[copy]"]);
    assert!(said.starts_with("copy@lists.example.org\n  + list\n") && said.contains("+ owner cleo@x.org"), "{said}");
    let exported = daemon.cli_prints(&["config", "export", "copy@lists.example.org"]);
    let original = daemon.cli_prints(&["config", "export", TALK]);
    let expected = original.replace(TALK, "copy@lists.example.org").replace("[talk]", "[copy]");
    assert_eq!(exported, expected.replace("closed = true", "closed = false"));
    let copy: Value =
        serde_json::from_str(&daemon.cli_prints(&["list", "get", "copy@lists.example.org", "--json"])).unwrap();
    assert_eq!(copy["members"], 0);
    let taken = daemon.cli(&["list", "clone", TALK, "copy@lists.example.org"]);
    assert_eq!(taken.status.code(), Some(1));
}

#[test]
fn half_a_clone_is_called_that() {
    let daemon = Fake::start(|call| match call.method.as_str() {
        "list.create" => value(site::list("copy@x.org", 0, false, "")),
        "ban.list" => value(Vec::<Ban>::new()),
        "template.list" => value(Vec::<Template>::new()),
        "role.grant" => fault(Code::StorageFull, "the disk is full"),
        _ => site::answer(call),
    });
    let outcome = Cli::of(&daemon, &["list", "clone", site::TALK, "copy@x.org"]).run();
    assert_eq!(outcome.exit, 1);
    assert_eq!(
        outcome.err,
        "mailjam-cli: the disk is full (copy@x.org is there by now, but not all that belongs to it)\n\
         \"mailjam-cli list delete copy@x.org\" removes it; then try again\n"
    );
}
