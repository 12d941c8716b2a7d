//! The one table of what may be asked, and who may.

use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::{RawPathParams, Request};
use axum::routing::{MethodFilter, on};

use crate::ask::{App, Ask};
use crate::gate;
use crate::pages::{
    account, accounts, audit, bans, bounces, digest, dkim, entry, explain, held, import, join, members, mine, overview,
    people, requests, roles, settings, site, templates,
};
use crate::problem::Problem;
use crate::reply::Reply;

/// What a request wants: to look, which changes nothing, or to do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// GET, and HEAD with it.
    Get,
    /// POST.
    Post,
}

/// Who may ask, and what a form has to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Everybody; forms come from a page of ours.
    Visitor,
    /// Everybody who has the secret that is the last part of the path. The secret is the proof; a mail program has no
    /// cookie and comes from no page (RFC 8058 3.2).
    Token,
    /// Somebody who is logged in; forms come from a page of ours that was made for this session.
    Person,
}

/// What answers.
type Page = Box<dyn Fn(Arc<Ask>) -> Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>> + Send + Sync>;

/// One row of the table.
pub struct Route {
    verb: Verb,
    path: &'static str,
    /// Who may ask.
    pub guard: Guard,
    /// What answers.
    pub page: Page,
}

impl Route {
    /// Whether this does something.
    #[must_use]
    pub fn acts(&self) -> bool {
        self.verb == Verb::Post
    }
}

