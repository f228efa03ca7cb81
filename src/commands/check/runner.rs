//! Runs the files, several at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::TryRecvError;
use std::thread;
use std::time::{Duration, Instant};

use super::clock::RunClock;
use super::live::{Progress, Running};
use super::masking;
use super::part::{Allowance, FileRun};
use super::print::Printer;
use super::recorded::CheckRecordings;
use super::results::{Printed, ResultReceiver, Results, queue};
use super::values::ScenarioValues;
use super::{Prepared, is_selected, title};
use crate::config::CheckConfig;
use crate::net::Reactor;
use crate::platform::signals::Signal;
use crate::scenario::language::Source;
use crate::scenario::outcome::{FileOutcome, Outcome, PartOutcome, Transcript};
use crate::scenario::plan::PlannedPart;

/// How often what is running is shown anew.
const SHOW_EVERY: Duration = Duration::from_millis(200);

/// Runs all files, several at a time. A signal ends the run: what was run is returned with it.
pub(super) fn run_all(
    config: &CheckConfig,
    prepared: &[Prepared],
    values: &ScenarioValues,
    recordings: &Arc<CheckRecordings>,
    print: &mut Printer,
    reactor: &mut Reactor,
) -> (Vec<FileOutcome>, Option<Signal>) {
    let total = prepared.len() * config.repeat;
    let workers = config.jobs.min(total);
    let (interrupted, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let progress = Progress::new(workers);
    let clock = Arc::new(RunClock::start());
    let allowance = Allowance::default();
    let (results, receiver) = queue(reactor.waker(), Arc::clone(&clock));
    thread::scope(|scope| {
        for number in 0..workers {
            let worker = Worker {
                config,
                prepared,
                values,
                recordings,
                interrupted: &interrupted,
                next: &next,
                progress: &progress,
                clock: &clock,
                allowance: &allowance,
                number,
                results: results.clone(),
            };
            scope.spawn(move || worker.run(total));
        }
        drop(results);
        Collector {
            config,
            interrupted: &interrupted,
            progress: &progress,
            clock: &clock,
            recordings,
            print,
            reactor,
        }
        .collect(&receiver, total)
    })
}

/// Whether events are shown as they happen: with one file at a time, since lines of several would mix.
fn shows_live(config: &CheckConfig) -> bool {
    config.verbose && config.jobs == 1
}

/// Takes what the workers have done, shows it, and lets signals end the run.
struct Collector<'a> {
    config: &'a CheckConfig,
    interrupted: &'a AtomicBool,
    progress: &'a Progress,
    clock: &'a RunClock,
    recordings: &'a CheckRecordings,
    print: &'a mut Printer,
    reactor: &'a mut Reactor,
}

impl Collector<'_> {
    fn collect(
        mut self,
        receiver: &ResultReceiver,
        total: usize,
    ) -> (Vec<FileOutcome>, Option<Signal>) {
        let mut outcomes: Vec<Option<FileOutcome>> = (0..total).map(|_| None).collect();
        let (mut signal, mut left) = (None, total);
        while left > 0 {
            if signal.is_some() || !self.print.is_backed_up() {
                match receiver.results.try_recv() {
                    Ok(Printed::Lines(lines)) => {
                        receiver.release(&lines);
                        if signal.is_none() {
                            self.print.out(&lines);
                        }
                        continue;
                    }
                    Ok(Printed::File(index, outcome)) => {
                        self.show(&outcome);
                        outcomes[index] = Some(outcome);
                        left -= 1;
                        continue;
                    }
                    Err(TryRecvError::Disconnected) => break,
                    Err(TryRecvError::Empty) => {}
                }
            }
            self.clock.tick();
            self.recordings.show_notices(self.print, self.config.quiet);
            self.print.progress(self.progress);
            self.print.flush();
            match self.reactor.wait(Some(Instant::now() + SHOW_EVERY)) {
                Ok(woken) => self.print.set_ready(&woken),
                Err(_) => thread::sleep(SHOW_EVERY), // the results come all the same
            }
            if let Some(caught) = self.reactor.take_signal() {
                self.print.note_signal(caught);
                signal.get_or_insert(caught);
                self.interrupted.store(true, Ordering::SeqCst);
            }
        }
        (outcomes.into_iter().flatten().collect(), signal)
    }

    fn show(&mut self, outcome: &FileOutcome) {
        self.print.file(outcome, shows_live(self.config));
        if self.config.fail_fast && outcome.outcome() == Outcome::Failed {
            self.interrupted.store(true, Ordering::SeqCst);
        }
    }
}

/// A thread that runs one file after the other.
struct Worker<'a> {
    config: &'a CheckConfig,
    prepared: &'a [Prepared],
    values: &'a ScenarioValues,
    recordings: &'a Arc<CheckRecordings>,
    interrupted: &'a AtomicBool,
    next: &'a AtomicUsize,
    progress: &'a Progress,
    clock: &'a Arc<RunClock>,
    allowance: &'a Allowance,
    /// Its number, from 0.
    number: usize,
    results: Results,
}

impl Worker<'_> {
    fn run(self, total: usize) {
        loop {
            let index = self.next.fetch_add(1, Ordering::SeqCst);
            if index >= total {
                return;
            }
            let outcome = self.file(&self.prepared[index % self.prepared.len()]);
            self.progress.set(self.number, None);
            self.results.file(index, outcome);
        }
    }

    fn file(&self, file: &Prepared) -> FileOutcome {
        let (started, since) = (self.clock.now(), Instant::now());
        let secrets = self.values.secrets();
        let mut run = FileRun {
            config: self.config,
            source: &file.source,
            values: self.values.clone(),
            secrets,
            recordings: self.recordings,
            written: masking::written(&file.source, self.config.redaction),
            interrupted: self.interrupted,
            clock: Arc::clone(self.clock),
            live: shows_live(self.config).then(|| Arc::new(self.results.clone()) as _),
            relaxed: self.config.relax.then_some(&file.relaxed),
            allowance: self.allowance,
            commands: Vec::new(),
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
            self.progress.set(
                self.number,
                Some(Running {
                    file: file.source.name.clone(),
                    part: (index + 1, file.plan.parts.len(), title.clone()),
                    since,
                }),
            );
            let is_skipped =
                self.interrupted.load(Ordering::SeqCst) || (has_failed && self.config.fail_fast);
            parts.push(match is_skipped {
                true => skipped(part, title, &file.source),
                false => run.part(part, title),
            });
            has_failed |= parts.last().is_some_and(|part| part.outcome == Outcome::Failed);
        }
        FileOutcome { file: file.source.name.clone(), parts, duration: self.clock.now() - started }
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
        interruption: None,
        warnings: Vec::new(),
        transcript: Transcript::default(),
    }
}
