//! `mta-config postfix --check`: the transport, its table, the domains, and the way out.

use std::net::{IpAddr, Ipv4Addr};

use crate::commands::mta_config::check::Check;
use crate::commands::mta_config::{Installation, probe};
use crate::error::Error;

use super::instance::{Instance, Parameters, words};

/// What is asked about main.cf.
const PARAMETERS: &[&str] = &[
    "mailjam_destination_recipient_limit",
    "mailjam_time_limit",
    "message_size_limit",
    "mydestination",
    "mynetworks",
    "parent_domain_matches_subdomains",
    "recipient_delimiter",
    "relay_domains",
    "relay_recipient_maps",
    "local_recipient_maps",
    "smtpd_authorized_verp_clients",
    "smtpd_recipient_restrictions",
    "smtpd_relay_restrictions",
    "transport_maps",
    "virtual_alias_domains",
    "virtual_alias_maps",
    "virtual_mailbox_domains",
    "virtual_mailbox_maps",
];

/// The classes a domain can be in, and where Postfix looks up whether a recipient there exists.
const CLASSES: [(&str, &str); 4] = [
    ("relay_domains", "relay_recipient_maps"),
    ("mydestination", "local_recipient_maps"),
    ("virtual_mailbox_domains", "virtual_mailbox_maps"),
    ("virtual_alias_domains", "virtual_alias_maps"),
];

pub fn check(check: &mut Check<'_>, installation: &Installation) -> Result<(), Error> {
    let postfix = Instance::find(installation.place.as_deref())?;
    let main = postfix.parameters(PARAMETERS)?;
    if postfix.runs()? == Some(false) {
        check.wrong("Postfix", "it does not run", "start it: postfix start, or systemctl start postfix");
    }
    match postfix.service("mailjam", "unix")? {
        None => check.wrong("master.cf", "there is no service mailjam unix", check.printing("master.cf")),
        Some(words) => {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            transport(check, installation, &words);
            let argv = words.iter().position(|word| word.starts_with("argv="));
            limits(check, &main, argv.map_or(&[], |at| &words[at..]));
        }
    }
    let table = table(check, installation, &postfix, &main)?;
    domains(check, &postfix, &main, &table)?;
    rewritten(check, &postfix, &main)?;
    way_out(check, &postfix, &main)
}

/// The entry in master.cf: `mailjam unix - n n - - pipe flags=… user=… argv=…`.
fn transport(check: &mut Check<'_>, installation: &Installation, words: &[&str]) {
    let place = "master.cf, mailjam";
    let printing = check.printing("master.cf");
    let column = |number: usize| words.get(number).copied().unwrap_or_default();
    if column(7) != "pipe" {
        return check.wrong(place, format_args!("the command is {:?} and not pipe", column(7)), printing);
    }
    check.expect(
        column(3) == "n",
        place,
        "the column unpriv is not n, and pipe(8) needs to change the user",
        &printing,
    );
    check.expect(column(4) != "y", place, "the column chroot is y, where mailjam-mta cannot be found", &printing);

    let (attributes, argv) = match words.iter().position(|word| word.starts_with("argv=")) {
        Some(at) => words.split_at(at),
        None => return check.wrong(place, "there is no argv=", printing),
    };
    let attribute = |name: &str| attributes.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let flags = attribute("flags").unwrap_or_default();
    let damage: String = flags.chars().filter(|flag| "BF>.".contains(*flag)).collect();
    check.expect(damage.is_empty(), place, format_args!("flags {damage} change what is handed over"), "use flags=RqX");
    check.expect(
        flags.contains('q'),
        place,
        "the flag q is missing, so that odd addresses are garbled",
        "use flags=RqX",
    );
    for (flag, without) in [('R', "the post has no Return-Path"), ('X', "no delivery notice says delivered")] {
        if !flags.contains(flag) {
            check.note(place, format_args!("the flag {flag} is missing: {without}"), "use flags=RqX");
        }
    }
    match attribute("user") {
        None => check.wrong(place, "there is no user=", &printing),
        Some(user) => {
            let (user, group) = user.split_once(':').map_or((user, None), |(user, group)| (user, Some(group)));
            check.identity(place, user, group, installation);
        }
    }
    let null = attribute("null_sender");
    check.expect(null == Some(""), place, "null_sender= is missing or not empty", "add null_sender= in front of argv=");

    let program = argv[0].trim_start_matches("argv=");
    check.program(place, program);
    let (options, operands) = match argv.iter().position(|word| *word == "--") {
        Some(at) => (&argv[..at], &argv[at + 1..]),
        None => {
            check.wrong(place, "argv has no -- before the recipient", "write -- ${recipient} at the end of argv");
            (argv, argv)
        }
    };
    check.expect(options.contains(&"${sender}"), place, "argv has no --sender ${sender}", &printing);
    if argv.iter().any(|word| word.contains("${original_recipient}")) {
        let what = "argv has ${original_recipient}, the address before aliases, which is no list";
        check.wrong(place, what, "write ${recipient}");
    } else {
        check.expect(
            operands.contains(&"${recipient}"),
            place,
            "argv has no ${recipient}",
            "end argv with -- ${recipient}",
        );
    }
}

