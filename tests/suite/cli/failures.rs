//! What goes wrong: one line of what, one of what to do, and the exit code.

use std::io::Write;
use std::net::TcpListener;

use mailjam_rpc::Code;

use super::daemon::{Daemon, fault, status, value};
use super::program::Cli;
use super::site::{self, TALK};

#[test]
fn a_mistyped_list_finds_the_one_that_was_meant() {
    let daemon = Daemon::start(site::answer);
    Cli::of(&daemon, &["list", "show", "tlak@lists.example.org"]).run().fails(
        1,
        "mailjam-cli: no list tlak@lists.example.org\n\
        did you mean talk@lists.example.org? \"mailjam-cli list list\" shows all\n",
    );
    Cli::of(&daemon, &["list", "close", "news@other.example"])
        .run()
        .fails(1, "mailjam-cli: no list news@other.example\n\"mailjam-cli list list\" shows all\n");
}

#[test]
fn a_fault_without_advice_is_one_line_that_commands_no_terminal() {
    let daemon = Daemon::start(|_| fault(Code::StorageFull, "the disk\nis full"));
    Cli::of(&daemon, &["list", "close", TALK]).run().fails(1, "mailjam-cli: the disk\u{fffd}is full\n");
}

#[test]
fn a_daemon_that_is_not_there_is_exit_code_3() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("none.sock");
    let url = format!("unix:{}", socket.display());
    let missing = Cli::new(&["server", "ping"]).env("MAILJAM_SERVER", &url).run();
    missing.fails(
        3,
        &format!(
            "mailjam-cli: cannot reach {url}: No such file or directory\n\
            is mailjamd running? \"systemctl enable --now mailjamd.socket\" starts it; --server names another address\n"
        ),
    );
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = Cli::new(&["--server", &format!("http://{port}"), "server", "ping"]).run();
    assert_eq!(refused.exit, 3);
    assert!(refused.err.contains("Connection refused\nis mailjamd running, with TCP enabled?"), "{}", refused.err);
}

#[test]
fn what_is_no_daemon_is_exit_code_3() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"220 mx ESMTP\r\n"));
    let outcome = Cli::new(&["--server", &url, "server", "ping"]).run();
    assert!(server.join().unwrap().is_ok());
    assert!(outcome.exit == 3 && outcome.err.starts_with("mailjam-cli: http://127.0.0.1:"), "{outcome:?}");
    let daemon = Daemon::start(|_| status("503 Service Unavailable"));
    assert_eq!(Cli::of(&daemon, &["server", "ping"]).run().exit, 3);
    let daemon = Daemon::start(|_| status("200 OK"));
    assert_eq!(Cli::of(&daemon, &["server", "ping"]).run().exit, 3);
}

#[test]
fn an_answer_of_another_shape_is_named() {
    let daemon = Daemon::start(|_| value(7));
    Cli::of(&daemon, &["server", "ping"]).run().fails(
        1,
        "mailjam-cli: the answer to server.ping is not understood (expected boolean, got int)\n\
        mailjam-cli and mailjamd are probably of different versions; see \"server info\"\n",
    );
}

#[test]
fn a_token_comes_from_a_file_or_the_environment_and_only_goes_over_http() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from-file\n").unwrap();
    let path = file.path().to_str().unwrap();
    let daemon = Daemon::start_tcp(|call| {
        let known = ["from-file", "from-environment"];
        let sent = call.head.lines().find_map(|line| line.strip_prefix("Authorization: Bearer "));
        if sent.is_some_and(|token| known.contains(&token)) { value(true) } else { status("401 Unauthorized") }
    });
    let ping = ["server", "ping"];
    assert_eq!(Cli::of(&daemon, &["--token-file", path, "server", "ping"]).run().exit, 0);
    assert_eq!(Cli::of(&daemon, &ping).env("MAILJAM_TOKEN", "from-environment").run().exit, 0);
    let without = Cli::of(&daemon, &ping).run();
    assert_eq!(without.exit, 1);
    assert!(without.err.contains("401\nname a valid token with --token-file or MAILJAM_TOKEN"), "{}", without.err);
    assert_eq!(Cli::of(&daemon, &ping).env("MAILJAM_TOKEN", "a b").run().exit, 2);
    assert_eq!(Cli::of(&daemon, &["--token-file", "/nonexistent", "server", "ping"]).run().exit, 1);

    let local = Daemon::start(|_| value(true));
    assert_eq!(Cli::of(&local, &ping).env("MAILJAM_TOKEN", "secret").run().exit, 0);
    assert!(!local.calls()[0].head.contains("secret"), "the socket knows who is calling");
}

#[test]
fn what_is_no_command_is_exit_code_2() {
    let cases: &[&[&str]] = &[
        &["list"],
        &["list", "shwo", "x"],
        &["list", "show"],
        &["list", "list", "--limit", "many"],
        &["list", "set", TALK, "post_policy"],
        &["member", "add", TALK, "a@x.org", "--mode", "sometimes"],
        &["token", "create", "ci", "--scope", "read", "--expires", "soon"],
        &["call", "list.get", "{}"],
        &["--server", "localhost", "server", "ping"],
        &["--server", "https://localhost:9876", "server", "ping"],
    ];
    for case in cases {
        let outcome = Cli::new(case).run();
        assert_eq!((outcome.exit, outcome.out.as_str()), (2, ""), "{case:?}: {}", outcome.err);
        let shows_help = outcome.err.contains("\nUsage: ") && outcome.err.contains("\nGlobal options:\n");
        assert!(outcome.err.starts_with("mailjam-cli: ") || shows_help, "{case:?}: {}", outcome.err);
    }
}

#[test]
fn help_fits_an_old_terminal_and_documents_the_exit_codes() {
    let help = Cli::new(&["--help"]).env("COLUMNS", "80").run();
    assert_eq!((help.exit, help.err.as_str()), (0, ""));
    for code in [
        "  0  done\n",
        "  1  failed",
        "  2  the command line",
        "  3  the daemon",
        "  4  some of several",
        "  130  interrupted",
    ] {
        assert!(help.out.contains(code), "{code}");
    }
}
