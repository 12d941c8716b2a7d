//! A command line that is being typed, read by the table of commands.

use std::path::Path;

use crate::command::{Action, Arg, Command, Form, Names};
use crate::commands::COMMANDS;
use crate::session::{OPTIONS, SCRIPTS};

// What the parser understands everywhere, and at the start, without being told.
static HELP: Arg = Arg::flag("help", "Print help");
static VERSION: Arg = Arg::flag("version", "Print version");

/// What the last word of a line can be.
pub enum Place {
    /// Nothing that anybody knows of.
    Nothing,
    /// A noun or a verb, one of these.
    Commands(&'static [Command]),
    /// An option, one of these.
    Options(Vec<&'static Arg>),
    /// A value of this argument, from this byte of the word on.
    Value { arg: &'static Arg, from: usize },
}

/// The words of a line up to the cursor, without the name of the program.
pub struct Line<'a> {
    /// The word at the cursor, as far as it stands before it.
    pub typed: &'a str,
    /// What has been given before, with its values; a flag has the empty one.
    given: Vec<(&'static Arg, &'a str)>,
    /// What the next word can be, if not an argument.
    commands: &'static [Command],
    /// What the command takes, once it is named.
    args: Option<&'static [Arg]>,
    /// The option whose value comes next.
    waiting: Option<&'static Arg>,
    /// Whether it is typed in a shell of this program.
    pub in_shell: bool,
    /// After `--` nothing is an option.
    only_words: bool,
    /// After a word that fits nowhere, nothing more is known.
    lost: bool,
    /// There is an option that nobody knows.
    strange: bool,
}

impl<'a> Line<'a> {
    /// Reads the words; the last one is the one that is being typed, and may be empty.
    pub fn read(words: &'a [String]) -> Line<'a> {
        Line::read_from(words, false)
    }

    /// The same for a line in a shell of this program.
    pub fn read_in_shell(words: &'a [String]) -> Line<'a> {
        Line::read_from(words, true)
    }

    fn read_from(words: &'a [String], in_shell: bool) -> Line<'a> {
        let (typed, before) = words.split_last().map_or(("", words), |(typed, before)| (typed.as_str(), before));
        let mut line = Line {
            typed,
            given: Vec::new(),
            commands: COMMANDS,
            args: None,
            waiting: None,
            in_shell,
            only_words: false,
            lost: false,
            strange: false,
        };
        for word in before {
            line.take(word);
        }
        line
    }

    /// The values that an argument has so far.
    pub fn given(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.given.iter().filter(move |(arg, _)| arg.name == name).map(|(_, value)| *value)
    }

    /// The list that was named, or the domain, as the daemon takes it: empty where a word says that none is meant.
    pub fn list(&self) -> Option<&'a str> {
        self.given.iter().find_map(|(arg, value)| match arg.names {
            Names::List => Some(*value),
            Names::ListOr(word) | Names::ListOrDomainOr(word) => Some(if *value == word { "" } else { value }),
            _ => None,
        })
    }

    /// The URL of the daemon that was named.
    pub fn server(&self) -> Option<&'a str> {
        self.given("server").last()
    }

    /// The file with the token that was named.
    pub fn token_file(&self) -> Option<&'a Path> {
        self.given("token-file").last().map(Path::new)
    }

    /// Takes the next word that is complete.
    fn take(&mut self, word: &'a str) {
        if let Some(arg) = self.waiting {
            if !is_over(arg, word) {
                self.given.push((arg, word));
                self.waiting = Some(arg).filter(|arg| matches!(arg.form, Form::NeededValues));
                return;
            }
            self.waiting = None;
        }
        if self.only_words || !is_dashed(word) {
            self.take_word(word);
        } else if word == "--" {
            self.only_words = true;
        } else if let Some((arg, value)) = self.option(word) {
            match value {
                Some(value) => self.given.push((arg, value)),
                None if matches!(arg.form, Form::Flag) => self.given.push((arg, "")),
                None => self.waiting = Some(arg),
            }
        } else {
            self.strange = true;
        }
    }

    /// Takes a noun, a verb or an argument without a name.
    fn take_word(&mut self, word: &'a str) {
        if self.args.is_some() {
            match self.next_arg() {
                Some(arg) => self.given.push((arg, word)),
                None => self.lost = true,
            }
            return;
        }
        let in_shell = self.in_shell;
        let named = |command: &&Command| {
            (command.name == word || command.alias == Some(word)) && (in_shell || !command.in_shell)
        };
        match self.commands.iter().find(named).map(|command| &command.action) {
            Some(Action::Group(verbs)) if !self.only_words => self.commands = verbs,
            Some(Action::Run(args, _)) if !self.only_words => self.args = Some(args),
            _ => self.lost = true,
        }
    }

    /// The argument that the next word is for.
    fn next_arg(&self) -> Option<&'static Arg> {
        let mut words = self.args.unwrap_or_default().iter().filter(|arg| !arg.is_option());
        words.find(|arg| arg.takes_several() || self.is_open(arg))
    }

    fn is_open(&self, arg: &Arg) -> bool {
        arg.takes_several() || self.given(arg.name).next().is_none()
    }

    /// The options of the command, and those that are always there.
    fn options(&self) -> impl Iterator<Item = &'static Arg> + use<> {
        let own = self.args.unwrap_or_default().iter().filter(|arg| arg.is_option());
        let in_shell = self.in_shell;
        let everywhere = OPTIONS.iter().filter(move |option| !in_shell || option.name == "json");
        let at_start = self.args.is_none() && std::ptr::eq(self.commands, COMMANDS) && !in_shell;
        let start = SCRIPTS.iter().chain([&VERSION]).filter(move |_| at_start);
        own.chain(everywhere).chain([&HELP]).chain(start)
    }

