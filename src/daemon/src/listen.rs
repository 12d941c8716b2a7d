//! The listening sockets: those that systemd passed, by name, and the others as configured.

use std::fmt;
use std::fs;
use std::io;
use std::net::{TcpListener, ToSocketAddrs};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use listenfd::ListenFd;

use crate::config::Config;

/// Which of the daemon's doors somebody came through; it decides what may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// For mailjam-mta.
    Mta,
    /// For mailjam-cli.
    Control,
    /// For the web client.
    Web,
    /// For programs with a token.
    Tcp,
}

impl Door {
    /// The name, as in `FileDescriptorName=`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Door::Mta => "mta",
            Door::Control => "control",
            Door::Web => "web",
            Door::Tcp => "tcp",
        }
    }

    /// The group that may open the socket when mailjamd makes it itself; the same as in the socket units.
    const fn group(self) -> &'static str {
        match self {
            Door::Mta => "mailjam-mta",
            Door::Control | Door::Tcp => "mailjam-admin",
            Door::Web => "mailjam-web",
        }
    }
}

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    /// On a path.
    Unix(UnixListener),
    /// On a port.
    Tcp(TcpListener),
}

/// Who made a listening socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// systemd, which keeps it when this process ends.
    Passed,
    /// This process.
    Own,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listener::Unix(_) => write!(f, "{}", self.path().unwrap_or_default().display()),
            Listener::Tcp(tcp) => tcp.local_addr().map_or(Err(fmt::Error), |address| write!(f, "{address}")),
        }
    }
}

impl Listener {
    /// The path of a unix socket.
    #[must_use]
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Listener::Unix(unix) => unix.local_addr().ok()?.as_pathname().map(Path::to_owned),
            Listener::Tcp(_) => None,
        }
    }
}

/// Why a socket is not there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// systemd passed something that has no use here.
    #[error(
        "systemd passed socket {position} with the name {name:?}; FileDescriptorName= must be mta, control, web or tcp"
    )]
    Name {
        /// Counted from 0.
        position: usize,
        /// Its name.
        name: String,
    },
    /// systemd passed a socket of another kind.
    #[error("systemd passed as {name:?} what is not a listening {expected} socket: {source}")]
    Kind {
        /// Its name.
        name: &'static str,
        /// What it should be.
        expected: &'static str,
        /// The reason.
        source: io::Error,
    },
    /// systemd passed a TCP socket that others can reach.
    #[error(
        "the socket tcp listens on {address}, which others can reach, and there is no TLS yet to protect tokens; set ListenStream= to 127.0.0.1:PORT"
    )]
    Exposed {
        /// Where it listens.
        address: std::net::SocketAddr,
    },
    /// Another daemon.
    #[error("somebody listens on {path} already; is another mailjamd running?")]
    InUse {
        /// The socket.
        path: PathBuf,
    },
    /// A file that is no socket is in the way.
    #[error("{path} exists and is not a socket; move it away or change [sockets]")]
    InTheWay {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses.
    #[error("cannot listen on {place}: {source}")]
    Listen {
        /// Path or address.
        place: String,
        /// The reason.
        source: io::Error,
    },
}

/// All listening sockets: each one that systemd passed, and each other one that the configuration names.
///
/// Under systemd a socket of our own is a bonus: the directory may well belong to somebody else, because the unit of
/// that socket is off on purpose. By hand it is an error when one is missing.
pub fn all(config: &Config) -> Result<Vec<(Door, Listener, Origin)>, Error> {
    let mut listeners = passed()?;
    let by_hand = listeners.is_empty();
    let missing = |listeners: &[(Door, Listener, Origin)], door| !listeners.iter().any(|(other, ..)| *other == door);
    let sockets = &config.sockets;
    for (door, path) in [(Door::Mta, &sockets.mta), (Door::Control, &sockets.control), (Door::Web, &sockets.web)] {
        if missing(&listeners, door) {
            match unix(door, path) {
                Ok(listener) => listeners.push((door, Listener::Unix(listener), Origin::Own)),
                Err(error) if !by_hand => tracing::info!(%error, "not listening for {}", door.name()),
                Err(error) => return Err(error),
            }
        }
    }
    let server = &config.xmlrpc_server;
    if server.enabled && missing(&listeners, Door::Tcp) {
        let bound = tcp(&server.address, server.port)?;
        listeners.extend(bound.into_iter().map(|tcp| (Door::Tcp, Listener::Tcp(tcp), Origin::Own)));
    }
    Ok(listeners)
}

