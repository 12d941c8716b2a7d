//! A small site for the daemon to tell of.

use std::collections::BTreeMap;

use mailjam_rpc::records::{List, Member, Page, SettingSchema};
use mailjam_rpc::{Code, Shape, Time, Value};

use super::daemon::{Answer, Call, fault, value};

/// 2026-11-24T08:30:00Z
pub const NOW: Time = Time(1_795_509_000);

/// The one list that everybody knows.
pub const TALK: &str = "talk@lists.example.org";

pub fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

pub fn struct_of<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Struct(members.map(|(name, value)| (name.to_owned(), value)).into())
}

pub fn list(address: &str, members: i32, closed: bool, description: &str) -> List {
    let settings =
        [("description", text(description)), ("max_size", Value::Integer(65_536)), ("post_policy", text("open"))];
    List {
        address: address.to_owned(),
        list_id: address.replace('@', "."),
        closed,
        revision: 3,
        members,
        created: NOW,
        settings: settings.map(|(key, value)| (key.to_owned(), value)).into(),
    }
}

pub fn lists() -> Vec<List> {
    vec![
        list("announce@lists.example.org", 12_345, true, ""),
        list(TALK, 7, false, "Talk about everything, in every language that anybody speaks"),
    ]
}

pub fn schema() -> Vec<SettingSchema> {
    let setting = |key: &str, kind: &str, default: &str, help: &str| SettingSchema {
        key: key.to_owned(),
        r#type: kind.to_owned(),
        default: default.to_owned(),
        help: help.to_owned(),
    };
    vec![
        setting("post_policy", "open|members", "members", "Who may post."),
        setting("max_size", "octets", "65536", "Largest message taken."),
        setting("description", "string", "", "One line that says what the list is for, shown to people."),
    ]
}

pub fn member(address: &str, name: &str) -> Member {
    Member {
        address: address.to_owned(),
        name: name.to_owned(),
        mode: "post".to_owned(),
        since: NOW,
        language: None,
        away_until: None,
        own_posts: true,
        posting: "default".to_owned(),
        approved: 0,
        disabled: None,
    }
}

/// All of it on one page.
pub fn page<T: Shape>(items: Vec<T>) -> Page<T> {
    Page { total: items.len().try_into().unwrap(), items, next: None }
}

/// What the site answers when a test has nothing else in mind.
pub fn answer(call: &Call) -> Answer {
    match (call.method.as_str(), call.params.first()) {
        ("list.list", _) => value(page(lists())),
        ("list.settings.schema", _) => value(schema()),
        (_, Some(Value::String(name))) if call.method.starts_with("list.") && name != TALK => {
            fault(Code::NoList, &format!("no list {name}"))
        }
        ("list.get", _) => value(list(TALK, 7, false, "Talk")),
        ("role.list", _) => value(vec![struct_of([("address", text("anna@example.org")), ("role", text("owner"))])]),
        ("list.close" | "list.delete" | "server.ping", _) => value(true),
        (method, _) => fault(Code::NoSuchMethod, &format!("no method {method}")),
    }
}

/// A member of a struct parameter.
pub fn member_of(param: &Value, name: &str) -> Option<Value> {
    BTreeMap::from_value(param.clone()).unwrap().remove(name)
}
