//! Reading a connection of a recording, to play it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::config::RecordingConfig;
use crate::error::Error;
use crate::output::escape::{Newlines, escape};
use crate::recording::ReadError;
use crate::recording::reader::{Limits, read};
use crate::recording::replay::{Collector, EntryError, Script};

/// A recorded connection.
pub(super) struct Loaded {
    /// What was sent on it.
    pub(super) script: Script,
    /// What is incomplete in the file.
    pub(super) warnings: Vec<String>,
    /// Why the answers cannot be compared with those of the recording.
    pub(super) incomplete: Option<ReadError>,
}

/// Reads the connection that is meant.
///
/// # Errors
/// If the file cannot be read, or has not exactly one such connection.
pub(super) fn load(config: &RecordingConfig) -> Result<Loaded, Error> {
    let (name, file) = open(config.file.as_deref())?;
    let limits = Limits { max_size: config.max_size };
    let mut collector = Collector::new(config.entry.clone(), config.max_size);
    let summary = read(&name, file, &limits, &mut |event| collector.push(event))?;
    let collected = collector.finish().map_err(|error| entry_error(&name, &error))?;
    let mut incomplete = summary.incomplete.into_iter();
    let incomplete = incomplete.find(|it| it.start == collected.info.start.wall);
    let incomplete = incomplete.map(|it| it.error(&name));
    Ok(Loaded { script: collected.script, warnings: summary.warnings, incomplete })
}

/// A file, or standard input, with what it is called in messages.
///
/// # Errors
/// If it cannot be opened.
pub(super) fn open(path: Option<&Path>) -> Result<(String, Box<dyn Read + Send>), Error> {
    let name = name(path);
    let Some(path) = path else { return Ok((name, Box::new(io::stdin()))) };
    match File::open(path) {
        Ok(file) => Ok((name, Box::new(file))),
        Err(error) => Err(ReadError::Io { name, offset: 0, error }.into()),
    }
}

/// What a file, or standard input, is called in messages.
pub(super) fn name(path: Option<&Path>) -> String {
    match path {
        Some(path) => escape(&path.to_string_lossy(), Newlines::Escape).into_owned(),
        None => "standard input".to_owned(),
    }
}

fn entry_error(name: &str, error: &EntryError) -> Error {
    Error::Entry { message: format!("{name}: {error}"), list: error.list() }
}
