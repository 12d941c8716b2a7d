//! The one file that talks to C: system calls through the C library, and what the program's start needs.
//!
//! Each `unsafe` says why it is sound. Only what glibc and musl have in common is used, with structures that are the same
//! in both, because the program is compiled with glibc's declarations and may be linked with either.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char, c_int, c_void};
use core::net::SocketAddr;
use core::ptr;

use crate::sys::{Endpoint, Errno, Fd, Ready, STDOUT, Sys};
use crate::{Memory, exit};

/// The body of C's `main`.
///
/// # Safety
/// `argv` and `environment` must be what the C library gave to `main`; to be called once, from there.
pub unsafe fn main(argv: *const *const c_char, environment: *const *const c_char) -> c_int {
    /// Lets the static be shared between threads, of which there is one.
    struct Static(UnsafeCell<Memory>);
    // SAFETY: the program has one thread.
    unsafe impl Sync for Static {}
    static MEMORY: Static = Static(UnsafeCell::new(Memory::new()));

    // SAFETY: changes what a signal does, before anything could raise it: a write to a pipe nobody reads is then an error.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    // SAFETY: main runs once, so this is the only reference there ever is.
    let memory = unsafe { &mut *MEMORY.0.get() };
    // SAFETY: the caller's promise: lists of C strings with a null pointer at their end, which live as long as the process.
    let (arguments, environment) = unsafe { (Strings::new(argv), Strings::new(environment)) };
    crate::run(&mut Linux, arguments.skip(1), environment, memory).into()
}

/// What a panic comes to, whatever the program is linked with.
pub fn panicked() -> ! {
    let line = b"4.3.0 mailjam-mta has a bug: it panicked\n";
    let _ = Linux.write(STDOUT, line);
    // SAFETY: ends the process, from any state.
    unsafe { libc::_exit(exit::TEMPFAIL.into()) }
}

/// A list of C strings as `main` gets them.
#[derive(Clone)]
struct Strings(*const *const c_char);

impl Strings {
    /// # Safety
    /// `first` is null, or points to pointers to C strings, the last of them null; all live as long as the process.
    unsafe fn new(first: *const *const c_char) -> Self {
        Self(first)
    }
}

impl Iterator for Strings {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: by the promise to `new`, the pointer is null or points to an element up to and including the null.
        let string = unsafe { self.0.as_ref() }?;
        if string.is_null() {
            return None;
        }
        // SAFETY: the element was not the last, so that there is another one.
        self.0 = unsafe { self.0.add(1) };
        // SAFETY: by the promise to `new`, a C string that lives as long as the process.
        Some(unsafe { CStr::from_ptr(*string) }.to_bytes())
    }
}

/// The system we run on.
struct Linux;

fn last_errno() -> Errno {
    // SAFETY: the C library's own errno, always there.
    Errno(unsafe { *libc::__errno_location() })
}

/// A result of −1 is an error, any other a number.
fn check(result: isize) -> Result<usize, Errno> {
    usize::try_from(result).map_err(|_| last_errno())
}

impl Sys for Linux {
    fn now(&mut self) -> u64 {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: writes to a structure of ours. Cannot fail for this clock.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
        time.tv_sec.unsigned_abs() * 1000 + time.tv_nsec.unsigned_abs() / 1_000_000
    }

    fn is_terminal(&mut self, fd: Fd) -> bool {
        // SAFETY: takes a number.
        unsafe { libc::isatty(fd) == 1 }
    }

    fn open(&mut self, path: &[u8]) -> Result<Fd, Errno> {
        /// A quarter of PATH_MAX, which would cost a page of the stack.
        const LONGEST_PATH: usize = 1024;
        let mut name = [0u8; LONGEST_PATH];
        match name.get_mut(..path.len()) {
            Some(place) if path.len() < LONGEST_PATH => place.copy_from_slice(path),
            _ => return Err(Errno(libc::ENAMETOOLONG)),
        }
        // SAFETY: a string that ends in NUL, because the array is larger than the path.
        let fd = unsafe { libc::open(name.as_ptr().cast(), libc::O_RDONLY | libc::O_CLOEXEC) };
        if fd < 0 { Err(last_errno()) } else { Ok(fd) }
    }

    fn read(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: writes at most the length of the slice to it.
        check(unsafe { libc::read(fd, into.as_mut_ptr().cast(), into.len()) })
    }

