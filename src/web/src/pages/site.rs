//! What an administrator of the site looks at: whether all is well, lists, domains, the queue, tokens.

use std::sync::Arc;

use askama::Template;
use mailjam_rpc::records::{
    Domain, DomainAttributes, Finding, List, ListQuery, Page, QueueDetail, QueueItem, QueueQuery, RetrySelection,
    ServerInfo, ServerStats, Token, TokenCreated, TokenRequest,
};

use super::{Answer, Frame, PAGE, done, optional, query, shown};
use crate::ask::{Ask, param, segment, text};
use crate::problem::Problem;
use crate::shown::{When, day, now, size};

#[derive(Template)]
#[template(path = "site_health.html")]
struct HealthPage {
    frame: Frame,
    info: ServerInfo,
    stats: ServerStats,
    oldest: Option<When>,
    since: When,
    verdicts: Vec<(String, String)>,
}

pub async fn health(ask: Arc<Ask>) -> Answer {
    health_page(&ask, None).await
}

async fn health_page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_site(ask, "Health", "health")?.with_error(error);
    let info: ServerInfo = ask.call("server.info", Vec::new()).await?;
    let stats: ServerStats = ask.call("server.stats", Vec::new()).await?;
    let verdicts = stats.verdicts.iter().map(|(action, count)| match count {
        mailjam_rpc::Value::Integer(count) => (action.clone(), count.to_string()),
        _ => (action.clone(), "?".to_owned()),
    });
    let verdicts = verdicts.collect();
    let (oldest, since) = (stats.oldest.map(When::of), When::of(mailjam_rpc::Time(now() - i64::from(info.uptime))));
    shown!(HealthPage { frame, info, stats, oldest, since, verdicts })
}

#[derive(Template)]
#[template(path = "site_doctor.html")]
struct DoctorPage {
    frame: Frame,
    findings: Vec<Finding>,
}

/// Looks whether all is there that lists need. A mail goes through the mail server for it, so nobody does it by a look.
pub async fn doctor(ask: Arc<Ask>) -> Answer {
    let frame = Frame::of_site(&ask, "Doctor", "health")?;
    let findings: Vec<Finding> = ask.call("server.doctor", Vec::new()).await?;
    shown!(DoctorPage { frame, findings })
}

pub async fn reload(ask: Arc<Ask>) -> Answer {
    match ask.call_raw("server.reload", Vec::new()).await {
        Ok(_) => done(&ask, "/site", "reloaded"),
        Err(problem) => health_page(&ask, Some(problem.for_form()?)).await,
    }
}

#[derive(Template)]
#[template(path = "site_lists.html")]
struct ListsPage<'p> {
    frame: Frame,
    /// Each with its path, its description and since when it is there.
    rows: Vec<(List, String, String, When)>,
    total: i32,
    next: String,
    query: &'p str,
    address: &'p str,
}

pub async fn lists(ask: Arc<Ask>) -> Answer {
    lists_page(&ask, None).await
}

async fn lists_page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_site(ask, "Lists", "lists")?.with_error(error);
    let wanted = ListQuery {
        cursor: optional(ask.query.line("cursor")),
        limit: Some(PAGE),
        filter: optional(ask.query.line("q")),
        settings: Some(vec!["description".to_owned()]),
    };
    let lists: Page<List> = ask.call("list.list", vec![param(wanted)]).await?;
    let rows = lists.items.into_iter().map(|list| {
        let path = ask.path(&format!("/lists/{}", segment(&list.address)));
        let description = match list.settings.get("description") {
            Some(mailjam_rpc::Value::String(text)) => text.clone(),
            _ => String::new(),
        };
        let created = When::of(list.created);
        (list, path, description, created)
    });
    let (rows, next) = (rows.collect(), lists.next.unwrap_or_default());
    shown!(ListsPage {
        frame,
        rows,
        total: lists.total,
        next,
        query: ask.query.line("q"),
        address: ask.form.get("address")
    })
}

