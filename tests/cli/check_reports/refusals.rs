//! The response of a server that refuses a handshake, in what is shown and in all reports.

use super::{check, report, reporting};
use crate::support::{Outcome, Server};

const BODY: &str = "no s3cret-token\n<b>";

fn refusing(status: &str, body: &[u8]) -> Server {
    let head = format!(
        "HTTP/1.1 {status}\r\nX-Seen: s3cret-token\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Server::respond([head.as_bytes(), body].concat())
}

/// A run with a scenario of one connection, named x.
fn run(server: &Server, lines: &str) -> Outcome {
    let scenario = format!("WS {{{{url}}}} as x\n{lines}");
    reporting(check(server, &scenario, &["-v", "--secret", "token=s3cret-token"])).run()
}

fn events(outcome: &Outcome) -> serde_json::Value {
    let json: serde_json::Value = serde_json::from_str(&report(outcome, "json")).expect("JSON");
    json["files"][0]["parts"][0]["connections"][0]["events"].clone()
}

#[test]
fn a_refusal_is_in_all_transcripts_whether_it_was_expected_or_not() {
    for (lines, code) in [("HTTP 401\n", 0), ("< a\n", 1)] {
        let outcome = run(&refusing("401 Unauthorized", BODY.as_bytes()), lines).code(code);
        let shown = "x < HTTP/1.1 401 Unauthorized\nx < X-Seen: ***\nx < Content-Length: 19\nx <\n\
                     x < no ***\nx < <b>\n";
        assert!(outcome.stdout.contains(shown), "{}", outcome.stdout);
        let escaped = shown.replace('<', "&lt;").replace('>', "&gt;").replace('\n', "&#10;");
        let junit = report(&outcome, "junit");
        assert!(junit.contains(&escaped), "{junit}");
        let html = report(&outcome, "html");
        assert!(html.contains("HTTP/1.1 401 Unauthorized") && html.contains("no ***"), "{html}");
        let events = events(&outcome);
        assert_eq!(events.as_array().map(Vec::len), Some(1), "{events}");
        let event = &events[0];
        assert_eq!((&event["event"], &event["kind"]), (&"error".into(), &"handshake".into()));
        assert_eq!(event["status"], 401);
        assert_eq!(event["body"], "no ***\n<b>");
        assert_eq!(event["response_headers"][0], serde_json::json!(["X-Seen", "***"]));
        for kind in ["junit", "tap", "json", "html"] {
            assert!(!report(&outcome, kind).contains("s3cret"), "{kind}");
        }
        assert!(!outcome.stdout.contains("s3cret"), "{}", outcome.stdout);
    }
}

#[test]
fn each_attempt_has_its_response() {
    let server = Server::repeat(2, |peer| {
        peer.read_head();
        peer.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    });
    let scenario = "WS {{url}}\n< a\n";
    let outcome = reporting(check(&server, scenario, &["-v", "--retry=1"])).run().code(1);
    assert_eq!(outcome.stdout.matches("< HTTP/1.1 503 Busy\n").count(), 2, "{}", outcome.stdout);
    let events = events(&outcome);
    assert_eq!(events.as_array().map(Vec::len), Some(2), "{events}");
}

/// What follows an invalid 101 is no body.
#[test]
fn of_an_invalid_acceptance_the_head_is_shown() {
    let answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nframes";
    let outcome = run(&Server::respond(answer), "< a\n").code(1);
    let shown = "x < HTTP/1.1 101 Switching Protocols\nx < Upgrade: x\n";
    assert!(outcome.stdout.contains(shown), "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("x < frames"), "{}", outcome.stdout);
    assert_eq!(events(&outcome)[0]["status"], 101);
}

/// Bytes are masked before they are shown in hex, and what a cut body ends with may be the start of a secret.
#[test]
fn secrets_in_a_body_are_masked_before_it_is_encoded_or_cut() {
    let outcome = run(&refusing("403 No", b"\0\x01s3cret-token\x02"), "HTTP 403\n").code(0);
    let hex = "00 01 2a 2a 2a 02";
    assert!(outcome.stdout.contains(hex), "{}", outcome.stdout);
    let long = format!("{}s3cret-token", "a".repeat((4 << 10) - 8));
    let outcome = run(&refusing("403 No", long.as_bytes()), "HTTP 403\n").code(0);
    assert!(outcome.stdout.contains("aaa***\n"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("x (the body is longer: only its first 4 KiB were read)\n"));
    let body = events(&outcome)[0]["body"].as_str().map(str::to_owned);
    assert!(body.is_some_and(|body| body.ends_with("aaa***")));
}

#[test]
fn what_is_not_http_is_shown_as_it_was_received() {
    let outcome = run(&Server::respond("SSH-2.0-x s3cret-token\r\n"), "< a\n").code(1);
    assert!(outcome.stdout.contains("x < SSH-2.0-x ***\n"), "{}", outcome.stdout);
    assert_eq!(events(&outcome)[0]["body"], "SSH-2.0-x ***\r\n");
}
