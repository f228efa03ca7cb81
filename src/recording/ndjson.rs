//! Recordings of events, one JSON object a line, as `output::json` writes them.
//!
//! A line that is not an event is skipped: what is behind it is still read, and the first such line is the error in the
//! end. A last line without a line end that is not an event was cut, which is only a warning.

mod ended;
mod failed;
mod frame;
mod heads;
mod line;
mod lines;
mod opened;
#[cfg(test)]
mod tests;
mod values;

use std::io::Read;
use std::ops::ControlFlow;

use super::Recorded;
use super::reading::{Limits, Place, ReadError, Summary};
use line::LineError;
use lines::{Line, Lines};
use values::Stamps;

/// Reads events from lines of JSON, of any number in the memory that the longest line takes. See
/// [`super::reader::read`].
///
/// # Errors
/// Of the file, or the first line that is not an event.
pub fn read(
    name: &str,
    file: impl Read,
    limits: &Limits,
    sink: &mut dyn FnMut(Recorded) -> ControlFlow<()>,
) -> Result<Summary, ReadError> {
    let mut lines = Lines::new(file, limits.max_size);
    let mut stamps = Stamps::default();
    let mut summary = Summary::default();
    let mut broken = Broken::default();
    let mut untimed = None;
    loop {
        let line = match lines.next() {
            Ok(None) => break,
            Ok(Some(line)) => line,
            Err(error) => {
                let offset = lines.offset();
                return Err(ReadError::Io { name: name.to_owned(), offset, error });
            }
        };
        if line.text.is_some_and(|text| text.trim_ascii().is_empty()) {
            continue;
        }
        match event(&line, limits, &mut stamps) {
            Ok(None) => summary.unknown += 1,
            Ok(Some(event)) => {
                summary.events += 1;
                if stamps.untimed > 0 {
                    untimed.get_or_insert(line.number);
                }
                if sink(event).is_break() {
                    break;
                }
            }
            Err(LineError { reason, .. }) if !line.is_ended && line.text.is_some() => {
                summary
                    .warnings
                    .push(format!("{name}:{}: the last line is cut: {reason}", line.number));
            }
            Err(error) => broken.add(&line, error),
        }
    }
    if let Some(line) = untimed {
        let count = stamps.untimed;
        summary.warnings.push(format!(
            "{name}:{line}: {count} events without a time: they are shown with that of the event before"
        ));
    }
    match broken.first {
        None => Ok(summary),
        Some((place, reason)) => {
            Err(ReadError::Broken { name: name.to_owned(), place, reason, others: broken.others })
        }
    }
}

/// The event of one object; `None`: it is of a kind that is not known.
///
/// # Errors
/// Why it is not an event.
pub(super) fn parse_event(object: &[u8]) -> Result<Option<Recorded>, String> {
    EventParser::default().event(object)
}

/// Reads events that follow each other, one object each.
#[derive(Debug, Default)]
pub(super) struct EventParser(Stamps);

impl EventParser {
    /// The event of the next object; `None`: it is of a kind that is not known.
    ///
    /// # Errors
    /// Why it is not an event.
    pub(super) fn event(&mut self, object: &[u8]) -> Result<Option<Recorded>, String> {
        line::event(object, &mut self.0).map_err(|error| error.reason)
    }
}

/// The event of a line; `None`: it is of a kind that is not known.
fn event(
    line: &Line<'_>,
    limits: &Limits,
    stamps: &mut Stamps,
) -> Result<Option<Recorded>, LineError> {
    match line.text {
        Some(text) => line::event(text, stamps),
        None => Err(LineError {
            column: 1,
            reason: format!("the line is longer than {} bytes (--max-size)", limits.max_size),
        }),
    }
}

/// Lines that are not events.
#[derive(Default)]
struct Broken {
    first: Option<(Place, String)>,
    others: u64,
}

impl Broken {
    fn add(&mut self, line: &Line<'_>, LineError { column, reason }: LineError) {
        if self.first.is_some() {
            self.others += 1;
            return;
        }
        let column = column + line.skipped;
        let offset = line.offset + column - 1;
        self.first = Some((Place { line: line.number, column, offset }, reason));
    }
}
