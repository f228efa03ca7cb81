//! What happens on the connections of a part, kept for reports, or shown as it happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::masking;
use crate::event::Event;
use crate::output::human::{Detail, Human, HumanOptions};
use crate::output::json::{Json, JsonFrames};
use crate::output::style::Style;
use crate::output::{BatchSink, Format, Outlet, Output, Outputs};
use crate::platform::batches::Batch;
use crate::redact::Secrets;
use crate::report::text;
use crate::scenario::outcome::{Transcript, TranscriptEvent};

/// The most events that are kept of a part, and the most bytes.
const MOST_EVENTS: usize = 2000;
const MOST_BYTES: usize = 4 << 20;

/// Columns of lines that are not broken: a report does not depend on a terminal, and a secret is masked only if it is
/// in one line.
const UNBROKEN: usize = 1 << 20;

/// Where lines go that are shown at once.
pub(super) trait Lines: Send + Sync {
    /// Shows a text of one or more whole lines.
    fn show(&self, text: String);
}

/// The transcript of a part, which its connections write to.
#[derive(Clone)]
pub(super) struct Recorder {
    started: Instant,
    secrets: Secrets,
    /// Gets every event, also those that are not kept.
    live: Option<Arc<dyn Lines>>,
    /// Nothing shows what would be kept: events need not be rendered.
    is_unused: bool,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    transcript: Transcript,
    bytes: usize,
}

impl State {
    fn has_room(&self) -> bool {
        self.transcript.events.len() < MOST_EVENTS && self.bytes < MOST_BYTES
    }
}

impl Recorder {
    /// A recorder that keeps events if somebody wants them (`is_wanted`), and hands them to `live`.
    pub(super) fn new(secrets: Secrets, live: Option<Arc<dyn Lines>>, is_wanted: bool) -> Self {
        let is_unused = !is_wanted && live.is_none();
        Self { started: Instant::now(), secrets, live, is_unused, state: Arc::default() }
    }

    /// Outputs that keep the events of a connection.
    pub(super) fn outputs(&self, connection: Option<&str>) -> Outputs {
        let mut outputs = Outputs::default();
        if self.is_unused {
            return outputs;
        }
        let format = Recording::new(self.clone(), connection.map(str::to_owned));
        let nowhere = Outlet::batches("transcript", Captured::default());
        outputs.push(Output::new(Box::new(format), nowhere));
        outputs
    }

    /// What was kept so far. The events of connections that are still open may follow.
    pub(super) fn take(&self) -> Transcript {
        std::mem::take(&mut self.state().transcript)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, connection: &Option<String>, text: String, json: impl FnOnce() -> String) {
        let text = self.secrets.mask_text(text);
        if let Some(live) = &self.live
            && !text.is_empty()
        {
            live.show(text::event(connection.as_deref(), &text));
        }
        let mut state = self.state();
        if !state.has_room() {
            state.transcript.omitted += 1;
            return;
        }
        let json = masking::json(&json(), &self.secrets);
        if text.is_empty() && json.is_empty() {
            return;
        }
        let (connection, at) = (connection.clone(), self.started.elapsed());
        state.bytes += text.len() + json.len();
        state.transcript.events.push(TranscriptEvent { connection, at, text, json });
    }
}

/// A format that keeps each event as people and as programs see it.
struct Recording {
    recorder: Recorder,
    connection: Option<String>,
    human: Scratch<Human>,
    json: Scratch<Json>,
}

impl Recording {
    fn new(recorder: Recorder, connection: Option<String>) -> Self {
        let options = HumanOptions {
            style: Style::plain(),
            width: Some(UNBROKEN),
            messages: true,
            detail: Detail::Control,
            full_command: false,
            pretty: false,
            notes_binary: false,
            notes_controls: false,
            answers: true,
            timestamps: None,
            escapes: true,
            failures: true,
        };
        Self {
            recorder,
            connection,
            human: Scratch::new(Human::new(options)),
            json: Scratch::new(Json::new(JsonFrames::None)),
        }
    }
}

impl Format for Recording {
    fn event(&mut self, event: &Event<'_>, _: &mut Outlet) {
        if self.recorder.live.is_none() && !self.recorder.state().has_room() {
            self.recorder.state().transcript.omitted += 1;
            return;
        }
        masking::event(event, &self.recorder.secrets, |event, resized| {
            let text = self.human.render(event);
            self.recorder.push(&self.connection, text, || resized.apply(self.json.render(event)));
        });
    }
}

/// A format with an outlet into memory.
struct Scratch<F> {
    format: F,
    outlet: Outlet,
    captured: Captured,
}

impl<F: Format> Scratch<F> {
    fn new(format: F) -> Self {
        let captured = Captured::default();
        Self { format, outlet: Outlet::batches("transcript", captured.clone()), captured }
    }

    fn render(&mut self, event: &Event<'_>) -> String {
        self.format.event(event, &mut self.outlet);
        self.outlet.flush();
        let bytes = std::mem::take(&mut *self.captured.bytes());
        String::from_utf8_lossy(&bytes).trim_end().to_owned()
    }
}

/// A sink into memory.
#[derive(Clone, Debug, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BatchSink for Captured {
    fn offer(&mut self, batch: &mut Batch) -> bool {
        self.bytes().extend_from_slice(&std::mem::take(batch).bytes);
        true
    }
}
