//! What happens on the connections of a part, kept for reports, or shown as it happens.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::clock::RunClock;
use super::masking;
use crate::config::CheckConfig;
use crate::error::received;
use crate::event::{Event, EventKind, Message, Stamp};
use crate::output::human::{Detail, Human, HumanOptions};
use crate::output::json::{Json, JsonFrames};
use crate::output::style::Style;
use crate::output::{BatchSink, Format, Outlet, Output, Outputs};
use crate::platform::batches::Batch;
use crate::redact::Secrets;
use crate::report::text;
use crate::scenario::outcome::{Transcript, TranscriptEvent};
use crate::view::Timestamps;
use ends::{Ends, Limits};

mod ends;

/// How many of the first events of a part are kept, and of the last ones as many.
const KEPT: Limits = Limits { count: 1000, bytes: 2 << 20 };

/// Columns of lines that are not broken: a report does not depend on a terminal, and a secret is masked only if it is
/// in one line.
const UNBROKEN: usize = 1 << 20;

/// Where lines go that are shown at once.
pub(super) trait Lines: Send + Sync {
    /// Shows a text of one or more whole lines. Waits while the output does not take what was shown before.
    fn show(&self, text: String);
}

/// What is kept of events, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct TranscriptOptions {
    /// Somebody wants what is kept.
    is_wanted: bool,
    detail: Detail,
    timestamps: Option<Timestamps>,
}

impl TranscriptOptions {
    pub(super) fn of(config: &CheckConfig) -> Self {
        let is_wanted = config.wants_transcripts();
        Self { is_wanted, detail: config.detail, timestamps: config.timestamps }
    }

    const fn frames(self) -> JsonFrames {
        match self.detail {
            // A payload would be encoded, which could hide a secret.
            Detail::Frames | Detail::Bytes => JsonFrames::Headers,
            Detail::Quiet | Detail::Line | Detail::Head | Detail::Control => JsonFrames::None,
        }
    }
}

/// The transcript of a part, which its connections write to.
#[derive(Clone)]
pub(super) struct Recorder {
    clock: Arc<RunClock>,
    started: Instant,
    secrets: Secrets,
    /// Gets every event, also those that are not kept.
    live: Option<Arc<dyn Lines>>,
    options: TranscriptOptions,
    /// The time of the last event that was shown, of all connections.
    last: Arc<Mutex<Duration>>,
    kept: Arc<Mutex<Ends<Kept>>>,
}

/// An event that is kept. Of many messages few are shown in the end: those that may be left out again are
/// rendered only then.
enum Kept {
    Rendered(TranscriptEvent),
    Message(Option<String>, Times, OwnedMessage),
}

/// When an event was.
struct Times {
    /// Since the part began.
    at: Duration,
    /// As it is shown.
    shown: String,
}

/// A message with its payload.
struct OwnedMessage {
    at: Stamp,
    /// Without a payload.
    message: Message<'static>,
    data: Vec<u8>,
}

impl Recorder {
    /// A recorder that keeps events if somebody wants them, and hands them to `live`.
    pub(super) fn new(
        secrets: Secrets,
        live: Option<Arc<dyn Lines>>,
        options: TranscriptOptions,
        clock: Arc<RunClock>,
    ) -> Self {
        let kept = Arc::new(Mutex::new(Ends::new(KEPT)));
        let started = clock.now();
        Self { clock, started, secrets, live, options, last: Arc::default(), kept }
    }

    /// Outputs that keep the events of a connection.
    pub(super) fn outputs(&self, connection: Option<&str>) -> Outputs {
        let mut outputs = Outputs::default();
        if self.is_unused() {
            return outputs;
        }
        let format = Recording::new(self.clone(), connection.map(str::to_owned));
        let nowhere = Outlet::batches("transcript", Captured::default());
        outputs.push(Output::new(Box::new(format), nowhere));
        outputs
    }

    /// Nothing shows what would be kept: events need not be rendered.
    fn is_unused(&self) -> bool {
        !self.options.is_wanted && self.live.is_none()
    }

    /// The events of frames that are kept.
    pub(super) fn frames(&self) -> JsonFrames {
        if self.is_unused() { JsonFrames::None } else { self.options.frames() }
    }

    /// What was kept so far. The events of connections that are still open may follow.
    pub(super) fn take(&self) -> Transcript {
        let (kept, first, omitted) = self.kept().take();
        let mut renderer = Renderer::new(self.options);
        let events = kept.into_iter().map(|kept| match kept {
            Kept::Rendered(event) => event,
            Kept::Message(connection, times, OwnedMessage { at: stamp, message, data }) => {
                let what = EventKind::Message(Message { data: &data, ..message });
                let event = Event { at: stamp, connection: None, mark: None, transit: None, what };
                let (text, json) = renderer.render(&event, &self.secrets);
                TranscriptEvent { connection, at: times.at, time: times.shown, text, json }
            }
        });
        Transcript { events: events.collect(), omitted, first }
    }

