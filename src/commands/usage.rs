//! Error messages for command lines that clap rejects.

use std::ffi::OsString;

use super::connect;
use crate::cli::{FIRST_STEPS, complaint, extra_url, is_command, similar_command, url_argument};
use crate::config::secret_arguments;
use crate::error::Error;
use crate::redact::Redaction;

/// The error for a command line that clap rejected. Its first line is the reason.
pub(super) fn usage(args: &[OsString], problem: &clap::Error) -> Error {
    let error = match url_argument(args).filter(|word| is_command(word)) {
        Some(word) => misplaced_command(&word, args),
        None => rejected(args, problem),
    };
    let is_two = args.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    if is_two || args.iter().any(|arg| arg == "--json" || arg == "--output=json") {
        connect::emit_failure(&error);
    }
    error
}

fn rejected(args: &[OsString], problem: &clap::Error) -> Error {
    if args.len() <= 1 {
        return Error::NoArguments(FIRST_STEPS);
    }
    let (message, tip) = complaint(problem);
    let message = without_secrets(message, args);
    let similar = |place: usize| similar_command(args.get(place)?.to_str()?);
    let meant = match args.get(1).is_some_and(|arg| arg == "help") {
        true => similar(2).map(|command| format!("help {command}")),
        false => similar(1),
    };
    let url = host_and_port(args, problem).map(|url| format!("did you mean {url}?"));
    let hint = match (meant, url.or(tip)) {
        (Some(command), Some(tip)) => format!("{tip}; or did you mean 'wscope {command}'?"),
        (Some(command), None) => format!("did you mean 'wscope {command}'?"),
        (None, Some(tip)) => tip,
        (None, None) => "'wscope --help' lists the options".to_owned(),
    };
    Error::Usage { message, hint: Some(hint) }
}

/// A command behind an option is not treated as a host.
fn misplaced_command(word: &str, args: &[OsString]) -> Error {
    let mut shown = args.to_vec();
    for (place, masked) in secret_arguments(args) {
        shown[place] = masked;
    }
    let others = shown.iter().skip(1).map(|arg| arg.to_string_lossy());
    let at = others.clone().position(|arg| arg == word);
    let others = others.enumerate().filter(|(place, _)| Some(*place) != at).map(|(_, arg)| arg);
    let line = others.fold(word.to_owned(), |line, arg| {
        let is_plain =
            !arg.is_empty() && !arg.contains(|c: char| c.is_whitespace() || "'\"".contains(c));
        match is_plain {
            true => format!("{line} {arg}"),
            false => format!("{line} {}", quoted(&arg)),
        }
    });
    Error::Usage {
        message: format!("'{word}' is a command: its options are written after it"),
        hint: Some(format!(
            "write it first: wscope {line}. A host of that name is written ws://{word}/"
        )),
    }
}

/// An argument as a shell reads it.
fn quoted(arg: &str) -> String {
    format!("'{}'", arg.replace('\'', r"'\''"))
}

/// A URL that is one word and the name of a command, or similar to one, is not treated as a host.
pub(super) fn refuse_mistyped_command(url: Option<&str>, args: &[OsString]) -> Result<(), Error> {
    let Some(word) = url else { return Ok(()) };
    if is_command(word) {
        return Err(misplaced_command(word, args));
    }
    match similar_command(word) {
        None => Ok(()),
        Some(command) => Err(Error::Usage {
            message: format!("unknown command '{word}'"),
            hint: Some(format!(
                "did you mean 'wscope {command}'? A host of that name is written ws://{word}"
            )),
        }),
    }
}

/// The URL for `HOST PORT`, if these are the only arguments.
fn host_and_port(args: &[OsString], problem: &clap::Error) -> Option<String> {
    let extra = extra_url(problem)?;
    let [_, host, port, ..] = args else { return None };
    let (host, port) = (host.to_str()?, port.to_str()?);
    let is_host = !host.starts_with('-') && !host.contains([':', '/', '@', '=', '?', '#']);
    (is_host && port == extra && port.parse::<u16>().is_ok()).then(|| format!("{host}:{port}"))
}

/// A URL in the wrong position is quoted too.
fn without_secrets(message: String, args: &[OsString]) -> String {
    let urls = args.iter().filter_map(|arg| arg.to_str()).filter(|arg| arg.contains(['@', '=']));
    urls.fold(message, |message, url| message.replace(url, &Redaction::Mask.argument(url)))
}
