//! `--expect`, `--strict` and `--count`: what meets them, and the report when they are not met.

use crate::scripts::{answer_close, close, serve, serve_bytes};
use crate::support::{
    Outcome, Peer, Server, binary, ping, pong, switching_protocols, text, wscope,
};

/// Runs with these patterns against a server that sends `bytes`, then its Close.
#[track_caller]
fn run_expecting(patterns: &[&str], args: &[&str], bytes: Vec<u8>, code: u16) -> Outcome {
    let server = serve(move |peer| {
        peer.send(bytes);
        peer.close(code, "");
        peer.read_until_eof();
    });
    let expects = patterns.iter().flat_map(|pattern| ["--expect", pattern]);
    wscope().args(expects).args(args).arg(server.url()).run()
}

fn texts(messages: &[&str]) -> Vec<u8> {
    messages.iter().flat_map(|message| text(message)).collect()
}

/// A message in the same segment as the response head met the count, and the messages of `-x` were not sent.
#[test]
fn messages_are_sent_although_the_goal_is_already_met() {
    for goal in [&["--count", "1"][..], &["--expect", "early"]] {
        let server = Server::script(|peer| {
            let head = peer.read_head();
            peer.send([switching_protocols(&head, &[]).into_bytes(), text("early")].concat());
            peer.expect_text("first");
            peer.expect_text("second");
            answer_close(peer);
        });
        let sends = ["-x", "first", "-x", "second"];
        wscope().args(sends).args(goal).arg(server.url()).run().code(0).stdout("early\n");
    }
}

/// Scenario language, section 2: "`--expect` takes the same patterns; the old spellings keep their meaning"
#[test]
fn patterns_match_messages() {
    for (patterns, messages) in [
        (&["ready"][..], &["hello", "ready"][..]),
        (&["/^ok [0-9]+$/"], &["ok", "ok 12"]),
        (&["/o/"], &["no"]),
        (&["json:{\"a\":1}"], &["no json", "{\"a\":2}", "{\"b\":2, \"a\":1}"]),
        (&["json:{\"a\":{\"b\":null}}"], &["{\"a\":{\"b\":null,\"c\":3},\"d\":[]}"]),
        (&["json:[1,{\"a\":true}]"], &["[1,{\"a\":true,\"b\":0}]"]),
        (&["json:\"text\""], &["\"text\""]),
        (&["{\"a\":1}"], &["{\"b\":2, \"a\":1}"]),
        (&["[1]"], &["[2]", "[1]"]),
        (&["text:[1]"], &["[1.0]", "[1]"]),
        (&["a", "b"], &["a", "x", "b"]),
        (&["a", "a"], &["a", "a"]),
        (&["a", "/^b/", "json:{}"], &["b", "a", "b1", "{}"]),
        (&[""], &["x", ""]),
        (&["-x"], &["-x"]),
        (&["zwei\nZeilen é"], &["zwei\nZeilen é"]),
    ] {
        let expects = patterns.iter().flat_map(|pattern| ["--expect", pattern]);
        let server = serve_bytes(texts(messages));
        let stdout: String = messages.iter().map(|message| format!("{message}\n")).collect();
        wscope().args(expects).arg(server.url()).run().code(0).stdout(&stdout);
    }
}

#[test]
fn a_binary_pattern_matches_binary_messages_only() {
    let messages = || [text("ok"), binary(&[0, 255])].concat();
    run_expecting(&["hex:00 FF"], &[], messages(), 1000).code(0);
    let outcome = run_expecting(&["hex:6f6b"], &[], messages(), 1000).code(1);
    outcome.stderr_contains("hex:6f6b").stderr_contains("\"ok\"").stderr_contains("hex:00ff");
}

#[test]
fn a_close_code_can_be_expected() {
    run_expecting(&["close:1008"], &[], texts(&["x"]), 1008).code(0).stdout("x\n");
    run_expecting(&["x", "close:4000"], &[], texts(&["x"]), 4000).code(0);
    run_expecting(&["close:1000"], &[], Vec::new(), 1000).code(0);
    run_expecting(&["close:1005"], &[], Vec::new(), 1005).code(0);
    run_expecting(&["close:1008"], &[], Vec::new(), 1000).code(1).stderr_contains("close:1008");
    run_expecting(&["close:1000"], &[], Vec::new(), 1011).code(1).stderr_contains("close:1000");
}

