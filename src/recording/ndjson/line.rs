//! A line as an event.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;

use super::ended::CloseLine;
use super::failed::{ErrorLine, RedirectLine, RetryLine};
use super::frame::{FrameLine, ViolationLine};
use super::lists::or_first;
use super::opened::OpenLine;
use super::payload::{Encoding, payload};
use super::proxied::{
    ChangedLine, CloseFrameLine, CloseSides, HeldLine, HttpLine, ProxyCloseLine, touch,
};
use super::values::{Direction, Millis, Side, Stamps, Text, excerpt, or_default};
use crate::event::{MAX_MESSAGE_IDS, Omitted, OmittedFor, OwnedTransit, Stamp};
use crate::protocol::MessageKind;
use crate::recording::{Recorded, RecordedControl, RecordedKind, RecordedMessage};

/// Why a line is not an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineError {
    /// Which byte of the line, from 1.
    pub(super) column: u64,
    pub(super) reason: String,
    /// The line ends before what it starts with is complete.
    pub(super) is_incomplete: bool,
}

impl LineError {
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self { column: 1, reason: reason.into(), is_incomplete: false }
    }
}

/// Line ends of other programs.
const LONE_CR: &str = "the lines end with CR alone; they have to end with LF or CR LF";

/// The events that are not of data.
const OTHER_EVENTS: [&str; 11] = [
    "open",
    "frame",
    "close",
    "error",
    "violation",
    "redirect",
    "retry",
    "reconnect",
    "http",
    "close_frame",
    "held",
];

/// The event of a line; `None`: it is of a kind that is not known.
///
/// # Errors
/// Why it is not an event.
pub(super) fn event(line: &[u8], stamps: &mut Stamps) -> Result<Option<Recorded>, LineError> {
    let text = text_of(line)?;
    let Some(name) = name(text)? else {
        return Err(LineError::new("the object has no \"event\""));
    };
    if let "message" | "ping" | "pong" = &*name {
        return data_event(&name, text, stamps).map(Some);
    }
    if !OTHER_EVENTS.contains(&&*name) {
        parse::<Name<'_>>(text)?; // it has to be JSON nevertheless
        return Ok(None);
    }
    let Common { time, elapsed_ms, connection, direction, initiator } = parse(text)?;
    let at = stamp(stamps, time, elapsed_ms)?;
    let is_proxied =
        direction.is_some_and(Direction::is_proxied) || initiator.is_some_and(Side::is_proxied);
    let mut transit = is_proxied.then(OwnedTransit::default);
    let what = match &*name {
        "open" => parse::<OpenLine>(text)?.kind(at),
        "frame" => parse::<FrameLine<'_>>(text)?.kind(),
        "close" if parse::<CloseSides>(text)?.are_proxied() => {
            transit.get_or_insert_default();
            parse::<ProxyCloseLine>(text)?.kind()
        }
        "close" => parse::<CloseLine>(text)?.kind(),
        "http" => {
            transit.get_or_insert_default();
            parse::<HttpLine<'_>>(text)?.kind()
        }
        "close_frame" => match parse::<CloseFrameLine<'_>>(text)?.parts() {
            Ok((what, None)) => Ok(what),
            Ok((what, Some(touch))) => {
                transit.get_or_insert_default().touch = Some(Box::new(touch));
                Ok(what)
            }
            Err(reason) => Err(reason),
        },
        "held" => parse::<HeldLine<'_>>(text)?.kind(parse(text)?),
        "error" => parse::<ErrorLine>(text)?.kind(at),
        "violation" => {
            let line = parse::<ViolationLine>(text)?;
            let Some(kind) = line.kind(direction) else { return Ok(None) };
            if let Some(transit) = &mut transit {
                transit.is_reframed = line.reframed;
            }
            Ok(kind)
        }
        "redirect" => Ok(parse::<RedirectLine>(text)?.kind()),
        "retry" => parse::<RetryLine>(text)?.kind(false),
        "reconnect" => parse::<RetryLine>(text)?.kind(true),
        _ => return Ok(None),
    };
    let what = what.map_err(LineError::new)?;
    Ok(Some(Recorded { at, connection, transit, what }))
}

/// What all events have.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Common<'a> {
    #[serde(borrow)]
    time: Option<Text<'a>>,
    #[serde(borrow)]
    elapsed_ms: Option<Millis<'a>>,
    connection: Option<u64>,
    direction: Option<Direction>,
    initiator: Option<Side>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Name<'a> {
    #[serde(borrow)]
    event: Option<Text<'a>>,
}

/// The members of events with data, which most lines are.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct DataLine<'a> {
    #[serde(borrow)]
    time: Option<Text<'a>>,
    #[serde(borrow)]
    elapsed_ms: Option<Millis<'a>>,
    connection: Option<u64>,
    direction: Direction,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    encoding: Option<Encoding>,
    #[serde(borrow)]
    data: Option<Text<'a>>,
    #[serde(borrow)]
    bytes: Option<Text<'a>>,
    #[serde(borrow)]
    file: Option<Text<'a>>,
    size: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    wire_size: u64,
    #[serde(default, deserialize_with = "or_default")]
    compressed: bool,
    frames: Option<u64>,
    #[serde(default, deserialize_with = "or_default")]
    secrets_masked: bool,
    #[serde(default, deserialize_with = "or_first")]
    secret_ids: Vec<u64>,
    #[serde(borrow)]
    rtt_ms: Option<Millis<'a>>,
    #[serde(default, deserialize_with = "or_default")]
    omitted: bool,
    #[serde(borrow)]
    omitted_for: Option<Text<'a>>,
    rule: Option<u64>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    changed_to: Option<ChangedLine<'a>>,
    held: Option<u64>,
    delivered: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Text,
    Binary,
}

