//! Recording in the commands: from the files of `--record` to what came of them.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Waker;

use super::delivery::Delivery;
use crate::config::RecordConfig;
use crate::error::{Error, report};
use crate::event::{Clock, Event, EventKind, Level};
use crate::input::repl::{RecordControl, RecordRequest, SessionScenario};
use crate::net::{Reactor, Woken};
use crate::output::json::{Addition, Json, JsonFrames};
use crate::output::style::Style;
use crate::output::{
    Buffered, Format, LateStart, Outlet, OutputError, Outputs, RecordSource, RecordedFrames,
};
use crate::platform::record_file::standard_streams;
use crate::platform::signals::Signal;
use crate::platform::stdio;
use crate::protocol::Opcode;
use crate::protocol::vocabulary::FrameEvent;
use crate::recording::scenario::{ScenarioBuilder, UnknownValue};
use crate::recording::{Outcome, Recorded, Recordings, uses};

/// The recordings of a run, with what its loops need to write to them.
#[derive(Clone, Debug)]
pub(super) struct RunRecordings {
    pub(super) recordings: Arc<Recordings>,
    frames: JsonFrames,
    clock: Clock,
    /// Recordings may begin at a prompt.
    takes_commands: bool,
    /// The page gets all events.
    has_page: bool,
}

impl RunRecordings {
    /// Starts to record to the files of `config`.
    ///
    /// # Errors
    /// Why one of them cannot be recorded to.
    pub(super) fn start(
        config: &RecordConfig,
        clock: Clock,
        takes_commands: bool,
        control: Arc<Waker>,
    ) -> Result<Self, Error> {
        let recordings = Arc::new(open(config, std::iter::empty(), control)?);
        let frames = config.frames;
        Ok(Self { recordings, frames, clock, takes_commands, has_page: false })
    }

    /// Has all outputs record from now on, for the page.
    pub(super) fn set_page(&mut self) {
        self.has_page = true;
    }

    /// What carries out the commands of a prompt.
    pub(super) fn control(&self) -> RecordControl {
        let recordings = Arc::clone(&self.recordings);
        Arc::new(move |request| match request {
            RecordRequest::List => Ok(recordings.list()),
            RecordRequest::Start(path, existing) => match recordings.start(&path, existing) {
                Ok(()) => Ok(format!("recording to {} from now on", path.display())),
                Err(error) => Err(error.to_string()),
            },
            RecordRequest::Stop(path) => match recordings.stop(path.as_deref()) {
                0 => Err(match path {
                    Some(path) => format!("nothing is recorded to {}", path.display()),
                    None => "nothing is recorded".to_owned(),
                }),
                1 => Ok("the recording ends".to_owned()),
                count => Ok(format!("{count} recordings end")),
            },
        })
    }

    /// Has these outputs, of the loop that `waker` wakes, record all events. `late` is as in [`RecordSource`].
    pub(super) fn record(&self, outputs: &mut Outputs, waker: Arc<Waker>, late: LateStart) {
        if !(self.takes_commands || self.has_page || self.recordings.are_any()) {
            return;
        }
        let frames = self.frames;
        outputs.record(RecordSource {
            recorders: self.recordings.recorders(),
            waker,
            format: Arc::new(move |recorded| match recorded {
                RecordedFrames::AsAsked => Box::new(Json::new(frames)),
                RecordedFrames::ForScenario => Box::new(Json::new(frames).with(Addition::Scenario)),
                RecordedFrames::Unusual => Box::new(UnusualFrames(Json::new(JsonFrames::Headers))),
            }),
            connection: None,
            late: self.takes_commands.then_some(late),
            notices: Some(self.clock),
        });
    }
}

/// Leaves frames out of which their message, ping or pong says everything. They are nearly all. A Close frame says before
/// the end that nothing more is sent.
struct UnusualFrames(Json);

impl Format for UnusualFrames {
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        match &event.what {
            EventKind::Frame(frame) if is_usual(frame) => {}
            _ => self.0.event(event, out),
        }
    }
}

fn is_usual(frame: &FrameEvent<'_>) -> bool {
    let FrameEvent { header, part, raw, .. } = frame;
    let is_compressed = part.is_some_and(|part| part.compressed);
    let is_final_block = part.is_some_and(|part| part.is_final_block);
    let is_whole = header.fin && header.opcode != Opcode::Continuation;
    let is_known = part.is_some() || matches!(header.opcode, Opcode::Ping | Opcode::Pong);
    let has_reserved = header.rsv2 || header.rsv3 || (header.rsv1 && !is_compressed);
    is_whole && is_known && header.is_minimal() && !(has_reserved || is_final_block || *raw)
}

/// Starts to record to the files of `config`. `used` are further files that the run uses, with what they are for it.
///
/// # Errors
/// Why one of them cannot be recorded to.
pub(super) fn open<'a>(
    config: &'a RecordConfig,
    used: impl Iterator<Item = (&'a Path, &'a str)>,
    control: Arc<Waker>,
) -> Result<Recordings, Error> {
    let own = config.used.iter().map(|(path, what)| (path.as_path(), what.as_str()));
    let mut uses = uses(own.chain(used));
    uses.extend(standard_streams());
    let recordings = Recordings::new(control, uses, config.scenario_settings());
    recordings.start_all(&config.files, config.existing).map_err(Error::Record)?;
    Ok(recordings)
}

