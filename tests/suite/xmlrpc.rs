//! XML-RPC as others speak it: Python's own client, and those who do not mean well.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use mailjam_rpc::catalogue::METHODS;
use mailjam_rpc::codec::decode_reply;
use serde_json::Value;

use crate::daemon::{Daemon, free_port, run};
use crate::skip::skipped;

/// A daemon whose next hop does not answer.
fn daemon() -> Daemon {
    Daemon::start(&format!("127.0.0.1:{}", free_port()))
}

#[test]
fn pythons_client_calls_every_method() {
    if Command::new("python3").arg("--version").output().is_err() {
        skipped("Python's XML-RPC client: python3 is not installed");
        return;
    }
    let daemon = daemon();
    let token = daemon.cli_prints(&["--json", "token", "create", "python", "--scope", "admin"]);
    let token: Value = serde_json::from_str(&token).expect("JSON from mailjam-cli");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/xmlrpc_client.py");
    let mut python = Command::new("python3");
    python.arg(script).arg(format!("http://127.0.0.1:{}/RPC2", daemon.port()));
    python.arg(token["secret"].as_str().expect("a secret")).arg(daemon.control_socket());
    let output = run(&mut python, b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("UTF-8 from Python");
    let called: BTreeSet<&str> = printed.lines().collect();
    let known: BTreeSet<&str> = METHODS.iter().map(|method| method.name).collect();
    assert_eq!(called, known, "called, and in the catalogue");
}

/// Stands in every request below and must stand in no answer.
const SECRET: &str = "Geheimnis";

/// Sends bytes and reads what comes until the daemon closes the connection.
fn exchange(daemon: &Daemon, request: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(daemon.control_socket()).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("an option set");
    let mut writer = stream.try_clone().expect("the connection twice");
    thread::scope(|threads| {
        // A daemon that refuses early does not read the rest.
        threads.spawn(move || writer.write_all(request));
        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("the daemon goes on: {error}"),
            _ => answer,
        }
    })
}

/// A request with a body.
fn request(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Posts a body and returns the answer to it, without its head.
fn post(daemon: &Daemon, body: &[u8]) -> Vec<u8> {
    let answer = exchange(daemon, &request(body));
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("the head of an answer");
    answer[end + 4..].to_vec()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn call(method: &str, params: &str) -> String {
    format!("<?xml version='1.0'?><methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>")
}

fn param(value: &str) -> String {
    format!("<param><value>{value}</value></param>")
}

#[test]
fn malformed_calls_get_a_fault_that_repeats_nothing() {
    let daemon = daemon();
    let bomb: String = (1..30).map(|n| format!("<!ENTITY e{n} '&e{};&e{};'>", n - 1, n - 1)).collect();
    let nested = format!("{}{SECRET}", "<array><data><value>".repeat(100_000));
    let item = "<value><struct><member><name>methodName</name><value>server.ping</value></member>\
                <member><name>params</name><value><array><data></data></array></value></member></struct></value>";
    let many = format!("<array><data>{}</data></array>", item.repeat(2_000));
    let rude: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("no XML", SECRET.into()),
        ("an open tag", format!("<methodCall><{SECRET}").into()),
        ("another document", format!("<html><body>{SECRET}</body></html>").into()),
        ("NUL bytes", vec![0; 4096]),
        ("no UTF-8", [call("server.ping", &param("\u{fffd}")).as_bytes(), b"\xff\xfe"].concat()),
        ("another encoding", format!("<?xml version='1.0' encoding='UTF-16'?><a>{SECRET}</a>").into()),
        ("an entity bomb", format!("<!DOCTYPE a [<!ENTITY e0 '{SECRET}'>{bomb}]><a>&e29;</a>").into()),
        (
            "an outside entity",
            format!("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>{}", call("list.get", &param("&e;"))).into(),
        ),
        ("an unknown entity", call("list.get", &param(&format!("&{SECRET};"))).into()),
        ("deep nesting", call("list.get", &param(&nested)).into()),
        ("no method", format!("<methodCall><params>{}</params></methodCall>", param(SECRET)).into()),
        ("an unknown method", call(SECRET, "").into()),
        ("a number too large", call("list.get", &param("<int>99999999999999999999</int>")).into()),
        ("broken base64", call("list.get", &param(&format!("<base64>{SECRET}*</base64>"))).into()),
        ("a broken time", call("list.get", &param(&format!("<dateTime.iso8601>{SECRET}</dateTime.iso8601>"))).into()),
        ("an unknown type", call("list.get", &param(&format!("<{SECRET}>x</{SECRET}>"))).into()),
        ("too many calls at once", call("system.multicall", &param(&many)).into()),
    ];
    for (what, body) in rude {
        let answer = post(&daemon, &body);
        let fault = decode_reply(&answer).unwrap_or_else(|_| panic!("{what}: {}", text(&answer)));
        let fault = fault.expect_err(what);
        assert!(fault.number < 0, "{what}: {fault}");
        assert!(!text(&answer).contains(SECRET), "{what} is repeated: {}", text(&answer));
        assert!(!text(&answer).contains("root:"), "{what}: {}", text(&answer));
    }
    daemon.call("server.ping", Vec::new());
}

#[test]
fn multicalls_do_not_nest() {
    let daemon = daemon();
    let inner = "<value><struct><member><name>methodName</name><value>system.multicall</value></member><member>\
                 <name>params</name><value><array><data><value><array><data></data></array></value></data></array>\
                 </value></member></struct></value>";
    let answer =
        post(&daemon, call("system.multicall", &param(&format!("<array><data>{inner}</data></array>"))).as_bytes());
    assert!(text(&answer).contains("faultCode"), "{}", text(&answer));
}

#[test]
fn bad_http_gets_an_error_or_a_closed_connection() {
    let daemon = daemon();
    let head = |lines: &str| format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lines}\r\n");
    let rude = [
        ("no HTTP", format!("{SECRET}\r\n\r\n")),
        ("a request for a page", format!("GET /{SECRET} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")),
        ("another method", "PUT /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".into()),
        ("ten gigabytes", head("Content-Length: 10000000000\r\n")),
        ("a negative length", head("Content-Length: -1\r\n")),
        ("two lengths", head("Content-Length: 5\r\nContent-Length: 6\r\n")),
        ("a long header", head(&format!("X: {}\r\n", SECRET.repeat(100_000)))),
        ("many headers", head(&format!("X: {SECRET}\r\n").repeat(10_000))),
    ];
    for (what, request) in rude {
        let answer = text(&exchange(&daemon, request.as_bytes()));
        let status = answer.split(' ').nth(1).unwrap_or("closed");
        assert!(status == "closed" || status.starts_with('4'), "{what}: {answer}");
        assert!(!answer.contains(SECRET), "{what} is repeated: {answer}");
    }
    daemon.call("server.ping", Vec::new());
}

