use std::time::{Duration, SystemTime};

use super::*;
use crate::event::{FailedResponse, Failure, FailureKind, HeadView, Stamp};
use crate::output::human::HumanOptions;
use crate::output::human::tests::options;
use crate::output::{Format, Outlet};
use crate::protocol::vocabulary::{Compressed, Counters};
use crate::protocol::{CloseCode, MessageKind, Rule};

/// What is shown of an event on connection 1, in 80 columns.
pub(super) fn shown_with(
    options: HumanOptions,
    touch: Option<Touch<'_>>,
    what: EventKind<'_>,
) -> String {
    let transit = Transit { touch: touch.as_ref(), ..Transit::default() };
    shown_in(options, transit, what)
}

fn shown_in(options: HumanOptions, transit: Transit<'_>, what: EventKind<'_>) -> String {
    let at = Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO };
    let transit = Some(transit);
    let mut out = Outlet::memory();
    Human::new(options)
        .event(&Event { at, connection: Some(1), mark: None, transit, what }, &mut out);
    out.text()
}

pub(super) fn at_80() -> HumanOptions {
    HumanOptions { width: Some(80), ..options() }
}

pub(super) fn piped() -> HumanOptions {
    HumanOptions { messages: false, detail: Detail::Line, escapes: false, width: None, ..options() }
}

fn shown(what: EventKind<'_>) -> String {
    shown_with(at_80(), None, what)
}

fn message(direction: Direction, data: &[u8]) -> EventKind<'_> {
    EventKind::Message(Message { direction, ..Message::received(MessageKind::Text, data) })
}

fn touch<'a>(
    rule: Option<u64>,
    action: &'a str,
    changed_to: Option<Changed<'a>>,
) -> Option<Touch<'a>> {
    Some(Touch { rule, action, changed_to, held: None })
}

#[test]
fn what_waits_behind_another_message_says_so() {
    for (behind, text) in [
        (Behind::Held(11), "waits behind held message 11"),
        (Behind::Delayed, "waits behind a delayed message"),
        (Behind::End, "not delivered: the connection is ending"),
    ] {
        let transit = Transit { waits: true, behind: Some(behind), ..Transit::default() };
        let hi = || message(Direction::Sent, b"hi");
        assert_eq!(shown_in(at_80(), transit, hi()), format!("#1 > hi\n     {text}\n"));
        assert_eq!(shown_in(piped(), transit, hi()), "", "standard output has the message");
        let touch = Touch { rule: Some(2), action: "duplicate", changed_to: None, held: None };
        let touched = Transit { touch: Some(&touch), ..transit };
        let expected = format!("#1 > hi\n     rule 2: duplicate\n     {text}\n");
        assert_eq!(shown_in(at_80(), touched, hi()), expected);
    }
}

fn close(code: u16, reason: &str) -> ClosePayload {
    ClosePayload { code: Some(CloseCode::new(code)), reason: reason.to_owned() }
}

fn violation() -> Violation {
    Violation {
        rule: Rule::InvalidUtf8,
        detail: "byte 3".to_owned(),
        frame: None,
        offset: 0,
        payload: Box::default(),
        excerpt: Vec::new(),
        cause: None,
    }
}

#[test]
fn arrows_point_from_the_client_to_the_server() {
    assert_eq!(shown(message(Direction::Sent, b"a")), "#1 > a\n");
    assert_eq!(shown(message(Direction::Received, b"a")), "#1 < a\n");
}

#[test]
fn a_touched_message_is_shown_with_what_was_done_and_both_forms() {
    let text = |data| Some(Changed::Message(MessageKind::Text, data));
    let binary = Some(Changed::Message(MessageKind::Binary, &[0, 255]));
    for (touch, expected) in [
        (touch(Some(1), "drop", None), "     rule 1: drop\n"),
        (touch(Some(3), "delay 500ms", None), "     rule 3: delay 500ms\n"),
        (touch(None, "replace", text(b"{\"a\":2}")), "     by the operator: replace → {\"a\":2}\n"),
        (touch(None, "inject", None), "     by the operator: sent\n"),
        (touch(Some(2), "replace", text(b"")), "     rule 2: replace → (empty message)\n"),
        (touch(Some(2), "corrupt", text(b"\x1b[2J")), "     rule 2: corrupt → \\e[2J\n"),
        (touch(Some(2), "a\u{1b}\n", None), "     rule 2: a\\e\\n\n"),
        (
            touch(Some(2), "replace", binary),
            "     rule 2: replace → binary, 2 bytes\n     0000  00 ff",
        ),
    ] {
        let shown = shown_with(at_80(), touch, message(Direction::Sent, b"{\"a\":1}"));
        let rest = shown.strip_prefix("#1 > {\"a\":1}\n").unwrap_or_else(|| panic!("{shown}"));
        assert!(rest.starts_with(expected), "{shown}");
    }
}

