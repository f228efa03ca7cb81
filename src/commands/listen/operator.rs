//! The part of the control loop that is that of `wscope listen`: lines typed or piped, on the connections of clients or by
//! the server itself, and what their threads report.

use std::net::SocketAddr;

use super::clients::{Pushed, Recipients};
use super::mock::Mock;
use super::server::{ClientEvent, Server};
use crate::commands::serving::LEAVE_TIMEOUT;
use crate::commands::{page, serving};
use crate::config::ListenConfig;
use crate::error::Error;
use crate::event::{EventKind, Level, ServerStatus, Shown};
use crate::input::queue::QueuedAction;
use crate::input::repl::OperatorCommand;
use crate::input::stdin::Stdin;
use crate::input::{Action, ActionSource, InputError, Next, Show};
use crate::observer::Observer;
use crate::output::human::Detail;
use crate::platform::signals::Signal;
use crate::protocol::{CloseCode, large};

/// The maximum number of piped lines that are taken in a row.
const INPUT_BUDGET: usize = 1024;

/// The operator of a server, or what takes its place: lines of standard input, which are sent to all clients.
pub(super) struct Operator {
    /// Where it is read, until its end.
    stdin: Option<Stdin>,
    input_error: Option<InputError>,
}

type Control = serving::Control<Operator>;

impl Operator {
    /// One that sends the lines of this input, if any, beside what is typed at a prompt.
    pub(super) fn new(stdin: Option<Stdin>) -> Self {
        Self { stdin, input_error: None }
    }

    /// By the server itself if it concerns the server, otherwise on all connections.
    fn act(action: Action, control: &mut Control) {
        if let Action::Show(show) = &action
            && let Some(shown) = show.shown()
        {
            let connection = match show {
                Show::Full(kept) => kept.connection,
                _ => None,
            };
            return control.emit(connection, EventKind::Shown(shown));
        }
        match action {
            Action::Show(Show::Status) => show_status(control),
            Action::Leave(signal) => control.on_signal(signal),
            Action::Show(_) if control.server().clients.totals().connected == 0 => {
                show_problem("no client is connected", control);
            }
            action => push_typed(Recipients::All, action, control),
        }
    }
}

impl serving::Operator for Operator {
    type Server = Server;
    type Command = OperatorCommand;

    const AWAITED: &'static str = "the clients' Close frames";

    fn execute(&mut self, command: OperatorCommand, control: &mut Control) {
        match command {
            OperatorCommand::Action(action) => Self::act(action, control),
            OperatorCommand::To(number, action) => {
                push_typed(Recipients::One(number), action, control);
            }
            OperatorCommand::Clients => {
                let table = control.server().clients.table();
                control.emit(None, EventKind::Shown(Shown::Text(&table)));
            }
            OperatorCommand::Kick(number, code, reason) => {
                if !control.server().clients.kick(number, code, &reason) {
                    show_problem(&no_client(number), control);
                }
            }
            OperatorCommand::CloseOne(problem, number, arguments) => {
                let problem = match control.server().clients.has(number) {
                    true => format!(
                        "{number} is not a close code; to close client {number}: /kick {arguments}"
                    ),
                    false => problem,
                };
                show_problem(&problem, control);
            }
            OperatorCommand::Quit => control.leave(CloseCode::GOING_AWAY, Ok(())),
        }
    }

    fn on_report(&mut self, report: ClientEvent, control: &mut Control) {
        match report {
            ClientEvent::Admitted => {}
            ClientEvent::Page(what) => control.notice(Level::Info, &page::done_text(&what)),
            ClientEvent::Ended(verdict) if control.server().config.once => control.finish(verdict),
            ClientEvent::Ended(_) => {}
            ClientEvent::TooSlow(number) => {
                let limit = control.server().config.capacity.backlog >> 20;
                let text = format!("too slow: {limit} MiB are waiting; closing with 1013");
                control.emit(Some(number), EventKind::Notice(Level::Warning, &text));
            }
            ClientEvent::CountReached => {
                // Each session then ends by itself, unless its socket accepts no Close frame.
                let limit = control.server().config.close_timeout.unwrap_or_default();
                control.leave_within(limit + LEAVE_TIMEOUT, CloseCode::NORMAL, Ok(()));
            }
        }
    }

    fn result_of_signal(signal: Signal, _: bool) -> Result<(), Error> {
        Err(Error::Signal(signal))
    }

    fn is_message(command: &OperatorCommand) -> bool {
        command.is_message()
    }

    fn result_of_duration(&self, server: &Server) -> Result<(), Error> {
        match server.count.as_ref().filter(|count| !count.is_reached()) {
            Some(count) => Err(Error::Unmet(vec![count.shortfall()], None)),
            None => Ok(()),
        }
    }

    fn set_input_ready(&mut self) {
        if let Some(stdin) = &mut self.stdin {
            stdin.set_ready();
        }
    }

