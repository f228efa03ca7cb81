//! The bytes of a file as text.

use super::diagnostic::Diagnostic;

/// A file as text.
pub(super) struct Decoded {
    /// The text, with U+FFFD for what is not UTF-8; empty if the file is something else than text.
    pub(super) text: String,
    /// What is wrong with the bytes, at most once a line.
    pub(super) errors: Vec<Diagnostic>,
}

/// The most lines that are shown; the others are counted.
const MAX_LINES: usize = 20;

/// Reads the bytes of a file.
pub(super) fn decode(bytes: Vec<u8>) -> Decoded {
    if let Some(error) = other_than_text(&bytes) {
        return Decoded { text: String::new(), errors: vec![error] };
    }
    let has_nul = memchr::memchr(0, &bytes).is_some();
    match String::from_utf8(bytes) {
        Ok(text) if !has_nul => Decoded { text, errors: Vec::new() },
        Ok(text) => lossy(text.as_bytes()),
        Err(error) => lossy(error.as_bytes()),
    }
}

fn lossy(bytes: &[u8]) -> Decoded {
    let mut decoded = Decoded { text: String::new(), errors: Vec::new() };
    let mut lines = 0_usize;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(problem) = Problem::of(line) {
            lines += 1;
            if lines <= MAX_LINES + 1 {
                decoded.errors.push(problem.shown().shifted(decoded.text.len()));
            }
        }
        decoded.text.push_str(&String::from_utf8_lossy(line));
    }
    if lines > MAX_LINES + 1
        && let Some(last) = decoded.errors.last_mut()
    {
        let more = lines - MAX_LINES - 1;
        last.message = format!("this and {more} more lines are not UTF-8, or have NUL characters");
        last.help = None;
    }
    // Advice is the same for all of them.
    for wanted in [Problem::NUL_HELP, Problem::BYTE_HELP] {
        let same = decoded.errors.iter_mut().filter(|it| it.help.as_deref() == Some(wanted));
        same.skip(1).for_each(|error| error.help = None);
    }
    decoded
}

/// The first problem of a line, with where it is.
enum Problem {
    Byte(u8, usize),
    Nul(usize),
}

impl Problem {
    const NUL_HELP: &str = "it is written text:\"\\u0000\", or hex:00 in a binary message";
    const BYTE_HELP: &str = "a scenario is UTF-8; bytes are written hex:… or base64:…";

    fn of(line: &[u8]) -> Option<Self> {
        let valid = match str::from_utf8(line) {
            Ok(_) => line.len(),
            Err(error) => error.valid_up_to(),
        };
        match memchr::memchr(0, &line[..valid]) {
            Some(at) => Some(Self::Nul(at)),
            None => line.get(valid).map(|byte| Self::Byte(*byte, valid)),
        }
    }

    fn shown(&self) -> Diagnostic {
        match *self {
            Self::Byte(byte, at) => {
                let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
                Diagnostic::new(at..end, format!("byte {byte:#04x}: not UTF-8"))
                    .with_help(Self::BYTE_HELP)
            }
            Self::Nul(at) => Diagnostic::new(at..at + 1, "NUL character").with_help(Self::NUL_HELP),
        }
    }
}

/// How much of a file is looked at to see whether it is text, in bytes.
const START: usize = 8 << 10;

/// The fewest control characters that make a file something else than text. A scenario may have a few by mistake.
const MIN_CONTROLS: usize = 4;

/// An error for a file that is evidently not text, or in an encoding that its first bytes name. Other encodings
/// could only be guessed.
fn other_than_text(bytes: &[u8]) -> Option<Diagnostic> {
    let encoding = match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        _ => None,
    };
    if let Some(encoding) = encoding {
        let message = format!("this file is {encoding}; it has to be UTF-8");
        return Some(Diagnostic::new(0..0, message));
    }
    let start = &bytes[..bytes.len().min(START)];
    // White space, backspace and escape are in text files too.
    let is_control = |byte: &&u8| matches!(byte, 0..=7 | 14..=26 | 28..=31);
    let controls = start.iter().filter(is_control).count();
    let nuls = memchr::memchr_iter(0, start).count();
    let is_utf8 = match str::from_utf8(start) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(), // a character that the end of the start cuts
    };
    let least = if is_utf8 { start.len() / 5 } else { start.len() / 50 };
    let counted = if is_utf8 { nuls } else { controls };
    (counted >= least.max(MIN_CONTROLS)).then(|| Diagnostic::new(0..0, "this is not a text file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text, and each error with its place.
    fn decoded(bytes: &[u8]) -> (String, Vec<String>) {
        let Decoded { text, errors } = decode(bytes.to_vec());
        let errors = errors.iter().map(|it| format!("{:?} {}", it.at, it.message)).collect();
        (text, errors)
    }

    #[test]
    fn what_is_not_utf8_is_replaced_and_has_its_place() {
        for (bytes, text, errors) in [
            (&b"a\xc3\xa9\n"[..], "aé\n", &[][..]),
            (b"", "", &[]),
            (b"\xe9", "\u{fffd}", &["0..3 byte 0xe9: not UTF-8"]),
            (b"ok\n\xc3\xa9\xe9\xe9\n", "ok\né\u{fffd}\u{fffd}\n", &["5..8 byte 0xe9: not UTF-8"]),
            (b"a\0\0b\xe9\n", "a\0\0b\u{fffd}\n", &["1..2 NUL character"]),
            (b"\xff\n\0\n", "\u{fffd}\n\0\n", &["0..3 byte 0xff: not UTF-8", "4..5 NUL character"]),
            (b"\xe2\x82", "\u{fffd}", &["0..3 byte 0xe2: not UTF-8"]),
        ] {
            let expected = (text.to_owned(), errors.iter().map(|it| (*it).to_owned()).collect());
            assert_eq!(decoded(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn advice_is_given_once() {
        let errors = decode(b"\xff\n\xff\n\0\n\0\n".to_vec()).errors;
        let has_help: Vec<_> = errors.iter().map(|error| error.help.is_some()).collect();
        assert_eq!(has_help, [true, false, true, false]);
    }

    #[test]
    fn only_what_is_evidently_not_text_is_refused_as_a_whole() {
        let stomp = "> CONNECT\n\0\n> SEND\n\0\n".repeat(200);
        let cyrillic = [b"> \xcf\xf0\xe8\xe2\xe5\xf2\n".as_slice(); 50].concat();
        for text in
            [b"> a\0\n".as_slice(), stomp.as_bytes(), &cyrillic, b"> \x1b[31m\x1b[0m\xe9\x07"]
        {
            assert!(!decode(text.to_vec()).text.is_empty(), "{text:?}");
        }
        let tar = [b"name".as_slice(), &[0; 200], b"text"].concat();
        for other in [&tar[..], b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"a\0b\0c\0d\0e\0"] {
            assert_eq!(decoded(other).1, ["0..0 this is not a text file"], "{other:?}");
        }
        for (other, encoding) in [
            (&b"\xff\xfeW\0"[..], "UTF-16"),
            (b"\xfe\xff\0W", "UTF-16"),
            (b"\xff\xfe\0\0W\0\0\0", "UTF-32"),
        ] {
            let expected = format!("0..0 this file is {encoding}; it has to be UTF-8");
            assert_eq!(decoded(other).1, [expected]);
        }
    }
}
