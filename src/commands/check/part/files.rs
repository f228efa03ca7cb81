//! Files that a part reads, which may block.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{PartRun, Stop};
use crate::commands::check::files::beside;
use crate::platform::files::{Background, read};
use crate::scenario::message::Files;

impl PartRun<'_, '_> {
    /// Why a wait ended before what it waited for, if it did.
    pub(super) fn cut_short(&self, at: &Range<usize>) -> Option<Stop> {
        match self.is_interrupted() {
            true => Some(Stop::Interrupted(None)),
            false => self.is_out_of_time().then(|| self.out_of_time(at).into()),
        }
    }

    /// Runs an operation on files in a thread, as a FIFO or a network file system may block; `None` if the run is
    /// interrupted before, or the part out of time.
    pub(super) fn in_background<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> std::io::Result<Option<T>> {
        let thread = Background::start(None, job)?;
        loop {
            if let Some(result) = thread.wait_until(Instant::now() + LOOK_AGAIN)? {
                return Ok(Some(result));
            }
            if self.is_interrupted() || self.is_out_of_time() {
                return Ok(None);
            }
        }
    }
}

/// Files beside the scenario.
impl Files for PartRun<'_, '_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let path = beside(&self.file.source.name, path);
        let read = self.in_background(move || read(&path, MAX_PAYLOAD));
        match read.map_err(|error| error.to_string())? {
            Some(read) => read.map_err(|error| error.to_string()),
            None => Err("reading it was given up".to_owned()),
        }
    }
}

/// How often a wait for a file looks whether the run was interrupted.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The largest file that is sent or compared, in bytes.
const MAX_PAYLOAD: u64 = 64 << 20;
