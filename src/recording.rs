//! Recordings: files of events, read into owned events and written from them.
//!
//! Between a session and what writes its recording, and between a reader and whatever looks at a recording, events are
//! [`Recorded`]: the same as [`crate::event::Event`], with all data owned. A format of files that is not lines of
//! JSON is an [`EventWriter`].

pub mod compare;
pub mod diff;
mod looks;
mod model;
pub mod ndjson;
pub mod reader;
mod reading;
pub mod replay;
pub mod stats;

use std::io::{self, Write};

pub use model::{Recorded, RecordedFrame, RecordedKind, RecordedMessage};
pub use reading::{DEFAULT_MAX_SIZE, Limits, Place, ReadError, Summary};

/// Writes a recording from its events.
pub trait EventWriter: Send {
    /// Writes what is known by now, or keeps the event in bounded memory.
    ///
    /// # Errors
    /// Of the file. The recording has ended then; what was written before must be readable.
    fn event(&mut self, event: &Recorded, file: &mut dyn Write) -> io::Result<()>;

    /// Writes what ends the file. Called once, unless an error occurred before.
    ///
    /// # Errors
    /// Of the file.
    fn finish(&mut self, file: &mut dyn Write) -> io::Result<()>;
}
