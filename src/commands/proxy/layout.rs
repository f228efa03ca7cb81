//! Lists as text.

use crate::output::escape::{Newlines, escape};

/// The start of a text, without what could control a terminal.
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", safe(&text[..end])),
        None => safe(text),
    }
}

/// A text without what could control a terminal, on one line.
pub(super) fn safe(text: &str) -> String {
    escape(text, Newlines::Escape).into_owned()
}

/// Rows whose cells stand below each other.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
    let widths: [usize; N] = std::array::from_fn(|column| width(column).unwrap_or_default());
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("  {cell:<width$}"));
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stand_below_each_other() {
        let rows = [["1", "ä", "x"], ["12", "bcd", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), "  1   ä    x\n  12  bcd");
    }

    #[test]
    fn texts_are_cut_and_escaped() {
        assert_eq!(shortened("a\nb", 3), r"a\nb");
        assert_eq!(shortened("äöü", 2), "äö…");
    }
}
