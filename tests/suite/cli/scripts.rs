//! Scripts: commands from standard input, from a file, from arguments.

use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use mailjam_rpc::{Code, Value};

use super::daemon::{Daemon, fault, value};
use super::program::Cli;
use super::site::{self, TALK};
use crate::daemon::eventually;
use crate::terminal::Terminal;

/// The names of what was called.
fn methods(daemon: &Daemon) -> Vec<String> {
    daemon.calls().into_iter().map(|call| call.method).collect()
}

#[test]
fn standard_input_is_a_script_where_nothing_else_is_said() {
    let daemon = Daemon::start(site::answer);
    let script = "# a comment\n\nserver ping\nlist show \\\n  talk@lists.example.org # and another\n";
    let outcome = Cli::of(&daemon, &[]).fed(script.as_bytes());
    assert_eq!((outcome.exit, outcome.err.as_str()), (0, ""));
    assert!(outcome.out.contains("answers\ntalk@lists.example.org\n"), "{}", outcome.out);
    Cli::of(&daemon, &[]).fed(b"").prints("");
}

#[test]
fn the_first_error_ends_a_script_with_the_number_of_its_line() {
    let daemon = Daemon::start(site::answer);
    let outcome = Cli::of(&daemon, &[]).fed(b"server ping\n\nlist show \\\n nonesuch@x.org\nlist list\n");
    assert_eq!(outcome.exit, 1);
    assert_eq!(outcome.err, "mailjam-cli: line 3: no list nonesuch@x.org\n\"mailjam-cli list list\" shows all\n");
    assert!(!outcome.out.contains("MEMBERS"), "{}", outcome.out);

    let usage = Cli::of(&daemon, &[]).fed(b"list lost\n");
    assert_eq!(usage.exit, 2);
    assert!(usage.err.starts_with("mailjam-cli: line 1: unrecognized subcommand 'lost'\n"), "{}", usage.err);
    let half = Cli::of(&daemon, &[]).fed(b"list\n");
    assert_eq!((half.exit, half.err.as_str()), (2, "mailjam-cli: line 1: list needs a verb\n"));
    let open = Cli::of(&daemon, &[]).fed(b"server ping\nlist show 'talk\n\n");
    assert_eq!(open.exit, 2);
    assert!(open.err.starts_with("mailjam-cli: line 2: what is in single quotes has no end\n"), "{}", open.err);
    let pipe = Cli::of(&daemon, &[]).fed(b"list list | less\n");
    assert_eq!(pipe.exit, 2);
    assert!(pipe.err.starts_with("mailjam-cli: line 1: '|' stands for nothing here"), "{}", pipe.err);
}

#[test]
fn what_is_refused_in_part_ends_a_script_as_well() {
    let daemon = Daemon::start(|call| match call.params.get(1) {
        Some(Value::String(address)) if address == "bad" => fault(Code::BadAddress, "no @ in it"),
        Some(Value::String(_)) => value(true),
        _ => site::answer(call),
    });
    let script = format!("member remove {TALK} a@x.org\nmember remove {TALK} bad a@x.org\nlist list\n");
    let outcome = Cli::of(&daemon, &[]).fed(script.as_bytes());
    assert_eq!(outcome.exit, 4, "{outcome:?}");
    assert!(outcome.err.contains("mailjam-cli: line 2: some of it was refused"), "{}", outcome.err);
    assert!(!methods(&daemon).iter().any(|method| method == "list.list"), "{:?}", methods(&daemon));
}

#[test]
fn a_file_and_arguments_are_scripts_too() {
    let daemon = Daemon::start(site::answer);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "server ping\nlist show nonesuch@x.org\n").unwrap();
    let path = file.path().to_str().unwrap();
    let outcome = Cli::of(&daemon, &["-f", path]).run();
    assert_eq!(outcome.exit, 1);
    assert!(
        outcome.err.starts_with(&format!("mailjam-cli: {path}, line 2: no list nonesuch@x.org\n")),
        "{}",
        outcome.err
    );
    let outcome = Cli::of(&daemon, &["-e", "server ping", "-e", "list show nonesuch@x.org", "-e", "list list"]).run();
    assert_eq!(outcome.exit, 1);
    assert!(outcome.err.starts_with("mailjam-cli: command 2: no list nonesuch@x.org\n"), "{}", outcome.err);
    let outcome = Cli::of(&daemon, &["--json", "-e", "server ping"]).run();
    outcome.prints("true\n");
    let both = Cli::of(&daemon, &["-e", "server ping", "server", "ping"]).run();
    assert_eq!((both.exit, both.out.as_str()), (2, ""));
}

#[test]
fn a_list_in_use_and_an_early_end_are_for_scripts_as_well() {
    let daemon = Daemon::start(site::answer);
    let script = format!("use {TALK}\nlist show\nexit\nlist list\n");
    let outcome = Cli::of(&daemon, &[]).fed(script.as_bytes());
    assert_eq!((outcome.exit, outcome.err.as_str()), (0, ""));
    assert!(outcome.out.starts_with(TALK), "{}", outcome.out);
    assert_eq!(methods(&daemon).iter().filter(|method| *method == "list.list").count(), 0);
}

#[test]
fn ctrl_c_ends_a_script_and_not_only_its_command() {
    let (release, hung) = sync_channel::<()>(1);
    let hung = Mutex::new(hung);
    let daemon = Daemon::start(move |call| {
        if call.method == "list.list" {
            // Until the program is gone.
            let _ = hung.lock().unwrap().recv();
        }
        site::answer(call)
    });
    let arguments = ["--server", &daemon.url, "-e", "list list", "-e", "domain list"];
    let mut terminal = Terminal::start(env!("CARGO_BIN_EXE_mailjam-cli"), &arguments, 24, 80, |_| ());
    eventually("the first call", || daemon.calls().first().map(drop));
    terminal.types("\x03");
    assert_eq!(terminal.ends().code(), Some(130));
    terminal.shows("mailjam-cli: command 1: interrupted");
    release.send(()).unwrap();
    assert_eq!(methods(&daemon), ["list.list"]);
}

#[test]
fn a_script_asks_nobody_and_shares_standard_input_with_nobody() {
    let daemon = Daemon::start(site::answer);
    let outcome = Cli::of(&daemon, &[]).fed(format!("list delete {TALK}\n{TALK}\n").as_bytes());
    outcome.fails(
        2,
        "mailjam-cli: line 1: deleting talk@lists.example.org cannot be undone, and there is no terminal to ask on\n\
         give --yes to do it without being asked\n",
    );
    let outcome = Cli::of(&daemon, &[]).fed(format!("member import {TALK} -\nann@x.org\n").as_bytes());
    outcome.fails(
        2,
        "mailjam-cli: line 1: standard input has the script, so that it can have nothing else: name a file\n",
    );
    let outcome = Cli::on_terminal(&daemon, &format!("-e 'list delete {TALK}'"), "");
    assert_eq!(outcome.exit, 2, "{outcome:?}");
    assert!(methods(&daemon).is_empty(), "{:?}", methods(&daemon));
}
