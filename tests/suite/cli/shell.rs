//! The shell, on a terminal, with a real daemon.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use tempfile::TempDir;

use super::daemon::Daemon as Fake;
use super::site;
use crate::daemon::{Daemon, eventually};
use crate::terminal::{Terminal, row_of};

const TALK: &str = "talk@lists.example.org";

/// A daemon with two lists, and a home to work in.
struct Site {
    daemon: Daemon,
    home: TempDir,
}

impl Site {
    fn new() -> Site {
        let daemon = Daemon::start("127.0.0.1:9");
        daemon.create_list(TALK, &["ann@x.org", "bea@x.org"]);
        daemon.create_list("announce@lists.example.org", &[]);
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("members.txt"), "ann@x.org\n").unwrap();
        Site { daemon, home }
    }

    /// A shell on a terminal of 24 rows and 80 columns.
    fn shell(&self) -> Terminal {
        self.shell_with(&|_| ())
    }

    fn shell_with(&self, prepare: &dyn Fn(&mut Command)) -> Terminal {
        shell(self.home.path(), &self.daemon.control(), prepare)
    }

    /// The prompt, with the list in use.
    fn prompt(&self, list: &str) -> String {
        let space = if list.is_empty() { "" } else { " " };
        format!("mailjam …/control.sock{space}{list}>")
    }

    fn history(&self) -> PathBuf {
        self.home.path().join(".local/state/mailjam/history")
    }
}

fn shell(home: &Path, server: &str, prepare: &dyn Fn(&mut Command)) -> Terminal {
    Terminal::start(env!("CARGO_BIN_EXE_mailjam-cli"), &["--server", server], 24, 80, |command| {
        command.env("HOME", home).current_dir(home);
        prepare(command);
    })
}

#[test]
fn tab_completes_all_that_can_be_named() {
    let site = Site::new();
    let (none, talk) = (site.prompt(""), site.prompt(TALK));
    let mut shell = site.shell();
    let completes = |shell: &mut Terminal, prompt: &str, typed: &str, becomes: &str| {
        shell.is_at(prompt);
        shell.types(&format!("{typed}\t"));
        let line = format!("{prompt} {becomes}");
        shell.awaits(&line, |screen| {
            let row = row_of(screen, screen.cursor_position().0);
            // A hint may stand behind it.
            row.starts_with(line.trim_end()) && usize::from(screen.cursor_position().1) == line.chars().count()
        });
        shell.types("\x03");
        shell.is_at(prompt);
    };
    completes(&mut shell, &none, "ser", "server ");
    completes(&mut shell, &none, "server pi", "server ping ");
    completes(&mut shell, &none, "use ta", "use talk@lists.example.org ");
    completes(&mut shell, &none, "list show 'ta", "list show 'talk@lists.example.org' ");
    completes(&mut shell, &none, "help mem", "help member ");
    completes(&mut shell, &none, "help member gr", "help member gr");
    completes(&mut shell, &none, "list list --fi", "list list --filter ");
    completes(&mut shell, &none, "member import talk@x mem", "member import talk@x members.txt ");
    shell.does(&none, &format!("use {TALK}"), &talk);
    completes(&mut shell, &talk, "member get b", "member get bea@x.org ");
    completes(&mut shell, &talk, "member add --li", "member add --list ");
    completes(&mut shell, &talk, "list set subj", "list set subject_prefix=");
    completes(&mut shell, &talk, "list set verp=al", "list set verp=always ");
    completes(&mut shell, &talk, "member add x --mode dig", "member add x --mode digest ");
    // What is not alone is shown, with what it is.
    shell.types("member m\t");
    shell.is_at(&format!("{talk} member mute ADDRESS MESSAGE-ID"));
    shell.types("\x15queue \t");
    shell.shows("Try deferred recipients again now");
}

#[test]
fn what_comes_next_is_seen_before_it_is_typed() {
    let site = Site::new();
    let mut shell = site.shell();
    shell.is_at(&site.prompt(""));
    shell.types("member get ");
    shell.is_at(&format!("{} member get LIST ADDRESS", site.prompt("")));
    shell.types("\x15role gra");
    shell.is_at(&format!("{} role grant", site.prompt("")));
}

#[test]
fn the_list_in_use_is_left_out_and_no_word_is_taken_for_another() {
    let site = Site::new();
    let (none, talk) = (site.prompt(""), site.prompt(TALK));
    let mut shell = site.shell();
    shell.does(&none, "use nonesuch@x.org", &none);
    shell.shows("error: no list nonesuch@x.org");
    shell.does(&none, &format!("use {TALK}"), &talk);
    shell.does(&talk, "member add cleo@x.org", &talk);
    shell.shows("added cleo@x.org");
    shell.does(&talk, "member add announce@lists.example.org cleo@x.org", &talk);
    shell.shows("error: announce@lists.example.org is a list, and talk@lists.example.org is in use");
    shell.does(&talk, "member add --list announce@lists.example.org dora@x.org", &talk);
    shell.shows("added dora@x.org");
    shell.does(&talk, "use", &none);
    let members = |list: &str| site.daemon.cli_prints(&["member", "list", list, "--json"]).matches("@x.org").count();
    assert_eq!((members(TALK), members("announce@lists.example.org")), (3, 1));
}

