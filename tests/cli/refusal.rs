//! Opening handshakes that the server refuses: its response is shown completely, and escaped.

use std::time::Duration;

use serde_json::json;

use crate::support::{Outcome, Server, wscope};

mod bodies;
mod pages;
mod statuses;
mod words;

/// A run in which the server sends this response, then ends.
#[track_caller]
fn refused(response: impl AsRef<[u8]>, options: &[&str]) -> Outcome {
    let response = response.as_ref().to_vec();
    let server = Server::respond(response);
    wscope().args(options).arg(server.url()).run().code(4)
}

/// A server that sends this response, then stalls.
fn stalling(response: &'static str) -> Server {
    Server::script(move |peer| {
        peer.read_head();
        peer.respond(response);
        peer.stall();
    })
}

#[track_caller]
fn refused_and_stalled(response: &'static str, options: &[&str]) -> Outcome {
    let server = stalling(response);
    wscope().args(options).arg(server.url()).run().code(4)
}

fn hint_of(outcome: &Outcome) -> String {
    let line = outcome.stderr.lines().find_map(|line| line.strip_prefix("hint: "));
    line.unwrap_or_default().to_owned()
}

#[test]
fn the_whole_response_is_shown() {
    const BODY: &str = "{\"error\":\"token expired\",\n \"code\": 17}\n";
    let length = BODY.len();
    let head = format!(
        "HTTP/1.1 401 Unauthorized\r\nServer: nginx\r\nWWW-Authenticate: Bearer realm=\"x\"\r\n\
         X-Dup: 1\r\nx-dup: 2\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    for options in [&[][..], &["-q"]] {
        refused(format!("{head}{BODY}"), options).stdout("").stderr_contains(&format!(
            "wscope: opening handshake refused: 401 Unauthorized\n\
             hint: the server requires a token (Bearer, realm \"x\"): --bearer TOKEN\n\
             < HTTP/1.1 401 Unauthorized\n< Server: nginx\n< WWW-Authenticate: Bearer realm=\"x\"\n\
             < X-Dup: 1\n< x-dup: 2\n< Content-Type: application/json\n< Content-Length: {length}\n\
             <\n< {{\"error\":\"token expired\",\n<  \"code\": 17}}\n"
        ));
    }
}

#[test]
fn verbose_shows_the_request_too() {
    refused("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", &["-v"])
        .stderr_contains("> GET / HTTP/1.1\n")
        .stderr_contains("< HTTP/1.1 404 Not Found\n");
}

#[test]
fn bodies_of_every_framing_are_shown() {
    for (fields, body) in [
        ("Content-Length: 5", "helloIGNORED"),
        ("Transfer-Encoding: chunked", "3;x=1\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"),
        ("transfer-encoding: identity, Chunked\r\nContent-Length: 2", "5\r\nhello\r\n0\r\n\r\n"),
        ("Connection: close", "hello"),
    ] {
        let outcome = refused(format!("HTTP/1.1 400 Bad Request\r\n{fields}\r\n\r\n{body}"), &[]);
        assert!(outcome.stderr.ends_with("\n<\n< hello\n"), "{fields}\n{}", outcome.stderr);
    }
}

#[test]
fn a_body_received_byte_by_byte_is_assembled() {
    let server = Server::script(|peer| {
        peer.read_head();
        peer.send_slowly(
            "HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
        );
        peer.stall();
    });
    let outcome = wscope().arg(server.url()).run().code(4);
    assert!(outcome.stderr.ends_with("\n<\n< hello\n"), "{}", outcome.stderr);
}

#[test]
fn no_body_is_shown_for_a_response_without_one() {
    for response in [
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    ] {
        let outcome = refused_and_stalled(response, &[]);
        assert!(outcome.elapsed < Duration::from_millis(1500), "it took {:?}", outcome.elapsed);
        assert!(!outcome.stderr.contains("\n<\n"), "{}", outcome.stderr);
    }
}

#[test]
fn a_body_is_shown_up_to_4_kib() {
    let body = "0123456789abcde\n".repeat(1000);
    let outcome = refused(format!("HTTP/1.1 500 Oh\r\n\r\n{body}"), &[]);
    assert_eq!(outcome.stderr.matches("< 0123456789abcde\n").count(), 256, "{}", outcome.stderr);
}

