//! What a display shows of the messages of a run: filters, times, numbers, pauses, and the messages that a prompt can
//! show again.
//!
//! A [`View`] is shared by the outputs, which ask it what to show, and by the prompt, whose commands change it.

mod filter;
mod latency;
mod scrollback;
mod state;
mod time;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use mio::Waker;

use crate::event::{Clock, Event, EventKind, Mark, Stamp};

pub use filter::{DisplayFilter, Filters};
pub use latency::{Latencies, Requests};
pub use scrollback::{Kept, SCROLLBACK};
use state::State;
pub use time::Timestamps;

/// How many messages are visited while the outputs wait.
const VISITED_AT_ONCE: usize = 256;

/// What the displays of a run show, and what its prompt can show again.
#[derive(Debug)]
pub struct View {
    clock: Clock,
    state: Mutex<State>,
    /// Notified when the number of messages that a pause holds back has changed.
    paused: Condvar,
    /// Wakes the loop that shows what waits.
    waker: OnceLock<Arc<Waker>>,
}

/// What an output does with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The number of the message, and the time since the request that it answers.
    pub mark: Option<Mark>,
    /// Whether it is shown now.
    pub is_shown: bool,
    /// From now on messages that are held back are dropped, the oldest first: more do not fit.
    pub is_full: bool,
}

impl Decision {
    /// For what is no message.
    const fn show(is_shown: bool) -> Self {
        Self { mark: None, is_shown, is_full: false }
    }
}

impl View {
    /// A view that shows what `filters` accept. It keeps messages of at most `limit` bytes together; 0: none.
    pub fn new(
        clock: Clock,
        filters: Filters,
        timestamps: Option<Timestamps>,
        limit: usize,
    ) -> Self {
        let mut state = State::new(filters, limit);
        state.set_timestamps(timestamps);
        Self { clock, state: Mutex::new(state), paused: Condvar::new(), waker: OnceLock::new() }
    }

    /// Sets what wakes the loop that calls [`View::next_waiting`]. The first one counts.
    pub fn set_waker(&self, waker: Arc<Waker>) {
        let _ = self.waker.set(waker); // one loop shows what waits
    }

    /// Numbers and keeps a message, and decides whether an event is shown now.
    pub fn decide(&self, event: &Event<'_>) -> Decision {
        let mut state = self.state();
        let before = state.paused();
        let decision = state.decide(event);
        if state.paused() != before {
            self.paused.notify_all();
        }
        decision
    }

