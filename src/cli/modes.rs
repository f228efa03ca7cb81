//! Values of options that choose how something is read or shown.

use clap::ValueEnum;

/// How standard input is split into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InputMode {
    /// A message per line
    Lines,
    /// Messages separated by NUL bytes
    Nul,
    /// One message for all of it
    Whole,
    /// A message for each read
    Chunks,
    /// JSON actions, one per line
    Json,
}

/// How received messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OutputMode {
    /// Unchanged, each followed by a newline
    Lines,
    /// Unchanged, each followed by a NUL byte
    Nul,
    /// Unchanged, one after the other
    Raw,
    /// In hexadecimal, one per line
    Hex,
    /// In base64, one per line
    Base64,
    /// Every event as a line of JSON
    Json,
}

/// How times are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TimestampMode {
    /// Date and time, UTC
    Utc,
    /// Local time
    Local,
    /// Time since the start
    Relative,
    /// Time since the previous line
    Delta,
}

/// When colours are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorMode {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}
