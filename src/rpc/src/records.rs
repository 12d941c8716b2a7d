//! What methods take and give: one record a kind of thing, absent members unset.

use std::collections::BTreeMap;

use dxr::Value;

use crate::shape::{Form, Shape, Time, record};

record! {
    /// `server.info`.
    pub struct ServerInfo {
        /// Version of mailjamd.
        pub version: String,
        /// Version of this catalogue; grows when a method changes its meaning.
        pub api: i32,
        /// Version of the database schema.
        pub schema: i32,
        /// Seconds since the daemon was ready.
        pub uptime: i32,
        /// Process id of the daemon.
        pub pid: i32,
    }

    /// What a check of `server.doctor` found.
    pub struct Finding {
        /// What was looked at.
        pub check: String,
        /// `ok`, `warn`, `fail`, or `skipped`.
        pub status: String,
        /// What was seen.
        pub detail: String,
        /// What to do; empty if nothing is.
        pub fix: String,
    }

    /// `server.stats`: what is stored, and what happened since the daemon started.
    pub struct ServerStats {
        /// Lists stored.
        pub lists: i32,
        /// Memberships stored.
        pub members: i32,
        /// Items in the queue.
        pub queued: i32,
        /// Recipients waiting for another attempt.
        pub deferred: i32,
        /// When the oldest item in the queue came in.
        pub oldest: Option<Time>,
        /// Hand-overs answered by action, since the start.
        pub verdicts: BTreeMap<String, Value>,
        /// Recipients that the next hop took, since the start.
        pub delivered: i32,
        /// Recipients that it refused, or that were given up, since the start.
        pub refused: i32,
        /// Seconds since the daemon was ready.
        pub uptime: i32,
    }

    /// How a collection is asked for.
    pub struct Query {
        /// `next` of the page before; absent for the first page.
        pub cursor: Option<String>,
        /// Items a page, 1 to 10,000; 1,000 if absent.
        pub limit: Option<i32>,
        /// Only items whose address, name, list-id or subject contains this text, in any case.
        pub filter: Option<String>,
    }

    /// `member.list`.
    pub struct MemberQuery {
        /// `next` of the page before, with the same `sort`; absent for the first page.
        pub cursor: Option<String>,
        /// Items a page, 1 to 10,000; 1,000 if absent.
        pub limit: Option<i32>,
        /// Only members whose address or name contains this text, in any case.
        pub filter: Option<String>,
        /// `address` (if absent), `name` (those without one last), `since` (the oldest first) or `newest`.
        pub sort: Option<String>,
    }

    /// How lists are asked for.
    pub struct ListQuery {
        /// As in Query.
        pub cursor: Option<String>,
        /// As in Query.
        pub limit: Option<i32>,
        /// As in Query.
        pub filter: Option<String>,
        /// Only these settings of each list; all if absent.
        pub settings: Option<Vec<String>>,
    }

    /// `domain.get`.
    pub struct Domain {
        /// The domain, in lower case.
        pub name: String,
        /// For people.
        pub description: String,
        /// Lists in it.
        pub lists: i32,
        /// When it was created.
        pub created: Time,
    }

    /// What can be changed of a domain.
    pub struct DomainAttributes {
        /// For people.
        pub description: Option<String>,
    }

    /// `list.get`.
    pub struct List {
        /// Posting address.
        pub address: String,
        /// What stands in `List-Id` (RFC 2919).
        pub list_id: String,
        /// Whether posts are refused for now.
        pub closed: bool,
        /// Grows with every change of the list; for `if_revision`.
        pub revision: i32,
        /// Memberships.
        pub members: i32,
        /// When it was created.
        pub created: Time,
        /// Every setting that was asked for with its value, defaults included; `list.settings.schema` explains them.
        pub settings: BTreeMap<String, Value>,
    }

    /// One setting, as `list.settings.schema` tells it.
    pub struct SettingSchema {
        /// Its key.
        pub key: String,
        /// `string`, `int`, or the permitted words joined with `|`; `ADDRESS` among them stands for any address.
        pub r#type: String,
        /// The default, as text.
        pub default: String,
        /// One sentence.
        pub help: String,
    }

