//! Who is logged in at the web socket, for how long, and the ways to get there: a password, or a mailed link.

use hyper::header::HeaderValue;
use mailjam_core::address::Address;
use mailjam_core::member::DAY;
use mailjam_core::network;
use mailjam_core::template::one_line;
use mailjam_rpc::records::LoginOptions;
use mailjam_store::{Error, HeldRole, LinkRow, ListRow, LoginRow, PageQuery, Role, Session};

use crate::actor::{Actor, Deed};
use crate::caller::{self, Refused};
use crate::daemon::{Daemon, now};
use crate::letters::{self, Addressee};
use crate::methods::Failed;

/// Seconds after which a session is over that nobody uses.
pub const IDLE: i64 = 14 * DAY;

/// Seconds after which a session is over in any case.
pub const LONGEST: i64 = 90 * DAY;

/// A use is written down when the last one that was is so many seconds old: a call that changes nothing need not wait for
/// the disk.
const NOTED: i64 = 3600;

/// Minutes for which a mailed link works.
const LINK_MINUTES: i64 = 15;

/// Wrong guesses for one address in [`ADDRESS_WINDOW`] seconds, whoever makes them.
const GUESSES: u64 = 10;
const ADDRESS_WINDOW: i64 = 900;

/// Wrong guesses from one network in [`NETWORK_WINDOW`] seconds, at whatever addresses.
const GUESSES_FROM_NETWORK: u64 = 50;
const NETWORK_WINDOW: i64 = 3600;

/// Links to one address a day, and those of them that one network can bring about: nobody fills another's mailbox, and
/// nobody alone uses up what another may have.
const LINKS: u64 = 6;
const LINKS_ASKED_FROM_NETWORK: u64 = 3;

/// Links a day that one network can bring about in all.
const FROM_NETWORK: u64 = 50;

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct Person {
    /// The address in the form for comparison.
    pub key: String,
    /// As the person writes it.
    pub address: String,
    /// The hash of the session's token.
    pub hash: [u8; 32],
    /// Whether the session was opened by a mailed link.
    pub by_link: bool,
    /// Unix seconds at which the session is over unless it is used.
    pub expires: i64,
    /// The roles at the time of the call.
    pub roles: Vec<HeldRole>,
    /// What the roles permit, in the words for tokens.
    pub scopes: Vec<String>,
}

impl Person {
    /// Whether that is an admin of the site.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        is_admin(&self.roles)
    }

    /// The higher role on a list, if there is one.
    #[must_use]
    pub fn role_on(&self, list: i64) -> Option<Role> {
        // The owner comes before the moderator.
        self.roles.iter().find(|held| held.list == list).map(|held| held.role)
    }
}

fn is_admin(roles: &[HeldRole]) -> bool {
    roles.iter().any(|held| held.role == Role::Admin)
}

/// What roles permit. A list is named by its list-id, which no other list can have.
fn scopes(roles: &[HeldRole]) -> Vec<String> {
    let scope = |held: &HeldRole| match held.role {
        Role::Admin => "admin".to_owned(),
        Role::Owner => format!("owner:{}", held.list_id),
        Role::Moderator => format!("moderate:{}", held.list_id),
    };
    roles.iter().map(scope).collect()
}

const fn expires(opened: i64, used: i64) -> i64 {
    let (idle, last) = (used + IDLE, opened + LONGEST);
    if idle < last { idle } else { last }
}

