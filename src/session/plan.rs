//! What a session has to do.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::input::Action;
use crate::input::queue::QueuedActions;
use crate::observer::Observer;
use crate::protocol::CloseCode;
use crate::protocol::keepalive::KeepaliveTimes;

/// What a session is to do.
pub struct Plan {
    /// Carried out first, in order.
    pub presets: VecDeque<Action>,
    /// What follows the end of the input.
    pub after_input: AfterInput,
    /// The deadline of the run (`--max-time`).
    pub max_time: Option<Instant>,
    /// Code of our Close frame; `None`: an empty one.
    pub close_code: Option<CloseCode>,
    /// Reason of our Close frame.
    pub close_reason: String,
    /// Receive its events, in this order, and steer it.
    pub observers: Vec<Box<dyn Observer>>,
    /// Other threads may add actions, also after the end of the input. They do not count as input.
    pub beside: Option<QueuedActions>,
    /// When to send pings, and when the peer counts as lost.
    pub times: KeepaliveTimes,
    /// What the previous connection has not sent; `None`: nothing is kept for another connection.
    pub unsent: Option<VecDeque<Action>>,
    /// Say so when a filter hides what was sent by a line that was typed.
    pub notes_hidden: bool,
    /// There is no more input.
    pub input_ended: bool,
}

/// What follows the end of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterInput {
    /// Close at once.
    Close,
    /// Close after this time without data.
    Silence(Duration),
    /// Stay connected until something else ends the session.
    Stay,
}
