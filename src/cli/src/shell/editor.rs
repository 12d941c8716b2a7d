//! The line that is edited: completion and hints from the table of commands, colours where there may be any.

use std::borrow::Cow;
use std::cell::RefCell;
use std::path::PathBuf;

use clap::ArgMatches;
use rustyline::completion::{Completer, Pair};
use rustyline::config::{BellStyle, ColorMode, CompletionType, Config};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::MemHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};

use super::place;
use super::words::{self, Quote, Scan};
use crate::command::{Arg, Form};
use crate::complete::{Candidate, Completion, LARGEST_ANSWER, Line, PATIENCE, Place, call, complete};
use crate::output::Style;
use crate::session::Daemon;

/// Candidates that are shown with what they are; of more only the names.
const EXPLAINED: usize = 40;

/// Candidates that are shown without being asked for.
const SHOWN: usize = 120;

/// The line, and what was typed before.
pub struct Editor(rustyline::Editor<Assistant, MemHistory>);

impl Editor {
    /// For the daemon that the command line names.
    ///
    /// # Errors
    /// When the terminal cannot be had.
    pub fn open(matches: &ArgMatches, style: Style, before: Vec<String>) -> rustyline::Result<Editor> {
        let colours = if style.is_plain() { ColorMode::Disabled } else { ColorMode::Enabled };
        let config = Config::builder()
            .max_history_size(10_000)?
            .completion_type(CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .completion_prompt_limit(SHOWN)
            .bell_style(BellStyle::None)
            .color_mode(colours)
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = rustyline::Editor::with_history(config, history)?;
        for line in before {
            editor.add_history_entry(line)?;
        }
        let server = matches.get_one::<String>("server").map(String::as_str);
        // Without a daemon everything but names is completed.
        let daemon = Daemon::find(server, matches.get_one("token-file").map(PathBuf::as_path), PATIENCE).ok();
        let daemon = RefCell::new(daemon.map(|daemon| daemon.reply_limit(LARGEST_ANSWER)));
        editor.set_helper(Some(Assistant { daemon, list: None, is_plain: style.is_plain() }));
        Ok(Editor(editor))
    }

    /// The next line that somebody finishes.
    ///
    /// # Errors
    /// Ctrl-C, Ctrl-D, and whatever the terminal says.
    pub fn line(&mut self, prompt: &str, list: Option<&str>) -> Result<String, ReadlineError> {
        if let Some(assistant) = self.0.helper_mut() {
            assistant.list = list.map(str::to_owned);
        }
        self.0.readline(prompt)
    }

    /// Has a line come back with the arrow keys.
    pub fn remember(&mut self, line: &str) {
        // There is no file behind it that could fail.
        let _ = self.0.add_history_entry(line);
    }
}

/// What helps while somebody types.
struct Assistant {
    daemon: RefCell<Option<Daemon>>,
    list: Option<String>,
    is_plain: bool,
}

impl Assistant {
    /// The words of an unfinished line, the list in use in its place; the last one is being typed.
    fn words(&self, scan: &Scan) -> Vec<String> {
        let mut words: Vec<String> = scan.words.iter().map(|word| word.text.clone()).collect();
        let typed = if scan.in_word { words.pop() } else { None }.unwrap_or_default();
        let takes_list = place::find(&words).is_some_and(|(command, _)| command.list_word().is_some());
        if takes_list && words.last().is_some_and(|word| word == "--list") {
            words = ["list", "show"].map(str::to_owned).to_vec();
        } else {
            words = place::place(&words, self.list.as_deref()).words.into_owned();
        }
        words.push(typed);
        words
    }

