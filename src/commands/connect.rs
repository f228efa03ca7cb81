//! `wscope URL`: dial, opening handshake, session, verdict.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Waker;

use super::RunError;
use super::delivery::Delivery;
use super::displays::{self, Failures, SharedView};
use super::page::{self, Page};
use super::recording::{self, Ending, RunRecordings, Verdict};
use crate::config::ConnectConfig;
use crate::error::Error;
use crate::event::{Clock, Event, EventKind, Level};
use crate::input::repl::PromptNames;
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::output::human::Detail;
use crate::output::json::{Json, JsonFrames};
use crate::output::{Outlet, Output, Outputs, finish_and_drain};
use crate::page::StoreOptions;
use crate::platform::Signals;
use crate::platform::stdio::{FINAL_FLUSH_LIMIT, Writer, are_one_stream};
use crate::recording::Recordings;
use crate::session::Lost;
use crate::view::View;

mod beside;
mod conclusion;
mod connections;
mod conversation;
mod entry;
mod link;
mod link_thread;
mod opening;
mod page_control;
pub(super) use opening::events;
mod pause;
mod playback;
mod prepared;
mod prompt;
mod record;
mod retry_loop;
mod run;
mod session_log;
mod sinks;
mod stay;

use conversation::{Conversation, InputSource};
use page_control::PageLinks;
pub(super) use playback::{Playback, action};
use prepared::Prepared;
use record::{Record, RunShared};
use run::Run;
use session_log::SessionLogs;
use stay::Stayed;

/// After a run that has to end, from the end of its session: for the terminal and for the last lines.
const DELIVERY_LIMIT: Duration = Duration::from_millis(150);

/// The same, and for the report of the failure.
const REPORT_LIMIT: Duration = Duration::from_millis(200);

/// The number of the first connection.
const FIRST_NUMBER: u64 = 1;

const STANDARD_OUTPUT: &str = "standard output";

/// Runs the command to its end.
///
/// # Errors
/// Why it failed.
pub fn run(config: ConnectConfig) -> Result<(), RunError> {
    run_with(config, None)
}

/// The same with a recorded client that is played in place of the input.
pub(super) fn run_with(
    mut config: ConnectConfig,
    playback: Option<Playback>,
) -> Result<(), RunError> {
    let clock = Clock::start();
    let mut reactor = reactor()?;
    let filters = std::mem::take(&mut config.filters);
    let view = displays::view(clock, filters, &config.commentary);
    let config = Arc::new(config);
    let (page, recordings, start) = match start(&config, clock, reactor.waker()) {
        Ok((page, recordings)) => (page, Some(recordings), Ok(())),
        Err(error) => (None, None, Err(error)),
    };
    let mut outputs = outputs(&config, view.as_ref())?;
    let max_time = config.ending.time_left.map(|left| Instant::now() + left);
    let mut command = ConnectCommand {
        clock,
        config,
        outputs: &mut outputs,
        view,
        playback: playback.clone(),
        recordings,
        page,
        max_time,
        leave_by: None,
    };
    let result = start.and_then(|()| command.run(&mut reactor));
    if let (Err(error), Some(playback)) = (&result, &playback) {
        for text in playback.remarks(error) {
            command.emit(EventKind::Notice(Level::Warning, &text));
        }
    }
    if let Err(error) = &result
        && let Some(failure) = error.failure()
    {
        command.emit(EventKind::Failure(&failure));
    }
    let result = command.deliver(&mut reactor, result);
    let report_by = match command.leave_by {
        Some(leave_by) => Some(leave_by + REPORT_LIMIT),
        None => command.max_time.map(|end| end.max(Instant::now() + FINAL_FLUSH_LIMIT)),
    };
    result.map_err(|error| RunError { error: Box::new(error), report_by })
}

/// Starts the page and the recordings, if there are any.
fn start(
    config: &ConnectConfig,
    clock: Clock,
    control: Arc<Waker>,
) -> Result<(Option<Page>, RunRecordings), Error> {
    let socket = page::listen(config.ui.as_ref())?;
    let takes_commands = config.commentary.takes_commands;
    let mut recordings = RunRecordings::start(&config.record, clock, takes_commands, control)?;
    let open = |socket| {
        let options = StoreOptions { is_connect: true, ..StoreOptions::default() };
        Page::open(socket, &mut recordings, options)
    };
    let page = socket.map(open).transpose()?;
    Ok((page, recordings))
}