    /// Options of `list.update`.
    pub struct UpdateOptions {
        /// Refuse unless the list has this revision.
        pub if_revision: Option<i32>,
        /// Say what would change, change nothing.
        pub dry_run: Option<bool>,
    }

    /// One change that was made, from what to what.
    pub struct Change {
        /// The setting's key.
        pub key: String,
        /// Before.
        pub from: String,
        /// After.
        pub to: String,
    }

    /// `member.get`.
    pub struct Member {
        /// Address, as it was given.
        pub address: String,
        /// Name for people, empty if unknown.
        pub name: String,
        /// `post`: every post; `digest`: digests of whole messages; `plain-digest`: digests in plain text; `nomail`: nothing.
        pub mode: String,
        /// Member since.
        pub since: Time,
        /// Language of what the list writes to the member (RFC 5646); absent for the list's.
        pub language: Option<String>,
        /// Until when the member gets no mail; absent if not away.
        pub away_until: Option<Time>,
        /// Whether the member gets copies of own posts.
        pub own_posts: bool,
        /// What becomes of the member's posts, whatever the list's policy: `default` (as the policy says), `accept`, `hold`,
        /// `refuse` or `discard`.
        pub posting: String,
        /// Posts that moderators approved.
        pub approved: i32,
        /// Since when mail to the member is stopped, because it came back or the member complained; absent if it is not.
        pub disabled: Option<Time>,
    }

    /// A membership as `member.find` answers it.
    pub struct Membership {
        /// The list's posting address.
        pub list: String,
        /// Address, as it was given.
        pub address: String,
        /// Name for people.
        pub name: String,
        /// `post`, `digest`, `plain-digest` or `nomail`, as in `Member`.
        pub mode: String,
        /// Member since.
        pub since: Time,
    }

    /// What can be said of a member when adding or changing.
    pub struct MemberAttributes {
        /// Name for people.
        pub name: Option<String>,
        /// `post`, `digest`, `plain-digest` or `nomail`, as in `Member`.
        pub mode: Option<String>,
        /// Language, as in `Member`; empty for the list's.
        pub language: Option<String>,
        /// Whether copies of own posts are wanted.
        pub own_posts: Option<bool>,
        /// What becomes of posts, as in `Member`.
        pub posting: Option<String>,
        /// `member.add` only: whether the new member is sent a welcome; false if absent.
        pub welcome: Option<bool>,
    }

    /// Options of `member.remove`.
    pub struct RemoveOptions {
        /// Whether the person is told; false if absent.
        pub notify: Option<bool>,
        /// Why, for that mail and for the audit.
        pub reason: Option<String>,
    }

    /// One line of an import.
    pub struct ImportItem {
        /// Address.
        pub address: String,
        /// Name for people.
        pub name: Option<String>,
        /// `post`, `digest`, `plain-digest` or `nomail`, as in `Member`.
        pub mode: Option<String>,
    }

    /// Options of `member.import` and `member.sync`.
    pub struct ImportOptions {
        /// Count, but change nothing.
        pub dry_run: Option<bool>,
    }

    /// `member.import`.
    pub struct Imported {
        /// Members that are new.
        pub added: i32,
        /// Addresses that were members already.
        pub already: i32,
        /// Addresses that cannot be members.
        pub refused: Vec<Refused>,
    }

    /// An address that an import did not take.
    pub struct Refused {
        /// As it was given.
        pub address: String,
        /// Fault code that `member.add` would answer.
        pub code: i32,
        /// Why, for people.
        pub reason: String,
    }

    /// `member.sync`.
    pub struct Synced {
        /// Addresses that became members.
        pub added: Vec<String>,
        /// Addresses that are members no more.
        pub removed: Vec<String>,
        /// Members in both.
        pub kept: i32,
        /// Addresses that cannot be members; with any of these nothing was changed.
        pub refused: Vec<Refused>,
    }

    /// Somebody with a role.
    pub struct Role {
        /// Address.
        pub address: String,
        /// `owner` or `moderator` of a list, or `admin` of the site.
        pub role: String,
    }

