//! The formats of recordings, and what turns events into them.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::Recorded;
use super::har::HarWriter;
use super::ndjson::EventParser;
use super::rewriter::Rewriter;
use super::scenario::{ScenarioBuilder, Settings};
use super::seen::not_kept;
use super::sink::Sink;
use crate::protocol::counted::counted;

/// Turns events into the content of a file, in the thread that writes the file.
pub trait RecordWriter: Send {
    /// Takes an event: a line of `--json`, without its newline. What is written to `file` reaches the disk soon and as a
    /// whole, or not at all: then the next and last call is [`RecordWriter::finish`].
    ///
    /// # Errors
    /// If the line cannot be recorded. The recording ends with that, and the next call is the last one, too.
    fn line(&mut self, line: &[u8], file: &mut dyn Sink) -> io::Result<()>;

    /// What the user has to know of what the file lacks, each in one line.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// Says in the file what it lacks, before [`RecordWriter::finish`], if the format has a place for that.
    ///
    /// # Errors
    /// If it cannot be written.
    fn note(&mut self, text: &str, file: &mut dyn Sink) -> io::Result<()> {
        let _ = (text, file);
        Ok(())
    }

    /// Writes what ends the file. This is called once, after the last event.
    ///
    /// # Errors
    /// If the file cannot be completed, or lacks something.
    fn finish(&mut self, file: &mut dyn Sink) -> io::Result<()>;
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
    /// Whether the file is written anew from time to time, instead of growing.
    pub(super) fn is_rewritten(&self) -> bool {
        matches!(self, Self::Rewritten(_))
    }

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
    pub(super) fn content(self, path: &Path, settings: &Settings) -> Content {
        match self {
            Self::Ndjson => Content::Lines,
            Self::Har => {
                let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
                let folder = folder.unwrap_or(Path::new(".")).to_owned();
                Content::Converted(Box::new(HarOfLines::new(HarWriter::for_file_in(folder))))
            }
            Self::Scenario => Content::Rewritten(Box::new(Rewriter::new(settings.clone()))),
        }
    }

    /// What makes a file of it that is written once, from start to end. `folder`: where it may make a temporary file.
    pub fn writer(self, folder: PathBuf) -> Box<dyn RecordWriter> {
        match self {
            Self::Ndjson => Box::new(Lines),
            Self::Har => Box::new(HarOfLines::new(HarWriter::new(folder))),
            Self::Scenario => Box::<ScenarioOfLines>::default(),
        }
    }

    /// The ending of the names of such files.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Har => "har",
            Self::Scenario => "wscope",
        }
    }
}

/// Writes lines as they are.
struct Lines;

impl RecordWriter for Lines {
    fn line(&mut self, line: &[u8], file: &mut dyn Sink) -> io::Result<()> {
        file.write_all(line)?;
        file.write_all(b"\n")
    }

    fn note(&mut self, text: &str, file: &mut dyn Sink) -> io::Result<()> {
        writeln!(file, "{}", serde_json::json!({ "event": "note", "message": text }))
    }

    fn finish(&mut self, _: &mut dyn Sink) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a scenario from lines.
#[derive(Default)]
struct ScenarioOfLines {
    parser: EventParser,
    builder: ScenarioBuilder,
}

impl RecordWriter for ScenarioOfLines {
    fn line(&mut self, line: &[u8], _: &mut dyn Sink) -> io::Result<()> {
        if !self.builder.is_full()
            && let Some(event) = self.parser.event(line).map_err(io::Error::other)?
        {
            self.builder.push(event);
        }
        Ok(())
    }

    fn note(&mut self, text: &str, file: &mut dyn Sink) -> io::Result<()> {
        writeln!(file, "# {text}")
    }

    fn finish(&mut self, file: &mut dyn Sink) -> io::Result<()> {
        file.write_all(self.builder.generate().text.as_bytes())
    }
}

/// Writes a HAR from lines.
struct HarOfLines {
    parser: EventParser,
    writer: HarWriter,
}

impl HarOfLines {
    fn new(writer: HarWriter) -> Self {
        Self { parser: EventParser::default(), writer }
    }
}

impl RecordWriter for HarOfLines {
    fn line(&mut self, line: &[u8], file: &mut dyn Sink) -> io::Result<()> {
        self.writer.check_room(line.len())?;
        let event = self.parser.event(line).map_err(io::Error::other)?;
        let mut seen = event.into_iter().flat_map(Recorded::seen_in_har);
        seen.try_for_each(|event| self.writer.event(&event, file))
    }

