//! `wscope codes`: what a close code means, who may send it, and usual causes.

use crate::protocol::close::{APPLICATIONS, CloseCode, KNOWN, RANGES};

mod search;

pub use search::answer;

/// The columns that the text takes at most; a narrower terminal breaks it earlier.
pub const WIDTH: usize = 80;

/// The width of the columns of codes and names.
const TABLE_INDENT: &str = "                                  ";

/// The fewest columns in which the third column is beside the others.
const MIN_TABLE: usize = 60;

/// A table of all codes that have a name, then of the ranges that contain the others, in lines of at most `width`
/// columns.
pub fn overview(width: usize) -> String {
    let row = |code: &str, name: &str, meaning: &str| row(code, name, meaning, width);
    let mut table = row("CODE", "NAME", "MEANING");
    for &number in KNOWN {
        let code = CloseCode::new(number);
        let mark = if code.may_be_sent() { "" } else { "*" };
        table += &row(&format!("{number}{mark}"), code.name(), code.explain().summary);
    }
    table.push('\n');
    table += &row("RANGE", "NAME", "MEANING");
    for range in RANGES {
        table +=
            &row(&format!("{}-{}", range.first, range.last), range.name, range.explanation.summary);
    }
    table += "\n* never in a Close frame\n\n";
    let more = "`wscope codes CODE` explains one of them, `wscope codes WORD` finds some.";
    table + &wrapped("", "", more, width)
}

/// The full explanation of one code, in lines of at most `width` columns.
pub fn describe(code: CloseCode, width: usize) -> String {
    let wrapped = |first: &str, rest: &str, text: &str| wrapped(first, rest, text, width);
    let explanation = code.explain();
    let mut text = format!("{code}\n\n");
    text += &wrapped("  ", "  ", explanation.meaning);
    text.push('\n');
    text += &wrapped("  Close frame:  ", LABEL_INDENT, on_the_wire(code));
    text += &wrapped("  Sent by:      ", LABEL_INDENT, explanation.sender);
    text += &wrapped("  Defined in:   ", LABEL_INDENT, explanation.section);
    text += "\n  Usual causes:\n";
    for cause in explanation.causes {
        text += &wrapped("  - ", "    ", cause);
    }
    let meanings: Vec<_> = APPLICATIONS
        .iter()
        .filter_map(|application| {
            application.meaning(code).map(|it| format!("{application}: {it}."))
        })
        .collect();
    if !meanings.is_empty() {
        text += "\n  Meaning in some applications:\n";
        text.extend(meanings.iter().map(|meaning| wrapped("  - ", "    ", meaning)));
    }
    text
}

const LABEL_INDENT: &str = "                ";

fn row(code: &str, name: &str, meaning: &str, width: usize) -> String {
    let start = format!("{code:<12}{name:<22}");
    match width < MIN_TABLE {
        true => format!("{}\n{}", start.trim_end(), wrapped("  ", "  ", meaning, width)),
        false => wrapped(&start, TABLE_INDENT, meaning, width),
    }
}

fn on_the_wire(code: CloseCode) -> &'static str {
    if code.may_be_sent() { "may carry it" } else { "must not carry it" }
}

/// `text` in lines of at most `width` columns, the first one after `first`, the others after `rest`.
/// A word that is too long is on a line of its own.
fn wrapped(first: &str, rest: &str, text: &str, width: usize) -> String {
    let mut lines = String::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.len() + 1 + word.len() > width {
            lines += &line;
            lines.push('\n');
            line = rest.to_owned();
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line += word;
        empty = false;
    }
    lines + &line + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overview_lists_every_code_and_range_on_one_line_each() {
        let table = overview(WIDTH);
        for &code in KNOWN {
            assert_eq!(
                table.lines().filter(|line| line.starts_with(&code.to_string())).count(),
                lines_for(code)
            );
        }
        assert!(
            table
                .contains("\n1005*       No Status Received    The Close frame carried no code.\n")
        );
        assert!(
            table.contains(
                "\n1008        Policy Violation      The endpoint's policy was violated.\n"
            )
        );
        assert!(table.contains("\n5000-65535  Invalid"));
    }

    /// Two codes are also the first of a range.
    fn lines_for(code: u16) -> usize {
        if RANGES.iter().any(|range| range.first == code) { 2 } else { 1 }
    }

    #[test]
    fn no_line_exceeds_the_width() {
        let codes = (0..=5000).map(|code| describe(CloseCode::new(code), WIDTH));
        for text in codes.chain([overview(WIDTH)]) {
            assert!(text.is_ascii(), "widths are counted in bytes:\n{text}");
            assert!(
                text.lines().all(|line| line.len() <= WIDTH && line.trim_end() == line),
                "{text}"
            );
            assert!(text.ends_with('\n'));
        }
    }

    #[test]
    fn description_of_a_code_that_is_never_sent() {
        assert_eq!(
            describe(CloseCode::NO_STATUS, WIDTH),
            "1005 No Status Received

  The peer sent a Close frame without a code. The connection ended cleanly.

  Close frame:  must not carry it
  Sent by:      neither endpoint: it is never on the wire, an endpoint reports
                it to its own application
  Defined in:   RFC 6455, section 7.4.1

  Usual causes:
  - The peer called close() without a code: the default in browsers and in
    Node's ws.
"
        );
    }

    #[test]
    fn description_of_a_private_code_lists_applications() {
        let text = describe(CloseCode::new(4401), WIDTH);
        assert!(text.starts_with("4401 Private Use\n"));
        assert!(text.contains("  Close frame:  may carry it\n"));
        assert!(text.contains("\n  Usual causes:\n  - The application defines it"));
        let end = "\n  Meaning in some applications:\n  - graphql-transport-ws: Unauthorized: a subscription \
                   before the server's\n    connection_ack.\n";
        assert!(text.ends_with(end), "{text}");
        assert!(
            describe(CloseCode::new(4001), WIDTH).contains("  - Discord gateway: Unknown opcode")
        );
    }

    #[test]
    fn a_word_longer_than_the_width_is_on_its_own_line() {
        let word = "x".repeat(100);
        let text = format!("a {word} b");
        assert_eq!(wrapped("- ", "  ", &text, WIDTH), format!("- a\n  {word}\n  b\n"));
    }

    #[test]
    fn narrow_terminals_have_narrower_lines() {
        for width in [40, 59, 70] {
            for text in [overview(width), describe(CloseCode::new(4401), width)] {
                let fits = |line: &str| line.len() <= width || line.split_whitespace().count() <= 1;
                assert!(text.lines().all(fits), "{width}\n{text}");
            }
        }
    }
}
