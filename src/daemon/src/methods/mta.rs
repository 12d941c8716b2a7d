//! `mta.*`: what mail servers ask, and the hand-over itself.

use std::sync::Arc;

use mailjam_core::authentication::Identity;
use mailjam_core::bounce::Mail;
use mailjam_core::decide::{Refusal, Verdict};
use mailjam_core::handover;
use mailjam_core::member::DAY;
use mailjam_core::message::Message;
use mailjam_core::recipient::EXTENSIONS;
use mailjam_core::template::one_line;
use mailjam_rpc::records::{CheckRequest, Resolved, Submission, Verdict as Answer};
use mailjam_rpc::{Code, Fault, Value};
use mailjam_store::{Hold, NewPost, PageQuery, PostKind, Session};
use mailjam_wire::exit;

use super::{Failed, unknown, value};
use crate::bounces;
use crate::commands;
use crate::config::Config;
use crate::daemon::{Daemon, now};
use crate::health::Part;
use crate::judge::{self, Destination, Handover, Judged};
use crate::moderation;
use crate::params::Params;

/// The method that hands a message over.
pub const SUBMIT: &str = "mta.submit";

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    match verb {
        "submit" => submit(daemon, params.take()?).await.map(value),
        "check" => {
            let request = params.take::<CheckRequest>()?;
            let authserv_id = daemon.config().authentication.authserv_id.clone();
            let judged = daemon.store.read(move |session| check(session, &request, &authserv_id));
            let judged = judged.await.map_err(Failed::from)?;
            Ok(value(answer(&judged)))
        }
        "resolve" => {
            let address = params.take::<String>()?;
            let found = daemon.store.read(move |session| judge::destination(session, &address)).await;
            let found = found.map_err(Failed::from)?;
            Ok(value(match found {
                Some(found) => Resolved {
                    kind: found.kind.name().to_owned(),
                    list: Some(found.list.list.address.to_string()),
                    extension: Some(found.detail).filter(|detail| !detail.is_empty()),
                },
                None => Resolved { kind: "none".to_owned(), list: None, extension: None },
            }))
        }
        "maps" => {
            let format = params.optional::<String>()?.unwrap_or_else(|| "postfix".to_owned());
            let Some(format) = TABLE_FORMATS.iter().find(|known| known.name == format) else {
                let known: Vec<&str> = TABLE_FORMATS.iter().map(|known| known.name).collect();
                let text = format!("format: {format:?} is none of {}", known.join(", "));
                return Err(Fault::new(Code::InvalidParameters, text));
            };
            let text = daemon.store.read(move |session| maps(session, format)).await.map_err(Failed::from)?;
            Ok(Value::String(text))
        }
        _ => Err(unknown(verb)),
    }
}

fn check(session: &dyn Session, request: &CheckRequest, authserv_id: &str) -> Result<Judged, mailjam_store::Error> {
    let size = request.size.and_then(|size| size.try_into().ok());
    let (sender, recipient) = (request.sender.as_str(), request.recipient.as_str());
    judge::judge(session, &Handover { sender, recipient, message: None, size, authserv_id })
}

/// Takes a message over. When this answers `accept`, it is on disk.
async fn submit(daemon: &Arc<Daemon>, submission: Submission) -> Result<Answer, Fault> {
    let taken = daemon.store.write(taking(daemon, submission)).await;
    let taken = checked(daemon, taken)?;
    taken.conclude(daemon);
    Ok(taken.answer)
}

/// The same in the calling thread, for [`SUBMIT`] at the door for mailjam-mta; the caller concludes.
pub fn submit_here(daemon: &Daemon, submission: Submission) -> Result<Taken, Fault> {
    let taken = daemon.store.write_here(taking(daemon, submission));
    checked(daemon, taken)
}

