//! What an administrator does with a whole site, and an owner with what is done seldom.

use mailjam_rpc::records::{DkimRecord, Domain, List, Member, Membership, Page};

use crate::calls::{Door, members, post, text};
use crate::daemon::{Daemon, PATIENCE, eventually};

use super::members::{ANN, BOB, TALK, account, site};
use super::moderators::{ADMIN, OWNER, browser, people};
use super::shown::harmless;

fn addresses(daemon: &Daemon, list: &str) -> Vec<String> {
    let page: Page<Member> = Door::control(daemon).call("member.list", vec![text(list)]);
    page.items.into_iter().map(|member| member.address).collect()
}

#[test]
fn a_list_gets_another_address_and_ends_only_by_its_name() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    let mut browser = browser(&web, ADMIN);
    let page = browser.fill(
        &format!("/lists/{TALK}"),
        &format!("/lists/{TALK}/rename"),
        &[("new_address", "chat@lists.example.org")],
    );
    assert!(page.body.contains("<h1>chat@lists.example.org</h1>"), "{}", page.body);
    assert_eq!(addresses(&daemon, "chat@lists.example.org").len(), 2);
    let page = browser.post("/lists/chat@lists.example.org/delete", &[("name", TALK)]).expect(422);
    assert!(page.body.contains("Nothing was deleted"), "{}", page.body);
    let there = browser.post("/lists/chat@lists.example.org/delete", &[("name", "Chat@lists.example.org")]).expect(303);
    assert!(browser.get(there.location()).expect(200).body.contains("Deleted."));
    assert_eq!(Door::control(&daemon).call::<Page<List>>("list.list", vec![]).total, 0);
}

#[test]
fn keys_are_made_published_used_and_removed() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    let keys = || Door::control(&daemon).call::<Vec<DkimRecord>>("dkim.list", vec![]);
    let mut browser = browser(&web, ADMIN);
    assert!(browser.get("/site/dkim").expect(200).body.contains("There is no key"));
    let page = browser.post("/site/dkim", &[("domain", "not a domain"), ("algorithm", "rsa")]).expect(422);
    assert!(page.body.contains("value=\"not a domain\""), "{}", page.body);
    let key = [("domain", "lists.example.org"), ("selector", "k1"), ("algorithm", "ed25519")];
    let page = browser.fill("/site/dkim", "/site/dkim", &key);
    assert!(
        page.body.contains("k1._domainkey.lists.example.org") && page.body.contains("does not sign yet"),
        "{}",
        page.body
    );
    assert!(!keys()[0].active);
    browser.fill("/site/dkim", "/site/dkim/change", &[&key[..], &[("action", "activate")]].concat());
    assert!(keys()[0].active);
    browser.fill("/site/dkim", "/site/dkim/change", &[&key[..], &[("action", "remove")]].concat());
    assert!(keys().is_empty());
}

#[test]
fn a_person_is_found_moved_and_erased_on_all_lists() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    let control = Door::control(&daemon);
    let find = |who: &str| control.call::<Vec<Membership>>("member.find", vec![text(who)]).len();
    let mut browser = browser(&web, ADMIN);
    let page = browser.get(&format!("/site/people?q={BOB}")).expect(200);
    assert!(page.body.contains(TALK) && page.body.contains("See what erasing takes"), "{}", page.body);
    let page = browser.get("/site/people?q=nonsense").expect(422);
    assert!(page.body.contains("role=\"alert\""), "{}", page.body);
    browser.get(&format!("/site/people?q={BOB}")).expect(200);
    browser
        .post("/site/people", &[("address", BOB), ("new_address", "rob@example.org"), ("action", "move")])
        .expect(303);
    assert_eq!((find(BOB), find("rob@example.org")), (0, 1));
    let saved = browser.get("/site/people/export?q=rob@example.org").expect(200);
    assert!(saved.body.contains("rob@example.org") && saved.header("content-disposition").is_some());

    let who = ("address", "rob@example.org");
    let page = browser.post("/site/people", &[who, ("action", "look")]).expect(200);
    assert!(page.body.contains("Erasing takes 1 memberships"), "{}", page.body);
    let page = browser.post("/site/people", &[who, ("action", "erase"), ("name", BOB)]).expect(422);
    assert!(page.body.contains("Nothing was erased"), "{}", page.body);
    assert_eq!(find("rob@example.org"), 1);
    browser.post("/site/people", &[who, ("action", "erase"), ("name", "rob@example.org")]).expect(303);
    assert_eq!(find("rob@example.org"), 0);
}

#[test]
fn an_administrator_asks_the_doctor_and_has_the_configuration_read_again() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    let mut browser = browser(&web, ADMIN);
    browser.get("/site").expect(200);
    let page = browser.post("/site/doctor", &[]).expect(200);
    assert!(page.body.contains("<td>storage</td>") && page.body.contains(">ok</span>"), "{}", page.body);
    harmless(&page, "doctor");
    assert!(browser.fill("/site", "/site/reload", &[]).body.contains("read its configuration again"));
    let page = browser.get("/site/audit?verify=yes").expect(200);
    assert!(page.body.contains("are as they were written"), "{}", page.body);
    browser.fill("/site/domains", "/site/domains/change", &[("name", "lists.example.org"), ("description", "Ours")]);
    let domain: Domain = Door::control(&daemon).call("domain.get", vec![text("lists.example.org")]);
    assert_eq!(domain.description, "Ours");
}

