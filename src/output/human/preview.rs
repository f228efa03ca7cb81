//! Short payloads on one line.

use crate::output::escape::{Newlines, escape_bytes, is_readable_text};
use crate::output::hex_dump::hex;

/// Text in quotes, anything else in hex.
pub(super) fn preview(data: &[u8]) -> String {
    if is_readable_text(data) {
        format!("\"{}\"", escape_bytes(data, Newlines::Escape))
    } else {
        hex(data)
    }
}

/// The payload, or its start with `…` behind it if it is longer than `most` bytes, after a space; nothing if it is empty.
pub(super) fn payload_preview(payload: &[u8], most: usize) -> String {
    if payload.is_empty() {
        return String::new();
    }
    let end = match payload.len() <= most {
        true => payload.len(),
        // Not in the middle of a character.
        false => (most - 3..=most).rev().find(|at| payload[*at] & 0xc0 != 0x80).unwrap_or(most),
    };
    let more = if end < payload.len() { "…" } else { "" };
    format!(" {}{more}", preview(&payload[..end]))
}
