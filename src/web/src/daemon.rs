//! The way to mailjamd: calls to its socket, each in the name of whoever is logged in.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use mailjam_rpc::{Code, Fault, Mismatch, Value, codec};
use mailjam_wire::Malformed;
use mailjam_wire::http::{Body, RequestHead, ResponseHead};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::Semaphore;

/// For a whole call.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a call waits for others to end.
const QUEUE: Duration = Duration::from_secs(10);

/// Calls at the same time; mailjamd takes 128 connections at this door.
const CALLS: usize = 16;

/// How long a connection is kept for the next call: much less than mailjamd waits for one, so that it is never the one to
/// close a connection just when a call is sent.
const KEPT: Duration = Duration::from_secs(5);

/// What a call takes of these: a held post comes whole, so that few are in memory at the same time.
fn weight(method: &str) -> u32 {
    if method == "moderation.get" { 8 } else { 1 }
}

/// The largest answer taken, in octets: a held post of 32 MiB, in base64.
const REPLY_LIMIT: usize = 48 << 20;

/// An answer that is larger is read where nobody waits for another page, in octets.
const LARGE: usize = 1 << 20;

/// The largest head of an answer, in octets.
const HEAD_LIMIT: usize = 64 << 10;

/// What is read at once, in octets.
const PIECE: usize = 16 << 10;

/// Why there is no answer.
#[derive(Debug)]
pub enum CallError {
    /// The daemon refused.
    Fault(Fault),
    /// There is no daemon, or it is too busy; the words are for the log.
    Away(String),
    /// What answered is no daemon of this version; the words are for the log.
    Strange(String),
}

impl From<Mismatch> for CallError {
    fn from(mismatch: Mismatch) -> CallError {
        CallError::Strange(format!("an answer is not understood ({mismatch})"))
    }
}

/// The daemon's address, and how many may call it.
#[derive(Debug)]
pub struct Daemon {
    socket: PathBuf,
    calls: Semaphore,
    /// Connections without a call, and since when; the one that was used last is the last.
    idle: Mutex<Vec<(UnixStream, Instant)>>,
}

impl Daemon {
    /// The one at this socket; connects to nobody yet.
    #[must_use]
    pub fn new(socket: &Path) -> Daemon {
        Daemon { socket: socket.to_owned(), calls: Semaphore::new(CALLS), idle: Mutex::default() }
    }

    /// Calls a method for whoever has this session, or for nobody in particular.
    pub async fn call(&self, session: Option<&str>, method: &str, params: &[Value]) -> Result<Value, CallError> {
        let turn = tokio::time::timeout(QUEUE, self.calls.acquire_many(weight(method))).await;
        let Ok(Ok(_turn)) = turn else { return Err(CallError::Away(format!("{method}: too many calls"))) };
        let request = request(session, &codec::encode_call(method, params));
        let away = |why: String| CallError::Away(format!("{method}: {}: {why}", self.socket.display()));
        let answered = tokio::time::timeout(TIMEOUT, self.ask(&request)).await;
        let answered = answered.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
        let (status, body) = answered.map_err(|error| away(format!("{error}{}", remedy(error.kind()))))?;
        match status {
            200 => match read(body).await {
                Ok(answer) => answer.map_err(CallError::Fault),
                Err(fault) => Err(CallError::Strange(format!("{method}: {fault}"))),
            },
            401 => Err(CallError::Fault(Fault::new(Code::NotAuthenticated, "the session is not known"))),
            413 => Err(CallError::Fault(Fault::new(Code::TooLarge, "that is more than the daemon takes at once"))),
            status => Err(away(format!("HTTP status {status}"))),
        }
    }

