//! The course of a member whose mail comes back: a score that grows and fades, a probe, mail stopped, warnings, the end of
//! the membership. The member is told of every step but a complaint, and the owner of all; each can be undone: by the
//! member with the address in the warning or by asking to subscribe, by the owner with `bounce.reset`.

use mailjam_core::bounce::{Report, score};
use mailjam_core::member::DAY;
use mailjam_core::notice::{self, Desk, Event, Notice, Reader};
use mailjam_core::return_path;
use mailjam_core::settings::Settings;
use mailjam_store::{BounceRow, BouncingRow, Error, ListRow, MemberRow, Session, Stage};

use super::Outcome;
use crate::actor::{Actor, Deed};
use crate::daemon::now;
use crate::letters::{self, Addressee};
use crate::moderation;

/// Days in which a probe comes back, if it does: mail systems give up after five.
const PROBE_DAYS: i64 = 7;

/// Days between warnings.
const WARNING_DAYS: i64 = 7;

/// Mails about members that an owner gets a day from one list.
const TOLD_A_DAY: u64 = 5;

/// Adds a bounce to the score; answers how much it was, in hundredths.
pub fn weigh(state: &mut BouncingRow, found: &Report, settings: &Settings) -> u32 {
    let before = score::State { score: state.score, last: state.scored };
    let after = score::add(before, found.class, found.hard, settings.bounce_forget, now());
    let points = after.map_or(0, |(_, points)| points);
    if let Some((after, _)) = after {
        (state.score, state.scored) = (after.score, after.last);
    }
    points
}

/// Sends a probe to a member whose score is too high.
pub fn check(
    session: &mut dyn Session,
    list: &ListRow,
    member: &MemberRow,
    state: BouncingRow,
    diagnostic: &str,
) -> Result<(), Error> {
    if state.stage != Stage::Fine || !is_too_high(&state, &list.list.settings) {
        return Ok(());
    }
    probe(session, list, member, state, diagnostic)
}

/// Whether it is time for a probe.
pub fn is_too_high(state: &BouncingRow, settings: &Settings) -> bool {
    settings.bounce_threshold > 0 && state.score >= settings.bounce_threshold.saturating_mul(100)
}

/// Sends a probe, whose return path proves what it comes back for.
pub fn probe(
    session: &mut dyn Session,
    list: &ListRow,
    member: &MemberRow,
    state: BouncingRow,
    diagnostic: &str,
) -> Result<(), Error> {
    let Some(to) = Addressee::of_row(&member.address, &member.language) else { return Ok(()) };
    let secret = session.secret("token")?;
    let writer = return_path::Writer { list: &list.list.address, number: list.id, secret: &secret };
    // One moment for both: a probe that comes back is known by it.
    let at = now();
    let path = writer.probe(&to.address, at).envelope();
    letters::send_from(session, list, &to, path, |desk, to| desk.probe(to, diagnostic))?;
    let state = BouncingRow { stage: Stage::Probed, since: at, due: at + PROBE_DAYS * DAY, ..state };
    session.put_bouncing(list.id, &state)?;
    tracing::info!("{}: {} is sent a probe", list.list.address, member.key);
    Ok(())
}

/// Stops mail to a member whose probe came back too.
pub fn disable(
    session: &mut dyn Session,
    list: &ListRow,
    member: &MemberRow,
    state: &BouncingRow,
    diagnostic: &str,
) -> Result<(), Error> {
    session.set_disabled(list.id, &member.key, now(), now())?;
    let reason = "bounces".to_owned();
    let state = BouncingRow { stage: Stage::Disabled, reason, since: now(), warnings: 0, ..state.clone() };
    let deed = Deed { action: "bounce.disable", target: &member.key, before: "", after: diagnostic };
    Actor::mailjam().did(session, Some(list), deed)?;
    tell_owners(session, list, ("disabled", &member.address), diagnostic)?;
    warn(session, list, member, state, diagnostic)
}

/// Tells a member that mail is stopped, and says when to look again.
fn warn(
    session: &mut dyn Session,
    list: &ListRow,
    member: &MemberRow,
    state: BouncingRow,
    diagnostic: &str,
) -> Result<(), Error> {
    let settings = &list.list.settings;
    let left = i64::from(settings.bounce_warnings.saturating_sub(state.warnings)).max(1);
    let days = if settings.bounce_remove { left * WARNING_DAYS } else { 0 };
    if settings.bounce_warnings > state.warnings
        && let Some(to) = Addressee::of_row(&member.address, &member.language)
    {
        letters::send(session, list, &to, None, |desk, to| desk.disabled(to, diagnostic, days))?;
    }
    let state = BouncingRow { warnings: state.warnings + 1, due: now() + WARNING_DAYS * DAY, ..state };
    session.put_bouncing(list.id, &state).map(drop)
}

