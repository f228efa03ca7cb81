//! The end of a session: the closing handshake, and the ways that do not wait for it.
//!
//! At a signal, and when `--max-time` runs out, the Close frame goes out, reading goes on, and the run
//! is over after the peer's Close frame or [`LEAVE_LIMIT`], whatever is stalled. What an output that
//! is stalled or too slow has no room for is dropped and counted.

use std::time::{Duration, Instant};

use super::patience::Patience;
use super::{Session, Stop};
use crate::event::{EventKind, Level};
use crate::output::OutputError;
use crate::platform::signals::Signal;
use crate::platform::terminal;
use crate::protocol::CloseCode;
use crate::protocol::vocabulary::ReadyState;

/// The longest time from a signal, or the end of `--max-time`, to the end of the session. With what follows
/// it is less than a second.
const LEAVE_LIMIT: Duration = Duration::from_millis(700);

/// A TLS library holds on to a record of at most this size that the transport did not take: the bytes
/// that it was made of must not change (RFC 8446 section 5.1).
const TLS_RECORD: usize = 16 << 10;

/// How long the closing handshake may take before it is shown how to leave without it.
pub(crate) const SHOW_CLOSING_AFTER: Duration = Duration::from_millis(250);

/// What is shown then, if Ctrl-C began it.
const CLOSING_AFTER_INTERRUPT: &str = "closing; Ctrl-C again to leave at once";

/// The same where something else began it.
const CLOSING: &str = "closing; Ctrl-C to leave at once";

/// What is shown of a closing handshake that takes long.
pub(crate) fn closing_text(is_interrupted: bool) -> &'static str {
    if is_interrupted { CLOSING_AFTER_INTERRUPT } else { CLOSING }
}

/// A closing handshake that we began.
#[derive(Debug)]
pub(super) struct Closing {
    since: Instant,
    is_shown: bool,
}

impl Closing {
    /// When it has to be shown.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.is_shown).then(|| self.since + SHOW_CLOSING_AFTER)
    }
}

