//! The manual page mailjam-cli(1): its generated parts are made of the table of commands, and compared. It is there in
//! tests only, so that nothing of it is in the program.
//!
//! clap_mangen would make a page for each of some eighty commands, from a parser that has forgotten what the table says.

use std::fmt::Write as _;
use std::path::Path;

use crate::command::{Action, Arg, Command, Form, Names};
use crate::commands::COMMANDS;
use crate::output::Style;
use crate::parser::parser;
use crate::session;

#[path = "../../../tests/support/roff.rs"]
mod roff;

use roff::{escape, with_part};

#[test]
fn the_manual_page_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/man/mailjam-cli.1");
    let committed = std::fs::read_to_string(&path).expect("docs/man/mailjam-cli.1");
    let mut current = committed.clone();
    let parts = [
        ("options", options(&session::options())),
        ("scripts", options(&session::scripts())),
        ("commands", commands(false)),
        ("shell", commands(true)),
        ("exit status", exit_status()),
    ];
    for (name, text) in parts {
        current = with_part(&current, name, &text);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, current).expect("docs/man/mailjam-cli.1 written");
    } else {
        let remedy = "UPDATE_DOCS=1 cargo test -p mailjam-cli manual";
        assert!(committed == current, "docs/man/mailjam-cli.1 is out of date; run: {remedy}");
    }
}

/// Options that belong to no command.
fn options(options: &[clap::Arg]) -> String {
    let mut text = String::new();
    for option in options {
        let value = option.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
        let long = bold(&format!("--{}", option.get_long().unwrap_or_default()));
        let short = option.get_short().map(|letter| format!("{}, ", bold(&format!("-{letter}")))).unwrap_or_default();
        item(&mut text, &format!("{short}{long}{}", value_of(&value)));
        sentence(&mut text, &option.get_help().map(ToString::to_string).unwrap_or_default());
    }
    text
}

/// All commands, or those that make sense in a shell only.
fn commands(in_shell: bool) -> String {
    let mut text = String::new();
    for command in COMMANDS.iter().filter(|command| !command.hidden && command.in_shell == in_shell) {
        writeln!(text, ".SS {}", escape(command.name)).expect("a String takes all");
        match &command.action {
            Action::Group(verbs) => {
                sentence(&mut text, command.about);
                if let Some(alias) = command.alias {
                    sentence(&mut text, &format!("The noun may also be \"{alias}\""));
                }
                for verb in verbs.iter().filter(|verb| !verb.hidden) {
                    explain(&mut text, &format!("{} {}", command.name, verb.name), verb);
                }
            }
            Action::Run(..) => explain(&mut text, command.name, command),
        }
    }
    text
}

/// One thing that can be done: how it is called, what it does, and what each argument is.
fn explain(text: &mut String, words: &str, command: &Command) {
    let args = match &command.action {
        Action::Run(args, _) => *args,
        Action::Group(_) => panic!("{words} has nouns below a noun"),
    };
    let put = |text: &mut String, line: &str| writeln!(text, "{line}").expect("a String takes all");
    put(text, &format!(".SY \"{}\"", escape(words)));
    for arg in args {
        put(text, &form(arg).replace(' ', "\\~"));
    }
    put(text, ".YS\n.RS 4");
    sentence(text, command.about);
    if let Some(alias) = command.alias {
        sentence(text, &format!("The verb may also be \"{alias}\""));
    }
    prose(text, command.details);
    for arg in args {
        item(text, &tag(arg));
        sentence(text, arg.help);
        if let Names::Words(words) = arg.names
            && !words.iter().all(|word| arg.help.contains(word))
        {
            sentence(text, &format!("One of: {}", words.join(", ")));
        }
    }
    if !command.methods.is_empty() {
        put(text, ".PP");
        sentence(text, &format!("XML-RPC: {}", command.methods.join(", ")));
    }
    put(text, ".RE");
}

/// What several paragraphs say. Those that are indented are examples.
fn prose(text: &mut String, details: &str) {
    for paragraph in details.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        let lines: Vec<&str> = paragraph.lines().collect();
        let example = lines.iter().all(|line| line.starts_with("  "));
        writeln!(text, "{}", if example { ".IP\n.EX" } else { ".PP" }).expect("a String takes all");
        for line in lines {
            let line = if example { folded(line.trim_start()) } else { line.to_owned() };
            writeln!(text, "{}", escape(&line)).expect("a String takes all");
        }
        text.push_str(if example { ".EE\n" } else { "" });
    }
}

/// A command for a shell, on as many lines as an indented example of 80 columns needs.
fn folded(command: &str) -> String {
    const WIDTH: usize = 62;
    match command.get(..WIDTH).and_then(|start| start.rfind(' ')) {
        Some(space) => format!("{} \\\n  {}", &command[..space], folded(&command[space + 1..])),
        None => command.to_owned(),
    }
}

/// An argument as it stands in a call.
fn form(arg: &Arg) -> String {
    let Arg { form, .. } = arg;
    let tag = tag(arg);
    match form {
        Form::Required | Form::NeededValue => tag,
        Form::Optional | Form::Flag | Form::Value | Form::MaybeValue => format!("[{tag}]"),
        Form::Several | Form::NeededValues => format!("{tag}...\\&"),
        Form::Any | Form::Repeated => format!("[{tag}]...\\&"),
    }
}

/// An argument as it stands before its explanation.
fn tag(arg: &Arg) -> String {
    let option = bold(&format!("--{}", arg.name));
    match arg.form {
        Form::Required | Form::Optional | Form::Several | Form::Any => italic(arg.value),
        Form::Flag => option,
        Form::MaybeValue => format!("{option} [{}]", italic(arg.value)),
        Form::Value | Form::NeededValue | Form::Repeated | Form::NeededValues => {
            format!("{option}{}", value_of(arg.value))
        }
    }
}

fn value_of(value: &str) -> String {
    if value.is_empty() { String::new() } else { format!(" {}", italic(value)) }
}

/// The exit codes, as `--help` explains them in its end.
fn exit_status() -> String {
    let help = parser(Style::PLAIN).get_after_help().map(ToString::to_string).unwrap_or_default();
    let (_, codes) = help.split_once("Exit codes:\n").expect("the exit codes in the help");
    let mut text = String::new();
    for line in codes.lines() {
        let (code, meaning) = line.trim_start().split_once("  ").expect("a code and its meaning");
        item(&mut text, &bold(code));
        sentence(&mut text, meaning);
    }
    text
}

fn item(text: &mut String, tag: &str) {
    writeln!(text, ".TP\n{tag}").expect("a String takes all");
}

/// What stands in the table, with the full stop that it has not there.
fn sentence(text: &mut String, words: &str) {
    writeln!(text, "{}.", escape(words)).expect("a String takes all");
}

fn bold(words: &str) -> String {
    format!("\\fB{}\\fR", escape(words))
}

fn italic(words: &str) -> String {
    format!("\\fI{}\\fR", escape(words))
}
