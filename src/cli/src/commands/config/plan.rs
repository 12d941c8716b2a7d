//! What has to be called so that a daemon has what a file says, and how that is told before and after.

use std::collections::{BTreeMap, BTreeSet};

use mailjam_rpc::records::{BanOptions, Change, List, UpdateOptions};
use mailjam_rpc::{Code, Value};

use super::document::{Banned, Described, Document, Templates, as_text};
use super::state;
use crate::error::Error;
use crate::output::or_dash;
use crate::session::{Session, param, text};

/// One call.
#[derive(Debug)]
pub struct Step {
    pub method: &'static str,
    pub params: Vec<Value>,
    /// What it changes: `+` what comes, `-` what goes, `~` what becomes another, a space for what only explains.
    pub lines: Vec<(char, String)>,
}

impl Step {
    fn new(method: &'static str, params: Vec<Value>, mark: char, line: impl Into<String>) -> Step {
        Step { method, params, lines: vec![(mark, line.into())] }
    }

    /// How many things it changes.
    pub fn changes(&self) -> usize {
        self.lines.iter().filter(|(mark, _)| *mark != ' ').count()
    }
}

/// All calls for one list, or for the site.
#[derive(Debug)]
pub struct Part {
    /// The list's address, or the word for the site.
    pub place: String,
    pub steps: Vec<Step>,
}

/// All calls, in their order.
#[derive(Debug)]
pub struct Plan {
    /// Those with something to do.
    pub parts: Vec<Part>,
}

impl Plan {
    /// Compares the file with what there is.
    ///
    /// # Errors
    /// Of the daemon, and of settings that it does not know or take.
    pub fn make(session: &mut Session, document: &Document) -> Result<Plan, Error> {
        let mut parts = Vec::new();
        if let Some(site) = &document.site {
            let mut steps = Vec::new();
            if let Some(wanted) = &site.bans {
                steps.extend(bans(session, "", wanted)?);
            }
            if let Some(wanted) = &site.templates {
                let there = state::templates(session, "")?;
                steps.extend(templates("", &there, wanted));
            }
            parts.push(Part { place: crate::commands::SITE.to_owned(), steps });
        }
        for (name, wanted) in &document.lists {
            let part = match session.ask::<List>("list.get", vec![text(name)]) {
                Ok(list) => changed_list(session, &list, wanted)?,
                Err(Error::Fault { fault, .. }) if fault.code() == Some(Code::NoList) => {
                    known_settings(session, name, wanted)?;
                    new_list(name, wanted)
                }
                Err(other) => return Err(other),
            };
            parts.push(part);
        }
        parts.retain(|part| !part.steps.is_empty());
        Ok(Plan { parts })
    }

    /// How many things are changed.
    pub fn changes(&self) -> usize {
        self.parts.iter().flat_map(|part| &part.steps).map(Step::changes).sum()
    }

    /// For programs: an array of structs {place, method, params}.
    pub fn to_value(&self) -> Value {
        let steps = self.parts.iter().flat_map(|part| part.steps.iter().map(move |step| (part, step)));
        let member = |name: &str, value: Value| (name.to_owned(), value);
        let structs = steps.map(|(part, step)| {
            let params = member("params", Value::Array(step.params.clone()));
            let method = member("method", text(step.method));
            Value::Struct([member("place", text(&part.place)), method, params].into())
        });
        Value::Array(structs.collect())
    }
}

/// Settings of a list that is not there yet cannot be tried, but they can be looked up.
fn known_settings(session: &mut Session, name: &str, wanted: &Described) -> Result<(), Error> {
    let known = state::defaults(session)?;
    let unknown = wanted.settings.iter().flatten().map(|(key, _)| key).find(|key| !known.contains_key(*key));
    match unknown {
        Some(key) => {
            let reason = format!("there is no setting {key}; \"list settings\" explains all");
            Err(Error::NotAConfiguration { what: name.to_owned(), reason })
        }
        None => Ok(()),
    }
}

fn settings_of(wanted: &Described) -> BTreeMap<String, Value> {
    wanted.settings.iter().flatten().map(|(key, value)| (key.clone(), text(&as_text(value)))).collect()
}

