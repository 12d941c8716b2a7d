//! What is asked of the DNS: texts, and whether a domain is there. Answers are kept for as long as they say, an hour at
//! most, and only so many.

use std::fmt;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use tokio::time::timeout;

/// Where this machine says who resolves names for it (resolv.conf(5)).
const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Answers that are kept. Each may have 64 KiB, so that no more memory than 64 MiB can be filled from outside.
const CACHED: u64 = 1024;

/// The longest time for which one is: a policy or a key may change.
const LONGEST: Duration = Duration::from_secs(3600);

/// Octets of all texts of a name that are looked at.
const MOST_OCTETS: usize = 64 * 1024;

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the answer to one query, which is sent twice.
    pub query: Duration,
    /// For everything that one decision about a message asks.
    pub decision: Duration,
}

impl Default for Timeouts {
    /// Five seconds, as resolv.conf(5) has it, and half a minute.
    fn default() -> Timeouts {
        Timeouts { query: Duration::from_secs(5), decision: Duration::from_secs(30) }
    }
}

/// Why there is no resolver.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolverError {
    /// The file could not be read.
    #[error("cannot read {RESOLV_CONF}: {0}; or name the name servers in mailjam's configuration")]
    Unreadable(#[source] io::Error),
    /// It has a line that means nothing.
    #[error("{RESOLV_CONF}: {0}; or name the name servers in mailjam's configuration")]
    Malformed(String),
    /// Nobody to ask.
    #[error("{RESOLV_CONF} names no name server; name one in mailjam's configuration")]
    NoServer,
    /// The library could not start.
    #[error("no resolver: {0}")]
    Library(String),
}

/// The DNS gave no answer that means anything: neither that something is there nor that it is not. It may later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the DNS says nothing about {name}: {problem}")]
pub struct Temporary {
    /// What was asked for.
    pub name: String,
    /// What went wrong.
    pub problem: String,
}

/// Asks name servers. Cloning is cheap, and clones share what they know.
#[derive(Clone)]
pub struct Resolver {
    inner: TokioResolver,
    timeouts: Timeouts,
}