/// The transaction of a hand-over.
fn taking(
    daemon: &Daemon,
    submission: Submission,
) -> impl FnOnce(&mut dyn Session) -> Result<Taken, mailjam_store::Error> + Send + use<> {
    let config = daemon.config();
    let sender = judge::envelope_sender(&submission.sender).unwrap_or_default().to_owned();
    let key = handover::key(&sender, &submission.recipient, &submission.message);
    // Before anybody else waits for the transaction.
    let returned = bounces::read(&submission.recipient, &submission.message);
    move |session| take(session, submission, sender, (key, returned), &config)
}

/// A storage that fails is news for `systemctl status`, and one that works again too.
fn checked(daemon: &Daemon, taken: Result<Taken, mailjam_store::Error>) -> Result<Taken, Fault> {
    match taken {
        Ok(taken) => {
            // A refusal writes nothing, and a repeated hand-over nothing again: they work on a full disk too.
            if taken.answer.duplicate == Some(false) {
                daemon.health.fine(Part::Storage);
            }
            Ok(taken)
        }
        Err(error) => {
            daemon.health.trouble(Part::Storage, &error);
            Err(Failed::from(error).into())
        }
    }
}

impl Taken {
    /// What the MTA is told.
    pub fn answer(&self) -> Answer {
        self.answer.clone()
    }

    /// Wakes the runner, counts and logs.
    pub fn conclude(&self, daemon: &Daemon) {
        if self.to_send {
            daemon.work.notify_one();
        }
        daemon.tally.verdict(self.action);
        let Taken { recipient, sender, queue_id, answer, message_id, .. } = self;
        tracing::info!(
            list = recipient,
            // Not message_id: the journal has a field of that name with another meaning.
            msgid = message_id,
            queue_id,
            sender,
            post = answer.post_id,
            // Strangers chose these words; a line break among them would make a log line of their own.
            "{}: {} {} {}{}",
            recipient.escape_debug(),
            if message_id.is_empty() { "message without id" } else { message_id }.escape_debug(),
            answer.action,
            answer.text,
            if answer.duplicate == Some(true) { " (handed over before)" } else { "" },
        );
    }
}

/// What became of a hand-over.
pub struct Taken {
    answer: Answer,
    action: &'static str,
    recipient: String,
    sender: String,
    queue_id: Option<String>,
    message_id: String,
    to_send: bool,
}

fn take(
    session: &mut dyn Session,
    submission: Submission,
    sender: String,
    (key, returned): ([u8; 32], Option<Mail>),
    config: &Config,
) -> Result<Taken, mailjam_store::Error> {
    let handover = Handover {
        sender: &submission.sender,
        recipient: &submission.recipient,
        message: Some(&submission.message),
        size: Some(submission.message.len() as u64),
        authserv_id: &config.authentication.authserv_id,
    };
    // What was accepted once stays accepted, whatever has become of the list since.
    if let Some(id) = session.handed_over(&key)? {
        let message_id = session.post(id)?.map(|post| post.message_id).unwrap_or_default();
        let answer = Answer { post_id: Some(id.to_string()), duplicate: Some(true), ..accepted() };
        return Ok(Taken {
            answer,
            action: ACCEPT,
            recipient: submission.recipient,
            sender,
            queue_id: submission.queue_id,
            message_id,
            to_send: false,
        });
    }
    let judged = judge::judge(session, &handover)?;
    let mut answer = answer(&judged);
    let action = action(&judged.decision.verdict);
    let mut to_send = false;
    if let (Some(kind), Some(destination)) = (post_kind(&judged), &judged.destination) {
        // A report may be answered by a probe, or told to owners.
        to_send = true;
        if kind == PostKind::Command {
            obey(session, destination, &submission.message, &config.web.public_url)?;
        }
        let post = NewPost {
            list: destination.list.id,
            kind,
            sender: sender.clone(),
            message_id: judged.message_id.clone(),
            received: now(),
            handover: key,
            bytes: submission.message,
        };
        let id = if judged.decision.verdict == Verdict::Hold {
            hold(session, &judged, destination, &post)?
        } else {
            session.add_post(&post)?
        };
        match kind {
            // What is held, and may be forged, counts against nobody.
            PostKind::Post if judged.decision.verdict == Verdict::Post => {
                judge::count(session, &destination.list, judged.poster.as_ref(), &judged.thread)?;
            }
            PostKind::Bounce => {
                if let Some(mail) = &returned {
                    bounces::receive(session, &destination.list, &destination.detail, mail, id)?;
                }
            }
            _ => {}
        }
        answer.duplicate = Some(false);
        answer.post_id = Some(id.to_string());
    }
    Ok(Taken {
        answer,
        action,
        recipient: submission.recipient,
        sender,
        queue_id: submission.queue_id,
        message_id: judged.message_id,
        to_send,
    })
}

