//! The end of a prompt, between its loop and the thread that reads lines.

use std::sync::atomic::{AtomicBool, Ordering};

/// State that the loop and the thread share.
#[derive(Debug, Default)]
pub(super) struct Ending {
    has_begun: Flag,
    keeps_modes: Flag,
    is_text_left: Flag,
    stops_programs: Flag,
    was_edited: Flag,
    is_kept: Flag,
}

/// A text that was being written when the session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftText {
    /// In the text editor, not on the line.
    pub was_edited: bool,
    /// It is in the history file.
    pub is_kept: bool,
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

    /// A text was being written, which is not sent.
    pub(super) fn leave_text(&self, text: LeftText) {
        self.was_edited.set(text.was_edited);
        self.is_kept.set(text.is_kept);
        self.is_text_left.set(true);
    }

    /// The text that was being written, if there was one.
    pub(super) fn left_text(&self) -> Option<LeftText> {
        let text = LeftText { was_edited: self.was_edited.get(), is_kept: self.is_kept.get() };
        self.is_text_left.get().then_some(text)
    }

    /// Ends the user's program that has the terminal; one that is started later ends at once.
    pub(super) fn stop_programs(&self) {
        self.stops_programs.set(true);
    }

    /// The flag that does so.
    pub(super) fn stops_programs(&self) -> &AtomicBool {
        &self.stops_programs.0
    }
}
