//! The pages, by what people come for. [`Frame`] is what all of them have around them.

pub mod account;
pub mod accounts;
pub mod audit;
pub mod bans;
pub mod bounces;
pub mod digest;
pub mod dkim;
pub mod entry;
pub mod explain;
pub mod held;
pub mod import;
pub mod join;
pub mod members;
pub mod mine;
pub mod overview;
pub mod people;
pub mod requests;
pub mod roles;
pub mod settings;
pub mod site;
pub mod templates;

use askama::Template;
use axum::http::StatusCode;
use mailjam_rpc::records::{Held, Page, Query};

use crate::ask::{Ask, param, segment, text};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::words::{Language, Words};

/// What a page answers.
pub type Answer = Result<Reply, Problem>;

/// Items a page of a collection.
pub const PAGE: i32 = 50;

/// What stands around a page.
#[derive(Debug)]
pub struct Frame {
    /// Before every path.
    pub base: String,
    pub title: String,
    pub language: Language,
    pub words: &'static Words,
    /// Whether browsers come without TLS.
    pub trial: bool,
    /// Whether this answers a form, so that its address shows something else, or nothing.
    pub answer: bool,
    /// What forms bring back.
    pub token: String,
    /// Who is logged in; empty if nobody is.
    pub who: String,
    pub admin: bool,
    /// The lists that the person looks after.
    pub lists: Vec<String>,
    pub list: Option<ListFrame>,
    /// Whether this is about the site.
    pub site: bool,
    /// Which entry of the navigation this is.
    pub here: &'static str,
    /// What was just done.
    pub notice: &'static str,
    /// Why it was not; then the form has what was typed.
    pub error: String,
}

/// What stands around a page about a list.
#[derive(Debug)]
pub struct ListFrame {
    /// Posting address.
    pub address: String,
    /// Path of its pages, with what stands before every path.
    pub path: String,
    pub owner: bool,
    /// Posts that wait.
    pub held: i32,
}

impl Frame {
    /// Of a page about no list.
    pub fn new(ask: &Ask, title: impl Into<String>, here: &'static str) -> Frame {
        let person = ask.person.as_ref();
        Frame {
            base: ask.app.site.base.clone(),
            title: title.into(),
            language: ask.language,
            words: ask.words(),
            trial: !ask.app.site.secure,
            answer: ask.acts,
            token: ask.form_token(),
            who: person.map(|person| person.address.clone()).unwrap_or_default(),
            admin: person.is_some_and(|person| person.admin),
            lists: person.map(|p| p.roles.iter().map(|role| role.list.clone()).collect()).unwrap_or_default(),
            list: None,
            site: false,
            here,
            notice: notice(ask),
            error: String::new(),
        }
    }

    /// Of a page in English about the list in the path. Who has no say in it sees none.
    pub async fn of_list(ask: &Ask, title: &str, here: &'static str) -> Result<Frame, Problem> {
        let list = ask.part("list");
        if !ask.runs(list) {
            return Err(Problem::Forbidden);
        }
        let held = match ask.person()?.held {
            Some(held) => held,
            None => ask.call::<Page<Held>>("moderation.list", vec![text(list), first(1)]).await?.total,
        };
        let mut frame = Frame::new(ask, format!("{title} – {list}"), here).in_english();
        frame.list = Some(ListFrame {
            address: list.to_owned(),
            path: ask.path(&format!("/lists/{}", segment(list))),
            owner: ask.owns(list),
            held,
        });
        Ok(frame)
    }

    /// Of a page in English about the site, for administrators.
    pub fn of_site(ask: &Ask, title: &str, here: &'static str) -> Result<Frame, Problem> {
        if !ask.person()?.admin {
            return Err(Problem::Forbidden);
        }
        let mut frame = Frame::new(ask, title, here).in_english();
        frame.site = true;
        Ok(frame)
    }

    /// With the reason why something was not done.
    #[must_use]
    pub fn with_error(self, error: Option<String>) -> Frame {
        Frame { error: error.unwrap_or_default(), ..self }
    }

    fn in_english(self) -> Frame {
        Frame { language: Language::En, words: Language::En.words(), ..self }
    }

    /// The path of the list's pages.
    #[must_use]
    pub fn list_path(&self) -> &str {
        self.list.as_ref().map_or("", |list| &list.path)
    }

