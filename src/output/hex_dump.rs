//! Binary data as hexadecimal digits.

use super::style::{Role, Style};

const GROUP: usize = 8;

/// How a dump is laid out.
#[derive(Clone, Copy)]
struct Layout {
    /// Bytes in a row.
    row: usize,
    /// Digits of an offset.
    offset: usize,
}

impl Layout {
    /// The classic one.
    const CLASSIC: Self = Self { row: 16, offset: 8 };

    /// The first that fits into these columns, from the classic one to the narrowest.
    fn fitting(len: usize, columns: usize) -> Self {
        let offset = if len <= 1 << 16 { 4 } else { Self::CLASSIC.offset };
        let layouts =
            [Self::CLASSIC, Self { offset, ..Self::CLASSIC }, Self { row: GROUP, ..Self::CLASSIC }];
        let fitting = layouts.into_iter().find(|layout| layout.width() <= columns);
        fitting.unwrap_or(Self { row: GROUP, offset })
    }

    fn width(self) -> usize {
        let gaps = self.row / GROUP;
        self.offset + 3 * self.row + gaps + "  ||".len() + self.row
    }
}

/// The classic dump: offset, 16 bytes in two groups, and the printable ASCII among them; for fewer columns
/// than that takes, with shorter offsets or rows. Rows start with `indent` and are joined by line breaks;
/// there is none at the end.
pub fn hex_dump(bytes: &[u8], style: Style, indent: &str, columns: Option<usize>) -> String {
    let layout = columns.map_or(Layout::CLASSIC, |columns| {
        Layout::fitting(bytes.len(), columns.saturating_sub(indent.len()))
    });
    let Layout { row: row_size, offset } = layout;
    let row_len = indent.len() + layout.width() + "\n".len();
    let mut out = String::with_capacity(bytes.len().div_ceil(row_size) * row_len);
    for (number, row) in bytes.chunks(row_size).enumerate() {
        if number > 0 {
            out.push('\n');
        }
        out.push_str(indent);
        style.paint_into(&mut out, Role::Dim, &format!("{:0offset$x}", number * row_size));
        push_digits(&mut out, row, row_size);
        push_ascii(&mut out, row);
    }
    out
}

/// The bytes as lower-case pairs of digits with spaces between them.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 3);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        push_pair(&mut out, *byte);
    }
    out
}

/// The digits of one row, padded so that the next column lines up in a short last row.
fn push_digits(out: &mut String, row: &[u8], row_size: usize) {
    for at in 0..row_size {
        out.push_str(if at % GROUP == 0 { "  " } else { " " });
        match row.get(at) {
            Some(byte) => push_pair(out, *byte),
            None => out.push_str("  "),
        }
    }
}

fn push_ascii(out: &mut String, row: &[u8]) {
    out.push_str("  |");
    out.extend(row.iter().map(|byte| match byte {
        b' '..=b'~' => char::from(*byte),
        _ => '.',
    }));
    out.push('|');
}

fn push_pair(out: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for digit in [byte >> 4, byte & 0xf] {
        out.push(char::from(DIGITS[usize::from(digit)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_empty_dump_has_no_rows() {
        assert_eq!(hex_dump(b"", Style::plain(), "  ", None), "");
        assert_eq!(hex(b""), "");
    }

    #[test]
    fn rows_line_up() {
        let bytes: Vec<u8> = (0x10..0x30).chain(*b"Hi\x7f\x80\xff").collect();
        let expected =
            "  00000000  10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f  |................|
  00000010  20 21 22 23 24 25 26 27  28 29 2a 2b 2c 2d 2e 2f  | !\"#$%&'()*+,-./|
  00000020  48 69 7f 80 ff                                    |Hi...|";
        assert_eq!(hex_dump(&bytes, Style::plain(), "  ", None), expected);
        assert_eq!(hex_dump(&bytes, Style::plain(), "  ", Some(80)), expected);
    }

    #[test]
    fn full_rows_are_not_followed_by_an_empty_one() {
        let expected =
            "00000000  61 61 61 61 61 61 61 61  61 61 61 61 61 61 61 61  |aaaaaaaaaaaaaaaa|";
        assert_eq!(hex_dump(&[b'a'; 16], Style::plain(), "", None), expected);
    }

    #[test]
    fn a_dump_fits_into_fewer_columns() {
        let row = |columns| {
            let dump = hex_dump(&[b'a'; 16], Style::plain(), "  ", Some(columns));
            dump.lines().next().unwrap_or_default().to_owned()
        };
        assert_eq!(row(80).len(), 80);
        assert!(row(77).starts_with("  0000  61 61") && row(77).len() == 76, "{}", row(77));
        assert_eq!(row(70), "  00000000  61 61 61 61 61 61 61 61  |aaaaaaaa|");
        assert_eq!(row(46), "  0000  61 61 61 61 61 61 61 61  |aaaaaaaa|");
        assert_eq!(row(1), row(46));
        let long = hex_dump(&vec![0; (1 << 16) + 1], Style::plain(), "", Some(70));
        assert!(long.starts_with("00000000  00") && long.lines().all(|line| line.len() <= 70));
    }

    #[test]
    fn offsets_are_dim() {
        let dump = hex_dump(b"a", Style::new(true), "> ", None);
        assert!(dump.starts_with("> \x1b[2m00000000\x1b[0m  61 "), "{dump:?}");
    }

    #[test]
    fn hex_is_spaced_and_lower_case() {
        assert_eq!(hex(b"\x0a\xff\x00"), "0a ff 00");
    }

    proptest! {
        #[test]
        fn dump_holds_every_byte(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            let dump = hex_dump(&bytes, Style::plain(), "", None);
            let digits: Vec<&str> = dump
                .lines()
                .flat_map(|line| line[8..58].split_ascii_whitespace())
                .collect();
            prop_assert_eq!(digits.join(" "), hex(&bytes));
            prop_assert!(dump.chars().all(|c| c == '\n' || matches!(c, ' '..='~')));
        }
    }
}
