//! What every request passes before a page sees it, and every answer on its way out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, USER_AGENT,
};
use axum::http::{Response, StatusCode};
use axum::middleware::Next;
use http_body_util::{BodyExt as _, Limited};

use crate::ask::{App, Ask, Fields, text};
use crate::cookie;
use crate::pages::problem_page;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::routes::{Guard, Route};
use crate::site::LOOPBACK;
use crate::words::Language;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Octets of a form by a person: 10,000 addresses to import, with names.
const PERSONS_FORM: usize = 2 << 20;

/// Octets of anybody else's form.
const VISITORS_FORM: usize = 16 << 10;

/// For the whole of a form to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Octets of a path with its query at most.
const TARGET: usize = 4096;

/// Nothing is loaded from elsewhere, nothing runs but the one script, forms lead back here, nobody frames a page.
const STRICT: [(&str, &str); 7] = [
    (
        "content-security-policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; \
         frame-ancestors 'none'; base-uri 'none'",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // Tokens in paths stay here. With no-referrer browsers would send "Origin: null" with our own forms.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Refuses what names another host, and puts the strict headers on every answer.
pub async fn pass(State(app): State<Arc<App>>, request: Request, next: Next) -> Response<Body> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
    let only = hosts.next().is_none();
    let mut response = if !only || !app.site.is_host(host) {
        plain(StatusCode::MISDIRECTED_REQUEST, "This is not the host that you want. Administrators: see public_url.\n")
    } else if request.uri().to_string().len() > TARGET {
        plain(StatusCode::URI_TOO_LONG, "The address is too long.\n")
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    for (name, value) in STRICT {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key("cache-control") {
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
    }
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Answers a path that is not in the table.
pub async fn missing(app: Arc<App>) -> Response<Body> {
    failed(&nobody(app), &Problem::NotFound)
}

/// Answers a method that a path has no use for.
pub async fn wrong_method(app: Arc<App>) -> Response<Body> {
    let problem = Problem::Request(StatusCode::METHOD_NOT_ALLOWED, "This address is not asked in this way.");
    failed(&nobody(app), &problem)
}

/// Somebody of whom nothing is known.
fn nobody(app: Arc<App>) -> Ask {
    Ask {
        app,
        parts: Vec::new(),
        acts: false,
        target: String::new(),
        query: Fields::default(),
        form: Fields::default(),
        session: None,
        person: None,
        visit: String::new(),
        language: Language::En,
        from: LOOPBACK,
        agent: String::new(),
    }
}

/// Answers a request for a row of the table.
pub async fn answer(
    app: Arc<App>,
    route: Arc<Route>,
    parts: Vec<(String, String)>,
    request: Request,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let fields = head.headers.get_all(COOKIE).iter().filter_map(|field| field.to_str().ok());
    let brought = app.cookies.read(fields);
    let query = Fields::read(head.uri.query().unwrap_or_default().as_bytes());
    let accepted = || Language::accepted(line(&head.headers, ACCEPT_LANGUAGE));
    let mut ask = Ask {
        parts,
        acts: route.acts(),
        target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        language: Language::find(query.get("lang")).unwrap_or_else(accepted),
        query,
        form: Fields::default(),
        session: brought.session,
        person: None,
        visit: brought.visit.clone().unwrap_or_default(),
        from: from(&app, &head.headers, head.extensions.get()),
        agent: line(&head.headers, USER_AGENT).chars().take(200).collect(),
        app,
    };
    let new = if brought.visit.is_none() && route.guard != Guard::Person && !route.acts() {
        cookie::new_visit()
    } else {
        None
    };
    if let Some(visit) = &new {
        ask.visit.clone_from(visit);
    }
    if let Err(problem) = admit(&mut ask, &route, &head.headers, body).await {
        return failed(&ask, &problem);
    }
    let ask = Arc::new(ask);
    // In a task of its own, which a browser that goes away does not stop halfway, and whose panic ends nothing else.
    let page = tokio::spawn((route.page)(ask.clone())).await;
    match page.unwrap_or_else(|error| Err(Problem::Defect(error.to_string()))) {
        Ok(reply) => match &new {
            Some(visit) => reply.cookie(&ask.app.cookies.keep_visit(visit)).into_response(),
            None => reply.into_response(),
        },
        Err(problem) => failed(&ask, &problem),
    }
}

/// Lets a request in, with its form and the person who asks, or says why not.
async fn admit(ask: &mut Ask, route: &Route, headers: &HeaderMap, body: Body) -> Result<(), Problem> {
    if route.acts() && route.guard != Guard::Token && !is_ours(&ask.app, headers) {
        return Err(Problem::Form);
    }
    if route.guard == Guard::Person {
        if ask.session.is_none() {
            return Err(Problem::Login);
        }
        // What waits at a list stands on all of its pages. What is done may change it.
        let list = Some(ask.part("list")).filter(|list| !list.is_empty() && !route.acts());
        ask.person = Some(ask.call("session.get", list.map(text).into_iter().collect()).await?);
    }
    if route.acts() {
        let limit = if route.guard == Guard::Person { PERSONS_FORM } else { VISITORS_FORM };
        let bytes = read(body, limit).await?;
        let kind = line(headers, CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
        let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
        if is_form {
            ask.form = Fields::read(&bytes);
        }
        if route.guard != Guard::Token {
            if !is_form {
                let words = "A form of another kind is expected.";
                return Err(Problem::Request(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
            }
            if !ask.has_form_token() {
                return Err(Problem::Form);
            }
        }
    }
    Ok(())
}

/// Whether a browser says that a form came from a page of ours. One that says nothing still has to know the form's token.
fn is_ours(app: &App, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let origin = headers.get(ORIGIN).map(|origin| origin.to_str().unwrap_or_default());
    site.is_none_or(|site| site == b"same-origin")
        && origin.is_none_or(|origin| app.site.is_origin(origin, line(headers, HOST)))
}

async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let late = Problem::Request(StatusCode::REQUEST_TIMEOUT, "The form did not arrive whole.");
    match tokio::time::timeout(PATIENCE, Limited::new(body, limit).collect()).await {
        Err(_) => Err(late),
        Ok(Ok(body)) => Ok(body.to_bytes().to_vec()),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
            Err(Problem::Request(StatusCode::PAYLOAD_TOO_LARGE, "The form is too large. Send less at once."))
        }
        Ok(Err(_)) => Err(late),
    }
}

/// Who asks: what the proxy said last, because what stands before that anybody may have written; or who is connected.
fn from(app: &App, headers: &HeaderMap, peer: Option<&Peer>) -> IpAddr {
    let peer = peer.map_or(LOOPBACK, |peer| peer.0);
    if app.address_header.is_empty() {
        return peer;
    }
    let last = headers.get_all(&app.address_header).iter().next_back();
    let last = last.and_then(|field| field.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    last.unwrap_or(peer)
}

fn line(headers: &HeaderMap, name: HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The answer to somebody for whom there is no page.
fn failed(ask: &Ask, problem: &Problem) -> Response<Body> {
    match problem {
        Problem::Away(words) => tracing::warn!("{}: {words}", shortened(&ask.target)),
        Problem::Defect(words) => tracing::error!("{}: {words}", shortened(&ask.target)),
        _ => {}
    }
    if matches!(problem, Problem::Login) {
        // What was to be done is not done by looking at the same path later.
        let next = if ask.acts { String::new() } else { ask.target.clone() };
        let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let there = Reply::see(&ask.path(&format!("/login?next={next}")));
        if let Ok(there) = there {
            return there.cookie(&ask.app.cookies.drop_session()).into_response();
        }
    }
    match problem_page(ask, problem) {
        Ok(page) => page.into_response(),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "Something is broken here.\n"),
    }
}

/// A path for the log, without the secret that it may end with.
fn shortened(target: &str) -> &str {
    let path = target.split('?').next().unwrap_or_default();
    match ["/login/", "/confirm/", "/unsubscribe/"].iter().find_map(|secret| Some(path.find(secret)? + secret.len())) {
        Some(end) => &path[..end],
        None => path,
    }
}
