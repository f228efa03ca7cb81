//! HTTP heads as text.

/// The value of the first header of this name, which is not case-sensitive.
pub fn header<'head>(head: &'head str, name: &str) -> Option<&'head str> {
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields
        .into_iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// Fails unless this is the head of a response with this status.
#[track_caller]
pub fn assert_status(head: &str, status: u16) {
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "expected {status}, got {head}");
}

/// The request for an upgrade, with additional header lines.
pub fn upgrade_request(path: &str, extra_headers: &[&str]) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{}\r\n",
        header_lines(extra_headers)
    )
}

/// The response that accepts the request in `head`, with additional header lines.
#[track_caller]
pub fn switching_protocols(head: &str, extra_headers: &[&str]) -> String {
    let Some(key) = header(head, "Sec-WebSocket-Key") else {
        panic!("no Sec-WebSocket-Key in:\n{head}")
    };
    let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
    let extra = header_lines(extra_headers);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{extra}\r\n"
    )
}

fn header_lines(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}
