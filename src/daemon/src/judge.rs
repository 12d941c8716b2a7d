//! From a hand-over to a verdict: gathers the facts in the storage and lets the rules decide.

use mailjam_core::address::{Address, unwrap_batv};
use mailjam_core::compose;
use mailjam_core::decide::{Content, Decision, Facts, Refusal, Standing, Step, Verdict, decide};
use mailjam_core::message::{AutoSubmitted, Message};
use mailjam_core::recipient::{self, Extension, Kind};
use mailjam_store::{Error, ListRow, Session};

/// What is to be judged.
#[derive(Clone, Copy, Debug)]
pub struct Handover<'a> {
    /// Envelope sender as the MTA wrote it.
    pub sender: &'a str,
    /// Envelope recipient.
    pub recipient: &'a str,
    /// The message; `None` while there is only an envelope.
    pub message: Option<&'a [u8]>,
    /// Octets, if they are known.
    pub size: Option<u64>,
}

/// Where a recipient leads.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The list.
    pub list: ListRow,
    /// What is meant there.
    pub kind: Kind,
    /// What follows that.
    pub detail: String,
}

/// A verdict and what it is about.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Where the recipient leads, if anywhere.
    pub destination: Option<Destination>,
    /// Message-ID, empty if there is none.
    pub message_id: String,
    /// The verdict with its trail.
    pub decision: Decision,
}

/// An envelope sender, `None` for the null return path: empty, `<>`, or what Postfix's pipe(8) writes for it by default.
#[must_use]
pub fn envelope_sender(sender: &str) -> Option<&str> {
    let bare = sender.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(sender).trim();
    (!bare.is_empty() && !bare.eq_ignore_ascii_case("MAILER-DAEMON")).then_some(bare)
}

/// Finds the list that a recipient means.
pub fn destination(session: &dyn Session, recipient: &str) -> Result<Option<Destination>, Error> {
    let Ok(address) = Address::parse_foreign(recipient.trim()) else { return Ok(None) };
    let find = |local: &str| -> Result<Option<ListRow>, Error> {
        match address.with_local(local) {
            Ok(address) => session.list(&address.key()),
            Err(_) => Ok(None),
        }
    };
    let to = |list, extension: Extension<'_>| Destination {
        list,
        kind: extension.kind,
        detail: extension.detail.to_owned(),
    };
    if let Some(list) = find(address.local())? {
        return Ok(Some(to(list, Extension::NONE)));
    }
    for (name, extension) in recipient::readings(address.local()) {
        if let Some(list) = find(name)? {
            return Ok(Some(to(list, extension)));
        }
    }
    Ok(None)
}

/// Judges a hand-over by what the storage holds now.
pub fn judge(session: &dyn Session, handover: &Handover<'_>) -> Result<Judged, Error> {
    let Some(destination) = destination(session, handover.recipient)? else {
        let detail = format!("nothing here has the address {}", handover.recipient).into();
        return Ok(refused(None, "recipient", Refusal::NoList, Some(detail)));
    };
    let parsed = handover.message.map(Message::parse).transpose();
    let message = match parsed {
        Ok(message) => message,
        // A delivery report may be as broken as it likes.
        Err(_) if destination.kind == Kind::Bounces => None,
        Err(error) => {
            let refusal = Refusal::BadMessage(error.to_string());
            return Ok(refused(Some(destination), "message", refusal, None));
        }
    };
    let sender = envelope_sender(handover.sender);
    let standing = match destination.kind {
        Kind::Post => session.standing(destination.list.id, &poster_keys(sender, message.as_ref()))?,
        // Owners, commands and reports are for everybody.
        _ => Standing::default(),
    };
    let message_id = message.as_ref().and_then(Message::message_id).unwrap_or_default().into_owned();
    let decision = decide(&Facts {
        list: &destination.list.list,
        extension: Extension { kind: destination.kind, detail: &destination.detail },
        null_sender: sender.is_none(),
        size: handover.size,
        content: message.as_ref().map(|message| content(message, &destination)),
        standing,
    });
    Ok(Judged { destination: Some(destination), message_id, decision })
}

fn refused(
    destination: Option<Destination>,
    rule: &'static str,
    refusal: Refusal,
    detail: Option<std::borrow::Cow<'static, str>>,
) -> Judged {
    let detail = detail.unwrap_or_else(|| refusal.to_string().into());
    let trail = vec![Step { rule, decided: true, detail }];
    let decision = Decision { verdict: Verdict::Refuse(refusal), trail };
    Judged { destination, message_id: String::new(), decision }
}

/// Authors of a message who count at most: each is looked up while others wait for the writer.
const AUTHORS: usize = 50;

/// Octets of From fields that are read at most.
const FROM: usize = 16 << 10;

/// Whether the message names its authors in reasonable length.
fn is_modest(message: &Message<'_>) -> bool {
    message.field("From").map(|field| field.raw().len()).sum::<usize>() <= FROM
}

/// Everybody who may count as the one who posts: the envelope sender, also without the tag of BATV, and the authors.
fn poster_keys(sender: Option<&str>, message: Option<&Message<'_>>) -> Vec<String> {
    let sender = sender.and_then(|sender| Address::parse_foreign(sender).ok());
    let plain = sender.as_ref().map(unwrap_batv);
    let authors = message.filter(|message| is_modest(message)).map(Message::from).unwrap_or_default();
    let authors = authors.into_iter().filter_map(|author| author.address).take(AUTHORS);
    let mut keys: Vec<String> = sender.into_iter().chain(plain).chain(authors).map(|address| address.key()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn content(message: &Message<'_>, destination: &Destination) -> Content {
    let list = &destination.list.list;
    Content {
        auto_reply: message.auto_submitted() == AutoSubmitted::Replied,
        own_list_id: compose::is_own_post(message, list),
        passed_on: compose::is_own_owner_mail(message, list),
    }
}
