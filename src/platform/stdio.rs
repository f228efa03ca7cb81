//! Non-blocking standard input and output, without O_NONBLOCK on an open file description that is shared
//! with the shell or another process.
//!
//! Readiness does not guarantee that a call does not block: another process may consume the bytes, or fill
//! the pipe, before the system call. Therefore an open file description of our own is used, or else a
//! thread that may block.

mod closed;
mod discarded;
#[cfg(unix)]
mod discipline;
mod output_file;
pub mod threaded;
#[cfg(unix)]
mod typed;
#[cfg(unix)]
mod unix;

pub use closed::was_stdout_closed;
pub use discarded::is_stdout_discarded;

#[cfg(unix)]
pub use unix::{Reader, Writer, are_one_stream};

#[cfg(not(unix))]
pub use threaded::{Reader, Writer, are_one_stream};

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Registry, Token, Waker};

/// The error for a standard output that was closed when the program started.
pub const CLOSED: &str = "it was closed when the program started (Bad file descriptor)";

/// How long to wait for the outputs to accept the final lines of a run.
pub const FINAL_FLUSH_LIMIT: Duration = Duration::from_millis(100);

/// How long to wait for standard error after a signal: it may have been sent to end the program, or to
/// continue it.
const AFTER_SIGNAL: Duration = Duration::from_millis(500);

/// Standard input, which is opened when it is registered for the first time.
#[derive(Debug, Default)]
pub struct StdinReader {
    reader: Option<Reader>,
}

impl StdinReader {
    /// Registers it as `token`, or with `waker`.
    ///
    /// # Errors
    /// If it cannot be registered.
    pub fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        match &mut self.reader {
            // An event may have been reported while it was not polled.
            Some(reader) => reader.renew(registry),
            None => {
                self.reader = Some(Reader::register(registry, token, waker)?);
                Ok(())
            }
        }
    }

    /// Records that its readiness was reported.
    pub fn set_ready(&mut self) {
        if let Some(reader) = &mut self.reader {
            reader.set_ready();
        }
    }

    /// Whether it is a terminal on which lines are typed.
    pub fn is_typed(&self) -> bool {
        self.reader.as_ref().is_some_and(Reader::is_typed)
    }

    /// Discards the line being typed; false if there is none.
    pub fn clear_line(&self) -> bool {
        self.reader.as_ref().is_some_and(Reader::clear_line)
    }

    /// The reader; `None` before it is registered.
    #[inline]
    pub fn get_mut(&mut self) -> Option<&mut Reader> {
        self.reader.as_mut()
    }
}

/// Writes to standard error, and waits for it until `until`.
pub fn write_to_stderr(mut bytes: &[u8], mut until: Option<Instant>) {
    let Ok(mut stderr) = Writer::stderr() else { return };
    while !bytes.is_empty() || stderr.in_flight() > 0 {
        match stderr.write(bytes) {
            Ok(count) if count > 0 => {
                bytes = &bytes[count..];
                continue;
            }
            Err(error) if !is_transient(&error) => return,
            _ => {}
        }
        match stderr.wait(until) {
            Ok(true) => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                let soon = Instant::now() + AFTER_SIGNAL;
                until = Some(until.map_or(soon, |until| until.min(soon)));
            }
            _ => return,
        }
    }
}

fn is_transient(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
