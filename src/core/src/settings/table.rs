//! The table of all settings: key, type, default and help.

use super::{SettingError, near};

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The key that administrators write.
    pub key: &'static str,
    /// `string`, `text` (which may have several lines), `octets`, `number`, or the permitted words joined with `|` (`ADDRESS` stands for any address).
    pub kind: &'static str,
    /// The default as text; empty for none.
    pub default: &'static str,
    /// One sentence.
    pub help: &'static str,
}

const fn row(key: &'static str, kind: &'static str, default: &'static str, help: &'static str) -> Definition {
    Definition { key, kind, default, help }
}

/// The table: who may post, what copies look like, who may become a member, what waits for moderators, what follows when
/// mail comes back, digests, what is kept.
#[rustfmt::skip]
pub const DEFINITIONS: &[Definition] = &[
    row("post_policy", "open|members|moderated|moderators|closed", "members",
        "Who may post: everybody; members; members, each post approved by a moderator; moderators and owners; or nobody."),
    row("nonmember", "refuse|hold|discard", "refuse",
        "What becomes of posts by those whom post_policy does not let post: refused with an explanation, held for a moderator, or dropped."),
    row("sender_auth", "off|hold-on-fail|require", "hold-on-fail",
        "What the mail server's Authentication-Results decide: nothing, that forged posts are held, or that only genuine ones are not; needs [authentication] authserv_id."),
    row("implicit_destination", "accept|hold|refuse", "accept",
        "What becomes of posts that name the list neither in To nor in Cc."),
    row("emergency", "no|yes", "no",
        "Hold every post for a moderator, whoever wrote it."),
    row("max_size", "octets", "10485760",
        "Largest message taken, in octets; K, M and G stand for KiB, MiB and GiB."),
    row("reject_types", "string", "",
        "Attachments for which a post is refused: media types such as application/zip or video/*, and file endings such as .exe, divided by commas."),
    row("strip_types", "string", "",
        "Attachments that are taken out of posts, in the same form; a word stands in their place. A post in which they are signed or encrypted is held."),
    row("poster_rate", "string", "",
        "Posts of one person that go out without a moderator, such as 10/hour or 50/day."),
    row("thread_rate", "string", "",
        "Posts in one thread that go out without a moderator, such as 20/hour."),
    row("trust_after", "number", "0",
        "Approved posts after which a member's posts need no approval any more; 0 for never."),
    row("subject_prefix", "string", "",
        "Text put before the subject of every copy, unless it is there already."),
    row("header", "text", "",
        "Text above every post; {{ list }}, {{ name }}, {{ description }}, {{ owner }}, {{ unsubscribe }} and {{ help }} stand for the list's own. Nothing is added to signed or encrypted posts."),
    row("footer", "text", "",
        "The same below every post."),
    row("reply_to", "author|list|ADDRESS", "author",
        "Where replies go: as the author wrote it, to the list, or to this address."),
    row("dmarc_rewrite", "auto|always|never", "auto",
        "Put the list into From, with the author's name: where the author's domain would have the copy refused (DMARC), in every post, or never."),
    row("verp", "auto|none|always", "auto",
        "Name the member in the return path of each copy: where the mail server does it by itself (XVERP), never, or always, one transaction a member if need be."),
    row("one_click", "yes|no", "yes",
        "Let members leave with one click in their mail program (RFC 8058), by a copy of their own for each; needs [web] public_url."),
    row("description", "string", "",
        "One line that says what the list is for; it becomes the phrase of List-Id."),
    row("language", "string", "en",
        "Language of what the list itself writes, such as en or de."),
    row("subscribe_policy", "open|confirm|confirm+approve|closed", "confirm",
        "Who may become a member: who confirms by mail (open: who is signed in need not), who confirms and is approved by a moderator, or nobody by asking."),
    row("welcome", "yes|no", "yes",
        "Write to those who became members, or left, by asking."),
    row("roster", "owners|members", "owners",
        "Who may ask by mail for the list of members."),
    row("held_notice", "string", "1h",
        "How often moderators are told of held posts at most, such as 30m, 1h or 1d; the first one in a while is told at once."),
    row("held_expire", "number", "14",
        "Days after which a held post that nobody decided about is dropped."),
    row("notify_poster", "yes|no", "yes",
        "Tell posters that their post is held, or was dropped because nobody decided."),
    row("bounce_threshold", "number", "5",
        "Score of bounces at which a member is sent a probe; when that comes back too, mail is stopped. A bounce counts 1, or 0.5 if it may pass, once a day at most; 0 for never."),
    row("bounce_forget", "number", "14",
        "Days after which bounces are forgotten if no other comes."),
    row("bounce_warnings", "number", "3",
        "How often a member whose mail is stopped is told before the membership ends, a week apart."),
    row("bounce_remove", "yes|no", "yes",
        "End the membership after the last warning; otherwise mail just stays stopped."),
    row("digest_period", "string", "1d",
        "How long posts wait for a digest at most, such as 6h, 1d or 7d."),
    row("digest_size", "octets", "65536",
        "Octets of posts at which a digest goes out at once; K and M stand for KiB and MiB."),
    row("retain_posts", "string", "",
        "Days for which a post that everybody has is kept; empty for what [storage] retain_posts says."),
];

/// The row with this key.
pub fn definition(key: &str) -> Result<&'static Definition, SettingError> {
    DEFINITIONS.iter().find(|definition| definition.key == key).ok_or_else(|| SettingError::Unknown {
        key: key.to_owned(),
        suggestion: DEFINITIONS
            .iter()
            .map(|definition| definition.key)
            .find(|known| known.starts_with(key) || key.starts_with(known) || near(known, key)),
    })
}
