//! Mail with commands: reads them, asks the rules what to answer, and sees to the answers.

use mailjam_core::address::Address;
use mailjam_core::command::{self, Answer, Command, Mail};
use mailjam_core::member::{DAY, Mode, Preference};
use mailjam_core::message::{Field, Message};
use mailjam_core::network;
use mailjam_core::notice::Decision;
use mailjam_core::recipient::Extension;
use mailjam_core::template::Name;
use mailjam_core::token::{Act, Token};
use mailjam_rpc::Code;
use mailjam_store::{Error, ListRow, PageQuery, Session};

use crate::daemon::now;
use crate::judge::Destination;
use crate::letters::{self, Addressee};
use crate::methods::Failed;
use crate::moderation;
use crate::subscription::{self, Carrier, Obeyed, Origin, Wish};

/// Answers that one address gets a day, on all lists together.
const ANSWERS: u64 = 20;

/// Members that a mail names at most.
const ROSTER: u32 = 2000;

/// What all commands of a mail have in common.
struct Request<'a> {
    list: &'a ListRow,
    /// Whom the mail says to be from, and who gets the answer.
    from: &'a Address,
    name: &'a str,
    message_id: Option<&'a str>,
    network: Option<&'a str>,
    /// Where the pages are on which what is asked for can be confirmed; empty for nowhere.
    web: &'a str,
    text: &'a str,
}

/// Answers a mail with commands in the transaction that takes it.
pub fn answer(
    session: &mut dyn Session,
    destination: &Destination,
    from: &Address,
    message: &Message<'_>,
    raw: &[u8],
    web: &str,
) -> Result<(), Error> {
    let subject = message.field("Subject").next().map(Field::decoded).unwrap_or_default();
    let text = command::text(raw);
    let in_reply_to = message.thread();
    let own_id = message.message_id();
    let in_reply_to = in_reply_to.iter().rev().find(|id| own_id.as_deref() != Some(id.as_str()));
    let commands = command::read(&Mail {
        extension: Extension { kind: destination.kind, detail: &destination.detail },
        subject: &subject,
        text: &text,
        in_reply_to: in_reply_to.map(String::as_str),
        now: now(),
    });
    let author = message.from().into_iter().find(|author| author.address.as_ref() == Some(from));
    let network = network::of(message);
    let request = Request {
        list: &destination.list,
        from,
        name: author.as_ref().and_then(|author| author.name.as_deref()).unwrap_or_default(),
        message_id: Some(own_id.as_deref().unwrap_or_default()),
        network: network.as_deref(),
        web,
        text: &text,
    };
    for command in commands {
        // What is signed is obeyed, however much was asked before.
        let signed = matches!(command, Command::Confirm(_));
        if !signed && !may_be_answered(session, from)? {
            return Ok(());
        }
        let standing = session.standing(request.list.id, &[from.key()])?;
        let wanted = command::answer(command, &request.list.list, standing);
        request.give(session, wanted)?;
    }
    Ok(())
}

/// Counts one more answer to an address, and says whether it may get it.
fn may_be_answered(session: &mut dyn Session, to: &Address) -> Result<bool, Error> {
    let may = session.count_up("answers", &to.key(), DAY, now())? <= ANSWERS;
    if !may {
        tracing::info!("no further answer to {to} today");
    }
    Ok(may)
}

