//! Owners, moderators and administrators with a real daemon: what each may see and do.

use mailjam_rpc::Value;
use mailjam_rpc::records::{Held, List, Member, Page};

use crate::calls::{Door, members, text};
use crate::daemon::{Daemon, PATIENCE};

use super::browser::Browser;
use super::members::{ANN, PASSWORD, TALK, account, site};
use super::shown::{harmless, strict};
use super::{EVIL, Web};

pub const OWNER: &str = "owner@example.org";
const MODERATOR: &str = "moderator@example.org";
pub const ADMIN: &str = "admin@example.org";

pub fn people(daemon: &Daemon) {
    for (who, role) in [(OWNER, "owner"), (MODERATOR, "moderator")] {
        account(daemon, who, false);
        let _: bool = Door::control(daemon).call("role.grant", vec![text(TALK), text(who), text(role)]);
    }
    account(daemon, ADMIN, true);
}

pub fn browser(web: &Web, who: &str) -> Browser {
    let mut browser = web.browser();
    browser.log_in(who, PASSWORD);
    browser
}

fn held(daemon: &Daemon) -> Vec<Held> {
    Door::control(daemon).call::<Page<Held>>("moderation.list", vec![text(TALK)]).items
}

fn attached(message: &[u8]) -> bool {
    String::from_utf8_lossy(message).to_lowercase().contains("content-type: message/rfc822")
}

/// Posts that wait, written by somebody who would like to run a script.
fn hold(daemon: &Daemon, posts: usize) {
    let settings = members([("post_policy", text("moderated"))]);
    Door::control(daemon).ask("list.update", vec![text(TALK), settings]).expect("settings");
    for number in 0..posts {
        let message = format!(
            "From: \"{EVIL}\" <{ANN}>\nTo: {TALK}\nSubject: {number} {EVIL}\nMessage-ID: <{number}@x>\nX-Evil: {EVIL}\n\
             MIME-Version: 1.0\nContent-Type: text/html\n\n<p onclick=\"x()\">Hello {EVIL}</p><iframe src=\"javascript:x\">"
        );
        assert_eq!(Door::named(daemon, "mta").submit(ANN, TALK, message.as_bytes()).action, "hold");
    }
}

#[test]
fn each_role_sees_what_it_may() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    hold(&daemon, 1);
    let id = held(&daemon)[0].id.clone();
    let one = format!("/lists/{TALK}/held/{id}");
    let of_list: Vec<String> = ["", "/held", "/requests", "/members", "/bounces", "/digest", "/bans", "/roles"]
        .iter()
        .map(|page| format!("/lists/{TALK}{page}"))
        .chain([one, format!("/lists/{TALK}/member/{ANN}")])
        .collect();
    let of_owner: Vec<String> = ["/settings", "/templates", "/templates/welcome/en", "/import", "/explain"]
        .iter()
        .map(|page| format!("/lists/{TALK}{page}"))
        .collect();
    let of_admin: Vec<String> = [
        "/site",
        "/site/lists",
        "/site/domains",
        "/site/queue",
        "/site/tokens",
        "/site/accounts",
        "/site/audit",
        "/site/audit?verify=yes",
        "/site/people",
        "/site/people?q=ann@example.org",
        "/site/dkim",
    ]
    .iter()
    .map(|page| (*page).to_owned())
    .chain([format!("/site/queue/{id}"), format!("/lists/{TALK}/audit")])
    .collect();
    for (who, owner, admin) in [(MODERATOR, false, false), (OWNER, true, false), (ADMIN, true, true)] {
        let mut browser = browser(&web, who);
        let pages = [(&of_list, true), (&of_owner, owner), (&of_admin, admin)];
        for (path, may) in pages.into_iter().flat_map(|(paths, may)| paths.iter().map(move |path| (path, may))) {
            let page = browser.get(path);
            // The form to import is shown; the daemon says no when it is sent.
            let wanted = if may || path.ends_with("/import") { 200 } else { 403 };
            assert_eq!(page.status, wanted, "{who} {path}: {}", page.body);
            strict(&page, path);
            harmless(&page, path);
            assert!(page.body.contains("<main id=\"content\"") && page.body.contains("class=\"skip\""), "{path}");
        }
        for path in ["/my", "/account"] {
            strict(&browser.get(path).expect(200), path);
        }
    }
    // A moderator cannot do what an owner can, whatever form is sent.
    let mut browser = browser(&web, MODERATOR);
    browser.get("/my").expect(200);
    for (path, fields) in [
        ("/members", vec![("new_address", "x@example.org")]),
        ("/members/remove", vec![("address", ANN)]),
        ("/import", vec![("members", "x@example.org"), ("action", "import")]),
        ("/settings", vec![("set.post_policy", "open"), ("action", "save")]),
        ("/roles", vec![("address", MODERATOR), ("role", "owner")]),
        ("/bans", vec![("pattern", "x@example.org")]),
        ("/close", vec![("name", TALK)]),
        ("/rename", vec![("new_address", "mine@lists.example.org")]),
        ("/delete", vec![("name", TALK)]),
        ("/digest", vec![]),
        ("/explain", vec![("message", "From: a@example.org\n\nx"), ("sender", "a@example.org")]),
    ] {
        let page = browser.post(&format!("/lists/{TALK}{path}"), &fields);
        assert_eq!(page.status, 403, "{path}: {}", page.body);
    }
    for path in
        ["/site/reload", "/site/doctor", "/site/dkim", "/site/dkim/change", "/site/people", "/site/domains/change"]
    {
        let fields = [("domain", "lists.example.org"), ("selector", "x"), ("address", ANN), ("name", ANN)];
        for action in ["erase", "move", "remove", "activate"] {
            let page = browser.post(path, &[&fields[..], &[("action", action)]].concat());
            assert_eq!(page.status, 403, "{path} {action}: {}", page.body);
        }
    }
    let list: List = Door::control(&daemon).call("list.get", vec![text(TALK)]);
    assert_eq!((list.members, list.closed), (2, false));
    // A role that is taken away counts at once.
    let _: bool = Door::control(&daemon).call("role.revoke", vec![text(TALK), text(MODERATOR), text("moderator")]);
    browser.get(&format!("/lists/{TALK}/held")).expect(403);
}

