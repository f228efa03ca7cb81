//! The events of a recording, owned.

use std::ops::Deref;
use std::time::Duration;

use bytes::Bytes;

use crate::event::{
    Closed, ControlPayload, Decided, Event, EventKind, Failure, FileSent, HttpExchange, Message,
    Omitted, Opened, OwnedTransit, ProxyClosed, Redirect, RetryScheduled, Stamp, Transit,
};
use crate::protocol::close::ClosePayload;
use crate::protocol::frame::Header;
use crate::protocol::vocabulary::{Direction, FrameEvent, Part};
use crate::protocol::{MessageKind, Violation};
use crate::redact::MASK;

/// An event of a recording.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// When it occurred: since the start of the recording, and by the clock of the machine that recorded it.
    pub at: Stamp,
    /// The number of the connection, if the recording may have several.
    pub connection: Option<u64>,
    /// It has passed between two other endpoints, in a proxy.
    pub transit: Option<OwnedTransit>,
    /// What occurred.
    pub what: RecordedKind,
}

/// What occurred. Directions are those of the side that recorded: a HAR of a browser has its messages as
/// [`Direction::Sent`].
#[derive(Clone, Debug)]
pub enum RecordedKind {
    /// The opening handshake was complete.
    Open(Box<Opened>),
    /// A data message.
    Message(RecordedMessage),
    /// A data message that was streamed from a file, whose data was not recorded.
    FileSent {
        /// Text or binary.
        kind: MessageKind,
        /// The path of the file.
        path: String,
        /// Its length, in bytes.
        size: u64,
        /// The size of frame header and payload, in bytes.
        wire_size: u64,
    },
    /// A ping.
    Ping(Direction, RecordedControl),
    /// A pong, with the round-trip time if it answered a ping of the recording side.
    Pong(Direction, RecordedControl, Option<Duration>),
    /// A frame (`-vv`); precedes the event that it causes.
    Frame(Box<RecordedFrame>),
    /// The connection ended.
    Closed(Box<Closed>),
    /// The sender violated the protocol, and `--lenient` tolerated it, or a proxy passed it on.
    Tolerated(Direction, Box<Violation>),
    /// The sender violated the protocol, and a proxy withheld the frame.
    Violation(Direction, Box<Violation>),
    /// A Close frame that a proxy did not just pass on. Others are recorded with the end of the connection; what makes a
    /// scenario gets them too, as they say what came before and what after.
    CloseFrame(Direction, ClosePayload),
    /// A data message that a proxy passed on and did not keep.
    Omitted(Omitted),
    /// What was held in a proxy was delivered, dropped, or not delivered.
    Decided(Box<Decided>),
    /// A plain HTTP request to a proxy.
    Http(Box<HttpExchange>),
    /// A connection through a proxy ended.
    ProxyClosed(Box<ProxyClosed>),
    /// A redirect was followed.
    Redirect(Box<Redirect>),
    /// Another attempt to connect was scheduled.
    Retry(Box<RetryScheduled>),
    /// A failure: the connection was refused or ended abnormally, or the run failed.
    Failure(Box<Failure>),
}

/// A data message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedMessage {
    /// Who sent it.
    pub direction: Direction,
    /// Text or binary.
    pub kind: MessageKind,
    /// The payload.
    pub data: Bytes,
    /// The size of frame headers and payloads, in bytes; 0 if it was not recorded.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub compressed: bool,
    /// The number of frames; 1 if it was not recorded.
    pub frames: u64,
    /// `***` stands in it for a secret.
    pub is_masked: bool,
    /// In a run that is being recorded for a scenario: hashes of what is behind each `***` of it, in order, of the first
    /// [`MAX_MESSAGE_IDS`](crate::event::MAX_MESSAGE_IDS). The same secret has the same one, as in [`crate::event::HeadView::secret_ids`].
    pub secret_ids: Box<[u64]>,
}

/// The payload of a ping or pong. It is its data: few need to know more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedControl {
    /// The data.
    pub data: Bytes,
    /// As [`RecordedMessage::is_masked`].
    pub is_masked: bool,
    /// As [`RecordedMessage::secret_ids`].
    pub secret_ids: Box<[u64]>,
}

/// A frame.
#[derive(Clone, Debug)]
pub struct RecordedFrame {
    /// Who sent it.
    pub direction: Direction,
    /// Its header.
    pub header: Header,
    /// Its payload, unmasked; empty unless payloads were recorded (`-vvv`).
    pub payload: Bytes,
    /// The payload was recorded.
    pub has_payload: bool,
    /// Which part of which message it is.
    pub part: Option<Part>,
    /// The size of its inflated payload, if it is compressed and that is known.
    pub plain_size: Option<u64>,
    /// It was requested by the user.
    pub raw: bool,
}

