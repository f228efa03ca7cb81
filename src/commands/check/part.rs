//! One part of a scenario: its connections and steps.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::clock::RunClock;
use super::failure::{self, Draft};
use super::link::{Link, WaitLimits, end_all};
use super::masking;
use super::options::{OwnOptions, max_times};
use super::recorded::CheckRecordings;
use super::relax::Relaxed;
use super::time_limit::time_limit;
use super::transcript::{Lines, Recorder, TranscriptOptions};
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
use crate::scenario::message::{PayloadError, Surroundings};
use crate::scenario::outcome::{Outcome, PartOutcome, StepOutcome, Transcript, Warning};
use crate::scenario::phrase::Phrase;
use crate::scenario::plan::{Checks, PlannedAction, PlannedPart, PlannedStep};
use crate::scenario::query::Facts;

mod close;
mod command;
mod elsewhere;
mod files;
mod open;
mod receive;
mod relax;

pub(super) use relax::Allowance;

/// What all parts of a file share.
pub(super) struct FileRun<'a> {
    pub(super) config: &'a CheckConfig,
    pub(super) source: &'a Source,
    pub(super) values: ScenarioValues,
    pub(super) secrets: Secrets,
    pub(super) recordings: &'a Arc<CheckRecordings>,
    /// Those in the lines of the file.
    pub(super) written: Secrets,
    pub(super) interrupted: &'a AtomicBool,
    /// The times of all limits are of this clock.
    pub(super) clock: Arc<RunClock>,
    /// Gets what happens on the connections.
    pub(super) live: Option<Arc<dyn Lines>>,
    /// Where the patterns that are made less strict go, with `--relax`.
    pub(super) relaxed: Option<&'a Relaxed>,
    /// What is compared for them.
    pub(super) allowance: &'a Allowance,
    /// Commands that were run. What they left running ends with the file.
    pub(super) commands: Vec<ChildGroup>,
}

/// Why a step does not go on.
pub(super) enum Stop {
    /// The part failed.
    Failed(Box<Draft>),
    /// The run was interrupted; with what was awaited, where that is known.
    Interrupted(Option<Box<Draft>>),
}

impl From<Draft> for Stop {
    fn from(failure: Draft) -> Self {
        Self::Failed(Box::new(failure))
    }
}

