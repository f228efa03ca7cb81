//! What was sent and received last, and when: the evidence for why a connection ended, and the time from
//! which a silence counts. All times are by the peer's clock.

use std::time::{Duration, Instant};

use super::hints;
use crate::event::LastTraffic;
use crate::protocol::vocabulary::Counters;
use crate::protocol::{MessageKind, RawFrame};

/// What was sent no longer than this before the end is named even if something was received since.
const RECENT: Duration = Duration::from_millis(100);

/// What was sent and received last.
#[derive(Debug)]
pub(super) struct Traffic {
    opened: Instant,
    /// When bytes were last received or sent.
    last: Instant,
    /// When bytes were last received.
    last_read: Option<Instant>,
    /// The state before the last read.
    before_read: BeforeRead,
    /// The state before the peer's Close frame.
    before_close: Option<Quiet>,
    /// When the transport had last taken all of a data message.
    last_sent: Option<Instant>,
    /// When data was last received, or the last of the input was sent.
    last_data: Instant,
    /// Data messages that the transport has taken.
    messages_written: u64,
    /// The last frame that was sent as the user wrote it.
    raw_frame: Option<SentFrame>,
    /// The start of the first message received, if that is text.
    first_text: Option<String>,
    /// Messages received when the last one was sent.
    received_before_send: u64,
}

#[derive(Clone, Copy, Debug)]
struct BeforeRead {
    last: Instant,
    last_read: Option<Instant>,
    /// Frames received.
    frames: u64,
}

#[derive(Debug)]
struct SentFrame {
    /// As the user wrote it.
    text: String,
    /// Messages sent before it.
    messages: u64,
    /// When the transport had taken it.
    written: Option<Instant>,
}

/// A time without traffic, and what was before it.
#[derive(Clone, Debug)]
pub(super) struct Quiet {
    pub(super) duration: Duration,
    pub(super) last: LastTraffic,
}

