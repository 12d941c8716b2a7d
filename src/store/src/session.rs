//! The questions that can be asked of a storage, and the changes that can be made, by topic.

use mailjam_core::decide::Standing;
use mailjam_core::list::List;

use crate::error::Result;
use crate::model::*;

/// Everything that can be done inside one snapshot or transaction.
pub trait Session:
    Lists
    + Members
    + Roles
    + Queue
    + Bounces
    + Digests
    + Tokens
    + Accounts
    + Moderation
    + Bans
    + Requests
    + Templates
    + Audit
    + Privacy
    + Counters
{
}

impl<T> Session for T where
    T: Lists
        + Members
        + Roles
        + Queue
        + Bounces
        + Digests
        + Tokens
        + Accounts
        + Moderation
        + Bans
        + Requests
        + Templates
        + Audit
        + Privacy
        + Counters
{
}

/// Domains and lists.
pub trait Lists {
    /// What is stored, in numbers.
    fn counts(&self) -> Result<Counts>;

    /// Domains by name.
    fn domains(&self, query: &PageQuery) -> Result<Page<DomainRow>>;

    /// One domain.
    fn domain(&self, name: &str) -> Result<Option<DomainRow>>;

    /// Creates a domain; `false` if it exists.
    fn create_domain(&mut self, name: &str, description: &str, now: i64) -> Result<bool>;

    /// Changes a domain's description; `false` if there is none.
    fn describe_domain(&mut self, name: &str, description: &str) -> Result<bool>;

    /// Deletes a domain that has no lists; `false` if it has, or does not exist.
    fn delete_domain(&mut self, name: &str) -> Result<bool>;

    /// Lists by address.
    fn lists(&self, query: &PageQuery) -> Result<Page<ListRow>>;

    /// The list with this posting address (in the form for comparison) or this list-id.
    fn list(&self, name: &str) -> Result<Option<ListRow>>;

    /// The list with this key.
    fn list_by_key(&self, id: ListKey) -> Result<Option<ListRow>>;

    /// Creates a list in an existing domain; `None` if the address or the list-id is taken.
    fn create_list(&mut self, list: &List, now: i64) -> Result<Option<ListKey>>;

    /// Writes a changed list and counts its revision up; `false` if its new address is taken.
    fn update_list(&mut self, id: ListKey, list: &List) -> Result<bool>;

    /// Deletes a list with all that belongs to it.
    fn delete_list(&mut self, id: ListKey) -> Result<()>;
}

/// Memberships.
pub trait Members {
    /// Members by address.
    fn members(&self, list: ListKey, query: &PageQuery) -> Result<Page<MemberRow>>;

    /// The same in another order. All members of the list are looked at: no index costs an import more than this costs
    /// a person now and then.
    fn members_by(&self, list: ListKey, query: &PageQuery, order: MemberOrder) -> Result<Page<MemberRow>>;

    /// One member.
    fn member(&self, list: ListKey, key: &str) -> Result<Option<MemberRow>>;

    /// All memberships of an address.
    fn memberships(&self, key: &str) -> Result<Vec<(ListRow, MemberRow)>>;

    /// What the people behind these keys are to a list, taken together.
    fn standing(&self, list: ListKey, keys: &[String]) -> Result<Standing>;

    /// Adds members; answers for each, in order, whether it is new.
    fn add_members(&mut self, list: ListKey, members: &[MemberRow]) -> Result<Vec<bool>>;

    /// Changes all that a member chose or was given; `false` if there is none. Posts that wait for somebody who wants no mail any
    /// more let go of that one.
    fn update_member(&mut self, list: ListKey, member: &MemberRow, now: i64) -> Result<bool>;

    /// Removes members; answers how many there were. Posts that wait for them let go of them, and what they muted is
    /// forgotten.
    fn remove_members(&mut self, list: ListKey, keys: &[String], now: i64) -> Result<u64>;

    /// Writes a member's address in other letters; the key stays. `false` if there is none.
    fn respell(&mut self, list: ListKey, key: &str, address: &str) -> Result<bool>;

    /// Gives what one member muted, and the posts that wait for that one, to another member of the list.
    /// A post whose cursor has passed the other, and not the one, waits for the other as well.
    fn carry_over(&mut self, list: ListKey, from: &str, to: &MemberRow) -> Result<()>;

