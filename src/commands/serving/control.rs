//! The control loop: signals, the operator's lines, and reports of the threads of connections. It never waits for one
//! connection.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::Registry;

use super::evictions::evictions_text;
use super::listening::Listening;
use super::prompt::Prompt;
use super::shared::{LoopInputs, Shared};
use super::{Operator, Served, failed};
use crate::commands::displays::Failures;
use crate::error::Error;
use crate::event::{Event, EventKind, Level};
use crate::input::repl::NextLine;
use crate::net::Reactor;
use crate::output::Outputs;
use crate::platform::signals::Signal;
use crate::protocol::CloseCode;
use crate::server::Acceptor;

mod limits;
mod shutdown;

pub(in crate::commands) use limits::LEAVE_TIMEOUT;
use limits::Limits;
use shutdown::ServerShutdown;

type Report<O> = <<O as Operator>::Server as Served>::Report;

/// The loop of a server, with its operator.
pub(in crate::commands) struct ControlLoop<O: Operator> {
    operator: O,
    control: Control<O>,
    /// Input is left from the last iteration.
    has_more_input: bool,
}

/// What the loop works with, apart from the operator: what that can use.
pub(in crate::commands) struct Control<O: Operator> {
    server: Arc<O::Server>,
    reactor: Reactor,
    /// The listening socket.
    address: SocketAddr,
    outputs: Outputs,
    acceptor: Acceptor<O::Server>,
    prompt: Prompt<O::Command>,
    reports: Receiver<Report<O>>,
    shutdown: Option<ServerShutdown>,
    /// The end of `--duration`.
    until: Option<Instant>,
    /// Those of the end, when it is over.
    limits: Option<Limits>,
    /// A signal has ended the server: recordings are waited for until then, and what follows has its own limits.
    leave_by: Option<Instant>,
    /// The reader of standard output has what it needs, as `head` has.
    has_reader_left: bool,
}

impl<O: Operator> ControlLoop<O> {
    /// A loop that accepts connections for `server`, which ends after `duration`, if given.
    pub(in crate::commands) fn new(
        server: Arc<O::Server>,
        operator: O,
        Listening { reactor, socket, address, .. }: Listening,
        LoopInputs { prompt, reports }: LoopInputs<O::Command, Report<O>>,
        duration: Option<Duration>,
    ) -> Self {
        let control = Control {
            until: duration.map(|duration| Instant::now() + duration),
            outputs: server.shared().outputs(Failures::None, &reactor.waker(), true),
            acceptor: Acceptor::new(Arc::clone(&server), socket, server.receive_options()),
            server,
            reactor,
            address,
            prompt,
            reports,
            shutdown: None,
            limits: None,
            leave_by: None,
            has_reader_left: false,
        };
        Self { operator, control, has_more_input: false }
    }

    /// What the operator can use.
    pub(in crate::commands) fn control(&mut self) -> &mut Control<O> {
        &mut self.control
    }

    /// Runs until the server ends, and reports what was not delivered.
    ///
    /// # Errors
    /// Why it ended, if not successfully.
    pub(super) fn run(mut self) -> Result<(), Error> {
        let result = self.run_until_over();
        let unsent = self.operator.take_unsent();
        self.control.end(result, unsent)
    }

    fn run_until_over(&mut self) -> Result<(), Error> {
        loop {
            self.take_reports();
            self.take_lines();
            self.has_more_input = self.operator.take_input(&mut self.control);
            self.control.accept_pending();
            self.end_duration();
            self.control.warn_of_evictions(false);
            self.control.show_closing();
            self.control.outputs.flush_early(); // errors of the streams are taken in take_reports
            if self.control.is_over() {
                self.take_reports(); // of the last connection and the last batch
                if let Some(result) = self.control.take_result() {
                    return result
                        .and_then(|()| self.operator.take_input_error().map_or(Ok(()), Err));
                }
            }
            self.wait()?;
        }
    }

    fn take_reports(&mut self) {
        while let Ok(report) = self.control.reports.try_recv() {
            self.operator.on_report(report, &mut self.control);
        }
        if let Some(error) = self.control.shared().streams.take_error() {
            self.control.has_reader_left |= error.is_closed_pipe();
            // A goal is judged whether or not anyone reads.
            let has_goal = self.operator.result_of_duration(self.control.server()).is_err();
            if !(has_goal && error.is_closed_pipe()) {
                self.control.on_output_error(error);
            }
        }
    }

