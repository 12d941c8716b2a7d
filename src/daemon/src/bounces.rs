//! Mail that came back: whose it is and whether that is proven, and what it counts.
//!
//! A report counts only where the return path that it came to proves that the list sent what it is about, and of what was
//! wrong only faults of the address. When many refuse the same post, the post is to blame and nobody's score grows by it.

pub mod course;

use std::borrow::Cow;
use std::panic::catch_unwind;

use mailjam_core::address::Address;
use mailjam_core::bounce::{self, FeedbackType, Kind, Mail, Report};
use mailjam_core::message::{Field, Message};
use mailjam_core::recipient;
use mailjam_core::return_path::{self, Purpose, ReturnPath};
use mailjam_core::token::{self, Act, Bearer, Secret};
use mailjam_store::{BounceRow, BouncingRow, Error, ListRow, MemberRow, PostKind, Session, Stage, Troubled};

use crate::daemon::now;

/// Recipients of one report that are looked at.
const RECIPIENTS: usize = 100;

/// Refusals that say something about the message, and not about the address, at which a post is to blame: so many, and one for
/// so many of those who were to get it. One report counts once, or one member could forge enough of them.
const BLAMED_FOR_ITSELF: (u64, u64) = (5, 10);

/// The same for refusals of any kind: an address list that was bought has many dead addresses, but seldom half of all.
const BLAMED_ALTOGETHER: (u64, u64) = (10, 2);

/// What followed from a bounce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing proves that the list sent what came back.
    Unproven,
    /// It is about nobody who is a member.
    Stranger,
    /// It was written down, and adds nothing to the score.
    Counted,
    /// It adds to the score.
    Scored,
    /// The post is to blame.
    Blamed,
    /// A probe came back.
    Probe,
    /// The member does not want the list's mail.
    Complaint,
}

impl Outcome {
    /// The word that is stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Unproven => "unproven",
            Outcome::Stranger => "stranger",
            Outcome::Counted => "counted",
            Outcome::Scored => "scored",
            Outcome::Blamed => "blamed",
            Outcome::Probe => "probe",
            Outcome::Complaint => "complaint",
        }
    }
}

/// Reads a message for a bounce address; `None` for another one. A mail that makes the code panic is stored all the same.
pub fn read(recipient: &str, message: &[u8]) -> Option<Mail> {
    let (local, _) = recipient.rsplit_once('@')?;
    recipient::readings(local).find(|(_, extension)| extension.kind == recipient::Kind::Bounces)?;
    let mail = catch_unwind(|| bounce::read(message));
    if mail.is_err() {
        tracing::error!("a report to {} made the code panic; please report it", recipient.escape_debug());
    }
    mail.ok()
}

/// Takes in what came to a list's bounce address; `detail` is what stands behind `-bounces+` there, `report` the number of
/// the stored mail.
pub fn receive(session: &mut dyn Session, list: &ListRow, detail: &str, mail: &Mail, report: i64) -> Result<(), Error> {
    let path = return_path::read(detail);
    let secret = session.secret("token")?;
    match &mail.kind {
        Kind::Bounce(reports) => {
            let mut scores = Vec::new();
            for (key, found, purpose) in whose(list, &secret, path.as_ref(), reports) {
                scores.extend(count(session, list, &key, found, purpose, report)?);
            }
            follow(session, list, scores)
        }
        Kind::Feedback(feedback) => {
            let stops = matches!(feedback.feedback_type, FeedbackType::Abuse | FeedbackType::OptOut);
            if matches!(feedback.feedback_type, FeedbackType::NotSpam | FeedbackType::AuthFailure) {
                return Ok(());
            }
            match complainer(session, list, &secret, path.as_ref(), mail)? {
                Some(member) if stops => course::complain(session, list, &member, report),
                _ => course::tell_of_report(session, list),
            }
        }
        // What is late, arrived or was answered says nothing against anybody.
        Kind::Delayed(_) | Kind::Delivered(_) | Kind::Disposition(_) | Kind::Automatic | Kind::Other => Ok(()),
    }
}

