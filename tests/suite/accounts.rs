//! Accounts and sessions: who gets in, how long, and how far.

mod links;
mod people;
mod roles;

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use mailjam_rpc::records::{Account, AuditEntry, OpenSession, Page, SessionDetail};
use mailjam_rpc::{Code, Fault, Value};

use crate::calls::{Door, members, text};
use crate::daemon::{Daemon, run};
use crate::skip::skipped;
use crate::smtp_sink::{Behaviour, Sink};

const TALK: &str = "talk@lists.example.org";
const OTHER: &str = "other@lists.example.org";
const ANN: &str = "ann@example.org";
const BOB: &str = "bob@example.org";
const PASSWORD: &str = "Zwetschgen-Knoedel";
const WEB: &str = "[web]\npublic_url = \"https://lists.example.org/mail/\"\n";

/// A daemon that mails links, with two lists, and Ann and Bob on the first.
fn site() -> (Sink, Daemon) {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start_with(&sink.server(), WEB);
    daemon.create_list(TALK, &[ANN, BOB]);
    daemon.create_list(OTHER, &[]);
    (sink, daemon)
}

fn create(daemon: &Daemon, who: &str) -> Account {
    Door::control(daemon).call("account.create", vec![text(who), members([("password", text(PASSWORD))])])
}

/// What a login is answered with.
fn ask(daemon: &Daemon, who: &str, password: &str, source_ip: &str) -> Result<Value, Fault> {
    let options = members([("source_ip", text(source_ip)), ("user_agent", text("a browser"))]);
    Door::named(daemon, "web").ask("session.open", vec![text(who), text(password), options])
}

fn open(daemon: &Daemon, who: &str) -> OpenSession {
    Door::named(daemon, "web").call("session.open", vec![text(who), text(PASSWORD)])
}

/// The web socket with a session that somebody opened by password.
fn logged_in(daemon: &Daemon, who: &str) -> Door {
    Door::web(daemon, &open(daemon, who).token)
}

/// Changes the database under the daemon; `false` if there is no way to.
fn edit(daemon: &Daemon, sql: &str) -> bool {
    const SCRIPT: &str = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=30) as database:\n    \
                          assert database.execute(sys.argv[2]).rowcount > 0, sys.argv[2]\n";
    if Command::new("python3").arg("--version").output().is_err() {
        skipped("what the clock does to sessions: python3 is not installed");
        return false;
    }
    let mut python = Command::new("python3");
    let output = run(python.args(["-c", SCRIPT]).arg(daemon.folder().join("mailjam.db")).arg(sql), b"");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    true
}

/// Does it once, or again where a window of so many seconds has ended meanwhile, in which the daemon counts.
fn in_one_window(seconds: u64, work: impl Fn()) {
    let window = || std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs() / seconds;
    loop {
        let begun = window();
        work();
        if window() == begun {
            return;
        }
    }
}

fn audit(daemon: &Daemon, who: &str) -> Vec<AuditEntry> {
    let query = members([("address", text(who)), ("limit", Value::Integer(1000))]);
    Door::control(daemon).call::<Page<AuditEntry>>("audit.list", vec![query]).items
}

fn actions(daemon: &Daemon, who: &str, action: &str) -> usize {
    audit(daemon, who).iter().filter(|entry| entry.action == action).count()
}

