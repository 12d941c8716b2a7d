//! mailjam-web: who sees what, what a form has to prove, and what no request can do.

pub mod browser;
mod forms;
mod limits;
mod members;
mod moderators;
mod program;
mod shown;
mod site;

use std::process::{Child, Command, Stdio};

use mailjam_rpc::catalogue::Method;
use mailjam_rpc::{Form, Shape as _, Time, Value};
use tempfile::TempDir;

use crate::cli::daemon as fake;
use crate::daemon::{Daemon, eventually, free_port};
use browser::Browser;
use fake::{Answer, Call};

const HOST: &str = "lists.example.org";

/// A running mailjam-web; it is gone when it is dropped.
pub struct Web {
    port: u16,
    child: Child,
    _folder: TempDir,
}

impl Web {
    /// As people reach it by https, in front of a real daemon.
    pub fn of(daemon: &Daemon) -> Web {
        Web::start(&format!("{}/web.sock", daemon.folder().display()), "public_url = \"https://lists.example.org\"\n")
    }

    /// In front of a made-up daemon.
    pub fn of_fake(daemon: &fake::Daemon, more: &str) -> Web {
        Web::start(daemon.url.strip_prefix("unix:").expect("a unix socket"), more)
    }

    pub fn start(socket: &str, more: &str) -> Web {
        Web::run(Command::new(env!("CARGO_BIN_EXE_mailjam-web")), socket, more)
    }

    /// By a command that takes the options of mailjam-web.
    fn run(mut command: Command, socket: &str, more: &str) -> Web {
        let folder = tempfile::tempdir().expect("a folder");
        let (port, config) = (free_port(), folder.path().join("web.toml"));
        std::fs::write(&config, format!("listen = \"127.0.0.1:{port}\"\ndaemon = \"{socket}\"\n{more}"))
            .expect("a file");
        command.arg("--config").arg(config).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("mailjam-web started");
        eventually("mailjam-web to listen", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Web { port, child, _folder: folder }
    }

    /// Descriptors that it has open.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).expect("its descriptors").count()
    }

    /// A browser without cookies that comes by https.
    pub fn browser(&self) -> Browser {
        Browser::new(self.port, HOST, "https")
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const HTTPS: &str = "public_url = \"https://lists.example.org\"\n";

/// What somebody would like a browser to run.
const EVIL: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}@javascript:alert(3)";

/// A value as the catalogue describes it, every member there; `leaf` says what it can, `None` leaves it to what is below.
pub fn sample(form: &Form, leaf: &impl Fn(&Form) -> Option<Value>) -> Value {
    if let Some(value) = leaf(form) {
        return value;
    }
    match form {
        Form::Scalar("boolean") => Value::Boolean(true),
        Form::Scalar("int" | "i8") => Value::Integer(3),
        Form::Scalar("double") => Value::Double(1.5),
        Form::Scalar("dateTime.iso8601") => Time(1_795_000_000).to_value().expect("a time"),
        Form::Scalar("base64") => Value::Base64(b"Subject: x\r\n\r\nHello\r\n".to_vec()),
        Form::Scalar(_) | Form::Any => Value::String("x".to_owned()),
        Form::Array(item) => Value::Array(vec![sample(item, leaf), sample(item, leaf)]),
        Form::Page(item) => {
            let total = leaf(&Form::Scalar("int")).unwrap_or(Value::Integer(2));
            let next = leaf(&Form::Scalar("string")).unwrap_or(Value::String("x".to_owned()));
            let items = Value::Array(vec![sample(item, leaf), sample(item, leaf)]);
            let members = [("total", total), ("items", items), ("next", next)];
            Value::Struct(members.map(|(name, value)| (name.to_owned(), value)).into())
        }
        Form::Struct => {
            let word = leaf(&Form::Scalar("string")).unwrap_or(Value::String("x".to_owned()));
            Value::Struct([("description".to_owned(), word)].into())
        }
        Form::Record(record) => {
            let members = record.members.iter();
            Value::Struct(members.map(|member| (member.name.to_owned(), sample(member.form, leaf))).collect())
        }
    }
}

/// Every string is `EVIL`, and every message is full of it.
fn evil(form: &Form) -> Option<Value> {
    match form {
        Form::Scalar("base64") => Some(Value::Base64(
            format!(
                "From: \"{EVIL}\" <a@example.org>\r\nSubject: {EVIL}\r\nX-{EVIL}: {EVIL}\r\nMIME-Version: 1.0\r\n\
                 Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>{EVIL}</p>\
                 <a href=\"javascript:alert(1)\">x</a><svg onload=alert(1)>\r\n--b\r\nContent-Type: image/svg+xml;\r\n \
                 name=\"<script>alert(1)</script>.svg\"\r\nContent-Disposition: attachment\r\n\r\n<svg/>\r\n--b--\r\n"
            )
            .into_bytes(),
        )),
        Form::Scalar("string") | Form::Any => Some(Value::String(EVIL.to_owned())),
        _ => None,
    }
}

/// A daemon that says yes to everything, in the words of `EVIL`; whoever has a session is an administrator.
fn yes(call: &Call) -> Answer {
    let method = Method::find(&call.method).unwrap_or_else(|| panic!("there is no {}", call.method));
    assert!(call.params.len() <= method.params.len() && call.params.len() >= method.required(), "{call:?}");
    let mut value = sample(method.answer, &evil);
    if let (Value::Struct(members), "session.open" | "session.redeem") = (&mut value, method.name) {
        members.insert("token".to_owned(), Value::String("a-new-session-of-the-daemon".to_owned()));
    }
    fake::value(value)
}
