//! Command lines that clap does not take, in our words.

use std::ffi::OsString;

use super::connect;
use crate::error::Error;
use crate::redact::Redaction;

/// A command line that clap did not take. Its first line is the reason.
pub(super) fn usage(args: &[OsString], problem: &clap::Error) -> Error {
    let text = problem.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let message =
        first.trim_start_matches("error: ").split_whitespace().collect::<Vec<_>>().join(" ");
    let message = match extra_url(problem) {
        Some(extra) => format!("unexpected argument '{extra}': there is a URL already"),
        None => message,
    };
    let message = without_secrets(message, args);
    let tip = paragraphs.next().and_then(|text| text.trim().strip_prefix("tip: "));
    let tip = tip.filter(|tip| tip.contains("similar"));
    let hint = tip.unwrap_or("'wscope --help' lists the options").to_owned();
    let error = Error::Usage { message, hint: Some(hint) };
    let is_two = args.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    if is_two || args.iter().any(|arg| arg == "--json" || arg == "--output=json") {
        connect::tell_failure(&error);
    }
    error
}

/// clap takes a second URL for a subcommand.
fn extra_url(problem: &clap::Error) -> Option<String> {
    use clap::error::{ContextKind, ContextValue, ErrorKind};
    match (problem.kind(), problem.get(ContextKind::InvalidSubcommand)) {
        (ErrorKind::ArgumentConflict, Some(ContextValue::String(extra))) => Some(extra.clone()),
        _ => None,
    }
}

/// A URL in the wrong place is quoted too.
fn without_secrets(message: String, args: &[OsString]) -> String {
    let urls = args.iter().filter_map(|arg| arg.to_str()).filter(|arg| arg.contains(['@', '=']));
    urls.fold(message, |message, url| message.replace(url, &Redaction::Mask.argument(url)))
}
