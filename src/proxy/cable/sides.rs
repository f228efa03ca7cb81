//! The two sides of a connection.

use crate::protocol::Side;

/// Both.
pub(super) const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// The index of what belongs to a side.
pub(super) const fn at(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}
