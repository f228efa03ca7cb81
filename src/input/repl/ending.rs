//! The end of a prompt, between its loop and the thread that reads lines.

use std::sync::atomic::{AtomicBool, Ordering};

/// What both know of the end.
#[derive(Debug, Default)]
pub(super) struct Ending {
    has_begun: Flag,
    keeps_modes: Flag,
    is_text_left: Flag,
    is_text_edited: Flag,
    stops_text_editor: Flag,
    is_edited_text_left: Flag,
}

#[derive(Debug, Default)]
struct Flag(AtomicBool);

impl Flag {
    fn get(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn set(&self, value: bool) {
        self.0.store(value, Ordering::SeqCst);
    }
}

impl Ending {
    /// From now on no lines are sent.
    pub(super) fn begin(&self) {
        self.has_begun.set(true);
    }

    /// Whether no lines are sent any more.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun.get()
    }

    /// The modes of the terminal stay when the thread ends.
    pub(super) fn keep_modes(&self) {
        self.keeps_modes.set(true);
    }

    /// Whether they do.
    pub(super) fn keeps_modes(&self) -> bool {
        self.keeps_modes.get()
    }

    /// Text is on the line, which is not sent.
    pub(super) fn leave_text(&self) {
        self.is_text_left.set(true);
    }

    /// Whether there was text on the line.
    pub(super) fn is_text_left(&self) -> bool {
        self.is_text_left.get()
    }

    /// The text editor has the terminal, or has it no more.
    pub(super) fn set_text_edited(&self, is_text_edited: bool) {
        self.is_text_edited.set(is_text_edited);
    }

    /// Whether the text editor has the terminal.
    pub(super) fn is_text_edited(&self) -> bool {
        self.is_text_edited.get()
    }

    /// Ends the text editor, now and from now on.
    pub(super) fn stop_text_editor(&self) {
        self.stops_text_editor.set(true);
    }

    /// The flag that ends the text editor.
    pub(super) fn stops_text_editor(&self) -> &AtomicBool {
        &self.stops_text_editor.0
    }

    /// A text was changed in the text editor, and is not sent.
    pub(super) fn leave_edited_text(&self) {
        self.is_edited_text_left.set(true);
    }

    /// Whether there was such a text.
    pub(super) fn is_edited_text_left(&self) -> bool {
        self.is_edited_text_left.get()
    }
}