/// Emits the event of a failure before anything could be set up.
pub fn emit_failure(error: &Error) {
    let (Some(failure), Ok(writer)) = (error.failure(), Writer::stdout()) else { return };
    let mut outputs = Outputs::default();
    let json = Box::new(Json::new(JsonFrames::None));
    outputs.push(Output::new(json, Outlet::stream(STANDARD_OUTPUT, writer)));
    outputs.event(&Event {
        at: Clock::start().now(),
        connection: None,
        mark: None,
        transit: None,
        what: EventKind::Failure(&failure),
    });
    if let Ok(mut reactor) = Reactor::new(None) {
        finish_and_drain(&mut outputs, &mut reactor); // the failure itself is reported on standard error
    }
}

struct ConnectCommand<'a> {
    clock: Clock,
    config: Arc<ConnectConfig>,
    outputs: &'a mut Outputs,
    /// What the prompt can show again, and how messages are shown.
    view: Option<Arc<View>>,
    /// `None`: the files cannot be recorded to, and nothing is run.
    recordings: Option<RunRecordings>,
    /// `--ui`.
    page: Option<Page>,
    playback: Option<Playback>,
    max_time: Option<Instant>,
    /// A signal or `--max-time` has ended the run: no wait is longer than until then.
    leave_by: Option<Instant>,
}

