//! Editing of lines as the driver of a terminal does it, without its limit: in canonical mode it cuts a line
//! after 4,095 bytes, and says nothing.

use unicode_width::UnicodeWidthChar;

use crate::platform::terminal::EditKeys;

/// A longer line is handed over in parts: what is held is bounded.
const MAX_HELD: usize = 1 << 20;

/// A longer line is not taken off the screen when it is erased, in columns.
const MAX_TAKEN_BACK: usize = 500;

/// The line being typed, and what it shows.
#[derive(Debug)]
pub(super) struct Discipline {
    keys: EditKeys,
    line: Vec<u8>,
    /// The next byte is no key.
    is_literal: bool,
    echo: Vec<u8>,
}

/// What a key has completed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Completed {
    /// A line with its newline, or the start of one.
    Bytes(Vec<u8>),
    /// Ctrl-D on an empty line.
    End,
}

impl Discipline {
    pub(super) fn new(keys: EditKeys) -> Self {
        Self { keys, line: Vec::new(), is_literal: false, echo: Vec::new() }
    }

    /// Takes a byte that was typed.
    pub(super) fn push(&mut self, byte: u8) -> Option<Completed> {
        let key = Some(byte).filter(|_| !std::mem::take(&mut self.is_literal));
        if matches!(key, Some(b'\r' | b'\n')) {
            self.echo.push(b'\n');
            self.line.push(b'\n');
            return self.hand_over();
        }
        if key.is_none() {
            self.insert(byte);
        } else if key == self.keys.end {
            return if self.line.is_empty() { Some(Completed::End) } else { self.hand_over() };
        } else if key == self.keys.erase || key == Some(0x08) {
            let width = self.erase_character();
            self.take_back(width);
        } else if key == self.keys.erase_word {
            self.erase_word();
        } else if key == self.keys.kill {
            let width = shown(&self.line).1;
            self.line.clear();
            self.take_back(width);
        } else if key == self.keys.literal {
            self.is_literal = true;
        } else {
            self.insert(byte);
        }
        if self.line.len() >= MAX_HELD { self.hand_over() } else { None }
    }

    /// What is to be written to the terminal.
    pub(super) fn take_echo(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.echo)
    }

    /// What the line being typed shows, and the columns that it takes.
    pub(super) fn shown(&self) -> (Vec<u8>, usize) {
        shown(&self.line)
    }

    /// Gives the line up; false if there is none.
    pub(super) fn clear(&mut self) -> bool {
        let had_text = !self.line.is_empty();
        self.line.clear();
        self.is_literal = false;
        had_text
    }

    fn hand_over(&mut self) -> Option<Completed> {
        Some(Completed::Bytes(std::mem::take(&mut self.line)))
    }

    /// Bytes of a character that is not ASCII are shown as they come.
    fn insert(&mut self, byte: u8) {
        self.line.push(byte);
        match byte {
            0x80.. => self.echo.push(byte),
            _ => self.echo.extend(shown(&[byte]).0),
        }
    }

    /// Returns the columns that it took.
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
        self.take_back(width);
    }

    fn take_back(&mut self, width: usize) {
        if width > MAX_TAKEN_BACK {
            self.echo.extend(b"^U\n");
            self.echo.extend(shown(&self.line).0);
        } else {
            self.echo.extend(b"\x08 \x08".repeat(width));
        }
    }
}

/// Text as a terminal may see it, and the columns that it takes.
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

    /// What is completed, and shown.
    fn typed(keys: &str) -> (Vec<Completed>, String) {
        let mut discipline = Discipline::new(KEYS);
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
    fn a_line_that_is_given_up_leaves_nothing_behind() {
        let mut discipline = Discipline::new(KEYS);
        for keys in ["ab\x16", "\x16"] {
            keys.bytes().for_each(|byte| assert_eq!(discipline.push(byte), None));
            discipline.clear();
            assert_eq!(discipline.push(b'\r'), Some(bytes("\n")), "{keys:?}");
        }
    }

    #[test]
    fn ctrl_d_ends_the_input_or_hands_over_what_there_is() {
        assert_eq!(typed("\x04").0, [Completed::End]);
        assert_eq!(typed("ab\x04\x04").0, [bytes("ab"), Completed::End]);
    }

    #[test]
    fn what_is_typed_is_shown_and_taken_back() {
        assert_eq!(typed("aé\r").1, "aé\n");
        assert_eq!(typed("a世\x7f").1, "a世\x08 \x08\x08 \x08");
        assert_eq!(typed("\x16\x1b[2J").1, "^[[2J");
        assert_eq!(typed("\x1b\x7f").1, "^[\x08 \x08\x08 \x08");
        let long = typed(&format!("{}\x15", "x".repeat(MAX_TAKEN_BACK + 1))).1;
        assert!(long.ends_with("x^U\n"), "{long}");
    }

    #[test]
    fn nothing_is_cut_and_what_is_held_is_bounded() {
        let mut discipline = Discipline::new(KEYS);
        let (mut parts, mut count) = (0, 0);
        for _ in 0..2 * MAX_HELD + 10 {
            if let Some(Completed::Bytes(part)) = discipline.push(b'x') {
                (parts, count) = (parts + 1, count + part.len());
            }
        }
        assert_eq!(discipline.push(b'\n'), Some(bytes("xxxxxxxxxx\n")));
        assert_eq!((parts, count), (2, 2 * MAX_HELD));
    }
}
