//! Collections page by page, changes that mind each other, and many calls in one.

use std::collections::BTreeSet;

use mailjam_rpc::records::{Change, Domain, Imported, List, Member, Membership, Page, Synced};
use mailjam_rpc::{Code, Value};

use crate::calls::{Door, members, text, texts};
use crate::daemon::Daemon;

const TALK: &str = "talk@lists.example.org";

fn daemon() -> (Daemon, Door) {
    let daemon = Daemon::start("127.0.0.1:9");
    daemon.create_list(TALK, &[]);
    let control = Door::control(&daemon);
    (daemon, control)
}

fn import(control: &Door, addresses: impl Iterator<Item = String>, options: Vec<Value>) -> Imported {
    let items = addresses.map(|address| members([("address", text(&address))])).collect();
    control.call("member.import", [vec![text(TALK), Value::Array(items)], options].concat())
}

#[test]
fn pages_show_everything_once_while_others_come_and_go() {
    let (_daemon, control) = daemon();
    import(&control, (0..25).map(|number| format!("m{number:02}@example.org")), vec![]);
    let mut seen = BTreeSet::new();
    let mut cursor: Option<String> = None;
    loop {
        let limit = ("limit", Value::Integer(10));
        let query = match &cursor {
            Some(cursor) => members([limit, ("cursor", text(cursor))]),
            None => members([limit]),
        };
        let page: Page<Member> = control.call("member.list", vec![text(TALK), query]);
        assert!(page.items.len() <= 10);
        for member in page.items {
            assert!(seen.insert(member.address.clone()), "{} twice", member.address);
        }
        // Behind the cursor and before it.
        control.ask("member.remove", texts_of(&[TALK, "m00@example.org"])).ok();
        control.ask("member.remove", texts_of(&[TALK, "m24@example.org"])).ok();
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 24, "{seen:?}");

    let filtered = |filter: &str| -> Page<Member> {
        control.call("member.list", vec![text(TALK), members([("filter", text(filter))])])
    };
    assert_eq!(filtered("M1").total, 10);
    assert_eq!(filtered("%").total, 0);
    assert_eq!(filtered("_").total, 0);
    let none: Page<Member> = control.call("member.list", vec![text(TALK), members([("cursor", text("zzz"))])]);
    assert_eq!((none.items.len(), none.next), (0, None));
}

fn texts_of(words: &[&str]) -> Vec<Value> {
    words.iter().copied().map(text).collect()
}

#[test]
fn lists_and_domains_have_pages_too() {
    let (_daemon, control) = daemon();
    for name in ["a@one.example", "b@one.example", "c@two.example"] {
        control.call::<List>("list.create", vec![text(name)]);
    }
    let page: Page<List> = control.call("list.list", vec![members([("limit", Value::Integer(2))])]);
    assert_eq!((page.total, page.items.len()), (4, 2));
    let next = page.next.expect("another page");
    let rest: Page<List> = control.call("list.list", vec![members([("cursor", text(&next))])]);
    assert_eq!((rest.total, rest.items.len(), rest.next), (4, 2, None));
    // All settings, or those that are named.
    assert!(rest.items[0].settings.len() > 20, "{:?}", rest.items[0].settings);
    let some = members([("settings", texts(&["description", "max_size"]))]);
    let some: Page<List> = control.call("list.list", vec![some]);
    assert!(some.items.iter().all(|list| list.settings.keys().eq(["description", "max_size"])), "{some:?}");
    let none = members([("settings", texts(&["descripton"]))]);
    assert_eq!(control.fault("list.list", vec![none]), Code::InvalidParameters as i32);
    let domains: Page<Domain> = control.call("domain.list", vec![members([("filter", text("ONE"))])]);
    assert_eq!((domains.items[0].name.as_str(), domains.items[0].lists), ("one.example", 2));
}

#[test]
fn of_two_changes_to_the_same_revision_one_is_made() {
    let (_daemon, control) = daemon();
    let list: List = control.call("list.get", vec![text(TALK)]);
    let change = |value: &str| {
        let settings = members([("description", text(value))]);
        let options = members([("if_revision", Value::Integer(list.revision))]);
        control.ask("list.update", vec![text(TALK), settings, options])
    };
    let results: Vec<_> = std::thread::scope(|threads| {
        let callers: Vec<_> = ["one", "two", "three"].map(|value| threads.spawn(move || change(value))).into();
        callers.into_iter().map(|caller| caller.join().expect("an answer")).collect()
    });
    let refused: Vec<i32> =
        results.iter().filter_map(|result| result.as_ref().err()).map(|fault| fault.number).collect();
    assert_eq!(refused, [Code::RevisionConflict as i32; 2]);
    let after: List = control.call("list.get", vec![text(TALK)]);
    assert_eq!(after.revision, list.revision + 1);
    // What changes nothing is no new revision.
    let Value::String(description) = after.settings["description"].clone() else { panic!("{after:?}") };
    let none: Vec<Change> =
        control.call("list.update", vec![text(TALK), members([("description", text(&description))])]);
    assert!(none.is_empty());
    assert_eq!(control.call::<List>("list.get", vec![text(TALK)]).revision, after.revision);
}