impl Traffic {
    /// A connection that was opened at this time.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            opened: now,
            last: now,
            last_read: None,
            before_read: BeforeRead { last: now, last_read: None, frames: 0 },
            before_close: None,
            last_sent: None,
            last_data: now,
            messages_written: 0,
            raw_frame: None,
            first_text: None,
            received_before_send: 0,
        }
    }

    /// Bytes were received; `frames` were received before them.
    pub(super) fn on_read(&mut self, now: Instant, frames: u64) {
        self.before_read = BeforeRead { last: self.last, last_read: self.last_read, frames };
        (self.last, self.last_read) = (now, Some(now));
    }

    /// A data message was received.
    #[inline]
    pub(super) fn on_message(&mut self, now: Instant, kind: MessageKind, data: &[u8]) {
        self.first_text.get_or_insert_with(|| hints::start(kind, data));
        self.last_data = now;
    }

    /// A message is still being received: that is not a silence.
    pub(super) fn on_partial_message(&mut self) {
        self.last_data = self.last;
    }

    /// A data message was passed to the connection; `received` were received before it.
    #[inline]
    pub(super) fn on_send(&mut self, received: u64) {
        self.received_before_send = received;
    }

    /// A frame was passed to the connection as the user wrote it.
    pub(super) fn on_raw_frame(&mut self, frame: &RawFrame, sent: Counters, received: Counters) {
        self.received_before_send = received.messages;
        let (text, messages) = (frame.to_string(), sent.messages);
        self.raw_frame = Some(SentFrame { text, messages, written: None });
    }

    /// An action of the input was carried out.
    pub(super) fn on_action(&mut self, now: Instant) {
        self.last_data = now;
    }

    /// The transport took bytes; `is_drained`: all that were pending.
    pub(super) fn on_write(&mut self, now: Instant, sent: Counters, is_drained: bool) {
        self.last = now;
        // Pings and pongs are no data: a peer that is pinged would never be silent.
        if sent.messages != self.messages_written {
            self.last_data = now;
            if is_drained {
                self.messages_written = sent.messages;
                self.last_sent = Some(now);
            }
        }
        if is_drained && let Some(raw) = &mut self.raw_frame {
            raw.written.get_or_insert(now);
        }
    }

    /// The peer's Close frame was received. Nothing was quiet if other frames were read with it.
    pub(super) fn on_peer_close(&mut self, now: Instant, received: Counters, sent: Counters) {
        let BeforeRead { last, last_read, frames } = self.before_read;
        let is_alone = received.frames == frames + 1;
        let (duration, last_read) = match is_alone {
            true => (now.saturating_duration_since(last), last_read),
            false => (Duration::ZERO, Some(now)),
        };
        let last = match is_alone && last == self.opened {
            true => LastTraffic::Handshake,
            false => self.last_of_ours(now, last_read, sent),
        };
        self.before_close = Some(Quiet { duration, last });
    }

    /// How long nothing was sent or received before the end, which is now unless the peer has sent a Close
    /// frame.
    pub(super) fn quiet(&self, now: Instant, received: Counters, sent: Counters) -> Quiet {
        self.before_close.clone().unwrap_or_else(|| {
            let last = match received.wire_bytes == 0 && sent.wire_bytes == 0 {
                true => LastTraffic::Handshake,
                false => self.last_of_ours(now, self.last_read, sent),
            };
            Quiet { duration: now.saturating_duration_since(self.last), last }
        })
    }

    /// What we sent last, if nothing was received since or it was just now.
    fn last_of_ours(
        &self,
        now: Instant,
        last_read: Option<Instant>,
        sent: Counters,
    ) -> LastTraffic {
        let ago = |at: Instant| now.saturating_duration_since(at);
        let (at, last) = match (&self.raw_frame, self.last_sent) {
            (Some(SentFrame { text, messages, written: Some(at) }), _)
                if *messages == sent.messages =>
            {
                (*at, LastTraffic::Frame(text.clone(), ago(*at)))
            }
            (_, Some(at)) if self.messages_written == sent.messages => {
                (at, LastTraffic::Message(sent.messages, ago(at)))
            }
            _ => return LastTraffic::Other,
        };
        let is_last = last_read.is_none_or(|read| at > read) || ago(at) < RECENT;
        if is_last { last } else { LastTraffic::Other }
    }

    /// Whether neither a message nor a frame of the user's was sent.
    pub(super) fn is_nothing_sent(&self, sent: Counters) -> bool {
        sent.messages == 0 && self.raw_frame.is_none()
    }

    /// Whether nothing was received since we last sent.
    pub(super) fn is_unanswered(&self, received: Counters) -> bool {
        received.messages == self.received_before_send
    }

    /// The start of the first message received, in lower case, if that is text.
    pub(super) fn first_text(&self) -> Option<&str> {
        self.first_text.as_deref()
    }

    /// When data was last received, or the last of the input was sent.
    pub(super) fn last_data(&self) -> Instant {
        self.last_data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(messages: u64, frames: u64) -> Counters {
        Counters { messages, frames, wire_bytes: frames * 10, ..Counters::default() }
    }

    #[test]
    fn a_close_soon_after_a_message_of_ours_names_it() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut traffic = Traffic::new(start);
        traffic.on_send(0);
        traffic.on_write(at(10), counters(1, 1), true);
        traffic.on_read(at(40), 0);
        traffic.on_peer_close(at(40), counters(0, 1), counters(1, 1));
        let quiet = traffic.quiet(at(90), counters(0, 1), counters(1, 1));
        let last = LastTraffic::Message(1, Duration::from_millis(30));
        assert_eq!((quiet.duration, quiet.last), (Duration::from_millis(30), last));
        assert!(traffic.is_unanswered(counters(0, 1)) && !traffic.is_unanswered(counters(1, 2)));
    }

    #[test]
    fn frames_read_together_with_the_close_leave_no_quiet_time() {
        let start = Instant::now();
        let mut traffic = Traffic::new(start);
        let later = start + Duration::from_secs(9);
        traffic.on_read(later, 0);
        traffic.on_peer_close(later, counters(1, 2), counters(0, 0));
        let quiet = traffic.quiet(later, counters(1, 2), counters(0, 0));
        assert_eq!((quiet.duration, quiet.last), (Duration::ZERO, LastTraffic::Other));
    }

    #[test]
    fn without_traffic_only_the_handshake_came_before_the_end() {
        let start = Instant::now();
        let traffic = Traffic::new(start);
        let later = start + Duration::from_secs(9);
        let quiet = traffic.quiet(later, counters(0, 0), counters(0, 0));
        assert_eq!((quiet.duration, quiet.last), (Duration::from_secs(9), LastTraffic::Handshake));
        assert!(traffic.is_nothing_sent(counters(0, 0)));
    }

    #[test]
    fn pings_of_ours_do_not_end_a_silence() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut traffic = Traffic::new(start);
        traffic.on_write(at(10), counters(0, 1), true);
        assert_eq!((traffic.last_data(), traffic.last), (start, at(10)));
        traffic.on_write(at(20), counters(1, 2), true);
        assert_eq!(traffic.last_data(), at(20));
        traffic.on_write(at(30), counters(1, 3), true);
        assert_eq!(traffic.last_data(), at(20));
    }
}
