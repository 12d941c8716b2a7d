//! Calls as the tests of the daemon make them: at any of its doors, with typed records, and with faults as they come.

use std::collections::BTreeMap;

use mailjam_rpc::codec::{decode_reply, encode_call};
use mailjam_rpc::records::{QueueDetail, Submission, Verdict};
use mailjam_rpc::{Fault, Shape, Value};
use mailjam_wire::client::{Client, Reply};
use mailjam_wire::server::{Host, Server};

use crate::daemon::{Daemon, PATIENCE, eventually};

/// A way into a daemon.
#[derive(Clone)]
pub struct Door {
    server: Server<String>,
    token: Option<String>,
}

impl Door {
    /// The unix socket with this name in the daemon's folder: `mta`, `control` or `web`.
    pub fn named(daemon: &Daemon, name: &str) -> Door {
        let path = daemon.folder().join(format!("{name}.sock"));
        Door { server: Server::Unix(path.to_str().expect("UTF-8").to_owned()), token: None }
    }

    /// The web socket, with a session.
    pub fn web(daemon: &Daemon, session: &str) -> Door {
        Door { token: Some(session.to_owned()), ..Door::named(daemon, "web") }
    }

    pub fn control(daemon: &Daemon) -> Door {
        Door::named(daemon, "control")
    }

    /// The TCP port, with or without a token.
    pub fn tcp(daemon: &Daemon, token: Option<&str>) -> Door {
        let authority = format!("127.0.0.1:{}", daemon.port());
        let host = Host::Address([127, 0, 0, 1].into());
        let server = Server::Http { authority, host, port: daemon.port() };
        Door { server, token: token.map(str::to_owned) }
    }

    /// The HTTP answer to a call.
    pub fn post(&self, method: &str, params: Vec<Value>) -> Reply {
        let call = encode_call(method, &params);
        let mut client = Client::new(self.server.clone(), self.token.clone(), PATIENCE);
        client.post("/RPC2", call.as_bytes()).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The value or the fault that a call is answered with.
    pub fn ask(&self, method: &str, params: Vec<Value>) -> Result<Value, Fault> {
        let reply = self.post(method, params);
        assert_eq!(reply.status, 200, "{method}: {}", String::from_utf8_lossy(&reply.body));
        decode_reply(&reply.body).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// The record that a call is answered with.
    pub fn call<T: Shape>(&self, method: &str, params: Vec<Value>) -> T {
        let value = self.ask(method, params).unwrap_or_else(|fault| panic!("{method}: {fault}"));
        T::from_value(value).unwrap_or_else(|mismatch| panic!("{method}: {mismatch}"))
    }

    /// The number of the fault that a call is answered with.
    pub fn fault(&self, method: &str, params: Vec<Value>) -> i32 {
        match self.ask(method, params) {
            Err(fault) => fault.number,
            Ok(value) => panic!("{method} is answered with {value:?}"),
        }
    }

    /// Hands a message over.
    pub fn submit(&self, sender: &str, recipient: &str, message: &[u8]) -> Verdict {
        self.call("mta.submit", vec![submission(sender, recipient, message)])
    }
}

/// The parameter of `mta.submit`.
pub fn submission(sender: &str, recipient: &str, message: &[u8]) -> Value {
    value(Submission {
        sender: sender.to_owned(),
        recipient: recipient.to_owned(),
        message: message.to_owned(),
        queue_id: Some("4XyZ".to_owned()),
    })
}

pub fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

pub fn texts(texts: &[&str]) -> Value {
    Value::Array(texts.iter().copied().map(text).collect())
}

pub fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Struct(BTreeMap::from(members.map(|(name, value)| (name.to_owned(), value))))
}

pub fn value(record: impl Shape) -> Value {
    record.to_value().expect("a value")
}

/// Waits until an item of the queue looks as wanted.
pub fn wait_for_item(daemon: &Daemon, id: &str, done: impl Fn(&QueueDetail) -> bool) -> QueueDetail {
    let control = Door::control(daemon);
    eventually("an item of the queue to change", || {
        let detail: QueueDetail = control.call("queue.get", vec![text(id)]);
        done(&detail).then_some(detail)
    })
}

/// A post with a subject.
pub fn post(subject: &str) -> Vec<u8> {
    format!(
        "From: ann@example.org\nTo: talk@lists.example.org\nSubject: {subject}\nMessage-ID: <{subject}@x>\n\nbody\n"
    )
    .into_bytes()
}
