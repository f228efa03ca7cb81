//! Events: the only interface between a session and its outputs.

use std::time::{Duration, Instant, SystemTime};

use crate::protocol::MessageKind;
use crate::protocol::close::ClosePayload;
use crate::protocol::violation::Violation;
use crate::protocol::vocabulary::{Direction, FrameEvent};

mod closed;
mod control;
mod decided;
pub mod failure;
pub mod head_view;
pub mod mask;
mod opened;
#[cfg(test)]
mod samples;
mod server_status;
mod shown;
mod touched;
mod transit;
mod undelivered;

pub use closed::{Closed, LastTraffic, SOON, SilenceAdvice};
pub use control::ControlPayload;
pub use decided::{Carried, Decided, HeldOutcome};
pub use failure::{AttemptView, FailedResponse, Failure, FailureKind, UNKNOWN_HOST};
pub use head_view::HeadView;
pub use mask::{MAX_MESSAGE_IDS, Mask, emit_masked, message_ids};
pub use opened::{Hop, InterimView, Opened, Proxied, ProxyHeads, REQUEST_TARGET};
pub use server_status::ServerStatus;
pub use shown::{Shown, Status};
pub use touched::{OwnedChange, OwnedTouch, OwnedTransit};
pub use transit::{
    Behind, Changed, HttpExchange, Omitted, OmittedFor, ProxyClosed, ProxyInitiator, Touch, Transit,
};
pub use undelivered::{Undelivered, undelivered_texts};

/// An event with its time and connection.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// When it occurred.
    pub at: Stamp,
    /// The number of the connection, if there are several.
    pub connection: Option<u64>,
    /// The place of a data message in the run, once a view has numbered it.
    pub mark: Option<&'a Mark>,
    /// It is about what passes between two other endpoints, in a proxy.
    pub transit: Option<Transit<'a>>,
    /// What occurred.
    pub what: EventKind<'a>,
}

/// The place of a data message in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number, from 1, counting both directions and all connections.
    pub number: u64,
    /// The time since the request that it answers, if it answers one.
    pub latency: Option<Duration>,
}

impl Event<'_> {
    /// Whether it is a data message that a peer sent: a received one, or in a proxy that of either side.
    #[inline]
    pub fn is_peer_message(&self) -> bool {
        matches!(&self.what, EventKind::Message(message)
            if message.direction == Direction::Received || self.transit.is_some())
    }

    /// Whether it is a text message within `--count` that was not touched: most displays in a pipe ignore such messages.
    #[inline]
    pub fn is_ordinary_text(&self) -> bool {
        matches!(&self.what, EventKind::Message(message)
            if message.kind == MessageKind::Text && !message.surplus)
            && self.touch().is_none()
    }

    /// Whether it is a data message that outputs of messages alone have: see [`Event::is_peer_message`]; within the
    /// number of messages requested with `--count`.
    #[inline]
    pub fn is_requested(&self) -> bool {
        matches!(&self.what, EventKind::Message(message)
            if !message.surplus
                && (message.direction == Direction::Received || self.transit.is_some()))
    }

    /// What was done to it, in a proxy.
    #[inline]
    pub fn touch(&self) -> Option<&Touch<'_>> {
        self.transit.as_ref().and_then(|transit| transit.touch)
    }

    /// Whether it does not pass a proxy, or it passed one at once and nothing was done to it.
    #[inline]
    pub fn passes_as_it_is(&self) -> bool {
        self.transit.is_none_or(|transit| transit.touch.is_none() && !transit.waits)
    }

    /// The name of a direction in events: in a proxy that of the sender.
    pub const fn direction_name(&self, direction: Direction) -> &'static str {
        match (self.transit, direction) {
            (None, direction) => direction.name(),
            (Some(_), Direction::Sent) => "client",
            (Some(_), Direction::Received) => "server",
        }
    }
}

/// A time, by the wall clock and since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// By the system clock.
    pub wall: SystemTime,
    /// Since the program started; monotonic.
    pub elapsed: Duration,
}

/// A source of time stamps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock that starts now.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The current time.
    pub fn now(&self) -> Stamp {
        Stamp { wall: SystemTime::now(), elapsed: whole_micros(self.start.elapsed()) }
    }
}

/// What recordings have of a duration: what is computed from it and shown live is the same in `view`.
pub fn whole_micros(duration: Duration) -> Duration {
    Duration::new(duration.as_secs(), duration.subsec_micros() * 1000)
}