/// Does what is due about a member.
pub fn go_on(session: &mut dyn Session, list: &ListRow, state: BouncingRow) -> Result<(), Error> {
    let Some(member) = session.member(list.id, &state.key)? else {
        return session.remove_bouncing(list.id, &state.key).map(drop);
    };
    let settings = &list.list.settings;
    match state.stage {
        Stage::Probed => {
            // Nothing came back: the address is well, whoever said otherwise.
            tracing::info!("{}: the probe to {} did not come back", list.list.address, member.key);
            session.remove_bouncing(list.id, &state.key).map(drop)
        }
        Stage::Disabled if state.reason == "bounces" && state.warnings < settings.bounce_warnings => {
            let diagnostic = session.last_words(list.id, &state.key)?;
            warn(session, list, &member, state, &diagnostic)
        }
        Stage::Disabled if state.reason == "bounces" && settings.bounce_remove => remove(session, list, &member),
        Stage::Fine | Stage::Disabled => session.put_bouncing(list.id, &BouncingRow { due: 0, ..state }).map(drop),
    }
}

/// Ends a membership after the last warning.
fn remove(session: &mut dyn Session, list: &ListRow, member: &MemberRow) -> Result<(), Error> {
    let diagnostic = session.last_words(list.id, &member.key)?;
    session.remove_members(list.id, std::slice::from_ref(&member.key), now())?;
    let deed = Deed { action: "bounce.remove", target: &member.key, before: member.mode.name(), after: &diagnostic };
    Actor::mailjam().did(session, Some(list), deed)?;
    if let Some(to) = Addressee::of_row(&member.address, &member.language) {
        letters::send(session, list, &to, None, |desk, to| desk.removed(to))?;
    }
    tell_owners(session, list, ("removed", &member.address), &diagnostic)
}

/// Lets mail to a member go out again, and forgets what came back; `false` if nothing was known.
pub fn reset(session: &mut dyn Session, actor: &Actor, list: &ListRow, key: &str) -> Result<bool, Error> {
    let stopped = session.member(list.id, key)?.is_some_and(|member| member.disabled > 0);
    let state = match session.bouncing(list.id, key)? {
        Some(state) => state,
        None if stopped => BouncingRow { stage: Stage::Disabled, ..BouncingRow::default() },
        None => return Ok(false),
    };
    session.set_disabled(list.id, key, 0, now())?;
    session.remove_bouncing(list.id, key)?;
    let before = format!("{} {}.{:02} {}", state.stage.name(), state.score / 100, state.score % 100, state.reason);
    actor.did(session, Some(list), Deed { action: "bounce.reset", target: key, before: before.trim(), after: "" })?;
    Ok(true)
}

/// Stops mail to a member who complained. The member is not written to: that would be one more mail that is not wanted.
pub fn complain(session: &mut dyn Session, list: &ListRow, member: &MemberRow, report: i64) -> Result<(), Error> {
    session.add_bounce(&BounceRow {
        list: list.id,
        key: member.key.clone(),
        address: member.address.clone(),
        at: now(),
        outcome: Outcome::Complaint.name().to_owned(),
        report,
        ..BounceRow::default()
    })?;
    let before = session.bouncing(list.id, &member.key)?.unwrap_or_default();
    if before.stage == Stage::Disabled && before.reason == "complaint" {
        return Ok(());
    }
    session.set_disabled(list.id, &member.key, now(), now())?;
    let state = BouncingRow {
        key: member.key.clone(),
        stage: Stage::Disabled,
        reason: "complaint".to_owned(),
        since: now(),
        due: 0,
        ..before
    };
    session.put_bouncing(list.id, &state)?;
    let deed = Deed { action: "bounce.complaint", target: &member.key, before: "", after: "" };
    Actor::mailjam().did(session, Some(list), deed)?;
    tell_owners(session, list, ("complaint", &member.address), "")
}

/// Tells owners of a complaint that does not say whose it is.
pub fn tell_of_report(session: &mut dyn Session, list: &ListRow) -> Result<(), Error> {
    tell_owners(session, list, ("report", ""), "")
}

/// Tells owners that many refuse a post.
pub fn tell_of_blame(
    session: &mut dyn Session,
    list: &ListRow,
    subject: &str,
    members: u64,
    diagnostic: &str,
) -> Result<(), Error> {
    if session.count_up("blamed", &list.id.to_string(), DAY, now())? > TOLD_A_DAY {
        return Ok(());
    }
    each_owner(session, list, |desk, to| desk.blamed(to, subject, members, diagnostic))
}

/// Tells owners what became of a member, a few times a day.
fn tell_owners(
    session: &mut dyn Session,
    list: &ListRow,
    (event, member): (&str, &str),
    diagnostic: &str,
) -> Result<(), Error> {
    // Anybody can send complaints that say nothing: they must not keep the others from being told.
    let what = if event == "report" { "reported" } else { "bounced" };
    let told = session.count_up(what, &list.id.to_string(), DAY, now())?;
    if told > TOLD_A_DAY {
        return Ok(());
    }
    let event = Event { event, member, diagnostic, last: told == TOLD_A_DAY };
    each_owner(session, list, |desk, to| desk.bounced(to, event))
}

fn each_owner(
    session: &mut dyn Session,
    list: &ListRow,
    write: impl Fn(&Desk<'_>, Reader<'_>) -> notice::Result<Notice>,
) -> Result<(), Error> {
    for owner in moderation::owners(session, list)? {
        let to = Addressee::new(session, list, &owner)?;
        letters::send(session, list, &to, None, |desk, to| write(desk, to))?;
    }
    Ok(())
}