impl Resolver {
    /// Asks these name servers, which have to resolve for others (recursion), by UDP and, for long answers, by TCP; or those
    /// of the system, if there are none here.
    ///
    /// # Errors
    /// When the system's cannot be found.
    pub fn new(servers: &[SocketAddr], timeouts: Timeouts) -> Result<Resolver, ResolverError> {
        let of_system;
        let servers = if servers.is_empty() {
            of_system = system_servers()?;
            &of_system
        } else {
            servers
        };
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.iter().map(name_server).collect());
        let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options(timeouts);
        let inner = builder.build().map_err(|error| ResolverError::Library(error.to_string()))?;
        Ok(Resolver { inner, timeouts })
    }

    /// How long to wait.
    #[must_use]
    pub fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// The TXT records of a name, the strings of each joined (RFC 6376 3.6.2.2), what is no UTF-8 in them as U+FFFD; none
    /// when there are none, or no such name.
    ///
    /// # Errors
    /// The DNS gives no answer now.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, Temporary> {
        let mut octets = 0;
        let records = self.records(name, RecordType::TXT).await?;
        let texts = records.iter().filter_map(|data| match data {
            RData::TXT(text) => {
                let joined = text.txt_data.concat();
                octets += joined.len();
                (octets <= MOST_OCTETS).then(|| String::from_utf8_lossy(&joined).into_owned())
            }
            _ => None,
        });
        Ok(texts.collect())
    }

    /// Whether a domain has an address or a mail server (RFC 9989 3.2, non-existent domains).
    ///
    /// # Errors
    /// The DNS gives no answer now.
    pub async fn exists(&self, domain: &str) -> Result<bool, Temporary> {
        for kind in [RecordType::MX, RecordType::A, RecordType::AAAA] {
            if !self.records(domain, kind).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The addresses of a name.
    ///
    /// # Errors
    /// The DNS gives no answer now.
    pub async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, Temporary> {
        let mut addresses = Vec::new();
        for kind in [RecordType::A, RecordType::AAAA] {
            addresses.extend(self.records(name, kind).await?.iter().filter_map(RData::ip_addr));
        }
        Ok(addresses)
    }

    /// The names of an address, by the record that [`reverse_name`] leads to, without a last dot.
    ///
    /// # Errors
    /// The DNS gives no answer now.
    pub async fn names(&self, address: IpAddr) -> Result<Vec<String>, Temporary> {
        let records = self.records(&reverse_name(address), RecordType::PTR).await?;
        let names = records.iter().filter_map(|data| match data {
            RData::PTR(name) => Some(name.to_ascii().trim_end_matches('.').to_owned()),
            _ => None,
        });
        Ok(names.collect())
    }

    async fn records(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, Temporary> {
        // What is too long, or no name, cannot be in the DNS.
        let Ok(mut full) = Name::from_ascii(name) else { return Ok(Vec::new()) };
        full.set_fqdn(true);
        let temporary = |problem: String| Temporary { name: name.to_owned(), problem };
        match timeout(self.timeouts.decision, self.inner.lookup(full, kind)).await {
            Ok(Ok(found)) => {
                let records = found.answers().iter().filter(|record| record.record_type() == kind);
                Ok(records.map(|record| record.data.clone()).collect())
            }
            Ok(Err(error)) if is_absent(&error) => Ok(Vec::new()),
            Ok(Err(error)) => Err(temporary(error.to_string())),
            Err(_) => Err(temporary("no answer in time".to_owned())),
        }
    }
}

/// Where the names of an address are (RFC 1035 3.5, RFC 3596 2.5), without a last dot.
#[must_use]
pub fn reverse_name(address: IpAddr) -> String {
    Name::from(address).to_ascii().trim_end_matches('.').to_owned()
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

/// Whether the name servers say that there is nothing, which is an answer.
fn is_absent(error: &NetError) -> bool {
    error.is_no_records_found()
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

fn options(timeouts: Timeouts) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = timeouts.query;
    options.attempts = 2;
    options.cache_size = CACHED;
    options.positive_max_ttl = Some(LONGEST);
    options.negative_max_ttl = Some(LONGEST);
    options.use_hosts_file = ResolveHosts::Never;
    options
}

fn system_servers() -> Result<Vec<SocketAddr>, ResolverError> {
    servers_in(&fs::read(RESOLV_CONF).map_err(ResolverError::Unreadable)?)
}

fn servers_in(file: &[u8]) -> Result<Vec<SocketAddr>, ResolverError> {
    let config = resolv_conf::Config::parse(file).map_err(|error| ResolverError::Malformed(error.to_string()))?;
    let servers: Vec<SocketAddr> = config.nameservers.iter().map(|ip| SocketAddr::new(ip.into(), 53)).collect();
    if servers.is_empty() { Err(ResolverError::NoServer) } else { Ok(servers) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_turned_round() {
        let reversed = |address: &str| reverse_name(address.parse().expect("an address"));
        assert_eq!(reversed("192.0.2.7"), "7.2.0.192.in-addr.arpa");
        assert_eq!(reversed("2001:db8::1"), format!("1.{}8.b.d.0.1.0.0.2.ip6.arpa", "0.".repeat(23)));
    }

    #[test]
    fn the_system_says_whom_to_ask() {
        let file = b"# local\nsearch example.org\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions edns0\n";
        let servers = servers_in(file).expect("name servers");
        assert_eq!(servers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["192.0.2.1:53", "[2001:db8::1]:53"]);
        let error = servers_in(b"search example.org\n").expect_err("nobody to ask").to_string();
        assert_eq!(error, "/etc/resolv.conf names no name server; name one in mailjam's configuration");
        assert!(matches!(servers_in(b"nameserver somewhere\n"), Err(ResolverError::Malformed(_))));
    }
}