impl Stop {
    /// The same; of a failure more is known.
    fn with(mut self, add: impl FnOnce(&mut Draft)) -> Self {
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
    /// In the time of parts.
    began: Instant,
    /// When the part has to be over, in the time of parts.
    deadline: Option<Instant>,
    /// What does not count of the time that it took.
    uncounted: Duration,
    recorder: Recorder,
    /// What may be wrong, and in which line.
    warnings: Vec<(usize, Phrase)>,
    /// How many messages the current step passed over.
    passed_over: u64,
    /// Whether a step has waited for the end of a connection.
    ends_taken: Vec<bool>,
    /// The first pattern that matches only in a file that will not be written.
    unwritten: Option<Range<usize>>,
}

impl FileRun<'_> {
    /// Runs a part.
    pub(super) fn part(&mut self, part: &PlannedPart, title: String) -> PartOutcome {
        if let Some(live) = &self.live {
            live.show(text::heading(&self.source.name, &title)); // may wait: nothing runs yet
        }
        let (started, began) = (self.clock.now(), self.clock.part_time());
        let recorder = Recorder::new(
            self.secrets.clone(),
            self.live.clone(),
            TranscriptOptions::of(self.config),
            Arc::clone(&self.clock),
        );
        let count = part.connections.len();
        let mut run = PartRun {
            part,
            links: (0..count).map(|_| None).collect(),
            options: vec![OwnOptions::default(); count],
            began,
            deadline: None,
            uncounted: Duration::ZERO,
            recorder,
            warnings: Vec::new(),
            passed_over: 0,
            ends_taken: vec![false; count],
            unwritten: None,
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
        end_all(run.links.iter_mut().flatten());
        let line = self.source.place(part.at.start).line;
        let transcript: Transcript = recorder.take();
        let warning_of = |(line, text)| Warning { line, text: masking::text(text, &self.secrets) };
        let failure_of = |draft| masking::failure(draft, &self.secrets, &self.written);
        PartOutcome {
            title,
            line,
            outcome,
            duration: self.clock.now() - started,
            steps,
            failure: failure.map(failure_of),
            interruption: interruption.map(failure_of),
            warnings: warnings.into_iter().map(warning_of).collect(),
            transcript,
        }
    }
}

impl PartRun<'_, '_> {
    fn run(&mut self) -> (Vec<StepOutcome>, Option<Stop>) {
        let stalled_before = self.file.clock.stalled();
        let mut steps = Vec::new();
        let mut stop = None;
        for (index, step) in self.part.steps.iter().enumerate() {
            let started = self.now();
            for link in self.links.iter().flatten() {
                link.inbox().begin_step(index);
            }
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
                duration: self.now() - started,
                passed_over,
            });
            if let Err(error) = result {
                let error = error.with(|failure| self.add_others(failure, step));
                stop = Some(self.with_place(error, &step.at));
                break;
            }
        }
        if stop.is_none() {
            stop = self.close().err().or_else(|| self.not_relaxed().map(Stop::from));
        }
        if matches!(stop, Some(Stop::Failed(_))) {
            let stalled = self.file.clock.stalled().saturating_sub(stalled_before);
            stop = stop.map(|stop| stop.with(|failure| failure::add_stall(failure, stalled)));
            self.close_after_failure();
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

    fn interruption(&self, at: &Range<usize>) -> Draft {
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
            PlannedAction::Open(connection) => return self.open(*connection),
            PlannedAction::Receive(group) => return self.receive(step, group),
            PlannedAction::During(connection, span, has_end) => {
                return self.during(step, *connection, span, *has_end);
            }
            PlannedAction::Run(command) => return self.run_command(step, command),
            PlannedAction::Send(connection, payload) => self.send(step, *connection, payload)?,
            PlannedAction::Forbid(connection, payload) => {
                self.forbid(index, step, *connection, payload)?;
            }
            PlannedAction::Silence(connection, span, has_end) => {
                self.silence(step, *connection, span, *has_end)?;
            }
            PlannedAction::Sleep(span) => self.sleep(step, span)?,
        }
        // What takes nothing can still have sections, of variables.
        self.check(&step.checks, &Facts::Nothing)
    }

    /// Warns of a payload that is not JSON with its values, though it looks like it.
    fn warn_of_broken_json(&mut self, payload: &Payload) -> Result<(), Stop> {
        let Some(reason) = payload.broken_json(self.around()) else { return Ok(()) };
        let text = Phrase::new("taken as text, as it is not JSON: ").value(reason);
        if self.file.config.strict {
            return Err(self.failed(&payload.at, "warning", text).into());
        }
        self.note(&payload.at, text);
        Ok(())
    }

    /// Notes something that may be wrong with a line.
    fn note(&mut self, at: &Range<usize>, text: impl Into<Phrase>) {
        self.warnings.push((self.file.source.place(at.start).line, text.into()));
    }

    fn sleep(&self, step: &PlannedStep, span: &Span) -> Result<(), Stop> {
        let until = self.now() + self.duration(step, span)?;
        loop {
            if self.is_interrupted() {
                return Err(Stop::Interrupted(None));
            }
            if self.is_out_of_time() {
                return Err(self.out_of_time(&step.at).into());
            }
            self.look_for_faults(&step.at)?;
            let left = until.saturating_duration_since(self.now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(Duration::from_millis(20)));
        }
    }