/// Our own Close ends the wait; the answer to it is not what was awaited.
#[test]
fn an_answer_to_our_own_close_meets_nothing() {
    for (pattern, drops) in [("close:1000", false), ("close:", false), ("close:1006", true)] {
        let server = serve(move |peer| {
            peer.expect_close(1000);
            match drops {
                true => peer.eof(),
                false => peer.close(1000, ""),
            }
        });
        let args = ["--expect", pattern, "-m", "200ms", &server.url()];
        let outcome = wscope().args(args).run().code(1).stdout("");
        outcome.stderr_contains(&format!("wscope: expectation not met: expected {pattern}; "));
    }
}

#[test]
fn the_reason_of_a_close_can_be_expected() {
    for (pattern, code) in
        [("close:", 0), ("close:4000 all done", 0), ("close:4000 /done$/", 0), ("close:4000 d", 1)]
    {
        let server = serve(|peer| {
            peer.close(4000, "all done");
            peer.read_until_eof();
        });
        wscope().args(["--expect", pattern, &server.url()]).run().code(code);
    }
}

#[test]
fn control_frames_can_be_expected() {
    let frames = || [ping(b"one"), text("x"), pong(b"two"), text("y")].concat();
    for patterns in [&["ping:"][..], &["ping:one"], &["pong:"], &["ping:one", "x", "pong:two", "y"]]
    {
        run_expecting(patterns, &[], frames(), 1000).code(0);
    }
    for patterns in [&["ping:two"][..], &["pong:one"], &["pong:", "ping:"]] {
        run_expecting(patterns, &[], frames(), 1000).code(1);
    }
    let outcome = run_expecting(&["ping:two"], &[], frames(), 1000).code(1);
    outcome.stderr_contains("expected ping:two; last message").stderr_contains("ping \"one\"");
}

/// Scenario language, section 2: "`--expect` takes the same patterns"
#[test]
fn a_start_and_base64_of_a_binary_message_can_be_expected() {
    for pattern in ["hex:61..", "hex:61 62 ..", "base64:YWJj"] {
        run_expecting(&[pattern], &[], binary(b"abc"), 1000).code(0);
    }
    run_expecting(&["hex:62.."], &[], binary(b"abc"), 1000).code(1);
}

/// Scenario language, section 2: "`--expect` takes the same patterns"
#[test]
fn control_frames_and_close_reasons_can_be_expected() {
    let server = serve(|peer| {
        peer.send(ping(b"one"));
        peer.read_frame();
        peer.close(1000, "see you");
        peer.read_until_eof();
    });
    let patterns = ["--expect", "ping:one", "--expect", "close:1000 /you$/"];
    wscope().args(patterns).arg(server.url()).run().code(0);
    let outcome = run_expecting(&["close:1000 bye"], &[], Vec::new(), 1000);
    outcome.code(1).stderr_contains("expected close:1000 bye; ");
}

/// Scenario language, section 2: "`--expect` takes the same patterns"
#[test]
fn the_content_of_a_file_can_be_expected() {
    let server = serve_bytes(texts(&["{\"a\":1,\"b\":2}"]));
    let args = ["--expect", "json:@a.json", &server.url()];
    wscope().file("a.json", "{\"a\":1}").args(args).run().code(0);
    wscope()
        .args(["--expect", "text:@none", "ws://127.0.0.1:1"])
        .run()
        .code(2)
        .stderr_contains("--expect none: ");
    wscope()
        .file("a.json", "{")
        .args(["--expect", "json:@a.json", "ws://127.0.0.1:1"])
        .run()
        .code(2)
        .stderr_contains("a.json: not JSON");
}

#[test]
fn an_abnormal_end_can_be_expected() {
    let server = serve(|peer| {
        peer.send(text("x"));
        peer.eof();
    });
    wscope().args(["--expect", "close:1006", &server.url()]).run().code(0).stdout("x\n");
}