#[test]
fn an_account_logs_in_and_whatever_is_wrong_has_the_same_answer() {
    let (_sink, daemon) = site();
    let account = create(&daemon, ANN);
    assert!(account.has_password && !account.admin && !account.locked && account.last_login.is_none());
    create(&daemon, "locked@example.org");
    Door::control(&daemon).call::<Account>(
        "account.update",
        vec![text("locked@example.org"), members([("locked", Value::Boolean(true))])],
    );
    Door::control(&daemon).call::<Account>("account.create", vec![text("link@example.org")]);
    let wrong = ask(&daemon, ANN, "something else", "192.0.2.1").expect_err("a wrong password");
    assert_eq!(wrong.number, Code::NotAuthenticated as i32);
    let long = "x".repeat(100_000);
    for (who, password) in [
        ("nobody@example.org", PASSWORD),
        ("locked@example.org", PASSWORD),
        ("link@example.org", ""),
        (BOB, PASSWORD),
        ("no address", PASSWORD),
        ("", ""),
        (ANN, ""),
        (ANN, &long),
    ] {
        let answer = ask(&daemon, who, password, "192.0.2.1").expect_err("no login");
        assert_eq!(answer, wrong, "{who:?}");
    }
    let session = open(&daemon, "Ann@EXAMPLE.org");
    assert_eq!((session.address.as_str(), session.admin, session.token.len()), (ANN, false, 64));
    let days = (session.expires.0
        - i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("a clock").as_secs()).expect("a time"))
        as f64
        / 86_400.0;
    assert!((13.9..14.1).contains(&days), "{days}");
    let detail: SessionDetail = Door::web(&daemon, &session.token).call("session.get", vec![]);
    assert_eq!((detail.address.as_str(), detail.admin, detail.roles.len()), (ANN, false, 0));
    let account: Account = Door::control(&daemon).call("account.get", vec![text(ANN)]);
    assert!(account.last_login.is_some());
}

#[test]
fn guesses_end_for_an_address_and_for_a_network_and_begin_again_later() {
    let (_sink, daemon) = site();
    create(&daemon, ANN);
    for _ in 0..12 {
        ask(&daemon, ANN, PASSWORD, "192.0.2.1").expect("who knows the password does not guess");
    }
    in_one_window(900, || {
        for guess in 0..10 {
            for who in [ANN, "nobody@example.org"] {
                ask(&daemon, who, &format!("guess {guess}"), "").expect_err("a wrong password");
            }
        }
        let known = ask(&daemon, ANN, PASSWORD, "192.0.2.1").expect_err("there were too many");
        let unknown = ask(&daemon, "nobody@example.org", PASSWORD, "").expect_err("there were as many");
        assert_eq!(known, unknown);
    });
    // Somebody else is not kept out.
    create(&daemon, BOB);
    ask(&daemon, BOB, PASSWORD, "192.0.2.1").expect("nobody guessed at this one");
    if !edit(&daemon, "UPDATE counter SET start = start - 900 WHERE what = 'guess'") {
        return;
    }
    ask(&daemon, ANN, PASSWORD, "192.0.2.1").expect("a quarter of an hour later");

    in_one_window(3600, || {
        for guess in 0..50 {
            ask(&daemon, &format!("{guess}@example.org"), "a guess", "198.51.100.7").expect_err("nobody");
        }
        ask(&daemon, ANN, PASSWORD, "198.51.100.200").expect_err("the network has guessed too much");
    });
    ask(&daemon, ANN, PASSWORD, "203.0.113.1").expect("another network");
    assert!(edit(&daemon, "UPDATE counter SET start = start - 3600 WHERE what = 'guess-network'"));
    ask(&daemon, ANN, PASSWORD, "198.51.100.200").expect("an hour later");
}

