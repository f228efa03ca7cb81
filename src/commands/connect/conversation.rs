//! What the connections of one loop share, one after the other: outputs, input, and the event loop.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::connections::{Connections, Start};
use super::link::RunLink;
use super::opening::{Established, Opening};
use super::page_control::PageLinks;
use super::playback::Playback;
use super::prompt::Prompt;
use super::record::{Record, RecordObserver, RunShared};
use super::sinks::Sinks;
use crate::commands::displays;
use crate::config::{ConnectConfig, Input};
use crate::error::Error;
use crate::event::{Clock, EventKind, Level};
use crate::input::plain::PlainLines;
use crate::input::queue::QueuedActions;
use crate::input::repl::{
    CONNECTION_COMMANDS, LeftText, PROMPT_COMMANDS, PromptContext, Repl, ReplOptions,
};
use crate::input::stdin::Stdin;
use crate::input::{Action, ActionSource, NoInput};
use crate::net::Reactor;
use crate::observer::Observer;
use crate::output::Outputs;
use crate::output::human::Detail;
use crate::platform::signals::Signal;
use crate::scenario::{Count, Expectations, Limited};
use crate::session::{Echo, Journal, Plan, Report, Session, Stop};

/// A terminal that takes nothing for this long at the end of a run is not waited for any longer.
const STALL_LIMIT: Duration = Duration::from_secs(1);

/// The time limit for the last lines on standard error.
const LOG_TIMEOUT: Duration = Duration::from_millis(500);

/// How often it is checked whether the user's text editor has ended, or the screen has shown everything.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What the connections of one loop share, one after the other.
pub(super) struct Conversation<'a> {
    pub(super) config: &'a Arc<ConnectConfig>,
    pub(super) clock: Clock,
    pub(super) outputs: &'a mut Outputs,
    pub(super) reactor: &'a mut Reactor,
    /// Set once a connection was open, or the prompt stays without one.
    pub(super) source: Option<InputSource>,
    /// The connection that is open, or was last.
    pub(super) record: &'a Arc<Record>,
    pub(super) shared: RunShared,
    /// The deadline of the run.
    pub(super) max_time: Option<Instant>,
    /// What the threads of further connections do.
    pub(super) run_link: RunLink,
    /// The recorded client that is played on the connection.
    pub(super) playback: Option<Playback>,
}

/// The source of the input.
pub(super) enum InputSource {
    Stdin(Box<Stdin>),
    Plain(Box<PlainLines<Action>>),
    Repl(Box<Prompt>),
    /// Of a prompt in another thread.
    Queue(Box<QueuedActions>),
    /// A recording.
    Playback(Playback),
    None(NoInput),
}

impl InputSource {
    pub(super) fn source(&mut self) -> &mut dyn ActionSource {
        match self {
            Self::Stdin(stdin) => &mut **stdin,
            Self::Plain(lines) => &mut **lines,
            Self::Repl(prompt) => &mut **prompt,
            Self::Queue(actions) => &mut **actions,
            Self::Playback(playback) => playback,
            Self::None(none) => none,
        }
    }
}

