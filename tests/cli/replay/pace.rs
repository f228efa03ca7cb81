//! When messages are sent again.

use std::time::{Duration, Instant};

use crate::replay::replay;
use crate::scripts::{answer_close, serve};
use crate::support::text;

#[test]
fn fast_does_not_wait_for_answers() {
    let server = serve(|peer| {
        peer.expect_text("a");
        peer.expect_text("b");
        peer.send([text("1"), text("2")].concat());
        answer_close(peer);
    });
    let lines = ["> a", "< 1", "> b", "< 2", "end self 1000"];
    replay(&server, &lines, &["--pace", "fast", "--check"]).code(0).stdout("1\n2\n");
    server.join();
}

#[test]
fn original_gaps_are_kept_and_divided() {
    let lines = ["@200", "> a", "< 1", "@800", "> b", "< 2", "end self 1000"];
    for (args, least) in [(&["--pace", "original"][..], 800), (&["--speed", "4"], 200)] {
        let server = serve(|peer| {
            for (message, answer) in [("a", "1"), ("b", "2")] {
                peer.expect_text(message);
                peer.send(text(answer));
            }
            answer_close(peer);
        });
        let start = Instant::now();
        replay(&server, &lines, args).code(0).stdout("1\n2\n");
        assert!(start.elapsed() >= Duration::from_millis(least), "{args:?}");
        server.join();
    }
}

#[test]
fn max_time_ends_a_wait() {
    let server = serve(|peer| {
        peer.expect_text("a");
        answer_close(peer);
    });
    let lines = ["> a", "< 1", "> b", "end self 1000"];
    let outcome = replay(&server, &lines, &["--timeout", "0", "-m", "300ms"]).code(7);
    outcome.stderr_contains("timed out: --max-time 300ms ran out");
    server.join();
}

#[test]
fn much_is_sent_in_little_memory() {
    let long = format!("> {}", "x".repeat(1 << 20));
    let server = serve(|peer| {
        for _ in 0..40 {
            assert_eq!(peer.read_message().1.len(), 1 << 20);
        }
        answer_close(peer);
    });
    let mut lines = vec![&*long; 40];
    lines.push("end self 1000");
    replay(&server, &lines, &["--pace", "fast"]).code(0);
    server.join();
}
