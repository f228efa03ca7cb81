//! Line editing like the kernel's line discipline, without its limit: in canonical mode it silently truncates
//! lines after 4,095 bytes.

use unicode_width::UnicodeWidthChar;

use crate::platform::terminal::EditKeys;

/// Longer lines are returned in parts, to limit the memory.
const MAX_LINE: usize = 1 << 20;

/// Longer lines are not cleared from the screen when they are erased, in columns.
const MAX_CLEARED: usize = 500;

/// The line being typed, and its echo.
#[derive(Debug)]
pub(super) struct LineDiscipline {
    keys: EditKeys,
    line: Vec<u8>,
    /// The next byte is inserted literally.
    is_literal: bool,
    echo: Vec<u8>,
}

/// What a key completed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Completed {
    /// A line with its newline, or part of one.
    Bytes(Vec<u8>),
    /// Ctrl-D on an empty line.
    End,
}

impl LineDiscipline {
    pub(super) fn new(keys: EditKeys) -> Self {
        Self { keys, line: Vec::new(), is_literal: false, echo: Vec::new() }
    }

    /// Processes a typed byte.
    pub(super) fn push(&mut self, byte: u8) -> Option<Completed> {
        let key = Some(byte).filter(|_| !std::mem::take(&mut self.is_literal));
        if matches!(key, Some(b'\r' | b'\n')) {
            self.echo.push(b'\n');
            self.line.push(b'\n');
            return self.complete();
        }
        if key.is_none() {
            self.insert(byte);
        } else if key == self.keys.end {
            return if self.line.is_empty() { Some(Completed::End) } else { self.complete() };
        } else if key == self.keys.erase || key == Some(0x08) {
            let width = self.erase_character();
            self.clear_columns(width);
        } else if key == self.keys.erase_word {
            self.erase_word();
        } else if key == self.keys.kill {
            let width = shown(&self.line).1;
            self.line.clear();
            self.clear_columns(width);
        } else if key == self.keys.literal {
            self.is_literal = true;
        } else {
            self.insert(byte);
        }
        if self.line.len() >= MAX_LINE { self.complete() } else { None }
    }

    /// The bytes to write to the terminal.
    pub(super) fn take_echo(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.echo)
    }

    /// The line being typed as displayed, and its width in columns.
    pub(super) fn shown(&self) -> (Vec<u8>, usize) {
        shown(&self.line)
    }

    /// Discards the line; false if it is empty.
    pub(super) fn clear(&mut self) -> bool {
        let had_text = !self.line.is_empty();
        self.line.clear();
        self.is_literal = false;
        had_text
    }

    fn complete(&mut self) -> Option<Completed> {
        Some(Completed::Bytes(std::mem::take(&mut self.line)))
    }

    /// The bytes of non-ASCII characters are echoed unchanged.
    fn insert(&mut self, byte: u8) {
        self.line.push(byte);
        match byte {
            0x80.. => self.echo.push(byte),
            _ => self.echo.extend(shown(&[byte]).0),
        }
    }

    /// Returns its width in columns.
    fn erase_character(&mut self) -> usize {
        let continued = self.line.iter().rev().take(3).take_while(|byte| **byte & 0xc0 == 0x80);
        let start = self.line.len().saturating_sub(1 + continued.count());
        shown(&self.line.split_off(start)).1
    }

    fn erase_word(&mut self) {
        let mut width = 0;
        let ends_blank = |line: &[u8]| line.last().is_some_and(u8::is_ascii_whitespace);
        while ends_blank(&self.line) {
            width += self.erase_character();
        }
        while !self.line.is_empty() && !ends_blank(&self.line) {
            width += self.erase_character();
        }
        self.clear_columns(width);
    }

    fn clear_columns(&mut self, width: usize) {
        if width > MAX_CLEARED {
            self.echo.extend(b"^U\n");
            self.echo.extend(shown(&self.line).0);
        } else {
            self.echo.extend(b"\x08 \x08".repeat(width));
        }
    }
}

