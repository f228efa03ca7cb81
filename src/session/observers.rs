//! The observers of a session.

use std::time::Instant;

use crate::event::EventKind;
use crate::input::Action;
use crate::observer::{Observed, Observer, ObserverResponse, Progress, overall};
use crate::protocol::Payload;
use crate::protocol::vocabulary::Partial;

/// The observers of a session, and what they have responded since the session last acted on it.
pub(super) struct Observers {
    list: Vec<Box<dyn Observer>>,
    want_sent: bool,
    want_partial: bool,
    /// What they know of what was received in part.
    partial: Option<Partial>,
    response: ObserverResponse,
}

impl Observers {
    pub(super) fn new(list: Vec<Box<dyn Observer>>) -> Self {
        let want_sent = list.iter().any(|observer| observer.wants_sent());
        let want_partial = list.iter().any(|observer| observer.wants_partial());
        let response = ObserverResponse::default();
        Self { list, want_sent, want_partial, partial: None, response }
    }

    /// Whether they want to know what was received in part.
    pub(super) fn want_partial(&self) -> bool {
        self.want_partial
    }

    /// What was received in part.
    pub(super) fn on_partial(&mut self, partial: Option<Partial>) {
        if self.partial != partial {
            self.partial = partial;
            self.list.iter_mut().for_each(|observer| observer.on_partial(partial));
        }
    }

    /// Whether no event needs to be built for them.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether they receive data messages that we send.
    #[inline]
    pub(super) fn want_sent(&self) -> bool {
        self.want_sent
    }

    /// Hands an event to all of them.
    #[inline]
    pub(super) fn on_event(
        &mut self,
        at: Instant,
        event: &EventKind<'_>,
        payload: Option<&Payload>,
    ) -> ObserverResponse {
        if self.is_empty() {
            return ObserverResponse::default();
        }
        self.dispatch(&Observed { at, event, payload })
    }

    fn dispatch(&mut self, event: &Observed<'_>) -> ObserverResponse {
        let mut response = ObserverResponse::default();
        let were_open = self.progress() == Some(Progress::Open);
        for observer in &mut self.list {
            response = response.and(observer.on_event(event));
        }
        response.surplus &= !were_open; // what another goal still waits for is no surplus
        self.response = self.response.and(response);
        response
    }

    /// Whether there is something to do since [`Observers::take_response`] was last called.
    #[inline]
    pub(super) fn have_response(&self) -> bool {
        self.response.acts || self.response.is_decided
    }

    /// What they have responded since this was last called.
    pub(super) fn take_response(&mut self) -> ObserverResponse {
        std::mem::take(&mut self.response)
    }

    /// The next action of any of them.
    pub(super) fn next_action(&mut self) -> Option<Action> {
        self.list.iter_mut().find_map(|observer| observer.next_action())
    }

    /// The earliest of their deadlines, by the peer's clock.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.list.iter().filter_map(|observer| observer.deadline()).min()
    }

    /// The earliest of their deadlines in real time.
    pub(super) fn real_deadline(&self) -> Option<Instant> {
        self.list.iter().filter_map(|observer| observer.real_deadline()).min()
    }

    /// Calls those whose deadline has passed by the peer's clock.
    pub(super) fn on_deadline(&mut self, now: Instant) {
        self.call(now, |observer| observer.deadline());
    }

    /// Calls those whose deadline has passed in real time.
    pub(super) fn on_real_deadline(&mut self, real: Instant) {
        self.call(real, |observer| observer.real_deadline());
    }

    fn call(&mut self, now: Instant, deadline: impl Fn(&dyn Observer) -> Option<Instant>) {
        for observer in &mut self.list {
            if deadline(&**observer).is_some_and(|deadline| now >= deadline) {
                self.response = self.response.and(observer.on_deadline(now));
            }
        }
    }

    /// The progress of all goals together; `None` without goals.
    pub(super) fn progress(&self) -> Option<Progress> {
        overall(&self.list)
    }

    /// The observers that the plan had.
    pub(super) fn into_list(self) -> Vec<Box<dyn Observer>> {
        self.list
    }
}
