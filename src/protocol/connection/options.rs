//! The configuration of a connection.

use std::time::Duration;

use crate::protocol::deflate::DeflateParams;
use crate::protocol::frame::Masks;
use crate::protocol::vocabulary::Role;

/// The configuration of a [`Connection`](super::Connection).
#[derive(Debug)]
pub struct ConnectionOptions {
    /// Our role.
    pub role: Role,
    /// The maximum size of a received message in bytes; a larger one closes the connection with 1009.
    pub max_message_size: u64,
    /// How long to wait for the peer's Close frame after ours; `None`: without a limit.
    pub close_timeout: Option<Duration>,
    /// Report every frame as an event.
    pub observe_frames: bool,
    /// Continue after violations where that is possible.
    pub lenient: bool,
    /// The parameters of permessage-deflate, if it was negotiated.
    pub deflate: Option<DeflateParams>,
    /// The source of masking keys (client role).
    pub masks: Masks,
}
