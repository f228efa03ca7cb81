//! What came of a run of scenario files: what reports are made of.

use std::fmt;
use std::time::Duration;

/// What came of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It went as it has to.
    Passed,
    /// It did not.
    Failed,
    /// It was not run.
    Skipped,
}

impl Outcome {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// A file that was run.
#[derive(Clone, Debug)]
pub struct FileOutcome {
    /// Its name, as the user gave it.
    pub file: String,
    /// Its parts, in order.
    pub parts: Vec<PartOutcome>,
    /// How long it took.
    pub duration: Duration,
}

/// A part that was run, or was to be.
#[derive(Clone, Debug)]
pub struct PartOutcome {
    /// Its title, or `part N`.
    pub title: String,
    /// Its line, from 1.
    pub line: usize,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
    /// The steps that were run, in order.
    pub steps: Vec<StepOutcome>,
    /// Why it failed; the first reason.
    pub failure: Option<Failure>,
    /// Where the run was interrupted, and what was awaited there.
    pub interruption: Option<Failure>,
    /// What may be wrong with it.
    pub warnings: Vec<Warning>,
    /// What happened on its connections.
    pub transcript: Transcript,
}

/// Something that may be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The line that it is about, from 1.
    pub line: usize,
    /// What may be wrong.
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// A step that was run.
#[derive(Clone, Debug)]
pub struct StepOutcome {
    /// Its line, from 1.
    pub line: usize,
    /// The line as the file has it; a long one is shortened.
    pub text: String,
    /// `connect`, `send`, `receive`, `forbid`, `silence`, `during`, `sleep` or `run`.
    pub kind: &'static str,
    /// What came of it.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: Duration,
    /// How many messages a `<` passed over before it had what it waits for.
    pub passed_over: u64,
}

/// How much of a message, or of what was expected, is shown, in bytes.
pub const MAX_SHOWN: usize = 1024;

/// Why a part failed. `T` is a text: [`Phrase`](super::phrase::Phrase) until secrets were masked.
#[derive(Clone, Debug, Default)]
pub struct Failure<T = String> {
    /// What kind of failure: `timeout`, `assertion`, `close` and so on.
    pub kind: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What failed, in one line.
    pub message: T,
    /// The line as the file has it, with carets below: two lines, indented.
    pub excerpt: String,
    /// What was awaited.
    pub expected: Option<T>,
    /// What was there instead, of an assertion.
    pub actual: Option<T>,
    /// Messages that were received since the step began and not taken, the last ones.
    pub received: Vec<ShownMessage>,
    /// How many there were before those.
    pub omitted: u64,
    /// The message that came closest, and where it differs first.
    pub closest: Option<(ShownMessage, T)>,
    /// The state of the connection, how it ended, what may help: a line each.
    pub notes: Vec<T>,
}

impl<T> Failure<T> {
    /// Whether several messages were received: the closest one is shown apart from them.
    pub fn has_several(&self) -> bool {
        self.received.len() as u64 + self.omitted > 1
    }
}

/// A message in a report, at most 1 KiB of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownMessage {
    /// `text` or `binary`.
    pub kind: &'static str,
    /// Text, or hex digits.
    pub start: String,
    /// Its length, in bytes.
    pub size: usize,
    /// There is more of it.
    pub is_cut: bool,
}

/// What happened on the connections of a part, in order.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    /// The events: the first ones and the last ones.
    pub events: Vec<TranscriptEvent>,
    /// How many there were between those.
    pub omitted: u64,
    /// How many of `events` come before those that are left out.
    pub first: usize,
}

impl Transcript {
    /// The events, where nothing stands for those that are left out.
    pub fn with_gap(&self) -> impl Iterator<Item = Option<&TranscriptEvent>> {
        let (first, last) = self.events.split_at(self.first.min(self.events.len()));
        let gap = (self.omitted > 0).then_some(None);
        first.iter().map(Some).chain(gap).chain(last.iter().map(Some))
    }
}

/// An event of a connection.
#[derive(Clone, Debug)]
pub struct TranscriptEvent {
    /// The name of the connection, if it has one.
    pub connection: Option<String>,
    /// Since the part began.
    pub at: Duration,
    /// The time before each line, if times are shown.
    pub time: String,
    /// As it is shown to people; may be several lines.
    pub text: String,
    /// As `--json` has it: a JSON object.
    pub json: String,
}

/// How many of something came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// That passed.
    pub passed: usize,
    /// That failed.
    pub failed: usize,
    /// That were not run.
    pub skipped: usize,
}

impl Counts {
    /// Counts outcomes.
    pub fn of(outcomes: impl Iterator<Item = Outcome>) -> Self {
        outcomes.fold(Self::default(), |mut counts, outcome| {
            match outcome {
                Outcome::Passed => counts.passed += 1,
                Outcome::Failed => counts.failed += 1,
                Outcome::Skipped => counts.skipped += 1,
            }
            counts
        })
    }

    /// All of them.
    pub const fn all(self) -> usize {
        self.passed + self.failed + self.skipped
    }
}

impl FileOutcome {
    /// How many of its parts came to what.
    pub fn counts(&self) -> Counts {
        Counts::of(self.parts.iter().map(|part| part.outcome))
    }

    /// What came of the file: failed if a part did, skipped if not all parts were run to their end.
    pub fn outcome(&self) -> Outcome {
        match self.counts() {
            Counts { failed: 1.., .. } => Outcome::Failed,
            Counts { skipped: 1.., .. } => Outcome::Skipped,
            _ => Outcome::Passed,
        }
    }

    /// Whether the run was interrupted after the file was begun.
    pub fn is_interrupted(&self) -> bool {
        let is_begun = self.parts.iter().any(|part| !part.steps.is_empty());
        is_begun && self.outcome() == Outcome::Skipped
    }

    /// How many steps were run.
    pub fn step_count(&self) -> usize {
        self.parts.iter().map(|part| part.steps.len()).sum()
    }
}

/// How many parts of all files came to what.
pub fn counts(files: &[FileOutcome]) -> Counts {
    Counts::of(files.iter().flat_map(|file| file.parts.iter().map(|part| part.outcome)))
}

impl ShownMessage {
    /// A message in one line: quoted text, or hex.
    pub fn one_line(&self) -> String {
        let more = match self.is_cut {
            true => format!("… ({} bytes)", self.size),
            false => String::new(),
        };
        match self.kind {
            "text" => format!("{}{more}", self.start),
            _ => format!("hex:{}{more}", self.start),
        }
    }
}
