//! The end of a session: the closing handshake, and what does not wait for it.
//!
//! At a signal, and when `--max-time` expires, the Close frame is sent, reading goes on, and the run is over
//! after the peer's Close frame or [`CLOSE_LIMIT`], whatever is stalled. What an output that is stalled or
//! too slow has no room for is dropped and counted.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use super::acknowledged::Acknowledged;
use super::output_grace::OutputGrace;
use super::{Session, Stop};
use crate::event::{EventKind, Level};
use crate::input::Next;
use crate::observer::Progress;
use crate::output::{Buffered, Drain, OutputError};
use crate::platform::signals::Signal;
use crate::platform::terminal;
use crate::protocol::CloseCode;
use crate::protocol::vocabulary::ReadyState;

/// The longest time from a signal, or the end of `--max-time`, to the end of the session. With what follows,
/// a run is over in less than a second.
const CLOSE_LIMIT: Duration = Duration::from_millis(700);

/// A TLS library keeps a record of at most this size that the transport did not take: the bytes that it was
/// made from must not change (RFC 8446 section 5.1).
const TLS_RECORD: usize = 16 << 10;

/// How long the closing handshake may take before the terminal shows how to end without it.
pub(crate) const SHOW_CLOSING_AFTER: Duration = Duration::from_millis(250);

/// A peer that has sent so many bytes after our Close frame, and for longer than it may take to answer, does not answer
/// it. What was on its way before fits into less.
const MAX_AFTER_CLOSE: u64 = 64 << 20;

/// How often the input behind a command that closed the connection is read, to count it: for the rest of a small
/// one, a last line without a newline, and the end.
const READS_BEHIND_CLOSE: usize = 4;

/// The notice that a closing handshake takes long, and what is waited for.
pub(crate) fn closing_text(awaited: &str, is_interrupted: bool) -> String {
    let again = if is_interrupted { " again" } else { "" };
    format!("closing, waiting for {awaited}; Ctrl-C{again} to leave at once")
}

/// The end of a session that has begun.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// When the run has to be over, because of a signal or `--max-time`.
    deadline: Option<Instant>,
    /// The bytes that outputs had taken when the run was ended.
    taken: u64,
    /// Outputs are waited for until this is over.
    grace: Option<OutputGrace>,
    /// Shows at the terminal that the end takes long.
    notice: Option<ClosingNotice>,
    /// That has said that Ctrl-C ends the session at once.
    has_shown_notice: bool,
    /// The source has ended the session before the closing handshake was complete.
    is_shut_down: bool,
    /// TCP ends without a Close frame, once all that was sent before is written.
    tcp_end: Option<TcpEnd>,
    /// When our Close frame was written, in real time, and how many bytes had been received then.
    written: Option<(Instant, u64)>,
    /// What the peer takes after that.
    pub(super) acknowledged: Option<Acknowledged>,
}

/// How TCP ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TcpEnd {
    Fin,
    Reset,
}

#[derive(Debug)]
struct ClosingNotice {
    /// The Close frame waits for what is sent before it.
    is_early: bool,
    at: Instant,
    is_shown: bool,
}

impl Closing {
    /// When the run has to be over; `None`: a signal or `--max-time` has not ended it.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether a signal or `--max-time` is ending the run.
    pub(super) fn has_deadline(&self) -> bool {
        self.deadline.is_some()
    }

    /// Whether TCP ends without a Close frame.
    pub(super) fn ends_tcp(&self) -> bool {
        self.tcp_end.is_some()
    }

    /// Whether it ends with a reset.
    pub(super) fn resets_tcp(&self) -> bool {
        self.tcp_end == Some(TcpEnd::Reset)
    }

    /// Whether the run has to be over now.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.deadline.is_some_and(|deadline| now >= deadline)
    }

    /// If the run is being ended: at the latest then.
    pub(super) fn limit_deadline(&mut self, until: Instant) {
        self.deadline = self.deadline.map(|own| own.min(until));
    }

    /// Whether outputs that are stalled stop the reading.
    pub(super) fn waits_for_outputs(&self) -> bool {
        self.deadline.is_none() || self.grace.is_some()
    }

    /// The source has ended the session.
    pub(super) fn set_shut_down(&mut self) {
        self.is_shut_down = true;
    }

    /// Whether the source has ended the session before the closing handshake was complete.
    pub(super) fn is_shut_down(&self) -> bool {
        self.is_shut_down
    }

    /// When the next of its timers expires.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let grace = self.grace.as_ref().map(OutputGrace::deadline);
        let notice = self.notice.as_ref().filter(|notice| !notice.is_shown);
        let acknowledged = self.acknowledged.as_ref().and_then(Acknowledged::deadline);
        let timers = [self.deadline, grace, notice.map(|notice| notice.at), acknowledged];
        timers.into_iter().flatten().min()
    }
}

