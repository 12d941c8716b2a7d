//! `template`: the texts that lists send.

use std::path::Path;

use mailjam_rpc::records::{Rendered, Template, TemplateText};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::clean;
use crate::output::table::{Table, whole, words};
use crate::session::{Session, text};

use super::{SITE, called, scope};

const OPTIONAL_SCOPE: Arg =
    Arg::new("scope", Form::Optional, "SCOPE", "List or domain; else the site").names(Names::ListOrDomainOr(SITE));
const SCOPE: Arg =
    Arg::new("scope", Form::Required, "SCOPE", "List or domain, or the word site").names(Names::ListOrDomainOr(SITE));
const NAME: Arg =
    Arg::new("name", Form::Required, "NAME", "Name of a template, from \"template list\"").names(Names::Template);
const LANGUAGE: Arg =
    Arg::new("language", Form::Required, "LANGUAGE", "Language, such as en or pt-BR").names(Names::TemplateLanguage);
const IN_LANGUAGE: Arg = Arg::new("language", Form::Value, "LANGUAGE", "In this language; else in that of the scope")
    .names(Names::TemplateLanguage);
const FILE: Arg =
    Arg::new("file", Form::Required, "FILE", "File with the text; - for standard input").names(Names::File);
const TRIED: Arg =
    Arg::new("file", Form::Value, "FILE", "Render the text in FILE instead; - for standard input").names(Names::File);

pub const NOUN: Command = Command::group(
    "template",
    "Texts that lists send",
    &[
        Command::new(
            "list",
            "Show all templates, and where their texts come from",
            &["template.list"],
            &[OPTIONAL_SCOPE],
            list,
        ),
        Command::new("show", "Print a text as it is", &["template.get"], &[SCOPE, NAME, IN_LANGUAGE], show)
            .alias("get")
            .details(
                "\
What is printed is what \"template set\" takes, so that a text can be changed in a file:

  mailjam-cli template show site welcome > welcome.txt
  mailjam-cli template set talk@lists.example.org welcome en welcome.txt

--json has what may stand in {{ }} as well.",
            ),
        Command::new("set", "Write a text of one's own", &["template.set"], &[SCOPE, NAME, LANGUAGE, FILE], set)
            .details(
                "\
The text is UTF-8: a line \"Subject: ...\", an empty line, the body. One that cannot be rendered is refused. \
A list uses its own text, or else that of its domain, of the site, or of mailjam.",
            ),
        Command::new(
            "reset",
            "Remove a text of one's own, so that the one above it is used again",
            &["template.reset"],
            &[SCOPE, NAME, LANGUAGE],
            reset,
        ),
        Command::new(
            "render",
            "Show how a text comes out with made-up values",
            &["template.render"],
            &[SCOPE, NAME, IN_LANGUAGE, TRIED],
            render,
        ),
    ],
);

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.show("template.list", vec![text(scope(args, "scope"))], |screen, templates: Vec<Template>| {
        let row = |Template { name, language, origin, help }| [name, language, origin, help];
        let rows: Vec<_> = templates.into_iter().map(row).collect();
        Table::new([whole("NAME"), whole("LANGUAGE"), whole("FROM"), words("SENT FOR")]).rows(screen, &rows);
    })
}

fn show(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let mut params = vec![text(scope(args, "scope")), text(args.text("name"))];
    params.extend(args.optional("language").map(text));
    session.show("template.get", params, |screen, template: TemplateText| screen.text(&template.text))
}

fn set(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (scope, name, language) = (scope(args, "scope"), args.text("name"), args.text("language"));
    let written = session.read(args.file("file").unwrap_or(Path::new("-")))?;
    let params = vec![text(scope), text(name), text(language), text(&written)];
    session.show("template.set", params, |screen, _: bool| {
        writeln!(screen, "{} in {language} is set for {}", clean(name), called(scope));
    })
}

fn reset(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (scope, name, language) = (scope(args, "scope"), args.text("name"), args.text("language"));
    session.show("template.reset", vec![text(scope), text(name), text(language)], |screen, _: bool| {
        writeln!(screen, "{} in {language} is no longer set for {}", clean(name), called(scope));
    })
}

fn render(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let language = args.optional("language");
    let tried = args.file("file").map(|file| session.read(file)).transpose()?;
    let mut params = vec![text(scope(args, "scope")), text(args.text("name"))];
    // Parameters are passed by position, so a text needs a language in front of it.
    if language.is_some() || tried.is_some() {
        params.push(text(language.unwrap_or_default()));
    }
    params.extend(tried.as_deref().map(text));
    session.show("template.render", params, |screen, rendered: Rendered| {
        let subject = clean(&rendered.subject);
        writeln!(screen, "Subject: {subject}\n");
        screen.text(&rendered.body);
    })
}
