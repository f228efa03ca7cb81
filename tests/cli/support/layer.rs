//! A layer on a peer's socket, such as TLS.

use std::io::{self, ErrorKind, Read, Write};

/// A layer on a socket, or `None` if its handshake failed: the client may abort it.
pub struct Layer<S>(pub Option<S>);

impl<S: Read> Read for Layer<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Ok(0), |stream| stream.read(buffer))
    }
}

impl<S: Write> Write for Layer<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().map_or(Err(ErrorKind::BrokenPipe.into()), |stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().map_or(Ok(()), S::flush)
    }
}
