//! The way to mailjamd: one call a connection to its socket, in the name of whoever is logged in.

use std::path::Path;
use std::time::Duration;

use mailjam_rpc::{Code, Fault, Mismatch, Value, codec};
use mailjam_wire::client::{self, Client};
use mailjam_wire::server::Server;
use tokio::sync::Semaphore;

/// For a whole call.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How long a call waits for others to end.
const QUEUE: Duration = Duration::from_secs(10);

/// Calls at the same time; mailjamd takes 128 connections at this door.
const CALLS: usize = 16;

/// What a call takes of these: a held post comes whole, so that few are in memory at the same time.
fn weight(method: &str) -> u32 {
    if method == "moderation.get" { 8 } else { 1 }
}

/// The largest answer taken, in octets: a held post of 32 MiB, in base64.
const REPLY_LIMIT: usize = 48 << 20;

/// Why there is no answer.
#[derive(Debug)]
pub enum CallError {
    /// The daemon refused.
    Fault(Fault),
    /// There is no daemon, or it is too busy; the words are for the log.
    Away(String),
    /// What answered is no daemon of this version; the words are for the log.
    Strange(String),
}

impl From<Mismatch> for CallError {
    fn from(mismatch: Mismatch) -> CallError {
        CallError::Strange(format!("an answer is not understood ({mismatch})"))
    }
}

/// The daemon's address, and how many may call it.
#[derive(Debug)]
pub struct Daemon {
    server: Server<String>,
    calls: Semaphore,
}

impl Daemon {
    /// The one at this socket; connects to nobody yet.
    #[must_use]
    pub fn new(socket: &Path) -> Daemon {
        Daemon { server: Server::Unix(socket.display().to_string()), calls: Semaphore::new(CALLS) }
    }

    /// Calls a method for whoever has this session, or for nobody in particular.
    pub async fn call(&self, session: Option<&str>, method: &str, params: &[Value]) -> Result<Value, CallError> {
        let turn = tokio::time::timeout(QUEUE, self.calls.acquire_many(weight(method))).await;
        let Ok(Ok(_turn)) = turn else { return Err(CallError::Away(format!("{method}: too many calls"))) };
        let body = codec::encode_call(method, params);
        let mut client = Client::new(self.server.clone(), session.map(str::to_owned), TIMEOUT).reply_limit(REPLY_LIMIT);
        let answered = tokio::task::spawn_blocking(move || -> Result<_, client::Error> {
            let reply = client.post("/RPC2", body.as_bytes())?;
            Ok((reply.status, codec::decode_reply(&reply.body)))
        });
        let answered = answered.await.map_err(|error| CallError::Strange(format!("{method}: {error}")))?;
        match answered.map_err(|error| CallError::Away(format!("{method}: {error}")))? {
            (200, Ok(answer)) => answer.map_err(CallError::Fault),
            (200, Err(fault)) => Err(CallError::Strange(format!("{method}: {fault}"))),
            (401, _) => Err(CallError::Fault(Fault::new(Code::NotAuthenticated, "the session is not known"))),
            (413, _) => Err(CallError::Fault(Fault::new(Code::TooLarge, "that is more than the daemon takes at once"))),
            (status, _) => Err(CallError::Away(format!("{method}: HTTP status {status}"))),
        }
    }
}