    /// Sends a member nothing more of a thread, or everything again; `thread` is a Message-ID with its angle brackets.
    fn mute(&mut self, list: ListKey, key: &str, thread: &str, muted: bool, now: i64) -> Result<()>;

    /// The Message-IDs by which a member muted threads.
    fn muted(&self, list: ListKey, key: &str) -> Result<Vec<String>>;

    /// What happened on a list since `since`.
    fn list_counts(&self, list: ListKey, since: i64, now: i64) -> Result<ListCounts>;
}

/// Roles on lists and on the site.
pub trait Roles {
    /// Who has a role on a list or the site.
    fn roles(&self, list: ListKey) -> Result<Vec<RoleRow>>;

    /// Gives a role; `false` if the person had it.
    fn grant(&mut self, list: ListKey, key: &str, address: &str, role: Role) -> Result<bool>;

    /// Takes a role; `false` if the person did not have it.
    fn revoke(&mut self, list: ListKey, key: &str, role: Role) -> Result<bool>;
}

/// What was handed over, and how far it has come.
pub trait Queue {
    /// The post that this hand-over became, if it was accepted before.
    fn handed_over(&self, key: &[u8; 32]) -> Result<Option<i64>>;

    /// Stores a message with its expansion; answers its id.
    fn add_post(&mut self, post: &NewPost) -> Result<i64>;

    /// Posts, the oldest first.
    fn posts(&self, query: &PostQuery) -> Result<Page<PostRow>>;

    /// One post.
    fn post(&self, id: i64) -> Result<Option<PostRow>>;

    /// When the newest post came in, in Unix seconds.
    fn newest_post(&self) -> Result<Option<i64>>;

    /// The bytes of a post, as received.
    fn message(&self, id: i64) -> Result<Option<Vec<u8>>>;

    /// Posts with something to do now, an expansion or a deferred recipient: first those that were never put off, the
    /// oldest first, then those that are due for longest.
    fn due(&self, now: i64, limit: u32) -> Result<Vec<i64>>;

    /// When something is due next, if anything is waiting.
    fn next_due(&self, now: i64) -> Result<Option<i64>>;

    /// Stores what the list itself writes, due at once for its recipients; answers its id.
    fn add_notice(&mut self, notice: &NewNotice) -> Result<i64>;

    /// The beginning of a post's message, at most this many octets; `None` if the post is gone.
    fn message_start(&self, post: i64, octets: usize) -> Result<Option<Vec<u8>>>;

    /// The last stored posts that go or went to the members of a list, the newest first: none that waits for a moderator or
    /// is quarantined.
    fn sent_posts(&self, list: ListKey, limit: u32) -> Result<Vec<PostRow>>;

    /// The last stored posts to the members of a list, held ones included, the newest first.
    fn latest_posts(&self, list: ListKey, limit: u32) -> Result<Vec<PostRow>>;

    /// The newest stored post of a list with this Message-ID.
    fn post_by_message_id(&self, list: ListKey, message_id: &str) -> Result<Option<i64>>;

    /// The next recipients behind a key: members who want posts, or for a forwarded message the owners, or where a list
    /// has none the site's admins.
    fn targets(&self, audience: &Audience, after: &str, limit: u32) -> Result<Vec<Target>>;

    /// How many [`Queue::targets`] there are.
    fn target_count(&self, audience: &Audience) -> Result<u64>;

    /// Deferred and refused recipients of a post behind a key.
    fn troubled(&self, post: i64, after: &str, limit: u32) -> Result<Vec<Troubled>>;

    /// Deferred recipients of a post that are due, behind a key.
    fn due_recipients(&self, post: i64, now: i64, after: &str, limit: u32) -> Result<Vec<Troubled>>;

    /// Writes down what happened to recipients; a post with nothing left to do becomes done. Nothing happens if the post
    /// was dropped meanwhile. An empty progress sets right when the post is due next.
    fn record(&mut self, post: i64, progress: &Progress, now: i64) -> Result<()>;

    /// Puts a whole post off because the next hop could not be talked to; one that is done, quarantined or held
    /// stays so.
    fn postpone(&mut self, post: i64, attempts: u32, until: i64, error: &str) -> Result<()>;

    /// Takes a post out of circulation, unless it is held, until [`Queue::retry`] names it or [`Queue::drop_post`] removes it.
    fn quarantine(&mut self, post: i64, error: &str) -> Result<()>;

