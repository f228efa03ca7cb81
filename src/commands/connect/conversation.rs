//! What the connections of a run share: outputs, input, and the event loop.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::opening::Established;
use crate::commands::displays;
use crate::config::{ConnectConfig, Input};
use crate::error::Error;
use crate::event::{Clock, EventKind, Level};
use crate::input::plain::PlainLines;
use crate::input::repl::{CONNECTION_COMMANDS, PromptContext, Repl, ReplOptions};
use crate::input::stdin::Stdin;
use crate::input::{Action, ActionSource, NoInput};
use crate::net::Reactor;
use crate::observer::Observer;
use crate::output::Outputs;
use crate::scenario::{Count, Expectations, Limited};
use crate::session::{Echo, Journal, Plan, Report, Session, Stop};
use crate::view::View;

/// How often the end of the user's text editor is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What all connections of a run share.
pub(super) struct Conversation<'a> {
    pub(super) config: &'a ConnectConfig,
    pub(super) clock: Clock,
    pub(super) outputs: &'a mut Outputs,
    /// What the prompt can show again, and how messages are shown.
    pub(super) view: Option<Arc<View>>,
    pub(super) reactor: &'a mut Reactor,
    /// Set once a connection was open.
    pub(super) source: Option<InputSource>,
}

/// The source of the input.
pub(super) enum InputSource {
    Stdin(Box<Stdin>),
    Plain(Box<PlainLines<Action>>),
    Repl(Box<Repl<Action>>),
    None(NoInput),
}

impl InputSource {
    pub(super) fn source(&mut self) -> &mut dyn ActionSource {
        match self {
            Self::Stdin(stdin) => &mut **stdin,
            Self::Plain(lines) => &mut **lines,
            Self::Repl(repl) => &mut **repl,
            Self::None(none) => none,
        }
    }
}

impl Conversation<'_> {
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
            None => self.start()?,
        };
        let journal = Journal::new(self.outputs, self.clock);
        let Established { stream, connection, opened } = established;
        let source = input.source();
        let session =
            Session::new(stream, connection, self.reactor, source, journal, plan, &opened);
        let report = session.run();
        self.source = Some(input);
        Ok(report)
    }

    fn start(&mut self) -> Result<InputSource, Error> {
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
                    history: self.config.history.clone(),
                    secrets: self.config.endpoint.secrets.clone(),
                    color: self.config.commentary.stdout_color,
                    file_limit: self.config.ending.close_timeout,
                    text_editor: self.config.text_editor.clone(),
                    messages: self.config.messages.clone(),
                    context: self.context(),
                };
                let repl = Repl::start(options, &CONNECTION_COMMANDS, self.reactor.waker())
                    .map_err(|error| Error::System("line editor".to_owned(), error))?;
                self.reactor.interrupt_on(repl.interrupted());
                self.outputs.redirect(displays::STDOUT, Box::new(repl.lane()));
                Ok(InputSource::Repl(Box::new(repl)))
            }
        }
    }

    fn context(&self) -> Option<PromptContext> {
        self.view.as_ref().map(|view| displays::context(view, &self.config.commentary))
    }

    /// Waits for a text that the user is editing, as long as no signal is received and there is time. Returns what ended
    /// the wait otherwise.
    pub(super) fn wait_for_text(&mut self, max_time: Option<Instant>) -> Option<Stop> {
        loop {
            match &mut self.source {
                Some(InputSource::Repl(repl)) if repl.is_text_edited() => {}
                _ => return None,
            }
            if max_time.is_some_and(|end| Instant::now() >= end) {
                return Some(Stop::MaxTime);
            }
            let until = Instant::now() + LOOK_AGAIN;
            match self.reactor.wait(Some(max_time.map_or(until, |end| end.min(until)))) {
                Ok(woken) => self.outputs.set_ready(&woken),
                Err(error) => return Some(Stop::System(error)),
            }
            if let Some(signal) = self.reactor.take_signal() {
                return Some(Stop::Signal(signal));
            }
        }
    }

    /// Restores the terminal, at this time at the latest, even if it accepts no output; later if `lingers` and someone is
    /// typing. Returns how many received messages were not shown.
    pub(super) fn end(&mut self, until: Option<Instant>, lingers: bool) -> u64 {
        let Some(InputSource::Repl(repl)) = &mut self.source else { return 0 };
        self.outputs.flush_early();
        let not_shown = repl.end(until, lingers);
        let is_text_left = repl.is_edited_text_left();
        self.outputs.restore(displays::STDOUT);
        if is_text_left {
            let text = "the text that was being edited was not sent; it is in the history";
            self.emit(EventKind::Notice(Level::Warning, text));
        }
        not_shown as u64
    }

    /// Emits an event to all outputs, with the current time.
    pub(super) fn emit(&mut self, what: EventKind<'_>) {
        Journal::new(self.outputs, self.clock).emit(what);
    }
}

/// The plan for the first connection, with the messages that are sent first.
pub(super) fn plan(
    config: &ConnectConfig,
    presets: Vec<Action>,
    max_time: Option<Instant>,
) -> Plan {
    let ending = &config.ending;
    Plan {
        presets: presets.into(),
        after_input: ending.after_input,
        max_time,
        close_code: Some(ending.close_code),
        close_reason: ending.close_reason.clone(),
        observers: observers(config),
        times: config.resilience.times,
        unsent: config.resilience.reconnect.map(|_| Default::default()),
        input_ended: false,
    }
}

fn observers(config: &ConnectConfig) -> Vec<Box<dyn Observer>> {
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
    observers
}
