//! One part of a scenario: its connections and steps.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::failure;
use super::link::Link;
use super::masking;
use super::options::{OwnOptions, max_times};
use super::relax::Relaxed;
use super::time_limit::time_limit;
use super::transcript::{Lines, Recorder};
use super::values::ScenarioValues;
use crate::config::CheckConfig;
use crate::platform::child_group::ChildGroup;
use crate::redact::Secrets;
use crate::report::text;
use crate::scenario::inbox::Breach;
use crate::scenario::inbox::WaitFailure;
use crate::scenario::language::syntax::{Payload, Span};
use crate::scenario::language::units::parse_duration;
use crate::scenario::language::{Source, Variable};
use crate::scenario::message::{Files, PayloadError, Surroundings};
use crate::scenario::outcome::{Failure, Outcome, PartOutcome, StepOutcome, Transcript};
use crate::scenario::plan::{Checks, PlannedAction, PlannedPart, PlannedStep};
use crate::scenario::query::Facts;

mod close;
mod command;
mod open;
mod receive;
mod relax;

/// What all parts of a file share.
pub(super) struct FileRun<'a> {
    pub(super) config: &'a CheckConfig,
    pub(super) source: &'a Source,
    pub(super) values: ScenarioValues,
    pub(super) secrets: Secrets,
    /// Those in the lines of the file.
    pub(super) written: Secrets,
    pub(super) interrupted: &'a AtomicBool,
    /// Gets what happens on the connections.
    pub(super) live: Option<Arc<dyn Lines>>,
    /// Where the patterns that are made less strict go, with `--relax`.
    pub(super) relaxed: Option<&'a Relaxed>,
    /// Commands that were run. What they left running ends with the file.
    pub(super) commands: Vec<ChildGroup>,
}

/// Why a step does not go on.
pub(super) enum Stop {
    /// The part failed.
    Failed(Box<Failure>),
    /// The run was interrupted; with what was awaited, where that is known.
    Interrupted(Option<Box<Failure>>),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl Stop {
    /// The same; of a failure more is known.
    fn with(mut self, add: impl FnOnce(&mut Failure)) -> Self {
        if let Self::Failed(failure) = &mut self {
            add(failure);
        }
        self
    }
}

/// A part while it runs.
pub(super) struct PartRun<'r, 'a> {
    file: &'r mut FileRun<'a>,
    part: &'r PlannedPart,
    links: Vec<Option<Link>>,
    options: Vec<OwnOptions>,
    started: Instant,
    /// When the part has to be over.
    deadline: Option<Instant>,
    /// What does not count of the time that it took.
    uncounted: Duration,
    recorder: Recorder,
    warnings: Vec<String>,
    /// How many messages the current step passed over.
    passed_over: u64,
    /// Whether a step has waited for the end of a connection.
    ends_taken: Vec<bool>,
}

impl FileRun<'_> {
    /// Runs a part.
    pub(super) fn part(&mut self, part: &PlannedPart, title: String) -> PartOutcome {
        let started = Instant::now();
        if let Some(live) = &self.live {
            live.show(text::heading(&self.source.name, &title));
        }
        let recorder =
            Recorder::new(self.secrets.clone(), self.live.clone(), self.config.wants_transcripts());
        let count = part.connections.len();
        let mut run = PartRun {
            part,
            links: (0..count).map(|_| None).collect(),
            options: vec![OwnOptions::default(); count],
            started,
            deadline: None,
            uncounted: Duration::ZERO,
            recorder,
            warnings: Vec::new(),
            passed_over: 0,
            ends_taken: vec![false; count],
            file: self,
        };
        run.set_deadline();
        let (steps, stop) = run.run();
        let (outcome, failure, interruption) = match stop {
            None => (Outcome::Passed, None, None),
            Some(Stop::Failed(failure)) => (Outcome::Failed, Some(*failure), None),
            Some(Stop::Interrupted(place)) => (Outcome::Skipped, None, place.map(|it| *it)),
        };
        let (warnings, recorder) = (std::mem::take(&mut run.warnings), run.recorder.clone());
        drop(run); // the connections end
        let line = self.source.place(part.at.start).line;
        let transcript: Transcript = recorder.take();
        let outcome = PartOutcome {
            title,
            line,
            outcome,
            duration: started.elapsed(),
            steps,
            failure,
            interruption,
            warnings,
            transcript,
        };
        masking::outcome(outcome, &self.secrets, &self.written)
    }
}

