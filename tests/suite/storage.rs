//! Trouble with the storage: while the daemon runs nothing is lost and it heals by itself; at the start it is told.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mailjam_rpc::codec::{decode_reply, encode_call};
use mailjam_rpc::records::{Page, QueueDetail, QueueItem};
use mailjam_rpc::{Code, Fault, Shape, Value};
use nix::sys::signal::Signal;

use crate::calls::{Door, members, post, submission, text};
use crate::daemon::{Daemon, PATIENCE, eventually, run};
use crate::site::{Running, Site};
use crate::skip::skipped;
use crate::smtp_sink::{Action, Behaviour, Moment, Sink, Step};
use crate::systemd::Systemd;

const TALK: &str = "talk@lists.example.org";
const ANN: &str = "ann@example.org";

/// Mounts a disk of four MiB on the folder `$1`: one that fills up.
const IN_MEMORY: &str = "mount -t tmpfs -o size=4m tmpfs \"$1\"";

/// Mounts one that can fail as a disk does; it keeps what is on it in a file.
const IN_A_FILE: &str = "{ test -e \"$1.image\" || { truncate -s 32M \"$1.image\" && mkfs.ext4 -q \"$1.image\"; }; } \
                         && mount -t ext4 -o loop \"$1.image\" \"$1\"";

/// Mounts one whose files may be limited in size: instead of dying, who goes beyond the limit is told that it failed.
const LIMITED: &str = "trap '' XFSZ && mount -t tmpfs tmpfs \"$1\"";

/// A daemon whose database is on a disk of its own that nobody else sees.
struct SmallDisk {
    mount: &'static str,
    systemd: Systemd,
    daemon: Running,
    sink: Sink,
}

impl SmallDisk {
    /// `None` where this may not be made.
    fn new(mount: &'static str, behaviour: Behaviour) -> Option<SmallDisk> {
        let sink = Sink::start(behaviour);
        let systemd = Systemd::new("");
        let folder = systemd.site.path().to_owned();
        let disk = folder.join("disk");
        fs::create_dir(&disk).expect("a folder");
        let config = fs::read_to_string(systemd.site.config()).expect("the configuration");
        let config = config.replace("/mailjam.db", "/disk/mailjam.db");
        let (before, _) = config.split_once("[smtp]").expect("a section");
        fs::write(
            systemd.site.config(),
            format!("{before}[smtp]\nserver = \"{}\"\nrecipients = 5000\n", sink.server()),
        )
        .expect("written");
        if !with_disk(mount, &disk).arg("true").output().is_ok_and(|output| output.status.success()) {
            skipped("a disk that fills up or fails: a file system of its own needs root, util-linux and e2fsprogs");
            return None;
        }
        let daemon = start(&systemd, mount);
        Some(SmallDisk { mount, systemd, daemon, sink })
    }

