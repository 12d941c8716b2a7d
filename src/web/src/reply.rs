//! An answer before it has its strict headers.

use askama::Template;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, Response, StatusCode};

use crate::problem::Problem;

/// An answer.
#[derive(Debug)]
pub struct Reply(Response<Body>);

impl Reply {
    /// A page; it is about a person, or may be, so nobody keeps it.
    pub fn page(page: &impl Template) -> Result<Reply, Problem> {
        Reply::page_with(StatusCode::OK, page)
    }

    /// A page with another status.
    pub fn page_with(status: StatusCode, page: &impl Template) -> Result<Reply, Problem> {
        let text = page.render().map_err(|error| Problem::Defect(format!("a page cannot be written: {error}")))?;
        let mut reply = Reply::bytes("text/html; charset=utf-8", text.into_bytes());
        *reply.0.status_mut() = status;
        Ok(reply)
    }

    /// "See there" after a form was done, so that loading again does not do it again. The path must be one of ours.
    pub fn see(path: &str) -> Result<Reply, Problem> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SEE_OTHER;
        let path = HeaderValue::from_str(path).map_err(|_| Problem::Defect("a path that is none".to_owned()))?;
        response.headers_mut().insert(LOCATION, path);
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(Reply(response))
    }

    /// A file for the person who asks, to be saved.
    pub fn file(kind: &'static str, disposition: &'static str, bytes: Vec<u8>) -> Reply {
        let mut reply = Reply::bytes(kind, bytes);
        reply.0.headers_mut().insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
        reply
    }

    /// What is the same for everybody.
    pub fn constant(kind: &'static str, bytes: &'static [u8]) -> Reply {
        let mut response = Response::new(Body::from(bytes));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
        Reply(response)
    }

    fn bytes(kind: &'static str, bytes: Vec<u8>) -> Reply {
        let mut response = Response::new(Body::from(bytes));
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Reply(response)
    }

    /// Sets a cookie as well.
    #[must_use]
    pub fn cookie(mut self, cookie: &str) -> Reply {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            self.0.headers_mut().append(SET_COOKIE, cookie);
        }
        self
    }

    /// As axum sends it.
    pub fn into_response(self) -> Response<Body> {
        self.0
    }
}