#[test]
fn an_owner_compares_members_asks_about_bans_and_has_a_mail_explained() {
    let (_sink, daemon, web) = site();
    people(&daemon);
    let mut browser = browser(&web, OWNER);
    let import = format!("/lists/{TALK}/import");
    let typed = format!("{ANN}\nnew@example.org");
    browser.get(&import).expect(200);
    let page = browser.post(&import, &[("members", &typed), ("action", "compare")]).expect(200);
    assert!(
        page.body.contains("Make the members exactly these") && page.body.contains(&format!("<li>{BOB}</li>")),
        "{}",
        page.body
    );
    assert_eq!(addresses(&daemon, TALK), [ANN, BOB]);
    let bad = format!("{typed}\nnonsense");
    let page = browser.post(&import, &[("members", &bad), ("action", "exactly")]);
    assert!(page.status == 422 && page.body.contains("nonsense"), "{}", page.body);
    assert_eq!(addresses(&daemon, TALK), [ANN, BOB]);
    browser.post(&import, &[("members", &typed), ("action", "exactly")]).expect(303);
    assert_eq!(addresses(&daemon, TALK), [ANN, "new@example.org"]);

    let bans = format!("/lists/{TALK}/bans");
    browser.fill(&bans, &bans, &[("pattern", "*@spam.example"), ("reason", "sells pills")]);
    let page = browser.get(&format!("{bans}?check=x@spam.example")).expect(200);
    assert!(page.body.contains("is banned by *@spam.example (sells pills)"), "{}", page.body);
    assert!(browser.get(&format!("{bans}?check=ann@example.org")).expect(200).body.contains("is not banned."));

    let explain = format!("/lists/{TALK}/explain");
    let mail = format!("From: x@spam.example\r\nTo: {TALK}\r\nSubject: Pills\r\nMessage-ID: <1@x>\r\n\r\nBuy\r\n");
    browser.get(&explain).expect(200);
    let page =
        browser.post(&explain, &[("address", TALK), ("sender", "x@spam.example"), ("message", &mail)]).expect(200);
    assert!(page.body.contains("<td>banned</td>") || page.body.contains("<td>ban</td>"), "{}", page.body);
    // Another list's mail is that list's owners' business, and reports are the site's.
    Door::control(&daemon).call::<List>("list.create", vec![text("other@lists.example.org")]);
    browser.post(&explain, &[("address", "other@lists.example.org"), ("message", &mail)]).expect(403);
    browser.post(&explain, &[("action", "report"), ("message", &mail)]).expect(403);
}

#[test]
fn an_owner_trusts_a_member_and_sends_a_digest_and_a_member_is_spared_a_thread() {
    let (sink, daemon, web) = site();
    people(&daemon);
    account(&daemon, ANN, false);
    let control = Door::control(&daemon);
    control.call::<Member>("member.update", vec![text(TALK), text(BOB), members([("mode", text("digest"))])]);
    assert_eq!(Door::named(&daemon, "mta").submit(ANN, TALK, &post("Dinner")).action, "accept");
    let mut browser_of_owner = browser(&web, OWNER);
    let digest = format!("/lists/{TALK}/digest");
    let page = eventually("a post for the digest", || {
        Some(browser_of_owner.get(&digest).expect(200))
            .filter(|page| page.body.contains("<strong>1</strong> post waits"))
    });
    assert!(page.body.contains("As it would go out now") && page.body.contains("Dinner"), "{}", page.body);
    browser_of_owner.fill(&digest, &digest, &[]);
    sink.wait_for(|state| state.deliveries.iter().any(|one| one.recipients == [BOB]), PATIENCE);
    assert!(browser_of_owner.get(&digest).expect(200).body.contains("Nothing waits for a digest"));
    let page = browser_of_owner.get(&format!("/lists/{TALK}")).expect(200);
    assert!(page.body.contains("<td>Dinner</td>") && page.body.contains("1 posts in 30 days"), "{}", page.body);

    let member = format!("/lists/{TALK}/member/{BOB}");
    browser_of_owner.fill(&member, &member, &[("action", "trust")]);
    assert_eq!(control.call::<Member>("member.get", vec![text(TALK), text(BOB)]).posting, "accept");

    let mut browser_of_ann = browser(&web, ANN);
    let threads = format!("/my/{TALK}/threads");
    let page = browser_of_ann.get(&threads).expect(200);
    let thread = page.hidden("thread").expect("a thread").replace("&#60;", "<").replace("&#62;", ">");
    assert!(page.body.contains("Dinner") && thread.starts_with('<'), "{}", page.body);
    let page = browser_of_ann.fill(&threads, &threads, &[("thread", &thread), ("muted", "yes")]);
    assert!(page.body.contains("<span class=\"tag\">muted</span>"), "{}", page.body);
    let page = browser_of_ann.fill(&threads, &threads, &[("thread", &thread), ("muted", "no")]);
    assert!(!page.body.contains("<span class=\"tag\">muted</span>"), "{}", page.body);
}

#[test]
fn whoever_wants_to_leave_without_a_login_is_asked_by_mail() {
    let (sink, daemon, web) = site();
    let mut browser = web.browser();
    let answers = [ANN, "stranger@example.org"].map(|who| {
        browser.get(&format!("/lists/{TALK}/subscribe")).expect(200);
        browser.post(&format!("/lists/{TALK}/leave"), &[("address", who)]).expect(200).body.replace(who, "")
    });
    assert_eq!(answers[0], answers[1], "nobody is told who is a member");
    let asked = |state: &crate::smtp_sink::State| {
        state
            .deliveries
            .iter()
            .any(|one| one.recipients == [ANN] && String::from_utf8_lossy(&one.message).contains("/confirm/"))
    };
    sink.wait_for(asked, PATIENCE);
    assert_eq!(addresses(&daemon, TALK), [ANN, BOB]);
}
