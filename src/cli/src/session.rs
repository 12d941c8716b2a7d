//! One run of the program: which daemon, how to call it, and how its answers are shown.

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use clap::ArgMatches;
use mailjam_rpc::catalogue::Method;
use mailjam_rpc::{Shape, Value, codec};
use mailjam_wire::client::{Client, Reply};
use mailjam_wire::server::Server;

use crate::command::{Arg, Form, Names, Outcome};
use crate::error::Error;
use crate::interrupt;
use crate::output::Screen;

/// Where a daemon on this machine listens for administrators.
pub const DEFAULT_SERVER: &str = "unix:/run/mailjam/control.sock";

/// For a whole call. Long, because a daemon that works off a large change is not a broken one.
const TIMEOUT: Duration = Duration::from_secs(120);

/// How often a wait for an answer looks for Ctrl-C.
const TICK: Duration = Duration::from_millis(50);

/// The options that every command understands.
pub static OPTIONS: [Arg; 4] = [
    Arg::new("server", Form::Value, "URL", "Daemon to talk to, unix:/path or http://host:port").names(Names::Server),
    Arg::new("token-file", Form::Value, "FILE", "File with the token for an http server").names(Names::File),
    Arg::flag("json", "Print what the daemon answered, as JSON"),
    Arg::flag("no-color", "No colours, as with NO_COLOR"),
];

/// What stands in the place of a command: commands to be done one after the other.
pub static SCRIPTS: [Arg; 2] = [
    Arg::new("execute", Form::Repeated, "COMMAND", "Do this command, a line as in a shell; may be repeated").short('e'),
    Arg::new("file", Form::Value, "FILE", "Do the commands in FILE, one a line; - for standard input")
        .names(Names::File)
        .short('f'),
];

/// The same, as clap understands them.
pub fn options() -> [clap::Arg; 4] {
    OPTIONS.each_ref().map(|option| option.parser().global(true).help_heading("Global options"))
}

/// The same for scripts.
pub fn scripts() -> [clap::Arg; 2] {
    SCRIPTS.each_ref().map(|option| option.parser().help_heading("Scripts"))
}

/// Those that make sense for a single line of a shell, which has its daemon.
pub fn shell_options() -> impl Iterator<Item = clap::Arg> {
    options().into_iter().filter(|option| option.get_id() == "json")
}

/// What Ctrl-C does to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInterrupt {
    /// What it does to a program: ends it.
    End,
    /// The call is left alone, answered or not.
    Leave,
    /// The answer is waited for, so that what was done is known; a second one leaves the call alone.
    Finish,
}

/// The way to a daemon.
pub struct Daemon {
    client: Client,
    server: Server<String>,
    token: Option<String>,
    timeout: Duration,
    on_interrupt: OnInterrupt,
    /// How often Ctrl-C was pressed since the command began.
    interrupts: u8,
}

impl Daemon {
    /// The one that the command line or else the environment names; connects to nobody yet. `timeout` is for a whole
    /// call.
    pub fn find(server: Option<&str>, token_file: Option<&Path>, timeout: Duration) -> Result<Daemon, Error> {
        let from_environment = std::env::var("MAILJAM_SERVER").ok().filter(|url| !url.is_empty());
        let url = server.map(str::to_owned).or(from_environment).unwrap_or_else(|| DEFAULT_SERVER.to_owned());
        let server: Server<String> = url.parse().map_err(|reason| Error::Server { url, reason })?;
        // A unix socket knows who is calling.
        let token = match server {
            Server::Unix(_) => None,
            Server::Http { .. } => token(token_file)?,
        };
        let client = Client::new(server.clone(), token.clone(), timeout);
        Ok(Daemon { client, server, token, timeout, on_interrupt: OnInterrupt::End, interrupts: 0 })
    }

    /// The same daemon, of which no answer is taken that has more than `bytes`.
    pub fn reply_limit(self, bytes: usize) -> Daemon {
        Daemon { client: self.client.reply_limit(bytes), ..self }
    }

    /// Its address.
    pub fn server(&self) -> &Server<String> {
        &self.server
    }