#[test]
fn a_moderator_works_through_the_held_posts() {
    let (sink, daemon, web) = site();
    people(&daemon);
    hold(&daemon, 6);
    let ids: Vec<String> = held(&daemon).into_iter().map(|one| one.id).collect();
    let mut browser = browser(&web, MODERATOR);
    let queue = format!("/lists/{TALK}/held");
    let page = browser.get(&queue).expect(200);
    assert!(
        page.body.contains("6 posts wait") && page.body.contains("<span class=\"count\">6</span>"),
        "{}",
        page.body
    );
    let page = browser.get(&format!("{queue}/{}", ids[0])).expect(200);
    assert!(page.body.contains("this is its text") && page.body.contains("Hello"), "{}", page.body);
    harmless(&page, "a held post");

    // Mailed to the moderator it goes on waiting.
    let there = browser.post(&format!("{queue}/{}", ids[0]), &[("action", "forward")]).expect(303);
    assert!(there.location().contains(&ids[0]), "{}", there.location());
    sink.wait_for(
        |state| state.deliveries.iter().any(|one| one.recipients == [MODERATOR] && attached(&one.message)),
        PATIENCE,
    );
    // After each decision the next one is there.
    let there = browser.post(&format!("{queue}/{}", ids[0]), &[("action", "approve")]).expect(303);
    assert!(there.location().contains(&ids[1]), "{}", there.location());
    let page = browser.get(there.location()).expect(200);
    assert!(page.body.contains("Approved: the post goes out."), "{}", page.body);
    sink.wait_for(|state| state.deliveries.iter().any(|one| one.recipients.contains(&ANN.to_owned())), PATIENCE);
    let path = format!("{queue}/{}", ids[1]);
    browser.post(&path, &[("action", "reject"), ("reason", "Not here, please.")]).expect(303);
    // Somebody was quicker.
    let page = browser.post(&path, &[("action", "discard")]).expect(422);
    assert!(page.body.contains("role=\"alert\""), "{}", page.body);
    let page = browser.post(&format!("{queue}/{}", ids[2]), &[]).expect(422);
    assert!(page.body.contains("Choose what to do"), "{}", page.body);

    browser.get(&queue).expect(200);
    browser.post(&queue, &[("action", "discard")]).expect(422);
    let page = browser.post(&queue, &[("action", "discard"), ("id", &ids[2]), ("id", &ids[1])]).expect(422);
    assert!(page.body.contains("1 of 2 done"), "{}", page.body);
    browser.post(&queue, &[("action", "trust"), ("id", &ids[3]), ("id", &ids[4])]).expect(303);
    let left: Vec<String> = held(&daemon).into_iter().map(|one| one.id).collect();
    assert_eq!(left, [ids[5].clone()]);
    let ann: Member = Door::control(&daemon).call("member.get", vec![text(TALK), text(ANN)]);
    assert_eq!(ann.posting, "accept");

    // A post of another list is none of this one, even for somebody who may decide there.
    daemon.create_list("other@lists.example.org", &[]);
    let mut admin = super::moderators::browser(&web, ADMIN);
    admin.get(&format!("/lists/other@lists.example.org/held/{}", ids[5])).expect(404);
}

