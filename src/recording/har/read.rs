//! Reads a HAR.

use std::io::{self, Read};
use std::ops::ControlFlow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::{Document, Entry, Skipped, parse};
use super::events::{EntryEvents, events, is_web_socket_entry, run_error, start_of};
use super::input::Progress;
use super::order::in_order;
use super::time::wall;
use super::values::object;
use super::warnings::Warnings;
use crate::recording::reading::{Incomplete, Limits, ReadError, Summary};
use crate::recording::{Recorded, RecordedKind};

/// Reads the WebSockets of a HAR; other entries are passed over. The events of all are given to `sink` in the order of
/// time, with the number of the connection if there are several.
///
/// A HAR that ends too early has a warning. One that is invalid in the middle is an error, after the events before that
/// place.
///
/// # Errors
/// If the file cannot be read, is not a HAR, is too large, or is not valid JSON.
pub fn read(
    name: &str,
    file: impl Read,
    limits: &Limits,
    sink: &mut dyn FnMut(Recorded) -> ControlFlow<()>,
) -> Result<Summary, ReadError> {
    let progress = Progress::new();
    let mut warnings = Warnings::new(name);
    let document = parse(file, limits.max_size, &progress, &mut warnings, &is_web_socket_entry);
    let Document { entries, own, has_entries, error } = document;
    let mut failure = None;
    let is_whole = error.is_none();
    let silent = entries.iter().all(|entry| entry.messages.is_none() && entry.control.is_empty());
    let silent = entries.first().filter(|_| silent && is_whole).and_then(|entry| entry.place);
    match error {
        Some(error) if has_entries && is_cut(&error, &progress) => {
            let reason = "the HAR is incomplete: it ends here, and what the program that wrote it \
                          would have added is missing";
            warnings.add(progress.place(), reason);
        }
        Some(error) => failure = Some(failed(name, &error, limits, &progress)),
        None if !has_entries => {
            let looks = "it is JSON without `log.entries`, which a HAR has".to_owned();
            return Err(ReadError::NotRecording { name: name.to_owned(), looks, hint: None });
        }
        None => {}
    }
    let mut before = entries.iter().find_map(start_of).unwrap_or_default();
    let of_entry = |mut entry: Entry| {
        let list = events(&mut entry, before, &mut warnings);
        before = list.events.first().map_or(before, |event| event.time);
        list
    };
    let mut lists: Vec<EntryEvents> = entries.into_iter().map(of_entry).collect();
    if let Some(place) =
        silent.filter(|_| lists.iter().any(is_open) && !lists.iter().any(is_skipped))
    {
        let reason = "no entry has _webSocketMessages: the program that wrote the HAR has not recorded messages";
        warnings.add(place, reason);
    }
    lists.extend(run_errors(own.as_deref()));
    let mut summary =
        Summary { incomplete: lists.iter().filter_map(incomplete).collect(), ..Summary::default() };
    for event in in_order(lists) {
        summary.events += 1;
        if sink(event).is_break() {
            break;
        }
    }
    summary.warnings = warnings.into_texts();
    failure.map_or(Ok(summary), Err)
}

/// Whether an entry is that of a connection that was opened.
fn is_open(list: &EntryEvents) -> bool {
    list.events.iter().any(|event| matches!(event.what, RecordedKind::Open(_)))
}

/// Whether an entry lacks messages for a reason that has a warning of its own.
fn is_skipped(list: &EntryEvents) -> bool {
    list.skipped.is_some()
}

/// What an entry says of messages that could not be read.
fn incomplete(list: &EntryEvents) -> Option<Incomplete> {
    let Skipped { place, reason, others } = list.skipped.clone()?;
    let start = wall(list.events.first()?.time);
    Some(Incomplete { start, place, reason, others })
}

/// Whether the file ends within the document. What is cut within a number is an invalid one.
fn is_cut(error: &serde_json::Error, progress: &Progress) -> bool {
    let (line, column) = (error.line() as u64, error.column() as u64);
    error.is_eof() || error.is_syntax() && progress.is_end(line, column)
}

/// Why the document could not be parsed to its end.
fn failed(
    name: &str,
    error: &serde_json::Error,
    limits: &Limits,
    progress: &Progress,
) -> ReadError {
    let name = name.to_owned();
    if progress.is_over_limit() {
        return ReadError::TooLarge { name, limit: limits.max_size };
    }
    if let Some(kind) = error.io_error_kind() {
        // Its text is that of the system's error.
        let error = io::Error::new(kind, error.to_string());
        return ReadError::Io { name, offset: progress.offset(), error };
    }
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(&*text, |(reason, _)| reason).to_owned();
    let place = progress.place_of(error.line() as u64, error.column() as u64);
    ReadError::Broken { name, place, reason, others: 0 }
}

/// Failures that belong to no connection.
fn run_errors(own: Option<&RawValue>) -> Vec<EntryEvents> {
    #[derive(Default, Deserialize)]
    struct Own<'a> {
        #[serde(borrow, default)]
        errors: Vec<&'a RawValue>,
    }
    let own: Own<'_> = object(own);
    own.errors.into_iter().filter_map(run_error).collect()
}
