//! Carries out the lines of the operator on the connections of clients, or by the server itself.

use super::Control;
use crate::commands::listen::clients::{Pushed, Recipients};
use crate::event::{EventKind, ServerStatus, Shown};
use crate::input::queue::QueuedAction;
use crate::input::repl::OperatorCommand;
use crate::input::{Action, Show};
use crate::protocol::CloseCode;

impl Control {
    pub(super) fn execute(&mut self, command: OperatorCommand) {
        match command {
            OperatorCommand::Action(action) => self.act(action),
            OperatorCommand::To(number, action) => self.push_typed(Recipients::One(number), action),
            OperatorCommand::Clients => {
                let table = self.server.clients.table();
                self.emit(None, EventKind::Shown(Shown::Text(&table)));
            }
            OperatorCommand::Kick(number, code, reason) => {
                if !self.server.clients.kick(number, code, &reason) {
                    self.show_problem(&no_client(number));
                }
            }
            OperatorCommand::CloseOne(problem, number, arguments) => {
                let problem = match self.server.clients.has(number) {
                    true => format!(
                        "{number} is not a close code; to close client {number}: /kick {arguments}"
                    ),
                    false => problem,
                };
                self.show_problem(&problem);
            }
            OperatorCommand::Quit => self.leave(CloseCode::GOING_AWAY, Ok(())),
        }
    }

    /// By the server itself if it concerns the server, otherwise on all connections.
    fn act(&mut self, action: Action) {
        if let Action::Show(show) = &action
            && let Some(shown) = show.shown()
        {
            let connection = match show {
                Show::Full(kept) => kept.connection,
                _ => None,
            };
            return self.emit(connection, EventKind::Shown(shown));
        }
        match action {
            Action::Show(Show::Status) => self.show_status(),
            Action::Leave(signal) => self.on_signal(signal),
            action => self.push_typed(Recipients::All, action),
        }
    }

    fn push_typed(&mut self, to: Recipients, action: Action) {
        let note = action.hidden_note(|what| self.outputs.hidden_by(what));
        let action = self.server.charge(action);
        let (waiting, closing) = self.push(to, &QueuedAction { action, typed: true });
        match (to, waiting, closing) {
            (_, 1.., _) => {
                if let Some(note) = note {
                    self.emit(None, EventKind::Shown(Shown::Text(&note)));
                }
            }
            (Recipients::All, 0, 0) => {
                self.show_problem("no client is connected: nothing was sent");
            }
            (Recipients::All, 0, _) => {
                self.show_problem("all connections are being closed: nothing was sent");
            }
            (Recipients::One(number), 0, 0) => self.show_problem(&no_client(number)),
            (Recipients::One(number), 0, _) => {
                let text = format!("client {number} is being closed: nothing was sent");
                self.show_problem(&text);
            }
        }
    }

    /// Pushes an action to the queues of these clients. Returns how many there are, and how many more are being
    /// closed.
    pub(super) fn push(&self, to: Recipients, outgoing: &QueuedAction) -> (usize, usize) {
        let Pushed { waiting, closing, too_slow } = self.server.clients.push(to, outgoing);
        self.server.note_slow(too_slow);
        self.server.memory.enforce();
        (waiting, closing)
    }

    fn show_status(&mut self) {
        let totals = self.server.clients.totals();
        let status = ServerStatus {
            url: self.url("ws"),
            clients: totals.connected,
            admitted: totals.admitted,
            received: totals.received,
            sent: totals.sent,
            memory: self.server.memory.held(),
            memory_limit: self.server.config.capacity.memory,
            age: self.server.clock.now().elapsed,
        };
        self.emit(None, EventKind::Shown(Shown::ServerStatus(&status)));
    }

    fn show_problem(&mut self, text: &str) {
        self.emit(None, EventKind::Shown(Shown::Problem(text)));
    }
}

fn no_client(number: u64) -> String {
    format!("no client {number}; /clients lists the connected clients")
}
