//! The end of a session, with what preceded it.

use std::time::{Duration, Instant};

use super::{Session, wanted};
use crate::event::{Closed, LastTraffic, SOON, SilenceAdvice, secrets};
use crate::protocol::close::Application;
use crate::protocol::connection::{Ending, Initiator};

/// What was sent no longer than this before the end is named even if something was received since.
const RECENT: Duration = Duration::from_millis(100);

/// What had come and gone before a read.
#[derive(Debug)]
pub(super) struct BeforeRead {
    /// When bytes had last come or gone, by the peer's clock.
    pub(super) traffic: Instant,
    /// When bytes had last come.
    pub(super) read: Option<Instant>,
    /// Frames received.
    pub(super) frames: u64,
}

/// A raw frame that was sent.
#[derive(Debug)]
pub(super) struct RawSent {
    pub(super) words: String,
    /// How many messages had been sent by then.
    pub(super) messages: u64,
    /// When the transport had taken it, by the peer's clock.
    pub(super) gone: Option<Instant>,
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
    /// Takes note of what was before the peer's Close frame, and how long nothing had come or gone: no
    /// time at all if other frames were read with it.
    pub(super) fn note_peer_close(&mut self, now: Instant) {
        let BeforeRead { traffic, read, frames } = self.before_read;
        let is_alone = self.connection.received_counters().frames == frames + 1;
        let (quiet, read) = match is_alone {
            true => (now.saturating_duration_since(traffic), read),
            false => (Duration::ZERO, Some(now)),
        };
        let last = match is_alone && traffic == self.started {
            true => LastTraffic::Handshake,
            false => self.last_of_ours(now, read),
        };
        self.before_close = Some((quiet, last));
    }

    /// What we sent last, if nothing has come since or it was just now.
    fn last_of_ours(&self, now: Instant, last_read: Option<Instant>) -> LastTraffic {
        let messages = self.connection.sent_counters().messages;
        let ago = |at: Instant| now.saturating_duration_since(at);
        let (at, last) = match (&self.raw_sent, self.last_sent) {
            (Some(RawSent { words, messages: before, gone: Some(at) }), _)
                if *before == messages =>
            {
                (*at, LastTraffic::Frame(words.clone(), ago(*at)))
            }
            (_, Some(at)) if self.messages_gone == messages => {
                (at, LastTraffic::Message(messages, ago(at)))
            }
            _ => return LastTraffic::Other,
        };
        let is_last = last_read.is_none_or(|read| at > read) || ago(at) < RECENT;
        if is_last { last } else { LastTraffic::Other }
    }

    /// What the connection was like when it ended, before anything else takes time.
    pub(super) fn circumstances(&self) -> Circumstances {
        let now = self.clock.now();
        let (received, sent) =
            (self.connection.received_counters(), self.connection.sent_counters());
        let (quiet, last) = self.before_close.clone().unwrap_or_else(|| {
            let is_untouched = received.wire_bytes == 0 && sent.wire_bytes == 0;
            let last = match is_untouched {
                true => LastTraffic::Handshake,
                false => self.last_of_ours(now, self.last_read),
            };
            (now.saturating_duration_since(self.last_traffic), last)
        });
        let is_unsent = self.connection.is_close_unsent();
        Circumstances { quiet, last, age: self.started.elapsed(), is_unsent }
    }

    /// The end of the connection.
    pub(super) fn closed(&self, ending: Ending, circumstances: Circumstances) -> Closed {
        let Circumstances { quiet, last, age, is_unsent } = circumstances;
        let (received, sent) =
            (self.connection.received_counters(), self.connection.sent_counters());
        let is_untouched = sent.messages == 0 && self.raw_sent.is_none();
        let hint = match is_untouched && received.messages <= 1 && age < SOON {
            true => wanted::hint(&ending, self.opened, self.first_text.as_deref()),
            false => {
                let is_unanswered = received.messages == self.received_before_send;
                let sent = last.sent().filter(|(_, ago)| is_unanswered && *ago < SOON);
                sent.and_then(|(what, _)| wanted::bare_close(&ending, self.opened, &what))
            }
        };
        Closed {
            ending: secrets::ending(as_sent(ending, is_unsent), &self.opened.secrets),
            quiet,
            last,
            age,
            received,
            sent,
            is_unsent,
            hint,
            application: Application::of(self.opened.protocol.as_deref(), &self.opened.url),
            silence_advice: self.silence_advice(),
            failure_follows: false,
        }
    }

    /// `listen` has none of these options.
    fn silence_advice(&self) -> SilenceAdvice {
        let is_client = self.opened.initiator == Initiator::Local;
        SilenceAdvice {
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
