//! What is stored, as rows.

use mailjam_core::decide::Posting;
use mailjam_core::list::List;
pub use mailjam_core::member::Mode;
use mailjam_core::message::Message;

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
    /// Language of what the list writes to the member; empty for the list's.
    pub language: String,
    /// Unix seconds until which the member gets nothing; 0 if not away.
    pub away_until: i64,
    /// Whether the member gets copies of own posts.
    pub own_posts: bool,
    /// Exception from the list's post policy.
    pub posting: Posting,
    /// Posts that moderators approved.
    pub approved: u32,
    /// Unix seconds since when mail to the member is stopped, because it came back or the member complained; 0 if it is not.
    /// [`Bounces::set_disabled`](crate::session::Bounces::set_disabled) changes it.
    pub disabled: i64,
}

impl MemberRow {
    /// A new member without wishes; `key` is the address in the form for comparison.
    #[must_use]
    pub fn new(key: String, address: String, since: i64) -> MemberRow {
        MemberRow {
            key,
            address,
            name: String::new(),
            mode: Mode::Post,
            since,
            language: String::new(),
            away_until: 0,
            own_posts: true,
            posting: Posting::Default,
            approved: 0,
            disabled: 0,
        }
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
    /// A command, answered by the list itself: for nobody.
    Command,
    /// A delivery report, for nobody.
    Bounce,
    /// What the list itself writes, for those who are named with it.
    Notice,
    /// Several posts, for members who want digests in MIME.
    Digest,
    /// The same for those who want them in plain text.
    PlainDigest,
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
            PostKind::Notice => "notice",
            PostKind::Digest => "digest",
            PostKind::PlainDigest => "plain-digest",
        }
    }

    /// The opposite of [`PostKind::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<PostKind> {
        [
            PostKind::Post,
            PostKind::Owner,
            PostKind::Command,
            PostKind::Bounce,
            PostKind::Notice,
            PostKind::Digest,
            PostKind::PlainDigest,
        ]
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
    /// It waits for a moderator.
    Held,
}

impl PostState {
    /// All, in the order of their numbers in the database.
    pub const ALL: [PostState; 5] =
        [PostState::Sending, PostState::Waiting, PostState::Done, PostState::Quarantined, PostState::Held];

    /// The word that is sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PostState::Sending => "sending",
            PostState::Waiting => "waiting",
            PostState::Done => "done",
            PostState::Quarantined => "quarantined",
            PostState::Held => "held",
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

/// Somebody who may log in with a password, or whom an administrator wanted to have an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Form for comparison.
    pub key: String,
    /// As it was given.
    pub address: String,
    /// The hash of the password as a PHC string; empty if there is none.
    pub password: String,
    /// Whether the person is kept from logging in.
    pub locked: bool,
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds; 0 for never.
    pub last_login: i64,
}

/// A session of somebody who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRow {
    /// Who, in the form for comparison.
    pub key: String,
    /// As the person writes it.
    pub address: String,
    /// Whether it was opened by a mailed link, not by a password.
    pub by_link: bool,
    /// Unix seconds.
    pub opened: i64,
    /// Unix seconds of the last use that was noted.
    pub used: i64,
    /// The network that the person came from; empty if unknown.
    pub network: String,
    /// What the browser calls itself; empty if unknown.
    pub agent: String,
}

/// A link that was mailed, by which somebody can log in once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Who, in the form for comparison.
    pub key: String,
    /// Where it was mailed to.
    pub address: String,
    /// Unix seconds at which it is over.
    pub expires: i64,
}

/// A role, seen from the person who has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    /// The list, or [`SITE`].
    pub list: ListKey,
    /// The list's list-id; empty for the site.
    pub list_id: String,
    /// The role.
    pub role: Role,
    /// The address, as it was given.
    pub address: String,
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

/// In which order members come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MemberOrder {
    /// By address, as they are stored.
    #[default]
    Address,
    /// By name, those without one last.
    Name,
    /// The oldest first.
    Since,
    /// The newest first.
    Newest,
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
    /// Only in this state; `None` for all but `Done` and `Held`.
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

/// Whom a message is for: asked once for each batch of recipients.
#[derive(Clone, Debug)]
pub struct Audience {
    /// The list.
    pub list: ListKey,
    /// What the message is.
    pub kind: PostKind,
    /// Unix seconds: who is away then gets nothing.
    pub now: i64,
    /// Keys of those who wrote it: members who want no own posts get none.
    pub authors: Vec<String>,
    /// Message-IDs of it and of what it answers, with angle brackets: members who muted one of these get nothing.
    pub thread: Vec<String>,
}

impl Audience {
    /// Everybody that a message of this kind may be for.
    #[must_use]
    pub const fn of(list: ListKey, kind: PostKind, now: i64) -> Audience {
        Audience { list, kind, now, authors: Vec::new(), thread: Vec::new() }
    }