fn limits(check: &mut Check<'_>, main: &Parameters, argv: &[&str]) {
    let name = "mailjam_destination_recipient_limit";
    let value = main.get(name);
    check.expect(
        value == "1",
        format_args!("main.cf, {name}"),
        format_args!("it is {value}, and mailjam-mta takes one recipient"),
        format_args!("run: postconf -e {name}=1 && postfix reload"),
    );
    if let Some(limit) = probe::seconds(main.get("mailjam_time_limit")) {
        check.time_limit("main.cf, mailjam_time_limit", limit, argv);
    }
    if let Ok(limit) = main.get("message_size_limit").parse() {
        let remedy = |needed| format!("run: postconf -e message_size_limit={needed} && postfix reload");
        check.message_size("main.cf, message_size_limit", limit, remedy);
    }
}

/// The table in transport_maps; its path is answered, or the one it should have.
fn table(
    check: &mut Check<'_>,
    installation: &Installation,
    postfix: &Instance,
    main: &Parameters,
) -> Result<String, Error> {
    let maps = words(main.get("transport_maps"));
    let is_ours = |file: &str| {
        let named = file == installation.table;
        let says_so = || std::fs::read_to_string(file).is_ok_and(|text| text.contains(" mailjam:\n"));
        named || !installation.table_given && says_so()
    };
    let patterns = maps.iter().filter_map(|map| {
        let map = map.strip_prefix("proxy:").unwrap_or(map);
        map.strip_prefix("regexp:").or_else(|| map.strip_prefix("pcre:"))
    });
    if let Some(file) = patterns.into_iter().find(|file| is_ours(file)) {
        check.table(file);
        return Ok(file.to_owned());
    }
    // Somebody may send whole domains to mailjam, and leave unknown addresses to something else.
    let domains = check.site.map_or(&[][..], |site| &site.domains);
    let names: Vec<&str> = domains.iter().map(String::as_str).collect();
    let mut routed = false;
    for map in &maps {
        let found = postfix.look_up(map, &names)?;
        routed |= !found.is_empty() && found.values().all(|transport| transport.starts_with("mailjam:"));
    }
    let file = &installation.table;
    let remedy = format!("add regexp:{file} to it, and run: postfix reload");
    if routed {
        let what = "it sends whole domains to mailjam, and has no table of the lists";
        check.note("main.cf, transport_maps", what, "see that unknown addresses there are refused");
    } else {
        check.wrong("main.cf, transport_maps", "it has no table of the lists", remedy);
    }
    Ok(file.clone())
}

/// Each domain is in one class, and that knows the lists and no other address.
fn domains(check: &mut Check<'_>, postfix: &Instance, main: &Parameters, table: &str) -> Result<(), Error> {
    let Some(site) = check.site else { return Ok(()) };
    let parents_count = words(main.get("parent_domain_matches_subdomains")).iter().any(|name| name == "relay_domains");
    for domain in &site.domains {
        let parents = std::iter::successors(Some(domain.as_str()), |name| Some(name.split_once('.')?.1));
        let names: Vec<&str> = parents.collect();
        let mut classes = Vec::new();
        for class @ (name, _) in CLASSES {
            let names = if name == "relay_domains" && parents_count { &names } else { &names[..1] };
            if postfix.list_has(main.get(name), names)? {
                classes.push(class);
            }
        }
        match classes[..] {
            [] => check.wrong(
                format_args!("main.cf, {domain}"),
                "Postfix takes no mail for this domain",
                "add it to relay_domains; if it has users as well, see part B of \"mailjam-cli mta-config postfix\"",
            ),
            [(class, recipients)] => {
                let lists: Vec<&str> = site.lists_in(domain).collect();
                class_knows(check, postfix, main, table, (class, recipients), &lists)?;
            }
            _ => {
                let names: Vec<&str> = classes.iter().map(|(name, _)| *name).collect();
                check.wrong(
                    format_args!("main.cf, {domain}"),
                    format_args!("this domain is in {}", names.join(" and in ")),
                    "leave it in one of them: relay_domains if it has only lists, else the other",
                );
            }
        }
    }
    Ok(())
}

