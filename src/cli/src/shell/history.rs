//! What was typed, kept for the next time: one line an entry, in a file that nobody else may read, and never what may
//! be a secret.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::place::place;
use super::words;
use crate::complete::Line;

/// Entries kept. Twice as many are in the file before it is cut down again.
const KEPT: usize = 1_000;

/// Where the lines are kept, if anywhere.
#[derive(Default)]
pub struct History {
    file: Option<File>,
    /// Those of the times before, the oldest first.
    pub before: Vec<String>,
}

impl History {
    /// Reads the file and makes it, where there is a place for it.
    ///
    /// # Errors
    /// Of the system, with the file's name.
    pub fn open() -> Result<History, (PathBuf, io::Error)> {
        let Some(path) = path() else { return Ok(History::default()) };
        History::open_at(&path).map_err(|cause| (path, cause))
    }

    fn open_at(path: &Path) -> io::Result<History> {
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        let text = String::from_utf8_lossy(&fs::read(path)?).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let kept = &lines[lines.len().saturating_sub(KEPT)..];
        if lines.len() > 2 * KEPT {
            // Another shell may be writing to the old file; it loses what it has typed since, and no more.
            let fresh = path.with_extension(format!("new{}", std::process::id()));
            let mut shorter = OpenOptions::new().append(true).create_new(true).mode(0o600).open(&fresh)?;
            shorter.write_all((kept.join("\n") + "\n").as_bytes())?;
            fs::rename(&fresh, path)?;
            file = shorter;
        }
        Ok(History { file: Some(file), before: kept.iter().map(|line| decoded(line)).collect() })
    }

    /// Keeps a line for the next time. One that cannot be written is not worth a word: it is there until the end.
    pub fn keep(&mut self, line: &str) {
        if let Some(file) = &mut self.file {
            let _ = file.write_all((encoded(line) + "\n").as_bytes());
        }
    }
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is there the next time as well.
    Kept,
    /// It can be brought back while the shell runs: it was not understood, so there may be a secret in it.
    Remembered,
    /// It has a secret in it, or begins with a space because somebody wants it so.
    Forgotten,
}

/// What becomes of this line, typed with this list in use.
pub fn fate(line: &str, in_use: Option<&str>) -> Fate {
    let Ok(words) = words::split(line) else { return Fate::Remembered };
    if line.starts_with(' ') || words.is_empty() {
        return Fate::Forgotten;
    }
    let mut words = place(&words, in_use).words.into_owned();
    words.push(String::new());
    let line = Line::read_in_shell(&words);
    match (line.has_secret(), line.is_understood()) {
        (true, _) => Fate::Forgotten,
        (false, true) => Fate::Kept,
        (false, false) => Fate::Remembered,
    }
}

/// `$XDG_STATE_HOME/mailjam/history`, or below `~/.local/state` (XDG Base Directory Specification 0.8).
fn path() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".local/state"));
    Some(state.or_else(home)?.join("mailjam/history"))
}

fn encoded(line: &str) -> String {
    line.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

fn decoded(line: &str) -> String {
    let mut text = String::new();
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            _ => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_not_kept() {
        for line in
            ["list show talk@x", "list list --filter x", "help", "subscription confirm", "token create x --scope read"]
        {
            assert_eq!(fate(line, None), Fate::Kept, "{line}");
        }
        for line in [
            "subscription confirm s3cret",
            "subscription unsubscribe -- s3cret",
            "call subscription.confirm '[\"s3cret\"]'",
            " list list",
            "",
        ] {
            assert_eq!(fate(line, None), Fate::Forgotten, "{line}");
        }
        for line in
            ["subscription confrim s3cret", "s3cret", "list show a b", "list", "list 'a", "list show --toke s3cret"]
        {
            assert_eq!(fate(line, None), Fate::Remembered, "{line}");
        }
    }

    #[test]
    fn a_list_in_use_or_named_beside_it_is_understood() {
        assert_eq!(fate("member get ann@x.org", Some("talk@x.org")), Fate::Kept);
        assert_eq!(fate("member get --list news@x.org ann@x.org", Some("talk@x.org")), Fate::Kept);
        assert_eq!(fate("subscription confirm s3cret", Some("talk@x.org")), Fate::Forgotten);
    }

    #[test]
    fn entries_of_several_lines_come_back_and_the_file_stays_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/mailjam/history");
        let mut history = History::open_at(&path).unwrap();
        for number in 0..2 * KEPT {
            history.keep(&format!("list list --limit {number}"));
        }
        history.keep("list show \\\n 'a\\nb'");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let mut again = History::open_at(&path).unwrap();
        assert_eq!(again.before.len(), KEPT);
        assert_eq!(again.before.last().unwrap(), "list show \\\n 'a\\nb'");
        again.keep("help");
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), KEPT + 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
