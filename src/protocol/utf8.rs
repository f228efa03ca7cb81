//! UTF-8 checked as the bytes come (RFC 6455 section 8.1), over any cuts.

use super::violation::Cause;

/// Bytes up to which looking for ASCII first is the quicker way for text that is mostly ASCII.
const SHORT: usize = 256;

/// Whether `text` is UTF-8.
#[inline]
pub(super) fn is_valid(text: &[u8]) -> bool {
    (text.len() <= SHORT && text.is_ascii()) || simdutf8::basic::from_utf8(text).is_ok()
}

/// Whether `bytes`, which are not UTF-8, start with the encoding of a UTF-16 surrogate (RFC 3629
/// section 3).
pub(super) fn is_surrogate(bytes: &[u8]) -> bool {
    matches!(bytes, [0xed, 0xa0..=0xbf] | [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..])
}

/// Whether `text`, which is UTF-8 up to its last, incomplete character at `at`, was cut there. A single
/// byte may as well be a letter of another encoding: é is e9 in Latin-1.
pub(super) fn is_cut(text: &[u8], at: usize) -> bool {
    let (before, rest) = text.split_at(at.min(text.len()));
    rest.len() > 1 || !before.is_ascii()
}

/// Why `text` ceases to be UTF-8 at `at`, if that can be seen.
pub fn cause(text: &[u8], at: usize) -> Option<Cause> {
    let rest = text.get(at..)?;
    let error = str::from_utf8(rest).err().filter(|error| error.valid_up_to() == 0)?;
    match error.error_len() {
        Some(_) => is_surrogate(rest).then_some(Cause::Surrogate),
        None => is_cut(text, at).then_some(Cause::CutCharacter),
    }
}

/// Checks a stream of bytes for UTF-8, remembering a character that a cut went through.
#[derive(Clone, Debug, Default)]
pub struct Utf8Checker {
    /// Bytes of an unfinished character, at most three.
    carry: [u8; 4],
    carried: usize,
    /// Bytes known to be valid, including none of the carried ones.
    valid: u64,
}

impl Utf8Checker {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// The offset, in bytes from the start of the stream, at which it ceases to be UTF-8.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), u64> {
        if self.carried > 0 {
            bytes = self.finish_character(bytes)?;
        }
        match simdutf8::compat::from_utf8(bytes) {
            Ok(_) => self.valid += bytes.len() as u64,
            Err(error) => {
                self.valid += error.valid_up_to() as u64;
                if error.error_len().is_some() {
                    return Err(self.valid);
                }
                let rest = &bytes[error.valid_up_to()..];
                self.carry[..rest.len()].copy_from_slice(rest);
                self.carried = rest.len();
            }
        }
        Ok(())
    }

    /// Ends the stream, which starts anew.
    ///
    /// # Errors
    /// The offset of a character that was cut off by the end.
    pub fn finish(&mut self) -> Result<(), u64> {
        let cut_off = self.carried > 0;
        let valid = self.valid;
        *self = Self::default();
        if cut_off { Err(valid) } else { Ok(()) }
    }

    /// Feeds the carried character byte by byte until it is whole or wrong; returns what is left.
    fn finish_character<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], u64> {
        for (taken, &byte) in bytes.iter().enumerate() {
            self.carry[self.carried] = byte; // carried <= 3: a fourth byte completes or breaks it
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
    fn valid_text_is_valid_whatever_the_cuts() {
        let text = "aé한😀z".as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert_eq!(check(&pieces), Ok(()), "cuts at {first} and {second}");
            }
        }
    }

    #[test]
    fn the_first_bad_byte_is_named_whatever_the_cuts() {
        // (bytes, offset of the sequence that is wrong)
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

    /// Autobahn 6.4: the error must show as soon as the octet that makes it, not at the end.
    #[test]
    fn a_bad_byte_is_seen_at_once() {
        let mut checker = Utf8Checker::default();
        checker.push(b"\xce\xba\xf4").unwrap();
        assert_eq!(checker.push(b"\x90"), Err(2));
    }
}