    fn take_lines(&mut self) {
        loop {
            if self.control.shutdown.is_some() {
                // Lines are left: they cannot be sent to any connection.
                let Some(interrupt) = self.control.prompt.take_interrupt() else { return };
                self.operator.execute(interrupt, &mut self.control);
                continue;
            }
            match self.control.prompt.take() {
                NextLine::Line(command) => self.operator.execute(command, &mut self.control),
                NextLine::Pending => return self.control.prompt.settle(),
                NextLine::End => return self.control.leave(CloseCode::GOING_AWAY, Ok(())),
            }
        }
    }

    fn end_duration(&mut self) {
        let control = &mut self.control;
        if control.shutdown.is_none() && control.until.is_some_and(|until| Instant::now() >= until)
        {
            let result = self.operator.result_of_duration(&control.server);
            control.leave(CloseCode::NORMAL, result);
        }
    }

    fn wait(&mut self) -> Result<(), Error> {
        let control = &mut self.control;
        let until = if self.has_more_input { Some(Instant::now()) } else { control.deadline() };
        let woken = control.reactor.wait(until).map_err(failed("event loop"))?;
        if woken.is_listener_ready {
            control.acceptor.set_ready();
        }
        control.outputs.set_ready(&woken);
        if woken.is_input_ready {
            // Never without readiness: to read data that is not there would block everything.
            control.prompt.set_ready();
            self.operator.set_input_ready();
        }
        while woken.is_signalled
            && let Some(signal) = control.reactor.take_signal()
        {
            let is_at_rest = signal == Signal::Interrupt && control.shutdown.is_none();
            if !(is_at_rest && control.prompt.clear_line()) {
                control.on_signal(signal);
            }
        }
        if !woken.is_signalled
            && woken.was_interrupted
            && control.prompt.was_interrupted_while_stalled()
        {
            control.on_signal(Signal::Interrupt);
        }
        Ok(())
    }
}

impl<O: Operator> Control<O> {
    /// The server.
    pub(in crate::commands) fn server(&self) -> &Arc<O::Server> {
        &self.server
    }

    fn shared(&self) -> &Shared<Report<O>> {
        self.server.shared()
    }

    /// The address of the listening socket.
    pub(in crate::commands) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The outputs of the loop.
    pub(in crate::commands) fn outputs(&mut self) -> &mut Outputs {
        &mut self.outputs
    }

    /// The registry of the loop.
    pub(in crate::commands) fn registry(&self) -> &Registry {
        self.reactor.registry()
    }

    /// Whether the server is ending: no connection is sent anything new.
    pub(in crate::commands) fn is_ending(&self) -> bool {
        self.shutdown.is_some()
    }

    /// Shows the notices of the configuration, then `lines`, then who can reach the address.
    pub(in crate::commands) fn announce(&mut self, notices: &[(Level, String)], lines: &[String]) {
        for (level, text) in notices {
            self.notice(*level, text);
        }
        for text in lines {
            self.notice(Level::Info, text);
        }
        if !self.address.ip().is_loopback() {
            self.notice(Level::Warning, "this address can be reached from other machines");
        }
    }

    /// Emits a notice.
    pub(in crate::commands) fn notice(&mut self, level: Level, text: &str) {
        self.emit(None, EventKind::Notice(level, text));
    }

    /// Emits an event, of the connection with this number if it concerns one.
    pub(in crate::commands) fn emit(&mut self, connection: Option<u64>, what: EventKind<'_>) {
        let at = self.shared().clock.now();
        self.outputs.event(&Event { at, connection, mark: None, transit: None, what });
    }

    fn accept_pending(&mut self) {
        if self.shutdown.is_none()
            && let Err(error) = self.acceptor.accept_pending()
        {
            let text = format!("no more clients can be accepted for now: {error}");
            self.notice(Level::Warning, &text);
        }
    }

    fn warn_of_evictions(&mut self, is_end: bool) {
        if let Some(evictions) = self.acceptor.take_evictions(is_end) {
            self.notice(Level::Warning, &evictions_text(&evictions));
        }
    }

    /// When the loop goes on without being woken.
    fn deadline(&self) -> Option<Instant> {
        match &self.shutdown {
            Some(shutdown) => shutdown.deadline(Instant::now()),
            None => self.acceptor.deadline().into_iter().chain(self.until).min(),
        }
    }
}
