//! The text of a scenario file, and places in it.

use std::fmt;
use std::ops::Range;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::diagnostic::{Diagnostic, Partial, at_other_lines};
use super::encoding::{Decoded, decode};
use crate::hidden::{is_hidden, is_joiner, joins};

/// A file as it was read.
#[derive(Debug)]
pub struct Source {
    /// Its name, as the user gave it.
    pub name: String,
    text: String,
    /// Where each line starts, in bytes.
    starts: Vec<usize>,
    /// What is wrong with its bytes.
    errors: Vec<Diagnostic>,
}

/// A line of a file, without its line ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Its number, from 1.
    pub number: usize,
    /// Where it starts in the file, in bytes.
    pub start: usize,
    /// Its text.
    pub text: &'a str,
}

/// A line and a column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The widest line that is shown whole below a diagnostic, in columns.
const MAX_SHOWN: usize = 160;

impl Source {
    /// Reads a file's bytes. What is not UTF-8 is replaced, and is an error of the file.
    pub fn new(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        let Decoded { text, errors } = decode(bytes);
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1);
        let starts = std::iter::once(bom(&text)).chain(ends).collect();
        Self { name: name.into(), text, starts, errors }
    }

    /// What was read of the file, with everything that is wrong in it: in lines that are not text, only that.
    pub fn partial<T>(&self, value: T, errors: Vec<Diagnostic>) -> Partial<T> {
        let mut errors = at_other_lines(errors, &self.errors, |at| self.line_of(at));
        errors.extend_from_slice(&self.errors);
        errors.sort_by_key(|error| error.at.start);
        Partial { value, errors }
    }

    /// The whole text, with its byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many lines there are; a file that ends with a line ending has no empty line behind it.
    pub fn line_count(&self) -> usize {
        let has_rest = self.starts.last().is_some_and(|start| *start < self.text.len());
        self.starts.len() - usize::from(!has_rest)
    }

    /// A line by its number, from 1.
    pub fn line(&self, number: usize) -> Option<Line<'_>> {
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let end = self.starts.get(number).copied().unwrap_or(self.text.len());
        let text = &self.text[start..end];
        let text = text.strip_suffix('\n').unwrap_or(text);
        Some(Line { number, start, text: text.strip_suffix('\r').unwrap_or(text) })
    }

    /// All lines.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (1..=self.line_count()).filter_map(|number| self.line(number))
    }

    /// The number of the line that an offset in bytes is in.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// Where an offset in bytes is.
    pub fn place(&self, offset: usize) -> Place {
        let line = self.line_of(offset);
        let start = self.starts[line - 1];
        let before = self.text.get(start..offset).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }

    /// `FILE:LINE:COLUMN: SEVERITY: WHAT`, the line, carets under the place, and the help.
    pub fn render(&self, severity: &str, diagnostic: &Diagnostic) -> String {
        let place = self.place(diagnostic.at.start);
        let head = format!("{}:{place}: {severity}: {}", self.name, diagnostic.message);
        let excerpt = self.excerpt(place.line, &diagnostic.at);
        let help = diagnostic.help.iter().map(|help| format!("\n  help: {help}"));
        std::iter::once(head + &excerpt).chain(help).collect()
    }

    /// The line with carets below it, each indented by two spaces.
    pub fn excerpt(&self, number: usize, at: &Range<usize>) -> String {
        let line = self.line(number).filter(|_| !self.text.is_empty());
        let Some(line) = line else { return String::new() };
        let start = at.start.saturating_sub(line.start).min(line.text.len());
        let end = at.end.saturating_sub(line.start).clamp(start, line.text.len());
        let (Some(before), Some(marked)) = (line.text.get(..start), line.text.get(start..end))
        else {
            return String::new();
        };
        let (before, marked, after) = (shown(before), shown(marked), shown(&line.text[end..]));
        let carets = "^".repeat(marked.width().clamp(1, MAX_SHOWN));
        let whole = format!("{before}{marked}{after}");
        if whole.width() <= MAX_SHOWN {
            return format!("\n  {whole}\n  {}{carets}", " ".repeat(before.width()));
        }
        let rest = cut(&format!("{marked}{after}"));
        let dots = if before.is_empty() { "" } else { "…" };
        format!("\n  {dots}{rest}\n  {}{carets}", " ".repeat(dots.width()))
    }
}

