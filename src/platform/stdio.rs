//! Standard input and output without blocking, and without O_NONBLOCK on a description that is shared
//! with the shell, or any other process, that started us.
//!
//! Readiness is no guarantee: another process may take the bytes, or fill the pipe, between the
//! announcement and the system call. So everything goes through a description of our own, or else
//! through a thread that may block.

mod closed;
#[cfg(unix)]
mod discipline;
pub mod threaded;
#[cfg(unix)]
mod typed;
#[cfg(unix)]
mod unix;

pub use closed::was_stdout_closed;

#[cfg(unix)]
pub use unix::{Reader, Writer, are_one_stream};

#[cfg(not(unix))]
pub use threaded::{Reader, Writer, are_one_stream};

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Registry, Token, Waker};

/// What is wrong with a standard output that there was none of.
pub const CLOSED: &str = "it was closed when the program started (Bad file descriptor)";

/// How long outputs may take for the final lines of a run that has to end.
pub const FINAL_FLUSH_LIMIT: Duration = Duration::from_millis(100);

/// After a signal standard error is waited for no longer than this: the signal may have come to end
/// the program, or to continue it.
const AFTER_SIGNAL: Duration = Duration::from_millis(500);

/// Has standard input announced as `token`, or by `waker`, and opens it for that the first time.
///
/// # Errors
/// When it cannot be waited for.
pub fn register_stdin(
    stdin: &mut Option<Reader>,
    registry: &Registry,
    token: Token,
    waker: &Arc<Waker>,
) -> io::Result<()> {
    match stdin {
        // It may have been announced while nobody listened.
        Some(reader) => reader.renew(registry),
        None => {
            *stdin = Some(Reader::register(registry, token, waker)?);
            Ok(())
        }
    }
}

/// Writes to standard error, for as long as it takes them and not beyond `until`.
pub fn write_to_stderr(mut bytes: &[u8], mut until: Option<Instant>) {
    let Ok(mut stderr) = Writer::stderr() else { return };
    while !bytes.is_empty() || stderr.in_flight() > 0 {
        match stderr.write(bytes) {
            Ok(count) if count > 0 => {
                bytes = &bytes[count..];
                continue;
            }
            Err(error) if !is_passing(&error) => return,
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

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
