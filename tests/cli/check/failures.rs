//! What is shown of failures.

use super::{check, run};
use crate::scripts::refused_url;
use crate::support::{Outcome, Peer, Server, binary, close, pong, text};

/// Scenario language, section 5: "A failure shows `FILE:LINE`, the line, what was waited for and what came instead".
/// Scenario language, section 3: "Each `<`, with its `<&` and `<?`, has the time `timeout`"
#[test]
fn a_timeout_shows_what_was_expected_and_what_came() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("hello"));
        peer.send(text(r#"{"a":1,"b":{"c":3}}"#));
        peer.answer_close(1000);
    });
    let scenario = "### t\nWS {{url}}\n[Options]\ntimeout: 100ms\n< {\"a\":1,\"b\":{\"c\":2}}\n[Asserts]\nsize > 1\n";
    let mut outcome = run(&server, scenario).code(1);
    for part in [
        "failed: t\ns.wscope:5:1: nothing matched within 100 ms\n",
        "  < {\"a\":1,\"b\":{\"c\":2}}\n  ^^^^^^^^^^^^^^^^^^^^^\n",
        "  expected  JSON that contains {\"a\":1,\"b\":{\"c\":2}}\n",
        "  closest   {\"a\":1,\"b\":{\"c\":3}}\n  differs   at $.b.c expected 2, got 3\n  received  hello\n            {\"a\":1,\"b\":{\"c\":3}}\n",
    ] {
        outcome = outcome.stdout_contains(part);
    }
}

/// Scenario language, section 5: "`FILE:LINE` (of a failed assertion its own line)".
#[test]
fn all_assertions_of_a_step_are_reported() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("one"));
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n< one\n[Asserts]\nsize == 4\nsize == 3\ntext startsWith \"x\"\n";
    run(&server, scenario)
        .code(1)
        .stdout_contains("s.wscope:4:1: the assertion does not hold\n  size == 4\n")
        .stdout_contains("  expected  4\n  got       3\n")
        .stdout_contains(
            "also line 6: text startsWith \"x\": expected startsWith \"x\", got \"one\"",
        );
}

/// Scenario language, section 5: "the first difference of the one that came closest".
#[test]
fn more_differences_than_the_first_are_named() {
    failure(&[text("{\"text\":\"a\",\"id\":1}")], "< {\"text\":\"b\",\"id\":2}\n")
        .stdout_contains("  differs   at $.text expected \"b\", got \"a\" (and 1 more: $.id)\n");
}

/// Scenario language, section 5: "1 some part failed, whatever the reason (could not connect, …)".
#[test]
fn a_server_that_is_not_there_fails_the_part() {
    check("WS {{url}}\n< a\n")
        .args(["--variable", &format!("url={}", refused_url())])
        .run()
        .code(1)
        .stdout_contains("s.wscope:1:1: could not connect: TCP connect: 127.0.0.1:")
        .stdout_contains("Connection refused");
}

/// Scenario language, section 5: "1 some part failed, whatever the reason (…, refused, …)".
#[test]
fn another_status_shows_the_body() {
    let server = Server::respond("HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno entry\n");
    run(&server, "WS {{url}}\nHTTP 101\n")
        .code(1)
        .stdout_contains("  expected  status 101\n  got       status 403\n")
        .stdout_contains("body: no entry");
}

/// Scenario language, section 5: "for all files at once, exit 2, before anything is connected".
#[test]
fn syntax_errors_of_all_files_are_shown_before_anything_runs() {
    crate::support::wscope()
        .file("a.wscope", "WS ws://h\n< /a(/\n[Asserts]\nsiez == 1\n")
        .file("b.wscope", "WS {{host}}\n[Options]\ninsecrue: true\nsend: x\n> caf\u{e9} {{y}}\n")
        .args(["check", "--variable", "host=h"])
        .run()
        .code(2)
        .stdout("")
        .stderr_contains(
            "a.wscope:2:3: error: not a regular expression: unclosed group\n  < /a(/\n    ^^^^",
        )
        .stderr_contains(
            "b.wscope:5:8: error: unknown variable \"y\"\n  > caf\u{e9} {{y}}\n         ^^^^^",
        );
    crate::support::wscope()
        .file(
            "b.wscope",
            "WS ws://h\n[Options]\ninsecrue: true\nsend: x\nconnect-timeout: soon\n< a\n",
        )
        .args(["check"])
        .run()
        .code(2)
        .stderr_contains("b.wscope:3:1: error: unknown option \"insecrue\"")
        .stderr_contains("help: did you mean \"insecure\"?")
        .stderr_contains("b.wscope:4:1: error: the option \"send\" has no meaning in a scenario");
}

