//! The blocking client against servers made up for each test.
#![cfg(feature = "std")]
#![expect(clippy::unwrap_used, reason = "a test that unwraps says enough by failing")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use mailjam_wire::client::{Client, Error};
use tempfile::TempDir;

/// A server on a unix socket that serves the connections it expects, in order, and ends.
struct Server {
    url: String,
    /// Told each time a connection has been closed.
    closed: Receiver<()>,
    thread: JoinHandle<()>,
    _directory: TempDir,
}

type Serve = fn(&mut BufReader<UnixStream>);

impl Server {
    fn start(connections: Vec<Serve>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let (sender, closed) = channel();
        let thread = spawn(move || {
            for serve in connections {
                let mut stream = BufReader::new(listener.accept().unwrap().0);
                serve(&mut stream);
                drop(stream);
                let _ = sender.send(());
            }
        });
        Self { url: format!("unix:{}", path.display()), closed, thread, _directory: directory }
    }

    fn client(&self) -> Client {
        Client::new(self.url.parse().unwrap(), None, Duration::from_secs(20))
    }

    /// All connections that were expected have been made.
    fn finish(self) {
        self.thread.join().unwrap();
    }
}

/// Reads a request and returns its head and body.
fn hear(stream: &mut impl BufRead) -> (String, Vec<u8>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert_ne!(stream.read_line(&mut head).unwrap(), 0, "the request ended early");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}

fn say(stream: &mut BufReader<UnixStream>, text: &str) {
    stream.get_mut().write_all(text.as_bytes()).unwrap();
}

/// Answers with the request's own body.
fn echo(stream: &mut BufReader<UnixStream>) {
    let (_, body) = hear(stream);
    say(stream, &format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()));
    stream.get_mut().write_all(&body).unwrap();
}

#[test]
fn one_connection_serves_many_calls() {
    let server = Server::start(vec![|stream| {
        echo(stream);
        echo(stream);
        let (_, body) = hear(stream);
        assert_eq!(body, b"three");
        say(stream, "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlost\r\n0\r\n\r\n");
        echo(stream);
    }]);
    let mut client = server.client();
    assert_eq!(client.post("/RPC2", b"one").unwrap().body, b"one");
    let large = vec![b'x'; 3 << 20];
    assert_eq!(client.post("/RPC2", &large).unwrap().body, large);
    let reply = client.post("/RPC2", b"three").unwrap();
    assert_eq!((reply.status, reply.body.as_slice()), (404, &b"lost"[..]));
    assert_eq!(client.post("/RPC2", b"").unwrap().body, b"");
    server.finish();
}

#[test]
fn a_connection_closed_while_idle_is_replaced() {
    let server = Server::start(vec![echo, echo]);
    let mut client = server.client();
    assert_eq!(client.post("/RPC2", b"one").unwrap().body, b"one");
    server.closed.recv().unwrap();
    assert_eq!(client.post("/RPC2", b"two").unwrap().body, b"two");
    server.finish();
}

#[test]
fn what_may_have_been_carried_out_is_not_repeated() {
    let server = Server::start(vec![|stream| {
        echo(stream);
        hear(stream);
    }]);
    let mut client = server.client();
    client.post("/RPC2", b"one").unwrap();
    let error = client.post("/RPC2", b"two").unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error}");
    assert!(error.to_string().contains("may have been carried out"), "{error}");
    server.finish();
}

#[test]
fn what_was_not_heard_to_its_end_is_repeated_on_a_kept_connection_only() {
    let server = Server::start(vec![
        |stream| {
            echo(stream);
            stream.fill_buf().unwrap();
        },
        echo,
        |stream| {
            stream.fill_buf().unwrap();
        },
    ]);
    let large = vec![b'x'; 3 << 20];
    let mut client = server.client();
    client.post("/RPC2", b"one").unwrap();
    assert_eq!(client.post("/RPC2", &large).unwrap().body, large);
    let error = server.client().post("/RPC2", &large).unwrap_err();
    assert!(matches!(error, Error::Send { .. }), "{error}");
    server.finish();
}

#[test]
fn an_early_refusal_is_heard() {
    let server = Server::start(vec![|stream| {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        say(stream, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    }]);
    let reply = server.client().post("/RPC2", &vec![b'x'; 3 << 20]).unwrap();
    assert_eq!(reply.status, 413);
    server.finish();
}

#[test]
fn a_call_ends_in_time() {
    let server = Server::start(vec![|stream| {
        hear(stream);
        say(stream, "HTTP/1.1 200 OK\r\n");
        let _ = stream.read_to_end(&mut Vec::new());
    }]);
    let began = Instant::now();
    let mut client = Client::new(server.url.parse().unwrap(), None, Duration::from_millis(200));
    let error = client.post("/RPC2", b"one").unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(15));
    server.finish();
}

#[test]
fn answers_that_are_none_or_too_large() {
    let server = Server::start(vec![
        |stream| {
            hear(stream);
            say(stream, "220 mail ESMTP\r\n");
        },
        |stream| {
            hear(stream);
            say(stream, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123");
        },
        |stream| {
            hear(stream);
            say(stream, &format!("HTTP/1.0 200 OK\r\n\r\n{}", "x".repeat(2000)));
        },
    ]);
    let malformed = server.client().post("/RPC2", b"").unwrap_err();
    assert!(matches!(malformed, Error::Malformed { .. }), "{malformed}");
    let cut = server.client().post("/RPC2", b"").unwrap_err();
    assert!(matches!(cut, Error::Lost { .. }), "{cut}");
    let large = server.client().reply_limit(1000).post("/RPC2", b"").unwrap_err();
    assert!(matches!(large, Error::ReplyTooLarge { limit: 1000, .. }), "{large}");
    server.finish();
}

#[test]
fn nobody_there() {
    let mut client = Client::new("unix:/nonexistent/s".parse().unwrap(), None, Duration::from_secs(20));
    let error = client.post("/RPC2", b"").unwrap_err().to_string();
    assert!(error.contains("unix:/nonexistent/s") && error.contains("is mailjamd running"), "{error}");
}

#[test]
fn tcp_with_a_token() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let thread = spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let (head, _) = hear(&mut stream);
        stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
        head
    });
    let mut client = Client::new(url.parse().unwrap(), Some("mj_secret".into()), Duration::from_secs(20));
    assert_eq!(client.post("/RPC2", b"x").unwrap().status, 200);
    let head = thread.join().unwrap();
    assert!(head.starts_with("POST /RPC2 HTTP/1.1\r\nHost: localhost:"), "{head}");
    assert!(head.contains("\r\nAuthorization: Bearer mj_secret\r\n"), "{head}");
}
