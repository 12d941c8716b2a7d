//! The configuration file, `key = value` a line, and the token it may name.
#![forbid(unsafe_code)]

use crate::args::{Servers, seconds, set_once};
use crate::sys::{Errno, Fd, Sys, uninterrupted};
use crate::trouble::Trouble;

/// Read when no other is named; it may be absent.
pub const DEFAULT_PATH: &[u8] = b"/etc/mailjam/mta.conf";

/// What the file says.
#[derive(Debug, Default)]
pub struct Config<'a> {
    /// `server`, repeatable
    pub servers: Servers<'a>,
    /// `token_file`
    pub token_file: Option<&'a [u8]>,
    /// `deadline`, in seconds
    pub deadline: Option<u64>,
}

impl<'a> Config<'a> {
    /// Reads the file that was named, or the default one.
    ///
    /// # Errors
    /// When it cannot be read, or has anything in it that is not understood.
    pub fn load<S: Sys>(sys: &mut S, named: Option<&'a [u8]>, buffer: &'a mut [u8]) -> Result<Self, Trouble<'a>> {
        let path = named.unwrap_or(DEFAULT_PATH);
        match read_file(sys, path, buffer) {
            Err(Trouble::File { errno: Errno::NOT_FOUND, .. }) if named.is_none() => Ok(Self::default()),
            content => Self::parse(path, content?),
        }
    }

    fn parse(path: &'a [u8], content: &'a [u8]) -> Result<Self, Trouble<'a>> {
        let mut config = Self::default();
        for (number, line) in (1..).zip(content.split(|&byte| byte == b'\n')) {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let wrong = |why| Trouble::Content { path, line: number, why };
            let Some(equals) = line.iter().position(|&byte| byte == b'=') else {
                return Err(wrong("write key = value"));
            };
            let value = line[equals + 1..].trim_ascii();
            match line[..equals].trim_ascii() {
                b"server" => config.servers.push(value)?,
                b"token_file" => set_once(&mut config.token_file, value, "token_file")?,
                b"deadline" => set_once(&mut config.deadline, seconds(value)?, "deadline")?,
                _ => return Err(wrong("unknown key; there are server, token_file and deadline")),
            }
        }
        Ok(config)
    }
}

/// Reads a token: the visible ASCII of the file, white space around it aside.
///
/// # Errors
/// When the file cannot be read, or has no token in it.
pub fn load_token<'a, S: Sys>(sys: &mut S, path: &'a [u8], buffer: &'a mut [u8]) -> Result<&'a str, Trouble<'a>> {
    let token = read_file(sys, path, buffer)?.trim_ascii();
    match core::str::from_utf8(token) {
        Ok(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(text),
        _ => Err(Trouble::Content { path, line: 1, why: "there is no token in it" }),
    }
}

fn read_file<'a, S: Sys>(sys: &mut S, path: &'a [u8], buffer: &'a mut [u8]) -> Result<&'a [u8], Trouble<'a>> {
    let failed = |errno| Trouble::File { path, errno };
    let fd = uninterrupted(|| sys.open(path)).map_err(failed)?;
    let length = read_to_end(sys, fd, buffer).map_err(failed);
    sys.close(fd);
    match length? {
        full if full == buffer.len() => Err(Trouble::Content { path, line: 1, why: "the file is too large" }),
        length => Ok(&buffer[..length]),
    }
}

fn read_to_end<S: Sys>(sys: &mut S, fd: Fd, buffer: &mut [u8]) -> Result<usize, Errno> {
    let mut length = 0;
    while length < buffer.len() {
        match uninterrupted(|| sys.read(fd, &mut buffer[length..]))? {
            0 => break,
            size => length += size,
        }
    }
    Ok(length)
}
