//! The listening socket: the one that systemd passed, or one on an address of this host.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs as _};
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    /// On a port, for a proxy or a trial.
    Tcp(TcpListener),
    /// On a path, for a proxy.
    Unix(UnixListener),
}

/// Why there is none.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// systemd passed several.
    #[error("systemd passed {0} sockets; mailjam-web takes one")]
    Several(usize),
    /// systemd passed something else.
    #[error("systemd passed what is no listening socket: {0}")]
    Kind(io::Error),
    /// An address that others can reach.
    #[error("{0}")]
    Exposed(String),
    /// The system refuses.
    #[error("cannot listen on {place}: {source}")]
    Listen {
        /// The address.
        place: String,
        /// The reason.
        source: io::Error,
    },
}

/// The socket that systemd passed (sd_listen_fds(3)), otherwise one of our own at `address`.
pub fn open(address: &str) -> Result<Listener, Error> {
    let mut passed = ListenFd::from_env();
    match passed.len() {
        0 => own(address),
        1 => match passed.take_unix_listener(0) {
            Ok(Some(listener)) => Ok(Listener::Unix(listener)),
            _ => {
                let listener = passed.take_tcp_listener(0).map_err(Error::Kind)?;
                let listener = listener.ok_or_else(|| Error::Kind(io::ErrorKind::NotFound.into()))?;
                check(listener.local_addr().map_err(Error::Kind)?).map_err(Error::Exposed)?;
                Ok(Listener::Tcp(listener))
            }
        },
        several => Err(Error::Several(several)),
    }
}

fn own(place: &str) -> Result<Listener, Error> {
    let at = address(place).map_err(Error::Exposed)?;
    let listener = TcpListener::bind(at);
    listener.map(Listener::Tcp).map_err(|source| Error::Listen { place: place.to_owned(), source })
}

/// Reads an address to listen on; the error says what is wrong with it.
pub fn address(place: &str) -> Result<SocketAddr, String> {
    let wrong = || format!("{place:?} has not the form ADDRESS:PORT, such as 127.0.0.1:8080");
    let address = place.to_socket_addrs().map_err(|_| wrong())?.next().ok_or_else(wrong)?;
    check(address).map(|()| address)
}

/// There is no TLS here: what people type must not cross a network before a proxy has taken it off.
fn check(address: SocketAddr) -> Result<(), String> {
    if address.ip().is_loopback() {
        return Ok(());
    }
    Err(format!(
        "{address} is an address which others can reach, and mailjam-web has no TLS; listen on 127.0.0.1 behind a proxy"
    ))
}