#[test]
fn an_unmet_expectation_shows_the_pattern_and_the_messages() {
    for (patterns, messages, words) in [
        (&["ready"][..], &["ready!"][..], &["\"ready\"", "\"ready!\""][..]),
        (&["ready"], &["READY"], &["\"ready\"", "\"READY\""]),
        (&["/^ok$/"], &["ok then"], &["/^ok$/", "\"ok then\""]),
        (&["json:{\"a\":1}"], &["{\"a\":\"1\"}"], &["json:", "{\"a\":\"1\"}"]),
        (&["json:{\"a\":[1]}"], &["{\"a\":[1,2]}"], &["at $.a expected 1 element, got 2"]),
        (
            &["{\"a\":2}"],
            &["{\"a\":1,\"b\":2}"],
            &[
                "expected {\"a\":2}: at $.a expected 2, got 1; last message that did not match: ",
                "{\"a\":1,\"b\":2}; closed by the peer: 1000",
            ],
        ),
        (
            &["{\"a\":2,\"b\":3}"],
            &["{\"a\":2,\"b\":\"\\u001b[2J\"}", "[]", "hello"],
            &[": closest message: at $.b expected 3, got \"\\u001b[2J\"; last messages"],
        ),
        (&["a", "b"], &["b", "a"], &["\"b\"", "2 of 2"]),
        (&["a", "a"], &["a"], &["\"a\"", "2 of 2"]),
        (&["z"], &["1", "2", "3", "4", "5"], &["\"z\"", "\"3\", \"4\", \"5\""]),
        (&["z"], &[], &["\"z\"", "no message was received"]),
    ] {
        let outcome = run_expecting(patterns, &[], texts(messages), 1000).code(1);
        let outcome = outcome.stderr_contains("wscope: expectation not met");
        words.iter().fold(outcome, |outcome, words| outcome.stderr_contains(words));
    }
}

/// Scenario language, section 3: "a bare {…} or […] that does not parse is taken as text, with a warning"
#[test]
fn a_pattern_of_broken_json_is_a_text_with_a_warning() {
    let warning = "warning: --expect {\"a\":1: taken as text, as it is not JSON: ";
    run_expecting(&["{\"a\":1"], &[], texts(&["{\"a\":1"]), 1000).code(0).stderr_contains(warning);
    run_expecting(&["text:{\"a\":1"], &[], texts(&["{\"a\":1"]), 1000)
        .code(0)
        .stderr_lacks("taken as text");
}

/// How far a run came is known also if it did not end because of that.
#[test]
fn an_abnormal_end_before_a_count_shows_how_many_came() {
    let server = serve(|peer| {
        peer.send(text("a"));
        peer.send(text("b"));
        close(peer, 1011, "");
    });
    let warning = "warning: 2 of 5 messages were received\n";
    wscope().args(["--count", "5", &server.url()]).run().code(6).stderr_contains(warning);
}

#[test]
fn an_unmet_expectation_shows_the_close_reason() {
    let server = serve(|peer| close(peer, 1008, "no token"));
    let outcome = wscope().args(["--expect", "ready", &server.url()]).run().code(1);
    outcome.stderr_contains("\"ready\"").stderr_contains("1008").stderr_contains("no token");
}

#[test]
fn an_unmet_expectation_shows_the_close_reason_with_quiet() {
    for args in [["--expect", "ready"], ["--count", "1"]] {
        let server = serve(|peer| close(peer, 1001, "moving on"));
        let outcome = wscope().args(args).args(["-q", &server.url()]).run().code(1);
        outcome.stderr_contains("1001").stderr_contains("moving on");
    }
}

/// As without an expectation, and only once.
#[test]
fn an_unmet_expectation_shows_how_and_where_the_connection_ended() {
    for (is_reset, how) in [
        (false, "TCP connection ended (FIN) without a Close frame"),
        (true, "TCP connection reset (RST) without a Close frame"),
    ] {
        let server = serve(move |peer| {
            peer.send([text("a"), text("hello")[..4].to_vec()].concat());
            peer.expect_text("seen"); // a reset would discard unread data
            if is_reset { peer.reset() } else { peer.eof() }
        });
        let args = ["--expect", "hello", "-x", "seen", &server.url()];
        let outcome = wscope().args(args).run().code(1).stdout("a\n");
        let outcome = outcome.stderr_contains(&format!(
            "last message that did not match: \"a\"; closed abnormally by the peer: 1006 Abnormal \
             Closure: {how}, in the middle of a text frame (2 of 5 payload bytes received), "
        ));
        let outcome = outcome.stderr_contains("\nhint: the peer ");
        assert_eq!(outcome.stderr.matches("by the peer").count(), 1, "{}", outcome.stderr);
    }
}