    fn write(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize, Errno> {
        // SAFETY: reads at most the length of the slice from it.
        check(unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) })
    }

    fn close(&mut self, fd: Fd) {
        // SAFETY: takes a number; nobody here owns a descriptor otherwise.
        unsafe { libc::close(fd) };
    }

    fn connect(&mut self, to: Endpoint<'_>, limit: u64) -> Result<Fd, Errno> {
        match to {
            Endpoint::Unix(path) => {
                let mut address =
                    libc::sockaddr_un { sun_family: libc::AF_UNIX as libc::sa_family_t, sun_path: [0; 108] };
                for (place, &byte) in address.sun_path.iter_mut().take(107).zip(path.as_bytes()) {
                    *place = byte as c_char;
                }
                connect_to(libc::AF_UNIX, &address, limit)
            }
            Endpoint::Tcp(SocketAddr::V4(to)) => {
                let address = libc::sockaddr_in {
                    sin_family: libc::AF_INET as libc::sa_family_t,
                    sin_port: to.port().to_be(),
                    sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(to.ip().octets()) },
                    sin_zero: [0; 8],
                };
                connect_to(libc::AF_INET, &address, limit)
            }
            Endpoint::Tcp(SocketAddr::V6(to)) => {
                let address = libc::sockaddr_in6 {
                    sin6_family: libc::AF_INET6 as libc::sa_family_t,
                    sin6_port: to.port().to_be(),
                    sin6_flowinfo: 0,
                    sin6_addr: libc::in6_addr { s6_addr: to.ip().octets() },
                    sin6_scope_id: to.scope_id(),
                };
                connect_to(libc::AF_INET6, &address, limit)
            }
        }
    }

    fn send(&mut self, fd: Fd, bytes: &[u8]) -> Result<usize, Errno> {
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        // SAFETY: reads at most the length of the slice from it.
        check(unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), flags) })
    }

    fn receive(&mut self, fd: Fd, into: &mut [u8]) -> Result<usize, Errno> {
        // SAFETY: writes at most the length of the slice to it.
        check(unsafe { libc::recv(fd, into.as_mut_ptr().cast(), into.len(), libc::MSG_DONTWAIT) })
    }

    fn wait(&mut self, fd: Fd, also_writable: bool, limit: u64) -> Result<Ready, Errno> {
        let events = if also_writable { libc::POLLIN | libc::POLLOUT } else { libc::POLLIN };
        let mut poll = libc::pollfd { fd, events, revents: 0 };
        // A limit that does not fit is none.
        let limit = c_int::try_from(limit).unwrap_or(-1);
        // SAFETY: one structure of ours, and the length says so.
        check(unsafe { libc::poll(&raw mut poll, 1, limit) } as isize)?;
        Ok(Ready { readable: poll.revents & !libc::POLLOUT != 0, writable: poll.revents & libc::POLLOUT != 0 })
    }

    fn allocate(&mut self, size: usize) -> Option<&'static mut [u8]> {
        let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: new pages at an address of the kernel's choice; no memory in use is touched.
        let start = unsafe { libc::mmap(ptr::null_mut(), size, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return None;
        }
        // SAFETY: `size` zeroed bytes that nobody else knows of and nobody unmaps.
        Some(unsafe { core::slice::from_raw_parts_mut(start.cast(), size) })
    }
}

/// A connected stream socket. The kernel's limit on sending covers connecting too: for a unix socket it is the only one
/// there is, because a non-blocking connect to a full backlog fails at once instead of waiting.
fn connect_to<A>(family: c_int, address: &A, limit: u64) -> Result<Fd, Errno> {
    let limit = libc::timeval { tv_sec: (limit / 1000).cast_signed(), tv_usec: (limit % 1000 * 1000).cast_signed() };
    // SAFETY: takes numbers.
    let fd = unsafe { libc::socket(family, libc::SOCK_STREAM | libc::SOCK_CLOEXEC, 0) };
    if fd < 0 {
        return Err(last_errno());
    }
    set_option(fd, libc::SOL_SOCKET, libc::SO_SNDTIMEO, &limit);
    if family != libc::AF_UNIX {
        set_option(fd, libc::IPPROTO_TCP, libc::TCP_NODELAY, &1 as &c_int);
    }
    loop {
        // SAFETY: an address structure of the family the socket has, and its size.
        if unsafe { libc::connect(fd, ptr::from_ref(address).cast(), size_of::<A>() as libc::socklen_t) } == 0 {
            return Ok(fd);
        }
        match last_errno() {
            // Linux takes up a connection in the making where it was.
            Errno::INTERRUPTED => {}
            errno => {
                Linux.close(fd);
                // This is how the kernel says that the limit is reached.
                return Err(match errno.0 {
                    libc::EAGAIN | libc::EINPROGRESS => Errno::TIMED_OUT,
                    _ => errno,
                });
            }
        }
    }
}

/// Failing is no reason to give up: the options bound and speed up what works without them.
fn set_option<T>(fd: Fd, level: c_int, name: c_int, value: &T) {
    let value: *const c_void = ptr::from_ref(value).cast();
    // SAFETY: reads a value of ours, of the size given.
    unsafe { libc::setsockopt(fd, level, name, value, size_of::<T>() as libc::socklen_t) };
}
