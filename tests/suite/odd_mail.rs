//! Mail that nobody should send and somebody does: each kind gets a verdict, and what is taken arrives as it came.

use std::time::Duration;

use mailjam_rpc::Value;
use mailjam_rpc::records::{Member, Page, QueueItem, Verdict};

use crate::calls::{Door, members, text, wait_for_item};
use crate::daemon::{Daemon, PATIENCE, processor_time};
use crate::smtp_sink::{Behaviour, Delivery, Sink};

const TALK: &str = "talk@lists.example.org";
const ANN: &str = "ann@example.org";

struct Scene {
    sink: Sink,
    daemon: Daemon,
    mta: Door,
}

impl Scene {
    fn new() -> Scene {
        let sink = Sink::start(Behaviour::default());
        let daemon = Daemon::start(&sink.server());
        daemon.create_list(TALK, &[ANN]);
        Scene { mta: Door::named(&daemon, "mta"), sink, daemon }
    }

    /// What arrives of a message that must be taken.
    fn passes(&self, message: &[u8]) -> Delivery {
        let before = self.sink.state().messages;
        let verdict = self.mta.submit(ANN, TALK, message);
        assert_eq!(verdict.action, "accept", "{}", verdict.text);
        let state = self.sink.wait_for(|state| state.messages == before + 1, PATIENCE);
        state.deliveries.last().expect("a delivery").clone()
    }

    fn refused(&self, message: &[u8]) -> Verdict {
        let verdict = self.mta.submit(ANN, TALK, message);
        assert_ne!(verdict.action, "accept");
        assert_eq!(self.stored(), 0);
        verdict
    }

    fn stored(&self) -> i32 {
        let done = members([("state", text("done"))]);
        let unfinished: Page<QueueItem> = Door::control(&self.daemon).call("queue.list", vec![]);
        unfinished.total + Door::control(&self.daemon).call::<Page<QueueItem>>("queue.list", vec![done]).total
    }
}

/// What follows the header in what came by SMTP; a message may end with its header (RFC 5322 2.1).
fn body(delivery: &Delivery) -> &[u8] {
    let message = &delivery.message;
    let end = message.windows(4).position(|window| window == b"\r\n\r\n").map_or(message.len(), |end| end + 4);
    &message[end..]
}

