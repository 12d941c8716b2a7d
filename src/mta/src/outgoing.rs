//! The way out: bytes gathered into one buffer, so that an ordinary post leaves in a single system call.
#![forbid(unsafe_code)]

use mailjam_wire::{Sink, base64};

use crate::sys::{Errno, Fd, Sys, uninterrupted};

/// Why not all was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The server answered, or closed, before it had everything.
    Interrupted,
    /// The time was up.
    TimedOut,
    /// Any other error.
    Failed(Errno),
}

/// A connection to send on. After the first failure nothing more is sent; [`Outgoing::finish`] tells of it.
pub struct Outgoing<'s, S> {
    sys: &'s mut S,
    fd: Fd,
    until: u64,
    buffer: &'s mut [u8],
    used: usize,
    state: Result<(), Stop>,
}

impl<'s, S: Sys> Outgoing<'s, S> {
    /// Sends on `fd` until the time `until`, in pieces of the buffer's size.
    pub fn new(sys: &'s mut S, fd: Fd, until: u64, buffer: &'s mut [u8]) -> Self {
        Self { sys, fd, until, buffer, used: 0, state: Ok(()) }
    }

    /// Puts the base64 of `bytes`. Of several calls in a row, all but the last need a multiple of three bytes.
    pub fn put_base64(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.state.is_ok() {
            let room = (self.buffer.len() - self.used) / 4 * 3;
            if room == 0 {
                self.flush();
                continue;
            }
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.used += base64::encode(now, &mut self.buffer[self.used..]);
            rest = later;
        }
    }

    /// Sends what is left.
    ///
    /// # Errors
    /// The first thing that went wrong since the beginning.
    pub fn finish(mut self) -> Result<(), Stop> {
        self.flush();
        self.state
    }

    fn flush(&mut self) {
        let mut sent = 0;
        while sent < self.used && self.state.is_ok() {
            match uninterrupted(|| self.sys.send(self.fd, &self.buffer[sent..self.used])) {
                Ok(size) => sent += size,
                Err(Errno::WOULD_BLOCK) => self.state = self.wait(),
                Err(Errno::BROKEN_PIPE | Errno::CONNECTION_RESET) => self.state = Err(Stop::Interrupted),
                Err(errno) => self.state = Err(Stop::Failed(errno)),
            }
        }
        self.used = 0;
    }

    fn wait(&mut self) -> Result<(), Stop> {
        let left = self.until.saturating_sub(self.sys.now());
        match self.sys.wait(self.fd, true, left) {
            Ok(ready) if ready.readable => Err(Stop::Interrupted),
            Ok(ready) if ready.writable => Ok(()),
            Ok(_) => Err(Stop::TimedOut),
            Err(Errno::INTERRUPTED) => Ok(()),
            Err(errno) => Err(Stop::Failed(errno)),
        }
    }
}

impl<S: Sys> Sink for Outgoing<'_, S> {
    fn put(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() && self.state.is_ok() {
            if self.used == self.buffer.len() {
                self.flush();
                continue;
            }
            let (now, later) = rest.split_at((self.buffer.len() - self.used).min(rest.len()));
            self.buffer[self.used..self.used + now.len()].copy_from_slice(now);
            self.used += now.len();
            rest = later;
        }
    }
}
