//! `-v`, `-vv`, `-vvv`: control frames, every frame, every byte.

use crate::events::assert_valid;
use crate::scripts::serve;
use crate::support::{BINARY, CONTINUATION, Outcome};
use crate::support::{binary, close, frame, ping, pong, text, wscope};

/// A run with frames of every kind.
#[track_caller]
fn run(options: &[&str]) -> Outcome {
    let server = serve(|peer| {
        peer.expect_text("hello");
        peer.send([text("añ"), ping(b"beat"), pong(b"")].concat());
        peer.send(
            [frame(false, 0, BINARY, &[0, 255]), frame(true, 0, CONTINUATION, &[1; 200])].concat(),
        );
        peer.send([text(&"long ".repeat(20)), binary(b""), close(1000, "done")].concat());
        peer.expect_close(1000);
    });
    wscope().args(options).args(["-x", "hello", &server.url()]).stdin_open().run().code(0)
}

/// The lines of stderr that start like this after the time, which every line must have.
#[track_caller]
fn lines(outcome: &Outcome, start: &str) -> Vec<String> {
    let lines = outcome.stderr.lines().map(|line| {
        let (time, rest) = line.trim_start().split_once(' ').unwrap_or_default();
        assert!(time.parse::<f64>().is_ok(), "no time before {line:?}");
        rest
    });
    lines.filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn verbose_shows_control_frames() {
    let outcome = run(&["-v"]);
    outcome
        .stderr_contains("< ping \"beat\"\n")
        .stderr_contains("> pong \"beat\"\n")
        .stderr_contains("< pong\n")
        .stderr_contains("< close 1000 Normal Closure: \"done\"\n")
        .stderr_contains("> close 1000 Normal Closure\n")
        .stderr_lacks("frame");
}

#[test]
fn double_verbosity_shows_every_frame() {
    let outcome = run(&["-vv"]);
    assert_eq!(
        lines(&outcome, "<<"),
        [
            "<< frame text, FIN, length 3 (7 bit), message 1 \"añ\"",
            "<< frame ping, FIN, length 4 (7 bit) \"beat\"",
            "<< frame pong, FIN, length 0 (7 bit)",
            "<< frame binary, length 2 (7 bit), message 2, fragment 1 00 ff",
            &("<< frame continuation, FIN, length 200 (16 bit), message 2, fragment 2".to_owned()
                + &" 01".repeat(48)
                + "…"),
            "<< frame text, FIN, length 100 (7 bit), message 3 \"long long long long long long \
             long long long lon…\"",
            "<< frame binary, FIN, length 0 (7 bit), message 4",
            "<< frame close, FIN, length 6 (7 bit) 03 e8 \"done\"",
        ]
    );
    let sent: Vec<_> = lines(&outcome, ">>").iter().map(|line| without_key(line)).collect();
    assert_eq!(
        sent,
        [
            ">> frame text, FIN, mask KEY, length 5 (7 bit), message 1 \"hello\"",
            ">> frame pong, FIN, mask KEY, length 4 (7 bit) \"beat\"",
            ">> frame close, FIN, mask KEY, length 2 (7 bit) 03 e8",
        ]
    );
}

/// Masking keys differ between runs.
#[track_caller]
fn without_key(line: &str) -> String {
    let (before, rest) = line.split_once("mask ").expect("a masked frame");
    let (key, after) = rest.split_at(8);
    assert!(key.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
    format!("{before}mask KEY{after}")
}

#[test]
fn a_length_that_is_not_minimal_is_marked() {
    let server = serve(|peer| {
        peer.send([&[0x82, 127, 0, 0, 0, 0, 0, 0, 0, 1, b'x'][..], &close(1000, "")].concat());
        peer.expect_close(1000);
    });
    let args = ["-vv", "--lenient", &server.url()];
    let outcome = wscope().args(args).stdin_open().run().code(0);
    outcome.stderr_contains("binary, FIN, length 1 (64 bit, not minimal), message 1 \"x\"");
}

#[test]
fn a_refused_frame_is_shown() {
    let server = serve(|peer| {
        peer.send(frame(true, 6, 12, b"x"));
        peer.expect_close(1002);
    });
    let outcome = wscope().args(["-vv", &server.url()]).stdin_open().run().code(5);
    outcome
        .stderr_contains("<< frame reserved opcode 12, FIN, RSV1, RSV2, length 1 (7 bit) \"x\"\n")
        .stderr_contains(">> frame close, FIN, mask ");
}

#[test]
fn triple_verbosity_shows_every_byte() {
    let outcome = run(&["-vvv"]);
    let headers = lines(&outcome, "   header ");
    let expected = ["81 03", "89 04", "8a 00", "02 02", "80 7e 00 c8", "81 64", "82 00", "88 06"];
    for header in expected {
        assert!(headers.contains(&format!("   header {header}")), "no {header} in {headers:?}");
    }
    let dump = lines(&outcome, "   000000");
    let expected = "   00000000  61 c3 b1                                          |a..|";
    assert!(dump.iter().any(|line| line == expected), "{dump:#?}");
    assert!(dump.iter().any(|line| line.starts_with("   000000c0  01 01 01 01 01 01 01 01 ")));
}

#[test]
fn frame_events_are_as_documented() {
    for (verbosity, has_payload) in [("-vv", false), ("-vvv", true)] {
        let outcome = run(&[verbosity, "--json"]);
        let events = outcome.json_lines();
        events.iter().for_each(assert_valid);
        let frames: Vec<_> = events.iter().filter(|event| event["event"] == "frame").collect();
        assert_eq!(frames.len(), 11, "{frames:#?}");
        for frame in &frames {
            assert_eq!(frame.get("data").is_some(), has_payload, "{frame}");
            assert_eq!(frame["direction"] == "sent", frame["mask"].is_string(), "{frame}");
        }
        let last_part = frames.iter().find(|frame| frame["opcode"] == "continuation");
        let last_part = last_part.expect("a continuation");
        assert_eq!((&last_part["message"], &last_part["fragment"]), (&2.into(), &2.into()));
        assert_eq!((&last_part["size"], &last_part["wire_size"]), (&200.into(), &204.into()));
        assert_eq!(
            (&last_part["header"], &last_part["length_bits"]),
            (&"807e00c8".into(), &16.into())
        );
    }
}
