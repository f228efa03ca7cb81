//! JSON is judged, captured and sent exactly as it is written.

use super::run;
use crate::support::{Peer, Server, text};

/// A server that sends this message, then answers the Close frame.
fn sending(message: &'static str) -> Server {
    Server::script(move |peer: &mut Peer| {
        peer.accept_request();
        peer.send(text(message));
        peer.answer_close(1000);
    })
}

/// Scenario language, section 2: "numbers by value (exactly, beyond 2^53 too)"
#[test]
fn numbers_of_any_length_are_compared_by_value() {
    for (message, pattern, code) in [
        (r#"{"a":18446744073709551617}"#, r#"{"a":18446744073709551616}"#, 1),
        (r#"{"a":123456789012345678901234567890}"#, r#"{"a":123456789012345678901234567891}"#, 1),
        (r#"{"a":0.10000000000000000001}"#, r#"{"a":0.1}"#, 1),
        (r#"{"a":18446744073709551617.0}"#, r#"{"a":18446744073709551617}"#, 0),
        (r#"{"a":1e400,"b":1}"#, r#"{"b":1}"#, 0),
        (r#"{"a":1e400,"b":1}"#, r#"{"a":10e399}"#, 0),
        (r#"{"a":1e400,"b":1}"#, r#"json:{"a":1e400}"#, 0),
        (r#"{"a":1e400,"b":1}"#, r#"json:{"a":1e401}"#, 1),
    ] {
        let scenario = format!("WS {{{{url}}}}\n[Options]\ntimeout: 100ms\n\n< {pattern}\n");
        run(&sending(message), &scenario).code(code);
    }
}

/// Scenario language, section 3: "`{{name}}` is put in as text before a payload is judged to be JSON"
#[test]
fn a_captured_value_is_sent_as_it_was_received() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text(r#"{"id":12345678901234567890123,"f":1e3,"o":{"z":1,"a":[1.0,-0]}}"#));
        peer.expect_text(r#"{"n":12345678901234567890123}"#);
        peer.expect_text("1e3");
        peer.expect_text(r#"{"z":1,"a":[1.0,-0]}"#);
        peer.answer_close(1000);
    });
    let scenario = "WS {{url}}\n< {}\n[Captures]\nid: jsonpath \"$.id\"\nf: jsonpath \"$.f\"\n\
        o: jsonpath \"$.o\"\n[Asserts]\njsonpath \"$.id\" == 12345678901234567890123\n\
        jsonpath \"$.id\" isInteger\njsonpath \"$.id\" > 12345678901234567890122\n\
        > {\"n\":{{id}}}\n> {{f}}\n> {{o}}\n";
    run(&server, scenario).code(0);
}

#[test]
fn what_is_not_json_is_named_with_the_reason() {
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    let deep: &'static str = nested(200).replace("}", ",\"b\":1}").leak();
    run(&sending(deep), "WS {{url}}\n< {\"b\":1}\n").code(0);
    run(&sending(r#"{"a":"\ud800","b":1}"#), "WS {{url}}\n< {\"b\":1}\n").code(0);
    let deeper: &'static str = nested(300).leak();
    for (message, pattern, reason) in [
        (deeper, r#"{"a":1}"#, "nested deeper than 256 levels at line 1 column 261"),
        ("{\"b\":1", r#"{"b":1}"#, "EOF while parsing an object at line 1 column 6"),
        (
            r#"{"a":"\ud800"}"#,
            r#"{"a":"x"}"#,
            r"half of a UTF-16 surrogate pair alone in \u escapes",
        ),
    ] {
        let scenario = format!("WS {{{{url}}}}\n[Options]\ntimeout: 100ms\n\n< {pattern}\n");
        run(&sending(message), &scenario)
            .code(1)
            .stdout_contains(&format!("differs   the received message is not JSON: {reason}"));
    }
}
