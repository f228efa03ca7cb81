//! The fields of a copied request, and what becomes of each in a request of our own.

use crate::net::Target;
use crate::protocol::deflate::{DEFAULT_OFFER, offers};
use crate::protocol::head::split_list;

/// What becomes of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FieldUse {
    /// It is sent as it is.
    Kept,
    /// It is sent with another value; empty: not at all.
    Replaced(String),
    /// Its subprotocols are offered.
    Subprotocols(Vec<String>),
    /// It belongs to one handshake or to a body: ours has its own, or none.
    Regenerated,
}

/// Fields that belong to the connection on which the browser sent them.
const REGENERATED: [&str; 14] = [
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Accept",
    "Connection",
    "Upgrade",
    "Keep-Alive",
    "Proxy-Connection",
    "HTTP2-Settings",
    "Accept-Encoding",
    "Content-Length",
    "Content-Encoding",
    "Transfer-Encoding",
    "Expect",
    "authority",
];

/// What becomes of the field `line` in a request to `url`. `line` is written as for `-H`.
pub(super) fn use_of(line: &str, url: Option<&str>) -> FieldUse {
    // The fields that begin with a colon are those of HTTP/2.
    if line.starts_with(':') {
        return FieldUse::Regenerated;
    }
    let (name, value) = line.split_once(':').unwrap_or((line.trim_end().trim_end_matches(';'), ""));
    let (name, value) = (name.trim(), value.trim());
    let is = |other: &str| name.eq_ignore_ascii_case(other);
    if REGENERATED.into_iter().any(is) || is("Host") && is_host_of(value, url) {
        return FieldUse::Regenerated;
    }
    if is("Sec-WebSocket-Protocol") {
        let names = split_list(value).into_iter().filter(|name| !name.is_empty());
        return FieldUse::Subprotocols(names.collect());
    }
    if is("Sec-WebSocket-Extensions") {
        return extensions(value);
    }
    FieldUse::Kept
}

/// Only permessage-deflate is offered. Other extensions, and offers of it that are not valid, are not.
fn extensions(value: &str) -> FieldUse {
    let is_ours = |offer: &String| offer.to_ascii_lowercase().starts_with("permessage-deflate");
    let kept = split_list(value).into_iter().filter(is_ours);
    let kept: Vec<_> = kept.filter(|offer| offers(offer).is_ok()).collect();
    match kept.join(", ") {
        offer if offer == DEFAULT_OFFER => FieldUse::Regenerated,
        offer => FieldUse::Replaced(offer),
    }
}

/// Whether this Host is the one that is sent to `url` anyway.
fn is_host_of(host: &str, url: Option<&str>) -> bool {
    let Some(target) = url.and_then(|url| Target::parse(url).ok()) else { return false };
    let port = target.scheme.default_port();
    let own = target.host_header();
    host.eq_ignore_ascii_case(&own) || host.eq_ignore_ascii_case(&format!("{own}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_has_its_use() {
        let replaced = |value: &str| FieldUse::Replaced(value.to_owned());
        let offered =
            |names: &[&str]| FieldUse::Subprotocols(names.iter().map(|&it| it.into()).collect());
        for (line, expected) in [
            ("Origin: https://a.example", FieldUse::Kept),
            ("Cookie: a=b", FieldUse::Kept),
            ("User-Agent;", FieldUse::Kept),
            ("X-Sec-WebSocket-Key: a", FieldUse::Kept),
            ("sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", FieldUse::Regenerated),
            ("Upgrade: websocket", FieldUse::Regenerated),
            ("Connection: keep-alive, Upgrade", FieldUse::Regenerated),
            ("Connection:", FieldUse::Regenerated),
            ("Accept-Encoding: gzip, deflate, br, zstd", FieldUse::Regenerated),
            ("Accept-Encoding;", FieldUse::Regenerated),
            ("Content-Length: 0", FieldUse::Regenerated),
            (":authority: a.example", FieldUse::Regenerated),
            ("Host: a.example", FieldUse::Regenerated),
            ("Host: A.example:443", FieldUse::Regenerated),
            ("Host: a.example:80", FieldUse::Kept),
            ("Host: b.example", FieldUse::Kept),
            ("Sec-WebSocket-Protocol: v2.chat, v1.chat", offered(&["v2.chat", "v1.chat"])),
            ("Sec-WebSocket-Protocol;", offered(&[])),
            (
                "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
                FieldUse::Regenerated,
            ),
            ("Sec-WebSocket-Extensions: permessage-deflate", replaced("permessage-deflate")),
            ("Sec-WebSocket-Extensions: x-webkit-deflate-frame", replaced("")),
            (
                "Sec-WebSocket-Extensions: bbf, permessage-deflate; server_max_window_bits=10",
                replaced("permessage-deflate; server_max_window_bits=10"),
            ),
            ("Sec-WebSocket-Extensions: permessage-deflate; frob", replaced("")),
        ] {
            assert_eq!(use_of(line, Some("wss://a.example/x")), expected, "{line}");
        }
        assert_eq!(use_of("Host: a.example", None), FieldUse::Kept);
    }
}
