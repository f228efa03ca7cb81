//! Recordings of sessions in files. Between a session and the thread that writes a file are the events as lines of JSON.

mod error;
mod file;
mod recordings;
mod thread;
pub mod writer;

pub use error::RecordError;
pub use file::{Uses, uses};
pub use recordings::{Recorded, Recordings};
