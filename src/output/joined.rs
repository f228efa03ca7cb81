//! Two formats on one outlet: standard output and standard error that lead to the same place.

use super::{Format, Outlet};
use crate::event::Event;
use crate::output::human::Human;

/// What is reported beside the messages, and the messages, in the order of the events.
pub struct Joined {
    beside: Human,
    messages: Box<dyn Format>,
}

impl Joined {
    /// Joins the two. `beside` has no part in showing messages.
    pub fn new(beside: Human, messages: Box<dyn Format>) -> Self {
        Self { beside, messages }
    }
}

impl Format for Joined {
    /// A remark on a message stands before it.
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        self.beside.event(event, out);
        self.messages.event(event, out);
    }

    fn ignores_text(&self) -> bool {
        self.beside.ignores_text() && self.messages.ignores_text()
    }

    fn ignores_sent(&self) -> bool {
        self.beside.ignores_sent() && self.messages.ignores_sent()
    }
}