#[test]
fn a_dry_run_says_all_and_does_nothing() {
    let (_daemon, control) = daemon();
    control.call::<Member>("member.add", vec![text(TALK), text("ann@example.org")]);
    let dry = || vec![members([("dry_run", Value::Boolean(true))])];
    let people = || ["ann@example.org", "bob@example.org", "nobody"].map(str::to_owned).into_iter();
    for options in [dry(), vec![]] {
        let imported = import(&control, people(), options);
        assert_eq!((imported.added, imported.already), (1, 1));
        assert_eq!(imported.refused[0].code, Code::BadAddress as i32);
    }
    let wanted = texts(&["bob@example.org", "eve@example.org"]);
    for options in [dry(), vec![]] {
        let synced: Synced = control.call("member.sync", [vec![text(TALK), wanted.clone()], options].concat());
        assert_eq!(synced.added, ["eve@example.org"]);
        assert_eq!(synced.removed, ["ann@example.org"]);
        assert_eq!(synced.kept, 1);
    }
    let settings = || vec![text(TALK), members([("subject_prefix", text("[talk]"))])];
    for options in [dry(), vec![]] {
        let changes: Vec<Change> = control.call("list.update", [settings(), options].concat());
        assert_eq!((changes[0].from.as_str(), changes[0].to.as_str()), ("", "[talk]"));
    }
    let list: List = control.call("list.get", vec![text(TALK)]);
    assert_eq!((list.members, list.settings["subject_prefix"].clone()), (2, text("[talk]")));
    // A sync with a mistake in it changes nothing.
    let synced: Synced = control.call("member.sync", vec![text(TALK), texts(&["eve@example.org", "nobody"])]);
    assert_eq!((synced.refused.len(), synced.removed.len()), (1, 0));
    assert_eq!(control.call::<List>("list.get", vec![text(TALK)]).members, 2);
}

#[test]
fn an_address_changes_on_all_lists_or_on_none() {
    let (_daemon, control) = daemon();
    control.call::<List>("list.create", vec![text("other@lists.example.org")]);
    for list in [TALK, "other@lists.example.org"] {
        control.call::<Member>("member.add", vec![text(list), text("ann@example.org")]);
    }
    // The second list refuses, so the first one stays as it is.
    let to_a_list = texts_of(&["ann@example.org", TALK]);
    assert_eq!(control.fault("member.change_address", to_a_list), Code::BadAddress as i32);
    let memberships =
        |address: &str| -> usize { control.call::<Vec<Membership>>("member.find", vec![text(address)]).len() };
    assert_eq!(memberships("ann@example.org"), 2);
    let only = vec![text("ann@example.org"), text("anna@example.org"), texts(&[TALK])];
    assert_eq!(control.call::<Vec<String>>("member.change_address", only), [TALK]);
    assert_eq!((memberships("ann@example.org"), memberships("ANNA@example.org")), (1, 1));
}

#[test]
fn a_multicall_answers_each_call_and_has_a_limit() {
    let (_daemon, control) = daemon();
    let call = |method: &str, params: &[&str]| members([("methodName", text(method)), ("params", texts(params))]);
    let calls = vec![
        call("server.ping", &[]),
        call("list.get", &["nothing@lists.example.org"]),
        text("no call"),
        members([("methodName", text("server.ping"))]),
        call("system.multicall", &[]),
        call("list.close", &[TALK]),
    ];
    let answers: Vec<Value> = control.call("system.multicall", vec![Value::Array(calls)]);
    let is_fault: Vec<bool> = answers.iter().map(|answer| matches!(answer, Value::Struct(_))).collect();
    assert_eq!(is_fault, [false, true, true, true, true, false]);
    assert!(control.call::<List>("list.get", vec![text(TALK)]).closed);
    let many = |count| vec![Value::Array(vec![call("server.ping", &[]); count])];
    assert_eq!(control.call::<Vec<Value>>("system.multicall", many(1000)).len(), 1000);
    assert_eq!(control.fault("system.multicall", many(1001)), Code::TooLarge as i32);
    assert_eq!(control.fault("system.multicall", vec![]), Code::InvalidParameters as i32);
}

#[test]
fn renaming_keeps_the_list_id_and_lists_are_found_by_it() {
    let (_daemon, control) = daemon();
    let renamed: List = control.call("list.rename", texts_of(&[TALK, "chat@lists.example.net"]));
    assert_eq!(
        (renamed.address.as_str(), renamed.list_id.as_str()),
        ("chat@lists.example.net", "talk.lists.example.org")
    );
    assert_eq!(control.fault("list.get", vec![text(TALK)]), Code::NoList as i32);
    assert_eq!(
        control.call::<List>("list.get", vec![text("talk.lists.example.org")]).address,
        "chat@lists.example.net"
    );
    // The name is free again, but its list-id is not.
    assert_eq!(control.fault("list.create", vec![text(TALK)]), Code::ListExists as i32);
}
