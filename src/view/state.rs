//! What changes in a view: what is kept, what is held back, and how lines begin.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::latency::Latencies;
use super::scrollback::{Kept, Scrollback};
use super::{Decision, Filters, Timestamps};
use crate::event::{Event, EventKind, Mark, Message, OwnedTransit};

/// The state of a view.
#[derive(Debug)]
pub(super) struct State {
    filters: Filters,
    scrollback: Scrollback,
    latencies: Latencies,
    /// The number of the last message.
    last_number: u64,
    display: Display,
    /// The user has paused it.
    is_paused: bool,
    /// A pause has ended, and that is still to be shown before the messages.
    is_announcing: bool,
    /// How many `Hold`s exist.
    holds: usize,
    /// How times are shown.
    pub(super) timestamps: Option<Timestamps>,
    /// Times were requested, not only shown because they belong to a list of frames.
    pub(super) times_typed_lines: bool,
    /// When the last line was shown that has a time.
    pub(super) last_line: Duration,
    /// Numbers of messages are shown.
    pub(super) shows_numbers: bool,
    /// The names of connections, by their numbers. One that is opened again has another number and the same name.
    pub(super) names: BTreeMap<u64, String>,
}

/// Whether messages are shown when they occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Display {
    Live,
    Behind {
        /// They are not shown yet from this number on.
        next: u64,
        /// How many of those that are kept are to be shown.
        waiting: u64,
        /// How many more are not kept any more.
        lost: u64,
    },
}

impl State {
    pub(super) fn new(filters: Filters, limit: usize) -> Self {
        Self {
            filters,
            scrollback: Scrollback::new(limit),
            latencies: Latencies::default(),
            last_number: 0,
            display: Display::Live,
            is_paused: false,
            is_announcing: false,
            holds: 0,
            timestamps: None,
            times_typed_lines: false,
            last_line: Duration::ZERO,
            shows_numbers: false,
            names: BTreeMap::new(),
        }
    }

    pub(super) fn set_timestamps(&mut self, timestamps: Option<Timestamps>) {
        self.timestamps = timestamps;
        self.times_typed_lines = timestamps.is_some();
    }

    pub(super) fn scrollback(&self) -> &Scrollback {
        &self.scrollback
    }

    /// The last text message that was sent on the connection of this name; on any of them if the name is empty.
    pub(super) fn last_sent_text(&self, name: &str) -> Option<Kept> {
        // A message without a number was sent while there was only the first one.
        let name_of = |connection: Option<u64>| match connection {
            Some(number) => self.names.get(&number),
            None => self.names.values().next(),
        };
        self.scrollback.last_sent_text(|connection| {
            name.is_empty() || name_of(connection).is_none_or(|it| it == name)
        })
    }

    pub(super) fn filters(&self) -> &Filters {
        &self.filters
    }

    pub(super) fn keeps_messages(&self) -> bool {
        self.scrollback.keeps_messages()
    }

    /// Numbers and keeps a message, and decides whether an event is shown now.
    pub(super) fn decide(&mut self, event: &Event<'_>) -> Decision {
        let mut is_shown = self.filters.accept(event);
        let message = match &event.what {
            EventKind::Message(message) => message,
            EventKind::Shown(_) => {
                self.is_announcing = false;
                return Decision::show(is_shown);
            }
            // Frames of messages that are held back are not shown.
            EventKind::Frame(frame) if !frame.raw && !frame.header.opcode.is_control() => {
                return Decision::show(is_shown && self.display == Display::Live);
            }
            _ => return Decision::show(is_shown),
        };
        let lost = self.lost();
        let mark = self.keep(event, message);
        let is_full = lost == 0 && self.lost() > 0;
        // What was typed is visible already: the outputs only have to know of it.
        if !message.typed
            && let Display::Behind { waiting, .. } = &mut self.display
        {
            *waiting += u64::from(is_shown);
            is_shown = false;
        }
        Decision { mark: Some(mark), is_shown, is_full }
    }

    fn lost(&self) -> u64 {
        match self.display {
            Display::Live => 0,
            Display::Behind { lost, .. } => lost,
        }
    }

