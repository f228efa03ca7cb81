//! Where blocks are in the file, whose end is followed by its start.

/// Finds room for blocks, one behind the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ring {
    capacity: u64,
    /// Behind the newest block.
    end: u64,
}

/// Room for a block: whatever overlaps it has to go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) offset: u64,
    pub(super) length: u64,
    /// The file starts again: blocks at this offset or behind it are older than all others, and go too.
    pub(super) wraps_at: Option<u64>,
}

impl Ring {
    pub(super) const fn new(capacity: u64) -> Self {
        Self { capacity, end: 0 }
    }

    /// Room for as many bytes; `None` if the file is smaller.
    pub(super) fn room(&self, length: u64) -> Option<Room> {
        if length > self.capacity {
            return None;
        }
        match self.end.checked_add(length).is_some_and(|end| end <= self.capacity) {
            true => Some(Room { offset: self.end, length, wraps_at: None }),
            false => Some(Room { offset: 0, length, wraps_at: Some(self.end) }),
        }
    }

    /// The room is taken.
    pub(super) fn take(&mut self, room: Room) {
        self.end = room.offset + room.length;
    }

    /// Nothing can be written there: the disk is full. From now on the file is no larger than it is.
    pub(super) fn limit_to(&mut self, room: Room) {
        self.capacity = match room.wraps_at {
            // Not even what was there before can be replaced.
            Some(_) => 0,
            None => room.offset,
        };
    }
}

impl Room {
    /// Whether a block at this place has to go before the room is used.
    pub(super) fn claims(&self, offset: u64, length: u64) -> bool {
        let overlaps = offset < self.offset + self.length && self.offset < offset + length;
        overlaps || self.wraps_at.is_some_and(|end| offset >= end)
    }
}
