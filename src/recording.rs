//! Recordings: files of events, read into owned events and written from them.
//!
//! Between a session and the thread that writes a file are the events as lines of JSON. Between a reader and whatever
//! looks at a recording, events are [`Recorded`]: the same as [`crate::event::Event`], with all data owned.

pub mod compare;
pub mod diff;
mod error;
mod file;
pub mod har;
mod labels;
mod looks;
mod model;
pub mod ndjson;
mod progress;
pub mod reader;
mod reading;
mod recordings;
pub mod replay;
mod rewriter;
pub mod scenario;
mod seen;
pub mod sink;
mod size;
pub mod stats;
mod target;
mod thread;
pub mod writer;
mod written;

pub use error::RecordError;
pub use file::{Uses, uses};
pub use labels::{Belonging, Labels};
pub use model::{Recorded, RecordedControl, RecordedFrame, RecordedKind, RecordedMessage};
pub use reading::{DEFAULT_MAX_SIZE, Limits, Place, ReadError, Summary};
pub use recordings::{Outcome, Recordings};