/// Why a message was not kept; `None` if another version of the program had another reason.
fn omitted_for(name: &str) -> Option<OmittedFor> {
    OmittedFor::ALL.into_iter().find(|reason| reason.name() == name)
}

/// The line as text.
fn text_of(line: &[u8]) -> Result<&str, LineError> {
    simdutf8::basic::from_utf8(line).or_else(|_| {
        str::from_utf8(line).map_err(|error| LineError {
            column: error.valid_up_to() as u64 + 1,
            reason: "invalid UTF-8".to_owned(),
            is_incomplete: error.error_len().is_none(),
        })
    })
}

/// The name of the event, which is usually first.
fn name(text: &str) -> Result<Option<Cow<'_, str>>, LineError> {
    if let Some(rest) = text.strip_prefix("{\"event\":\"")
        && let Some((name, _)) = rest.split_once('"')
        && !name.contains('\\')
    {
        return Ok(Some(Cow::Borrowed(name)));
    }
    Ok(parse::<Name<'_>>(text)?.event.map(|event| event.0))
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, LineError> {
    // A sequence would be taken for the members in their order.
    if !text.trim_ascii_start().starts_with('{') {
        return Err(LineError::new(format!("not a JSON object: {}", excerpt(text))));
    }
    serde_json::from_str(text).map_err(|error| {
        let with_place = error.to_string();
        let reason = with_place.rsplit_once(" at line ").map_or(&*with_place, |(reason, _)| reason);
        // In JSON it is white space.
        let has_lone_cr = error.is_syntax() && text.trim_end().contains('\r');
        LineError {
            column: error.column().max(1) as u64,
            reason: if has_lone_cr { LONE_CR.to_owned() } else { reason.to_owned() },
            is_incomplete: error.is_eof(),
        }
    })
}

fn stamp(
    stamps: &mut Stamps,
    time: Option<Text<'_>>,
    elapsed: Option<Millis<'_>>,
) -> Result<Stamp, LineError> {
    let elapsed = elapsed.map(|it| it.duration()).transpose();
    let time = time.as_ref().map(|text| &*text.0);
    elapsed.and_then(|elapsed| stamps.stamp(time, elapsed)).map_err(LineError::new)
}

fn data_event(name: &str, text: &str, stamps: &mut Stamps) -> Result<Recorded, LineError> {
    let line: DataLine<'_> = parse(text)?;
    let at = stamp(stamps, line.time, line.elapsed_ms)?;
    let is_proxied = line.direction.is_proxied();
    let touch =
        touch(line.rule, line.action, line.changed_to, line.held).map_err(LineError::new)?;
    let waits = line.delivered == Some(false);
    let transit = is_proxied.then(|| OwnedTransit {
        touch: touch.map(Box::new),
        waits,
        ..OwnedTransit::default()
    });
    let direction = line.direction.into();
    let missing = |key: &str| LineError::new(format!("the {name} has no \"{key}\""));
    let connection = line.connection;
    let what = if name == "message" {
        let kind = match line.kind.ok_or_else(|| missing("type"))? {
            Kind::Text => MessageKind::Text,
            Kind::Binary => MessageKind::Binary,
        };
        let (wire_size, compressed) = (line.wire_size, line.compressed);
        match (line.data, line.file) {
            (None, Some(file)) => RecordedKind::FileSent {
                kind,
                path: file.0.into_owned(),
                size: line.size.ok_or_else(|| missing("size"))?,
                wire_size,
            },
            (None, None) if line.omitted && is_proxied => RecordedKind::Omitted(Omitted {
                direction,
                kind,
                size: line.size.ok_or_else(|| missing("size"))?,
                wire_size,
                compressed,
                frames: line.frames.unwrap_or(1),
                reason: line.omitted_for.and_then(|name| omitted_for(&name.0)),
            }),
            (None, None) => return Err(missing("data")),
            (Some(data), _) => RecordedKind::Message(RecordedMessage {
                direction,
                kind,
                data: payload(kind, data, line.encoding, line.bytes).map_err(LineError::new)?,
                wire_size,
                compressed,
                frames: line.frames.unwrap_or(1),
                is_masked: line.secrets_masked,
                secret_ids: message_ids(line.secret_ids),
            }),
        }
    } else {
        let data = line.data.unwrap_or_default();
        let data = RecordedControl {
            data: decode(line.encoding.unwrap_or_default(), &data.0)?,
            is_masked: line.secrets_masked,
            secret_ids: message_ids(line.secret_ids),
        };
        match name {
            "ping" => RecordedKind::Ping(direction, data),
            _ => {
                let rtt = line.rtt_ms.map(|it| it.duration()).transpose();
                RecordedKind::Pong(direction, data, rtt.map_err(LineError::new)?)
            }
        }
    };
    Ok(Recorded { at, connection, transit, what })
}

/// The hashes of the masked secrets of a message, in a run that is being recorded.
fn message_ids(mut ids: Vec<u64>) -> Box<[u64]> {
    ids.truncate(MAX_MESSAGE_IDS);
    ids.into()
}

fn decode(encoding: Encoding, text: &str) -> Result<Bytes, LineError> {
    encoding.decode(text).map_err(LineError::new)
}
