//! The opening handshake (RFC 6455 section 4): building our request or response, and validating the
//! peer's.

use std::fmt;

use super::deflate::{DeflateParams, negotiation};
use super::head::{
    Head, HeaderLine, RequestLine, StatusLine, is_token, split_list, split_unquoted,
};

pub use tungstenite::handshake::client::generate_key;
use tungstenite::handshake::derive_accept_key;

mod client;
mod http;
mod origin;
mod response;
mod server;

pub use client::{Request, RequestOptions, examine_response, validate_response, with_custom};
pub(super) use http::{Authority, RequestTarget, authority};
pub use http::{expects_continue, resource_name};
pub(super) use origin::TupleOrigin;
pub use origin::{AllowedOrigins, ListenHosts, is_localhost, normalize_origin};
pub use response::Response;
pub use server::{Refusal, RequiredCredentials, ServerOptions, answer, are_equal};

/// What was negotiated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// The subprotocol chosen by the server.
    pub subprotocol: Option<String>,
    /// The extensions in use: the value of the server's header.
    pub extensions: Option<String>,
    /// permessage-deflate, if it is one of them.
    pub deflate: Option<DeflateParams>,
    /// Another one that the client has offered is among them: what it defines is not known here.
    pub has_others: bool,
}

/// A violation of the requirements on a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The header (or "status line") at fault.
    pub header: &'static str,
    /// What was received, as text.
    pub got: String,
    /// What was expected, as text; empty if `got` is sufficient.
    pub expected: String,
    /// The section of the RFC.
    pub section: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { header, got, expected, section } = self;
        match expected.as_str() {
            "" => write!(f, "{header}, {got} ({section})"),
            expected => write!(f, "{header}: {got}; expected {expected} ({section})"),
        }
    }
}

impl Finding {
    fn new(
        header: &'static str,
        got: impl Into<String>,
        expected: impl Into<String>,
        section: &'static str,
    ) -> Self {
        Self { header, got: got.into(), expected: expected.into(), section }
    }
}

/// The header of findings about lines that are not header fields. Their text may contain secrets and is not
/// repeated.
pub const MALFORMED: &str = "malformed header field";

/// `a`, `b` → "'a', 'b'".
fn quoted(values: &[String]) -> String {
    values.iter().map(|value| format!("'{value}'")).collect::<Vec<_>>().join(", ")
}

fn contains_ignoring_case(values: &[String], wanted: &str) -> bool {
    values.iter().any(|value| value.eq_ignore_ascii_case(wanted))
}

/// Whether one of the extensions selected was offered, and is not permessage-deflate.
fn has_others(offered: &[String], selected: &[String]) -> bool {
    let offered: Vec<_> = offered.iter().map(|element| extension_name(element)).collect();
    let mut names = selected.iter().map(|element| extension_name(element));
    names.any(|name| {
        !name.eq_ignore_ascii_case(negotiation::NAME) && contains_ignoring_case(&offered, &name)
    })
}

/// The name of an element of Sec-WebSocket-Extensions (RFC 6455 section 9.1).
fn extension_name(element: &str) -> String {
    split_unquoted(element, ';').swap_remove(0)
}