#[test]
fn slow_requests_are_cut_off() {
    let daemon = daemon();
    let started = Instant::now();
    let beginnings = [
        "POST /RPC2 HTTP/1.1\r\nHos".to_owned(),
        format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<methodCall>{SECRET}"),
        // Somebody who connects and never says a word.
        String::new(),
    ];
    thread::scope(|threads| {
        for beginning in &beginnings {
            let daemon = &daemon;
            threads.spawn(move || {
                let answer = exchange(daemon, beginning.as_bytes());
                assert!(!text(&answer).contains(SECRET), "{}", text(&answer));
            });
        }
        // Nobody else waits meanwhile.
        daemon.call("server.ping", Vec::new());
        assert!(started.elapsed() < Duration::from_secs(10), "a slow request holds up another one");
    });
}

/// The most memory that the daemon has had so far, in MiB.
fn peak_memory(daemon: &Daemon) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).expect("the daemon's status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak memory");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") / 1024
}

/// Sends a request but for its last byte; `None` if the daemon takes no more of it for now.
fn all_but_the_end(daemon: &Daemon, request: &[u8]) -> Option<UnixStream> {
    let mut stream = UnixStream::connect(daemon.control_socket()).expect("a connection");
    stream.set_write_timeout(Some(Duration::from_secs(1))).expect("an option set");
    match stream.write_all(&request[..request.len() - 1]) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        written => written.map(|()| Some(stream)).expect("a request sent"),
    }
}

#[test]
fn large_requests_cost_bounded_memory() {
    let daemon = daemon();
    let before = peak_memory(&daemon);
    let size = 15 << 20;
    let item = "<value><int>1</int></value>";
    let long = call("list.get", &param(&SECRET.repeat(size / SECRET.len())));
    let many = call("list.get", &param(&format!("<array><data>{}</data></array>", item.repeat(size / item.len()))));
    let requests = [request(long.as_bytes()), request(many.as_bytes())];
    let mut begun: Vec<UnixStream> = thread::scope(|threads| {
        let callers: Vec<_> = (0..12)
            .map(|number| {
                let (daemon, request) = (&daemon, &requests[number % 2]);
                threads.spawn(move || all_but_the_end(daemon, request))
            })
            .collect();
        callers.into_iter().filter_map(|caller| caller.join().expect("an end")).collect()
    });
    // 64 MiB of bodies, whoever sends them; the others are not read.
    assert!((1..=4).contains(&begun.len()), "{} requests of 15 MiB are in memory", begun.len());
    let grown = peak_memory(&daemon) - before;
    assert!(grown < 96, "{grown} MiB more than the {before} MiB before");
    for stream in &mut begun {
        stream.write_all(b">").expect("the end of the request");
    }
    for mut stream in begun {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        assert!(answer.len() < 4096, "an answer of {} bytes", answer.len());
    }
    let grown = peak_memory(&daemon) - before;
    assert!(grown < 256, "{grown} MiB more than the {before} MiB before");
}
