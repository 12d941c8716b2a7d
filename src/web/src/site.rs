//! The address under which people reach this client: what a request may call the host, what cookies and links look like.

use std::net::{IpAddr, Ipv4Addr};

/// What `public_url` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Host and, if it is not the scheme's own, port; `None` for whatever name this host has for itself, in a trial.
    authority: Option<String>,
    /// What stands before each path: empty, or such as `/mail`.
    pub base: String,
    /// Whether browsers come by https.
    pub secure: bool,
}

impl Site {
    /// Reads the address; the error says what is wrong with it.
    pub fn read(public_url: &str) -> Result<Site, String> {
        if public_url.is_empty() {
            return Ok(Site { authority: None, base: String::new(), secure: false });
        }
        let wrong = || format!("{public_url:?} is no address such as https://lists.example.org");
        let (secure, rest) = match (public_url.strip_prefix("https://"), public_url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(wrong()),
        };
        let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
        let authority = authority.to_ascii_lowercase();
        let authority = authority.strip_suffix(if secure { ":443" } else { ":80" }).unwrap_or(&authority);
        let base = path.trim_end_matches('/');
        let plain = |text: &str, also: &[u8]| text.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b));
        if authority.is_empty() || !plain(authority, b".-:[]") || !plain(base, b"/-_.~") || base.contains("//") {
            return Err(wrong());
        }
        if !secure && !is_this_host(authority) {
            return Err(format!(
                "{public_url:?} would send passwords in clear text; put https in front of mailjam-web"
            ));
        }
        Ok(Site { authority: Some(authority.to_owned()), base: base.to_owned(), secure })
    }

    /// Whether a request may call this host so. Others come from a page that hopes to be taken for this one.
    #[must_use]
    pub fn is_host(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        match &self.authority {
            Some(authority) => *authority == *host.strip_suffix(self.own_port()).unwrap_or(&host),
            None => is_this_host(&host),
        }
    }

    /// Whether a form that names this origin is one of ours; `host` is what the request calls this host.
    #[must_use]
    pub fn is_origin(&self, origin: &str, host: &str) -> bool {
        let scheme = if self.secure { "https" } else { "http" };
        let Some((said, authority)) = origin.split_once("://") else { return false };
        said == scheme && self.is_host(authority) && (self.authority.is_some() || authority.eq_ignore_ascii_case(host))
    }

    const fn own_port(&self) -> &'static str {
        if self.secure { ":443" } else { ":80" }
    }
}

/// Whether an authority names this host from itself.
fn is_this_host(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

/// The loopback address, for who asks when nothing says so.
pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_origins() {
        let site = Site::read("https://Lists.example.org/mail/").expect("good");
        assert_eq!((site.base.as_str(), site.secure), ("/mail", true));
        for host in ["lists.example.org", "LISTS.example.org:443"] {
            assert!(site.is_host(host), "{host}");
        }
        for host in ["lists.example.org:8080", "evil.example", "lists.example.org.evil.example", "localhost", ""] {
            assert!(!site.is_host(host), "{host}");
        }
        assert!(site.is_origin("https://lists.example.org", "lists.example.org"));
        for origin in ["http://lists.example.org", "https://evil.example", "null", "", "https://lists.example.org:444"]
        {
            assert!(!site.is_origin(origin, "lists.example.org"), "{origin}");
        }
        let trial = Site::read("").expect("a trial");
        for host in ["localhost", "localhost:8080", "127.0.0.1:80", "[::1]:8080", "[::1]"] {
            assert!(trial.is_host(host), "{host}");
        }
        for host in ["evil.example", "192.0.2.1", "localhost.evil.example", "127.0.0.1.evil.example:80"] {
            assert!(!trial.is_host(host), "{host}");
        }
        assert!(trial.is_origin("http://localhost:8080", "localhost:8080"));
        assert!(!trial.is_origin("http://localhost:9090", "localhost:8080"), "another program of this host");
    }
}
