//! The way to the reader: standard output that may close at any time, complaints on standard error, colours.

pub mod json;
mod pager;
pub mod table;

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use mailjam_rpc::Value;

use crate::error::Error;
use pager::Sink;

/// Columns where a terminal does not say how many it has.
const USUAL_WIDTH: usize = 80;

/// Rows where a terminal does not say how many it has.
const USUAL_HEIGHT: usize = 24;

/// Columns beyond which running text is hard to read.
const LONGEST_LINE: usize = 100;

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const DIM: &str = "2";

/// The name before a complaint.
const SPEAKER: &str = "mailjam-cli:";

/// Whether there may be colours where there is a terminal.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    plain: bool,
    /// Who complains. In a shell of its own a program need not say who it is.
    speaker: &'static str,
}

impl Style {
    /// Never any.
    #[cfg(test)]
    pub const PLAIN: Style = Style { plain: true, speaker: SPEAKER };

    /// What the environment wants (<https://no-color.org>), unless colours were declined.
    pub fn of_process(declined: bool) -> Style {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Style { plain: declined || dumb || set("NO_COLOR"), speaker: SPEAKER }
    }

    /// The same for somebody who is in a shell of this program.
    pub fn in_shell(self) -> Style {
        Style { speaker: "error:", ..self }
    }

    pub fn is_plain(self) -> bool {
        self.plain
    }

    /// Writes one line of what is wrong to standard error, and one of what to do.
    pub fn complain(self, what: &dyn Display, remedy: Option<&str>) {
        let mut stderr = io::stderr().lock();
        let speaker = self.speaker;
        let coloured = !self.plain && stderr.is_terminal();
        let name = if coloured { format!("\x1b[{RED}m{speaker}\x1b[0m") } else { speaker.to_owned() };
        // Where even standard error is closed, the exit code has to do.
        let _ = writeln!(stderr, "{name} {what}");
        if let Some(remedy) = remedy {
            let _ = writeln!(stderr, "{remedy}");
        }
    }
}

/// Standard output. It takes everything; whether that arrived, [`Screen::finish`] tells.
pub struct Screen {
    out: BufWriter<Sink>,
    failure: Option<io::Error>,
    style: Style,
    /// Columns, if this is a terminal.
    width: Option<usize>,
    /// Whether the locale has more letters than ASCII.
    unicode: bool,
}

impl Screen {
    pub fn new(style: Style) -> Screen {
        let stdout = io::stdout().lock();
        let width = stdout.is_terminal().then(|| {
            terminal_size::terminal_size().map_or(USUAL_WIDTH, |(terminal_size::Width(columns), _)| columns.into())
        });
        let out = BufWriter::with_capacity(64 << 10, Sink::Straight(stdout));
        Screen { out, failure: None, style, width, unicode: speaks_utf8() }
    }

    /// The same for somebody who goes on working on this terminal: what is longer than it comes in a pager.
    pub fn paged(style: Style) -> Screen {
        let screen = Screen::new(style);
        let Some(columns) = screen.width else { return screen };
        let rows = terminal_size::terminal_size().map_or(USUAL_HEIGHT, |(_, terminal_size::Height(rows))| rows.into());
        // A small buffer, because what is in it has not been counted yet.
        Screen { out: BufWriter::with_capacity(4 << 10, Sink::held(io::stdout().lock(), rows, columns)), ..screen }
    }

    pub fn style(&self) -> Style {
        self.style
    }

    /// What `write!` and `writeln!` call.
    pub fn write_fmt(&mut self, text: fmt::Arguments<'_>) {
        self.put(|out| out.write_fmt(text));
    }

