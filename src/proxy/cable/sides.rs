//! The two sides of a connection.

use crate::protocol::Side;
use crate::protocol::vocabulary::Direction;

/// Both.
pub(super) const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// The index of what belongs to a side.
pub(super) const fn at(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

/// The other side.
pub(super) const fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

/// The direction of what `side` sent, from the client's point of view.
pub(super) const fn direction(side: Side) -> Direction {
    match side {
        Side::Client => Direction::Sent,
        Side::Server => Direction::Received,
    }
}
