//! How much room a disk must have while a HAR is written: for what is not in the file yet, and for what ends it.

use std::io;
use std::path::{Path, PathBuf};

use crate::platform::room::free_space;

/// What ends the file, and what was written since the last check.
const MARGIN: u64 = 256 << 10;

/// The disk is asked again after so many bytes.
const INTERVAL: u64 = 64 << 10;

/// An event takes at most about so many times the length of its line: text that is not UTF-8 is in a HAR in two forms, and the
/// names of header fields and their values are members.
const FACTOR: u64 = 4;

/// The disk that a file is on.
#[derive(Debug)]
pub(super) struct Room {
    folder: PathBuf,
    free_space: fn(&Path) -> Option<u64>,
    /// About how many bytes were written since the last check.
    unchecked: u64,
}

impl Room {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, free_space, unchecked: INTERVAL }
    }

    /// One with so much free space.
    #[cfg(test)]
    pub(super) fn of(free_space: fn(&Path) -> Option<u64>) -> Self {
        Self { free_space, ..Self::new(PathBuf::new()) }
    }

    /// Checks that there is room for what is `needed` already, and for the event of a line of this length: in the temporary
    /// file, and for its copy in the HAR.
    ///
    /// # Errors
    /// If there is not.
    pub(super) fn check(&mut self, length: usize, needed: u64) -> io::Result<()> {
        let length = (length as u64).saturating_mul(FACTOR);
        self.unchecked = self.unchecked.saturating_add(length);
        if self.unchecked < INTERVAL {
            return Ok(());
        }
        self.unchecked = 0;
        let needed = needed.saturating_add(length.saturating_mul(2)).saturating_add(MARGIN);
        match (self.free_space)(&self.folder) {
            Some(free) if free < needed => {
                let reason = "the disk is full but for what completes the file";
                Err(io::Error::new(io::ErrorKind::StorageFull, reason))
            }
            _ => Ok(()),
        }
    }
}
