//! Posts that wait for a moderator: who is told, who decides, what follows. The same for mail, calls and the clock.

use mailjam_core::address::Address;
use mailjam_core::decide::Posting;
use mailjam_core::member::DAY;
use mailjam_core::notice::{Decision, HeldPost, LARGEST_ATTACHED};
use mailjam_core::template;
use mailjam_core::token::Act;
use mailjam_rpc::{Code, Fault};
use mailjam_store::{Decided, Error, HeldRow, ListRow, PageQuery, Role, SITE, Session};

use crate::actor::{Actor, Deed};
use crate::daemon::now;
use crate::letters::{self, Addressee};
use crate::methods::Failed;

/// What is decided about a held post.
#[derive(Clone, Copy, Debug)]
pub enum Ruling<'a> {
    /// What a person wants; with a reason for the poster.
    Act(Act, &'a str),
    /// Nobody decided in time.
    Expire,
}

impl Ruling<'_> {
    const fn name(self) -> &'static str {
        match self {
            Ruling::Act(act, _) => act.name(),
            Ruling::Expire => "expire",
        }
    }
}

/// Posts in one mail to moderators at most.
const TOLD_AT_ONCE: u32 = 20;

/// Mails that tell a poster that a post waits, a day: who posts in another's name must not fill that one's mailbox.
const WAITS: u64 = 10;

/// Those who decide: owners and moderators, or where a list has neither, the site's admins.
pub fn moderators(session: &dyn Session, list: &ListRow) -> Result<Vec<Address>, Error> {
    with_role(session, list, |_| true)
}

/// Those who answer for a list: its owners, or where it has none, the site's admins.
pub fn owners(session: &dyn Session, list: &ListRow) -> Result<Vec<Address>, Error> {
    with_role(session, list, |role| role == Role::Owner)
}

fn with_role(session: &dyn Session, list: &ListRow, wanted: impl Fn(Role) -> bool) -> Result<Vec<Address>, Error> {
    let mut rows = session.roles(list.id)?;
    rows.retain(|row| wanted(row.role));
    if rows.is_empty() {
        rows = session.roles(SITE)?;
        rows.retain(|row| row.role == Role::Admin);
    }
    let mut found: Vec<Address> = Vec::new();
    for address in rows.iter().filter_map(|row| Address::parse_foreign(&row.address).ok()) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    Ok(found)
}

/// A held post for a notice.
pub fn held_post(row: &HeldRow, bytes: Option<Vec<u8>>) -> HeldPost {
    HeldPost {
        id: row.post,
        sender: row.hold.address.clone(),
        subject: row.hold.subject.clone(),
        message_id: row.message_id.clone(),
        rule: row.hold.rule.clone(),
        reason: row.hold.reason.clone(),
        expires: row.hold.expires,
        bytes,
    }
}

/// Tells the moderators of the posts that they were not told of; answers whether anybody was.
pub fn tell(session: &mut dyn Session, list: &ListRow) -> Result<bool, Error> {
    let rows = session.untold(list.id, TOLD_AT_ONCE)?;
    let moderators = moderators(session, list)?;
    if rows.is_empty() || moderators.is_empty() {
        return Ok(false);
    }
    let waiting = session.held_posts(Some(list.id), &PageQuery { limit: 1, ..PageQuery::default() })?.total;
    let more = waiting.saturating_sub(rows.len() as u64);
    let mut posts = Vec::new();
    for row in &rows {
        let bytes = if row.size <= LARGEST_ATTACHED { session.message(row.post)? } else { None };
        posts.push(held_post(row, bytes));
    }
    let canned = letters::canned_names(session, list)?;
    for moderator in &moderators {
        let to = Addressee::new(session, list, moderator)?;
        letters::send(session, list, &to, None, |desk, to| desk.held(to, &posts, more, &canned))?;
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.post).collect();
    session.told(&ids, now())?;
    Ok(true)
}

/// The same, unless they were told less than the list's `held_notice` ago.
pub fn tell_in_time(session: &mut dyn Session, list: &ListRow) -> Result<bool, Error> {
    if session.last_told(list.id)? + list.list.settings.held_notice > now() {
        return Ok(false);
    }
    tell(session, list)
}

/// Tells the poster that a post waits, if the list wants that and the sender may be written to.
pub fn tell_poster(session: &mut dyn Session, list: &ListRow, row: &HeldRow) -> Result<(), Error> {
    if !list.list.settings.notify_poster
        || !row.hold.answerable
        || session.count_up("waits", &row.hold.poster, DAY, now())? > WAITS
    {
        return Ok(());
    }
    to_poster(session, list, row, |desk, to, post| desk.held_poster(to, post))
}

fn to_poster(
    session: &mut dyn Session,
    list: &ListRow,
    row: &HeldRow,
    write: impl FnOnce(
        &mailjam_core::notice::Desk<'_>,
        mailjam_core::notice::Reader<'_>,
        &HeldPost,
    ) -> mailjam_core::notice::Result<mailjam_core::notice::Notice>,
) -> Result<(), Error> {
    let Ok(poster) = Address::parse_foreign(&row.hold.poster) else { return Ok(()) };
    if !row.hold.answerable {
        return Ok(());
    }
    let to = Addressee::new(session, list, &poster)?;
    let post = held_post(row, None);
    letters::send(session, list, &to, None, |desk, to| write(desk, to, &post))
}

