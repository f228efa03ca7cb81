use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use super::{Generated, SecretValues, Settings, part};
use crate::event::{Closed, FailedResponse, HeadView, Opened, Stamp};
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::vocabulary::Direction;
use crate::protocol::{CloseCode, MessageKind};
use crate::recording::{Recorded, RecordedKind, RecordedMessage};

mod captures;
mod connections;
mod heads;
mod masked;
mod messages;
mod properties;
mod redirects;
mod stale;
mod starts;

/// The scenario of these events.
pub(super) fn generate(events: &[Recorded], settings: &Settings) -> Generated {
    part::generate(events, &BTreeSet::new(), settings, false)
}

/// An event so many milliseconds after the start.
pub(super) fn at(millis: u64, what: RecordedKind) -> Recorded {
    let elapsed = Duration::from_millis(millis);
    let stamp = Stamp { wall: SystemTime::UNIX_EPOCH + elapsed, elapsed };
    Recorded { at: stamp, connection: None, transit: None, what }
}

pub(super) fn now(what: RecordedKind) -> Recorded {
    at(0, what)
}

impl Recorded {
    pub(super) fn of(self, connection: u64) -> Self {
        Self { connection: Some(connection), ..self }
    }
}

pub(super) fn head(fields: &[(&str, &str)]) -> HeadView {
    HeadView {
        start_line: b"GET / HTTP/1.1".to_vec(),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect(),
        malformed: Vec::new(),
        secret_ids: Vec::new(),
    }
}

/// A response without fields and body that refuses a request.
pub(super) fn refusal(status: u16) -> FailedResponse {
    let (head, body, notes) = (head(&[]), Vec::new(), Vec::new());
    FailedResponse { status, head, body, is_partial: false, notes }
}

pub(super) fn opened(url: &str, request: &[(&str, &str)]) -> Opened {
    Opened { request: head(request), response: head(&[]), ..Opened::sample(url) }
}

pub(super) fn open() -> Recorded {
    now(RecordedKind::Open(Box::new(opened("ws://h/x", &[]))))
}

pub(super) fn message(direction: Direction, kind: MessageKind, data: &[u8]) -> Recorded {
    now(RecordedKind::Message(RecordedMessage {
        direction,
        kind,
        data: data.to_vec().into(),
        wire_size: 0,
        compressed: false,
        frames: 1,
        is_masked: false,
        secret_ids: Box::default(),
    }))
}

pub(super) fn sent(text: &str) -> Recorded {
    message(Direction::Sent, MessageKind::Text, text.as_bytes())
}

pub(super) fn received(text: &str) -> Recorded {
    message(Direction::Received, MessageKind::Text, text.as_bytes())
}

pub(super) fn close(code: u16, reason: &str) -> Option<ClosePayload> {
    Some(ClosePayload { code: Some(CloseCode::new(code)), reason: reason.to_owned() })
}

pub(super) fn closed(
    initiator: Initiator,
    sent: Option<ClosePayload>,
    received: Option<ClosePayload>,
) -> Recorded {
    let ending = Ending {
        cause: EndCause::Handshake,
        initiator,
        sent,
        received,
        violation: None,
        incomplete: None,
    };
    now(RecordedKind::Closed(Box::new(Closed::sample(ending))))
}

/// The scenario, and what is below its title.
pub(super) fn scenario(events: &[Recorded]) -> Generated {
    generate(events, &Settings::default())
}

/// The lines of the steps, behind the handshake.
pub(super) fn steps(events: &[Recorded]) -> Vec<String> {
    let text = scenario(events).text;
    let (_, steps) = text.split_once("HTTP 101\n").expect("a handshake");
    steps.lines().map(str::to_owned).collect()
}

#[test]
fn a_session_is_a_scenario() {
    let events = [
        open(),
        received("welcome"),
        sent("hello"),
        received(r#"{"you":"said hello"}"#),
        closed(Initiator::Local, close(1000, ""), close(1000, "bye")),
    ];
    assert_eq!(
        scenario(&events).text,
        "# Written by wscope from a recording.\n\n### recorded 1970-01-01T00:00:00Z\nWS ws://h/x\n\
         HTTP 101\n< welcome\n> hello\n< {\"you\":\"said hello\"}\n> close:1000\n< close:1000 bye\n"
    );
}

#[test]
fn what_does_not_fit_is_said() {
    let mut builder = super::ScenarioBuilder::new(Settings::default());
    builder.push(open());
    let long = "a".repeat(super::MAX_EVENTS / 2);
    for _ in 0..3 {
        builder.push(received(&long));
    }
    assert!(builder.is_full());
    let Generated { text, warnings, .. } = builder.generate();
    assert_eq!(text.matches("\n< ").count(), 1);
    assert!(text.ends_with("the rest did not fit into a scenario.\n"), "{}", &text[..200]);
    assert!(warnings[0].contains("it cannot be longer"), "{warnings:?}");
}

#[test]
fn a_recording_without_connections_is_said_to_have_none() {
    let Generated { text, warnings, .. } = scenario(&[]);
    assert_eq!(text, "# Written by wscope from a recording.\n");
    assert_eq!(warnings, ["the recording has no WebSocket connection"]);
}

pub(super) fn verbatim() -> Settings {
    Settings { secrets: SecretValues::Verbatim, ..Settings::default() }
}
