//! Why an output ends.

use std::borrow::Cow;
use std::io;

/// An output cannot be written to any more.
#[derive(Debug)]
pub struct OutputError {
    /// What it is called in error messages.
    pub name: Cow<'static, str>,
    /// The error of the system.
    pub error: io::Error,
}

impl OutputError {
    /// Whether the reader has closed the pipe, as `head` does when it has enough.
    pub fn is_closed_pipe(&self) -> bool {
        self.error.kind() == io::ErrorKind::BrokenPipe
    }
}
