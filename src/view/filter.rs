//! What is shown of the traffic: messages, pings and pongs that filters accept.

use std::fmt;
use std::sync::Arc;

use crate::event::{Carried, Event, EventKind, Message};
use crate::protocol::MessageKind;
use crate::protocol::frame::Opcode;
use crate::protocol::vocabulary::{Direction, FrameEvent};

/// A filter that accepts or rejects what is received and sent.
pub trait DisplayFilter: fmt::Debug + Send + Sync {
    /// As it was written.
    fn source(&self) -> &str;

    /// Whether it accepts this data message.
    fn accepts_message(&self, direction: Direction, kind: MessageKind, data: &[u8]) -> bool;

    /// Whether it accepts this ping (`true`) or pong.
    fn accepts_control(&self, direction: Direction, is_ping: bool, data: &[u8]) -> bool;

    /// Whether it looks at what data messages contain.
    fn is_about_content(&self) -> bool;

    /// The only connection that it is about, if it is about one: then it accepts everything there.
    fn connection(&self) -> Option<u64>;
}

/// The filters of a display: what is shown, and what is not. With none everything is shown; of several each is enough.
#[derive(Clone, Debug, Default)]
pub struct Filters {
    /// Show only what one of these accepts.
    pub only: Vec<Arc<dyn DisplayFilter>>,
    /// Do not show what one of these accepts.
    pub mute: Vec<Arc<dyn DisplayFilter>>,
}

impl Filters {
    /// Whether everything is shown.
    pub fn is_empty(&self) -> bool {
        self.only.is_empty() && self.mute.is_empty()
    }

    /// Whether an event is shown. Only messages, pings, pongs and frames are filtered.
    pub(super) fn accept(&self, event: &Event<'_>) -> bool {
        self.accept_kind(event.connection, &event.what)
    }

    /// The command whose filters are the reason that this is not shown: `filter` or `mute`.
    pub(super) fn hidden_by(
        &self,
        connection: Option<u64>,
        what: &EventKind<'_>,
    ) -> Option<&'static str> {
        let without_mute = || Self { only: self.only.clone(), mute: Vec::new() };
        let is_muted = || without_mute().accept_kind(connection, what);
        (!self.accept_kind(connection, what)).then(|| if is_muted() { "mute" } else { "filter" })
    }

    fn accept_kind(&self, connection: Option<u64>, what: &EventKind<'_>) -> bool {
        if self.is_empty() {
            return true;
        }
        match what {
            EventKind::Message(message) => self.accept_message(connection, message),
            EventKind::Ping(direction, data) => {
                self.accept_control(connection, (*direction, true), data)
            }
            EventKind::Pong(direction, data, _) => {
                self.accept_control(connection, (*direction, false), data)
            }
            EventKind::Frame(frame) => self.accept_frame(connection, frame),
            EventKind::Decided(it) => self.accept_carried(connection, it.direction, &it.content),
            _ => true,
        }
    }

    /// Whether a data message is shown.
    pub(super) fn accept_message(&self, connection: Option<u64>, message: &Message<'_>) -> bool {
        let Message { direction, kind, data, .. } = *message;
        self.combine(connection, |filter| filter.accepts_message(direction, kind, data))
    }

    /// What was held, as it was received.
    fn accept_carried(
        &self,
        connection: Option<u64>,
        direction: Direction,
        carried: &Carried,
    ) -> bool {
        match carried {
            Carried::Message(kind, data) => {
                self.combine(connection, |filter| filter.accepts_message(direction, *kind, data))
            }
            Carried::Ping(data) => self.accept_control(connection, (direction, true), data),
            Carried::Pong(data) => self.accept_control(connection, (direction, false), data),
            Carried::Close(_) => true,
        }
    }

    /// A ping (`true`) or pong.
    fn accept_control(
        &self,
        connection: Option<u64>,
        (direction, is_ping): (Direction, bool),
        data: &[u8],
    ) -> bool {
        self.combine(connection, |filter| filter.accepts_control(direction, is_ping, data))
    }

    /// A frame comes before the message that it belongs to. One that is a whole message is treated as that; the
    /// others are shown unless the filters are about what messages contain.
    fn accept_frame(&self, connection: Option<u64>, frame: &FrameEvent<'_>) -> bool {
        let direction = frame.direction;
        let control =
            |is_ping| self.accept_control(connection, (direction, is_ping), frame.payload);
        let kind = match frame.header.opcode {
            Opcode::Ping => return control(true),
            Opcode::Pong => return control(false),
            Opcode::Close => return true,
            Opcode::Text => MessageKind::Text,
            _ => MessageKind::Binary,
        };
        let is_whole = frame.header.fin && frame.header.opcode != Opcode::Continuation;
        let payload = frame.plain.unwrap_or(frame.payload);
        let is_readable = is_whole && (!frame.header.rsv1 || frame.plain.is_some());
        self.combine(connection, |filter| {
            (is_readable || !filter.is_about_content())
                && filter.accepts_message(direction, kind, payload)
        })
    }

    /// What is for all connections is shown with each of them.
    fn combine(
        &self,
        connection: Option<u64>,
        accepts: impl Fn(&dyn DisplayFilter) -> bool,
    ) -> bool {
        let is_only = |it: &Arc<dyn DisplayFilter>| match it.connection() {
            Some(wanted) => connection.is_none_or(|connection| connection == wanted),
            None => accepts(&**it),
        };
        let is_muted = |it: &Arc<dyn DisplayFilter>| match it.connection() {
            Some(muted) => connection == Some(muted),
            None => accepts(&**it),
        };
        (self.only.is_empty() || self.only.iter().any(is_only)) && !self.mute.iter().any(is_muted)
    }
}
