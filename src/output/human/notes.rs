//! Notes on messages that another output writes unescaped.

use super::{Detail, Human};
use crate::event::Message;
use crate::output::escape::may_control;
use crate::output::style::Role;
use crate::protocol::MessageKind;
use crate::protocol::vocabulary::Direction;

impl Human {
    /// Whether nothing is shown of a message: most of them, if another output writes messages.
    pub(super) fn ignores(&self, message: &Message<'_>) -> bool {
        !self.options.messages && !self.notes_binary(message) && !self.notes_controls(message)
    }

    /// The notes before a message; each is shown once.
    pub(super) fn notes(&mut self, message: &Message<'_>) -> String {
        let mut notes = String::new();
        if self.notes_binary(message) {
            self.binary_noted = true;
            let text = "a binary message was received; --output json distinguishes them from text";
            notes += &self.remark(Role::Dim, text);
        }
        if self.notes_controls(message) {
            self.controls_noted = true;
            notes += &self.warning(
                "messages are written to the terminal as they are, and one has control characters or \
                 bytes that are not UTF-8: --output hex or json shows them safely",
            );
        }
        notes
    }

    fn notes_binary(&self, message: &Message<'_>) -> bool {
        let Message { direction, kind, .. } = *message;
        (direction, kind) == (Direction::Received, MessageKind::Binary)
            && self.options.notes_binary
            && !self.binary_noted
            && self.shows(Detail::Line)
    }

    fn notes_controls(&self, message: &Message<'_>) -> bool {
        self.options.notes_controls
            && !self.controls_noted
            && self.shows(Detail::Line)
            && message.direction == Direction::Received
            && !message.surplus
            && may_control(message.data)
    }
}