impl PartRun<'_, '_> {
    fn run(&mut self) -> (Vec<StepOutcome>, Option<Stop>) {
        let mut steps = Vec::new();
        let mut stop = None;
        for (index, step) in self.part.steps.iter().enumerate() {
            let started = Instant::now();
            let result = self.step(index, step).and_then(|()| self.look_for_faults(&step.at));
            let outcome = match &result {
                Ok(()) => Outcome::Passed,
                Err(Stop::Failed(_)) => Outcome::Failed,
                Err(Stop::Interrupted(_)) => Outcome::Skipped,
            };
            let line = self.file.source.place(step.at.start).line;
            let passed_over = std::mem::take(&mut self.passed_over);
            if passed_over > 0
                && let Some(live) = &self.file.live
            {
                live.show(text::passed_over(line, passed_over));
            }
            steps.push(StepOutcome {
                line,
                text: self.text(line),
                kind: kind(&step.action),
                outcome,
                duration: started.elapsed(),
                passed_over,
            });
            if let Err(error) = result {
                stop = Some(self.with_place(error, &step.at));
                break;
            }
        }
        if stop.is_none() {
            stop = self.close().err();
        }
        if matches!(stop, Some(Stop::Failed(_))) {
            self.close_after_failure();
            stop = stop.map(|stop| stop.with(|failure| self.add_incomplete(failure)));
        }
        (steps, stop)
    }

    /// An interruption has the place of what was interrupted.
    fn with_place(&self, stop: Stop, at: &Range<usize>) -> Stop {
        match stop {
            Stop::Interrupted(None) => Stop::Interrupted(Some(Box::new(self.interruption(at)))),
            stop => stop,
        }
    }

    /// A line of the file, of limited length and without secrets.
    fn text(&self, line: usize) -> String {
        let text = self.file.source.line(line).map_or("", |line| line.text.trim());
        let text = self.file.written.mask_text(text.to_owned());
        let text = self.file.secrets.mask_text(text);
        match text.char_indices().nth(MAX_STEP_TEXT) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    fn interruption(&self, at: &Range<usize>) -> Failure {
        self.failed(at, "interrupted", "interrupted here")
    }

    fn step(&mut self, index: usize, step: &PlannedStep) -> Result<(), Stop> {
        if self.is_interrupted() {
            return Err(Stop::Interrupted(None));
        }
        if self.is_out_of_time() {
            return Err(self.out_of_time(&step.at).into());
        }
        match &step.action {
            PlannedAction::Open(connection) => self.open(*connection),
            PlannedAction::Send(connection, payload) => self.send(step, *connection, payload),
            PlannedAction::Receive(group) => self.receive(step, group),
            PlannedAction::Forbid(connection, payload) => {
                self.forbid(index, step, *connection, payload)
            }
            PlannedAction::Silence(connection, span, has_end) => {
                self.silence(step, *connection, span, *has_end)
            }
            PlannedAction::During(connection, span, has_end) => {
                self.during(step, *connection, span, *has_end)
            }
            PlannedAction::Sleep(span) => self.sleep(step, span),
            PlannedAction::Run(command) => self.run_command(step, command),
        }
    }

    /// Warns of a payload that is not JSON with its values, though it looks like it.
    fn warn_of_broken_json(&mut self, payload: &Payload) -> Result<(), Stop> {
        let Some(reason) = payload.broken_json(self.around()) else { return Ok(()) };
        let text = format!("taken as text, as it is not JSON: {reason}");
        if self.file.config.strict {
            return Err(self.failed(&payload.at, "warning", text).into());
        }
        let line = self.file.source.place(payload.at.start).line;
        self.warnings.push(format!("line {line}: {text}"));
        Ok(())
    }

    fn sleep(&self, step: &PlannedStep, span: &Span) -> Result<(), Stop> {
        let until = Instant::now() + self.duration(step, span)?;
        loop {
            if self.is_interrupted() {
                return Err(Stop::Interrupted(None));
            }
            if self.is_out_of_time() {
                return Err(self.out_of_time(&step.at).into());
            }
            self.look_for_faults(&step.at)?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(Duration::from_millis(20)));
        }
    }

    /// Adds what was received of messages that were not complete, which is known when a connection has ended.
    fn add_incomplete(&self, failure: &mut Failure) {
        for link in self.links.iter().flatten() {
            let inbox = link.inbox();
            if let Some(incomplete) = inbox.end().and_then(|end| end.incomplete.as_ref()) {
                failure.notes.push(format!("an incomplete message: {incomplete}"));
            }
        }
    }