    /// Makes deferred recipients and postponed posts due; answers how many recipients.
    ///
    /// A post that is named also leaves quarantine, and gets back whom it was refused for, finished or not, as far as they
    /// still are [`Queue::targets`], away or not: what the next hop refused may have been its own mistake. A notice gets back
    /// everybody.
    fn retry(&mut self, selection: &Selection) -> Result<u64>;

    /// Removes a post with its bytes; the hand-over stays known. `false` if there is none. One that waited for a moderator
    /// counts as decided, with the action `drop`, by nobody.
    fn drop_post(&mut self, id: i64, now: i64) -> Result<bool>;

    /// Removes up to `limit` posts that were finished before `posts`, or of a list that keeps them for another number of
    /// days, before that; not many octets at once; and up to `limit` hand-overs from before `handovers`; answers how many in
    /// all. Only 0 means that there are no more. A list that keeps posts longer than others must not keep those from going.
    fn purge(&mut self, posts: i64, now: i64, handovers: i64, limit: u32) -> Result<u64>;
}

/// Mail that came back, and members whose mail did.
pub trait Bounces {
    /// Writes down mail that came back; answers its id.
    fn add_bounce(&mut self, bounce: &BounceRow) -> Result<i64>;

    /// One of them.
    fn bounce(&self, id: i64) -> Result<Option<BounceRow>>;

    /// Those of a list, or of one member, the newest first; the filter looks at address, class and diagnostic.
    fn bounces(&self, list: ListKey, key: Option<&str>, query: &PageQuery) -> Result<Page<BounceRow>>;

    /// How often a post came back: for another reason than addresses, and for any. One report counts once, however many members
    /// it names.
    fn returns(&self, post: i64) -> Result<(u64, u64)>;

    /// For how many members a post came back.
    fn bounced_members(&self, post: i64) -> Result<u64>;

    /// What was said when mail to a member came back last; empty if it never did.
    fn last_words(&self, list: ListKey, key: &str) -> Result<String>;

    /// Takes back what the bounces of a post added to scores, and gives them the outcome `blamed`; answers whose they are and
    /// how much it was, in hundredths.
    fn blame(&mut self, post: i64) -> Result<Vec<(String, u32)>>;

    /// Whether a post was blamed.
    fn is_blamed(&self, post: i64) -> Result<bool>;

    /// What is known of a member whose mail came back.
    fn bouncing(&self, list: ListKey, key: &str) -> Result<Option<BouncingRow>>;

    /// Members of a list whose mail came back, by key.
    fn bouncing_members(&self, list: ListKey, query: &PageQuery) -> Result<Page<BouncingRow>>;

    /// Writes what is known of a member; `false` if there is no such member.
    fn put_bouncing(&mut self, list: ListKey, row: &BouncingRow) -> Result<bool>;

    /// Forgets what is known of a member; `false` if nothing was.
    fn remove_bouncing(&mut self, list: ListKey, key: &str) -> Result<bool>;

    /// Members about whom something is to be done.
    fn due_bouncing(&self, now: i64, limit: u32) -> Result<Vec<(ListKey, BouncingRow)>>;

    /// Stops mail to a member since `since`, or lets it go out again with 0. Posts that wait for one whose mail is stopped let go
    /// of that one.
    fn set_disabled(&mut self, list: ListKey, key: &str, since: i64, now: i64) -> Result<bool>;

    /// Forgets up to `limit` bounces from before, and scores of members whose mail has not come back for as many days as their
    /// list remembers; answers how many in all.
    fn forget_bounces(&mut self, before: i64, now: i64, limit: u32) -> Result<u64>;
}

/// What goes into digests.
pub trait Digests {
    /// Where a list's digests have come to; `None` if no member ever wanted any.
    fn digest(&self, list: ListKey) -> Result<Option<DigestRow>>;

    /// Writes where they have come to; posts up to there are not asked for again, nor are `posts`, of which some may have been
    /// held when posts behind them went out.
    fn put_digest(&mut self, digest: &DigestRow, posts: &[i64]) -> Result<()>;

    /// Posts that the next digest is to have, the oldest first, with the octets of each.
    fn undigested(&self, list: ListKey, limit: u32) -> Result<Vec<(i64, u64)>>;

    /// Where the digests of all lists have come to that ever had members who want them.
    fn digests(&self) -> Result<Vec<DigestRow>>;

    /// Stores a digest, due at once for those who want its kind; answers its id.
    fn add_digest(&mut self, digest: &NewDigest) -> Result<i64>;
}