impl Recorded {
    /// Whether it is a data message.
    pub(super) fn is_message(&self) -> bool {
        matches!(self.what, RecordedKind::Message(_) | RecordedKind::FileSent { .. })
    }

    /// Calls `consume` with the event as the outputs of a live run take it.
    pub fn with_event<T>(&self, consume: impl FnOnce(&Event<'_>) -> T) -> T {
        match &self.transit {
            None => self.with_event_in(None, consume),
            Some(transit) => transit.lend(|transit| self.with_event_in(Some(transit), consume)),
        }
    }

    fn with_event_in<T>(
        &self,
        transit: Option<Transit<'_>>,
        consume: impl FnOnce(&Event<'_>) -> T,
    ) -> T {
        let (at, connection) = (self.at, self.connection);
        let emit = |what| consume(&Event { at, connection, mark: None, transit, what });
        match &self.what {
            RecordedKind::Open(opened) => emit(EventKind::Open(opened)),
            RecordedKind::Message(message) => emit(EventKind::Message(message.message())),
            RecordedKind::FileSent { kind, path, size, wire_size } => {
                let (kind, size, wire_size) = (*kind, *size, *wire_size);
                emit(EventKind::FileSent(&FileSent { kind, path, size, wire_size }))
            }
            RecordedKind::Ping(direction, data) => {
                emit(EventKind::Ping(*direction, data.payload()))
            }
            RecordedKind::Pong(direction, data, rtt) => {
                emit(EventKind::Pong(*direction, data.payload(), *rtt))
            }
            RecordedKind::Frame(frame) => emit(EventKind::Frame(&frame.event())),
            RecordedKind::Closed(closed) => emit(EventKind::Closed(closed)),
            RecordedKind::Tolerated(direction, it) => emit(EventKind::Tolerated(*direction, it)),
            RecordedKind::Violation(direction, it) => emit(EventKind::Violation(*direction, it)),
            RecordedKind::CloseFrame(direction, it) => emit(EventKind::CloseFrame(*direction, it)),
            RecordedKind::Omitted(omitted) => emit(EventKind::Omitted(omitted)),
            RecordedKind::Decided(decided) => emit(EventKind::Decided(decided)),
            RecordedKind::Http(http) => emit(EventKind::Http(http)),
            RecordedKind::ProxyClosed(closed) => emit(EventKind::ProxyClosed(closed)),
            RecordedKind::Redirect(redirect) => emit(EventKind::Redirect(redirect)),
            RecordedKind::Retry(retry) => emit(EventKind::RetryScheduled(retry)),
            RecordedKind::Failure(failure) => emit(EventKind::Failure(failure)),
        }
    }

    /// The event of a live run, if recordings have such events.
    pub fn of_event(event: &Event<'_>) -> Option<Self> {
        let what = match event.what {
            EventKind::Open(opened) => RecordedKind::Open(Box::new(opened.clone())),
            EventKind::Message(message) => RecordedKind::Message(RecordedMessage {
                direction: message.direction,
                kind: message.kind,
                data: Bytes::copy_from_slice(message.data),
                wire_size: message.wire_size,
                compressed: message.compressed,
                frames: message.frames,
                is_masked: message.masked,
                secret_ids: Box::default(),
            }),
            EventKind::FileSent(file) => RecordedKind::FileSent {
                kind: file.kind,
                path: file.path.to_owned(),
                size: file.size,
                wire_size: file.wire_size,
            },
            EventKind::Ping(direction, data) => {
                RecordedKind::Ping(direction, RecordedControl::of(data))
            }
            EventKind::Pong(direction, data, rtt) => {
                RecordedKind::Pong(direction, RecordedControl::of(data), rtt)
            }
            EventKind::Frame(frame) => RecordedKind::Frame(Box::new(RecordedFrame {
                direction: frame.direction,
                header: frame.header,
                payload: Bytes::copy_from_slice(frame.payload),
                has_payload: frame.has_payload,
                part: frame.part,
                plain_size: frame.plain_size,
                raw: frame.raw,
            })),
            EventKind::Tolerated(direction, it) => {
                RecordedKind::Tolerated(direction, Box::new(it.clone()))
            }
            EventKind::Violation(direction, it) if event.transit.is_some() => {
                RecordedKind::Violation(direction, Box::new(it.clone()))
            }
            EventKind::CloseFrame(direction, close) => {
                RecordedKind::CloseFrame(direction, close.clone())
            }
            EventKind::Omitted(omitted) => RecordedKind::Omitted(*omitted),
            EventKind::Decided(decided) => RecordedKind::Decided(Box::new(decided.clone())),
            EventKind::Http(http) => RecordedKind::Http(Box::new(http.clone())),
            EventKind::ProxyClosed(closed) => RecordedKind::ProxyClosed(Box::new(closed.clone())),
            EventKind::Closed(closed) => RecordedKind::Closed(Box::new(closed.clone())),
            EventKind::Redirect(redirect) => RecordedKind::Redirect(Box::new(redirect.clone())),
            EventKind::RetryScheduled(retry) => RecordedKind::Retry(Box::new(retry.clone())),
            EventKind::Failure(failure) => RecordedKind::Failure(Box::new(failure.clone())),
            // Other events have the same, or it is for people only.
            EventKind::Tunnel(_)
            | EventKind::Request(_)
            | EventKind::Violation(..)
            | EventKind::Notice(..)
            | EventKind::Shown(_) => return None,
        };
        let transit = event.transit.as_ref().map(OwnedTransit::of);
        Some(Self { at: event.at, connection: event.connection, transit, what })
    }

    /// The message, if it is one whose data was recorded.
    pub fn message(&self) -> Option<&RecordedMessage> {
        match &self.what {
            RecordedKind::Message(message) => Some(message),
            _ => None,
        }
    }
}

impl RecordedFrame {
    fn event(&self) -> FrameEvent<'_> {
        FrameEvent {
            direction: self.direction,
            header: self.header,
            payload: &self.payload,
            has_payload: self.has_payload,
            part: self.part,
            plain: None,
            plain_size: self.plain_size,
            raw: self.raw,
        }
    }
}

impl<T: Into<Bytes>> From<T> for RecordedControl {
    fn from(data: T) -> Self {
        Self { data: data.into(), is_masked: false, secret_ids: Box::default() }
    }
}

impl Deref for RecordedControl {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.data
    }
}

