//! What the daemon answers, and what the MTA is told.

use std::process::{Command, Stdio};

use super::daemon::{Connection, Daemon, accepted, fault, http, verdict};
use super::program::{self, Call, POST};

#[test]
fn every_verdict_has_its_exit_code() {
    let rows = [
        ("accept", "2.0.0", "", 0, "2.0.0 1234"),
        ("hold", "2.0.0", "held for a moderator", 0, "2.0.0 1234"),
        ("discard", "2.0.0", "", 0, "2.0.0 1234"),
        ("no-list", "5.1.1", "no such list", 67, "5.1.1 no such list"),
        ("closed", "5.2.1", "list closed", 69, "5.2.1 list closed"),
        ("refuse", "5.7.2", "members only", 77, "5.7.2 members only"),
        ("refuse", "5.4.6", "mail loop", 77, "5.4.6 mail loop"),
        ("bad-message", "5.6.0", "no header", 65, "5.6.0 no header"),
        ("too-large", "5.3.4", "at most 10 MiB", 69, "5.3.4 at most 10 MiB"),
        ("need-smtputf8", "5.6.7", "list is ASCII", 69, "5.6.7 list is ASCII"),
        ("retry", "4.3.0", "storage busy", 75, "4.3.0 storage busy"),
    ];
    for (action, dsn, text, exit, line) in rows {
        let daemon = Daemon::saying(verdict(action, dsn, text));
        Call::to(&daemon.url).expect(exit, line);
    }
}

#[test]
fn a_verdict_that_contradicts_itself_is_none() {
    for (action, dsn) in [
        ("accept", "5.1.1"),
        ("accept", ""),
        ("refuse", "2.0.0"),
        ("refuse", "4.7.2"),
        ("refuse", "5.7"),
        ("refuse", "5.7.2 x"),
        ("no-list", "5.1.1234"),
        ("retry", "5.3.0"),
        ("bounce", "5.0.0"),
        ("", "2.0.0"),
    ] {
        let daemon = Daemon::saying(verdict(action, dsn, "5.1.1 whatever"));
        Call::to(&daemon.url).expect_line(75, "4.3.0", "verdict");
    }
}

#[test]
fn words_of_the_daemon_stay_on_one_printable_line() {
    let text = format!("é&<>\n5.1.1 second line\t{}", "x".repeat(5000));
    let daemon = Daemon::saying(verdict("refuse", "5.7.2", &text));
    Call::to(&daemon.url).expect(77, &format!("{:x<400}", "5.7.2 ?&<> 5.1.1 second line "));
}

#[test]
fn a_fault_is_never_the_senders_fault_but_for_size() {
    for (number, string) in [
        (701, "STORAGE-FULL: no space left"),
        (-32603, "5.1.1 no such list"),
        (102, "NOT-ALLOWED: scope mta is missing"),
        (502, "too large"),
        (0, ""),
    ] {
        let daemon = Daemon::saying(fault(number, string));
        Call::to(&daemon.url).expect_line(75, "4.3.0", format!("fault {number}: {string}").trim_end());
    }
    let daemon = Daemon::saying(fault(-32050, "TOO-LARGE: 5 > 4"));
    Call::to(&daemon.url).expect_line(69, "5.3.4", "larger than the server takes");
}

#[test]
fn http_statuses_are_the_transports_trouble_but_for_size() {
    for status in ["204 No Content", "301 Moved", "401 Unauthorized", "403 Forbidden", "404 Not Found", "429 Slow Down"]
    {
        let daemon = Daemon::saying(http(status, ""));
        Call::to(&daemon.url).expect_line(75, "4.3.0", &format!("HTTP status {}", &status[..3]));
    }
    for status in ["500 Internal Server Error", "503 Service Unavailable"] {
        let daemon = Daemon::saying(http(status, &accepted()));
        Call::to(&daemon.url).expect_line(75, "4.3.0", &format!("HTTP status {}", &status[..3]));
    }
    let daemon = Daemon::saying(http("413 Content Too Large", ""));
    Call::to(&daemon.url).expect_line(69, "5.3.4", "larger");
}

#[test]
fn too_large_is_told_by_the_announced_size() {
    let refusing = |then: fn(&mut Connection<'_>)| {
        Daemon::start(move |connection| {
            let (_, length) = connection.hear_head();
            assert!(length > 40_000_000 / 3 * 4 && length < 40_000_000 / 3 * 4 + 2000);
            connection.say(http("413 Content Too Large", ""));
            then(connection);
        })
    };
    let message = [POST, &vec![b'x'; 40_000_000]].concat();
    // The daemon closes with most of the message unread, or never reads on, or reads all of it out of politeness.
    for daemon in
        [refusing(|_| {}), refusing(|connection| connection.hold()), refusing(|connection| connection.listen_on())]
    {
        Call::to(&daemon.url).input(&*message).expect_line(69, "5.3.4", "larger");
    }
}

#[test]
fn an_answer_that_is_none_defers() {
    let cut = accepted();
    let cut = cut[..cut.len() - 1].to_owned();
    let document = cut.split_once("\r\n\r\n").unwrap().1.to_owned();
    let answers: [Vec<u8>; 9] = [
        b"".to_vec(),
        b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        b"HTTP/1.1 200 OK\r\n".to_vec(),
        http("200 OK", "<html><body>It works!</body></html>").into(),
        http("200 OK", "\u{0}\u{1}").into(),
        [http("200 OK", "??").trim_end_matches('?').as_bytes(), b"\xff\xfe"].concat(),
        cut.into(),
        // Whole for HTTP, cut for XML-RPC.
        format!("HTTP/1.0 200 OK\r\n\r\n{document}").into(),
        http("200 OK", &"x".repeat(1 << 20)).into(),
    ];
    for answer in answers {
        let daemon = Daemon::saying(answer);
        Call::to(&daemon.url).expect_line(75, "4.3.0", &daemon.url);
    }
    let endless_head = Daemon::start(|connection| {
        connection.hear();
        connection.say("HTTP/1.1 200 OK\r\n");
        connection.say("X-More: and more\r\n".repeat(100_000));
    });
    Call::to(&endless_head.url).expect_line(75, "4.3.0", "head is too long");
}

#[test]
fn answers_may_be_framed_in_any_way_http_knows() {
    let whole = accepted();
    let document = whole.split_once("\r\n\r\n").unwrap().1;
    let (first, second) = document.split_at(17);
    let chunks = format!("{:x}\r\n{first}\r\n{:X};a=b\r\n{second}\r\n0\r\n\r\n", first.len(), second.len());
    for answer in [
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"),
        format!("HTTP/1.0 200 OK\r\n\r\n{document}"),
        format!("HTTP/1.1 100 Continue\r\n\r\n{whole}"),
    ] {
        let daemon = Daemon::saying(answer);
        Call::to(&daemon.url).expect(0, "2.0.0 1234");
    }
}

#[test]
fn nobody_listening_to_the_line_changes_nothing() {
    let daemon = Daemon::saying(verdict("refuse", "5.7.2", "no"));
    Call::to(&daemon.url).redirected(">&-").expect(77, "");
    Call::to(&daemon.url).redirected(">/dev/full").expect(77, "");
    Call::to(&daemon.url).redirected("<&- >&-").expect(75, "");
    // A pipe that nobody reads raises SIGPIPE, and death by a signal is a bounce for Exim.
    for program in program::programs() {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(program);
        let mut child = command.args(["--help"]).stdin(Stdio::piped()).stdout(writer).spawn().unwrap();
        drop(child.stdin.take());
        assert_eq!(child.wait().unwrap().code(), Some(75));
    }
}