impl Session<'_> {
    /// Shows at the terminal that the closing handshake takes long, or what is sent before it.
    pub(super) fn show_closing(&mut self, now: Instant) {
        let is_closing = self.connection.ready_state() == ReadyState::Closing;
        if !self.source.is_typed() || !(is_closing || self.holds_up_end()) {
            self.closing.notice.take_if(|notice| !notice.is_shown); // it would go on waking the loop
            return;
        }
        let Some(notice) = self.closing.notice.as_mut().filter(|it| !(it.is_early && is_closing))
        else {
            self.source.set_closing();
            let at = now + SHOW_CLOSING_AFTER;
            self.closing.notice =
                Some(ClosingNotice { is_early: !is_closing, at, is_shown: false });
            return;
        };
        if notice.is_shown || now < notice.at {
            return;
        }
        notice.is_shown = true;
        self.closing.has_shown_notice = true;
        let is_interrupted = matches!(self.stop, Some(Stop::Signal(Signal::Interrupt)));
        let awaited = match self.socket.is_writable() {
            true if is_closing => "the server's Close frame",
            true => "what is before it to be sent",
            false => "the server to read what is being sent",
        };
        let text = closing_text(awaited, is_interrupted);
        self.journal.emit(EventKind::Notice(Level::Info, &text));
    }

    /// Stops waiting for the Close frame of a peer that goes on sending. While outputs are slower than the peer, its clock
    /// is paused most of the time.
    pub(super) fn end_flood(&mut self, real: Instant) {
        let is_written = self.connection.pending_output().is_empty();
        if self.connection.ready_state() != ReadyState::Closing || !is_written {
            self.closing.written = None;
            return;
        }
        let received = self.connection.received_counters().wire_bytes;
        let (since, before) = *self.closing.written.get_or_insert((real, received));
        let limit = self.connection.close_timeout();
        let is_late = limit.is_some_and(|limit| real.saturating_duration_since(since) > limit);
        if is_late && received - before > MAX_AFTER_CLOSE {
            self.connection.stop_waiting();
        }
    }

    pub(super) fn on_signal(&mut self, signal: Signal) {
        if signal == Signal::Interrupt && self.connection.is_open() && self.source.clear_line() {
            return;
        }
        self.end_run(Stop::Signal(signal));
    }

    /// Ends TCP without a Close frame, behind what was sent before.
    pub(super) fn end_tcp(&mut self, is_reset: bool) {
        if self.connection.is_open() {
            self.closing.tcp_end = Some(if is_reset { TcpEnd::Reset } else { TcpEnd::Fin });
            self.stop.get_or_insert(Stop::Requested);
        }
    }

    /// Does so if all of that is written.
    pub(super) fn end_tcp_if_written(&mut self) {
        if self.closing.ends_tcp() && self.connection.pending_output().is_empty() {
            self.connection.abandon();
        }
    }

    /// Ends the run within [`CLOSE_LIMIT`]; called again, at once.
    pub(super) fn end_run(&mut self, stop: Stop) {
        let now = Instant::now();
        let is_signal = matches!(stop, Stop::Signal(_));
        if !self.closing.has_deadline() {
            let outputs = self.journal.outputs();
            self.closing.taken = outputs.taken();
            let has_display = is_signal && outputs.have_display();
            if has_display {
                outputs.end(true); // a long output ends at once on the screen
            }
            if !has_display || outputs.are_recorded() {
                self.closing.grace = Some(OutputGrace::new(outputs.taken(), now));
            }
        } else if matches!(stop, Stop::Signal(Signal::Hangup)) {
            return; // a closed terminal is reported more than once: by processes, and by its own error
        }
        let is_answer =
            self.closing.has_shown_notice && matches!(stop, Stop::Signal(Signal::Interrupt));
        if self.closing.has_deadline() || is_answer {
            self.closing.deadline = Some(now);
            self.source.on_end(now, None);
            self.connection.abandon();
            if is_signal && !self.has_failed_before(&stop) {
                self.stop = Some(stop);
            }
            return;
        }
        self.closing.deadline = Some(now + CLOSE_LIMIT);
        self.source.on_end(now + CLOSE_LIMIT, stop.signal());
        self.write_socket();
        self.drop_unsent_if_ending();
        self.close_for(&stop);
        let has_met_goals = !is_signal && matches!(self.stop, Some(Stop::GoalsMet));
        if !has_met_goals && !self.has_failed_before(&stop) {
            self.stop = Some(stop);
        }
    }

    /// Whether the run ends because of a failure on this machine: a signal only ends the wait for the peer then. A
    /// terminal that was closed causes both, in any order.
    fn has_failed_before(&self, stop: &Stop) -> bool {
        let is_hangup = matches!(stop, Stop::Signal(Signal::Hangup));
        matches!(self.stop, Some(Stop::OutputFailed(_) | Stop::System(_))) && !is_hangup
    }

    /// Drops what has no room in an output, once outputs are not waited for any more.
    pub(super) fn end_output_grace(&mut self, now: Instant) {
        let Some(grace) = &mut self.closing.grace else { return };
        let outputs = self.journal.outputs();
        if grace.is_over(outputs.taken(), outputs.are_drained(), now) {
            self.closing.grace = None;
            outputs.end(false);
        }
    }

    /// Once the run or the peer ends the connection, drops frames of which a stalled transport has taken
    /// nothing: the Close frame does not wait for them.
    pub(super) fn drop_unsent_if_ending(&mut self) {
        let is_ending =
            self.closing.has_deadline() || self.connection.ready_state() == ReadyState::Closed;
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
            self.end_at(error);
        }
    }

    fn end_at(&mut self, error: OutputError) {
        if terminal::is_gone() {
            return self.end_run(Stop::Signal(Signal::Hangup));
        }
        if !error.is_closed_pipe() {
            return self.end_unwritable(error);
        }
        // A goal is judged whether or not anyone reads.
        if matches!(self.observers.progress(), Some(Progress::Open | Progress::Missed)) {
            return;
        }
        if self.connection.is_open() {
            self.end(Stop::OutputClosed);
        } else if self.connection.ready_state() == ReadyState::Closing
            && matches!(self.stop, Some(Stop::Requested))
        {
            // Nobody needs to know how the peer answers our Close frame.
            self.stop = Some(Stop::OutputClosed);
        }
    }

    fn end_unwritable(&mut self, error: OutputError) {
        let stop = Stop::OutputFailed(error);
        if self.connection.is_open() {
            self.end(stop);
        } else {
            self.stop = Some(stop);
        }
    }

    /// Counts what was not delivered.
    pub(super) fn count_lost(&mut self) {
        let unsent = self.connection.unsent_messages();
        self.note_unsent(unsent);
        if self.closing.has_deadline() {
            let waiting = self.source.take_waiting_messages();
            self.lost.sent += waiting;
            let outputs = self.journal.outputs();
            self.lost.is_slow = outputs.taken() > self.closing.taken;
            (self.lost.received, self.lost.bytes) = outputs.give_up();
            let is_read = self.input.has_ended || self.source.is_typed();
            self.lost.input_left = self.lost.sent > 0 && !is_read;
        } else if matches!(self.stop, Some(Stop::Requested))
            && self.input.error.is_none()
            && !self.source.is_typed()
        {
            self.lost.sent += self.count_input_behind_close();
            self.lost.input_left = self.lost.sent > 0 && !self.input.has_ended;
        }
    }

    /// The messages in the input behind the command that closed the connection, as far as they are available.
    fn count_input_behind_close(&mut self) -> u64 {
        let mut messages = self.source.take_waiting_messages();
        for _ in 0..READS_BEHIND_CLOSE {
            if self.input.has_ended {
                break;
            }
            messages += match self.source.next(self.reactor.registry()) {
                Next::Message(..) => 1,
                Next::Action(action) => u64::from(action.is_message()),
                Next::Pending => break,
                Next::End | Next::Failed(_) => {
                    self.input.has_ended = true;
                    0
                }
            };
            messages += self.source.take_waiting_messages();
        }
        messages
    }
}

/// After the connection: waits however long the readers take, unless the run is being ended.
impl Drain for Session<'_> {
    fn outputs(&mut self) -> &mut impl Buffered {
        self.journal.outputs()
    }

    fn on_output_error(&mut self, error: OutputError) -> ControlFlow<()> {
        self.end_at(error);
        ControlFlow::Continue(())
    }

    fn on_flushed(&mut self) {
        let has_expired = self.plan.max_time.is_some_and(|end| Instant::now() >= end);
        if has_expired && !self.closing.has_deadline() {
            self.end_run(Stop::MaxTime);
        }
    }

    fn wait(&mut self) -> ControlFlow<()> {
        let until = self.closing.deadline().or(self.plan.max_time);
        let is_late = self.closing.is_overdue(Instant::now());
        match is_late || self.wait_until(until).is_err() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