    fn keep(&mut self, event: &Event<'_>, message: &Message<'_>) -> Mark {
        self.last_number += 1;
        let mut mark = Mark { number: self.last_number, latency: None };
        if !self.keeps_messages() {
            return mark;
        }
        let Message { direction, kind, data, wire_size, compressed, frames, typed, .. } = *message;
        mark.latency = self.latencies.observe(event.connection, direction, data, event.at.elapsed);
        let kept = Kept {
            number: mark.number,
            connection: event.connection,
            at: event.at,
            direction,
            kind,
            data: Bytes::copy_from_slice(data),
            wire_size,
            compressed,
            frames,
            typed,
            latency: mark.latency,
            transit: event.transit.as_ref().map(OwnedTransit::of),
        };
        let Self { scrollback, display, filters, .. } = self;
        scrollback.push(kept, |dropped| {
            if let Display::Behind { next, waiting, lost } = display
                && dropped.number >= *next
                && is_due(filters, dropped)
            {
                *waiting = waiting.saturating_sub(1);
                *lost += 1;
            }
        });
        mark
    }

    fn is_held(&self) -> bool {
        self.is_paused || self.is_announcing || self.holds > 0
    }

    pub(super) fn is_catching_up(&self) -> bool {
        self.display != Display::Live && !self.is_held()
    }

    pub(super) fn next_waiting(&mut self) -> Option<Kept> {
        let Display::Behind { next, waiting, lost } = self.display else { return None };
        if self.is_held() {
            return None;
        }
        let is_due = |kept: &&Kept| is_due(&self.filters, kept);
        let Some(kept) = self.scrollback.from(next).find(is_due).cloned() else {
            self.display = Display::Live;
            return None;
        };
        let waiting = waiting.saturating_sub(1);
        self.display = Display::Behind { next: kept.number + 1, waiting, lost };
        Some(kept)
    }

    pub(super) fn pause(&mut self) {
        self.is_paused = true;
        self.hold_back();
    }

    /// Ends the user's pause: how many messages are still kept of those that were held back, and how many are not. They
    /// are shown once the next text of a command was, or at once if `at_once`.
    pub(super) fn resume(&mut self, at_once: bool) -> Option<(u64, u64)> {
        self.is_announcing = !at_once && self.is_paused;
        if !std::mem::take(&mut self.is_paused) {
            return None;
        }
        match self.display {
            Display::Live => Some((0, 0)),
            Display::Behind { waiting, lost, .. } => Some((waiting, lost)),
        }
    }

    pub(super) fn paused(&self) -> Option<u64> {
        match self.display {
            Display::Behind { waiting, .. } if self.is_paused => Some(waiting),
            _ => None,
        }
    }

    pub(super) fn hold(&mut self) {
        self.holds += 1;
        self.hold_back();
    }

    pub(super) fn unhold(&mut self) {
        self.holds = self.holds.saturating_sub(1);
    }

    fn hold_back(&mut self) {
        if self.display == Display::Live {
            self.display = Display::Behind { next: self.last_number + 1, waiting: 0, lost: 0 };
        }
    }

    /// Changes the filters. What waits is counted anew.
    pub(super) fn change_filters(&mut self, change: impl FnOnce(&mut Filters)) {
        change(&mut self.filters);
        if let Display::Behind { next, lost, .. } = self.display {
            let is_due = |kept: &&Kept| is_due(&self.filters, kept);
            let waiting = self.scrollback.from(next).filter(is_due).count() as u64;
            self.display = Display::Behind { next, waiting, lost };
        }
    }
}

