//! `wscope check`: runs scenario files and reports what holds.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::RunError;
use crate::config::CheckConfig;
use crate::error::Error;
use crate::event::Level;
use crate::net::Reactor;
use crate::output::style::{Role, Style};
use crate::output::{Outlet, OutputError};
use crate::platform::Signals;
use crate::platform::signals::Signal;
use crate::platform::stdio::Writer;
use crate::report::{Run, github, text};
use crate::scenario::language::template::Template;
use crate::scenario::language::{Diagnostic, Source, parse};
use crate::scenario::outcome::{FileOutcome, Outcome, PartOutcome, Transcript, counts};
use crate::scenario::plan::{Plan, PlannedAction, PlannedPart, plan};
use part::FileRun;
use values::ScenarioValues;

mod failure;
mod files;
mod handshake;
mod link;
mod masking;
mod options;
mod part;
mod reports;
mod run_command;
mod transcript;
mod values;

/// A file that is ready to be run.
struct Prepared {
    source: Source,
    plan: Plan,
}

/// Runs the scenarios.
///
/// # Errors
/// Syntax and usage, files that cannot be read or written, and parts that failed.
pub fn run(config: CheckConfig) -> Result<(), RunError> {
    let mut print = Printer::new(&config)?;
    for (level, text) in &config.notices {
        print.notice(*level, text);
    }
    let values = ScenarioValues::new(config.variables.clone(), config.secrets.clone());
    print.weak_secrets(&config);
    let prepared = prepare(&config, &values, &mut print)?;
    let signals =
        Signals::install().map_err(|error| Error::System("signal handlers".to_owned(), error))?;
    let mut reactor = Reactor::new(Some(signals))
        .map_err(|error| Error::System("event loop".to_owned(), error))?;
    if config.list {
        list(&prepared, &config, &mut print);
        return Ok(print.finish(&mut reactor, None)?);
    }
    if selected(&prepared, &config) == 0 {
        let pattern = config.only.as_ref().map_or("", |only| only.as_str());
        let message = format!("no part has a title that matches --only /{pattern}/");
        return Err(Error::Usage { message, hint: None }.into());
    }
    reports::prepare(&config.reports)?;
    let started = Instant::now();
    let (files, signal) = run_all(&config, &prepared, &values, &mut print, &mut reactor);
    let took = started.elapsed();
    print.summary(&files, took);
    let ended = SystemTime::now();
    let run = Run { files: &files, took, ended, is_interrupted: signal.is_some() };
    reports::write(&config.reports, &run, &mut print)?;
    print.finish(&mut reactor, signal)?;
    match signal {
        Some(signal) => Err(Error::Signal(signal).into()),
        None if counts(&files).failed > 0 => Err(Error::ChecksFailed.into()),
        None => Ok(()),
    }
}

/// Reads all files and plans their steps. Everything that is wrong in them is shown.
fn prepare(
    config: &CheckConfig,
    values: &ScenarioValues,
    print: &mut Printer,
) -> Result<Vec<Prepared>, Error> {
    let given: BTreeSet<String> = values.names().cloned().collect();
    let mut prepared = Vec::new();
    let mut errors = 0;
    for source in files::read(&config.inputs)? {
        let planned = parse(&source).and_then(|scenario| plan(scenario, &source, &given));
        let planned = planned.and_then(|plan| match static_errors(&plan, config) {
            errors if errors.is_empty() => Ok(plan),
            errors => Err(errors),
        });
        match planned {
            Ok(plan) => {
                let (severity, is_error) =
                    if config.strict { ("error", true) } else { ("warning", false) };
                for warning in &plan.warnings {
                    print.diagnostic(&source, severity, warning);
                }
                errors += if is_error { plan.warnings.len() } else { 0 };
                prepared.push(Prepared { source, plan });
            }
            Err(wrong) => {
                errors += wrong.len();
                for error in &wrong {
                    print.diagnostic(&source, "error", error);
                }
            }
        }
    }
    match errors {
        0 => Ok(prepared),
        _ => Err(Error::InvalidScenarios),
    }
}

/// What is wrong with the options of connections, and commands that may not be run.
fn static_errors(plan: &Plan, config: &CheckConfig) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for part in &plan.parts {
        for connection in &part.connections {
            errors.extend(options::check(&connection.connect));
        }
        let commands =
            part.steps.iter().filter(|step| matches!(step.action, PlannedAction::Run(_)));
        errors.extend(commands.filter(|_| !config.allow_run).map(|step| {
            Diagnostic::new(step.at.clone(), "this scenario runs a command")
                .with_help("--allow-run permits it")
        }));
    }
    errors
}

