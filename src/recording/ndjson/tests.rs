//! Lines as they are read, and events that are written and read back.

use std::io::{self, Read};

use super::*;
use crate::net::tls::Validity;
use crate::output::json::{Json, JsonFrames};
use crate::output::{Format, Outlet};
use crate::protocol::MessageKind;
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::vocabulary::Direction;
use crate::recording::RecordedKind;

pub(in crate::recording) mod generate;
mod generate_transit;
mod written_again;

/// The events of a file, and how reading it ended.
pub(super) fn events(file: impl Read) -> (Vec<Recorded>, Result<Summary, ReadError>) {
    let mut events = Vec::new();
    let result = read("x.ndjson", file, &Limits::default(), &mut |event| {
        events.push(event);
        ControlFlow::Continue(())
    });
    (events, result)
}

/// The only event of a line.
fn one(line: &str) -> RecordedKind {
    let (mut events, result) = events(line.as_bytes());
    assert!(result.is_ok(), "{line}: {}", result.expect_err("an error"));
    assert_eq!(events.len(), 1, "{line}");
    events.remove(0).what
}

/// Why a line is not an event: byte and reason.
fn problem(line: &str) -> (u64, String) {
    let (events, result) = events(format!("{line}\n").as_bytes());
    assert!(events.is_empty(), "{line}: {events:?}");
    match result {
        Err(ReadError::Broken { place, reason, .. }) => (place.column, reason),
        other => panic!("{line}: {other:?}"),
    }
}

pub(super) fn json(events: &[Recorded], frames: JsonFrames) -> String {
    let mut out = Outlet::memory();
    let mut format = Json::new(frames);
    events.iter().for_each(|event| event.with_event(|event| format.event(event, &mut out)));
    out.text()
}

