//! The page for a browser that opens the server's address. It is a client for this server.

use crate::protocol::handshake::{Refusal, Response, resource_name};
use crate::protocol::head::{Head, HeaderLine, RequestLine};

const PAGE: &str = include_str!("page.html");

/// Allows only the page's own content, and connections to its origin.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      img-src data:; connect-src 'self' ws: wss:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The answer to a browser that requests the page or its icon; `None` for other programs.
pub(super) fn answer(refusal: &Refusal, line: &RequestLine, head: &Head) -> Option<Response> {
    if resource_name(&line.target) == "/favicon.ico" {
        return Some(Response::text(404, &[], "no icon\n"));
    }
    let accepts_pages = || head.list("Accept").iter().any(|kind| kind.starts_with("text/html"));
    (refusal.is_plain && accepts_pages()).then(page)
}

fn page() -> Response {
    let fields = [
        HeaderLine::new("Cache-Control", "no-store"),
        HeaderLine::new("Content-Security-Policy", POLICY),
        HeaderLine::new("Referrer-Policy", "no-referrer"),
    ];
    Response::new(200, &fields, "text/html; charset=utf-8", PAGE.as_bytes())
}
