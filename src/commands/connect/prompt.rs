//! The prompt of `wscope URL`: its lines are for the connection of the main loop, for others, or about all of them.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::{Registry, Token, Waker};

use super::connections::Connections;
use crate::input::repl::{NextLine, PromptCommand, Repl};
use crate::input::{Action, ActionSource, Next, Shutdown};
use crate::platform::signals::Signal;
use crate::protocol::CloseCode;

/// The prompt with its connections.
pub(super) struct Prompt {
    repl: Repl<PromptCommand>,
    pub(super) connections: Connections,
    /// For the connection of the main loop.
    actions: VecDeque<Action>,
    /// The main loop has a connection, or is opening it again.
    has_main: bool,
    /// Ctrl-C has cancelled an attempt of the main loop.
    is_cancelled: bool,
    /// Ctrl-C has ended the wait of the main loop for the peer's Close frame.
    shutdown: Option<Shutdown>,
    leave: Option<Leave>,
    /// All connections are being closed, because the result of the run is known.
    is_decided: bool,
    has_ended: bool,
}

/// How the user ends the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// `/quit` or Ctrl-D.
    Quit,
    /// As at this signal.
    Signal(Signal),
}

/// Actions that are taken in advance. Those behind them stay in the editor's queue.
const MAX_ACTIONS: usize = 64;

impl Prompt {
    /// `has_main`: the main loop has the first connection.
    pub(super) fn new(repl: Repl<PromptCommand>, connections: Connections, has_main: bool) -> Self {
        Self {
            repl,
            connections,
            actions: VecDeque::new(),
            has_main,
            is_cancelled: false,
            shutdown: None,
            leave: None,
            is_decided: false,
            has_ended: false,
        }
    }

    /// How the user ends the run, if so.
    pub(super) fn leave(&self) -> Option<Leave> {
        self.leave
    }

    /// Takes how the user ends the run.
    pub(super) fn take_leave(&mut self) -> Option<Leave> {
        self.leave.take()
    }

    /// The main loop has no connection any more. Returns what was typed for it and not taken. Enter that was pressed before
    /// this, when the end was not shown yet, is not meant to connect again.
    pub(super) fn release_main(&mut self) -> VecDeque<Action> {
        self.take_lines();
        self.has_main = false;
        self.shutdown = None;
        self.connections.release_main();
        std::mem::take(&mut self.actions)
    }

    /// Says that these actions of the first connection are not carried out.
    pub(super) fn refuse(&mut self, unsent: VecDeque<Action>) {
        let name = self.connections.first_name();
        // What closes it has nothing more to do.
        for action in
            unsent.into_iter().filter(|it| !matches!(it, Action::Close(..) | Action::Leave(_)))
        {
            self.route(PromptCommand::To(name.clone(), action));
        }
    }

    /// Whether Ctrl-C has cancelled an attempt of the main loop, once. It is waited for as a signal would be.
    pub(super) fn take_cancelled(&mut self) -> bool {
        self.take_lines();
        std::mem::take(&mut self.is_cancelled)
    }

    /// Takes lines, and passes on those that are not for the main loop.
    pub(super) fn take_lines(&mut self) {
        self.connections.take_events();
        if self.connections.decision.is_some() && self.leave.is_none() && !self.is_decided {
            self.is_decided = true;
            self.quit();
        }
        while self.actions.len() < MAX_ACTIONS && !self.has_ended {
            match self.repl.take() {
                NextLine::Line(command) => self.route(command),
                NextLine::Pending => break,
                NextLine::End => {
                    self.has_ended = true;
                    self.leave.get_or_insert(Leave::Quit);
                    self.connections.close();
                }
            }
        }
        if self.actions.is_empty() {
            self.repl.settle(); // the main loop has carried out what it has taken
        }
    }

    fn route(&mut self, command: PromptCommand) {
        match command {
            PromptCommand::To(name, action) if self.has_main && self.connections.is_main(&name) => {
                self.actions.push_back(action);
            }
            PromptCommand::Action(Action::Leave(Signal::Interrupt)) if self.gives_up_closing() => {}
            PromptCommand::Action(action @ Action::Leave(signal)) => {
                self.leave = Some(Leave::Signal(signal));
                if self.has_main {
                    self.actions.push_back(action);
                }
            }
            PromptCommand::Cancel(name) if self.has_main && self.connections.is_main(&name) => {
                self.is_cancelled = true;
            }
            PromptCommand::Quit => self.quit(),
            command => self.connections.execute(command),
        }
    }

    /// Whether Ctrl-C ends only the wait for connections that are being closed.
    fn gives_up_closing(&mut self) -> bool {
        if self.leave.is_some() {
            return false;
        }
        let (are_any, is_main) = self.connections.give_up_closing();
        if is_main {
            self.shutdown = Some(Shutdown { until: Instant::now(), is_interrupted: false });
        }
        are_any
    }

    /// Closes all connections.
    fn quit(&mut self) {
        self.leave.get_or_insert(Leave::Quit);
        self.connections.close();
        if self.has_main {
            self.actions.push_back(Action::Close(None, None));
        }
    }

    pub(super) fn repl(&mut self) -> &mut Repl<PromptCommand> {
        &mut self.repl
    }
}

impl ActionSource for Prompt {
    /// The waker was given at the start.
    fn register(&mut self, _: &Registry, _: Token, _: &Arc<Waker>) -> io::Result<()> {
        Ok(())
    }

    fn set_ready(&mut self) {}

    fn on_woken(&mut self) {
        self.take_lines();
    }

    fn on_end(&mut self, until: Instant, signal: Option<Signal>) {
        let code = match signal {
            Some(Signal::Terminate | Signal::Hangup | Signal::Quit) => CloseCode::GOING_AWAY,
            Some(Signal::Interrupt) | None => self.connections.close_code(),
        };
        self.connections.shut_down(code, until);
    }

    fn next(&mut self, _: &Registry) -> Next<'_> {
        self.take_lines();
        match self.actions.pop_front() {
            Some(action) => Next::Action(action),
            None if self.has_ended => Next::End,
            None => Next::Pending,
        }
    }

    fn is_typed(&self) -> bool {
        true
    }

    fn take_waiting_messages(&mut self) -> u64 {
        let taken = self.actions.drain(..).filter(Action::is_message).count() as u64;
        taken + self.repl.take_waiting(PromptCommand::is_message)
    }

    fn take_interrupt(&mut self) -> bool {
        if let Some(command) = self.repl.take_interrupt() {
            self.route(command);
        }
        let is_interrupt = |action: &Action| matches!(action, Action::Leave(Signal::Interrupt));
        let at = self.actions.iter().position(is_interrupt);
        at.and_then(|at| self.actions.remove(at)).is_some()
    }

    fn is_end_waiting(&self) -> bool {
        self.has_ended || self.actions.iter().any(|action| matches!(action, Action::Close(..)))
    }

    fn outlives_connection(&self) -> bool {
        let stays = self.connections.stays() || self.connections.are_running();
        stays && self.leave.is_none()
    }

    fn shutdown(&self) -> Option<Shutdown> {
        self.shutdown
    }

    /// Ctrl-C is not to end the run on a line for another connection.
    fn set_closing(&mut self) {
        let name = self.connections.first_name();
        if self.connections.is_main(&name) {
            self.connections.set_closing(&name);
        }
        if !self.outlives_connection() {
            self.repl.set_closing();
        }
    }

    fn was_interrupted(&mut self) -> bool {
        self.repl.was_interrupted_while_stalled()
    }
}
