//! `--check`: what is received is compared with what was recorded.

use crate::replay::replay;
use crate::scripts::{answer_close, serve};
use crate::support::{Outcome, Server, close, text};

/// A server that answers the message `a` with these, and the client's Close.
fn answers(list: &[&str]) -> Server {
    let answers: Vec<_> = list.iter().map(|it| text(it)).collect();
    serve(move |peer| {
        peer.expect_text("a");
        peer.send(answers.concat());
        answer_close(peer);
    })
}

#[track_caller]
fn check(recorded: &[&str], now: &[&str], args: &[&str]) -> Outcome {
    let lines: Vec<_> = recorded.iter().map(|it| format!("< {it}")).collect();
    let lines: Vec<_> = ["> a"].into_iter().chain(lines.iter().map(|it| &**it)).collect();
    let server = answers(now);
    let args = [&["--check", "--timeout", "200ms"], args].concat();
    let outcome = replay(&server, &[&lines[..], &["end self 1000"]].concat(), &args);
    server.join();
    outcome
}

#[test]
fn equal_answers_are_success() {
    let outcome = check(&[r#"{"a":1,"b":"x"}"#, "t"], &[r#"{ "b":"x", "a":1.0 }"#, "t"], &[]);
    outcome.code(0).stderr_contains(
        "wscope: the answers are as recorded (compared: 2 messages of the server)\n",
    );
}

#[test]
fn differences_are_listed_with_the_counts_last() {
    let recorded = [r#"{"id":1,"price":10}"#, "lost", "text", "same"];
    let now = [r#"{"id":1,"price":12}"#, "test", "same", "more"];
    let outcome = check(&recorded, &now, &[]).code(1);
    let list = "message 1 is changed:\n    $.price: recorded 10, now 12\n\
                message 2 is missing: \"lost\"\n\
                message 3 is changed:\n    character 3: recorded \"text\", now \"test\"\n\
                surplus after message 4: \"more\"\n\
                wscope: 4 differences from the recording (compared: 4 messages of the server): 1 missing, 1 surplus, 2 changed\n";
    assert!(outcome.stderr.ends_with(list), "{}", outcome.stderr);
}

#[test]
fn missing_answers_are_waited_for() {
    let outcome = check(&["1", "2"], &["1"], &[]).code(1);
    outcome
        .stderr_contains(
            "closing without 1 of the 2 answers before that: nothing was received for 200ms",
        )
        .stderr_contains("message 2 is missing: \"2\"\n");
}

#[test]
fn parts_and_order_can_be_ignored() {
    let recorded = [r#"{"n":1,"ts":1}"#, r#"{"n":2,"ts":2,"x":[{"id":1}]}"#];
    let now = [r#"{"n":2,"x":[{"id":7}]}"#, r#"{"n":1,"ts":9}"#];
    check(&recorded, &now, &["--ignore", "$.ts", "--ignore", "$..id"]).code(1);
    check(&recorded, &now, &["--ignore", "$.ts", "--ignore", "$..id", "--ignore-order"]).code(0);
    check(&recorded, &now, &["--ignore", "$.ts", "--ignore-order"])
        .code(1)
        .stderr_contains("message 2 is changed:\n    $.x[0].id: recorded 1, now 7\n");
}

#[test]
fn another_close_is_a_difference() {
    for (end, listed) in [
        ("end peer 4000 bye", None),
        ("end peer 4000 Bye", Some("recorded: closed with 4000 \"Bye\" by the server")),
        ("end peer 4001 bye", Some("recorded: closed with 4001 \"bye\" by the server")),
        ("end self 4000 bye", Some("recorded: closed with 4000 \"bye\" in answer to the client")),
        ("end peer 1006", Some("recorded: ended without a Close frame (1006) by the server")),
    ] {
        let server = serve(|peer| {
            peer.expect_text("a");
            peer.send([text("1"), close(4000, "bye")].concat());
            peer.expect_close(4000);
        });
        // The client waits for a second answer: it does not close first.
        let outcome = replay(&server, &["> a", "< 1", end], &["--check"]);
        match listed {
            None => drop(outcome.code(0)),
            Some(listed) if end.contains("self") => {
                // Who closes first is a matter of speed; either is a difference.
                drop(outcome.code(1).stderr_contains(listed));
            }
            Some(listed) => drop(outcome.code(1).stderr_contains(&format!(
                "the close differs:\n    {listed}\n    now:      closed with 4000 \"bye\" by the server\n\
                 wscope: 1 difference from the recording (compared: 1 message of the server): the close differs\n"
            ))),
        }
        server.join();
    }
}

#[test]
fn a_server_that_does_not_close_differs() {
    let server = serve(|peer| {
        peer.expect_text("a");
        answer_close(peer);
    });
    let outcome = replay(&server, &["> a", "end peer 1001"], &["--check", "--timeout", "100ms"]);
    outcome
        .code(1)
        .stderr_contains("closing, as the server did not: nothing was received for 100ms")
        .stderr_contains("now:      closed with 1000 in answer to the client");
    server.join();
}

#[test]
fn an_answer_after_the_wait_is_late() {
    let server = serve(|peer| {
        peer.expect_text("a");
        peer.expect_text("b"); // sent without the answer
        peer.send([text("1"), text("2")].concat());
        answer_close(peer);
    });
    let lines = ["> a", "< 1", "> b", "< 2", "end self 1000"];
    let outcome = replay(&server, &lines, &["--check", "--timeout", "100ms"]).code(1);
    outcome
        .stderr_contains("sending message 2, \"b\", without the 1 answer before that")
        .stderr_contains("message 1 is late: it came 0.")
        .stderr_contains("wscope: 1 difference from the recording (compared: 2 messages of the server): 1 late\n");
    server.join();
}

#[test]
fn a_lost_connection_is_listed_as_differences() {
    let server = serve(|peer| {
        peer.expect_text("a");
        peer.reset();
    });
    let outcome = replay(&server, &["> a", "< 1", "> b", "end self 1000"], &["--check"]).code(1);
    outcome
        .stderr_contains("message 1 is missing: \"1\"\n")
        .stderr_contains("now:      ended without a Close frame (1006)")
        .stderr_contains("1 of 2 recorded messages not sent");
    server.join();
}

#[test]
fn differences_are_an_event() {
    let outcome = check(&[r#"{"a":1}"#], &[r#"{"a":2}"#], &["--json"]).code(1);
    let error = outcome.json_lines().pop().expect("events");
    assert_eq!(error["kind"], "expectation");
    let message = error["message"].as_str().expect("a message");
    assert!(message.ends_with(": message 1 is changed: $.a: recorded 1, now 2"), "{message}");
}

#[test]
fn what_a_peer_sends_cannot_forge_the_list() {
    let outcome = check(&["x"], &["\u{1b}[2J\nwscope: all is well"], &[]).code(1);
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("\nwscope: all is well"), "{}", outcome.stderr);
}

#[test]
fn a_recorded_session_identifier_that_is_sent_back_is_a_reason_for_captures() {
    let server = serve(|peer| {
        peer.send(text(r#"{"session":"of-this-run"}"#));
        peer.expect_text("join of-the-recording");
        peer.send(text("no such session"));
        answer_close(peer);
    });
    let lines = [
        r#"< {"session":"of-the-recording"}"#,
        "> join of-the-recording",
        "< welcome",
        "end self 1000",
    ];
    let outcome = replay(&server, &lines, &["--check"]).code(1);
    outcome
        .stderr_contains("hint: the client sends back $.session of message 1 as it was recorded")
        .stderr_contains("'wscope view FILE --record x.wscope'");
    server.join();
}

/// A user may have written it: it is no reason to refuse.
#[test]
fn a_message_with_asterisks_is_sent_with_a_warning() {
    let server = serve(|peer| {
        peer.expect_text("login ***");
        answer_close(peer);
    });
    replay(&server, &["> login ***", "end self 1000"], &["--check"])
        .code(0)
        .stderr_contains("message 1 of the client has ***, and is sent like that");
    server.join();
}