pub async fn create_list(ask: Arc<Ask>) -> Answer {
    // Before anything is done: the daemon would refuse as well.
    Frame::of_site(&ask, "", "")?;
    let address = ask.form.line("address");
    let list: List = match ask.call("list.create", vec![text(address)]).await {
        Ok(list) => list,
        Err(problem) => return lists_page(&ask, Some(problem.for_form()?)).await,
    };
    let owner = ask.form.line("owner");
    if !owner.is_empty() {
        let params = vec![text(&list.address), text(owner), text("owner")];
        if let Err(problem) = ask.call_raw("role.grant", params).await {
            let why = format!("{} is created, but has no owner yet: {}", list.address, problem.for_form()?);
            return lists_page(&ask, Some(why)).await;
        }
    }
    done(&ask, &format!("/lists/{}", segment(&list.address)), "created")
}

#[derive(Template)]
#[template(path = "site_domains.html")]
struct DomainsPage<'p> {
    frame: Frame,
    rows: Vec<(Domain, When)>,
    next: String,
    name: &'p str,
    description: &'p str,
}

pub async fn domains(ask: Arc<Ask>) -> Answer {
    domains_page(&ask, None).await
}

async fn domains_page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_site(ask, "Domains", "domains")?.with_error(error);
    let domains: Page<Domain> = ask.call("domain.list", vec![query(ask)]).await?;
    let rows = domains.items.into_iter().map(|domain| {
        let created = When::of(domain.created);
        (domain, created)
    });
    let (rows, next) = (rows.collect(), domains.next.unwrap_or_default());
    shown!(DomainsPage { frame, rows, next, name: ask.form.get("name"), description: ask.form.get("description") })
}

pub async fn create_domain(ask: Arc<Ask>) -> Answer {
    let attributes = DomainAttributes { description: optional(ask.form.line("description")) };
    match ask.call_raw("domain.create", vec![text(ask.form.line("name")), param(attributes)]).await {
        Ok(_) => done(&ask, "/site/domains", "created"),
        Err(problem) => domains_page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn change_domain(ask: Arc<Ask>) -> Answer {
    let attributes = DomainAttributes { description: Some(ask.form.line("description").to_owned()) };
    match ask.call_raw("domain.update", vec![text(ask.form.line("name")), param(attributes)]).await {
        Ok(_) => done(&ask, "/site/domains", "changed"),
        Err(problem) => domains_page(&ask, Some(problem.for_form()?)).await,
    }
}

pub async fn delete_domain(ask: Arc<Ask>) -> Answer {
    match ask.call_raw("domain.delete", vec![text(ask.form.line("name"))]).await {
        Ok(_) => done(&ask, "/site/domains", "deleted"),
        Err(problem) => domains_page(&ask, Some(problem.for_form()?)).await,
    }
}

/// An item of the queue, as a row and as a page shows it.
struct Queued {
    item: QueueItem,
    path: String,
    size: String,
    received: When,
    next: Option<When>,
}

impl Queued {
    fn of(ask: &Ask, item: QueueItem) -> Queued {
        Queued {
            path: ask.path(&format!("/site/queue/{}", segment(&item.id))),
            size: size(item.size.into()),
            received: When::of(item.received),
            next: item.next_attempt.map(When::of),
            item,
        }
    }
}

#[derive(Template)]
#[template(path = "site_queue.html")]
struct QueuePage<'p> {
    frame: Frame,
    rows: Vec<Queued>,
    total: i32,
    next: String,
    /// Only this list's.
    query: &'p str,
    state: &'p str,
}

impl QueuePage<'_> {
    fn states(&self) -> [&'static str; 5] {
        ["sending", "waiting", "held", "quarantined", "done"]
    }
}

pub async fn queue(ask: Arc<Ask>) -> Answer {
    queue_page(&ask, None).await
}

async fn queue_page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_site(ask, "Queue", "queue")?.with_error(error);
    let (query, state) = (ask.query.line("q"), ask.query.line("state"));
    let cursor = optional(ask.query.line("cursor"));
    let which = QueueQuery { cursor, limit: Some(PAGE), list: optional(query), state: optional(state) };
    let items: Page<QueueItem> = ask.call("queue.list", vec![param(which)]).await?;
    let (next, total) = (items.next.unwrap_or_default(), items.total);
    let rows = items.items.into_iter().map(|item| Queued::of(ask, item)).collect();
    shown!(QueuePage { frame, rows, total, next, query, state })
}

