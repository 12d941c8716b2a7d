//! A terminal for a program under test: a pseudo-terminal, and what a person would see on its screen.
#![allow(dead_code, reason = "each test binary that includes this file uses a part of it")]

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use nix::pty::{Winsize, openpty};

use crate::daemon::{PATIENCE, eventually};

/// A program on a terminal of its own, which it controls as a shell would.
pub struct Terminal {
    /// Where somebody types.
    keyboard: File,
    /// The program's side, for its size.
    line: Option<OwnedFd>,
    seen: Arc<(Mutex<vt100::Parser>, Condvar)>,
    eyes: Option<JoinHandle<()>>,
    child: Child,
}

impl Terminal {
    /// Starts a program; `prepare` may set its environment.
    pub fn start(
        program: &str,
        arguments: &[&str],
        rows: u16,
        columns: u16,
        prepare: impl Fn(&mut Command),
    ) -> Terminal {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(Some(&size), None).expect("a pseudo-terminal");
        let end = || Stdio::from(pair.slave.try_clone().expect("the terminal once more"));
        // A session of its own, or else Ctrl-C would reach nobody.
        let mut command = Command::new("setsid");
        command.env_clear().env("TERM", "xterm-256color").env("LC_ALL", "C.UTF-8");
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        prepare(&mut command);
        command.args(["--ctty", program]).args(arguments).stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().expect("setsid (util-linux)");
        let seen = Arc::new((Mutex::new(vt100::Parser::new(size_of(rows), size_of(columns), 1_000)), Condvar::new()));
        let mut output = File::from(pair.master.try_clone().expect("the terminal's other side"));
        let eyes = std::thread::spawn({
            let seen = Arc::clone(&seen);
            move || {
                let mut bytes = [0; 4096];
                while let Ok(count @ 1..) = output.read(&mut bytes) {
                    seen.0.lock().expect("the screen").process(&bytes[..count]);
                    seen.1.notify_all();
                }
            }
        });
        Terminal { keyboard: pair.master.into(), line: Some(pair.slave), seen, eyes: Some(eyes), child }
    }

    /// Presses keys.
    pub fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("somebody who reads what is typed");
    }

    /// Waits until the screen is as it should be.
    ///
    /// # Panics
    /// When it does not come to that.
    #[track_caller]
    pub fn awaits(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut parser = self.seen.0.lock().expect("the screen");
        while !condition(parser.screen()) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "waited in vain for {what}; the screen shows:\n{}", parser.screen().contents());
            parser = self.seen.1.wait_timeout(parser, left).expect("the screen").0;
        }
    }

    /// Waits until this is somewhere on the screen.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        self.awaits(text, |screen| screen.contents().contains(text));
    }

    /// Waits until the row of the cursor is this and nothing else.
    #[track_caller]
    pub fn is_at(&self, row: &str) {
        self.awaits(&format!("{row:?} at the cursor"), |screen| row_of(screen, screen.cursor_position().0) == row);
    }

    /// Types a line at a prompt, and waits for the next prompt.
    #[track_caller]
    pub fn does(&mut self, prompt: &str, line: &str, next: &str) {
        self.is_at(prompt);
        self.types(line);
        // On more than one row, if need be.
        let begun = format!("{prompt} {line}");
        self.awaits(&begun, |screen| screen.contents().replace('\n', "").contains(begun.trim_end()));
        self.types("\r");
        self.is_at(next);
    }

    /// All that the screen shows.
    pub fn screen(&self) -> String {
        let parser = self.seen.0.lock().expect("the screen");
        parser.screen().contents()
    }

    /// The screen with what colours it.
    pub fn coloured(&self) -> String {
        let parser = self.seen.0.lock().expect("the screen");
        parser.screen().contents_formatted()
    }

    /// Gives the terminal another size, which the program is told of.
    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.seen.0.lock().expect("the screen").screen_mut().set_size(size_of(rows), size_of(columns));
        let line = self.line.as_ref().expect("the terminal").try_clone().expect("the terminal once more");
        let mut stty = Command::new("stty");
        stty.args(["rows", &rows.to_string(), "cols", &columns.to_string()]).stdin(Stdio::from(line));
        assert!(stty.status().expect("stty").success());
    }

    /// Waits until the program has ended.
    pub fn ends(&mut self) -> ExitStatus {
        eventually("the program to end", || self.child.try_wait().expect("a look at the program"))
    }
}

fn size_of(cells: u16) -> NonZero<u16> {
    NonZero::new(cells).expect("a terminal with a size")
}

/// A row of the screen without the spaces at its end.
pub fn row_of(screen: &vt100::Screen, row: u16) -> String {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).nth(row.into()).unwrap_or_default().trim_end().to_owned()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Without anybody on the other side, there is nothing more to see.
        self.line = None;
        if let Some(eyes) = self.eyes.take() {
            let _ = eyes.join();
        }
    }
}