/// The held post with this number that nobody has decided about.
pub fn waiting(session: &dyn Session, post: i64) -> Result<(HeldRow, ListRow), Failed> {
    let row = session.held(post)?.ok_or_else(|| Failed::new(Code::NoItem, format!("no held post {post}")))?;
    if let Some(decided) = &row.decided {
        return Err(Failed(already(post, decided)));
    }
    let list = session.list_by_key(row.list)?;
    let list = list.ok_or_else(|| Failed::new(Code::NoItem, format!("the list of post {post} is gone")))?;
    Ok((row, list))
}

/// The fault for a post that was decided about.
fn already(post: i64, decided: &Decided) -> Fault {
    let at = mailjam_rpc::Time(decided.at);
    if decided.action == "expire" {
        return Fault::new(Code::ItemExpired, format!("post {post} was dropped at {at}, because nobody had decided"));
    }
    let by = if decided.by.is_empty() { "somebody" } else { &decided.by };
    Fault::new(Code::AlreadyHandled, format!("post {post}: {} by {by} at {at}", decided.action))
}

/// Decides about a held post. `by` is the address of who decides, where it is known; the audit says more.
pub fn decide(
    session: &mut dyn Session,
    actor: &Actor,
    by: &str,
    post: i64,
    ruling: Ruling<'_>,
) -> Result<(HeldRow, ListRow), Failed> {
    let (row, list) = waiting(session, post)?;
    let rejection = match ruling {
        Ruling::Act(Act::Reject, reason) => Some(rejection(session, &row, &list, reason)?),
        _ => None,
    };
    let goes_on = matches!(ruling, Ruling::Act(Act::Approve | Act::Trust, _));
    let decided = Decided { action: ruling.name().to_owned(), by: by.to_owned(), at: now() };
    if !session.decide_held(post, &decided, goes_on)? {
        return Err(Failed::new(Code::AlreadyHandled, format!("post {post} was decided about just now")));
    }
    if goes_on {
        approved(session, actor, &row, &list, matches!(ruling, Ruling::Act(Act::Trust, _)))?;
    }
    if let Some((reason, canned)) = rejection {
        to_poster(session, &list, &row, |desk, to, post| desk.rejected(to, post, reason, canned.as_deref()))?;
    } else if matches!(ruling, Ruling::Expire) && list.list.settings.notify_poster {
        to_poster(session, &list, &row, |desk, to, post| desk.expired(to, post))?;
    }
    if row.told != 0 && !matches!(ruling, Ruling::Expire) {
        tell_others(session, &list, &row, &decided)?;
    }
    let reason = if let Ruling::Act(_, reason) = ruling { reason } else { "" };
    let action = format!("moderation.{}", ruling.name());
    let (target, before) = (row.hold.poster.clone(), format!("post {post} held: {}", row.hold.rule));
    actor.did(session, Some(&list), Deed { action: &action, target: &target, before: &before, after: reason })?;
    Ok((row, list))
}

/// What a poster is told of a rejection: the reason, and the text of the canned rejection that it begins with.
fn rejection<'r>(
    session: &dyn Session,
    row: &HeldRow,
    list: &ListRow,
    reason: &'r str,
) -> Result<(&'r str, Option<String>), Failed> {
    let Some((word, rest)) = template::canned_reason(reason) else { return Ok((reason, None)) };
    let to = match Address::parse_foreign(&row.hold.poster) {
        Ok(poster) => Addressee::new(session, list, &poster)?,
        // Nobody is told, but the name is looked up all the same.
        Err(_) => Addressee { address: list.list.address.clone(), language: String::new() },
    };
    match letters::canned_text(session, list, &word, &to)? {
        Some(text) => Ok((rest, Some(text))),
        None => {
            let known = letters::canned_names(session, list)?;
            let known: Vec<String> = known.iter().map(|name| format!("#{name}")).collect();
            let text = format!(
                "no canned rejection #{word}, and post {} still waits; there are {}. A template named {}{word} makes one",
                row.post,
                known.join(", "),
                template::CANNED
            );
            Err(Failed::new(Code::InvalidParameters, text))
        }
    }
}

/// A member whose posts are approved may become one who is trusted.
fn approved(
    session: &mut dyn Session,
    actor: &Actor,
    row: &HeldRow,
    list: &ListRow,
    trust: bool,
) -> Result<(), Failed> {
    let Some(mut member) = session.member(list.id, &row.hold.poster)? else { return Ok(()) };
    member.approved = member.approved.saturating_add(1);
    if trust && member.posting != Posting::Accept {
        let before = member.posting.name();
        member.posting = Posting::Accept;
        let deed = Deed { action: "member.trust", target: &member.key, before, after: Posting::Accept.name() };
        actor.did(session, Some(list), deed)?;
    }
    session.update_member(list.id, &member, now())?;
    Ok(())
}

/// The moderators who were told of a post are told that there is nothing left to do.
fn tell_others(session: &mut dyn Session, list: &ListRow, row: &HeldRow, decided: &Decided) -> Result<(), Error> {
    let post = held_post(row, None);
    let by = if decided.action == Act::Cancel.name() { row.hold.address.clone() } else { decided.by.clone() };
    for moderator in moderators(session, list)? {
        if moderator.key() == decided.by || moderator.to_string() == decided.by {
            continue;
        }
        let to = Addressee::new(session, list, &moderator)?;
        let decision = Decision { action: &decided.action, by: &by, at: decided.at };
        letters::send(session, list, &to, None, |desk, to| desk.decided(to, &post, decision, false))?;
    }
    Ok(())
}
