//! `?` at the end of a line that is not finished yet: what the word before it is.

use mailjam_rpc::records::SettingSchema;

use crate::command::{Arg, Names, Outcome};
use crate::commands::explain;
use crate::complete::{Line, Place};
use crate::error::Error;
use crate::output::{clean, or_dash};
use crate::session::Session;

use super::place;

/// The words before a `?`, if a line ends with one. In a pattern a ? has letters beside it, or quotes around the whole.
pub fn asked(words: &[String]) -> Option<&[String]> {
    let (last, before) = words.split_last()?;
    (last == "?").then_some(before)
}

/// Explains the word before, or the command that it belongs to.
pub fn answer(session: &mut Session, before: &[String]) -> Result<Outcome, Error> {
    let placed = place::place(before, session.list.as_deref());
    let words: Vec<String> = placed.words.iter().cloned().chain([String::new()]).collect();
    let line = Line::read_in_shell(&words);
    if let Some(arg) = line.waiting() {
        return Ok(explain_arg(session, arg));
    }
    let key = before.last().and_then(|word| word.split('=').next()).unwrap_or_default();
    if line.given_settings().any(|setting| setting.split('=').next() == Some(key)) {
        let schema: Vec<SettingSchema> = session.ask("list.settings.schema", vec![])?;
        if let Some(setting) = schema.iter().find(|known| known.key == key) {
            explain_setting(session, setting);
            return Ok(Outcome::Done);
        }
    }
    let named: Vec<&str> = match place::find(before) {
        Some((_, end)) => before[..end].iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect(),
        None if matches!(line.place(), Place::Nothing) => {
            return Err(Error::NothingToExplain { what: before.join(" ") });
        }
        None => before.iter().map(String::as_str).filter(|word| !word.starts_with('-')).collect(),
    };
    explain(session, &named)
}

fn explain_arg(session: &mut Session, arg: &Arg) -> Outcome {
    let title = session.screen.title(&format!("--{} {}", arg.name, arg.value));
    writeln!(session.screen, "{title}");
    for line in session.screen.wrap(arg.help, 2) {
        writeln!(session.screen, "  {line}");
    }
    if let Names::Words(words) = arg.names {
        writeln!(session.screen, "  one of: {}", words.join(", "));
    }
    Outcome::Done
}

/// A setting as "list settings" explains it.
pub fn explain_setting(session: &mut Session, setting: &SettingSchema) {
    let screen = &mut session.screen;
    let key = screen.title(&setting.key);
    writeln!(screen, "{key} = {}  (default: {})", clean(&setting.r#type), or_dash(&setting.default));
    for line in screen.wrap(&setting.help, 2) {
        writeln!(screen, "  {line}");
    }
}
