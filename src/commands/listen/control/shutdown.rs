//! The end of a server: how long its clients and its outputs may take, and the result.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Control, OperatorInput};
use crate::commands::delivery::Delivery;
use crate::commands::lost;
use crate::commands::recording::{Ending, Verdict};
use crate::error::Error;
use crate::event::Level;
use crate::input::repl::OperatorCommand;
use crate::input::{self, ActionSource};
use crate::observer::Observer;
use crate::output::OutputError;
use crate::output::human::Detail;
use crate::platform::signals::Signal;
use crate::protocol::CloseCode;
use crate::session::{SHOW_CLOSING_AFTER, closing_text};

/// The time limit for all clients together when the server shuts down. With the limits below it is a second.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(700);

/// The last part of it, in which received messages that do not fit into the output are dropped, so that
/// the closing handshakes that follow them are received.
const DROPPING_TIME: Duration = Duration::from_millis(300);

/// The last part of that, for reporting connections that are still open.
const REPORT_TIME: Duration = Duration::from_millis(100);

/// How long files that are recorded to are waited for after a signal.
const RECORD_TIMEOUT: Duration = Duration::from_millis(50);

/// The time limit for the last lines on standard error and the terminal.
const LOG_TIMEOUT: Duration = Duration::from_millis(100);

/// All connections are being closed.
pub(super) struct ServerShutdown {
    /// The deadline for that.
    until: Instant,
    /// A signal was received: the deadline also ends what is stalled.
    is_interrupted: bool,
    /// When the operator is to be shown that the closing handshakes are slow.
    notice_at: Option<Instant>,
    /// The verdict on the one client (`--once`) does not change the result.
    is_decided: bool,
    pub(super) result: Result<(), Error>,
}

impl ServerShutdown {
    /// When a server that a signal has ended, or whose clients have not, has to be gone.
    pub(super) fn leave_by(&self, have_finished: bool) -> Option<Instant> {
        (self.is_interrupted || !have_finished).then(|| self.until + RECORD_TIMEOUT)
    }

    /// When to check again without being woken.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let dropping = self.until.checked_sub(DROPPING_TIME).filter(|from| now < *from);
        let until = if self.is_interrupted {
            dropping.or(Some(self.until))
        } else {
            Some(self.until).filter(|until| now < *until)
        };
        until.into_iter().chain(self.notice_at).min()
    }
}

impl Control {
    pub(super) fn on_signal(&mut self, signal: Signal) {
        let is_typed = matches!(self.input, OperatorInput::Repl(_) | OperatorInput::Plain(_));
        let now = Instant::now();
        let soon = now + REPORT_TIME;
        let until = match &self.shutdown {
            // Closing a terminal causes a signal from more than one process, and an end of input.
            Some(shutdown) if shutdown.is_interrupted && signal == Signal::Hangup => return,
            Some(shutdown) if shutdown.is_interrupted => shutdown.until.min(soon),
            // The operator has been shown that Ctrl-C exits at once.
            Some(shutdown) if is_typed && shutdown.notice_at.is_none() => soon,
            _ => now + LEAVE_TIMEOUT,
        };
        self.server.streams.stop_display(); // before our Close frame is shown
        let notice_at = match &self.shutdown {
            Some(shutdown) => shutdown.notice_at,
            None => self.notice_time(),
        };
        let result = match self.shutdown.take().map(|shutdown| shutdown.result) {
            // What has failed before is the reason: the signal only ends the wait for the clients. A terminal that
            // was closed causes both.
            Some(Err(error @ Error::Output(_))) if signal != Signal::Hangup => Err(error),
            _ => Err(Error::Signal(signal)),
        };
        let (is_interrupted, is_decided) = (true, true);
        self.shutdown =
            Some(ServerShutdown { until, is_interrupted, notice_at, is_decided, result });
        self.close_clients(CloseCode::GOING_AWAY, until - REPORT_TIME, true);
        self.server.streams.stop_waiting(false);
    }

    /// Shows the operator that the closing handshakes are slow.
    pub(super) fn show_closing(&mut self) {
        let Some(shutdown) = &mut self.shutdown else { return };
        if shutdown.notice_at.take_if(|at| *at <= Instant::now()).is_some() {
            let is_interrupted = matches!(shutdown.result, Err(Error::Signal(Signal::Interrupt)));
            self.notice(Level::Info, &closing_text("the clients' Close frames", is_interrupted));
        }
    }

    /// A reader that stops reading, such as `head`, shuts the server down cleanly.
    pub(super) fn on_output_error(&mut self, error: OutputError) {
        let is_closed = error.is_closed_pipe();
        let code = if is_closed { CloseCode::NORMAL } else { CloseCode::GOING_AWAY };
        self.leave(code, Ok(()));
        let Some(shutdown) = &mut self.shutdown else { return };
        // What cannot be written is reported also where a signal ends the server.
        let is_decided = shutdown.is_decided && (is_closed || !is_signal(&shutdown.result));
        if !is_decided {
            shutdown.is_decided = true;
            shutdown.result = if is_closed { Ok(()) } else { Err(Error::Output(error)) };
        }
    }

    /// `--count` messages have been received.
    pub(super) fn on_count_reached(&mut self) {
        let limit = match self.server.config.close_timeout {
            // Each session then ends by itself, unless its socket accepts no Close frame.
            Some(limit) => limit + LEAVE_TIMEOUT,
            None => LEAVE_TIMEOUT,
        };
        self.start_shutdown(CloseCode::NORMAL, limit, Ok(()));
    }