/// Tokens for TCP.
pub trait Tokens {
    /// All tokens.
    fn tokens(&self) -> Result<Vec<TokenRow>>;

    /// The token with this hash.
    fn token(&self, hash: &[u8; 32]) -> Result<Option<TokenRow>>;

    /// Stores a token.
    fn add_token(&mut self, token: &TokenRow, hash: &[u8; 32]) -> Result<()>;

    /// Makes a token worthless; `false` if there is none.
    fn revoke_token(&mut self, id: &str) -> Result<bool>;
}

/// People who log in: accounts, sessions, links that were mailed.
pub trait Accounts {
    /// Accounts by address; the filter looks at that.
    fn accounts(&self, query: &PageQuery) -> Result<Page<AccountRow>>;

    /// The account of an address.
    fn account(&self, key: &str) -> Result<Option<AccountRow>>;

    /// Writes an account, in the place of one of the same address; that one's date of creation stays.
    fn put_account(&mut self, account: &AccountRow) -> Result<()>;

    /// Deletes an account and ends the sessions of its address; `false` if there is none. Roles stay.
    fn delete_account(&mut self, key: &str) -> Result<bool>;

    /// The session with this hash, over or not.
    fn login(&self, hash: &[u8; 32]) -> Result<Option<LoginRow>>;

    /// Opens a session; the account, if there is one, remembers when.
    fn add_login(&mut self, login: &LoginRow, hash: &[u8; 32]) -> Result<()>;

    /// Notes that a session was used.
    fn use_login(&mut self, hash: &[u8; 32], now: i64) -> Result<()>;

    /// Ends a session; `false` if there is none.
    fn close_login(&mut self, hash: &[u8; 32]) -> Result<bool>;

    /// Ends all sessions of an address, but this one, and makes its links worthless; answers how many sessions.
    fn close_logins(&mut self, key: &str, but: Option<&[u8; 32]>) -> Result<u64>;

    /// Forgets sessions that were opened or used last at these times or before, and links that are over; answers how many.
    fn forget_logins(&mut self, opened: i64, used: i64, now: i64) -> Result<u64>;

    /// Notes a link that is mailed.
    fn add_link(&mut self, link: &LinkRow, hash: &[u8; 32]) -> Result<()>;

    /// Takes the link with this hash, over or not, so that neither it nor another one of the same address works again.
    fn take_link(&mut self, hash: &[u8; 32]) -> Result<Option<LinkRow>>;

    /// All roles of an address: of a list the owner comes before the moderator.
    fn roles_of(&self, key: &str) -> Result<Vec<HeldRole>>;
}

/// Posts that wait for a moderator.
pub trait Moderation {
    /// Stores a post that waits; answers its id. It is a post in the queue in the state held.
    fn hold_post(&mut self, post: &NewPost, hold: &Hold) -> Result<i64>;

    /// One post that waits or waited.
    fn held(&self, post: i64) -> Result<Option<HeldRow>>;

    /// Posts that wait, oldest first; of all lists without one. The filter looks at address and subject.
    fn held_posts(&self, list: Option<ListKey>, query: &PageQuery) -> Result<Page<HeldRow>>;

    /// How many posts of a list wait.
    fn held_count(&self, list: ListKey) -> Result<u64>;

    /// Writes a decision down; `false` if there was one before. A post that goes on is sent from now on, another one is
    /// removed with its bytes; that it was handed over stays known.
    fn decide_held(&mut self, post: i64, decided: &Decided, goes_on: bool) -> Result<bool>;

    /// Lists with posts that moderators were not told of.
    fn lists_to_tell(&self) -> Result<Vec<ListKey>>;

    /// Undecided posts of a list that moderators were not told of, oldest first.
    fn untold(&self, list: ListKey, limit: u32) -> Result<Vec<HeldRow>>;

    /// When the moderators of a list were told last; 0 if never.
    fn last_told(&self, list: ListKey) -> Result<i64>;

    /// Notes that the moderators were told of these.
    fn told(&mut self, posts: &[i64], now: i64) -> Result<()>;

    /// Undecided posts whose time is over, and of which moderators were told at least a day ago: what nobody heard of waits.
    fn expired(&self, now: i64, limit: u32) -> Result<Vec<HeldRow>>;

    /// Forgets decisions from before; answers how many.
    fn forget_decisions(&mut self, before: i64) -> Result<u64>;
}

