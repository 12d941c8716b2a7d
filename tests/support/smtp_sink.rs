//! A mail server in the test's own process: takes mail by SMTP on a port of its own, misbehaves as told, and
//! remembers what it got.
#![allow(dead_code, reason = "each test binary that includes this file uses a part of it")]

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the sink behaves: by default it offers everything, accepts everything and keeps everything.
pub struct Behaviour {
    /// The lines of the answer to EHLO.
    pub offers: Vec<&'static str>,
    /// Answers 452 to recipients after this many in a transaction.
    pub rcpt_limit: Option<usize>,
    /// Counts messages instead of keeping them: for speed, and for crowds.
    pub count_only: bool,
    /// Decides on each step; see [`Action`].
    pub script: Script,
}

impl Default for Behaviour {
    fn default() -> Behaviour {
        Behaviour { offers: EVERYTHING.to_vec(), rcpt_limit: None, count_only: false, script: as_usual() }
    }
}

/// All extensions that matter to mailjam.
pub const EVERYTHING: [&str; 7] =
    ["PIPELINING", "SIZE 0", "8BITMIME", "SMTPUTF8", "XVERP", "DSN", "ENHANCEDSTATUSCODES"];

/// The same without those that start with one of `missing`.
pub fn everything_but(missing: &[&str]) -> Vec<&'static str> {
    EVERYTHING.into_iter().filter(|offer| !missing.iter().any(|name| offer.starts_with(name))).collect()
}

/// Called at each step of each connection.
pub type Script = Box<dyn Fn(&Moment<'_>) -> Action + Send + Sync>;

/// The script of a server that does nothing out of the ordinary.
pub fn as_usual() -> Script {
    Box::new(|_| Action::Usual)
}

/// Where a conversation stands.
#[derive(Debug)]
pub struct Moment<'a> {
    /// Connections before this one.
    pub connection: usize,
    /// Messages that this connection delivered before.
    pub delivered: usize,
    pub step: Step<'a>,
}

/// What just happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    Connect,
    Ehlo,
    Helo,
    /// The path without brackets.
    Mail(&'a str),
    /// The path without brackets, and how many recipients the transaction had before.
    Rcpt(&'a str, usize),
    Data,
    /// The first line of a message has arrived.
    MessageBegins,
    /// The final dot has arrived.
    End,
    Reset,
    Quit,
}

/// What the sink does about it.
pub enum Action {
    /// What servers do.
    Usual,
    /// Says this, one or several lines; only 2xx and, for DATA, 354 let the transaction go on.
    Reply(String),
    /// Closes the connection without a word.
    Drop,
    /// Says this and closes the connection.
    ReplyAndDrop(String),
    /// Says nothing more, but keeps the connection.
    Hang,
}

/// A transaction that ended in a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub connection: usize,
    /// The path without brackets.
    pub mail_from: String,
    /// What stood after the path in MAIL.
    pub parameters: Vec<String>,
    pub recipients: Vec<String>,
    /// With CRLF line ends, dots un-stuffed.
    pub message: Vec<u8>,
}

impl Delivery {
    pub fn has_parameter(&self, parameter: &str) -> bool {
        self.parameters.iter().any(|given| given == parameter)
    }
}

/// What the sink has seen.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub connections: usize,
    /// Connections that are open now.
    pub open: usize,
    /// Messages delivered.
    pub messages: usize,
    /// Recipients of delivered messages.
    pub recipients: usize,
    /// Octets of delivered messages.
    pub octets: u64,
    /// Messages, empty ones, whose transaction had no recipient.
    pub to_nobody: usize,
    /// Deliveries in the order of their ends; none with `count_only`.
    pub deliveries: Vec<Delivery>,
    /// Command lines in the order of arrival, a message between as `"."`; none with `count_only`.
    pub commands: Vec<String>,
    /// Commands that had arrived before the one ahead of them was answered.
    pub pipelined: usize,
    /// Messages behind whose final dot the next command had arrived already.
    pub overlapped: usize,
}

/// A running sink; dropping it closes its port and its connections.
pub struct Sink {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: Option<JoinHandle<()>>,
}

struct Shared {
    behaviour: Behaviour,
    state: Mutex<State>,
    changed: Condvar,
    stopping: AtomicBool,
    streams: Mutex<BTreeMap<usize, TcpStream>>,
}

