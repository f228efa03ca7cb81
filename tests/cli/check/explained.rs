//! Failures whose reason is not what the failed step received: it is said where it is known.

use super::failures::{failure, sending};
use super::{check, run};
use crate::support::{Server, TEXT, close, frame, text};

#[test]
fn a_message_that_an_earlier_step_passed_over_is_named() {
    failure(&[text(r#"{"a":1,"n":7}"#), text("b")], "< b\n< {\"a\":1}\n").stdout_contains(
        "a message that matches was passed over by the step of line 5: {\"a\":1,\"n\":7}\n",
    );
    failure(&[text(r#"{"a":1}"#)], "< {}\n< {\"a\":1}\n")
        .stdout_contains("a message that matches was taken by the step of line 5: {\"a\":1}\n");
    failure(&[text("a")], "DURING 50ms\n[Asserts]\ncount == 1\n< a\n")
        .stdout_contains("a message that matches was taken by the step of line 5: a\n");
    let outcome = failure(&[text("x"), text("b")], "< b\n< {\"a\":1}\n");
    assert!(!outcome.stdout.contains("passed over"), "{}", outcome.stdout);
}

#[test]
fn a_message_that_repeats_another_is_named() {
    for steps in ["< a\n< b\n", "< a\nSILENCE 50ms\n"] {
        let strict = "WS {{url}}\n[Options]\nstrict: true\n\n".to_owned() + steps;
        run(&sending(&[text("a"), text("a")]), &strict)
            .code(1)
            .stdout_contains("the step of line 5 has taken a message that is equal to it\n");
    }
}

/// Sends each message to the connection whose path it names.
fn by_path(sent: &'static [(&str, &str)], count: usize) -> Server {
    Server::repeat(count, move |peer| {
        let head = peer.accept_request();
        let is_for = |path: &str| head.contains(&format!("GET /{path} "));
        for (path, message) in sent {
            match *message {
                "close" if is_for(path) => peer.send(close(4001, "kicked")),
                "part" if is_for(path) => peer.send(frame(false, 0, TEXT, b"abc")),
                message if is_for(path) => peer.send(text(message)),
                _ => {}
            }
        }
        while let Ok(Some(_)) = peer.try_read_frame() {}
    })
}

const TWO: &str = "WS {{url}}/a as alice\nWS {{url}}/b as bob\n[Options]\ntimeout: 100ms\n\n";

#[test]
fn other_connections_are_shown() {
    for (sent, line) in [
        (&[][..], "alice is open; no message waits for a step\n"),
        (
            &[("a", "one"), ("a", "two")],
            "alice is open; 2 messages that no step has taken, the last one: two\n",
        ),
        (&[("a", "close")], "alice has ended: closed by the peer: 4001 "),
        (
            &[("a", "part")],
            "alice is open; no message waits for a step; a text message has begun: 3 bytes received in 1 frame, its last frame is missing\n",
        ),
    ] {
        let server = by_path(sent, 2);
        run(
            &server,
            &format!(
                "{TWO}bob< x
"
            ),
        )
        .code(1)
        .stdout_contains(line);
    }
}

#[test]
fn an_answer_on_another_connection_is_named() {
    let server = by_path(&[("a", r#"{"x":1}"#)], 2);
    run(&server, &format!("{TWO}bob< {{\"x\":1}}\n"))
        .code(1)
        .stdout_contains("a message that matches came on alice: {\"x\":1}\n");
    let server = by_path(&[("a", r#"{"x":1}"#), ("a", "end")], 2);
    run(&server, &format!("{TWO}alice< end\nbob< {{\"x\":1}}\n")).code(1).stdout_contains(
        "a message that matches came on alice and was passed over by the step of line 6: {\"x\":1}\n",
    );
}

#[test]
fn many_connections_are_counted() {
    let names: Vec<_> = (0..14).map(|number| format!("c{number}")).collect();
    let opened: String = names.iter().map(|name| format!("WS {{{{url}}}} as {name}\n")).collect();
    let scenario = format!("{opened}[Options]\ntimeout: 50ms\n\nc13< x\n");
    let outcome = run(&by_path(&[], 14), &scenario).code(1);
    assert_eq!(outcome.stdout.matches(" is open; no message").count(), 10, "{}", outcome.stdout);
    outcome.stdout_contains("            3 more connections\n");
}

#[test]
fn the_start_of_a_fragmented_message_is_named() {
    let first = frame(false, 0, TEXT, b"abc");
    failure(std::slice::from_ref(&first), "< abc\n")
        .stdout_contains("the connection is open; no whole message was received yet\n")
        .stdout_contains(
            "a text message has begun: 3 bytes received in 1 frame, its last frame is missing\n",
        );
    failure(&[text("x"), first], "< abc\n")
        .stdout_contains("the connection is open; the last message came ")
        .stdout_contains("a text message has begun: 3 bytes received in 1 frame");
    failure(&[vec![0x81]], "< abc\n")
        .stdout_contains("a frame has begun: 1 byte of its header received\n");
}

#[test]
fn the_difference_is_above_the_messages() {
    let messages: Vec<_> = (0..30).map(|n| text(&format!("{{\"a\":{n}}}"))).collect();
    let outcome = failure(&messages, "< {\"a\":99}\n");
    outcome.stdout_contains(
        "  expected  JSON that contains {\"a\":99}\n  closest   {\"a\":29}\n  differs   at $.a expected 99, got 29\n  received  (10 earlier messages)\n            {\"a\":10}\n",
    );
}

#[test]
fn a_long_expectation_is_cut() {
    let long = "é".repeat(5000);
    let outcome = failure(&[text("a")], &format!("< {long}\n"));
    let line = outcome.stdout.lines().find(|line| line.starts_with("  expected")).expect("a row");
    assert!(line.len() < 1100 && line.ends_with("é… (10011 bytes)"), "{line}");
}

#[test]
fn a_text_that_is_encoded_twice_is_recognized() {
    let twice: String = "Grüße".bytes().map(char::from).collect();
    failure(&[text(&twice)], "< Grüße\n")
        .stdout_contains("  differs   the expected text, encoded as UTF-8 twice\n");
    failure(&[text("gruesse")], "< Grüße\n");
}

#[test]
fn a_member_with_another_name_is_seen() {
    failure(&[text(r#"{"sku":1,"quantity":2}"#)], "< {\"qty\":2}\n").stdout_contains(
        "differs   at $.qty expected 2, got no such member among \"sku\", \"quantity\"\n",
    );
}

#[test]
fn the_time_until_the_end_of_the_connection_is_shown() {
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send([text("x"), close(4001, "bye")].concat());
        peer.read_until_eof();
    });
    run(&server, "WS {{url}}\n< a\n")
        .code(1)
        .stdout_contains("the connection ended: closed by the peer: 4001 ")
        .stdout_contains("\"bye\"\n")
        .stdout_contains("the step had waited for ");
}

/// Secrets that are words of the program are masked in values only.
#[test]
fn sentences_stay_readable_whatever_is_secret() {
    let words = ["message", "connection", "expected", "nothing", "text", "matched", "open"];
    let secrets = words.iter().enumerate().map(|(index, word)| format!("--secret=w{index}={word}"));
    let server = sending(&[text("the message"), text("an open text")]);
    let url = format!("url={}", server.url());
    check("### message\nWS {{url}}\n[Options]\ntimeout: 100ms\n\n< the message, open\n")
        .args(["-v", "--variable", &url])
        .args(secrets)
        .run()
        .code(1)
        .stdout_contains("\n< the ***\n< an *** ***\n")
        .stdout_contains(
            "failed: ***\ns.wscope:6:1: nothing matched within 100 ms\n  < the ***, ***\n",
        )
        .stdout_contains("  expected  the text \"the ***, ***\"\n")
        .stdout_contains("  received  the ***\n            an *** ***\n")
        .stdout_contains("            the connection is open; the last message came ");
}
