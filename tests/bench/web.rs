//! B11: pages of mailjam-web under load, its memory meanwhile, and what a browser has to load.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use mailjam_rpc::Value;

use crate::daemon::{Daemon, PATIENCE, eventually, free_port, run, say};
use crate::machine;
use crate::report::{Report, Target};
use crate::smtp_sink::{Behaviour, Sink};

const LISTS: usize = 1_000;
const MEMBERS: usize = 100_000;
const HELD: usize = 1_000;
const CONNECTIONS: usize = 32;
const SECONDS: u32 = 10;

const LARGE: &str = "large@lists.example.org";
const MODERATED: &str = "moderated@lists.example.org";
const ADMIN: &str = "admin@example.org";
const PASSWORD: &str = "Zwetschgen-Knoedel";
const HOST: &str = "lists.example.org";
const COOKIE: &str = "__Host-mailjam";

pub fn measure(report: &mut Report) {
    if Command::new("wrk").arg("--version").stdout(Stdio::null()).status().is_err() {
        say("skipped: B11: wrk is not installed");
        return;
    }
    say(&format!("B11: {LISTS} lists, {MEMBERS} members, {HELD} held posts; {SECONDS} s for each page"));
    let sink = Sink::start(Behaviour { count_only: true, ..Behaviour::default() });
    let daemon = Daemon::start_in(&machine::disk(), &sink.server(), "");
    fill(&daemon);
    let web = Web::start(&daemon);
    let session = web.log_in();
    let pages = [
        ("index of 1,000 lists", "/site/lists".to_owned()),
        ("members, of 100,000", format!("/lists/{LARGE}/members")),
        ("held posts, of 1,000", format!("/lists/{MODERATED}/held")),
    ];
    let mut heaviest = 0;
    for (name, path) in &pages {
        let page = web.get(path, &session);
        heaviest = heaviest.max(page.len() + rest(&web, &page));
        let load = web.load(path, &session, page.len());
        report.row(&format!("B11 {name}: median"), load.median, "ms", Target::AtMost(10.0));
        report.row("… 99th percentile", load.slow, "ms", Target::None);
        report.row("… pages a second", load.rate, "/s", Target::None);
        // Whoever is not let in gets an answer as well, and a quicker one.
        assert_eq!(web.get(path, &session).len(), page.len(), "{path} is another page after the load");
    }
    report.row("B11 memory of mailjam-web, peak", peak(web.child.id()), "MiB", Target::AtMost(30.0));
    report.row("B11 heaviest page with stylesheet and script", heaviest as f64 / 1e3, "KB", Target::AtMost(100.0));
}

/// What the pages show.
fn fill(daemon: &Daemon) {
    let mut script = String::new();
    for number in 0..LISTS - 2 {
        writeln!(script, "list create list{number}@lists.example.org description='List number {number}'")
            .expect("text");
    }
    writeln!(script, "list create {LARGE}\nlist create {MODERATED} post_policy=moderated").expect("text");
    succeed(daemon, &[], &script);
    let mut roster = String::new();
    for number in 0..MEMBERS {
        writeln!(roster, "Member {number} <member{number}@host{}.example.org>", number % 977).expect("text");
    }
    succeed(daemon, &["member", "import", LARGE, "-"], &roster);
    succeed(daemon, &["member", "add", MODERATED, "member0@example.org"], "");
    for number in 0..HELD {
        let output = daemon.hand_over("member0@example.org", MODERATED, &machine::numbered(number));
        assert!(output.status.success(), "{output:?}");
    }
    let attributes = [("password", Value::String(PASSWORD.to_owned())), ("admin", Value::Boolean(true))];
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value)).into();
    daemon.call("account.create", vec![Value::String(ADMIN.to_owned()), Value::Struct(attributes)]);
}

fn succeed(daemon: &Daemon, arguments: &[&str], input: &str) {
    let output = daemon.cli_with_input(arguments, input.as_bytes());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The files that a page names, in octets.
fn rest(web: &Web, page: &str) -> usize {
    let names = ["style.css", "script.js", "icon.svg"];
    assert!(names.iter().all(|name| page.contains(name)), "a page names other files");
    names.iter().map(|name| web.get(&format!("/static/{name}"), "").len()).sum()
}

/// The most memory that was resident since a process began, in MiB.
fn peak(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the state of a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its peak");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") / 1024.0
}

/// What wrk found.
struct Load {
    /// Milliseconds.
    median: f64,
    slow: f64,
    /// Pages a second.
    rate: f64,
}

/// A mailjam-web in front of the daemon; it is gone when it is dropped.
struct Web {
    port: u16,
    child: Child,
}

impl Web {
    fn start(daemon: &Daemon) -> Web {
        let (port, config) = (free_port(), daemon.folder().join("web.toml"));
        let socket = daemon.folder().join("web.sock");
        let text = format!(
            "listen = \"127.0.0.1:{port}\"\ndaemon = \"{}\"\npublic_url = \"https://{HOST}\"\n",
            socket.display()
        );
        fs::write(&config, text).expect("the configuration");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailjam-web"));
        let child = command.arg("--config").arg(config).stdin(Stdio::null()).stderr(Stdio::null()).spawn();
        let web = Web { port, child: child.expect("mailjam-web started") };
        eventually("mailjam-web to listen", || TcpStream::connect(("127.0.0.1", port)).ok());
        web
    }

    /// Logs in as a browser does; answers the session.
    fn log_in(&self) -> String {
        let (head, page) = self.ask(&format!("GET /login HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"));
        let visit = cookies(&head).expect("a number of the visitor");
        let token = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let form = format!("form={}&address={ADMIN}&password={PASSWORD}", token.expect("a token in the form"));
        let (head, _) = self.ask(&format!(
            "POST /login HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nCookie: {visit}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ));
        cookies(&head).filter(|cookie| cookie.starts_with(COOKIE)).expect("a session")
    }

    /// A page, which must be there.
    fn get(&self, path: &str, cookie: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n");
        let (head, body) = self.ask(&request);
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        body
    }

    fn ask(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("mailjam-web listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.to_owned(), body.to_owned())
    }

    /// Asks for a page as often as 32 connections can.
    fn load(&self, path: &str, session: &str, size: usize) -> Load {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/wrk.lua");
        let mut wrk = Command::new("wrk");
        wrk.args(["--threads", "1", "--connections", &CONNECTIONS.to_string(), "--duration", &format!("{SECONDS}s")]);
        wrk.arg("--script").arg(script).arg("--header").arg(format!("Host: {HOST}"));
        wrk.arg("--header").arg(format!("Cookie: {session}"));
        let output = run(wrk.arg(format!("http://127.0.0.1:{}{path}", self.port)), b"");
        let printed = String::from_utf8_lossy(&output.stdout);
        let line = printed.lines().find_map(|line| line.strip_prefix("measured ")).expect("what wrk measured");
        let figures: Vec<f64> = line.split(' ').map(|figure| figure.parse().expect("a number")).collect();
        let [requests, duration, octets, failed, median, slow] = figures[..] else { panic!("six figures: {line}") };
        assert!(failed == 0.0, "{printed}");
        assert!(octets / requests > size as f64, "answers of {path} are smaller than the page");
        Load { median: median / 1e3, slow: slow / 1e3, rate: requests / duration * 1e6 }
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last cookie that an answer sets.
fn cookies(head: &str) -> Option<String> {
    let mut set = head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    set.next_back().and_then(|cookie| cookie.split(';').next()).map(str::to_owned)
}
