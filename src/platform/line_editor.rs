//! The terminal under a line editor: restoring it, and the few bytes that are written to it past the outputs.

use super::stdio::Writer;
use super::terminal::{self, SavedModes};

/// Restores the current terminal modes if the program panics.
pub fn restore_on_panic() {
    let modes = SavedModes::read();
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if let Some(modes) = &modes {
            restore(modes);
        }
        report(info);
    }));
}

/// Sets the original modes and turns bracketed paste off, as after a line editor was interrupted, without waiting
/// for a stopped terminal (Ctrl-S). Does nothing while another program has the terminal, also in the background.
pub fn restore(modes: &SavedModes) {
    if terminal::is_in_background() || terminal::is_lent() {
        return;
    }
    modes.set();
    write(b"\x1b[?2004l");
}

/// Writes a few bytes to standard output without blocking, if that is a terminal.
pub fn write(bytes: &[u8]) {
    if let Ok(mut stdout) = Writer::stdout()
        && stdout.is_terminal()
    {
        let _ = stdout.write(bytes); // an error cannot be reported
    }
}