fn is_selected(part: &PlannedPart, number: usize, config: &CheckConfig) -> bool {
    config.only.as_ref().is_none_or(|only| only.is_match(&title(part, number)))
}

fn selected(prepared: &[Prepared], config: &CheckConfig) -> usize {
    let parts = prepared.iter().flat_map(|file| file.plan.parts.iter().enumerate());
    parts.filter(|(index, part)| is_selected(part, index + 1, config)).count()
}

/// The title of a part as it is written, or `part N`.
fn title(part: &PlannedPart, number: usize) -> String {
    let written = part.title.as_ref().and_then(Template::as_literal);
    written.map_or_else(|| format!("part {number}"), Cow::into_owned)
}

fn list(prepared: &[Prepared], config: &CheckConfig, print: &mut Printer) {
    for Prepared { source, plan } in prepared {
        for (index, part) in plan.parts.iter().enumerate() {
            if is_selected(part, index + 1, config) {
                let line = source.place(part.at.start).line;
                print.out(&format!("{}:{line}: {}\n", source.name, title(part, index + 1)));
            }
        }
    }
}

/// Runs all files, several at a time. A signal ends the run: what was run is returned with it.
fn run_all(
    config: &CheckConfig,
    prepared: &[Prepared],
    values: &ScenarioValues,
    print: &mut Printer,
    reactor: &mut Reactor,
) -> (Vec<FileOutcome>, Option<Signal>) {
    let (interrupted, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let total = prepared.len() * config.repeat;
    let (sender, results) = channel();
    let mut outcomes: Vec<Option<FileOutcome>> = (0..total).map(|_| None).collect();
    let mut signal = None;
    let waker = reactor.waker();
    thread::scope(|scope| {
        for _ in 0..config.jobs.min(total) {
            let worker = Worker {
                config,
                prepared,
                values,
                interrupted: &interrupted,
                next: &next,
                sender: sender.clone(),
            };
            let waker = &waker;
            scope.spawn(move || {
                worker.run(total, || {
                    let _ = waker.wake(); // should it fail, the loop looks again soon
                });
            });
        }
        drop(sender);
        let mut left = total;
        while left > 0 {
            match results.try_recv() {
                Ok((index, outcome)) => {
                    print.file(&outcome, config.quiet);
                    if config.fail_fast && outcome.outcome() == Outcome::Failed {
                        interrupted.store(true, Ordering::SeqCst);
                    }
                    outcomes[index] = Some(outcome);
                    left -= 1;
                    continue;
                }
                Err(std::sync::mpsc::TryRecvError::Disconnected) => break,
                Err(std::sync::mpsc::TryRecvError::Empty) => {}
            }
            print.flush();
            let soon = Instant::now() + Duration::from_millis(200);
            if reactor.wait(Some(soon)).is_err() {
                break;
            }
            if let Some(caught) = reactor.take_signal() {
                signal.get_or_insert(caught);
                interrupted.store(true, Ordering::SeqCst);
            }
        }
    });
    (outcomes.into_iter().flatten().collect(), signal)
}

/// A thread that runs one file after the other.
struct Worker<'a> {
    config: &'a CheckConfig,
    prepared: &'a [Prepared],
    values: &'a ScenarioValues,
    interrupted: &'a AtomicBool,
    next: &'a AtomicUsize,
    sender: Sender<(usize, FileOutcome)>,
}

impl Worker<'_> {
    fn run(self, total: usize, wake: impl Fn()) {
        loop {
            let index = self.next.fetch_add(1, Ordering::SeqCst);
            if index >= total {
                return;
            }
            let outcome = self.file(&self.prepared[index % self.prepared.len()]);
            let _ = self.sender.send((index, outcome)); // fails only if the receiver is gone
            wake();
        }
    }

    fn file(&self, file: &Prepared) -> FileOutcome {
        let started = Instant::now();
        let secrets = self.values.secrets();
        let mut run = FileRun {
            config: self.config,
            source: &file.source,
            values: self.values.clone(),
            secrets,
            interrupted: self.interrupted,
        };
        let mut parts: Vec<PartOutcome> = Vec::new();
        let mut has_failed = false;
        for (index, part) in file.plan.parts.iter().enumerate() {
            if !is_selected(part, index + 1, self.config) {
                continue;
            }
            let title = part.title.as_ref().and_then(|title| title.expand(&run.values).ok());
            let title = title.unwrap_or_else(|| self::title(part, index + 1));
            let title = run.secrets.mask_text(title);
            let is_skipped =
                self.interrupted.load(Ordering::SeqCst) || (has_failed && self.config.fail_fast);
            parts.push(match is_skipped {
                true => skipped(part, title, &file.source),
                false => run.part(part, title),
            });
            has_failed |= parts.last().is_some_and(|part| part.outcome == Outcome::Failed);
        }
        FileOutcome { file: file.source.name.clone(), parts, duration: started.elapsed() }
    }
}

