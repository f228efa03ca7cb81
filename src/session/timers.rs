//! The timers of a session. Those that judge the peer run by the peer's clock, `--max-time` and
//! our own pings by the real one.

use std::time::{Duration, Instant};

use super::leaving::Closing;
use super::patience::Patience;
use super::{AfterInput, Session, Stop, resend};
use crate::event::{EventKind, Level};
use crate::protocol::keepalive::{Keepalive, KeepaliveTime};

/// How long timers are put off for what can be read: a peer that never pauses must not stop them.
const MAX_BEHIND: Duration = Duration::from_millis(500);

/// A wait that ends later than this after its time was not ours: the process was stopped.
const MAX_OVERSLEPT: Duration = Duration::from_millis(20);

/// How soon to look again whether other connections have freed their memory.
const BUDGET_INTERVAL: Duration = Duration::from_millis(100);

/// An output that has been stalled for this long keeps what it still needs of a long message itself, and the
/// connection's copy of it is freed. Sooner, the next message would need the memory again.
const FREE_AFTER: Duration = Duration::from_millis(200);

/// So much memory is kept all the same.
const KEEP_WHEN_STALLED: usize = 1 << 20;

/// A wait of the loop.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wait {
    pub(super) began: Instant,
    /// When it had to end at the latest.
    pub(super) until: Option<Instant>,
}

impl Session<'_> {
    /// Takes note that a wait is over, and leaves the time out in which the process was stopped.
    pub(super) fn note_wake(&mut self, wait: Wait, is_signalled: bool) {
        let real = Instant::now();
        let was_stopped =
            self.reactor.was_interrupted() || (is_signalled && self.reactor.take_continued());
        // A time that was over before is no reason to think so.
        let due = wait.until.map(|until| until.max(wait.began));
        let overslept = due.map_or(Duration::ZERO, |due| real.saturating_duration_since(due));
        let gap = match was_stopped {
            // When it began is not known.
            true => real.saturating_duration_since(self.woke),
            false if overslept > MAX_OVERSLEPT => overslept,
            false => Duration::ZERO,
        };
        self.clock.skip(gap);
        self.woke = real;
        self.now = self.clock.at(real);
    }

    /// Whether there is something to be read, and room for it.
    pub(super) fn is_behind(&self) -> bool {
        self.can_read() && self.socket.is_readable()
    }

    /// Whether an output is stalled, or all connections together hold more than they may, so that
    /// nothing is read.
    pub(super) fn is_stalled_by_output(&self) -> bool {
        (self.leave_by.is_none() || self.patience.is_some())
            && (self.journal.is_backed_up() || self.connection.is_over_budget())
    }

    /// Whether the next bytes of a frame that was begun are not there yet: the disk is slow, not the
    /// peer.
    fn awaits_file(&self) -> bool {
        self.connection.is_inside_frame() && self.connection.pending_output().is_empty()
    }

    /// When the next timer expires.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let keepalive = self.keepalive.as_ref().filter(|_| self.leave_by.is_none());
        let late = keepalive.and_then(Keepalive::deadline);
        let for_peer = [self.connection.deadline(), self.silence_deadline(), late];
        let for_peer = for_peer.into_iter().flatten().filter_map(|time| self.clock.real(time));
        let own = match self.leave_by {
            Some(until) => [Some(until), self.patience.as_ref().map(Patience::deadline)],
            None => [self.plan.max_time, keepalive.and_then(Keepalive::next_ping)],
        };
        let closing = self.closing.as_ref().and_then(Closing::deadline);
        let shutdown = self.source.shutdown().map(|shutdown| shutdown.until);
        let own = own.into_iter().chain([shutdown, closing, self.free_deadline()]);
        // What other connections free is not announced.
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

    /// When the wait after the end of the input is over, by the peer's clock.
    fn silence_deadline(&self) -> Option<Instant> {
        match self.plan.after_input {
            AfterInput::Silence(duration) if self.is_waiting() => {
                self.last_data.checked_add(duration)
            }
            _ => None,
        }
    }

    /// All input has been sent, and nothing else is to be done.
    fn is_waiting(&self) -> bool {
        self.input_ended
            && self.plan.presets.is_empty()
            && self.upload.is_none()
            && self.resend.as_ref().is_none_or(resend::Resend::is_through)
            && self.connection.is_open()
            && self.connection.pending_output().is_empty()
    }

    /// Runs the timers that have expired.
    pub(super) fn check_time(&mut self) {
        let real = Instant::now();
        if self.leave_by.is_none() && self.plan.max_time.is_some_and(|end| real >= end) {
            self.leave(Stop::MaxTime);
        }
        self.end_patience(real);
        if self.leave_by.is_some_and(|until| real >= until) {
            self.connection.abandon();
        }
        self.show_closing(real);
        let is_stalled = self.leave_by.is_none()
            && (self.has_more_events || self.journal.is_backed_up() || self.awaits_file());
        self.clock.set_stalled(is_stalled, real);
        self.free_memory(real);
        let held = self.journal.outputs().held();
        let least = self.least_kept();
        if self.connection.check_memory(held, least, self.clock.at(real)) {
            self.reactions.forget();
        }
        // The peer's answer may be there already.
        if self.is_put_off(real) {
            return;
        }
        let now = self.clock.at(real);
        self.connection.on_deadline(now);
        self.keep_alive(KeepaliveTime { real, peer: now, is_stalled });
        self.judge_silence(now);
    }

    /// Whether the timers that judge the peer have to wait for what can be read.
    fn is_put_off(&mut self, real: Instant) -> bool {
        if !self.is_behind() {
            self.behind = None;
            return false;
        }
        real.saturating_duration_since(*self.behind.get_or_insert(real)) < MAX_BEHIND
    }

    fn judge_silence(&mut self, now: Instant) {
        match self.plan.after_input {
            AfterInput::Close if self.is_waiting() => self.end(Stop::Asked),
            AfterInput::Silence(wait) if self.silence_deadline().is_some_and(|end| now >= end) => {
                self.note_silence(wait);
                self.end(Stop::Asked);
            }
            _ => {}
        }
    }

    fn note_silence(&mut self, wait: Duration) {
        let sent = self.connection.sent_counters().messages;
        let received = self.connection.received_counters().messages;
        if sent > 0 && received == self.received_before_send {
            let text = format!(
                "nothing was received in the {wait:?} after the last message was sent; --wait TIME waits longer"
            );
            self.journal.emit(EventKind::Notice(Level::Warning, &text));
        }
    }
}