/// Answers a mail with commands.
fn obey(
    session: &mut dyn Session,
    destination: &Destination,
    raw: &[u8],
    web: &str,
) -> Result<(), mailjam_store::Error> {
    // A command that cannot be read was not taken for one.
    let Ok(message) = Message::parse(raw) else { return Ok(()) };
    match judge::requester(&message, &destination.list) {
        Some(from) => commands::answer(session, destination, &from, &message, raw, web),
        None => Ok(()),
    }
}

/// Whether the poster of a held post may be written to. Nobody is who may not have written: strangers that the mail server
/// does not vouch for, those who are not the one author, programs, and the list itself.
fn is_answerable(
    session: &dyn Session,
    judged: &Judged,
    destination: &Destination,
    message: Option<&Message<'_>>,
) -> Result<bool, mailjam_store::Error> {
    let (Some(message), Some(poster)) = (message, &judged.poster) else { return Ok(false) };
    let is_author = judge::requester(message, &destination.list).as_ref() == Some(poster);
    if message.is_automatic() || !is_author {
        return Ok(false);
    }
    let standing = session.standing(destination.list.id, &[poster.key()])?;
    Ok(match judged.author {
        Identity::Passed => true,
        Identity::Failed => false,
        Identity::Unknown => standing.member || standing.moderator,
    })
}

/// Keeps a post for a moderator, and tells who has to know.
fn hold(
    session: &mut dyn Session,
    judged: &Judged,
    destination: &Destination,
    post: &NewPost,
) -> Result<i64, mailjam_store::Error> {
    let step = judged.decision.trail.last();
    let message = Message::parse(&post.bytes).ok();
    let subject =
        message.as_ref().and_then(|message| message.field("Subject").next().map(|field| field.decoded().into_owned()));
    let address = judged.poster.as_ref().map(ToString::to_string).unwrap_or_default();
    let answerable = is_answerable(session, judged, destination, message.as_ref())?;
    let days = i64::from(destination.list.list.settings.held_expire);
    let id = session.hold_post(
        post,
        &Hold {
            rule: step.map(|step| step.rule.to_owned()).unwrap_or_default(),
            reason: step.map(|step| step.detail.to_string()).unwrap_or_default(),
            poster: judged.poster.as_ref().map(|poster| poster.key()).unwrap_or_default(),
            address,
            subject: one_line(&subject.unwrap_or_default()),
            answerable,
            expires: now() + days * DAY,
        },
    )?;
    if let Some(row) = session.held(id)? {
        moderation::tell_poster(session, &destination.list, &row)?;
    }
    moderation::tell_in_time(session, &destination.list)?;
    Ok(id)
}

/// What an accepted message is stored as; `None` if it is not.
fn post_kind(judged: &Judged) -> Option<PostKind> {
    match judged.decision.verdict {
        Verdict::Post | Verdict::Hold => Some(PostKind::Post),
        Verdict::Forward => Some(PostKind::Owner),
        Verdict::Command => Some(PostKind::Command),
        Verdict::Bounce => Some(PostKind::Bounce),
        Verdict::Discard | Verdict::Refuse(_) => None,
    }
}

const ACCEPT: &str = "accept";