    /// Spares those whose wishes keep this post from them: its authors, and who muted its thread.
    pub fn spare(&mut self, message: &Message<'_>) {
        self.authors = message.from().into_iter().filter_map(|author| Some(author.address?.key())).collect();
        self.thread = message.thread();
    }
}

/// What the list itself writes.
#[derive(Clone, Debug)]
pub struct NewNotice {
    /// The list in whose name it is written.
    pub list: ListKey,
    /// Message-ID.
    pub message_id: String,
    /// Unix seconds.
    pub at: i64,
    /// The message.
    pub bytes: Vec<u8>,
    /// Who gets it; at least one.
    pub recipients: Vec<Target>,
    /// Where reports about it go; empty for the null return path (RFC 5321 4.5.5).
    pub return_path: String,
}

/// A digest.
#[derive(Clone, Debug)]
pub struct NewDigest {
    /// The list.
    pub list: ListKey,
    /// [`PostKind::Digest`] or [`PostKind::PlainDigest`].
    pub kind: PostKind,
    /// Message-ID.
    pub message_id: String,
    /// Unix seconds.
    pub at: i64,
    /// The message.
    pub bytes: Vec<u8>,
}

/// Why a post waits for a moderator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The rule that held it.
    pub rule: String,
    /// What the rule saw.
    pub reason: String,
    /// Who posted, in the form for comparison; empty if nobody can be told.
    pub poster: String,
    /// Who posted, as the message says.
    pub address: String,
    /// Subject, decoded.
    pub subject: String,
    /// Whether the poster may be written to: the sender is not known to be somebody else.
    pub answerable: bool,
    /// Unix seconds at which it is dropped.
    pub expires: i64,
}

/// A post that waits, or waited, for a moderator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRow {
    /// The post.
    pub post: i64,
    /// Its list.
    pub list: ListKey,
    /// The list's posting address.
    pub list_address: String,
    /// Message-ID, empty if it has none.
    pub message_id: String,
    /// Octets.
    pub size: u64,
    /// Unix seconds.
    pub received: i64,
    /// Why it waits.
    pub hold: Hold,
    /// Unix seconds at which the moderators were told; 0 if they were not.
    pub told: i64,
    /// What was decided.
    pub decided: Option<Decided>,
}

/// What became of a held post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// `approve`, `trust`, `reject`, `discard`, `cancel`, `expire`, or `drop` where it was taken from the queue.
    pub action: String,
    /// Who decided; empty for nobody, and once that was erased.
    pub by: String,
    /// Unix seconds.
    pub at: i64,
}

/// Who or what may neither post nor subscribe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanRow {
    /// Key of the row; 0 of one that is to be added.
    pub id: i64,
    /// The list, or [`SITE`].
    pub list: ListKey,
    /// An address in the form for comparison, a domain in A-labels, or a pattern with `*` and `?`.
    pub pattern: String,
    /// For people.
    pub reason: String,
    /// Unix seconds; 0 for ever.
    pub until: i64,
    /// Unix seconds.
    pub created: i64,
    /// Who added it.
    pub by: String,
}

/// What a request to become a member waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// The person's confirmation.
    Confirmation,
    /// A moderator's approval.
    Approval,
}

impl WaitsFor {
    /// The word that is stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            WaitsFor::Confirmation => "confirmation",
            WaitsFor::Approval => "approval",
        }
    }

    /// The opposite of [`WaitsFor::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<WaitsFor> {
        [WaitsFor::Confirmation, WaitsFor::Approval].into_iter().find(|waits| waits.name() == name)
    }
}

/// Somebody who asked to become a member. There is one row at most for a list and an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Key of the row; 0 of one that is to be added.
    pub id: i64,
    /// The list.
    pub list: ListKey,
    /// Form for comparison.
    pub key: String,
    /// As it was given.
    pub address: String,
    /// For people, may be empty.
    pub name: String,
    /// What the member is to get.
    pub mode: Mode,
    /// As in [`MemberRow`].
    pub language: String,
    /// What it waits for.
    pub waits_for: WaitsFor,
    /// Unix seconds.
    pub asked: i64,
}

/// Where a template was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateScope {
    /// For all lists.
    Site,
    /// For the lists of a domain, in A-labels.
    Domain(String),
    /// For one list.
    List(ListKey),
}

/// A template that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRow {
    /// Its name.
    pub name: String,
    /// Language tag.
    pub language: String,
    /// The text.
    pub text: String,
}

/// A change or a decision, for the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAudit {
    /// Unix seconds.
    pub at: i64,
    /// What was done, such as `member.add`.
    pub action: String,
    /// The list, or [`SITE`].
    pub list: ListKey,
    /// What is said of it, and can be erased.
    pub payload: AuditPayload,
}