impl RecordedControl {
    fn of(payload: ControlPayload<'_>) -> Self {
        Self { is_masked: payload.masked, ..Bytes::copy_from_slice(&payload).into() }
    }

    fn payload(&self) -> ControlPayload<'_> {
        ControlPayload { data: &self.data, masked: self.is_masked }
    }
}

impl RecordedMessage {
    /// Whether it is a text with `***` of which the recording does not say whether a secret was masked: a user may have written
    /// that, and older versions of this program masked secrets without saying so.
    pub(super) fn may_be_masked(&self) -> bool {
        !self.is_masked
            && self.kind == MessageKind::Text
            && memchr::memmem::find(&self.data, MASK.as_bytes()).is_some()
    }

    /// The message, as the outputs of a live run take it.
    pub fn message(&self) -> Message<'_> {
        Message {
            direction: self.direction,
            wire_size: self.wire_size,
            compressed: self.compressed,
            frames: self.frames,
            masked: self.is_masked,
            ..Message::received(self.kind, &self.data)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn an_event_has_the_data_of_the_recording() {
        let message = RecordedMessage {
            direction: Direction::Sent,
            kind: MessageKind::Binary,
            data: Bytes::from_static(&[1, 2]),
            wire_size: 8,
            compressed: true,
            frames: 2,
            is_masked: true,
            secret_ids: Box::default(),
        };
        let recorded = Recorded {
            at: Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::from_millis(5) },
            connection: Some(3),
            transit: None,
            what: RecordedKind::Message(message.clone()),
        };
        assert_eq!(recorded.message(), Some(&message));
        recorded.with_event(|event| {
            assert_eq!((event.at, event.connection), (recorded.at, Some(3)));
            let EventKind::Message(shown) = event.what else { panic!("{event:?}") };
            assert_eq!((shown.direction, shown.kind), (Direction::Sent, MessageKind::Binary));
            assert_eq!((shown.data, shown.wire_size, shown.frames), (&[1, 2][..], 8, 2));
            assert!(shown.compressed && !shown.typed && !shown.surplus);
            let again = Recorded::of_event(event).expect("a recorded event");
            assert_eq!((again.at, again.connection), (recorded.at, Some(3)));
            assert_eq!(again.message(), Some(&message));
        });
    }
}
