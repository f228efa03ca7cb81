//! Ends of connections.

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::frame::ViolationLine;
use super::lists::or_first;
use super::values::{Side, millis, or_default};
use crate::event::{Closed, LastTraffic, SilenceAdvice};
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::vocabulary::{
    Compressed, Counters, IncompleteMessage, Position, TransportEnd,
};
use crate::protocol::{CloseCode, MessageKind, Opcode, Rule, Violation};
use crate::recording::RecordedKind;

/// The members of the end of a connection.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct CloseLine {
    code: u16,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    #[serde(default, deserialize_with = "or_default")]
    was_clean: bool,
    initiator: Option<Side>,
    sent: Option<Close>,
    received: Option<Close>,
    incomplete_message: Option<Incomplete>,
    end: Option<Ends>,
    end_error: Option<String>,
    position: Option<Place>,
    violation: Option<ViolationLine>,
    #[serde(default, deserialize_with = "or_default")]
    unsent: bool,
    #[serde(default, deserialize_with = "or_default")]
    error_follows: bool,
    duration_ms: Option<Box<RawValue>>,
    quiet_ms: Option<Box<RawValue>>,
    last: Option<Last>,
    #[serde(default, deserialize_with = "or_default")]
    totals: Totals,
    hint: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    secrets_masked: bool,
    #[serde(default, deserialize_with = "or_first")]
    secret_ids: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Close {
    pub(super) code: u16,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) reason: String,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Incomplete {
    #[serde(rename = "type")]
    kind: Type,
    size: u64,
    frames: u64,
    compressed: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Text,
    Binary,
}