/// A list that is not there yet.
pub fn new_list(name: &str, wanted: &Described) -> Part {
    let settings = settings_of(wanted);
    let mut create = Step::new("list.create", vec![text(name), param(settings)], '+', "list");
    let set = wanted.settings.iter().flatten();
    create.lines.extend(set.map(|(key, value)| ('+', format!("{key}: {}", or_dash(&as_text(value))))));
    let mut steps = vec![create];
    if wanted.closed == Some(true) {
        steps.push(Step::new("list.close", vec![text(name)], '+', "closed"));
    }
    steps.extend(roles(name, "owner", &[], wanted.owners.as_deref()));
    steps.extend(roles(name, "moderator", &[], wanted.moderators.as_deref()));
    steps.extend(wanted.bans.iter().flatten().map(|ban| add_ban(name, ban, None)));
    steps.extend(wanted.templates.iter().flat_map(|wanted| templates(name, &Templates::new(), wanted)));
    Part { place: name.to_owned(), steps }
}

fn changed_list(session: &mut Session, list: &List, wanted: &Described) -> Result<Part, Error> {
    let name = list.address.as_str();
    let mut steps = Vec::new();
    let settings = settings_of(wanted);
    if !settings.is_empty() {
        // The daemon knows best what differs: it reads 10M as it reads 10485760.
        let options = |dry_run| UpdateOptions { if_revision: Some(list.revision), dry_run };
        let params = |dry_run| vec![text(name), param(settings.clone()), param(options(dry_run))];
        let changes: Vec<Change> = session.ask("list.update", params(Some(true)))?;
        if !changes.is_empty() {
            let line = |Change { key, from, to }: &Change| ('~', format!("{key}: {} → {}", or_dash(from), or_dash(to)));
            let lines = changes.iter().map(line).collect();
            steps.push(Step { method: "list.update", params: params(None), lines });
        }
    }
    match wanted.closed {
        Some(true) if !list.closed => steps.push(Step::new("list.close", vec![text(name)], '~', "open → closed")),
        Some(false) if list.closed => steps.push(Step::new("list.reopen", vec![text(name)], '~', "closed → open")),
        _ => {}
    }
    if wanted.owners.is_some() || wanted.moderators.is_some() {
        let [owners, moderators] = state::roles(session, name)?;
        steps.extend(roles(name, "owner", &owners, wanted.owners.as_deref()));
        steps.extend(roles(name, "moderator", &moderators, wanted.moderators.as_deref()));
    }
    if let Some(wanted) = &wanted.bans {
        steps.extend(bans(session, name, wanted)?);
    }
    if let Some(wanted) = &wanted.templates {
        steps.extend(templates(name, &state::templates(session, name)?, wanted));
    }
    Ok(Part { place: name.to_owned(), steps })
}

/// Who gets a role and who loses it; those who get it come first, because the last owner of a list stays.
fn roles(list: &str, role: &str, there: &[String], wanted: Option<&[String]>) -> Vec<Step> {
    let Some(wanted) = wanted else { return vec![] };
    let keys = |who: &[String]| -> BTreeSet<String> { who.iter().map(|address| address.to_lowercase()).collect() };
    let (had, get) = (keys(there), keys(wanted));
    let step = |method, mark, address: &String| {
        Step::new(method, vec![text(list), text(address), text(role)], mark, format!("{role} {address}"))
    };
    let granted = wanted.iter().filter(|address| !had.contains(&address.to_lowercase()));
    let revoked = there.iter().filter(|address| !get.contains(&address.to_lowercase()));
    let granted = granted.map(|address| step("role.grant", '+', address));
    granted.chain(revoked.map(|address| step("role.revoke", '-', address))).collect()
}

fn bans(session: &mut Session, scope: &str, wanted: &[Banned]) -> Result<Vec<Step>, Error> {
    let there = state::bans(session, scope)?;
    let mut steps = Vec::new();
    for ban in wanted {
        let known = there.iter().find(|known| known.pattern.to_lowercase() == ban.key());
        let until = ban.until()?;
        let is_over = until.is_some_and(|until| until.0 <= crate::commands::now());
        if !is_over && !known.is_some_and(|known| known.reason == ban.reason() && known.until == until) {
            let from = known.map(|known| (known.until.map(|time| time.to_string()), known.reason.as_str()));
            steps.push(add_ban(scope, ban, from));
        }
    }
    let keys: BTreeSet<String> = wanted.iter().map(Banned::key).collect();
    for ban in there.iter().filter(|ban| !keys.contains(&ban.pattern.to_lowercase())) {
        steps.push(Step::new("ban.remove", vec![text(&ban.id)], '-', format!("ban {}", ban.pattern)));
    }
    Ok(steps)
}

