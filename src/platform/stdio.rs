//! Standard input and output without blocking, and without O_NONBLOCK on a description that is shared
//! with the shell, or any other process, that started us.
//!
//! Readiness is no guarantee: another process may take the bytes, or fill the pipe, between the
//! announcement and the system call. So everything goes through a description of our own, or else
//! through a thread that may block.

mod closed;
pub mod threaded;
#[cfg(unix)]
mod unix;

pub use closed::was_stdout_closed;

#[cfg(unix)]
pub use unix::{Reader, Writer, are_one_stream};

#[cfg(not(unix))]
pub use threaded::{Reader, Writer, are_one_stream};

use std::io;
use std::time::Instant;

/// What is wrong with a standard output that there was none of.
pub const CLOSED: &str = "it was closed when the program started (Bad file descriptor)";

/// Writes to standard error, for as long as it takes them and not beyond `until`. A signal ends it.
pub fn write_to_stderr(mut bytes: &[u8], until: Option<Instant>) {
    let Ok(mut stderr) = Writer::stderr() else { return };
    while !bytes.is_empty() {
        match stderr.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if !matches!(stderr.wait(until), Ok(true)) {
                    return;
                }
            }
            Err(_) => return,
        }
    }
    while stderr.in_flight() > 0 && matches!(stderr.wait(until), Ok(true)) {}
}
