//! Places in a typed text.

/// `column 9`, or `line 2, column 9` in a text of several lines; counted in characters from 1.
pub(super) fn place(text: &str, at: usize) -> String {
    let before = &text[..at];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let column = before[start..].chars().count() + 1;
    match text.contains('\n') {
        true => format!("line {}, column {column}", before.matches('\n').count() + 1),
        false => format!("column {column}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_counted_in_the_line() {
        for (text, at, result) in [
            ("abc", 0, "column 1"),
            ("안녕x", 6, "column 3"),
            ("a\n한b", 5, "line 2, column 2"),
            ("a\n", 2, "line 2, column 1"),
            ("a\nb", 0, "line 1, column 1"),
        ] {
            assert_eq!(place(text, at), result, "{text}");
        }
    }
}
