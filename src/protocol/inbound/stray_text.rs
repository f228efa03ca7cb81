//! Detection of text in place of a frame: from servers and proxies that still send HTTP after the upgrade,
//! and from other code that writes to the connection.
//!
//! No byte of these texts can start a valid frame: in ASCII letters and digits FIN is not set and a reserved
//! bit is (RFC 6455 section 5.2). The result depends on the bytes alone, not on how many were received at
//! once.

use super::Inbound;
use crate::protocol::violation::{Cause, Rule, Violation};
use crate::protocol::vocabulary::Role;

/// The start of a response (RFC 9112 section 4).
const RESPONSE: &[u8] = b"HTTP/";

/// The starts of requests (RFC 9110 section 9, RFC 5789, RFC 9113 section 3.4).
const METHODS: [&[u8]; 10] = [
    b"GET ",
    b"POST ",
    b"HEAD ",
    b"PUT ",
    b"OPTIONS ",
    b"DELETE ",
    b"PATCH ",
    b"CONNECT ",
    b"TRACE ",
    b"PRI ",
];

/// The maximum length of a first line that is awaited and shown.
const MAX_LINE: usize = 120;

/// The maximum number of digits of a chunk size.
const MAX_DIGITS: usize = 8;

/// The maximum length of a tag, in bytes.
const MAX_TAG: usize = 20;

/// The maximum number of bytes that are kept to be shown.
const MAX_EXCERPT: usize = 4 << 10;

/// What was detected where a frame should start.
#[derive(Debug, PartialEq, Eq)]
enum Detected {
    Frame,
    /// More bytes are needed.
    Undecided,
    /// The start of a response.
    Response(String),
    /// Another text.
    Text(Cause, String),
}

impl Inbound {
    /// Whether more bytes are needed to decide if a frame starts here. With `is_all` there are no more.
    ///
    /// # Errors
    /// If text was detected.
    pub(super) fn detect_text(&self, is_all: bool) -> Result<bool, Violation> {
        let bytes = self.input.bytes();
        let Some(&first) = bytes.first() else { return Ok(false) };
        // Every such text starts like this, and hardly any frame. With compression A and B start a
        // fragmented message (RFC 7692 section 6.1).
        let is_data = matches!(first, b'A' | b'B') && self.inflater.is_some();
        if !matches!(first, b'\r' | b'0'..=b'9' | b'<' | b'A'..=b'T' | b'a'..=b'f') || is_data {
            return Ok(false);
        }
        let (rule, cause, detail) = match detect(bytes, self.limits.role, is_all) {
            Detected::Frame => return Ok(false),
            Detected::Undecided => return Ok(true),
            Detected::Response(line) => (Rule::HttpAfterUpgrade, None, line),
            Detected::Text(cause, text) => {
                (Rule::TextInsteadOfFrame, Some(cause), format!("{cause}: {text:?}"))
            }
        };
        let excerpt = bytes[..bytes.len().min(MAX_EXCERPT)].to_vec();
        Err(Violation { excerpt, cause, ..Violation::at(self.offset, rule, detail) })
    }

    /// Keeps the rest of a text received in place of frames, to be shown.
    pub(super) fn keep_text(&mut self) {
        let Some(violation) = &mut self.violation else { return };
        if matches!(violation.rule, Rule::HttpAfterUpgrade | Rule::TextInsteadOfFrame) {
            let room = MAX_EXCERPT.saturating_sub(violation.excerpt.len());
            let bytes = self.input.bytes();
            let bytes = &bytes[..bytes.len().min(room)];
            let end = match str::from_utf8(bytes) {
                // The reply to our Close frame is not part of it.
                Err(error) if bytes[error.valid_up_to()] == 0x88 => error.valid_up_to(),
                _ => bytes.len(),
            };
            violation.excerpt.extend_from_slice(&bytes[..end]);
        }
    }
}

fn detect(bytes: &[u8], role: Role, is_all: bool) -> Detected {
    let (is_after_line_end, text) = match bytes {
        [b'\r', b'\n', text @ ..] => (true, text),
        [b'\r'] => return Detected::Undecided,
        [b'\r', ..] => return Detected::Frame,
        text => (false, text),
    };
    match text {
        [] => Detected::Undecided,
        // A valid frame follows.
        [0x81 | 0x82 | 0x88 | 0x89 | 0x8a, ..] if is_after_line_end => {
            Detected::Text(Cause::LineEnd, "\r\n".to_owned())
        }
        [b'<', ..] => tag(text),
        _ if starts(text, RESPONSE).is_some() => match line(text, RESPONSE, is_all) {
            Ok(line) => Detected::Response(line),
            Err(other) => other,
        },
        _ => match METHODS.iter().find(|method| starts(text, method).is_some()) {
            Some(method) if role == Role::Server => match line(text, method, is_all) {
                Ok(line) => Detected::Text(Cause::HttpRequest, line),
                Err(other) => other,
            },
            _ => chunk(text),
        },
    }
}

