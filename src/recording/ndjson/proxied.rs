//! What only proxies record.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::ended::{Close, Incomplete, Place, Traffic};
use super::payload::{Encoding, payload};
use super::values::{Direction, Millis, Side, Text, millis, or_default};
use crate::event::{
    Carried, Decided, HeldOutcome, HttpExchange, OwnedChange, OwnedTouch, ProxyClosed,
    ProxyInitiator, Undelivered,
};
use crate::protocol::vocabulary::{Partial, Position, TransportEnd};
use crate::protocol::{CloseCode, MessageKind};
use crate::recording::RecordedKind;

/// Whether the end of a connection is that of one through a proxy.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct CloseSides {
    #[serde(default, deserialize_with = "is_there")]
    client: bool,
    #[serde(default, deserialize_with = "is_there")]
    server: bool,
}

impl CloseSides {
    pub(super) const fn are_proxied(&self) -> bool {
        self.client || self.server
    }
}

/// Called only for a key that there is, whatever its value.
fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}

/// The members of the end of a connection through a proxy.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct ProxyCloseLine {
    code: u16,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    initiator: Option<Side>,
    client: Option<Close>,
    server: Option<Close>,
    #[serde(rename = "self")]
    own: Option<Close>,
    #[serde(default, deserialize_with = "or_default")]
    awaited: Vec<Side>,
    #[serde(default, deserialize_with = "or_default")]
    not_delivered: Vec<Side>,
    #[serde(default, deserialize_with = "or_default")]
    undelivered: Amounts,
    #[serde(default, deserialize_with = "or_default")]
    end: Ends,
    #[serde(default, deserialize_with = "or_default")]
    cut: Cuts,
    duration_ms: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "or_default")]
    totals: Totals,
    #[serde(default, deserialize_with = "or_default")]
    violations: u64,
    #[serde(default, deserialize_with = "or_default")]
    touched: u64,
    why: Option<String>,
    #[serde(default, deserialize_with = "or_default")]
    secrets_masked: bool,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct Ends {
    client: Option<End>,
    client_error: Option<String>,
    server: Option<End>,
    server_error: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct Cuts {
    client: Option<Cut>,
    server: Option<Cut>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Cut {
    incomplete_message: Option<Incomplete>,
    position: Option<Place>,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct Amounts {
    client: Option<Amount>,
    server: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Amount {
    messages: Option<u64>,
    messages_at_least: Option<u64>,
    bytes: Option<u64>,
    bytes_at_least: Option<u64>,
    bytes_at_most: Option<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum End {
    Fin,
    FinWithoutCloseNotify,
    Reset,
    Error,
}

#[derive(Default, Deserialize)]
#[serde(expecting = "an object", default)]
struct Totals {
    client: Traffic,
    server: Traffic,
}

impl ProxyCloseLine {
    /// # Errors
    /// Why it is not the end of a connection.
    pub(super) fn kind(self) -> Result<RecordedKind, String> {
        let initiator = match self.initiator {
            Some(Side::Client) => ProxyInitiator::Client,
            Some(Side::Local) => ProxyInitiator::Local,
            Some(Side::Server | Side::Peer) | None => ProxyInitiator::Server,
        };
        let Ends { client, client_error, server, server_error } = self.end;
        let age = self.duration_ms.as_ref().map(|it| millis(it.get())).transpose()?;
        let mut closed = ProxyClosed {
            initiator,
            client: self.client.map(Close::payload),
            server: self.server.map(Close::payload),
            own: self.own.map(Close::payload),
            awaited: [Side::Client, Side::Server].map(|side| self.awaited.contains(&side)),
            not_delivered: [Side::Client, Side::Server]
                .map(|side| self.not_delivered.contains(&side)),
            undelivered: [self.undelivered.client, self.undelivered.server]
                .map(|amount| amount.and_then(Amount::undelivered)),
            client_end: client.map(|end| end.transport(client_error)),
            server_end: server.map(|end| end.transport(server_error)),
            cut: [self.cut.client, self.cut.server].map(|cut| cut.and_then(Cut::partial)),
            from_client: self.totals.client.counters(),
            from_server: self.totals.server.counters(),
            violations: self.violations,
            touched: self.touched,
            age: age.unwrap_or_default(),
            why: self.why,
            is_masked: self.secrets_masked,
        };
        let has_close = closed.client.is_some() || closed.server.is_some() || closed.own.is_some();
        if !has_close && CloseCode::new(self.code) != CloseCode::ABNORMAL {
            // The line does not say whose it is.
            closed.server = Some(Close { code: self.code, reason: self.reason }.payload());
        }
        Ok(RecordedKind::ProxyClosed(Box::new(closed)))
    }
}

impl Cut {
    fn partial(self) -> Option<Partial> {
        let message = self.incomplete_message.map(Incomplete::message);
        let position = self.position.as_ref().and_then(Place::position);
        let is_cut = message.is_some() || position.is_some();
        is_cut.then(|| Partial { message, position: position.unwrap_or(Position::Boundary) })
    }
}

impl Amount {
    fn undelivered(self) -> Option<Undelivered> {
        let Self { messages, messages_at_least, bytes, bytes_at_least, bytes_at_most } = self;
        messages
            .map(Undelivered::Messages)
            .or(messages_at_least.map(Undelivered::MessagesAtLeast))
            .or(bytes.map(Undelivered::Bytes))
            .or(bytes_at_least.map(Undelivered::BytesAtLeast))
            .or(bytes_at_most.map(Undelivered::BytesAtMost))
    }
}

impl End {
    fn transport(self, error: Option<String>) -> TransportEnd {
        match self {
            Self::Fin => TransportEnd::Eof,
            Self::FinWithoutCloseNotify => TransportEnd::Truncated,
            Self::Reset => TransportEnd::Reset,
            Self::Error => TransportEnd::Error(error.unwrap_or_default()),
        }
    }
}

/// The members of a Close frame.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct CloseFrameLine<'a> {
    direction: Direction,
    code: u16,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
    rule: Option<u64>,
    #[serde(borrow)]
    action: Option<Text<'a>>,
    #[serde(borrow)]
    changed_to: Option<ChangedLine<'a>>,
    held: Option<u64>,
}

impl CloseFrameLine<'_> {
    /// The frame, and what was done to it, if the line says that.
    ///
    /// # Errors
    /// Why it is not such a frame.
    pub(super) fn parts(self) -> Result<(RecordedKind, Option<OwnedTouch>), String> {
        let close = Close { code: self.code, reason: self.reason }.payload();
        let touch = touch(self.rule, self.action, self.changed_to, self.held)?;
        Ok((RecordedKind::CloseFrame(self.direction.into(), close), touch))
    }
}

/// The members of what became of something held, or that waited, without those of what that was.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct HeldLine<'a> {
    direction: Direction,
    number: Option<u64>,
    outcome: HeldOutcome,
    #[serde(borrow)]
    held_ms: Option<Millis<'a>>,
    #[serde(borrow)]
    changed_to: Option<ChangedLine<'a>>,
    #[serde(default)]
    duplicated: bool,
}

impl HeldLine<'_> {
    /// What became of `content`.
    ///
    /// # Errors
    /// Why the line does not say that.
    pub(super) fn kind(self, content: ChangedLine<'_>) -> Result<RecordedKind, String> {
        let waited = self.held_ms.map(Millis::duration).transpose()?.unwrap_or_default();
        let Self { direction, number, outcome, duplicated, .. } = self;
        let (direction, content) = (direction.into(), content.carried()?);
        let changed_to = self.changed_to.map(ChangedLine::carried).transpose()?;
        let decided =
            Decided { number, direction, content, outcome, changed_to, duplicated, waited };
        Ok(RecordedKind::Decided(Box::new(decided)))
    }
}

/// The members of an HTTP request.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct HttpLine<'a> {
    method: String,
    target: String,
    status: Option<u16>,
    #[serde(borrow)]
    duration_ms: Option<Millis<'a>>,
    note: Option<String>,
}

