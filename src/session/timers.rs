//! The timers of a session. Those that judge the peer use the peer's clock; `--max-time`, `--duration` and our own pings
//! use the real one.

use std::time::{Duration, Instant};

use super::clock::Wait;
use super::{AfterInput, Session, Stop};
use crate::event::{EventKind, Level};
use crate::net::Woken;
use crate::protocol::keepalive::{Keepalive, KeepaliveTime};

/// How often to check whether other connections have freed their memory.
const BUDGET_INTERVAL: Duration = Duration::from_millis(100);

/// An output that has been stalled for this long keeps what it still needs of a long message itself, and the
/// connection's copy is freed. Earlier, the next message would need the memory again.
const FREE_AFTER: Duration = Duration::from_millis(200);

/// Memory up to this size is kept, in bytes.
const KEEP_WHEN_STALLED: usize = 1 << 20;

impl Session<'_> {
    /// A wait of the loop is over.
    pub(super) fn note_wake(&mut self, wait: Wait, woken: &Woken) {
        let was_stopped =
            woken.was_interrupted || (woken.is_signalled && self.reactor.take_continued());
        self.clock.wake(wait, was_stopped);
    }

    /// Whether there is something to read, and room for it.
    pub(super) fn is_behind(&self) -> bool {
        self.can_read() && self.socket.is_readable()
    }

    /// Whether nothing is read because an output is stalled, or because all connections together hold more
    /// memory than they may.
    pub(super) fn is_stalled_by_output(&self) -> bool {
        self.closing.waits_for_outputs()
            && (self.journal.is_backed_up() || self.connection.is_over_budget())
    }

    /// Whether the next bytes of a frame that was begun have not been read from the file yet: the disk is slow,
    /// not the peer.
    fn awaits_file(&self) -> bool {
        self.connection.is_inside_frame() && self.connection.pending_output().is_empty()
    }

    /// When the next timer expires.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let keepalive = self.keepalive.as_ref().filter(|_| !self.closing.has_deadline());
        let late = keepalive.and_then(Keepalive::deadline);
        let observers = self.observers.deadline();
        let for_peer = [self.connection.deadline(), self.silence_deadline(), late, observers];
        let for_peer = for_peer.into_iter().flatten().filter_map(|time| self.clock.real(time));
        let max_time = self.plan.max_time.filter(|_| !self.closing.has_deadline());
        let ping = keepalive.and_then(Keepalive::next_ping);
        let shutdown = self.source.shutdown().map(|shutdown| shutdown.until);
        let observers = self.observers.real_deadline();
        let closing = self.closing.next_deadline();
        let own = [max_time, observers, ping, shutdown, closing, self.free_deadline()].into_iter();
        // Memory that other connections free is not announced.
        let budget = self.connection.is_over_budget().then(|| Instant::now() + BUDGET_INTERVAL);
        for_peer.chain(own.flatten()).chain(budget).min()
    }

    /// When memory is freed because an output is stalled; once for each time that one is.
    fn free_deadline(&self) -> Option<Instant> {
        let since =
            self.clock.stalled_since().filter(|_| self.freed_in != self.clock.stalled_since())?;
        (self.connection.memory_usage() > KEEP_WHEN_STALLED).then(|| since + FREE_AFTER)
    }

    fn free_memory(&mut self, real: Instant) {
        if self.free_deadline().is_some_and(|deadline| real >= deadline) {
            self.connection.release_idle_memory();
            self.freed_in = self.clock.stalled_since();
        }
    }

    /// When the silence after the end of the input has lasted long enough, by the peer's clock.
    fn silence_deadline(&self) -> Option<Instant> {
        match self.plan.after_input {
            AfterInput::Silence(duration) if self.is_waiting() => {
                self.traffic.last_data().checked_add(duration)
            }
            _ => None,
        }
    }

    /// Whether everything has been sent and there is no more input.
    fn is_waiting(&self) -> bool {
        self.input.has_ended
            && self.outgoing.is_empty()
            && self.connection.is_open()
            && self.connection.pending_output().is_empty()
    }

    /// Runs the timers that have expired.
    pub(super) fn check_time(&mut self) {
        let real = Instant::now();
        if !self.closing.has_deadline() && self.plan.max_time.is_some_and(|end| real >= end) {
            self.end_run(Stop::MaxTime);
        }
        self.end_output_grace(real);
        if self.closing.is_overdue(real) {
            self.connection.abandon();
        }
        self.show_closing(real);
        self.end_flood(real);
        self.follow_acknowledged(real);
        let is_stalled = !self.closing.has_deadline()
            && (self.has_more_events || self.journal.is_backed_up() || self.awaits_file());
        self.clock.set_stalled(is_stalled, real);
        self.observers.on_real_deadline(real);
        self.follow_observers();
        self.free_memory(real);
        let held = self.journal.outputs().held();
        let least = self.least_kept();
        if self.connection.check_memory(held, least, self.clock.at(real)) {
            self.reactions.forget();
        }
        // The peer's answer may be there already.
        if self.clock.is_put_off(real, self.is_behind()) {
            return;
        }
        let now = self.clock.at(real);
        self.connection.on_deadline(now);
        self.keep_alive(KeepaliveTime { real, peer: now, is_stalled });
        self.observers.on_deadline(now);
        self.follow_observers();
        self.judge_silence(now);
    }

    fn judge_silence(&mut self, now: Instant) {
        match self.plan.after_input {
            AfterInput::Close if self.is_waiting() => self.end(Stop::Requested),
            AfterInput::Silence(wait) if self.silence_deadline().is_some_and(|end| now >= end) => {
                self.note_silence(wait);
                self.end(Stop::Requested);
            }
            _ => {}
        }
    }

    /// Says why the run ends, unless the messages that were sent have been answered.
    fn note_silence(&mut self, wait: Duration) {
        let is_unanswered = self.traffic.is_unanswered(self.connection.received_counters());
        let (level, text) = match self.connection.sent_counters().messages {
            0 if self.input.error.is_some() => return, // the reason, which the run reports
            0 => (
                Level::Info,
                format!(
                    "closing: the input has ended, and no message was received for {wait:?}; --wait TIME waits longer"
                ),
            ),
            _ if is_unanswered => (
                Level::Warning,
                format!(
                    "nothing was received in the {wait:?} after the last message was sent; --wait TIME waits longer"
                ),
            ),
            _ => return,
        };
        self.journal.emit(EventKind::Notice(level, &text));
    }
}
