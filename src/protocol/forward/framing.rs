//! Where the body of a message ends (RFC 9112 section 6.3).

use super::lines::{Line, Lines};
use crate::protocol::body::BodyLength;
use crate::protocol::head::{Head, LineFault, MalformedLine, RequestLine, StatusLine, is_token};

/// Why it cannot be said where a message ends, or which kind of message it is: two recipients might interpret it
/// differently (RFC 9112 section 11.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FramingError {
    /// A length of the body and a coding that says where it ends.
    #[error("Content-Length beside Transfer-Encoding")]
    LengthAndCoding,
    /// Content-Length with several values.
    #[error("different values of Content-Length")]
    Lengths,
    /// Content-Length is not a decimal number of 64 bits.
    #[error("malformed Content-Length")]
    Length,
    /// Transfer-Encoding does not end with the only `chunked` in it, or is not a list.
    #[error("Transfer-Encoding does not end with 'chunked', once")]
    Coding,
    /// Transfer-Encoding, which HTTP/1.0 does not have.
    #[error("Transfer-Encoding in HTTP/1.0")]
    CodingInOldVersion,
    /// A line that is not a header field.
    #[error("malformed header field, line {number} ({fault})")]
    Line {
        /// Its number after the start line, from 1.
        number: usize,
        /// Why.
        fault: LineFault,
    },
    /// A header field that says how to interpret the message is folded over several lines, or a line that looks
    /// like one continues another.
    #[error("{0} in a folded header field")]
    Folded(&'static str),
}

const LENGTH: &str = "Content-Length";
const CODING: &str = "Transfer-Encoding";

/// The header fields that say how to interpret a message: what it is, for whom, and where it ends.
const DECISIVE: [&str; 5] = [LENGTH, CODING, "Connection", "Upgrade", "Host"];

/// Whether the header field `name` says where the body ends.
pub fn is_framing(name: &str) -> bool {
    [LENGTH, CODING].iter().any(|framing| framing.eq_ignore_ascii_case(name))
}

/// The length of the body of a request.
pub(super) fn of_request(line: &RequestLine, head: &Head) -> Result<BodyLength, FramingError> {
    refuse_malformed(head)?;
    refuse_folded(head)?;
    let length = content_length(head)?;
    let codings = codings(head);
    if codings.is_empty() {
        return Ok(BodyLength::Bytes(length.unwrap_or_default()));
    }
    if length.is_some() {
        return Err(FramingError::LengthAndCoding);
    }
    if line.minor_version == 0 {
        return Err(FramingError::CodingInOldVersion);
    }
    let is_first_chunked = codings.iter().position(|coding| is_chunked(coding));
    let is_list = codings.iter().all(|coding| str::from_utf8(coding).is_ok_and(is_token));
    match is_list && is_first_chunked == Some(codings.len() - 1) {
        true => Ok(BodyLength::LastChunk),
        false => Err(FramingError::Coding),
    }
}

/// The length of the body of the response to a request with this method, and whether it is certain enough for
/// another response to follow.
pub(super) fn of_response(
    method: &str,
    line: &StatusLine,
    head: &Head,
) -> Result<(BodyLength, bool), FramingError> {
    // Clients accept white space before the colon.
    let head = head.lenient();
    if method == "HEAD" || matches!(line.status, 100..200 | 204 | 304) {
        return Ok((BodyLength::Bytes(0), true));
    }
    let codings = codings(&head);
    if let Some(last) = codings.last() {
        // It overrides Content-Length.
        let is_certain = line.minor_version > 0 && head.value(LENGTH).is_none();
        let is_chunked = is_chunked(last);
        let length = if is_chunked { BodyLength::LastChunk } else { BodyLength::UntilEnd };
        return Ok((length, is_certain && is_chunked));
    }
    match content_length(&head)? {
        Some(length) => Ok((BodyLength::Bytes(length), true)),
        None => Ok((BodyLength::UntilEnd, false)),
    }
}

/// A line that is not a field could be one for the target. What is certainly none to anyone, a control character
/// in the value of a field that decides nothing, passes (RFC 9110 section 5.5).
fn refuse_malformed(head: &Head) -> Result<(), FramingError> {
    let is_harmless = |line: &&MalformedLine| {
        let field = Line { bytes: &line.text };
        line.fault == LineFault::Value
            && !line.text.iter().any(|byte| b"\r\0".contains(byte))
            && !DECISIVE.iter().any(|name| field.is(name))
    };
    match head.malformed_lines().iter().find(|line| !is_harmless(line)) {
        Some(MalformedLine { number, fault, .. }) => {
            Err(FramingError::Line { number: *number, fault: *fault })
        }
        None => Ok(()),
    }
}

/// Some recipients end a field at its line break, and take the next line as another one.
fn refuse_folded(head: &Head) -> Result<(), FramingError> {
    let lines = Lines::of(head);
    for line in lines.fields {
        let mut continuations = line.continuations().peekable();
        let is_folded = continuations.peek().is_some();
        let continuations: Vec<_> = continuations.collect();
        let is_decisive = |name: &&str| {
            is_folded && (line.is(name) || continuations.iter().any(|it| it.is(name)))
        };
        if let Some(name) = DECISIVE.into_iter().find(|name| is_decisive(name)) {
            return Err(FramingError::Folded(name));
        }
    }
    Ok(())
}

/// The elements of Transfer-Encoding; none if there is no such field.
fn codings(head: &Head) -> Vec<&[u8]> {
    elements(head, CODING)
}

fn is_chunked(coding: &[u8]) -> bool {
    coding.eq_ignore_ascii_case(b"chunked")
}

/// Several equal values are valid: each recipient uses the same one.
fn content_length(head: &Head) -> Result<Option<u64>, FramingError> {
    let mut length = None;
    for element in elements(head, LENGTH) {
        let is_number = !element.is_empty() && element.iter().all(u8::is_ascii_digit);
        let text = str::from_utf8(element).ok().filter(|_| is_number);
        let value = text.and_then(|text| text.parse().ok()).ok_or(FramingError::Length)?;
        if length.replace(value).is_some_and(|other: u64| other != value) {
            return Err(FramingError::Lengths);
        }
    }
    Ok(length)
}

/// The elements between commas, also empty ones, without the white space around them.
fn elements<'a>(head: &'a Head, name: &str) -> Vec<&'a [u8]> {
    head.fields()
        .filter(|(field, _)| field.eq_ignore_ascii_case(name))
        .flat_map(|(_, value)| value.split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect()
}