impl HttpLine<'_> {
    /// # Errors
    /// Why it is not an HTTP request.
    pub(super) fn kind(self) -> Result<RecordedKind, String> {
        let duration = self.duration_ms.map(Millis::duration).transpose()?.unwrap_or_default();
        let Self { method, target, status, note, .. } = self;
        let http = HttpExchange { method, target, status, duration, note };
        Ok(RecordedKind::Http(Box::new(http)))
    }
}

/// A message or control frame: what was held, or was delivered in place of another.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
pub(super) struct ChangedLine<'a> {
    #[serde(rename = "type")]
    kind: ChangedKind,
    encoding: Option<Encoding>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    data: Text<'a>,
    #[serde(borrow)]
    bytes: Option<Text<'a>>,
    code: Option<u16>,
    #[serde(default, deserialize_with = "or_default")]
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ChangedKind {
    Text,
    Binary,
    Ping,
    Pong,
    Close,
}

/// What was done to a message, if the line says it.
///
/// # Errors
/// If what was delivered cannot be decoded.
pub(super) fn touch(
    rule: Option<u64>,
    action: Option<Text<'_>>,
    changed: Option<ChangedLine<'_>>,
    held: Option<u64>,
) -> Result<Option<OwnedTouch>, String> {
    let Some(action) = action else { return Ok(None) };
    let changed_to = changed.map(ChangedLine::change).transpose()?;
    Ok(Some(OwnedTouch { rule, action: action.0.into_owned(), changed_to, held }))
}

impl ChangedLine<'_> {
    fn carried(self) -> Result<Carried, String> {
        let is_pong = self.kind == ChangedKind::Pong;
        Ok(match self.change()? {
            OwnedChange::Message(kind, data) => Carried::Message(kind, data),
            OwnedChange::Control(data) if is_pong => Carried::Pong(data),
            OwnedChange::Control(data) => Carried::Ping(data),
            OwnedChange::Close(close) => Carried::Close(close),
        })
    }

    fn change(self) -> Result<OwnedChange, String> {
        let Self { encoding, data, bytes, .. } = self;
        let message =
            |kind, data| Ok(OwnedChange::Message(kind, payload(kind, data, encoding, bytes)?));
        match self.kind {
            ChangedKind::Text => message(MessageKind::Text, data),
            ChangedKind::Binary => message(MessageKind::Binary, data),
            ChangedKind::Ping | ChangedKind::Pong => {
                let data = encoding.unwrap_or_default().decode(&data.0)?;
                Ok(OwnedChange::Control(data))
            }
            ChangedKind::Close => {
                let code = self.code.unwrap_or(CloseCode::NO_STATUS.get());
                Ok(OwnedChange::Close(Close { code, reason: self.reason }.payload()))
            }
        }
    }
}
