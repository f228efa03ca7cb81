//! Unix domain sockets.

use std::io;
use std::path::Path;

use super::reactor::{Deadline, Reactor, WaitError};
use super::stream::Stream;

#[cfg(unix)]
mod connect {
    use std::fs;
    use std::os::unix::fs::FileTypeExt;
    use std::time::{Duration, Instant};

    use mio::Interest;
    use mio::net::UnixStream;

    use super::*;
    use crate::net::reactor::tokens;

    /// The delay before a socket whose queue was full is tried again; the system does not report room in it.
    const RETRY: Duration = Duration::from_millis(10);

    pub(super) fn connect(
        path: &Path,
        reactor: &mut Reactor,
        deadline: Deadline,
    ) -> Result<Stream, WaitError> {
        loop {
            match UnixStream::connect(path) {
                Ok(mut stream) => {
                    let interest = Interest::READABLE | Interest::WRITABLE;
                    reactor.registry().register(&mut stream, tokens::SOCKET, interest)?;
                    return Ok(Stream::Unix(stream));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    reactor.wait_for(deadline, Some(Instant::now() + RETRY))?;
                }
                Err(error) => return Err(explain(path, error).into()),
            }
        }
    }

    /// The system reports "connection refused" also for files that are not sockets.
    fn explain(path: &Path, error: io::Error) -> io::Error {
        let is_other = fs::metadata(path).is_ok_and(|found| !found.file_type().is_socket());
        match error.kind() {
            io::ErrorKind::ConnectionRefused if is_other => {
                io::Error::new(io::ErrorKind::InvalidInput, "that is not a socket")
            }
            _ => error,
        }
    }
}

/// Connects to the socket at `path`.
///
/// # Errors
/// The system's error, or why the wait for room in the socket's queue ended.
#[cfg(unix)]
pub fn connect(
    path: &Path,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Stream, WaitError> {
    connect::connect(path, reactor, deadline)
}

/// Not supported by the event loop on this system.
///
/// # Errors
/// Always.
#[cfg(not(unix))]
pub fn connect(_: &Path, _: &mut Reactor, _: Deadline) -> Result<Stream, WaitError> {
    let reason = "Unix sockets are not supported on this system";
    Err(io::Error::new(io::ErrorKind::Unsupported, reason).into())
}
