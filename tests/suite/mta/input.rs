//! What mailjam-mta is given: command line, configuration, environment and the message.

use std::fs;
use std::process::{Command, Stdio};

use super::daemon::{Daemon, accepted};
use super::program::{self, Call};

#[test]
fn a_wrong_command_line_defers() {
    let rows: [(&[&str], &str); 17] = [
        (&[], "no sender"),
        (&["--sender", "a@b"], "no recipient"),
        (&["--sender", "a@b", "--", ""], "no recipient"),
        (&["--sender", "a@b", "c@d", "e@f"], "more than one recipient"),
        (&["--sender", "a@b", "--", "c@d", "--version"], "more than one recipient"),
        (&["--sneder", "a@b", "c@d"], "unknown option --sneder"),
        (&["-f", "a@b", "c@d"], "unknown option -f"),
        (&["-c@d", "--sender", "a@b"], "unknown option -c@d"),
        (&["--sender"], "--sender has no value"),
        (&["--sender", "--", "c@d"], "--sender has no value"),
        (&["--sender=a@b", "--sender=a@b", "c@d"], "--sender is given twice"),
        (&["--sender=a@b", "--server", "mta.sock", "c@d"], "server mta.sock: a server is written"),
        (&["--sender=a@b", "--server", "https://localhost:1", "c@d"], "https is not supported"),
        (&["--sender=a@b", "--deadline", "0", "c@d"], "deadline 0"),
        (&["--sender=a@b", "--deadline=1h", "c@d"], "deadline 1h"),
        (&["--help"], "for terminals"),
        (&["--sender=a@b", "c@d", "--version"], "for terminals"),
    ];
    for (arguments, words) in rows {
        Call::bare().args(arguments).expect_line(75, "4.3.5", words);
    }
    let nine = ["--server=unix:/s"; 9];
    Call::bare().args(&nine).expect_line(75, "4.3.5", "eight servers");
    // However large what comes with it.
    Call::bare().args(&["--oops"]).input(vec![b'x'; 4 << 20]).expect_line(75, "4.3.5", "--oops");
}

