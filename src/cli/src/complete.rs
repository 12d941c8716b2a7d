//! What may come at the end of a command line, whoever asks: the shells' completions, or the shell of this program.
//!
//! [`Line`] reads the words by the table of commands, [`complete`] says what fits, and for names it asks the daemon.

mod known;
mod line;
mod shells;

use mailjam_rpc::Value;
use mailjam_rpc::catalogue::METHODS;

use crate::command::{Action, Arg, Command, Names};
use crate::commands::COMMANDS;
use crate::session::DEFAULT_SERVER;

use known::Known;
pub use line::{Line, Place};
pub use shells::{LARGEST_ANSWER, PATIENCE, answer, call, script};

/// Calls a method; nothing when there is no answer, or none in time.
pub type Ask<'a> = dyn FnMut(&str, Vec<Value>) -> Option<Value> + 'a;

/// A word that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word. It begins with what was typed.
    pub value: String,
    /// For people; empty where the word says enough.
    pub description: String,
}

impl Candidate {
    fn new(value: impl Into<String>, description: impl Into<String>) -> Candidate {
        Candidate { value: value.into(), description: description.into() }
    }

    /// Whether the word is only the beginning of one, such as `subject_prefix=`.
    pub fn goes_on(&self) -> bool {
        self.value.ends_with(['=', ':'])
    }
}

/// All that fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    pub candidates: Vec<Candidate>,
    /// Names of files fit as well, from this byte of the word on.
    pub files_from: Option<usize>,
}

/// What fits at the end of the line.
pub fn complete(line: &Line<'_>, ask: &mut Ask<'_>) -> Completion {
    match line.place() {
        Place::Nothing => Completion::default(),
        Place::Commands(commands) => words(commands_like(commands, line)),
        Place::Options(options) => {
            let options = options.into_iter().map(|arg| Candidate::new(format!("--{}", arg.name), arg.help));
            words(options.filter(|option| option.value.starts_with(line.typed)).collect())
        }
        Place::Value { arg, from } => value(line, arg, from, ask),
    }
}

fn words(candidates: Vec<Candidate>) -> Completion {
    Completion { candidates, files_from: None }
}

/// Nouns or verbs. Another word for one is offered only to those who are typing that one.
fn commands_like(commands: &[Command], line: &Line<'_>) -> Vec<Candidate> {
    let named = |name: fn(&Command) -> Option<&'static str>| -> Vec<Candidate> {
        let shown = commands.iter().filter(|command| !command.hidden && (line.in_shell || !command.in_shell));
        let fitting = shown.filter_map(|command| Some((name(command)?, command.about)));
        fitting
            .filter(|(name, _)| name.starts_with(line.typed))
            .map(|(name, about)| Candidate::new(name, about))
            .collect()
    };
    let names = named(|command| Some(command.name));
    if names.is_empty() { named(|command| command.alias) } else { names }
}

/// Values of an argument. The part of the word before `from` names the option.
fn value(line: &Line<'_>, arg: &'static Arg, from: usize, ask: &mut Ask<'_>) -> Completion {
    let (option, typed) = line.typed.split_at(from);
    let list = |words: &[&'static str]| -> Vec<Candidate> {
        words.iter().filter(|word| word.starts_with(typed)).map(|word| Candidate::new(*word, "")).collect()
    };
    let words_of = |commands: &[Command]| -> Vec<Candidate> {
        let shown = commands.iter().filter(|command| !command.hidden && command.name.starts_with(typed));
        shown.map(|command| Candidate::new(command.name, command.about)).collect()
    };
    let mut known = Known { line, typed, ask };
    let mut found = match arg.names {
        Names::Text | Names::Number => vec![],
        Names::Noun => words_of(COMMANDS),
        Names::Verb => match COMMANDS.iter().find(|command| line.given("noun").any(|noun| command.name == noun)) {
            Some(Command { action: Action::Group(verbs), .. }) => words_of(verbs),
            _ => vec![],
        },
        Names::File => return Completion { candidates: vec![], files_from: Some(from) },
        Names::Server => match typed.strip_prefix("unix:") {
            Some(path) if path.starts_with('/') && !DEFAULT_SERVER.starts_with(typed) => {
                return Completion { candidates: vec![], files_from: Some(line.typed.len() - path.len()) };
            }
            _ => list(&[DEFAULT_SERVER]),
        },
        Names::Words(words) => list(words),
        Names::List => known.lists(),
        Names::ListOr(word) => [list(&[word]), known.lists()].concat(),
        Names::ListOrDomainOr(word) => [list(&[word]), known.domains(), known.lists()].concat(),
        Names::NewList => known.new_lists(),
        Names::Member => known.members(),
        Names::RoleHolder => known.role_holders(),
        Names::Account => known.accounts(),
        Names::Domain => known.domains(),
        Names::Setting => known.settings(arg.name),
        Names::Token => known.tokens(),
        Names::Scope(words, of_lists) => [list(words), known.scopes(of_lists)].concat(),
        Names::QueueItem => known.queue_items(),
        Names::Held => known.held(),
        Names::Template => known.templates(),
        Names::TemplateLanguage => known.template_languages(),
        Names::Method => METHODS
            .iter()
            .filter(|method| method.name.starts_with(typed))
            .map(|method| Candidate::new(method.name, method.help))
            .collect(),
    };
    // What is on the line already need not be said twice.
    found.retain(|candidate| !line.given(arg.name).any(|given| given.eq_ignore_ascii_case(&candidate.value)));
    for candidate in &mut found {
        candidate.value.insert_str(0, option);
    }
    words(found)
}

#[cfg(test)]
mod tests;
