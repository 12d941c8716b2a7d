//! The questions that can be asked of a storage, and the changes that can be made, by topic.

use mailjam_core::decide::Standing;
use mailjam_core::list::List;

use crate::error::Result;
use crate::model::*;

/// Everything that can be done inside one snapshot or transaction.
pub trait Session: Lists + Members + Roles + Queue + Tokens {}

impl<T: Lists + Members + Roles + Queue + Tokens> Session for T {}

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

    /// One member.
    fn member(&self, list: ListKey, key: &str) -> Result<Option<MemberRow>>;

    /// All memberships of an address.
    fn memberships(&self, key: &str) -> Result<Vec<(ListRow, MemberRow)>>;

    /// What the people behind these keys are to a list, taken together.
    fn standing(&self, list: ListKey, keys: &[String]) -> Result<Standing>;

    /// Adds members; answers for each, in order, whether it is new.
    fn add_members(&mut self, list: ListKey, members: &[MemberRow]) -> Result<Vec<bool>>;

    /// Changes name and mode of a member; `false` if there is none. Posts that wait for somebody who wants no mail any
    /// more let go of that one.
    fn update_member(&mut self, list: ListKey, member: &MemberRow, now: i64) -> Result<bool>;

    /// Removes members; answers how many there were. Posts that wait for them let go of them.
    fn remove_members(&mut self, list: ListKey, keys: &[String], now: i64) -> Result<u64>;
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

    /// Counts a delivery report about a recipient (`key` in the form for comparison; empty if it names none).
    fn count_bounce(&mut self, list: ListKey, key: &str, post: i64, now: i64) -> Result<()>;

    /// Posts, the oldest first.
    fn posts(&self, query: &PostQuery) -> Result<Page<PostRow>>;

    /// One post.
    fn post(&self, id: i64) -> Result<Option<PostRow>>;

    /// The bytes of a post, as received.
    fn message(&self, id: i64) -> Result<Option<Vec<u8>>>;

    /// Posts with something to do now, an expansion or a deferred recipient: first those that were never put off, the
    /// oldest first, then those that are due for longest.
    fn due(&self, now: i64, limit: u32) -> Result<Vec<i64>>;

    /// When something is due next, if anything is waiting.
    fn next_due(&self, now: i64) -> Result<Option<i64>>;

    /// The next recipients behind a key: members who want posts, or for a forwarded message the owners, or where a list
    /// has none the site's admins.
    fn targets(&self, list: ListKey, kind: PostKind, after: &str, limit: u32) -> Result<Vec<Target>>;

    /// How many [`Queue::targets`] there are.
    fn target_count(&self, list: ListKey, kind: PostKind) -> Result<u64>;

    /// Deferred and refused recipients of a post behind a key.
    fn troubled(&self, post: i64, after: &str, limit: u32) -> Result<Vec<Troubled>>;

    /// Deferred recipients of a post that are due, behind a key.
    fn due_recipients(&self, post: i64, now: i64, after: &str, limit: u32) -> Result<Vec<Troubled>>;

    /// Writes down what happened to recipients; a post with nothing left to do becomes done. Nothing happens if the post
    /// was dropped meanwhile. An empty progress sets right when the post is due next.
    fn record(&mut self, post: i64, progress: &Progress, now: i64) -> Result<()>;

    /// Puts a whole post off because the next hop could not be talked to; one that is done or quarantined stays so.
    fn postpone(&mut self, post: i64, attempts: u32, until: i64, error: &str) -> Result<()>;

    /// Takes a post out of circulation, until [`Queue::retry`] names it or [`Queue::drop_post`] removes it.
    fn quarantine(&mut self, post: i64, error: &str) -> Result<()>;

    /// Makes deferred recipients and postponed posts due; answers how many recipients.
    ///
    /// A post that is named also leaves quarantine, and gets back whom it was refused for, finished or not, as far as they
    /// still are [`Queue::targets`]: what the next hop refused may have been its own mistake.
    fn retry(&mut self, selection: &Selection) -> Result<u64>;

    /// Removes a post with its bytes; the hand-over stays known. `false` if there is none.
    fn drop_post(&mut self, id: i64) -> Result<bool>;

    /// Removes up to `limit` posts that were finished before `posts`, not many octets at once, and up to `limit` hand-overs
    /// from before `handovers`; answers how many in all. Only 0 means that there are no more.
    fn purge(&mut self, posts: i64, handovers: i64, limit: u32) -> Result<u64>;
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