    /// `mta.submit`.
    pub struct Submission {
        /// Envelope sender; empty for the null return path.
        pub sender: String,
        /// Envelope recipient: a list's address or one with an extension.
        pub recipient: String,
        /// The message, byte for byte.
        pub message: Vec<u8>,
        /// The MTA's queue id, for the log.
        pub queue_id: Option<String>,
    }

    /// `mta.check`.
    pub struct CheckRequest {
        /// Envelope sender; empty for the null return path.
        pub sender: String,
        /// Envelope recipient.
        pub recipient: String,
        /// Octets, if the client said how many.
        pub size: Option<i32>,
    }

    /// What the MTA is to do.
    pub struct Verdict {
        /// `accept`, `hold`, `discard`, `no-list`, `closed`, `refuse`, `bad-message` or `too-large`; mailjam-mta also
        /// understands `need-smtputf8` and `retry`, which are not answered yet.
        pub action: String,
        /// Exit status of mailjam-mta (sysexits.h).
        pub code: i32,
        /// Enhanced status code (RFC 3463).
        pub dsn: String,
        /// One line for the MTA's log or bounce.
        pub text: String,
        /// Id of what was stored.
        pub post_id: Option<String>,
        /// Whether the same hand-over was accepted before.
        pub duplicate: Option<bool>,
    }

    /// `mta.resolve`.
    pub struct Resolved {
        /// `post`, `owner`, `bounces`, `request`, `subscribe`, `unsubscribe`, `confirm`, `help` or `none`. Other words for
        /// the same, such as `join`, are answered as these.
        pub kind: String,
        /// The list's posting address.
        pub list: Option<String>,
        /// What followed the extension, such as `user=example.com` in `talk-bounces+user=example.com`; absent if nothing did.
        pub extension: Option<String>,
    }

    /// `message.explain`.
    pub struct ExplainRequest {
        /// The list's address; with an extension it is explained as mail to that.
        pub list: String,
        /// Envelope sender; empty for the null return path.
        pub sender: String,
        /// The message, byte for byte.
        pub message: Vec<u8>,
    }

    /// One rule that was asked.
    pub struct Rule {
        /// Its name.
        pub rule: String,
        /// `pass` or the action that it decided.
        pub result: String,
        /// What it saw, in words.
        pub detail: String,
    }

    /// What would happen to a message.
    pub struct Explanation {
        /// Every rule up to the one that decided.
        pub rules: Vec<Rule>,
        /// What the MTA would be told.
        pub verdict: Verdict,
        /// What the list's copy has different, in words.
        pub changes: Vec<String>,
        /// Return path of the copies; absent when nothing would be sent.
        pub return_path: Option<String>,
        /// How many would get it.
        pub recipient_count: i32,
        /// The first of them, 1,000 at most.
        pub recipients: Vec<String>,
        /// The copy; absent when nothing would be sent. Signatures are left out, and a link to leave is nobody's.
        pub output: Option<Vec<u8>>,
    }

    /// Options of `subscription.request`.
    pub struct SubscriptionOptions {
        /// Name for people.
        pub name: Option<String>,
        /// `post`, `digest`, `plain-digest` or `nomail`, as in `Member`.
        pub mode: Option<String>,
        /// Language, as in `Member`.
        pub language: Option<String>,
        /// Where the request came from, an IP address; so many requests a day are taken from one network.
        pub source_ip: Option<String>,
    }

    /// What a token did: `subscription.confirm` and `subscription.unsubscribe`.
    pub struct Confirmed {
        /// `subscribe`, `unsubscribe`, `set`, `mute`, `approve`, `reject`, `discard`, `trust` or `cancel`.
        pub act: String,
        /// The list's posting address.
        pub list: String,
        /// Whom it is about.
        pub address: String,
        /// `done`, `waiting` (for a moderator's approval), or `already` where nothing was left to do.
        pub result: String,
    }

    /// Somebody who asked to become a member.
    pub struct Pending {
        /// For `subscription.approve`.
        pub id: String,
        /// The list's posting address.
        pub list: String,
        /// Address, as it was given.
        pub address: String,
        /// Name for people.
        pub name: String,
        /// `post`, `digest`, `plain-digest` or `nomail`, as in `Member`.
        pub mode: String,
        /// `confirmation` (of the person) or `approval` (of a moderator).
        pub waits_for: String,
        /// When the request came in.
        pub asked: Time,
    }