fn has_line(delivery: &Delivery, line: &str) -> bool {
    String::from_utf8_lossy(&delivery.message).split("\r\n").any(|other| other == line)
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    let scene = Scene::new();
    let zeros = vec![0; 5000];
    let garbage: Vec<u8> = (0..5000u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let wide =
        [&b"\xff\xfe"[..], &"Subject: x\n\nbody\n".bytes().flat_map(|byte| [byte, 0]).collect::<Vec<_>>()].concat();
    for message in
        [&b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"[..], &zeros, &garbage, &wide, b"Subject: a\x00b\n\nbody\n"]
    {
        let verdict = scene.refused(message);
        assert_eq!((verdict.action.as_str(), verdict.code, verdict.dsn.as_str()), ("bad-message", 65, "5.6.0"));
    }
    // Through mailjam-mta the exit code and the line are what the MTA sees.
    let output = scene.daemon.hand_over(ANN, TALK, &zeros);
    assert_eq!(output.status.code(), Some(65));
    assert!(output.stdout.starts_with(b"5.6.0 "), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn headers_alone_and_a_body_alone() {
    let scene = Scene::new();
    for message in [&b"From: ann@example.org\nSubject: nothing else\n"[..], b"Subject: nothing else", b"Subject: x\n\n"]
    {
        let delivery = scene.passes(message);
        assert_eq!(body(&delivery), b"", "{}", String::from_utf8_lossy(&delivery.message));
        assert!(has_line(&delivery, "List-Id: <talk.lists.example.org>"));
    }
    for message in [&b"\nno header, only this\n"[..], b"no header, only this\n", b"\n\n\n"] {
        let verdict = scene.mta.submit(ANN, TALK, message);
        assert_eq!((verdict.action.as_str(), verdict.dsn.as_str()), ("bad-message", "5.6.0"));
    }
}

#[test]
fn bodies_arrive_as_they_came() {
    let scene = Scene::new();
    for (what, sent, arrives) in [
        ("NUL bytes", &b"a\x00b\n\x00\n"[..], &b"a\x00b\r\n\x00\r\n"[..]),
        ("CRLF", b"one\r\ntwo\r\n", b"one\r\ntwo\r\n"),
        ("dots", b".\n..\n.x\n", b".\r\n..\r\n.x\r\n"),
        ("eight bits", b"\xe4\xff\x80\n", b"\xe4\xff\x80\r\n"),
        ("no last line end", b"one\ntwo", b"one\r\ntwo\r\n"),
        ("blank lines", b"\n\n\nx\n\n", b"\r\n\r\n\r\nx\r\n\r\n"),
    ] {
        let delivery = scene.passes(&[b"Subject: x\n\n", sent].concat());
        assert_eq!(body(&delivery), arrives, "{what}");
    }
    let line = "x".repeat(998);
    let delivery = scene.passes(format!("Subject: x\n\n{line}\n").as_bytes());
    assert_eq!(body(&delivery), format!("{line}\r\n").as_bytes());
}

#[test]
fn a_bare_cr_stays_and_smuggles_no_command_past_the_mail_server() {
    let scene = Scene::new();
    let smuggler = b"Subject: x\n\none\r.\r\nMAIL FROM:<evil@x>\rtwo\n.\r\nQUIT\r\n\r.\r";
    let delivery = scene.passes(smuggler);
    assert_eq!(delivery.recipients, [ANN]);
    let state = scene.sink.wait_for(|state| state.commands.iter().any(|command| command == "."), PATIENCE);
    assert!(!state.commands.iter().any(|command| command.contains("evil")), "{:?}", state.commands);
    assert_eq!(state.messages, 1);
    let arrives = b"one\r.\r\nMAIL FROM:<evil@x>\rtwo\r\n.\r\nQUIT\r\n\r.\r\r\n";
    assert_eq!(body(&delivery), arrives, "{}", String::from_utf8_lossy(&delivery.message));
}

#[test]
fn long_lines_and_many_fields_in_the_header() {
    let scene = Scene::new();
    let long = format!("X-Long: {}", "x".repeat(64 << 10));
    let verdict = scene.mta.submit(ANN, TALK, format!("{long}\nSubject: x\n\nbody\n").as_bytes());
    // SMTP has 998 octets for a line; whatever is decided, nothing is cut in silence.
    assert_eq!((verdict.action.as_str(), verdict.code, verdict.dsn.as_str()), ("bad-message", 65, "5.6.0"));
    assert!(verdict.text.contains("line 1"), "{}", verdict.text);
    let many: String = (0..2000).map(|number| format!("X-Field-{number}: {number}\n")).collect();
    let delivery = scene.passes(format!("{many}Subject: x\n\nbody\n").as_bytes());
    for number in [0, 1, 999, 1998, 1999] {
        assert!(has_line(&delivery, &format!("X-Field-{number}: {number}")), "{number}");
    }
    assert_eq!(delivery.message.windows(8).filter(|window| window == b"X-Field-").count(), 2000);
    let folded: String = (0..2000).map(|number| format!("\n <{number}@x>")).collect();
    let delivery = scene.passes(format!("References:{folded}\nSubject: x\n\nbody\n").as_bytes());
    assert!(has_line(&delivery, " <1999@x>"));
}

#[test]
fn of_very_many_authors_the_first_fifty_count() {
    let scene = Scene::new();
    let strangers = |count: usize| (0..count).map(|number| format!("stranger{number}@elsewhere.example"));
    // The member is one of the authors, with so many others before and behind.
    let post = |before: usize, behind: usize, separator: &str| {
        let authors: Vec<String> = strangers(before).chain([ANN.to_owned()]).chain(strangers(behind)).collect();
        let message = format!("From: {}\nSubject: {before} {behind}\n\nbody\n", authors.join(separator));
        scene.mta.submit("eve@elsewhere.example", TALK, message.as_bytes())
    };
    let one_field = ",\n ";
    let many_fields = "\nFrom: ";
    for separator in [one_field, many_fields] {
        for (before, behind, expected) in [(0, 50, "accept"), (49, 1, "accept"), (50, 0, "refuse")] {
            let verdict = post(before, behind, separator);
            assert_eq!(verdict.action, expected, "{before} before, {behind} behind: {}", verdict.text);
        }
        // Of the processor: how long that takes depends on what else the machine does.
        let before = processor_time(scene.daemon.pid());
        let verdict = post(100_000, 0, separator);
        assert_eq!((verdict.action.as_str(), verdict.dsn.as_str()), ("refuse", "5.7.2"), "{}", verdict.text);
        let spent = processor_time(scene.daemon.pid()) - before;
        assert!(spent < Duration::from_secs(5), "judged in {spent:?}");
    }
}

#[test]
fn a_message_over_the_limit_is_refused_and_leaves_nothing_behind() {
    let scene = Scene::new();
    let megabytes = |count: usize| [&b"Subject: large\n\n"[..], &b"0123456789abcde\n".repeat(count << 16)].concat();
    let before = std::fs::metadata(scene.daemon.folder().join("mailjam.db")).expect("the database").len();
    for size in [11, 14, 40] {
        let output = scene.daemon.hand_over(ANN, TALK, &megabytes(size));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(69), "{size} MB: {said}");
        assert!(said.starts_with("5.3.4 "), "{size} MB: {said}");
        assert_eq!(said.lines().count(), 1);
    }
    assert_eq!(scene.stored(), 0);
    let folder = std::fs::read_dir(scene.daemon.folder()).expect("the folder");
    let after: u64 = folder.map(|entry| entry.expect("a file").metadata().expect("its size").len()).sum();
    assert!(after < before + (8 << 20), "{after} bytes on disk");

    let delivery = scene.passes(&megabytes(9));
    assert_eq!(delivery.message.len(), delivery.message.len().max(9 << 20));
    // A list that takes more makes room for more.
    Door::control(&scene.daemon)
        .call::<Vec<Value>>("list.update", vec![text(TALK), members([("max_size", text("12M"))])]);
    assert_eq!(scene.daemon.hand_over(ANN, TALK, &megabytes(11)).status.code(), Some(0));
    scene.sink.wait_for(|state| state.messages == 2, PATIENCE);
}

#[test]
fn odd_addresses_are_members_recipients_and_posters() {
    let scene = Scene::new();
    let control = Door::control(&scene.daemon);
    let long = format!("{}@{}.example", "x".repeat(64), ["y".repeat(60), "z".repeat(60), "w".repeat(59)].join("."));
    let too_long = format!("{}@{}.example", "x".repeat(64), vec!["y".repeat(60); 5].join("."));
    assert!(too_long.len() >= 320, "{}", too_long.len());
    let odd = [
        "\"a b\"@example.org",
        "\"a@b\"@example.org",
        "-dash@example.org",
        "jörg@bücher.example",
        "o'neil+tag@example.org",
        &long,
    ];
    for address in odd {
        let member: Member = control.call("member.add", vec![text(TALK), text(address)]);
        assert_eq!(member.address, address);
    }
    assert_eq!(control.fault("member.add", vec![text(TALK), text(&too_long)]), 302);
    let delivery = scene.passes(b"Subject: to everybody\n\nbody\n");
    let mut recipients = delivery.recipients.clone();
    let mut expected: Vec<String> = odd.iter().map(|&address| address.to_owned()).collect();
    expected.push(ANN.to_owned());
    recipients.sort();
    expected.sort();
    assert_eq!(recipients, expected);
    assert!(delivery.has_parameter("SMTPUTF8"), "{:?}", delivery.parameters);
    for (number, address) in odd.iter().enumerate() {
        let message = format!("From: somebody@elsewhere.example\nSubject: {number}\n\nbody\n");
        let verdict = scene.mta.submit(address, TALK, message.as_bytes());
        assert_eq!(verdict.action, "accept", "{address}: {}", verdict.text);
    }
    // As senders and recipients they are not taken for options, commands or paths either.
    let huge = format!("{}@example.org", "x".repeat(100_000));
    for address in
        ["-f", "--help", "\"", "@", "a@", "", "\r\nDATA", "../../etc/passwd", &too_long, &huge, "a@b@c", "<a@b"]
    {
        let verdict = scene.mta.submit(address, TALK, format!("Subject: {}\n\nbody\n", address.len()).as_bytes());
        let null = address.is_empty();
        assert_eq!(verdict.action, if null { "discard" } else { "refuse" }, "{address:.40?}");
        let verdict = scene.mta.submit(ANN, address, b"Subject: x\n\nbody\n");
        assert_eq!((verdict.action.as_str(), verdict.code), ("no-list", 67), "{address:.40?}");
        assert!(verdict.text.len() < 500, "{}", verdict.text.len());
    }
}

#[test]
fn a_mail_server_without_smtputf8_is_told_nothing_that_it_cannot_read() {
    let offers = crate::smtp_sink::everything_but(&["SMTPUTF8"]);
    let sink = Sink::start(Behaviour { offers, ..Behaviour::default() });
    let daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &[ANN, "jörg@example.org", "eve@bücher.example"]);
    let id = Door::control(&daemon).submit(ANN, TALK, b"Subject: x\n\nbody\n").post_id.expect("an id");
    let detail = wait_for_item(&daemon, &id, |detail| detail.item.state == "done");
    assert_eq!((detail.item.delivered, detail.item.refused), (2, 1));
    assert_eq!(detail.recipients[0].address, "jörg@example.org");
    assert!(detail.recipients[0].reply.starts_with("553 5.6.7"), "{}", detail.recipients[0].reply);
    assert_eq!(sink.state().deliveries[0].recipients, [ANN, "eve@xn--bcher-kva.example"]);
}
