//! Responses of the proxy itself.

use std::fmt;

use crate::protocol::handshake::Response;
use crate::protocol::head::{HeadError, HeaderLine, RequestLine};

/// A request that the proxy answers itself, after which it closes the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The status of the response: 200 to 599.
    pub status: u16,
    /// Why, in one line.
    pub reason: String,
}

/// The maximum length of the reason that a client is told, in characters.
const MAX_REASON: usize = 500;

/// Whether a request can be refused with this status: it is that of a final response (RFC 9110 section 15).
pub const fn is_refusal_status(status: u16) -> bool {
    matches!(status, 200..600)
}

impl Refused {
    /// A refusal with this status, of those for which [`is_refusal_status`], and reason.
    pub fn new(status: u16, reason: impl fmt::Display) -> Self {
        Self { status, reason: reason.to_string() }
    }

    /// The refusal of what is not a request: 431 if it is too large, else 400.
    pub fn unreadable(error: &HeadError) -> Self {
        match error {
            HeadError::TooLong | HeadError::TooManyFields => Self::new(431, error),
            HeadError::NotHttp(bytes) if bytes.starts_with(b"\x16\x03") => {
                Self::new(400, "that is TLS, not HTTP")
            }
            HeadError::StartLine(line) if line.starts_with("PRI * HTTP/2") => {
                Self::new(400, "that is HTTP/2; only HTTP/1.1 is served")
            }
            // The line may contain secrets.
            HeadError::StartLine(_) => Self::new(400, "malformed request line"),
            HeadError::NotHttp(_) => Self::new(400, error),
        }
    }

    /// The response. `line`: that of the request, if it was read.
    pub fn response(&self, line: Option<&RequestLine>) -> Response {
        let fields: Vec<_> = required_field(self.status)
            .map(|(name, value)| HeaderLine::new(name, value))
            .into_iter()
            .collect();
        let reason = self.reason.chars().take(MAX_REASON);
        let reason: String = reason.map(|c| if c.is_control() { ' ' } else { c }).collect();
        let response = Response::text(self.status, &fields, &format!("wscope proxy: {reason}\n"));
        match line {
            Some(line) => response.to(line),
            None => response,
        }
    }
}

/// The header field that a response with this status must have (RFC 9110 sections 15.5.2, 15.5.6, 15.5.8 and
/// 15.5.22).
const fn required_field(status: u16) -> Option<(&'static str, &'static str)> {
    match status {
        401 => Some(("WWW-Authenticate", "Basic realm=\"wscope\"")),
        405 => Some(("Allow", "GET")),
        407 => Some(("Proxy-Authenticate", "Basic realm=\"wscope\"")),
        426 => Some(("Upgrade", "websocket")),
        _ => None,
    }
}
