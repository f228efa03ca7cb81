//! Reads a recording of any format, which is recognised by its content.

use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;

pub use super::reading::{Limits, ReadError, Summary};

use super::looks::{Looks, looks};
use super::{Recorded, har, ndjson};

/// How much of a file is looked at to recognise it.
const START: u64 = 64 << 10;

/// Reads a recording. `sink` gets each event and says whether to go on; `name` is what the file is called in messages.
///
/// # Errors
/// If the file cannot be read, is not a recording, or is invalid. The events before the invalid place were given to
/// `sink`; of lines of events also those behind it.
pub fn read(
    name: &str,
    mut file: impl Read,
    limits: &Limits,
    sink: &mut dyn FnMut(Recorded) -> ControlFlow<()>,
) -> Result<Summary, ReadError> {
    let mut start = Vec::new();
    if let Err(error) = file.by_ref().take(START).read_to_end(&mut start) {
        let offset = start.len() as u64;
        if error.kind() != ErrorKind::IsADirectory {
            return Err(ReadError::Io { name: name.to_owned(), offset, error });
        }
        let looks = "it is a folder".to_owned();
        return Err(ReadError::NotRecording { name: name.to_owned(), looks, hint: None });
    }
    match looks(&start) {
        Looks::Har => har::read(name, start.chain(file), limits, sink),
        Looks::Events => ndjson::read(name, start.chain(file), limits, sink),
        Looks::Other(looks, hint) => {
            let hint = hint.map(|hint| hint.replace("FILE", name));
            Err(ReadError::NotRecording { name: name.to_owned(), looks: looks.to_owned(), hint })
        }
    }
}