    /// Writes bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.put(|out| out.write_all(bytes));
    }

    /// Writes a text of several lines: to a terminal without what that would obey, else as it is.
    pub fn text(&mut self, text: &str) {
        let text = if self.width.is_some() { clean_lines(text) } else { Cow::Borrowed(text) };
        self.put(|out| out.write_all(text.as_bytes()));
    }

    /// Writes one JSON document and ends the line.
    pub fn json(&mut self, value: &Value) {
        self.put(|out| json::write(value, out).and_then(|()| out.write_all(b"\n")));
    }

    /// Writes a part of a JSON document.
    pub fn json_part(&mut self, value: &Value) {
        self.put(|out| json::write(value, out));
    }

    fn put(&mut self, write: impl FnOnce(&mut BufWriter<Sink>) -> io::Result<()>) {
        if self.failure.is_none() {
            self.failure = write(&mut self.out).err();
        }
    }

    /// Whether nobody reads any more, so that going on to write is no use.
    pub fn is_closed(&self) -> bool {
        self.failure.is_some()
    }

    /// Makes sure that everything was written. A reader that has seen enough and left is no failure.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.put(Write::flush);
        self.failure = self.out.get_mut().end().err().or(self.failure.take());
        match &self.failure {
            Some(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
                let cause = cause.raw_os_error().map_or_else(|| cause.kind().into(), io::Error::from_raw_os_error);
                Err(Error::Write { what: "standard output".to_owned(), cause })
            }
            _ => Ok(()),
        }
    }

    /// Says that one of several things was refused; the others go on.
    pub fn complain(&mut self, what: fmt::Arguments<'_>) {
        self.put(Write::flush);
        let what = what.to_string();
        match self.out.get_ref().is_paged() {
            // Another program has the terminal.
            true => {
                let speaker = self.style.speaker;
                writeln!(self, "{speaker} {}", clean(&what));
            }
            false => self.style.complain(&clean(&what), None),
        }
    }

    /// Says something by the way, which no program wants to read.
    pub fn note(&mut self, text: fmt::Arguments<'_>) {
        self.put(Write::flush);
        match self.out.get_ref().is_paged() {
            true => writeln!(self, "{text}"),
            // Where even standard error is closed, there is nobody to tell.
            false => drop(writeln!(io::stderr().lock(), "{text}")),
        }
    }

    /// A title, in bold on a terminal.
    pub fn title(&self, text: &str) -> String {
        self.coloured(BOLD, text)
    }

    /// A word that is good news, bad news or worth a look, in a colour that says so.
    pub fn state(&self, word: &str) -> String {
        match word {
            "open" | "accept" | "pass" | "done" => self.coloured(GREEN, word),
            "wrong" | "refuse" | "refused" | "no-list" | "bad-message" | "too-large" | "quarantined" | "revoked" => {
                self.coloured(RED, word)
            }
            "note" | "closed" | "deferred" | "waiting" | "retry" | "hold" | "held" | "discard" | "expired" => {
                self.coloured(YELLOW, word)
            }
            other => clean(other).into_owned(),
        }
    }

    /// A line of what is added, removed or changed, in the colour of its mark.
    pub fn marked(&self, mark: char, text: &str) -> String {
        let code = match mark {
            '+' => GREEN,
            '-' => RED,
            '~' => YELLOW,
            _ => DIM,
        };
        self.coloured(code, &format!("{mark} {text}"))
    }

    /// Whether colours are shown.
    pub fn is_coloured(&self) -> bool {
        !self.style.plain && self.width.is_some()
    }

    fn coloured(&self, code: &str, text: &str) -> String {
        let text = clean(text);
        if !self.is_coloured() { text.into_owned() } else { format!("\x1b[{code}m{text}\x1b[0m") }
    }

    /// Whether blocks and the like can be drawn, for somebody to see.
    pub fn draws(&self) -> bool {
        self.unicode && self.width.is_some()
    }

    /// Columns for running text beside `indent` spaces.
    pub fn room(&self, indent: usize) -> usize {
        self.width.unwrap_or(USUAL_WIDTH).min(LONGEST_LINE).saturating_sub(indent)
    }

    /// Text in lines that fit beside `indent` spaces.
    pub fn wrap(&self, text: &str, indent: usize) -> Vec<String> {
        let room = self.room(indent);
        let mut lines: Vec<String> = Vec::new();
        for word in clean(text).split_whitespace() {
            match lines.last_mut() {
                Some(line) if table::width(line) + 1 + table::width(word) <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(word.to_owned()),
            }
        }
        lines
    }

    /// Lines of a name and what belongs to it, the second part aligned. `indent` spaces stand before each.
    pub fn fields(&mut self, indent: usize, fields: &[(&str, String)]) {
        let width = fields.iter().map(|(name, _)| table::width(name)).max().unwrap_or(0);
        for (name, value) in fields {
            let padding = width - table::width(name);
            writeln!(self, "{:indent$}{}{:padding$}  {value}", "", clean(name), "");
        }
    }
}

/// Text of others without what a terminal would obey: control characters, and marks that turn the direction of writing.
pub fn clean(text: &str) -> Cow<'_, str> {
    without(text, obeyed)
}

/// The same for a text of several lines, which stay.
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    without(text, |c| obeyed(c) && !matches!(c, '\n' | '\t'))
}

fn obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn without(text: &str, unwanted: fn(char) -> bool) -> Cow<'_, str> {
    if text.contains(unwanted) { Cow::Owned(text.replace(unwanted, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Whether the locale says so (POSIX.1-2017, 8.2: the first of these that is set).
fn speaks_utf8() -> bool {
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG"));
    locale.is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"))
}

/// Text of others, or a dash where there is none.
pub fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { clean(text).into_owned() }
}

/// Puts a whole file in the place of `file`, so that whoever reads it meanwhile sees the old or the new one.
pub fn replace_file(file: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace_file_with(file, |out| out.write_all(bytes).map_err(Error::write(file)))
}

/// The same for what is written bit by bit.
pub fn replace_file_with(file: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Error>) -> Result<(), Error> {
    // A link keeps pointing where it does; a device or a pipe is written to, never replaced.
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    if file.exists() && !file.is_file() {
        let mut out = std::fs::OpenOptions::new().write(true).open(&file).map_err(Error::write(&file))?;
        return write(&mut out);
    }
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new{}", std::process::id()));
    let fresh = file.with_file_name(name);
    let out = std::fs::File::create(&fresh).map(BufWriter::new).map_err(Error::write(&file));
    let written = out.and_then(|mut out| {
        write(&mut out)?;
        let synced = out.flush().and_then(|()| out.get_ref().sync_all());
        synced.and_then(|()| std::fs::rename(&fresh, &file)).map_err(Error::write(&file))
    });
    // What could not be written in full must not stay behind; if it cannot be removed either, the cause is the same.
    written.inspect_err(|_| drop(std::fs::remove_file(&fresh)))
}