    /// Ends the server when `--duration` is over.
    pub(super) fn end_duration(&mut self) {
        if self.shutdown.is_some() || self.until.is_none_or(|until| Instant::now() < until) {
            return;
        }
        let unmet = self.server.count.as_ref().filter(|count| !count.is_reached());
        let result = match unmet {
            Some(count) => Err(Error::Unmet(vec![count.shortfall()], None)),
            None => Ok(()),
        };
        self.leave(CloseCode::NORMAL, result);
    }

    /// Closes all connections and waits for the closing handshakes for a limited time; the first reason counts.
    pub(super) fn leave(&mut self, code: CloseCode, result: Result<(), Error>) {
        self.outputs.end_pause();
        self.start_shutdown(code, LEAVE_TIMEOUT, result);
    }

    fn start_shutdown(&mut self, code: CloseCode, limit: Duration, result: Result<(), Error>) {
        if self.shutdown.is_none() {
            let until = Instant::now() + limit;
            let (notice_at, is_interrupted, is_decided) = (self.notice_time(), false, false);
            self.shutdown =
                Some(ServerShutdown { until, is_interrupted, notice_at, is_decided, result });
            self.close_clients(code, until - REPORT_TIME, false);
        }
    }

    fn close_clients(&self, code: CloseCode, until: Instant, is_interrupted: bool) {
        self.server.clients.shut_down(code, input::Shutdown { until, is_interrupted });
    }

    /// When the operator is to be shown that the closing handshakes are slow.
    fn notice_time(&self) -> Option<Instant> {
        let at = Some(Instant::now() + SHOW_CLOSING_AFTER);
        match &self.input {
            OperatorInput::Repl(repl) => {
                repl.set_closing();
                at
            }
            OperatorInput::Plain(_) => at,
            OperatorInput::Stdin(_) | OperatorInput::None => None,
        }
    }

    /// The only client has disconnected. The verdict on it is the result, unless the server ends for another reason.
    pub(super) fn finish(&mut self, verdict: Result<(), Error>) {
        match &mut self.shutdown {
            Some(shutdown) if shutdown.result.is_ok() && !shutdown.is_decided => {
                shutdown.result = verdict;
            }
            Some(_) => {}
            None => self.leave(CloseCode::GOING_AWAY, verdict),
        }
    }

    /// Whether all clients have disconnected or their time is over, and all received data is written. After a
    /// signal only the time matters.
    pub(super) fn is_over(&mut self) -> bool {
        let Some(shutdown) = &self.shutdown else { return false };
        let is_late = Instant::now() >= shutdown.until;
        if shutdown.is_interrupted && Instant::now() + DROPPING_TIME >= shutdown.until {
            self.server.streams.stop_waiting(true);
            self.server.recordings.recordings.stop_waiting();
        }
        if shutdown.is_interrupted && is_late {
            return true;
        }
        let is_written = self.outputs.are_drained() && self.server.streams.are_written();
        is_written && (is_late || self.server.clients.have_finished())
    }

    /// Reports what was not delivered, and restores the terminal. Returns the result of the run with that of what was
    /// recorded.
    ///
    /// # Errors
    /// That result.
    pub(in crate::commands::listen) fn end(
        &mut self,
        result: Result<(), Error>,
    ) -> Result<(), Error> {
        let result = self.finish_recordings(result);
        self.warn_of_evictions(true);
        let mut lost = self.server.take_lost();
        lost.received += self.server.streams.give_up() as u64;
        lost.sent += match &mut self.input {
            OperatorInput::Stdin(stdin) => stdin.take_waiting_messages(),
            OperatorInput::Repl(repl) => repl.take_waiting(OperatorCommand::is_message),
            OperatorInput::Plain(lines) => lines.take_waiting(OperatorCommand::is_message),
            OperatorInput::None => 0,
        };
        for text in lost::texts(&lost, self.server.streams.have_prompt(), false) {
            self.notice(Level::Warning, &text);
            self.outputs.flush_early(); // the queues report their errors themselves
        }
        self.outputs.finish();
        self.outputs.flush_early();
        let until = Instant::now() + LOG_TIMEOUT;
        self.server.streams.finish_log(until);
        if let OperatorInput::Repl(repl) = &mut self.input {
            repl.end(Some(until), false);
        }
        result
    }

    /// Waits until all is written to the files that are recorded to, unless a signal has ended the server or does so now.
    fn finish_recordings(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        let recordings = &server.recordings.recordings;
        recordings.end();
        let result = Delivery {
            outputs: &mut Ending { outputs: &mut self.outputs, recordings: Some(recordings) },
            reactor: &mut self.reactor,
            until: self.leave_by,
            is_leaving: self.leave_by.is_some(),
            max_time: Duration::ZERO,
            needs_reader: false,
            result,
        }
        .run();
        let commentary = &server.config.commentary;
        let verdict = Verdict::take(recordings, commentary.on_terminal);
        for (level, text) in &verdict.notices {
            self.notice(*level, text);
        }
        verdict.judge(result, commentary.detail == Detail::Quiet)
    }
}

/// Whether a signal is the result, other than that of a closed terminal, to which nothing can be written.
fn is_signal(result: &Result<(), Error>) -> bool {
    matches!(result, Err(Error::Signal(signal)) if *signal != Signal::Hangup)
}
