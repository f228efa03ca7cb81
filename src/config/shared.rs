//! What several commands resolve in the same way.

use std::ffi::OsString;

use super::files::FileReader;
use super::{Commentary, ConfigError, Env};
use crate::cli::{ColorMode, DisplayArgs, SettingsArgs, TimestampMode};
use crate::event::Level;
use crate::output::human::Detail;
use crate::output::json_payload::JsonLayout;
use crate::output::style::Style;
use crate::protocol::head::is_token;
use crate::redact::Redaction;
use crate::view::Timestamps;

/// Counts the configuration file among those that were read, unless it is ignored.
pub(super) fn note_settings(args: &SettingsArgs, env: &Env, files: &FileReader) {
    if let Some(path) = env.settings.file.as_deref().filter(|_| !args.no_config) {
        files.note("configuration file", path);
    }
}

pub(super) fn commentary(args: &DisplayArgs, takes_commands: bool, env: &Env) -> Commentary {
    let mode = if args.no_color { ColorMode::Never } else { args.color };
    let default = if env.stderr_is_terminal { Detail::Head } else { Detail::Line };
    Commentary {
        detail: detail(args.verbose, args.quiet, default),
        stdout_color: color(mode, env, env.stdout_is_terminal),
        stderr_color: color(mode, env, env.stderr_is_terminal),
        on_terminal: env.stderr_is_terminal,
        stdout_on_terminal: env.stdout_is_terminal,
        takes_commands,
        pretty: !args.no_pretty,
        json: JsonLayout { pretty: args.pretty, style: Style::new(color(mode, env, false)) },
        timestamps: timestamps(args),
        are_times_of_frames: args.timestamps.is_none(),
    }
}

/// A list of frames is of little use without times.
pub(super) fn timestamps(args: &DisplayArgs) -> Option<Timestamps> {
    match args.timestamps {
        None => (args.verbose >= 2).then_some(Timestamps::Relative),
        Some(TimestampMode::Utc) => Some(Timestamps::Utc),
        Some(TimestampMode::Local) => Some(Timestamps::Local),
        Some(TimestampMode::Relative) => Some(Timestamps::Relative),
        Some(TimestampMode::Delta) => Some(Timestamps::Delta),
    }
}

pub(super) fn detail(verbose: u8, quiet: bool, default: Detail) -> Detail {
    match (quiet, verbose) {
        (true, _) => Detail::Quiet,
        (_, 0) => default,
        (_, 1) => Detail::Control,
        (_, 2) => Detail::Frames,
        _ => Detail::Bytes,
    }
}

pub(super) fn color(mode: ColorMode, env: &Env, is_terminal: bool) -> bool {
    match mode {
        ColorMode::Always => true,
        ColorMode::Never => false,
        ColorMode::Auto => !env.no_color && (is_terminal || env.force_color),
    }
}

pub(super) fn subprotocols(given: &[String]) -> Result<Vec<String>, ConfigError> {
    let mut names: Vec<String> = Vec::new();
    // The value may be a token, so the error does not quote it.
    let bad = |name: &str, reason| {
        let shown = Redaction::Mask.value("Sec-WebSocket-Protocol", name.as_bytes());
        ConfigError::value("--subprotocol", &String::from_utf8_lossy(&shown), reason)
    };
    for list in given {
        for name in list.split(',').map(str::trim) {
            if !is_token(name) {
                let reason = "a subprotocol is a token: letters, digits and !#$%&'*+-.^_`|~";
                return Err(bad(name, reason));
            }
            if names.iter().any(|other| other == name) {
                return Err(bad(name, "it is offered twice"));
            }
            names.push(name.to_owned());
        }
    }
    Ok(names)
}

/// A notice, shown with `-v`, about secrets on the command line that could not be hidden.
pub(super) fn notices(args: &DisplayArgs, env: &Env) -> Vec<(Level, String)> {
    let reason = env.visible_secrets.as_ref().filter(|_| args.verbose > 0);
    let notice = reason.map(|reason| {
        let text = "other users of this machine can see the secrets on the command line";
        (Level::Info, format!("{text} (ps): {reason}"))
    });
    notice.into_iter().collect()
}

/// Whether a failure is shown in colour, also that of a command line that could not be parsed.
pub fn failure_color(args: &[OsString], env: &Env) -> bool {
    let is = |text: &str| args.iter().any(|arg| arg == text);
    let follows =
        |value: &str| args.windows(2).any(|pair| pair[0] == "--color" && pair[1] == value);
    let mode = if is("--no-color") || is("--color=never") || follows("never") {
        ColorMode::Never
    } else if is("--color=always") || follows("always") {
        ColorMode::Always
    } else {
        ColorMode::Auto
    };
    color(mode, env, env.stderr_is_terminal)
}
