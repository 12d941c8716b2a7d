//! A systemd made up for the occasion: it listens to what a service tells it.

use std::io;
use std::os::unix::net::{UnixDatagram, UnixStream};

use crate::daemon::PATIENCE;
use crate::site::{Running, Site};

/// The socket on which systemd listens to its services.
pub struct Systemd {
    pub site: Site,
    pub socket: UnixDatagram,
}

impl Systemd {
    pub fn new(more: &str) -> Systemd {
        let site = Site::new(more);
        let socket = UnixDatagram::bind(site.path().join("notify")).expect("a datagram socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("an option set");
        Systemd { site, socket }
    }

    pub fn start(&self) -> Running {
        self.start_with(&[])
    }

    pub fn start_with(&self, environment: &[(&str, &str)]) -> Running {
        let mut command = self.site.command();
        command.env("NOTIFY_SOCKET", self.site.path().join("notify")).envs(environment.iter().copied());
        self.site.start(&mut command)
    }

    /// The next thing that the daemon says.
    pub fn next(&self) -> String {
        let mut bytes = [0; 4096];
        let length = loop {
            match self.socket.recv(&mut bytes) {
                // A child of another test that ended.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                received => break received.expect("a word from the daemon in time"),
            }
        };
        std::str::from_utf8(&bytes[..length]).expect("UTF-8 from the daemon").trim_end().to_owned()
    }

    /// What it says up to and including something.
    pub fn until(&self, wanted: &str) -> String {
        let mut heard = String::new();
        while !heard.lines().any(|line| line.starts_with(wanted)) {
            heard.push_str(&self.next());
            heard.push('\n');
        }
        heard
    }

    /// What it says now without being asked.
    pub fn rest(&self) -> String {
        self.socket.set_nonblocking(true).expect("an option set");
        let mut heard = String::new();
        let mut bytes = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut bytes) {
            heard.push_str(&String::from_utf8_lossy(&bytes[..length]));
            heard.push('\n');
        }
        self.socket.set_nonblocking(false).expect("an option set");
        heard
    }

    pub fn connect(&self) -> UnixStream {
        UnixStream::connect(self.site.socket("control")).expect("the daemon listens")
    }
}