/// Whether a message that was held back is to be shown: one that was typed is visible already.
fn is_due(filters: &Filters, kept: &Kept) -> bool {
    !kept.typed && filters.accept_message(kept.connection, &kept.message())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use std::time::SystemTime;

    use super::*;
    use crate::event::{Shown, Stamp, Touch, Transit};
    use crate::protocol::MessageKind;
    use crate::protocol::vocabulary::Direction;
    use crate::view::DisplayFilter;
    use crate::view::scrollback::SCROLLBACK;

    impl State {
        fn received(&mut self, data: &str) -> Decision {
            self.decide(&event(Direction::Received, data, false))
        }
    }

    fn event(direction: Direction, data: &str, typed: bool) -> Event<'_> {
        let message =
            Message { direction, typed, ..Message::received(MessageKind::Text, data.as_bytes()) };
        Event {
            at: Stamp { wall: SystemTime::UNIX_EPOCH, elapsed: Duration::ZERO },
            connection: None,
            mark: None,
            transit: None,
            what: EventKind::Message(message),
        }
    }

    #[derive(Debug)]
    struct Contains(&'static str);

    impl DisplayFilter for Contains {
        fn source(&self) -> &str {
            self.0
        }

        fn accepts_message(&self, _: Direction, _: MessageKind, data: &[u8]) -> bool {
            String::from_utf8_lossy(data).contains(self.0)
        }

        fn accepts_control(&self, _: Direction, _: bool, _: &[u8]) -> bool {
            false
        }

        fn is_about_content(&self) -> bool {
            true
        }

        fn connection(&self) -> Option<u64> {
            None
        }
    }

    fn waiting(state: &mut State) -> Vec<u64> {
        std::iter::from_fn(|| state.next_waiting()).map(|kept| kept.number).collect()
    }

    #[test]
    fn messages_are_numbered_and_shown() {
        let mut state = State::new(Filters::default(), SCROLLBACK);
        for number in 1..=3 {
            let decision = state.received("a");
            assert_eq!(decision.mark.map(|mark| mark.number), Some(number));
            assert!(decision.is_shown);
        }
        let notice = Event {
            what: EventKind::Notice(crate::event::Level::Info, "x"),
            ..event(Direction::Sent, "", false)
        };
        assert_eq!(state.decide(&notice), Decision::show(true));
    }

    #[test]
    fn what_passes_a_proxy_is_kept_with_what_was_done_to_it() {
        let mut state = State::new(Filters::default(), SCROLLBACK);
        state.pause();
        let touch = Touch { rule: Some(2), action: "drop", changed_to: None, held: None };
        for touch in [Some(&touch), None] {
            let transit = Some(Transit { touch, ..Transit::default() });
            state.decide(&Event { transit, ..event(Direction::Sent, "a", false) });
        }
        state.received("b");
        state.resume(true);
        let touches: Vec<_> = std::iter::from_fn(|| state.next_waiting())
            .map(|kept| kept.transit.map(|it| it.touch.map(|touch| touch.action)))
            .collect();
        assert_eq!(touches, [Some(Some("drop".to_owned())), Some(None), None]);
    }

    #[test]
    fn what_waits_during_a_pause_is_shown_afterwards_in_order() {
        let mut state = State::new(Filters::default(), SCROLLBACK);
        state.received("a");
        state.pause();
        assert!(!state.received("b").is_shown);
        assert!(state.decide(&event(Direction::Sent, "typed", true)).is_shown);
        assert!(!state.received("c").is_shown);
        assert_eq!(state.paused(), Some(2));
        assert_eq!(waiting(&mut state), [0; 0], "it is still paused");
        assert_eq!(state.resume(false), Some((2, 0)));
        assert_eq!(waiting(&mut state), [0; 0], "that it goes on is shown first");
        let resumed = EventKind::Shown(Shown::Text("resumed"));
        state.decide(&Event { what: resumed, ..event(Direction::Sent, "", false) });
        assert_eq!(state.resume(false), None);
        assert!(!state.received("d").is_shown, "it comes after those that wait");
        assert!(state.is_catching_up());
        assert_eq!(waiting(&mut state), [2, 4, 5]);
        assert!(!state.is_catching_up());
        assert!(state.received("e").is_shown);
    }

    #[test]
    fn something_else_may_hold_the_terminal_during_a_pause() {
        let mut state = State::new(Filters::default(), SCROLLBACK);
        state.hold();
        assert!(!state.received("a").is_shown);
        assert_eq!(state.paused(), None, "the user has not paused it");
        state.pause();
        state.unhold();
        assert!(!state.received("b").is_shown);
        assert_eq!(state.paused(), Some(2));
        state.resume(true);
        assert_eq!(waiting(&mut state), [1, 2]);
    }

    #[test]
    fn filters_choose_what_is_shown_and_counted() {
        let mut state = State::new(Filters::default(), SCROLLBACK);
        state.change_filters(|filters| filters.only.push(Arc::new(Contains("a"))));
        assert!(state.received("a").is_shown);
        assert!(!state.received("b").is_shown);
        state.change_filters(|filters| filters.mute.push(Arc::new(Contains("ab"))));
        assert!(!state.received("ab").is_shown);
        state.pause();
        for data in ["a", "b", "a", "ab"] {
            state.received(data);
        }
        assert_eq!(state.paused(), Some(2));
        state.change_filters(|filters| filters.mute.clear());
        assert_eq!(state.paused(), Some(3));
        state.resume(true);
        assert_eq!(waiting(&mut state), [4, 6, 7]);
    }

    #[test]
    fn what_no_longer_fits_is_counted() {
        let mut state = State::new(Filters::default(), 2000);
        state.pause();
        let full = (0..100).filter(|_| state.received("some text").is_full);
        assert_eq!(full.count(), 1, "it is said once");
        let kept = state.scrollback().from(0).count() as u64;
        assert_eq!(state.paused(), Some(kept));
        assert_eq!(state.resume(true), Some((kept, 100 - kept)));
        assert_eq!(waiting(&mut state).len() as u64, kept);
    }
}
