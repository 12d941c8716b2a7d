//! The door for mailjam-mta: a crew of plain threads, because a mail server waits for each answer.
//!
//! A hand-over is read, judged, committed and answered in one thread, without a switch to another on the way; through the
//! runtime that serves the other doors it would pass four. The thread that went to rest last is woken first, because what it
//! needs is still in the processor's caches. Each connection carries one request.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::caller::Caller;
use crate::daemon::Daemon;
use crate::http::PATH;
use crate::listen::Door;

/// Hand-overs at the same time; more wait in the socket's queue.
const CREW: usize = 16;

/// For the first word: mailjam-mta has read the message before it connects, and somebody else waits for the thread.
const FIRST_WORD: Duration = Duration::from_secs(5);

/// For the first word of a connection that was accepted when it is time to stop. It would have waited in the socket for the
/// next daemon, and mailjam-mta, which has just connected, is about to speak.
const LAST_CALL: Duration = Duration::from_secs(1);

/// For the whole request to arrive.
const PATIENCE: Duration = Duration::from_secs(60);

/// Request bodies in memory at the same time, in KiB.
const BODIES: u32 = 128 << 10;

/// Octets of a request's head at most.
const HEAD: usize = 16 << 10;

/// What the threads share.
struct Station {
    daemon: Arc<Daemon>,
    /// KiB of request bodies in memory.
    room: Semaphore,
    runtime: Handle,
    listener: UnixListener,
    /// What all threads wait at.
    bell: Epoll,
    /// Readable when it is time to stop.
    stop: UnixStream,
}

/// Marks the event that says when to stop.
const STOP: u64 = 1;

/// One event for one thread; it is rung for again once the connection is accepted.
fn ring() -> EpollEvent {
    EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLONESHOT, 0)
}

/// The threads at the door.
pub struct Crew {
    threads: Vec<JoinHandle<()>>,
    /// Closing it stops the threads.
    stop: UnixStream,
}

impl Crew {
    /// Serves a listening socket until [`Crew::dismiss`].
    pub fn hire(daemon: Arc<Daemon>, runtime: Handle, listener: UnixListener) -> io::Result<Crew> {
        listener.set_nonblocking(true)?;
        let (stop, stopped) = UnixStream::pair()?;
        let room = Semaphore::new(BODIES as usize);
        let bell = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        bell.add(&listener, ring())?;
        bell.add(&stopped, EpollEvent::new(EpollFlags::EPOLLIN, STOP))?;
        let station = Arc::new(Station { daemon, room, runtime, listener, bell, stop: stopped });
        let thread = |number| {
            let station = station.clone();
            std::thread::Builder::new().name(format!("mailjam-mta-{number}")).stack_size(512 << 10).spawn(move || {
                while let Some(stream) = station.next() {
                    // Whatever panics, the thread is needed again.
                    match catch_unwind(AssertUnwindSafe(|| station.serve(stream))) {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => tracing::debug!(%error, "connection ended"),
                        Err(_) => tracing::error!("a request panicked; this is a defect of mailjam, please report it"),
                    }
                }
            })
        };
        Ok(Crew { threads: (0..CREW).map(thread).collect::<io::Result<_>>()?, stop })
    }