#[test]
fn an_unmet_expectation_shows_a_protocol_error() {
    let steps = |peer: &mut Peer| {
        peer.send(crate::support::frame(true, 4, crate::support::TEXT, b"x"));
        peer.expect_close(1002);
    };
    let server = serve(steps);
    let outcome = wscope().args(["--expect", "ready", &server.url()]).run().code(1);
    outcome.stderr_contains(
        "expected \"ready\"; no message was received; protocol error: reserved bit set: RSV1",
    );
    let server = serve(steps);
    let outcome = wscope().args(["--count", "1", &server.url()]).run().code(5);
    outcome.stderr_contains("wscope: protocol error: reserved bit set: RSV1");
}

#[test]
fn an_unmet_expectation_shows_a_timeout() {
    let server = serve(answer_close);
    let args = ["--expect", "ready", "--idle-timeout", "100ms", &server.url()];
    let outcome = wscope().args(args).run().code(1);
    outcome.stderr_contains("; timed out: nothing was received for 100ms (--idle-timeout)\nhint: ");
}

#[test]
fn strict_accepts_no_other_message() {
    let server = serve_bytes(texts(&["x"]));
    let outcome = wscope().args(["--strict", "--expect", "a", &server.url()]).run().code(1);
    outcome.stdout("x\n").stderr_contains("\"a\"").stderr_contains("\"x\"");
    run_expecting(&["a", "b"], &["--strict"], texts(&["a", "b"]), 1000).code(0).stdout("a\nb\n");
}

#[test]
fn strict_reports_the_other_message_even_if_the_expected_one_follows() {
    let outcome = run_expecting(&["a", "b"], &["--strict"], texts(&["a", "x", "b"]), 1000).code(1);
    outcome.stderr_contains("2 of 2").stderr_contains("\"x\"");
}

#[test]
fn max_time_applies_to_expectations() {
    let server = serve_bytes(texts(&["almost"]));
    let outcome = wscope().args(["--expect", "ready", "-m", "150ms", &server.url()]).run().code(1);
    outcome.stderr_contains("\"ready\"").stderr_contains("\"almost\"");
}

#[test]
fn an_unmet_expectation_shows_max_time() {
    let server = serve_bytes(texts(&["almost"]));
    let outcome = wscope().args(["--expect", "ready", "-m", "150ms", &server.url()]).run().code(1);
    outcome.stderr_contains("--max-time").stderr_contains("150ms");
}

#[test]
fn a_handshake_timeout_is_an_unmet_expectation() {
    let server = Server::script(|peer| {
        peer.read_head();
        peer.expect_eof();
    });
    let outcome = wscope().args(["--expect", "ready", "-m", "150ms", &server.url()]).run();
    outcome.code(1).stderr_contains("\"ready\"").stderr_contains("150ms");
}

#[test]
fn an_expectation_is_awaited_after_the_end_of_input() {
    let server = serve(|peer| {
        peer.expect_text("question");
        peer.send(texts(&["noise", "answer 42"]));
        answer_close(peer);
    });
    let args = ["--expect", "/^answer/", "--close-timeout", "5s", &server.url()];
    wscope().args(args).stdin("question\n").run().code(0).stdout("noise\nanswer 42\n");
}

#[test]
fn a_met_expectation_ends_the_run_while_stdin_is_open() {
    let server = serve_bytes(texts(&["ready"]));
    wscope()
        .args(["--expect", "ready", &server.url()])
        .stdin_open()
        .run()
        .code(0)
        .stdout("ready\n");
}

