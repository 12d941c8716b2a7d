//! A password: from a file, or typed twice on a terminal that does not show it. Never from the command line.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

use crate::error::Error;
use crate::interrupt::{self, Stdin};
use crate::session::Session;

/// Octets that are read for a line at most: longer ones the daemon refuses anyway.
const LONGEST: u64 = 4096;

/// The first line of a file, or of standard input where that is a `-`. Blanks are part of it.
pub fn from_file(session: &mut Session, file: &Path) -> Result<String, Error> {
    let password = line(session.input(file)?, file)?;
    if password.is_empty() { Err(Error::NoPassword { origin: crate::error::name_of(file) }) } else { Ok(password) }
}

/// Asks for it twice.
pub fn on_terminal(session: &Session) -> Result<String, Error> {
    if !session.can_ask() {
        return Err(Error::NoPassword { origin: "the command line".to_owned() });
    }
    // A Ctrl-C must not leave the terminal silent.
    interrupt::watch();
    let silence = Silence::keep()?;
    let [first, second] = [asked("Password: ")?, asked("Again: ")?];
    drop(silence);
    match (first == second, first.is_empty()) {
        (true, false) => Ok(first),
        (true, true) => Err(Error::NoPassword { origin: "what was typed".to_owned() }),
        (false, _) => Err(Error::Contradiction("the two passwords differ; nothing was done")),
    }
}

fn asked(prompt: &str) -> Result<String, Error> {
    let say = |words: &str| io::stderr().lock().write_all(words.as_bytes());
    let failed = |cause| Error::Write { what: "to the terminal".to_owned(), cause };
    say(prompt).map_err(failed)?;
    let typed = line(Stdin, Path::new("the terminal"))?;
    // The end of the line was not shown either.
    say("\n").map_err(failed)?;
    Ok(typed)
}

fn line(input: impl Read, origin: &Path) -> Result<String, Error> {
    let mut line = String::new();
    BufReader::new(input.take(LONGEST)).read_line(&mut line).map_err(Error::read(origin))?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Keeps the terminal from showing what is typed for as long as it lives.
struct Silence(Termios);

impl Silence {
    fn keep() -> Result<Silence, Error> {
        let failed = |errno: nix::Error| Error::Write { what: "to the terminal".to_owned(), cause: errno.into() };
        let before = tcgetattr(io::stdin()).map_err(failed)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin(), SetArg::TCSANOW, &silent).map_err(failed)?;
        Ok(Silence(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // There is nobody to tell, and nothing else to try.
        let _ = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_a_line_with_its_blanks() {
        for (input, expected) in
            [(" two words \nmore\n", " two words "), ("with a CR\r\n", "with a CR"), ("no end", "no end"), ("", "")]
        {
            assert_eq!(line(input.as_bytes(), Path::new("-")).expect("a line"), expected, "{input:?}");
        }
        assert_eq!(line("x".repeat(10_000).as_bytes(), Path::new("-")).expect("a line").len(), 4096);
    }
}
