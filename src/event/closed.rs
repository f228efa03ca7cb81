//! Timing of the end of a connection.

use std::time::Duration;

use super::Closed;

/// An end within this time counts as immediately after what preceded it.
pub const SOON: Duration = Duration::from_secs(1);

impl Closed {
    /// Whether the connection ended immediately after the opening handshake.
    pub fn is_right_after_opening(&self) -> bool {
        self.age < SOON
    }

    /// Whether it ended immediately after something was sent or received.
    pub fn is_right_after_traffic(&self) -> bool {
        self.quiet < SOON
    }
}
