//! One run of the program: which daemon, how to call it, and how its answers are shown.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::ArgMatches;
use mailjam_rpc::catalogue::Method;
use mailjam_rpc::{Shape, Value, codec};
use mailjam_wire::client::Client;
use mailjam_wire::server::Server;

use crate::command::{Arg, Form, Names, Outcome};
use crate::error::Error;
use crate::output::Screen;

/// Where a daemon on this machine listens for administrators.
pub const DEFAULT_SERVER: &str = "unix:/run/mailjam/control.sock";

/// For a whole call. Long, because a daemon that works off a large change is not a broken one.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The options that every command understands.
pub static OPTIONS: [Arg; 4] = [
    Arg::new("server", Form::Value, "URL", "Daemon to talk to, unix:/path or http://host:port").names(Names::Server),
    Arg::new("token-file", Form::Value, "FILE", "File with the token for an http server").names(Names::File),
    Arg::flag("json", "Print what the daemon answered, as JSON"),
    Arg::flag("no-color", "No colours, as with NO_COLOR"),
];

/// The same, as clap understands them.
pub fn options() -> [clap::Arg; 4] {
    OPTIONS.each_ref().map(|option| option.parser().global(true).help_heading("Global options"))
}

/// The way to a daemon.
pub struct Daemon(Client);

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
        Ok(Daemon(Client::new(server, token, timeout)))
    }

    /// The same daemon, of which no answer is taken that has more than `bytes`.
    pub fn reply_limit(self, bytes: usize) -> Daemon {
        Daemon(self.0.reply_limit(bytes))
    }

    /// Its address.
    pub fn server(&self) -> &Server<String> {
        self.0.server()
    }

    /// Calls a method and answers the XML that the daemon answered.
    pub fn fetch(&mut self, method: &str, params: Vec<Value>) -> Result<Vec<u8>, Error> {
        let body = codec::encode_call(method, &params);
        let reply = self.0.post("/RPC2", body.as_bytes())?;
        match reply.status {
            200 => Ok(reply.body),
            status => Err(Error::Status { server: self.server().clone(), status }),
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

/// A daemon to call and a screen to show its answers on.
pub struct Session {
    pub daemon: Daemon,
    /// Whether answers are shown as JSON.
    pub json: bool,
    pub screen: Screen,
}

impl Session {
    /// Connects to nobody yet.
    pub fn open(matches: &ArgMatches, screen: Screen) -> Result<Session, Error> {
        let server = matches.get_one::<String>("server").map(String::as_str);
        let daemon = Daemon::find(server, matches.get_one("token-file").map(PathBuf::as_path), TIMEOUT)?;
        Ok(Session { daemon, json: matches.get_flag("json"), screen })
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
