//! A download, sent as fast as the browser takes it.

use std::io::{self, Write};
use std::time::Duration;

use crate::net::exchange::Exchange;
use crate::net::{Deadline, Reactor, Stream};
use crate::page::Save;
use crate::page::guard::headers;
use crate::protocol::head::{Head, HeaderLine};

/// How long a browser may take nothing.
const STALL_LIMIT: Duration = Duration::from_secs(60);

/// Bytes that are written at a time.
const PIECE: usize = 64 << 10;

/// Sends `save`, in chunks (RFC 9112 section 7.1) by which a browser sees whether it has all of it, or to a client of HTTP/1.0
/// as it is. Returns whether all was sent.
pub(super) fn send(
    save: Save,
    host: Option<&str>,
    is_chunked: bool,
    stream: &mut Stream,
    reactor: &mut Reactor,
) -> bool {
    let head = head(&save, host, is_chunked);
    let mut body = Body { exchange: Exchange::new(stream, reactor), piece: Vec::new(), is_chunked };
    let sent = body.write_out(head.bytes()).and_then(|()| save.write_to(&mut body));
    sent.and_then(|()| body.finish()).is_ok()
}

fn head(save: &Save, host: Option<&str>, is_chunked: bool) -> Head {
    let mut fields = headers(host);
    let disposition = format!("attachment; filename=\"{}\"", save.name());
    fields.extend([
        HeaderLine::new("Connection", "close"),
        HeaderLine::new("Content-Type", save.content_type()),
        HeaderLine::new("X-Content-Type-Options", "nosniff"),
        HeaderLine::new("Content-Disposition", &disposition),
    ]);
    if is_chunked {
        fields.push(HeaderLine::new("Transfer-Encoding", "chunked"));
    }
    Head::build("HTTP/1.1 200 OK", &fields)
}

/// The body of a response.
struct Body<'a> {
    exchange: Exchange<'a>,
    /// What is not sent yet.
    piece: Vec<u8>,
    is_chunked: bool,
}

impl Body<'_> {
    fn send_piece(&mut self) -> io::Result<()> {
        if self.piece.is_empty() {
            return Ok(()); // an empty chunk would be the last
        }
        let piece = std::mem::take(&mut self.piece);
        if self.is_chunked {
            self.write_out(format!("{:x}\r\n", piece.len()).as_bytes())?;
        }
        self.write_out(&piece)?;
        if self.is_chunked {
            self.write_out(b"\r\n")?;
        }
        self.piece = piece;
        self.piece.clear();
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.send_piece()?;
        if self.is_chunked { self.write_out(b"0\r\n\r\n") } else { Ok(()) }
    }

    fn write_out(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            let deadline = Deadline::after(Some(STALL_LIMIT));
            let written = self.exchange.write_all(piece, deadline);
            written.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        }
        Ok(())
    }
}

impl Write for Body<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.send_piece()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