    /// A post that waits for a moderator.
    pub struct Held {
        /// For `moderation.approve`; also its id in the queue.
        pub id: String,
        /// The list's posting address.
        pub list: String,
        /// Who posted, as the message says.
        pub sender: String,
        /// Subject, decoded.
        pub subject: String,
        /// Message-ID of the message, empty if it had none.
        pub message_id: String,
        /// Octets.
        pub size: i32,
        /// The rule that held it, such as `moderated` or `sender-auth`.
        pub rule: String,
        /// What the rule saw, in words.
        pub reason: String,
        /// When it came in.
        pub received: Time,
        /// When it is dropped if nobody decides.
        pub expires: Time,
    }

    /// `moderation.get`.
    pub struct HeldDetail {
        /// The item.
        pub item: Held,
        /// The message, byte for byte.
        pub raw: Vec<u8>,
    }

    /// Options of `moderation.approve`.
    pub struct ApproveOptions {
        /// Whether the poster's further posts need no approval; of a stranger, who becomes no member by this, only this post.
        pub trust: Option<bool>,
    }

    /// Options of `moderation.discard`.
    pub struct DiscardOptions {
        /// Whether the poster is banned from the list.
        pub ban: Option<bool>,
    }

    /// What became of one item of `moderation.bulk`.
    pub struct BulkResult {
        /// The item.
        pub id: String,
        /// `done`, or the name of the fault that a single call would have been answered with.
        pub result: String,
        /// Why, for people; empty if done.
        pub text: String,
    }

    /// An address, a domain or a pattern that may neither post nor subscribe.
    pub struct Ban {
        /// For `ban.remove`.
        pub id: String,
        /// The list's posting address; empty for the site.
        pub scope: String,
        /// `ann@example.org`, `example.org` with all below it, or a pattern with `*` and `?`.
        pub pattern: String,
        /// Why, for people.
        pub reason: String,
        /// Until when; absent for ever.
        pub until: Option<Time>,
        /// When it was added.
        pub created: Time,
        /// Who added it.
        pub by: String,
    }

    /// Options of `ban.add`.
    pub struct BanOptions {
        /// Until when; absent for ever.
        pub until: Option<Time>,
        /// Why, for people.
        pub reason: Option<String>,
    }

    /// A text that a list sends, in one language.
    pub struct Template {
        /// Its name, such as `welcome`.
        pub name: String,
        /// Language (RFC 5646).
        pub language: String,
        /// Where it was written: `list`, `domain`, `site`, or `mailjam` for the text that comes with it.
        pub origin: String,
        /// What it is sent for.
        pub help: String,
    }

    /// `template.get`.
    pub struct TemplateText {
        /// Its name.
        pub name: String,
        /// Language in which it was found.
        pub language: String,
        /// Where it was written, as in `Template`.
        pub origin: String,
        /// The text: a line `Subject: …`, an empty line, the body.
        pub text: String,
        /// What may stand in `{{ }}`.
        pub variables: Vec<String>,
    }

    /// `template.render`: how a template comes out with made-up values.
    pub struct Rendered {
        /// Subject.
        pub subject: String,
        /// Body.
        pub body: String,
    }

    /// One entry of the audit.
    pub struct AuditEntry {
        /// Its number.
        pub id: String,
        /// When.
        pub at: Time,
        /// What was done, such as `member.add` or `moderation.approve`.
        pub action: String,
        /// Whether the rest was erased; then it is empty.
        pub erased: bool,
        /// Who did it: an address, a token, or a user of this host.
        pub who: String,
        /// How: the socket, `mail` or `mailjam`.
        pub how: String,
        /// The list's posting address then; empty for the site.
        pub list: String,
        /// Whom or what it was done to.
        pub target: String,
        /// Before, as text; empty where there was nothing.
        pub before: String,
        /// After, as text; empty where there is nothing.
        pub after: String,
    }