/// Takes in what the next hop refused; in the transaction that writes it down.
pub fn refused(session: &mut dyn Session, post: i64, troubled: &[Troubled]) -> Result<(), Error> {
    let Some(row) = session.post(post)? else { return Ok(()) };
    let Some(list) = session.list_by_key(row.list)? else { return Ok(()) };
    let of_probe = || Address::parse(&row.sender).ok().and_then(|sender| probe_of(&sender, &list));
    let purpose = match row.kind {
        PostKind::Post | PostKind::Digest | PostKind::PlainDigest => Purpose::Post(post),
        PostKind::Notice => match of_probe() {
            Some(purpose) => purpose,
            None => return Ok(()),
        },
        PostKind::Owner | PostKind::Command | PostKind::Bounce => return Ok(()),
    };
    let mut scores = Vec::new();
    for troubled in troubled.iter().filter(|troubled| troubled.refused) {
        let found = report_of(troubled);
        scores.extend(count(session, &list, &troubled.target.key, &found, Some(purpose), 0)?);
    }
    follow(session, &list, scores)
}

/// The probe that a notice with this return path is.
fn probe_of(sender: &Address, list: &ListRow) -> Option<Purpose> {
    let detail = sender.local().strip_prefix(list.list.address.local())?.strip_prefix("-bounces+")?;
    return_path::read(detail).map(|path| path.purpose).filter(|purpose| matches!(purpose, Purpose::Probe(_)))
}

/// What the next hop said of a recipient, as if it had come back.
fn report_of(troubled: &Troubled) -> Report {
    let text = troubled.reply.as_str();
    let reply = bounce::Reply::find(text);
    let (class, hard) = bounce::classify_reply(reply.code.unwrap_or(550), reply.status, text);
    Report {
        address: Some(troubled.target.address.clone()),
        forwarded_to: None,
        class,
        status: reply.status,
        hard,
        diagnostic: bounce::one_line(text),
    }
}

/// For each report whose it is, by the key of the address, and what proves that.
fn whose<'r>(
    list: &ListRow,
    secret: &Secret,
    path: Option<&ReturnPath>,
    reports: &'r [Report],
) -> Vec<(String, &'r Report, Option<Purpose>)> {
    let key = |report: &Report| {
        let address = report.address.as_deref().and_then(|address| Address::parse_foreign(address).ok());
        address.map(|address| address.key()).unwrap_or_default()
    };
    let best = |wanted: &str| reports.iter().find(|report| key(report) == wanted).or_else(|| reports.first());
    let named = path.and_then(|path| path.member.as_ref()).map(|member| member.key());
    let all = |purpose| reports.iter().take(RECIPIENTS).map(|report| (key(report), report, purpose)).collect();
    let Some(path) = path else { return all(None) };
    if matches!(path.purpose, Purpose::Post(_)) {
        if !path.is_from(secret, list.id, "") {
            return all(None);
        }
        return match named {
            Some(key) => best(&key).map(|report| (key, report, Some(path.purpose))).into_iter().collect(),
            None => all(Some(path.purpose)),
        };
    }
    let candidates = named.into_iter().chain(reports.iter().take(RECIPIENTS).map(key));
    let proven = candidates.into_iter().find(|key| !key.is_empty() && path.is_from(secret, list.id, key));
    match proven.and_then(|key| best(&key).map(|report| (key, report))) {
        Some((key, report)) => vec![(key, report, Some(path.purpose))],
        None => all(None),
    }
}

/// Who complains, if the message or the return path has something that only the member had.
fn complainer(
    session: &dyn Session,
    list: &ListRow,
    secret: &Secret,
    path: Option<&ReturnPath>,
    mail: &Mail,
) -> Result<Option<MemberRow>, Error> {
    let of_link = mail.original.all("List-Unsubscribe").filter_map(token::find).find_map(|token| {
        let (number, key) = token.bearer.clone().filter(|_| token.act == Act::Leave)?;
        token.is_for(secret, Bearer { list: number, key: &key }).then_some(key).filter(|_| number == list.id)
    });
    let of_path = path
        .filter(|path| !matches!(path.purpose, Purpose::Post(_)))
        .and_then(|path| path.member.as_ref().map(|member| (path, member.key())))
        .filter(|(path, key)| path.is_from(secret, list.id, key))
        .map(|(_, key)| key);
    match of_link.or(of_path) {
        Some(key) => session.member(list.id, &key),
        None => Ok(None),
    }
}

/// A member's score after a bounce that was counted.
struct Score {
    member: MemberRow,
    state: BouncingRow,
    post: i64,
    diagnostic: String,
}

