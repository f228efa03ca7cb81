//! The end of a prompt, between its loop and the thread that reads lines.

use std::sync::atomic::{AtomicBool, Ordering};

/// State that the loop and the thread share.
#[derive(Debug, Default)]
pub(super) struct Ending {
    has_begun: Flag,
    keeps_modes: Flag,
    is_text_left: Flag,
    stops_programs: Flag,
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

    /// Whether the modes stay.
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

    /// Ends the user's program that has the terminal; one that is started later ends at once.
    pub(super) fn stop_programs(&self) {
        self.stops_programs.set(true);
    }

    /// The flag that does so.
    pub(super) fn stops_programs(&self) -> &AtomicBool {
        &self.stops_programs.0
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
