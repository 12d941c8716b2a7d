//! The two halves of a connection: one says commands, the other hears replies, each within its deadlines.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use crate::error::{Error, Step};
use crate::reply::SmtpReply;

/// How long to wait for the next hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TCP connection, and for the answer to QUIT.
    pub connect: Duration,
    /// For the greeting, for each reply but the last, and for each piece of the message to be taken.
    pub command: Duration,
    /// For the reply to the end of the message; too short a time means duplicates.
    pub data_end: Duration,
}

impl Default for Timeouts {
    /// Five and ten minutes as RFC 5321 4.5.3.2 has them; half a minute to connect, as the next hop is near.
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(30),
            command: Duration::from_secs(5 * 60),
            data_end: Duration::from_secs(10 * 60),
        }
    }
}

impl Timeouts {
    fn at(&self, step: Step) -> Duration {
        match step {
            Step::Connect | Step::Quit => self.connect,
            Step::End => self.data_end,
            _ => self.command,
        }
    }
}

/// What both halves know of the peer.
#[derive(Debug)]
struct Peer {
    server: String,
    timeouts: Timeouts,
}

impl Peer {
    /// Runs one wait of `step` within its deadline.
    async fn within<T>(&self, step: Step, wait: impl Future<Output = Result<T, Fault>>) -> Result<T, Error> {
        let limit = self.timeouts.at(step);
        let server = || self.server.clone();
        match timeout(limit, wait).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(Fault::Io(source))) => Err(Error::Lost { server: server(), step, source }),
            Ok(Err(Fault::Garbled(line))) => Err(Error::Garbled { server: server(), step, line }),
            Err(_) => Err(Error::Timeout { server: server(), step, limit }),
        }
    }
}

enum Fault {
    Io(io::Error),
    Garbled(String),
}

impl From<io::Error> for Fault {
    fn from(source: io::Error) -> Fault {
        Fault::Io(source)
    }
}

/// Connects to `server` (`host:port`), trying each of its addresses.
pub(crate) async fn connect(server: &str, timeouts: Timeouts) -> Result<(Speaker, Listener), Error> {
    let peer = Arc::new(Peer { server: server.to_owned(), timeouts });
    let connecting = async {
        let stream = TcpStream::connect(server).await?;
        // Steps are written whole; waiting for more would only cost a delayed acknowledgement.
        stream.set_nodelay(true)?;
        Ok(stream)
    };
    let stream = peer.within(Step::Connect, connecting).await.map_err(|error| match error {
        Error::Lost { server, source, .. } => Error::Connect { server, source },
        other => other,
    })?;
    let (input, output) = stream.into_split();
    let listener = Listener { peer: Arc::clone(&peer), input: BufReader::new(input), line: Vec::new() };
    Ok((Speaker { peer, output }, listener))
}

/// Says commands and messages.
#[derive(Debug)]
pub(crate) struct Speaker {
    peer: Arc<Peer>,
    output: OwnedWriteHalf,
}

impl Speaker {
    /// Writes as much of `pieces` as one system call takes, all of it nearly always.
    pub(crate) async fn say_some(&mut self, step: Step, pieces: &mut impl Buf) -> Result<(), Error> {
        let write = async {
            self.output.write_buf(pieces).await?;
            Ok(())
        };
        self.peer.within(step, write).await
    }

    /// Writes all of `pieces`; each system call has the deadline of `step` to itself.
    pub(crate) async fn say(&mut self, step: Step, pieces: &mut impl Buf) -> Result<(), Error> {
        while pieces.has_remaining() {
            self.say_some(step, pieces).await?;
        }
        Ok(())
    }

    pub(crate) fn server(&self) -> &str {
        &self.peer.server
    }
}

/// Octets in a reply line; RFC 5321 4.5.3.1.5 says 512, servers say more.
const LINE_LIMIT: usize = 2048;
/// Lines in a reply.
const LINES_LIMIT: usize = 128;

/// Hears replies.
#[derive(Debug)]
pub(crate) struct Listener {
    peer: Arc<Peer>,
    input: BufReader<OwnedReadHalf>,
    line: Vec<u8>,
}

