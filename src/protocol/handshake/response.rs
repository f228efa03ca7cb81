//! Responses of a server other than 101, after which it closes the connection.

use super::{Head, HeaderLine, RequestLine};
use crate::protocol::head::HeadError;

/// A response with its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// The head.
    pub head: Head,
    /// The body, as sent.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with these fields and those that its body requires. One with status 204, 205 or 304 has no body
    /// (RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5).
    pub fn new(status: u16, fields: &[HeaderLine], content_type: &str, body: &[u8]) -> Self {
        // A message with Upgrade must list it in Connection too (RFC 9110 section 7.8).
        let upgrade = if fields.iter().any(|field| field.is("Upgrade")) { "Upgrade, " } else { "" };
        let mut fields = fields.to_vec();
        fields.push(HeaderLine::new("Connection", &format!("{upgrade}close")));
        let body = if matches!(status, 204 | 205 | 304) { &[] } else { body };
        if !matches!(status, 204 | 304) {
            fields.extend([
                HeaderLine::new("Content-Type", content_type),
                HeaderLine::new("X-Content-Type-Options", "nosniff"),
                HeaderLine::new("Content-Length", &body.len().to_string()),
            ]);
        }
        let head = Head::build(&format!("HTTP/1.1 {status} {}", reason(status)), &fields);
        Self { status, head, body: body.to_vec() }
    }

    /// A response with a plain text body.
    pub fn text(status: u16, fields: &[HeaderLine], body: &str) -> Self {
        Self::new(status, fields, "text/plain; charset=utf-8", body.as_bytes())
    }

    /// The response to a request head that cannot be parsed.
    pub fn to_unreadable(error: &HeadError) -> Self {
        let status = match error {
            HeadError::TooLong | HeadError::TooManyFields => 431,
            _ => 400,
        };
        Self::text(status, &[], &format!("{error}\n"))
    }

    /// Adapts it to this request: a response to HEAD has no body (RFC 9110 section 9.3.2).
    pub fn to(mut self, line: &RequestLine) -> Self {
        if line.method == "HEAD" {
            self.body.clear();
        }
        self
    }

    /// Head and body, as sent.
    pub fn bytes(&self) -> Vec<u8> {
        [self.head.bytes(), &self.body].concat()
    }
}

/// The reason phrase of a status code that is sent (RFC 9110 section 15, RFC 6585).
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        205 => "Reset Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        511 => "Network Authentication Required",
        _ => class(status),
    }
}

/// What a status code without a registered meaning is treated as (RFC 9110 section 15).
fn class(status: u16) -> &'static str {
    match status {
        200..300 => "OK",
        300..400 => "Redirection",
        500..600 => "Server Error",
        _ => "Client Error",
    }
}
