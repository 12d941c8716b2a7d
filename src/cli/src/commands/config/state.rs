//! What a daemon has, in the shape of the file.

use std::collections::BTreeMap;

use mailjam_rpc::records::{Ban, List, Role, SettingSchema, Template, TemplateText};
use mailjam_rpc::{Time, Value};

use super::document::{Banned, Described, Site, Templates};
use crate::commands::moment;
use crate::error::Error;
use crate::session::{Session, text};

/// A list with all that belongs to it.
pub fn describe(session: &mut Session, list: &List) -> Result<Described, Error> {
    let [owners, moderators] = roles(session, &list.address)?;
    let settings = list.settings.iter().filter_map(|(key, value)| Some((key.clone(), in_toml(value)?)));
    Ok(Described {
        closed: Some(list.closed),
        owners: Some(owners),
        moderators: Some(moderators),
        settings: Some(settings.collect()),
        bans: Some(bans(session, &list.address)?.iter().map(in_file).collect()),
        templates: Some(templates(session, &list.address)?),
    })
}

/// The owners and the moderators of a list.
pub fn roles(session: &mut Session, list: &str) -> Result<[Vec<String>; 2], Error> {
    let roles: Vec<Role> = session.ask("role.list", vec![text(list)])?;
    Ok(["owner", "moderator"].map(|role| {
        let who = roles.iter().filter(|known| known.role == role).map(|known| known.address.clone());
        let mut who: Vec<String> = who.collect();
        who.sort_unstable();
        who
    }))
}

/// What is for all lists; none where there is nothing.
pub fn site(session: &mut Session) -> Result<Option<Site>, Error> {
    let bans: Vec<Banned> = bans(session, "")?.iter().map(in_file).collect();
    let templates = templates(session, "")?;
    let filled = !bans.is_empty() || !templates.is_empty();
    Ok(filled.then_some(Site { bans: Some(bans), templates: Some(templates) }))
}

/// Every setting's default, as text.
pub fn defaults(session: &mut Session) -> Result<BTreeMap<String, String>, Error> {
    let schema: Vec<SettingSchema> = session.ask("list.settings.schema", vec![])?;
    Ok(schema.into_iter().map(|setting| (setting.key, setting.default)).collect())
}

/// The bans of a list, or of the site, that are not over.
pub fn bans(session: &mut Session, scope: &str) -> Result<Vec<Ban>, Error> {
    let mut bans: Vec<Ban> = session.ask("ban.list", vec![text(scope)])?;
    let now = Time(moment::now());
    bans.retain(|ban| ban.until.is_none_or(|until| until > now));
    Ok(bans)
}

fn in_file(ban: &Ban) -> Banned {
    let until = ban.until.and_then(|until| until.to_string().parse().ok());
    Banned { pattern: ban.pattern.clone(), reason: ban.reason.clone(), until }
}

/// The texts that were written for a list, or for the site.
pub fn templates(session: &mut Session, scope: &str) -> Result<Templates, Error> {
    let origin = if scope.is_empty() { "site" } else { "list" };
    let all: Vec<Template> = session.ask("template.list", vec![text(scope)])?;
    let mut own = Templates::new();
    for template in all.into_iter().filter(|template| template.origin == origin) {
        let params = vec![text(scope), text(&template.name), text(&template.language)];
        let found: TemplateText = session.ask("template.get", params)?;
        own.entry(template.name).or_default().insert(template.language, found.text);
    }
    Ok(own)
}

/// A setting; none for what no setting is.
fn in_toml(value: &Value) -> Option<toml::Value> {
    Some(match value {
        Value::String(text) => toml::Value::String(text.clone()),
        Value::Integer(number) => toml::Value::Integer((*number).into()),
        Value::Long(number) => toml::Value::Integer(*number),
        Value::Boolean(yes) => toml::Value::Boolean(*yes),
        _ => return None,
    })
}
