//! The state machine of one WebSocket connection (RFC 6455 sections 5 to 7), in either role.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::close::ClosePayload;
use super::deflate::Deflater;
use super::inbound::{Inbound, InboundOptions, QueuedEvent, Tolerance};
use super::outbox::Outbox;
use super::vocabulary::{Counters, Direction, Event, Partial, ReadyState, Role};

mod ending;
mod memory;
mod options;
mod react;
mod send;
mod streamed;

pub use ending::{EndCause, Ending, Initiator};
pub use options::ConnectionOptions;

/// One connection after its opening handshake. See [the module above](super) for the order of calls.
#[derive(Debug)]
pub struct Connection {
    role: Role,
    close_timeout: Option<Duration>,
    observe_frames: bool,
    phase: Phase,
    /// Decodes what the peer sends.
    inbound: Inbound,
    deflater: Option<Box<Deflater>>,
    outbox: Outbox,
    /// Events not yet returned, in order.
    queue: VecDeque<QueuedEvent>,
    /// The event returned last: its bytes may still be borrowed.
    current: Option<QueuedEvent>,
    pings: VecDeque<(Vec<u8>, Instant)>,
    sent_close: Option<ClosePayload>,
    /// The answer to a Close frame of the peer; `None`: its code.
    close_answer: Option<ClosePayload>,
    /// A Close frame of the peer is answered by [`Connection::answer_close`].
    defers_close_answer: bool,
    /// Our Close frame was discarded before the transport accepted it.
    is_close_discarded: bool,
    peer_closed_first: bool,
    sent: Counters,
    /// Bytes of memory used for this connection outside of it.
    other_bytes: usize,
}

/// The maximum number of unanswered pings that are tracked; the oldest is dropped first.
const MAX_PINGS: usize = 64;

/// How long the transport may accept no output once the peer has closed: a peer that has sent its Close
/// frame rarely reads more.
const ANSWER_GRACE: Duration = Duration::from_millis(100);

/// After a violation the peer gets at most this long to answer our Close frame.
const FAILURE_GRACE: Duration = Duration::from_secs(1);

#[derive(Debug)]
enum Phase {
    Open,
    /// Our Close frame was sent, the peer's is awaited.
    Closing {
        until: Option<Instant>,
        cause_if_late: EndCause,
    },
    /// Both Close frames were exchanged; ours may still be in the outbox.
    Closed {
        until: Option<Instant>,
        /// The end even if the transport still accepts bytes.
        latest: Option<Instant>,
    },
    Ended(EndCause),
}

impl Connection {
    /// A connection whose opening handshake is complete. `early` are bytes received after the head.
    pub fn new(options: ConnectionOptions, early: &[u8]) -> Self {
        let ConnectionOptions { role, max_message_size, observe_frames, lenient, .. } = options;
        let tolerance = if lenient { Tolerance::Lenient } else { Tolerance::Strict };
        let masks = (role == Role::Client).then_some(options.masks);
        let deflate = options.deflate.as_ref();
        Self {
            role,
            close_timeout: options.close_timeout,
            observe_frames,
            phase: Phase::Open,
            deflater: deflate.map(|params| Box::new(Deflater::new(params, role))),
            inbound: Inbound::new(
                InboundOptions {
                    role,
                    max_message_size,
                    observe_frames,
                    tolerance,
                    deflate: options.deflate,
                },
                early,
            ),
            outbox: Outbox::new(masks),
            queue: VecDeque::new(),
            current: None,
            pings: VecDeque::new(),
            sent_close: None,
            close_answer: None,
            defers_close_answer: false,
            is_close_discarded: false,
            peer_closed_first: false,
            sent: Counters::default(),
            other_bytes: 0,
        }
    }

    /// With extensions other than permessage-deflate, if they were negotiated: [`Inbound::with_other_extensions`].
    pub fn with_other_extensions(mut self, were_negotiated: bool) -> Self {
        self.inbound = self.inbound.with_other_extensions(were_negotiated);
        self
    }