/// Whether `text` contains all of `start` or only part of it; `None` if it does not match.
fn starts(text: &[u8], start: &[u8]) -> Option<bool> {
    let compared = text.len().min(start.len());
    (text[..compared] == start[..compared]).then_some(compared == start.len())
}

/// The first line, once it is complete.
fn line(text: &[u8], start: &[u8], is_all: bool) -> Result<String, Detected> {
    if starts(text, start) != Some(true) {
        return Err(Detected::Undecided);
    }
    let line = text.split(|byte| b"\r\n".contains(byte)).next().unwrap_or_default();
    if line.len() == text.len() && line.len() < MAX_LINE && !is_all {
        return Err(Detected::Undecided);
    }
    Ok(String::from_utf8_lossy(&line[..line.len().min(MAX_LINE)]).into_owned())
}

/// `<html>`, `<!DOCTYPE html>`, `<?xml version="1.0"?>`.
fn tag(text: &[u8]) -> Detected {
    let is_in_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!?-/".contains(byte);
    let name = text[1..].iter().take_while(|byte| is_in_name(byte)).count();
    let is_name =
        text.get(1).is_some_and(|byte| byte.is_ascii_alphabetic() || b"!?/".contains(byte));
    match text.get(1 + name) {
        _ if name > MAX_TAG => Detected::Frame,
        None => Detected::Undecided,
        Some(b'>' | b' ' | b'\r' | b'\n') if is_name => {
            let tag = String::from_utf8_lossy(&text[..1 + name]).into_owned();
            Detected::Text(Cause::Markup, tag)
        }
        Some(_) => Detected::Frame,
    }
}

/// `1f4\r\n` (RFC 9112 section 7.1).
fn chunk(text: &[u8]) -> Detected {
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    match &text[digits..] {
        _ if digits == 0 || digits > MAX_DIGITS => Detected::Frame,
        [] | [b'\r'] => Detected::Undecided,
        [b'\r', b'\n', ..] => {
            let size = String::from_utf8_lossy(&text[..digits + 2]).into_owned();
            Detected::Text(Cause::HttpChunk, size)
        }
        _ => Detected::Frame,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(text: &[u8]) -> Detected {
        detect(text, Role::Server, false)
    }

    #[test]
    fn text_is_distinguished_from_frames_at_every_split_point() {
        let text = |cause, text: &str| Detected::Text(cause, text.to_owned());
        let cases: [(&[u8], Detected); 14] = [
            (b"7\r\n\x81", text(Cause::HttpChunk, "7\r\n")),
            (b"\r\n1fA0\r\n", text(Cause::HttpChunk, "1fA0\r\n")),
            (b"0\r\n\r\n", text(Cause::HttpChunk, "0\r\n")),
            (b"<html>", text(Cause::Markup, "<html")),
            (b"<!DOCTYPE html>", text(Cause::Markup, "<!DOCTYPE")),
            (b"\r\n\x81\x02hi", text(Cause::LineEnd, "\r\n")),
            (b"GET / HTTP/1.1\r\n", text(Cause::HttpRequest, "GET / HTTP/1.1")),
            (b"HTTP/1.1 504\r\n", Detected::Response("HTTP/1.1 504".to_owned())),
            (b"\r\nHTTP/1.1 200 OK\n", Detected::Response("HTTP/1.1 200 OK".to_owned())),
            (b"123456789\r\n", Detected::Frame),
            (b"42 is it", Detected::Frame),
            (b"<3 you", Detected::Frame),
            (b"GETTING", Detected::Frame),
            (b"\r\n\r\n", Detected::Frame),
        ];
        for (bytes, expected) in cases {
            assert_eq!(detected(bytes), expected, "{bytes:?}");
            let shown = String::from_utf8_lossy(bytes);
            for length in 1..bytes.len() {
                let detected = detected(&bytes[..length]);
                assert!(
                    [&Detected::Undecided, &expected].contains(&&detected),
                    "{shown} at {length}"
                );
            }
        }
    }

    #[test]
    fn requests_come_from_clients_only() {
        assert_eq!(detect(b"GET / HTTP/1.1\r\n", Role::Client, false), Detected::Frame);
    }
}
