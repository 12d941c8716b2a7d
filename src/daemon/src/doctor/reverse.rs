//! Whether the addresses that mail leaves from have names, and these lead back: receivers that refuse look there first.

use std::net::{IpAddr, TcpListener};

use mailjam_relay::Connection;
use mailjam_signature::{Resolver, Temporary, reverse_name};

use super::names::unasked;
use super::{Finding, Status};
use crate::daemon::Daemon;
use crate::pool::Pool;

const CHECK: &str = "reverse";

/// Addresses of the mail server, and names of an address, that are looked at; more make nothing better.
const MOST: usize = 8;

/// Looks at the addresses of the mail server of this host, by the name with which it greets others.
pub async fn reverse(daemon: &Daemon) -> Vec<Finding> {
    let config = daemon.config();
    let server = &config.smtp.server;
    let skipped = |detail: String| vec![Finding::new(CHECK, Status::Skipped, detail, "")];
    if !is_here(server).await {
        let detail = format!("mail leaves by way of {server}: look there whether its addresses have names (PTR)");
        return skipped(detail);
    }
    let Ok(connection) = Pool::connect(&config.smtp).await else {
        return skipped("the mail server does not say its name; see next-hop".to_owned());
    };
    let name = Connection::name(&connection).to_ascii_lowercase();
    connection.quit().await;
    if !name.contains('.') || name.starts_with('[') || name.ends_with(".localdomain") {
        let detail = format!("the mail server calls itself {name:?}, which is no name that others can look up");
        let fix = "have it use a name that is in the DNS (myhostname in Postfix)";
        return vec![Finding::new(CHECK, Status::Warn, detail, fix)];
    }
    let signing = daemon.signing();
    let Some(resolver) = signing.resolver() else { return vec![unasked(CHECK, &name)] };
    match resolver.addresses(&name).await {
        Ok(addresses) if addresses.is_empty() => {
            let detail = format!("{name}, as the mail server calls itself, has no address in the DNS");
            let fix =
                "put into the DNS the addresses that its mail leaves from, or have it use the name that they have";
            vec![Finding::new(CHECK, Status::Warn, detail, fix)]
        }
        Ok(addresses) => {
            let mut findings = Vec::new();
            for address in addresses.into_iter().take(MOST) {
                findings.push(of_address(resolver, &name, address).await.unwrap_or_else(unanswered));
            }
            findings
        }
        Err(temporary) => vec![unanswered(temporary)],
    }
}

fn unanswered(temporary: Temporary) -> Finding {
    let fix = "see whether the name servers of [dns] servers, or of /etc/resolv.conf, answer";
    Finding::new(CHECK, Status::Warn, temporary.to_string(), fix)
}

/// Whether a `host:port` is on this host: on one of its own addresses a socket can be bound.
async fn is_here(server: &str) -> bool {
    let Ok(mut found) = tokio::net::lookup_host(server).await else {
        // A name that leads nowhere is next-hop's to tell of.
        return false;
    };
    found.any(|address| address.ip().is_loopback() || TcpListener::bind((address.ip(), 0)).is_ok())
}

async fn of_address(resolver: &Resolver, host: &str, address: IpAddr) -> Result<Finding, Temporary> {
    if is_inside(address) {
        let detail = format!("{host} has the address {address}, which nobody outside can see");
        let fix = "put into the DNS the addresses that its mail leaves from";
        return Ok(Finding::new(CHECK, Status::Warn, detail, fix));
    }
    let record = format!("{}. IN PTR {host}.", reverse_name(address));
    let fix = format!("have whoever gave you the address put into the DNS: {record}");
    let names = resolver.names(address).await?;
    for name in names.iter().take(MOST) {
        if resolver.addresses(name).await?.contains(&address) {
            return Ok(Finding::ok(CHECK, format!("{address} has the name {name}, which leads back to it (PTR)")));
        }
    }
    let detail = match names.first() {
        None => format!("{address}, an address of {host}, has no name (PTR); many receivers refuse its mail"),
        Some(name) => format!("{address}, an address of {host}, has the name {name}, which does not lead back to it"),
    };
    Ok(Finding::new(CHECK, Status::Warn, detail, fix))
}

/// Whether an address means something on this host or in its network only.
fn is_inside(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_unspecified(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_nobody_outside_can_see_are_told_apart() {
        for (address, inside) in [
            ("127.0.1.1", true),
            ("10.1.2.3", true),
            ("169.254.0.1", true),
            ("192.0.2.1", false),
            ("::1", true),
            ("fd00::1", true),
            ("fe80::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_inside(address.parse().expect("an address")), inside, "{address}");
        }
    }

    #[tokio::test]
    async fn a_mail_server_elsewhere_is_told_apart() {
        assert!(is_here("127.0.0.1:25").await && is_here("localhost:25").await && is_here("[::1]:25").await);
        assert!(!is_here("192.0.2.1:25").await && !is_here("nonsense").await);
    }
}