/// A text with control characters made visible, and its width in columns.
fn shown(bytes: &[u8]) -> (Vec<u8>, usize) {
    let (mut text, mut width) = (String::new(), 0);
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '\t' => text.push(' '), // its width depends on the column
            '\x00'..='\x1f' => text.extend(['^', char::from(c as u8 + 0x40)]),
            '\x7f' => text.push_str("^?"),
            c if c.is_control() => text.push('\u{fffd}'),
            c => text.push(c),
        }
        width += match c {
            '\x00'..='\x08' | '\n'..='\x1f' | '\x7f' => 2,
            '\t' => 1,
            c if c.is_control() => 1,
            c => c.width().unwrap_or(0),
        };
    }
    (text.into_bytes(), width)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: EditKeys = EditKeys {
        erase: Some(0x7f),
        erase_word: Some(0x17),
        kill: Some(0x15),
        end: Some(0x04),
        literal: Some(0x16),
    };

    /// What was completed, and the echo.
    fn typed(keys: &str) -> (Vec<Completed>, String) {
        let mut discipline = LineDiscipline::new(KEYS);
        let completed = keys.bytes().filter_map(|byte| discipline.push(byte)).collect();
        (completed, String::from_utf8(discipline.take_echo()).expect("text"))
    }

    fn bytes(text: &str) -> Completed {
        Completed::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn keys_edit_the_line() {
        for (keys, line) in [
            ("abc\r", "abc\n"),
            ("\n", "\n"),
            ("ab\x7fc\r", "ac\n"),
            ("pä世\x7f\x08x\r", "px\n"),
            ("\x7f\x7fa\r", "a\n"),
            ("one two  \x17three\r", "one three\n"),
            ("wrong\x15right\r", "right\n"),
            ("a\x16\x04b\x16\x7f\r", "a\x04b\x7f\n"),
        ] {
            assert_eq!(typed(keys).0, [bytes(line)], "{keys:?}");
        }
    }

    #[test]
    fn a_discarded_line_leaves_no_state() {
        let mut discipline = LineDiscipline::new(KEYS);
        for keys in ["ab\x16", "\x16"] {
            keys.bytes().for_each(|byte| assert_eq!(discipline.push(byte), None));
            discipline.clear();
            assert_eq!(discipline.push(b'\r'), Some(bytes("\n")), "{keys:?}");
        }
    }

    #[test]
    fn ctrl_d_ends_the_input_or_completes_a_partial_line() {
        assert_eq!(typed("\x04").0, [Completed::End]);
        assert_eq!(typed("ab\x04\x04").0, [bytes("ab"), Completed::End]);
    }

    #[test]
    fn typed_text_is_echoed_and_erased() {
        assert_eq!(typed("aé\r").1, "aé\n");
        assert_eq!(typed("a世\x7f").1, "a世\x08 \x08\x08 \x08");
        assert_eq!(typed("\x16\x1b[2J").1, "^[[2J");
        assert_eq!(typed("\x1b\x7f").1, "^[\x08 \x08\x08 \x08");
        let long = typed(&format!("{}\x15", "x".repeat(MAX_CLEARED + 1))).1;
        assert!(long.ends_with("x^U\n"), "{long}");
    }

    #[test]
    fn long_lines_are_not_truncated_and_memory_is_limited() {
        let mut discipline = LineDiscipline::new(KEYS);
        let (mut parts, mut count) = (0, 0);
        for _ in 0..2 * MAX_LINE + 10 {
            if let Some(Completed::Bytes(part)) = discipline.push(b'x') {
                (parts, count) = (parts + 1, count + part.len());
            }
        }
        assert_eq!(discipline.push(b'\n'), Some(bytes("xxxxxxxxxx\n")));
        assert_eq!((parts, count), (2, 2 * MAX_LINE));
    }
}
