//! What passed a proxy, as one of the two sides saw it: for what compares, replays or converts recordings, which are about one
//! side.

use std::time::Duration;

use super::{Recorded, RecordedControl, RecordedKind, RecordedMessage};
use crate::event::{
    Carried, Closed, Decided, LastTraffic, OwnedChange, OwnedTouch, OwnedTransit, ProxyClosed,
    ProxyInitiator, SilenceAdvice,
};
use crate::protocol::Side;
use crate::protocol::connection::{EndCause, Ending, Initiator};
use crate::protocol::counted::counted;
use crate::protocol::vocabulary::{Direction, Position, TransportEnd};

#[cfg(test)]
mod tests;

/// That a file lacks the data of so many messages.
pub(super) fn not_kept(count: u64) -> String {
    let messages = counted(count, "message");
    format!("the data of {messages} is missing: the proxy did not keep it (--max-message-size)")
}

/// What stands for the path of a file where a message was not kept.
pub(super) const NOT_KEPT: &str = "message that the proxy did not keep";

/// The action of what the operator has sent: no side has sent it.
const INJECTED: &str = "inject";

/// The action of a rule after which a message is delivered twice.
const DUPLICATED: &str = "duplicate";

/// Actions of rules after which a message is not delivered.
const NOT_DELIVERED: [&str; 3] = ["drop", "close", "abort"];

impl Recorded {
    /// The events that the client saw of this one, if it was recorded by a proxy; else the event. None: the client did not
    /// see it. What the client sent is as it was sent, whatever the server got of it; what the
    /// server sent is as it was delivered, and when: what was held or waited is in the event of what became of it. A message
    /// of the server that was duplicated occurs twice.
    pub fn seen_by_client(self) -> impl Iterator<Item = Self> {
        self.seen_as_often_as_delivered(Side::Client)
    }

    /// The events that the server saw of this one, if it was recorded by a proxy; else the event. What the server sent is as
    /// it was sent, and when, whatever the client got of it; what the client sent is as it was delivered, and when, with what
    /// the operator sent in its place. A message of the client that was duplicated occurs twice.
    pub fn seen_by_server(self) -> impl Iterator<Item = Self> {
        self.seen_as_often_as_delivered(Side::Server)
    }

    fn seen_as_often_as_delivered(self, viewer: Side) -> impl Iterator<Item = Self> + use<> {
        let count = if self.is_duplicated(viewer.other().direction()) { 2 } else { 1 };
        self.seen_by(viewer).into_iter().flat_map(move |it| std::iter::repeat_n(it, count))
    }

    /// Whether a rule or the operator of a proxy acted on it.
    pub(super) fn is_touched(&self) -> bool {
        match &self.what {
            RecordedKind::Decided(decided) => decided.number.is_some(),
            _ => self.transit.as_ref().is_some_and(|transit| transit.touch.is_some()),
        }
    }

    /// The same for a HAR, which keeps who was at either side: that a proxy has recorded, and its account of how the
    /// connection was opened and ended.
    pub(super) fn seen_in_har(self) -> impl Iterator<Item = Self> {
        let transit = self.transit.as_ref().map(|_| OwnedTransit::default());
        let (kept, seen) = match &self.what {
            RecordedKind::Open(_) | RecordedKind::ProxyClosed(_) => (Some(self), None),
            RecordedKind::Omitted(it) => {
                let is_lost = self.is_lost(it.direction, Direction::Received);
                ((!is_lost).then(|| Self { transit, ..self }), None)
            }
            _ => {
                let seen = self.seen_by_client();
                (None, Some(seen.map(move |seen| Self { transit: transit.clone(), ..seen })))
            }
        };
        kept.into_iter().chain(seen.into_iter().flatten())
    }

    /// The same for a scenario, which names the messages that the proxy did not keep.
    pub(super) fn seen_in_scenario(self) -> impl Iterator<Item = Self> {
        let is_named = match &self.what {
            RecordedKind::Omitted(it) => !self.is_lost(it.direction, Direction::Sent),
            _ => false,
        };
        let (omitted, seen) = match is_named {
            true => (Some(Self { transit: None, ..self }), None),
            false => (None, Some(self.seen_by_server())),
        };
        omitted.into_iter().chain(seen.into_iter().flatten())
    }

    /// Whether a rule kept a message in this direction from the side that `to_viewer` goes to.
    fn is_lost(&self, direction: Direction, to_viewer: Direction) -> bool {
        let touch = self.transit.as_ref().and_then(|transit| transit.touch.as_ref());
        direction == to_viewer && touch.is_some_and(|touch| NOT_DELIVERED.contains(&touch.word()))
    }

    /// What comes from this side is as it was sent, what goes to it is as it was delivered.
    fn seen_by(self, viewer: Side) -> Option<Self> {
        let Some(transit) = self.transit else { return Some(self) };
        let to_viewer = viewer.other().direction();
        let is_touched = transit.touch.is_some();
        let what = match transit.touch {
            _ if transit.waits && data_direction(&self.what) == Some(to_viewer) => return None, // the event of its delivery shows it
            Some(touch) => touched(self.what, *touch, to_viewer)?,
            None => self.what,
        };
        let what = match what {
            RecordedKind::Open(mut opened) => {
                opened.initiator = Initiator::Local;
                RecordedKind::Open(opened)
            }
            RecordedKind::ProxyClosed(closed) => {
                RecordedKind::Closed(Box::new(end(*closed, viewer)))
            }
            RecordedKind::Omitted(it) if it.direction == Direction::Sent => {
                RecordedKind::FileSent {
                    kind: it.kind,
                    path: NOT_KEPT.to_owned(),
                    size: it.size,
                    wire_size: it.wire_size,
                }
            }
            RecordedKind::Decided(it) if it.direction == to_viewer => delivered(&it)?,
            RecordedKind::Tolerated(Direction::Received, _)
                if transit.is_reframed && viewer == Side::Client =>
            {
                return None;
            }
            // It was withheld from the client.
            what @ RecordedKind::Violation(Direction::Received, _) if viewer == Side::Server => {
                what
            }
            what @ RecordedKind::Omitted(_) if viewer == Side::Client => what,
            RecordedKind::Omitted(_)
            | RecordedKind::Decided(_)
            | RecordedKind::Tolerated(Direction::Sent, _)
            | RecordedKind::Violation(..)
            | RecordedKind::Http(_) => return None,
            RecordedKind::CloseFrame(..) if is_touched => return None, // the end has what was delivered
            what => what,
        };
        Some(Self { transit: None, what, ..self })
    }

