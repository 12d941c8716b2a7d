//! Runs the cases in tests/cases/life: mail in, a list's settings, and what must come out. To add a case, add a folder.
//!
//! `case.toml` says in `shows` what the case is there for, and describes the list; each `[[step]]` hands over the message in
//! its `file`, or makes a call, and says what must come of it. In both `@LIST@` is the list's posting address, `@LOCAL@` its
//! local part, `@DOMAIN@` its domain. `@REPLY@` is the address that an answer to the last mail goes to, `@SUBJECT@` that
//! mail's subject, `@SIGNED1@` the first signed address in it, or in the last one with any, and so on; `@POST@` the id of the last hand-over,
//! `@PATH-ann@` the return path of the last mail to ann that had one.
//!
//! All cases share a daemon and a mail server, and have a list and a domain each. `CASE=NAME` runs those whose name contains
//! NAME.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use mail_parser::MessageParser;
use mailjam_rpc::records::{Bounce, Bouncing, Explanation, List, Member, Page, QueueItem};
use mailjam_rpc::{Shape, Value};
use serde::Deserialize;

use crate::calls::{Door, members, text};
use crate::daemon::{Daemon, eventually};
use crate::smtp_sink::{Behaviour, Delivery, Sink, everything_but};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// What the case is there for.
    shows: String,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    /// Addresses; `ADDRESS KEY=VALUE…` sets attributes, of which `own_posts` is a boolean.
    #[serde(default)]
    members: Vec<String>,
    #[serde(default)]
    owners: Vec<String>,
    #[serde(default)]
    moderators: Vec<String>,
    /// Patterns; one that begins with `site:` holds everywhere.
    #[serde(default)]
    bans: Vec<String>,
    #[serde(default)]
    closed: bool,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// The message; without one `call` is made.
    file: Option<String>,
    /// Envelope sender; the address in From if absent.
    sender: Option<String>,
    /// Envelope recipient; the list if absent.
    recipient: Option<String>,
    /// A method and its parameters, as text.
    #[serde(default)]
    call: Vec<String>,
    /// The fault that the call is answered with.
    fault: Option<i32>,
    /// `accept`, `hold`, `discard`, `refuse` …
    action: Option<String>,
    /// The rule that decided.
    rule: Option<String>,
    /// The mails that go out, in any order. What is not here must not go out.
    #[serde(default)]
    sent: Vec<Sent>,
    /// Members afterwards, if they are to be looked at.
    members: Option<Vec<String>>,
    /// Attributes of members afterwards: address, then `KEY=VALUE…`.
    #[serde(default)]
    wishes: Vec<String>,
    /// Posts that wait for a moderator afterwards.
    held: Option<usize>,
    /// What came back since the list was made, as `ADDRESS OUTCOME CLASS`, the oldest first.
    bounces: Option<Vec<String>>,
    /// Members whose mail came back, as `ADDRESS STAGE SCORE`.
    bouncing: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    /// Who gets it, by envelope; several by commas.
    to: String,
    /// A part of its subject.
    #[serde(default)]
    subject: String,
    /// Parts of its text.
    #[serde(default)]
    has: Vec<String>,
    /// Parts that its text must not have.
    #[serde(default)]
    lacks: Vec<String>,
    /// Whether it is a list's own mail: a null return path, and says that a program wrote it. A post if not.
    #[serde(default)]
    notice: bool,
    /// Whether it is a list's own mail that comes back to the list.
    #[serde(default)]
    probe: bool,
}

/// Each is a share of the cases, so that no test takes long on a machine that has more to do.
#[test]
fn each_first_case_goes_as_it_must() {
    go(0);
}

#[test]
fn each_second_case_goes_as_it_must() {
    go(1);
}

#[test]
fn each_third_case_goes_as_it_must() {
    go(2);
}

#[test]
fn each_fourth_case_goes_as_it_must() {
    go(3);
}

