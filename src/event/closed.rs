//! What an end came right after.

use std::time::Duration;

use super::Closed;

/// An end within this time comes right after what was before.
pub const SOON: Duration = Duration::from_secs(1);

impl Closed {
    /// Whether the connection ended right after the opening handshake.
    pub fn is_right_after_opening(&self) -> bool {
        self.age < SOON
    }

    /// Whether it ended right after something had been sent or received.
    pub fn is_right_after_traffic(&self) -> bool {
        self.quiet < SOON
    }
}