#[test]
fn a_session_ends_when_the_person_or_the_clock_says_so() {
    let (_sink, daemon) = site();
    create(&daemon, ANN);
    let web = Door::named(&daemon, "web");
    let [one, two, three] = [(); 3].map(|()| logged_in(&daemon, ANN));
    assert!(one.call::<bool>("session.close", vec![]));
    for method in ["session.get", "me.lists", "session.open", "system.listMethods", "nonsense"] {
        assert_eq!(one.fault(method, vec![]), Code::NotAuthenticated as i32, "{method}");
    }
    two.call::<SessionDetail>("session.get", vec![]);
    assert_eq!(three.call::<i32>("session.close_all", vec![]), 2);
    for door in [&two, &three, &Door::web(&daemon, "nonsense"), &Door::web(&daemon, "")] {
        assert_eq!(door.fault("session.get", vec![]), Code::NotAuthenticated as i32);
    }
    assert_eq!(web.fault("session.get", vec![]), Code::NoSuchMethod as i32, "nobody is logged in");
    assert_eq!(Door::control(&daemon).fault("session.get", vec![]), Code::NotAuthenticated as i32);

    for sql in [
        format!("UPDATE login SET used = used - {}", 14 * 86_400),
        format!("UPDATE login SET opened = opened - {}", 90 * 86_400),
    ] {
        let door = logged_in(&daemon, ANN);
        if !edit(&daemon, &sql) {
            return;
        }
        assert_eq!(door.fault("session.get", vec![]), Code::Expired as i32, "{sql}");
        assert!(edit(&daemon, "DELETE FROM login"));
    }
    // Using a session makes it last.
    let door = logged_in(&daemon, ANN);
    assert!(edit(&daemon, &format!("UPDATE login SET used = used - {}", 13 * 86_400)));
    door.call::<SessionDetail>("session.get", vec![]);
    assert!(edit(&daemon, &format!("UPDATE login SET used = used - {}", 13 * 86_400)));
    door.call::<SessionDetail>("session.get", vec![]);
}

#[test]
fn an_administrator_ends_sessions_by_lock_password_deletion_and_erasure() {
    let (_sink, daemon) = site();
    let control = Door::control(&daemon);
    let update = |changes| control.call::<Account>("account.update", vec![text(ANN), changes]);
    create(&daemon, ANN);
    let door = logged_in(&daemon, ANN);
    assert!(update(members([("locked", Value::Boolean(true))])).locked);
    assert_eq!(door.fault("session.get", vec![]), Code::NotAuthenticated as i32);
    assert!(!update(members([("locked", Value::Boolean(false))])).locked);

    let door = logged_in(&daemon, ANN);
    assert!(!update(members([("password", text(""))])).has_password);
    assert_eq!(door.fault("session.get", vec![]), Code::NotAuthenticated as i32);
    ask(&daemon, ANN, "", "").expect_err("no password is no way in");
    update(members([("password", text(PASSWORD)), ("admin", Value::Boolean(true))]));
    let session = open(&daemon, ANN);
    assert!(session.admin);

    assert!(control.call::<bool>("account.delete", vec![text(ANN)]));
    assert_eq!(Door::web(&daemon, &session.token).fault("session.get", vec![]), Code::NotAuthenticated as i32);
    assert_eq!(control.call::<Vec<Value>>("role.list", vec![text("")]).len(), 0, "an admin without account is none");
    assert_eq!(control.fault("account.delete", vec![text(ANN)]), Code::NoAccount as i32);

    create(&daemon, ANN);
    let door = logged_in(&daemon, ANN);
    control.call::<Value>("privacy.erase", vec![text(ANN)]);
    assert_eq!(door.fault("session.get", vec![]), Code::NotAuthenticated as i32);
    assert_eq!(control.fault("account.create", vec![text(ANN)]), Code::Suppressed as i32);
}

