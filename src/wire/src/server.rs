//! Addresses of daemons: `unix:/path` and `http://host:port`.

use core::fmt;
use core::net::IpAddr;

/// The longest path a unix socket can have on Linux (`sun_path` less its final NUL).
pub const LONGEST_PATH: usize = 107;

/// Where a daemon listens; `S` is `&str` where nothing may be allocated, else `String`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server<S> {
    /// A unix socket, by its absolute path.
    Unix(S),
    /// Plain HTTP over TCP.
    Http {
        /// `host:port` as it was written, which is what the `Host` header repeats.
        authority: S,
        /// The host part.
        host: Host,
        /// The port part.
        port: u16,
    },
}

/// The host of an `http://` address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// An IPv4 or a bracketed IPv6 address.
    Address(IpAddr),
    /// `localhost`: both loopback addresses, without asking a resolver (RFC 6761 section 6.3).
    Localhost,
    /// A name that only a resolver understands: what `authority` has before the colon.
    Name,
}

/// Why an address was not understood; the words say what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// Neither `unix:` nor `http://`.
    Scheme,
    /// `https://`, which mailjam does not speak.
    Tls,
    /// Bytes that are no UTF-8.
    Encoding,
    /// `unix:` without an absolute path.
    RelativePath,
    /// More than [`LONGEST_PATH`] bytes.
    PathTooLong,
    /// A host that is empty or has characters no host has.
    Host,
    /// No port, or none between 1 and 65535.
    Port,
    /// Something behind the port that is not `/RPC2`.
    Path,
}

impl AddressError {
    /// What is wrong and what to write instead.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Scheme => "a server is written unix:/path or http://host:port",
            Self::Tls => "https is not supported; use a unix socket or http on the loopback interface",
            Self::Encoding => "an address is UTF-8 text",
            Self::RelativePath => "unix: needs an absolute path, such as unix:/run/mailjam/mta.sock",
            Self::PathTooLong => "the path of a unix socket has at most 107 bytes",
            Self::Host => "the host is a name, an IPv4 address or an IPv6 address in brackets",
            Self::Port => "the port is missing or wrong; write http://host:port, such as http://127.0.0.1:9876",
            Self::Path => "nothing but /RPC2 may follow the port",
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl core::error::Error for AddressError {}

impl<'a> Server<&'a str> {
    /// Reads an address.
    ///
    /// # Errors
    /// Says which part was not understood.
    pub fn parse(text: &'a str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                _ if !path.starts_with('/') || path.contains('\0') => Err(AddressError::RelativePath),
                _ if path.len() > LONGEST_PATH => Err(AddressError::PathTooLong),
                _ => Ok(Self::Unix(path)),
            };
        }
        let Some(rest) = text.strip_prefix("http://") else {
            let tls = text.starts_with("https://");
            return Err(if tls { AddressError::Tls } else { AddressError::Scheme });
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        if !matches!(path, "" | "/" | "/RPC2") {
            return Err(AddressError::Path);
        }
        let (host, port) = split_port(authority)?;
        Ok(Self::Http { authority, host: Host::parse(host)?, port })
    }
}

impl<S: AsRef<str>> Server<S> {
    /// What the `Host` header of a request says.
    pub fn authority(&self) -> &str {
        match self {
            Self::Unix(_) => "localhost",
            Self::Http { authority, .. } => authority.as_ref(),
        }
    }
}

impl<S: AsRef<str>> fmt::Display for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.as_ref()),
            Self::Http { authority, .. } => write!(f, "http://{}", authority.as_ref()),
        }
    }
}

#[cfg(feature = "std")]
impl std::str::FromStr for Server<String> {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        Ok(match Server::parse(text)? {
            Server::Unix(path) => Self::Unix(path.to_owned()),
            Server::Http { authority, host, port } => Self::Http { authority: authority.to_owned(), host, port },
        })
    }
}

/// The port behind the last colon; the colons of a bracketed IPv6 address stay with the host.
fn split_port(authority: &str) -> Result<(&str, u16), AddressError> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => return Err(AddressError::Port),
    };
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    match port.parse() {
        Ok(port) if digits && port != 0 => Ok((host, port)),
        _ => Err(AddressError::Port),
    }
}

impl Host {
    fn parse(host: &str) -> Result<Self, AddressError> {
        if let Some(inner) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return match inner.parse() {
                Ok(address) => Ok(Self::Address(IpAddr::V6(address))),
                Err(_) => Err(AddressError::Host),
            };
        }
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(Self::Localhost);
        }
        if let Ok(address) = host.parse() {
            return Ok(Self::Address(IpAddr::V4(address)));
        }
        let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if host.is_empty() || !host.bytes().all(of_a_name) {
            return Err(AddressError::Host);
        }
        Ok(Self::Name)
    }
}

#[cfg(test)]
#[cfg(feature = "std")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn http(text: &str) -> (Host, u16) {
        match Server::parse(text) {
            Ok(Server::Http { host, port, .. }) => (host, port),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn understood() {
        assert_eq!(Server::parse("unix:/run/mailjam/mta.sock"), Ok(Server::Unix("/run/mailjam/mta.sock")));
        assert_eq!(http("http://127.0.0.1:9876"), (Host::Address([127, 0, 0, 1].into()), 9876));
        assert_eq!(http("http://[::1]:9876/RPC2"), (Host::Address("::1".parse().unwrap()), 9876));
        assert_eq!(http("http://localhost:1/"), (Host::Localhost, 1));
        assert_eq!(http("http://lists.example.org:65535"), (Host::Name, 65535));
        assert_eq!(Server::parse("http://[::1]:80/RPC2").unwrap().authority(), "[::1]:80");
        assert_eq!(Server::parse("unix:/s").unwrap().authority(), "localhost");
    }

    #[test]
    fn refused_with_the_reason() {
        let long = format!("unix:/{}", "x".repeat(LONGEST_PATH));
        let cases = [
            ("", AddressError::Scheme),
            ("/run/mailjam/mta.sock", AddressError::Scheme),
            ("https://localhost:9876", AddressError::Tls),
            ("unix:mta.sock", AddressError::RelativePath),
            ("unix:/a\0b", AddressError::RelativePath),
            (long.as_str(), AddressError::PathTooLong),
            ("http://localhost", AddressError::Port),
            ("http://[::1]", AddressError::Port),
            ("http://localhost:0", AddressError::Port),
            ("http://localhost:+80", AddressError::Port),
            ("http://localhost:65536", AddressError::Port),
            ("http://:80", AddressError::Host),
            ("http://::1:80", AddressError::Host),
            ("http://[x]:80", AddressError::Host),
            ("http://user@host:80", AddressError::Host),
            ("http://a\r\nX: y:80", AddressError::Host),
            ("http://localhost:80/other", AddressError::Path),
        ];
        for (text, error) in cases {
            assert_eq!(Server::parse(text), Err(error), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_never_lets_a_header_in(text in "(unix:|http://)?[a-z/:@\\[\\]\\r\\n .0-9]*") {
            if let Ok(server) = Server::parse(&text) {
                prop_assert!(!server.authority().contains(['\r', '\n', ' ']));
            }
        }

        #[test]
        fn display_is_read_back(host in "[a-z]{1,9}(\\.[a-z]{1,5})?", port in 1u16..) {
            let text = format!("http://{host}:{port}");
            let server: Server<String> = text.parse().unwrap();
            prop_assert_eq!(server.to_string(), text);
        }
    }
}