    /// Which entries `audit.list` shows.
    pub struct AuditQuery {
        /// `next` of the page before.
        pub cursor: Option<String>,
        /// Entries a page, 1 to 10,000; 100 if absent.
        pub limit: Option<i32>,
        /// Only about this list.
        pub list: Option<String>,
        /// Only those in which this address did something or had something done to it.
        pub address: Option<String>,
    }

    /// `audit.verify`.
    pub struct Verified {
        /// Whether every entry is as it was written, and none is missing between them.
        pub ok: bool,
        /// Entries looked at.
        pub entries: i32,
        /// Of these, those whose contents were erased.
        pub erased: i32,
        /// The first one that is not as it was written; absent if all are.
        pub first_bad: Option<String>,
    }

    /// Options of `privacy.erase`.
    pub struct EraseOptions {
        /// Count, but change nothing.
        pub dry_run: Option<bool>,
    }

    /// `privacy.erase`.
    pub struct Erased {
        /// Memberships that ended.
        pub memberships: i32,
        /// Roles that were taken.
        pub roles: i32,
        /// Requests, held posts and stored posts of the person that were removed.
        pub posts: i32,
        /// Entries of the audit whose contents were erased.
        pub audit_entries: i32,
        /// Anything else: mutes, counters, bans and results of deliveries.
        pub other: i32,
    }

    /// `privacy.retention`: days for which a list keeps things.
    pub struct Retention {
        /// Posts that everybody has.
        pub posts: i32,
        /// Posts that wait for a moderator.
        pub held: i32,
        /// Requests that nobody confirmed.
        pub requests: i32,
        /// What was decided about held posts, and by whom.
        pub decisions: i32,
        /// Keys of hand-overs.
        pub handovers: i32,
    }

    /// Mail that came back.
    pub struct Bounce {
        /// Number for `bounce.get`.
        pub id: String,
        /// The list's posting address.
        pub list: String,
        /// The address as the report names it.
        pub address: String,
        /// The member that it is about; absent if that is none.
        pub member: Option<String>,
        /// When it was taken in.
        pub at: Time,
        /// What followed: `unproven` (nothing proves that the list sent what came back), `stranger` (about nobody who is a
        /// member), `counted` (written down), `scored`, `blamed` (the post is to blame), `probe` or `complaint`.
        pub outcome: String,
        /// What was wrong: `dead`, `full`, `policy`, `spam`, `authentication`, `rate`, `content`, `network`, `other`.
        pub class: String,
        /// Whether the other side will not take it later either.
        pub hard: bool,
        /// Enhanced status code (RFC 3463).
        pub status: Option<String>,
        /// What the other side said.
        pub diagnostic: String,
        /// What it added to the member's score.
        pub points: f64,
        /// Number of the post that came back.
        pub post: Option<String>,
        /// Number of the stored report; absent for what the next hop refused.
        pub report: Option<String>,
    }

    /// `bounce.get`.
    pub struct BounceDetail {
        /// What is known of it.
        pub item: Bounce,
        /// The report, while it is kept.
        pub raw: Option<Vec<u8>>,
    }

    /// A member whose mail came back.
    pub struct Bouncing {
        /// The member's address in the form for comparison.
        pub member: String,
        /// The score, as it was at `scored`.
        pub score: f64,
        /// When a bounce was last added to it.
        pub scored: Option<Time>,
        /// `fine`, `probed` (a probe is under way) or `disabled` (mail is stopped).
        pub stage: String,
        /// Why mail is stopped: `bounces` or `complaint`.
        pub reason: Option<String>,
        /// Since when the member is at this stage.
        pub since: Option<Time>,
        /// How often the member was told.
        pub warnings: i32,
        /// When something is done next.
        pub next: Option<Time>,
    }

    /// `bounce.member`.
    pub struct BouncingMember {
        /// Where the member is.
        pub state: Bouncing,
        /// The last bounces, the newest first.
        pub bounces: Vec<Bounce>,
    }

    /// One recipient that a delivery report names.
    pub struct Classified {
        /// The address, empty if none is named.
        pub address: String,
        /// As in `Bounce`.
        pub class: String,
        /// Enhanced status code (RFC 3463).
        pub status: Option<String>,
        /// Whether the other side will not take it later either, whatever the class.
        pub hard: bool,
        /// What the other side said.
        pub diagnostic: String,
    }

