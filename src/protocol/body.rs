//! The body of a refused handshake, delimited by length, by chunks or by the end of the connection
//! (RFC 9112 section 6.3), compressed or not. Only its first bytes are kept.

use super::chunked::{Chunked, Grammar, Step};
use super::head::Head;
use super::vocabulary::TransportEnd;

mod coding;
mod excerpt;

use coding::Codings;
pub use excerpt::{BodyEnd, BodyLength, Defect, Excerpt};

/// The maximum number of bytes of a body that are kept.
pub const MAX_KEPT: usize = 4 << 10;

/// A body being received.
#[derive(Debug)]
pub struct Body {
    framing: Framing,
    codings: Codings,
    kept: Vec<u8>,
    /// Bytes received, without those of the framing.
    received: u64,
    /// More was received, or announced, than is kept.
    cut: bool,
    done: bool,
}

#[derive(Debug)]
enum Framing {
    /// Content-Length: the bytes still missing, and the total.
    Length {
        rest: u64,
        total: u64,
    },
    Chunked(Chunked),
    /// The chunked transfer coding is malformed: the rest cannot be decoded.
    Malformed,
    UntilEof,
}

impl Body {
    /// The body that follows a response head with this status.
    pub fn new(status: u16, head: &Head) -> Self {
        let framing = if matches!(status, 100..200 | 204 | 304) {
            Framing::Length { rest: 0, total: 0 }
        } else if head
            .list("Transfer-Encoding")
            .last()
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            Framing::Chunked(Chunked::new(Grammar::Lenient))
        } else {
            match content_length(head) {
                Some(total) => Framing::Length { rest: total, total },
                None => Framing::UntilEof,
            }
        };
        let done = matches!(framing, Framing::Length { total: 0, .. });
        let codings = Codings::of(head);
        Self { framing, codings, kept: Vec::new(), received: 0, cut: false, done }
    }

    /// Processes the next bytes from the connection.
    pub fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.is_done() {
            bytes = match &mut self.framing {
                Framing::Length { rest, .. } => {
                    let count = usize::try_from(*rest).unwrap_or(usize::MAX).min(bytes.len());
                    *rest -= count as u64;
                    self.done = *rest == 0;
                    let (data, rest) = bytes.split_at(count);
                    self.keep(data);
                    rest
                }
                Framing::Malformed | Framing::UntilEof => {
                    self.keep(bytes);
                    &[]
                }
                Framing::Chunked(_) => self.push_chunked(bytes),
            };
        }
    }

    /// Whether no more bytes are needed: the body is complete, or the maximum is kept.
    pub fn is_done(&self) -> bool {
        self.done || self.kept.len() >= MAX_KEPT
    }

    /// The kept bytes, decoded. `end`: why reading stopped, if the body is not done.
    pub fn finish(mut self, end: Option<BodyEnd>) -> Excerpt {
        if end.is_some() {
            self.end_in_size_line();
        }
        let announced = matches!(self.framing, Framing::Length { rest: 1.., .. });
        let is_cut = self.cut || (announced && self.kept.len() >= MAX_KEPT);
        let mut defect = self.defect(end);
        let (bytes, is_cut) = match self.codings.unpack(&self.kept) {
            Some((bytes, is_long)) => (bytes, is_cut || is_long),
            None => {
                let is_bad = self.codings.is_known() && !self.kept.is_empty();
                defect = defect.or_else(|| is_bad.then_some(Defect::NotPacked));
                (self.kept, is_cut)
            }
        };
        let (undecoded, received) = (self.codings.into_unknown(), self.received);
        Excerpt { bytes, is_cut, defect, undecoded, received }
    }

    /// If the body ends inside a chunk-size line that is not valid so far, its bytes belong to the body.
    fn end_in_size_line(&mut self) {
        if matches!(&self.framing, Framing::Chunked(chunked) if chunked.is_pending_malformed()) {
            self.keep_malformed();
        }
    }

    /// Keeps the bytes of the framing that were received of what turned out not to be framing.
    fn keep_malformed(&mut self) {
        if let Framing::Chunked(chunked) = std::mem::replace(&mut self.framing, Framing::Malformed)
        {
            self.keep(chunked.pending());
        }
    }

    fn defect(&self, end: Option<BodyEnd>) -> Option<Defect> {
        let expected = match self.framing {
            Framing::Malformed => return Some(Defect::MalformedChunk),
            Framing::Length { total, .. } => BodyLength::Bytes(total),
            Framing::Chunked(_) => BodyLength::LastChunk,
            Framing::UntilEof => BodyLength::UntilEnd,
        };
        let end = end.filter(|_| !self.is_done())?;
        let is_whole =
            expected == BodyLength::UntilEnd && end == BodyEnd::Transport(TransportEnd::Eof);
        (!is_whole).then_some(Defect::Incomplete { received: self.received, expected, end })
    }

    fn keep(&mut self, data: &[u8]) {
        let room = MAX_KEPT - self.kept.len();
        self.received += data.len() as u64;
        self.cut |= data.len() > room;
        self.kept.extend_from_slice(&data[..data.len().min(room)]);
    }

    fn push_chunked<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Framing::Chunked(chunked) = &mut self.framing else { return bytes };
        match chunked.step(bytes) {
            Ok(Step::Framing(count)) => {
                self.done = chunked.has_all_data();
                &bytes[count..]
            }
            Ok(Step::Data(count)) => {
                let (data, rest) = bytes.split_at(count);
                self.keep(data);
                rest
            }
            Ok(Step::End) => {
                self.done = true;
                bytes
            }
            Err(_) => {
                self.keep_malformed();
                bytes
            }
        }
    }
}

