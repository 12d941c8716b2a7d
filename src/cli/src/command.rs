//! What a command is: its words, its arguments, what it calls and what it does.

use std::path::{Path, PathBuf};

use clap::builder::PossibleValuesParser;
use clap::{ArgAction, ArgMatches, value_parser};

use crate::error::Error;
use crate::session::Session;

/// How a command ended that did not fail as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is done.
    Done,
    /// Some of several items were refused, the others are done.
    SomeRefused,
    /// The shell, or the script, is to end here.
    Leave,
}

/// What carries a command out.
pub type Run = fn(&mut Session, &Args<'_>) -> Result<Outcome, Error>;

/// One word of the command line, and everything that may follow it.
pub struct Command {
    pub name: &'static str,
    pub alias: Option<&'static str>,
    pub about: &'static str,
    /// Shown below the options by `--help`.
    pub details: &'static str,
    /// Methods of the catalogue that it calls.
    pub methods: &'static [&'static str],
    pub hidden: bool,
    /// It makes sense between other commands only: in a shell or a script.
    pub in_shell: bool,
    pub action: Action,
}

/// What a command is made of.
pub enum Action {
    /// A noun and its verbs.
    Group(&'static [Command]),
    /// Something to be done.
    Run(&'static [Arg], Run),
}

impl Command {
    pub const fn group(name: &'static str, about: &'static str, verbs: &'static [Command]) -> Command {
        Command {
            name,
            alias: None,
            about,
            details: "",
            methods: &[],
            hidden: false,
            in_shell: false,
            action: Action::Group(verbs),
        }
    }

    pub const fn new(
        name: &'static str,
        about: &'static str,
        methods: &'static [&'static str],
        args: &'static [Arg],
        run: Run,
    ) -> Command {
        Command {
            name,
            alias: None,
            about,
            details: "",
            methods,
            hidden: false,
            in_shell: false,
            action: Action::Run(args, run),
        }
    }

    pub const fn alias(self, alias: &'static str) -> Command {
        Command { alias: Some(alias), ..self }
    }

    pub const fn details(self, details: &'static str) -> Command {
        Command { details, ..self }
    }

    pub const fn hidden(self) -> Command {
        Command { hidden: true, ..self }
    }

    pub const fn in_shell(self) -> Command {
        Command { in_shell: true, ..self }
    }

    /// The word for the list that it is about, which a list in use stands for: what the help calls LIST or SCOPE.
    pub fn list_word(&self) -> Option<&'static Arg> {
        let Action::Run(args, _) = self.action else { return None };
        let first = args.iter().find(|arg| !arg.is_option())?;
        // The command that puts a list in use names it.
        let single = !self.in_shell && matches!(first.form, Form::Required | Form::Optional);
        (single && matches!(first.value, "LIST" | "SCOPE")).then_some(first)
    }
}

/// How an argument is given.
#[derive(Clone, Copy)]
pub enum Form {
    /// A word that must be there.
    Required,
    /// A word that may be there.
    Optional,
    /// One word or more.
    Several,
    /// Any number of words.
    Any,
    /// `--name`
    Flag,
    /// `--name VALUE`
    Value,
    /// `--name VALUE`, and the command makes no sense without.
    NeededValue,
    /// `--name VALUE`, any number of times.
    Repeated,
    /// `--name VALUE…`, at least one.
    NeededValues,
    /// `--name` or `--name VALUE`
    MaybeValue,
}

/// What an argument names; completion and checking follow from it.
#[derive(Clone, Copy)]
pub enum Names {
    /// Anything, and nothing that anybody else knows.
    Text,
    /// A count.
    Number,
    /// A file; `-` stands for a standard stream where the help says so.
    File,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A daemon, by its URL.
    Server,
    /// A list.
    List,
    /// A list, or this word for what is not about one list.
    ListOr(&'static str),
    /// A list, a domain, or this word for what is about neither.
    ListOrDomainOr(&'static str),
    /// The address of a list that is not there yet.
    NewList,
    /// A member of the list that was named before.
    Member,
    /// Somebody with a role on the list that was named before.
    RoleHolder,
    /// Somebody with an account.
    Account,
    /// A domain that lists live in.
    Domain,
    /// A setting and its value, `KEY=VALUE`.
    Setting,
    /// A token, by its id.
    Token,
    /// One of these words, or one of these and a list, such as `owner:LIST`.
    Scope(&'static [&'static str], &'static [&'static str]),
    /// An item of the queue, by its id.
    QueueItem,
    /// A post that waits for a moderator, by its id.
    Held,
    /// A template, by its name.
    Template,
    /// A language that there are templates in.
    TemplateLanguage,
    /// A method of the catalogue.
    Method,
    /// A noun of these commands.
    Noun,
    /// A verb of the noun that was named before.
    Verb,
}

/// One argument.
pub struct Arg {
    pub name: &'static str,
    pub form: Form,
    pub names: Names,
    /// What stands for it in the help.
    pub value: &'static str,
    pub help: &'static str,
    /// An option of one letter that is the same.
    pub short: Option<char>,
    /// What is given may be a secret, or have one in it: it is written down nowhere.
    pub secret: bool,
}

