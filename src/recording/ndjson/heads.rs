//! Heads of HTTP messages.

use serde::Deserialize;

use super::lists::or_limited;
use super::values::or_default;
use crate::event::head_view::MalformedView;
use crate::event::{HeadView, Hop, InterimView};

/// Names and values.
pub(super) type Fields = Vec<(String, String)>;

/// A head with this start line. Where malformed lines were in it is not recorded: they are at its end.
pub(super) fn head(start_line: String, fields: Fields, malformed: Vec<String>) -> HeadView {
    let fields_before = fields.len();
    let malformed =
        malformed.into_iter().map(|text| MalformedView { fields_before, text: text.into_bytes() });
    HeadView {
        start_line: start_line.into_bytes(),
        malformed: malformed.collect(),
        fields: fields.into_iter().map(|(name, value)| (name, value.into_bytes())).collect(),
        secret_ids: Vec::new(),
    }
}

/// "HTTP/1.1 403 Forbidden".
pub(super) fn status_line(http_version: &str, status: u16, reason: &str) -> String {
    format!("{http_version} {status} {reason}")
}

/// The members of an interim response.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Interim {
    from: From,
    status: u16,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    #[serde(default, deserialize_with = "or_limited")]
    headers: Fields,
    #[serde(default, deserialize_with = "or_limited")]
    malformed_headers: Vec<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum From {
    Server,
    Proxy,
}

/// Interim responses.
pub(super) fn interim(list: Vec<Interim>) -> Vec<InterimView> {
    let view = |it: Interim| InterimView {
        from: match it.from {
            From::Server => Hop::Server,
            From::Proxy => Hop::Proxy,
        },
        status: it.status,
        head: head(
            status_line("HTTP/1.1", it.status, &it.reason),
            it.headers,
            it.malformed_headers,
        ),
        reason: it.reason,
    };
    list.into_iter().map(view).collect()
}
