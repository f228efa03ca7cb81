//! The control loop: signals, lines typed or piped, and events of clients. It never waits for one client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::clients::Recipients;
use super::failure::evictions_text;
use super::server::{ClientEvent, Server, failed};
use crate::commands::displays::Failures;
use crate::error::Error;
use crate::event::{Event, EventKind, Level};
use crate::input::plain::PlainLines;
use crate::input::queue::QueuedAction;
use crate::input::repl::{NextLine, OperatorCommand, Repl};
use crate::input::stdin::Stdin;
use crate::input::{Action, ActionSource, InputError, Next};
use crate::net::Reactor;
use crate::output::Outputs;
use crate::output::human::Detail;
use crate::platform::signals::Signal;
use crate::protocol::{CloseCode, large};
use crate::server::Acceptor;

mod operator;
mod shutdown;

use shutdown::ServerShutdown;

/// The maximum number of lines that are taken in a row.
const INPUT_BUDGET: usize = 1024;

/// The source of lines for the clients.
pub(super) enum OperatorInput {
    Repl(Repl<OperatorCommand>),
    Plain(PlainLines<OperatorCommand>),
    Stdin(Stdin),
    None,
}

pub(super) struct Control {
    server: Arc<Server>,
    reactor: Reactor,
    /// The listening socket.
    address: SocketAddr,
    outputs: Outputs,
    acceptor: Acceptor<Server>,
    input: OperatorInput,
    input_error: Option<InputError>,
    /// Lines are left from the last iteration of the loop.
    has_more_input: bool,
    client_event: Receiver<ClientEvent>,
    shutdown: Option<ServerShutdown>,
    /// The end of `--duration`.
    until: Option<Instant>,
    /// A signal has ended the server: no wait is longer than until then.
    leave_by: Option<Instant>,
}

impl Control {
    pub(super) fn new(
        server: Arc<Server>,
        reactor: Reactor,
        acceptor: Acceptor<Server>,
        address: SocketAddr,
        input: OperatorInput,
        client_event: Receiver<ClientEvent>,
    ) -> Self {
        let until = server.config.duration.map(|duration| Instant::now() + duration);
        Self {
            until,
            outputs: server.outputs(Failures::None, &reactor.waker(), true),
            address,
            server,
            reactor,
            acceptor,
            input,
            input_error: None,
            has_more_input: false,
            client_event,
            shutdown: None,
            leave_by: None,
        }
    }

    /// Reports the address of the server.
    pub(super) fn announce(&mut self) {
        let server = Arc::clone(&self.server);
        let config = &server.config;
        for (level, text) in &config.notices {
            self.notice(*level, text);
        }
        let is_detailed = config.commentary.detail >= Detail::Head;
        self.notice(Level::Info, &format!("listening on {}", self.url("ws")));
        if is_detailed {
            self.notice(Level::Info, &format!("client for browsers: {}", self.url("http")));
            if config.commentary.takes_commands {
                let text = "lines typed are sent to all clients; /help lists the commands";
                self.notice(Level::Info, text);
            }
        }
        if !self.address.ip().is_loopback() {
            self.notice(Level::Warning, "this address can be reached from other machines");
        }
    }

    /// The URL of the server, with this scheme or its secure form.
    fn url(&self, scheme: &str) -> String {
        let (config, address) = (&self.server.config, self.address);
        let s = if config.accept.receive.tls.is_some() { "s" } else { "" };
        let path = config.accept.rules.path.as_deref().unwrap_or("/");
        format!("{scheme}{s}://{address}{path}")
    }

    /// Runs until the server ends.
    pub(super) fn run(&mut self) -> Result<(), Error> {
        loop {
            self.on_client_event();
            self.take_input();
            if self.shutdown.is_none()
                && let Err(error) = self.acceptor.accept_pending()
            {
                let text = format!("no more clients can be accepted for now: {error}");
                self.notice(Level::Warning, &text);
            }
            self.end_duration();
            self.warn_of_evictions(false);
            self.show_closing();
            self.outputs.flush_early(); // errors of the streams are taken in on_client_event
            if self.is_over() {
                self.on_client_event(); // of the last client and the last batch
                if let Some(shutdown) = self.shutdown.take() {
                    self.leave_by = shutdown.leave_by(self.server.clients.have_finished());
                    return shutdown.result.and_then(|()| self.input_failure());
                }
            }
            self.wait()?;
        }
    }

    fn warn_of_evictions(&mut self, is_end: bool) {
        if let Some(evictions) = self.acceptor.take_evictions(is_end) {
            self.notice(Level::Warning, &evictions_text(&evictions));
        }
    }