    /// Sets the size that a file may have; writes beyond fail as they do over a quota or on a bad disk.
    fn limit(&self, size: &str) {
        let mut prlimit = Command::new("prlimit");
        prlimit.arg(format!("--pid={}", self.daemon.pid())).arg(format!("--fsize={size}:"));
        let output = run(&mut prlimit, b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Makes the kernel believe that the disk failed: it turns read-only at once, open files included.
    fn abort(&self) {
        let mut nsenter = Command::new("nsenter");
        // With its root, which need not be that of the mounts: packages are built in a chroot.
        nsenter.arg(format!("--target={}", self.daemon.pid())).args(["--mount", "--root"]);
        nsenter.args(["mount", "-o", "remount,abort"]).arg(self.systemd.site.path().join("disk"));
        let output = run(&mut nsenter, b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Stops the daemon, whose disk goes with it, and starts it with the disk mounted again.
    fn mount_again(&mut self) {
        self.daemon.signal(Signal::SIGTERM);
        self.daemon.end();
        let image = self.systemd.site.path().join("disk.image");
        eventually("the disk to be unmounted", || {
            let output = run(Command::new("losetup").arg("--associated").arg(&image), b"");
            (output.status.success() && output.stdout.is_empty()).then_some(())
        });
        self.daemon = start(&self.systemd, self.mount);
    }

    /// The disk as this process reaches it.
    fn disk(&self) -> PathBuf {
        let inside = self.systemd.site.path().join("disk");
        Path::new(&format!("/proc/{}/root", self.daemon.pid())).join(inside.strip_prefix("/").expect("a full path"))
    }

    fn call(&self, method: &str, params: Vec<Value>) -> Result<Value, Fault> {
        let body = encode_call(method, &params);
        let head =
            format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
        let mut stream = UnixStream::connect(self.systemd.site.socket("control")).expect("the daemon listens");
        stream.write_all((head + &body).as_bytes()).expect("a request sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let start = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head") + 4;
        decode_reply(&answer[start..]).expect("an answer")
    }

    /// Exit code and line of mailjam-mta.
    fn hand_over(&self, message: &[u8]) -> (Option<i32>, String) {
        self.hand_over_from(ANN, message)
    }

    fn hand_over_from(&self, sender: &str, message: &[u8]) -> (Option<i32>, String) {
        let mut mta = Command::new(crate::daemon::mta_program());
        let server = format!("unix:{}", self.systemd.site.socket("mta").display());
        let output = run(mta.args(["--server", &server, "--sender", sender, "--", TALK]), message);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Whether everybody is told that the database cannot be used for this message.
    fn assert_unusable(&self, message: &[u8]) {
        let (code, line) = self.hand_over(message);
        assert_eq!(code, Some(75), "{line}");
        assert!(line.starts_with("4."), "{line}");
        let fault = self.call("mta.submit", vec![submission(ANN, TALK, message)]).expect_err("a fault");
        assert_eq!(fault.number, Code::StorageFull as i32, "{fault}");
        assert!(fault.string.contains("whether its file system is read-only"), "{fault}");
        self.systemd.until("STATUS=the database cannot be used");
        let log = self.daemon.log();
        assert!(log.contains("whether its file system is read-only"), "{log}");
    }

    fn fill(&self) -> PathBuf {
        let path = self.disk().join("filler");
        let mut filler = OpenOptions::new().create(true).append(true).open(&path).expect("a file on the disk");
        while filler.write_all(&[0; 4096]).is_ok() {}
        path
    }
}

/// The beginning of a command that sees the disk.
fn with_disk(mount: &str, disk: &Path) -> Command {
    let mut unshare = Command::new("unshare");
    let script = format!("{mount} && shift && exec \"$@\"");
    unshare.args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"]).arg(disk);
    unshare
}

/// Starts the daemon on its disk.
fn start(systemd: &Systemd, mount: &str) -> Running {
    let program = systemd.site.command();
    let mut command = with_disk(mount, &systemd.site.path().join("disk"));
    command.arg(program.get_program()).args(program.get_args());
    command.env("NOTIFY_SOCKET", systemd.site.path().join("notify"));
    let daemon = systemd.site.start(&mut command);
    systemd.until("STATUS=Ready");
    daemon
}

#[test]
fn a_full_disk_is_told_and_heals_when_there_is_room() {
    let Some(small) = SmallDisk::new(IN_MEMORY, Behaviour::default()) else { return };
    small.call("list.create", vec![text(TALK)]).expect("a list");
    small.call("member.add", vec![text(TALK), text(ANN)]).expect("a member");
    assert_eq!(small.hand_over(&post("before")).0, Some(0));
    small.sink.wait_for(|state| state.messages == 1, PATIENCE);

    let filler = small.fill();
    let large = [post("while-full"), vec![b'x'; 100_000]].concat();
    let (code, line) = small.hand_over(&large);
    assert_eq!(code, Some(75), "{line}");
    assert!(line.starts_with("4."), "{line}");
    let fault = small.call("mta.submit", vec![submission(ANN, TALK, &large)]).expect_err("no room");
    assert_eq!(fault.number, Code::StorageFull as i32, "{fault}");
    assert!(fault.string.contains("the disk with the database is full; free some space"), "{fault}");
    small.systemd.until("STATUS=the disk with the database is full");
    // What needs no room is no sign that there is some.
    assert_eq!(small.hand_over(&post("before")).0, Some(0), "handed over before");
    let stranger = "eve@example.org";
    let message = format!("From: {stranger}\nSubject: x\n\nbody\n");
    assert_eq!(small.hand_over_from(stranger, message.as_bytes()).0, Some(77));
    assert_eq!(small.hand_over(&large).0, Some(75));
    let heard = small.systemd.rest();
    assert!(!heard.contains("all is well"), "{heard}");
    let log = small.daemon.log();
    assert_eq!(log.matches("the disk with the database is full").count(), 1, "told once, not at each attempt: {log}");
    // Reading goes on.
    small.call("list.get", vec![text(TALK)]).expect("a list");

    fs::remove_file(filler).expect("room again");
    assert_eq!(small.hand_over(&large).0, Some(0));
    small.systemd.until("STATUS=Ready; all is well");
    assert!(small.daemon.log().contains("the storage works again"), "{}", small.daemon.log());
    let state = small.sink.wait_for(|state| state.messages == 2, PATIENCE);
    assert_eq!(state.deliveries[1].recipients, [ANN]);
}

#[test]
fn a_disk_that_turns_read_only_is_told_and_loses_nothing_that_was_acknowledged() {
    let Some(mut small) = SmallDisk::new(IN_A_FILE, Behaviour::default()) else { return };
    small.call("list.create", vec![text(TALK)]).expect("a list");
    small.call("member.add", vec![text(TALK), text(ANN)]).expect("a member");
    assert_eq!(small.hand_over(&post("before")).0, Some(0));
    small.sink.wait_for(|state| state.messages == 1, PATIENCE);
    // Until it is written down that the post went out, it goes out again after a fall.
    eventually("the post to be done", || {
        let queue = small.call("queue.list", vec![]).expect("the queue");
        let queue = Page::<QueueItem>::from_value(queue).expect("a page");
        queue.items.is_empty().then_some(())
    });

    small.abort();
    small.assert_unusable(&post("after"));
    small.call("list.get", vec![text(TALK)]).expect("reading goes on");

    // Such a disk is repaired and mounted anew, which nobody can while its files are open.
    small.mount_again();
    assert_eq!(small.hand_over(&post("after")).0, Some(0));
    assert_eq!(small.hand_over(&post("before")).0, Some(0));
    let state = small.sink.wait_for(|state| state.messages >= 2, PATIENCE);
    let after = String::from_utf8_lossy(&state.deliveries[1].message).into_owned();
    assert!(after.contains("Subject: after"), "what was acknowledged is known, what was refused is not: {after}");
}

#[test]
fn writes_that_fail_are_told_and_heal_when_they_succeed() {
    let Some(small) = SmallDisk::new(LIMITED, Behaviour::default()) else { return };
    small.call("list.create", vec![text(TALK)]).expect("a list");
    small.call("member.add", vec![text(TALK), text(ANN)]).expect("a member");
    small.limit("100000");
    let large = [post("large"), vec![b'x'; 200_000]].concat();
    small.assert_unusable(&large);
    small.limit("unlimited");
    assert_eq!(small.hand_over(&large).0, Some(0));
    small.systemd.until("STATUS=Ready; all is well");
    small.sink.wait_for(|state| state.messages == 1, PATIENCE);
}

#[test]
fn results_that_find_no_room_are_written_later_and_a_stop_does_not_wait_for_room() {
    let (asked, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (count, permitted) = (Arc::clone(&asked), Arc::clone(&go));
    // Defers everybody, which makes much to write down, and each post only when the test says so.
    let script = move |moment: &Moment<'_>| match moment.step {
        Step::Mail(_) => {
            let number = count.fetch_add(1, Ordering::SeqCst);
            eventually("the test to go on", || (permitted.load(Ordering::SeqCst) > number).then_some(()));
            Action::Usual
        }
        Step::Rcpt(..) => Action::Reply(format!("450 4.2.0 {}", "come back another day ".repeat(10))),
        _ => Action::Usual,
    };
    let Some(mut small) = SmallDisk::new(IN_MEMORY, Behaviour { script: Box::new(script), ..Behaviour::default() })
    else {
        return;
    };
    small.call("list.create", vec![text(TALK)]).expect("a list");
    let people = (0..2000).map(|number| members([("address", text(&format!("member-number-{number}@example.org")))]));
    small.call("member.import", vec![text(TALK), Value::Array(people.collect())]).expect("members");
    small.call("member.add", vec![text(TALK), text(ANN)]).expect("a member");

    assert_eq!(small.hand_over(&post("one")).0, Some(0));
    eventually("the first post", || (asked.load(Ordering::SeqCst) == 1).then_some(()));
    let filler = small.fill();
    go.store(1, Ordering::SeqCst);
    small.systemd.until("STATUS=the disk with the database is full");
    fs::remove_file(filler).expect("room again");
    eventually("the results", || {
        let item = small.call("queue.get", vec![text("1")]).expect("an item");
        let item = QueueDetail::from_value(item).expect("an item").item;
        (item.deferred == 2001 && item.state == "waiting").then_some(())
    });
    small.systemd.until("STATUS=Ready; all is well");

    assert_eq!(small.hand_over(&post("two")).0, Some(0));
    eventually("the second post", || (asked.load(Ordering::SeqCst) == 2).then_some(()));
    small.fill();
    go.store(2, Ordering::SeqCst);
    small.systemd.until("STATUS=the disk with the database is full");
    small.daemon.signal(Signal::SIGTERM);
    small.daemon.end();
    assert!(small.daemon.log().contains("stopping"), "{}", small.daemon.log());
}

/// Somebody with a shell, in the middle of a transaction.
struct Shell {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Shell {
    fn lock(database: &Path) -> Option<Shell> {
        let shell = Command::new("sqlite3").arg(database).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = shell else {
            skipped("a database that another program has locked: sqlite3 is not installed");
            return None;
        };
        let mut stdin = child.stdin.take().expect("its standard input");
        stdin.write_all(b"BEGIN IMMEDIATE;\n.print locked\n").expect("a command");
        let mut locked = [0; 7];
        child.stdout.take().expect("its standard output").read_exact(&mut locked).expect("an answer");
        Some(Shell { child, stdin: Some(stdin) })
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

#[test]
fn a_database_locked_by_somebody_else_is_busy_until_it_is_not() {
    let sink = Sink::start(Behaviour::default());
    let daemon = Daemon::start(&sink.server());
    daemon.create_list(TALK, &[ANN]);
    let Some(shell) = Shell::lock(&daemon.folder().join("mailjam.db")) else { return };
    let control = Door::control(&daemon);
    let (fault, output) = std::thread::scope(|threads| {
        let submitted = threads.spawn(|| control.ask("mta.submit", vec![submission(ANN, TALK, &post("x"))]));
        let output = daemon.hand_over(ANN, TALK, &post("y"));
        (submitted.join().expect("an answer").expect_err("locked"), output)
    });
    assert_eq!(fault.number, Code::StorageBusy as i32, "{fault}");
    assert!(fault.string.contains("locked by another program"), "{fault}");
    assert_eq!(output.status.code(), Some(75));
    assert!(daemon.log().contains("locked by another program"), "{}", daemon.log());
    // Whoever only reads does not notice.
    assert!(control.ask("list.get", vec![text(TALK)]).is_ok());
    drop(shell);
    assert_eq!(daemon.hand_over(ANN, TALK, &post("y")).status.code(), Some(0));
    sink.wait_for(|state| state.messages == 1, PATIENCE);
    assert!(daemon.log().contains("the storage works again"), "{}", daemon.log());
}

#[test]
fn the_watchdog_starves_while_the_writer_does_not_answer() {
    let systemd = Systemd::new("");
    let _daemon = systemd.start_with(&[("WATCHDOG_USEC", "60000")]);
    systemd.until("WATCHDOG=1");
    let Some(shell) = Shell::lock(&systemd.site.database()) else { return };
    // What was under way when the lock was taken may still be said.
    systemd.socket.set_read_timeout(Some(Duration::from_millis(500))).expect("an option set");
    let heard = std::iter::from_fn(|| systemd.socket.recv(&mut [0; 64]).ok()).take(20).count();
    assert!(heard < 20, "the watchdog is fed while nothing can be written");
    drop(shell);
    systemd.socket.set_read_timeout(Some(PATIENCE)).expect("an option set");
    systemd.until("WATCHDOG=1");
}

#[test]
fn a_database_that_is_none_of_ours_is_refused_and_left_as_it_is() {
    let site = Site::new("");
    let mut daemon = site.start(&mut site.command());
    eventually("the daemon", || UnixStream::connect(site.socket("control")).ok());
    daemon.signal(Signal::SIGTERM);
    assert!(daemon.end().success());
    let good = fs::read(site.database()).expect("a database");
    let with = |offset: usize, bytes: &[u8]| {
        let mut changed = good.clone();
        changed[offset..offset + bytes.len()].copy_from_slice(bytes);
        changed
    };
    // Offsets of the header of an SQLite database: user_version at 60, application_id at 68.
    for (bytes, said) in [
        (with(60, &[0, 0, 0, 99]), "has schema 99, and this version of mailjam knows"),
        (with(68, b"else"), "is not a mailjam database; move it away"),
        (b"An old mbox file, which is no database at all.\n".repeat(40), "is not a mailjam database; move it away"),
        (with(0, &[0; 16]), "is not a mailjam database; move it away"),
    ] {
        fs::write(site.database(), &bytes).expect("a file");
        let output = site.refuses_to_start();
        assert!(output.contains(said), "{said}: {output}");
        assert!(output.contains("mailjam.db"), "{output}");
        assert!(fs::read(site.database()).expect("the file") == bytes, "{said}: the file was changed");
        assert!(!site.socket("mta").exists());
    }
    fs::write(site.database(), &good).expect("a file");
    let _daemon = site.start(&mut site.command());
    eventually("the daemon", || UnixStream::connect(site.socket("control")).ok());
}

#[test]
fn a_database_that_cannot_be_opened_is_named() {
    let site = Site::new("");
    let config = fs::read_to_string(site.config()).expect("the configuration");
    fs::write(site.config(), config.replace("/mailjam.db", "/nowhere/mailjam.db")).expect("written");
    let said = site.refuses_to_start();
    assert!(said.contains("nowhere/mailjam.db") && said.contains("No such file"), "{said}");
}
