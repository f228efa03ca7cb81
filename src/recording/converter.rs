//! Turns lines of events into another format.

use std::io::{self, Write};

use super::EventWriter;
use super::ndjson::parse_event;
use super::writer::RecordWriter;

/// Writes the events of lines.
pub(super) struct Converter<W>(pub(super) W);

impl<W: EventWriter> RecordWriter for Converter<W> {
    fn line(&mut self, line: &[u8], file: &mut dyn Write) -> io::Result<()> {
        match parse_event(line).map_err(io::Error::other)? {
            Some(event) => self.0.event(&event, file),
            None => Ok(()),
        }
    }

    fn finish(&mut self, file: &mut dyn Write) -> io::Result<()> {
        self.0.finish(file)
    }
}