impl Arg {
    pub const fn new(name: &'static str, form: Form, value: &'static str, help: &'static str) -> Arg {
        Arg { name, form, names: Names::Text, value, help, short: None, secret: false }
    }

    pub const fn flag(name: &'static str, help: &'static str) -> Arg {
        Arg::new(name, Form::Flag, "", help)
    }

    pub const fn names(self, names: Names) -> Arg {
        Arg { names, ..self }
    }

    pub const fn short(self, letter: char) -> Arg {
        Arg { short: Some(letter), ..self }
    }

    pub const fn secret(self) -> Arg {
        Arg { secret: true, ..self }
    }

    /// Whether it is given by its name, and not by its place.
    pub fn is_option(&self) -> bool {
        !matches!(self.form, Form::Required | Form::Optional | Form::Several | Form::Any)
    }

    /// Whether it takes more than one value.
    pub fn takes_several(&self) -> bool {
        matches!(self.form, Form::Several | Form::Any | Form::Repeated | Form::NeededValues)
    }

    /// The argument as clap understands it.
    pub fn parser(&self) -> clap::Arg {
        let arg = clap::Arg::new(self.name).help(self.help).short(self.short);
        let option = |arg: clap::Arg| arg.long(self.name).value_name(self.value);
        let arg = match self.form {
            Form::Required => arg.value_name(self.value).required(true),
            Form::Optional => arg.value_name(self.value),
            Form::Several => arg.value_name(self.value).required(true).num_args(1..),
            Form::Any => arg.value_name(self.value).num_args(0..),
            Form::Flag => return arg.long(self.name).action(ArgAction::SetTrue),
            Form::Value => option(arg),
            Form::NeededValue => option(arg).required(true),
            Form::Repeated => option(arg).action(ArgAction::Append),
            Form::NeededValues => option(arg).required(true).num_args(1..).action(ArgAction::Append),
            Form::MaybeValue => option(arg).num_args(0..=1).default_missing_value("-"),
        };
        match self.names {
            Names::Number => arg.value_parser(value_parser!(i32).range(1..)),
            Names::File => arg.value_parser(value_parser!(PathBuf)),
            Names::Words(words) => arg.value_parser(PossibleValuesParser::new(words)),
            // Whether it is one of those, the daemon knows better.
            _ => arg,
        }
    }
}

/// The arguments that were given to a command, by the names in its table entry.
pub struct Args<'a>(&'a ArgMatches);

impl<'a> Args<'a> {
    /// What was parsed for a command.
    pub fn of(matches: &'a ArgMatches) -> Args<'a> {
        Args(matches)
    }

    /// A word that the parser has made sure of.
    pub fn text(&self, name: &str) -> &'a str {
        self.optional(name).unwrap_or_default()
    }

    pub fn optional(&self, name: &str) -> Option<&'a str> {
        self.0.get_one::<String>(name).map(String::as_str)
    }

    pub fn many(&self, name: &str) -> Vec<&'a str> {
        self.0.get_many::<String>(name).map(|values| values.map(String::as_str).collect()).unwrap_or_default()
    }

    pub fn number(&self, name: &str) -> Option<i32> {
        self.0.get_one(name).copied()
    }

    pub fn flag(&self, name: &str) -> bool {
        self.0.get_flag(name)
    }

    pub fn file(&self, name: &str) -> Option<&'a Path> {
        self.0.get_one::<PathBuf>(name).map(PathBuf::as_path)
    }
}

/// The methods behind these commands and those below them.
pub fn methods(commands: &'static [Command]) -> Vec<&'static str> {
    let below = |command: &'static Command| match command.action {
        Action::Group(verbs) => methods(verbs),
        _ => Vec::new(),
    };
    commands.iter().flat_map(|command| [command.methods.to_vec(), below(command)].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::COMMANDS;

    fn visit(commands: &'static [Command], check: &mut impl FnMut(&'static Command)) {
        for command in commands {
            check(command);
            if let Action::Group(verbs) = command.action {
                visit(verbs, check);
            }
        }
    }

    #[test]
    fn where_a_list_is_in_use_no_option_is_taken_for_another_purpose() {
        visit(COMMANDS, &mut |command| {
            if let (Some(_), Action::Run(args, _)) = (command.list_word(), &command.action) {
                assert!(!args.iter().any(|arg| arg.is_option() && arg.name == "list"), "{}", command.name);
            }
        });
    }

    #[test]
    fn help_is_written_alike() {
        visit(COMMANDS, &mut |command| {
            assert!(!command.about.ends_with('.'), "{}", command.about);
            assert!(command.about.starts_with(char::is_uppercase), "{}", command.about);
            if let Action::Run(args, _) = command.action {
                for arg in args {
                    assert!(!arg.help.is_empty() && !arg.help.ends_with('.'), "{} {}", command.name, arg.name);
                }
            }
        });
    }
}