    /// Reads only what a client can be sent.
    fn take_input(&mut self, control: &mut Control) -> bool {
        for _ in 0..INPUT_BUDGET {
            let Some(stdin) = &mut self.stdin else { return false };
            if control.is_ending() || !control.server().clients.have_room() {
                return false;
            }
            match stdin.next(control.registry()) {
                Next::Message(kind, data) => {
                    let payload = control.server().memory.share(large::copy(data));
                    let action = Action::Send(kind, payload);
                    push(Recipients::All, &QueuedAction { action, typed: false }, control.server());
                }
                Next::Action(_) => {}
                Next::Pending => return false,
                Next::End => self.stdin = None,
                Next::Failed(error) => {
                    control.notice(Level::Warning, &format!("no more input is read: {error}"));
                    self.input_error = Some(error);
                    self.stdin = None;
                }
            }
        }
        true
    }

    fn take_input_error(&mut self) -> Option<Error> {
        self.input_error.take().map(Error::Input)
    }

    fn take_unsent(&mut self) -> u64 {
        self.stdin.as_mut().map_or(0, Stdin::take_waiting_messages)
    }
}

/// Reports the address of the server, and what is to be said of the page.
pub(super) fn announce(control: &mut Control, of_page: &[(Level, String)]) {
    let (config, address) = (&control.server().config, control.address());
    let mut lines = vec![format!("listening on {}", url("ws", config, address))];
    if config.commentary.detail >= Detail::Head {
        lines.extend(control.server().mock.as_ref().map(Mock::description));
        lines.push(format!("client for browsers: {}", url("http", config, address)));
        if config.commentary.takes_commands {
            lines.push("lines typed are sent to all clients; /help lists the commands".to_owned());
        }
    }
    let notices = config.notices.clone();
    control.announce(&notices, &lines);
    for (level, text) in of_page {
        control.notice(*level, text);
    }
}

/// The URL of the server, with this scheme or its secure form.
pub(super) fn url(scheme: &str, config: &ListenConfig, address: SocketAddr) -> String {
    let accept = &config.accept;
    let s = if accept.receive.tls.is_some() { "s" } else { "" };
    let path = accept.rules.path.as_deref().unwrap_or("/");
    format!("{scheme}{s}://{address}{path}")
}

fn push_typed(to: Recipients, action: Action, control: &mut Control) {
    let outputs = control.outputs();
    let client = match to {
        Recipients::All => None,
        Recipients::One(client) => Some(client),
    };
    let note = action.hidden_note(|what| outputs.hidden_by(client, what));
    let action = control.server().charge(action);
    match try_push(control.server(), to, &QueuedAction { action, typed: true }) {
        Ok(()) => {
            if let Some(note) = note {
                control.emit(None, EventKind::Shown(Shown::Text(&note)));
            }
        }
        Err(problem) => show_problem(&problem, control),
    }
}

/// Pushes an action to the queues of these clients.
///
/// # Errors
/// If there are none, in words.
pub(super) fn try_push(
    server: &Server,
    to: Recipients,
    outgoing: &QueuedAction,
) -> Result<(), String> {
    match (to, push(to, outgoing, server)) {
        (_, (1.., _)) => Ok(()),
        (Recipients::All, (0, 0)) => Err("no client is connected: nothing was sent".to_owned()),
        (Recipients::All, (0, _)) => {
            Err("all connections are being closed: nothing was sent".to_owned())
        }
        (Recipients::One(number), (0, 0)) => Err(no_client(number)),
        (Recipients::One(number), (0, _)) => {
            Err(format!("client {number} is being closed: nothing was sent"))
        }
    }
}

/// Pushes an action to the queues of these clients. Returns how many there are, and how many more are being
/// closed.
fn push(to: Recipients, outgoing: &QueuedAction, server: &Server) -> (usize, usize) {
    let Pushed { waiting, closing, too_slow } = server.clients.push(to, outgoing);
    server.note_slow(too_slow);
    server.memory.enforce();
    (waiting, closing)
}

fn show_status(control: &mut Control) {
    let server = control.server();
    let totals = server.clients.totals();
    let status = ServerStatus {
        url: url("ws", &server.config, control.address()),
        clients: totals.connected,
        admitted: totals.admitted,
        received: totals.received,
        sent: totals.sent,
        memory: server.memory.held(),
        memory_limit: server.config.capacity.memory,
        age: server.shared.clock.now().elapsed,
    };
    control.emit(None, EventKind::Shown(Shown::ServerStatus(&status)));
}

fn show_problem(text: &str, control: &mut Control) {
    control.emit(None, EventKind::Shown(Shown::Problem(text)));
}

pub(super) fn no_client(number: u64) -> String {
    format!("no client {number}; /clients lists the connected clients")
}
