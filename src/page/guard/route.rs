//! What a request asks for, by its method and path.

use super::MAX_BODY;
use crate::protocol::head::{Head, HeaderLine, RequestLine};

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// The page itself.
    Index,
    /// A file of the page: `/NAME`. There may be none of this name.
    Asset(&'a str),
    /// The cookie, for a body of this length with the token.
    Session {
        /// In bytes, at most [`MAX_BODY`].
        length: usize,
    },
    /// The WebSocket of a tab.
    Socket,
    /// A download, by its identifier.
    Save(&'a str),
}

/// Why a request is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied {
    /// The status of the answer.
    pub status: u16,
    /// The reason, in one line.
    pub reason: &'static str,
    /// The only method, if it was another one.
    allowed: Option<&'static str>,
}

impl Denied {
    /// Denied with this status, for this reason.
    pub(super) fn new(status: u16, reason: &'static str) -> Self {
        Self { status, reason, allowed: None }
    }

    /// The header field that an answer with its status needs (RFC 9110 section 15.5.6).
    pub fn field(&self) -> Option<HeaderLine> {
        self.allowed.map(|method| HeaderLine::new("Allow", method))
    }
}

/// The path of the request. The page is no proxy: only the origin form is valid (RFC 9112 section 3.2).
pub(super) fn path(line: &RequestLine) -> Result<&str, Denied> {
    match line.target.starts_with('/') {
        true => Ok(line.target.split('?').next().unwrap_or_default()),
        false => Err(Denied::new(400, "the request target is not a path")),
    }
}

/// What the path and the method stand for. The query is ignored: no secret is ever taken from it.
pub(super) fn route<'a>(
    line: &RequestLine,
    path: &'a str,
    head: &Head,
) -> Result<Route<'a>, Denied> {
    let (method, route) = match path {
        "/" => ("GET", Route::Index),
        "/session" => ("POST", Route::Session { length: 0 }),
        "/socket" => ("GET", Route::Socket),
        path => match path.strip_prefix("/save/") {
            Some(id) => ("GET", Route::Save(id)),
            None => ("GET", Route::Asset(path.strip_prefix('/').unwrap_or_default())),
        },
    };
    if line.method != method {
        let denied = Denied::new(405, "this method is not allowed here");
        return Err(Denied { allowed: Some(method), ..denied });
    }
    match route {
        Route::Session { .. } => Ok(Route::Session { length: login_length(head)? }),
        route => Ok(route),
    }
}

/// The length of the body. A form of another site cannot send this content type, and a script only where we allow it, which
/// we do nowhere.
fn login_length(head: &Head) -> Result<usize, Denied> {
    let mut types = head.values("Content-Type");
    let is_json = |value: String| {
        let media_type = value.split(';').next().unwrap_or_default().trim_matches([' ', '\t']);
        media_type.eq_ignore_ascii_case("application/json")
    };
    if !(types.next().is_some_and(is_json) && types.next().is_none()) {
        return Err(Denied::new(415, "the content type is not application/json"));
    }
    if head.value("Transfer-Encoding").is_some() {
        return Err(Denied::new(411, "a Content-Length is needed"));
    }
    let mut lengths = head.values("Content-Length");
    let (Some(length), None) = (lengths.next(), lengths.next()) else {
        return Err(Denied::new(411, "one Content-Length is needed"));
    };
    if length.is_empty() || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Denied::new(400, "the Content-Length is not a number"));
    }
    match length.parse() {
        Ok(length) if length <= MAX_BODY => Ok(length),
        _ => Err(Denied::new(413, "the body is too long")),
    }
}
