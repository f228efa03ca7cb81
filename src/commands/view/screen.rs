//! The outputs of a recording that is shown, and the waits for those who read them.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use mio::Waker;

use super::{failure, handles_signals};
use crate::commands::delivery::Delivery;
use crate::commands::displays::{self, Failures, SharedView};
use crate::commands::page::{self, About, Page, ReadOnly, Unavailable};
use crate::commands::recording::{self, Ending, RunRecordings, Verdict};
use crate::config::{RecordConfig, Stdout, ViewConfig};
use crate::error::Error;
use crate::event::{Clock, Event, EventKind, Failure, Level, Shown, Stamp};
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::output::human::Detail;
use crate::output::style::Style;
use crate::output::{Outlet, Outputs};
use crate::page::{Abilities, Hello, Mode, Phase, StoreOptions};
use crate::platform::Signals;
use crate::platform::signals::Signal;
use crate::platform::stdio::{Writer, are_one_stream};
use crate::platform::terminal;
use crate::recording::{ReadError, Recorded, Summary};
use crate::view::{View, number_prefix};

/// The time of what is shown before the first event.
pub(super) const START: Stamp = Stamp { wall: UNIX_EPOCH, elapsed: Duration::ZERO };

/// How much is kept of what was shown, in bytes: nothing of it can be shown again.
const KEPT: usize = 1;

/// The outputs.
pub(super) struct Screen {
    outputs: Outputs,
    reactor: Reactor,
    /// How failures are shown.
    style: Style,
    on_terminal: bool,
    /// The files that the recording is converted to.
    recordings: Option<RunRecordings>,
    /// `--ui`.
    page: Option<Page>,
    /// The recording is on the page: a signal is how that ends.
    stays: bool,
    /// When signals were looked for.
    looked: Instant,
    /// Why nothing more is shown; `Ok`: the reader has what it needs.
    stopped: Option<Result<(), Error>>,
}

/// Why nothing more comes.
const READ: &str = "the recording has been read";

/// How often signals are looked for while there is nothing to wait for.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// How long files that were begun are written on after a signal.
const END_TIME: Duration = Duration::from_millis(700);

