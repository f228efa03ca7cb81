//! How a session went.

use std::io;
use std::time::{Duration, Instant};

use super::resend::Rest;
use crate::event::Closed;
use crate::input::InputError;
use crate::observer::Observer;
use crate::output::OutputError;
use crate::platform::signals::Signal;
use crate::protocol::keepalive::MissedPong;

/// Why we ended the connection, if it was we.
#[derive(Debug)]
pub enum Stop {
    /// The input had ended, or the user asked for it.
    Asked,
    /// Every goal was met.
    GoalsMet,
    /// A goal cannot be met any more.
    GoalMissed,
    /// `--max-time` ran out.
    MaxTime,
    /// A ping was not answered in time.
    PingTimeout(MissedPong),
    /// Nothing came within this time.
    IdleTimeout(Duration),
    /// A signal, or Ctrl-C in the line editor.
    Signal(Signal),
    /// An output's reader has gone.
    OutputClosed,
    /// An output cannot be written.
    OutputFailed(OutputError),
    /// The system failed us.
    System(io::Error),
}

/// How a session went.
pub struct Report {
    /// The end of the connection.
    pub closed: Closed,
    /// Why we ended it, if it was we.
    pub stop: Option<Stop>,
    /// Why the input could not be read to its end.
    pub input_error: Option<InputError>,
    /// The observers of the plan, as they are at the end.
    pub observers: Vec<Box<dyn Observer>>,
    /// There is no more input.
    pub input_ended: bool,
    /// What is left for another connection, if it was asked to be kept.
    pub rest: Option<Rest>,
    /// What did not reach its place.
    pub lost: Lost,
    /// A signal or `--max-time` ended the run: it has to be over by then, whatever is stalled.
    pub leave_by: Option<Instant>,
    /// Whoever provides the actions ended the session before the peer answered our Close frame.
    pub is_shut_down: bool,
}

/// What did not reach its place, because the run was ended or the peer closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Received messages that were not shown or written, or not as a whole.
    pub received: u64,
    /// Bytes that wait for the outputs.
    pub bytes: usize,
    /// Messages that the transport did not take.
    pub sent: u64,
    /// Messages were not taken, and the input had not been read to its end.
    pub input_left: bool,
}
