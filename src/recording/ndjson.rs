//! Recordings of events, one JSON object a line, as `output::json` writes them.
//!
//! A line that is not an event is skipped: what is behind it is still read, and the first such line is the error in the
//! end. What a run that was killed has left of its last line is only a warning: at the end of the file, or where another
//! run was added (`--append`). Such a line is kept in the file: another run may still be writing it.

mod ended;
mod failed;
mod frame;
mod heads;
mod line;
mod lines;
mod lists;
mod opened;
mod payload;
mod proxied;
#[cfg(test)]
pub(super) mod tests;
mod values;

use std::io::Read;
use std::ops::ControlFlow;

use super::reading::{Limits, Place, ReadError, Summary};
use super::{Recorded, RecordedKind};
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
    let mut problems = Problems::default();
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
            Ok(None) => {
                problems.settle_cut(false);
                summary.unknown += 1;
            }
            Ok(Some(event)) => {
                problems.settle_cut(begins_run(&event.what));
                summary.events += 1;
                if stamps.untimed > 0 {
                    untimed.get_or_insert(line.number);
                }
                if sink(event).is_break() {
                    break;
                }
            }
            Err(error) => problems.add(&line, error),
        }
    }
    problems.end(name, &mut summary.warnings);
    if let Some(line) = untimed {
        let count = stamps.untimed;
        summary.warnings.push(format!(
            "{name}:{line}: {count} events without a time: they are shown with the time of the event before"
        ));
    }
    match problems.first {
        None => Ok(summary),
        Some((place, reason)) => {
            Err(ReadError::Broken { name: name.to_owned(), place, reason, others: problems.others })
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
        None => {
            let limit = limits.max_size;
            Err(LineError::new(format!("the line is longer than {limit} bytes (--max-size)")))
        }
    }
}

/// Whether a recording that is added to a file (`--append`) may begin with this event.
const fn begins_run(event: &RecordedKind) -> bool {
    matches!(
        event,
        RecordedKind::Open(_)
            | RecordedKind::Redirect(_)
            | RecordedKind::Retry(_)
            | RecordedKind::Failure(_)
    )
}

/// Lines that are not events.
#[derive(Default)]
struct Problems {
    /// The first line that is invalid, and how many others are.
    first: Option<(Place, String)>,
    others: u64,
    /// The previous line, if it is incomplete. The next event shows whether a run was killed there.
    cut: Option<(Place, String)>,
    /// The first line where that was so and another run followed, and how many others there are.
    first_cut: Option<(u64, String)>,
    other_cuts: u64,
}

impl Problems {
    fn add(&mut self, line: &Line<'_>, error: LineError) {
        self.settle_cut(false);
        let column = error.column + line.skipped;
        let offset = line.offset + column - 1;
        let place = Place { line: line.number, column, offset };
        match error.is_incomplete {
            true => self.cut = Some((place, error.reason)),
            false => self.invalid(place, error.reason),
        }
    }

    fn invalid(&mut self, place: Place, reason: String) {
        match self.first {
            None => self.first = Some((place, reason)),
            Some(_) => self.others += 1,
        }
    }

    /// Decides what an incomplete line means. `begins_run`: the event behind it is the first one of a run.
    fn settle_cut(&mut self, begins_run: bool) {
        match self.cut.take() {
            None => {}
            Some((place, reason)) if !begins_run => self.invalid(place, reason),
            Some((place, reason)) => match self.first_cut {
                None => self.first_cut = Some((place.line, reason)),
                Some(_) => self.other_cuts += 1,
            },
        }
    }

    /// Adds a warning for the lines that runs which were killed have left.
    fn end(&mut self, name: &str, warnings: &mut Vec<String>) {
        if let Some((line, reason)) = self.first_cut.take() {
            let more = match self.other_cuts {
                0 => String::new(),
                1 => "; so is 1 more line".to_owned(),
                many => format!("; so are {many} more lines"),
            };
            warnings.push(format!(
                "{name}:{line}: the line is cut: {reason}; another recording follows{more}"
            ));
        }
        if let Some((place, reason)) = self.cut.take() {
            warnings.push(format!("{name}:{}: the last line is cut: {reason}", place.line));
        }
    }
}
