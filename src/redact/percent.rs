//! Percent-encoding (RFC 3986 section 2.1), also where it was applied repeatedly.

/// A percent-encoded byte, possibly encoded repeatedly (`%253D`), and the length of its encoding.
pub(super) fn encoded(text: &str) -> Option<(u8, usize)> {
    encoded_bytes(text.as_bytes())
}

/// As [`encoded`], for bytes.
pub(super) fn encoded_bytes(text: &[u8]) -> Option<(u8, usize)> {
    let (b'%', digits) = (*text.first()?, text.get(1..3)?) else { return None };
    let (mut byte, mut length) = (hex(digits)?, 3);
    while byte == b'%'
        && let Some(next) = text.get(length..length + 2).and_then(hex)
    {
        (byte, length) = (next, length + 2);
    }
    Some((byte, length))
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*digits.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// Decodes percent-encoding.
pub(super) fn decoded_bytes(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match text.get(at + 1..at + 3).filter(|_| text[at] == b'%').and_then(hex) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(text[at]);
                at += 1;
            }
        }
    }
    decoded
}
