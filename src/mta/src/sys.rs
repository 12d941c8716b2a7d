//! What mailjam-mta asks of the operating system; everything else is safe code that a test can drive.
#![forbid(unsafe_code)]

use core::net::SocketAddr;

/// A file descriptor.
pub type Fd = i32;
/// Standard input.
pub const STDIN: Fd = 0;
/// Standard output.
pub const STDOUT: Fd = 1;

/// The few system calls there are. None repeats itself after a signal, except [`Sys::connect`].
pub trait Sys {
    /// Milliseconds of a clock that only goes forward.
    fn now(&mut self) -> u64;
    /// Whether a person sits at the other end.
    fn is_terminal(&mut self, fd: Fd) -> bool;
    /// Opens a file for reading.
    ///
    /// # Errors
    /// As open(2).
    fn open(&mut self, path: &[u8]) -> Result<Fd, Errno>;
    /// Reads what there is; 0 at the end.
    ///
    /// # Errors
    /// As read(2).
    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, Errno>;
    /// Writes, perhaps less than all.
    ///
    /// # Errors
    /// As write(2).
    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize, Errno>;
    /// Closes.
    fn close(&mut self, fd: Fd);
    /// A stream socket connected within so many milliseconds.
    ///
    /// # Errors
    /// As socket(2) and connect(2); [`Errno::TIMED_OUT`] when the time is up.
    fn connect(&mut self, to: Endpoint<'_>, limit: u64) -> Result<Fd, Errno>;
    /// Sends as much as goes without waiting, and never raises SIGPIPE.
    ///
    /// # Errors
    /// As send(2); [`Errno::WOULD_BLOCK`] when nothing goes.
    fn send(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize, Errno>;
    /// Receives what is there without waiting; 0 when the peer has finished.
    ///
    /// # Errors
    /// As recv(2); [`Errno::WOULD_BLOCK`] when there is nothing yet.
    fn receive(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, Errno>;
    /// Waits for something to read, or also for room to write, for at most so many milliseconds.
    ///
    /// # Errors
    /// As poll(2).
    fn wait(&mut self, fd: Fd, also_writable: bool, limit: u64) -> Result<Ready, Errno>;
    /// Zeroed memory that is never given back, or `None` when there is no more.
    fn allocate(&mut self, size: usize) -> Option<&'static mut [u8]>;
}

/// What can be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint<'a> {
    /// A unix socket's path, at most [`mailjam_wire::server::LONGEST_PATH`] bytes.
    Unix(&'a str),
    /// An address and a port.
    Tcp(SocketAddr),
}

/// What a wait came to; neither when the time is up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ready {
    /// There is something to receive, be it the end or an error.
    pub readable: bool,
    /// There is room to send.
    pub writable: bool,
}

/// The number of an error, as in errno(3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

impl Errno {
    /// A signal came first; the call is to be repeated.
    pub const INTERRUPTED: Self = Self(libc::EINTR);
    /// It cannot be done without waiting.
    pub const WOULD_BLOCK: Self = Self(libc::EAGAIN);
    /// There is no such file.
    pub const NOT_FOUND: Self = Self(libc::ENOENT);
    /// The time is up.
    pub const TIMED_OUT: Self = Self(libc::ETIMEDOUT);
    /// The peer does not listen any more.
    pub const BROKEN_PIPE: Self = Self(libc::EPIPE);
    /// The peer has thrown the connection away.
    pub const CONNECTION_RESET: Self = Self(libc::ECONNRESET);

    /// What strerror(3) says about the errors to be expected here, without its tables; `None` for others.
    #[must_use]
    pub fn words(self) -> Option<&'static str> {
        Some(match self.0 {
            libc::EACCES => "permission denied",
            libc::EADDRNOTAVAIL => "address not available",
            libc::EAFNOSUPPORT => "address family not supported",
            libc::EBADF => "it is closed",
            libc::ECONNREFUSED => "connection refused",
            libc::ECONNRESET => "connection reset",
            libc::EHOSTUNREACH => "no route to host",
            libc::EIO => "input/output error",
            libc::EISDIR => "it is a directory",
            libc::ELOOP => "too many symbolic links",
            libc::EMFILE | libc::ENFILE => "too many open files",
            libc::ENAMETOOLONG => "file name too long",
            libc::ENETUNREACH => "network unreachable",
            libc::ENOENT => "no such file",
            libc::ENOMEM | libc::ENOBUFS => "out of memory",
            libc::ENOTDIR => "not a directory",
            libc::EPERM => "not permitted",
            libc::EPIPE => "connection closed",
            libc::ETIMEDOUT => "timed out",
            _ => return None,
        })
    }
}

/// Repeats a call for as long as signals interrupt it.
///
/// # Errors
/// Any other error of the call.
pub fn uninterrupted<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(Errno::INTERRUPTED) => {}
            done => return done,
        }
    }
}