#[test]
fn ctrl_c_gives_a_line_up_and_ctrl_d_leaves() {
    let site = Site::new();
    let prompt = site.prompt("");
    let mut shell = site.shell();
    shell.is_at(&prompt);
    shell.types("list delete talk@lists.example.org --yes");
    shell.shows("--yes");
    shell.types("\x03");
    shell.is_at(&prompt);
    shell.does(&prompt, "server ping", &prompt);
    shell.shows("answers");
    shell.types("\x04");
    assert!(shell.ends().success());
    assert!(site.daemon.cli(&["list", "show", TALK]).status.success(), "the list is still there");
}

#[test]
fn ctrl_c_interrupts_a_command_and_no_more() {
    let (release, hung) = sync_channel::<()>(1);
    let hung = Mutex::new(hung);
    let daemon = Fake::start(move |call| {
        if call.method == "list.list" {
            // The test ends before anybody is answered.
            let _ = hung.lock().unwrap().recv();
        }
        site::answer(call)
    });
    let home = tempfile::tempdir().unwrap();
    let mut shell = shell(home.path(), &daemon.url, &|_| ());
    let prompt = "mailjam …/control.sock>";
    shell.is_at(prompt);
    shell.types("list list\r");
    eventually("the call", || daemon.calls().iter().find(|call| call.method == "list.list").map(drop));
    shell.types("\x03");
    shell.is_at(prompt);
    shell.shows("error: interrupted");
    release.send(()).unwrap();
    shell.types("\x04");
    assert!(shell.ends().success());
}

#[test]
fn what_was_typed_is_there_the_next_time_but_for_secrets() {
    let site = Site::new();
    let prompt = site.prompt("");
    let mut first = site.shell();
    first.does(&prompt, "domain list", &prompt);
    first.does(&prompt, "subscription confirm s3cret", &prompt);
    first.does(&prompt, "subscription confrim s3cret", &prompt);
    first.does(&prompt, "call subscription.confirm '[\"s3cret\"]'", &prompt);
    first.types("\x04");
    first.ends();
    assert_eq!(fs::read_to_string(site.history()).unwrap(), "domain list\n");
    assert_eq!(fs::metadata(site.history()).unwrap().permissions().mode() & 0o777, 0o600);

    let mut second = site.shell();
    second.is_at(&prompt);
    second.types("\x1b[A");
    second.is_at(&format!("{prompt} domain list"));
}

#[test]
fn a_history_that_cannot_be_written_keeps_nobody_from_working() {
    let site = Site::new();
    fs::write(site.home.path().join(".local"), "in the way").unwrap();
    let mut shell = site.shell();
    shell.shows("nothing is kept in");
    shell.does(&site.prompt(""), "server ping", &site.prompt(""));
    shell.shows("answers");
}

#[test]
fn a_line_goes_on_after_a_backslash_and_within_quotes() {
    let site = Site::new();
    let (none, talk) = (site.prompt(""), site.prompt(TALK));
    let mut shell = site.shell();
    shell.does(&none, &format!("use {TALK}"), &talk);
    shell.types("ban add \\\r");
    shell.is_at("PATTERN");
    shell.types("  evil.example --reason 'one\r");
    shell.awaits("a new row", |screen| row_of(screen, screen.cursor_position().0).is_empty());
    shell.types("two'\r");
    shell.shows("banned evil.example from talk@lists.example.org");
    let bans = site.daemon.cli_prints(&["ban", "list", TALK]);
    assert!(bans.contains("one two"), "{bans}");
}

#[test]
fn several_lines_that_are_pasted_are_several_commands() {
    let site = Site::new();
    let (none, talk) = (site.prompt(""), site.prompt(TALK));
    let mut shell = site.shell();
    shell.is_at(&none);
    shell.types(&format!("\x1b[200~use {TALK}\rmember add cleo@x.org\rmember add dora@x.org\x1b[201~"));
    shell.shows("dora@x.org");
    shell.types("\r");
    shell.shows("added cleo@x.org\nadded dora@x.org");
    shell.is_at(&talk);
}

#[test]
fn the_line_stays_right_when_the_terminal_gets_another_size() {
    let site = Site::new();
    let prompt = site.prompt("");
    let mut shell = site.shell();
    let line = format!("list create new@lists.example.org description='{}'", "words ".repeat(12));
    shell.is_at(&prompt);
    shell.types(&line);
    let whole = |screen: &vt100::Screen| {
        let (_, columns) = screen.size();
        let rows: String =
            screen.rows(0, columns.get()).map(|row| format!("{row:width$}", width = columns.get().into())).collect();
        rows.matches(&format!("{prompt} {line}")).count() == 1
    };
    shell.awaits("the line", whole);
    shell.resize(24, 50);
    shell.awaits("the line on more rows", whole);
    shell.resize(30, 100);
    shell.awaits("the line on fewer rows", whole);
    shell.types("\r");
    shell.shows("created new@lists.example.org");
}

