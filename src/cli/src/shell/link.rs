//! The way to a daemon that may be restarted while somebody thinks: said once, waited for a little, never a reason to
//! leave.

use std::thread;
use std::time::{Duration, Instant};

use mailjam_rpc::records::ServerInfo;
use mailjam_wire::client;

use super::{place, words};
use crate::error::Error;
use crate::output::clean;
use crate::session::Session;

/// How long a daemon that is being restarted is waited for: systemd needs a second or two.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is tried.
const TICK: Duration = Duration::from_millis(100);

/// Which daemon it was the last time.
#[derive(Default)]
pub struct Link {
    pid: Option<i32>,
    /// It does not say who it is to this caller, so that nothing can be said about it.
    is_silent: bool,
}

impl Link {
    /// Says who is there.
    ///
    /// # Errors
    /// When nobody is, which is no reason to leave.
    pub fn greet(&mut self, session: &mut Session) -> Result<(), Error> {
        let version = match self.look(session)? {
            Some(info) => format!("mailjamd {}. ", clean(&info.version)),
            None => String::new(),
        };
        session.screen.note(format_args!("{version}TAB completes, \"help\" and ? explain, Ctrl-D leaves."));
        Ok(())
    }

    /// Makes sure before a line is done that the daemon is there, and says so if it is another one than before.
    ///
    /// # Errors
    /// When it is not there and does not come back, and on Ctrl-C.
    pub fn awake(&mut self, session: &mut Session, line: &str) -> Result<(), Error> {
        let needs_nobody = words::split(line).ok().and_then(|words| place::find(&words).map(|(command, _)| command));
        if self.is_silent || needs_nobody.is_none_or(|command| command.methods.is_empty()) {
            return Ok(());
        }
        let before = self.pid;
        let deadline = Instant::now() + PATIENCE;
        let mut was_gone = false;
        let now = loop {
            match self.look(session) {
                // Who never was there is not waited for.
                Err(Error::Connection(client::Error::Connect { server, .. } | client::Error::Lost { server, .. }))
                    if before.is_some() && Instant::now() < deadline =>
                {
                    if !was_gone {
                        session.screen.note(format_args!("{server} is gone; waiting for it, Ctrl-C gives up"));
                    }
                    was_gone = true;
                    thread::sleep(TICK);
                }
                other => break other?,
            }
            if session.daemon.is_interrupted() {
                return Err(Error::Interrupted);
            }
        };
        if let (Some(_), Some(info)) = (before, now)
            && before != self.pid
        {
            let version = clean(&info.version).into_owned();
            session.screen.note(format_args!("connected again: mailjamd {version} was restarted"));
        }
        Ok(())
    }

    fn look(&mut self, session: &mut Session) -> Result<Option<ServerInfo>, Error> {
        match session.ask::<ServerInfo>("server.info", vec![]) {
            Ok(info) => {
                self.pid = Some(info.pid);
                Ok(Some(info))
            }
            Err(Error::Fault { .. }) => {
                self.is_silent = true;
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }
}
