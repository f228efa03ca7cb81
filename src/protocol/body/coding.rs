//! Decompression of bodies (RFC 9110 section 8.4.1, RFC 9112 section 7.2), as far as they are shown.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::MAX_KEPT;
use crate::protocol::head::Head;

/// The maximum number of codings that are decoded; a body with more is left encoded.
const MAX_CODINGS: usize = 3;

/// A coding that can be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
}

/// The codings of a body.
#[derive(Debug, Default)]
pub(super) struct Codings {
    /// In decoding order; empty unless all of them can be decoded.
    known: Vec<Coding>,
    /// Their names, if not all of them can be decoded.
    unknown: Option<String>,
}

impl Codings {
    /// The codings that a head declares, without `chunked`.
    pub(super) fn of(head: &Head) -> Self {
        let fields = ["Content-Encoding", "Transfer-Encoding"];
        let names = fields.iter().flat_map(|field| head.list(field));
        let is_coding = |name: &String| !["chunked", "identity"].contains(&&**name);
        let names: Vec<_> = names.map(|name| name.to_ascii_lowercase()).filter(is_coding).collect();
        let known: Option<Vec<_>> = names.iter().rev().map(|name| Coding::of(name)).collect();
        match known.filter(|known| known.len() <= MAX_CODINGS) {
            Some(known) => Self { known, unknown: None },
            None => Self { known: Vec::new(), unknown: Some(names.join(", ")) },
        }
    }

    /// Whether there is at least one coding and all can be decoded.
    pub(super) fn is_known(&self) -> bool {
        !self.known.is_empty()
    }

    /// Their names, if not all of them can be decoded.
    pub(super) fn into_unknown(self) -> Option<String> {
        self.unknown
    }

    /// The first decoded bytes of `bytes`, and whether there are more; `None` if there are no codings, or
    /// `bytes` is not encoded with them.
    pub(super) fn unpack(&self, bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
        let mut unpacked: Option<(Vec<u8>, bool)> = None;
        for coding in &self.known {
            let (packed, is_long) =
                unpacked.as_ref().map_or((bytes, false), |(it, is_long)| (it, *is_long));
            let (bytes, is_longer) = coding.unpack(packed)?;
            unpacked = Some((bytes, is_long || is_longer));
        }
        unpacked
    }
}

impl Coding {
    fn of(name: &str) -> Option<Self> {
        match name {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            _ => None,
        }
    }

    fn unpack(self, bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
        match self {
            Self::Gzip => start_of(MultiGzDecoder::new(bytes)),
            // The zlib format (RFC 1950), but some servers send raw DEFLATE data.
            Self::Deflate => {
                start_of(ZlibDecoder::new(bytes)).or_else(|| start_of(DeflateDecoder::new(bytes)))
            }
        }
    }
}

/// The first [`MAX_KEPT`] decoded bytes; those before an error are used.
fn start_of(mut decoder: impl Read) -> Option<(Vec<u8>, bool)> {
    let mut start = vec![0; MAX_KEPT + 1];
    let mut length = 0;
    let outcome = loop {
        match decoder.read(&mut start[length..]) {
            Ok(0) => break Ok(()),
            Ok(count) => length += count,
            Err(error) => break Err(error),
        }
    };
    let is_long = length > MAX_KEPT;
    start.truncate(length.min(MAX_KEPT));
    (outcome.is_ok() || length > 0).then_some((start, is_long))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;
    use crate::protocol::body::{Body, Excerpt};
    use crate::protocol::head::parse_response;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(fields: &str, bytes: &[u8]) -> (Vec<u8>, bool) {
        let excerpt = excerpt(fields, bytes);
        (excerpt.bytes, excerpt.is_cut)
    }

    fn excerpt(fields: &str, bytes: &[u8]) -> Excerpt {
        let head = format!("HTTP/1.1 400 X\r\n{fields}\r\n\r\n");
        let (line, head) = parse_response(head.as_bytes()).unwrap().unwrap();
        let mut body = Body::new(line.status, &head);
        body.push(bytes);
        body.finish(None)
    }

    #[test]
    fn compressed_bodies_are_decompressed() {
        let text = b"token expired";
        for (fields, bytes) in [
            ("Content-Encoding: gzip", gzip(text)),
            ("Content-Encoding: X-Gzip", gzip(text)),
            ("Content-Encoding: deflate", zlib(text)),
            ("Content-Encoding: deflate", deflate(text)),
            ("Content-Encoding: identity", text.to_vec()),
            ("Content-Encoding: deflate, gzip", gzip(&zlib(text))),
            ("Content-Encoding: deflate\r\nTransfer-Encoding: gzip", gzip(&zlib(text))),
            ("Content-Encoding: gzip", text.to_vec()),
            ("Content-Encoding: br", text.to_vec()),
            ("Content-Encoding: gzip", [gzip(b"token "), gzip(b"expired")].concat()),
        ] {
            assert_eq!(unpacked(fields, &bytes), (text.to_vec(), false), "{fields}");
        }
    }

    #[test]
    fn unsupported_codings_are_named() {
        for (fields, undecoded) in [
            ("Content-Encoding: br", Some("br")),
            ("Content-Encoding: gzip, BR\r\nTransfer-Encoding: chunked", Some("gzip, br")),
            ("Content-Encoding: gzip", None),
            ("Content-Encoding: identity", None),
            ("X: y", None),
        ] {
            assert_eq!(excerpt(fields, b"").undecoded.as_deref(), undecoded, "{fields}");
        }
    }

    #[test]
    fn the_start_of_a_truncated_body_is_decompressed() {
        let text: Vec<u8> =
            (0..1000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
        let packed = gzip(&text);
        let (start, _) = unpacked("Content-Encoding: gzip", &packed[..packed.len() / 2]);
        assert!(!start.is_empty() && text.starts_with(&start));
    }

    #[test]
    fn a_bomb_is_decompressed_no_further_than_it_is_shown() {
        let bomb = gzip(&vec![b'x'; 8 << 20]);
        let expected = (vec![b'x'; MAX_KEPT], true);
        assert_eq!(unpacked("Content-Encoding: gzip", &bomb), expected);
        assert_eq!(unpacked("Content-Encoding: gzip, gzip", &gzip(&bomb)), expected);
        let four = gzip(&gzip(&gzip(&gzip(b"x"))));
        assert_eq!(unpacked("Content-Encoding: gzip, gzip, gzip, gzip", &four), (four, false));
    }
}
