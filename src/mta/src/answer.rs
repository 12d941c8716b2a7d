//! The way back: one HTTP answer, taken out of its framing.
#![forbid(unsafe_code)]

use mailjam_wire::http::{Body, ResponseHead};
use mailjam_wire::{Malformed, Sink};

use crate::sys::{Errno, Fd, Sys, uninterrupted};
use crate::trouble::Trouble;

/// An answer whose body is in the buffer that was given for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// HTTP status.
    pub status: u16,
    /// The bytes of the body; 0 unless the status is 200, where a body means nothing.
    pub length: usize,
}

/// Waits for an answer until `deadline` and reads it to its end.
///
/// # Errors
/// When it does not come, is cut off, or is none.
pub fn receive<'a, S: Sys>(
    sys: &mut S,
    fd: Fd,
    server: &'a str,
    deadline: u64,
    incoming: &mut [u8],
    body: &mut [u8],
) -> Result<Received, Trouble<'a>> {
    let malformed = |why| Trouble::Answer { server, why };
    let mut connection = Connection { sys, fd, server, deadline };
    let mut held = 0;
    let head = loop {
        match ResponseHead::parse(&incoming[..held]).map_err(malformed)? {
            Some(head) if head.status >= 200 => break head,
            Some(interim) => {
                incoming.copy_within(interim.size..held, 0);
                held -= interim.size;
            }
            None if held == incoming.len() => return Err(malformed(Malformed("its head is too long"))),
            None => match connection.receive(&mut incoming[held..])? {
                0 => return Err(Trouble::Receive { server, errno: None }),
                size => held += size,
            },
        }
    };
    if head.status != 200 {
        return Ok(Received { status: head.status, length: 0 });
    }
    let mut framing = Body::new(head.framing);
    let mut taken = Taken { buffer: body, used: 0, overflowed: false };
    framing.feed(&incoming[head.size..held], &mut taken).map_err(malformed)?;
    while !framing.is_complete() && !taken.overflowed {
        let size = connection.receive(incoming)?;
        if size == 0 {
            if framing.is_complete_at_close() {
                break;
            }
            return Err(Trouble::Receive { server, errno: None });
        }
        framing.feed(&incoming[..size], &mut taken).map_err(malformed)?;
    }
    if taken.overflowed {
        return Err(malformed(Malformed("it is too long")));
    }
    Ok(Received { status: head.status, length: taken.used })
}

struct Connection<'s, 'a, S> {
    sys: &'s mut S,
    fd: Fd,
    server: &'a str,
    deadline: u64,
}

impl<'a, S: Sys> Connection<'_, 'a, S> {
    /// Waits for some bytes, or 0 for the end.
    fn receive(&mut self, into: &mut [u8]) -> Result<usize, Trouble<'a>> {
        let server = self.server;
        let failed = |errno| Trouble::Receive { server, errno: Some(errno) };
        loop {
            let left = self.deadline.saturating_sub(self.sys.now());
            match self.sys.wait(self.fd, false, left) {
                Ok(ready) if ready.readable => {}
                Ok(_) => return Err(Trouble::TimedOut { server, doing: "to wait for the answer" }),
                Err(Errno::INTERRUPTED) => continue,
                Err(errno) => return Err(failed(errno)),
            }
            match uninterrupted(|| self.sys.receive(self.fd, into)) {
                Err(Errno::WOULD_BLOCK) => {}
                done => return done.map_err(failed),
            }
        }
    }
}

struct Taken<'b> {
    buffer: &'b mut [u8],
    used: usize,
    overflowed: bool,
}

impl Sink for Taken<'_> {
    fn put(&mut self, bytes: &[u8]) {
        match self.buffer.get_mut(self.used..self.used + bytes.len()) {
            Some(place) => {
                place.copy_from_slice(bytes);
                self.used += bytes.len();
            }
            None => self.overflowed = true,
        }
    }
}