    /// A command begins. It has not been interrupted yet, and this is what Ctrl-C does to its calls.
    pub fn begin(&mut self, on_interrupt: OnInterrupt) {
        interrupt::take();
        self.interrupts = 0;
        self.on_interrupt = on_interrupt;
    }

    /// Has Ctrl-C wait for the answer of a call from here on.
    pub fn finish_calls(&mut self) {
        interrupt::watch();
        self.on_interrupt = OnInterrupt::Finish;
    }

    /// Whether the command is to end.
    pub fn is_interrupted(&mut self) -> bool {
        self.interrupts += u8::from(interrupt::take() && self.interrupts < u8::MAX);
        self.interrupts > 0
    }

    /// Calls a method and answers the XML that the daemon answered.
    pub fn fetch(&mut self, method: &str, params: Vec<Value>) -> Result<Vec<u8>, Error> {
        let body = codec::encode_call(method, &params);
        let reply = match self.on_interrupt {
            OnInterrupt::End => self.client.post("/RPC2", body.as_bytes())?,
            OnInterrupt::Leave | OnInterrupt::Finish => self.post_watched(body)?,
        };
        match reply.status {
            200 => Ok(reply.body),
            status => Err(Error::Status { server: self.server.clone(), status }),
        }
    }

    /// Waits for the answer and for Ctrl-C. A call that is left alone goes on in a thread that nobody hears of again;
    /// the next one has a connection of its own.
    fn post_watched(&mut self, body: String) -> Result<Reply, Error> {
        let fresh = Client::new(self.server.clone(), self.token.clone(), self.timeout);
        let mut client = mem::replace(&mut self.client, fresh);
        let (done, answer) = sync_channel(1);
        thread::spawn(move || {
            let reply = client.post("/RPC2", body.as_bytes());
            // Nobody takes it who has been interrupted.
            let _ = done.send((client, reply));
        });
        let patience = u8::from(self.on_interrupt == OnInterrupt::Finish);
        loop {
            match answer.recv_timeout(TICK) {
                Ok((client, reply)) => {
                    self.client = client;
                    return Ok(reply?);
                }
                Err(RecvTimeoutError::Timeout) if !self.is_interrupted() || self.interrupts <= patience => {}
                Err(_) => return Err(Error::Interrupted),
            }
        }
    }
}

/// The value in the XML that the daemon at `server` answered to a call of `method` about `subject`.
pub fn decode(server: &Server<String>, method: &str, subject: Option<String>, xml: &[u8]) -> Result<Value, Error> {
    match codec::decode_reply(xml) {
        Ok(answer) => answer.map_err(|fault| Error::Fault { method: method.to_owned(), subject, fault }),
        Err(fault) => Err(Error::NotOurs { server: server.clone(), reason: fault.text().to_owned() }),
    }
}

/// Where commands come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line: there is one.
    CommandLine,
    /// Somebody who types.
    Shell,
    /// A file or arguments: nobody is asked anything.
    Script,
    /// A script on standard input, which is therefore not there for anything else.
    ScriptOnStdin,
}

/// A daemon to call and a screen to show its answers on.
pub struct Session {
    pub daemon: Daemon,
    /// Whether answers are shown as JSON.
    pub json: bool,
    pub screen: Screen,
    pub origin: Origin,
    /// The list that commands are about which name none.
    pub list: Option<String>,
}

impl Session {
    /// Connects to nobody yet.
    pub fn open(matches: &ArgMatches, screen: Screen) -> Result<Session, Error> {
        let server = matches.get_one::<String>("server").map(String::as_str);
        let daemon = Daemon::find(server, matches.get_one("token-file").map(PathBuf::as_path), TIMEOUT)?;
        Ok(Session { daemon, json: matches.get_flag("json"), screen, origin: Origin::CommandLine, list: None })
    }

    /// Whether somebody is there to be asked.
    pub fn can_ask(&self) -> bool {
        !matches!(self.origin, Origin::Script | Origin::ScriptOnStdin) && io::stdin().is_terminal()
    }

