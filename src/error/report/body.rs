//! Printing of the body of a refusal: text, the text of a page or a hex dump, with notes on what is missing.

use crate::error::answer::Answer;
use crate::error::words::{is_binary, readable};
use crate::event::FailedResponse;
use crate::output::escape::{Newlines, escape};
use crate::output::hex_dump::hex_dump;
use crate::output::style::{Role, Style};

/// The maximum number of lines of a page shown on a terminal.
const MAX_LINES: usize = 20;

/// The body after its head, with the empty line between them. `is_verbose`: as received. `columns`: those of the
/// terminal, if it is one.
pub(super) fn of_answer(
    answer: &Answer<'_>,
    is_verbose: bool,
    style: Style,
    columns: Option<usize>,
) -> String {
    let bytes = answer.body();
    let page = if is_verbose { None } else { answer.page() };
    let undecoded = answer.undecoded().filter(|_| is_binary(&bytes));
    let shown = match (page, &undecoded) {
        (Some(text), _) => page_text(answer, &text, style, columns),
        (None, Some(_)) if !is_verbose => String::new(),
        (None, _) => after_head(&bytes, style, columns),
    };
    shown + &notes(&answer.notes(), style)
}

/// The body of a response as received, after its head.
pub(super) fn of_response(response: &FailedResponse, style: Style) -> String {
    after_head(&response.body, style, None) + &notes(&response.notes, style)
}

fn notes(texts: &[String], style: Style) -> String {
    texts.iter().map(|text| note(text, style)).collect()
}

fn note(text: &str, style: Style) -> String {
    format!("{}\n", style.paint(Role::Dim, &escape(&format!("({text})"), Newlines::Escape)))
}

/// The text of an HTML page, truncated on a terminal.
fn page_text(answer: &Answer<'_>, text: &str, style: Style, columns: Option<usize>) -> String {
    let count = text.lines().count();
    let shown = if columns.is_some() { count.min(MAX_LINES) } else { count };
    let lines: String = text.lines().take(shown).map(|line| format!("{line}\n")).collect();
    let remark = match (shown, count - shown) {
        (0, _) if answer.is_cut() => {
            "the first 4 KiB of an HTML page, without text so far; -v shows its source".to_owned()
        }
        (0, _) if answer.defect().is_some() => {
            "the start of an HTML page, without text so far; -v shows its source".to_owned()
        }
        (0, _) => "an HTML page without text; -v shows its source".to_owned(),
        (_, 0) => "the text of an HTML page; -v shows its source".to_owned(),
        (_, 1) => "the text of an HTML page; 1 more line: -v shows its source".to_owned(),
        (_, more) => format!("the text of an HTML page; {more} more lines: -v shows its source"),
    };
    after_head(lines.as_bytes(), style, columns) + &note(&remark, style)
}

fn after_head(bytes: &[u8], style: Style, columns: Option<usize>) -> String {
    if bytes.is_empty() {
        return String::new();
    }
    format!("{}\n{}", style.paint(Role::Received, "<"), text(bytes, style, columns))
}

/// Received bytes, as text if they are text.
pub(super) fn text(bytes: &[u8], style: Style, columns: Option<usize>) -> String {
    if is_binary(bytes) {
        return format!("{}\n", hex_dump(bytes, style, "  ", columns));
    }
    let arrow = style.paint(Role::Received, "<");
    let text = readable(bytes);
    text.trim_end()
        .lines()
        .map(|line| format!("{arrow} {}\n", escape(line, Newlines::Escape)))
        .collect()
}
