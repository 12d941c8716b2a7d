//! `list clone`: a new list that is like another one, but for its members.

use mailjam_rpc::Value;
use mailjam_rpc::records::List;

use crate::command::{Args, Outcome};
use crate::commands::config::plan::{Plan, new_list};
use crate::commands::config::{document, perform, state};
use crate::commands::setting;
use crate::error::Error;
use crate::session::{Session, text};

pub fn clone(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let own = setting::parse(&args.many("setting"))?;
    let list: List = session.ask("list.get", vec![text(args.text("list"))])?;
    let mut described = state::describe(session, &list)?;
    // A new list takes posts, whatever the other one does just now.
    described.closed = None;
    let defaults = state::defaults(session)?;
    if let Some(settings) = &mut described.settings {
        settings.retain(|key, value| defaults.get(key) != Some(&document::as_text(value)));
        let own = own.into_iter().filter_map(|(key, value)| match value {
            Value::String(value) => Some((key, toml::Value::String(value))),
            _ => None,
        });
        settings.extend(own);
    }
    let new = args.text("new-address");
    let done = perform(session, &Plan { parts: vec![new_list(new, &described)] });
    done.map(|()| Outcome::Done).map_err(|error| match error {
        Error::ApplyStopped { cause, .. } => Error::HalfAClone { list: new.to_owned(), cause },
        other => other,
    })
}
