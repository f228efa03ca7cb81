//! What clap says of a command line that it does not accept.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// The message in one line, and the tip, if clap has one.
pub fn complaint(problem: &clap::Error) -> (String, Option<String>) {
    let text = problem.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message =
        first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    let message = match extra_url(problem) {
        Some(extra) => format!("unexpected argument '{extra}': there is a URL already"),
        None => message,
    };
    let tip = paragraphs.next().and_then(|text| text.trim().strip_prefix("tip: "));
    (message, tip.filter(|tip| tip.contains("similar")).map(str::to_owned))
}

/// The second URL of a command line; clap takes it for a subcommand.
pub fn extra_url(problem: &clap::Error) -> Option<String> {
    match (problem.kind(), problem.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::ArgumentConflict, Some(ContextValue::String(extra))) => Some(extra.clone()),
        _ => None,
    }
}
