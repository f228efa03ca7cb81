//! Keeping the connection alive, and noticing when it is not.

use std::time::Instant;

use super::resend::Resend;
use super::{Session, Stop};
use crate::protocol::CloseCode;
use crate::protocol::keepalive::{Keepalive, KeepaliveAction, KeepaliveTime};
use crate::protocol::vocabulary::Misuse;

/// The reason of our Close frame to a peer that does not answer, should it still be there.
const REASON: &str = "keepalive ping timeout";

impl Session<'_> {
    /// Pings when it is time to, and ends what does not answer.
    pub(super) fn keep_alive(&mut self, now: KeepaliveTime) {
        if !self.connection.is_open() {
            self.keepalive = None; // from here on it is the closing handshake that takes its time
        }
        let Some(keepalive) = &mut self.keepalive else { return };
        let unwritten = usize::try_from(self.connection.unwritten()).unwrap_or(usize::MAX);
        match keepalive.poll(now, unwritten) {
            KeepaliveAction::Nothing => {}
            // The connection is open, and the payload short.
            KeepaliveAction::Ping(payload) => _ = self.ping(&payload),
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

    /// Sends a ping. Its answer also confirms what was sent before it.
    pub(super) fn ping(&mut self, payload: &[u8]) -> Result<(), Misuse> {
        self.connection.ping(payload, self.clock.now())?;
        if let Some(resend) = &mut self.resend {
            resend.note_ping(payload);
        }
        Ok(())
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
            keepalive.received(self.now, is_in_message, messages);
        }
    }

    /// The transport took so many bytes.
    pub(super) fn note_written(&mut self, count: usize) {
        // Pings and pongs are no data: a peer that is pinged would never fall silent.
        let counters = self.connection.sent_counters();
        if counters.messages != self.messages_gone {
            self.last_data = self.last_traffic;
            if self.connection.pending_output().is_empty() {
                self.messages_gone = counters.messages;
                self.last_sent = Some(self.last_traffic);
            }
        }
        if self.connection.pending_output().is_empty()
            && let Some(raw) = &mut self.raw_sent
        {
            raw.gone.get_or_insert(self.last_traffic);
        }
        let is_reading = self.can_read();
        if let Some(keepalive) = &mut self.keepalive {
            keepalive.wrote(count, is_reading, self.last_traffic);
        }
        self.reactions.note_written(count);
        self.connection.note_output_progress(self.last_traffic);
        if let Some(resend) = &mut self.resend {
            resend.note_written(count);
        }
    }
}
