//! `domain`: the domains that lists live in.

use mailjam_rpc::records::{Domain, DomainAttributes};

use crate::command::{Arg, Args, Command, Form, Names, Outcome};
use crate::error::Error;
use crate::output::table::{number, whole, words};
use crate::output::{Screen, or_dash};
use crate::session::{Session, param, text};

use super::collection::Collection;
use super::{FILTER, LIMIT};

const NEW_DOMAIN: Arg = Arg::new("domain", Form::Required, "DOMAIN", "Domain name");
const DOMAIN: Arg = NEW_DOMAIN.names(Names::Domain);
const DESCRIPTION: Arg = Arg::new("description", Form::Value, "TEXT", "One line for people");

pub const NOUN: Command = Command::group(
    "domain",
    "Domains that lists live in",
    &[
        Command::new("list", "Show all domains", &["domain.list"], &[FILTER, LIMIT], list),
        Command::new("get", "Show one domain", &["domain.get"], &[DOMAIN], get).alias("show"),
        Command::new("create", "Create a domain", &["domain.create"], &[NEW_DOMAIN, DESCRIPTION], create)
            .details("\"list create\" creates a missing domain by itself."),
        Command::new("update", "Change a domain", &["domain.get", "domain.update"], &[DOMAIN, NEW_DESCRIPTION], update),
        Command::new("delete", "Delete a domain that has no lists", &["domain.delete"], &[DOMAIN], delete),
    ],
);

const NEW_DESCRIPTION: Arg = Arg::new("description", Form::NeededValue, "TEXT", "One line for people");

fn list(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    Collection {
        method: "domain.list",
        called: "domains",
        columns: [words("DOMAIN"), number("LISTS"), whole("CREATED"), words("DESCRIPTION")],
        row: |domain: Domain| {
            [domain.name, domain.lists.to_string(), domain.created.to_string(), or_dash(&domain.description)]
        },
    }
    .show(session, args, &[], &[("filter", args.optional("filter"))])
}

fn get(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    session.show("domain.get", vec![text(args.text("domain"))], |screen, domain: Domain| {
        let title = screen.title(&domain.name);
        writeln!(screen, "{title}");
        let fields = [
            ("lists", domain.lists.to_string()),
            ("created", domain.created.to_string()),
            ("description", or_dash(&domain.description)),
        ];
        screen.fields(2, &fields);
    })
}

fn create(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let attributes = DomainAttributes { description: args.optional("description").map(str::to_owned) };
    let params = vec![text(args.text("domain")), param(attributes)];
    session.show("domain.create", params, |screen, domain: Domain| writeln!(screen, "created {}", domain.name))
}

fn update(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let name = text(args.text("domain"));
    let before: Domain = session.ask("domain.get", vec![name.clone()])?;
    let attributes = DomainAttributes { description: Some(args.text("description").to_owned()) };
    session.show("domain.update", vec![name, param(attributes)], |screen: &mut Screen, after: Domain| {
        let (from, to) = (or_dash(&before.description), or_dash(&after.description));
        writeln!(screen, "{}: description: {from} → {to}", after.name);
    })
}

fn delete(session: &mut Session, args: &Args<'_>) -> Result<Outcome, Error> {
    let name = args.text("domain");
    session.show("domain.delete", vec![text(name)], |screen, _: bool| writeln!(screen, "deleted {name}"))
}