/// The part of an audit entry that names people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPayload {
    /// Who did it: an address in the form for comparison, a token, a user.
    pub who: String,
    /// How: the socket, `mail` or `mailjam`.
    pub how: String,
    /// The list's posting address then; empty for the site.
    pub list_address: String,
    /// Whom or what it was done to; an address in the form for comparison.
    pub target: String,
    /// Before, as text.
    pub before: String,
    /// After, as text.
    pub after: String,
}

/// An entry of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number; there are no gaps.
    pub id: i64,
    /// Unix seconds.
    pub at: i64,
    /// What was done.
    pub action: String,
    /// The list, or [`SITE`].
    pub list: ListKey,
    /// What is said of it; `None` once it was erased.
    pub payload: Option<AuditPayload>,
}

/// Which entries of the audit.
#[derive(Clone, Debug, Default)]
pub struct AuditQuery {
    /// Before this number, for the newest come first; 0 for the newest.
    pub before: i64,
    /// Rows at most.
    pub limit: u32,
    /// Only about this list.
    pub list: Option<ListKey>,
    /// Only those whose `who` or `target` is this.
    pub address: Option<String>,
}

/// What a look at the chain of the audit found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditCheck {
    /// Entries.
    pub entries: u64,
    /// Of these, those whose payload was erased.
    pub erased: u64,
    /// The first that is not as it was written.
    pub first_bad: Option<i64>,
}

/// What was erased of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasedCounts {
    /// Memberships.
    pub memberships: u64,
    /// Roles.
    pub roles: u64,
    /// Requests, held posts, and posts that are done.
    pub posts: u64,
    /// Payloads of the audit.
    pub audit: u64,
    /// The account, sessions, mutes, counters, counted bounces, results of deliveries, and decided posts that no longer say
    /// whose they were.
    pub other: u64,
}

/// A row about a person, as pairs of column and value.
pub type PersonRow = Vec<(String, String)>;

/// A post for a report: when it came in, octets, sender, delivered, refused.
pub type CountedPost = (i64, u64, String, u64, u64);

/// What is counted of a list for a report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListCounts {
    /// Members by mode: post, digest, nomail.
    pub modes: [u64; 3],
    /// Members who are away.
    pub away: u64,
    /// Members who joined since the beginning.
    pub joined: u64,
    /// Memberships that ended since, by the audit.
    pub left: u64,
    /// The posts of the list that went to members since.
    pub posts: Vec<CountedPost>,
    /// Posts that wait for a moderator.
    pub held: u64,
    /// Requests that wait for a moderator.
    pub pending: u64,
    /// When mail to members came back or was refused, since.
    pub bounces: Vec<i64>,
}

/// Where a member is whose mail comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Bounces are counted.
    #[default]
    Fine,
    /// There were too many, and a probe is under way.
    Probed,
    /// Mail is stopped.
    Disabled,
}

impl Stage {
    /// The word that is stored and sent.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Fine => "fine",
            Stage::Probed => "probed",
            Stage::Disabled => "disabled",
        }
    }

    /// The opposite of [`Stage::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Stage> {
        [Stage::Fine, Stage::Probed, Stage::Disabled].into_iter().find(|stage| stage.name() == name)
    }
}

/// A member whose mail came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BouncingRow {
    /// The member, in the form for comparison.
    pub key: String,
    /// The score as it was at [`BouncingRow::scored`], in hundredths.
    pub score: u32,
    /// Unix seconds of the bounce that was counted last; 0 if none was.
    pub scored: i64,
    /// Where the member is.
    pub stage: Stage,
    /// Why mail is stopped: `bounces` or `complaint`; empty if it is not.
    pub reason: String,
    /// Unix seconds since when the member is there.
    pub since: i64,
    /// How often the member was told that mail is stopped.
    pub warnings: u32,
    /// Unix seconds when something is to be done; 0 for nothing.
    pub due: i64,
}

/// Mail that came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BounceRow {
    /// Key of the row; 0 of one that is to be added.
    pub id: i64,
    /// The list.
    pub list: ListKey,
    /// The member in the form for comparison; empty if it is none.
    pub key: String,
    /// The address as the report names it.
    pub address: String,
    /// Unix seconds.
    pub at: i64,
    /// What followed.
    pub outcome: String,
    /// What was wrong.
    pub class: String,
    /// Whether it will not be tried again.
    pub hard: bool,
    /// Enhanced status code (RFC 3463); empty if unknown.
    pub status: String,
    /// What the other side said.
    pub diagnostic: String,
    /// What was added to the score, in hundredths.
    pub points: u32,
    /// The post that came back; 0 if unknown.
    pub post: i64,
    /// The stored report; 0 for what the next hop said itself.
    pub report: i64,
}

/// Where a list's digests have come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DigestRow {
    /// The list.
    pub list: ListKey,
    /// Volume of the last digest: a year.
    pub volume: u32,
    /// Issue of the last digest in its volume.
    pub issue: u32,
    /// The newest post that was looked at for it.
    pub last_post: i64,
    /// Unix seconds.
    pub sent: i64,
}
