//! Short payloads on one line.

use crate::output::escape::{is_readable_text, quoted};
use crate::output::hex_dump::hex;

/// Text in quotes, anything else in hex.
pub(super) fn preview(data: &[u8]) -> String {
    start(data, false)
}

/// The payload, or its start with `…` at its end if it is longer than `most` bytes, after a space; nothing if it is
/// empty.
pub(super) fn payload_preview(payload: &[u8], most: usize) -> String {
    if payload.is_empty() {
        return String::new();
    }
    let end = match payload.len() <= most {
        true => payload.len(),
        // Not in the middle of a character.
        false => (most - 3..=most).rev().find(|at| payload[*at] & 0xc0 != 0x80).unwrap_or(most),
    };
    format!(" {}", start(&payload[..end], end < payload.len()))
}

/// The start of a payload, or all of it (`is_cut` is false).
fn start(data: &[u8], is_cut: bool) -> String {
    match str::from_utf8(data) {
        Ok(text) if is_readable_text(data) => quoted(text, is_cut),
        _ => hex(data) + if is_cut { "…" } else { "" },
    }
}
