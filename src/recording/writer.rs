//! The formats of recordings, and what turns events into them.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;

use super::Recorded;
use super::har::HarWriter;
use super::ndjson::EventParser;
use super::rewriter::Rewriter;

/// Turns events into the content of a file, in the thread that writes the file.
pub trait RecordWriter: Send {
    /// Takes an event: a line of `--json`, without its newline. What is written to `file` reaches the disk soon and as a
    /// whole, or not at all: then the next and last call is [`RecordWriter::finish`].
    ///
    /// # Errors
    /// If the line cannot be recorded. The recording ends with that.
    fn line(&mut self, line: &[u8], file: &mut dyn Write) -> io::Result<()>;

    /// Writes what ends the file. This is called once, after the last event.
    ///
    /// # Errors
    /// If the file cannot be completed.
    fn finish(&mut self, file: &mut dyn Write) -> io::Result<()>;
}

/// What is in a file, and what makes it from lines of `--json`.
pub(super) enum Content {
    /// The lines.
    Lines,
    /// What this makes of each line, one after the other.
    Converted(Box<dyn RecordWriter>),
    /// What this makes of all lines: the file is written anew from time to time.
    Rewritten(Box<Rewriter>),
}

impl Content {
    /// When the file has to be written next, if no line comes before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Lines | Self::Converted(_) => None,
            Self::Rewritten(rewriter) => rewriter.deadline(),
        }
    }
}

/// The format of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFormat {
    /// The events themselves.
    Ndjson,
    /// An HTTP archive.
    Har,
    /// A scenario for `wscope check`.
    Scenario,
}

/// The endings of names, for messages.
pub(super) const ENDINGS: &str = ".ndjson, .har or .wscope";

impl RecordFormat {
    /// The one that the ending of a name stands for.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension().and_then(OsStr::to_str)?.to_ascii_lowercase();
        match ending.as_str() {
            "ndjson" => Some(Self::Ndjson),
            "har" => Some(Self::Har),
            "wscope" => Some(Self::Scenario),
            _ => None,
        }
    }

    /// Whether more can be added to a file that is complete.
    pub fn can_be_continued(self) -> bool {
        self == Self::Ndjson
    }

    /// What makes the content of a file of it at this path.
    pub(super) fn content(self, path: &Path) -> Content {
        match self {
            Self::Ndjson => Content::Lines,
            Self::Har => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new(".")).to_owned();
                let writer = HarWriter::new(folder);
                Content::Converted(Box::new(HarOfLines { parser: EventParser::default(), writer }))
            }
            Self::Scenario => Content::Rewritten(Box::default()),
        }
    }
}

/// Writes a HAR from lines.
struct HarOfLines {
    parser: EventParser,
    writer: HarWriter,
}

impl RecordWriter for HarOfLines {
    fn line(&mut self, line: &[u8], file: &mut dyn Write) -> io::Result<()> {
        let event = self.parser.event(line).map_err(io::Error::other)?;
        match event.and_then(Recorded::seen_by_client) {
            Some(event) => self.writer.event(&event, file),
            None => Ok(()),
        }
    }

    fn finish(&mut self, file: &mut dyn Write) -> io::Result<()> {
        self.writer.finish(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_the_name_is_the_format() {
        for (name, format) in [
            ("a.ndjson", Some(RecordFormat::Ndjson)),
            ("A.NDJSON", Some(RecordFormat::Ndjson)),
            ("b/a.x.har", Some(RecordFormat::Har)),
            ("a.wscope", Some(RecordFormat::Scenario)),
            ("a.json", None),
            ("a.ndjson.gz", None),
            (".ndjson", None),
            ("ndjson", None),
            ("-", None),
            ("a.har/", Some(RecordFormat::Har)), // opening it fails
            ("", None),
        ] {
            assert_eq!(RecordFormat::of(Path::new(name)), format, "{name}");
        }
    }
}
