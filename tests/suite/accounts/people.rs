//! What everybody may do who is logged in: only to oneself.

use mailjam_rpc::records::{Member, MyMembership, MyThread, Post, SessionDetail};
use mailjam_rpc::{Code, Time, Value};

use super::{ANN, BOB, OTHER, TALK, create, logged_in, site};
use crate::calls::{Door, members, post, text, value};

#[test]
fn people_change_their_own_memberships_and_nothing_else() {
    let (_sink, daemon) = site();
    let control = Door::control(&daemon);
    for list in [TALK, OTHER] {
        daemon.cli_prints(&["list", "set", list, "description=What it is for"]);
    }
    daemon.cli_prints(&["role", "grant", TALK, ANN, "moderator"]);
    daemon.cli_prints(&["role", "grant", TALK, ANN, "owner"]);
    daemon.cli_prints(&["member", "add", OTHER, BOB]);
    create(&daemon, ANN);
    create(&daemon, BOB);
    let about_bob = || control.call::<Vec<u8>>("privacy.export", vec![text(BOB)]);
    let before = about_bob();

    let ann = logged_in(&daemon, ANN);
    let detail: SessionDetail = ann.call("session.get", vec![]);
    assert_eq!(detail.roles.len(), 1, "the higher role: {detail:?}");
    assert_eq!((detail.roles[0].list.as_str(), detail.roles[0].role.as_str()), (TALK, "owner"));
    let until = Time(4_000_000_000);
    let wishes = members([
        ("mode", text("digest")),
        ("own_posts", Value::Boolean(false)),
        ("away_until", value(until)),
        ("language", text("de")),
        ("name", text("Ann\nÄ.")),
    ]);
    let changed: Member = ann.call("me.update", vec![text(TALK), wishes]);
    assert_eq!((changed.mode.as_str(), changed.own_posts, changed.name.as_str()), ("digest", false, "Ann Ä."));
    let [mine]: [MyMembership; 1] =
        ann.call::<Vec<MyMembership>>("me.lists", vec![]).try_into().expect("one membership");
    assert_eq!((mine.list.as_str(), mine.description.as_str(), mine.address.as_str()), (TALK, "What it is for", ANN));
    assert_eq!((mine.away_until, mine.language.as_str(), mine.role.as_deref()), (Some(until), "de", Some("owner")));
    let back: Member = ann.call("me.update", vec![text(TALK), members([("away_until", value(Time(1)))])]);
    assert_eq!((back.away_until, back.mode.as_str()), (None, "digest"));

    let exception = members([("posting", text("accept"))]);
    assert_eq!(ann.fault("me.update", vec![text(TALK), exception]), Code::InvalidParameters as i32);
    assert!(ann.call::<bool>("me.mute", vec![text(TALK), text("<1@example.org>")]));
    assert!(ann.call::<bool>("me.mute", vec![text(TALK), text("<1@example.org>"), Value::Boolean(false)]));
    for odd in ["", "<a b>", &"x".repeat(999)] {
        assert_eq!(ann.fault("me.mute", vec![text(TALK), text(odd)]), Code::InvalidParameters as i32);
    }
    let mute = |number| ann.ask("me.mute", vec![text(TALK), text(&format!("<{number}@example.org>"))]);
    let refused = (0..200).find_map(|number| mute(number).err()).expect("an end of it");
    assert_eq!(refused.number, Code::TooMany as i32);
    assert!(!ann.call::<bool>("me.enable", vec![text(TALK)]), "nothing came back");
    let no_member = Code::NoMember as i32;
    for (method, rest) in [
        ("me.update", Some(members([]))),
        ("me.leave", None),
        ("me.mute", Some(text("<1@example.org>"))),
        ("me.enable", None),
    ] {
        let params = std::iter::once(text(OTHER)).chain(rest).collect();
        assert_eq!(ann.fault(method, params), no_member, "{method}");
    }
    let export: Vec<u8> = ann.call("me.export", vec![]);
    assert_eq!(export, control.call::<Vec<u8>>("privacy.export", vec![text(ANN)]));
    let export = String::from_utf8(export).expect("JSON");
    assert!(export.contains("\"login\"") && !export.contains(BOB), "{export}");

    assert!(ann.call::<bool>("me.leave", vec![text(TALK)]));
    assert_eq!(control.fault("member.get", vec![text(TALK), text(ANN)]), no_member);
    assert_eq!(ann.call::<Vec<Value>>("me.lists", vec![]).len(), 0);
    assert_eq!(about_bob(), before, "nobody touched what is Bob's");
}

