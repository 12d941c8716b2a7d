//! Runs the cases in tests/cases: mail as files. To add a case, add a folder.
//!
//! - `compose/NAME/`: `in.eml` goes through the list in `list.toml` and must come out as `out.eml`, every byte.
//!   `UPDATE_CASES=1` writes what came out, to be read and committed.
//! - `mime/NAME/`: `in.eml` must come out as `out.eml` of what `case.toml` names, and with its `result`. A script of Python's
//!   own mail library judges both files, see tests/support/judge_mime.py.
//! - `parse/NAME/`: `in.eml` must be seen as `expect.toml` says, or be refused with its error.
//!
//! The .toml files say in `shows` what the case is there for.

#![expect(clippy::unwrap_used, reason = "a case that cannot be read fails the test")]

#[path = "../../../tests/support/skip.rs"]
mod skip;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mailjam_core::address::Address;
use mailjam_core::compose::{Context, list_copy};
use mailjam_core::digest::{Digest, Form, Issue};
use mailjam_core::footer;
use mailjam_core::list::{List, list_id};
use mailjam_core::message::{Field, Mailbox, Message};
use mailjam_core::settings::Settings;
use mailjam_core::strip::strip;
use serde::Deserialize;
use skip::skipped;

/// Friday, 1 March 2024, 12:00 UTC.
const CONTEXT: Context<'_> = Context {
    now: 1_709_294_400,
    post_id: 42,
    authserv_id: "mx.lists.example.org",
    rewrite_from: false,
    one_click: false,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ComposeCase {
    shows: String,
    #[serde(default = "talk")]
    address: String,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    rewrite_from: bool,
}

fn talk() -> String {
    "talk@lists.example.org".to_owned()
}

impl ComposeCase {
    fn list(&self) -> List {
        let address = Address::parse(&self.address).unwrap();
        let settings = Settings::from_changed(&self.settings).unwrap();
        List { list_id: list_id(&address), address, closed: false, settings }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MimeCase {
    shows: String,
    /// Types that are stripped.
    strip: Option<Vec<String>>,
    /// Text that is added.
    #[serde(default)]
    above: String,
    #[serde(default)]
    below: String,
    /// How a digest is written of the `posts`, which are other cases.
    digest: Option<String>,
    #[serde(default)]
    posts: Vec<String>,
    #[serde(default)]
    language: String,
    /// What became of it, other than the message.
    result: String,
}

/// What is named is compared, the rest is not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParseCase {
    shows: String,
    error: Option<String>,
    fields: Option<usize>,
    from: Option<Vec<String>>,
    subject: Option<String>,
    list_ids: Option<Vec<String>>,
    auto_submitted: Option<String>,
    body: Option<String>,
}

#[test]
fn compose() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    run("compose", "list.toml", 25, |folder, case: ComposeCase| {
        let raw = fs::read(folder.join("in.eml")).unwrap();
        let message = Message::parse(&raw).unwrap();
        let copy = list_copy(&message, &case.list(), &Context { rewrite_from: case.rewrite_from, ..CONTEXT });
        let changes: Vec<String> = copy.changes.iter().map(ToString::to_string).collect();
        if update {
            fs::write(folder.join("out.eml"), copy.to_vec()).unwrap();
        }
        let expected = fs::read(folder.join("out.eml")).unwrap();
        same(&expected, &copy.to_vec()).map_err(|why| format!("{}\n{why}\nchanges: {changes:#?}", case.shows))
    });
}

fn same(expected: &[u8], found: &[u8]) -> Result<(), String> {
    if expected == found {
        return Ok(());
    }
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string().replace("\\n", "\\n\n");
    Err(format!("expected:\n{}\nfound:\n{}", text(expected), text(found)))
}

#[test]
fn mime() {
    let update = std::env::var_os("UPDATE_CASES").is_some();
    run("mime", "case.toml", 90, |folder, case: MimeCase| {
        let read = |path: &str| fs::read(folder.join(path)).unwrap();
        let raw = if case.digest.is_none() { read("in.eml") } else { Vec::new() };
        let note = |name: &str| format!("[An attachment was removed: {name}]");
        let (result, bytes) = match case.strip.as_ref().map(|types| strip(&raw, types, &note)) {
            Some(Ok(stripped)) => (format!("{:?}", stripped.removed), stripped.bytes),
            Some(Err(why)) => (why.to_string(), raw.as_slice().into()),
            None if case.digest.is_some() => {
                let posts: Vec<Vec<u8>> = case.posts.iter().map(|name| read(&format!("../{name}/in.eml"))).collect();
                (format!("{} posts", posts.len()), digest(&case, &posts).into())
            }
            None => {
                let footed = footer::add(&raw, &case.above, &case.below);
                (format!("{:?}", footed.place), footed.bytes)
            }
        };
        if update {
            fs::write(folder.join("out.eml"), &bytes).unwrap();
        }
        if result != case.result {
            return Err(format!("{}\nexpected {}, found {result}", case.shows, case.result));
        }
        same(&fs::read(folder.join("out.eml")).unwrap(), &bytes).map_err(|why| format!("{}\n{why}", case.shows))
    });
}