#[test]
fn a_long_replacement_is_laid_out_and_cut() {
    let json = format!("{{\"name\":\"{}\",\"numbers\":[1,2,3]}}", "x".repeat(40));
    let changed = Some(Changed::Message(MessageKind::Text, json.as_bytes()));
    let shown = shown_with(
        HumanOptions { width: Some(60), ..options() },
        touch(Some(2), "replace", changed),
        message(Direction::Received, b"a"),
    );
    let expected = format!(
        "#1 < a\n     rule 2: replace → {{\n       \"name\": \"{}\",\n       \"numbers\": [1, 2, 3]\n     }}\n",
        "x".repeat(40)
    );
    assert_eq!(shown, expected);
    let long = "x".repeat(100_000);
    let changed = Some(Changed::Message(MessageKind::Text, long.as_bytes()));
    let touch = touch(Some(2), "replace", changed);
    assert!(shown_with(at_80(), touch, message(Direction::Sent, b"a")).len() < 9000);
}

#[test]
fn what_the_operator_holds_is_said_once() {
    let held = Some(Touch { rule: None, action: "hold", changed_to: None, held: Some(7) });
    assert_eq!(shown_with(at_80(), held, message(Direction::Sent, b"a")), "#1 > a\n", "a prompt");
    let no_prompt = HumanOptions { full_command: false, ..at_80() };
    let expected = "#1 > a\n     held as 7\n";
    assert_eq!(shown_with(no_prompt, held, message(Direction::Sent, b"a")), expected);
    let by_rule = held.map(|touch| Touch { rule: Some(1), ..touch });
    let expected = "#1 > a\n     rule 1: hold as 7\n";
    assert_eq!(shown_with(at_80(), by_rule, message(Direction::Sent, b"a")), expected);
}

#[test]
fn touched_control_frames_are_shown_without_verbosity() {
    let ping = EventKind::Ping(Direction::Sent, b"p".into());
    assert_eq!(shown(ping), "");
    let changed = touch(Some(1), "replace", Some(Changed::Control(b"\x01")));
    assert_eq!(shown_with(at_80(), changed, ping), "#1 > ping \"p\"\n     rule 1: replace → 01\n");
    let going = close(1001, "");
    let other = close(4000, "x\u{1b}");
    let changed = touch(None, "replace", Some(Changed::Close(&other)));
    assert_eq!(
        shown_with(at_80(), changed, EventKind::CloseFrame(Direction::Received, &going)),
        "#1 < close 1001 Going Away\n     by the operator: replace → 4000 Private Use: \"x\\e\"\n"
    );
}

#[test]
fn in_a_pipe_what_was_done_is_a_remark() {
    let touched = touch(Some(1), "drop", None);
    assert_eq!(
        shown_with(piped(), touched, message(Direction::Sent, b"a")),
        "#1 wscope: text message from the client: rule 1: drop\n"
    );
    assert_eq!(shown_with(piped(), None, message(Direction::Sent, b"a")), "");
    for (kind, data, expected) in [
        (MessageKind::Text, &b"b\x1b\n"[..], "b\\e\\n"),
        (MessageKind::Text, b"", "(empty message)"),
        (MessageKind::Binary, b"\x00\xff", "binary, 2 bytes 00 ff"),
    ] {
        let replaced = touch(Some(1), "replace", Some(Changed::Message(kind, data)));
        assert_eq!(
            shown_with(piped(), replaced, message(Direction::Received, b"a")),
            format!("#1 wscope: text message from the server: rule 1: replace → {expected}\n")
        );
    }
    let quiet = HumanOptions { detail: Detail::Quiet, ..piped() };
    assert_eq!(shown_with(quiet, touched, message(Direction::Sent, b"a")), "");
}

#[test]
fn a_violation_has_a_direction_and_says_what_became_of_it() {
    let violation = violation();
    assert_eq!(
        shown(EventKind::Tolerated(Direction::Sent, &violation)),
        "#1 > violation: invalid UTF-8 in a text message: byte 3 (RFC 6455 section 8.1),\n     \
         passed on\n"
    );
    assert_eq!(
        shown_with(piped(), None, EventKind::Violation(Direction::Received, &violation)),
        "#1 wscope: < violation: invalid UTF-8 in a text message: byte 3 (RFC 6455 section 8.1), \
         withheld\n"
    );
}