impl Screen {
    /// While a recording is converted, a signal ends that, and the files are ended as they have to be.
    ///
    /// # Errors
    /// When the system refuses one.
    pub(super) fn new(config: &ViewConfig) -> Result<Self, Error> {
        let system = |what: &str, error| Error::System(what.to_owned(), error);
        let signals = handles_signals(config).then(Signals::install).transpose();
        let signals = signals.map_err(|error| system("signal handlers", error))?;
        let reactor = Reactor::new(signals).map_err(|error| system("event loop", error))?;
        let open = |writer: io::Result<Writer>, name: &'static str| match writer {
            Ok(writer) => Ok(Outlet::stream(name, writer)),
            Err(error) => Err(system(name, error)),
        };
        let out = open(Writer::stdout(), "standard output")?;
        let err = match are_one_stream() {
            true => None,
            false => Some(open(Writer::stderr(), "standard error")?.optional()),
        };
        let commentary = &config.commentary;
        let is_shared = config.stdout == Stdout::Decorated && commentary.on_terminal;
        let view = view(config);
        let shared = view.as_ref().map(|view| SharedView { view, shows_waiting: false });
        let mut outputs =
            displays::outputs(config.stdout, commentary, out, err, Failures::None, shared);
        outputs
            .register(reactor.registry(), tokens::OUTPUTS, &reactor.waker())
            .map_err(|error| system("event loop", error))?;
        let color = if is_shared { commentary.stdout_color } else { commentary.stderr_color };
        let (style, on_terminal) = (Style::new(color), commentary.on_terminal);
        let looked = Instant::now();
        Ok(Self {
            outputs,
            reactor,
            style,
            on_terminal,
            recordings: None,
            page: None,
            stays: false,
            looked,
            stopped: None,
        })
    }

    /// Serves the page of the recording of this name, if there is to be one. Returns what is to be said about it.
    ///
    /// # Errors
    /// When its address cannot be listened on, or the system refuses something.
    pub(super) fn open_page(
        &mut self,
        config: &ViewConfig,
        name: &str,
    ) -> Result<Vec<(Level, String)>, Error> {
        let Some(socket) = page::listen(config.ui.as_ref())? else { return Ok(Vec::new()) };
        let waker = self.reactor.waker();
        let recordings =
            RunRecordings::start(&config.record, Clock::start(), false, Arc::clone(&waker));
        let mut recordings = recordings?;
        let options = StoreOptions { is_recording: true, ..StoreOptions::default() };
        let mut page = Page::open(socket, &mut recordings, options)?;
        recordings.record(&mut self.outputs, waker, Box::new(|| None));
        page.store().set_phase(Phase::Live, None, None);
        let hello = Hello {
            mode: Mode::View,
            title: format!("view {name}"),
            clients_url: None,
            target: None,
            can: Abilities::default(),
        };
        let notices =
            page.serve(About { hello, control: Arc::new(|| Box::new(Unavailable(ReadOnly))) })?;
        (self.recordings, self.page) = (Some(recordings), Some(page));
        Ok(notices)
    }

    /// Says on the page, if there is one, what the recording lacks.
    pub(super) fn set_read(&self, read: &Result<Summary, ReadError>) {
        let Some(page) = &self.page else { return };
        match read {
            Ok(summary) if summary.warnings.is_empty() => {}
            Ok(summary) => page.store().set_recorded_end(summary.warnings.join("; ")),
            Err(error) => page.store().set_recorded_end(error.to_string()),
        }
    }

    /// Whether the page keeps the run from ending with what it has read.
    pub(super) fn has_page(&self) -> bool {
        self.page.is_some() && self.stopped.is_none()
    }

    /// Stays until a signal ends the run, if there is a page.
    pub(super) fn stay(&mut self) {
        let Some(page) = &self.page else { return };
        self.stays = self.stopped.is_none();
        page.end_recording();
        let mut is_complete = !self.stays;
        while self.flush().is_continue() {
            if !is_complete && self.outputs.are_drained() {
                is_complete = true;
                if let Some(page) = &self.page {
                    page.set_read(READ);
                }
            }
            if self.wait().is_break() {
                return;
            }
        }
    }

    /// What wakes the loop.
    pub(super) fn waker(&self) -> Arc<Waker> {
        self.reactor.waker()
    }

    /// Whether nothing more is shown, and why does not matter.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Whether a signal has ended the run.
    pub(super) fn was_interrupted(&self) -> bool {
        matches!(self.stopped, Some(Err(Error::Signal(_))))
    }

    fn look_for_signal(&mut self) -> ControlFlow<()> {
        self.looked = Instant::now();
        match self.reactor.take_signal() {
            None => ControlFlow::Continue(()),
            Some(signal) => {
                self.stopped.get_or_insert(Err(Error::Signal(signal)));
                ControlFlow::Break(())
            }
        }
    }

    /// Starts to record, the first time that it is called: a file that is not a recording is not converted. Breaks if
    /// that is not possible.
    pub(super) fn record(&mut self, config: &RecordConfig) -> ControlFlow<()> {
        if self.recordings.is_some() {
            return ControlFlow::Continue(());
        }
        let waker = self.reactor.waker();
        match RunRecordings::start(config, Clock::start(), false, Arc::clone(&waker)) {
            Ok(recordings) => {
                recordings.record(&mut self.outputs, waker, Box::new(|| None));
                self.recordings = Some(recordings);
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.stopped.get_or_insert(Err(error));
                ControlFlow::Break(())
            }
        }
    }

    /// Records an event. Breaks when nothing more can be recorded.
    pub(super) fn record_event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.outputs.record_only(event);
        if self.looked.elapsed() >= LOOK_INTERVAL {
            self.look_for_signal()?;
        }
        self.make_room()
    }

    /// Shows an event. Breaks when nothing more can be shown.
    pub(super) fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.outputs.event(event);
        self.make_room()
    }

    fn make_room(&mut self) -> ControlFlow<()> {
        match self.outputs.are_backed_up() {
            true => self.wait_for_room(),
            false => ControlFlow::Continue(()),
        }
    }

    /// Shows the report on a failure, which a live run shows when it has ended.
    pub(super) fn failure(&mut self, event: &Recorded, failure: &Failure) -> ControlFlow<()> {
        let (at, connection) = (event.at, event.connection);
        // The number of the connection precedes each line.
        let margin = connection.map_or(0, |number| number_prefix(number).len());
        let columns = self.on_terminal.then(|| terminal::width().saturating_sub(margin));
        let text = failure::report(failure, self.style, columns);
        let what = EventKind::Shown(Shown::Failure(&text));
        self.event(&Event { at, connection, mark: None, transit: None, what })
    }

    /// Writes what the streams take now.
    pub(super) fn flush(&mut self) -> ControlFlow<()> {
        if self.stopped.is_some() {
            return ControlFlow::Break(());
        }
        self.look_for_signal()?;
        let Err(error) = self.outputs.flush() else { return ControlFlow::Continue(()) };
        self.stopped = Some(match error.is_closed_pipe() {
            true => Ok(()),
            false => Err(Error::Output(error)),
        });
        ControlFlow::Break(())
    }

    fn wait_for_room(&mut self) -> ControlFlow<()> {
        loop {
            self.flush()?;
            if !self.outputs.are_backed_up() {
                return ControlFlow::Continue(());
            }
            self.wait()?;
        }
    }

    /// Waits until something happens. Breaks at a signal.
    pub(super) fn wait(&mut self) -> ControlFlow<()> {
        match self.reactor.wait(None) {
            Ok(woken) => self.outputs.set_ready(&woken),
            Err(error) => {
                self.stopped = Some(Err(Error::System("event loop".to_owned(), error)));
                return ControlFlow::Break(());
            }
        }
        self.look_for_signal()
    }

    /// Writes what is left, and returns the result with what has failed.
    pub(super) fn end(
        mut self,
        result: Result<(), Error>,
        config: &ViewConfig,
    ) -> Result<(), Error> {
        let was_interrupted = self.was_interrupted();
        let result = match self.stopped.take() {
            Some(Err(Error::Signal(Signal::Interrupt | Signal::Terminate))) if self.stays => result,
            stopped => stopped.unwrap_or(result),
        };
        self.outputs.finish();
        let recordings = self.recordings.take().map(|it| it.recordings);
        if let Some(recordings) = &recordings {
            recordings.end();
        }
        if let Some(page) = &self.page {
            page.end_recording();
        }
        let result = Delivery {
            outputs: &mut Ending { outputs: &mut self.outputs, recordings: recordings.as_deref() },
            reactor: &mut self.reactor,
            until: was_interrupted.then(|| Instant::now() + END_TIME),
            is_leaving: was_interrupted,
            max_time: Duration::ZERO,
            needs_reader: false,
            result,
        }
        .run();
        if let Some(page) = &mut self.page {
            page.end(&result, was_interrupted.then(|| Instant::now() + END_TIME));
        }
        let Some(recordings) = recordings else { return result };
        let detail = config.commentary.detail;
        let is_quiet = detail == Detail::Quiet;
        let verdict = Verdict::take(&recordings, result, !is_quiet, is_quiet);
        let warning = self.page.as_ref().and_then(Page::warning);
        let warning = warning.map(|text| (Level::Warning, text));
        for (level, text) in verdict.notices.iter().chain(&warning) {
            let what = EventKind::Notice(*level, text);
            self.outputs.event(&Event {
                at: START,
                connection: None,
                mark: None,
                transit: None,
                what,
            });
        }
        recording::write_final_notices(&mut self.outputs, &mut self.reactor);
        verdict.result
    }
}

/// The view for filters, and on a terminal for the times of answers.
fn view(config: &ViewConfig) -> Option<Arc<View>> {
    let is_decorated = config.stdout == Stdout::Decorated;
    if config.filters.is_empty() && !is_decorated {
        return None;
    }
    let kept = if is_decorated { KEPT } else { 0 };
    let (filters, timestamps) = (config.filters.clone(), config.commentary.timestamps);
    Some(Arc::new(View::new(Clock::start(), filters, timestamps, kept)))
}