/// Outputs and the files that are recorded to, at the end of a run.
pub(super) struct Ending<'a, O> {
    pub(super) outputs: &'a mut O,
    pub(super) recordings: Option<&'a Recordings>,
}

impl<O: Buffered> Buffered for Ending<'_, O> {
    fn write_ready(&mut self) -> Result<(), OutputError> {
        self.outputs.write_ready()
    }

    fn is_drained(&self) -> bool {
        self.outputs.is_drained() && self.recordings.is_none_or(Recordings::are_over)
    }

    fn set_ready(&mut self, woken: &Woken) {
        self.outputs.set_ready(woken);
    }

    fn set_all_ready(&mut self) {
        self.outputs.set_all_ready();
    }
}

/// Keeps an event for `/scenario`, as one of the connection with this number.
pub(super) fn keep_event(
    builder: &mut ScenarioBuilder,
    event: &Event<'_>,
    connection: Option<u64>,
) {
    if matches!(event.what, EventKind::Frame(_) | EventKind::Shown(_) | EventKind::Notice(..)) {
        return;
    }
    if !builder.is_full()
        && let Some(event) = Recorded::of_event(event)
    {
        builder.push(Recorded { connection, ..event });
    }
}

/// The scenario of the events that were kept.
pub(super) fn session_scenario(builder: &ScenarioBuilder) -> SessionScenario {
    let generated = builder.generate();
    let values = generated.unknown.iter().map(UnknownValue::remark);
    let notes = generated.warnings.iter().cloned().chain(values);
    SessionScenario { notes: notes.collect(), text: generated.text }
}

/// How long the final notices about recordings may take.
const FINAL_NOTICES_LIMIT: Duration = Duration::from_millis(50);

/// What came of the files at the end of a run.
pub(super) struct Verdict {
    /// For people.
    pub(super) notices: Vec<(Level, String)>,
    /// The result of the run with that of the recordings.
    pub(super) result: Result<(), Error>,
}

impl Verdict {
    /// Ends the recordings: what is not written by now is dropped. `result`: of the run; a failure of it counts more than one of a
    /// recording. `names_all`: also files that are complete are named. `is_quiet`: notices are not shown.
    pub(super) fn take(
        recordings: &Recordings,
        result: Result<(), Error>,
        names_all: bool,
        is_quiet: bool,
    ) -> Self {
        let mut notices = Vec::new();
        let (mut failures, mut losses) = (VecDeque::new(), VecDeque::new());
        let outcomes = recordings.take();
        notices.extend(recordings.recorders().take_notices()); // also of files that have ended just now
        for recorded in outcomes {
            if recorded.is_full && is_quiet {
                write_warning(&recorded.full_text()); // a recording that is not complete is always named
            }
            let path = recorded.path.display();
            let name = || path.to_string().into();
            match missing(&recorded) {
                Some(what) => {
                    losses.push_back(OutputError { name: name(), error: io::Error::other(what) });
                }
                None if recorded.failure.is_none() && names_all && !recorded.is_full => {
                    let text = format!("recorded {} in {path}", recorded.contents());
                    notices.push((Level::Info, text));
                }
                None => {}
            }
            let error = recorded.failure.map(|error| OutputError { name: name(), error });
            failures.extend(error);
            notices.extend(recorded.remarks);
        }
        let counted = match &result {
            Ok(()) => failures.pop_front().or_else(|| losses.pop_front()),
            // A signal is how many recordings are ended: there may have been no time for the rest.
            Err(Error::Signal(signal)) if *signal != Signal::Hangup => failures.pop_front(),
            Err(_) => None,
        };
        if is_quiet {
            failures.into_iter().chain(losses).for_each(write_failure);
        } else {
            // Of failures there was a notice when they occurred.
            let text = |loss: OutputError| format!("{}: {}", loss.name, loss.error);
            notices.extend(losses.into_iter().map(|loss| (Level::Warning, text(loss))));
        }
        let result = counted.map_or(result, |failure| Err(Error::Output(failure)));
        Self { notices, result }
    }
}

/// What a file lacks because there was no time left.
fn missing(recorded: &Outcome) -> Option<String> {
    match recorded.lost {
        0 => {
            recorded.is_cut.then(|| "no time was left to write the end of the recording".to_owned())
        }
        1 => Some("no time was left to record the last message".to_owned()),
        lost => Some(format!("no time was left to record the last {lost} messages")),
    }
}

fn write_failure(failure: OutputError) {
    write_line(&report(&Error::Output(failure), Style::plain(), None));
}

fn write_warning(text: &str) {
    write_line(&format!("wscope: warning: {text}\n"));
}

fn write_line(line: &str) {
    stdio::write_to_stderr(line.as_bytes(), Some(Instant::now() + FINAL_NOTICES_LIMIT));
}

/// Writes the final notices on these outputs.
pub(super) fn write_final_notices(outputs: &mut impl Buffered, reactor: &mut Reactor) {
    let delivery = Delivery {
        outputs,
        reactor,
        until: Some(Instant::now() + FINAL_NOTICES_LIMIT),
        is_leaving: true,
        max_time: Duration::ZERO,
        needs_reader: false,
        result: Ok(()),
    };
    let _ = delivery.run(); // the failure of an output was reported before
}
