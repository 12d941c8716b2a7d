//! `mta.*`: what mail servers ask, and the hand-over itself.

use std::sync::Arc;

use mailjam_core::decide::{Refusal, Verdict};
use mailjam_core::recipient::{EXTENSIONS, Kind};
use mailjam_core::{handover, return_path};
use mailjam_rpc::records::{CheckRequest, Resolved, Submission, Verdict as Answer};
use mailjam_rpc::{Code, Fault, Value};
use mailjam_store::{NewPost, PageQuery, PostKind, Session};
use mailjam_wire::exit;

use super::{Failed, unknown, value};
use crate::daemon::{Daemon, now};
use crate::health::Part;
use crate::judge::{self, Handover, Judged};
use crate::params::Params;

/// The method that hands a message over.
pub const SUBMIT: &str = "mta.submit";

/// Calls a method.
pub async fn call(daemon: &Arc<Daemon>, verb: &str, mut params: Params) -> Result<Value, Fault> {
    match verb {
        "submit" => submit(daemon, params.take()?).await.map(value),
        "check" => {
            let request = params.take::<CheckRequest>()?;
            let judged = daemon.store.read(move |session| check(session, &request)).await.map_err(Failed::from)?;
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

fn check(session: &dyn Session, request: &CheckRequest) -> Result<Judged, mailjam_store::Error> {
    let size = request.size.and_then(|size| size.try_into().ok());
    judge::judge(session, &Handover { sender: &request.sender, recipient: &request.recipient, message: None, size })
}

/// Takes a message over. When this answers `accept`, it is on disk.
async fn submit(daemon: &Arc<Daemon>, submission: Submission) -> Result<Answer, Fault> {
    let taken = daemon.store.write(taking(submission)).await;
    let taken = checked(daemon, taken)?;
    taken.conclude(daemon);
    Ok(taken.answer)
}

/// The same in the calling thread, for [`SUBMIT`] at the door for mailjam-mta; the caller concludes.
pub fn submit_here(daemon: &Daemon, submission: Submission) -> Result<Taken, Fault> {
    let taken = daemon.store.write_here(taking(submission));
    checked(daemon, taken)
}

/// The transaction of a hand-over.
fn taking(submission: Submission) -> impl FnOnce(&mut dyn Session) -> Result<Taken, mailjam_store::Error> + Send {
    let sender = judge::envelope_sender(&submission.sender).unwrap_or_default().to_owned();
    let key = handover::key(&sender, &submission.recipient, &submission.message);
    move |session| take(session, submission, sender, key)
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
    key: [u8; 32],
) -> Result<Taken, mailjam_store::Error> {
    let handover = Handover {
        sender: &submission.sender,
        recipient: &submission.recipient,
        message: Some(&submission.message),
        size: Some(submission.message.len() as u64),
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
        let list = destination.list.id;
        to_send = kind != PostKind::Bounce;
        let id = session.add_post(&NewPost {
            list,
            kind,
            sender: judge::envelope_sender(&submission.sender).unwrap_or_default().to_owned(),
            message_id: judged.message_id.clone(),
            received: now(),
            handover: key,
            bytes: submission.message,
        })?;
        if kind == PostKind::Bounce {
            let about = return_path::decode(&destination.detail).map(|address| address.key());
            session.count_bounce(list, &about.unwrap_or_default(), id, now())?;
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

/// What an accepted message is stored as; `None` if it is not.
fn post_kind(judged: &Judged) -> Option<PostKind> {
    match judged.decision.verdict {
        Verdict::Post => Some(PostKind::Post),
        Verdict::Forward => {
            let owner = judged.destination.as_ref().is_some_and(|destination| destination.kind == Kind::Owner);
            Some(if owner { PostKind::Owner } else { PostKind::Command })
        }
        Verdict::Bounce => Some(PostKind::Bounce),
        Verdict::Discard | Verdict::Refuse(_) => None,
    }
}

const ACCEPT: &str = "accept";

const fn action(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Post | Verdict::Forward | Verdict::Bounce => ACCEPT,
        Verdict::Discard => "discard",
        Verdict::Refuse(Refusal::NoList) => "no-list",
        Verdict::Refuse(Refusal::Closed) => "closed",
        Verdict::Refuse(Refusal::NotPermitted(_) | Refusal::Loop(_)) => "refuse",
        Verdict::Refuse(Refusal::TooLarge { .. }) => "too-large",
        Verdict::Refuse(Refusal::BadMessage(_)) => "bad-message",
    }
}

/// What the MTA is told.
pub fn answer(judged: &Judged) -> Answer {
    let verdict = &judged.decision.verdict;
    let (code, dsn, text) = match verdict {
        Verdict::Post | Verdict::Forward | Verdict::Bounce => return accepted(),
        Verdict::Discard => {
            let why = judged.decision.trail.last().map(|step| step.detail.to_string()).unwrap_or_default();
            (exit::OK, "2.0.0", format!("discarded: {why}"))
        }
        Verdict::Refuse(refusal) => {
            let code = match refusal {
                Refusal::NoList => exit::NOUSER,
                Refusal::Closed | Refusal::TooLarge { .. } => exit::UNAVAILABLE,
                Refusal::NotPermitted(_) | Refusal::Loop(_) => exit::NOPERM,
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