#[test]
fn members_see_what_was_written_lately_and_mute_it_by_the_thread() {
    let (_sink, daemon) = site();
    daemon.cli_prints(&["list", "set", TALK, "post_policy=members"]);
    let mta = Door::named(&daemon, "mta");
    let submit = |number: u32, about: &str, answer: &str| {
        let message = format!(
            "From: =?utf-8?q?B=C3=B6b?= <{BOB}>\nTo: {TALK}\nSubject: {about}\nMessage-ID: <{number}@x>\n{answer}\nHello\n"
        );
        mta.submit(BOB, TALK, message.as_bytes()).action
    };
    assert_eq!(submit(1, "=?utf-8?q?K=C3=A4se?=", ""), "accept");
    assert_eq!(submit(2, "Wine", ""), "accept");
    assert_eq!(submit(3, "Re: Cheese", "In-Reply-To: <1@x>\n"), "accept");
    // What waits for a moderator nobody sees here.
    daemon.cli_prints(&["list", "set", TALK, "post_policy=moderated"]);
    assert_eq!(submit(4, "Secret", ""), "hold");
    let control = Door::control(&daemon);
    let posts: Vec<Post> = control.call("list.posts", vec![text(TALK)]);
    let seen: Vec<_> = posts.iter().map(|post| (post.subject.as_str(), post.author.as_str())).collect();
    assert_eq!(seen, [("Re: Cheese", "Böb"), ("Wine", "Böb"), ("Käse", "Böb")]);
    assert_eq!(control.call::<Vec<Post>>("list.posts", vec![text(TALK), Value::Integer(1)]).len(), 1);
    for last in [0, -1, 201] {
        assert_eq!(control.fault("list.posts", vec![text(TALK), Value::Integer(last)]), Code::InvalidParameters as i32);
    }
    let printed = daemon.cli_prints(&["list", "posts", TALK, "--last", "2"]);
    assert!(printed.contains("Re: Cheese") && printed.contains("Wine") && !printed.contains("Käse"), "{printed}");

    create(&daemon, ANN);
    let ann = logged_in(&daemon, ANN);
    let threads = || {
        let threads: Vec<MyThread> = ann.call("me.threads", vec![text(TALK)]);
        threads.into_iter().map(|one| (one.thread, one.subject, one.posts, one.muted)).collect::<Vec<_>>()
    };
    let row = |thread: &str, subject: &str, posts, muted| (thread.to_owned(), subject.to_owned(), posts, muted);
    assert_eq!(threads(), [row("<1@x>", "Re: Cheese", 2, false), row("<2@x>", "Wine", 1, false)]);
    // Muted by a post in its middle, as by a link in a mail, and wanted again by its root.
    assert!(ann.call::<bool>("me.mute", vec![text(TALK), text("<3@x>")]));
    assert_eq!(threads(), [row("<1@x>", "Re: Cheese", 2, true), row("<2@x>", "Wine", 1, false)]);
    assert!(ann.call::<bool>("me.mute", vec![text(TALK), text("<1@x>"), Value::Boolean(false)]));
    assert!(threads().iter().all(|(.., muted)| !muted), "{:?}", threads());
    assert_eq!(ann.fault("me.threads", vec![text(OTHER)]), Code::NoMember as i32);
}

#[test]
fn what_somebody_does_in_a_session_is_that_ones_doing() {
    let (_sink, daemon) = site();
    daemon.cli_prints(&["role", "grant", TALK, "mod@example.org", "moderator"]);
    daemon.cli_prints(&["list", "set", TALK, "post_policy=moderated"]);
    create(&daemon, "mod@example.org");
    let held = Door::named(&daemon, "mta").submit(ANN, TALK, &post("waits")).post_id.expect("a held post");
    let door = logged_in(&daemon, "mod@example.org");
    assert!(door.call::<bool>("moderation.approve", vec![text(&held)]));
    let entries = super::audit(&daemon, "mod@example.org");
    let entry = entries.iter().find(|entry| entry.action == "moderation.approve").expect("an entry");
    assert_eq!((entry.who.as_str(), entry.how.as_str()), ("mod@example.org", "web"));
}