/// Contradictory lengths are ignored (RFC 9112 section 6.3), so that no received byte is hidden.
fn content_length(head: &Head) -> Option<u64> {
    let lengths: Option<Vec<u64>> =
        head.list("Content-Length").iter().map(|length| length.parse().ok()).collect();
    let lengths = lengths?;
    let first = *lengths.first()?;
    lengths.iter().all(|length| *length == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::head::parse_response;

    fn body(head: &str, pieces: &[&[u8]]) -> (String, bool) {
        let body = received(head, pieces);
        let done = body.is_done();
        (String::from_utf8(body.kept).unwrap(), done)
    }

    fn received(head: &str, pieces: &[&[u8]]) -> Body {
        let (line, head) = parse_response(head.as_bytes()).unwrap().unwrap();
        let mut body = Body::new(line.status, &head);
        for piece in pieces {
            body.push(piece);
        }
        body
    }

    const CHUNKED: &str = "HTTP/1.1 401 X\r\nTransfer-Encoding: chunked\r\n\r\n";

    #[test]
    fn every_framing_is_decoded_at_every_split_point() {
        let cases = [
            ("HTTP/1.1 401 X\r\nContent-Length: 5\r\n\r\n", &b"helloIGNORED"[..], "hello", true),
            (CHUNKED, b"3;e=1\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "hello", true),
            (CHUNKED, b"3\nhel\n2 \nlo\n0\n\n", "hello", true),
            ("HTTP/1.1 401 X\r\n\r\n", b"hello", "hello", false),
            ("HTTP/1.1 401 X\r\nContent-Length: 5, 5\r\n\r\n", b"hello", "hello", true),
            (
                "HTTP/1.1 401 X\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n",
                b"hello",
                "hello",
                false,
            ),
            ("HTTP/1.1 401 X\r\nContent-Length: 9\r\n\r\n", b"hello", "hello", false),
            ("HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n", b"hello", "", true),
            (CHUNKED, b"ffffffffffffffff\r\nhello", "hello", false),
        ];
        for (head, bytes, expected, done) in cases {
            for cut in 0..=bytes.len() {
                let got = body(head, &[&bytes[..cut], &bytes[cut..]]);
                assert_eq!(got, (expected.to_owned(), done), "{head:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn the_bytes_of_a_malformed_chunk_are_kept() {
        let long = "x".repeat(300);
        for (bytes, expected) in [
            ("zz\r\nwhy\r\n", "zz\r\nwhy\r\n"),
            ("3\r\nhel\r\nlo\r\n0\r\n\r\n", "hello\r\n0\r\n\r\n"),
            ("3\r\nhello\r\n0\r\n\r\n", "hello\r\n0\r\n\r\n"),
            ("3\r\nhel\rlo", "hel\rlo"),
            ("\r\nwhy", "\r\nwhy"),
            ("+3\r\nwhy", "+3\r\nwhy"),
            ("fffffffffffffffff\r\nwhy", "fffffffffffffffff\r\nwhy"),
            ("Access denied", "Access denied"),
            (&long, &long),
        ] {
            for cut in 0..=bytes.len() {
                let body = received(CHUNKED, &[&bytes.as_bytes()[..cut], &bytes.as_bytes()[cut..]]);
                let excerpt = body.finish(Some(BodyEnd::TimedOut));
                let text = String::from_utf8_lossy(&excerpt.bytes);
                let got = (&*text, excerpt.defect, excerpt.received);
                let length = expected.len() as u64;
                assert_eq!(
                    got,
                    (expected, Some(Defect::MalformedChunk), length),
                    "{bytes:?} {cut}"
                );
            }
        }
    }

    #[test]
    fn an_incomplete_body_is_reported() {
        const LENGTH: &str = "HTTP/1.1 401 X\r\nContent-Length: 500\r\n\r\n";
        const OPEN: &str = "HTTP/1.1 401 X\r\n\r\n";
        let closed = || BodyEnd::Transport(TransportEnd::Eof);
        let lost = || BodyEnd::Transport(TransportEnd::Error("reset".to_owned()));
        let truncated = || BodyEnd::Transport(TransportEnd::Truncated);
        for (head, bytes, end, expected) in [
            (LENGTH, "short", closed(), "body cut after 5 of 500 bytes: the connection was closed"),
            (LENGTH, "", lost(), "body cut after 0 of 500 bytes: reset"),
            (LENGTH, "short", BodyEnd::TimedOut, "body cut after 5 of 500 bytes: timed out"),
            (
                CHUNKED,
                "1\r\na\r\n",
                closed(),
                "body cut after 1 byte, before its last chunk: the connection was closed",
            ),
            (CHUNKED, "5\r\nab", BodyEnd::TimedOut, "body cut after 2 bytes, before its last"),
            (CHUNKED, "1\r\na\r\n1f", closed(), "body cut after 1 byte, before its last chunk"),
            (OPEN, "ab", closed(), ""),
            (OPEN, "ab", lost(), "body cut after 2 bytes: reset"),
            (OPEN, "ab", BodyEnd::TimedOut, "body possibly cut after 2 bytes: timed out"),
            (
                OPEN,
                "ab",
                truncated(),
                "body possibly cut after 2 bytes: the connection was closed w",
            ),
        ] {
            let defect = received(head, &[bytes.as_bytes()]).finish(Some(end)).defect;
            let text = defect.map_or_else(String::new, |defect| defect.to_string());
            assert!(text.starts_with(expected) && text.is_empty() == expected.is_empty(), "{text}");
        }
        let long = received(LENGTH, &[&[b'x'; 500]]).finish(None);
        assert_eq!((long.defect, long.is_cut), (None, false));
        let long = received(CHUNKED, &[b"2000\r\n", &[b'x'; 8000]]).finish(None);
        assert_eq!((long.defect, long.is_cut), (None, true));
    }

    #[test]
    fn a_body_that_is_not_compressed_as_declared_is_reported() {
        const GZIP: &str = "HTTP/1.1 401 X\r\nContent-Encoding: gzip\r\n\r\n";
        let closed = || Some(BodyEnd::Transport(TransportEnd::Eof));
        let plain = received(GZIP, &[b"no entry"]).finish(closed());
        assert_eq!((&plain.bytes[..], plain.defect), (&b"no entry"[..], Some(Defect::NotPacked)));
        assert_eq!(received(GZIP, &[b""]).finish(closed()).defect, None);
        assert_eq!(received("HTTP/1.1 401 X\r\n\r\n", &[b"no"]).finish(closed()).defect, None);
    }

    #[test]
    fn only_the_first_bytes_are_kept() {
        let (text, done) = body("HTTP/1.1 500 X\r\n\r\n", &[&[b'x'; 10_000]]);
        assert_eq!((text.len(), done), (MAX_KEPT, true));
    }
}