    /// The command whose filters hide this: `filter` or `mute`.
    pub fn hidden_by(&self, connection: Option<u64>, what: &EventKind<'_>) -> Option<&'static str> {
        self.state().filters().hidden_by(connection, what)
    }

    /// Whether it needs the events of messages that we send.
    pub fn keeps_messages(&self) -> bool {
        self.state().keeps_messages()
    }

    /// The next message that was held back and is to be shown; `None`: from now on messages are shown at once, or
    /// they are still being held back.
    pub fn next_waiting(&self) -> Option<Kept> {
        self.state().next_waiting()
    }

    /// Whether [`View::next_waiting`] may return a message.
    pub fn is_catching_up(&self) -> bool {
        self.state().is_catching_up()
    }

    /// Holds messages back until [`View::resume`].
    pub fn pause(&self) {
        self.state().pause();
    }

    /// Ends a pause. Returns how many messages that were held back are kept, and how many were dropped; `None`: there
    /// was no pause. They are shown after the next text that a command shows, or at once if `at_once`.
    pub fn resume(&self, at_once: bool) -> Option<(u64, u64)> {
        let resumed = self.state().resume(at_once);
        self.wake();
        resumed
    }

    /// The time now.
    pub fn now(&self) -> Stamp {
        self.clock.now()
    }

    /// How many messages are held back, if the user has paused the display.
    pub fn paused(&self) -> Option<u64> {
        self.state().paused()
    }

    /// Waits until the number of messages that a pause holds back is not `shown` any more, and returns it.
    pub fn wait_for_held_back(&self, shown: u64) -> u64 {
        let mut state = self.state();
        loop {
            match state.paused() {
                Some(count) if count != shown => return count,
                _ => state = self.paused.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Holds messages back, as [`View::pause`], until the value that is returned is dropped: something else has the
    /// terminal.
    pub fn hold(self: &Arc<Self>) -> Hold {
        self.state().hold();
        Hold { view: Arc::clone(self) }
    }

    /// The message with this number; without a number the last received one.
    pub fn message(&self, number: Option<u64>) -> Option<Kept> {
        self.state().scrollback().message(number)
    }

    /// The last message that was sent.
    pub fn last_sent(&self) -> Option<Kept> {
        self.state().scrollback().last_sent()
    }

    /// The last text message that was sent on the connection of this name; on any of them if the name is empty.
    pub fn last_sent_text(&self, name: &str) -> Option<Kept> {
        self.state().last_sent_text(name)
    }

    /// The newest messages, newest first, of at most this many bytes together.
    pub fn recent(&self, bytes: usize) -> Vec<Kept> {
        self.state().scrollback().recent(bytes)
    }

    /// The numbers of the oldest and the newest message that are kept.
    pub fn kept(&self) -> Option<(u64, u64)> {
        self.state().scrollback().range()
    }

    /// Passes each kept message to `visit`, oldest first. The outputs wait for a part of them only.
    pub fn visit(&self, mut visit: impl FnMut(&Kept)) {
        let mut next = 0;
        loop {
            let part: Vec<Kept> =
                self.state().scrollback().from(next).take(VISITED_AT_ONCE).cloned().collect();
            let Some(last) = part.last() else { return };
            next = last.number + 1;
            part.iter().for_each(&mut visit);
        }
    }

    /// Changes the filters.
    pub fn change_filters(&self, change: impl FnOnce(&mut Filters)) {
        self.state().change_filters(change);
    }

    /// The filters: those of what is shown, and of what is not.
    pub fn filters(&self) -> Filters {
        self.state().filters().clone()
    }

    /// How times are shown.
    pub fn timestamps(&self) -> Option<Timestamps> {
        self.state().timestamps
    }

    /// How times are shown before lines that are typed.
    pub fn times_of_typed_lines(&self) -> Option<Timestamps> {
        let state = self.state();
        state.timestamps.filter(|_| state.times_typed_lines)
    }

    /// Lines that are typed are shown without times until [`View::set_timestamps`] is called.
    pub fn leave_typed_lines(&self) {
        self.state().times_typed_lines = false;
    }

    /// Sets how times are shown.
    pub fn set_timestamps(&self, timestamps: Option<Timestamps>) {
        self.state().set_timestamps(timestamps);
    }

    /// Whether numbers of messages are shown.
    pub fn shows_numbers(&self) -> bool {
        self.state().shows_numbers
    }

    /// Sets whether numbers of messages are shown.
    pub fn set_numbers(&self, on: bool) {
        self.state().shows_numbers = on;
    }

    /// Gives a connection a name.
    pub fn name_connection(&self, number: u64, name: &str) {
        self.state().names.insert(number, name.to_owned());
    }

    /// How lines about a connection begin: with its name, or else its number.
    pub fn prefix(&self, number: u64) -> String {
        match self.state().names.get(&number) {
            Some(name) => format!("[{name}] "),
            None => number_prefix(number),
        }
    }

    /// The time now, as it is written before a line that was typed; `None` without times. It counts as that of a line.
    pub fn stamp(&self) -> Option<String> {
        let timestamps = self.times_of_typed_lines()?;
        let now = self.clock.now();
        let text = timestamps.text(now, now.elapsed.saturating_sub(self.last_line()));
        self.set_last_line(now.elapsed);
        Some(text)
    }

    /// When the last line was shown that has a time.
    pub fn last_line(&self) -> Duration {
        self.state().last_line
    }

    /// A line with this time has been shown.
    pub fn set_last_line(&self, at: Duration) {
        self.state().last_line = at;
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.get() {
            let _ = waker.wake(); // its loop has ended
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How lines about a connection without a name begin.
pub fn number_prefix(number: u64) -> String {
    format!("#{number} ")
}

/// Holds messages back while it exists.
#[derive(Debug)]
pub struct Hold {
    view: Arc<View>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.view.state().unhold();
        self.view.wake();
    }
}
