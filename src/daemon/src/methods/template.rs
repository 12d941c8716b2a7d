//! `template.*`: the texts that lists send, and those that people wrote in their place.

use std::sync::Arc;

use mailjam_core::template::{self, LARGEST, Name};
use mailjam_rpc::records::{Rendered, Template, TemplateText};
use mailjam_rpc::{Code, Fault, Value};
use mailjam_store::{ListRow, Session, TemplateRow, TemplateScope};
use minijinja::context;

use super::domain::domain_name;
use super::{Failed, find_list, unknown, value};
use crate::actor::{Actor, Deed};
use crate::daemon::{Daemon, now};
use crate::params::Params;

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    let actor = params.actor.clone();
    let store = &daemon.store;
    let scope = params.take::<String>()?;
    if verb == "list" {
        return store.read(move |session| list(session, &scope)).await.map(value).map_err(Fault::from);
    }
    let name = params.take::<String>()?;
    let known = Named::find(&name).ok_or_else(|| no_template(&name))?;
    let result = match verb {
        "get" => {
            let language = params.optional::<String>()?.unwrap_or_default();
            store.read(move |session| get(session, &scope, &known, &language)).await.map(value)
        }
        "set" => {
            let (language, text) = (params.take::<String>()?, params.take::<String>()?);
            try_out(&text).map_err(Fault::from)?;
            store.write(move |session| set(session, &actor, &scope, known, &language, text)).await
        }
        "reset" => {
            let language = params.take::<String>()?;
            store.write(move |session| reset(session, &actor, &scope, &known, &language)).await
        }
        "render" => {
            let language = params.optional::<String>()?.unwrap_or_default();
            let text = params.optional::<String>()?;
            store.read(move |session| rendered(session, &scope, &known, &language, text)).await.map(value)
        }
        _ => return Err(unknown(verb)),
    };
    result.map_err(Fault::from)
}

fn no_template(name: &str) -> Fault {
    let names: Vec<&str> = Name::ALL.iter().map(|name| name.name()).collect();
    let names = names.join(", ");
    let text = format!("no template {name:?}; there are {names}, and {}NAME for canned rejections", template::CANNED);
    Fault::new(Code::NoItem, text)
}

/// A template by its name: one that comes with mailjam, or a canned rejection that people made.
#[derive(Clone, Debug)]
struct Named {
    name: String,
    /// `None` for one that people made.
    known: Option<Name>,
}

impl Named {
    fn find(name: &str) -> Option<Named> {
        let known = Name::from_name(name);
        (known.is_some() || template::canned(name).is_some()).then(|| Named { name: name.to_owned(), known })
    }

    fn variables(&self) -> Vec<String> {
        self.known.unwrap_or(Name::Rejected).variables().iter().map(|&name| name.to_owned()).collect()
    }
}

/// A place where texts can be written, and those above it, whose texts are used where it has none.
struct Place {
    /// With the words for them, the nearest first.
    scopes: Vec<(TemplateScope, &'static str)>,
    list: Option<ListRow>,
}

impl Place {
    fn find(session: &dyn Session, text: &str) -> Result<Place, Failed> {
        let mut scopes = Vec::new();
        let mut list = None;
        if !text.is_empty() {
            list = find_list(session, text)?;
            let domain = match &list {
                Some(row) => {
                    scopes.push((TemplateScope::List(row.id), "list"));
                    row.list.address.ascii_domain().into_owned()
                }
                None => {
                    let domain = domain_name(text).filter(|_| !text.contains('@'));
                    let domain = domain.map(|name| session.domain(&name)).transpose()?.flatten();
                    domain.ok_or_else(|| Failed::new(Code::NoList, format!("no list and no domain {text}")))?.name
                }
            };
            scopes.push((TemplateScope::Domain(domain), "domain"));
        }
        scopes.push((TemplateScope::Site, "site"));
        Ok(Place { scopes, list })
    }

    /// A language as it was given, or the list's.
    fn language(&self, wanted: &str) -> Result<String, Failed> {
        if wanted.is_empty() {
            return Ok(self.list.as_ref().map_or("en", |row| &row.list.settings.language).to_owned());
        }
        super::member::language(wanted)
    }