fn class_knows(
    check: &mut Check<'_>,
    postfix: &Instance,
    main: &Parameters,
    table: &str,
    (class, recipients): (&str, &str),
    lists: &[&str],
) -> Result<(), Error> {
    let place = format!("main.cf, {recipients}");
    let tables = main.get(recipients);
    if class == "virtual_alias_domains" {
        let unknown = postfix.unknown(tables, lists)?;
        if let Some(list) = unknown.first() {
            let remedy = "put its lists into another domain, and alias their addresses here to those";
            check.wrong(place, format_args!("{list} is in {class}, where nothing is delivered"), remedy);
        }
        return Ok(());
    }
    if words(tables).is_empty() {
        let what = format!("it is empty, so that any address in {class} is taken, and bounced later");
        check.wrong(place, what, format_args!("name the table there: regexp:{table}"));
        return Ok(());
    }
    let owners: Vec<String> = lists.iter().map(|list| list.replacen('@', "-owner@", 1)).collect();
    let all: Vec<&str> = lists.iter().copied().chain(owners.iter().map(String::as_str)).collect();
    let unknown = postfix.unknown(tables, &all)?;
    if let Some(first) = unknown.first() {
        let more = if unknown.len() > 1 { format!(" and {} more addresses", unknown.len() - 1) } else { String::new() };
        let what = format!("it does not know {first}{more}, so that Postfix refuses them");
        check.wrong(place, what, format_args!("add regexp:{table} to it, and run: postfix reload"));
    }
    Ok(())
}

/// An alias for a list's address would take its mail elsewhere, before any transport is looked up.
fn rewritten(check: &mut Check<'_>, postfix: &Instance, main: &Parameters) -> Result<(), Error> {
    let Some(site) = check.site else { return Ok(()) };
    let lists: Vec<&str> = site.lists.iter().map(String::as_str).collect();
    if lists.is_empty() {
        return Ok(());
    }
    let delimiters: Vec<char> = main.get("recipient_delimiter").chars().filter(|c| "-+".contains(*c)).collect();
    for table in words(main.get("virtual_alias_maps")) {
        for (list, target) in postfix.look_up(&table, &lists)? {
            let domain = list.rsplit_once('@').map_or("", |(_, domain)| domain);
            if target == list || postfix.list_has(main.get("virtual_alias_domains"), &[domain])? {
                continue;
            }
            let also = match delimiters[..] {
                [] => "",
                _ => ", and by recipient_delimiter its -owner and -request addresses as well",
            };
            let what = format!("{table} sends {list} to {target}{also}");
            check.wrong("main.cf, virtual_alias_maps", what, "take the alias out, or rename the list");
        }
    }
    Ok(())
}

/// mailjamd may send to anybody from this host.
fn way_out(check: &mut Check<'_>, postfix: &Instance, main: &Parameters) -> Result<(), Error> {
    let place = "main.cf, mynetworks";
    check.expect(
        has_loopback(postfix, main.get("mynetworks"))?,
        place,
        "127.0.0.1 is not in it, so that Postfix takes no copies for members elsewhere",
        "add 127.0.0.0/8 [::1]/128, or whatever host [smtp] server in /etc/mailjam/mailjam.toml is reached from",
    );
    let restrictions = [main.get("smtpd_relay_restrictions"), main.get("smtpd_recipient_restrictions")].join(" ");
    check.expect(
        words(&restrictions).iter().any(|word| word == "permit_mynetworks"),
        "main.cf, smtpd_relay_restrictions",
        "permit_mynetworks is not in it, so that mynetworks permits nothing",
        "put permit_mynetworks first",
    );
    if !words(main.get("smtpd_authorized_verp_clients")).iter().any(|word| is_loopback(word)) {
        check.note(
            "main.cf, smtpd_authorized_verp_clients",
            "127.0.0.1 is not in it, so that lists with verp=always send to each member one by one",
            "run: postconf -e 'smtpd_authorized_verp_clients = 127.0.0.1 [::1]' && postfix reload",
        );
    }
    Ok(())
}

fn has_loopback(postfix: &Instance, networks: &str) -> Result<bool, Error> {
    if words(networks).iter().any(|word| is_loopback(word)) {
        return Ok(true);
    }
    postfix.list_has(networks, &["127.0.0.1", "127.0.0.0/8"])
}

/// Whether a host or a network has 127.0.0.1 in it.
fn is_loopback(word: &str) -> bool {
    let (address, bits) = word.split_once('/').unwrap_or((word, "32"));
    let (Ok(IpAddr::V4(network)), Ok(bits)) = (address.parse(), bits.parse::<u32>()) else {
        return word == "localhost";
    };
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits)).unwrap_or(0);
    network.to_bits() & mask == Ipv4Addr::LOCALHOST.to_bits() & mask
}

#[cfg(test)]
mod tests {
    use super::is_loopback;

    #[test]
    fn loopback_may_be_a_host_or_in_a_network() {
        assert!(["127.0.0.1", "127.0.0.0/8", "0.0.0.0/0", "localhost"].into_iter().all(is_loopback));
        assert!(!["10.0.0.0/8", "[::1]", "127.0.0.2", "!127.0.0.1", ""].into_iter().any(is_loopback));
    }
}