const fn action(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Post | Verdict::Forward | Verdict::Command | Verdict::Bounce => ACCEPT,
        Verdict::Hold => "hold",
        Verdict::Discard => "discard",
        Verdict::Refuse(Refusal::NoList) => "no-list",
        Verdict::Refuse(Refusal::Closed) => "closed",
        Verdict::Refuse(
            Refusal::NotPermitted(_)
            | Refusal::Excluded
            | Refusal::NotAddressed
            | Refusal::Attachment(_)
            | Refusal::Loop(_),
        ) => "refuse",
        Verdict::Refuse(Refusal::TooLarge { .. }) => "too-large",
        Verdict::Refuse(Refusal::BadMessage(_)) => "bad-message",
    }
}

/// What the MTA is told.
pub fn answer(judged: &Judged) -> Answer {
    let verdict = &judged.decision.verdict;
    let (code, dsn, text) = match verdict {
        Verdict::Post | Verdict::Forward | Verdict::Command | Verdict::Bounce => return accepted(),
        Verdict::Hold => {
            let why = judged.decision.trail.last().map(|step| step.detail.to_string()).unwrap_or_default();
            (exit::OK, "2.0.0", format!("held for a moderator: {why}"))
        }
        Verdict::Discard => {
            let why = judged.decision.trail.last().map(|step| step.detail.to_string()).unwrap_or_default();
            (exit::OK, "2.0.0", format!("discarded: {why}"))
        }
        Verdict::Refuse(refusal) => {
            let code = match refusal {
                Refusal::NoList => exit::NOUSER,
                Refusal::Closed | Refusal::TooLarge { .. } => exit::UNAVAILABLE,
                Refusal::NotPermitted(_)
                | Refusal::Excluded
                | Refusal::NotAddressed
                | Refusal::Attachment(_)
                | Refusal::Loop(_) => exit::NOPERM,
                Refusal::BadMessage(_) => exit::DATAERR,
            };
            (code, refusal.status(), refusal.to_string())
        }
    };
    Answer {
        action: action(verdict).to_owned(),
        code: code.into(),
        dsn: dsn.to_owned(),
        text,
        post_id: None,
        duplicate: None,
    }
}

fn accepted() -> Answer {
    Answer {
        action: ACCEPT.to_owned(),
        code: exit::OK.into(),
        dsn: "2.0.0".to_owned(),
        text: "accepted".to_owned(),
        post_id: None,
        duplicate: None,
    }
}

/// How a table of all addresses is written for a mail server.
struct TableFormat {
    name: &'static str,
    /// What comes before the lists.
    head: &'static str,
    /// The line of a list, by its local part and its domain.
    line: fn(&str, &str) -> String,
}

const TABLE_FORMATS: &[TableFormat] = &[
    TableFormat { name: "postfix", head: "", line: |local, domain| format!("/{}/ mailjam:\n", pattern(local, domain)) },
    TableFormat { name: "regexp", head: "", line: |local, domain| format!("{}\n", pattern(local, domain)) },
    // sendmail takes a table that is not there for an empty one, and would refuse everything. The first line, which is no
    // address, tells the two apart.
    TableFormat { name: "sendmail", head: "mailjam.table\n", line: plain_line },
    TableFormat { name: "plain", head: "", line: plain_line },
];

fn maps(session: &dyn Session, format: &TableFormat) -> Result<String, mailjam_store::Error> {
    let mut text = format.head.to_owned();
    let mut query = PageQuery { limit: 1000, ..PageQuery::default() };
    loop {
        let page = session.lists(&query)?;
        for row in page.items {
            text.push_str(&(format.line)(row.list.address.local(), &row.list.address.ascii_domain()));
        }
        match page.next {
            Some(next) => query.after = next,
            None => return Ok(text),
        }
    }
}

fn plain_line(local: &str, domain: &str) -> String {
    format!("{local}@{domain}\n")
}

/// A regular expression, extended or Perl's, that matches every address of a list. Names of lists are in lower case and
/// have no special character but the dot.
fn pattern(local: &str, domain: &str) -> String {
    let words: Vec<&str> = EXTENSIONS.iter().map(|(word, _)| *word).collect();
    let escape = |text: &str| text.replace('.', "\\.");
    format!("^{}([-+]({})([-+].*)?)?@{}$", escape(local), words.join("|"), escape(domain))
}
