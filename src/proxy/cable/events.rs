//! What passes, as events.

use crate::event::{
    EventKind, Level, Message, Omitted, OmittedFor, Opened, ProxyInitiator, Transit, emit_masked,
};
use crate::protocol::close::ClosePayload;
use crate::protocol::counted::counted;
use crate::protocol::vocabulary::{Direction, Event, FrameEvent};
use crate::protocol::{MessageKind, Omission, Side};
use crate::session::Journal;

use crate::proxy::counts::MessageCounts;

/// What is counted of a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) violations: u64,
    /// Messages and control frames that were not just passed on.
    pub(super) touched: u64,
    /// Who sent the first Close frame that was delivered.
    pub(super) first_close: Option<Side>,
    /// Who ended its direction first.
    pub(super) first_end: Option<Side>,
}

impl Totals {
    /// Who ended the connection first. `is_ours`: the proxy did, whatever the sides sent after that.
    pub(super) fn initiator(&self, is_ours: bool) -> ProxyInitiator {
        match self.first_close.or(self.first_end) {
            _ if is_ours => ProxyInitiator::Local,
            Some(Side::Client) => ProxyInitiator::Client,
            Some(Side::Server) => ProxyInitiator::Server,
            None => ProxyInitiator::Local,
        }
    }

    /// Counts what `from` has sent.
    pub(super) fn note(&mut self, event: &Event<'_>, from: Side, messages: &MessageCounts) {
        match event {
            event if is_message(event) => messages.add(from, 1),
            Event::Violation(_) | Event::Tolerated(_) => self.violations += 1,
            _ => {}
        }
    }
}

/// Records the first Close frame of a side, and whether it had got that of the other side before it sent this one.
pub(super) fn note_close(
    (first, had_got_close): (&mut Option<ClosePayload>, &mut bool),
    close: &ClosePayload,
    has_got_close: bool,
) {
    if first.is_none() {
        (*first, *had_got_close) = (Some(close.clone()), has_got_close);
    }
}

/// Whether it is a message, kept or not.
pub(super) fn is_message(event: &Event<'_>) -> bool {
    matches!(event, Event::Message { .. } | Event::Omitted { .. })
}

/// The size of a control frame on the wire, in bytes; 0: it is something else.
pub(super) fn control_size(event: &Event<'_>, from: Side) -> u64 {
    let payload = match event {
        Event::Ping(_, data) | Event::Pong(_, data, _) => data.len(),
        Event::Close(_, close) => close.to_bytes().len(),
        _ => return 0,
    };
    let header = if from == Side::Client { 6 } else { 2 }; // RFC 6455 section 5.2
    header + payload as u64
}

/// An event of a direction in which violations are withheld only if they are enforced, or nothing is delivered any more: the bytes
/// after one with which parsing ends pass, too.
pub(super) fn as_passed(event: Event<'_>, enforces: bool, is_withheld: bool) -> Event<'_> {
    match event {
        Event::Tolerated(violation) if is_withheld => Event::Violation(violation),
        Event::Violation(violation) if !enforces && !is_withheld => Event::Tolerated(violation),
        other => other,
    }
}

/// Emits what passes in this direction, or waits. That is said of messages, pings and pongs only: what else waits is not delivered
/// with an event of its own.
pub(super) fn show(
    event: Event<'_>,
    transit: Transit<'_>,
    direction: Direction,
    opened: &Opened,
    journal: &mut Journal<'_>,
) {
    let payload = match &event {
        Event::Omitted { reason: Omission::Unwanted, .. } => return,
        // It was not omitted for its size: the proxy does not keep the rest of what it cannot deliver.
        Event::Omitted { reason: Omission::Unfinished, kind, size, wire_size, .. }
            if transit.waits =>
        {
            let (kind, size) = (kind.name(), counted(size.unwrap_or(*wire_size), "byte"));
            let text =
                format!("{kind} message of {size} not delivered whole: the connection was ending");
            return journal.emit(EventKind::Notice(Level::Warning, &text));
        }
        Event::Message { payload, .. } if transit.touch.is_none() => *payload,
        _ => None,
    };
    let may_wait = is_message(&event) || matches!(event, Event::Ping(..) | Event::Pong(..));
    let behind = transit.behind.filter(|_| may_wait);
    let transit = Transit { waits: transit.waits && may_wait, behind, ..transit };
    if payload.is_some() {
        journal.outputs().lend(payload);
    }
    emit(event, direction, opened, |event| journal.emit_in_transit(transit, event));
    if payload.is_some() {
        journal.outputs().lend(None);
    }
}

#[inline]
fn emit(
    event: Event<'_>,
    direction: Direction,
    opened: &Opened,
    mut emit: impl FnMut(EventKind<'_>),
) {
    let mut masked = |event: EventKind<'_>| emit_masked(event, &opened.secrets, &mut emit);
    match event {
        Event::Message { kind, data, frames, wire_size, compressed, .. } => {
            emit(message(direction, kind, data, (frames, wire_size, compressed)));
        }
        Event::Omitted { kind, size, frames, wire_size, compressed, reason } => {
            let size = size.unwrap_or(wire_size);
            emit(EventKind::Omitted(&Omitted {
                direction,
                kind,
                size,
                wire_size,
                compressed,
                frames,
                reason: omitted_for(reason),
            }));
        }
        Event::Ping(_, data) => emit(EventKind::Ping(direction, data.into())),
        Event::Pong(_, data, rtt) => emit(EventKind::Pong(direction, data.into(), rtt)),
        Event::Close(_, close) => masked(EventKind::CloseFrame(direction, close)),
        Event::Frame(frame) => masked(EventKind::Frame(&FrameEvent { direction, ..frame })),
        Event::Violation(violation) => masked(EventKind::Violation(direction, violation)),
        Event::Tolerated(violation) => masked(EventKind::Tolerated(direction, violation)),
    }
}

const fn omitted_for(reason: Omission) -> Option<OmittedFor> {
    match reason {
        Omission::TooBig => Some(OmittedFor::Size),
        Omission::OverMemory => Some(OmittedFor::Memory),
        Omission::CannotInflate => Some(OmittedFor::Inflating),
        Omission::Unfinished => Some(OmittedFor::Unfinished),
        Omission::Unwanted => None,
    }
}

/// A data message, with its frames, its size on the wire, and whether it was compressed.
pub(super) fn message(
    direction: Direction,
    kind: MessageKind,
    data: &[u8],
    (frames, wire_size, compressed): (u64, u64, bool),
) -> EventKind<'_> {
    EventKind::Message(Message {
        direction,
        kind,
        data,
        wire_size,
        compressed,
        frames,
        typed: false,
        surplus: false,
        masked: false,
    })
}
