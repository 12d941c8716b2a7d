//! A daemon made up for the occasion: it hears what mailjam-mta sends and says what the test wants.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use mailjam_rpc::records::{Submission, Verdict};
use mailjam_rpc::{Fault, Shape, codec};
use tempfile::TempDir;

/// A request as it came in.
pub struct Request {
    /// Request line and headers.
    pub head: String,
    /// What `mta.submit` was called with.
    pub submission: Submission,
}

/// One connection, seen from the daemon.
pub struct Connection<'a> {
    stream: Box<dyn Stream>,
    requests: &'a Sender<Request>,
    end: &'a End,
}

/// That the test is over.
#[derive(Default)]
struct End {
    over: Mutex<bool>,
    changed: Condvar,
}

impl End {
    fn announce(&self) {
        *self.over.lock().unwrap() = true;
        self.changed.notify_all();
    }

    fn wait(&self) {
        drop(self.changed.wait_while(self.over.lock().unwrap(), |over| !*over).unwrap());
    }
}

trait Stream: Read + Write + Send {
    fn finish(&self);
}

impl Stream for UnixStream {
    fn finish(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Stream for TcpStream {
    fn finish(&self) {
        let _ = self.shutdown(Shutdown::Write);
    }
}

impl Connection<'_> {
    /// Reads the head of the request and returns it with the announced length.
    pub fn hear_head(&mut self) -> (String, usize) {
        let mut head = String::new();
        let mut byte = [0];
        while !head.ends_with("\r\n\r\n") && self.stream.read_exact(&mut byte).is_ok() {
            head.push(char::from(byte[0]));
        }
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length = length.and_then(|digits| digits.parse().ok()).unwrap_or(0);
        (head, length)
    }

    /// Reads the whole request and keeps it for [`Daemon::request`].
    pub fn hear(&mut self) {
        let (head, length) = self.hear_head();
        let mut body = vec![0; length];
        if length == 0 || self.stream.read_exact(&mut body).is_err() {
            return;
        }
        let mut call = codec::decode_call(&body).unwrap();
        assert_eq!((call.method.as_str(), call.params.len()), ("mta.submit", 1));
        let submission = Submission::from_value(call.params.remove(0)).unwrap();
        let _ = self.requests.send(Request { head, submission });
    }

    /// Sends bytes; the other side may be gone.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref());
    }

    /// Reads on, silently, until the other side gives up.
    pub fn listen_on(&mut self) {
        let _ = std::io::copy(&mut self.stream, &mut std::io::sink());
    }

    /// Does nothing, not even read, until the test is over.
    pub fn hold(&self) {
        self.end.wait();
    }
}

/// A listening daemon. Each connection has a thread, and all have ended when it is dropped.
pub struct Daemon {
    /// What `--server` is given.
    pub url: String,
    requests: Receiver<Request>,
    thread: Option<JoinHandle<()>>,
    end: Arc<End>,
    _directory: TempDir,
}

impl Daemon {
    /// On a unix socket; `serve` is called for every connection.
    pub fn start(serve: impl Fn(&mut Connection<'_>) + Send + Sync + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("mta.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let url = format!("unix:{}", path.display());
        Self::listen(url, directory, move || listener.accept().unwrap().0, serve)
    }

    /// On TCP, at the address given (with port 0).
    pub fn start_tcp(address: &str, serve: impl Fn(&mut Connection<'_>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self::listen(url, tempfile::tempdir().unwrap(), move || listener.accept().unwrap().0, serve)
    }

    /// Hears every request out and answers it with these bytes.
    pub fn saying(answer: impl AsRef<[u8]> + Send + Sync + 'static) -> Self {
        Self::start(move |connection| {
            connection.hear();
            connection.say(&answer);
        })
    }

    fn listen<S: Stream + 'static>(
        url: String,
        directory: TempDir,
        accept: impl Fn() -> S + Send + 'static,
        serve: impl Fn(&mut Connection<'_>) + Send + Sync + 'static,
    ) -> Self {
        let end = Arc::new(End::default());
        let (sender, requests) = channel();
        let thread = std::thread::spawn({
            let end = Arc::clone(&end);
            move || {
                std::thread::scope(|scope| {
                    loop {
                        let stream = accept();
                        if *end.over.lock().unwrap() {
                            return;
                        }
                        let mut connection = Connection { stream: Box::new(stream), requests: &sender, end: &end };
                        let serve = &serve;
                        scope.spawn(move || {
                            serve(&mut connection);
                            connection.stream.finish();
                        });
                    }
                });
            }
        });
        Self { url, requests, thread: Some(thread), end, _directory: directory }
    }

    /// The next request that was heard out.
    pub fn request(&self) -> Request {
        self.requests.recv_timeout(Duration::from_secs(30)).expect("a request should have come in")
    }

    /// Whether any request was heard out that nobody asked for yet.
    pub fn has_request(&self) -> bool {
        self.requests.try_recv().is_ok()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end.announce();
        // Wakes the thread from accepting.
        let woken = match self.url.split_once(':') {
            Some(("unix", path)) => UnixStream::connect(path).is_ok(),
            Some((_, address)) => TcpStream::connect(address.trim_start_matches('/')).is_ok(),
            None => false,
        };
        if let Some(thread) = self.thread.take().filter(|_| woken) {
            let failed = thread.join().is_err();
            assert!(!failed || std::thread::panicking(), "the daemon's side of the test failed");
        }
    }
}

/// HTTP with a status and a body.
pub fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// The answer with this verdict.
pub fn verdict(action: &str, dsn: &str, text: &str) -> String {
    let verdict = Verdict {
        action: action.to_owned(),
        code: 0,
        dsn: dsn.to_owned(),
        text: text.to_owned(),
        post_id: Some("1234".to_owned()),
        duplicate: None,
    };
    http("200 OK", &codec::encode_reply(Ok(verdict.to_value().unwrap())))
}

/// The answer with this fault.
pub fn fault(number: i32, string: &str) -> String {
    http("200 OK", &codec::encode_reply(Err(Fault { number, string: string.to_owned() })))
}

/// The answer to a post that is taken over.
pub fn accepted() -> String {
    verdict("accept", "2.0.0", "")
}
