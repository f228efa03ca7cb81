//! A scenario while it is recorded. What comes later can change what was written before, such as a message that turns out
//! to hold a value that is sent back: the file is written anew from time to time, always as a whole scenario.

use std::io;
use std::time::{Duration, Instant};

use super::ndjson::EventParser;
use super::scenario::{Generated, ScenarioBuilder, Settings};
use super::written::WrittenFile;
use crate::event::Level;

/// The shortest time between two writes.
const INTERVAL: Duration = Duration::from_secs(1);

/// After a write that took some time, the next one waits this many times as long: writing a long scenario is most of the
/// cost.
const PAUSE: u32 = 20;

/// How much of what a full disk seems to have room for is tried to be written: not all events are of the same length.
const SHARES: [f64; 3] = [0.97, 0.8, 0.5];

/// Writes a scenario from lines of `--json`.
#[derive(Debug, Default)]
pub(super) struct Rewriter {
    parser: EventParser,
    builder: ScenarioBuilder,
    /// What of it is in the file; `None`: nothing was written yet.
    written: Option<Written>,
    /// What the file lacks, and what it needs.
    remarks: Vec<(Level, String)>,
    /// How many events fitted into the file that could not be written, if all were of the same length.
    room: f64,
    /// When the file may be written again.
    next: Option<Instant>,
}

/// The part of a scenario that is in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Written {
    events: usize,
    messages: u64,
    /// It says that the recording has more than a scenario can hold.
    is_full: bool,
}

impl Rewriter {
    /// Makes one with these settings.
    pub(super) fn new(settings: Settings) -> Self {
        Self { builder: ScenarioBuilder::new(settings), ..Self::default() }
    }

    /// Takes an event: a line of `--json`, without its newline.
    ///
    /// # Errors
    /// If it is not one.
    pub(super) fn line(&mut self, line: &[u8]) -> io::Result<()> {
        if !self.is_full()
            && let Some(event) = self.parser.event(line).map_err(io::Error::other)?
        {
            self.builder.push(event);
        }
        Ok(())
    }

    /// Whether no further event has a place in the scenario.
    pub(super) fn is_full(&self) -> bool {
        self.builder.is_full()
    }

    /// When the file has to be written; `None`: it has all that there is.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.next.filter(|_| self.has_news())
    }

    /// Writes the file, if it is time.
    ///
    /// # Errors
    /// See [`Rewriter::write`].
    pub(super) fn write_if_due(&mut self, file: &mut WrittenFile, now: Instant) -> io::Result<()> {
        match self.has_news() && (self.is_full() || self.next.is_none_or(|next| now >= next)) {
            true => self.write(file, now),
            false => Ok(()),
        }
    }

    /// Writes the file, unless it has all that there is.
    ///
    /// # Errors
    /// Of the file, which then has what was written the last time.
    pub(super) fn write(&mut self, file: &mut WrittenFile, now: Instant) -> io::Result<()> {
        if !self.has_news() {
            return Ok(());
        }
        let all = self.all();
        let Generated { text, warnings, unknown, .. } = self.generate(all);
        if let Err((count, error)) = file.replace(text.as_bytes()) {
            self.restore(file);
            self.room = all.events as f64 * count as f64 / text.len() as f64;
            return Err(error);
        }
        self.written = Some(all);
        let warnings = warnings.into_iter().map(|warning| (Level::Warning, warning));
        let values = unknown.iter().map(|value| (Level::Info, value.remark()));
        self.remarks = warnings.chain(values).collect();
        self.next = Some(now + INTERVAL.max(now.elapsed() * PAUSE));
        Ok(())
    }

    /// After a failure, writes about as much as the file takes.
    pub(super) fn write_what_fits(&mut self, file: &mut WrittenFile) {
        for share in SHARES {
            let events = (self.room * share) as usize;
            if events <= self.written.map_or(0, |written| written.events) {
                return;
            }
            let messages = self.builder.messages_in(events);
            let part = Written { events, messages, is_full: true };
            if file.replace(self.generate(part).text.as_bytes()).is_ok() {
                self.written = Some(part);
                return;
            }
            self.restore(file);
        }
    }

    /// Writes what was in the file before.
    fn restore(&self, file: &mut WrittenFile) {
        let before = self.written.map(|written| self.generate(written).text);
        if before.is_none_or(|text| file.replace(text.as_bytes()).is_err()) {
            file.clear();
        }
    }

    fn generate(&self, part: Written) -> Generated {
        self.builder.generate_first(part.events, part.is_full)
    }

    /// All that there is.
    fn all(&self) -> Written {
        let Self { builder, .. } = self;
        Written { events: builder.len(), messages: builder.messages(), is_full: self.is_full() }
    }

    /// What the file lacks, and what it needs.
    pub(super) fn take_remarks(&mut self) -> Vec<(Level, String)> {
        std::mem::take(&mut self.remarks)
    }

    /// Messages that are in the file.
    pub(super) fn written_messages(&self) -> u64 {
        self.written.map_or(0, |written| written.messages)
    }

    /// Messages that are not in the file, and have a place there.
    pub(super) fn unwritten_messages(&self) -> u64 {
        self.builder.messages() - self.written_messages()
    }

    fn has_news(&self) -> bool {
        self.written != Some(self.all())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::*;

    const OPEN: &[u8] = br#"{"event":"open","time":"2026-01-02T03:04:05.000000Z","elapsed_ms":0,"url":"ws://h/","status":101}"#;

    fn message(data: &str) -> Vec<u8> {
        let line = format!(
            "{{\"event\":\"message\",\"elapsed_ms\":1,\"direction\":\"received\",\"type\":\"text\",\"data\":\"{data}\"}}"
        );
        line.into_bytes()
    }

    #[test]
    fn the_file_is_written_at_most_once_an_interval_and_only_with_news() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("r.wscope");
        let mut file = WrittenFile::new(File::create(&path).expect("a file"), 0);
        let mut rewriter = Rewriter::default();
        let start = Instant::now();
        let mut steps = |rewriter: &mut Rewriter, seconds| {
            let now = start + Duration::from_secs(seconds);
            rewriter.write_if_due(&mut file, now).expect("a file");
            fs::read_to_string(&path).expect("a file").matches("\n< ").count()
        };
        rewriter.line(OPEN).expect("an event");
        rewriter.line(&message("one")).expect("an event");
        assert_eq!(steps(&mut rewriter, 0), 1, "at once");
        assert_eq!(rewriter.deadline(), None, "without news");
        rewriter.line(&message("two")).expect("an event");
        assert!(rewriter.deadline().is_some_and(|deadline| deadline > start));
        assert_eq!(steps(&mut rewriter, 0), 1);
        assert_eq!((rewriter.written_messages(), rewriter.unwritten_messages()), (1, 1));
        assert_eq!(steps(&mut rewriter, 100), 2);
        assert_eq!((rewriter.written_messages(), rewriter.unwritten_messages()), (2, 0));
    }

    #[test]
    fn a_line_that_is_no_event_is_an_error() {
        assert!(Rewriter::default().line(b"{\"event\":\"message\"}").is_err());
        assert!(Rewriter::default().line(b"{\"event\":\"new\"}").is_ok());
    }
}