/// A text without what would control a terminal or reorder a line: control characters become spaces, invisible ones
/// escapes.
fn shown(text: &str) -> String {
    let mut shown = String::new();
    let mut before = None;
    for c in text.chars() {
        match c {
            // Joiners have a use in emoji and in some scripts.
            _ if is_joiner(c) && joins(before) => shown.push(c),
            _ if c.is_control() => shown.push(' '),
            _ if is_hidden(c) => shown.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
            _ => shown.push(c),
        }
        before = Some(c);
    }
    shown
}

fn cut(text: &str) -> String {
    let mut width = 0;
    let mut kept = text.chars().take_while(|c| {
        width += c.width().unwrap_or(0);
        width < MAX_SHOWN
    });
    let start: String = kept.by_ref().collect();
    if start.len() < text.len() { start + "…" } else { start }
}

/// How many bytes of byte order mark there are.
fn bom(text: &str) -> usize {
    if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> Source {
        Source::new("a.wscope", text.as_bytes().to_vec())
    }

    /// Scenario language, section 1: "LF or CRLF, a byte order mark is skipped"
    #[test]
    fn lines_have_no_line_ending_and_no_byte_order_mark() {
        for (text, lines) in [
            ("", &[] as &[&str]),
            ("a", &["a"]),
            ("a\n", &["a"]),
            ("a\r\nb", &["a", "b"]),
            ("\u{feff}a\n\nb\n", &["a", "", "b"]),
            ("\n", &[""]),
        ] {
            let source = source(text);
            assert_eq!(source.lines().map(|line| line.text).collect::<Vec<_>>(), lines, "{text:?}");
        }
    }

    /// Scenario language, section 5: "`FILE:LINE:COLUMN: error: WHAT` (characters from 1, …)".
    #[test]
    fn a_place_counts_characters() {
        let source = source("\u{feff}aé\nüb\n");
        for (part, line, column) in [("a", 1, 1), ("é", 1, 2), ("ü", 2, 1), ("b", 2, 2)] {
            let at = source.text().find(part).expect("part");
            assert_eq!(source.place(at), Place { line, column }, "{part}");
        }
    }

    /// Scenario language, section 5: "the caret by display width".
    #[test]
    fn carets_stand_below_wide_characters() {
        let source = source("> 漢字 {{x}}\tend\n");
        let at = source.text().find("{{x").expect("part");
        let diagnostic = Diagnostic::new(at..at + 5, "unknown variable \"x\"").with_help("give it");
        assert_eq!(
            source.render("error", &diagnostic),
            "a.wscope:1:6: error: unknown variable \"x\"\n  \
             > 漢字 {{x}} end\n         ^^^^^\n  help: give it"
        );
    }

    #[test]
    fn of_a_long_line_the_part_with_the_place_is_shown() {
        let long = format!("{}bad{}", "a".repeat(500), "b".repeat(500));
        let source = source(&long);
        let text = source.render("error", &Diagnostic::new(500..503, "wrong"));
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1].starts_with("  …badbbb") && lines[1].ends_with('…'), "{text}");
        assert_eq!(lines[2], "   ^^^");
        assert!(lines[1].width() <= MAX_SHOWN + 4);
    }

    #[test]
    fn a_long_line_is_cut_on_the_left_only_where_something_is_cut() {
        let long = "a".repeat(500);
        let text = source(&long).render("error", &Diagnostic::new(0..2, "wrong"));
        let lines: Vec<_> = text.lines().collect();
        assert!(lines[1].starts_with("  aaa") && lines[1].ends_with('…'), "{text}");
        assert_eq!(lines[2], "  ^^");
    }

    #[test]
    fn invisible_characters_are_escaped() {
        let text = source("> 👩\u{200d}👧").render("error", &Diagnostic::new(0..1, "wrong"));
        assert_eq!(text.lines().nth(1), Some("  > 👩\u{200d}👧"));
        let text = source("> \u{202e}a\u{200b}é").render("error", &Diagnostic::new(5..6, "wrong"));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[1..], ["  > \\u{202e}a\\u{200b}é", "            ^"]);
        let text = source("> \u{3164}\u{e0041}").render("error", &Diagnostic::new(0..1, "wrong"));
        assert_eq!(text.lines().nth(1), Some("  > \\u{3164}\\u{e0041}"));
    }
}
