//! Somebody outside who sends mail: the few lines of SMTP that a story needs.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpStream};

use crate::daemon::PATIENCE;

/// A reply to a command.
#[derive(Debug)]
pub struct Reply {
    pub code: u16,
    /// The text of all lines.
    pub text: String,
}

impl Reply {
    pub fn accepted(&self) -> bool {
        self.code < 400
    }
}

/// A connection to a mail server.
pub struct Client {
    input: BufReader<TcpStream>,
    output: TcpStream,
}

impl Client {
    pub fn connect(port: u16) -> Client {
        let output = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection to the mail server");
        output.set_nodelay(true).expect("an option set");
        output.set_read_timeout(Some(PATIENCE)).expect("an option set");
        let input = BufReader::new(output.try_clone().expect("the connection twice"));
        let mut client = Client { input, output };
        client.expect_accepted("greeting", None);
        client.expect_accepted("EHLO", Some("EHLO outside.test"));
        client
    }

    /// Sends a line and reads the reply.
    pub fn command(&mut self, line: &str) -> Reply {
        self.output.write_all(format!("{line}\r\n").as_bytes()).expect("a command sent");
        self.reply()
    }

    fn expect_accepted(&mut self, what: &str, line: Option<&str>) {
        let reply = match line {
            Some(line) => self.command(line),
            None => self.reply(),
        };
        assert!(reply.accepted(), "{what}: {reply:?}");
    }

    fn reply(&mut self) -> Reply {
        let mut text = String::new();
        loop {
            let mut line = String::new();
            self.input.read_line(&mut line).expect("a reply");
            text.push_str(line.get(4..).unwrap_or_default());
            if line.as_bytes().get(3) != Some(&b'-') {
                let code = line.get(..3).and_then(|code| code.parse().ok());
                return Reply { code: code.unwrap_or_else(|| panic!("no reply: {line:?}")), text };
            }
        }
    }

    /// Sends a message, given with LF or CRLF line ends; the server must take it.
    pub fn send(&mut self, sender: &str, recipient: &str, message: &[u8]) {
        self.expect_accepted("MAIL", Some(&format!("MAIL FROM:<{sender}> BODY=8BITMIME")));
        self.expect_accepted("RCPT", Some(&format!("RCPT TO:<{recipient}>")));
        self.expect_accepted("DATA", Some("DATA"));
        let mut text = Vec::with_capacity(message.len() + message.len() / 16);
        for line in message.split_inclusive(|&byte| byte == b'\n') {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            if line.starts_with(b".") {
                text.push(b'.');
            }
            text.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
            text.extend_from_slice(b"\r\n");
        }
        self.output.write_all(&text).expect("a message sent");
        self.expect_accepted("final dot", Some("."));
    }

    /// What the server says to a recipient, without sending anything.
    pub fn try_recipient(&mut self, sender: &str, recipient: &str) -> Reply {
        self.expect_accepted("MAIL", Some(&format!("MAIL FROM:<{sender}>")));
        let reply = self.command(&format!("RCPT TO:<{recipient}>"));
        self.expect_accepted("RSET", Some("RSET"));
        reply
    }
}