    /// `digest.status`.
    pub struct DigestStatus {
        /// Volume of the last digest, a year; 0 if there was none.
        pub volume: i32,
        /// Number of the last digest in its volume.
        pub issue: i32,
        /// When it was made.
        pub sent: Option<Time>,
        /// Posts that wait for the next one.
        pub posts: i32,
        /// Octets of these.
        pub octets: i32,
        /// When the oldest of these came in.
        pub oldest: Option<Time>,
        /// When the next digest goes out at the latest.
        pub next: Option<Time>,
        /// Members who get digests of whole messages.
        pub mime: i32,
        /// Members who get digests in plain text.
        pub plain: i32,
    }

    /// `digest.preview`.
    pub struct DigestPreview {
        /// Posts in it.
        pub posts: i32,
        /// The digest of whole messages; empty if nothing waits.
        pub message: Vec<u8>,
    }

    /// What a new key is to be.
    pub struct DkimOptions {
        /// Its name in the DNS; one that says when it was made if absent.
        pub selector: Option<String>,
        /// `rsa` (2048 bits; if absent) or `ed25519`.
        pub algorithm: Option<String>,
    }

    /// A key that lists sign with.
    pub struct DkimRecord {
        /// The domain that signs: for its lists, and for those of domains below it that have no key.
        pub domain: String,
        /// The name of the key.
        pub selector: String,
        /// `rsa` or `ed25519`.
        pub algorithm: String,
        /// Whether it is used.
        pub active: bool,
        /// Whether it stands in the configuration file; otherwise the daemon keeps it.
        pub configured: bool,
        /// Name of its DNS record.
        pub name: String,
        /// Value of that record, a TXT, in strings of at most 255 octets.
        pub strings: Vec<String>,
        /// The record as a zone file has it.
        pub line: String,
    }

    /// A post that a change of settings would have treated differently.
    pub struct Preview {
        /// The item.
        pub id: String,
        /// Envelope sender.
        pub sender: String,
        /// Message-ID of the message, empty if it had none.
        pub message_id: String,
        /// When it came in.
        pub received: Time,
        /// The action with the settings of now.
        pub from: String,
        /// The action with the changed ones.
        pub to: String,
        /// The rule that would decide.
        pub rule: String,
        /// What it would see, in words.
        pub reason: String,
    }

    /// `list.preview`.
    pub struct Previewed {
        /// Posts that were looked at.
        pub looked_at: i32,
        /// Of these, those that would go another way.
        pub differences: Vec<Preview>,
    }

    /// `list.stats`: what happened on a list in a number of days.
    pub struct ListStats {
        /// Days.
        pub days: i32,
        /// Members now.
        pub members: i32,
        /// Of these, those who get every post.
        pub post: i32,
        /// Of these, those who want digests.
        pub digest: i32,
        /// Of these, those who get no mail.
        pub nomail: i32,
        /// Of these, those who are away until a date.
        pub away: i32,
        /// Members who joined.
        pub joined: i32,
        /// Members who left or were removed, as far as the audit knows.
        pub left: i32,
        /// Posts that went to members.
        pub posts: i32,
        /// Octets of these, in decimal: there may be more than an `int` holds.
        pub octets: String,
        /// How many different envelope senders these have.
        pub posters: i32,
        /// Copies that the next hop took.
        pub delivered: i32,
        /// Copies that it refused.
        pub refused: i32,
        /// Posts that wait for a moderator now.
        pub held: i32,
        /// Requests that wait for a moderator now.
        pub pending: i32,
        /// Posts a day, the oldest day first, today last.
        pub daily: Vec<i32>,
        /// Mail that came back or was refused, a day, in the same order.
        pub bounces: Vec<i32>,
    }

    /// `list.posts`: a post that went to the members.
    pub struct Post {
        /// Its id in the queue.
        pub id: String,
        /// Who wrote it: the name in `From`, or the address there.
        pub author: String,
        /// Subject, decoded.
        pub subject: String,
        /// Message-ID of the message, empty if it had none.
        pub message_id: String,
        /// When it came in.
        pub received: Time,
        /// Octets.
        pub size: i32,
        /// Recipients that the next hop took.
        pub delivered: i32,
        /// Recipients that were refused for good.
        pub refused: i32,
    }

