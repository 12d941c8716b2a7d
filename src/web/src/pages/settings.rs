//! The settings of a list, each with what it means, and what a change would have done to the last posts.

mod wording;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use mailjam_rpc::Value;
use mailjam_rpc::records::{List, Previewed, Retention, SettingSchema, UpdateOptions};

use super::{Answer, Frame, done_at_list, shown};
use crate::ask::{Ask, param, text};
use crate::problem::Problem;
use crate::shown::When;

/// Posts that a preview looks at.
const LAST: i32 = 100;

/// What a setting is chosen from.
enum Choice {
    /// One of these words; each with what follows from it.
    Words(Vec<(String, String)>),
    Number,
    Line,
    /// Several lines.
    Text,
}

struct Row {
    key: String,
    /// What it is about; the key where nothing better is known.
    title: String,
    help: String,
    default: String,
    value: String,
    /// Whether what is shown is typed and not saved.
    typed: bool,
    choice: Choice,
}

impl Row {
    fn of(schema: SettingSchema, ask: &Ask, list: &List) -> Row {
        let choice = match schema.r#type.as_str() {
            "int" => Choice::Number,
            "text" => Choice::Text,
            kind if kind.contains('|') && !kind.contains("ADDRESS") => {
                let meant = |word: &str| (word.to_owned(), wording::consequence(&schema.key, word).to_owned());
                Choice::Words(kind.split('|').map(meant).collect())
            }
            _ => Choice::Line,
        };
        let saved = list.settings.get(&schema.key).map(as_text).unwrap_or_default();
        let field = format!("set.{}", schema.key);
        let typed = ask.form.has(&field).then(|| ask.form.get(&field).replace("\r\n", "\n"));
        let typed = typed.filter(|typed| *typed != saved);
        Row {
            help: schema.help,
            default: schema.default,
            typed: typed.is_some(),
            value: typed.unwrap_or(saved),
            title: schema.key.clone(),
            key: schema.key,
            choice,
        }
    }
}

/// What would have gone another way.
struct Difference {
    sender: String,
    received: When,
    from: String,
    to: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    frame: Frame,
    groups: Vec<(&'static str, Vec<Row>)>,
    revision: i32,
    kept: Retention,
    preview: Option<(i32, Vec<Difference>)>,
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Long(number) => number.to_string(),
        Value::Boolean(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        _ => String::new(),
    }
}

pub async fn show(ask: Arc<Ask>) -> Answer {
    page(&ask, None, None).await
}

async fn read(ask: &Ask) -> Result<List, Problem> {
    ask.call("list.get", vec![text(ask.part("list"))]).await
}

async fn page(ask: &Ask, error: Option<String>, preview: Option<Previewed>) -> Answer {
    let frame = Frame::of_list(ask, "Settings", "settings").await?.with_error(error);
    if !frame.owner() {
        return Err(Problem::Forbidden);
    }
    let list = read(ask).await?;
    let schema: Vec<SettingSchema> = ask.call("list.settings.schema", Vec::new()).await?;
    let kept: Retention = ask.call("privacy.retention", vec![text(ask.part("list"))]).await?;
    let mut rows: Vec<Row> = schema.into_iter().map(|schema| Row::of(schema, ask, &list)).collect();
    let mut groups = Vec::new();
    for (title, known) in wording::GROUPS {
        let group: Vec<Row> = known
            .iter()
            .filter_map(|(key, title)| {
                let at = rows.iter().position(|row| row.key == *key)?;
                Some(Row { title: (*title).to_owned(), ..rows.remove(at) })
            })
            .collect();
        if !group.is_empty() {
            groups.push((title, group));
        }
    }
    if !rows.is_empty() {
        groups.push(("Others", rows));
    }
    let preview = preview.map(|preview| {
        let differences = preview.differences.into_iter().map(|one| Difference {
            sender: one.sender,
            received: When::of(one.received),
            from: one.from,
            to: one.to,
            reason: one.reason,
        });
        (preview.looked_at, differences.collect())
    });
    shown!(SettingsPage { frame, groups, revision: list.revision, kept, preview })
}

/// What was typed that is not so already.
async fn changes(ask: &Ask) -> Result<BTreeMap<String, Value>, Problem> {
    let list = read(ask).await?;
    let typed = ask.form.with_prefix("set.").map(|(key, value)| (key.to_owned(), value.replace("\r\n", "\n")));
    let changed = typed.filter(|(key, value)| list.settings.get(key).map(as_text).as_ref() != Some(value));
    Ok(changed.map(|(key, value)| (key, Value::String(value))).collect())
}

pub async fn save(ask: Arc<Ask>) -> Answer {
    let changes = changes(&ask).await?;
    if changes.is_empty() {
        return page(&ask, Some("Nothing was changed: all is as it was.".to_owned()), None).await;
    }
    let list = text(ask.part("list"));
    if ask.form.get("action") == "preview" {
        let params = vec![list, Value::Struct(changes), Value::Integer(LAST)];
        return match ask.call::<Previewed>("list.preview", params).await {
            Ok(preview) => page(&ask, None, Some(preview)).await,
            Err(problem) => page(&ask, Some(problem.for_form()?), None).await,
        };
    }
    // Of two owners who change settings at the same time the second one looks again.
    let options = UpdateOptions { if_revision: ask.form.get("revision").parse().ok(), dry_run: None };
    match ask.call_raw("list.update", vec![list, Value::Struct(changes), param(options)]).await {
        Ok(_) => done_at_list(&ask, "/settings", "saved"),
        Err(problem) => page(&ask, Some(problem.for_form()?), None).await,
    }
}
