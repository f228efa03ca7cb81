//! The start of a payload, for a line of a list.

use crate::protocol;

/// The most characters of text in a preview.
pub(super) const MAX_CHARACTERS: usize = 200;

/// The most bytes in a preview in hexadecimal digits.
pub(super) const MAX_BYTES: usize = 64;

/// The preview of a payload that starts with these bytes. `is_text`: it is text, though it may be cut inside a character.
pub(super) fn preview(start: &[u8], is_text: bool) -> String {
    if !is_text {
        return hex(start);
    }
    let start = &start[..start.len().min(4 * MAX_CHARACTERS + 3)];
    let whole = match str::from_utf8(start) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return String::from_utf8_lossy(start).chars().take(MAX_CHARACTERS).collect(),
    };
    first_characters(whole).to_owned()
}

/// The text up to as many characters as a preview has.
pub(super) fn first_characters(text: &str) -> &str {
    text.char_indices().nth(MAX_CHARACTERS).map_or(text, |(end, _)| &text[..end])
}

/// The first bytes, in hexadecimal digits with blanks between.
pub(super) fn hex(bytes: &[u8]) -> String {
    protocol::hex::hex(&bytes[..bytes.len().min(MAX_BYTES)])
}
