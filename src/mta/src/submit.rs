//! The call `mta.submit`: to one server after the other, within one deadline, until one has answered.
#![forbid(unsafe_code)]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use mailjam_wire::http::RequestHead;
use mailjam_wire::server::{Host, Server};
use mailjam_wire::{Counter, Malformed, Sink, base64, xml};

use crate::answer::{self, Received};
use crate::args::Servers;
use crate::message::Message;
use crate::outgoing::{Outgoing, Stop};
use crate::sys::{Endpoint, Errno, Fd, Sys};
use crate::trouble::Trouble;

/// What is handed over.
pub struct Submission<'a> {
    /// Envelope sender; empty for the null return path.
    pub sender: &'a [u8],
    /// Envelope recipient, in pieces to be joined.
    pub recipient: [&'a [u8]; 3],
    /// The MTA's name for the message.
    pub queue_id: Option<&'a [u8]>,
    /// The message.
    pub message: Message<'a>,
    /// The bearer token, where there is one.
    pub token: Option<&'a str>,
}

/// The memory a call needs.
pub struct Buffers<'b> {
    /// What is sent in one go.
    pub outgoing: &'b mut [u8],
    /// What is received in one go; the head of an answer must fit.
    pub incoming: &'b mut [u8],
    /// The body of the answer must fit.
    pub body: &'b mut [u8],
}

/// What a server said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer<'a> {
    /// The server, as it was named.
    pub server: &'a str,
    /// HTTP status.
    pub status: u16,
    /// The body; empty unless the status is 200.
    pub document: &'a str,
}

/// An attempt that came to nothing, and whether the server may have taken the message all the same.
struct Failure<'a> {
    trouble: Trouble<'a>,
    taken: bool,
}

impl<'a> Submission<'a> {
    /// Offers the message to the servers in turn, until one has answered or may have taken it: servers do not know of
    /// each other's posts, so what one may have taken must not reach a second one.
    ///
    /// `deadline` is in the time of [`Sys::now`]. Connecting and sending may take a server no more than its share of
    /// the time left, so that a dead one does not eat the time of the next; waiting for the answer may take all of it.
    ///
    /// # Errors
    /// The trouble with the last server tried.
    pub fn offer<S: Sys>(
        &self,
        sys: &mut S,
        servers: &Servers<'a>,
        deadline: u64,
        mut buffers: Buffers<'a>,
    ) -> Result<Answer<'a>, Trouble<'a>> {
        let mut last = Trouble::NoServer;
        for (name, server, left) in servers.iter() {
            let now = sys.now();
            let until = now + deadline.saturating_sub(now) / left;
            match self.attempt(sys, name, server, [until, deadline], &mut buffers) {
                Ok(Received { status, length }) => {
                    let document = core::str::from_utf8(&buffers.body[..length])
                        .map_err(|_| Trouble::Answer { server: name, why: Malformed("it is not UTF-8") })?;
                    return Ok(Answer { server: name, status, document });
                }
                Err(Failure { trouble, taken: true }) => return Err(trouble),
                Err(Failure { trouble, taken: false }) => last = trouble,
            }
        }
        Err(last)
    }

    fn attempt<S: Sys>(
        &self,
        sys: &mut S,
        name: &'a str,
        server: Server<&'a str>,
        [until, deadline]: [u64; 2],
        buffers: &mut Buffers<'_>,
    ) -> Result<Received, Failure<'a>> {
        let fd = connect(sys, name, server, until).map_err(|trouble| Failure { trouble, taken: false })?;
        let mut outgoing = Outgoing::new(sys, fd, until, buffers.outgoing);
        self.put_request(server.authority(), &mut outgoing);
        let sent = outgoing.finish();
        let received = match sent {
            Err(Stop::TimedOut) => Err(Trouble::TimedOut { server: name, doing: "to send the message" }),
            Err(Stop::Failed(errno)) => Err(Trouble::Send { server: name, errno }),
            // A server that has heard enough may have said why.
            Ok(()) | Err(Stop::Interrupted) => answer::receive(sys, fd, name, deadline, buffers.incoming, buffers.body),
        };
        sys.close(fd);
        received.map_err(|trouble| Failure { trouble, taken: sent.is_ok() })
    }

    fn put_request<S: Sys>(&self, host: &str, outgoing: &mut Outgoing<'_, S>) {
        let mut around = Counter::default();
        self.put_before_message(&mut around);
        put_after_message(&mut around);
        let length = around.0 + base64::encoded_len(self.message.length);
        RequestHead { path: "/RPC2", host, token: self.token, length, close: true }.write(outgoing);
        self.put_before_message(outgoing);
        for part in self.message.parts() {
            outgoing.put_base64(part);
        }
        put_after_message(outgoing);
    }

    fn put_before_message(&self, out: &mut impl Sink) {
        out.put(
            b"<?xml version=\"1.0\"?><methodCall><methodName>mta.submit</methodName>\
              <params><param><value><struct>",
        );
        put_string("sender", &[self.sender], out);
        put_string("recipient", &self.recipient, out);
        if let Some(queue_id) = self.queue_id {
            put_string("queue_id", &[queue_id], out);
        }
        out.put(b"<member><name>message</name><value><base64>");
    }
}

fn put_string(name: &str, pieces: &[&[u8]], out: &mut impl Sink) {
    for part in ["<member><name>", name, "</name><value><string>"] {
        out.put(part.as_bytes());
    }
    for piece in pieces {
        xml::escape(piece, out);
    }
    out.put(b"</string></value></member>");
}

fn put_after_message(out: &mut impl Sink) {
    out.put(b"</base64></value></member></struct></value></param></params></methodCall>");
}

fn connect<'a, S: Sys>(sys: &mut S, name: &'a str, server: Server<&'a str>, until: u64) -> Result<Fd, Trouble<'a>> {
    match server {
        Server::Unix(path) => connect_to(sys, Endpoint::Unix(path), until),
        Server::Http { host: Host::Address(address), port, .. } => connect_tcp(sys, address, port, until),
        Server::Http { host: Host::Localhost, port, .. } => connect_tcp(sys, Ipv4Addr::LOCALHOST.into(), port, until)
            .or_else(|_| connect_tcp(sys, Ipv6Addr::LOCALHOST.into(), port, until)),
        Server::Http { host: Host::Name, .. } => return Err(Trouble::Unresolved { server: name }),
    }
    .map_err(|errno| Trouble::Connect { server: name, errno })
}

fn connect_tcp<S: Sys>(sys: &mut S, address: IpAddr, port: u16, until: u64) -> Result<Fd, Errno> {
    connect_to(sys, Endpoint::Tcp(SocketAddr::new(address, port)), until)
}

fn connect_to<S: Sys>(sys: &mut S, endpoint: Endpoint<'_>, until: u64) -> Result<Fd, Errno> {
    match until.saturating_sub(sys.now()) {
        0 => Err(Errno::TIMED_OUT),
        limit => sys.connect(endpoint, limit),
    }
}
