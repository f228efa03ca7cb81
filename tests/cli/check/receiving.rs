//! What is kept between steps, and which message a step takes.

use std::sync::mpsc::channel;

use super::{check, failures::sending, run, run_with};
use crate::support::{Peer, Server, script, switching_protocols, text};

/// A server that sends these frames in the same segment as the response, then answers the Close frame.
fn sending_with_head(frames: &[Vec<u8>]) -> Server {
    let frames = frames.concat();
    Server::script(move |peer: &mut Peer| {
        let head = peer.read_head();
        peer.send([switching_protocols(&head, &[]).as_bytes(), &frames].concat());
        peer.answer_close(1000);
    })
}

fn texts(messages: &[&str]) -> Vec<Vec<u8>> {
    messages.iter().map(|message| text(message)).collect()
}

/// Scenario language, section 3: "From the first byte behind the 101 on, each connection keeps what came until a step
/// takes it, however fast and whenever it came"
#[test]
fn what_comes_with_the_response_is_kept() {
    let scenario = "WS {{url}}\n[Options]\nstrict: true\n\nSLEEP 20ms\n< a\n< b\nSLEEP 20ms\n< c\n";
    run(&sending_with_head(&texts(&["a", "b", "c"])), scenario).code(0);
    // The response ends in the middle of a frame.
    let server = Server::script(|peer| {
        let head = peer.read_head();
        let (a, b, c) = (text("a"), text("b"), text("c"));
        peer.send([switching_protocols(&head, &[]).as_bytes(), &a, &b[..1]].concat());
        peer.send_slowly([&b[1..], &c].concat());
        peer.answer_close(1000);
    });
    run(&server, scenario).code(0);
}

/// Scenario language, section 3: "memory is bounded by `max-buffered` (default 256 MiB a connection; over it the part
/// fails and says so)"
#[test]
fn each_connection_keeps_as_much_as_max_buffered_allows() {
    let long = "x".repeat(700);
    let scenario = "WS {{url}} as a\n[Options]\nmax-buffered: 1K\n\n\
        WS {{url}} as b\n[Options]\nmax-buffered: 1K\n\n\
        SLEEP 100ms\na< /x/\nb< /x/\n";
    let message = text(&long);
    let server = Server::repeat(2, move |peer| {
        peer.accept_request();
        peer.send(&message);
        peer.answer_close(1000);
    });
    run(&server, scenario).code(0);
    let scenario = "WS {{url}}\n[Options]\nmax-buffered: 1K\n\nSLEEP 60s\n< /x/\n";
    run(&sending(&[text(&long), text(&long)]), scenario)
        .code(1)
        .stdout_contains("more was received than max-buffered allows: ");
}

/// Scenario language, section 3: "`<` takes the first kept message that matches, and with it those before it"
#[test]
fn a_step_takes_the_first_match_with_what_came_before_it() {
    let messages = texts(&["x", "a", "y", "a", "b"]);
    let strict = "WS {{url}}\n< a\n< a\n< b\n";
    run(&sending(&messages), strict).code(0);
    for steps in ["< a\n< x\n", "< a\n< a\n< y\n", "< a\n< a\n< a\n"] {
        let scenario = format!("WS {{{{url}}}}\n[Options]\ntimeout: 50ms\n\n{steps}");
        run(&sending(&messages), &scenario).code(1);
    }
}

/// Scenario language, section 3: "the report lists what was passed over"
#[test]
fn the_report_has_what_a_step_passed_over() {
    let scenario = "WS {{url}}\n[Options]\ntimeout: 400ms\n\n< a\n< b\n";
    // Of a step that passed: how many.
    let outcome = run_with(
        &sending(&texts(&["p1", "p2", "a", "p3", "b"])),
        scenario,
        &["--report-json", "r.json"],
    );
    let report: serde_json::Value =
        serde_json::from_slice(&outcome.code(0).file("r.json")).expect("a report");
    let steps = report["files"][0]["parts"][0]["steps"].as_array().expect("steps").clone();
    let passed_over: Vec<_> = steps.iter().map(|step| step["passed_over"].clone()).collect();
    assert_eq!(passed_over, [0, 2, 1], "{steps:?}");
    // Of one that failed: each message.
    let outcome = run_with(
        &sending(&texts(&["p1", "a", "p2", "p3"])),
        scenario,
        &["--report-json", "r.json"],
    );
    let report: serde_json::Value =
        serde_json::from_slice(&outcome.code(1).file("r.json")).expect("a report");
    let received =
        report["files"][0]["parts"][0]["failure"]["received"].as_array().expect("a list");
    let data: Vec<_> = received.iter().map(|message| message["data"].clone()).collect();
    assert_eq!(data, ["p2", "p3"], "{received:?}");
}

