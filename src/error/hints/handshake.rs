//! Hints for failed opening handshakes.

use crate::error::RejectedHandshake;
use crate::net::upgrade::UpgradeError;
use crate::protocol::handshake::Finding;
use crate::protocol::head::{Head, HeadError};

use super::refusal::refused;
use super::{banner, tls};

pub(super) fn hint(rejected: &RejectedHandshake) -> Option<String> {
    let text = match &rejected.error {
        UpgradeError::Refused(response) => return refused(rejected, response),
        UpgradeError::Malformed(HeadError::NotHttp(_), received) => return not_http(received),
        UpgradeError::Ended(_, received) | UpgradeError::TimedOut(received, _)
            if received.is_empty() =>
        {
            return Some(silence(rejected));
        }
        UpgradeError::Invalid(_, findings) if findings.is_empty() => {
            "--lenient accepts responses with such lines"
        }
        // What is missing may be in one of those lines.
        UpgradeError::Invalid(response, _) if !response.head.malformed_lines().is_empty() => {
            return None;
        }
        UpgradeError::Invalid(response, findings) => return invalid(&response.head, findings),
        _ => return None,
    };
    Some(text.to_owned())
}

/// The result of a second connection.
const SPEAKS_TLS: &str = "the server answers in TLS on this port, as a second connection shows: use wss:// instead of ws://";

/// The hint for an invalid 101 response.
fn invalid(head: &Head, findings: &[Finding]) -> Option<String> {
    let is_wrong = |name| findings.iter().any(|finding| finding.header == name);
    let count = |name| head.values(name).count();
    let is_hixie = count("Sec-WebSocket-Location") + count("WebSocket-Location") > 0;
    let accepts = count("Sec-WebSocket-Accept");
    let text = if accepts == 0 && is_hixie {
        "the server speaks a draft of the protocol (hixie-75 or hixie-76), not RFC 6455"
    } else if accepts == 1 && is_wrong("Sec-WebSocket-Accept") {
        "that is not the hash of the key sent: the server computed it incorrectly, or a cache or proxy in between answered for it"
    } else if accepts == 1
        && (is_wrong("Connection") || (is_wrong("Upgrade") && count("Upgrade") == 0))
    {
        "a proxy in between may have removed the hop-by-hop headers Upgrade and Connection"
    } else {
        return None;
    };
    Some(text.to_owned())
}

/// The hint for a missing response. Servers that route by path or subprotocol often close the connection, or do
/// not respond, if they do not know it.
fn silence(rejected: &RejectedHandshake) -> String {
    if rejected.speaks_tls == Some(true) {
        return SPEAKS_TLS.to_owned();
    }
    let mut causes = vec![
        "the path or the host name may be wrong",
        match rejected.offered.is_empty() {
            true => "the server may require a subprotocol (-s NAME)",
            false => "the server may not accept the subprotocol offered (-s NAME)",
        },
    ];
    let has_ended = matches!(rejected.error, UpgradeError::Ended(..));
    let speaks_http = !rejected.interim.is_empty();
    if !speaks_http {
        causes.push("it may be a server of another protocol");
    }
    if has_ended {
        causes.push("a server behind a proxy may have failed");
    }
    if !speaks_http && rejected.tls.is_none() && rejected.speaks_tls != Some(false) {
        causes.push("the port may expect TLS: then use wss://");
    }
    let certificate = match has_ended {
        true => tls::late_certificate(rejected.tls.as_deref()),
        false => String::new(),
    };
    let last = causes.pop().unwrap_or_default();
    format!("{}, or {last}{certificate}", causes.join(", "))
}

fn not_http(bytes: &[u8]) -> Option<String> {
    if let Some(what) = banner::protocol(bytes) {
        return Some(format!("that is {what}: this port does not speak WebSocket"));
    }
    let text = match bytes {
        [0x15 | 0x16, 0x03, ..] => {
            "the server speaks TLS on this port: use wss:// instead of ws://"
        }
        [0, 0, _, 4, ..] => "the server speaks HTTP/2 only, without an upgrade from HTTP/1.1",
        [0x81..=0x82, ..] => "the server sent a WebSocket frame before its handshake response",
        _ => return None,
    };
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::not_http;

    #[test]
    fn other_protocols_are_recognised() {
        for (bytes, words) in [
            (&b"\x81\x02hi"[..], "a WebSocket frame"),
            (b"\x81\0\0\0\x0a8.0.36\0", "a MySQL or MariaDB server"),
            (b"\x4a\0\0\0\x0a8.0.36\0", "a MySQL or MariaDB server"),
            (b"\x15\x03\x03\0\x02", "wss://"),
            (b"\0\0\x12\x04\0", "HTTP/2 only"),
        ] {
            let given = not_http(bytes).unwrap_or_default();
            assert!(given.contains(words), "{:?}: {given}", bytes.escape_ascii().to_string());
        }
        assert_eq!(not_http(b"hello"), None);
    }
}