    /// The option whose value the next word is.
    pub fn waiting(&self) -> Option<&'static Arg> {
        self.waiting
    }

    /// The settings that were given.
    pub fn given_settings(&self) -> impl Iterator<Item = &'a str> {
        self.given.iter().filter(|(arg, _)| matches!(arg.names, Names::Setting)).map(|(_, value)| *value)
    }

    /// The words that may still come, in their order.
    pub fn to_come(&self) -> impl Iterator<Item = &'static Arg> {
        let words = self.args.unwrap_or_default().iter().filter(|arg| !arg.is_option());
        words.filter(|arg| self.is_open(arg))
    }

    /// Whether something was given that is to be written down nowhere.
    pub fn has_secret(&self) -> bool {
        self.given.iter().any(|(arg, _)| arg.secret)
    }

    /// Whether every word has its place in a command.
    pub fn is_understood(&self) -> bool {
        !self.lost && !self.strange && self.args.is_some()
    }

    /// The option that a word such as `--name` or `--name=value` names, and the value.
    fn option<'w>(&self, word: &'w str) -> Option<(&'static Arg, Option<&'w str>)> {
        let word = word.strip_prefix("--")?;
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        self.options().find(|arg| arg.name == name).map(|arg| (arg, value))
    }

    /// What the word at the cursor can be.
    pub fn place(&self) -> Place {
        if self.lost {
            return Place::Nothing;
        }
        if let Some(arg) = self.waiting.filter(|arg| !is_over(arg, self.typed)) {
            return Place::Value { arg, from: 0 };
        }
        if self.typed.starts_with('-') && !self.only_words {
            return match (self.typed.find('='), self.option(self.typed)) {
                (None, _) => Place::Options(self.options().filter(|arg| self.is_open(arg)).collect()),
                (Some(_), Some((Arg { form: Form::Flag, .. }, _)) | None) => Place::Nothing,
                (Some(sign), Some((arg, _))) => Place::Value { arg, from: sign + 1 },
            };
        }
        match (self.args, self.next_arg()) {
            (None, _) if self.only_words => Place::Nothing,
            (None, _) => Place::Commands(self.commands),
            (Some(_), Some(arg)) => Place::Value { arg, from: 0 },
            // Nothing must follow; here is what can.
            (Some(args), None) if self.typed.is_empty() && !self.only_words => {
                Place::Options(args.iter().filter(|arg| arg.is_option() && self.is_open(arg)).collect())
            }
            (Some(_), None) => Place::Nothing,
        }
    }
}

/// Whether a word looks like an option; `-` alone stands for a standard stream.
fn is_dashed(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

/// Whether this word is no value of the option before it, which can do without.
fn is_over(arg: &Arg, word: &str) -> bool {
    matches!(arg.form, Form::NeededValues | Form::MaybeValue) && word.starts_with('-')
}
