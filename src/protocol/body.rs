//! The body of a refused handshake: framed by length, chunked or until the end of the connection
//! (RFC 9112 section 6.3), compressed or not. Only its start is kept.

use super::head::Head;

mod coding;

use coding::Codings;

/// How many bytes of a body are kept.
pub const MAX_KEPT: usize = 4 << 10;

/// A body being received.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    codings: Codings,
    kept: Vec<u8>,
    /// More came, or was announced, than is kept.
    cut: bool,
    done: bool,
}

#[derive(Debug)]
enum Framing {
    Length(u64),
    Chunked(Chunk),
    UntilEof,
}

#[derive(Debug)]
enum Chunk {
    Size(Vec<u8>),
    Data(u64),
    /// The line break after a chunk's data.
    Break,
}

/// The longest chunk-size line that is taken, extensions included.
const MAX_SIZE_LINE: usize = 256;

impl Body {
    /// The body that follows a response head with this status.
    pub fn new(status: u16, head: &Head) -> Self {
        let framing = if matches!(status, 100..200 | 204 | 304) {
            Framing::Length(0)
        } else if head
            .list("Transfer-Encoding")
            .last()
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            Framing::Chunked(Chunk::Size(Vec::new()))
        } else {
            match head.value("Content-Length").and_then(|length| length.trim().parse().ok()) {
                Some(length) => Framing::Length(length),
                None => Framing::UntilEof,
            }
        };
        let done = matches!(framing, Framing::Length(0));
        Self { framing, codings: Codings::of(head), kept: Vec::new(), cut: false, done }
    }

    /// Takes the next bytes from the connection.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.is_done() {
            bytes = match &mut self.framing {
                Framing::Length(rest) => {
                    let count = usize::try_from(*rest).unwrap_or(usize::MAX).min(bytes.len());
                    *rest -= count as u64;
                    self.done = *rest == 0;
                    let (data, rest) = bytes.split_at(count);
                    self.keep(data);
                    rest
                }
                Framing::UntilEof => {
                    self.keep(bytes);
                    &[]
                }
                Framing::Chunked(_) => self.push_chunked(bytes),
            };
        }
    }

    /// Whether nothing more is worth waiting for: it is whole, or as much is there as is kept.
    pub fn is_done(&self) -> bool {
        self.done || self.kept.len() >= MAX_KEPT
    }

    /// Whether there is more of it than is kept.
    pub fn is_cut(&self) -> bool {
        let announced = matches!(self.framing, Framing::Length(rest) if rest > 0);
        self.cut || (announced && self.kept.len() >= MAX_KEPT)
    }

    /// What has come, unpacked, at most [`MAX_KEPT`] bytes; and whether there is more of it.
    pub fn unpacked(self) -> (Vec<u8>, bool) {
        let is_cut = self.is_cut();
        match self.codings.unpack(&self.kept) {
            Some((bytes, is_long)) => (bytes, is_cut || is_long),
            None => (self.kept, is_cut),
        }
    }

    fn keep(&mut self, data: &[u8]) {
        let room = MAX_KEPT - self.kept.len();
        self.cut |= data.len() > room;
        self.kept.extend_from_slice(&data[..data.len().min(room)]);
    }

    fn push_chunked<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Framing::Chunked(chunk) = &mut self.framing else { return &[] };
        match chunk {
            Chunk::Size(line) => {
                let (byte, rest) = (bytes[0], &bytes[1..]); // called with bytes
                if byte != b'\n' && line.len() < MAX_SIZE_LINE {
                    line.push(byte);
                    return rest;
                }
                match chunk_size(line) {
                    None | Some(0) => self.done = true,
                    Some(size) => *chunk = Chunk::Data(size),
                }
                rest
            }
            Chunk::Data(left) => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= count as u64;
                if *left == 0 {
                    *chunk = Chunk::Break;
                }
                let (data, rest) = bytes.split_at(count);
                self.keep(data);
                rest
            }
            Chunk::Break => {
                if bytes[0] == b'\n' {
                    *chunk = Chunk::Size(Vec::new());
                }
                &bytes[1..]
            }
        }
    }
}

fn chunk_size(line: &[u8]) -> Option<u64> {
    let text = str::from_utf8(line).ok()?;
    u64::from_str_radix(text.split(';').next()?.trim(), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::head::parse_response;

    fn body(head: &str, pieces: &[&[u8]]) -> (String, bool) {
        let (line, head) = parse_response(head.as_bytes()).unwrap().unwrap();
        let mut body = Body::new(line.status, &head);
        for piece in pieces {
            body.push(piece);
        }
        let done = body.is_done();
        (String::from_utf8(body.kept).unwrap(), done)
    }

    #[test]
    fn each_framing_gives_the_body_over_any_cut() {
        let cases = [
            ("HTTP/1.1 401 X\r\nContent-Length: 5\r\n\r\n", &b"helloIGNORED"[..], "hello", true),
            (
                "HTTP/1.1 401 X\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"3;e=1\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
                "hello",
                true,
            ),
            ("HTTP/1.1 401 X\r\n\r\n", b"hello", "hello", false),
            ("HTTP/1.1 401 X\r\nContent-Length: 9\r\n\r\n", b"hello", "hello", false),
            ("HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n", b"hello", "", true),
            ("HTTP/1.1 401 X\r\nTransfer-Encoding: chunked\r\n\r\n", b"zz\r\nhello", "", true),
            (
                "HTTP/1.1 401 X\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"ffffffffffffffff\r\nhello",
                "hello",
                false,
            ),
        ];
        for (head, bytes, expected, done) in cases {
            for cut in 0..=bytes.len() {
                let got = body(head, &[&bytes[..cut], &bytes[cut..]]);
                assert_eq!(got, (expected.to_owned(), done), "{head:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn only_the_start_is_kept() {
        let (text, done) = body("HTTP/1.1 500 X\r\n\r\n", &[&[b'x'; 10_000]]);
        assert_eq!((text.len(), done), (MAX_KEPT, true));
    }
}