impl<'a> Conversation<'a> {
    /// The connection to open.
    pub(super) fn opening(&self) -> Opening<'a> {
        Opening { config: self.config, record: self.record, max_time: self.max_time }
    }

    /// Runs the session of this connection to its end.
    ///
    /// # Errors
    /// When there can be no input.
    pub(super) fn run_session(
        &mut self,
        established: Established,
        plan: Plan,
    ) -> Result<Report, Error> {
        let mut input = match self.source.take() {
            Some(input) => input,
            None => self.start(true)?,
        };
        let are_several = self.shared.prompt.are_several();
        let journal = Journal::new(self.outputs, self.clock)
            .for_one_of_several(self.record.number, are_several);
        let Established { stream, connection, opened } = established;
        let source = input.source();
        let session =
            Session::new(stream, connection, self.reactor, source, journal, plan, &opened);
        let report = session.run();
        self.source = Some(input);
        if let Some(page) = &self.shared.page {
            page.remove(self.record.number);
        }
        Ok(report)
    }

    /// Starts the input. `has_connection`: it is for a connection that is open.
    pub(super) fn start(&mut self, has_connection: bool) -> Result<InputSource, Error> {
        let commentary = &self.config.commentary;
        // Where a goal ends the run, hardly any lines are typed.
        let has_goal = self.config.ending.count.is_some() || !self.config.ending.expect.is_empty();
        if commentary.takes_commands && !has_goal && commentary.detail >= Detail::Head {
            let text = "lines typed are sent as messages; /help lists the commands";
            self.emit(EventKind::Notice(Level::Info, text));
        }
        match self.config.input {
            Input::Stdin(framing, kind) => {
                if std::io::stdin().is_terminal() {
                    self.reactor.leave_signals_to_loop(); // the terminal has to be restored
                }
                Ok(InputSource::Stdin(Box::new(Stdin::new(framing, kind))))
            }
            Input::Plain => {
                self.reactor.leave_signals_to_loop();
                Ok(InputSource::Plain(Box::new(PlainLines::new(
                    &CONNECTION_COMMANDS,
                    self.context(),
                    self.config.ending.close_timeout,
                ))))
            }
            Input::None => Ok(InputSource::None(NoInput)),
            Input::Repl => {
                self.reactor.leave_signals_to_loop();
                self.outputs.flush_early();
                let options = ReplOptions {
                    names: Arc::clone(&self.shared.prompt),
                    history: self.config.history.clone(),
                    color: self.config.commentary.stdout_color,
                    file_limit: self.config.ending.close_timeout,
                    programs: self.config.programs.clone(),
                    context: self.context(),
                };
                let repl = Repl::start(options, &PROMPT_COMMANDS, self.reactor.waker())
                    .map_err(|error| Error::System("line editor".to_owned(), error))?;
                self.reactor.interrupt_on(repl.interrupted());
                self.outputs.redirect(displays::STDOUT, Box::new(repl.lane()));
                let control = self.reactor.waker();
                let sinks = Sinks::open(repl.screen().clone(), Arc::clone(&control))
                    .map_err(|error| Error::System("standard error".to_owned(), error))?;
                let start = Start {
                    config: Arc::clone(self.config),
                    shared: self.shared.clone(),
                    sinks,
                    clock: self.clock,
                    max_time: self.max_time,
                    run_link: self.run_link,
                    control,
                };
                let connections = Connections::new(start, Arc::clone(self.record));
                Ok(InputSource::Repl(Box::new(Prompt::new(repl, connections, has_connection))))
            }
        }
    }

    fn context(&self) -> Option<PromptContext> {
        let (view, recordings) = (self.shared.view.as_ref()?, self.shared.recordings.as_ref()?);
        let (logs, names) = (self.shared.logs.clone(), Arc::clone(&self.shared.prompt));
        let scenario = Arc::new(move || logs.scenario(&names.current()));
        let context = displays::context(
            view,
            &self.config.commentary,
            recordings.control(),
            displays::parse_filter,
        );
        Some(PromptContext { scenario: Some(scenario), ..context })
    }

    /// Waits for a text that the user is editing, as [`Self::wait_while`]. Ctrl-C is the text editor's.
    pub(super) fn wait_for_text(&mut self) -> Option<Stop> {
        self.wait_while(&AtomicBool::new(false), |this| match &mut this.source {
            Some(InputSource::Repl(prompt)) => {
                prompt.repl().begin_end();
                prompt.repl().is_terminal_lent()
            }
            _ => false,
        })
    }

    /// Waits until the terminal has shown everything, as long as it makes progress, as [`Self::wait_while`].
    pub(super) fn wait_for_screen(&mut self) -> Option<Stop> {
        let Some(InputSource::Repl(prompt)) = &mut self.source else { return None };
        let repl = prompt.repl();
        repl.forget_interrupt(); // an earlier Ctrl-C does not end this wait
        let (screen, interrupted) = (repl.screen().clone(), repl.interrupted());
        let (mut left, mut since) = (usize::MAX, Instant::now());
        self.wait_while(&interrupted, |this| {
            this.outputs.set_all_ready();
            this.outputs.flush_early();
            let waiting = screen.queued() + this.outputs.held();
            if waiting != left {
                (left, since) = (waiting, Instant::now());
            }
            let is_shown = screen.is_idle() && this.outputs.are_drained();
            !is_shown && since.elapsed() < STALL_LIMIT
        })
    }

    /// Waits while something is going on, no signal is received, Ctrl-C does not set `interrupted`, and there is time.
    /// Returns what ended the wait otherwise.
    fn wait_while(
        &mut self,
        interrupted: &AtomicBool,
        mut is_going_on: impl FnMut(&mut Self) -> bool,
    ) -> Option<Stop> {
        while is_going_on(self) {
            let now = Instant::now();
            if self.max_time.is_some_and(|end| now >= end) {
                return Some(Stop::MaxTime);
            }
            let until = now + LOOK_AGAIN;
            match self.reactor.wait(Some(self.max_time.map_or(until, |end| end.min(until)))) {
                Ok(woken) => self.outputs.set_ready(&woken),
                Err(error) => return Some(Stop::System(error)),
            }
            if interrupted.swap(false, Ordering::SeqCst) {
                return Some(Stop::Signal(Signal::Interrupt));
            }
            if let Some(signal) = self.reactor.take_signal() {
                return Some(Stop::Signal(signal));
            }
        }
        None
    }

    /// Restores the terminal, at this time at the latest, even if it accepts no output; later if `lingers` and someone is
    /// typing. Returns how many received messages were not shown.
    pub(super) fn end(&mut self, until: Option<Instant>, lingers: bool) -> u64 {
        let Some(InputSource::Repl(prompt)) = &mut self.source else { return 0 };
        self.outputs.flush_early();
        prompt.connections.finish(until.unwrap_or_else(|| Instant::now() + LOG_TIMEOUT));
        let not_shown = prompt.repl().end(until, lingers);
        self.outputs.restore(displays::STDOUT);
        not_shown as u64
    }

    /// Takes the messages that were typed and that no connection has taken, and returns how many there are.
    pub(super) fn take_waiting_messages(&mut self) -> u64 {
        match &mut self.source {
            Some(InputSource::Queue(actions)) => actions.take_waiting_messages(),
            Some(InputSource::Repl(prompt)) => prompt.take_waiting_messages(),
            _ => 0,
        }
    }

    /// The text that was being written when the prompt ended.
    pub(super) fn left_text(&mut self) -> Option<LeftText> {
        let Some(InputSource::Repl(prompt)) = &mut self.source else { return None };
        prompt.repl().left_text()
    }

    /// Says where the text is that was being written at the end, and if the peer has ended the connection, how the prompt
    /// would have stayed. A line that is left after a signal needs no words.
    pub(super) fn emit_left_text(&mut self, left: Option<LeftText>, was_lost: bool) {
        let Some(left) = left else { return };
        let (level, what) = match left.was_edited {
            true => (Level::Warning, "the text that was being edited"),
            false if was_lost => (Level::Info, "the line that was being typed"),
            false => return,
        };
        let place = if left.is_kept { "; it is in the history" } else { "" };
        let advice = match was_lost && !self.config.stay {
            true => "; --stay keeps the prompt when the connection ends",
            false => "",
        };
        self.emit(EventKind::Notice(level, &format!("{what} was not sent{place}{advice}")));
    }

    pub(super) fn journal(&mut self) -> Journal<'_> {
        let are_several = self.shared.prompt.are_several();
        Journal::new(self.outputs, self.clock).for_one_of_several(self.record.number, are_several)
    }

    /// Emits an event to all outputs, with the current time.
    pub(super) fn emit(&mut self, what: EventKind<'_>) {
        self.journal().emit(what);
    }

    /// The plan for a connection, with the messages that are sent first.
    pub(super) fn plan(&self) -> Plan {
        let config = self.config;
        let ending = &config.ending;
        let mut observers = observers(config, self.record);
        let mut close = (Some(ending.close_code), ending.close_reason.clone());
        if let Some(playback) = &self.playback {
            observers.push(Box::new(playback.clone()));
            let recorded = playback.close();
            close = (recorded.code, recorded.reason);
        }
        let page = self.shared.page.as_ref();
        observers.extend(page.map(PageLinks::observer));
        Plan {
            presets: config.presets.clone().into(),
            after_input: ending.after_input,
            max_time: self.max_time,
            close_code: close.0,
            close_reason: close.1,
            observers,
            beside: page.map(|page| page.open(self.record.number, self.reactor.waker())),
            times: config.resilience.times,
            unsent: config.resilience.reconnect.map(|_| Default::default()),
            notes_hidden: true,
            input_ended: false,
        }
    }
}

fn observers(config: &ConnectConfig, record: &Arc<Record>) -> Vec<Box<dyn Observer>> {
    let ending = &config.ending;
    let mut observers: Vec<Box<dyn Observer>> = Vec::new();
    if let Some(count) = ending.count {
        observers.push(Box::new(Count::new(count)));
    }
    if !ending.expect.is_empty() {
        observers.push(Box::new(Expectations::new(ending.expect.clone(), ending.strict)));
    }
    if let Some(duration) = ending.duration {
        observers.push(Box::new(Limited::new(duration)));
    }
    if config.echo {
        observers.push(Box::new(Echo::default()));
    }
    if config.input == Input::Repl {
        observers.push(Box::new(RecordObserver(Arc::clone(record))));
    }
    observers
}