    fn text(&self, session: &dyn Session, named: &Named, language: &str) -> Result<(String, &'static str), Failed> {
        for (scope, word) in &self.scopes {
            if let Some(text) = session.template(scope, &named.name, language)? {
                return Ok((text, word));
            }
        }
        match named.known {
            Some(name) => Ok((template::text(name, language).to_owned(), "mailjam")),
            None => Err(Failed::new(Code::NoItem, format!("nobody has written {} in {language}", named.name))),
        }
    }
}

fn list(session: &dyn Session, scope: &str) -> Result<Vec<Template>, Failed> {
    let place = Place::find(session, scope)?;
    let mut own = Vec::new();
    for (scope, word) in &place.scopes {
        own.extend(session.templates(scope)?.into_iter().map(|row| (row.name, row.language, *word)));
    }
    let mut templates = Vec::new();
    for name in Name::ALL {
        let mut languages: Vec<String> = template::languages().iter().map(|&language| language.to_owned()).collect();
        languages.extend(languages_of(&own, name.name()));
        templates.extend(versions(&own, name.name(), name.help(), languages));
    }
    let mut made: Vec<&String> =
        own.iter().map(|(name, ..)| name).filter(|name| Name::from_name(name).is_none()).collect();
    made.sort_unstable();
    made.dedup();
    for name in made {
        let word = template::canned(name).unwrap_or_default();
        let help = format!("Refuses a post where the reason begins with #{word}.");
        templates.extend(versions(&own, name, &help, languages_of(&own, name).collect()));
    }
    Ok(templates)
}

/// Texts that people wrote: name, language and the word for where.
type Own = (String, String, &'static str);

fn languages_of<'o>(own: &'o [Own], name: &'o str) -> impl Iterator<Item = String> + 'o {
    own.iter().filter(move |(known, ..)| known == name).map(|(_, language, _)| language.clone())
}

/// A template in each language that there is of it, and where each comes from.
fn versions(own: &[Own], name: &str, help: &str, mut languages: Vec<String>) -> Vec<Template> {
    languages.sort_unstable();
    languages.dedup();
    let version = |language: String| {
        let origin = own.iter().find(|(known, tag, _)| known == name && *tag == language);
        Template {
            name: name.to_owned(),
            origin: origin.map_or("mailjam", |(_, _, word)| word).to_owned(),
            language,
            help: help.to_owned(),
        }
    };
    languages.into_iter().map(version).collect()
}

fn get(session: &dyn Session, scope: &str, named: &Named, language: &str) -> Result<TemplateText, Failed> {
    let place = Place::find(session, scope)?;
    let language = place.language(language)?;
    let (text, origin) = place.text(session, named, &language)?;
    Ok(TemplateText {
        name: named.name.clone(),
        language,
        origin: origin.to_owned(),
        text,
        variables: named.variables(),
    })
}

fn set(
    session: &mut dyn Session,
    actor: &Actor,
    scope: &str,
    named: Named,
    language: &str,
    text: String,
) -> Result<Value, Failed> {
    let place = Place::find(session, scope)?;
    let language = place.language(language)?;
    if text.len() > LARGEST {
        return Err(Failed::new(Code::TooLarge, format!("the text has {} octets, at most {LARGEST}", text.len())));
    }
    let Some((own, _)) = place.scopes.first() else { return Err(Failed::new(Code::NoList, "no scope")) };
    if named.known.is_some_and(Name::is_sites_own) && *own != TemplateScope::Site {
        let text = format!("name: {} lets people in everywhere, so only the site can have another text", named.name);
        return Err(Failed::new(Code::InvalidParameters, text));
    }
    let row = TemplateRow { name: named.name, language, text };
    let before = session.template(own, &row.name, &row.language)?.unwrap_or_default();
    session.set_template(own, &row, now())?;
    let target = format!("{} {}", row.name, row.language);
    let deed = Deed { action: "template.set", target: &target, before: &before, after: &row.text };
    actor.did(session, place.list.as_ref(), deed)?;
    Ok(Value::Boolean(true))
}

fn reset(
    session: &mut dyn Session,
    actor: &Actor,
    scope: &str,
    named: &Named,
    language: &str,
) -> Result<Value, Failed> {
    let place = Place::find(session, scope)?;
    let language = place.language(language)?;
    let Some((own, word)) = place.scopes.first() else { return Err(Failed::new(Code::NoList, "no scope")) };
    let before = session.template(own, &named.name, &language)?.unwrap_or_default();
    if !session.reset_template(own, &named.name, &language)? {
        let text = format!("the {word} has no text of its own for {} in {language}", named.name);
        return Err(Failed::new(Code::NoItem, text));
    }
    let target = format!("{} {language}", named.name);
    let deed = Deed { action: "template.reset", target: &target, before: &before, after: "" };
    actor.did(session, place.list.as_ref(), deed)?;
    Ok(Value::Boolean(true))
}

fn rendered(
    session: &dyn Session,
    scope: &str,
    named: &Named,
    language: &str,
    text: Option<String>,
) -> Result<Rendered, Failed> {
    let place = Place::find(session, scope)?;
    let language = place.language(language)?;
    let text = match text {
        Some(text) => text,
        None => place.text(session, named, &language)?.0,
    };
    let found = try_out(&text)?;
    Ok(Rendered { subject: found.subject, body: found.body })
}

/// Renders a text with values that it may meet.
fn try_out(text: &str) -> Result<template::Rendered, Failed> {
    let list = "talk@lists.example.org";
    let values = context! {
        list, address => "ann@example.org", name => "Ann", description => "What it is for",
        owner => "talk-owner@lists.example.org", request => "talk-request@lists.example.org",
        subscribe => "talk-subscribe@lists.example.org", unsubscribe => "talk-unsubscribe@lists.example.org",
        help => "talk-help@lists.example.org", confirm => "talk-confirm+token@lists.example.org",
        approve => "talk-confirm+token@lists.example.org", deny => "talk-confirm+token@lists.example.org",
        cancel => "talk-confirm+token@lists.example.org",
        act => "subscribe", action => "approve", value => "2027-01-31", why => "expired", reason => "Because.",
        unknown => false, allowed => true, members => ["ann@example.org", "bob@example.org"], count => 1, more => 0,
        days => 3, subject => "Dinner", sender => "Ann <ann@example.org>", by => "mod@example.org",
        at => "2027-01-01 12:00 UTC", volume => 2027, issue => 12,
        enable => "talk-confirm+token@lists.example.org", member => "bob@example.org", event => "disabled", last => false,
        diagnostic => "550 5.1.1 no such user", link => "https://lists.example.org/login/token", minutes => 15,
        posts => [context! {
            sender => "Ann <ann@example.org>", subject => "Dinner", rule => "moderated", reason => "posts need approval",
            approve => "talk-confirm+token@lists.example.org", trust => "talk-confirm+token@lists.example.org",
            reject => "talk-confirm+token@lists.example.org", discard => "talk-confirm+token@lists.example.org",
            replies => true,
        }],
        canned => ["command", "off-topic"],
    };
    template::render(text, &values).map_err(|error| {
        let detail = error.detail().unwrap_or_default();
        let line = error.line().map(|line| format!("line {line}: ")).unwrap_or_default();
        Failed::new(Code::InvalidParameters, format!("text: {line}{} {detail}", error.kind()))
    })
}
