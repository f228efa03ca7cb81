//! How a session went.

use std::io;
use std::time::{Duration, Instant};

use super::resend::Unsent;
use crate::event::Closed;
use crate::input::InputError;
use crate::observer::Observer;
use crate::output::OutputError;
use crate::platform::signals::Signal;
use crate::protocol::keepalive::MissedPong;

/// Why we ended the connection.
#[derive(Debug)]
pub enum Stop {
    /// The input has ended, or the user closed the connection.
    Requested,
    /// Every goal was met.
    GoalsMet,
    /// A goal cannot be met any more.
    GoalMissed,
    /// `--max-time` ran out.
    MaxTime,
    /// A ping was not answered in time.
    PingTimeout(MissedPong),
    /// Nothing was received within this time.
    IdleTimeout(Duration),
    /// A signal, or Ctrl-C in the line editor.
    Signal(Signal),
    /// An output was closed by its reader.
    OutputClosed,
    /// An output cannot be written.
    OutputFailed(OutputError),
    /// A call of the operating system failed.
    System(io::Error),
}

impl Stop {
    /// The signal that ended it, if one did.
    pub fn signal(&self) -> Option<Signal> {
        match self {
            Self::Signal(signal) => Some(*signal),
            _ => None,
        }
    }
}

/// How a session went.
pub struct Report {
    /// The end of the connection.
    pub closed: Closed,
    /// Why we ended it, if we did.
    pub stop: Option<Stop>,
    /// Why the input could not be read to its end.
    pub input_error: Option<InputError>,
    /// The observers of the plan, as they are at the end.
    pub observers: Vec<Box<dyn Observer>>,
    /// There is no more input.
    pub input_ended: bool,
    /// What is left for another connection, if there may be one.
    pub unsent: Option<Unsent>,
    /// What was not delivered.
    pub lost: Lost,
    /// The deadline of the run, whatever is stalled, because a signal or `--max-time` ended it.
    pub deadline: Option<Instant>,
    /// The source of actions ended the session before the peer answered our Close frame.
    pub is_shut_down: bool,
}

/// What was not delivered because the run was ended or the peer closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Received messages that were not shown or written, or only in part.
    pub received: u64,
    /// Bytes that the outputs have not taken.
    pub bytes: usize,
    /// The outputs took some bytes after the run was ended: they are read, but slowly.
    pub is_slow: bool,
    /// Messages that the transport did not take.
    pub sent: u64,
    /// Messages were not taken, and the input was not read to its end.
    pub input_left: bool,
}
