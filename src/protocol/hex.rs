//! Bytes in hexadecimal digits.

use std::fmt::Write;

/// The bytes, each in two digits, with blanks between.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(3 * bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        let blank = if at == 0 { "" } else { " " };
        let _ = write!(text, "{blank}{byte:02x}"); // writing to a String cannot fail
    }
    text
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn there_are_blanks_between_bytes() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0]), "00");
        assert_eq!(hex(&[0x1f, 0xff, 0]), "1f ff 00");
    }
}