    /// The next event, or `None` when more bytes are needed.
    pub fn next_event(&mut self, now: Instant) -> Option<Event<'_>> {
        if self.queue.is_empty()
            && let Some(message) = self.inbound.next_whole_message()
        {
            return Some(self.inbound.whole_event(message));
        }
        loop {
            self.reclaim();
            self.current = self.queue.pop_front();
            if let Some(current) = &mut self.current {
                if self.queue.is_empty() {
                    self.inbound.share(current);
                }
                return self.view();
            }
            let has_progressed = self.parse_frame(now);
            if !has_progressed && self.queue.is_empty() {
                self.schedule_release(now);
                return None;
            }
        }
    }

    /// Whether events are queued that can be returned without further bytes.
    pub fn has_events(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Bytes to write to the transport.
    pub fn pending_output(&self) -> &[u8] {
        self.outbox.pending()
    }

    /// Records that the transport accepted the first `count` bytes of the pending output.
    pub fn advance_output(&mut self, count: usize) {
        self.outbox.advance(count);
    }

    /// When [`Connection::on_deadline`] must be called at the latest.
    pub fn deadline(&self) -> Option<Instant> {
        self.close_deadline().into_iter().chain(self.inbound.release_at).min()
    }

    /// When the peer's time to end the connection runs out.
    fn close_deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Closing { until, .. } | Phase::Closed { until, .. } if !self.is_finished() => {
                until
            }
            _ => None,
        }
    }

    /// Answers a Close frame of the peer with this, which may be sent, in place of its code.
    pub fn answering_close_with(mut self, answer: ClosePayload) -> Self {
        self.close_answer = Some(answer);
        self
    }

    /// Leaves it to [`Connection::answer_close`] when a Close frame of the peer is answered, so that what is due before
    /// can be sent.
    pub fn deferring_close_answer(mut self) -> Self {
        self.defers_close_answer = true;
        self
    }

    /// Stops waiting for the peer once the deadline has passed, and frees memory when idle.
    pub fn on_deadline(&mut self, now: Instant) {
        if self.inbound.release_at.is_some_and(|at| now >= at) {
            self.release_idle_memory();
        }
        if self.close_deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        self.stop_waiting();
    }

    /// The time limit for the peer's answer to our Close frame; `None`: there is none.
    pub fn close_timeout(&self) -> Option<Duration> {
        self.close_timeout
    }

    /// Ends a connection on which the end of the peer is awaited, as if its time had run out.
    pub fn stop_waiting(&mut self) {
        let cause = match &self.phase {
            Phase::Closing { cause_if_late, .. } => cause_if_late.clone(),
            Phase::Closed { .. } => EndCause::Handshake,
            Phase::Open | Phase::Ended(_) => return,
        };
        self.end(cause);
    }

    fn end(&mut self, cause: EndCause) {
        self.phase = Phase::Ended(cause);
        self.inbound.ignore();
    }

    /// Whether the connection has ended and the transport can be closed.
    pub fn is_finished(&self) -> bool {
        match self.phase {
            Phase::Open | Phase::Closing { .. } => false,
            Phase::Closed { .. } => self.outbox.unwritten() == 0,
            Phase::Ended(_) => true,
        }
    }

    /// The state as `readyState` of the WebSocket API.
    pub fn ready_state(&self) -> ReadyState {
        match self.phase {
            Phase::Open => ReadyState::Open,
            Phase::Closing { .. } => ReadyState::Closing,
            Phase::Closed { .. } | Phase::Ended(_) => ReadyState::Closed,
        }
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Whether part of a data message was received.
    pub fn is_receiving_message(&self) -> bool {
        self.inbound.is_receiving_message()
    }

    /// What was received behind the last complete frame or message, if anything. Call it after
    /// [`Connection::next_event`] returned `None`.
    pub fn partial(&self) -> Option<Partial> {
        self.inbound.partial()
    }

    /// What was received.
    pub fn received_counters(&self) -> Counters {
        self.inbound.counters()
    }

    /// What was sent, including what is still pending.
    pub fn sent_counters(&self) -> Counters {
        self.sent
    }

    /// How the connection ended; `None` if it has not.
    pub fn ending(&self) -> Option<Ending> {
        let cause = match &self.phase {
            Phase::Ended(cause) => cause.clone(),
            Phase::Closed { .. } => EndCause::Handshake,
            Phase::Open | Phase::Closing { .. } => return None,
        };
        let (sent, received) = (self.sent_close.clone(), self.inbound.close().cloned());
        let violation = self.inbound.violation().cloned();
        let ending = Ending::new(cause, sent, received, violation, self.peer_closed_first);
        Some(ending.with_incomplete(self.inbound.incomplete_message()))
    }

    /// The current event with its bytes.
    fn view(&self) -> Option<Event<'_>> {
        match self.current.as_ref()? {
            QueuedEvent::Close(Direction::Sent) => {
                Some(Event::Close(Direction::Sent, self.sent_close.as_ref()?))
            }
            queued => self.inbound.view(queued),
        }
    }
}
