//! Why an input is not valid, and where.

use std::ops::Range;

use crate::redact::secret_values;

use super::split::{secret, split_scheme, strip_slashes};

/// Why the input names no target, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct TargetError {
    /// The input, secrets included.
    pub input: String,
    /// The offending bytes of the input; empty where something is missing.
    pub at: Range<usize>,
    /// The reason.
    pub reason: String,
}

impl TargetError {
    /// The input with the secret part of the userinfo hidden, and below it carets that mark the position: two indented lines.
    pub fn marked(&self) -> String {
        let secrets = self.secrets();
        let (mut text, mut marks) = (String::new(), String::new());
        for (start, c) in self.input.char_indices() {
            let secret = secrets.iter().find(|secret| secret.contains(&start));
            let (source, shown) = match secret {
                Some(secret) if start == secret.start => (secret.clone(), "***".to_owned()),
                Some(_) => continue,
                None => (start..start + c.len_utf8(), visible(c)),
            };
            let is_marked =
                source.start < self.at.end.max(self.at.start + 1) && self.at.start < source.end;
            let mark = if is_marked { "^" } else { " " };
            marks.push_str(&mark.repeat(shown.chars().count()));
            text.push_str(&shown);
        }
        if self.at.start >= self.input.len() {
            marks.push('^');
        }
        format!("  {text}\n  {}", marks.trim_end())
    }

    /// The ranges of the secret part of the userinfo and of the values of token-like parameters.
    fn secrets(&self) -> Vec<Range<usize>> {
        let (name, rest) = split_scheme(&self.input);
        let userinfo =
            secret(strip_slashes(rest, name.is_some())).map(|part| span(&self.input, part));
        let tokens = secret_values(&self.input);
        userinfo.into_iter().chain(tokens).filter(|range| !range.is_empty()).collect()
    }
}

/// A part of the input and why it is not valid.
pub(super) struct TargetFault<'a> {
    part: &'a str,
    reason: String,
}

impl<'a> TargetFault<'a> {
    pub(super) fn new(part: &'a str, reason: impl Into<String>) -> Self {
        Self { part, reason: reason.into() }
    }

    /// Quotes the part in front of the reason.
    pub(super) fn quoting(part: &'a str, reason: &str) -> Self {
        let quoted: String = part.chars().map(visible).collect();
        Self { part, reason: format!("'{quoted}' {reason}") }
    }

    /// The reason, without the position.
    pub(super) fn into_reason(self) -> String {
        self.reason
    }

    /// The error for `input`, which the part must be a slice of.
    pub(super) fn within(self, input: &str) -> TargetError {
        TargetError { input: input.to_owned(), at: span(input, self.part), reason: self.reason }
    }
}

/// Where `part`, which must be a slice of `whole`, begins and ends in it.
pub(super) fn span(whole: &str, part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

/// Printable characters are unchanged; control and invisible characters are escaped.
fn visible(c: char) -> String {
    match c {
        '\\' | '\'' | '"' => c.to_string(),
        _ => c.escape_debug().to_string(),
    }
}
