//! What one client can do the other can: both are held against the methods that the daemon lists.

mod pages;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use mailjam_rpc::catalogue::Method;
use mailjam_rpc::{Form, Value};
use mailjam_web::{Guard, Verb, table};

use crate::calls::Door;
use crate::cli::daemon as fake;
use crate::daemon::Daemon;
use crate::web::browser::Browser;
use crate::web::{Web, sample};
use pages::{Field, Sheet};

/// What every string is: a list and a person, and what has to be typed to show that one means it.
const WORD: &str = "talk@lists.example.org";

const SESSION: &str = "0123456789abcdef0123456789abcdef";

/// `client` → methods that it lacks.
fn exceptions() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../cases/parity/exceptions");
    let mut lacks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.splitn(3, ' ');
        let (method, client) = (words.next().expect("a method"), words.next().expect("a client"));
        assert!(words.next().is_some_and(|reason| !reason.is_empty()), "{line}: why?");
        lacks.entry(client.to_owned()).or_default().insert(method.to_owned());
    }
    lacks
}

#[track_caller]
fn compare(client: &str, calls: &BTreeSet<String>, all: &BTreeSet<String>) {
    let lacks = exceptions().remove(client).unwrap_or_default();
    let missing: Vec<_> = all.difference(calls).filter(|method| !lacks.contains(*method)).collect();
    assert!(missing.is_empty(), "{client} has nothing for {missing:?}, and there is no reason in tests/cases/parity");
    let stale: Vec<_> = lacks.iter().filter(|method| calls.contains(*method) || !all.contains(*method)).collect();
    assert!(stale.is_empty(), "of {client} it is said in tests/cases/parity that it lacks {stale:?}");
}

#[test]
fn both_clients_can_do_all_that_the_daemon_can() {
    let daemon = Daemon::start("127.0.0.1:1");
    let all: Vec<String> = Door::control(&daemon).call("system.listMethods", Vec::new());
    let all: BTreeSet<String> = all.into_iter().collect();
    compare("cli", &mailjam_cli::methods().into_iter().map(str::to_owned).collect(), &all);
    // What is in one state of things cannot be done in another: a list that is closed is opened, not closed.
    let walked = [walk(true, 3), walk(false, 0)];
    compare("web", &walked.iter().flat_map(|walk| walk.called.clone()).collect(), &all);
    let seen: BTreeSet<&str> = walked.iter().flat_map(|walk| walk.seen.iter().copied()).collect();
    for (verb, path, guard) in table() {
        let named = guard == Guard::Person || verb == Verb::Post;
        assert!(!named || seen.contains(path) || guard == Guard::Token, "nothing leads to {path}");
    }
}

/// What somebody who follows every link and presses every button comes by.
struct Walk {
    called: BTreeSet<String>,
    seen: BTreeSet<&'static str>,
}

/// Begins at the start, as somebody who may do everything, and as somebody who is not logged in.
fn walk(yes: bool, number: i32) -> Walk {
    let daemon = fake::Daemon::start(move |call| answer(call, yes, number));
    let web = Web::of_fake(&daemon, "public_url = \"https://lists.example.org\"\n");
    let mut seen = BTreeSet::new();
    for logged_in in [true, false] {
        let mut browser = web.browser();
        if logged_in {
            browser.cookies.insert("__Host-mailjam".to_owned(), SESSION.to_owned());
        }
        // Where mail leads.
        let mut ways =
            VecDeque::from(["/", "/login", "/login/token", "/unsubscribe/token", "/confirm/token"].map(str::to_owned));
        ways.push_back(format!("/lists/{WORD}/subscribe"));
        let mut known: BTreeSet<String> = ways.iter().cloned().collect();
        while let Some(way) = ways.pop_front() {
            for next in follow(&mut browser, &way, &mut seen) {
                if known.insert(next.clone()) {
                    ways.push_back(next);
                }
            }
        }
        if logged_in {
            browser.get("/my").expect(200);
            browser.post("/logout", &[]).expect(303);
        }
        assert!(known.len() > if logged_in { 60 } else { 5 }, "{known:#?}");
    }
    Walk { called: daemon.calls().into_iter().map(|call| call.method).collect(), seen }
}

