//! `use`, `help` and `exit`: what makes sense between other commands only, in a shell or a script.

use mailjam_rpc::records::List;

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::clean;
use crate::parser::shell_parser;
use crate::session::{Session, text};
use crate::shell::show_help;

const LIST: Arg =
    Arg::new("list", Form::Optional, "LIST", "Posting address or list-id; else no list any more").names(Names::List);
const NOUN: Arg = Arg::new("noun", Form::Optional, "NOUN", "What is explained; else all").names(Names::Noun);
const VERB: Arg = Arg::new("verb", Form::Optional, "VERB", "What is explained of that").names(Names::Verb);

pub const USE: Command = Command::new("use", "Put a list in use, or none", &["list.get"], &[LIST], use_list)
    .details(
        "The list stands for LIST and SCOPE in all commands that follow, where no word for it is typed any more. \
--list names another one for a single command. \
The word site, and the list that is in use, may be typed all the same.",
    )
    .in_shell();

pub const HELP: Command =
    Command::new("help", "Explain the commands, or one of them", &[], &[NOUN, VERB], help).in_shell();

pub const EXIT: Command =
    Command::new("exit", "Leave the shell, or end the script", &[], &[], exit).alias("quit").in_shell();

fn use_list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let Some(name) = args.optional("list") else {
        session.list = None;
        return Ok(Outcome::Done);
    };
    // By its address, whichever name was typed, because that is what the prompt shows.
    let List { address, .. } = session.ask("list.get", vec![text(name)])?;
    session.list = Some(clean(&address).into_owned());
    Ok(Outcome::Done)
}

fn help(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let words: Vec<&str> = ["noun", "verb"].iter().filter_map(|name| args.optional(name)).collect();
    explain(session, &words)
}

/// Shows what `--help` behind these words would.
pub fn explain(session: &mut Session, words: &[&str]) -> Result<Outcome, Error> {
    let mut parser = shell_parser(session.screen.style());
    parser.build();
    let mut command = &mut parser;
    for word in words {
        let nothing = || Error::NothingToExplain { what: words.join(" ") };
        command = command.find_subcommand_mut(word).ok_or_else(nothing)?;
    }
    show_help(session, &command.render_help());
    Ok(Outcome::Done)
}

fn exit(_: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    Ok(Outcome::Leave)
}
