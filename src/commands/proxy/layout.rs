//! Lists as text.

use unicode_width::UnicodeWidthStr;

use crate::output::escape::{Newlines, escape};
use crate::output::wrap::fit;

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
    let widths = widths(rows);
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let blanks = width.saturating_sub(cell.width());
            format!("{GAP}{cell}{:blanks$}", "")
        });
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The same in lines of at most `most` columns: what is longer is cut in the cells of this column, down to a few columns.
pub(super) fn fitted<const N: usize>(
    mut rows: Vec<[String; N]>,
    column: usize,
    most: usize,
) -> String {
    const FEWEST: usize = 12;
    let widths = widths(&rows);
    let others: usize =
        widths.iter().map(|width| width + GAP.len()).sum::<usize>() - widths[column];
    let room = most.saturating_sub(others).max(FEWEST);
    for row in &mut rows {
        row[column] = fit(&row[column], room).into_owned();
    }
    aligned(&rows)
}

/// What stands before each cell.
const GAP: &str = "  ";

fn widths<const N: usize>(rows: &[[String; N]]) -> [usize; N] {
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max();
    std::array::from_fn(|column| width(column).unwrap_or_default())
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
    fn one_column_is_cut_to_the_width() {
        let rows = || vec![["1", "abcdefghijklmnop", "x"], ["2", "日本語日本語日本語", "y"]];
        let rows = || rows().into_iter().map(|row| row.map(str::to_owned)).collect::<Vec<_>>();
        assert_eq!(fitted(rows(), 1, 80), aligned(&rows()));
        let expected = "  1  abcdefghijkl…  x\n  2  日本語日本語…  y";
        assert_eq!(fitted(rows(), 1, 21), expected);
        assert!(fitted(rows(), 1, 0).contains("  abcdefghijk…  "), "a few columns are left");
    }

    #[test]
    fn texts_are_cut_and_escaped() {
        assert_eq!(shortened("a\nb", 3), r"a\nb");
        assert_eq!(shortened("äöü", 2), "äö…");
    }
}