/// `from` is how long and why so far.
fn add_ban(scope: &str, ban: &Banned, from: Option<(Option<String>, &str)>) -> Step {
    let said = |until: Option<String>, reason: &str| {
        let until = until.map_or("for ever".to_owned(), |until| format!("until {until}"));
        if reason.is_empty() { until } else { format!("{until}, {reason}") }
    };
    // Checked when the file was read.
    let until = ban.until().ok().flatten();
    let options = BanOptions { until, reason: Some(ban.reason.clone()).filter(|reason| !reason.is_empty()) };
    let to = said(until.map(|until| until.to_string()), &ban.reason);
    let (mark, line) = match from {
        Some((until, reason)) => ('~', format!("ban {}: {} → {to}", ban.pattern, said(until, reason))),
        None => ('+', format!("ban {}: {to}", ban.pattern)),
    };
    Step::new("ban.add", vec![text(scope), text(&ban.pattern), param(options)], mark, line)
}

fn templates(scope: &str, there: &Templates, wanted: &Templates) -> Vec<Step> {
    let mut steps = Vec::new();
    // The daemon writes languages in one way, people do in others.
    let find = |all: &Templates, name: &str, language: &str| -> Option<String> {
        let mut texts = all.get(name)?.iter();
        texts.find(|(known, _)| known.eq_ignore_ascii_case(language)).map(|(_, text)| text.clone())
    };
    for (name, language, new) in each(wanted) {
        let old = find(there, name, language);
        if old.as_deref() == Some(new) {
            continue;
        }
        let params = vec![text(scope), text(name), text(language), text(new)];
        let mark = if old.is_some() { '~' } else { '+' };
        let mut step = Step::new("template.set", params, mark, format!("template {name} in {language}"));
        step.lines.extend(differing_lines(old.as_deref().unwrap_or_default(), new));
        steps.push(step);
    }
    for (name, language, _) in each(there).filter(|(name, language, _)| find(wanted, name, language).is_none()) {
        let params = vec![text(scope), text(name), text(language)];
        steps.push(Step::new("template.reset", params, '-', format!("template {name} in {language}")));
    }
    steps
}

/// Name, language and text of each.
fn each(all: &Templates) -> impl Iterator<Item = (&str, &str, &str)> {
    all.iter().flat_map(|(name, texts)| texts.iter().map(move |(language, text)| (&**name, &**language, &**text)))
}

/// The lines that differ, without those that are the same before and behind.
fn differing_lines(old: &str, new: &str) -> Vec<(char, String)> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (old, new) = (&old[same..], &new[same..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(one, other)| one == other).count();
    let gone = old[..old.len() - tail].iter().map(|line| (' ', format!("  - {line}")));
    let come = new[..new.len() - tail].iter().map(|line| (' ', format!("  + {line}")));
    gone.chain(come).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_come_before_others_go_and_case_does_not_count() {
        let there = ["Ann@x.org", "bob@x.org"].map(str::to_owned);
        let wanted = ["cleo@x.org", "ann@X.org"].map(str::to_owned);
        let steps = roles("talk@x.org", "owner", &there, Some(&wanted));
        let lines: Vec<&str> = steps.iter().map(|step| step.lines[0].1.as_str()).collect();
        assert_eq!(lines, ["owner cleo@x.org", "owner bob@x.org"]);
        assert_eq!([steps[0].method, steps[1].method], ["role.grant", "role.revoke"]);
        assert!(roles("talk@x.org", "owner", &there, None).is_empty(), "what is not mentioned stays");
    }

    #[test]
    fn of_a_text_only_what_differs_is_shown() {
        let lines = differing_lines("Subject: a\n\nHello\nBye\n", "Subject: a\n\nGood day\nto all\nBye\n");
        let shown: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(shown, ["  - Hello", "  + Good day", "  + to all"]);
    }
}
