//! A blocking HTTP/1.1 client for one daemon: unix socket or TCP, connections reused, everything within a deadline.

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr, sockopt};
use nix::sys::time::TimeVal;

use crate::Malformed;
use crate::http::{Body, RequestHead, ResponseHead};
use crate::server::{Host, Server};

/// The largest answer taken unless [`Client::reply_limit`] says otherwise, in bytes.
pub const REPLY_LIMIT: usize = 256 << 20;

/// The largest head of an answer, in bytes.
const HEAD_LIMIT: usize = 64 << 10;

/// A daemon and, between calls, the connection to it.
///
/// Whoever gives SIGPIPE back its default action has to expect death by it when the daemon goes away mid-call.
#[derive(Debug)]
pub struct Client {
    server: Server<String>,
    token: Option<String>,
    timeout: Duration,
    reply_limit: usize,
    idle: Option<Stream>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status, 200 to 599.
    pub status: u16,
    /// The body, out of its transfer coding.
    pub body: Vec<u8>,
}

/// Why there is no answer. Where the request may have been carried out all the same, the words say so.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection; nothing was sent.
    #[error("cannot connect to {server}: {cause}{}", remedy(.cause.kind()))]
    Connect {
        /// The daemon's address.
        server: Server<String>,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The connection failed before all of the request was sent, so the daemon cannot have acted on it.
    #[error("{server} closed the connection while the request was sent ({cause}); nothing was done, try again")]
    Send {
        /// The daemon's address.
        server: Server<String>,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// All was sent, and then no answer came.
    #[error("{server} did not answer ({cause}); the request may have been carried out, look before repeating it")]
    Lost {
        /// The daemon's address.
        server: Server<String>,
        /// What the system said; a time-out is one of the things it can say.
        #[source]
        cause: io::Error,
    },
    /// Whatever answered, it does not speak HTTP.
    #[error("{server} is not a mailjam daemon or is broken: {cause}")]
    Malformed {
        /// The daemon's address.
        server: Server<String>,
        /// What is wrong with its answer.
        #[source]
        cause: Malformed,
    },
    /// The answer is larger than the caller takes.
    #[error("the answer of {server} is larger than {limit} bytes; ask for less at once")]
    ReplyTooLarge {
        /// The daemon's address.
        server: Server<String>,
        /// The limit, in bytes.
        limit: usize,
    },
}

fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => "; is mailjamd running, and is this its address?",
        ErrorKind::PermissionDenied => "; is this user in the group of the socket?",
        ErrorKind::TimedOut | ErrorKind::WouldBlock => "; the daemon is overloaded or the address is wrong",
        _ => "",
    }
}

impl Client {
    /// A client of `server` that has not connected yet. `timeout` covers a whole call, from connecting to the last byte
    /// of the answer; only asking a resolver for a host's name is beyond its reach.
    #[must_use]
    pub fn new(server: Server<String>, token: Option<String>, timeout: Duration) -> Self {
        Self { server, token, timeout, reply_limit: REPLY_LIMIT, idle: None }
    }

    /// Takes answers of at most `bytes`.
    #[must_use]
    pub fn reply_limit(self, bytes: usize) -> Self {
        Self { reply_limit: bytes, ..self }
    }

    /// The daemon's address.
    #[must_use]
    pub fn server(&self) -> &Server<String> {
        &self.server
    }

    /// Posts `body` to `path` and waits for the answer.
    ///
    /// A kept connection that the daemon has closed meanwhile is replaced by a new one, once, and only when the daemon
    /// cannot have seen the end of the request.
    ///
    /// # Errors
    /// When there is no complete HTTP answer; an answer with a status other than 200 is no error here.
    pub fn post(&mut self, path: &str, body: &[u8]) -> Result<Reply, Error> {
        let deadline = Deadline(Instant::now() + self.timeout);
        if let Some(kept) = self.idle.take().filter(Stream::is_open_and_quiet) {
            match self.exchange(kept, path, body, deadline) {
                Err(Error::Send { .. }) => {}
                done => return done,
            }
        }
        let fresh = Stream::connect(&self.server, deadline)
            .map_err(|cause| Error::Connect { server: self.server.clone(), cause })?;
        self.exchange(fresh, path, body, deadline)
    }

