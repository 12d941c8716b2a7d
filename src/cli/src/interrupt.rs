//! Ctrl-C while a command runs: it is noticed, and the command ends where nothing is lost by that.

use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Once};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::SIGINT;

static NOTICED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// From now on Ctrl-C is noticed instead of ending the program.
pub fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // If it cannot be had, Ctrl-C goes on ending the program.
        let _ = signal_hook::flag::register(SIGINT, Arc::clone(&NOTICED));
    });
}

/// Whether there was one since the last look.
pub fn take() -> bool {
    NOTICED.swap(false, Ordering::Relaxed)
}

/// What a reader says that was interrupted.
#[derive(Debug, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Standard input, on which a wait ends with Ctrl-C.
pub struct Stdin;

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        /// A signal that comes just before the wait would not end it.
        const TICK: u16 = 200;
        // Past the buffer of the standard library, because what is in there cannot be waited for.
        let stdin = io::stdin();
        loop {
            if NOTICED.load(Ordering::Relaxed) {
                return Err(io::Error::other(Interrupted));
            }
            match poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], PollTimeout::from(TICK)) {
                Ok(0) | Err(Errno::EINTR) => {}
                // What cannot be waited for can still be read.
                Ok(_) | Err(_) => return Ok(nix::unistd::read(&stdin, buffer)?),
            }
        }
    }
}
