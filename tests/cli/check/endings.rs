//! How connections end, and what that does to a part.

use std::sync::mpsc::{Sender, channel};

use super::{run, run_with};
use crate::support::{NO_STATUS, Peer, Server, close, script, text};

/// Two connections. The first sends `a`, then these bytes and nothing more; when our side has ended it too, the second
/// sends `go`.
fn ending(bytes: Vec<u8>) -> Server {
    let (ended, has_ended) = channel();
    let first = move |peer: &mut Peer, ended: Sender<()>| {
        peer.accept_request();
        peer.send([text("a"), bytes].concat());
        peer.eof();
        peer.read_until_eof();
        ended.send(()).expect("the other connection");
    };
    Server::scripts([
        script(move |peer: &mut Peer| first(peer, ended)),
        script(move |peer: &mut Peer| {
            peer.accept_request();
            has_ended.recv().expect("the other connection");
            peer.send(text("go"));
            peer.answer_close(1000);
        }),
    ])
}

/// Scenario language, section 3: "A Close of the peer's, or an end without one, that no step asked for fails the step
/// that waits or sends next, and says code and reason"
#[test]
fn an_end_that_no_step_asked_for_fails_the_next_step() {
    let kicked = "closed by the peer: 4001 Private Use: \"kicked\"";
    let lost = "1006";
    for (bytes, shown) in [(close(4001, "kicked"), kicked), (Vec::new(), lost)] {
        for (step, message) in [
            ("a> x", "cannot send: the connection ended: "),
            ("a> ping:", "cannot send: the connection ended: "),
            ("a< x", "the connection ended"),
            ("a< pong:", "the connection ended"),
            ("a SILENCE 1s", "the connection ended"),
            ("a DURING 1s", "the connection ended"),
        ] {
            let scenario = format!(
                "WS {{{{url}}}} as a\nWS {{{{url}}}} as b\na< a\nb< go\n{step}\nb> never\n"
            );
            run(&ending(bytes.clone()), &scenario)
                .code(1)
                .stdout_contains(&format!("s.wscope:5:1: {message}"))
                .stdout_contains(shown);
        }
    }
}

/// Scenario language, section 3: "A connection is open until its Close; at the end of its part an open one is closed
/// with 1000"
#[test]
fn what_is_open_at_the_end_of_its_part_is_closed_with_1000() {
    let server = Server::repeat(2, |peer| {
        peer.accept_request();
        peer.send(text("a"));
        assert_eq!(peer.expect_close(1000), "");
        peer.close(1000, "");
        peer.expect_eof();
    });
    run(&server, "### one\nWS {{url}}\n< a\n### two\nWS {{url}}\n< a\n").code(0).stderr("");
    // The same after a failure.
    let server = Server::script(|peer| {
        peer.accept_request();
        peer.send(text("b"));
        peer.answer_close(1000);
    });
    run(&server, "WS {{url}}\n[Options]\nstrict: true\n\n< a\n").code(1);
}

/// Scenario language, section 3: "after the last step a code other than 1000, 1001, 1005 is a warning (with `--strict` a
/// failure)"
#[test]
fn an_unusual_code_after_the_last_step_is_a_warning() {
    for (bytes, shown) in [
        (close(1000, "bye"), None),
        (close(1001, ""), None),
        (close(NO_STATUS, ""), None),
        (close(1011, "db down"), Some("1011 Internal Error: \"db down\"")),
        (close(4001, ""), Some("4001")),
        (Vec::new(), Some("1006")),
    ] {
        for (args, code) in [(&[][..], 0), (&["--strict"], i32::from(shown.is_some()))] {
            let scenario = "WS {{url}} as a\nWS {{url}} as b\na< a\nb< go\n";
            let outcome = run_with(&ending(bytes.clone()), scenario, args).code(code);
            match (shown, code) {
                (None, _) => outcome.stderr(""),
                (Some(shown), 0) => {
                    outcome.stderr_contains("warning: s.wscope:1: ").stderr_contains(shown)
                }
                (Some(shown), _) => outcome.stderr("").stdout_contains(shown),
            };
        }
    }
}

/// The reason that was sent is not taken for one that was received.
#[test]
fn an_answer_without_the_expected_reason_is_shown() {
    let server = Server::script(|peer| {
        peer.accept_request();
        assert_eq!(peer.expect_close(4001), "bye");
        peer.close(4001, "");
        peer.expect_eof();
    });
    run(&server, "WS {{url}}\n> close:4001 bye\n< close:4001 bye\n")
        .code(1)
        .stdout_contains("s.wscope:3:1: ")
        .stdout_contains("\"bye\"; the peer answered: 4001 Private Use without a reason");
}
