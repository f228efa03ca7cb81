//! What the control loop of a server and the threads of all its connections share, whatever it serves.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mio::Waker;

use super::failed;
use super::prompt::Prompt;
use super::session_log::SessionLog;
use super::streams::Streams;
use crate::commands::displays::{self, Failures, SharedView};
use crate::commands::page::{self, About, Page};
use crate::commands::recording::RunRecordings;
use crate::config::{Commentary, RecordConfig, ServerInput, Stdout, UiConfig};
use crate::error::Error;
use crate::event::{Clock, Level};
use crate::input::Action;
use crate::input::repl::{
    CommandSet, Destination, FilterParser, NumberList, PromptContext, PromptNames, ReplOptions,
    ScenarioMaker,
};
use crate::net::Reactor;
use crate::output::Outputs;
use crate::page::StoreOptions;
use crate::platform::user_programs::UserPrograms;
use crate::session::Lost;
use crate::view::{Filters, View};

/// What the control loop and the threads of all connections share, which report `R` to it.
pub(in crate::commands) struct Shared<R> {
    pub(in crate::commands) clock: Clock,
    pub(in crate::commands) commentary: Commentary,
    /// Standard output and error.
    pub(super) streams: Streams,
    pub(super) recordings: RunRecordings,
    /// `--ui`.
    page: Mutex<Option<Page>>,
    stdout: Stdout,
    /// What the prompt can show again, and how messages are shown.
    view: Option<Arc<View>>,
    /// Keeps all events for the prompt.
    log: Option<SessionLog>,
    /// What was not delivered by sessions that we ended.
    lost: Mutex<Lost>,
    /// The number of the next connection.
    numbers: AtomicU64,
    reports: Sender<R>,
    waker: Arc<Waker>,
}

/// What of the configuration of a server concerns its outputs and its prompt.
pub(in crate::commands) struct SharedOptions<'a, C: 'static> {
    pub(in crate::commands) stdout: Stdout,
    pub(in crate::commands) commentary: Commentary,
    pub(in crate::commands) filters: Filters,
    pub(in crate::commands) record: &'a RecordConfig,
    /// The page, if it is served.
    pub(in crate::commands) ui: Option<&'a UiConfig>,
    /// What is received was sent by a client.
    pub(in crate::commands) is_server: bool,
    pub(in crate::commands) input: ServerInput,
    /// The commands of the prompt.
    pub(in crate::commands) commands: &'static CommandSet<C>,
    /// All events are kept for `/scenario`.
    pub(in crate::commands) keeps_scenario: bool,
    /// Parses a filter that is typed.
    pub(in crate::commands) parse_filter: FilterParser,
    /// The numbers that commands take, to be completed.
    pub(in crate::commands) numbers: Option<NumberList>,
    pub(in crate::commands) destination: Destination,
    /// The history file of the line editor.
    pub(in crate::commands) history: Option<PathBuf>,
    pub(in crate::commands) programs: UserPrograms,
    /// How long a line that ends the run waits for a file that is being read; `None`: until it is read.
    pub(in crate::commands) file_limit: Option<Duration>,
}

/// Where the control loop gets lines and reports from.
pub(in crate::commands) struct LoopInputs<C: 'static, R> {
    pub(super) prompt: Prompt<C>,
    pub(super) reports: Receiver<R>,
}

impl<R> Shared<R> {
    /// Starts recordings, the prompt and the threads of the outputs, for the loop of `reactor`.
    ///
    /// # Errors
    /// When the system refuses something, or a file cannot be recorded to.
    pub(in crate::commands) fn start<C: From<Action> + Send + 'static>(
        options: SharedOptions<'_, C>,
        reactor: &mut Reactor,
    ) -> Result<(Self, LoopInputs<C, R>), Error> {
        let SharedOptions { stdout, commentary, input, .. } = options;
        let (clock, waker) = (Clock::start(), reactor.waker());
        let view = displays::view(clock, options.filters, &commentary);
        if let Some(view) = &view {
            view.set_waker(Arc::clone(&waker));
        }
        let takes_commands = commentary.takes_commands;
        let socket = page::listen(options.ui)?;
        let mut recordings =
            RunRecordings::start(options.record, clock, takes_commands, Arc::clone(&waker))?;
        let store = StoreOptions { is_server: options.is_server, ..StoreOptions::default() };
        let open = |socket| Page::open(socket, &mut recordings, store);
        let page = socket.map(open).transpose()?;
        let log = (takes_commands && options.keeps_scenario).then(SessionLog::default);
        let context = view.as_ref().map(|view| {
            let context =
                displays::context(view, &commentary, recordings.control(), options.parse_filter);
            let log = log.clone();
            let scenario = log.map(|log| Arc::new(move || log.scenario()) as ScenarioMaker);
            PromptContext { scenario, numbers: options.numbers.clone(), ..context }
        });
        let repl = ReplOptions {
            names: Arc::new(PromptNames::alone(options.destination)),
            history: options.history,
            color: commentary.stdout_color,
            file_limit: options.file_limit,
            programs: options.programs,
            context,
        };
        let prompt = Prompt::start(input, options.commands, repl, reactor)?;
        let streams = match &prompt {
            Prompt::Repl(repl) => Streams::on_screen(repl.screen(), Arc::clone(&waker)),
            Prompt::Plain(_) | Prompt::None => Streams::open(Arc::clone(&waker)),
        };
        let streams = streams.map_err(failed("output"))?;
        let (sender, reports) = channel();
        let shared = Self {
            clock,
            commentary,
            streams,
            recordings,
            page: Mutex::new(page),
            stdout,
            view,
            log,
            lost: Mutex::default(),
            numbers: AtomicU64::new(1),
            reports: sender,
            waker,
        };
        Ok((shared, LoopInputs { prompt, reports }))
    }

    /// Serves the page, if there is one, from now on. Returns what is to be said about it.
    ///
    /// # Errors
    /// When the system refuses something.
    pub(in crate::commands) fn serve_page(
        &self,
        about: impl FnOnce() -> About,
    ) -> Result<Vec<(Level, String)>, Error> {
        self.page().as_mut().map_or(Ok(Vec::new()), |page| page.serve(about()))
    }

    /// The page, if there is one.
    pub(in crate::commands) fn page(&self) -> MutexGuard<'_, Option<Page>> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a new connection, from 1.
    pub(in crate::commands) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::SeqCst)
    }

    /// Of the control loop.
    pub(in crate::commands) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Reports this to the control loop, which acts on reports in the order in which they are made.
    pub(in crate::commands) fn report(&self, report: R) {
        let _ = self.reports.send(report); // the receiver is dropped when the program ends
        let _ = self.waker.wake();
    }

    /// Counts what a session did not deliver.
    pub(in crate::commands) fn note_lost(&self, more: &Lost) {
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.received += more.received;
        lost.sent += more.sent;
    }

    /// What was counted since the last call.
    pub(super) fn take_lost(&self) -> Lost {
        std::mem::take(&mut *self.lost.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Outputs of one thread, whose loop `waker` wakes.
    pub(in crate::commands) fn outputs(
        &self,
        failures: Failures,
        waker: &Arc<Waker>,
        shows_waiting: bool,
    ) -> Outputs {
        let (out, err) = self.streams.outlets(waker);
        let view = self.view.as_ref().map(|view| SharedView { view, shows_waiting });
        let mut outputs =
            displays::outputs(self.stdout, &self.commentary, out, err, failures, view);
        self.recordings.record(&mut outputs, Arc::clone(waker), Box::new(|| None));
        if let Some(log) = &self.log {
            outputs.set_log(Box::new(log.clone()));
        }
        outputs
    }
}