impl Session<'_> {
    /// Shows at the terminal that the closing handshake takes long.
    pub(super) fn show_closing(&mut self, now: Instant) {
        if !self.source.is_typed() || self.connection.ready_state() != ReadyState::Closing {
            return;
        }
        let Some(closing) = &mut self.closing else {
            self.source.set_closing();
            self.closing = Some(Closing { since: now, is_shown: false });
            return;
        };
        if closing.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        closing.is_shown = true;
        let is_interrupted = matches!(self.stop, Some(Stop::Signal(Signal::Interrupt)));
        let text = closing_text(is_interrupted);
        self.journal.emit(EventKind::Notice(Level::Info, text));
    }

    /// Whether it was shown that Ctrl-C leaves at once.
    fn has_shown_closing(&self) -> bool {
        self.closing.as_ref().is_some_and(|closing| closing.is_shown)
    }

    pub(super) fn on_signal(&mut self, signal: Signal) {
        if signal == Signal::Interrupt && self.connection.is_open() && self.source.clear_line() {
            return;
        }
        self.leave(Stop::Signal(signal));
    }

    /// Ends the run within [`LEAVE_LIMIT`]; the second time, at once.
    pub(super) fn leave(&mut self, stop: Stop) {
        let now = Instant::now();
        let is_signal = matches!(stop, Stop::Signal(_));
        if self.leave_by.is_none() {
            let outputs = self.journal.outputs();
            if is_signal && outputs.have_display() {
                outputs.end(true); // a flood ends at once on the screen
            } else {
                self.patience = Some(Patience::new(outputs.taken(), now));
            }
        } else if matches!(stop, Stop::Signal(Signal::Hangup)) {
            return; // a terminal that is closed is reported by more than one process, and by itself
        }
        let is_answer = self.has_shown_closing() && matches!(stop, Stop::Signal(Signal::Interrupt));
        if self.leave_by.is_some() || is_answer {
            self.leave_by = Some(now);
            self.connection.abandon();
            if is_signal {
                self.stop = Some(stop);
            }
            return;
        }
        self.leave_by = Some(now + LEAVE_LIMIT);
        self.write_socket();
        self.drop_unsent_if_ending();
        self.close_for(&stop);
        let is_settled =
            matches!(self.stop, Some(Stop::OutputFailed(_) | Stop::System(_) | Stop::GoalsMet));
        if is_signal || !is_settled {
            self.stop = Some(stop);
        }
    }

    /// Drops what has no room in an output, once it is not waited for any more.
    pub(super) fn end_patience(&mut self, now: Instant) {
        let Some(patience) = &mut self.patience else { return };
        let outputs = self.journal.outputs();
        if patience.is_over(outputs.taken(), outputs.are_drained(), now) {
            self.patience = None;
            outputs.end(false);
        }
    }

    /// Once the run or the peer ends the connection, frames of which a stalled transport has taken
    /// nothing are dropped: the Close frame does not wait for them.
    pub(super) fn drop_unsent_if_ending(&mut self) {
        let is_ending =
            self.leave_by.is_some() || self.connection.ready_state() == ReadyState::Closed;
        if !is_ending || self.socket.is_writable() {
            return;
        }
        let least = self.least_kept();
        let dropped = self.connection.drop_unsent(least);
        self.note_unsent(dropped);
        self.reactions.forget();
    }

    /// Counts messages that were not sent. What is kept for another connection is counted there.
    pub(super) fn note_unsent(&mut self, count: u64) {
        self.lost.sent += if self.outgoing.resend.is_some() { 0 } else { count };
    }

    /// How many pending bytes must not change.
    pub(super) fn least_kept(&self) -> usize {
        if self.stream.is_tls() && !self.socket.is_writable() { TLS_RECORD } else { 0 }
    }

    /// Starts the closing handshake, for this reason if it is the first.
    pub(super) fn end(&mut self, stop: Stop) {
        if self.close_for(&stop) {
            self.stop.get_or_insert(stop);
        }
    }

    fn close_for(&mut self, stop: &Stop) -> bool {
        let code = match stop {
            Stop::Signal(Signal::Terminate | Signal::Hangup | Signal::Quit) => {
                Some(CloseCode::GOING_AWAY)
            }
            _ => self.plan.close_code,
        };
        let reason = std::mem::take(&mut self.plan.close_reason);
        self.connection.close(code, &reason, self.clock.now()).is_ok()
    }

    pub(super) fn flush_outputs(&mut self) {
        if let Err(error) = self.journal.outputs().flush() {
            self.on_output_error(error);
        }
    }

    fn on_output_error(&mut self, error: OutputError) {
        if terminal::is_gone() {
            return self.leave(Stop::Signal(Signal::Hangup));
        }
        let stop =
            if error.is_closed_pipe() { Stop::OutputClosed } else { Stop::OutputFailed(error) };
        if self.connection.is_open() {
            self.end(stop);
        } else if matches!(stop, Stop::OutputFailed(_))
            || matches!(self.stop, None | Some(Stop::Asked))
        {
            // To a reader that has enough it does not matter how the connection ends.
            self.stop = Some(stop);
        }
    }

    /// Hands on what was received, however long the readers take, unless the run is ended.
    pub(super) fn drain_outputs(&mut self) {
        loop {
            self.flush_outputs();
            let now = Instant::now();
            if self.leave_by.is_none() && self.plan.max_time.is_some_and(|end| now >= end) {
                self.leave(Stop::MaxTime);
            }
            let until = self.leave_by.or(self.plan.max_time);
            let is_late = self.leave_by.is_some_and(|until| now >= until);
            if self.journal.outputs().are_drained() || is_late || self.wait(until).is_err() {
                return;
            }
        }
    }

    /// Counts what did not reach its place.
    pub(super) fn count_lost(&mut self) {
        let unsent = self.connection.unsent_messages();
        self.note_unsent(unsent);
        if self.leave_by.is_some() {
            let waiting = self.source.take_waiting_messages();
            self.lost.sent += waiting;
            (self.lost.received, self.lost.bytes) = self.journal.outputs().give_up();
            let is_read = self.input_ended || self.source.is_typed();
            self.lost.input_left = self.lost.sent > 0 && !is_read;
        }
    }
}
