//! What a server answers instead of 101, after which it ends the connection.

use super::{Head, HeaderLine, RequestLine};
use crate::protocol::head::HeadError;

/// A response with its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// The head.
    pub head: Head,
    /// The body, as it is sent.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with these fields and those that its body needs.
    pub fn new(status: u16, fields: &[HeaderLine], content_type: &str, body: &[u8]) -> Self {
        // What stands in Upgrade has to stand in Connection too (RFC 9110 section 7.8).
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

    /// A response in plain words.
    pub fn text(status: u16, fields: &[HeaderLine], body: &str) -> Self {
        Self::new(status, fields, "text/plain; charset=utf-8", body.as_bytes())
    }

    /// To a head that cannot be understood.
    pub fn to_unreadable(error: &HeadError) -> Self {
        let status = match error {
            HeadError::TooLong | HeadError::TooManyFields => 431,
            _ => 400,
        };
        Self::text(status, &[], &format!("{error}\n"))
    }

    /// The same as the answer to this request: one to HEAD has no body (RFC 9110 section 9.3.2).
    pub fn to(mut self, line: &RequestLine) -> Self {
        if line.method == "HEAD" {
            self.body.clear();
        }
        self
    }

    /// Head and body as they go over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        [self.head.bytes(), &self.body].concat()
    }
}

/// The reason phrase of a status that we send.
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