    fn exchange(&mut self, mut stream: Stream, path: &str, body: &[u8], deadline: Deadline) -> Result<Reply, Error> {
        let mut head = Vec::with_capacity(256);
        RequestHead {
            path,
            host: self.server.authority(),
            token: self.token.as_deref(),
            length: body.len() as u64,
            close: false,
        }
        .write(&mut head);
        match stream.send(&head, body, deadline) {
            Ok(()) => self.receive(stream, deadline),
            // A daemon that refuses a request early answers and closes, without reading the rest.
            Err(cause) if matches!(cause.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => {
                match self.receive(stream, deadline) {
                    Err(Error::Lost { .. }) => Err(Error::Send { server: self.server.clone(), cause }),
                    answered => answered,
                }
            }
            Err(cause) => Err(Error::Send { server: self.server.clone(), cause }),
        }
    }

    fn receive(&mut self, mut stream: Stream, deadline: Deadline) -> Result<Reply, Error> {
        let lost = |cause| Error::Lost { server: self.server.clone(), cause };
        let malformed = |cause| Error::Malformed { server: self.server.clone(), cause };
        let mut input = vec![0; 64 << 10];
        let mut pending = Vec::new();
        let head = loop {
            if let Some(head) = ResponseHead::parse(&pending).map_err(malformed)? {
                pending.drain(..head.size);
                if head.status >= 200 {
                    break head;
                }
                continue;
            }
            if pending.len() > HEAD_LIMIT {
                return Err(malformed(Malformed("the head of the answer does not end")));
            }
            match stream.receive(&mut input, deadline).map_err(lost)? {
                0 => return Err(lost(ErrorKind::UnexpectedEof.into())),
                size => pending.extend(&input[..size]),
            }
        };
        let mut framing = Body::new(head.framing);
        let mut body = Vec::new();
        let mut left_over = pending.len() - framing.feed(&pending, &mut body).map_err(malformed)?;
        while !framing.is_complete() {
            if body.len() > self.reply_limit {
                break;
            }
            let size = stream.receive(&mut input, deadline).map_err(lost)?;
            if size == 0 {
                if framing.is_complete_at_close() {
                    break;
                }
                return Err(lost(ErrorKind::UnexpectedEof.into()));
            }
            left_over = size - framing.feed(&input[..size], &mut body).map_err(malformed)?;
        }
        if body.len() > self.reply_limit {
            return Err(Error::ReplyTooLarge { server: self.server.clone(), limit: self.reply_limit });
        }
        if head.keep_alive && left_over == 0 {
            self.idle = Some(stream);
        }
        Ok(Reply { status: head.status, body })
    }
}

#[derive(Debug, Clone, Copy)]
struct Deadline(Instant);

impl Deadline {
    fn left(self) -> io::Result<Duration> {
        match self.0.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(left),
            _ => Err(ErrorKind::TimedOut.into()),
        }
    }
}

#[derive(Debug)]
enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn connect(server: &Server<String>, deadline: Deadline) -> io::Result<Self> {
        match server {
            Server::Unix(path) => connect_unix(path, deadline.left()?).map(Self::Unix),
            Server::Http { authority, host, port } => {
                let addresses = match host {
                    Host::Address(address) => vec![SocketAddr::new(*address, *port)],
                    Host::Localhost => [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)]
                        .map(|address| SocketAddr::new(address, *port))
                        .to_vec(),
                    Host::Name => authority.to_socket_addrs()?.collect(),
                };
                let mut failure = ErrorKind::NotFound.into();
                for address in addresses {
                    match TcpStream::connect_timeout(&address, deadline.left()?) {
                        Ok(stream) => {
                            stream.set_nodelay(true)?;
                            return Ok(Self::Tcp(stream));
                        }
                        Err(error) => failure = error,
                    }
                }
                Err(failure)
            }
        }
    }

    fn send(&mut self, head: &[u8], body: &[u8], deadline: Deadline) -> io::Result<()> {
        let mut parts = &mut [IoSlice::new(head), IoSlice::new(body)][..];
        while !parts.is_empty() {
            let left = Some(deadline.left()?);
            let sent = match self {
                Self::Unix(stream) => {
                    stream.set_write_timeout(left)?;
                    stream.write_vectored(parts)
                }
                Self::Tcp(stream) => {
                    stream.set_write_timeout(left)?;
                    stream.write_vectored(parts)
                }
            };
            match sent {
                Ok(size) => IoSlice::advance_slices(&mut parts, size),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        loop {
            let left = Some(deadline.left()?);
            let received = match self {
                Self::Unix(stream) => {
                    stream.set_read_timeout(left)?;
                    stream.read(into)
                }
                Self::Tcp(stream) => {
                    stream.set_read_timeout(left)?;
                    stream.read(into)
                }
            };
            match received {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return Err(ErrorKind::TimedOut.into());
                }
                done => return done,
            }
        }
    }

    /// A kept connection is fit for another request when it is open and nobody said anything meanwhile.
    fn is_open_and_quiet(&self) -> bool {
        fn would_block(mut stream: impl Read) -> bool {
            matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        }
        match self {
            Self::Unix(stream) => {
                stream.set_nonblocking(true).is_ok() && would_block(stream) && stream.set_nonblocking(false).is_ok()
            }
            Self::Tcp(stream) => {
                stream.set_nonblocking(true).is_ok() && would_block(stream) && stream.set_nonblocking(false).is_ok()
            }
        }
    }
}

/// What `UnixStream::connect` does, with a limit on the time a full backlog can take.
fn connect_unix(path: &str, limit: Duration) -> io::Result<UnixStream> {
    let socket = socket::socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    let limit = TimeVal::new(limit.as_secs().try_into().unwrap_or(i64::MAX), i64::from(limit.subsec_micros()).max(1));
    socket::setsockopt(&socket, sockopt::SendTimeout, &limit)?;
    socket::connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(UnixStream::from(socket))
}