    /// Sends a request; the answer's status and body.
    async fn ask(&self, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        // One that the daemon has closed meanwhile does not take all of it, so that nothing is asked twice.
        if let Some(mut kept) = self.kept()
            && kept.write_all(request).await.is_ok()
        {
            return self.hear(kept).await;
        }
        let mut stream = UnixStream::connect(&self.socket).await?;
        let sent = stream.write_all(request).await;
        // A daemon that refuses early answers, too.
        match (sent, self.hear(stream).await) {
            (Err(error), Err(_)) => Err(error),
            (_, heard) => heard,
        }
    }

    /// A connection that is probably open still.
    fn kept(&self) -> Option<UnixStream> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < KEPT);
        idle.pop().map(|(stream, _)| stream)
    }

    /// Reads an answer and keeps the connection.
    async fn hear(&self, mut stream: UnixStream) -> io::Result<(u16, Vec<u8>)> {
        let (head, body) = receive(&mut stream).await?;
        if head.keep_alive {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((stream, Instant::now()));
        }
        Ok((head.status, body))
    }
}

fn request(session: Option<&str>, call: &str) -> Vec<u8> {
    let mut request = Vec::with_capacity(call.len() + 256);
    let length = call.len() as u64;
    RequestHead { path: "/RPC2", host: "localhost", token: session, length, close: false }.write(&mut request);
    request.extend_from_slice(call.as_bytes());
    request
}

/// Reads an answer, which must be whole.
async fn receive(stream: &mut UnixStream) -> io::Result<(ResponseHead, Vec<u8>)> {
    let malformed = |Malformed(what)| io::Error::other(what);
    let mut input = Vec::with_capacity(PIECE);
    let mut head = loop {
        if let Some(head) = ResponseHead::parse(&input).map_err(malformed)? {
            break head;
        }
        if input.len() > HEAD_LIMIT {
            return Err(io::Error::other("the head of the answer does not end"));
        }
        if stream.read_buf(&mut input).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    };
    let (mut framing, mut body) = (Body::new(head.framing), Vec::new());
    let mut used = head.size + framing.feed(&input[head.size..], &mut body).map_err(malformed)?;
    while !framing.is_complete() {
        if body.len() > REPLY_LIMIT {
            return Err(io::Error::other(format!("the answer is larger than {REPLY_LIMIT} bytes")));
        }
        input.clear();
        if stream.read_buf(&mut input).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        used = framing.feed(&input, &mut body).map_err(malformed)?;
    }
    // What comes behind an answer must not be taken for the next one.
    head.keep_alive &= used == input.len();
    Ok((head, body))
}

fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => "; is mailjamd running, and is this its socket?",
        ErrorKind::PermissionDenied => "; is this user in the group of the socket?",
        _ => "",
    }
}

/// Takes an answer apart.
async fn read(body: Vec<u8>) -> Result<Result<Value, Fault>, Fault> {
    if body.len() <= LARGE {
        return codec::decode_reply(&body);
    }
    let reading = tokio::task::spawn_blocking(move || codec::decode_reply(&body)).await;
    reading.unwrap_or_else(|error| Err(Fault::new(Code::Internal, error.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read from a daemon that sends this and ends the connection.
    async fn received(sent: &str) -> io::Result<(bool, Vec<u8>)> {
        let (mut here, mut there) = UnixStream::pair()?;
        there.write_all(sent.as_bytes()).await?;
        drop(there);
        receive(&mut here).await.map(|(head, body)| (head.keep_alive, body))
    }

    #[tokio::test]
    async fn an_answer_is_whole_and_nothing_stands_behind_it() {
        let whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(received(whole).await.expect("an answer"), (true, b"hello".to_vec()));
        assert_eq!(received(&format!("{whole}!")).await.expect("an answer"), (false, b"hello".to_vec()));
        let large = format!("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{}", "x".repeat(100_000));
        assert_eq!(received(&large).await.expect("an answer").1.len(), 100_000);
        for cut in [10, 30, whole.len() - 1] {
            let error = received(&whole[..cut]).await.expect_err("half an answer");
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{cut}");
        }
        received("220 mail.example.org ESMTP\r\n\r\n").await.expect_err("no HTTP");
    }
}