/// Scenario language, section 5: "Exit: … 8 unreadable file".
/// Scenario language, section 1: "UTF-8"
#[test]
fn what_is_not_text_is_refused() {
    crate::support::wscope()
        .file("a.wscope", b"WS ws://h\n> caf\xe9\n")
        .args(["check", "a.wscope"])
        .run()
        .code(2)
        .stderr_contains("a.wscope:2:6: error: byte 0xe9: not UTF-8\n  > caf\u{fffd}\n       ^\n");
    check("WS ws://h\n").args(["missing.wscope"]).run().code(8).stderr_contains("missing.wscope");
}

/// A server that sends these frames at once, then answers the Close frame.
pub(super) fn sending(frames: &[Vec<u8>]) -> Server {
    let frames = frames.concat();
    Server::script(move |peer: &mut Peer| {
        peer.accept_request();
        peer.send(&frames);
        peer.answer_close(1000);
    })
}

/// What is shown of a scenario that fails with a timeout of 100 ms. Its steps begin in line 5.
pub(super) fn failure(frames: &[Vec<u8>], steps: &str) -> Outcome {
    run(&sending(frames), &format!("WS {{{{url}}}}\n[Options]\ntimeout: 100ms\n\n{steps}")).code(1)
}

/// Scenario language, section 5: "the first difference … (…; or the text with the place marked)".
#[test]
fn the_place_where_texts_differ_is_marked() {
    for (message, pattern, place) in [
        (
            "hello",
            "hello ",
            "at character 6, after \"hello\": expected \" \" (a space), got the end",
        ),
        (
            "a\u{a0}b",
            "a b",
            "at character 2, after \"a\": expected \" b\" (a space), got \"\\u{a0}b\" (U+00A0)",
        ),
        (
            "one letter more",
            "one lettre more",
            "at character 9, after \"one lett\": expected \"re more\", got \"er more\"",
        ),
    ] {
        failure(&[text(message)], &format!("< {pattern}\n"))
            .stdout_contains(&format!("  differs   {place}"));
    }
    failure(&[binary(&[1, 2, 3])], "< hex:01 02 04\n")
        .stdout_contains("  differs   at byte 3, after 01 02: expected 04, got 03\n");
    failure(&[binary(b"a")], "< a\n").stdout_contains("a text message is expected");
}

/// Scenario language, section 5: "the state of the connection".
#[test]
fn what_was_received_and_taken_is_told_from_silence() {
    failure(&[text("a")], "< ping:\n")
        .stdout_contains("  received  a\n")
        .stdout_contains("the connection is open; the last message came ");
    failure(&[pong(b"abc")], "< pong:abd\n")
        .stdout_contains("a pong \"abc\" was received\n")
        .stdout_contains("no data message was received meanwhile\n");
    failure(&[text("a")], "< a\n<& b\n").stdout_contains("line 5 took a\n");
    failure(&[], "< a\n").stdout_contains("the connection is open; nothing was received yet\n");
}

#[test]
fn a_message_of_which_only_a_part_came_is_named() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(&text(&"a".repeat(100))[..12]);
        peer.read_until_eof();
    });
    run(&server, "WS {{url}}\n[Options]\ntimeout: 100ms\n\n< a\n")
        .code(1)
        .stdout_contains("the connection is open; no whole message was received yet\n            a text message has begun: 10 of 100 bytes of its frame received\n");
}