/// Bans.
pub trait Bans {
    /// Bans on a list or the site, by pattern.
    fn bans(&self, list: ListKey) -> Result<Vec<BanRow>>;

    /// One ban.
    fn ban(&self, id: i64) -> Result<Option<BanRow>>;

    /// Bans in force on the list and on the site that are one of `exact`, or patterns, which the caller has to match.
    fn bans_about(&self, list: ListKey, exact: &[String], now: i64) -> Result<Vec<BanRow>>;

    /// Adds a ban, or replaces one with the same pattern; answers its id.
    fn add_ban(&mut self, ban: &BanRow) -> Result<i64>;

    /// Lifts a ban; `false` if there is none.
    fn remove_ban(&mut self, id: i64) -> Result<bool>;
}

/// Those who asked to become members.
pub trait Requests {
    /// One request.
    fn request(&self, id: i64) -> Result<Option<RequestRow>>;

    /// The request of an address.
    fn request_of(&self, list: ListKey, key: &str) -> Result<Option<RequestRow>>;

    /// Requests on a list, oldest first; the filter looks at address and name.
    fn requests(&self, list: ListKey, query: &PageQuery) -> Result<Page<RequestRow>>;

    /// Writes a request, in the place of one of the same address; answers its id.
    fn put_request(&mut self, request: &RequestRow) -> Result<i64>;

    /// Removes a request; `false` if there is none.
    fn remove_request(&mut self, id: i64) -> Result<bool>;

    /// Forgets requests that nobody confirmed, from before; answers how many.
    fn forget_requests(&mut self, before: i64) -> Result<u64>;
}

/// Texts that people wrote in place of those that come with mailjam.
pub trait Templates {
    /// All of a scope.
    fn templates(&self, scope: &TemplateScope) -> Result<Vec<TemplateRow>>;

    /// One text.
    fn template(&self, scope: &TemplateScope, name: &str, language: &str) -> Result<Option<String>>;

    /// Writes a text.
    fn set_template(&mut self, scope: &TemplateScope, template: &TemplateRow, now: i64) -> Result<()>;

    /// Removes a text; `false` if there is none.
    fn reset_template(&mut self, scope: &TemplateScope, name: &str, language: &str) -> Result<bool>;
}

/// What was changed and decided. Each entry is chained to the one before by a digest over the digest of its payload, which is
/// salted and stored apart: erasing the payload leaves the chain whole and nothing to guess from.
pub trait Audit {
    /// Adds an entry.
    fn audit(&mut self, entry: &NewAudit) -> Result<()>;

    /// Entries, the newest first.
    fn audit_entries(&self, query: &AuditQuery) -> Result<Page<AuditRow>>;

    /// Looks at the whole chain.
    fn verify_audit(&self) -> Result<AuditCheck>;
}

/// Personal data.
pub trait Privacy {
    /// A secret of this database, 32 random bytes made when it is first opened by a version that has them: `token` signs
    /// tokens, `tombstone` salts the hashes of erased addresses.
    fn secret(&self, name: &str) -> Result<[u8; 32]>;

    /// Everything about an address that is in the database, by table.
    fn person(&self, key: &str) -> Result<Vec<(String, Vec<PersonRow>)>>;

    /// Erases what is stored about an address but its tombstone. Posts that are still under way stay until they are done, and
    /// bans of it stay in force.
    fn erase_person(&mut self, key: &str, now: i64) -> Result<ErasedCounts>;

    /// Whether the person had everything erased, by the salted hash of the address.
    fn is_suppressed(&self, hash: &[u8; 32]) -> Result<bool>;

    /// Notes that, or forgets it.
    fn suppress(&mut self, hash: &[u8; 32], suppressed: bool, now: i64) -> Result<()>;
}

/// Counters in fixed windows of time, for limits.
pub trait Counters {
    /// Counts one more; answers how many with it in the present window of `seconds`.
    fn count_up(&mut self, what: &str, key: &str, seconds: i64, now: i64) -> Result<u64>;

    /// Takes back one that was counted in the present window.
    fn count_down(&mut self, what: &str, key: &str, seconds: i64, now: i64) -> Result<()>;

    /// How many in the present window.
    fn counted(&self, what: &str, key: &str, seconds: i64, now: i64) -> Result<u64>;

    /// Forgets windows that ended before; answers how many.
    fn forget_counters(&mut self, before: i64) -> Result<u64>;
}