    fn candidates(&self, scan: &Scan) -> Completion {
        let words = self.words(scan);
        let line = Line::read_in_shell(&words);
        let mut daemon = self.daemon.borrow_mut();
        let mut found = complete(&line, &mut |method, params| call(daemon.as_mut()?, method, params));
        let names_list = place::find(&words).is_some_and(|(command, _)| command.list_word().is_some());
        if names_list && matches!(line.place(), Place::Options(_)) && "--list".starts_with(line.typed) {
            let help = "Another list than the one in use";
            found.candidates.push(Candidate { value: "--list".to_owned(), description: help.to_owned() });
        }
        if let Some(from) = found.files_from {
            found.candidates.extend(files(line.typed, from));
        }
        found
    }
}

/// Files and folders that a word may mean, from this byte of it on.
fn files(typed: &str, from: usize) -> Vec<Candidate> {
    let (option, path) = typed.split_at(from);
    let (folder, begun) = path.rfind('/').map_or(("", path), |slash| path.split_at(slash + 1));
    let Ok(entries) = std::fs::read_dir(if folder.is_empty() { "." } else { folder }) else { return vec![] };
    let mut found: Vec<Candidate> = entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let is_hidden = name.starts_with('.') && !begun.starts_with('.');
            let wanted = name.starts_with(begun) && !is_hidden && !name.contains(char::is_control);
            let slash = if entry.path().is_dir() { "/" } else { "" };
            wanted.then(|| Candidate { value: format!("{option}{folder}{name}{slash}"), description: String::new() })
        })
        .collect();
    found.sort_by(|one, other| one.value.cmp(&other.value));
    found
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let scan = words::scan(&line[..position]);
        if scan.in_comment || scan.is_cut {
            return Ok((position, vec![]));
        }
        let begin = if scan.in_word { scan.words.last().map_or(position, |word| word.start) } else { position };
        let found = self.candidates(&scan).candidates;
        let quote = scan.quote;
        let single = found.len() == 1;
        let width = found.iter().map(|candidate| candidate.value.chars().count()).max().unwrap_or(0);
        let explained = found.len() <= EXPLAINED && found.iter().any(|candidate| !candidate.description.is_empty());
        let pairs = found.into_iter().map(|candidate| {
            let goes_on = candidate.goes_on() || candidate.value.ends_with('/');
            let mut replacement = words::quoted(&candidate.value, quote, single && !goes_on);
            if single && !goes_on {
                replacement.push(' ');
            }
            let Candidate { value, description } = candidate;
            let display = if explained { shown(&value, width, &description) } else { value };
            Pair { display, replacement }
        });
        Ok((begin, pairs.collect()))
    }
}

/// A candidate and what it is, on one row.
fn shown(value: &str, width: usize, description: &str) -> String {
    let columns = terminal_size::terminal_size().map_or(80, |(terminal_size::Width(columns), _)| columns.into());
    let row = format!("{value:width$}  {description}");
    // With less room beside it than this, a row stays alone.
    let room = usize::max(columns, 20) - 3;
    let cut: String = row.chars().take(room).collect();
    if cut.len() < row.len() { format!("{}…", cut.trim_end()) } else { format!("{cut:room$}") }
}

/// What comes next, seen before it is typed.
struct Next {
    shown: String,
    typed: Option<String>,
}

impl Hint for Next {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.typed.as_deref()
    }
}

impl Hinter for Assistant {
    type Hint = Next;

    /// Asks nobody: a hint comes with every letter.
    fn hint(&self, line: &str, position: usize, _: &Context<'_>) -> Option<Next> {
        let scan = words::scan(line);
        if position < line.len() || scan.words.is_empty() || scan.in_comment || scan.is_cut || scan.quote != Quote::None
        {
            return None;
        }
        let words = self.words(&scan);
        let line = Line::read_in_shell(&words);
        match line.place() {
            Place::Commands(_) | Place::Options(_) if !line.typed.is_empty() => {
                let found = complete(&line, &mut |_, _| None).candidates;
                let [only] = &found[..] else { return None };
                let rest = only.value.strip_prefix(line.typed).filter(|rest| !rest.is_empty())?;
                Some(Next { shown: rest.to_owned(), typed: Some(rest.to_owned()) })
            }
            Place::Value { arg, .. } if line.typed.is_empty() && arg.is_option() => {
                Some(Next { shown: arg.value.to_owned(), typed: None })
            }
            Place::Value { .. } if line.typed.is_empty() => {
                let form = |arg: &Arg| match arg.form {
                    Form::Required => arg.value.to_owned(),
                    Form::Several if line.given(arg.name).next().is_none() => format!("{}...", arg.value),
                    Form::Several | Form::Any => format!("[{}...]", arg.value),
                    _ => format!("[{}]", arg.value),
                };
                let shown: Vec<String> = line.to_come().map(form).collect();
                Some(Next { shown: shown.join(" "), typed: None })
            }
            _ => None,
        }
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let open = words::scan(context.input()).open_end();
        Ok(if open.is_some() { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

impl Highlighter for Assistant {
    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.is_plain { Cow::Borrowed(prompt) } else { Cow::Owned(format!("\x1b[1m{prompt}\x1b[0m")) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.is_plain { Cow::Borrowed(hint) } else { Cow::Owned(format!("\x1b[2m{hint}\x1b[0m")) }
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        match candidate.split_once("  ") {
            Some((value, about)) if !self.is_plain => Cow::Owned(format!("{value}  \x1b[2m{about}\x1b[0m")),
            _ => Cow::Borrowed(candidate),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        false
    }
}

impl Helper for Assistant {}