    /// Something that a `<!` forbids may be received on any connection, and more than is kept.
    fn look_for_faults(&self, at: &Range<usize>) -> Result<(), Stop> {
        for link in self.links.iter().flatten() {
            let inbox = link.inbox();
            let mut failure = match inbox.fault() {
                Some(WaitFailure::Forbidden(breach)) => self.breach(&breach),
                Some(WaitFailure::TooMuch(limit)) => {
                    failure::overflow(self.file.source, at, &inbox, limit)
                }
                _ => continue,
            };
            failure::add_state(&mut failure, &inbox);
            return Err(failure.into());
        }
        Ok(())
    }

    fn breach(&self, breach: &Breach) -> Failure {
        failure::of_breach(self.file.source, breach, |step| self.part.steps[step].at.clone())
    }

    fn duration(&self, step: &PlannedStep, span: &Span) -> Result<Duration, Stop> {
        if let Some(known) = span.known {
            return Ok(known);
        }
        let text = span.text.expand(&self.file.values).map_err(|it| self.no_value(&it))?;
        parse_duration(&text).map_err(|reason| self.failed(&step.at, "value", reason).into())
    }

    fn around(&self) -> Surroundings<'_> {
        Surroundings { values: &self.file.values, files: self }
    }

    fn payload_failed(&self, at: &Range<usize>, error: PayloadError) -> Failure {
        match error {
            PayloadError::Variable(variable) => self.no_value(&variable),
            PayloadError::File { .. } => self.failed(at, "file", error.to_string()),
            PayloadError::Value(reason) => self.failed(at, "value", reason),
        }
    }

    /// A variable that a part before would have captured.
    fn no_value(&self, variable: &Variable) -> Failure {
        let name = &variable.name;
        let text = format!("the variable {name:?} has no value: what captures it did not run");
        self.failed(&variable.at, "variable", text)
    }

    fn failed(&self, at: &Range<usize>, kind: &'static str, message: impl Into<String>) -> Failure {
        failure::at(self.file.source, at, kind, message)
    }

    fn is_interrupted(&self) -> bool {
        self.file.interrupted.load(Ordering::SeqCst)
    }

    /// The deadline follows from what the command and all connections of the part say.
    fn set_deadline(&mut self) {
        let values = &self.file.values;
        let connections = &self.part.connections;
        let own = connections.iter().flat_map(|it| max_times(&it.connect, values));
        let limit = time_limit(self.file.config.max_time, own);
        self.deadline = limit.map(|limit| self.started + limit + self.uncounted);
    }

    fn is_out_of_time(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    fn out_of_time(&self, at: &Range<usize>) -> Failure {
        let limit = self.deadline.map_or(Duration::ZERO, |deadline| deadline - self.started);
        let text = format!("the part is not over after {} (max-time)", failure::seconds(limit));
        self.failed(at, "timeout", text)
    }

    /// Takes what is captured, then looks whether everything holds. All that does not is reported.
    fn check(&mut self, checks: &Checks, facts: &Facts<'_>) -> Result<(), Stop> {
        for (name, expression, at) in &checks.captures {
            let value = expression.capture(facts, &self.file.values);
            let value = value.map_err(|failed| failure::of_query(self.file.source, at, &failed))?;
            self.file.values.capture(name, value);
        }
        let mut first: Option<Failure> = None;
        for (assertion, at) in &checks.asserts {
            let Err(failed) = assertion.check(facts, &self.file.values) else { continue };
            let failure = failure::of_query(self.file.source, at, &failed);
            match &mut first {
                None => first = Some(failure),
                Some(first) => {
                    let what = match (&failure.expected, &failure.actual) {
                        (Some(expected), Some(actual)) => {
                            format!("expected {expected}, got {actual}")
                        }
                        _ => failure.message,
                    };
                    first.notes.push(format!("also line {}: {what}", failure.line));
                }
            }
        }
        first.map_or(Ok(()), |failure| Err(failure.into()))
    }
}

/// Files beside the scenario.
impl Files for PartRun<'_, '_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, String> {
        let folder = Path::new(&self.file.source.name).parent().unwrap_or(Path::new(""));
        crate::platform::files::read(&folder.join(path), MAX_PAYLOAD)
            .map_err(|error| error.to_string())
    }
}

/// How much of the line of a step is reported, in characters.
const MAX_STEP_TEXT: usize = 200;

/// The largest file that is sent or compared, in bytes.
const MAX_PAYLOAD: u64 = 64 << 20;

fn kind(action: &PlannedAction) -> &'static str {
    match action {
        PlannedAction::Open(_) => "connect",
        PlannedAction::Send(..) => "send",
        PlannedAction::Receive(_) => "receive",
        PlannedAction::Forbid(..) => "forbid",
        PlannedAction::Silence(..) => "silence",
        PlannedAction::During(..) => "during",
        PlannedAction::Sleep(_) => "sleep",
        PlannedAction::Run(_) => "run",
    }
}
