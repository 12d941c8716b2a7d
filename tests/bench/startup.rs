//! B1: the whole process of mailjam-mta, as a share of what an empty program costs.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::daemon::{Daemon, say};
use crate::machine;
use crate::peers::Mlmmj;
use crate::report::{Report, Target, median};
use crate::smtp_sink::{Behaviour, Sink};

const LIST: &str = "bench@lists.example.org";
const SENDER: &str = "member0@example.org";
const ROUNDS: u32 = 300;
/// Time in which the copies of a post go out before the next program starts.
const PAUSE: Duration = Duration::from_millis(3);
/// The same for a peer that takes longer.
const LONG_PAUSE: Duration = Duration::from_millis(30);

/// The builds of mailjam-mta that there are, with the ratio that is the target with a real daemon, and alone.
fn builds() -> Vec<(&'static str, String, f64, f64)> {
    let known = [("musl", "MTA_MUSL", 0.70, 0.35), ("glibc", "MTA_GLIBC", 1.20, 0.83)];
    let built = |variable| std::env::var(variable).ok().filter(|path| !path.is_empty());
    known
        .into_iter()
        .filter_map(|(libc, variable, daemon, alone)| Some((libc, built(variable)?, daemon, alone)))
        .collect()
}

pub fn measure(report: &mut Report) {
    let builds = builds();
    if builds.is_empty() {
        say("skipped: B1: MTA_MUSL and MTA_GLIBC name no build of mailjam-mta");
        return;
    }
    say(&format!("B1: {ROUNDS} interleaved rounds"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tools = Tools::build(folder.path());

    let sink = Sink::start(Behaviour { count_only: true, ..Behaviour::default() });
    let daemon = Daemon::start_in(&machine::disk(), &sink.server(), "");
    let members: Vec<String> = (0..10).map(|number| format!("member{number}@example.org")).collect();
    daemon.create_list(LIST, &members.iter().map(String::as_str).collect::<Vec<_>>());
    let socket = folder.path().join("fast.sock");
    answer_at_once(&socket);

    let mut programs = vec![vec![tools.empty.display().to_string()]];
    for (_, path, ..) in &builds {
        for server in [daemon.mta(), format!("unix:{}", socket.display())] {
            let call = [path.as_str(), "--server", &server, "--sender", SENDER, "--", LIST];
            programs.push(call.map(str::to_owned).to_vec());
        }
    }
    let medians = tools.time(&programs, ROUNDS, PAUSE);

    report.row("B1 8 KiB written and synced", machine::sync_cost(), "µs", Target::None);
    let empty = medians[0];
    report.row("B1 empty dynamic Rust program", empty, "µs", Target::None);
    for ((libc, _, target, target_alone), pair) in builds.iter().zip(medians[1..].chunks(2)) {
        report.row(&format!("B1 mailjam-mta ({libc}), answer on disk"), pair[0], "µs", Target::None);
        report.row("… ratio to the empty program", pair[0] / empty, "", Target::AtMost(*target));
        report.row(&format!("B1 mailjam-mta ({libc}), immediate answer"), pair[1], "µs", Target::None);
        report.row("… ratio to the empty program", pair[1] / empty, "", Target::AtMost(*target_alone));
    }
    // Not among the others: what it leaves running would be measured as theirs.
    if let Some(mlmmj) = Mlmmj::list(&sink.server(), members.len()) {
        let times = tools.time(&[mlmmj.command()], ROUNDS / 3, LONG_PAUSE);
        report.row("B1 mlmmj-receive, message on disk, the rest later", times[0], "µs", Target::None);
    }
}

/// Programs that only the benchmark needs, built for it.
struct Tools {
    parent: PathBuf,
    empty: PathBuf,
    message: PathBuf,
}

impl Tools {
    fn build(folder: &Path) -> Tools {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench");
        let tools =
            Tools { parent: folder.join("parent"), empty: folder.join("empty"), message: folder.join("message") };
        must_succeed(Command::new("cc").arg("-O2").arg(sources.join("parent.c")).arg("-o").arg(&tools.parent));
        fs::write(folder.join("empty.rs"), "fn main() {}\n").expect("a source file");
        let flags = ["opt-level=z", "lto=fat", "codegen-units=1", "panic=abort", "strip=symbols"];
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc.args(flags.iter().flat_map(|flag| ["-C", flag])).arg(folder.join("empty.rs"));
        must_succeed(rustc.arg("-o").arg(&tools.empty));
        fs::write(&tools.message, machine::message()).expect("the message written");
        tools
    }

    /// The median of each program's runs, in microseconds.
    fn time(&self, programs: &[Vec<String>], rounds: u32, pause: Duration) -> Vec<f64> {
        let mut parent = Command::new(&self.parent);
        parent.arg(rounds.to_string()).arg(pause.as_micros().to_string()).arg(&self.message);
        parent.args(programs.join(&"+".to_owned()));
        let printed = must_succeed(&mut parent);
        let mut runs = vec![Vec::new(); programs.len()];
        for line in printed.lines() {
            let (position, nanoseconds) = line.split_once(' ').expect("two numbers a line");
            let position: usize = position.parse().expect("a position");
            runs[position].push(nanoseconds.parse::<f64>().expect("a time") / 1000.0);
        }
        runs.into_iter().map(median).collect()
    }
}

/// Runs a program and returns what it printed.
fn must_succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

const ACCEPTED: &str = "<?xml version=\"1.0\"?><methodResponse><params><param><value><struct>\
    <member><name>action</name><value><string>accept</string></value></member>\
    <member><name>code</name><value><int>0</int></value></member>\
    <member><name>dsn</name><value><string>2.0.0</string></value></member>\
    <member><name>text</name><value><string>accepted</string></value></member>\
    </struct></value></param></params></methodResponse>";

/// A daemon that takes everything and does nothing: what is left is the client.
fn answer_at_once(socket: &Path) {
    let listener = UnixListener::bind(socket).expect("a socket");
    let reply =
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{ACCEPTED}", ACCEPTED.len());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = answer(stream, &reply);
        }
    });
}

fn answer(mut stream: UnixStream, reply: &str) -> std::io::Result<()> {
    let mut request = vec![0; 64 << 10];
    let mut size = 0;
    while !request[..size].ends_with(b"</methodCall>") && !request[..size].ends_with(b"</methodCall>\n") {
        match stream.read(&mut request[size..])? {
            0 => return Ok(()),
            more => size += more,
        }
    }
    stream.write_all(reply.as_bytes())
}