#[test]
fn passwords_and_sessions_are_in_no_log_no_audit_and_no_file() {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start_with(&sink.server(), &format!("{WEB}[log]\nlevel = \"trace\"\n"));
    daemon.create_list(TALK, &[ANN]);
    create(&daemon, ANN);
    let session = open(&daemon, ANN);
    ask(&daemon, ANN, "Marillenknoedel-wrong", "192.0.2.1").expect_err("a wrong password");
    ask(&daemon, "Marillenknoedel-lost", "x", "192.0.2.1").expect_err("a password in the wrong place");
    let door = Door::web(&daemon, &session.token);
    let new = "Powidltascherl-new";
    assert!(door.call::<bool>("me.password", vec![text(PASSWORD), text(new)]));
    Door::control(&daemon)
        .call::<Account>("account.update", vec![text(ANN), members([("password", text("Palatschinken-newest"))])]);
    assert_eq!(actions(&daemon, ANN, "me.password"), 1);
    let secrets = [PASSWORD, "Marillenknoedel", new, "Palatschinken", &session.token];
    let entries = format!("{:?}", Door::control(&daemon).call::<Page<AuditEntry>>("audit.list", vec![]));
    assert!(entries.contains("session.open") && entries.contains("account.update"), "{entries}");
    let export = Door::control(&daemon).call::<Vec<u8>>("privacy.export", vec![text(ANN)]);
    let mut places =
        vec![("audit".to_owned(), entries), ("export".to_owned(), String::from_utf8(export).expect("JSON"))];
    for name in ["mailjam.db", "mailjam.db-wal", "log"] {
        let bytes = std::fs::read(daemon.folder().join(name)).expect("a file of the daemon");
        places.push((name.to_owned(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    for (place, content) in places {
        for secret in secrets {
            assert!(!content.contains(secret), "{secret} in {place}");
        }
        assert!(place == "mailjam.db" || place == "mailjam.db-wal" || !content.contains("argon2id$"), "{place}");
    }
}

#[test]
fn the_command_line_takes_passwords_from_files_and_from_a_terminal_that_does_not_show_them() {
    let (_sink, daemon) = site();
    let created =
        daemon.cli_with_input(&["account", "create", ANN, "--admin", "--password-file", "-"], b"Zwetschgen-Knoedel\n");
    assert_eq!(
        String::from_utf8_lossy(&created.stdout),
        "created ann@example.org, admin of the site, who logs in with a password\n",
        "{created:?}"
    );
    assert!(open(&daemon, ANN).admin);
    let unasked = daemon.cli(&["account", "create", BOB]);
    assert_eq!(unasked.status.code(), Some(2), "{unasked:?}");
    daemon.cli_prints(&["account", "create", BOB, "--no-password"]);
    let short = daemon.cli_with_input(&["account", "update", BOB, "--password-file", "-"], b"short\n");
    assert_eq!(short.status.code(), Some(1), "{short:?}");
    let listed = daemon.cli_prints(&["account", "list"]);
    assert!(listed.contains(ANN) && listed.contains(BOB) && !listed.contains("argon2"), "{listed}");
    assert!(daemon.cli_prints(&["account", "show", BOB]).contains("never"));
    assert!(daemon.cli_prints(&["account", "update", ANN, "--admin", "no"]).contains("admin no"));

    let program = env!("CARGO_BIN_EXE_mailjam-cli");
    let line = format!("'{program}' --server '{}' account update {BOB} --password; stty -a", daemon.control());
    let script = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut script) = script else { return skipped("a password on a terminal: script is not installed") };
    let (mut keys, mut screen) = (script.stdin.take().expect("keys"), script.stdout.take().expect("a screen"));
    let mut seen = String::new();
    for prompt in ["Password: ", "Again: "] {
        let mut octet = [0];
        while !seen.ends_with(prompt) {
            screen.read_exact(&mut octet).unwrap_or_else(|error| panic!("{error} behind {seen:?}"));
            seen.push(octet[0].into());
        }
        keys.write_all(b"Zwetschgen-Knoedel\n").expect("typed");
    }
    screen.read_to_string(&mut seen).expect("the rest");
    script.wait().expect("the end of script");
    assert!(seen.contains("password yes") && !seen.contains("Zwetschgen"), "{seen}");
    assert!(seen.contains(" echo ") && !seen.contains("-echo "), "the terminal shows again what is typed: {seen}");
    open(&daemon, BOB);
    let deleted = daemon.cli(&["account", "delete", BOB]);
    assert_eq!(deleted.status.code(), Some(2), "it asks: {deleted:?}");
    assert_eq!(daemon.cli_prints(&["account", "delete", BOB, "--yes"]), "deleted bob@example.org\n");
}