fn route<F, Answer>(verb: Verb, guard: Guard, path: &'static str, page: F) -> Route
where
    F: Fn(Arc<Ask>) -> Answer + Send + Sync + 'static,
    Answer: Future<Output = Result<Reply, Problem>> + Send + 'static,
{
    Route { verb, path, guard, page: Box::new(move |ask| Box::pin(page(ask))) }
}

/// Every path, with what may be done there and who may; parts in braces are left open.
#[must_use]
pub fn table() -> Vec<(Verb, &'static str, Guard)> {
    routes().iter().map(|route| (route.verb, route.path, route.guard)).collect()
}

#[rustfmt::skip]
fn routes() -> Vec<Route> {
    use Guard::{Person, Token, Visitor};
    use Verb::{Get, Post};
    vec![
        route(Get, Visitor, "/", entry::start),
        route(Get, Visitor, "/static/{file}", entry::file),
        route(Get, Visitor, "/robots.txt", entry::robots),
        route(Get, Visitor, "/login", entry::form),
        route(Post, Visitor, "/login", entry::log_in),
        route(Post, Visitor, "/login/link", entry::mail_link),
        route(Get, Visitor, "/login/{token}", entry::link),
        route(Post, Visitor, "/login/{token}", entry::use_link),
        route(Post, Person, "/logout", entry::log_out),

        route(Get, Token, "/unsubscribe/{token}", join::leave_form),
        route(Post, Token, "/unsubscribe/{token}", join::leave),
        route(Get, Token, "/confirm/{token}", join::confirm_form),
        route(Post, Token, "/confirm/{token}", join::confirm),
        route(Get, Visitor, "/lists/{list}/subscribe", join::form),
        route(Post, Visitor, "/lists/{list}/subscribe", join::subscribe),
        route(Post, Visitor, "/lists/{list}/leave", join::ask_to_leave),

        route(Get, Person, "/my", mine::show),
        route(Post, Person, "/my/{list}", mine::save),
        route(Get, Person, "/my/{list}/threads", mine::threads),
        route(Post, Person, "/my/{list}/threads", mine::mute),
        route(Post, Person, "/my/{list}/leave", mine::leave),
        route(Post, Person, "/my/{list}/enable", mine::enable),
        route(Get, Person, "/account", account::show),
        route(Post, Person, "/account/password", account::password),
        route(Post, Person, "/account/everywhere", account::everywhere),
        route(Get, Person, "/account/export", account::export),

        route(Get, Person, "/lists/{list}", overview::show),
        route(Post, Person, "/lists/{list}/close", overview::close),
        route(Post, Person, "/lists/{list}/reopen", overview::reopen),
        route(Post, Person, "/lists/{list}/rename", overview::rename),
        route(Post, Person, "/lists/{list}/delete", overview::delete),
        route(Get, Person, "/lists/{list}/held", held::all),
        route(Post, Person, "/lists/{list}/held", held::bulk),
        route(Get, Person, "/lists/{list}/held/{id}", held::one),
        route(Post, Person, "/lists/{list}/held/{id}", held::decide),
        route(Get, Person, "/lists/{list}/requests", requests::all),
        route(Post, Person, "/lists/{list}/requests", requests::decide),
        route(Get, Person, "/lists/{list}/members", members::all),
        route(Post, Person, "/lists/{list}/members", members::add),
        route(Post, Person, "/lists/{list}/members/remove", members::remove),
        route(Get, Person, "/lists/{list}/member/{address}", members::one),
        route(Post, Person, "/lists/{list}/member/{address}", members::change),
        route(Get, Person, "/lists/{list}/import", import::form),
        route(Post, Person, "/lists/{list}/import", import::import),
        route(Get, Person, "/lists/{list}/settings", settings::show),
        route(Post, Person, "/lists/{list}/settings", settings::save),
        route(Get, Person, "/lists/{list}/bounces", bounces::all),
        route(Post, Person, "/lists/{list}/bounces", bounces::act),
        route(Get, Person, "/lists/{list}/bounces/{id}", bounces::one),
        route(Get, Person, "/lists/{list}/digest", digest::show),
        route(Post, Person, "/lists/{list}/digest", digest::send),
        route(Get, Person, "/lists/{list}/bans", bans::all),
        route(Post, Person, "/lists/{list}/bans", bans::add),
        route(Post, Person, "/lists/{list}/bans/remove", bans::remove),
        route(Get, Person, "/lists/{list}/roles", roles::all),
        route(Post, Person, "/lists/{list}/roles", roles::grant),
        route(Post, Person, "/lists/{list}/roles/revoke", roles::revoke),
        route(Get, Person, "/lists/{list}/templates", templates::all),
        route(Get, Person, "/lists/{list}/templates/{name}/{language}", templates::one),
        route(Post, Person, "/lists/{list}/templates/{name}/{language}", templates::save),
        route(Get, Person, "/lists/{list}/explain", explain::form),
        route(Post, Person, "/lists/{list}/explain", explain::explain),
        route(Get, Person, "/lists/{list}/audit", audit::of_list),

        route(Get, Person, "/site", site::health),
        route(Post, Person, "/site/doctor", site::doctor),
        route(Post, Person, "/site/reload", site::reload),
        route(Get, Person, "/site/lists", site::lists),
        route(Post, Person, "/site/lists", site::create_list),
        route(Get, Person, "/site/domains", site::domains),
        route(Post, Person, "/site/domains", site::create_domain),
        route(Post, Person, "/site/domains/change", site::change_domain),
        route(Post, Person, "/site/domains/delete", site::delete_domain),
        route(Get, Person, "/site/queue", site::queue),
        route(Get, Person, "/site/queue/{id}", site::queue_item),
        route(Post, Person, "/site/queue/{id}", site::queue_act),
        route(Get, Person, "/site/people", people::show),
        route(Post, Person, "/site/people", people::change),
        route(Get, Person, "/site/people/export", people::export),
        route(Get, Person, "/site/dkim", dkim::all),
        route(Post, Person, "/site/dkim", dkim::create),
        route(Post, Person, "/site/dkim/change", dkim::change),
        route(Get, Person, "/site/accounts", accounts::all),
        route(Post, Person, "/site/accounts", accounts::create),
        route(Post, Person, "/site/accounts/change", accounts::change),
        route(Get, Person, "/site/tokens", site::tokens),
        route(Post, Person, "/site/tokens", site::create_token),
        route(Post, Person, "/site/tokens/revoke", site::revoke_token),
        route(Get, Person, "/site/audit", audit::of_site),
    ]
}

/// The table as axum wants it, behind the gate.
pub fn router(app: &Arc<App>) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let route = Arc::new(route);
        let filter = if route.acts() { MethodFilter::POST } else { MethodFilter::GET };
        let path = format!("{}{}", app.site.base, route.path);
        let app = app.clone();
        let answer = move |parts: RawPathParams, request: Request| {
            let parts = parts.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            gate::answer(app.clone(), route.clone(), parts, request)
        };
        router = router.route(&path, on(filter, answer));
    }
    let (missing, wrong) = (app.clone(), app.clone());
    router
        .fallback(move || gate::missing(missing.clone()))
        .method_not_allowed_fallback(move || gate::wrong_method(wrong.clone()))
        .layer(axum::middleware::from_fn_with_state(app.clone(), gate::pass))
}