/// A daemon to which everything is as the person has typed it.
fn answer(call: &fake::Call, yes: bool, number: i32) -> fake::Answer {
    let method = Method::find(&call.method).unwrap_or_else(|| panic!("there is no {}", call.method));
    let mut value = sample(method.answer, &|form: &Form| match form {
        Form::Scalar("boolean") => Some(Value::Boolean(yes)),
        Form::Scalar("int" | "i8") => Some(Value::Integer(number)),
        Form::Scalar("string") | Form::Any => Some(Value::String(WORD.to_owned())),
        _ => None,
    });
    if let (Value::Struct(members), "session.get") = (&mut value, method.name) {
        members.insert("admin".to_owned(), Value::Boolean(true));
        // Not the one whom everything is about: nobody locks their own account.
        members.insert("address".to_owned(), Value::String("ann@example.org".to_owned()));
    }
    if let (Value::Struct(members), "template.get") = (&mut value, method.name) {
        // Only a text of the list's own can be put back.
        members.insert("origin".to_owned(), Value::String("list".to_owned()));
    }
    fake::value(value)
}

/// The row of the table that a path is of.
fn row(verb: Verb, path: &str) -> Option<&'static str> {
    let path = path.split('?').next().unwrap_or_default();
    let fits = |pattern: &str| {
        let (parts, given) = (pattern.split('/'), path.split('/'));
        pattern.split('/').count() == path.split('/').count()
            && parts.zip(given).all(|(part, given)| part.starts_with('{') || part == given)
    };
    table().into_iter().find(|(known, pattern, _)| *known == verb && fits(pattern)).map(|(_, pattern, _)| pattern)
}

/// Looks at a page, presses each of its buttons, and answers where its links lead.
fn follow(browser: &mut Browser, way: &str, seen: &mut BTreeSet<&'static str>) -> Vec<String> {
    seen.extend(row(Verb::Get, way));
    let mut ways = Vec::new();
    let page = browser.get(way);
    assert!(page.status < 400, "{way}: {} {}", page.status, page.body);
    let mut sheets = vec![(page.body, way.to_owned())];
    if page.status == 303 {
        ways.push(page.headers.iter().find(|(name, _)| name == "location").expect("a place").1.clone());
    }
    // What the answer to a form has to press, such as "do it" below what would be done, is pressed too.
    let mut pressed = BTreeSet::new();
    while let Some((body, here)) = sheets.pop() {
        let sheet = Sheet::read(&body);
        ways.extend(sheet.links.iter().filter(|link| link.starts_with('/')).cloned());
        ways.extend(
            sheet
                .links
                .iter()
                .filter(|link| link.starts_with('?'))
                .map(|link| format!("{}{link}", here.split('?').next().unwrap_or_default())),
        );
        for press in sheet.presses() {
            let fields: Vec<(&str, &str)> = press.fields.iter().map(typed).collect();
            let action = if press.action.is_empty() { here.clone() } else { press.action.clone() };
            if press.get {
                let query = crate::web::browser::encoded(&fields);
                ways.push(format!("{}?{query}", action.split('?').next().unwrap_or_default()));
                continue;
            }
            let path = row(Verb::Post, &action).unwrap_or_else(|| panic!("{here} leads to {action}"));
            seen.insert(path);
            // Leaving the building would end the walk.
            if path == "/logout" || !pressed.insert((action.clone(), format!("{fields:?}"))) {
                continue;
            }
            let session = browser.cookies.clone();
            let answer = browser.request(
                "POST",
                &action,
                &[("Origin", "https://lists.example.org")],
                &crate::web::browser::encoded(&fields),
            );
            browser.cookies = session;
            assert!(
                matches!(answer.status, 200 | 303 | 422),
                "{here}: {action} {fields:?}: {} {}",
                answer.status,
                answer.body
            );
            sheets.push((answer.body, action));
        }
    }
    ways
}

/// What somebody types into a field that is empty, or chooses.
fn typed(field: &Field) -> (&str, &str) {
    let value = match (field.kind.as_str(), field.value.as_str()) {
        ("date", "") => "2027-01-01",
        ("number", "") => "1",
        ("password", "") => "Zwetschgen-Knoedel",
        ("hidden" | "checkbox" | "button", value) => value,
        (_, "") => WORD,
        (_, value) => value,
    };
    (&field.name, value)
}