fn skipped(part: &PlannedPart, title: String, source: &Source) -> PartOutcome {
    PartOutcome {
        title,
        line: source.place(part.at.start).line,
        outcome: Outcome::Skipped,
        duration: Default::default(),
        steps: Vec::new(),
        failure: None,
        warnings: Vec::new(),
        transcript: Transcript::default(),
    }
}

/// Where results go.
struct Printer {
    out: Outlet,
    err: Style,
    style: Style,
    /// A report has standard output for itself: results go to standard error.
    is_report: bool,
    is_github: bool,
    verbose: bool,
    quiet: bool,
}

const STANDARD_OUTPUT: &str = "standard output";

impl Printer {
    fn new(config: &CheckConfig) -> Result<Self, Error> {
        let writer =
            Writer::stdout().map_err(|error| Error::System(STANDARD_OUTPUT.to_owned(), error))?;
        let is_report = config.reports.iter().any(|(_, path)| path == Path::new("-"));
        Ok(Self {
            out: Outlet::stream(STANDARD_OUTPUT, writer),
            err: Style::new(config.stderr_color),
            style: Style::new(if is_report { config.stderr_color } else { config.color }),
            is_report,
            is_github: config.env.is_github,
            verbose: config.verbose,
            quiet: config.quiet,
        })
    }

    fn out(&mut self, text: &str) {
        let text = self.without_commands(text);
        match self.is_report {
            true => eprint(&text),
            false => self.out.put(text.as_bytes()),
        }
    }

    /// Under GitHub Actions only annotations may be commands.
    fn without_commands<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self.is_github {
            true => github::without_commands(text),
            false => Cow::Borrowed(text),
        }
    }

    fn report(&mut self, text: &str) {
        self.out.put(text.as_bytes());
    }

    fn notice(&mut self, level: Level, text: &str) {
        let role = if level == Level::Warning { Role::Warning } else { Role::Dim };
        let text = self.err.paint(role, &format!("wscope: {text}"));
        eprint(&format!("{}\n", self.without_commands(&text)));
    }

    fn weak_secrets(&mut self, config: &CheckConfig) {
        for (name, value) in &config.secrets {
            if !value.is_empty() && value.chars().count() < 4 {
                let text = format!("the secret {name:?} is short: other text may be masked too");
                self.notice(Level::Warning, &text);
            }
        }
    }

    fn diagnostic(&mut self, source: &Source, severity: &str, diagnostic: &Diagnostic) {
        let text = source.render(severity, diagnostic);
        eprint(&format!("{}\n", self.without_commands(&text)));
    }

    fn file(&mut self, file: &FileOutcome, quiet: bool) {
        let has_more = file.outcome() != Outcome::Passed
            || file.parts.iter().any(|part| !part.warnings.is_empty());
        if !quiet || has_more {
            if self.verbose {
                let transcript = text::transcript(file);
                self.out(&transcript);
            }
            let text = text::file(file, self.style);
            self.out(&text);
        }
        if self.is_github {
            let annotations = github::annotations(file);
            match self.is_report {
                true => eprint(&annotations),
                false => self.out.put(annotations.as_bytes()),
            }
        }
    }

    fn summary(&mut self, files: &[FileOutcome], took: Duration) {
        if !self.quiet || counts(files).failed > 0 {
            let text = text::summary(files, took);
            self.out(&text);
        }
    }

    fn flush(&mut self) {
        self.out.flush(); // a failure is taken at the end
    }

    /// Waits until everything was written, unless a signal comes; after one for a moment only.
    fn finish(&mut self, reactor: &mut Reactor, signal: Option<Signal>) -> Result<(), Error> {
        let until = signal.map(|_| Instant::now() + AFTER_SIGNAL);
        loop {
            self.out.set_ready(false); // to write to a stream that is not ready does no harm
            self.out.flush();
            if let Some(error) = self.out.take_error() {
                let error = OutputError { name: STANDARD_OUTPUT.into(), error };
                return if error.is_closed_pipe() { Ok(()) } else { Err(Error::Output(error)) };
            }
            if self.out.pending() == 0 || until.is_some_and(|until| Instant::now() >= until) {
                return Ok(());
            }
            let _ = reactor.wait(Some(Instant::now() + LOOK_AGAIN)); // a failure is only a shorter wait
            if let Some(signal) = reactor.take_signal() {
                return Err(Error::Signal(signal));
            }
        }
    }
}

/// How often a stalled output is tried again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long results are written after a signal.
const AFTER_SIGNAL: Duration = Duration::from_millis(500);

fn eprint(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes()); // an error on standard error cannot be reported
}