/// Scenario language, section 3: "With `strict: true` the next message has to match. Messages that match an `ignore:
/// PATTERN` (repeatable: heartbeats) are set aside before either rule, and for `<!`, SILENCE and DURING."
#[test]
fn what_is_ignored_counts_for_no_step() {
    let ignore = "ignore: a\nignore: {\"t\":\"beat\"}\nignore: hex:00 ..\n";
    let frames =
        [text("a"), text("{\"t\":\"beat\",\"n\":1}"), crate::support::binary(&[0, 1]), text("ok")];
    for steps in [
        "strict: true\n\n< ok\n",
        "\n<! a\n<! {\"t\":\"beat\"}\n<! hex:00 01\n< ok\n",
        "\nDURING 100ms\n[Asserts]\ncount == 1\n",
    ] {
        let scenario =
            |ignore: &str| format!("WS {{{{url}}}}\n[Options]\ntimeout: 2s\n{ignore}{steps}");
        run(&sending_with_head(&frames), &scenario(ignore)).code(0);
        // Each of the three lines is needed.
        for missing in 0..3 {
            let lines: Vec<_> =
                ignore.lines().enumerate().filter(|(at, _)| *at != missing).collect();
            let lines: String = lines.iter().map(|(_, line)| format!("{line}\n")).collect();
            run(&sending_with_head(&frames), &scenario(&lines)).code(1);
        }
    }
    let silence = |ignore: &str| format!("WS {{{{url}}}}\n[Options]\n{ignore}\nSILENCE 100ms\n");
    run(&sending_with_head(&frames[..3]), &silence(ignore)).code(0);
    run(&sending_with_head(&frames[..1]), &silence("")).code(1);
    // The first that matches is looked for among the others.
    let scenario = "WS {{url}}\n[Options]\nignore: {\"t\":1}\n\n< {}\n[Asserts]\n\
        jsonpath \"$.t\" == 2\n";
    run(&sending(&texts(&["{\"t\":1}", "{\"t\":2}"])), scenario).code(0);
}

/// Scenario language, section 3: "Patterns of control frames take no data messages with them."
#[test]
fn a_pattern_of_a_control_frame_leaves_messages_where_they_are() {
    let frames = [text("a"), crate::support::pong(b"p"), text("b")];
    let scenario = "WS {{url}}\n[Options]\nstrict: true\n\n< pong:p\n< a\n< b\n";
    run(&sending(&frames), scenario).code(0);
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send([text("a"), crate::support::close(4001, "")].concat());
        peer.read_until_eof();
    });
    run(&server, "WS {{url}}\n[Options]\nstrict: true\n\n< close:4001\n< a\n").code(0);
}

/// Scenario language, section 3: "SILENCE and DURING begin with what is kept."
#[test]
fn silence_and_during_begin_with_what_is_kept() {
    let frames = texts(&["a", "b"]);
    run(&sending_with_head(&frames), "WS {{url}}\nSLEEP 100ms\nSILENCE 1ms\n")
        .code(1)
        .stdout_contains("s.wscope:3:1: a message was received");
    let scenario = "WS {{url}}\nSLEEP 100ms\nDURING 1ms\n[Asserts]\ncount == 2\n";
    run(&sending_with_head(&frames), scenario).code(0);
    run(&sending_with_head(&frames), "WS {{url}}\n< b\nSILENCE 50ms\n").code(0);
}

/// Scenario language, section 3: "`<&` and `<?` belong to a `<`: `<&` to the one before, `<?` to the next; without one
/// they are errors."
#[test]
fn further_and_optional_patterns_belong_to_a_step_that_waits() {
    for (steps, place) in [
        ("<& a\n", "2:1"),
        ("<? a\n", "2:1"),
        ("< a\n<? b\n", "3:1"),
        ("< a\n> b\n<& c\n", "4:1"),
        ("<? a\n<& b\n< c\n", "3:1"),
        ("SILENCE 1s\n<& a\n", "3:1"),
    ] {
        check(&format!("WS ws://h\n{steps}"))
            .run()
            .code(2)
            .stderr_contains(&format!("s.wscope:{place}: error: <"));
    }
    // `<?` waits with the next `<`, not with the one before.
    let scenario = "WS {{url}}\n[Options]\nstrict: true\n\n< a\n<? o\n< b\n<& c\n";
    for (messages, code) in [
        (&["a", "o", "c", "b"][..], 0),
        (&["a", "b", "c"], 0),
        (&["a", "c", "o", "b"], 0),
        (&["o", "a", "b", "c"], 1),
        (&["a", "b", "x", "c"], 1),
        (&["a", "o", "o", "b", "c"], 1),
    ] {
        let outcome = run(&sending(&texts(messages)), scenario);
        assert_eq!(outcome.code, Some(code), "{messages:?}: {}", outcome.stdout);
    }
}

