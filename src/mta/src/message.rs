//! Standard input: read whole, because its size goes first, and read to its end whatever happens.
#![forbid(unsafe_code)]

use crate::sys::{Errno, STDIN, Sys, uninterrupted};
use crate::trouble::Trouble;

/// The first part of a message, in bytes. Parts double in size, and each is a multiple of three, so that the base64 of
/// the whole is that of the parts, one after the other.
pub const FIRST_PART: usize = 48 << 10;

/// Parts of 48 KiB, 96 KiB … 192 MiB: what does not fit into them (almost 384 MiB) is not even offered to a daemon.
const PARTS: usize = 13;

/// A message in memory, in parts, so that none of it is ever copied to make room.
pub struct Message<'a> {
    parts: [&'a [u8]; PARTS],
    /// In bytes.
    pub length: u64,
}

impl<'a> Message<'a> {
    /// The parts in order.
    pub fn parts(&self) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.parts.iter().copied().take_while(|part| !part.is_empty())
    }
}

/// Standard input.
#[derive(Debug, Default)]
pub struct Input {
    at_end: bool,
}

impl Input {
    /// Reads a message to its end.
    ///
    /// # Errors
    /// When there is none, or it cannot be read or held.
    pub fn read<'a, S: Sys>(&mut self, sys: &mut S, first: &'a mut [u8]) -> Result<Message<'a>, Trouble<'static>> {
        let mut message = Message { parts: [&[]; PARTS], length: 0 };
        let mut room = first;
        for part in &mut message.parts {
            let size = room.len();
            let used = self.fill(sys, room).map_err(Trouble::Input)?;
            *part = &room[..used];
            message.length += used as u64;
            if self.at_end {
                return if message.length == 0 { Err(Trouble::NoMessage) } else { Ok(message) };
            }
            room = sys.allocate(size * 2).ok_or(Trouble::Memory)?;
        }
        Err(Trouble::TooLarge)
    }

    /// Reads what is left and throws it away: an MTA that finds its pipe closed early may draw its own conclusions from
    /// that (OpenSMTPD takes it for a failure, whatever the exit code).
    pub fn drain<S: Sys>(&mut self, sys: &mut S) {
        if !self.at_end {
            self.drain_rest(sys);
        }
    }

    /// Apart, so that the ordinary case does not touch the memory for it.
    #[cold]
    #[inline(never)]
    fn drain_rest<S: Sys>(&mut self, sys: &mut S) {
        let mut scratch = [0; 4096];
        while !self.at_end && self.fill(sys, &mut scratch).is_ok() {}
    }

    /// Fills `room`, or less at the end.
    fn fill<S: Sys>(&mut self, sys: &mut S, room: &mut [u8]) -> Result<usize, Errno> {
        let mut used = 0;
        while !self.at_end && used < room.len() {
            match uninterrupted(|| sys.read(STDIN, &mut room[used..])) {
                Ok(0) => self.at_end = true,
                Ok(size) => used += size,
                // Somebody made the pipe non-blocking; the MTA has a time limit of its own.
                Err(Errno::WOULD_BLOCK) => {
                    uninterrupted(|| sys.wait(STDIN, false, u64::MAX))?;
                }
                Err(errno) => {
                    self.at_end = true;
                    return Err(errno);
                }
            }
        }
        Ok(used)
    }
}
