//! Recordings for tests.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::script::{Script, ScriptBuilder, ScriptError};
use crate::event::head_view::MalformedView;
use crate::event::{Closed, Failure, FailureKind, HeadView, Opened, Stamp};
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::vocabulary::Direction;
use crate::protocol::{CloseCode, MessageKind};
use crate::recording::{Recorded, RecordedKind, RecordedMessage};

/// Events, one a line: `> text` and `< text` are messages of the recording side and of its peer, `>ping data`,
/// `<pong data` control frames, `@MS` sets the time, `#N` the connection, `open URL` and `accept URL` open it, `end
/// INITIATOR OURS THEIRS` ends it (`self` or `peer`, codes or `-`), `fail` is an attempt that failed, `file PATH` a file that was sent.
pub(in crate::recording) fn events(lines: &[&str]) -> Vec<Recorded> {
    let (mut elapsed, mut connection) = (Duration::ZERO, None);
    let mut events = Vec::new();
    for line in lines {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let data = Bytes::copy_from_slice(rest.as_bytes());
        let what = match word {
            ">" => message(Direction::Sent, data),
            "<" => message(Direction::Received, data),
            ">ping" => RecordedKind::Ping(Direction::Sent, data.into()),
            "<ping" => RecordedKind::Ping(Direction::Received, data.into()),
            ">pong" => RecordedKind::Pong(Direction::Sent, data.into(), None),
            "<pong" => RecordedKind::Pong(Direction::Received, data.into(), None),
            "open" => RecordedKind::Open(Box::new(opened(Initiator::Local, rest))),
            "accept" => RecordedKind::Open(Box::new(opened(Initiator::Peer, rest))),
            "end" => RecordedKind::Closed(Box::new(end(rest))),
            "fail" => {
                let failure = Failure::new(FailureKind::Connect, "it failed".to_owned());
                RecordedKind::Failure(Box::new(failure))
            }
            "file" => RecordedKind::FileSent {
                kind: MessageKind::Binary,
                path: rest.to_owned(),
                size: 9,
                wire_size: 9,
            },
            other => {
                match (other.strip_prefix('@'), other.strip_prefix('#')) {
                    (Some(ms), _) => elapsed = Duration::from_millis(ms.parse().expect("a time")),
                    (_, Some(number)) => connection = number.parse().ok(),
                    _ => panic!("{line}"),
                }
                continue;
            }
        };
        let at = Stamp { wall: SystemTime::UNIX_EPOCH + elapsed, elapsed };
        events.push(Recorded { at, connection, transit: None, what });
    }
    events
}

/// The script of the only connection.
pub(super) fn built(lines: &[&str]) -> Result<Script, ScriptError> {
    let mut builder = ScriptBuilder::new(1 << 20);
    events(lines).into_iter().for_each(|event| builder.push(event, false));
    builder.finish()
}

/// The same where it can be used.
pub(super) fn script(lines: &[&str]) -> Script {
    built(lines).expect("a script")
}

fn message(direction: Direction, data: Bytes) -> RecordedKind {
    RecordedKind::Message(RecordedMessage {
        direction,
        kind: MessageKind::Text,
        data,
        wire_size: 0,
        compressed: false,
        frames: 1,
        is_masked: false,
        secret_ids: Box::default(),
    })
}

fn opened(initiator: Initiator, url: &str) -> Opened {
    Opened { initiator, ..Opened::sample(url) }
}

/// The end of a connection: `INITIATOR OURS THEIRS`.
pub(super) fn end(text: &str) -> Closed {
    let words: Vec<_> = text.splitn(4, ' ').collect();
    let [initiator, ours, theirs, reason @ ..] = &words[..] else { panic!("{text}") };
    let close = |code: &str, reason: &str| match code {
        "-" => None,
        "none" => Some(ClosePayload::default()),
        code => Some(ClosePayload {
            code: Some(CloseCode::new(code.parse().expect("a code"))),
            reason: reason.to_owned(),
        }),
    };
    let (sent, received) = (close(ours, ""), close(theirs, reason.first().unwrap_or(&"")));
    let cause = match received {
        Some(_) => EndCause::Handshake,
        None => EndCause::Abandoned,
    };
    let initiator = match *initiator {
        "self" => Initiator::Local,
        _ => Initiator::Peer,
    };
    Closed::sample(Ending { cause, initiator, sent, received, violation: None, incomplete: None })
}

/// An opening handshake with this URL, request and response: header fields, with `;` between them.
pub(in crate::recording) fn opened_with([url, request, response]: [&str; 3]) -> Opened {
    let head = |text: &str| {
        let mut head = HeadView::empty();
        for line in text.split(';').filter(|line| !line.is_empty()) {
            match line.split_once(": ") {
                Some((name, value)) => {
                    head.fields.push((name.to_owned(), value.as_bytes().to_vec()));
                }
                None => head.malformed.push(MalformedView {
                    fields_before: head.fields.len(),
                    text: line.as_bytes().to_vec(),
                }),
            }
        }
        head
    };
    let (request, response) = (head(request), head(response));
    Opened { request, response, ..opened(Initiator::Local, url) }
}