/// Goes through every fourth case from this one on.
fn go(first: usize) {
    // Without XVERP a copy for one member has the return path that the case is about.
    let sink = Sink::start(Behaviour { offers: everything_but(&["XVERP"]), ..Behaviour::default() });
    let daemon = Daemon::start_with(&sink.server(), "[authentication]\nauthserv_id = \"mx.example.org\"\n");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/life");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(&root).expect("cases").map(|entry| entry.expect("a case").path()).collect();
    folders.sort();
    let wanted = std::env::var("CASE").unwrap_or_default();
    folders.retain(|folder| folder.to_string_lossy().rsplit('/').next().is_some_and(|name| name.contains(&wanted)));
    assert!(!wanted.is_empty() || folders.len() >= AT_LEAST, "only {} cases", folders.len());
    let failed: Vec<String> = folders
        .iter()
        .enumerate()
        .skip(first)
        .step_by(4)
        .filter_map(|(number, folder)| {
            let run = Run::new(&daemon, &sink, folder, number);
            run.steps().err().map(|why| format!("{}: {}\n  {why}", folder.display(), run.case.shows))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} failed\n\n{}", failed.len(), folders.len(), failed.join("\n\n"));
}

/// Cases that there are at least.
const AT_LEAST: usize = 120;

/// What later steps may need of the last mail; the signed addresses are those of the last mail that had any.
struct Last {
    reply: String,
    subject: String,
    signed: Vec<String>,
}

/// The return path of the last mail to each recipient that had one.
type Paths = BTreeMap<String, String>;

impl Last {
    fn new(mail: &Delivery, before: Option<&Last>) -> Last {
        let read = MessageParser::default().parse(&mail.message).expect("a message");
        let body = read.body_text(0).unwrap_or_default().into_owned();
        let signed: Vec<String> =
            body.split_whitespace().filter(|word| word.contains("-confirm+")).map(str::to_owned).collect();
        let known = || before.map(|before| before.signed.clone()).unwrap_or_default();
        Last {
            reply: read.header_raw("Reply-To").map(|field| field.trim().to_owned()).unwrap_or_default(),
            subject: read.subject().unwrap_or_default().to_owned(),
            signed: if signed.is_empty() { known() } else { signed },
        }
    }
}

/// A case under way.
struct Run<'a> {
    daemon: &'a Daemon,
    sink: &'a Sink,
    folder: &'a Path,
    case: Case,
    /// Local part and domain of the list; each case has a domain of its own, so that limits a day do not meet.
    local: String,
    domain: String,
    /// `@PATH-ann@` in a case is the return path of the last mail to ann that had one.
    paths: RefCell<Paths>,
}