    /// `me.threads`: what was written about one subject.
    pub struct MyThread {
        /// Message-ID of its first message, for `me.mute`.
        pub thread: String,
        /// Subject of the newest post.
        pub subject: String,
        /// Who wrote that one.
        pub author: String,
        /// When it came in.
        pub latest: Time,
        /// Posts among those looked at.
        pub posts: i32,
        /// Whether the person gets no more of it.
        pub muted: bool,
    }

    /// One item of the queue.
    pub struct QueueItem {
        /// Its id.
        pub id: String,
        /// The list's posting address.
        pub list: String,
        /// `post`, `owner`, `command`, `bounce`, `digest`, `plain-digest`, or `notice` for what else the list itself writes.
        pub kind: String,
        /// Message-ID of the message, empty if it had none.
        pub message_id: String,
        /// Envelope sender; empty for the null return path.
        pub sender: String,
        /// Octets.
        pub size: i32,
        /// When it came in.
        pub received: Time,
        /// `sending`, `waiting` (for deferred recipients), `done`, `quarantined`, or `held` for a moderator.
        pub state: String,
        /// Recipients that the next hop took.
        pub delivered: i32,
        /// Recipients that wait for another attempt.
        pub deferred: i32,
        /// Recipients that were refused for good.
        pub refused: i32,
        /// When the next attempt is due; absent if none is.
        pub next_attempt: Option<Time>,
        /// What the next hop said last, or why the item is quarantined.
        pub last_error: Option<String>,
    }

    /// Which items `queue.list` shows.
    pub struct QueueQuery {
        /// `next` of the page before.
        pub cursor: Option<String>,
        /// Items a page, 1 to 10,000; 100 if absent.
        pub limit: Option<i32>,
        /// Only this list's.
        pub list: Option<String>,
        /// Only items in this state; without it all but `done`.
        pub state: Option<String>,
    }

    /// `queue.get`.
    pub struct QueueDetail {
        /// The item.
        pub item: QueueItem,
        /// Recipients that were deferred or refused, 1,000 at most.
        pub recipients: Vec<QueueRecipient>,
    }

    /// A recipient that did not get its copy at once.
    pub struct QueueRecipient {
        /// Address.
        pub address: String,
        /// `deferred` or `refused`.
        pub state: String,
        /// Attempts made.
        pub attempts: i32,
        /// When the next one is due; absent if refused.
        pub next_attempt: Option<Time>,
        /// The next hop's words.
        pub reply: String,
    }

    /// Which deferred recipients `queue.retry` brings forward: exactly one member is set.
    pub struct RetrySelection {
        /// Of this item, with those that were refused.
        pub id: Option<String>,
        /// Of this list.
        pub list: Option<String>,
        /// With addresses in this domain.
        pub domain: Option<String>,
    }

    /// `token.create`.
    pub struct TokenRequest {
        /// For people.
        pub label: String,
        /// `mta`, `read`, `metrics`, `moderate:LIST`, `owner:LIST`, `admin`.
        pub scopes: Vec<String>,
        /// When it stops working; absent for never.
        pub expires: Option<Time>,
    }

    /// `account.get`.
    pub struct Account {
        /// Address, as it was given.
        pub address: String,
        /// Whether the person has the role admin on the site.
        pub admin: bool,
        /// Whether there is a password; without one the person logs in by mailed links alone.
        pub has_password: bool,
        /// Whether the person is kept from logging in.
        pub locked: bool,
        /// When it was created.
        pub created: Time,
        /// When a session was opened last.
        pub last_login: Option<Time>,
    }

    /// What a new account begins with.
    pub struct NewAccount {
        /// 10 characters at least, 512 octets at most.
        pub password: Option<String>,
        /// Gives the role admin on the site.
        pub admin: Option<bool>,
    }

    /// What can be changed of an account.
    pub struct AccountChanges {
        /// As in `NewAccount`; empty for none.
        pub password: Option<String>,
        /// Gives or takes the role admin on the site.
        pub admin: Option<bool>,
        /// Keeps the person from logging in, in any way.
        pub locked: Option<bool>,
    }