/// The kinds of events.
#[derive(Clone, Copy, Debug)]
pub enum EventKind<'a> {
    /// An HTTP proxy has opened a tunnel. [`EventKind::Open`] contains the same data.
    Tunnel(&'a ProxyHeads),
    /// The request of the opening handshake has been sent. Secrets are already masked.
    Request(&'a HeadView),
    /// The opening handshake is complete.
    Open(&'a Opened),
    /// A data message.
    Message(Message<'a>),
    /// A data message that was streamed from a file.
    FileSent(&'a FileSent<'a>),
    /// A ping.
    Ping(Direction, ControlPayload<'a>),
    /// A pong, with the round-trip time if it answers one of our pings.
    Pong(Direction, ControlPayload<'a>, Option<Duration>),
    /// A frame; precedes the event that it causes.
    Frame(&'a FrameEvent<'a>),
    /// A Close frame.
    CloseFrame(Direction, &'a ClosePayload),
    /// The sender violated the protocol, and the connection is being closed. In a proxy the frame is withheld.
    Violation(Direction, &'a Violation),
    /// The sender violated the protocol, and `--lenient` tolerates it. In a proxy the frame is passed on.
    Tolerated(Direction, &'a Violation),
    /// The connection has ended.
    Closed(&'a Closed),
    /// A data message has passed through a proxy that did not keep it.
    Omitted(&'a Omitted),
    /// What was held in a proxy was delivered, dropped, or cannot be delivered any more.
    Decided(&'a Decided),
    /// A plain HTTP request that a proxy relayed or answered.
    Http(&'a HttpExchange),
    /// A connection through a proxy has ended.
    ProxyClosed(&'a ProxyClosed),
    /// A redirect is followed.
    Redirect(&'a Redirect),
    /// Another attempt to connect is scheduled.
    RetryScheduled(&'a RetryScheduled),
    /// An informational message or a warning.
    Notice(Level, &'a str),
    /// The run has failed, or a connection of one that goes on: at a prompt, and in transcripts of scenarios.
    Failure(&'a Failure),
    /// Output requested by the user.
    Shown(Shown<'a>),
}

/// A complete data message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Who sent it.
    pub direction: Direction,
    /// Text or binary.
    pub kind: MessageKind,
    /// The payload; valid UTF-8 if it is text, unless that violation was tolerated.
    pub data: &'a [u8],
    /// The size of frame headers and payloads, in bytes.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub compressed: bool,
    /// The number of frames.
    pub frames: u64,
    /// It is already visible on the terminal, because it was typed there.
    pub typed: bool,
    /// It was received after the number of messages requested with `--count`.
    pub surplus: bool,
    /// `***` stands in it for a secret (`check --secret`).
    pub masked: bool,
}

impl<'a> Message<'a> {
    /// A received message of which only the payload is known.
    pub fn received(kind: MessageKind, data: &'a [u8]) -> Self {
        Self {
            direction: Direction::Received,
            kind,
            data,
            wire_size: 0,
            compressed: false,
            frames: 1,
            typed: false,
            surplus: false,
            masked: false,
        }
    }
}

impl Message<'_> {
    /// The payload of a text message.
    pub fn text(&self) -> Option<&str> {
        match self.kind {
            MessageKind::Text => str::from_utf8(self.data).ok(),
            MessageKind::Binary => None,
        }
    }
}

/// A file that was sent as one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSent<'a> {
    /// Text or binary.
    pub kind: MessageKind,
    /// The path of the file.
    pub path: &'a str,
    /// Its length, in bytes.
    pub size: u64,
    /// The size of frame header and payload, in bytes.
    pub wire_size: u64,
}

/// A redirect that is followed. Secrets are already masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// Status code of the response.
    pub status: u16,
    /// Its reason phrase.
    pub reason: String,
    /// The URL of the request.
    pub from: String,
    /// The URL of the next request.
    pub to: String,
    /// The request; without fields if it was not recorded.
    pub request: HeadView,
    /// The interim responses received before it.
    pub interim: Vec<InterimView>,
}

/// A scheduled attempt to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryScheduled {
    /// There was a connection before; else the first attempt failed.
    pub is_reconnect: bool,
    /// The number of the attempt since the last stable connection, from 1.
    pub attempt: u64,
    /// The maximum number of attempts.
    pub limit: Option<u64>,
    /// The delay before the attempt.
    pub delay: Duration,
    /// The delay was requested by the server.
    pub is_requested: bool,
    /// The message of the failure. Secrets are already masked.
    pub reason: String,
    /// The number of inputs queued for the connection.
    pub waiting: usize,
    /// The number of messages written to the lost connection that may not have been received.
    pub unconfirmed: u64,
}

/// The level of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Information.
    Info,
    /// Information without which the run is of no use: it is also shown with `-q`.
    Needed,
    /// A possible problem.
    Warning,
}