/// The person whose session this is. Roles, and whether the account is locked, are looked up now.
pub async fn find(daemon: &Daemon, authorization: &HeaderValue) -> Result<Person, Refused> {
    let secret = authorization.to_str().ok().and_then(caller::secret).ok_or(Refused::Missing)?;
    let hash = caller::hash(&secret);
    let found = daemon.store.read(move |session| {
        let Some(login) = session.login(&hash)? else { return Ok(None) };
        let locked = session.account(&login.key)?.is_some_and(|account| account.locked);
        let roles = session.roles_of(&login.key)?;
        Ok::<_, Error>(Some((login, locked, roles)))
    });
    let found = found.await.map_err(|error| {
        tracing::error!(%error, "cannot check a session");
        Refused::Unavailable
    })?;
    let (login, locked, roles) = found.ok_or(Refused::Unknown)?;
    let at = now();
    if locked || expires(login.opened, login.used) <= at {
        return Err(Refused::Expired);
    }
    if at - login.used >= NOTED
        && let Err(error) = daemon.store.write(move |session| session.use_login(&hash, at)).await
    {
        // A full disk keeps nobody from looking.
        tracing::warn!(%error, "the use of a session is not noted");
    }
    Ok(Person {
        expires: expires(login.opened, at),
        by_link: login.by_link,
        scopes: scopes(&roles),
        key: login.key,
        address: login.address,
        hash,
        roles,
    })
}

/// Where somebody comes from, as far as the client says.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The network, for limits.
    pub network: Option<String>,
    agent: String,
}

impl From<Option<LoginOptions>> for Origin {
    fn from(options: Option<LoginOptions>) -> Origin {
        let Some(LoginOptions { source_ip, user_agent }) = options else { return Origin::default() };
        Origin {
            network: source_ip.as_deref().and_then(network::of_address),
            agent: one_line(&user_agent.unwrap_or_default()),
        }
    }
}

/// Counts a guess at a password before it is looked at, so that many at the same time are no way around the limit; answers
/// whether there may be one. Limits hold for addresses that nobody has, too.
pub fn may_guess(session: &mut dyn Session, key: &str, origin: &Origin) -> Result<bool, Error> {
    // The network first: one that is over its limit makes no counters for addresses that it thinks up.
    if let Some(network) = &origin.network
        && session.count_up("guess-network", network, NETWORK_WINDOW, now())? > GUESSES_FROM_NETWORK
    {
        return Ok(false);
    }
    Ok(key.is_empty() || session.count_up("guess", key, ADDRESS_WINDOW, now())? <= GUESSES)
}

/// Takes a guess back that was right.
pub fn guessed_right(session: &mut dyn Session, key: &str, origin: &Origin) -> Result<(), Error> {
    session.count_down("guess", key, ADDRESS_WINDOW, now())?;
    if let Some(network) = &origin.network {
        session.count_down("guess-network", network, NETWORK_WINDOW, now())?;
    }
    Ok(())
}

/// A session that was opened.
pub struct Opened {
    /// The token, which nothing else has.
    pub token: String,
    /// As [`Person::expires`].
    pub expires: i64,
    /// As [`Person::address`].
    pub address: String,
    /// As [`Person::is_admin`].
    pub admin: bool,
}

/// Opens a session for somebody who has shown who that is.
pub fn open(
    session: &mut dyn Session,
    key: &str,
    address: &str,
    by_link: bool,
    origin: &Origin,
    how: &'static str,
) -> Result<Opened, Failed> {
    let (token, at) = (caller::random_hex::<32>()?, now());
    let login = LoginRow {
        key: key.to_owned(),
        address: address.to_owned(),
        by_link,
        opened: at,
        used: at,
        network: origin.network.clone().unwrap_or_default(),
        agent: origin.agent.clone(),
    };
    session.add_login(&login, &caller::hash(&token))?;
    let after = if by_link { "by link" } else { "by password" };
    let deed = Deed { action: "session.open", target: key, before: "", after };
    Actor { who: key.to_owned(), how }.did(session, None, deed)?;
    let admin = is_admin(&session.roles_of(key)?);
    Ok(Opened { token, expires: expires(at, at), address: address.to_owned(), admin })
}

