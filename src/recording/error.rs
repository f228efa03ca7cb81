//! Why a file cannot be recorded to.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::writer::ENDINGS;
use crate::platform::record_file::RecordFileError;

/// Why a file cannot be recorded to.
#[derive(Debug)]
pub struct RecordError {
    /// The file.
    pub path: PathBuf,
    /// The reason.
    pub reason: Reason,
}

/// The reason.
#[derive(Debug)]
pub enum Reason {
    /// The ending of its name stands for no format.
    UnknownEnding,
    /// It cannot be continued.
    NoAppend,
    /// It is recorded to already.
    Twice,
    /// It exists. Whether it could be continued.
    Exists(bool),
    /// It cannot be continued, as it is something else than lines of events: what it is.
    NotRecording(&'static str),
    /// It cannot be opened.
    File(RecordFileError),
    /// There can be no thread for it.
    Thread(io::Error),
}

impl RecordError {
    pub(super) fn new(path: &Path, reason: Reason) -> Self {
        Self { path: path.to_owned(), reason }
    }

    /// Whether another command line is needed: nothing about the file or the system can change it.
    pub fn is_usage(&self) -> bool {
        match self.reason {
            Reason::UnknownEnding | Reason::NoAppend | Reason::Twice => true,
            Reason::File(RecordFileError::Used(_)) => true,
            Reason::Exists(_) | Reason::NotRecording(_) | Reason::File(_) | Reason::Thread(_) => {
                false
            }
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot record to {}: ", self.path.display())?;
        match &self.reason {
            Reason::UnknownEnding => write!(f, "the name has to end in {ENDINGS}"),
            Reason::NoAppend => write!(f, "only .ndjson files can be continued (--append)"),
            Reason::Twice => write!(f, "it is already being recorded to"),
            Reason::Exists(true) => {
                write!(f, "it exists (--force replaces it, --append adds to its end)")
            }
            Reason::Exists(false) => write!(f, "it exists (--force replaces it)"),
            Reason::NotRecording(looks) => {
                write!(f, "{looks}, and --append adds to recordings only (--force replaces it)")
            }
            Reason::File(error) => write!(f, "{error}"),
            Reason::Thread(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for RecordError {}