const QUERIES: [&str; 30] = [
    "jsonpath",
    "regex",
    "text",
    "bytes",
    "type",
    "size",
    "wire_size",
    "frames",
    "compressed",
    "duration",
    "variable",
    "status",
    "header",
    "subprotocol",
    "extensions",
    "body",
    "timing",
    "tls_version",
    "certificate",
    "code",
    "reason",
    "clean",
    "initiator",
    "rtt",
    "count",
    "rate",
    "gap",
    "each",
    "stdout",
    "exit",
];

/// Scenario language, section 3: "the names of queries cannot name connections"
#[test]
fn no_connection_is_named_like_a_query() {
    let part = |name: &str| format!("### a\nWS ws://h as {name}\n< a\n");
    let outcome = check(&QUERIES.map(part).concat()).run().code(2);
    for (index, name) in QUERIES.iter().enumerate() {
        let line = index * 3 + 2;
        let expected = format!("s.wscope:{line}:14: error: a connection cannot be named {name:?}");
        assert!(outcome.stderr.contains(&expected), "{expected}\n{}", outcome.stderr);
    }
}

/// Scenario language, section 3: "Inside `[Asserts]` a line is a step only if it begins with the name of a connection
/// of this part"
#[test]
fn in_asserts_only_the_name_of_a_connection_begins_a_step() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("a"));
        peer.expect_text("b");
        peer.answer_close(1000);
    });
    run(&server, "WS {{url}} as bob\nbob< a\n[Asserts]\nsize < 5\nsize > 0\nbob> b\n").code(0);
    // The same line without such a connection is an assertion, of a query that does not exist.
    let other = "### a\nWS ws://h as bob\nbob< a\n### b\nWS ws://h\n< a\n[Asserts]\nbob> b\n";
    check(other).run().code(2).stderr_contains(
        "s.wscope:8:1: error: \"bob\" is neither a query nor a connection of this part",
    );
}

/// Scenario language, section 3: "Each `<`, with its `<&` and `<?`, has the time `timeout` (an option of the
/// connection, default 5s) from the moment its step begins."
#[test]
fn the_time_of_a_step_begins_with_it() {
    let server = Server::script(|peer| {
        peer.accept_request();
        for word in ["go", "on"] {
            peer.expect_text(word);
            peer.send(text(word));
        }
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n[Options]\ntimeout: 600ms\n\nSLEEP 700ms\n> go\n< go\n> on\n< on\n";
    run(&server, scenario).code(0);
    // It is an option of the connection, and all patterns of a group share it.
    let two = "WS {{url}} as a\n[Options]\ntimeout: 60s\n\n\
        WS {{url}} as b\n[Options]\ntimeout: 400ms\n\nb< x\nb<& y\n";
    let server = Server::repeat(2, |peer| {
        peer.accept_request();
        peer.send(text("x"));
        peer.answer_close(1000);
    });
    run(&server, two).code(1).stdout_contains("s.wscope:10:1: nothing matched within 400 ms\n");
}

/// Scenario language, section 3: "`duration` counts from the last send on that connection."
#[test]
fn a_duration_counts_from_a_send_on_the_same_connection() {
    let (received, has_received) = channel();
    let server = Server::scripts([
        script(move |peer: &mut Peer| {
            peer.accept_request();
            peer.expect_text("x");
            received.send(()).expect("the other connection");
            peer.send(text("a"));
            peer.answer_close(1000);
        }),
        script(move |peer: &mut Peer| {
            peer.accept_request();
            has_received.recv().expect("the other connection");
            peer.send(text("b"));
            peer.answer_close(1000);
        }),
    ]);
    let scenario = "WS {{url}} as a\nWS {{url}} as b\na> x\na< a\n[Asserts]\nduration exists\n\
        b< b\n[Asserts]\nduration not exists\n";
    run(&server, scenario).code(0);
}