#[test]
fn a_daemon_that_was_restarted_is_found_again_with_a_word_about_it() {
    let mut site = Site::new();
    let prompt = site.prompt("");
    let mut shell = site.shell();
    shell.does(&prompt, "server ping", &prompt);
    site.daemon.kill();
    site.daemon.start_again();
    shell.does(&prompt, "list list", &prompt);
    shell.shows("connected again: mailjamd 0.1.0 was restarted");
    shell.shows("announce@lists.example.org");

    site.daemon.stop();
    shell.types("domain list\r");
    shell.shows("is gone; waiting for it");
    site.daemon.start_again();
    shell.shows("lists.example.org      2");
    shell.is_at(&prompt);

    site.daemon.stop();
    shell.types("server ping\r");
    shell.awaits("the second wait", |screen| screen.contents().matches("is gone; waiting for it").count() == 2);
    shell.types("\x03");
    shell.shows("error: interrupted");
    shell.is_at(&prompt);
}

#[test]
fn a_shell_starts_without_a_daemon_as_well() {
    let home = tempfile::tempdir().unwrap();
    let mut shell = shell(home.path(), "unix:/nonexistent", &|_| ());
    shell.shows("error: cannot reach unix:/nonexistent: No such file or directory");
    shell.does("mailjam /nonexistent>", "help token", "mailjam /nonexistent>");
    shell.shows("Make a token worthless");
}

#[test]
fn long_output_comes_in_the_pager_and_short_output_does_not() {
    let site = Site::new();
    let prompt = site.prompt("");
    let pager = site.home.path().join("pager");
    fs::write(&pager, "#!/bin/sh\ncat >\"$HOME/paged\"\necho \"paged with $1\"\n").unwrap();
    fs::set_permissions(&pager, fs::Permissions::from_mode(0o755)).unwrap();
    let wanted = format!("{} --such", pager.display());
    let mut shell = site.shell_with(&|command| {
        command.env("PAGER", &wanted);
    });
    shell.does(&prompt, "list list", &prompt);
    assert!(!site.home.path().join("paged").exists());
    shell.does(&prompt, "list settings", &prompt);
    shell.shows("paged with --such");
    let paged = fs::read_to_string(site.home.path().join("paged")).unwrap();
    assert!(paged.contains("post_policy") && paged.contains("retain_posts"), "{paged}");

    // One that is not there takes nothing away.
    let mut shell = site.shell_with(&|command| {
        command.env("PAGER", "/nonexistent");
    });
    shell.does(&prompt, "list settings", &prompt);
    shell.shows("retain_posts");
}

#[test]
fn colours_are_there_unless_they_are_not_wanted() {
    let site = Site::new();
    let prompt = site.prompt("");
    let has_colours = |shell: &mut Terminal| {
        shell.does(&prompt, "list show nonesuch@x.org", &prompt);
        shell.shows("error: no list");
        shell.coloured().contains("\x1b[31m")
    };
    assert!(has_colours(&mut site.shell()));
    assert!(!has_colours(&mut site.shell_with(&|command| {
        command.env("NO_COLOR", "1");
    })));
}

#[test]
fn a_question_mark_explains_the_word_before() {
    let site = Site::new();
    let prompt = site.prompt(TALK);
    let mut shell = site.shell();
    shell.does(&site.prompt(""), &format!("use {TALK}"), &prompt);
    shell.does(&prompt, "member ?", &prompt);
    shell.shows("Usage: member [OPTIONS] <VERB>");
    shell.does(&prompt, "list set post_policy ?", &prompt);
    shell.shows("post_policy = open|members|moderated");
    shell.does(&prompt, "member add --mode ?", &prompt);
    shell.shows("one of: post, digest, plain-digest, nomail");
    shell.does(&prompt, "role", &prompt);
    shell.shows("Show who has a role");
    shell.does(&prompt, "nonesuch ?", &prompt);
    shell.shows("error: there is no \"nonesuch\" to explain");
}

#[test]
fn what_cannot_be_undone_is_asked_and_ctrl_c_is_a_no() {
    let site = Site::new();
    let prompt = site.prompt("");
    let mut shell = site.shell();
    shell.is_at(&prompt);
    shell.types(&format!("list delete {TALK}\r"));
    shell.shows("Type the address to go on:");
    shell.types("\x03");
    shell.is_at(&prompt);
    assert!(site.daemon.cli(&["list", "show", TALK]).status.success(), "the list is still there");
    shell.types(&format!("list delete {TALK}\r"));
    shell.awaits("the question again", |screen| screen.contents().matches("Type the address to go on:").count() == 2);
    shell.types(&format!("{TALK}\r"));
    shell.shows("deleted talk@lists.example.org");
}
