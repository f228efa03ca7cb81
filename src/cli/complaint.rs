//! Extracts the reason from the error with which clap rejects a command line.

use std::error::Error as _;
use std::num::{IntErrorKind, ParseIntError};

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The message on one line, and clap's tip, if there is one.
pub fn complaint(problem: &clap::Error) -> (String, Option<String>) {
    let text = problem.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message =
        first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    let message = match extra_url(problem) {
        Some(extra) => format!("unexpected argument '{extra}': a URL has already been given"),
        None => with_reason(message, problem),
    };
    let tip = paragraphs.next().and_then(|text| text.trim().strip_prefix("tip: "));
    (message, tip.filter(|tip| tip.contains("similar")).map(str::to_owned))
}

/// The message, with what is expected where the parser of numbers says only what it found.
fn with_reason(message: String, problem: &clap::Error) -> String {
    let source = problem.source().and_then(|source| source.downcast_ref::<ParseIntError>());
    let reason = match source.map(ParseIntError::kind) {
        None => return message,
        Some(IntErrorKind::PosOverflow) => "the number is too large",
        Some(_) => "expected a whole number",
    };
    match message.rsplit_once(": ") {
        Some((start, _)) => format!("{start}: {reason}"),
        None => message,
    }
}

/// The second URL of a command line; clap takes it for a subcommand.
pub fn extra_url(problem: &clap::Error) -> Option<String> {
    match (problem.kind(), problem.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::ArgumentConflict, Some(ContextValue::String(extra))) => Some(extra.clone()),
        _ => None,
    }
}