/// What systemd passed (sd_listen_fds(3)); nothing if it was meant for another process.
fn passed() -> Result<Vec<(Door, Listener, Origin)>, Error> {
    let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
    let mut descriptors = ListenFd::from_env();
    let mut names = names.split(':');
    let mut listeners = Vec::new();
    for position in 0..descriptors.len() {
        let name = names.next().unwrap_or_default();
        let door = [Door::Mta, Door::Control, Door::Web, Door::Tcp].into_iter().find(|door| door.name() == name);
        let Some(door) = door else { return Err(Error::Name { position, name: name.to_owned() }) };
        let kind = |expected, source| Error::Kind { name: door.name(), expected, source };
        let listener = if door == Door::Tcp {
            let tcp = descriptors.take_tcp_listener(position).map_err(|error| kind("TCP", error))?;
            let tcp = tcp.ok_or_else(|| kind("TCP", io::ErrorKind::NotFound.into()))?;
            let address = tcp.local_addr().map_err(|error| kind("TCP", error))?;
            if !address.ip().is_loopback() {
                return Err(Error::Exposed { address });
            }
            Listener::Tcp(tcp)
        } else {
            let unix = descriptors.take_unix_listener(position).map_err(|error| kind("unix", error))?;
            Listener::Unix(unix.ok_or_else(|| kind("unix", io::ErrorKind::NotFound.into()))?)
        };
        listeners.push((door, listener, Origin::Passed));
    }
    Ok(listeners)
}

/// A unix socket of our own; one that a killed daemon left behind is replaced.
fn unix(door: Door, path: &Path) -> Result<UnixListener, Error> {
    let failed = |source| Error::Listen { place: path.display().to_string(), source };
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(Error::InTheWay { path: path.to_owned() }),
        Ok(_) if UnixStream::connect(path).is_ok() => return Err(Error::InUse { path: path.to_owned() }),
        Ok(_) => fs::remove_file(path).map_err(failed)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory).map_err(failed)?;
            }
        }
        Err(error) => return Err(failed(error)),
    }
    // Nobody else gets in between bind and chown.
    let before = nix::sys::stat::umask(nix::sys::stat::Mode::from_bits_truncate(0o177));
    let bound = UnixListener::bind(path).map_err(failed);
    nix::sys::stat::umask(before);
    let listener = bound?;
    match nix::unistd::Group::from_name(door.group()) {
        Ok(Some(group)) => {
            let given = nix::unistd::chown(path, None, Some(group.gid)).map_err(io::Error::from);
            given.and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o660))).map_err(failed)?;
        }
        _ => tracing::warn!("there is no group {}: only this user can use {}", door.group(), path.display()),
    }
    Ok(listener)
}

/// A listener on every address that the name resolves to.
fn tcp(host: &str, port: u16) -> Result<Vec<TcpListener>, Error> {
    let failed = |source| Error::Listen { place: format!("{host}:{port}"), source };
    let addresses: Vec<_> = (host, port).to_socket_addrs().map_err(failed)?.collect();
    let mut listeners = Vec::new();
    let mut refused = None;
    for address in addresses {
        // The configuration was checked, but a name may mean something else by now.
        if !address.ip().is_loopback() {
            return Err(Error::Exposed { address });
        }
        match TcpListener::bind(address) {
            Ok(listener) => listeners.push(listener),
            // A host without IPv6 still resolves localhost to ::1.
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => refused = Some(error),
            Err(source) => return Err(Error::Listen { place: address.to_string(), source }),
        }
    }
    match refused {
        Some(source) if listeners.is_empty() => Err(failed(source)),
        _ => Ok(listeners),
    }
}
