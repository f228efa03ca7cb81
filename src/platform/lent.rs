//! The terminal while another program of this process group has it, such as a text editor.
//!
//! Ctrl-C, Ctrl-Z and Ctrl-\ are for that program then, as the terminal sends them to the whole group, and nothing else
//! here changes the modes of the terminal.

use super::line_editor;
use super::signals::discard_pending;
use super::terminal::{self, SavedModes, set_lent};

/// The terminal in its original modes, until this is dropped.
#[derive(Debug)]
pub struct Lent<'a> {
    modes: Option<&'a SavedModes>,
}

impl<'a> Lent<'a> {
    /// Sets the original modes and turns bracketed paste off.
    pub fn lend(modes: Option<&'a SavedModes>) -> Self {
        if let Some(modes) = modes {
            line_editor::restore(modes);
        }
        set_lent(true);
        Self { modes }
    }
}

impl Drop for Lent<'_> {
    /// Takes the terminal back for a line editor, which sets the rest itself, with the cursor at the start of a row.
    fn drop(&mut self) {
        discard_pending(); // the loop may take it later
        set_lent(false);
        if terminal::is_in_background() {
            return;
        }
        if let Some(modes) = self.modes {
            modes.set_raw();
        }
        // Written from the start of a row this ends there; else in the next one.
        let blanks = " ".repeat(terminal::width().saturating_sub(1));
        line_editor::write(format!("{blanks}\r\x1b[J").as_bytes());
    }
}
