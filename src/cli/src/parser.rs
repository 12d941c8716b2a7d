//! The parsers: of the program's command line, and of a line in its shell; both made of the table of commands.

use clap::{ArgAction, ArgMatches, ColorChoice};

use crate::command::{Action, Arg, Args, Command, Outcome};
use crate::commands::COMMANDS;
use crate::error::Error;
use crate::output::Style;
use crate::session::{self, Session};

const ABOUT: &str = "Manages the mailing lists of a mailjam daemon";

const MANUAL: &str = "\
\"mailjam-cli NOUN --help\" shows the verbs of a noun, \"mailjam-cli NOUN VERB --help\" explains one.
Alone on a terminal it is a shell; alone with something else on standard input it reads commands there, one a line.

Without --server the daemon is the one in MAILJAM_SERVER, or unix:/run/mailjam/control.sock.
A token for http is read from --token-file or MAILJAM_TOKEN. There is no option that takes the token itself, because \
everybody on the machine can read the command lines of all processes.
In JSON, times are written as RFC 3339 has them and bytes in base64; members that are not set are not there. \
A command that makes several calls prints an answer a line.

Exit codes:
  0  done
  1  failed: the daemon refused, or a file could not be read or written
  2  the command line was not understood
  3  the daemon cannot be reached, or did not answer
  4  some of several items were refused, the others are done
  130  interrupted by Ctrl-C";

/// What the help of a shell ends with.
const SHELL_MANUAL: &str = "\
\"help NOUN VERB\" explains one command, and so does a ? at the end of a line that is not finished yet.
\"use LIST\" stands for LIST and SCOPE in all that follows; --list names another one for a single command.
Quotes, \\ and # are those of a POSIX shell; nothing is expanded but a ~/ in front.
TAB completes, Ctrl-R searches what was typed before, Ctrl-C gives a line or a command up, Ctrl-D leaves.";

/// The parser of the whole command line.
pub fn parser(style: Style) -> clap::Command {
    let root = clap::Command::new("mailjam-cli")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(MANUAL)
        .override_usage("mailjam-cli [OPTIONS] [NOUN VERB [ARGS]]")
        .args(session::options())
        .args(session::scripts());
    with_commands(root, style, |command| !command.in_shell)
}

/// The parser of a line in a shell or a script.
pub fn shell_parser(style: Style) -> clap::Command {
    let root = clap::Command::new("mailjam")
        .no_binary_name(true)
        .bin_name("")
        .about("Commands, each a noun and a verb")
        .after_help(SHELL_MANUAL)
        .override_usage("NOUN VERB [ARGS]")
        .disable_help_flag(true)
        .arg(clap::Arg::new("help").long("help").short('h').action(ArgAction::Help).hide(true).global(true))
        .args(session::shell_options())
        .subcommand_required(true);
    with_commands(root, style, |_| true)
}

fn with_commands(root: clap::Command, style: Style, wanted: fn(&Command) -> bool) -> clap::Command {
    let root = root
        .subcommand_value_name("NOUN")
        .subcommand_help_heading("Nouns")
        .color(if style.is_plain() { ColorChoice::Never } else { ColorChoice::Auto })
        .disable_help_subcommand(true)
        .max_term_width(100);
    let commands = COMMANDS.iter().filter(|command| wanted(command));
    commands.fold(root, |root, command| root.subcommand(subparser(command)))
}

fn subparser(command: &Command) -> clap::Command {
    let parser = clap::Command::new(command.name)
        .about(command.about)
        .visible_aliases(command.alias)
        .hide(command.hidden)
        .disable_help_subcommand(true);
    match &command.action {
        Action::Group(verbs) => {
            let group = parser
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand_value_name("VERB")
                .subcommand_help_heading("Verbs");
            verbs.iter().fold(group, |group, verb| group.subcommand(subparser(verb)))
        }
        Action::Run(args, _) => parser.args(args.iter().map(Arg::parser)).after_help(after_help(command)),
    }
}

/// What the command explains at length, and the methods behind it for those who write programs.
fn after_help(command: &Command) -> String {
    let methods = command.methods.join(", ");
    match (command.details, methods.is_empty()) {
        (details, true) => details.to_owned(),
        ("", false) => format!("XML-RPC: {methods}"),
        (details, false) => format!("{details}\n\nXML-RPC: {methods}"),
    }
}

/// Carries out the command that was parsed.
pub fn dispatch(matches: &ArgMatches, session: &mut Session) -> Result<Outcome, Error> {
    let mut commands = COMMANDS;
    let mut matches = matches;
    while let Some((name, inner)) = matches.subcommand() {
        matches = inner;
        match commands.iter().find(|command| command.name == name).map(|command| &command.action) {
            Some(Action::Group(verbs)) => commands = verbs,
            Some(Action::Run(_, run)) => return run(session, &Args::of(matches)),
            None => break,
        }
    }
    // The parser is made of the same table and insists on a verb.
    unreachable!("a command that is not in the table was parsed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_makes_a_valid_parser() {
        parser(Style::PLAIN).debug_assert();
        shell_parser(Style::PLAIN).debug_assert();
    }
}
