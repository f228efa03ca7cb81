//! Incremental validation of UTF-8 (RFC 6455 section 8.1), independent of how the bytes are split.

use super::violation::Cause;

/// The length up to which checking for ASCII first is faster for text that is mostly ASCII.
const SHORT: usize = 256;

/// Whether `text` is valid UTF-8.
#[inline]
pub(super) fn is_valid(text: &[u8]) -> bool {
    (text.len() <= SHORT && text.is_ascii()) || simdutf8::basic::from_utf8(text).is_ok()
}

/// Whether the invalid `bytes` start with the encoding of a UTF-16 surrogate (RFC 3629 section 3).
pub(super) fn is_surrogate(bytes: &[u8]) -> bool {
    matches!(bytes, [0xed, 0xa0..=0xbf] | [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..])
}

/// Whether `text`, which is valid up to an incomplete character at its end (`at`), was probably truncated. A
/// single byte after ASCII may as well be a letter in another encoding: é is e9 in Latin-1.
pub(super) fn is_cut(text: &[u8], at: usize) -> bool {
    let (before, rest) = text.split_at(at.min(text.len()));
    rest.len() > 1 || !before.is_ascii()
}

/// Why `text` is invalid at `at`, if the cause can be recognised.
pub fn cause(text: &[u8], at: usize) -> Option<Cause> {
    let rest = text.get(at..)?;
    let error = str::from_utf8(rest).err().filter(|error| error.valid_up_to() == 0)?;
    match error.error_len() {
        Some(_) => is_surrogate(rest).then_some(Cause::Surrogate),
        None => is_cut(text, at).then_some(Cause::CutCharacter),
    }
}

/// Validates a stream of bytes as UTF-8; characters may be split between pieces.
#[derive(Clone, Debug, Default)]
pub struct Utf8Checker {
    /// The bytes of an incomplete character, at most three; after an error those that are invalid.
    carry: [u8; 4],
    carried: usize,
    /// The number of valid bytes, not counting the carried ones.
    valid: u64,
}

impl Utf8Checker {
    /// Validates the next bytes.
    ///
    /// # Errors
    /// The offset of the first invalid sequence, in bytes from the start of the stream.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), u64> {
        if self.carried > 0 {
            bytes = self.finish_character(bytes)?;
        }
        match simdutf8::compat::from_utf8(bytes) {
            Ok(_) => self.valid += bytes.len() as u64,
            Err(error) => {
                self.valid += error.valid_up_to() as u64;
                let rest = &bytes[error.valid_up_to()..];
                self.carried = rest.len().min(self.carry.len());
                self.carry[..self.carried].copy_from_slice(&rest[..self.carried]);
                if error.error_len().is_some() {
                    return Err(self.valid);
                }
            }
        }
        Ok(())
    }

    /// The first bytes, up to four, of an incomplete character, and after an error of what is invalid.
    pub(super) fn rest(&self) -> &[u8] {
        &self.carry[..self.carried]
    }

    /// Ends the stream, and resets the state for the next one unless there is an error.
    ///
    /// # Errors
    /// The offset of an incomplete character at the end.
    pub fn finish(&mut self) -> Result<(), u64> {
        if self.carried > 0 {
            return Err(self.valid);
        }
        *self = Self::default();
        Ok(())
    }

    /// Completes the carried character byte by byte; returns the remaining bytes.
    fn finish_character<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], u64> {
        if self.carried == self.carry.len() {
            return Err(self.valid); // the error was returned before
        }
        for (taken, &byte) in bytes.iter().enumerate() {
            self.carry[self.carried] = byte; // carried <= 3: a fourth byte completes or invalidates it
            self.carried += 1;
            match std::str::from_utf8(&self.carry[..self.carried]) {
                Ok(character) => {
                    self.valid += character.len() as u64;
                    self.carried = 0;
                    return Ok(&bytes[taken + 1..]);
                }
                Err(error) if error.error_len().is_some() => return Err(self.valid),
                Err(_) => {}
            }
        }
        Ok(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[u8]]) -> Result<(), u64> {
        let mut checker = Utf8Checker::default();
        for piece in pieces {
            checker.push(piece)?;
        }
        checker.finish()
    }

    #[test]
    fn valid_text_is_valid_at_every_split_point() {
        let text = "aé한😀z".as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(check(&pieces), Ok(()), "cuts at {first} and {second}");
            }
        }
    }

    #[test]
    fn the_first_invalid_byte_is_named_at_every_split_point() {
        // (bytes, offset of the invalid sequence)
        let cases: [(&[u8], u64); 6] = [
            (b"ab\xffcd", 2),
            (b"\xc0\xaf", 0),
            (b"a\xed\xa0\x80", 1),
            (b"\xf4\x90\x80\x80", 0),
            ("é한".as_bytes().split_last().unwrap().1, 2),
            (b"x\xf0\x9f\x98", 1),
        ];
        for (bytes, offset) in cases {
            for cut in 0..=bytes.len() {
                assert_eq!(
                    check(&[&bytes[..cut], &bytes[cut..]]),
                    Err(offset),
                    "{bytes:x?} cut at {cut}"
                );
            }
        }
    }

    /// Autobahn 6.4: the error must be reported with the octet that causes it, not at the end.
    #[test]
    fn an_invalid_byte_is_reported_immediately() {
        let mut checker = Utf8Checker::default();
        checker.push(b"\xce\xba\xf4").unwrap();
        assert_eq!(checker.push(b"\x90"), Err(2));
    }
}
