//! The DNS Tree Walk (RFC 9989 4.10): whose policy holds, and which domains are of one organization.

use super::record::Suffix;
use super::{Policy, Record};
use crate::dns::{Resolver, Temporary};
use crate::domain;

/// Labels of the second name that is asked about at most, so that no more than eight queries are made.
const MOST_LABELS: usize = 7;

/// The records that were found on the way from a domain to the root, the longest name first.
struct Walk<'d> {
    start: &'d str,
    found: Vec<(&'d str, Record)>,
}

impl<'d> Walk<'d> {
    /// Asks from a domain up, or from its parent if it is known that it has no record itself.
    async fn take(resolver: &Resolver, start: &'d str, without_start: bool) -> Result<Walk<'d>, Temporary> {
        let mut found = Vec::new();
        for name in names(start).skip(usize::from(without_start)) {
            if let Some(record) = record_at(resolver, name).await? {
                found.push((name, record));
                if record.suffix != Suffix::Unknown {
                    break;
                }
            }
        }
        Ok(Walk { start, found })
    }

    /// RFC 9989 4.10.2.
    fn organizational_domain(&self) -> &'d str {
        for (name, record) in &self.found {
            match record.suffix {
                Suffix::No => return name,
                Suffix::Yes if *name != self.start => return one_below(self.start, name),
                _ => {}
            }
        }
        self.found.last().map_or(self.start, |(name, _)| name)
    }

    fn record_of(&self, domain: &str) -> Option<Record> {
        self.found.iter().find(|(name, _)| *name == domain).map(|(_, record)| *record)
    }
}

/// The names that are asked about: the domain, and then its parents, from the seventh label on where there are more.
fn names(start: &str) -> impl Iterator<Item = &str> {
    let labels = start.split('.').count();
    let skipped = labels.saturating_sub(MOST_LABELS).max(1);
    let parents = (skipped..labels).filter_map(|count| start.splitn(count + 1, '.').last());
    std::iter::once(start).chain(parents)
}

/// The parent of `domain` that is one label longer than `parent`.
fn one_below<'d>(domain: &'d str, parent: &str) -> &'d str {
    let above = domain.len().saturating_sub(parent.len() + 1);
    let start = domain[..above].rfind('.').map_or(0, |dot| dot + 1);
    &domain[start..]
}

/// The policy record of a name. More than one is none (RFC 9989 4.10, step 2).
async fn record_at(resolver: &Resolver, name: &str) -> Result<Option<Record>, Temporary> {
    let texts = resolver.texts(&format!("_dmarc.{name}")).await?;
    let mut records = texts.iter().filter_map(|text| Record::parse(text));
    Ok(records.next().filter(|_| records.next().is_none()))
}

/// The policy for mail in the name of a domain (RFC 9989 4.10.1); `None` when there is none.
///
/// # Errors
/// When the DNS gives no answer on the way: there may be a policy or not.
pub async fn policy(resolver: &Resolver, author_domain: &str) -> Result<Option<Policy>, Temporary> {
    let Some(domain) = domain::normal(author_domain) else { return Ok(None) };
    let policy = |assessment, record: &Record, found_at: &str| Policy {
        assessment,
        testing: record.testing,
        strict: record.strict,
        found_at: found_at.to_owned(),
    };
    if let Some(record) = record_at(resolver, &domain).await? {
        return Ok(Some(policy(record.own, &record, &domain)));
    }
    let walk = Walk::take(resolver, &domain, true).await?;
    let organization = walk.organizational_domain();
    // Of the organization, or else of the public suffix above it, where the walk ended.
    let own = walk.record_of(organization).map(|record| (organization, record));
    let Some((found_at, record)) = own.or_else(|| walk.found.last().copied()) else { return Ok(None) };
    let assessment =
        if record.below == record.absent || resolver.exists(&domain).await? { record.below } else { record.absent };
    Ok(Some(policy(assessment, &record, found_at)))
}

/// The domain of the organization that a domain belongs to (RFC 9989 4.10.2).
///
/// # Errors
/// When the DNS gives no answer on the way.
pub(crate) async fn organizational_domain(resolver: &Resolver, domain: &str) -> Result<String, Temporary> {
    Ok(Walk::take(resolver, domain, false).await?.organizational_domain().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_names_are_asked_about_at_most() {
        let walk = |start| names(start).collect::<Vec<_>>();
        assert_eq!(walk("org"), ["org"]);
        assert_eq!(walk("a.mail.example.com"), ["a.mail.example.com", "mail.example.com", "example.com", "com"]);
        // RFC 9989 4.10.
        assert_eq!(
            walk("a.b.c.d.e.f.g.h.i.j.mail.example.com"),
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com",
                "i.j.mail.example.com",
                "j.mail.example.com",
                "mail.example.com",
                "example.com",
                "com",
            ]
        );
        assert_eq!(walk("8.7.6.5.4.3.2.1").len(), 8);
        assert_eq!(walk("7.6.5.4.3.2.1").len(), 7);
    }

    #[test]
    fn one_below_a_public_suffix_is_an_organization() {
        assert_eq!(one_below("a.mail.example.com", "com"), "example.com");
        assert_eq!(one_below("mail.example.com", "example.com"), "mail.example.com");
    }
}
