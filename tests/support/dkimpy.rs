//! Another implementation's opinion of signatures: dkimpy, which knows Ed25519 and ARC. Where it is not installed, that is
//! said.
#![allow(dead_code, reason = "each test binary that includes this file uses a part of it")]

use std::path::PathBuf;
use std::process::Command;

use crate::skip::skipped;

/// Debian's own, which sees Debian's packages.
const PYTHON: &str = "/usr/bin/python3";

/// What it is told; the program says how to call it.
const PROGRAM: &str = include_str!("dkimpy.py");

/// A folder that goes away with the test.
pub struct Folder(PathBuf);

impl Folder {
    /// One whose name contains this, and that no other test has.
    pub fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("mailjam-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        Folder(folder)
    }

    /// Writes a file, and answers its path.
    pub fn write(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("a file");
        path.to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Whether it can be asked.
pub fn is_there() -> bool {
    let there = Command::new(PYTHON).args(["-c", "import dkim, authres, nacl"]).output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        skipped("signatures before dkimpy: python3-dkim, python3-nacl or python3-authres is not installed");
    }
    there
}

/// Has it do something with messages, which are in files then; returns what it says, and the files.
pub fn judge(folder: &Folder, arguments: &[&str], messages: &[Vec<u8>]) -> (String, Vec<Vec<u8>>) {
    let write = |(number, message): (usize, &Vec<u8>)| folder.write(&format!("{number}.eml"), message);
    let files: Vec<String> = messages.iter().enumerate().map(write).collect();
    let output =
        Command::new(PYTHON).args(["-c", PROGRAM]).args(arguments).args(&files).output().expect("python3 runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).expect("ASCII");
    (said, files.iter().map(|file| std::fs::read(file).expect("a message")).collect())
}

/// What it thinks of each DKIM-Signature of a message, the topmost first, and of its ARC chain: `pass pass none`; a line for
/// each message. `records` are names and texts of the DNS.
pub fn opinions(folder: &Folder, records: &[(String, String)], messages: &[Vec<u8>]) -> Vec<String> {
    let keys: String = records.iter().map(|(name, text)| format!("{name}\t{text}\n")).collect();
    let keys = folder.write("keys", keys.as_bytes());
    judge(folder, &["verify", &keys], messages).0.lines().map(str::to_owned).collect()
}
