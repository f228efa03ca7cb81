//! Job control on systems without it: programs are not stopped by their terminal.

use std::io;
use std::time::Duration;

/// The changes to terminal modes around a stop.
pub trait TerminalModes: Send + 'static {
    /// Restores the original modes.
    fn give_back(&self);
    /// Sets the modes of this program, which must be in the foreground.
    fn take(&self);
    /// Shows the line again that was shown before the stop.
    fn redraw(&self);
}

/// Does nothing on this system.
#[derive(Clone, Debug)]
pub struct JobControl;

impl JobControl {
    /// Does nothing.
    ///
    /// # Errors
    /// None.
    pub fn start(_: impl TerminalModes, _: Option<Duration>) -> io::Result<Self> {
        Ok(Self)
    }

    /// Does nothing.
    pub fn suspend(&self) {}

    /// Does nothing.
    pub fn release(&self) {}
}