impl<'a> Run<'a> {
    fn new(daemon: &'a Daemon, sink: &'a Sink, folder: &'a Path, number: usize) -> Run<'a> {
        let file = folder.join("case.toml");
        let case = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let case: Case = toml::from_str(&case).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Run {
            daemon,
            sink,
            folder,
            case,
            local: "talk".to_owned(),
            domain: format!("c{number}.example.org"),
            paths: RefCell::default(),
        }
    }

    fn list(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// Addresses of people are in the domain of the case as well.
    fn fill(&self, template: &str, last: Option<&Last>, post: &str) -> String {
        let mut filled = template
            .replace("@LIST@", &self.list())
            .replace("@LOCAL@", &self.local)
            .replace("@DOMAIN@", &self.domain)
            .replace("@POST@", post);
        for (recipient, path) in self.paths.borrow().iter() {
            let name = recipient.split('@').next().unwrap_or_default();
            filled = filled.replace(&format!("@PATH-{name}@"), path);
        }
        if let Some(last) = last {
            filled = filled.replace("@REPLY@", &last.reply).replace("@SUBJECT@", &last.subject);
            for (number, word) in last.signed.iter().enumerate() {
                filled = filled.replace(&format!("@SIGNED{}@", number + 1), word);
            }
        }
        filled
    }

    fn door(&self) -> Door {
        Door::control(self.daemon)
    }

    fn make_list(&self) {
        let settings = self.case.settings.iter().map(|(key, value)| (key.clone(), text(value))).collect();
        self.door().call::<List>("list.create", vec![text(&self.list()), Value::Struct(settings)]);
        for member in &self.case.members {
            let mut words = member.split(' ');
            let address = self.fill(words.next().unwrap_or_default(), None, "");
            let attributes = words.filter_map(|word| word.split_once('=')).map(|(key, value)| {
                let value = if key == "own_posts" { Value::Boolean(value == "true") } else { text(value) };
                (key.to_owned(), value)
            });
            let params = vec![text(&self.list()), text(&address), Value::Struct(attributes.collect())];
            self.door().call::<Member>("member.add", params);
        }
        for (role, people) in [("owner", &self.case.owners), ("moderator", &self.case.moderators)] {
            for person in people {
                let person = self.fill(person, None, "");
                self.door().call::<bool>("role.grant", vec![text(&self.list()), text(&person), text(role)]);
            }
        }
        for ban in &self.case.bans {
            let (scope, pattern) =
                ban.strip_prefix("site:").map_or((self.list(), ban.as_str()), |rest| (String::new(), rest));
            let pattern = self.fill(pattern, None, "");
            self.door().ask("ban.add", vec![text(&scope), text(&pattern)]).expect("a ban");
        }
        if self.case.closed {
            self.door().call::<bool>("list.close", vec![text(&self.list())]);
        }
    }

    fn steps(&self) -> Result<(), String> {
        self.make_list();
        let mut last: Option<Last> = None;
        let mut post = String::new();
        for (number, step) in self.case.step.iter().enumerate() {
            let before = self.sink.state().deliveries.len();
            self.step(step, last.as_ref(), &mut post).map_err(|why| format!("step {}: {why}", number + 1))?;
            let out = self.sent_since(before);
            compare(&step.sent, &out, |text| self.fill(text, last.as_ref(), &post))
                .and_then(|()| self.afterwards(step, &post))
                .map_err(|why| format!("step {}: {why}", number + 1))?;
            for mail in out.iter().filter(|mail| !mail.mail_from.is_empty()) {
                let paths = mail.recipients.iter().map(|recipient| (recipient.clone(), mail.mail_from.clone()));
                self.paths.borrow_mut().extend(paths);
            }
            // Of several the one that the case names first.
            let wanted = step.sent.first().map(|sent| self.fill(&sent.to, last.as_ref(), &post));
            let found = wanted.and_then(|to| out.iter().find(|mail| mail.recipients.join(",") == to).cloned());
            last = found.as_ref().or(out.last()).map(|mail| Last::new(mail, last.as_ref())).or(last);
        }
        Ok(())
    }

    fn step(&self, step: &Step, last: Option<&Last>, post: &mut String) -> Result<(), String> {
        let Some(file) = &step.file else {
            let mut words = step.call.iter().map(|word| self.fill(word, last, post));
            let method = words.next().unwrap_or_default();
            let params: Vec<Value> = words.map(|word| parameter(&word)).collect();
            let answer = self.door().ask(&method, params);
            return match (answer, step.fault) {
                (Ok(_), None) => Ok(()),
                (Err(fault), Some(number)) if fault.number == number => Ok(()),
                (answer, wanted) => Err(format!("{method} is answered with {answer:?} and not {wanted:?}")),
            };
        };
        let message = fs::read_to_string(self.folder.join(file)).map_err(|error| format!("{file}: {error}"))?;
        let message = self.fill(&message, last, post);
        let from = MessageParser::default()
            .parse(message.as_bytes())
            .and_then(|mail| mail.from()?.first()?.address().map(str::to_owned))
            .unwrap_or_default();
        let sender = step.sender.as_ref().map_or(from, |sender| self.fill(sender, last, post));
        let recipient = self.fill(step.recipient.as_deref().unwrap_or("@LIST@"), last, post);
        if let Some(rule) = &step.rule {
            let request = [
                ("list", text(&recipient)),
                ("sender", text(&sender)),
                ("message", Value::Base64(message.clone().into_bytes())),
            ];
            let explained: Explanation = self.door().call("message.explain", vec![members(request)]);
            let found = explained.rules.last().map(|rule| rule.rule.clone());
            if found.as_ref() != Some(rule) {
                return Err(format!("{found:?} decides and not {rule}: {:#?}", explained.rules));
            }
        }
        let verdict = Door::named(self.daemon, "mta").submit(&sender, &recipient, message.as_bytes());
        if step.action.as_ref().is_some_and(|action| *action != verdict.action) {
            return Err(format!("the verdict is {} {} {}", verdict.action, verdict.dsn, verdict.text));
        }
        *post = verdict.post_id.unwrap_or_default();
        Ok(())
    }

    /// What this case's list sent since then, once there is nothing more to send.
    fn sent_since(&self, before: usize) -> Vec<Delivery> {
        eventually("all mail to go out", || {
            let query = members([("list", text(&self.list()))]);
            let queue: Page<QueueItem> = self.door().call("queue.list", vec![query]);
            queue.items.is_empty().then_some(())
        });
        self.sink.state().deliveries.split_off(before)
    }

    fn afterwards(&self, step: &Step, post: &str) -> Result<(), String> {
        if let Some(wanted) = &step.members {
            let page: Page<Member> = self.door().call("member.list", vec![text(&self.list())]);
            let found: Vec<String> = page.items.into_iter().map(|member| member.address).collect();
            let wanted: Vec<String> = wanted.iter().map(|address| self.fill(address, None, post)).collect();
            if found != wanted {
                return Err(format!("members are {found:?} and not {wanted:?}"));
            }
        }
        for wish in &step.wishes {
            let mut words = wish.split(' ');
            let address = self.fill(words.next().unwrap_or_default(), None, post);
            let Value::Struct(found) = self
                .door()
                .ask("member.get", vec![text(&self.list()), text(&address)])
                .map_err(|fault| fault.to_string())?
            else {
                return Err(format!("no member {address}"));
            };
            for (key, value) in words.filter_map(|word| word.split_once('=')) {
                let is = found.get(key).map_or_else(String::new, shown);
                if !is.starts_with(value) || (value.is_empty() && !is.is_empty()) {
                    return Err(format!("{key} of {address} is {is:?} and not {value:?}"));
                }
            }
        }
        if let Some(wanted) = step.held {
            let held: Page<mailjam_rpc::records::Held> = self.door().call("moderation.list", vec![text(&self.list())]);
            if held.items.len() != wanted {
                return Err(format!("{} posts are held and not {wanted}: {:#?}", held.items.len(), held.items));
            }
        }
        self.returned(step)
    }

    /// What came back.
    fn returned(&self, step: &Step) -> Result<(), String> {
        let wanted = |lines: &[String]| lines.iter().map(|line| self.fill(line, None, "")).collect::<Vec<_>>();
        if let Some(lines) = &step.bounces {
            let page: Page<Bounce> = self.door().call("bounce.list", vec![text(&self.list())]);
            let shown = |bounce: &Bounce| format!("{} {} {}", bounce.address, bounce.outcome, bounce.class);
            let found: Vec<String> = page.items.iter().rev().map(shown).collect();
            if found != wanted(lines) {
                return Err(format!("{found:?} came back and not {:?}", wanted(lines)));
            }
        }
        if let Some(lines) = &step.bouncing {
            let page: Page<Bouncing> = self.door().call("bounce.members", vec![text(&self.list())]);
            let shown = |found: &Bouncing| format!("{} {} {}", found.member, found.stage, found.score);
            let found: Vec<String> = page.items.iter().map(shown).collect();
            if found != wanted(lines) {
                return Err(format!("bouncing are {found:?} and not {:?}", wanted(lines)));
            }
        }
        Ok(())
    }
}

/// A parameter as text: `true`, `false`, `{KEY=VALUE,…}` and `[A,B]` are what they look like.
fn parameter(word: &str) -> Value {
    if let Some(inner) = word.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        let pairs = inner.split(',').filter_map(|pair| pair.split_once('='));
        return Value::Struct(pairs.map(|(key, value)| (key.to_owned(), parameter(value))).collect());
    }
    if let Some(inner) = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return Value::Array(inner.split(',').map(text).collect());
    }
    match word {
        "true" => Value::Boolean(true),
        "false" => Value::Boolean(false),
        _ => text(word),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(yes) => yes.to_string(),
        Value::Integer(number) => number.to_string(),
        other => {
            mailjam_rpc::Time::from_value(other.clone()).map_or_else(|_| format!("{other:?}"), |time| time.to_string())
        }
    }
}