    /// A file that was named, or standard input where that is a `-`.
    pub fn input(&mut self, file: &Path) -> Result<Box<dyn Read>, Error> {
        if file != Path::new("-") {
            return Ok(Box::new(File::open(file).map_err(Error::read(file))?));
        }
        if self.origin == Origin::ScriptOnStdin {
            return Err(Error::Contradiction(
                "standard input has the script, so that it can have nothing else: name a file",
            ));
        }
        if io::stdin().is_terminal() {
            self.screen.note(format_args!("reading what you type; Ctrl-D on a line of its own ends it"));
        }
        Ok(Box::new(interrupt::Stdin))
    }

    /// All of that, which must be UTF-8.
    pub fn read(&mut self, file: &Path) -> Result<String, Error> {
        let mut text = String::new();
        self.input(file)?.read_to_string(&mut text).map_err(Error::read(file))?;
        Ok(text)
    }

    /// Calls a method and answers what the daemon answered.
    pub fn call(&mut self, method: &str, params: Vec<Value>) -> Result<Value, Error> {
        let subject = params.first().and_then(subject);
        let xml = self.daemon.fetch(method, params)?;
        decode(self.daemon.server(), method, subject, &xml)
    }

    /// Calls a method and takes its answer apart.
    pub fn ask<T: Shape>(&mut self, method: &'static str, params: Vec<Value>) -> Result<T, Error> {
        debug_assert!(Method::find(method).is_some_and(|known| known.params.len() >= params.len()), "{method}");
        let value = self.call(method, params)?;
        understand(method, value)
    }

    /// Calls a method and shows its answer: as JSON, or the way `show` does.
    pub fn show<T: Shape>(
        &mut self,
        method: &'static str,
        params: Vec<Value>,
        show: impl FnOnce(&mut Screen, T),
    ) -> Result<Outcome, Error> {
        if self.json {
            let value = self.call(method, params)?;
            self.screen.json(&value);
        } else {
            let answer = self.ask(method, params)?;
            show(&mut self.screen, answer);
        }
        Ok(Outcome::Done)
    }

    /// Does the same with each of `items`. One that is refused for a reason of its own does not keep the others from
    /// being done; if it was the only one, the whole command is refused.
    pub fn each(
        &mut self,
        items: &[&str],
        mut act: impl FnMut(&mut Session, &str) -> Result<(), Error>,
    ) -> Result<Outcome, Error> {
        let mut outcome = Outcome::Done;
        for item in items {
            match act(self, item) {
                Err(Error::Fault { fault, .. }) if items.len() > 1 && concerns_one_item(fault.number) => {
                    self.screen.complain(format_args!("{item}: {}", fault.text()));
                    outcome = Outcome::SomeRefused;
                }
                other => other?,
            }
        }
        Ok(outcome)
    }
}

/// Takes an answer apart.
pub fn understand<T: Shape>(method: &str, value: Value) -> Result<T, Error> {
    T::from_value(value).map_err(|mismatch| Error::Answer { method: method.to_owned(), mismatch })
}

/// A parameter.
pub fn param(value: impl Shape) -> Value {
    // Only an absent member of a struct has no value, and this is no member.
    value.to_value().unwrap_or_else(|| Value::Struct([].into()))
}

/// A string as a parameter.
pub fn text(value: &str) -> Value {
    Value::String(value.to_owned())
}

/// Faults about a member or an address (300 to 319), or something that waits (400 to 409); others mean that the next item
/// would fare no better.
fn concerns_one_item(fault: i32) -> bool {
    (300..320).contains(&fault) || (400..410).contains(&fault)
}

/// What a call is about, for the advice when it fails.
pub fn subject(param: &Value) -> Option<String> {
    match param {
        Value::String(name) => Some(name.clone()),
        Value::Struct(members) => match members.get("list") {
            Some(Value::String(list)) => Some(list.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn token(file: Option<&Path>) -> Result<Option<String>, Error> {
    let (origin, token) = match (file, std::env::var("MAILJAM_TOKEN")) {
        (Some(file), _) => (file.display().to_string(), std::fs::read_to_string(file).map_err(Error::read(file))?),
        (None, Ok(token)) => ("MAILJAM_TOKEN".to_owned(), token),
        (None, Err(_)) => return Ok(None),
    };
    let token = token.trim();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::NoToken { origin });
    }
    Ok(Some(token.to_owned()))
}