#[test]
fn events_with_the_keys_of_the_contract_alone_are_read() {
    let RecordedKind::Message(message) =
        one(r#"{"event":"message","direction":"received","type":"text","data":"é\n"}"#)
    else {
        panic!("a message")
    };
    assert_eq!((message.direction, message.kind), (Direction::Received, MessageKind::Text));
    assert_eq!((&*message.data, message.frames, message.wire_size), ("é\n".as_bytes(), 1, 0));
    let RecordedKind::Message(message) = one(
        r#"{"data":"00ff","type":"binary","future":[{"x":1}],"encoding":"hex","direction":"client","event":"message","compressed":true,"frames":3}"#,
    ) else {
        panic!("a message")
    };
    assert_eq!((message.direction, message.kind), (Direction::Sent, MessageKind::Binary));
    assert_eq!((&*message.data, message.frames), (&[0, 255][..], 3));
    assert!(message.compressed);
    let ping = r#"{"event":"ping","direction":"sent","encoding":"base64","data":"cA==","size":1}"#;
    assert!(matches!(one(ping), RecordedKind::Ping(Direction::Sent, data) if data.data == "p"));
    let RecordedKind::Open(opened) = one(r#"{"event":"open","url":"ws://h/a"}"#) else {
        panic!("an opened connection")
    };
    assert_eq!((opened.status, opened.http_minor, &*opened.url), (101, 1, "ws://h/a"));
    assert_eq!(opened.request.start_line, b"GET /a HTTP/1.1");
    let RecordedKind::Frame(frame) = one(
        r#"{"event":"frame","direction":"sent","opcode":"text","fin":true,"rsv1":true,"masked":true,"size":5,"wire_size":11}"#,
    ) else {
        panic!("a frame")
    };
    assert_eq!((frame.header.length, frame.header.wire_size()), (5, 11));
    assert!(frame.header.fin && frame.header.rsv1 && frame.header.mask.is_some());
}

#[test]
fn the_end_of_a_connection_is_what_the_file_says_and_no_more() {
    for (line, cause, initiator, code, reason) in [
        (
            r#""code":1000,"reason":"x","was_clean":true"#,
            EndCause::Handshake,
            Initiator::Peer,
            1000,
            "x",
        ),
        (r#""code":1005,"was_clean":true"#, EndCause::Handshake, Initiator::Peer, 1005, ""),
        (
            r#""code":1006,"was_clean":false,"initiator":"peer""#,
            EndCause::Abandoned,
            Initiator::Peer,
            1006,
            "",
        ),
        (r#""code":1006,"sent":{"code":1000}"#, EndCause::Abandoned, Initiator::Local, 1006, ""),
        (
            r#""code":4000,"reason":"a","initiator":"self","received":{"code":4001,"reason":"b"}"#,
            EndCause::Abandoned,
            Initiator::Local,
            4001,
            "b",
        ),
    ] {
        let RecordedKind::Closed(closed) = one(&format!("{{\"event\":\"close\",{line}}}")) else {
            panic!("an end")
        };
        let ending = &closed.ending;
        assert_eq!((&ending.cause, ending.initiator), (&cause, initiator), "{line}");
        assert_eq!((ending.code().get(), ending.reason()), (code, reason), "{line}");
    }
}

#[test]
fn lines_that_are_not_events_have_their_place_and_reason() {
    for (line, column, expected) in [
        ("x", 1, "not a JSON object: x"),
        ("[1]", 1, "not a JSON object: [1]"),
        ("{}", 1, "the object has no \"event\""),
        (r#"{"event":1}"#, 10, "invalid type: integer `1`, expected a string"),
        (r#"{"event":"message"}"#, 19, "missing field `direction`"),
        (r#"{"event":"message","direction":"sent"}"#, 1, "the message has no \"type\""),
        (
            r#"{"event":"message","direction":"sent","type":"text"}"#,
            1,
            "the message has no \"data\"",
        ),
        (r#"{"event":"message","direction":"up"}"#, 35, "unknown variant `up`, expected"),
        (
            r#"{"event":"message","direction":"sent","type":"binary","data":"A"}"#,
            1,
            "data is not base64 at byte 1",
        ),
        (
            r#"{"event":"message","direction":"sent","type":"text","data":"a","data":"b"}"#,
            69,
            "duplicate field `data`",
        ),
        (r#"{"event":"ping","direction":"sent","elapsed_ms":-1}"#, 1, "-1 is out of range"),
        (r#"{"event":"ping","direction":"sent","elapsed_ms":[]}"#, 1, "[] is not a number"),
        (r#"{"event":"ping","direction":"sent","time":"now"}"#, 1, "'now' is not a time"),
        (
            r#"{"event":"ping","direction":"sent","time":"9999-12-31T23:59:59.999999Z"}"#,
            1,
            "'9999-12-31T23:59:59.999999Z' is out of range",
        ),
        (r#"{"event":"close","code":70000}"#, 29, "invalid value: integer `70000`"),
        (r#"{"event":"open","url":"a","http_version":"HTTP/2"}"#, 1, "\"HTTP/2\" is not HTTP/1"),
        (
            r#"{"event":"frame","direction":"sent","opcode":"text","size":1,"header":"8"}"#,
            1,
            "\"8\" is not a frame header",
        ),
        ("{\"event\":\"ping\",\"direction\":\"sent\",\"data\":\"\0\"}", 44, "control character"),
        (r#"{"event":"ping","direction":"sent"} x"#, 37, "trailing characters"),
        (
            r#"{"event":"message","direction":"sent","type":"text","data":"\ud800"}"#,
            67,
            "unexpected end of hex escape",
        ),
    ] {
        let (found, reason) = problem(line);
        assert!(reason.starts_with(expected), "{line}: {reason}");
        assert_eq!(found, column, "{line}: {reason}");
    }
    let deep =
        format!("{{\"event\":\"ping\",\"direction\":\"sent\",\"x\":{}}}", "[".repeat(1 << 20));
    assert!(!problem(&deep).1.is_empty());
}

const PING: &str = "{\"event\":\"ping\",\"direction\":\"sent\"}";

#[test]
fn a_broken_line_does_not_hide_the_events_behind_it() {
    let file = format!(
        "\u{feff}{PING}\r\n\n{{\"event\":\n  \t\n{PING}\noops\n{{\"event\":\"new\"}}\n{PING}"
    );
    let (found, result) = events(file.as_bytes());
    assert_eq!(found.len(), 3);
    let error = result.expect_err("a broken line");
    assert_eq!(error.exit_code(), 2);
    assert_eq!(
        error.to_string(),
        "x.ndjson:3:9: EOF while parsing a value (at byte 49 of the file); 1 more line is invalid"
    );
    let marked = format!("\u{feff}{{\"event\":}}\n{PING}\n");
    let (found, result) = events(marked.as_bytes());
    assert_eq!(found.len(), 1);
    assert_eq!(
        result.expect_err("a broken line").to_string(),
        "x.ndjson:1:13: expected value (at byte 12 of the file)"
    );
}

#[test]
fn invalid_utf_8_has_its_place() {
    let file = [PING.as_bytes(), b"\n{\"event\":\"ping\",\"x\":\"a\xff\"}\n"].concat();
    let (found, result) = events(&file[..]);
    assert_eq!(found.len(), 1);
    let error = result.expect_err("a broken line").to_string();
    assert_eq!(error, "x.ndjson:2:23: invalid UTF-8 (at byte 58 of the file)");
}

#[test]
fn a_last_line_that_is_cut_is_a_warning() {
    let whole = format!("{PING}\n{PING}\n");
    for cut in 0..=whole.len() {
        let (found, result) = events(&whole.as_bytes()[..cut]);
        let summary = result.expect("readable");
        let expected = match cut {
            _ if cut < PING.len() => 0,
            _ if cut < 2 * PING.len() + 1 => 1,
            _ => 2,
        };
        assert_eq!((found.len(), summary.events), (expected, expected as u64), "{cut}");
        let rest = &whole[..cut].rsplit('\n').next().expect("a line");
        let is_cut = !rest.is_empty() && rest.len() < PING.len();
        let cuts = summary.warnings.iter().filter(|it| it.contains("the last line is cut")).count();
        assert_eq!(cuts, usize::from(is_cut), "{cut}: {:?}", summary.warnings);
    }
}

#[test]
fn a_whole_last_line_without_its_end_is_not_cut() {
    for (line, reason) in [
        (r#"{"event":"message","direction":"received","type":"text","data":5}"#, "invalid type"),
        (r#"{"event":"message"}"#, "missing field"),
        ("hello world", "not a JSON object"),
    ] {
        let broken = |end: &str| {
            let (_, result) = events(format!("{PING}\n{line}{end}").as_bytes());
            result.expect_err("an invalid line").to_string()
        };
        assert!(broken("").contains(reason), "{}", broken(""));
        assert_eq!(broken(""), broken("\n"));
    }
}

#[test]
fn lines_that_end_with_cr_alone_are_named() {
    let (_, result) = events(format!("{PING}\r{PING}\r").as_bytes());
    let error = result.expect_err("one line").to_string();
    assert!(error.contains("the lines end with CR alone"), "{error}");
    let (found, result) = events(format!("{PING}\r\n{PING}\r\n").as_bytes());
    assert_eq!((found.len(), result.is_ok()), (2, true));
}

#[test]
fn a_line_that_is_cut_before_another_run_is_a_warning() {
    let open = r#"{"event":"open","url":"ws://é"}"#;
    for cut in 1..open.len() {
        let line = &open.as_bytes()[..cut];
        let (found, result) = events(&[line, b"\n", open.as_bytes(), b"\n"].concat()[..]);
        let warnings = result.expect("readable").warnings;
        assert_eq!(found.len(), 1, "{cut}");
        let is_named = warnings[0].starts_with("x.ndjson:1: the line is cut: ");
        assert!(is_named, "{cut}: {warnings:?}");
        // Only another run explains it.
        for next in [PING, "{}", r#"{"event":"future"}"#] {
            let (_, result) = events(&[line, b"\n", next.as_bytes(), b"\n"].concat()[..]);
            assert!(matches!(result, Err(ReadError::Broken { .. })), "{cut}: {next}");
        }
    }
    let runs = format!("{{\n{open}\n").repeat(3);
    let warnings = events(runs.as_bytes()).1.expect("readable").warnings;
    assert!(
        warnings[0].ends_with("another recording follows; so are 2 more lines"),
        "{warnings:?}"
    );
    // The run that was added has recorded nothing.
    let warnings = events(format!("{open}\n{{\n").as_bytes()).1.expect("readable").warnings;
    assert!(warnings[0].starts_with("x.ndjson:2: the last line is cut: "), "{warnings:?}");
}

#[test]
fn an_end_that_the_sink_asks_for_ends_the_reading() {
    let file = format!("{PING}\n").repeat(100_000);
    let mut count = 0;
    let summary = read("x", file.as_bytes(), &Limits::default(), &mut |_| {
        count += 1;
        if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((count, summary.expect("readable").events), (3, 3));
}

#[test]
fn a_line_over_the_limit_is_broken_and_the_others_are_read() {
    let file = format!("{PING}\n{{\"event\":\"{}\"}}\n{PING}", "x".repeat(200));
    let mut count = 0;
    let limits = Limits { max_size: 100 };
    let result = read("x", file.as_bytes(), &limits, &mut |_| {
        count += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(count, 2);
    let error = result.expect_err("a broken line").to_string();
    assert_eq!(
        error,
        "x:2:1: the line is longer than 100 bytes (--max-size) (at byte 36 of the file)"
    );
}

#[test]
fn an_error_of_the_file_has_its_place() {
    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("no more"))
        }
    }

    let (found, result) = events(format!("{PING}\n").as_bytes().chain(Broken));
    assert_eq!(found.len(), 1);
    let error = result.expect_err("an error");
    assert_eq!((error.exit_code(), &*error.to_string()), (8, "x.ndjson: at byte 36: no more"));
}

#[test]
fn events_of_unknown_kinds_and_without_times_are_counted() {
    let file = format!("{{\"event\":\"future\",\"data\":7}}\n{PING}\n{PING}\n");
    let (found, result) = events(file.as_bytes());
    assert_eq!(found.len(), 2);
    let summary = result.expect("readable");
    assert_eq!((summary.events, summary.unknown), (2, 1));
    assert!(summary.warnings[0].starts_with("x.ndjson:2: 2 events without a time"), "{summary:?}");
}

#[test]
fn what_is_not_known_of_a_certificate_may_be_missing() {
    for members in ["", r#""not_after":null,"names":null,"subject":null,"is_authority":null"#] {
        let line = format!(
            r#"{{"event":"open","url":"wss://h/","tls":{{"version":"TLSv1.3","certificate":{{{members}}}}}}}"#
        );
        let RecordedKind::Open(opened) = one(&line) else { panic!("an opened connection") };
        let certificate = opened.tls.expect("TLS").certificate.expect("a certificate");
        assert!(matches!(certificate.validity(), Validity::Valid(_)), "{certificate:?}");
    }
    let wrong = r#"{"event":"open","url":"wss://h/","tls":{"certificate":{"not_after":"soon"}}}"#;
    assert_eq!(problem(wrong).1, "not_after is not a time of RFC 3339");
}

#[test]
fn a_frame_without_its_header_has_the_reserved_bits_of_the_contract() {
    for (members, bits, first) in [
        ("", "", 0x81),
        (r#","rsv1":true"#, "RSV1", 0xc1),
        (r#","rsv2":true"#, "RSV2", 0xa1),
        (r#","rsv1":null,"rsv2":false,"rsv3":true"#, "RSV3", 0x91),
        (r#","rsv1":true,"rsv2":true,"rsv3":true"#, "RSV1, RSV2, RSV3", 0xf1),
    ] {
        let RecordedKind::Frame(frame) = one(&format!(
            r#"{{"event":"frame","direction":"received","opcode":"text","fin":true,"size":5{members}}}"#
        )) else {
            panic!("a frame")
        };
        assert_eq!(frame.header.reserved_bits(), bits, "{members}");
        assert_eq!(frame.header.bytes()[0], first, "{members}");
    }
}

#[test]
fn a_head_of_too_many_fields_is_an_error() {
    let of_fields = |count: usize| {
        let fields = vec!["[\"a\",\"b\"]"; count].join(",");
        let line =
            format!("{{\"event\":\"open\",\"url\":\"ws://h/\",\"request_headers\":[{fields}]}}\n");
        read("x.ndjson", line.as_bytes(), &Limits::default(), &mut |_| ControlFlow::Continue(()))
    };
    assert_eq!(of_fields(10_000).expect("a recording").events, 1);
    let error = of_fields(10_001).expect_err("too many").to_string();
    assert!(error.contains("a list has more than 10000 elements"), "{error}");
}
