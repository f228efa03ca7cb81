//! Lines for people, broken between words: a terminal would break them inside.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How far the second and later lines of a paragraph are indented.
pub const HANGING: usize = 2;

/// Breaks each line of `text` that has more than `columns` columns at blanks; `None`: nothing is broken.
/// `lead` columns of the first line are taken already. Continuation lines are indented by `indent` columns
/// more than the line they continue. A word without spaces, such as a URL, is not broken, however long it is.
pub fn wrap(text: &str, columns: Option<usize>, lead: usize, indent: usize) -> Cow<'_, str> {
    let Some(columns) = columns else { return Cow::Borrowed(text) };
    if text.len() + lead <= columns {
        return Cow::Borrowed(text); // no character takes more columns than bytes
    }
    let mut wrapped = String::with_capacity(text.len() + text.len() / columns.max(1) * indent);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            wrapped.push('\n');
        }
        wrap_line(&mut wrapped, line, columns, if number == 0 { lead } else { 0 }, indent);
    }
    Cow::Owned(wrapped)
}

fn wrap_line(out: &mut String, line: &str, columns: usize, lead: usize, indent: usize) {
    let text = line.trim_start_matches(' ');
    let own = line.len() - text.len();
    let indent = (own + indent).min(columns / 2);
    out.push_str(&line[..own]);
    let mut used = lead + own;
    let mut is_first = true;
    // Blanks in front of a word, and the word.
    let mut rest = text;
    while !rest.is_empty() {
        let word_at = rest.find(|c| c != ' ').unwrap_or(rest.len());
        let end = word_at + word_end(&rest[word_at..]);
        let (gap, word) = (word_at, &rest[word_at..end]);
        let width = word.width();
        if !is_first && !word.is_empty() && used + gap + width > columns {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(word);
            used = indent + width;
        } else {
            out.push_str(&rest[..end]);
            used += gap + width;
        }
        is_first = false;
        rest = &rest[end..];
    }
}

/// A line without what does not fit into this many columns.
pub fn fit(line: &str, columns: usize) -> Cow<'_, str> {
    if line.width() <= columns {
        return Cow::Borrowed(line);
    }
    let mut used = 1; // the ellipsis
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    Cow::Owned(line.chars().take_while(fits).chain(['…']).collect())
}

/// Units that stay on the line of their number.
const UNITS: [&str; 12] =
    ["µs", "ms", "s", "min", "h", "d", "%", "B", "KiB", "MiB", "byte", "bytes"];

/// Where the word that `text` starts with ends. A number and its unit are one word.
fn word_end(text: &str) -> usize {
    let next_blank = |from: usize| text[from..].find(' ').map_or(text.len(), |at| from + at);
    let end = next_blank(0);
    if !text[..end].ends_with(|c: char| c.is_ascii_digit()) || end == text.len() {
        return end;
    }
    let unit_end = next_blank(end + 1);
    let unit = text[end + 1..unit_end].trim_end_matches([')', ',', ';', ':', '.', ']']);
    if UNITS.contains(&unit) { unit_end } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words() {
        for (text, columns, lead, indent, expected) in [
            ("one two three", None, 0, 2, "one two three"),
            ("one two three", Some(13), 0, 2, "one two three"),
            ("one two three", Some(12), 0, 2, "one two\n  three"),
            ("one two three", Some(13), 1, 2, "one two\n  three"),
            ("one two three", Some(7), 0, 0, "one two\nthree"),
            ("a https://host/a/long/path b", Some(12), 0, 2, "a\n  https://host/a/long/path\n  b"),
            ("https://host/a/long/path", Some(12), 0, 2, "https://host/a/long/path"),
            ("  name  a long value", Some(12), 0, 6, "  name  a\n      long\n      value"),
            ("first line\nsecond line", Some(10), 0, 1, "first line\nsecond\n line"),
            ("世界 世界 世界", Some(9), 0, 0, "世界 世界\n世界"),
            ("ends with blanks  ", Some(10), 0, 0, "ends with\nblanks  "),
            ("", Some(10), 20, 2, ""),
            ("lasted in 203 ms", Some(14), 0, 2, "lasted in\n  203 ms"),
            ("sent (12 bytes), then", Some(10), 0, 0, "sent\n(12 bytes),\nthen"),
            ("to 3 min 5 s", Some(9), 0, 0, "to 3 min\n5 s"),
            ("now 203  ms", Some(8), 0, 0, "now 203\nms"),
            ("now 5 messages", Some(8), 0, 0, "now 5\nmessages"),
            ("now 5", Some(4), 0, 0, "now\n5"),
        ] {
            assert_eq!(wrap(text, columns, lead, indent), expected, "{text:?} {columns:?}");
        }
    }

    #[test]
    fn what_does_not_fit_is_cut() {
        for (line, columns, expected) in [
            ("one two", 7, "one two"),
            ("one two", 6, "one t…"),
            ("世界世", 5, "世界…"),
            ("世界世", 4, "世…"),
            ("one", 0, "…"),
            ("", 0, ""),
        ] {
            assert_eq!(fit(line, columns), expected, "{line:?} {columns}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_word_is_lost_or_broken(text in "[a-z界 ]{0,80}", columns in 1_usize..40, lead in 0_usize..10) {
            let wrapped = wrap(&text, Some(columns), lead, 2).into_owned();
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            proptest::prop_assert_eq!(words(&wrapped), words(&text));
            for line in wrapped.split('\n').skip(1) {
                let is_word = line.trim().split(' ').count() == 1;
                proptest::prop_assert!(line.trim_end().width() <= columns || is_word, "{:?}", line);
            }
        }
    }
}