#[test]
fn an_owner_looks_after_members_settings_and_texts() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    hold(&daemon, 1);
    let mut browser = browser(&web, OWNER);
    let list = |path: &str| format!("/lists/{TALK}{path}");

    browser.fill(&list("/members"), &list("/members"), &[("new_address", "cy@example.org"), ("name", "Cy")]);
    browser.get(&list("/members")).expect(200);
    let page = browser.post(&list("/members"), &[("new_address", "no address"), ("name", "X")]).expect(422);
    assert!(page.body.contains("value=\"no address\"") && page.body.contains("aria-invalid"), "{}", page.body);
    let page = browser.get(&list("/members?q=cy")).expect(200);
    assert!(page.body.contains("cy@example.org") && !page.body.contains(">ann@example.org<"), "{}", page.body);
    let change = [("action", "save"), ("name", "Cy B"), ("mode", "nomail"), ("posting", "hold"), ("own_posts", "yes")];
    let cy = list("/member/cy@example.org");
    browser.fill(&cy, &cy, &change);
    let member: Member = Door::control(&daemon).call("member.get", vec![text(TALK), text("cy@example.org")]);
    assert_eq!((member.name.as_str(), member.mode.as_str(), member.posting.as_str()), ("Cy B", "nomail", "hold"));
    browser.fill(&cy, &cy, &[("action", "pause"), ("until", "2099-01-01")]);

    let pasted = "Dee <dee@example.org>\nann@example.org\nnonsense\n";
    browser.get(&list("/import")).expect(200);
    let page = browser.post(&list("/import"), &[("members", pasted), ("action", "preview")]).expect(200);
    for words in ["<strong>1</strong> become members", "<strong>1</strong> are members already", "nonsense"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let count = || Door::control(&daemon).call::<List>("list.get", vec![text(TALK)]).members;
    assert_eq!(count(), 3);
    browser.post(&list("/import"), &[("members", pasted), ("action", "import")]).expect(303);
    assert_eq!(count(), 4);
    browser
        .post(&list("/members/remove"), &[("address", "dee@example.org"), ("address", "cy@example.org")])
        .expect(303);
    assert_eq!(count(), 2);

    let page = browser.get(&list("/settings")).expect(200);
    assert!(!page.body.contains("<legend>Others</legend>"), "a setting has no words: {}", page.body);
    let revision = page.hidden("revision").expect("the revision").to_owned();
    let set = [("set.post_policy", "open"), ("set.max_size", "5000"), ("revision", revision.as_str())];
    let page = browser.post(&list("/settings"), &[&set[..], &[("action", "preview")]].concat()).expect(200);
    assert!(page.body.contains("would have gone another way") && page.body.contains("not saved"), "{}", page.body);
    let setting = |key: &str| Door::control(&daemon).call::<List>("list.get", vec![text(TALK)]).settings[key].clone();
    assert_eq!(setting("post_policy"), Value::String("moderated".to_owned()));
    browser.post(&list("/settings"), &[&set[..], &[("action", "save")]].concat()).expect(303);
    assert_eq!((setting("post_policy"), setting("max_size")), (Value::String("open".to_owned()), Value::Integer(5000)));
    // Somebody else's change in between is not overwritten.
    let set = [("set.post_policy", "members"), ("revision", &revision), ("action", "save")];
    let page = browser.post(&list("/settings"), &set).expect(422);
    assert!(page.body.contains("not saved"), "{}", page.body);
    let page = browser.post(&list("/settings"), &[("set.max_size", "huge"), ("action", "save")]).expect(422);
    assert!(page.body.contains("value=\"huge\""), "{}", page.body);

    let welcome = list("/templates/welcome/en");
    let page = browser.get(&welcome).expect(200);
    assert!(page.body.contains("How it comes out"), "{}", page.body);
    let page = browser.post(&welcome, &[("text", "Subject: x\n\n{{ nothing"), ("action", "save")]).expect(422);
    assert!(page.body.contains("{{ nothing"), "{}", page.body);
    browser
        .post(&welcome, &[("text", "Subject: Hi\r\n\r\nWelcome to {{ list }}.\r\n"), ("action", "save")])
        .expect(303);
    let page = browser.get(&welcome).expect(200);
    assert!(page.body.contains("Written by: list"), "{}", page.body);
    browser.post(&welcome, &[("action", "reset")]).expect(303);

    browser
        .post(&list("/bans"), &[("pattern", "spam.example"), ("reason", "spam"), ("until", "2099-01-01")])
        .expect(303);
    assert!(browser.get(&list("/bans")).body.contains("spam.example"));
    browser.post(&list("/roles"), &[("address", ANN), ("role", "moderator")]).expect(303);
    browser.post(&list("/roles/revoke"), &[("address", ANN), ("role", "moderator")]).expect(303);
    let page = browser.post(&list("/roles/revoke"), &[("address", OWNER), ("role", "owner")]).expect(422);
    assert!(page.body.contains("last owner"), "{}", page.body);

    browser.post(&list("/close"), &[("name", "something else")]).expect(422);
    browser.post(&list("/close"), &[("name", TALK)]).expect(303);
    browser.post(&list("/reopen"), &[]).expect(303);
}

