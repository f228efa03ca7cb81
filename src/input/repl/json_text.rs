//! JSON while it is typed: its tokens, whether it is complete or not, and where it is wrong.
//!
//! Nothing here recurses, and each byte is looked at a bounded number of times.

mod check;
pub(super) mod tokens;
mod words;

pub(super) use check::{Fault, fault};
pub(super) use words::{continuations, open_string};

/// Whether a text is meant to be JSON: an object or array, with blanks before it allowed. Two braces are not: they are of
/// a template.
pub(super) fn is_meant_as_json(text: &str) -> bool {
    let text = text.trim_start_matches(tokens::is_blank);
    text.starts_with(['{', '[']) && !text.starts_with("{{")
}