impl Request<'_> {
    fn give(&self, session: &mut dyn Session, answer: Answer) -> Result<(), Error> {
        let to = Addressee::new(session, self.list, self.from)?;
        match answer {
            Answer::Ask(act, about) => self.ask(session, act, about, ""),
            Answer::AskMute(id) => self.ask_mute(session, &id, &to),
            Answer::Tell(name) => {
                letters::send(session, self.list, &to, self.message_id, |desk, to| desk.tell(name, to, false))
            }
            Answer::Unknown => {
                letters::send(session, self.list, &to, self.message_id, |desk, to| desk.tell(Name::Help, to, true))
            }
            Answer::Members(allowed) => {
                let query = PageQuery { limit: ROSTER, ..PageQuery::default() };
                let members = if allowed { session.members(self.list.id, &query)?.items } else { Vec::new() };
                let members: Vec<String> = members.into_iter().map(|row| row.address).collect();
                letters::send(session, self.list, &to, self.message_id, |desk, to| desk.roster(to, allowed, &members))
            }
            Answer::Obey(token) => self.obey(session, &token, &to),
        }
    }

    fn ask(&self, session: &mut dyn Session, act: Act, about: u32, value: &str) -> Result<(), Error> {
        let mode = match Preference::from_number(about) {
            Some(Preference::Mode(mode)) => mode,
            _ => Mode::default(),
        };
        let wish = (act == Act::Subscribe).then_some(Wish { name: self.name, mode, language: "" });
        let origin = Origin { wish, answers: self.message_id, network: self.network, web: self.web };
        subscription::ask(session, self.list, self.from, act, about, value, origin)
    }

    /// Asks about muting a thread. Only members have a reason to, and for others no post is looked for.
    fn ask_mute(&self, session: &mut dyn Session, id: &str, to: &Addressee) -> Result<(), Error> {
        let why = if session.member(self.list.id, &self.from.key())?.is_none() {
            "stranger"
        } else if let Some(post) = session.post_by_message_id(self.list.id, id)? {
            return self.ask(session, Act::Mute, u32::try_from(post).unwrap_or(u32::MAX), id);
        } else {
            "gone"
        };
        letters::send(session, self.list, to, self.message_id, |desk, to| desk.bad_token(to, why))
    }

    /// Does what a token says, and tells what came of it.
    fn obey(&self, session: &mut dyn Session, token: &Token, to: &Addressee) -> Result<(), Error> {
        let words = command::own_words(self.text);
        let carrier = Carrier {
            list: Some(self.list),
            address: Some(self.from),
            words: &words,
            name: self.name,
            answers: self.message_id,
        };
        match subscription::obey(session, token, carrier, "mail") {
            Ok(obeyed) => self.report(session, &obeyed),
            Err(Failed(fault)) => {
                // What the storage cannot do now takes the whole hand-over back, and the mail server tries again.
                match Code::from_number(fault.number) {
                    Some(Code::StorageBusy) => Err(Error::Busy),
                    Some(Code::StorageFull) => Err(Error::Lost),
                    Some(Code::SchemaMismatch | Code::Internal) => Err(Error::Sqlite(fault.text().to_owned())),
                    _ => self.refuse(session, token, to, fault.number),
                }
            }
        }
    }

    fn report(&self, session: &mut dyn Session, obeyed: &Obeyed) -> Result<(), Error> {
        let list = &obeyed.list;
        // A token can come back any number of times, from anybody who saw it.
        if obeyed.result == "already" && !may_be_answered(session, &obeyed.who)? {
            return Ok(());
        }
        let to = Addressee::new(session, list, &obeyed.who)?;
        match (obeyed.act, obeyed.result) {
            // They have been written to, or nobody wants that.
            (Act::Subscribe | Act::Unsubscribe | Act::Leave, "done" | "waiting") => Ok(()),
            (Act::Subscribe, _) if session.member(list.id, &obeyed.who.key())?.is_some() => {
                letters::send(session, list, &to, self.message_id, |desk, to| desk.welcome(to))
            }
            (Act::Subscribe, _) => letters::send(session, list, &to, self.message_id, |desk, to| desk.waiting(to)),
            (Act::Unsubscribe | Act::Leave, _) => {
                letters::send(session, list, &to, self.message_id, |desk, to| desk.goodbye(to, ""))
            }
            _ => {
                let words = (obeyed.words.0, obeyed.words.1.as_str());
                letters::send(session, list, &to, self.message_id, |desk, to| desk.done(to, words))
            }
        }
    }

    /// Why a token was not obeyed: another moderator was faster, or it is no good.
    fn refuse(&self, session: &mut dyn Session, token: &Token, to: &Addressee, code: i32) -> Result<(), Error> {
        if code == Code::AlreadyHandled as i32 || code == Code::ItemExpired as i32 {
            let held = session.held(i64::from(token.about))?;
            if let Some((row, decided)) = held.and_then(|row| row.decided.clone().map(|decided| (row, decided))) {
                let post = moderation::held_post(&row, None);
                let decision = Decision { action: &decided.action, by: &decided.by, at: decided.at };
                return letters::send(session, self.list, to, self.message_id, |desk, to| {
                    desk.decided(to, &post, decision, true)
                });
            }
        }
        if !may_be_answered(session, self.from)? {
            return Ok(());
        }
        let why = if code == Code::ConfirmationExpired as i32 {
            "expired"
        } else if code == Code::BadToken as i32 {
            "bad"
        } else if code == Code::NoMember as i32 {
            "stranger"
        } else if code == Code::InvalidParameters as i32 {
            "text"
        } else {
            "gone"
        };
        letters::send(session, self.list, to, self.message_id, |desk, to| desk.bad_token(to, why))
    }
}