/// Whether just the wanted mails went out.
fn compare(wanted: &[Sent], out: &[Delivery], fill: impl Fn(&str) -> String) -> Result<(), String> {
    let shown: Vec<String> = out
        .iter()
        .map(|mail| {
            let read = MessageParser::default().parse(&mail.message);
            let subject = read.and_then(|read| read.subject().map(str::to_owned)).unwrap_or_default();
            format!("to {}: {subject}", mail.recipients.join(","))
        })
        .collect();
    let mut left: Vec<&Delivery> = out.iter().collect();
    for sent in wanted {
        let mut why = format!("nothing went to {}", fill(&sent.to));
        let found = left.iter().position(|mail| match is_it(sent, mail, &fill) {
            Ok(()) => true,
            Err(reason) => {
                if !reason.is_empty() {
                    why = reason;
                }
                false
            }
        });
        match found {
            Some(position) => drop(left.remove(position)),
            None => return Err(format!("{why}; sent: {shown:#?}")),
        }
    }
    if left.is_empty() { Ok(()) } else { Err(format!("more went out than wanted: {shown:#?}")) }
}

/// Whether a mail is the wanted one; the reason is empty where it is for somebody else.
fn is_it(sent: &Sent, mail: &Delivery, fill: &impl Fn(&str) -> String) -> Result<(), String> {
    if mail.recipients.join(",") != fill(&sent.to) {
        return Err(String::new());
    }
    let read = MessageParser::default().parse(&mail.message).ok_or("no message")?;
    let subject = read.subject().unwrap_or_default();
    let body = read.body_text(0).unwrap_or_default();
    let everything = String::from_utf8_lossy(&mail.message).into_owned() + &body;
    if !subject.contains(&fill(&sent.subject)) {
        return Err(format!("the subject is {subject:?}"));
    }
    for part in &sent.has {
        if !everything.contains(&fill(part)) {
            return Err(format!("{part:?} is missing in {everything}"));
        }
    }
    for part in &sent.lacks {
        if everything.contains(&fill(part)) {
            return Err(format!("{part:?} is in {everything}"));
        }
    }
    let automatic = read.header_raw("Auto-Submitted").is_some_and(|value| value.trim().starts_with("auto-"));
    let unanswered = mail.mail_from.is_empty();
    let is_right = match (sent.notice, sent.probe) {
        (true, _) => unanswered && automatic,
        (_, true) => !unanswered && automatic,
        _ => !(unanswered && automatic),
    };
    if !is_right {
        return Err(format!("return path <{}>, automatic: {automatic}", mail.mail_from));
    }
    Ok(())
}