#[test]
fn a_message_that_was_not_kept_is_named() {
    let mut omitted = Omitted {
        direction: Direction::Received,
        kind: MessageKind::Text,
        size: 70 << 20,
        wire_size: 0,
        compressed: false,
        frames: 1,
        reason: None,
    };
    for (reason, why) in [
        (Some(OmittedFor::Size), " (--max-message-size)"),
        (Some(OmittedFor::Memory), " (--max-memory)"),
        (Some(OmittedFor::Inflating), " (it cannot be inflated)"),
        (None, ""),
    ] {
        omitted.reason = reason;
        assert_eq!(
            shown(EventKind::Omitted(&omitted)),
            format!("#1 < text message of 70 MiB passed on, not kept{why}\n")
        );
    }
    let quiet = HumanOptions { detail: Detail::Quiet, ..piped() };
    assert_eq!(shown_with(quiet, None, EventKind::Omitted(&omitted)), "");
}

#[test]
fn a_size_that_is_over_a_limit_does_not_read_as_the_limit() {
    let omitted = |size, wire_size, compressed| Omitted {
        direction: Direction::Received,
        kind: MessageKind::Text,
        size,
        wire_size,
        compressed,
        frames: 1,
        reason: Some(OmittedFor::Size),
    };
    for (omitted, expected) in [
        (omitted(2_000_000, 2_000_010, false), "1.9 MiB"),
        (omitted(2_000_000, 1990, true), "1.9 MiB (compressed to 1.9 KiB)"),
        (omitted(1990, 1990, true), "1.9 KiB compressed"),
    ] {
        let text = format!("text message of {expected} passed on, not kept (--max-message-size)");
        let shown = shown_with(piped(), None, EventKind::Omitted(&omitted));
        assert_eq!(shown, format!("#1 wscope: < {text}\n"));
    }
}

#[test]
fn requests_are_one_line() {
    let http = |status, note: Option<&str>| HttpExchange {
        method: "GET".to_owned(),
        target: "/app.js\u{1b}".to_owned(),
        status,
        duration: Duration::from_millis(12),
        note: note.map(str::to_owned),
    };
    for (http, expected) in [
        (http(Some(200), None), "#1 http GET /app.js\\e 200 (12.0 ms)\n"),
        (http(None, None), "#1 http GET /app.js\\e no response (12.0 ms)\n"),
        (http(Some(403), Some("no")), "#1 http GET /app.js\\e 403 (12.0 ms): no\n"),
    ] {
        assert_eq!(shown(EventKind::Http(&http)), expected);
        let in_pipe = shown_with(piped(), None, EventKind::Http(&http));
        assert_eq!(!in_pipe.is_empty(), http.note.is_some(), "{in_pipe}");
    }
}