#[test]
fn a_truncated_body_is_reported() {
    let outcome =
        refused(format!("HTTP/1.1 500 Oh\r\n\r\n{}", "0123456789abcde\n".repeat(1000)), &[]);
    outcome.stderr_contains("4 KiB");
}

#[test]
fn a_stalled_body_times_out_quickly() {
    let outcome =
        refused_and_stalled("HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\nnot you", &[]);
    assert!(outcome.elapsed < Duration::from_millis(3500), "it took {:?}", outcome.elapsed);
    outcome
        .stderr_contains("refused: 403 Forbidden")
        .stderr_contains("\n<\n< not you\n(body cut after 7 of 99 bytes: timed out)\n");
}

#[test]
fn a_stalled_body_ends_with_the_connect_timeout() {
    let response = "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nnot you\r\n";
    let outcome = refused_and_stalled(response, &["--connect-timeout", "300ms"]);
    assert!(outcome.elapsed < Duration::from_millis(1500), "it took {:?}", outcome.elapsed);
    outcome.stderr_contains("refused: 403 Forbidden").stderr_contains(
        "\n<\n< not you\n(body cut after 7 bytes, before its last chunk: timed out)\n",
    );
}

#[test]
fn bodies_that_are_not_utf_8() {
    refused(b"HTTP/1.1 500 Oh\r\n\r\n\x00\x01\x02\xff\x1f\x8b", &[])
        .stderr_contains("00 01 02 ff 1f 8b");
    refused(b"HTTP/1.1 500 Oh\r\n\r\nZugriff verweigert f\xfcr Sie\r\n", &[])
        .stderr_contains("< Zugriff verweigert f\u{fc}r");
}

#[test]
fn a_sent_origin_is_not_suggested_again() {
    refused("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", &["-o", "http://a.example"])
        .stderr_contains("hint: ")
        .stderr_lacks("(-o ");
}

#[test]
fn a_status_without_a_reason_still_has_a_name() {
    for line in ["HTTP/1.1 404", "HTTP/1.1 404 "] {
        refused(format!("{line}\r\nContent-Length: 0\r\n\r\n"), &[])
            .stderr_contains("refused: 404 Not Found\n");
    }
    refused("HTTP/1.1 499\r\nContent-Length: 0\r\n\r\n", &[]).stderr_contains("refused: 499");
}

#[test]
fn a_reason_that_is_not_utf_8_is_escaped() {
    for bytes in [&b"\xff"[..], &[0xff; 50]] {
        let response = [b"HTTP/1.1 403 No", bytes, b"\r\nContent-Length: 0\r\n\r\n"].concat();
        let line = format!("< HTTP/1.1 403 No{}\n", r"\xff".repeat(bytes.len()));
        refused(response, &[]).stderr_contains(&line);
    }
}

#[test]
fn a_reason_in_utf_8_is_shown_unchanged() {
    refused("HTTP/1.1 403 Zugriff verweigert für Sie\r\nContent-Length: 0\r\n\r\n", &[])
        .stderr_contains("wscope: opening handshake refused: 403 Zugriff verweigert für Sie\n");
}

#[test]
fn secrets_in_the_response_are_masked() {
    const RESPONSE: &str = "HTTP/1.1 302 Found\r\nSet-Cookie: sid=hunter2\r\nset-cookie: b=hunter2\r\n\
                            Location: /login?token=hunter2&a=1\r\nContent-Length: 0\r\n\r\n";
    for options in [&[][..], &["-v"], &["--json"]] {
        let outcome =
            refused(RESPONSE, options).stderr_contains("< Set-Cookie: ***\n< set-cookie: ***\n");
        let cookie = "sid=hunter2";
        assert!(
            !(outcome.stdout.contains(cookie) || outcome.stderr.contains(cookie)),
            "{}",
            outcome.stderr
        );
        outcome.stderr_contains("redirects to /login?token=***&a=1");
    }
    refused(RESPONSE, &["--show-secrets"]).stderr_contains("< Set-Cookie: sid=hunter2\n");
}