/// In a proxy each side has its own.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Ends {
    One(End),
    Sides { client: Option<End>, server: Option<End> },
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum End {
    Handshake,
    Fin,
    FinWithoutCloseNotify,
    Reset,
    Error,
    CloseTimeout,
    Violation,
    Abandoned,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct Place {
    #[serde(rename = "in")]
    within: Within,
    bytes: Option<u8>,
    opcode: Option<u8>,
    got: Option<u64>,
    of: Option<u64>,
    frames: Option<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Within {
    Header,
    Payload,
    Message,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Last {
    what: LastKind,
    number: Option<u64>,
    frame: Option<String>,
    ago_ms: Option<Box<RawValue>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum LastKind {
    Handshake,
    Message,
    Frame,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct Totals {
    #[serde(alias = "server")]
    received: Traffic,
    #[serde(alias = "client")]
    sent: Traffic,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(expecting = "an object", default)]
pub(super) struct Traffic {
    messages: u64,
    bytes: u64,
    frames: u64,
    wire_bytes: u64,
    compressed: Packed,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct Packed {
    messages: u64,
    bytes: u64,
    wire_bytes: u64,
}

impl CloseLine {
    /// # Errors
    /// Why it is not the end of a connection.
    pub(super) fn kind(mut self) -> Result<RecordedKind, String> {
        let duration = |it: &Option<Box<RawValue>>| {
            it.as_ref().map_or(Ok(Duration::ZERO), |it| millis(it.get()))
        };
        let (age, quiet) = (duration(&self.duration_ms)?, duration(&self.quiet_ms)?);
        let last = self.last.as_ref().map_or(Ok(LastTraffic::Other), Last::traffic)?;
        let Totals { received, sent } = self.totals;
        let (is_unsent, failure_follows) = (self.unsent, self.error_follows);
        let hint = self.hint.clone();
        let ids = std::mem::take(&mut self.secret_ids);
        let masked = self.secrets_masked.then(|| ids.into());
        // An end without a Close frame is taken for that of the peer, unless ours had no answer.
        let is_initiator_unknown =
            self.initiator.is_none() && CloseCode::new(self.code) != CloseCode::ABNORMAL;
        Ok(RecordedKind::Closed(Box::new(Closed {
            ending: self.ending(),
            quiet,
            last,
            age,
            received: received.counters(),
            sent: sent.counters(),
            is_unsent,
            hint,
            application: None,
            silence_advice: SilenceAdvice::default(),
            is_initiator_unknown,
            failure_follows,
            masked,
        })))
    }

    fn ending(self) -> Ending {
        let cause = self.cause();
        let mut received = self.received.map(Close::payload);
        let code = CloseCode::new(self.code);
        let mut violation = self.violation.and_then(|line| line.violation());
        if code == CloseCode::ABNORMAL
            && let Some(close) = received.take()
        {
            // An invalid Close frame does not count as one.
            violation = Some(with_invalid_close(violation, &close));
        } else if received.is_none() && code != CloseCode::ABNORMAL {
            received = Some(Close { code: self.code, reason: self.reason }.payload());
        }
        let initiator = match self.initiator {
            Some(side) => side.into(),
            None if self.sent.is_some() && received.is_none() => Initiator::Local,
            None => Initiator::Peer,
        };
        Ending {
            cause,
            initiator,
            sent: self.sent.map(Close::payload),
            received,
            violation,
            incomplete: self.incomplete_message.map(Incomplete::message),
        }
    }

    /// What ended it. One that is not in the file is [`EndCause::Abandoned`], about which nothing is shown.
    fn cause(&self) -> EndCause {
        let transport = |end| {
            let position = self.position.as_ref().and_then(Place::position);
            EndCause::Transport(end, position.unwrap_or(Position::Boundary))
        };
        let end = match self.end {
            Some(Ends::One(end)) => Some(end),
            // A closing handshake, or else the end of the side that ended it.
            Some(Ends::Sides { .. }) if self.was_clean => None,
            Some(Ends::Sides { client, server }) => match self.initiator {
                Some(Side::Local) => client.or(server),
                _ => server.or(client),
            },
            None => None,
        };
        match end {
            None if self.was_clean => EndCause::Handshake,
            None | Some(End::Abandoned) => EndCause::Abandoned,
            Some(End::Handshake) => EndCause::Handshake,
            Some(End::Fin) => transport(TransportEnd::Eof),
            Some(End::FinWithoutCloseNotify) => transport(TransportEnd::Truncated),
            Some(End::Reset) => transport(TransportEnd::Reset),
            Some(End::Error) => {
                transport(TransportEnd::Error(self.end_error.clone().unwrap_or_default()))
            }
            Some(End::CloseTimeout) => EndCause::CloseTimeout,
            Some(End::Violation) => EndCause::Violation,
        }
    }
}

impl Close {
    pub(super) fn payload(self) -> ClosePayload {
        let code = CloseCode::new(self.code);
        let code = (code != CloseCode::NO_STATUS).then_some(code);
        ClosePayload { code, reason: self.reason }
    }
}

/// The violation by a Close frame with this content.
fn with_invalid_close(violation: Option<Violation>, close: &ClosePayload) -> Violation {
    let base = violation.unwrap_or_else(|| Violation {
        rule: Rule::InvalidCloseCode,
        detail: close
            .code
            .map_or_else(|| "no code".to_owned(), |code| format!("close code {code}")),
        frame: None,
        offset: 0,
        payload: Box::default(),
        excerpt: Vec::new(),
        cause: None,
    });
    let payload = close.code.map_or_else(Box::default, |code| code.get().to_be_bytes().into());
    Violation { payload, excerpt: close.reason.clone().into_bytes(), ..base }
}

impl Incomplete {
    pub(super) fn message(self) -> IncompleteMessage {
        IncompleteMessage {
            kind: match self.kind {
                Type::Text => MessageKind::Text,
                Type::Binary => MessageKind::Binary,
            },
            frames: self.frames,
            size: self.size,
            compressed: self.compressed,
        }
    }
}

impl Place {
    pub(super) fn position(&self) -> Option<Position> {
        Some(match self.within {
            Within::Header => Position::Header(usize::from(self.bytes?)),
            Within::Payload => Position::Payload {
                opcode: Opcode::from_bits(self.opcode?),
                got: self.got?,
                of: self.of?,
            },
            Within::Message => Position::Message(self.frames?),
        })
    }
}

impl Last {
    fn traffic(&self) -> Result<LastTraffic, String> {
        let ago = self.ago_ms.as_ref().map_or(Ok(Duration::ZERO), |it| millis(it.get()))?;
        Ok(match self.what {
            LastKind::Handshake => LastTraffic::Handshake,
            LastKind::Message => LastTraffic::Message(self.number.unwrap_or_default(), ago),
            LastKind::Frame => LastTraffic::Frame(self.frame.clone().unwrap_or_default(), ago),
        })
    }
}

impl Traffic {
    pub(super) fn counters(self) -> Counters {
        Counters {
            messages: self.messages,
            payload_bytes: self.bytes,
            frames: self.frames,
            wire_bytes: self.wire_bytes,
            compressed: Compressed {
                messages: self.compressed.messages,
                packed_bytes: self.compressed.wire_bytes,
                plain_bytes: self.compressed.bytes,
            },
        }
    }
}
