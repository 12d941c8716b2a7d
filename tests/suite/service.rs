//! The daemon as a service: what it tells systemd, what it does at signals, and when it says that it is ready.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use mailjam_rpc::codec::decode_reply;
use nix::sys::signal::Signal;

use crate::calls::{Door, post, text};
use crate::daemon::{Daemon, PATIENCE, eventually, free_port};
use crate::skip::skipped;
use crate::smtp_sink::{Behaviour, Sink};
use crate::systemd::Systemd;

fn request(method: &str) -> String {
    let body = format!("<methodCall><methodName>{method}</methodName><params/></methodCall>");
    format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn ready_reload_stop() {
    let systemd = Systemd::new("");
    let mut daemon = systemd.start();
    assert_eq!(systemd.until("READY=1"), "READY=1\n");
    assert_eq!(systemd.next(), "STATUS=Ready; all is well");
    // Ready means that it answers.
    let mut stream = systemd.connect();
    stream.write_all(request("server.ping").as_bytes()).expect("a request sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("<boolean>1</boolean>"), "{answer}");

    daemon.signal(Signal::SIGHUP);
    let heard = systemd.until("STATUS=");
    assert!(heard.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{heard}");
    assert!(heard.contains("\nREADY=1\n"), "{heard}");

    daemon.signal(Signal::SIGTERM);
    let heard = systemd.until("STOPPING=1");
    assert!(heard.contains("STATUS=Finishing what is under way"), "{heard}");
    assert_eq!(daemon.end().code(), Some(0), "{}", daemon.log());
    assert!(!systemd.site.path().join("mailjam.db-wal").exists(), "the log of the database was not brought home");
}

#[test]
fn a_broken_configuration_at_sighup_changes_nothing() {
    let systemd = Systemd::new("");
    let mut daemon = systemd.start();
    systemd.until("STATUS=");
    fs::write(systemd.site.config(), "[smtp]\nsrever = \"127.0.0.1:25\"\n").expect("a configuration");
    daemon.signal(Signal::SIGHUP);
    assert!(systemd.until("STATUS=").contains("READY=1"));
    let log = daemon.log();
    assert!(log.contains("line 2: unknown field `srever`") && log.contains("did you mean `server`?"), "{log}");
    assert!(log.contains("the configuration stays as it was"), "{log}");
    assert!(daemon.is_running());
    systemd.connect();
}

#[test]
fn a_reload_reaches_the_next_hop_and_the_log() {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start(&format!("127.0.0.1:{}", free_port()));
    daemon.create_list("talk@lists.example.org", &["ann@example.org"]);
    daemon.configure(&sink.server(), "[log]\nlevel = \"debug\"\n");
    let control = Door::control(&daemon);
    assert!(control.call::<bool>("server.reload", vec![]));
    control.submit("ann@example.org", "talk@lists.example.org", &post("moved"));
    sink.wait_for(|state| state.recipients == 1, PATIENCE);
    assert!(daemon.log().contains(" DEBUG "), "{}", daemon.log());

    daemon.configure("nowhere", "");
    assert_eq!(control.fault("server.reload", vec![]), -32602);
    control.submit("ann@example.org", "talk@lists.example.org", &post("still-there"));
    sink.wait_for(|state| state.recipients == 2, PATIENCE);
    daemon.configure(&sink.server(), "connections = 7\n");
    assert!(control.call::<bool>("server.reload", vec![]));
    assert!(daemon.log().contains("[smtp] connections changed in the file"), "{}", daemon.log());
}

#[test]
fn a_reload_with_another_next_hop_leaves_kept_connections() {
    let (first, second) = (Sink::start(Behaviour::default()), Sink::start(Behaviour::default()));
    let daemon = Daemon::start(&first.server());
    daemon.create_list("talk@lists.example.org", &["ann@example.org"]);
    let control = Door::control(&daemon);
    control.submit("ann@example.org", "talk@lists.example.org", &post("before"));
    first.wait_for(|state| state.recipients == 1, PATIENCE);
    daemon.configure(&second.server(), "");
    assert!(control.call::<bool>("server.reload", vec![]));
    control.submit("ann@example.org", "talk@lists.example.org", &post("behind"));
    second.wait_for(|state| state.recipients == 1, PATIENCE);
    daemon.configure(&second.server(), "helo = \"lists.example.org\"\n");
    assert!(control.call::<bool>("server.reload", vec![]));
    control.submit("ann@example.org", "talk@lists.example.org", &post("introduced"));
    let seen = second.wait_for(|state| state.recipients == 2, PATIENCE);
    assert!(seen.commands.iter().any(|command| command == "EHLO lists.example.org"), "{:?}", seen.commands);
}

#[test]
fn what_cannot_start_is_never_ready() {
    let systemd = Systemd::new("");
    fs::write(
        systemd.site.database(),
        "no database at all, but long enough to be read as the header of one ".repeat(9),
    )
    .expect("a file");
    let mut daemon = systemd.start();
    assert_eq!(daemon.end().code(), Some(1));
    assert!(daemon.log().contains("is not a mailjam database; move it away"), "{}", daemon.log());
    assert!(!systemd.rest().contains("READY"));
    assert!(!systemd.site.socket("control").exists());
}

#[test]
fn ready_waits_for_the_database() {
    let systemd = Systemd::new("");
    let shell =
        Command::new("sqlite3").arg(systemd.site.database()).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut shell) = shell else {
        skipped("a database that another program has locked: sqlite3 is not installed");
        return;
    };
    let mut stdin = shell.stdin.take().expect("its standard input");
    stdin.write_all(b"BEGIN EXCLUSIVE;\n.print locked\n").expect("a command");
    let mut locked = [0; 7];
    shell.stdout.take().expect("its standard output").read_exact(&mut locked).expect("an answer");
    let mut daemon = systemd.start();
    // Its lock shows that it is past the configuration and at the database.
    eventually("the daemon to reach the database", || {
        systemd.site.path().join("mailjam.db.lock").exists().then_some(())
    });
    systemd.socket.set_read_timeout(Some(Duration::from_millis(300))).expect("an option set");
    let mut bytes = [0; 64];
    assert!(systemd.socket.recv(&mut bytes).is_err(), "a word from the daemon before the database is open");
    assert!(!systemd.site.socket("control").exists());
    assert!(daemon.is_running());
    systemd.socket.set_read_timeout(Some(PATIENCE)).expect("an option set");
    drop(stdin);
    shell.wait().expect("the end of sqlite3");
    systemd.until("READY=1");
}

#[test]
fn the_watchdog_is_fed() {
    let systemd = Systemd::new("");
    let _daemon = systemd.start_with(&[("WATCHDOG_USEC", "150000")]);
    systemd.until("READY=1");
    for _ in 0..3 {
        systemd.until("WATCHDOG=1");
    }
}

#[test]
fn the_status_tells_of_trouble_and_of_its_end() {
    let systemd = Systemd::new("");
    let daemon = systemd.start();
    systemd.until("STATUS=");
    let call = |method: &str, params: Vec<mailjam_rpc::Value>| {
        let body = mailjam_rpc::codec::encode_call(method, &params);
        let head =
            format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut stream = systemd.connect();
        stream.write_all((head + &body).as_bytes()).expect("a request sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let start = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        decode_reply(&answer[start..]).expect("an answer").expect("no fault")
    };
    call("list.create", vec![text("talk@lists.example.org")]);
    call("member.add", vec![text("talk@lists.example.org"), text("ann@example.org")]);
    call("mta.submit", vec![crate::calls::submission("ann@example.org", "talk@lists.example.org", &post("x"))]);
    let heard = systemd.until("STATUS=cannot connect to mail server 127.0.0.1:");
    assert!(heard.contains("is it running"), "{heard}");
    eventually("the post to be put off", || {
        let queue = call("queue.list", vec![]);
        format!("{queue:?}").contains("last_error").then_some(())
    });

    let sink = Sink::start(Behaviour::default());
    systemd.site.configure(&format!("[smtp]\nserver = \"{}\"\n", sink.server()));
    daemon.signal(Signal::SIGHUP);
    systemd.until("READY=1");
    let list = crate::calls::members([("list", text("talk@lists.example.org"))]);
    call("queue.retry", vec![list]);
    systemd.until("STATUS=Ready; all is well");
    sink.wait_for(|state| state.recipients == 1, PATIENCE);
}

#[test]
fn a_request_under_way_is_answered_before_the_end() {
    let systemd = Systemd::new("");
    let mut daemon = systemd.start();
    systemd.until("READY=1");
    // One whose request is half there, one that never says anything, and one that has said all and stays.
    let (mut stream, _silent, mut idle) = (systemd.connect(), systemd.connect(), systemd.connect());
    let _silent_mta = UnixStream::connect(systemd.site.socket("mta")).expect("the daemon listens");
    let request = request("server.ping");
    let (first, second) = request.split_at(request.len() - 10);
    stream.write_all(first.as_bytes()).expect("half a request");
    idle.write_all(request.replace("Connection: close\r\n", "").as_bytes()).expect("a request");
    let mut beginning = [0; 12];
    idle.read_exact(&mut beginning).expect("an answer");
    daemon.signal(Signal::SIGTERM);
    systemd.until("STOPPING=1");
    assert!(daemon.is_running());
    stream.write_all(second.as_bytes()).expect("the other half");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.contains("<boolean>1</boolean>"), "{answer}");
    assert_eq!(daemon.end().code(), Some(0), "{}", daemon.log());
}