    /// Something that a `<!` forbids may be received on any connection, and more than is kept.
    fn look_for_faults(&self, at: &Range<usize>) -> Result<(), Stop> {
        for (index, link) in self.links.iter().enumerate() {
            let Some(inbox) = link.as_ref().map(Link::inbox) else { continue };
            let mut failure = match inbox.fault() {
                Some(WaitFailure::Forbidden(breach)) => self.breach(&breach),
                Some(WaitFailure::TooMuch(limit)) => {
                    failure::overflow(self.file.source, at, &inbox, limit)
                }
                _ => continue,
            };
            failure::add_state(&mut failure, self.name(index), &inbox, self.now());
            return Err(failure.into());
        }
        Ok(())
    }

    fn breach(&self, breach: &Breach) -> Draft {
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

    fn payload_failed(&self, at: &Range<usize>, error: PayloadError) -> Stop {
        match error {
            PayloadError::Variable(variable) => self.no_value(&variable).into(),
            PayloadError::File { .. } => self
                .cut_short(at)
                .unwrap_or_else(|| self.failed(at, "file", error.to_string()).into()),
            PayloadError::Value(reason) => self.failed(at, "value", reason).into(),
        }
    }

    /// A variable that a part before would have captured.
    fn no_value(&self, variable: &Variable) -> Draft {
        let text = Phrase::new("the variable \"")
            .value(&variable.name)
            .own("\" has no value: what captures it did not run");
        self.failed(&variable.at, "variable", text)
    }

    fn failed(&self, at: &Range<usize>, kind: &'static str, message: impl Into<Phrase>) -> Draft {
        failure::at(self.file.source, at, kind, message)
    }

    fn limits(&self) -> WaitLimits<'_> {
        WaitLimits { interrupted: self.file.interrupted, deadline: self.deadline }
    }

    fn now(&self) -> Instant {
        self.file.clock.now()
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
        self.deadline = limit.map(|limit| self.began + limit + self.uncounted);
    }

    fn is_out_of_time(&self) -> bool {
        self.deadline.is_some_and(|deadline| self.file.clock.part_time() >= deadline)
    }

    fn out_of_time(&self, at: &Range<usize>) -> Draft {
        let limit = self.deadline.map_or(Duration::ZERO, |deadline| deadline - self.began);
        let text = Phrase::new("the part is not over after ").time(limit).own(" (max-time)");
        self.failed(at, "timeout", text)
    }

    /// Between two expressions, each of which may look at many large messages.
    fn look_at_the_time(&self, is_first: bool, at: &Range<usize>) -> Result<(), Stop> {
        match self.cut_short(at).filter(|_| !is_first) {
            Some(stop) => Err(stop),
            None => Ok(()),
        }
    }

    /// Takes what is captured, then looks whether everything holds. All that does not is reported.
    fn check(&mut self, checks: &Checks, facts: &Facts<'_>) -> Result<(), Stop> {
        let mut is_first = true;
        for (name, expression, at) in &checks.captures {
            self.look_at_the_time(std::mem::take(&mut is_first), at)?;
            let value = expression.capture(facts, &self.file.values);
            let value = value.map_err(|failed| failure::of_query(self.file.source, at, &failed))?;
            self.file.values.capture(name, value);
        }
        let mut first: Option<Draft> = None;
        for (assertion, at) in &checks.asserts {
            self.look_at_the_time(std::mem::take(&mut is_first), at)?;
            let Err(failed) = assertion.check(facts, &self.file.values) else { continue };
            let failure = failure::of_query(self.file.source, at, &failed);
            match &mut first {
                None => first = Some(failure),
                Some(first) => {
                    let what = match (failure.expected, failure.actual) {
                        (Some(expected), Some(actual)) => {
                            Phrase::new("expected ").phrase(expected).own(", got ").phrase(actual)
                        }
                        _ => failure.message,
                    };
                    let text = self.file.source.text()[at.clone()].trim().to_owned();
                    let text = masking::excerpt(text, &self.file.written);
                    let line = Phrase::new("also line ").number(failure.line as u64);
                    first.notes.push(line.own(": ").value(text).own(": ").phrase(what));
                }
            }
        }
        first.map_or(Ok(()), |failure| Err(failure.into()))
    }
}

/// How much of the line of a step is reported, in characters.
const MAX_STEP_TEXT: usize = 200;

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
