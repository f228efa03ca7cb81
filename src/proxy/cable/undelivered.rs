//! What a side has sent and the other one does not get.

use crate::event::Undelivered;
use crate::protocol::Side;
use crate::protocol::vocabulary::Event;
use crate::proxy::stall::Lost;

use super::Way;
use super::events::{control_size, is_message};

/// What was received of one side and not delivered.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Losses {
    /// Bytes that were received when nothing could be delivered any more, without control frames.
    bytes: u64,
    /// Bytes were received then.
    has_bytes: bool,
    /// Messages that were received, or stopped waiting, when nothing could be delivered any more.
    messages: u64,
    /// The payloads of those that had waited, in bytes.
    dropped_bytes: u64,
    /// The connection of the receiver was reset, and the system does not tell how many bytes it had not sent.
    has_unknown: bool,
    /// Bytes that waited, or that the system had for it, when the receiver was reset or given up.
    lost: Lost,
}

impl Losses {
    /// Records that bytes were received.
    pub(super) fn add_bytes(&mut self, count: usize) {
        self.has_bytes = true;
        self.bytes += count as u64;
    }

    /// Records that the start of a message that was received before is not delivered any more.
    pub(super) fn add_start(&mut self) {
        self.has_bytes = true;
    }

    /// Records what was decoded of them: control frames are not counted.
    pub(super) fn add_event(&mut self, event: &Event<'_>, from: Side) {
        self.messages += u64::from(is_message(event));
        self.bytes = self.bytes.saturating_sub(control_size(event, from));
    }

    /// Records messages.
    pub(super) fn add_messages(&mut self, count: u64) {
        self.messages += count;
    }

    /// Records messages that waited, and the bytes of their payloads.
    pub(super) fn add_dropped(&mut self, count: u64, bytes: u64) {
        self.messages += count;
        self.dropped_bytes += bytes;
    }

    /// Records how many bytes the system had not sent to the receiver when the proxy reset its connection. `None`: the system
    /// does not tell.
    pub(super) fn add_discarded(&mut self, count: Option<u64>) {
        self.has_unknown |= count.is_none();
        self.lost.possible += count.unwrap_or(0);
    }

    /// Records bytes that waited.
    pub(super) fn add_waiting(&mut self, count: u64) {
        self.lost.certain += count;
    }

    /// Records bytes of which the receiver may have got a part.
    pub(super) fn add_unacknowledged(&mut self, count: u64) {
        self.lost.possible += count;
    }
}

impl Way {
    /// What was received of its source and not delivered: messages where it is only whole ones that were decoded, else bytes. `None`:
    /// nothing. `is_gone`: the receiver was reset, and what it had not read, or the system had for it, is not known.
    pub(super) fn undelivered(&mut self, is_gone: bool) -> Option<Undelivered> {
        let Losses { bytes, has_bytes, messages, dropped_bytes, has_unknown, lost } = self.losses;
        let is_gone = is_gone || has_unknown;
        let (waiting, waiting_bytes, holds_back) = self
            .passing
            .messages()
            .map_or((0, 0, false), |it| (it.waiting(), it.waiting_bytes(), it.relay.holds_back()));
        // A part was passed on at once, and the proxy has ended the direction within it.
        let has_ended = (self.is_shut || self.own_close.is_some()) && !self.has_more_events;
        let is_ended_within = has_ended && !self.passing.has_violated();
        let is_cut = (has_bytes || holds_back || is_ended_within)
            && !self.passing.inbound().is_between_messages()
            && !self.passing.withholds_control_only();
        let count = messages + waiting + u64::from(is_cut);
        let written_late = lost.certain + lost.possible + self.outgoing.waiting_of_source();
        if written_late == 0 {
            let amount = match is_gone {
                true => Undelivered::MessagesAtLeast(count),
                false => Undelivered::Messages(count),
            };
            return (count > 0).then_some(amount);
        }
        let bytes = written_late + bytes + waiting_bytes + dropped_bytes;
        Some(match (is_gone, lost.possible) {
            (true, _) => Undelivered::BytesAtLeast(bytes),
            (false, 0) => Undelivered::Bytes(bytes),
            (false, _) => Undelivered::BytesAtMost(bytes),
        })
    }
}
