//! The members of a list: search, page, add, remove, and one of them.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{
    Bounce, Bouncing, BouncingMember, Member, MemberAttributes, MemberQuery, Page, RemoveOptions,
};

use super::{Answer, Frame, PAGE, done, done_at_list, optional, shown};
use crate::ask::{Ask, param, segment, text};
use crate::problem::Problem;
use crate::shown::{When, day};

/// Orders of the table, and what they are called.
const SORTS: [(&str, &str); 4] =
    [("address", "address"), ("name", "name"), ("since", "oldest first"), ("newest", "newest first")];

/// A member in the table.
struct Row {
    path: String,
    since: When,
    ticked: bool,
    member: Member,
}

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage<'p> {
    frame: Frame,
    rows: Vec<Row>,
    total: i32,
    next: String,
    query: &'p str,
    /// One of `SORTS`.
    sort: &'static str,
    /// What was typed to be added.
    address: &'p str,
    name: &'p str,
}

impl MembersPage<'_> {
    /// Where the column leads that is clicked, and how it is sorted now, for `aria-sort`.
    fn column(&self, ascending: &'static str, descending: &'static str) -> (&'static str, &'static str) {
        if self.sort == ascending {
            (descending, "ascending")
        } else {
            (ascending, if self.sort == descending { "descending" } else { "none" })
        }
    }
}

#[derive(Template)]
#[template(path = "member.html")]
struct MemberPage {
    frame: Frame,
    member: Member,
    path: String,
    since: When,
    away: String,
    disabled: Option<When>,
    /// What came back, if anything did.
    bouncing: Option<Bouncing>,
    bounces: Vec<(Bounce, When)>,
    thread: String,
}

impl MemberPage {
    /// Rounded: what decides is whether it comes near the threshold.
    fn score(&self, state: &Bouncing) -> String {
        format!("{:.1}", state.score)
    }

    /// The permitted modes and what they mean.
    fn modes(&self) -> [(&'static str, &'static str); 4] {
        [
            ("post", "every post as it comes"),
            ("digest", "digests"),
            ("plain-digest", "digests in plain text"),
            ("nomail", "no mail"),
        ]
    }

    /// What may become of a member's posts.
    fn postings(&self) -> [(&'static str, &'static str); 5] {
        [
            ("default", "treated as the list's settings say"),
            ("accept", "accepted without a moderator"),
            ("hold", "held for a moderator"),
            ("refuse", "refused with an explanation"),
            ("discard", "dropped silently"),
        ]
    }
}

pub async fn all(ask: Arc<Ask>) -> Answer {
    page(&ask, None).await
}

async fn page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_list(ask, "Members", "members").await?.with_error(error);
    let sort = SORTS.iter().find(|(sort, _)| *sort == ask.query.get("sort")).map_or("address", |(sort, _)| sort);
    let wanted = MemberQuery {
        cursor: optional(ask.query.line("cursor")),
        limit: Some(PAGE),
        filter: optional(ask.query.line("q")),
        sort: Some(sort.to_owned()),
    };
    let members: Page<Member> = ask.call("member.list", vec![text(ask.part("list")), param(wanted)]).await?;
    let ticked = ask.form.all("address");
    let rows = members.items.into_iter().map(|member| Row {
        path: format!("{}/member/{}", frame.list_path(), segment(&member.address)),
        since: When::of(member.since),
        ticked: ticked.contains(&member.address.as_str()),
        member,
    });
    let rows = rows.collect();
    let next = members.next.unwrap_or_default();
    let (address, name) = (ask.form.get("new_address"), ask.form.get("name"));
    shown!(MembersPage { frame, rows, total: members.total, next, query: ask.query.line("q"), sort, address, name })
}

pub async fn add(ask: Arc<Ask>) -> Answer {
    let attributes = MemberAttributes {
        name: optional(ask.form.line("name")),
        mode: None,
        language: None,
        own_posts: None,
        posting: None,
        welcome: Some(ask.form.has("welcome")),
    };
    let params = vec![text(ask.part("list")), text(ask.form.line("new_address")), param(attributes)];
    match ask.call_raw("member.add", params).await {
        Ok(_) => done_at_list(&ask, "/members", "added"),
        Err(problem) => page(&ask, Some(problem.for_form()?)).await,
    }
}

