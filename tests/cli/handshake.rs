//! The verdict on the response to the opening handshake.

use crate::support::{Outcome, Server, close, header, switching_protocols, text, wscope};

const VALID: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                     Sec-WebSocket-Accept: ACCEPT\r\n\r\n";

/// A run in which the server sends this response, a message and a Close frame. ACCEPT and KEY are replaced.
#[track_caller]
fn run_against(response: &str, options: &[&str]) -> Outcome {
    let response = response.as_bytes().to_vec();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        let accepted = switching_protocols(&head, &[]);
        let accept = header(&accepted, "Sec-WebSocket-Accept").expect("an accept");
        let key = header(&head, "Sec-WebSocket-Key").expect("a key");
        let response =
            String::from_utf8_lossy(&response).replace("ACCEPT", accept).replace("KEY", key);
        peer.send([response.into_bytes(), text("hello"), close(1000, "")].concat());
    });
    wscope().args(options).arg(server.url()).run()
}

/// The valid response with one part replaced.
fn with(part: &str, replacement: &str) -> String {
    assert!(VALID.contains(part), "{part}");
    VALID.replacen(part, replacement, 1)
}

#[test]
fn a_missing_subprotocol_is_a_warning_or_with_strict_an_error() {
    run_against(VALID, &["-s", "a,b"])
        .code(0)
        .stdout("hello\n")
        .stderr_contains("warning: the server chose none of the subprotocols offered (a, b)");
    run_against(VALID, &["-s", "a,b", "--strict"])
        .code(4)
        .stderr_contains(
            "wscope: opening handshake: the server chose none of the subprotocols offered: a, b",
        )
        .stderr_contains("hint: ")
        .stderr_contains("< HTTP/1.1 101 Switching Protocols\n")
        .stderr_lacks("connected")
        .stderr_lacks("> GET");
    let verbose = run_against(VALID, &["-s", "a,b", "--strict", "-v"]).code(4);
    verbose.stderr_contains("> GET").stderr_lacks("connected");
    run_against(VALID, &["--strict"]).code(0).stderr_lacks("subprotocols");
}

#[test]
fn raw_bytes_in_a_response_are_escaped() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        let mut response = switching_protocols(&head, &[]).into_bytes();
        response.truncate(response.len() - 2);
        peer.send(
            [&response[..], b"X-Raw: a\xff\xc2\x9bb\xe2\x80\xae\r\n\r\n", &close(1000, "")]
                .concat(),
        );
    });
    let outcome = wscope().arg("-v").arg(server.url()).run().code(0);
    outcome.stderr_contains("< X-Raw: a\\xff\\x9bb\\u{202e}\n").stderr_lacks("\u{9b}");
}

#[test]
fn harmless_variants_are_accepted() {
    for response in [
        with("Connection: Upgrade", "Connection: keep-alive, Upgrade"),
        with("Connection: Upgrade", "connection: keep-alive\r\nConnection: UPGRADE"),
        with("Upgrade: websocket", "UPGRADE: WebSocket"),
        with("Switching Protocols", "Whatever You Say"),
        with(" Switching Protocols", ""),
        with(" Switching Protocols", " "),
        with("Sec-WebSocket-Accept: ACCEPT", "sec-websocket-accept:  ACCEPT  "),
        with("Upgrade: websocket", "Content-Length: 0\r\nUpgrade: websocket"),
        VALID.replace("\r\n", "\n"),
    ] {
        let outcome = run_against(&response, &[]);
        assert_eq!(
            (outcome.code, &*outcome.stdout),
            (Some(0), "hello\n"),
            "{response}\n{}",
            outcome.stderr
        );
    }
}

#[test]
fn interim_responses_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
    run_against(&format!("{interim}{VALID}"), &[]).code(0).stdout("hello\n");
    let refusal = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    run_against(&format!("{interim}{refusal}"), &[])
        .code(4)
        .stderr_contains("refused: 404 Not Found");
}

#[test]
fn a_head_may_arrive_byte_by_byte() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.send_slowly(switching_protocols(&head, &[]));
        peer.send([text("hello"), close(1000, "")].concat());
        peer.expect_close(1000);
    });
    wscope().arg(server.url()).run().code(0).stdout("hello\n");
}