    /// Accepts no more and returns when every request under way has its answer.
    pub fn dismiss(self) {
        drop(self.stop);
        for thread in self.threads {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// What a request's head says.
struct Head {
    /// Octets of the head itself.
    end: usize,
    /// Octets of the body.
    length: u64,
    /// The client waits for a word before it sends the body (RFC 9110 10.1.1).
    expects: bool,
}

/// A status line for a request that is not a call.
type Refusal = &'static str;

impl Station {
    /// The next connection; `None` when it is time to stop.
    fn next(&self) -> Option<UnixStream> {
        loop {
            let mut heard = [EpollEvent::empty()];
            match self.bell.wait(&mut heard, EpollTimeout::NONE) {
                Ok(1) if heard[0].data() == STOP => return None,
                Ok(1) => {}
                _ => continue,
            }
            let accepted = self.listener.accept();
            // A connection that waits already wakes the next thread.
            if let Err(error) = self.bell.modify(&self.listener, &mut ring()) {
                tracing::error!(%error, "cannot wait for connections");
            }
            match accepted {
                Ok((stream, _)) => return Some(stream),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(error) => {
                    // Out of file descriptors, most likely: the connections that are open will end.
                    tracing::warn!(%error, "cannot accept a connection");
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
        }
    }

    fn serve(&self, mut stream: UnixStream) -> io::Result<()> {
        let uid = getsockopt(&stream, PeerCredentials).ok().map(|peer| peer.uid());
        let caller = Caller::local(Door::Mta, uid);
        let deadline = Instant::now() + PATIENCE;
        stream.set_write_timeout(Some(PATIENCE))?;
        if !self.begins(&stream) {
            return Ok(());
        }
        let mut request = vec![0; HEAD];
        let mut filled = 0;
        let head = loop {
            match receive(&mut stream, &mut request[filled..], deadline)? {
                0 => return Ok(()),
                count => filled += count,
            }
            match self.head(&request[..filled]) {
                Ok(Some(head)) => break head,
                Ok(None) if filled == HEAD => return refuse(stream, "431 Request Header Fields Too Large", deadline),
                Ok(None) => {}
                Err(refusal) => return refuse(stream, refusal, deadline),
            }
        };
        let kib = u32::try_from(head.length.div_ceil(1024)).unwrap_or(BODIES).min(BODIES);
        let _room = self.runtime.block_on(self.room.acquire_many(kib));
        if head.expects {
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let whole = head.end + usize::try_from(head.length).unwrap_or(usize::MAX - head.end);
        request.resize(whole.max(filled), 0);
        while filled < whole {
            match receive(&mut stream, &mut request[filled..whole], deadline)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                count => filled += count,
            }
        }
        let body = &request[head.end..whole];
        crate::dispatch::answer_here(&self.daemon, &caller, body, &self.runtime, |answer| {
            respond(&mut stream, "200 OK", "text/xml; charset=utf-8", answer)
        })
    }

    /// Waits for the first word, for moments only when it is time to stop; false when there is none.
    fn begins(&self, stream: &UnixStream) -> bool {
        let mut wait =
            [PollFd::new(stream.as_fd(), PollFlags::POLLIN), PollFd::new(self.stop.as_fd(), PollFlags::POLLIN)];
        let rung = |wait: &mut [PollFd], patience| {
            let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
            while poll(wait, patience) == Err(nix::Error::EINTR) {}
        };
        rung(&mut wait, FIRST_WORD);
        if !wait[0].any().unwrap_or(false) && wait[1].any().unwrap_or(false) {
            rung(&mut wait[..1], LAST_CALL);
        }
        wait[0].any().unwrap_or(false)
    }

    /// Reads a head; `None` while it is not complete.
    fn head(&self, request: &[u8]) -> Result<Option<Head>, Refusal> {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut fields);
        let end = match parsed.parse(request) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err("400 Bad Request"),
        };
        if parsed.path != Some(PATH) {
            return Err("404 Not Found");
        }
        if parsed.method != Some("POST") {
            return Err("405 Method Not Allowed");
        }
        let field = |name: &str| parsed.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        let length = field("Content-Length").and_then(|field| std::str::from_utf8(field.value).ok()?.parse().ok());
        let length: u64 = length.ok_or("411 Length Required")?;
        if length > self.daemon.handover_limit() {
            return Err("413 Content Too Large");
        }
        Ok(Some(Head { end, length, expects: field("Expect").is_some() }))
    }
}

/// Reads what has arrived into `buffer`, waiting until there is something; answers how many octets, 0 at the end.
fn receive(stream: &mut UnixStream, buffer: &mut [u8], deadline: Instant) -> io::Result<usize> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn respond(stream: &mut UnixStream, status: &str, kind: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let response = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(response.as_bytes())
}

/// Refuses a request and reads on until the client has heard it: closing with unread data would take the answer away.
fn refuse(mut stream: UnixStream, status: Refusal, deadline: Instant) -> io::Result<()> {
    respond(&mut stream, status, "text/plain; charset=utf-8", &format!("{status}\n"))?;
    stream.shutdown(Shutdown::Write)?;
    let mut rest = vec![0; 64 << 10];
    while receive(&mut stream, &mut rest, deadline)? > 0 {}
    Ok(())
}