/// Writes a bounce down. What follows from it is for [`follow`] to say, when all that came at once is written.
fn count(
    session: &mut dyn Session,
    list: &ListRow,
    key: &str,
    found: &Report,
    purpose: Option<Purpose>,
    report: i64,
) -> Result<Option<Score>, Error> {
    let member = if key.is_empty() { None } else { session.member(list.id, key)? };
    let post = match purpose {
        Some(Purpose::Post(post) | Purpose::Copy(post)) => post,
        _ => 0,
    };
    let mut row = BounceRow {
        list: list.id,
        key: member.as_ref().map(|member| member.key.clone()).unwrap_or_default(),
        address: found.address.clone().unwrap_or_else(|| key.to_owned()),
        at: now(),
        outcome: Outcome::Counted.name().to_owned(),
        class: found.class.name().to_owned(),
        hard: found.hard,
        status: found.status.map(|status| status.to_string()).unwrap_or_default(),
        diagnostic: found.diagnostic.clone(),
        post,
        report,
        ..BounceRow::default()
    };
    let outcome = |row: &mut BounceRow, outcome: Outcome| outcome.name().clone_into(&mut row.outcome);
    let (Some(purpose), Some(member)) = (purpose, member) else {
        outcome(&mut row, if purpose.is_some() { Outcome::Stranger } else { Outcome::Unproven });
        return session.add_bounce(&row).map(|_| None);
    };
    let mut state = session
        .bouncing(list.id, &member.key)?
        .unwrap_or_else(|| BouncingRow { key: member.key.clone(), ..BouncingRow::default() });
    if let Purpose::Probe(_) = purpose {
        outcome(&mut row, Outcome::Probe);
        session.add_bounce(&row)?;
        // What is wrong with the message or the way says nothing against the address, as with every other mail.
        // Nor does a probe that is not the one under way.
        let is_this = purpose == Purpose::Probe(state.since / 3600);
        if state.stage == Stage::Probed && is_this && found.class.is_address_fault() {
            course::disable(session, list, &member, &state, &found.diagnostic)?;
        }
        return Ok(None);
    }
    if session.is_blamed(post)? {
        outcome(&mut row, Outcome::Blamed);
        return session.add_bounce(&row).map(|_| None);
    }
    let settings = &list.list.settings;
    if found.class.is_address_fault() && settings.bounce_threshold > 0 && state.stage != Stage::Disabled {
        row.points = course::weigh(&mut state, found, settings);
        if row.points > 0 {
            outcome(&mut row, Outcome::Scored);
            session.put_bouncing(list.id, &state)?;
        }
    }
    session.add_bounce(&row)?;
    Ok(Some(Score { member, state, post, diagnostic: found.diagnostic.clone() }))
}

/// What follows from bounces of one post that came at once: the post is to blame, or members with too high a score are sent
/// a probe.
fn follow(session: &mut dyn Session, list: &ListRow, scores: Vec<Score>) -> Result<(), Error> {
    let Some(Score { post, diagnostic, .. }) = scores.last() else { return Ok(()) };
    if is_to_blame(session, *post)? {
        return blame(session, list, *post, diagnostic);
    }
    for Score { member, state, diagnostic, .. } in scores {
        course::check(session, list, &member, state, &diagnostic)?;
    }
    Ok(())
}

/// Whether so many refuse a post that it must be the post.
fn is_to_blame(session: &dyn Session, post: i64) -> Result<bool, Error> {
    let Some(row) = session.post(post)? else { return Ok(false) };
    let copies = row.delivered + row.refused + row.deferred;
    let is_many = |refusals: u64, (members, one_in): (u64, u64)| refusals >= members && refusals * one_in >= copies;
    let (for_itself, altogether) = session.returns(post)?;
    Ok(is_many(for_itself, BLAMED_FOR_ITSELF) || is_many(altogether, BLAMED_ALTOGETHER))
}

/// Takes back what a post added to scores, and tells the owners.
fn blame(session: &mut dyn Session, list: &ListRow, post: i64, diagnostic: &str) -> Result<(), Error> {
    let members = session.bounced_members(post)?;
    for (key, points) in session.blame(post)? {
        if let Some(mut state) = session.bouncing(list.id, &key)? {
            state.score = state.score.saturating_sub(points);
            if state.stage == Stage::Probed && !course::is_too_high(&state, &list.list.settings) {
                // Of the probe that is under way nothing follows any more.
                state = BouncingRow { stage: Stage::Fine, since: 0, due: 0, ..state };
            }
            session.put_bouncing(list.id, &state)?;
        }
    }
    let bytes = session.message(post)?.unwrap_or_default();
    let subject = Message::parse(&bytes)
        .ok()
        .and_then(|message| message.field("Subject").next().map(Field::decoded).map(Cow::into_owned));
    tracing::warn!("{}: {members} members' mail systems refuse post {post}: {diagnostic}", list.list.address);
    course::tell_of_blame(session, list, &subject.unwrap_or_default(), members, diagnostic)
}
