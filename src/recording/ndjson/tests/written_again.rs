//! What is written, read and written again is the same.

use std::io;
use std::time::{Duration, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::prelude::*;

use super::generate::event;
use super::{events, json};
use crate::event::*;
use crate::output::human::Human;
use crate::output::human::tests::options as human_options;
use crate::output::json::{self as json_output, JsonFrames};
use crate::output::{Format, Outlet};
use crate::protocol::close::{CloseCode, ClosePayload};
use crate::protocol::vocabulary::{Direction, TransportEnd};
use crate::protocol::{MessageKind, Rule, Violation};
use crate::recording::{Recorded, RecordedKind};

/// Reads at most so many bytes at once.
struct Steps<'a>(&'a [u8], usize);

impl io::Read for Steps<'_> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let step = self.1.min(space.len());
        self.0.read(&mut space[..step])
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_events_are_the_same_after_reading(
        written in vec(event(), 1..8),
        step in 1..300usize,
        has_payloads in any::<bool>(),
    ) {
        let frames = if has_payloads { JsonFrames::Payloads } else { JsonFrames::Headers };
        let text = json(&written, frames);
        let (found, result) = events(Steps(text.as_bytes(), step));
        let summary = result.unwrap_or_else(|error| panic!("{error}\n{text}"));
        prop_assert!(summary.warnings.is_empty(), "{summary:?}");
        prop_assert_eq!(found.len(), written.len());
        prop_assert_eq!(json(&found, frames), text);
        for (found, written) in found.iter().zip(&written) {
            prop_assert_eq!((found.at, found.connection), (written.at, written.connection));
            prop_assert_eq!(&found.transit, &written.transit);
            if let Some(message) = written.message() {
                prop_assert_eq!(found.message(), Some(message));
            }
        }
    }

    #[test]
    fn any_changed_byte_is_read_or_named(
        written in vec(event(), 1..4),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut text = json(&written, JsonFrames::Payloads).into_bytes();
        let at = at.index(text.len());
        text[at] = byte;
        let (found, result) = events(&text[..]);
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        let lines = lines.count() as u64;
        let accounted = match result {
            Ok(summary) => {
                let cut = summary.warnings.iter().filter(|it| it.contains("is cut")).count();
                summary.events + summary.unknown + cut as u64
            }
            Err(crate::recording::ReadError::Broken { others, .. }) => {
                found.len() as u64 + 1 + others // at most one more line has become unknown
            }
            Err(error) => panic!("{error}"),
        };
        prop_assert!(accounted == lines || accounted + 1 == lines, "{accounted} of {lines}");
    }
}

#[test]
fn messages_that_passed_a_proxy_are_shown_as_they_were_live() {
    let close = |code| {
        let code = Some(CloseCode::new(code));
        ClosePayload { code, reason: "a\u{1b}".to_owned() }
    };
    let [going, other] = [close(1001), close(4000)];
    let message = Message::received(MessageKind::Text, b"{\"a\":1}");
    let sent = EventKind::Message(Message { direction: Direction::Sent, ..message });
    let touch = |action, changed_to| Some(Touch { rule: Some(2), action, changed_to, held: None });
    let text = Changed::Message(MessageKind::Text, b"{\"a\":2}");
    let broken = Changed::Message(MessageKind::Text, b"\xff");
    for (touch, what) in [
        (None, sent),
        (touch("drop", None), sent),
        (touch("replace", Some(text)), sent),
        (touch("corrupt", Some(broken)), sent),
        (
            touch("replace", Some(Changed::Control(b"q"))),
            EventKind::Ping(Direction::Sent, b"p".into()),
        ),
        (
            touch("replace", Some(Changed::Close(&other))),
            EventKind::CloseFrame(Direction::Received, &going),
        ),
    ] {
        assert_shown_again(touch, what);
    }
}

#[test]
fn other_events_of_a_proxy_are_shown_as_they_were_live() {
    let omitted = Omitted {
        direction: Direction::Received,
        kind: MessageKind::Binary,
        size: 70 << 20,
        wire_size: 1,
        compressed: true,
        frames: 1,
        reason: Some(OmittedFor::Inflating),
    };
    let http = HttpExchange {
        method: "GET".to_owned(),
        target: "/".to_owned(),
        status: Some(200),
        duration: Duration::from_millis(12),
        note: Some("b".to_owned()),
    };
    let close = |code| {
        Some(ClosePayload { code: Some(CloseCode::new(code)), reason: "a\u{1b}".to_owned() })
    };
    let base = ProxyClosed { violations: 1, touched: 3, ..ProxyClosed::sample() };
    let closed = ProxyClosed { client: close(1001), server: close(4000), ..base.clone() };
    let reset = ProxyClosed { client_end: Some(TransportEnd::Reset), ..base };
    let violation = Violation {
        rule: Rule::InvalidUtf8,
        detail: "c".to_owned(),
        frame: None,
        offset: 0,
        payload: Box::default(),
        excerpt: Vec::new(),
        cause: None,
    };
    for what in [
        EventKind::Tolerated(Direction::Sent, &violation),
        EventKind::Violation(Direction::Received, &violation),
        EventKind::Omitted(&omitted),
        EventKind::Http(&http),
        EventKind::ProxyClosed(&closed),
        EventKind::ProxyClosed(&reset),
    ] {
        assert_shown_again(None, what);
    }
}

/// An event of connection 3 looks the same after it was written and read, and after it was kept.
fn assert_shown_again(touch: Option<Touch<'_>>, what: EventKind<'_>) {
    let at = Stamp { wall: UNIX_EPOCH, elapsed: Duration::from_millis(5) };
    let transit = Some(Transit { touch: touch.as_ref(), ..Transit::default() });
    let event = Event { at, connection: Some(3), mark: None, transit, what };
    let live = for_people(&event);
    assert!(live.starts_with("#3 "), "{event:?}: {live}");
    let (found, result) = events(&json_output::line(&event)[..]);
    assert_eq!((found.len(), result.expect("readable").unknown), (1, 0));
    assert_eq!(found[0].with_event(for_people), live);
    let kept = Recorded::of_event(&event).expect("a recorded event");
    assert_eq!(kept.with_event(for_people), live);
}

fn for_people(event: &Event<'_>) -> String {
    let mut out = Outlet::memory();
    Human::new(human_options()).event(event, &mut out);
    out.text()
}

#[test]
fn frames_without_their_payload_have_none_when_written_with_payloads() {
    let line = r#"{"event":"frame","direction":"sent","opcode":"text","size":1,"header":"8101"}"#;
    let (found, _) = events(line.as_bytes());
    let [Recorded { what: RecordedKind::Frame(frame), .. }] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(frame.payload.is_empty());
    assert!(!json(&found, JsonFrames::Payloads).contains("\"data\""));
}
