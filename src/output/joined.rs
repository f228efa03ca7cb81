//! Two formats on one outlet, for when standard output and standard error are the same file or pipe.

use super::{Format, Outlet};
use crate::event::Event;
use crate::output::human::Human;

/// Messages and remarks, in the order of the events.
pub struct Joined {
    remarks: Human,
    messages: Box<dyn Format>,
}

impl Joined {
    /// Joins the two. `remarks` does not show messages.
    pub fn new(remarks: Human, messages: Box<dyn Format>) -> Self {
        Self { remarks, messages }
    }
}

impl Format for Joined {
    /// A remark on a message is written before it.
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        self.remarks.event(event, out);
        self.messages.event(event, out);
    }

    fn finish(&mut self, out: &mut Outlet) {
        self.remarks.finish(out);
        self.messages.finish(out);
    }

    fn ignores_messages(&self) -> bool {
        self.remarks.ignores_messages() && self.messages.ignores_messages()
    }

    fn ignores_text(&self) -> bool {
        self.remarks.ignores_text() && self.messages.ignores_text()
    }

    fn ignores_sent(&self) -> bool {
        self.remarks.ignores_sent() && self.messages.ignores_sent()
    }
}