/// Mails a link to log in to somebody who is known here and not locked. Whoever asked learns nothing of what becomes of it.
pub fn mail_link(
    session: &mut dyn Session,
    address: &Address,
    origin: &Origin,
    public_url: &str,
    actor: &Actor,
) -> Result<(), Failed> {
    let key = address.key();
    if !may_mail(session, &key, origin)? {
        tracing::info!("no further link to log in to {key} today");
        return Ok(());
    }
    let Some((list, address)) = correspondent(session, &key)? else { return Ok(()) };
    let token = caller::random_hex::<32>()?;
    let row = LinkRow { key: key.clone(), address: address.to_string(), expires: now() + LINK_MINUTES * 60 };
    session.add_link(&row, &caller::hash(&token))?;
    let link = format!("{}/login/{token}", public_url.trim_end_matches('/'));
    let to = Addressee::new(session, &list, &address)?;
    letters::send(session, &list, &to, None, |desk, to| desk.login(to, &link, LINK_MINUTES))?;
    Ok(actor.did(session, None, Deed { action: "session.link", target: &key, ..Deed::default() })?)
}

fn may_mail(session: &mut dyn Session, key: &str, origin: &Origin) -> Result<bool, Error> {
    let mut may = true;
    if let Some(network) = &origin.network {
        // The address comes last, where what is stored about somebody is looked for.
        let both = format!("{network} {key}");
        may = session.count_up("link-network", network, DAY, now())? <= FROM_NETWORK
            && session.count_up("link-asked", &both, DAY, now())? <= LINKS_ASKED_FROM_NETWORK;
    }
    // Only those that may go out count against the others.
    Ok(may && session.count_up("link", key, DAY, now())? <= LINKS)
}

/// A list in whose name somebody can be written to, and the address that is known here, which is not always written as in
/// the form of whoever asked. The site has no address of its own: a list of the person's speaks for it, or for those who
/// only have an account any list.
fn correspondent(session: &dyn Session, key: &str) -> Result<Option<(ListRow, Address)>, Error> {
    let account = session.account(key)?;
    if account.as_ref().is_some_and(|account| account.locked) {
        return Ok(None);
    }
    let (mut list, mut known) = (None, None);
    if let Some((row, member)) = session.memberships(key)?.into_iter().next() {
        (list, known) = (Some(row), Some(member.address));
    }
    for held in session.roles_of(key)? {
        if list.is_none() {
            list = session.list_by_key(held.list)?;
        }
        known = known.or(Some(held.address));
    }
    let known = account.map(|account| account.address).or(known);
    let Some(known) = known.and_then(|address| Address::parse_foreign(&address).ok()) else { return Ok(None) };
    if list.is_none() {
        list = session.lists(&PageQuery { limit: 1, ..PageQuery::default() })?.items.into_iter().next();
    }
    if list.is_none() {
        tracing::warn!("no link to log in is sent: there is no list in whose name to write");
    }
    Ok(list.map(|list| (list, known)))
}

#[cfg(test)]
mod tests {
    use mailjam_store::SITE;

    use super::*;

    #[test]
    fn a_session_is_over_when_nobody_uses_it_and_at_last_in_any_case() {
        assert_eq!(expires(0, 0), IDLE);
        assert_eq!(expires(0, 10 * DAY), 24 * DAY);
        assert_eq!(expires(0, 89 * DAY), LONGEST);
    }

    #[test]
    fn roles_permit_what_tokens_with_their_scopes_would() {
        let held = |list, list_id: &str, role| HeldRole {
            list,
            list_id: list_id.to_owned(),
            role,
            address: "ann@example.org".to_owned(),
        };
        let roles = [
            held(SITE, "", Role::Admin),
            held(1, "talk.example.org", Role::Owner),
            held(1, "talk.example.org", Role::Moderator),
        ];
        assert_eq!(scopes(&roles), ["admin", "owner:talk.example.org", "moderate:talk.example.org"]);
        assert!(scopes(&roles).iter().all(|scope| caller::is_scope(scope)));
        assert!(is_admin(&roles) && !is_admin(&roles[1..]));
    }
}