#[test]
fn an_end_says_who_closed_and_what_the_others_answered() {
    use ProxyInitiator::{Client, Local, Server};
    let base = |initiator, client, server| ProxyClosed {
        initiator,
        client,
        server,
        ..ProxyClosed::sample()
    };
    let [normal, going] = [close(1000, ""), close(1001, "bye\u{1b}")].map(Some);
    let empty = Some(ClosePayload { code: None, reason: String::new() });
    let reset = |closed| ProxyClosed { client_end: Some(TransportEnd::Reset), ..closed };
    let fin = |closed| ProxyClosed { server_end: Some(TransportEnd::Eof), ..closed };
    let ours = |closed, own: &Option<ClosePayload>, why: Option<&str>| ProxyClosed {
        own: own.clone(),
        awaited: [true; 2],
        why: why.map(str::to_owned),
        ..closed
    };
    for (closed, expected) in [
        (base(Server, normal.clone(), normal.clone()), "closed by the server: 1000 Normal Closure"),
        (base(Client, empty.clone(), empty), "closed by the client without a code (1005)"),
        (
            base(Client, normal.clone(), going.clone()),
            "closed by the client: 1000 Normal Closure; the server answered: 1001 Going Away: \"bye\\e\"",
        ),
        (
            fin(base(Client, normal.clone(), None)),
            "closed by the client: 1000 Normal Closure; the server did not answer (1006)",
        ),
        (reset(base(Client, None, None)), "reset by the client (1006)"),
        (
            fin(base(Server, None, None)),
            "ended by the server without a Close frame (1006): TCP connection ended (FIN)",
        ),
        (
            reset(base(Client, None, normal.clone())),
            "reset by the client (1006); the server closed: 1000 Normal Closure",
        ),
        (
            ours(base(Local, going.clone(), None), &Some(close(1001, "")), Some("SIGTERM")),
            "closed by wscope: 1001 Going Away (SIGTERM); the client answered: 1001 Going Away: \
             \"bye\\e\"; the server did not answer",
        ),
        (
            // What a side sends after a violation is not read.
            ProxyClosed {
                awaited: [true, false],
                ..ours(base(Local, None, None), &Some(close(1002, "")), Some("--enforce"))
            },
            "closed by wscope: 1002 Protocol Error (--enforce); the client did not answer",
        ),
        (
            ours(base(Local, normal.clone(), normal.clone()), &Some(close(1000, "")), None),
            "closed by wscope: 1000 Normal Closure",
        ),
        (
            ProxyClosed {
                not_delivered: [true; 2],
                ..base(Client, Some(close(1001, "")), normal.clone())
            },
            "ended by the client without a Close frame (1006); the client had closed: 1001 Going Away, not delivered; \
             the server had closed: 1000 Normal Closure, not delivered",
        ),
        (
            // Held, and overtaken by /close.
            ProxyClosed {
                not_delivered: [false, true],
                ..ours(
                    base(Server, Some(close(1012, "")), normal),
                    &Some(close(1012, "z")),
                    Some("/close"),
                )
            },
            "closed by wscope: 1012 Service Restart: \"z\" (/close); the server had closed: 1000 Normal Closure, not delivered",
        ),
        (
            ours(base(Local, None, None), &None, Some("abort")),
            "ended by wscope without a Close frame (1006): abort",
        ),
    ] {
        let in_pipe = shown_with(piped(), None, EventKind::ProxyClosed(&closed));
        assert_eq!(in_pipe, format!("#1 wscope: {expected}\n"), "{closed:?}");
        let lines = shown(EventKind::ProxyClosed(&closed));
        assert!(lines.lines().all(|line| line.width() <= 80), "{lines}");
    }
}

#[test]
fn totals_are_those_of_both_sides() {
    let compressed = Compressed { messages: 2, packed_bytes: 10, plain_bytes: 100 };
    let closed = ProxyClosed {
        client: Some(close(1000, "")),
        server: Some(close(1000, "")),
        from_client: Counters {
            messages: 2,
            payload_bytes: 100,
            compressed,
            ..Counters::default()
        },
        violations: 1,
        touched: 2,
        age: Duration::from_secs(2),
        ..ProxyClosed::sample()
    };
    assert_eq!(
        shown(EventKind::ProxyClosed(&closed)),
        "#1 closed by the client: 1000 Normal Closure\n\
         #1 client sent 2 messages (100 bytes), server sent 0 messages (0 bytes), in\n     2.0 s; \
         1 violation; rules and commands applied 2 times\n\
         #1 compression: client 2 messages, 100 bytes compressed to 10 (10 %)\n"
    );
}

#[test]
fn heads_go_in_the_direction_of_their_sender() {
    let head = |line: &str| HeadView { start_line: line.into(), ..HeadView::empty() };
    let opened = Opened {
        initiator: crate::protocol::connection::Initiator::Peer,
        remote: "127.0.0.1:5".to_owned(),
        request: head("GET /a HTTP/1.1"),
        response: head("HTTP/1.1 101 Yes"),
        ..Opened::sample("ws://host/a")
    };
    assert_eq!(shown(EventKind::Open(&opened)), "#1 client 127.0.0.1:5 connected to /a\n");
    let verbose = HumanOptions { detail: Detail::Control, ..at_80() };
    let text = shown_with(verbose, None, EventKind::Open(&opened));
    assert!(text.starts_with("#1 > GET /a HTTP/1.1\n"), "{text}");
    assert!(text.contains("#1 < HTTP/1.1 101 Yes\n"), "{text}");
    let response = FailedResponse {
        status: 403,
        head: head("HTTP/1.1 403 No"),
        body: Vec::new(),
        is_partial: false,
        notes: Vec::new(),
    };
    let failure = Failure {
        request: Some(head("GET /b HTTP/1.1")),
        response: Some(response),
        ..Failure::new(FailureKind::Handshake, "refused".to_owned())
    };
    let text = shown_with(verbose, None, EventKind::Failure(&failure));
    assert!(text.contains("#1 > GET /b HTTP/1.1\n#1 < HTTP/1.1 403 No\n"), "{text}");
}