    /// Where somebody who logs in comes from.
    pub struct LoginOptions {
        /// Address of the client, for limits.
        pub source_ip: Option<String>,
        /// What the browser calls itself, for the person to look at.
        pub user_agent: Option<String>,
    }

    /// A new session; the token is shown this once.
    pub struct OpenSession {
        /// For `Authorization: Bearer` at the web socket.
        pub token: String,
        /// When it is over unless it is used meanwhile: after 14 days, and at last 90 days after it was opened.
        pub expires: Time,
        /// Who logged in.
        pub address: String,
        /// Whether that is an admin of the site.
        pub admin: bool,
    }

    /// `session.get`.
    pub struct SessionDetail {
        /// Who is logged in.
        pub address: String,
        /// Whether that is an admin of the site.
        pub admin: bool,
        /// As in `OpenSession`.
        pub expires: Time,
        /// Roles on lists: of each list the higher one.
        pub roles: Vec<ListRole>,
        /// Posts that wait at the list that was named, if the person has a say there.
        pub held: Option<i32>,
    }

    /// A role on a list.
    pub struct ListRole {
        /// The list's posting address.
        pub list: String,
        /// The list's description.
        pub description: String,
        /// `owner` or `moderator`.
        pub role: String,
    }

    /// A membership of the person who is logged in.
    pub struct MyMembership {
        /// The list's posting address.
        pub list: String,
        /// The list's description.
        pub description: String,
        /// Address of the membership, as it was given.
        pub address: String,
        /// As in `Member`.
        pub mode: String,
        /// Whether the person gets copies of own posts.
        pub own_posts: bool,
        /// Until when the person gets no mail; absent if not away.
        pub away_until: Option<Time>,
        /// Language of what the list writes (RFC 5646).
        pub language: String,
        /// Since when mail is stopped, because it came back or the person complained; absent if it is not.
        pub disabled: Option<Time>,
        /// `owner` or `moderator`; absent for neither.
        pub role: Option<String>,
    }

    /// What somebody can change of the own membership.
    pub struct MyWishes {
        /// As in `Member`.
        pub mode: Option<String>,
        /// Whether to get copies of own posts.
        pub own_posts: Option<bool>,
        /// No mail until then; a time that has passed ends that.
        pub away_until: Option<Time>,
        /// Language of what the list writes (RFC 5646); empty for the list's.
        pub language: Option<String>,
        /// Name for people.
        pub name: Option<String>,
    }

    /// A new token; the secret is shown this once.
    pub struct TokenCreated {
        /// For `token.revoke`.
        pub id: String,
        /// For `Authorization: Bearer`.
        pub secret: String,
    }

    /// `token.list`.
    pub struct Token {
        /// For `token.revoke`.
        pub id: String,
        /// For people.
        pub label: String,
        /// As in `TokenRequest`.
        pub scopes: Vec<String>,
        /// When it was created.
        pub created: Time,
        /// When it stops working.
        pub expires: Option<Time>,
        /// Whether it was revoked.
        pub revoked: bool,
    }
}

/// One page of a collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// All that match, not only this page.
    pub total: i32,
    /// This page.
    pub items: Vec<T>,
    /// To be passed back as `cursor`; absent on the last page.
    pub next: Option<String>,
}

impl<T: Shape> Shape for Page<T> {
    const FORM: &'static Form = &Form::Page(T::FORM);

    fn from_value(value: Value) -> Result<Self, crate::Mismatch> {
        let mut members = BTreeMap::from_value(value)?;
        Ok(Page {
            total: crate::shape::take(&mut members, "total")?,
            items: crate::shape::take(&mut members, "items")?,
            next: crate::shape::take(&mut members, "next")?,
        })
    }

    fn to_value(self) -> Option<Value> {
        let mut members = BTreeMap::new();
        members.insert("total".to_owned(), Value::Integer(self.total));
        members.insert("items".to_owned(), self.items.to_value()?);
        if let Some(next) = self.next {
            members.insert("next".to_owned(), Value::String(next));
        }
        Some(Value::Struct(members))
    }
}
