//! A daemon made up for the occasion: it answers each call as the test wants, and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use mailjam_rpc::{Code, Fault, Shape, Value, codec};
use tempfile::TempDir;

/// A call as it came in.
#[derive(Clone, Debug)]
pub struct Call {
    /// Request line and headers.
    pub head: String,
    pub method: String,
    pub params: Vec<Value>,
}

/// What a daemon says to a call: a whole HTTP answer.
pub struct Answer(String);

/// The answer with this value.
pub fn value(value: impl Shape) -> Answer {
    Answer(http("200 OK", &codec::encode_reply(Ok(value.to_value().unwrap()))))
}

/// The answer with this fault.
pub fn fault(code: Code, text: &str) -> Answer {
    Answer(http("200 OK", &codec::encode_reply(Err(Fault::new(code, text)))))
}

/// An answer without any XML.
pub fn status(status: &str) -> Answer {
    Answer(http(status, ""))
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// A listening daemon; it is gone when it is dropped.
pub struct Daemon {
    /// What `--server` is given.
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    _directory: TempDir,
}

impl Daemon {
    /// On a unix socket; `answer` is asked for every call.
    pub fn start(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Daemon {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        let listener = UnixListener::bind(&path).unwrap();
        Daemon::listen(format!("unix:{}", path.display()), directory, move || listener.accept().unwrap().0, answer)
    }

    /// On TCP.
    pub fn start_tcp(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Daemon {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Daemon::listen(url, tempfile::tempdir().unwrap(), move || listener.accept().unwrap().0, answer)
    }

    fn listen<S: Read + Write + Send + 'static>(
        url: String,
        directory: TempDir,
        accept: impl Fn() -> S + Send + 'static,
        answer: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Daemon {
        let calls = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (calls, over) = (Arc::clone(&calls), Arc::clone(&over));
            move || {
                // mailjam-cli makes its calls one after the other, on one connection.
                loop {
                    let mut stream = accept();
                    if over.load(Ordering::SeqCst) {
                        return;
                    }
                    while let Some(call) = hear(&mut stream) {
                        calls.lock().unwrap().push(call.clone());
                        let Answer(text) = answer(&call);
                        if stream.write_all(text.as_bytes()).is_err() {
                            break;
                        }
                    }
                }
            }
        });
        Daemon { url, calls, over, thread: Some(thread), _directory: directory }
    }

    /// All calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
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

/// The next call on a connection; `None` when the other side has gone.
fn hear(stream: &mut impl Read) -> Option<Call> {
    let mut head = String::new();
    let mut byte = [0];
    while !head.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(char::from(byte[0]));
    }
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "))?.parse().ok()?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    let call = codec::decode_call(&body).unwrap();
    Some(Call { head, method: call.method, params: call.params })
}