    /// Whether it goes in this direction, and a rule delivered it twice.
    fn is_duplicated(&self, to_viewer: Direction) -> bool {
        match &self.what {
            RecordedKind::Decided(it) => it.duplicated,
            what if data_direction(what) == Some(to_viewer) => {
                let touch = self.transit.as_ref().and_then(|transit| transit.touch.as_ref());
                touch.is_some_and(|it| it.action == DUPLICATED)
            }
            _ => false,
        }
    }
}

/// Who sent it, if it is a message, ping or pong.
fn data_direction(what: &RecordedKind) -> Option<Direction> {
    match what {
        RecordedKind::Message(it) => Some(it.direction),
        RecordedKind::Ping(direction, _) | RecordedKind::Pong(direction, ..) => Some(*direction),
        _ => None,
    }
}

/// What a side saw of a message or control frame that was touched: `to_viewer` is the direction of what goes to it.
fn touched(what: RecordedKind, touch: OwnedTouch, to_viewer: Direction) -> Option<RecordedKind> {
    let action = touch.word();
    if data_direction(&what).is_some_and(|direction| direction != to_viewer) {
        return (action != INJECTED).then_some(what);
    }
    match what {
        _ if NOT_DELIVERED.contains(&action) || touch.held.is_some() => None,
        RecordedKind::Message(it) => Some(RecordedKind::Message(match touch.changed_to {
            Some(OwnedChange::Message(kind, data)) => RecordedMessage { kind, data, ..it },
            _ => it,
        })),
        RecordedKind::Ping(direction, data) => {
            Some(RecordedKind::Ping(direction, changed(touch.changed_to, data)))
        }
        RecordedKind::Pong(direction, data, time) => {
            Some(RecordedKind::Pong(direction, changed(touch.changed_to, data), time))
        }
        what => Some(what),
    }
}

/// What was delivered of what was held or waited; `None`: nothing. The Close frame is part of the end of the connection.
fn delivered(decided: &Decided) -> Option<RecordedKind> {
    let direction = decided.direction;
    match decided.delivered()?.clone() {
        Carried::Message(kind, data) => Some(RecordedKind::Message(RecordedMessage {
            direction,
            kind,
            data,
            wire_size: 0,
            compressed: false,
            frames: 1,
            is_masked: false,
            secret_ids: Box::default(),
        })),
        Carried::Ping(data) => Some(RecordedKind::Ping(direction, data.into())),
        Carried::Pong(data) => Some(RecordedKind::Pong(direction, data.into(), None)),
        Carried::Close(_) => None,
    }
}

fn changed(change: Option<OwnedChange>, data: RecordedControl) -> RecordedControl {
    match change {
        Some(OwnedChange::Control(data)) => data.into(),
        _ => data,
    }
}

/// The end of a connection as a side saw it: for the client the proxy is the server, for the server it is the client.
fn end(closed: ProxyClosed, viewer: Side) -> Closed {
    // A Close frame that the proxy has replaced or left out was sent before its own: the viewer had begun to close.
    let [client_lost, server_lost] = closed.not_delivered;
    let has_begun = match viewer {
        Side::Client => closed.client.is_some() && client_lost,
        Side::Server => closed.server.is_some() && server_lost,
    };
    let initiator = match (closed.initiator, viewer) {
        (ProxyInitiator::Local, Side::Client) if has_begun => Initiator::Local,
        (ProxyInitiator::Local, Side::Server) if has_begun => Initiator::Peer,
        (ProxyInitiator::Client, _) | (ProxyInitiator::Local, Side::Server) => Initiator::Local,
        (ProxyInitiator::Server, _) | (ProxyInitiator::Local, Side::Client) => Initiator::Peer,
    };
    let delivered = closed.delivered_to(viewer).cloned();
    let (sent, received) = match viewer {
        Side::Client => (closed.client, delivered),
        Side::Server => (delivered, closed.server),
    };
    let cause = match closed.server_end {
        _ if sent.is_some() && received.is_some() => EndCause::Handshake,
        Some(end) => EndCause::Transport(end, Position::Boundary),
        None if initiator == Initiator::Local => EndCause::Abandoned,
        None => EndCause::Transport(TransportEnd::Eof, Position::Boundary),
    };
    Closed {
        ending: Ending { cause, initiator, sent, received, violation: None, incomplete: None },
        quiet: Duration::ZERO,
        last: LastTraffic::Other,
        age: closed.age,
        received: closed.from_server,
        sent: closed.from_client,
        is_unsent: false,
        hint: None,
        application: None,
        is_initiator_unknown: false,
        silence_advice: SilenceAdvice::default(),
        failure_follows: false,
        masked: closed.is_masked.then(Box::default),
    }
}