/// Removes the ticked members.
pub async fn remove(ask: Arc<Ask>) -> Answer {
    let addresses = ask.form.all("address");
    if addresses.is_empty() {
        return page(&ask, Some("Nobody was removed: tick the members first.".to_owned())).await;
    }
    let mut refused = Vec::new();
    for address in addresses.iter().take(usize::try_from(PAGE).unwrap_or_default()) {
        if let Err(problem) = remove_one(&ask, address).await {
            refused.push(problem.for_form()?);
        }
    }
    if refused.is_empty() {
        done_at_list(&ask, "/members", "removed")
    } else {
        page(&ask, Some(refused.join(" "))).await
    }
}

async fn remove_one(ask: &Ask, address: &str) -> Result<(), Problem> {
    let options = RemoveOptions { notify: Some(ask.form.has("notify")), reason: optional(ask.form.line("reason")) };
    ask.call_raw("member.remove", vec![text(ask.part("list")), text(address), param(options)]).await.map(drop)
}

pub async fn one(ask: Arc<Ask>) -> Answer {
    page_of_one(&ask, None).await
}

async fn page_of_one(ask: &Ask, error: Option<String>) -> Answer {
    let (list, address) = (ask.part("list"), ask.part("address"));
    let refused = error.is_some();
    let frame = Frame::of_list(ask, address, "members").await?.with_error(error);
    let mut member: Member = ask.call("member.get", vec![text(list), text(address)]).await?;
    if refused {
        member.name = ask.form.get("name").to_owned();
        for (field, name) in [(&mut member.mode, "mode"), (&mut member.posting, "posting")] {
            if ask.form.has(name) {
                *field = ask.form.get(name).to_owned();
            }
        }
        member.language = optional(ask.form.get("language"));
    }
    let bouncing: BouncingMember = ask.call("bounce.member", vec![text(list), text(address)]).await?;
    let bounces = bouncing.bounces.into_iter().map(|bounce| {
        let at = When::of(bounce.at);
        (bounce, at)
    });
    let (bounces, bouncing) = (bounces.collect::<Vec<_>>(), Some(bouncing.state));
    let bouncing = bouncing.filter(|state| state.scored.is_some() || state.stage != "fine" || !bounces.is_empty());
    let away = member.away_until.map(|until| When::of(until).day().to_owned()).unwrap_or_default();
    let path = format!("{}/member/{}", frame.list_path(), segment(address));
    let (since, disabled) = (When::of(member.since), member.disabled.map(When::of));
    let thread = ask.form.get("thread").to_owned();
    shown!(MemberPage { frame, member, path, since, away, disabled, bouncing, bounces, thread })
}

pub async fn change(ask: Arc<Ask>) -> Answer {
    let page = format!("/lists/{}/member/{}", segment(ask.part("list")), segment(ask.part("address")));
    let who = || vec![text(ask.part("list")), text(ask.part("address"))];
    let form = &ask.form;
    let done_so = match form.get("action") {
        "save" => {
            let attributes = MemberAttributes {
                name: Some(form.line("name").to_owned()),
                mode: Some(form.get("mode").to_owned()),
                language: Some(form.line("language").to_owned()),
                own_posts: Some(form.has("own_posts")),
                posting: Some(form.get("posting").to_owned()),
                welcome: None,
            };
            let params = [who(), vec![param(attributes)]].concat();
            ask.call_raw("member.update", params).await.map(|_| "changed")
        }
        "pause" => match day(form.line("until")) {
            Some(until) => ask.call_raw("member.pause", [who(), vec![param(until)]].concat()).await.map(|_| "changed"),
            None => Err(Problem::Refused("That is no date; nothing was changed.".to_owned())),
        },
        "resume" => ask.call_raw("member.pause", who()).await.map(|_| "changed"),
        "trust" => ask.call_raw("member.trust", who()).await.map(|_| "changed"),
        "mute" | "unmute" => {
            let muted = mailjam_rpc::Value::Boolean(form.get("action") == "mute");
            let params = [who(), vec![text(form.line("thread")), muted]].concat();
            ask.call_raw("member.mute", params).await.map(|_| "changed")
        }
        "reset" => ask.call_raw("bounce.reset", who()).await.map(|_| "reset"),
        "probe" => ask.call_raw("bounce.probe", who()).await.map(|_| "probed"),
        "remove" => match remove_one(&ask, ask.part("address")).await {
            Ok(()) => return done_at_list(&ask, "/members", "removed"),
            Err(problem) => Err(problem),
        },
        _ => Err(Problem::Refused("Choose what to do.".to_owned())),
    };
    match done_so {
        Ok(said) => done(&ask, &page, said),
        Err(problem) => page_of_one(&ask, Some(problem.for_form()?)).await,
    }
}