#[derive(Template)]
#[template(path = "site_queue_item.html")]
struct QueueItemPage {
    frame: Frame,
    one: Queued,
    recipients: Vec<mailjam_rpc::records::QueueRecipient>,
}

pub async fn queue_item(ask: Arc<Ask>) -> Answer {
    queue_item_page(&ask, None).await
}

async fn queue_item_page(ask: &Ask, error: Option<String>) -> Answer {
    let frame = Frame::of_site(ask, "Queue", "queue")?.with_error(error);
    let detail: QueueDetail = ask.call("queue.get", vec![text(ask.part("id"))]).await?;
    shown!(QueueItemPage { frame, one: Queued::of(ask, detail.item), recipients: detail.recipients })
}

pub async fn queue_act(ask: Arc<Ask>) -> Answer {
    let id = ask.part("id");
    match ask.form.get("action") {
        "retry" => {
            let selection = RetrySelection { id: Some(id.to_owned()), list: None, domain: None };
            match ask.call_raw("queue.retry", vec![param(selection)]).await {
                Ok(_) => done(&ask, &format!("/site/queue/{}", segment(id)), "retried"),
                Err(problem) => queue_item_page(&ask, Some(problem.for_form()?)).await,
            }
        }
        // Recipients will never get it: the box below the button has to be ticked.
        "drop" if ask.form.has("sure") => match ask.call_raw("queue.drop", vec![text(id)]).await {
            Ok(_) => done(&ask, "/site/queue", "dropped"),
            Err(problem) => queue_item_page(&ask, Some(problem.for_form()?)).await,
        },
        "drop" => queue_item_page(&ask, Some("Nothing was dropped: tick the box if you are sure.".to_owned())).await,
        _ => Err(Problem::Refused("Choose what to do.".to_owned())),
    }
}

#[derive(Template)]
#[template(path = "site_tokens.html")]
struct TokensPage<'p> {
    frame: Frame,
    rows: Vec<(Token, When, Option<When>)>,
    /// The secret of a token that was just made; shown this once.
    secret: Option<String>,
    label: &'p str,
    scopes: &'p str,
    expires: &'p str,
}

pub async fn tokens(ask: Arc<Ask>) -> Answer {
    tokens_page(&ask, None, None).await
}

async fn tokens_page(ask: &Ask, error: Option<String>, secret: Option<String>) -> Answer {
    let frame = Frame::of_site(ask, "Tokens", "tokens")?.with_error(error);
    let tokens: Vec<Token> = ask.call("token.list", Vec::new()).await?;
    let rows = tokens.into_iter().map(|token| {
        let (created, expires) = (When::of(token.created), token.expires.map(When::of));
        (token, created, expires)
    });
    let (rows, form) = (rows.collect(), &ask.form);
    let (label, scopes, expires) = (form.get("label"), form.get("scopes"), form.get("expires"));
    shown!(TokensPage { frame, rows, secret, label, scopes, expires })
}

pub async fn create_token(ask: Arc<Ask>) -> Answer {
    let (label, typed) = (ask.form.line("label").to_owned(), ask.form.line("expires"));
    let scopes = ask.form.get("scopes").split_whitespace().map(str::to_owned).collect();
    let expires = day(typed);
    if !typed.is_empty() && expires.is_none() {
        return tokens_page(&ask, Some("The end is no date; no token was made.".to_owned()), None).await;
    }
    match ask.call::<TokenCreated>("token.create", vec![param(TokenRequest { label, scopes, expires })]).await {
        // No redirection: the secret is in no address, and is not shown again.
        Ok(created) => tokens_page(&ask, None, Some(created.secret)).await,
        Err(problem) => tokens_page(&ask, Some(problem.for_form()?), None).await,
    }
}

pub async fn revoke_token(ask: Arc<Ask>) -> Answer {
    match ask.call_raw("token.revoke", vec![text(ask.form.get("id"))]).await {
        Ok(_) => done(&ask, "/site/tokens", "revoked"),
        Err(problem) => tokens_page(&ask, Some(problem.for_form()?), None).await,
    }
}
