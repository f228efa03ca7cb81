//! Limits and choices of a connection.

use std::time::Duration;

use crate::protocol::deflate::Agreed;
use crate::protocol::frame::Masks;
use crate::protocol::vocabulary::Role;

/// Limits and choices of a [`Connection`](super::Connection).
#[derive(Debug)]
pub struct Options {
    /// Our side.
    pub role: Role,
    /// A received message over this many bytes closes the connection with 1009.
    pub max_message_size: u64,
    /// How long the peer may take to answer our Close frame; `None`: without a limit.
    pub close_timeout: Option<Duration>,
    /// Report every frame as an event of its own.
    pub observe_frames: bool,
    /// Go on after violations where that is possible.
    pub lenient: bool,
    /// permessage-deflate, if it was agreed on.
    pub deflate: Option<Agreed>,
    /// Where masking keys come from (client role).
    pub masks: Masks,
}