    /// The times of an event, whose text is shown now.
    fn times(&self, stamp: Stamp, text: &str) -> Times {
        let at = self.clock.now().saturating_duration_since(self.started);
        let Some(timestamps) = self.options.timestamps.filter(|_| !text.is_empty()) else {
            return Times { at, shown: String::new() };
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let since_last = stamp.elapsed.saturating_sub(*last);
        *last = stamp.elapsed;
        Times { at, shown: timestamps.text(stamp, since_last) }
    }

    fn kept(&self) -> MutexGuard<'_, Ends<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, times: &Times, connection: Option<&str>, text: &str) {
        if let Some(live) = &self.live
            && !text.is_empty()
        {
            live.show(text::event(&times.shown, connection, text));
        }
    }
}

/// A format that keeps each event as people and as programs see it.
struct Recording {
    recorder: Recorder,
    connection: Option<String>,
    renderer: Renderer,
}

impl Recording {
    fn new(recorder: Recorder, connection: Option<String>) -> Self {
        let renderer = Renderer::new(recorder.options);
        Self { recorder, connection, renderer }
    }

    /// Keeps a message as it is.
    fn keep(&self, times: Times, at: Stamp, message: &Message<'_>) {
        let size = 2 * message.data.len(); // about as much as it will be as text and as JSON
        // What is larger than all that is kept is left out at once: it need not be copied.
        let data = if size > KEPT.bytes { Vec::new() } else { message.data.to_vec() };
        let message = OwnedMessage { at, message: Message { data: &[], ..*message }, data };
        let kept = Kept::Message(self.connection.clone(), times, message);
        self.recorder.kept().push(kept, size);
    }
}

impl Format for Recording {
    fn event(&mut self, event: &Event<'_>, _: &mut Outlet) {
        let recorder = &self.recorder;
        if let EventKind::Message(message) = &event.what
            && recorder.kept().is_full()
        {
            let times = recorder.times(event.at, "a message");
            if recorder.live.is_some() {
                let (text, _) = self.renderer.render(event, &recorder.secrets);
                recorder.show(&times, self.connection.as_deref(), &text);
            }
            self.keep(times, event.at, message);
            return;
        }
        let (text, json) = self.renderer.render(event, &recorder.secrets);
        if text.is_empty() && json.is_empty() {
            return;
        }
        let (connection, times) = (self.connection.clone(), recorder.times(event.at, &text)); // showing it may wait
        recorder.show(&times, self.connection.as_deref(), &text);
        let size = text.len() + json.len();
        let event = TranscriptEvent { connection, at: times.at, time: times.shown, text, json };
        recorder.kept().push(Kept::Rendered(event), size);
    }
}

/// Writes events for people and for programs, without secrets.
struct Renderer {
    human: Scratch<Human>,
    json: Scratch<Json>,
}

impl Renderer {
    fn new(options: TranscriptOptions) -> Self {
        let frames = options.frames();
        let options = HumanOptions {
            style: Style::plain(),
            width: Some(UNBROKEN),
            messages: true,
            detail: options.detail,
            full_command: false,
            pretty: false,
            notes_binary: false,
            notes_controls: false,
            answers: true,
            timestamps: None, // before the name of the connection
            escapes: true,
            failures: true,
        };
        Self { human: Scratch::new(Human::new(options)), json: Scratch::new(Json::new(frames)) }
    }

    /// The event as a text, and as JSON.
    fn render(&mut self, event: &Event<'_>, secrets: &Secrets) -> (String, String) {
        let mut rendered = Default::default();
        // Of these the payload is masked before it is rendered: what else is in the text are words of the program.
        let has_payload_only = matches!(
            event.what,
            EventKind::Message(_) | EventKind::Ping(..) | EventKind::Pong(..) | EventKind::Frame(_)
        );
        masking::event(event, secrets, |event, before| {
            let text = match event.what {
                EventKind::Failure(failure) => {
                    received(failure, Style::plain()).trim_end().to_owned()
                }
                _ => self.human.render(event),
            };
            let text = if has_payload_only { text } else { secrets.mask_text(text) };
            let json = masking::json(&before.with_size(self.json.render(event)), secrets);
            rendered = (text, json);
        });
        rendered
    }
}

/// A format with an outlet into memory.
pub(super) struct Scratch<F> {
    format: F,
    outlet: Outlet,
    captured: Captured,
}

impl<F: Format> Scratch<F> {
    pub(super) fn new(format: F) -> Self {
        let captured = Captured::default();
        Self { format, outlet: Outlet::batches("transcript", captured.clone()), captured }
    }

    /// What the format makes of an event, without the newline at its end.
    pub(super) fn render(&mut self, event: &Event<'_>) -> String {
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