    /// Whether the list may be changed by who is logged in.
    #[must_use]
    pub fn owner(&self) -> bool {
        self.list.as_ref().is_some_and(|list| list.owner)
    }

    /// The version of this program: a new one has new files beside its pages.
    #[must_use]
    pub const fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    /// A number of things, in English.
    #[must_use]
    pub fn count(&self, number: &i32, one: &str, several: &str) -> String {
        format!("{number} {}", if *number == 1 { one } else { several })
    }

    /// All languages, for a choice.
    #[must_use]
    pub const fn languages(&self) -> [Language; 5] {
        Language::ALL
    }

    /// Shows a page, whose frame this was.
    fn status(&self) -> StatusCode {
        if self.error.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
    }
}

/// A page that says what its frame's error says by its status, too.
macro_rules! shown {
    ($page:expr) => {{
        let page = $page;
        crate::reply::Reply::page_with(page.frame.status(), &page)
    }};
}
pub(crate) use shown;

/// `{}` in words, replaced.
#[must_use]
pub fn filled(words: &str, with: &str) -> String {
    words.replacen("{}", with, 1)
}

/// The query for the first items of a collection.
pub fn first(limit: i32) -> mailjam_rpc::Value {
    param(Query { cursor: None, limit: Some(limit), filter: None })
}

/// The query for the page of a collection that the request names: `q` to look for, `cursor` of the page before.
pub fn query(ask: &Ask) -> mailjam_rpc::Value {
    param(Query {
        cursor: optional(ask.query.line("cursor")),
        limit: Some(PAGE),
        filter: optional(ask.query.line("q")),
    })
}

/// `None` for what was left empty.
#[must_use]
pub fn optional(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// Back to a page, to say there what was done.
pub fn done(ask: &Ask, path: &str, what: &str) -> Answer {
    Reply::see(&ask.path(&format!("{path}?done={what}")))
}

/// Back to a page of the list in the path.
pub fn done_at_list(ask: &Ask, page: &str, what: &str) -> Answer {
    done(ask, &format!("/lists/{}{page}", segment(ask.part("list"))), what)
}

/// What `done` in the query means: words of ours only, so that no link can make a page say something else.
fn notice(ask: &Ask) -> &'static str {
    let words = ask.words();
    match ask.query.get("done") {
        "saved" => words.saved,
        "left" => words.left,
        "enabled" => words.enabled,
        "password" => words.password_changed,
        "approved" => "Approved: the post goes out.",
        "trusted" => "Approved, and further posts of this member need no approval.",
        "rejected" => "Rejected, and the poster is told.",
        "discarded" => "Discarded.",
        "banned" => "Discarded, and the poster is banned from the list.",
        "forwarded" => "On its way to you as an attachment; it goes on waiting.",
        "decided" => "Done.",
        "accepted" => "Accepted as a member.",
        "denied" => "Turned down.",
        "added" => "Added.",
        "removed" => "Removed.",
        "changed" => "Changed.",
        "imported" => "Imported.",
        "closed" => "The list is closed: posts are refused until it is opened again.",
        "reopened" => "The list is open again.",
        "reset" => "What came back is forgotten; mail goes out again.",
        "probed" => "A probe is on its way. If it comes back, mail to the member is stopped.",
        "granted" => "The role is given.",
        "revoked" => "The role is taken away.",
        "template" => "The text is saved.",
        "original" => "The text of one's own is gone; the one above it is used again.",
        "created" => "Created.",
        "digest" => "The digest is on its way.",
        "key" => "The key is made. Publish its record, then sign with it.",
        "signs" => "Mail is signed with the key from now on.",
        "moved" => "The address is another one on all lists.",
        "erased" => "Erased: nothing is stored about the address any more.",
        "renamed" => "The list has another address. The mail server has to be told: mailjam-cli mta-config.",
        "reloaded" => "mailjamd has read its configuration again.",
        "deleted" => "Deleted.",
        "retried" => "Another attempt is made now.",
        "dropped" => "Dropped.",
        _ => "",
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'p> {
    frame: Frame,
    words: &'p str,
}

/// The page of somebody for whom there is none.
pub fn problem_page(ask: &Ask, problem: &Problem) -> Answer {
    let (title, words) = problem.words();
    let frame = Frame { notice: "", ..Frame::new(ask, title, "").in_english() };
    Reply::page_with(problem.status(), &ProblemPage { frame, words })
}
