//! Error messages for command lines that clap rejects.

use std::ffi::OsString;

use super::connect;
use crate::cli::{complaint, extra_url, similar_command};
use crate::error::Error;
use crate::redact::Redaction;

/// The error for a command line that clap rejected. Its first line is the reason.
pub(super) fn usage(args: &[OsString], problem: &clap::Error) -> Error {
    let (message, tip) = complaint(problem);
    let message = without_secrets(message, args);
    let meant = args.get(1).and_then(|arg| similar_command(arg.to_str()?));
    let url = host_and_port(args, problem).map(|url| format!("did you mean {url}?"));
    let hint = match (meant, url.or(tip)) {
        (Some(command), Some(tip)) => format!("{tip}; or did you mean 'wscope {command}'?"),
        (Some(command), None) => format!("did you mean 'wscope {command}'?"),
        (None, Some(tip)) => tip,
        (None, None) => "'wscope --help' lists the options".to_owned(),
    };
    let error = Error::Usage { message, hint: Some(hint) };
    let is_two = args.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json");
    if is_two || args.iter().any(|arg| arg == "--json" || arg == "--output=json") {
        connect::emit_failure(&error);
    }
    error
}

/// A URL that is one word and similar to the name of a command is not treated as a host.
pub(super) fn refuse_mistyped_command(url: Option<&str>) -> Result<(), Error> {
    let Some(word) = url else { return Ok(()) };
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
