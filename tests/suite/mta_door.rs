//! The socket for mail servers, and clients there that do not know how to behave.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mailjam_rpc::Value;
use mailjam_rpc::codec::encode_call;
use mailjam_rpc::records::QueueDetail;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::calls::{Door, members, post, submission, text, wait_for_item};
use crate::daemon::{Daemon, PATIENCE, eventually};
use crate::smtp_sink::{Action, Behaviour, Moment, Sink, Step};

const TALK: &str = "talk@lists.example.org";
const ANN: &str = "ann@example.org";

/// Stands in every request below and must stand in no answer.
const SECRET: &str = "Geheimnis";

fn daemon() -> Daemon {
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list(TALK, &[ANN]);
    daemon
}

fn connect(daemon: &Daemon) -> UnixStream {
    let stream = UnixStream::connect(daemon.mta_socket()).expect("the daemon listens");
    stream.set_read_timeout(Some(PATIENCE * 3)).expect("an option set");
    stream
}

/// Sends bytes, and reads what comes until the daemon closes the connection.
fn exchange(daemon: &Daemon, request: &[u8]) -> String {
    let mut stream = connect(daemon);
    let mut writer = stream.try_clone().expect("the connection twice");
    thread::scope(|threads| {
        // A daemon that refuses early may not read the rest.
        threads.spawn(move || {
            let _ = writer.write_all(request);
            let _ = writer.shutdown(std::net::Shutdown::Write);
        });
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
}

fn head(fields: &str) -> String {
    format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\n{fields}\r\n")
}

fn call(body: &str) -> String {
    head(&format!("Content-Length: {}\r\n", body.len())) + body
}

#[test]
fn rude_requests_get_an_error_or_nothing_and_leave_nothing_behind() {
    let daemon = daemon();
    let bomb: String = (1..30).map(|n| format!("<!ENTITY e{n} '&e{};&e{};'>", n - 1, n - 1)).collect();
    let deep = "<array><data><value>".repeat(100_000);
    let rude = [
        ("", String::new()),
        ("", "POST /RPC2 HTTP/1.1\r\nHos".to_owned()),
        ("400", format!("{SECRET}\r\n\r\n")),
        ("400", "\0".repeat(4096)),
        ("404", format!("GET /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n")),
        ("405", "GET /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned()),
        ("411", head("")),
        ("411", head("Transfer-Encoding: chunked\r\n")),
        ("411", head("Content-Length: -1\r\n")),
        ("413", head("Content-Length: 10000000000\r\n")),
        ("413", head("Content-Length: 60000000\r\n") + &"x".repeat(60_000_000)),
        ("431", head(&format!("X: {}\r\n", SECRET.repeat(10_000)))),
        ("400", head(&format!("X: {SECRET}\r\n").repeat(100))),
        ("", head("Content-Length: 1000\r\n") + SECRET),
        ("fault", call(SECRET)),
        ("fault", call("")),
        ("fault", call(&format!("<methodCall><{SECRET}"))),
        ("fault", call(&format!("<!DOCTYPE a [<!ENTITY e0 '{SECRET}'>{bomb}]><a>&e29;</a>"))),
        ("fault", call(&format!("<methodCall><methodName>mta.submit</methodName><params><param><value>{deep}"))),
        ("fault", call(&format!("<methodCall><methodName>{SECRET}</methodName><params/></methodCall>"))),
        ("fault", call("<methodCall><methodName>mta.submit</methodName><params/></methodCall>")),
    ];
    // Each more often than there are threads that could get lost.
    for (expected, request) in &rude {
        let times = if request.len() > 1_000_000 { 1 } else { 20 };
        for _ in 0..times {
            let answer = exchange(&daemon, request.as_bytes());
            let short = &request[..request.len().min(80)];
            match *expected {
                "" => assert_eq!(answer, "", "{short:?}"),
                "fault" => {
                    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("<fault>"), "{short:?}: {answer}")
                }
                status => assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{short:?}: {answer}"),
            }
            assert!(!answer.contains(SECRET), "{short:?} is repeated: {answer}");
        }
    }
    assert_eq!(Door::named(&daemon, "mta").submit(ANN, TALK, &post("after")).action, "accept");
    assert!(!daemon.log().contains(SECRET), "{}", daemon.log());
}

#[test]
fn a_request_may_come_in_pieces_and_wait_for_permission() {
    let daemon = daemon();
    let body = encode_call("mta.submit", &[submission(ANN, TALK, &post("pieces"))]);
    let mut stream = connect(&daemon);
    let request = head(&format!("Content-Length: {}\r\nExpect: 100-continue\r\n", body.len()));
    for piece in request.as_bytes().chunks(7) {
        stream.write_all(piece).expect("a piece");
    }
    let mut permission = [0; 25];
    stream.read_exact(&mut permission).expect("permission");
    assert_eq!(&permission, b"HTTP/1.1 100 Continue\r\n\r\n");
    for piece in body.as_bytes().chunks(100) {
        stream.write_all(piece).expect("a piece");
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("<value><string>accept") || answer.contains(">accept<"), "{answer}");
}

#[test]
fn those_who_say_nothing_make_others_wait_for_moments_only() {
    let daemon = daemon();
    let silent: Vec<UnixStream> = (0..40).map(|_| connect(&daemon)).collect();
    let output = daemon.hand_over(ANN, TALK, &post("patient"));
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    // They were hung up on.
    for mut stream in silent.into_iter().take(16) {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("the end of the connection");
        assert!(answer.is_empty());
    }
}

#[test]
fn who_has_connected_when_the_daemon_stops_still_gets_an_answer() {
    let mut daemon = daemon();
    let mut stream = connect(&daemon);
    // Connections are accepted in the order in which they come.
    assert_eq!(Door::named(&daemon, "mta").submit(ANN, TALK, &post("before")).action, "accept");
    kill(Pid::from_raw(daemon.pid().cast_signed()), Signal::SIGTERM).expect("SIGTERM sent");
    eventually("the beginning of the end", || daemon.log().contains("stopping").then_some(()));
    let body = encode_call("mta.submit", &[submission(ANN, TALK, &post("last"))]);
    stream.write_all(call(&body).as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains(">accept<"), "{answer}");
    daemon.stop();
}

#[test]
fn sixteen_at_once_all_get_an_answer() {
    let daemon = daemon();
    let outputs: Vec<_> = thread::scope(|threads| {
        let daemon = &daemon;
        let callers: Vec<_> =
            (0..48).map(|n| threads.spawn(move || daemon.hand_over(ANN, TALK, &post(&format!("n{n}"))))).collect();
        callers.into_iter().map(|caller| caller.join().expect("an end")).collect()
    });
    for output in outputs {
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn sixteen_at_once_during_a_fan_out_are_taken_or_come_again() {
    let answered = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&answered);
    // The next hop is so slow that the fan-out takes as long as the 64 hand-overs, and ends behind them.
    let script = move |moment: &Moment<'_>| {
        let member = |address: &str| address.strip_prefix('m')?.split_once('@')?.0.parse::<usize>().ok();
        if let Step::Rcpt(address, 0) = moment.step
            && let Some(number) = member(address)
        {
            let reached = || 10_000 * (seen.load(Ordering::SeqCst) + 1) / 66;
            eventually("hand-overs to be answered", || (number <= reached()).then_some(()));
        }
        Action::Usual
    };
    let sink = Sink::start(Behaviour { script: Box::new(script), ..Behaviour::default() });
    let daemon = Daemon::start_with(&sink.server(), "recipients = 10\n");
    daemon.create_list(TALK, &[ANN]);
    let large = "large@lists.example.org";
    daemon.create_list(large, &[ANN]);
    let control = Door::control(&daemon);
    let people = (0..10_000).map(|number| members([("address", text(&format!("m{number:04}@example.org")))]));
    control.call::<Value>("member.import", vec![text(large), Value::Array(people.collect())]);
    let id = control.submit(ANN, large, &post("large")).post_id.expect("an id");
    sink.wait_for(|state| state.messages > 0, PATIENCE);

    let hand_over = |subject: String| {
        let output = daemon.hand_over(ANN, TALK, &post(&subject));
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 75)), "{code:?}: {}", String::from_utf8_lossy(&output.stdout));
        answered.fetch_add(1, Ordering::SeqCst);
        (code == Some(0)).then_some(subject)
    };
    let four = |caller: usize| (0..4).filter_map(|n| hand_over(format!("c{caller}n{n}"))).collect::<Vec<_>>();
    let taken: Vec<String> = thread::scope(|threads| {
        let callers: Vec<_> = (0..16).map(|caller| threads.spawn(move || four(caller))).collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("an end")).collect()
    });
    let large: QueueDetail = control.call("queue.get", vec![text(&id)]);
    assert_eq!(large.item.state, "sending", "the fan-out was over before the hand-overs: {large:?}");
    assert!(!taken.is_empty());
    answered.fetch_add(1, Ordering::SeqCst);
    wait_for_item(&daemon, &id, |detail| detail.item.state == "done" && detail.item.delivered == 10_001);
    let state = sink.wait_for(|state| state.messages >= 1001 + taken.len(), PATIENCE);
    let arrived: String = state.deliveries.iter().map(|delivery| String::from_utf8_lossy(&delivery.message)).collect();
    for subject in taken {
        assert!(arrived.contains(&format!("Subject: {subject}\r\n")), "{subject} was taken and did not arrive");
    }
}
