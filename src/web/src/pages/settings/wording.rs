//! Settings in words: what each is about, and what follows from each choice. What a newer daemon knows besides is shown by
//! its key.

/// Groups, and the settings in each by key and title.
pub const GROUPS: [(&str, &[(&str, &str)]); 7] = [
    ("What the list is", &[("description", "What the list is for"), ("language", "Language of what the list writes")]),
    (
        "Who may post",
        &[
            ("post_policy", "Who may post"),
            ("nonmember", "Posts by those who may not post are"),
            ("sender_auth", "Posts whose author may be forged are"),
            ("implicit_destination", "Posts that do not name the list in To or Cc are"),
            ("emergency", "Hold every post for now"),
            ("max_size", "Largest post, in octets"),
            ("reject_types", "Refuse posts with these attachments"),
            ("poster_rate", "Posts of one person without a moderator"),
            ("thread_rate", "Posts in one thread without a moderator"),
            ("trust_after", "Trust members after so many approved posts"),
        ],
    ),
    (
        "What the copies look like",
        &[
            ("subject_prefix", "Put before the subject"),
            ("header", "Text above every post"),
            ("footer", "Text below every post"),
            ("strip_types", "Take these attachments out"),
            ("reply_to", "Where replies go: author, list, or an address"),
            ("dmarc_rewrite", "Put the list in From"),
            ("verp", "Name each member in the return path"),
            ("one_click", "Let members leave with one click"),
        ],
    ),
    (
        "Who may become a member",
        &[
            ("subscribe_policy", "Who may become a member"),
            ("welcome", "Write to those who join or leave"),
            ("roster", "Who may see the members"),
        ],
    ),
    (
        "Moderation",
        &[
            ("held_notice", "Tell moderators of held posts at most every"),
            ("held_expire", "Drop held posts after so many days"),
            ("notify_poster", "Tell posters that their post is held"),
        ],
    ),
    (
        "Mail that comes back",
        &[
            ("bounce_threshold", "Probe members at this score"),
            ("bounce_forget", "Forget bounces after so many days"),
            ("bounce_warnings", "Warnings before a membership ends"),
            ("bounce_remove", "End the membership after the last warning"),
        ],
    ),
    (
        "Digests and storage",
        &[
            ("digest_period", "Send a digest at least every"),
            ("digest_size", "Send a digest at so many octets"),
            ("retain_posts", "Keep posts for so many days"),
        ],
    ),
];

/// What follows from a word; the word itself where it says so already.
#[must_use]
pub fn consequence<'w>(key: &str, word: &'w str) -> &'w str {
    match (key, word) {
        ("post_policy", "open") => "everybody",
        ("post_policy", "members") => "members",
        ("post_policy", "moderated") => "members, each post approved by a moderator",
        ("post_policy", "moderators") => "moderators and owners",
        ("post_policy" | "subscribe_policy", "closed") => "nobody",
        ("nonmember" | "implicit_destination", "refuse") => "refused with an explanation",
        ("nonmember" | "implicit_destination", "hold") => "held for a moderator",
        ("nonmember", "discard") => "dropped silently",
        ("implicit_destination", "accept") => "taken like others",
        ("sender_auth", "off") => "taken like others",
        ("sender_auth", "hold-on-fail") => "held, if the mail server found them forged",
        ("sender_auth", "require") => "held, unless the mail server found them genuine",
        ("subscribe_policy", "open") => "whoever proves to own the address",
        ("subscribe_policy", "confirm") => "whoever confirms by mail",
        ("subscribe_policy", "confirm+approve") => "whoever confirms by mail and is approved by a moderator",
        ("roster", "owners") => "owners and moderators",
        ("roster", "members") => "members too",
        ("verp", "auto") => "where the mail server does it by itself",
        ("verp", "none") => "never",
        ("verp", "always") => "always",
        _ => word,
    }
}
