//! A person's Maildir.

use std::fs;
use std::path::PathBuf;

use crate::daemon::eventually;

/// A Maildir that an MTA fills; it need not exist yet.
pub struct Mailbox {
    folder: PathBuf,
    owner: String,
}

/// A message as it lies in a mailbox, with LF line ends.
#[derive(Clone, Debug)]
pub struct Mail {
    pub bytes: Vec<u8>,
}

impl Mailbox {
    pub fn new(folder: PathBuf, owner: &str) -> Mailbox {
        Mailbox { folder, owner: owner.to_owned() }
    }

    /// All messages, in the order of their files' names.
    pub fn messages(&self) -> Vec<Mail> {
        let Ok(entries) = fs::read_dir(self.folder.join("new")) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a file of the Maildir").path()).collect();
        files.sort();
        files.iter().map(|file| Mail { bytes: fs::read(file).expect("a message") }).collect()
    }

    /// Waits for the first `count` messages.
    pub fn wait_for(&self, count: usize) -> Vec<Mail> {
        let what = format!("{count} messages in the mailbox of {}", self.owner);
        eventually(&what, || Some(self.messages()).filter(|messages| messages.len() >= count))
    }

    /// Waits for a message.
    pub fn wait_for_one(&self) -> Mail {
        self.wait_for(1).remove(0)
    }
}

impl Mail {
    fn split(&self) -> (&[u8], &[u8]) {
        let end = self.bytes.windows(2).position(|pair| pair == b"\n\n").expect("an end of the header");
        (&self.bytes[..=end], &self.bytes[end + 2..])
    }

    pub fn body(&self) -> &[u8] {
        self.split().1
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// The value of the first header field with this name, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let header = String::from_utf8_lossy(self.split().0).replace("\n ", " ").replace("\n\t", " ");
        let mut fields = header.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }
}
