//! `dkim`: the keys that lists sign with.

use mailjam_rpc::records::{DkimOptions, DkimRecord};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{Table, whole, words};
use crate::output::{Screen, clean};
use crate::session::{Session, param, text};

const DOMAIN: Arg = Arg::new("domain", Form::Required, "DOMAIN", "Domain of lists").names(Names::Domain);
const SELECTOR: Arg = Arg::new("selector", Form::Required, "SELECTOR", "Name of the key, from \"dkim list\"");
const NEW_SELECTOR: Arg =
    Arg::new("selector", Form::Value, "SELECTOR", "Name of the key in the DNS; else one that says when it was made");
const ALGORITHM: Arg =
    Arg::new("algorithm", Form::Value, "NAME", "rsa (2048 bits, read everywhere) or ed25519; else rsa")
        .names(Names::Words(&["rsa", "ed25519"]));

pub const NOUN: Command = Command::group(
    "dkim",
    "Keys that lists sign with",
    &[
        Command::new("list", "Show all keys", &["dkim.list"], &[], list),
        Command::new("create", "Make a key, and print its DNS record", &["dkim.create"], &[DOMAIN, NEW_SELECTOR, ALGORITHM], create)
            .details(
                "\
The key is made by the daemon and stays with it. It is used once \"dkim activate\" says so, which is to wait until \
the record is in the DNS:

  mailjam-cli dkim create lists.example.org
  mailjam-cli dkim activate lists.example.org mj202701r

It signs for the lists of its domain, and for those of domains below it that have no key. Keys in files of one's own, \
or that systemd passes, stand in mailjam.toml instead.",
            ),
        Command::new("show", "Print the DNS record of a key", &["dkim.list"], &[DOMAIN, SELECTOR], show),
        Command::new(
            "activate",
            "Sign with a key from now on",
            &["dkim.activate"],
            &[DOMAIN, SELECTOR],
            activate,
        )
        .details("A key of the same kind that signed before is put away; its record is to stay in the DNS for a week or two."),
        Command::new("remove", "Remove a key", &["dkim.remove"], &[DOMAIN, SELECTOR], remove).details("Its file is gone then; copies that are on their way are verified by its record in the DNS as before."),
    ],
);

fn list(session: &mut Session, _: &Args<'_>) -> Result<Outcome, Error> {
    session.show("dkim.list", vec![], |screen, keys: Vec<DkimRecord>| {
        if keys.is_empty() {
            screen.note(format_args!("no keys: lists do not sign; \"dkim create DOMAIN\" makes one"));
        }
        let row = |key: DkimRecord| {
            let used = if key.active { "yes" } else { "no" }.to_owned();
            let place = if key.configured { "mailjam.toml" } else { "mailjamd" }.to_owned();
            [key.domain, key.selector, key.algorithm, used, place]
        };
        let rows: Vec<_> = keys.into_iter().map(row).collect();
        Table::new([words("DOMAIN"), whole("SELECTOR"), whole("ALGORITHM"), whole("USED"), words("KEPT BY")])
            .rows(screen, &rows);
    })
}

fn create(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let options = DkimOptions {
        selector: args.optional("selector").map(str::to_owned),
        algorithm: args.optional("algorithm").map(str::to_owned),
    };
    session.show("dkim.create", vec![text(args.text("domain")), param(options)], |screen, key: DkimRecord| {
        show_record(screen, &key);
        let [domain, selector] = [&key.domain, &key.selector].map(|word| clean(word));
        screen.note(format_args!("put this into the DNS, and then: mailjam-cli dkim activate {domain} {selector}"));
    })
}

fn show(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (domain, selector) = (args.text("domain"), args.text("selector"));
    session.show("dkim.list", vec![], |screen, keys: Vec<DkimRecord>| {
        match keys.iter().find(|key| key.domain == domain && key.selector == selector) {
            Some(key) => show_record(screen, key),
            None => screen.note(format_args!("no key {selector} of {domain}")),
        }
    })
}

/// The record as a zone file has it.
fn show_record(screen: &mut Screen, key: &DkimRecord) {
    screen.text(&format!("{}\n", key.line));
}

fn activate(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (domain, selector) = (args.text("domain"), args.text("selector"));
    session.show("dkim.activate", vec![text(domain), text(selector)], |screen, _: bool| {
        writeln!(screen, "lists of {domain} sign with {selector} from now on");
    })
}

fn remove(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let (domain, selector) = (args.text("domain"), args.text("selector"));
    session.show("dkim.remove", vec![text(domain), text(selector)], |screen, _: bool| {
        writeln!(screen, "removed {selector} of {domain}");
    })
}