    fn wait(&mut self) -> Result<(), Error> {
        let now = Instant::now();
        let until = match &self.shutdown {
            Some(shutdown) => shutdown.deadline(now),
            None => self.acceptor.deadline().into_iter().chain(self.until).min(),
        };
        let until = if self.has_more_input { Some(now) } else { until };
        let woken = self.reactor.wait(until).map_err(failed("event loop"))?;
        if woken.is_listener_ready {
            self.acceptor.set_ready();
        }
        self.outputs.set_ready(&woken);
        if woken.is_input_ready {
            // Never without readiness: to read data that is not there would block everything.
            match &mut self.input {
                OperatorInput::Stdin(stdin) => stdin.set_ready(),
                OperatorInput::Plain(lines) => lines.set_ready(),
                OperatorInput::Repl(_) | OperatorInput::None => {}
            }
        }
        while woken.is_signalled
            && let Some(signal) = self.reactor.take_signal()
        {
            if let (Signal::Interrupt, OperatorInput::Plain(lines)) = (signal, &mut self.input)
                && self.shutdown.is_none()
                && lines.clear_line()
            {
                continue;
            }
            self.on_signal(signal);
        }
        if !woken.is_signalled
            && woken.was_interrupted
            && let OperatorInput::Repl(repl) = &mut self.input
            && repl.was_interrupted_while_stalled()
        {
            self.on_signal(Signal::Interrupt);
        }
        Ok(())
    }

    fn on_client_event(&mut self) {
        while let Ok(client_event) = self.client_event.try_recv() {
            match client_event {
                ClientEvent::Admitted => {}
                ClientEvent::Ended(verdict) if self.server.config.once => self.finish(verdict),
                ClientEvent::Ended(_) => {}
                ClientEvent::TooSlow(number) => {
                    let limit = self.server.config.capacity.backlog >> 20;
                    let text = format!("too slow: {limit} MiB are waiting; closing with 1013");
                    self.emit(Some(number), EventKind::Notice(Level::Warning, &text));
                }
                ClientEvent::CountReached => self.on_count_reached(),
            }
        }
        if let Some(error) = self.server.streams.take_error() {
            self.on_output_error(error);
        }
    }

    fn input_failure(&mut self) -> Result<(), Error> {
        self.input_error.take().map_or(Ok(()), |error| Err(Error::Input(error)))
    }

    fn take_input(&mut self) {
        self.has_more_input = false;
        match &self.input {
            OperatorInput::None => {}
            OperatorInput::Repl(_) | OperatorInput::Plain(_) => self.take_lines_typed(),
            OperatorInput::Stdin(_) => self.take_lines_piped(),
        }
    }

    /// Reads only what a client can be sent.
    fn take_lines_piped(&mut self) {
        for _ in 0..INPUT_BUDGET {
            let OperatorInput::Stdin(stdin) = &mut self.input else { return };
            if self.shutdown.is_some() || !self.server.clients.have_room() {
                return;
            }
            match stdin.next(self.reactor.registry()) {
                Next::Message(kind, data) => {
                    let payload = self.server.memory.share(large::copy(data));
                    let action = Action::Send(kind, payload);
                    self.push(Recipients::All, &QueuedAction { action, typed: false });
                }
                Next::Action(_) => {}
                Next::Pending => return,
                Next::End => self.input = OperatorInput::None,
                Next::Failed(error) => {
                    self.notice(Level::Warning, &format!("no more input is read: {error}"));
                    self.input_error = Some(error);
                    self.input = OperatorInput::None;
                }
            }
        }
        self.has_more_input = true;
    }

    fn take_lines_typed(&mut self) {
        loop {
            if self.shutdown.is_some() {
                // Lines are left: they cannot be sent to any client.
                let OperatorInput::Repl(repl) = &mut self.input else { return };
                let Some(interrupt) = repl.take_interrupt() else { return };
                self.execute(interrupt);
                continue;
            }
            let typed = match &mut self.input {
                OperatorInput::Repl(repl) => repl.take(),
                OperatorInput::Plain(lines) => lines.take(),
                OperatorInput::Stdin(_) | OperatorInput::None => return,
            };
            match typed {
                NextLine::Line(command) => self.execute(command),
                NextLine::Pending => return,
                NextLine::End => return self.leave(CloseCode::GOING_AWAY, Ok(())),
            }
        }
    }

    fn notice(&mut self, level: Level, text: &str) {
        self.emit(None, EventKind::Notice(level, text));
    }

    fn emit(&mut self, connection: Option<u64>, what: EventKind<'_>) {
        self.outputs.event(&Event { at: self.server.clock.now(), connection, mark: None, what });
    }
}
