//! What a reader of recordings takes and returns.

use std::fmt;
use std::io;
use std::time::SystemTime;

use crate::protocol::counted::plural;

/// The default of [`Limits::max_size`].
pub const DEFAULT_MAX_SIZE: u64 = 1 << 30;

/// What a reader holds in memory at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The size of a file that is read as a whole, and of a line in one that is not, in bytes.
    pub max_size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_size: DEFAULT_MAX_SIZE }
    }
}

/// What is known of a recording that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The number of events.
    pub events: u64,
    /// The number of events of kinds that are not known, which were passed over.
    pub unknown: u64,
    /// What is incomplete in the file, for people, each with its place: "FILE:LINE: the last line is cut".
    pub warnings: Vec<String>,
    /// The file is a HAR, which has messages, and not their frames.
    pub is_har: bool,
    /// The connections of which messages could not be read; each is one of the warnings too.
    pub incomplete: Vec<Incomplete>,
}

/// A connection of which messages could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// When it began.
    pub start: SystemTime,
    /// Where the first of them is.
    pub place: Place,
    /// Why it could not be read.
    pub reason: String,
    /// How many others there are.
    pub others: u64,
}

impl Incomplete {
    /// The error of what needs all messages of a connection. `name` is that of the file.
    pub fn error(self, name: &str) -> ReadError {
        let Self { place, mut reason, others, .. } = self;
        if others > 0 {
            reason.push_str(&format!(", and {others} more message{}", plural(others)));
        }
        reason.push_str("; a connection without some of its messages cannot be checked");
        ReadError::Broken { name: name.to_owned(), place, reason, others: 0 }
    }
}

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, from 1.
    pub line: u64,
    /// The byte of the line, from 1.
    pub column: u64,
    /// The byte of the file, from 0.
    pub offset: u64,
}

/// Why a recording cannot be read, or not all of it.
#[derive(Debug)]
pub enum ReadError {
    /// The file cannot be read.
    Io {
        /// The name of the file.
        name: String,
        /// How many bytes of it were read before.
        offset: u64,
        /// The error of the system.
        error: io::Error,
    },
    /// The file is not a recording.
    NotRecording {
        /// The name of the file.
        name: String,
        /// What it looks like: "it is empty", "it looks like HTML".
        looks: String,
        /// What to do with such a file.
        hint: Option<String>,
    },
    /// A part of the file is invalid. The events before it were given to the sink; of lines of events also those behind
    /// it.
    Broken {
        /// The name of the file.
        name: String,
        /// The first place that is invalid.
        place: Place,
        /// The reason.
        reason: String,
        /// How many other lines are invalid.
        others: u64,
    },
    /// The file is larger than [`Limits::max_size`].
    TooLarge {
        /// The name of the file.
        name: String,
        /// The limit, in bytes.
        limit: u64,
    },
}

impl ReadError {
    /// The exit status of a command that fails with it.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Io { .. } => 8,
            Self::NotRecording { .. } | Self::Broken { .. } | Self::TooLarge { .. } => 2,
        }
    }

    /// What to do about it, if known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotRecording { hint, .. } => hint.clone(),
            Self::TooLarge { .. } => Some("--max-size raises the limit".to_owned()),
            Self::Io { .. } | Self::Broken { .. } => None,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { name, offset: 0, error } => write!(f, "{name}: {error}"),
            Self::Io { name, offset, error } => write!(f, "{name}: at byte {offset}: {error}"),
            Self::NotRecording { name, looks, .. } => {
                write!(f, "{name}: {looks}")
            }
            Self::Broken { name, place: Place { line, column, offset }, reason, others } => {
                write!(f, "{name}:{line}:{column}: {reason} (at byte {offset} of the file)")?;
                match others {
                    0 => Ok(()),
                    1 => f.write_str("; 1 more line is invalid"),
                    many => write!(f, "; {many} more lines are invalid"),
                }
            }
            Self::TooLarge { name, limit } => {
                write!(f, "{name}: the file is larger than {limit} bytes")
            }
        }
    }
}

impl std::error::Error for ReadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            _ => None,
        }
    }
}
