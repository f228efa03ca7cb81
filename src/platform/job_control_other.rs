//! There is no job control here: programs are not stopped by their terminal.

use std::io;
use std::time::Duration;

/// What has to be done to a terminal around a stop.
pub trait TerminalModes: Send + 'static {
    /// Puts the modes back that it was found in.
    fn give_back(&self);
    /// Sets the modes of this program, which is in the foreground.
    fn take(&self);
    /// The program uses the terminal again: shows what it had shown.
    fn redraw(&self);
}

/// Nothing to handle.
#[derive(Clone, Debug)]
pub struct JobControl;

impl JobControl {
    /// Nothing to take over here.
    ///
    /// # Errors
    /// None.
    pub fn start(_: impl TerminalModes, _: Option<Duration>) -> io::Result<Self> {
        Ok(Self)
    }

    /// No key does that here.
    pub fn suspend(&self) {}

    /// Nothing to leave alone here.
    pub fn release(&self) {}
}