#[test]
fn on_a_terminal_it_explains_itself() {
    for program in program::programs() {
        let on_terminal = |arguments: &str| {
            let command = format!("{} {arguments}", program.display());
            let mut call = Command::new("script");
            call.args(["--quiet", "--return", "--command", &command, "/dev/null"]).stdin(Stdio::null());
            let output = call.output().unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        let (exit, text) = on_terminal("--help");
        assert_eq!(exit, Some(0), "{text}");
        assert!(text.contains("Usage: mailjam-mta"), "{text}");
        let (exit, text) = on_terminal("--version");
        assert_eq!((exit, text.trim_end()), (Some(0), concat!("mailjam-mta ", env!("CARGO_PKG_VERSION"))));
        let (exit, text) = on_terminal("--hlep");
        assert_eq!(exit, Some(75), "{text}");
        assert!(text.starts_with("4.3.5 unknown option --hlep"), "{text}");
    }
}

#[test]
fn the_configuration_file_is_read_and_wrong_ones_defer() {
    let daemon = Daemon::saying(accepted());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("mta.conf");
    let token = directory.path().join("token");
    let call = |content: &str| {
        fs::write(&file, content).unwrap();
        let path = file.to_str().unwrap();
        Call::bare().without_config().args(&["--config", path, "--sender=a@b", "--", "c@d"])
    };
    fs::write(&token, "  mj_secret\n").unwrap();

    call(&format!("# where\n\n  server={}\r\ndeadline = 20\ntoken_file = {}\n", daemon.url, token.display()))
        .expect(0, "2.0.0 1234");
    let request = daemon.request();
    assert!(request.head.contains("\r\nAuthorization: Bearer mj_secret\r\n"), "{}", request.head);
    // The command line's servers are the only ones then.
    call(&format!("server = {}", daemon.url)).args(&[]).expect(0, "2.0.0 1234");
    let other = Call::bare().without_config().args(&["--server=unix:/nonexistent", "--sender=a@b"]);
    other.args(&["--config", file.to_str().unwrap(), "c@d"]).expect_line(75, "4.3.0", "unix:/nonexistent");

    let wrong = [
        ("sever = unix:/s", "line 1: unknown key"),
        ("\nserver unix:/s", "line 2: write key = value"),
        ("server = nonsense", "server nonsense: a server is written"),
        ("deadline = 1000", "deadline 1000: give it in seconds, from 1 to 900"),
        ("deadline = 1\ndeadline = 2", "deadline is given twice"),
        ("token_file = /nonexistent/token", "cannot read /nonexistent/token: no such file"),
        ("token_file = /", "cannot read /: it is a directory"),
        ("token_file = /dev/null", "/dev/null, line 1: there is no token in it"),
    ];
    for (content, words) in wrong {
        call(content).expect_line(75, "4.3.5", words);
    }
    call(&"# long\n".repeat(2000)).expect_line(75, "4.3.5", "the file is too large");
    fs::remove_file(&file).unwrap();
    let missing = Call::bare().without_config().args(&["--config", file.to_str().unwrap(), "--sender=a@b", "c@d"]);
    missing.expect_line(75, "4.3.5", "no such file");
}

#[test]
fn standard_input_without_a_message_defers() {
    let daemon = Daemon::saying(accepted());
    Call::to(&daemon.url).input("").expect(75, "4.3.0 no message on standard input");
    Call::to(&daemon.url).redirected("<&-").expect(75, "4.3.0 cannot read standard input: it is closed");
    Call::to(&daemon.url).redirected("</").expect(75, "4.3.0 cannot read standard input: it is a directory");
    Call::to(&daemon.url).redirected("0>/dev/null").expect(75, "4.3.0 cannot read standard input: it is closed");
    assert!(!daemon.has_request());
}

#[test]
fn bytes_arrive_as_they_were() {
    let daemon = Daemon::saying(accepted());
    let every_byte: Vec<u8> = (0..=255).collect();
    let messages: Vec<Vec<u8>> = vec![
        b"\0".to_vec(),
        every_byte.clone(),
        b"Subject: a\r\n\r\n.\r\n..\r\nbare\rcr\n\n".to_vec(),
        b"From x\nno header at all".to_vec(),
        [b"X: ".as_slice(), &[b'y'; 64 << 10], b"\n\n"].concat(),
    ];
    // Around the ends of the buffers it goes through.
    let lengths = [1, 2, 3, 4, 5, 6, 7, 49_151, 49_152, 49_153, 51_200, 147_455, 147_456, 147_457, 500_001];
    let long = lengths.iter().map(|&length| every_byte.iter().copied().cycle().take(length).collect());
    for message in messages.into_iter().chain(long) {
        Call::to(&daemon.url).input(message.clone()).each(|outcome| {
            assert_eq!(outcome.exit, 0, "{outcome:?}");
            assert!(daemon.request().submission.message == message, "{} bytes were changed", message.len());
        });
    }
}

#[test]
fn forty_megabytes_arrive() {
    let daemon = Daemon::saying(accepted());
    let message: Vec<u8> = (0..40_000_000u32).map(|number| (number % 251) as u8).collect();
    Call::to(&daemon.url).input(message.clone()).each(|outcome| {
        assert_eq!(outcome.exit, 0, "{outcome:?}");
        assert!(daemon.request().submission.message == message);
    });
}

#[test]
fn envelope_and_queue_id_arrive() {
    let daemon = Daemon::saying(accepted());
    let long = format!("{}@{}.example", "l".repeat(64), "d".repeat(247));
    for address in ["\"a b<&>]]>\"@example.org", "-dash@example.org", "jürgen@bücher.example", &long] {
        let call =
            Call::bare().args(&["--server", &daemon.url, "--queue-id", "4Xy<z", "--sender", address, "--", address]);
        call.each(|outcome| {
            assert_eq!(outcome.exit, 0, "{outcome:?}");
            let submission = daemon.request().submission;
            assert_eq!((&*submission.sender, &*submission.recipient), (address, address));
            assert_eq!(submission.queue_id.as_deref(), Some("4Xy<z"));
        });
    }
    // What XML cannot carry is not an address either.
    Call::bare().args(&["--server", &daemon.url, "--queue-id=", "--sender=a\u{1}@b", "c\r@d"]).each(|outcome| {
        assert_eq!(outcome.exit, 0, "{outcome:?}");
        let submission = daemon.request().submission;
        assert_eq!((&*submission.sender, &*submission.recipient), ("a\u{FFFD}@b", "c\r@d"));
        assert_eq!(submission.queue_id, None);
    });
}

#[test]
fn the_null_sender_has_many_names() {
    let daemon = Daemon::saying(accepted());
    for sender in ["", "<>", "MAILER-DAEMON", "mailer-daemon"] {
        let by_argument = Call::bare().args(&["--server", &daemon.url, "--sender", sender, "--", "c@d"]);
        let by_environment = Call::bare().args(&["--server", &daemon.url, "c@d"]).env("SENDER", sender);
        for call in [by_argument, by_environment] {
            call.each(|outcome| {
                assert_eq!(outcome.exit, 0, "{outcome:?}");
                assert_eq!(daemon.request().submission.sender, "");
            });
        }
    }
    let person = Call::bare().args(&["--server", &daemon.url, "--sender=MAILER-DAEMON@example.org", "c@d"]);
    person.each(|_| assert_eq!(daemon.request().submission.sender, "MAILER-DAEMON@example.org"));
}

#[test]
fn the_environment_fills_in_what_arguments_leave_open() {
    let daemon = Daemon::saying(accepted());
    let call = Call::bare().args(&["--server", &daemon.url]).env("SENDER", "s@env").env("LOCAL_PART", "talk+x");
    let cases = [
        (call.clone().env("DOMAIN", "lists.example"), "s@env", "talk+x@lists.example"),
        (call.clone().env("DOMAIN", "lists.example").env("RECIPIENT", "r@env"), "s@env", "r@env"),
        (call.clone().args(&["--sender=s@arg", "r@arg"]).env("RECIPIENT", "r@env"), "s@arg", "r@arg"),
    ];
    for (call, sender, recipient) in cases {
        call.each(|outcome| {
            assert_eq!(outcome.exit, 0, "{outcome:?}");
            let submission = daemon.request().submission;
            assert_eq!((&*submission.sender, &*submission.recipient), (sender, recipient));
        });
    }
    call.expect_line(75, "4.3.5", "no recipient");
}