#[test]
fn secrets_in_a_location_header_are_masked() {
    let response =
        "HTTP/1.1 302 Found\r\nLocation: /login?token=hunter2&a=1\r\nContent-Length: 0\r\n\r\n";
    for options in [&[][..], &["--json"]] {
        let outcome = refused(response, options).stderr_lacks("hunter2");
        assert!(!outcome.stdout.contains("hunter2"), "{}", outcome.stdout);
    }
}

#[test]
fn the_response_is_escaped() {
    for (response, shown) in [
        (&b"HTTP/1.1 403 No\xc2\x9b2J\r\nContent-Length: 0\r\n\r\n"[..], "x9b2J"),
        (
            b"HTTP/1.1 403 No\r\nX-A: \xc2\x9b2J\xe2\x80\xae\r\nContent-Length: 0\r\n\r\n",
            "< X-A: \\x9b2J\\u{202e}\n",
        ),
        (
            b"HTTP/1.1 403 No\r\nRetry-After: \xe2\x80\xae\r\n\r\n\x1b]0;owned\x07\x1b[2Jhi",
            "|.]0;owned..[2Jhi|",
        ),
        (b"HTTP/1.1 429 No\r\nRetry-After: \xe2\x80\xae\r\nContent-Length: 0\r\n\r\n", "\\u{202e}"),
        (
            b"HTTP/1.1 302 No\r\nLocation: /\xc2\x9bx\r\nContent-Length: 0\r\n\r\n",
            "redirects to /\\x9bx",
        ),
        (
            b"HTTP/1.1 403 No\r\n\r\n\x1b[31mred\x1b[m\r\nnext\rover\x7f\xe2\x80\xae",
            "\\e[31mred\\e[m\n",
        ),
    ] {
        for options in [&[][..], &["-v"]] {
            let outcome = refused(response, options).stderr_contains(shown);
            let is_harmful = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!outcome.stderr.contains(is_harmful), "{:?}", outcome.stderr);
        }
    }
}

#[test]
fn a_refusal_is_an_event_with_status_headers_and_body() {
    let response = "HTTP/1.1 401 Nope\r\nSet-Cookie: a=b\r\nX-Dup: 1\r\nx-DUP: 2\r\nContent-Length: 15\r\n\r\n\
                    {\"error\":\"\u{e9}\"}\n";
    let outcome = refused(response, &["--json"]);
    let events = outcome.json_lines();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    let keys: Vec<_> = [
        "event",
        "time",
        "elapsed_ms",
        "kind",
        "message",
        "hint",
        "status",
        "response_headers",
        "body",
    ]
    .iter()
    .map(|key| outcome.stdout.find(&format!("\"{key}\":")).expect("every key"))
    .collect();
    assert!(keys.is_sorted(), "{}", outcome.stdout);
    assert_eq!((&event["event"], &event["kind"]), (&json!("error"), &json!("handshake")));
    assert_eq!(event["message"], "opening handshake refused: 401 Nope");
    assert!(event["hint"].as_str().is_some_and(|hint| hint.contains("credentials")), "{event}");
    assert_eq!(event["status"], 401);
    assert_eq!(
        event["response_headers"],
        json!([["Set-Cookie", "***"], ["X-Dup", "1"], ["x-DUP", "2"], ["Content-Length", "15"]])
    );
    assert_eq!(event["body"], "{\"error\":\"\u{e9}\"}\n");
    outcome.stderr_contains("wscope: opening handshake refused: 401 Nope\n");
}

#[test]
fn a_body_stalled_until_max_time_is_reported_with_the_refusal() {
    let server = stalling("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nbusy");
    wscope().args(["-m", "1s"]).arg(server.url()).run().code(7).stdout("").stderr_contains(
        "wscope: opening handshake refused: 503 Service Unavailable; --max-time 1s ran out\n",
    );
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_wait_for_a_body() {
    use crate::support::Signal;
    let (answered, answer) = std::sync::mpsc::channel();
    let server = Server::script(move |peer| {
        peer.read_head();
        peer.respond("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 9\r\n\r\nbusy");
        answered.send(()).expect("a receiver in the test");
        peer.stall();
    });
    let program = wscope().arg(server.url()).spawn();
    answer.recv().expect("a request");
    program.signal(Signal::INT);
    program.wait().code(130);
}