impl Listener {
    /// Whether nothing can be heard now, neither words nor the end of the connection.
    pub(crate) fn is_silent(&self) -> bool {
        let heard = self.input.get_ref().try_read(&mut [0]);
        self.input.buffer().is_empty() && heard.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// The reply to `step`: the success that belongs to it, or any 4xx or 5xx but 421, which ends the connection.
    pub(crate) async fn reply(&mut self, step: Step) -> Result<SmtpReply, Error> {
        self.reply_lines(step, |_| ()).await
    }

    /// The same, with a look at the text of each line.
    pub(crate) async fn reply_lines(&mut self, step: Step, each_line: impl FnMut(&str)) -> Result<SmtpReply, Error> {
        let peer = Arc::clone(&self.peer);
        let reply = peer.within(step, self.read_reply(each_line)).await?;
        let success = if step == Step::Data { 3 } else { 2 };
        match reply.code / 100 {
            4 | 5 if reply.code != 421 => Ok(reply),
            class if class == success => Ok(reply),
            _ => Err(self.rejected(step, reply)),
        }
    }

    /// The error for a reply that ends the conversation.
    pub(crate) fn rejected(&self, step: Step, reply: SmtpReply) -> Error {
        Error::Rejected { server: self.peer.server.clone(), step, reply }
    }

    async fn read_reply(&mut self, mut each_line: impl FnMut(&str)) -> Result<SmtpReply, Fault> {
        let mut reply = SmtpReply { code: 0, enhanced: None, text: String::new() };
        for count in 0..LINES_LIMIT {
            self.read_line().await?;
            let line = String::from_utf8_lossy(&self.line);
            let (code, last, text) = split_line(&line).ok_or_else(|| garbled(&line))?;
            if count > 0 && code != reply.code {
                return Err(garbled(&line));
            }
            reply.code = code;
            reply.add_line(text);
            each_line(text);
            if last {
                return Ok(reply);
            }
        }
        Err(Fault::Garbled(format!("a reply of more than {LINES_LIMIT} lines")))
    }

    async fn read_line(&mut self) -> Result<(), Fault> {
        self.line.clear();
        loop {
            let input = self.input.fill_buf().await?;
            if input.is_empty() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let end = input.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(input.len(), |at| at + 1);
            self.line.extend_from_slice(&input[..taken]);
            self.input.consume(taken);
            if self.line.len() > LINE_LIMIT {
                return Err(garbled(&String::from_utf8_lossy(&self.line)));
            }
            if end.is_some() {
                return Ok(());
            }
        }
    }
}

/// Splits a reply line into code, whether it is the last, and text.
fn split_line(line: &str) -> Option<(u16, bool, &str)> {
    let line = line.trim_ascii_end();
    let code = line.get(..3).filter(|code| code.bytes().all(|b| b.is_ascii_digit()))?;
    let code = code.parse().ok().filter(|code| (100..600).contains(code))?;
    let rest = &line[3..];
    match rest.strip_prefix('-') {
        Some(text) => Some((code, false, text)),
        None if rest.is_empty() => Some((code, true, "")),
        None => Some((code, true, rest.strip_prefix(' ')?)),
    }
}

fn garbled(line: &str) -> Fault {
    Fault::Garbled(line.trim_ascii_end().chars().take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reply_lines_are_split() {
        assert_eq!(split_line("250 ok\r\n"), Some((250, true, "ok")));
        assert_eq!(split_line("250-SIZE 10\r\n"), Some((250, false, "SIZE 10")));
        assert_eq!(split_line("354\r\n"), Some((354, true, "")));
        assert_eq!(split_line("250-\n"), Some((250, false, "")));
    }

    #[test]
    fn what_is_no_reply_is_told() {
        for line in ["", "ok", "25 ok", "2500 ok", "099 ok", "600 ok", "+25 ok", "HTTP/1.1 400", "25\u{e9}"] {
            assert_eq!(split_line(line), None, "{line}");
        }
    }
}
