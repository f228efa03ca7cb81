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
    /// A response with these fields and those that its body requires.
    pub fn new(status: u16, fields: &[HeaderLine], content_type: &str, body: &[u8]) -> Self {
        // A message with Upgrade must list it in Connection too (RFC 9110 section 7.8).
        let upgrade = if fields.iter().any(|field| field.is("Upgrade")) { "Upgrade, " } else { "" };
        let mut fields = fields.to_vec();
        fields.extend([
            HeaderLine::new("Connection", &format!("{upgrade}close")),
            HeaderLine::new("Content-Type", content_type),
            HeaderLine::new("X-Content-Type-Options", "nosniff"),
            HeaderLine::new("Content-Length", &body.len().to_string()),
        ]);
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

/// The reason phrase of a status code that is sent.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        503 => "Service Unavailable",
        _ => "Bad Request",
    }
}
