//! Long output for somebody at a terminal: the first screenful is held back, and with the next line a pager starts.

use std::io::{self, StdoutLock, Write};
use std::process::{Child, Command, Stdio};

/// The pager where PAGER names none. It ends by itself where all fits the screen, shows colours, and leaves the text.
const USUAL: &str = "less -FRX";

/// Standard output, on its way or not.
pub enum Sink {
    /// As it comes.
    Straight(StdoutLock<'static>),
    /// Held back until there is more than a screenful.
    Held {
        out: StdoutLock<'static>,
        text: Vec<u8>,
        /// Rows that are left, so that the text above and the prompt below stay in sight.
        rows: usize,
        columns: usize,
    },
    /// Shown by another program.
    Paged(Child),
}

impl Sink {
    /// What a terminal of this size gets.
    pub fn held(out: StdoutLock<'static>, rows: usize, columns: usize) -> Sink {
        Sink::Held { out, text: Vec::new(), rows: rows.saturating_sub(1).max(1), columns: columns.max(1) }
    }

    /// Whether another program has the screen now.
    pub fn is_paged(&self) -> bool {
        matches!(self, Sink::Paged(_))
    }

    /// Nothing more comes: waits until the reader has seen enough.
    pub fn end(&mut self) -> io::Result<()> {
        if let Sink::Paged(child) = self {
            drop(child.stdin.take());
            child.wait()?;
            *self = Sink::Straight(io::stdout().lock());
        }
        Ok(())
    }

    /// Counts the rows that the text takes; whether they are more than there are.
    fn is_too_long(text: &[u8], rows: usize, columns: usize) -> bool {
        let taken = text.split(|&byte| byte == b'\n').map(|line| line.len().div_ceil(columns).max(1)).sum::<usize>();
        taken > rows + 1
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Straight(out) => out.write(bytes),
            Sink::Paged(child) => match &mut child.stdin {
                Some(stdin) => stdin.write(bytes),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            },
            Sink::Held { text, rows, columns, .. } => {
                text.extend(bytes);
                if Sink::is_too_long(text, *rows, *columns) {
                    let text = std::mem::take(text);
                    *self = start().map_or_else(|| Sink::Straight(io::stdout().lock()), Sink::Paged);
                    self.write_all(&text)?;
                }
                Ok(bytes.len())
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Straight(out) => out.flush(),
            Sink::Paged(child) => child.stdin.as_mut().map_or(Ok(()), Write::flush),
            Sink::Held { out, text, rows, .. } => {
                out.write_all(text)?;
                // What is on the screen already takes its rows there.
                *rows = rows.saturating_sub(text.iter().filter(|&&byte| byte == b'\n').count());
                text.clear();
                out.flush()
            }
        }
    }
}

/// The pager that the environment names, or the usual one; none where there is none.
fn start() -> Option<Child> {
    let wanted = std::env::var("PAGER").unwrap_or_else(|_| USUAL.to_owned());
    let words = crate::shell::split(&wanted).ok()?;
    let (program, arguments) = words.split_first()?;
    // As git has it: whoever calls less without options still gets colours.
    let options = std::env::var("LESS").unwrap_or_else(|_| "FRX".to_owned());
    Command::new(program).args(arguments).env("LESS", options).stdin(Stdio::piped()).spawn().ok()
}

#[cfg(test)]
mod tests {
    use super::Sink;

    #[test]
    fn lines_that_are_wider_than_the_terminal_take_more_rows() {
        assert!(!Sink::is_too_long(b"one\ntwo\n", 2, 80));
        assert!(Sink::is_too_long(b"one\ntwo\nthree\n", 2, 80));
        assert!(Sink::is_too_long(b"one two three\nfour\n", 2, 8));
        assert!(!Sink::is_too_long(b"", 1, 1));
    }
}