#[test]
fn an_assertion_shows_its_message_and_how_far_a_path_goes() {
    let message = r#"{"data":{"usr":{"id":1}}}"#;
    failure(
        &[text("before"), text(message)],
        "< {}\n[Asserts]\njsonpath \"$.data.user.id\" == 1\n",
    )
    .stdout_contains(&format!("  received  before\n            {message}\n"))
    .stdout_contains("$.data exists with the member \"usr\"\n");
    failure(&[text("a"), text("b")], "DURING 100ms\n[Asserts]\ncount == 3\n")
        .stdout_contains("  received  a\n            b\n");
}

/// Scenario language, section 5: "every message seen since the step began".
#[test]
fn messages_of_a_period_are_shown_when_the_connection_ends_in_it() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send([text("a"), close(1000, "")].concat());
        peer.read_until_eof();
    });
    run(&server, "WS {{url}}\nDURING 10s\n[Asserts]\ncount == 1\n")
        .code(1)
        .stdout_contains("the connection ended")
        .stdout_contains("  received  a\n");
}

#[test]
fn a_refusal_shows_status_and_headers() {
    let response = "HTTP/1.1 403 Forbidden\r\nX-Why: closed\r\nSet-Cookie: a=b\r\nContent-Length: 3\r\n\r\nno\n";
    run(&Server::respond(response), "WS {{url}}\n")
        .code(1)
        .stdout_contains("HTTP 403\n            X-Why: closed\n            Set-Cookie: ***\n")
        .stdout_contains("body: no");
}

/// Scenario language, section 3: "memory is bounded by `max-buffered` […] over it the part fails and says so"
#[test]
fn more_than_is_kept_ends_a_sleep() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("aaaa").repeat(100));
        peer.read_until_eof();
    });
    // The connection is open before the sleep begins: which of their lines is named depends on the server.
    run(&server, "WS {{url}}\n[Options]\nmax-buffered: 1K\n\nSLEEP 60s\n< b\n")
        .code(1)
        .stdout_contains(": more was received than max-buffered allows: ")
        .stdout_contains(" for each beside its payload, up to 1024 bytes\n");
}

/// Scenario language, section 3: "A part has `max-time`"
#[test]
fn the_time_of_a_part_runs_out_at_the_pattern_that_is_missing() {
    run(&sending(&[text("a")]), "WS {{url}}\n[Options]\nmax-time: 300ms\n\n< a\n<& b\n")
        .code(1)
        .stdout_contains("s.wscope:6:1: the part is not over after 300 ms (max-time)\n  <& b\n");
}

/// Scenario language, section 3: "a bare `{…}` or `[…]` that does not parse is taken as text, with a warning"
#[test]
fn a_value_that_breaks_json_is_warned_about() {
    let server = sending(&[text("x")]);
    let scenario = "WS {{url}}\n< x\n[Captures]\nn: text\n<! {\"n\":{{n}}}\n";
    run(&server, scenario).code(0).stderr_contains(
        "warning: s.wscope:5: taken as text, as it is not JSON: expected value at line 1 column 6",
    );
}

#[test]
fn what_is_secret_in_a_line_is_not_shown() {
    let line = "WS ws://bob:literalpw@127.0.0.1:1/?token=literaltok";
    let outcome = check(&format!("{line}\n< a\n")).args(["--report-junit", "-"]).run().code(1);
    for secret in ["literalpw", "literaltok"] {
        assert!(!outcome.stdout.contains(secret), "{}", outcome.stdout);
        assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
    }
    outcome.stderr_contains("  WS ws://bob:***@127.0.0.1:1/?token=***\n  ^");
    for line in [
        "WS ws://bob:literalpw@127.0.0.1:1/{{nope}}",
        "WS ws://h\nAuthorization: Bearer literaltok {{nope}}",
        "WS ws://h\n[Options]\nbearer: literaltok{{nope}}",
        "WS ws://h\nnonsense declared-secret",
    ] {
        let outcome = check(&format!("{line}\n< a\n"))
            .args(["--secret", "s=declared-secret"])
            .run()
            .code(2)
            .stderr_contains("***");
        for secret in ["literalpw", "literaltok", "declared-secret"] {
            assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
        }
    }
    check("### t declared-secret\nWS ws://h\n< a\n")
        .args(["--secret", "s=declared-secret", "--list"])
        .run()
        .code(0)
        .stdout("s.wscope:1: t ***\n");
}