#[test]
fn each_invalid_header_is_reported_with_the_expected_value_and_section() {
    const ACCEPT: &str = "Sec-WebSocket-Accept: ACCEPT";
    const SWITCHING: &str = "RFC 6455 section 4.2.2";
    const CLIENT: &str = "RFC 6455 section 4.1";
    let twice = format!("{ACCEPT}\r\n{ACCEPT}");
    let protocol = format!("{ACCEPT}\r\nSec-WebSocket-Protocol: soap");
    let extension = format!("{ACCEPT}\r\nSec-WebSocket-Extensions: foo; a=1");
    for (part, replacement, words, section) in [
        (
            ACCEPT,
            "Sec-WebSocket-Accept: bm9wZQ==",
            "Sec-WebSocket-Accept: 'bm9wZQ=='; expected '",
            SWITCHING,
        ),
        (ACCEPT, "Sec-WebSocket-Accept: KEY", "(the key itself, not its hash)", SWITCHING),
        (
            ACCEPT,
            "Sec-WebSocket-Accept:",
            "Sec-WebSocket-Accept: '' (empty); expected '",
            SWITCHING,
        ),
        (ACCEPT, "X: y", "Sec-WebSocket-Accept: missing; expected '", SWITCHING),
        (ACCEPT, &twice, "Sec-WebSocket-Accept: sent 2 times; expected once", SWITCHING),
        ("Upgrade: websocket", "X: y", "Upgrade: missing; expected 'websocket'", SWITCHING),
        ("Upgrade: websocket", "Upgrade: h2c", "Upgrade: 'h2c'; expected 'websocket'", SWITCHING),
        ("Connection: Upgrade", "X: y", "Connection: missing; expected 'Upgrade'", SWITCHING),
        (
            "Connection: Upgrade",
            "Connection: close",
            "Connection: 'close'; expected 'Upgrade'",
            SWITCHING,
        ),
        (ACCEPT, &protocol, "Sec-WebSocket-Protocol: 'soap', which was not offered", CLIENT),
        (ACCEPT, &extension, "Sec-WebSocket-Extensions: 'foo; a=1', which was not offered", CLIENT),
        ("HTTP/1.1", "HTTP/1.0", "status line: HTTP/1.0; expected HTTP/1.1", SWITCHING),
    ] {
        let outcome = run_against(&with(part, replacement), &[]).code(4).stdout("");
        let line = outcome.stderr.lines().next().unwrap_or_default();
        assert!(line.starts_with("wscope: invalid opening handshake: "), "{}", outcome.stderr);
        assert!(
            line.contains(words) && line.contains(section),
            "no {words:?}, {section} in\n{}",
            outcome.stderr
        );
        outcome.stderr_contains("< HTTP/1.").stderr_contains(" 101 Switching Protocols\n< ");
    }
}

#[test]
fn an_invalid_choice_of_subprotocol_is_reported() {
    for (chosen, words) in [
        (
            "Sec-WebSocket-Protocol: soap",
            "'soap', which was not offered; expected one of 'v1', 'v2'",
        ),
        ("Sec-WebSocket-Protocol: V1", "'V1' (subprotocols are case-sensitive)"),
        ("Sec-WebSocket-Protocol: v1, v2", "a list, 'v1, v2'; expected one of 'v1', 'v2'"),
        ("Sec-WebSocket-Protocol: v1\r\nSec-WebSocket-Protocol: v2", "sent 2 times ('v1', 'v2')"),
    ] {
        run_against(
            &with("Upgrade: websocket", &format!("Upgrade: websocket\r\n{chosen}")),
            &["-s", "v1,v2"],
        )
        .code(4)
        .stderr_contains("wscope: invalid opening handshake: Sec-WebSocket-Protocol: ")
        .stderr_contains(words)
        .stderr_contains("RFC 6455 section 4.1");
    }
}

#[test]
fn all_invalid_headers_are_reported_together() {
    run_against("HTTP/1.1 101 Switching Protocols\r\n\r\n", &[])
        .code(4)
        .stderr_contains("Upgrade: missing")
        .stderr_contains("Connection: missing")
        .stderr_contains("Sec-WebSocket-Accept: missing");
}

