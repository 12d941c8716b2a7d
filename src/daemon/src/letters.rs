//! What lists write on their own: finds the texts, has the notice written and puts it into the queue.

use mailjam_core::address::Address;
use mailjam_core::notice::{self, Desk, Notice, Reader};
use mailjam_core::template::{self, Name};
use mailjam_store::{Error, ListRow, NewNotice, Session, Target, TemplateScope};

use crate::daemon::now;

/// The text that somebody wrote in place of the one that comes with mailjam: for the list, its domain, or the site.
pub fn own_text(session: &dyn Session, list: &ListRow, name: &str, tag: &str) -> Result<Option<String>, Error> {
    let primary = tag.split('-').next().unwrap_or_default();
    let is_sites_own = Name::from_name(name).is_some_and(Name::is_sites_own);
    for scope in scopes(list).into_iter().filter(|scope| !is_sites_own || *scope == TemplateScope::Site) {
        for language in [tag, primary] {
            if let Some(text) = session.template(&scope, name, language)? {
                return Ok(Some(text));
            }
        }
    }
    Ok(None)
}

/// Where texts for a list are looked for, the nearest first.
fn scopes(list: &ListRow) -> [TemplateScope; 3] {
    let domain = list.list.address.ascii_domain().into_owned();
    [TemplateScope::List(list.id), TemplateScope::Domain(domain), TemplateScope::Site]
}

/// Names of the canned rejections that a list can use, without [`template::CANNED`].
pub fn canned_names(session: &dyn Session, list: &ListRow) -> Result<Vec<String>, Error> {
    let mut names: Vec<String> = Name::ALL.iter().map(|name| name.name().to_owned()).collect();
    for scope in scopes(list) {
        names.extend(session.templates(&scope)?.into_iter().map(|row| row.name));
    }
    let mut words: Vec<String> = names.iter().filter_map(|name| template::canned(name)).map(str::to_owned).collect();
    words.sort_unstable();
    words.dedup();
    Ok(words)
}

/// The text of a canned rejection in the reader's language, or else in the list's, or else in any.
pub fn canned_text(session: &dyn Session, list: &ListRow, word: &str, to: &Addressee) -> Result<Option<String>, Error> {
    let name = format!("{}{word}", template::CANNED);
    let own_language = &list.list.settings.language;
    let language = if to.language.is_empty() { own_language } else { &to.language };
    if let Some(text) = own_text(session, list, &name, language)? {
        return Ok(Some(text));
    }
    if let Some(known) = Name::from_name(&name) {
        return Ok(Some(template::text(known, language).to_owned()));
    }
    if let Some(text) = own_text(session, list, &name, own_language)? {
        return Ok(Some(text));
    }
    for scope in scopes(list) {
        if let Some(row) = session.templates(&scope)?.into_iter().find(|row| row.name == name) {
            return Ok(Some(row.text));
        }
    }
    Ok(None)
}

/// Somebody who is written to.
#[derive(Clone, Debug)]
pub struct Addressee {
    /// Where.
    pub address: Address,
    /// In which language; empty for the list's.
    pub language: String,
}

impl Addressee {
    /// Somebody whose language is the one of the membership, if there is one.
    pub fn new(session: &dyn Session, list: &ListRow, address: &Address) -> Result<Addressee, Error> {
        let member = session.member(list.id, &address.key())?;
        let language = member.map(|member| member.language).unwrap_or_default();
        Ok(Addressee { address: address.clone(), language })
    }

    /// Somebody as a row of the store names them; `None` for what is no address.
    pub fn of_row(address: &str, language: &str) -> Option<Addressee> {
        let address = Address::parse_foreign(address).ok()?;
        Some(Addressee { address, language: language.to_owned() })
    }
}

/// Writes to somebody in a list's name; `answers` is the Message-ID of the mail that this is the answer to,
/// empty if that has none.
pub fn send(
    session: &mut dyn Session,
    list: &ListRow,
    to: &Addressee,
    answers: Option<&str>,
    write: impl FnOnce(&Desk<'_>, Reader<'_>) -> notice::Result<Notice>,
) -> Result<(), Error> {
    send_with(session, list, to, (answers, String::new()), write)
}

/// The same on the list's own account, with a return path at which it hears whether the mail came back.
pub fn send_from(
    session: &mut dyn Session,
    list: &ListRow,
    to: &Addressee,
    return_path: String,
    write: impl FnOnce(&Desk<'_>, Reader<'_>) -> notice::Result<Notice>,
) -> Result<(), Error> {
    send_with(session, list, to, (None, return_path), write)
}

fn send_with(
    session: &mut dyn Session,
    list: &ListRow,
    to: &Addressee,
    (answers, return_path): (Option<&str>, String),
    write: impl FnOnce(&Desk<'_>, Reader<'_>) -> notice::Result<Notice>,
) -> Result<(), Error> {
    let secret = session.secret("token")?;
    let written = {
        let session: &dyn Session = session;
        let texts = |name: Name, tag: &str| {
            own_text(session, list, name.name(), tag).unwrap_or_else(|error| {
                tracing::error!("the text {:?} of {} cannot be read: {error}", name.name(), list.list.address);
                None
            })
        };
        let desk = Desk {
            list: &list.list,
            number: list.id,
            secret: &secret,
            texts: &texts,
            now: now(),
            seed: getrandom::u64().unwrap_or_default(),
            answers,
        };
        write(&desk, Reader { address: &to.address, language: &to.language })
    };
    let notice = match written {
        Ok(notice) => notice,
        Err(error) => {
            tracing::error!("{} cannot write to {}: {error}; please report it", list.list.address, to.address);
            return Ok(());
        }
    };
    let target = Target { key: notice.to.key(), address: notice.to.to_string() };
    session
        .add_notice(&NewNotice {
            list: list.id,
            message_id: notice.message_id,
            at: now(),
            bytes: notice.bytes,
            recipients: vec![target],
            return_path,
        })
        .map(drop)
}
