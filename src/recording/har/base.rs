//! What is the same for all messages of an entry, or for those of one read.

use std::fmt::Write as _;

use super::time::{Micros, Millis, Seconds, micros_of, micros_of_wall};
use crate::event::Stamp;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;

/// What an entry knows of its connection, to write messages and times.
#[derive(Clone, Debug)]
pub(super) struct Base {
    /// Who recorded: the client or the server.
    initiator: Initiator,
    /// When it was opened.
    pub(super) opened: Stamp,
    /// How long the opening took.
    pub(super) opening: Micros,
    /// The time of the last message, control frame or other event.
    pub(super) at: Stamp,
    /// That time as members. Those of one read have the same, and to write it is half of the cost of a small message.
    pub(super) time: String,
    /// `_elapsed`, if it does not follow from the time.
    elapsed: String,
}

impl Base {
    /// Of a connection that this side opened, or that it accepted.
    pub(super) fn new(initiator: Initiator, opened: Stamp, opening: Micros) -> Self {
        let (time, elapsed) = (String::new(), String::new());
        let mut base = Self { initiator, opened, opening, at: opened, time, elapsed };
        base.write_time();
        base
    }

    /// Sets the time of the next event.
    pub(super) fn set_time(&mut self, at: Stamp) {
        if self.at != at {
            self.at = at;
            self.write_time();
        }
    }

    fn write_time(&mut self) {
        let micros = micros_of_wall(self.at.wall);
        self.time.clear();
        let _ = write!(self.time, "\",\"time\":{}", Seconds(micros)); // writing to a String cannot fail
        self.elapsed.clear();
        let elapsed = micros_of(self.at.elapsed);
        let since = micros.saturating_sub(micros_of_wall(self.opened.wall));
        if elapsed != micros_of(self.opened.elapsed).saturating_add(since) {
            let _ = write!(self.elapsed, ",\"_elapsed\":{}", Millis(elapsed)); // see above
        }
    }

    /// HARs say who of client and server sent something, not who of us and the peer.
    pub(super) fn sender(&self, direction: Direction) -> &'static [u8] {
        match (self.initiator, direction) {
            (Initiator::Local, Direction::Sent) | (Initiator::Peer, Direction::Received) => b"send",
            _ => b"receive",
        }
    }

    /// Writes `_elapsed` if it does not follow from the time.
    pub(super) fn put_elapsed(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.elapsed.as_bytes());
    }
}
