//! Recording the connections of scenarios. Values of `--secret` are masked, also in messages.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mio::Waker;

use super::Prepared;
use super::files::beside;
use super::masking;
use super::print::Printer;
use super::transcript::Scratch;
use super::values::ScenarioValues;
use crate::commands::delivery::Delivery;
use crate::commands::recording::{Ending, Verdict, open};
use crate::config::CheckConfig;
use crate::error::Error;
use crate::event::{Clock, Event};
use crate::net::Reactor;
use crate::output::json::{Addition, Json, JsonFrames};
use crate::output::{Format, Outlet, Outputs, RecordSource, RecordedFrames};
use crate::recording::Recordings;
use crate::redact::Secrets;

/// The recordings of a run, in which each connection has a number.
#[derive(Debug)]
pub(super) struct CheckRecordings {
    recordings: Recordings,
    frames: JsonFrames,
    pub(super) clock: Clock,
    count: AtomicU64,
}

impl CheckRecordings {
    /// Starts to record to the files of the command line.
    ///
    /// # Errors
    /// Why one of them cannot be recorded to.
    pub(super) fn start(
        config: &CheckConfig,
        files: &[Prepared],
        values: &ScenarioValues,
        control: Arc<Waker>,
    ) -> Result<Arc<Self>, Error> {
        let names = files.iter().map(|file| Path::new(&file.source.name));
        let scenarios = names.map(|name| (name, "a scenario of this run"));
        let payloads: Vec<_> = files.iter().flat_map(|file| payloads(file, values)).collect();
        let payloads = payloads.iter().map(|path| (path.as_path(), "a payload of a scenario"));
        let reports = config.reports.iter().map(|(_, path)| (path.as_path(), "a report"));
        let used = scenarios.chain(payloads).chain(reports);
        let recordings = open(&config.record, used, control)?;
        // Payloads of frames are encoded, which could hide a secret.
        let frames = config.record.frames.min(JsonFrames::Headers);
        let (clock, count) = (Clock::start(), AtomicU64::new(0));
        Ok(Arc::new(Self { recordings, frames, clock, count }))
    }

    /// The events of frames that are recorded.
    pub(super) fn frames(&self) -> JsonFrames {
        if self.recordings.are_any() { self.frames } else { JsonFrames::None }
    }

    /// Has these outputs, of the loop of a connection that `waker` wakes, record all events.
    pub(super) fn record(&self, outputs: &mut Outputs, waker: Arc<Waker>, secrets: &Secrets) {
        if !self.recordings.are_any() {
            return;
        }
        let (frames, secrets) = (self.frames, secrets.clone());
        outputs.record(RecordSource {
            recorders: self.recordings.recorders(),
            waker,
            format: Arc::new(move |recorded| {
                let is_for_scenario = recorded == RecordedFrames::ForScenario;
                let json = match is_for_scenario {
                    true => Json::new(frames).with(Addition::Scenario),
                    false => Json::new(frames),
                };
                let json = Scratch::new(json);
                Box::new(MaskedJson { json, secrets: secrets.clone(), is_for_scenario })
            }),
            connection: Some(self.count.fetch_add(1, Ordering::SeqCst) + 1),
            late: None,
            notices: None,
        });
    }

    /// Shows what has happened to the files.
    pub(super) fn show_notices(&self, print: &mut Printer, is_quiet: bool) {
        for (level, text) in self.recordings.recorders().take_notices() {
            if !is_quiet {
                print.notice(level, &text);
            }
        }
    }

    /// Waits until all is written, or until this time, and says what was recorded. Returns the result with that of the
    /// recordings.
    ///
    /// # Errors
    /// That of the run, else that of the recordings.
    pub(super) fn finish(
        &self,
        config: &CheckConfig,
        print: &mut Printer,
        reactor: &mut Reactor,
        until: Option<Instant>,
        result: Result<(), Error>,
    ) -> Result<(), Error> {
        self.recordings.end();
        let mut nothing = Outputs::default();
        let result = Delivery {
            outputs: &mut Ending { outputs: &mut nothing, recordings: Some(&self.recordings) },
            reactor,
            until,
            is_leaving: until.is_some(),
            max_time: Duration::ZERO,
            needs_reader: false,
            result,
        }
        .run();
        let names_all = config.env.stderr_is_terminal;
        let verdict = Verdict::take(&self.recordings, result, names_all, config.quiet);
        for (level, text) in verdict.notices.iter().filter(|_| !config.quiet) {
            print.notice(*level, text);
        }
        verdict.result
    }
}

/// The files that payloads name, as far as it is known before the run.
pub(super) fn payloads(file: &Prepared, values: &ScenarioValues) -> Vec<PathBuf> {
    let paths = file.plan.files().filter_map(|path| path.expand(values).ok());
    paths.map(|path| beside(&file.source.name, Path::new(path.trim()))).collect()
}

/// Writes events without secrets.
struct MaskedJson {
    json: Scratch<Json>,
    secrets: Secrets,
    /// With the hashes of what was masked.
    is_for_scenario: bool,
}

impl Format for MaskedJson {
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        masking::event(event, &self.secrets, |event, before| {
            let line = before.with_size(self.json.render(event));
            if !line.is_empty() {
                let mut line = masking::json(&line, &self.secrets);
                if self.is_for_scenario {
                    line = before.with_ids(line, &self.secrets);
                }
                out.put(line.as_bytes());
                out.put(b"\n");
            }
        });
    }
}