#[test]
fn malformed_heads_are_reported_with_the_line() {
    for (response, words) in [
        (
            with("Upgrade: websocket", "Upgrade websocket"),
            "line 1 (no colon): \"Upgrade websocket\"",
        ),
        (with("Connection: Up", "Connection : Up"), "line 2 (white space before the colon)"),
        (with("Upgrade: ", " Upgrade: "), "line 1 (leading white space"),
        (with("Connection:", "Conn(ection:"), "line 2 (invalid character in the name)"),
        (with("Connection: ", ": "), "line 2 (empty name)"),
        (with("Upgrade: web", "Upgrade: \u{1b}[2Jweb"), "line 1 (control character in the value)"),
        (with("101", "1o1"), "malformed start line \"HTTP/1.1 1o1 Switching Protocols\""),
    ] {
        run_against(&response, &[])
            .code(4)
            .stderr_contains("wscope: opening handshake: invalid HTTP response: ")
            .stderr_contains(words)
            .stderr_lacks("\u{1b}");
    }
}

#[test]
fn a_response_that_is_not_http_is_quoted() {
    for (bytes, quoted, hint) in [
        (
            &b"SSH-2.0-OpenSSH_9.2\r\n"[..],
            r#""SSH-2.0-OpenSSH_9.2\r\n""#,
            "hint: that is an SSH server",
        ),
        (
            b"220 mail ESMTP\r\n",
            r#""220 mail ESMTP\r\n""#,
            "hint: that is a mail server (SMTP): this port does not speak WebSocket",
        ),
        (
            b"-ERR unknown command 'GET'\r\n",
            r#""-ERR unknown command 'GET'\r\n""#,
            "hint: that is a Redis server",
        ),
        (
            b"\x15\x03\x03\x00\x02\x02\x46",
            "bytes 15 03 03 00 02 02 46",
            "use wss:// instead of ws://",
        ),
        (
            b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
            "bytes 00 00 12 04",
            "hint: the server speaks HTTP/2 only",
        ),
        (b"\x81\x02hi", "bytes 81 02 68 69", "hint: the server sent a WebSocket frame before"),
        (b"\x1b]0;owned\x07\xff\xfe garbage", "bytes 1b 5d 30", ""),
        (b"HTTP 101 sort of\r\n\r\n", r#""HTTP 101 sort of\r\n\r\n""#, ""),
    ] {
        let bytes = bytes.to_vec();
        let server = Server::respond(bytes);
        wscope()
            .arg(server.url())
            .run()
            .code(4)
            .stderr_contains(&format!(
                "wscope: opening handshake: the server's answer is not HTTP: {quoted}"
            ))
            .stderr_contains(hint)
            .stderr_lacks("\u{1b}");
    }
}

#[test]
fn heads_over_the_limits_are_refused() {
    for (extra, words) in [
        ("A: ".to_owned() + &"x".repeat(70_000), "the head is longer than 64 KiB"),
        ("A: b\r\n".repeat(300) + "C: d", "the head has more than 256 header fields"),
    ] {
        let response = with("Upgrade: websocket", &format!("{extra}\r\nUpgrade: websocket"));
        run_against(&response, &[]).code(4).stderr_contains(words);
    }
}

#[test]
fn a_head_over_the_limit_is_shown_truncated() {
    let endless = with("Upgrade: websocket", &("A: ".to_owned() + &"x".repeat(70_000)));
    let outcome = run_against(&endless, &[]).code(4);
    assert!(outcome.stderr.len() < 8192, "{} bytes on stderr", outcome.stderr.len());
}

#[test]
fn an_invalid_handshake_is_an_event_with_the_response() {
    let outcome = run_against(&with("Upgrade: websocket", "upGRADE: h2c"), &["--json"]).code(4);
    let events = outcome.json_lines();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(
        (&event["event"], &event["kind"]),
        (&"error".into(), &"handshake".into()),
        "{event}"
    );
    assert_eq!((&event["status"], &event["body"]), (&101.into(), &"".into()), "{event}");
    assert_eq!(event["response_headers"][0], serde_json::json!(["upGRADE", "h2c"]), "{event}");
}

/// A proxy does not add a header.
#[test]
fn a_duplicate_upgrade_header_is_not_attributed_to_a_proxy() {
    let server = Server::script(|peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &["Upgrade: h2c"]);
    });
    wscope()
        .arg(server.url())
        .run()
        .code(4)
        .stderr_contains("invalid opening handshake: Upgrade: 'websocket'")
        .stderr_lacks("hint: a proxy");
}