impl ConnectCommand<'_> {
    fn run(&mut self, reactor: &mut Reactor) -> Result<(), Error> {
        if let Some(view) = &self.view {
            view.set_waker(reactor.waker());
        }
        let shared = self.shared();
        let of_page = self.serve_page(&shared)?;
        let config = &self.config;
        shared.record(self.outputs, reactor.waker(), FIRST_NUMBER);
        shared.keep_events(self.outputs, config);
        let record = Arc::new(Record::new(FIRST_NUMBER, config, &shared));
        let mut conversation = Conversation {
            config,
            clock: self.clock,
            outputs: self.outputs,
            reactor,
            source: self.playback.clone().map(InputSource::Playback),
            record: &record,
            shared,
            max_time: self.max_time,
            run_link: link_thread::run,
            playback: self.playback.clone(),
        };
        conversation.emit_notices();
        for (level, text) in &of_page {
            conversation.emit(EventKind::Notice(*level, text));
        }
        conversation.outputs.flush_early();
        let mut ended = Run { conversation: &mut conversation }.run();
        if conversation.goes_on(&ended) {
            let Stayed { result, leave_by } = conversation.stay(ended);
            self.leave_by = leave_by;
            if leave_by.is_none() && conversation.wait_for_screen().is_some() {
                self.leave_by = Some(Instant::now());
            }
            let leave_by = self.leave_by;
            let not_shown = conversation.end(leave_by, false);
            let left = conversation.left_text();
            conversation.emit_left_text(left, false);
            conversation.warn_of_lost(&Lost { received: not_shown, ..Lost::default() }, false);
            return result;
        }
        self.leave_by = ended.as_ref().map_or_else(leave_after, |ended| ended.as_ref()?.leave_by());
        if let Ok(Some(ended)) = &mut ended
            && self.leave_by.is_none()
            && let Some(stop) =
                conversation.wait_for_text().or_else(|| conversation.wait_for_screen())
        {
            ended.report.stop = Some(stop);
            self.leave_by = Some(Instant::now());
        }
        let was_lost = matches!(&ended, Ok(Some(ended)) if ended.was_lost());
        let not_shown = conversation.end(self.leave_by, was_lost);
        let left = conversation.left_text();
        let not_sent = conversation.take_waiting_messages();
        conversation.source = None;
        let result = match ended {
            Ok(Some(mut ended)) => {
                ended.report.lost.received += not_shown;
                ended.report.lost.sent += not_sent;
                conversation.conclude(ended)
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        conversation.emit_left_text(left, was_lost);
        result
    }

    /// What all connections of the run share.
    fn shared(&self) -> RunShared {
        let config = &self.config;
        let prepared = Arc::new(Prepared::new(Arc::clone(config)));
        let (name, destination) = (&config.name, config.destination());
        let prompt = PromptNames::new(name, destination, prepared.clone(), config.stay);
        RunShared {
            prompt: Arc::new(prompt),
            prepared,
            view: self.view.clone(),
            is_decided: Arc::default(),
            recordings: self.recordings.clone(),
            logs: SessionLogs::default(),
            page: self.page.as_ref().map(|page| PageLinks::new(page, config)),
        }
    }

    /// Serves the page, if there is one. Returns what is to be said about it.
    fn serve_page(&mut self, shared: &RunShared) -> Result<Vec<(Level, String)>, Error> {
        match (&mut self.page, &shared.page) {
            (Some(page), Some(links)) => page.serve(page_control::about(&self.config, links)),
            _ => Ok(Vec::new()),
        }
    }

    /// Writes what is left to report of the end, however long it takes, unless the run is ended.
    fn deliver(&mut self, reactor: &mut Reactor, result: Result<(), Error>) -> Result<(), Error> {
        self.outputs.finish();
        let registered =
            self.outputs.register(reactor.registry(), tokens::OUTPUTS, &reactor.waker());
        if let Err(error) = registered {
            return result.and(Err(event_loop(error)));
        }
        let leave_by = self.leave_by.map(|leave_by| leave_by + DELIVERY_LIMIT);
        let until = leave_by.or(self.max_time);
        let recordings = self.recordings.as_ref().map(|it| Arc::clone(&it.recordings));
        if let Some(recordings) = &recordings {
            recordings.end();
        }
        if let Some(page) = &self.page {
            page.end_recording();
        }
        let result = Delivery {
            outputs: &mut Ending { outputs: &mut *self.outputs, recordings: recordings.as_deref() },
            reactor,
            until,
            is_leaving: leave_by.is_some(),
            max_time: self.config.ending.max_time.unwrap_or_default(),
            needs_reader: false,
            result,
        }
        .run();
        let result = match recordings {
            Some(recordings) => self.conclude_recordings(&recordings, reactor, result),
            None => result,
        };
        if let Some(page) = &mut self.page {
            page.end(&result, leave_by);
        }
        result
    }

    /// Says what was recorded.
    fn conclude_recordings(
        &mut self,
        recordings: &Recordings,
        reactor: &mut Reactor,
        result: Result<(), Error>,
    ) -> Result<(), Error> {
        recordings.stop_waiting();
        if let Some(page) = &self.page {
            page.stop_waiting();
        }
        self.outputs.flush_early(); // what does not get into the queues is counted
        let commentary = &self.config.commentary;
        let is_quiet = commentary.detail == Detail::Quiet;
        let verdict = Verdict::take(recordings, result, commentary.on_terminal, is_quiet);
        for (level, text) in &verdict.notices {
            self.emit(EventKind::Notice(*level, text));
        }
        if let Some(text) = self.page.as_ref().and_then(Page::warning) {
            self.emit(EventKind::Notice(Level::Warning, &text));
        }
        recording::write_final_notices(self.outputs, reactor);
        verdict.result
    }

    fn emit(&mut self, what: EventKind<'_>) {
        self.outputs.event(&Event {
            at: self.clock.now(),
            connection: None,
            mark: None,
            transit: None,
            what,
        });
    }
}

fn reactor() -> Result<Reactor, Error> {
    let signals =
        Signals::install().map_err(|error| Error::System("signal handlers".to_owned(), error))?;
    Reactor::new(Some(signals)).map_err(event_loop)
}

fn event_loop(error: io::Error) -> Error {
    Error::System("event loop".to_owned(), error)
}

/// Until when a run with this failure has to be over.
fn leave_after(error: &Error) -> Option<Instant> {
    matches!(error, Error::Signal(_) | Error::Interrupted(..) | Error::MaxTime(_))
        .then(Instant::now)
}

fn outputs(config: &ConnectConfig, view: Option<&Arc<View>>) -> Result<Outputs, Error> {
    let open = |writer: io::Result<Writer>, name: &str| {
        writer.map_err(|error| Error::System(name.to_owned(), error))
    };
    let out = Outlet::stream(STANDARD_OUTPUT, open(Writer::stdout(), STANDARD_OUTPUT)?);
    let err = match are_one_stream() {
        true => None,
        false => {
            let writer = open(Writer::stderr(), "standard error")?;
            Some(Outlet::stream("standard error", writer).optional())
        }
    };
    let view = view.map(|view| SharedView { view, shows_waiting: true });
    let (stdout, commentary) = (config.stdout, &config.commentary);
    Ok(displays::outputs(stdout, commentary, out, err, Failures::None, view))
}
