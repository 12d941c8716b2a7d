//! A whole site: mailjamd, and a Postfix that brings it mail and takes mail from it.

use std::thread;

use crate::daemon::{Daemon, free_port};
use crate::postfix::{Postfix, Setup, obstacle};
use crate::skip::skipped;

/// The list of most stories, and who is on it.
pub const LIST: &str = "staff@lists.test";
pub const MEMBERS: [&str; 3] = ["anna", "bert", "carla"];

pub struct Site {
    pub daemon: Daemon,
    pub postfix: Postfix,
}

impl Site {
    /// A site with [`LIST`]; nothing, and a word about it, where Postfix cannot run.
    pub fn open() -> Option<Site> {
        Site::open_with(|_| Setup::default())
    }

    /// The same with a Postfix set up as `prepare` says, which may ask the daemon first.
    pub fn open_with(prepare: impl FnOnce(&Daemon) -> Setup) -> Option<Site> {
        if let Some(reason) = obstacle() {
            skipped(&format!("{}: {reason}", thread::current().name().unwrap_or("a story")));
            return None;
        }
        let port = free_port();
        let daemon = Daemon::start(&format!("127.0.0.1:{port}"));
        let members = MEMBERS.map(address);
        daemon.create_list(LIST, &members.each_ref().map(String::as_str));
        let postfix = Postfix::start(port, &daemon.mta(), &prepare(&daemon));
        Some(Site { daemon, postfix })
    }

    /// Sends a message from outside.
    pub fn send(&self, sender: &str, recipient: &str, message: &[u8]) {
        self.postfix.connect().send(sender, recipient, message);
    }
}

/// The address of a member.
pub fn address(name: &str) -> String {
    format!("{name}@members.test")
}

/// A small message of a member, with this subject and text.
pub fn message(author: &str, subject: &str, text: &str) -> Vec<u8> {
    let id = subject.replace(' ', ".");
    format!(
        "From: {author}@members.test\n\
         To: {LIST}\n\
         Subject: {subject}\n\
         Date: Tue, 24 Nov 2026 08:00:00 +0000\n\
         Message-ID: <{id}@members.test>\n\
         \n\
         {text}\n"
    )
    .into_bytes()
}