impl Sink {
    /// Starts a sink on a port of 127.0.0.1 that the kernel chooses.
    pub fn start(behaviour: Behaviour) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port for the sink");
        let address = listener.local_addr().expect("the sink's port");
        let shared = Arc::new(Shared {
            behaviour,
            state: Mutex::default(),
            changed: Condvar::new(),
            stopping: AtomicBool::new(false),
            streams: Mutex::default(),
        });
        let acceptor = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || shared.accept(&listener)
        });
        Sink { shared, address, acceptor: Some(acceptor) }
    }

    /// `host:port` for a configuration.
    pub fn server(&self) -> String {
        self.address.to_string()
    }

    /// What has happened so far; a copy, so that the sink goes on.
    pub fn state(&self) -> State {
        lock(&self.shared.state).clone()
    }

    /// Waits until `done` holds, and returns the state in which it does.
    ///
    /// # Panics
    /// When it does not hold within `deadline`.
    pub fn wait_for(&self, done: impl Fn(&State) -> bool, deadline: Duration) -> State {
        let state = lock(&self.shared.state);
        let waited = self.shared.changed.wait_timeout_while(state, deadline, |state| !done(state));
        let (state, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(
            !timeout.timed_out(),
            "the sink saw {} messages to {} recipients on {} connections in {deadline:?}, which is not what was awaited",
            state.messages,
            state.recipients,
            state.connections
        );
        state.clone()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then sees that it is to stop.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Serves each connection in a thread, and waits for all of them in the end.
    fn accept(&self, listener: &TcpListener) {
        std::thread::scope(|threads| {
            for (connection, stream) in listener.incoming().flatten().enumerate() {
                if self.stopping.load(Ordering::SeqCst) {
                    break;
                }
                lock(&self.streams).extend(stream.try_clone().map(|stream| (connection, stream)));
                threads.spawn(move || {
                    self.note(|state| (state.connections, state.open) = (state.connections + 1, state.open + 1));
                    // A client that goes away ends its session, and nothing else.
                    let _ = Session::serve(self, connection, &stream);
                    let _ = stream.shutdown(Shutdown::Both);
                    lock(&self.streams).remove(&connection);
                    self.note(|state| state.open -= 1);
                });
            }
            for stream in lock(&self.streams).values() {
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }

    fn note(&self, change: impl FnOnce(&mut State)) {
        change(&mut lock(&self.state));
        self.changed.notify_all();
    }
}

/// One connection.
struct Session<'a> {
    shared: &'a Shared,
    connection: usize,
    input: BufReader<&'a TcpStream>,
    output: &'a TcpStream,
    /// Replies that wait for the end of the group of commands.
    replies: Vec<u8>,
    line: Vec<u8>,
    delivered: usize,
    envelope: Option<Delivery>,
}

/// Whether a step lets the conversation go on as it would without a script.
enum Verdict {
    Accepted,
    Refused,
}

impl<'a> Session<'a> {
    fn serve(shared: &'a Shared, connection: usize, stream: &'a TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut session = Session {
            shared,
            connection,
            input: BufReader::with_capacity(256 * 1024, stream),
            output: stream,
            replies: Vec::new(),
            line: Vec::new(),
            delivered: 0,
            envelope: None,
        };
        session.react(Step::Connect, "220 sink.test ESMTP")?;
        while session.read_line()? {
            if !session.command()? {
                break;
            }
        }
        session.flush()
    }

    /// Reads a line with its end; false at the end of the connection.
    fn read_line(&mut self) -> io::Result<bool> {
        if self.input.buffer().is_empty() {
            self.flush()?;
        }
        self.line.clear();
        self.input.read_until(b'\n', &mut self.line)?;
        Ok(self.line.ends_with(b"\n"))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.write_all(&self.replies)?;
        self.replies.clear();
        Ok(())
    }

    fn reply(&mut self, lines: &str) {
        self.replies.extend_from_slice(lines.as_bytes());
        self.replies.extend_from_slice(b"\r\n");
    }

    /// Asks the script, and says `usual` if it has nothing to say.
    fn react(&mut self, step: Step<'_>, usual: &str) -> io::Result<Verdict> {
        let moment = Moment { connection: self.connection, delivered: self.delivered, step };
        let said = match (self.shared.behaviour.script)(&moment) {
            Action::Usual => usual.to_owned(),
            Action::Reply(lines) => lines,
            Action::ReplyAndDrop(lines) => {
                self.reply(&lines);
                self.flush()?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Action::Drop => {
                self.flush()?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Action::Hang => {
                self.flush()?;
                while self.read_line()? {}
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        };
        if !said.is_empty() {
            self.reply(&said);
        }
        Ok(if said.starts_with(['4', '5']) { Verdict::Refused } else { Verdict::Accepted })
    }

    /// Serves the command in `line`; false when it was the last.
    fn command(&mut self) -> io::Result<bool> {
        let line = String::from_utf8_lossy(&self.line).trim_end().to_owned();
        if !self.shared.behaviour.count_only {
            let more = usize::from(!self.input.buffer().is_empty());
            self.shared.note(|state| {
                state.commands.push(line.clone());
                state.pipelined += more;
            });
        }
        let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => self.ehlo()?,
            "HELO" => _ = self.react(Step::Helo, "250 sink.test")?,
            "MAIL" => self.mail(&line)?,
            "RCPT" => self.rcpt(&line)?,
            "DATA" => self.data()?,
            "RSET" => {
                self.envelope = None;
                self.react(Step::Reset, "250 2.0.0 Ok")?;
            }
            "QUIT" => {
                self.react(Step::Quit, "221 2.0.0 Bye")?;
                return Ok(false);
            }
            _ => self.reply("500 5.5.2 Unknown command"),
        }
        Ok(true)
    }

    fn ehlo(&mut self) -> io::Result<()> {
        let offers = self.shared.behaviour.offers.iter();
        let lines = offers.fold("250-sink.test".to_owned(), |lines, offer| format!("{lines}\r\n250-{offer}"));
        self.react(Step::Ehlo, &format!("{lines}\r\n250 HELP")).map(|_| ())
    }

    fn mail(&mut self, line: &str) -> io::Result<()> {
        let (path, parameters) = split_path(line);
        if self.envelope.is_some() {
            self.reply("503 5.5.1 Nested MAIL");
        } else if let Verdict::Accepted = self.react(Step::Mail(path), "250 2.1.0 Ok")? {
            self.envelope = Some(Delivery {
                connection: self.connection,
                mail_from: path.to_owned(),
                parameters: parameters.split_ascii_whitespace().map(str::to_owned).collect(),
                recipients: Vec::new(),
                message: Vec::new(),
            });
        }
        Ok(())
    }

    fn rcpt(&mut self, line: &str) -> io::Result<()> {
        let (path, _) = split_path(line);
        let Some(before) = self.envelope.as_ref().map(|envelope| envelope.recipients.len()) else {
            self.reply("503 5.5.1 MAIL first");
            return Ok(());
        };
        let full = self.shared.behaviour.rcpt_limit.is_some_and(|limit| before >= limit);
        let usual = if full { "452 4.5.3 Too many recipients" } else { "250 2.1.5 Ok" };
        let verdict = self.react(Step::Rcpt(path, before), usual)?;
        if let (Verdict::Accepted, Some(envelope)) = (verdict, &mut self.envelope) {
            envelope.recipients.push(path.to_owned());
        }
        Ok(())
    }

    fn data(&mut self) -> io::Result<()> {
        let recipients = self.envelope.as_ref().map(|envelope| envelope.recipients.len());
        let usual = match recipients {
            None => "503 5.5.1 MAIL first",
            Some(0) => "554 5.5.1 No valid recipients",
            Some(_) => "354 End with a dot",
        };
        if let Verdict::Refused = self.react(Step::Data, usual)? {
            return Ok(());
        }
        let octets = self.message()?;
        if let Verdict::Accepted = self.react(Step::End, "250 2.0.0 Ok: queued")? {
            self.deliver(octets);
        }
        self.envelope = None;
        Ok(())
    }

    /// Reads a message up to its dot; returns its octets.
    fn message(&mut self) -> io::Result<u64> {
        let keep = !self.shared.behaviour.count_only;
        let mut octets = 0;
        loop {
            if !self.read_line()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if self.line == b".\r\n" {
                break;
            }
            if octets == 0 {
                self.react(Step::MessageBegins, "")?;
            }
            let text = self.line.strip_prefix(b".").unwrap_or(&self.line);
            octets += text.len() as u64;
            if let Some(envelope) = self.envelope.as_mut().filter(|_| keep) {
                envelope.message.extend_from_slice(text);
            }
        }
        let overlapped = usize::from(!self.input.buffer().is_empty());
        self.shared.note(|state| {
            state.overlapped += overlapped;
            if keep {
                state.commands.push(".".to_owned());
            }
        });
        Ok(octets)
    }

    fn deliver(&mut self, octets: u64) {
        let keep = !self.shared.behaviour.count_only;
        let Some(delivery) = self.envelope.take().filter(|delivery| !delivery.recipients.is_empty()) else {
            self.shared.note(|state| state.to_nobody += 1);
            return;
        };
        self.delivered += 1;
        self.shared.note(|state| {
            state.messages += 1;
            state.recipients += delivery.recipients.len();
            state.octets += octets;
            if keep {
                state.deliveries.push(delivery);
            }
        });
    }
}

/// Splits `MAIL FROM:<path> parameters`; the path may hold anything but `>` before a space.
fn split_path(line: &str) -> (&str, &str) {
    let rest = line.split_once(":<").map_or("", |(_, rest)| rest);
    let end = rest.find("> ").or_else(|| rest.rfind('>')).unwrap_or(rest.len());
    (&rest[..end], rest[end..].trim_start_matches('>').trim_start())
}
