//! Keepalive: pings, and the end of a connection whose peer does not answer.

use std::time::Instant;

use super::resend::Resend;
use super::sender::Sender;
use super::{Session, Stop};
use crate::protocol::CloseCode;
use crate::protocol::keepalive::{Keepalive, KeepaliveAction, KeepaliveTime};

/// The reason of our Close frame to a peer that does not answer.
const REASON: &str = "keepalive ping timeout";

impl Session<'_> {
    /// Sends pings, and ends a connection whose peer does not answer.
    pub(super) fn keep_alive(&mut self, now: KeepaliveTime) {
        if !self.connection.is_open() {
            self.keepalive = None; // from now on the closing handshake has its own limit
        }
        let Some(keepalive) = &mut self.keepalive else { return };
        let unwritten = usize::try_from(self.connection.unwritten()).unwrap_or(usize::MAX);
        match keepalive.poll(now, unwritten) {
            KeepaliveAction::Nothing => {}
            // The connection is open, and the payload short.
            KeepaliveAction::Ping(payload) => {
                _ = Sender { now: now.peer, ..self.sender() }.ping(&payload);
            }
            KeepaliveAction::PingTimeout(missed) => {
                let code = Some(CloseCode::INTERNAL_ERROR);
                if self.connection.close(code, REASON, now.peer).is_ok() {
                    self.stop.get_or_insert(Stop::PingTimeout(missed));
                }
                self.write_socket();
                self.connection.abandon();
            }
            KeepaliveAction::IdleTimeout(limit) => self.end(Stop::IdleTimeout(limit)),
        }
    }

    /// A pong was received; `is_answer`: to a ping of ours.
    pub(super) fn note_pong(
        keepalive: &mut Option<Keepalive>,
        resend: &mut Option<Resend>,
        payload: &[u8],
        is_answer: bool,
        now: Instant,
    ) {
        match keepalive {
            Some(keepalive) if is_answer => keepalive.answered(payload, now),
            Some(keepalive) => keepalive.other_pong(),
            None => {}
        }
        if let Some(resend) = resend.as_mut().filter(|_| is_answer) {
            resend.note_pong(payload);
        }
    }

    /// Bytes were received.
    pub(super) fn note_received(&mut self) {
        if let Some(keepalive) = &mut self.keepalive {
            let messages = self.connection.received_counters().messages;
            let is_in_message = self.connection.is_receiving_message();
            keepalive.received(self.clock.event_time(), is_in_message, messages);
        }
    }

    /// The transport took `count` bytes.
    pub(super) fn note_written(&mut self, count: usize) {
        let now = self.clock.now();
        let is_drained = self.connection.pending_output().is_empty();
        self.traffic.on_write(now, self.connection.sent_counters(), is_drained);
        let is_reading = self.can_read();
        if let Some(keepalive) = &mut self.keepalive {
            keepalive.wrote(count, is_reading, now);
        }
        self.reactions.note_written(count);
        self.connection.note_output_progress(now);
        if let Some(resend) = &mut self.outgoing.resend {
            resend.note_written(count);
        }
    }
}
