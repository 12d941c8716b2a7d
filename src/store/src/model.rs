//! What is stored, as rows.

use mailjam_core::list::List;

/// Key of a list's row; [`SITE`] where the site is meant.
pub type ListKey = i64;

/// The site itself, where a role can be held as on a list.
pub const SITE: ListKey = 0;

/// A domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainRow {
    /// In lower case.
    pub name: String,
    /// For people.
    pub description: String,
    /// Lists in it.
    pub lists: u64,
    /// Unix seconds.
    pub created: i64,
}

/// A list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRow {
    /// Key of the row.
    pub id: ListKey,
    /// The list.
    pub list: List,
    /// Grows with every change.
    pub revision: i64,
    /// Memberships.
    pub members: u64,
    /// Unix seconds.
    pub created: i64,
}

/// A membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberRow {
    /// Form for comparison.
    pub key: String,
    /// As it was given.
    pub address: String,
    /// For people, may be empty.
    pub name: String,
    /// What the member gets.
    pub mode: Mode,
    /// Unix seconds.
    pub since: i64,
}

/// What a member gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Every post.
    #[default]
    Post,
    /// Nothing.
    NoMail,
}

impl Mode {
    /// The word that is stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Post => "post",
            Mode::NoMail => "nomail",
        }
    }

    /// The opposite of [`Mode::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Mode> {
        [Mode::Post, Mode::NoMail].into_iter().find(|mode| mode.name() == name)
    }
}

/// What somebody may do for a list or the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs a list.
    Owner,
    /// Decides about a list's posts.
    Moderator,
    /// Runs the site.
    Admin,
}

impl Role {
    /// The word that is stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Moderator => "moderator",
            Role::Admin => "admin",
        }
    }

    /// The opposite of [`Role::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Role> {
        [Role::Owner, Role::Moderator, Role::Admin].into_iter().find(|role| role.name() == name)
    }
}

/// Somebody with a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    /// Address, as it was given.
    pub address: String,
    /// The role.
    pub role: Role,
}

/// What was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostKind {
    /// For every member.
    Post,
    /// For the owners.
    Owner,
    /// A command, for the owners too.
    Command,
    /// A delivery report, for nobody.
    Bounce,
}

impl PostKind {
    /// The word that is stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PostKind::Post => "post",
            PostKind::Owner => "owner",
            PostKind::Command => "command",
            PostKind::Bounce => "bounce",
        }
    }

    /// The opposite of [`PostKind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<PostKind> {
        [PostKind::Post, PostKind::Owner, PostKind::Command, PostKind::Bounce]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// How far a post has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PostState {
    /// The cursor has not passed all recipients.
    Sending,
    /// Some recipients were deferred.
    Waiting,
    /// Nothing is left to do.
    Done,
    /// It made the code panic, and is kept for a person to look at.
    Quarantined,
}

impl PostState {
    /// All, in the order of their numbers in the database.
    pub const ALL: [PostState; 4] = [PostState::Sending, PostState::Waiting, PostState::Done, PostState::Quarantined];

    /// The word that is sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PostState::Sending => "sending",
            PostState::Waiting => "waiting",
            PostState::Done => "done",
            PostState::Quarantined => "quarantined",
        }
    }

    /// The opposite of [`PostState::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<PostState> {
        PostState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A message to be stored, with its expansion.
#[derive(Clone, Debug)]
pub struct NewPost {
    /// The list.
    pub list: ListKey,
    /// What it is.
    pub kind: PostKind,
    /// Envelope sender, empty for the null return path.
    pub sender: String,
    /// Message-ID, empty if it has none.
    pub message_id: String,
    /// Unix seconds.
    pub received: i64,
    /// Key of the hand-over.
    pub handover: [u8; 32],
    /// As received.
    pub bytes: Vec<u8>,
}

/// A stored message without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostRow {
    /// Key of the row.
    pub id: i64,
    /// Its list.
    pub list: ListKey,
    /// The list's posting address.
    pub list_address: String,
    /// What it is.
    pub kind: PostKind,
    /// Envelope sender, empty for the null return path.
    pub sender: String,
    /// Message-ID, empty if it has none.
    pub message_id: String,
    /// Octets.
    pub size: u64,
    /// Unix seconds.
    pub received: i64,
    /// How far it has come.
    pub state: PostState,
    /// Key of the last recipient that was passed.
    pub cursor: String,
    /// Recipients that the next hop took.
    pub delivered: u64,
    /// Recipients that were refused for good.
    pub refused: u64,
    /// Recipients that wait.
    pub deferred: u64,
    /// Attempts in a row that failed as a whole.
    pub attempts: u32,
    /// Unix seconds of the next attempt, of a waiting post that of its first recipient; 0 if it is due or there is none.
    pub next_attempt: i64,
    /// What went wrong last.
    pub last_error: String,
}

/// Somebody who is to get a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Form for comparison; the cursor moves over it.
    pub key: String,
    /// Where the copy goes.
    pub address: String,
}

/// A recipient that was deferred or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Troubled {
    /// Who.
    pub target: Target,
    /// Refused for good; otherwise deferred.
    pub refused: bool,
    /// Attempts so far.
    pub attempts: u32,
    /// Unix seconds of the first attempt.
    pub first: i64,
    /// Unix seconds of the next attempt; 0 if refused.
    pub next_attempt: i64,
    /// What the next hop said.
    pub reply: String,
}

/// What happened to some recipients of a post.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// New place of the cursor; `None` when only deferred recipients were tried again.
    pub cursor: Option<String>,
    /// Whether the cursor has passed everybody.
    pub expanded: bool,
    /// Recipients that the next hop took.
    pub delivered: u64,
    /// Of those, the ones that had been deferred before, by key.
    pub settled: Vec<String>,
    /// Recipients that it did not take.
    pub troubled: Vec<Troubled>,
}

/// A token for TCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Public part.
    pub id: String,
    /// For people.
    pub label: String,
    /// What it permits.
    pub scopes: Vec<String>,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds; 0 for never.
    pub expires: i64,
    /// Whether it was revoked.
    pub revoked: bool,
}

/// What `server.stats` counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lists.
    pub lists: u64,
    /// Memberships.
    pub members: u64,
    /// Posts that are being sent or wait.
    pub queued: u64,
    /// Recipients that wait.
    pub deferred: u64,
    /// Unix seconds when the oldest of [`Counts::queued`] came in.
    pub oldest: Option<i64>,
}

/// Which part of a collection.
#[derive(Clone, Debug, Default)]
pub struct PageQuery {
    /// Behind this key.
    pub after: String,
    /// Rows at most.
    pub limit: u32,
    /// Only rows that contain this.
    pub filter: Option<String>,
}

/// A part of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// All that match.
    pub total: u64,
    /// This part.
    pub items: Vec<T>,
    /// Key to go on behind; `None` on the last page.
    pub next: Option<String>,
}

/// Which posts.
#[derive(Clone, Debug, Default)]
pub struct PostQuery {
    /// Behind this id.
    pub after: i64,
    /// Rows at most.
    pub limit: u32,
    /// Only of this list.
    pub list: Option<ListKey>,
    /// Only in this state; `None` for all but `Done`.
    pub state: Option<PostState>,
}

/// Which deferred recipients.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Of a post, with those that were refused.
    Post(i64),
    /// Of a list.
    List(ListKey),
    /// With addresses in a domain, in its form for comparison.
    Domain(String),
}