fn digest(case: &MimeCase, posts: &[Vec<u8>]) -> Vec<u8> {
    let settings = BTreeMap::from([("description".to_owned(), "Tea, and what goes with it".to_owned())]);
    let list = ComposeCase { shows: String::new(), address: talk(), settings, rewrite_from: false }.list();
    let issue = Issue {
        list: &list,
        volume: 2026,
        number: 12,
        now: CONTEXT.now,
        seed: 1,
        texts: &|_, _| None,
        language: &case.language,
        left_out: &|what| format!("[left out: {what}]"),
    };
    let form = if case.digest.as_deref() == Some("mime") { Form::Mime } else { Form::Plain };
    let mut digest = Digest::new(issue, form, posts.len(), posts.iter().map(Vec::len).sum());
    posts.iter().for_each(|post| digest.add(post));
    digest.finish().unwrap().bytes
}

#[test]
fn pythons_mail_library_agrees() {
    if Command::new("python3").arg("--version").output().is_err() {
        return skipped("the cases, judged by Python: python3 is not installed");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests");
    let output = Command::new("python3").arg(root.join("support/judge_mime.py")).arg(root.join("cases/mime")).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn parse() {
    run("parse", "expect.toml", 10, |folder, case: ParseCase| {
        let raw = fs::read(folder.join("in.eml")).unwrap();
        let seen = match Message::parse(&raw) {
            Ok(message) => see(&message, &case),
            Err(error) => vec![("error", Some(error.to_string()), case.error.clone())],
        };
        let different: Vec<String> = seen
            .into_iter()
            .filter(|(_, found, expected)| found != expected)
            .map(|(what, found, expected)| format!("{what}: expected {expected:?}, found {found:?}"))
            .collect();
        if different.is_empty() { Ok(()) } else { Err(format!("{}\n{}", case.shows, different.join("\n"))) }
    });
}

type Seen = (&'static str, Option<String>, Option<String>);

fn see(message: &Message, case: &ParseCase) -> Vec<Seen> {
    let from = message.from().into_iter().map(|Mailbox { name, address }| {
        format!("{}<{}>", name.map(|n| n + " ").unwrap_or_default(), address.map(|a| a.to_string()).unwrap_or_default())
    });
    let mut seen: Vec<Seen> = vec![("error", None, case.error.clone())];
    let mut compare = |what, found: String, expected: Option<String>| {
        if expected.is_some() {
            seen.push((what, Some(found), expected));
        }
    };
    let list = |texts: &Vec<String>| format!("{texts:?}");
    compare("fields", message.fields().len().to_string(), case.fields.map(|n| n.to_string()));
    compare("from", list(&from.collect()), case.from.as_ref().map(list));
    compare("subject", message.field("Subject").map(Field::decoded).collect(), case.subject.clone());
    compare("list_ids", list(&message.list_ids()), case.list_ids.as_ref().map(list));
    compare("auto_submitted", format!("{:?}", message.auto_submitted()), case.auto_submitted.clone());
    compare("body", String::from_utf8_lossy(message.body()).into_owned(), case.body.clone());
    seen
}

/// Runs every folder of a kind and tells all that fail; `at_least` many must be there.
fn run<T: for<'de> Deserialize<'de>>(
    kind: &str,
    file: &str,
    at_least: usize,
    check: impl Fn(&Path, T) -> Result<(), String>,
) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases").join(kind);
    let mut folders: Vec<PathBuf> = fs::read_dir(&root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= at_least, "only {} cases in {}", folders.len(), root.display());
    let failed: Vec<String> = folders
        .iter()
        .filter_map(|folder| {
            let case = fs::read_to_string(folder.join(file)).unwrap();
            let case = toml::from_str(&case).unwrap_or_else(|error| panic!("{}/{file}: {error}", folder.display()));
            check(folder, case).err().map(|why| format!("{}: {why}", folder.display()))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} failed\n\n{}", failed.len(), folders.len(), failed.join("\n\n"));
}
