//! Where a mail came from, as the mail servers on its way noted it: the network that a limit is for.

use std::net::IpAddr;

use crate::message::Message;

/// The network that handed the mail to the first of our own mail servers: the topmost address in a Received field (RFC 5321
/// 4.4) that is not one of our own networks, with 24 bits of IPv4 and 48 of IPv6. A sender can forge fields below that one,
/// and so only choose among networks to be counted for.
#[must_use]
pub fn of(message: &Message) -> Option<String> {
    message.field("Received").filter_map(|field| origin(&field.text())).find_map(network)
}

/// The same of an address that somebody names.
#[must_use]
pub fn of_address(text: &str) -> Option<String> {
    text.trim().parse().ok().map(whole)
}

/// The address in brackets of the part that begins with `from`.
fn origin(text: &str) -> Option<IpAddr> {
    let from = text.split(" by ").next().unwrap_or_default();
    from.split('[').skip(1).find_map(|part| {
        let literal = part.split(']').next()?;
        let literal =
            literal.get(..5).filter(|tag| tag.eq_ignore_ascii_case("IPv6:")).map_or(literal, |_| &literal[5..]);
        literal.parse().ok()
    })
}

fn network(address: IpAddr) -> Option<String> {
    let own = match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    };
    (!own).then(|| whole(address))
}

fn whole(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_fields(fields: &str) -> Option<String> {
        let raw = format!("{fields}Subject: x\n\n");
        of(&Message::parse(raw.as_bytes()).expect("a message"))
    }

    #[test]
    fn the_topmost_address_from_outside_counts() {
        for (fields, network) in [
            ("Received: from a (a.example [203.0.113.7]) by mx with ESMTP; Fri\n", Some("203.0.113.0/24")),
            (
                "Received: from localhost ([127.0.0.1]) by mx\nReceived: from a ([IPv6:2001:db8:1:2::3])\n\tby mx\n",
                Some("2001:db8:1::/48"),
            ),
            ("Received: from a ([10.0.0.1]) by mx\nReceived: by b\n", None),
            ("Received: from [198.51.100.9] (helo=[203.0.113.7]) by mx\n", Some("198.51.100.0/24")),
            ("", None),
        ] {
            assert_eq!(of_fields(fields).as_deref(), network, "{fields}");
        }
        assert_eq!(of_address(" ::ffff:203.0.113.9 ").as_deref(), Some("203.0.113.0/24"));
    }
}
