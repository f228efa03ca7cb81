//! The end of a session, with what preceded it, and what the request of the connection lacked.

use std::time::{Duration, Instant};

use super::Session;
use crate::event::{Closed, LastTraffic, Opened, Remedies, secrets};
use crate::protocol::close::Application;
use crate::protocol::connection::{EndCause, Ending, Party};
use crate::protocol::vocabulary::{Position, TransportEnd};

/// What had come and gone before a read.
#[derive(Debug)]
pub(super) struct BeforeRead {
    /// When bytes had last come or gone, by the peer's clock.
    pub(super) traffic: Instant,
    /// Frames received.
    pub(super) frames: u64,
}

/// What a connection was like when it ended.
pub(super) struct Circumstances {
    /// How long nothing had come or gone.
    quiet: Duration,
    last: LastTraffic,
    age: Duration,
    /// Our Close frame has not been taken by the transport.
    is_unsent: bool,
}

impl Session<'_> {
    /// Takes note of how long nothing had come or gone before the peer's Close frame: no time at all
    /// if other frames were read with it.
    pub(super) fn note_peer_close(&mut self, now: Instant) {
        let BeforeRead { traffic, frames } = self.before_read;
        let is_alone = self.connection.received_counters().frames == frames + 1;
        let quiet = now.saturating_duration_since(traffic);
        self.quiet_before_close = Some(if is_alone { quiet } else { Duration::ZERO });
    }

    /// What the connection was like when it ended, before anything else takes time.
    pub(super) fn circumstances(&self) -> Circumstances {
        let now = self.clock.now();
        let (received, sent) =
            (self.connection.received_counters(), self.connection.sent_counters());
        let is_unanswered =
            self.last_read.is_none_or(|read| self.last_sent.is_some_and(|sent| sent > read));
        let last = match self.last_sent {
            None if received.wire_bytes == 0 && sent.wire_bytes == 0 => LastTraffic::Handshake,
            Some(at) if is_unanswered && self.messages_gone == sent.messages => {
                LastTraffic::Message(sent.messages, now.saturating_duration_since(at))
            }
            _ => LastTraffic::Other,
        };
        let quiet = self.quiet_before_close;
        let quiet = quiet.unwrap_or_else(|| now.saturating_duration_since(self.last_traffic));
        let is_unsent = self.connection.is_close_unsent();
        Circumstances { quiet, last, age: self.started.elapsed(), is_unsent }
    }

    /// The end of the connection.
    pub(super) fn closed(&self, ending: Ending, circumstances: Circumstances) -> Closed {
        let Circumstances { quiet, last, age, is_unsent } = circumstances;
        let (received, sent) =
            (self.connection.received_counters(), self.connection.sent_counters());
        let mut closed = Closed {
            ending: secrets::ending(as_sent(ending, is_unsent), &self.opened.secrets),
            quiet,
            last,
            age,
            received,
            sent,
            is_unsent,
            hint: None,
            application: Application::of(self.opened.protocol.as_deref(), &self.opened.url),
            remedies: self.remedies(),
            failure_follows: false,
        };
        if received.messages <= 1 && sent.messages == 0 && closed.is_right_after_opening() {
            closed.hint = missing(&closed.ending, self.opened, received.messages);
        }
        closed
    }

    /// `listen` has none of these options.
    fn remedies(&self) -> Remedies {
        let is_client = self.opened.initiator == Party::Local;
        Remedies {
            ping_interval: is_client && self.plan.times.ping_interval.is_none(),
            reconnect: is_client && self.resend.is_none(),
            goals: is_client && self.plan.goals.is_empty(),
        }
    }
}

/// The end without a Close frame of ours that was not sent.
fn as_sent(ending: Ending, is_unsent: bool) -> Ending {
    match is_unsent {
        true => Ending { sent: None, ..ending },
        false => ending,
    }
}

/// What the request of a connection did not have that a server may want, where the server ended it at
/// once, or after a first message, without a code or a Close frame.
fn missing(ending: &Ending, opened: &Opened, messages: u64) -> Option<String> {
    let is_silent = match (&ending.cause, &ending.received) {
        (_, Some(close)) => close.code.is_none() && ending.failure().is_none(),
        // Inside a frame or a message it is a crash or a cut.
        (EndCause::Transport(TransportEnd::Eof | TransportEnd::Truncated, position), None) => {
            *position == Position::Boundary && ending.sent.is_none()
        }
        _ => false,
    };
    if !is_silent || ending.initiator == Party::Local || opened.initiator == Party::Peer {
        return None;
    }
    let fields = &opened.request.fields;
    let has_origin = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("Origin"));
    let missing = [
        ("no Origin (-o)", has_origin),
        ("no subprotocol (-s)", !opened.offered.is_empty()),
        ("no credentials (-u, --bearer, --cookie)", opened.has_credentials),
    ];
    let missing: Vec<_> = missing.into_iter().filter(|(_, has)| !has).map(|(it, _)| it).collect();
    let (last, others) = missing.split_last()?;
    let list = match others {
        [] => (*last).to_owned(),
        others => format!("{} and {last}", others.join(", ")),
    };
    let what = if others.is_empty() { "it" } else { "one of them" };
    let when = match messages {
        0 => "right after the handshake",
        _ => "right after its first message, which may say why",
    };
    Some(format!(
        "the server closed {when}; the request had {list}, and the server may require {what}"
    ))
}
