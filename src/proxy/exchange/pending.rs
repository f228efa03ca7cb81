//! Bytes of an exchange that wait for one side.

use std::time::Instant;

use crate::proxy::end::End;
use crate::proxy::stall::{Lost, Stall};

/// Bytes that wait for a side.
#[derive(Default)]
pub(super) struct Pending {
    bytes: Vec<u8>,
    at: usize,
    /// Bytes that were written since the start.
    written: u64,
    /// The same when it was last looked at by [`Pending::stalls`].
    seen: u64,
}

impl Pending {
    /// Adds bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Whether the side, which is to be reset behind what waits, takes nothing of it any more. `is_unsent`: the system still has
    /// some.
    pub(super) fn stalls(
        &mut self,
        stall: &mut Option<Stall>,
        now: Instant,
        is_unsent: bool,
        to: &End,
    ) -> bool {
        if self.len() == 0 && !is_unsent {
            *stall = None;
            return false;
        }
        let stall = stall.get_or_insert_with(|| Stall::new(now));
        if std::mem::replace(&mut self.seen, self.written) != self.written {
            stall.wrote(now);
        }
        stall.is_over(now, || to.unacknowledged())
    }

    /// What the side does not get of it, with what the system has for one that is given up.
    pub(super) fn lost(&self, stall: Option<Stall>) -> Lost {
        let possible = stall.map_or(0, |stall| stall.unacknowledged());
        Lost { certain: self.len() as u64, possible }
    }

    /// Writes what `end` takes now.
    pub(super) fn write_to(&mut self, end: &mut End) {
        let written = end.write(&self.bytes[self.at..]);
        self.at += written;
        self.written += written as u64;
        if self.at == self.bytes.len() {
            self.bytes.clear();
            self.at = 0;
        }
    }
}