#[test]
fn a_large_list_is_paged_through_and_searched() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    let file = daemon.folder().join("members");
    let many: String = (0..130).map(|number| format!("person{number:03}@example.org\n")).collect();
    std::fs::write(&file, many).expect("a file");
    daemon.cli_prints(&["member", "import", TALK, file.to_str().expect("UTF-8")]);
    let mut browser = browser(&web, OWNER);
    let start = format!("/lists/{TALK}/members");
    let mut path = start.clone();
    let (mut seen, mut pages) = (std::collections::BTreeSet::new(), 0);
    loop {
        let page = browser.get(&path).expect(200);
        let rows = page.body.split("name=\"address\" value=\"").skip(1).filter_map(|rest| rest.split('"').next());
        seen.extend(rows.map(str::to_owned));
        pages += 1;
        let Some(more) = page.body.split("<p class=\"more\"><a href=\"").nth(1) else { break };
        path = format!("{start}{}", more.split('"').next().expect("a link").replace("&amp;", "&"));
    }
    assert_eq!((seen.len(), pages), (132, 3));
    let page = browser.get(&format!("{start}?q=person12")).expect(200);
    assert!(page.body.contains("10 members with “person12”"), "{}", page.body);
}

#[test]
fn an_administrator_sees_to_the_site() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    hold(&daemon, 1);
    let mut browser = browser(&web, ADMIN);
    let create = [("address", "news@lists.example.org"), ("owner", OWNER)];
    let page = browser.fill("/site/lists", "/site/lists", &create);
    assert!(page.body.contains("Created.") && page.body.contains("news@lists.example.org"), "{}", page.body);
    browser.get("/site/lists?q=news").expect(200);
    let page = browser.post("/site/lists", &create).expect(422);
    assert!(page.body.contains("value=\"news@lists.example.org\""), "{}", page.body);
    browser.fill("/site/domains", "/site/domains", &[("name", "example.net"), ("description", "Tests")]);
    browser.fill("/site/domains", "/site/domains/delete", &[("name", "example.net")]);

    browser.fill("/site/accounts", "/site/accounts", &[("address", "dee@example.org"), ("admin", "yes")]);
    let page = browser.post("/site/accounts/change", &[("address", ADMIN), ("action", "lock")]).expect(422);
    assert!(page.body.contains("lock yourself out"), "{}", page.body);
    for action in ["demote", "lock", "unlock", "delete"] {
        browser.post("/site/accounts/change", &[("address", "dee@example.org"), ("action", action)]).expect(303);
    }

    browser.get("/site/tokens").expect(200);
    let page = browser.post("/site/tokens", &[("label", "backup"), ("scopes", "read metrics")]).expect(200);
    let secret = page.body.split("<code data-copy>").nth(1).and_then(|rest| rest.split('<').next()).expect("a secret");
    assert!(secret.len() > 40, "{secret}");
    let page = browser.get("/site/tokens").expect(200);
    assert!(!page.body.contains(secret) && page.body.contains("backup"), "a secret is shown once");
    let id = page.hidden("id").expect("a token").to_owned();
    browser.post("/site/tokens/revoke", &[("id", &id)]).expect(303);

    let id = held(&daemon)[0].id.clone();
    let item = format!("/site/queue/{id}");
    browser.get(&item).expect(200);
    browser.post(&item, &[("action", "drop")]).expect(422);
    let page = browser.get(&format!("/lists/{TALK}/audit")).expect(200);
    assert!(page.body.contains("role.grant"), "{}", page.body);
}