    fn warnings(&self) -> Vec<String> {
        let (omitted, lost) = (self.writer.omitted(), self.writer.lost_errors());
        let lost = (lost > 0)
            .then(|| format!("{} without a connection left out", counted(lost, "failure")));
        (omitted > 0).then(|| not_kept(omitted)).into_iter().chain(lost).collect()
    }

    fn note(&mut self, text: &str, _: &mut dyn Sink) -> io::Result<()> {
        self.writer.note(text);
        Ok(())
    }

    fn finish(&mut self, file: &mut dyn Sink) -> io::Result<()> {
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

    /// Two connections at a time: a rule dropped a message of the first, and replaced one of the second.
    const PROXIED: [&str; 12] = [
        r#""open","connection":1,"url":"ws://h/a","initiator":"client""#,
        r#""open","connection":2,"url":"ws://h/b","initiator":"client""#,
        r#""http","connection":3,"method":"GET","target":"/","status":200"#,
        r#""message","connection":1,"direction":"client","type":"text","data":"one","rule":1,"action":"drop""#,
        r#""message","connection":2,"direction":"client","type":"text","data":"two""#,
        r#""message","connection":1,"direction":"server","type":"text","data":"three""#,
        r#""message","connection":2,"direction":"server","type":"text","data":"four","rule":2,"action":"replace","changed_to":{"type":"text","data":"4"}"#,
        r#""message","connection":2,"direction":"server","type":"text","size":9,"omitted":true"#,
        r#""violation","connection":2,"direction":"client","message":"reserved bit set: RSV2 (RFC 6455 section 5.2)","passed_on":true"#,
        r#""close","connection":1,"code":1000,"initiator":"client","client":{"code":1000},"server":{"code":1000}"#,
        r#""close_frame","connection":2,"direction":"server","code":1000,"rule":3,"action":"drop""#,
        r#""close","connection":2,"code":1001,"initiator":"server","client":null,"server":{"code":1001}"#,
    ];

    fn lines() -> impl Iterator<Item = String> {
        let line = |(at, members): (usize, &str)| {
            format!(
                r#"{{"event":{members},"time":"2026-01-01T00:00:00.{at:06}Z","elapsed_ms":{at}}}"#
            )
        };
        PROXIED.into_iter().enumerate().map(line)
    }

    #[test]
    fn a_har_has_what_passed_a_proxy_as_the_clients_saw_it() {
        let mut writer = HarOfLines::new(HarWriter::new(std::env::temp_dir()));
        let mut file = Vec::new();
        lines().for_each(|line| writer.line(line.as_bytes(), &mut file).expect("an event"));
        writer.finish(&mut file).expect("an end");
        let har: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
        let entries = har["log"]["entries"].as_array().expect("entries");
        let found: Vec<_> = entries
            .iter()
            .map(|entry| {
                let messages = entry["_webSocketMessages"].as_array().expect("messages");
                let message = |it: &serde_json::Value| format!("{} {}", it["type"], it["data"]);
                let close = &entry["_webSocketClose"];
                (
                    entry["request"]["url"].as_str().expect("a URL"),
                    messages.iter().map(message).collect::<Vec<_>>().join(", ").replace('"', ""),
                    format!("{} {} {}", close["code"], close["initiator"], close["wasClean"]),
                )
            })
            .collect();
        let expected = [
            ("ws://h/a", "send one, receive three", "1000 \"client\" true"),
            ("ws://h/b", "send two, receive 4, receive ", "1001 \"server\" false"),
        ];
        assert_eq!(found, expected.map(|(url, all, close)| (url, all.into(), close.into())));
    }

    #[test]
    fn a_scenario_has_what_passed_a_proxy_as_the_servers_saw_it() {
        let (mut parser, mut builder) = (EventParser::default(), ScenarioBuilder::default());
        for line in lines() {
            builder.push(parser.event(line.as_bytes()).expect("an event").expect("a known one"));
        }
        let text = builder.generate().text;
        let steps = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let steps: Vec<_> = steps.filter(|line| !line.starts_with('[')).collect();
        for (step, is_there) in
            [("> one", false), ("< three", true), ("> two", true), ("< four", true), ("< 4", false)]
        {
            assert_eq!(steps.iter().any(|line| line.ends_with(step)), is_there, "{step}: {text}");
        }
        assert!(!text.contains("GET"), "{text}");
    }
}