#[test]
fn invalid_patterns_are_usage_errors() {
    for (pattern, words) in [
        ("/a(/", "unclosed group"),
        ("json:{", "JSON"),
        ("hex:0", "hex"),
        ("close:normal", "close code"),
        ("close:70000", "close code"),
    ] {
        let outcome = wscope().args(["--expect", pattern, "ws://127.0.0.1:1"]).run().code(2);
        outcome.stdout("").stderr_contains("--expect").stderr_contains(words);
    }
}

#[test]
fn a_count_limits_the_output_and_reports_the_surplus() {
    for (args, sent, stdout, surplus) in [
        (&["--count", "2"][..], 5, "0\n1\n", "3 more messages"),
        (&["-1"], 2, "0\n", "1 more message"),
    ] {
        let messages: Vec<u8> = (0..sent).flat_map(|number| text(&format!("{number}"))).collect();
        let server = serve_bytes(messages);
        let outcome = wscope().args(args).arg(server.url()).run().code(0).stdout(stdout);
        outcome.stderr_contains(surplus).stderr_contains("--count");
    }
}

/// The connection stays open for the expectation: what it receives is shown.
#[test]
fn a_count_does_not_limit_the_output_while_an_expectation_is_open() {
    let messages = || texts(&["1", "2", "3", "a", "4"]);
    let args = ["--count", "2"];
    let outcome = run_expecting(&["a"], &args, messages(), 1000).code(0).stdout("1\n2\n3\na\n");
    outcome.stderr_contains("1 more message");
    run_expecting(&["z"], &args, messages(), 1000).code(1).stdout("1\n2\n3\na\n4\n");
    run_expecting(&["1"], &args, messages(), 1000).code(0).stdout("1\n2\n");
}

#[test]
fn an_exactly_met_count_reports_no_surplus() {
    let server = serve_bytes(texts(&["a", "b"]));
    let outcome = wscope().args(["--count", "2", &server.url()]).run().code(0).stdout("a\nb\n");
    outcome.stderr_lacks("more message");
}

#[test]
fn a_count_counts_data_messages_and_not_control_frames() {
    let server = serve(|peer| {
        peer.send([ping(b""), pong(b""), text("a"), binary(b"b")].concat());
        peer.expect_pong(b"");
        answer_close(peer);
    });
    wscope().args(["--count", "2", &server.url()]).run().code(0).stdout("a\nb\n");
}

#[test]
fn an_unreached_count_is_reported() {
    for (code, status, words) in [
        (1000, 1, "1 of 3 messages"),
        (1001, 1, "1 of 3 messages"),
        (1005, 1, "1 of 3 messages"),
        (1008, 6, "1008 Policy Violation"),
        (4000, 6, "4000"),
    ] {
        let outcome = run_expecting(&[], &["--count", "3"], texts(&["a"]), code);
        outcome.code(status).stdout("a\n").stderr_contains(words);
    }
    let server = serve(Peer::eof);
    wscope().args(["--count", "3", &server.url()]).run().code(6).stderr_contains("1006");
}

#[test]
fn a_count_not_reached_in_time_is_a_timeout() {
    let server = serve_bytes(texts(&["a"]));
    let outcome = wscope().args(["--count", "2", "-m", "150ms", &server.url()]).run();
    outcome.code(7).stdout("a\n").stderr_contains("--max-time 150ms");
}

/// The goal has been met; only the close code reports a failure.
#[test]
fn a_reached_count_does_not_hide_a_close_code() {
    let server = serve(|peer| {
        peer.send(text("a"));
        peer.expect_close(1000);
        peer.close(1011, "");
    });
    wscope()
        .args(["--count", "1", &server.url()])
        .run()
        .code(6)
        .stdout("a\n")
        .stderr_contains("1011");
}

#[test]
fn both_count_and_expect_must_be_met() {
    let both = ["--count", "2"];
    run_expecting(&["a"], &both, texts(&["a", "b"]), 1000).code(0).stdout("a\nb\n");
    run_expecting(&["b"], &both, texts(&["a", "x", "b"]), 1000).code(0).stdout("a\nx\nb\n");
    run_expecting(&["a"], &both, texts(&["a"]), 1000).code(1).stderr_contains("1 of 2 messages");
    run_expecting(&["z"], &both, texts(&["a", "b"]), 1000).code(1).stderr_contains("\"z\"");
}
