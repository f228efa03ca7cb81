//! What a session has to do.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::input::Action;
use crate::observer::Observer;
use crate::protocol::CloseCode;
use crate::protocol::keepalive::Times;

/// What a session is to do.
pub struct Plan {
    /// Sent after open and before the input, in order.
    pub presets: VecDeque<Action>,
    /// What follows the end of the input.
    pub after_input: AfterInput,
    /// When everything has to be over.
    pub max_time: Option<Instant>,
    /// Code of our Close frame; `None`: an empty one.
    pub close_code: Option<CloseCode>,
    /// Reason of our Close frame.
    pub close_reason: String,
    /// Receive its events, in this order, and steer it.
    pub observers: Vec<Box<dyn Observer>>,
    /// How the connection is watched.
    pub times: Times,
    /// What the connection before has left; `None`: nothing is kept for one after it.
    pub left: Option<VecDeque<Action>>,
    /// There is no more input.
    pub input_ended: bool,
}

/// What follows the end of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterInput {
    /// Close at once.
    Close,
    /// Close when nothing has come for so long.
    Silence(Duration),
    /// Go on until something else ends the session.
    Stay,
}
