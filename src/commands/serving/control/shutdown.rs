//! The end of a server: how long its connections and its outputs may take, and the result.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::limits::{DROPPING_TIME, LEAVE_TIMEOUT, Limits, REPORT_TIME, page_by};
use super::{Control, Operator, Served};
use crate::commands::delivery::Delivery;
use crate::commands::lost;
use crate::commands::page::Page;
use crate::commands::recording::{Ending, Verdict};
use crate::error::Error;
use crate::event::Level;
use crate::input;
use crate::output::OutputError;
use crate::output::human::Detail;
use crate::platform::signals::Signal;
use crate::protocol::CloseCode;
use crate::session::{SHOW_CLOSING_AFTER, closing_text};

/// All connections are being closed.
#[derive(Debug)]
pub(super) struct ServerShutdown {
    limits: Limits,
    /// The last signal that was received: with one, the deadline also ends what is stalled.
    signal: Option<Signal>,
    /// When the operator is to be shown that the closing handshakes are slow.
    notice_at: Option<Instant>,
    /// The verdict on the one connection (`--once`) does not change the result.
    is_decided: bool,
    result: Result<(), Error>,
}

impl ServerShutdown {
    fn is_interrupted(&self) -> bool {
        self.signal.is_some()
    }

    /// When to check again without being woken.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        let Limits { until, late_until, .. } = self.limits;
        let dropping = until.checked_sub(DROPPING_TIME).filter(|from| now < *from);
        let until = if self.is_interrupted() {
            dropping.or(Some(if now < until { until } else { late_until }))
        } else {
            Some(until).filter(|until| now < *until)
        };
        until.into_iter().chain(self.notice_at).min()
    }

    /// Whether an output that fails now is the result: also where a signal ends the server, unless that is of a closed
    /// terminal, to which nothing can be written.
    fn yields_to_output_error(&self) -> bool {
        let is_ended_by_signal = self.signal.is_some_and(|signal| signal != Signal::Hangup)
            && matches!(self.result, Ok(()) | Err(Error::Signal(_)));
        !self.is_decided || is_ended_by_signal
    }
}

impl<O: Operator> Control<O> {
    /// Shuts the server down because of a signal, or a line that stands for one. Another one shortens that.
    pub(in crate::commands) fn on_signal(&mut self, signal: Signal) {
        let before = self.shutdown.as_ref();
        // Closing a terminal causes a signal from more than one process, and an end of input.
        if signal == Signal::Hangup && before.is_some_and(ServerShutdown::is_interrupted) {
            return;
        }
        // The operator has been shown that Ctrl-C exits at once.
        let is_short = self.prompt.is_typed() && before.is_some_and(|it| it.notice_at.is_none());
        let before = before.map(|shutdown| shutdown.limits);
        let limits = Limits::after_signal(Instant::now(), before, is_short);
        self.shared().streams.stop_display(); // before our Close frame is shown
        let notice_at = match &self.shutdown {
            Some(shutdown) => shutdown.notice_at,
            None => self.notice_time(),
        };
        let result = result_after(self.shutdown.take(), signal, O::result_of_signal);
        let (signal, is_decided) = (Some(signal), true);
        self.shutdown = Some(ServerShutdown { limits, signal, notice_at, is_decided, result });
        self.close_connections(CloseCode::GOING_AWAY, limits.until - REPORT_TIME, true);
        self.shared().streams.stop_waiting(false);
    }

    /// Shows the operator that the closing handshakes are slow.
    pub(super) fn show_closing(&mut self) {
        let Some(shutdown) = &mut self.shutdown else { return };
        if shutdown.notice_at.take_if(|at| *at <= Instant::now()).is_some() {
            let is_interrupted = shutdown.signal == Some(Signal::Interrupt);
            self.notice(Level::Info, &closing_text(O::AWAITED, is_interrupted));
        }
    }

    /// A reader that stops reading, such as `head`, shuts the server down cleanly.
    pub(super) fn on_output_error(&mut self, error: OutputError) {
        let is_closed = error.is_closed_pipe();
        let code = if is_closed { CloseCode::NORMAL } else { CloseCode::GOING_AWAY };
        self.leave(code, Ok(()));
        let Some(shutdown) = &mut self.shutdown else { return };
        if is_closed && !shutdown.is_decided {
            (shutdown.is_decided, shutdown.result) = (true, Ok(()));
        } else if !is_closed && shutdown.yields_to_output_error() {
            (shutdown.is_decided, shutdown.result) = (true, Err(Error::Output(error)));
        }
    }

    /// Closes all connections and waits for the closing handshakes for a limited time; the first reason counts.
    pub(in crate::commands) fn leave(&mut self, code: CloseCode, result: Result<(), Error>) {
        self.outputs.end_pause();
        self.leave_within(LEAVE_TIMEOUT, code, result);
    }

    /// As [`Control::leave`], with another limit, and while a display that is paused stays so.
    pub(in crate::commands) fn leave_within(
        &mut self,
        limit: Duration,
        code: CloseCode,
        result: Result<(), Error>,
    ) {
        if self.shutdown.is_none() {
            let until = Instant::now() + limit;
            let (notice_at, signal, is_decided) = (self.notice_time(), None, false);
            let limits = Limits::without_signal(until);
            self.shutdown = Some(ServerShutdown { limits, signal, notice_at, is_decided, result });
            self.close_connections(code, until - REPORT_TIME, false);
        }
    }

    fn close_connections(&self, code: CloseCode, until: Instant, is_interrupted: bool) {
        self.server.shut_down(code, input::Shutdown { until, is_interrupted });
    }

    /// When the operator is to be shown that the closing handshakes are slow.
    fn notice_time(&self) -> Option<Instant> {
        self.prompt.set_closing();
        self.prompt.is_typed().then(|| Instant::now() + SHOW_CLOSING_AFTER)
    }

    /// The only connection has ended. The verdict on it is the result, unless the server ends for another reason.
    pub(in crate::commands) fn finish(&mut self, verdict: Result<(), Error>) {
        match &mut self.shutdown {
            Some(shutdown) if shutdown.result.is_ok() && !shutdown.is_decided => {
                shutdown.result = verdict;
            }
            Some(_) => {}
            None => self.leave(CloseCode::GOING_AWAY, verdict),
        }
    }

    /// Whether all connections have ended or their time is over, and all received data is written. After a signal only
    /// the time matters.
    pub(super) fn is_over(&mut self) -> bool {
        let Some(shutdown) = &self.shutdown else { return false };
        let Limits { until, late_until, .. } = shutdown.limits;
        let is_late = Instant::now() >= until;
        let shared = self.server.shared();
        if shutdown.is_interrupted() && Instant::now() + DROPPING_TIME >= until {
            shared.streams.stop_waiting(true);
            shared.recordings.recordings.stop_waiting();
            if let Some(page) = &*shared.page() {
                page.stop_waiting();
            }
        }
        if shutdown.is_interrupted() && is_late {
            let waits = Instant::now() < late_until && !shared.streams.are_stalled();
            return !waits || (self.server.have_finished() && shared.streams.are_written());
        }
        let is_written = self.outputs.are_drained() && shared.streams.are_written();
        is_written && (is_late || self.server.have_finished())
    }

    /// The result of a run that is over. Determines how long what follows may take.
    pub(super) fn take_result(&mut self) -> Option<Result<(), Error>> {
        let shutdown = self.shutdown.take()?;
        self.limits = Some(shutdown.limits);
        self.leave_by = shutdown.limits.record_by(Instant::now(), self.server.have_finished());
        Some(shutdown.result)
    }

    /// Reports what was not delivered, with `unsent` messages of the input, and restores the terminal. Returns the result
    /// of the run with that of what was recorded.
    ///
    /// # Errors
    /// That result.
    pub(super) fn end(&mut self, result: Result<(), Error>, unsent: u64) -> Result<(), Error> {
        let result = self.finish_recordings(result);
        self.warn_of_evictions(true);
        let server = Arc::clone(&self.server);
        let shared = server.shared();
        let mut lost = shared.take_lost();
        let unwritten = shared.streams.give_up();
        lost.received += unwritten.messages as u64;
        if self.has_reader_left {
            lost.received = 0;
        }
        lost.is_slow |= !unwritten.is_stalled;
        lost.sent += unsent + self.prompt.take_waiting(O::is_message);
        for text in lost::texts(&lost, shared.streams.have_prompt(), false) {
            self.notice(Level::Warning, &text);
            self.outputs.flush_early(); // the queues report their errors themselves
        }
        self.outputs.finish();
        self.outputs.flush_early();
        let now = Instant::now();
        let until = self.limits.unwrap_or_else(|| Limits::without_signal(now)).log_by(now);
        shared.streams.finish_log(until);
        self.prompt.end(until);
        result
    }

    /// Waits until all is written to the files that are recorded to, unless a signal has ended the server or does so now.
    fn finish_recordings(&mut self, result: Result<(), Error>) -> Result<(), Error> {
        let server = Arc::clone(&self.server);
        let shared = server.shared();
        let recordings = &shared.recordings.recordings;
        recordings.end();
        if let Some(page) = &*shared.page() {
            page.end_recording();
        }
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
        let commentary = &shared.commentary;
        let is_quiet = commentary.detail == Detail::Quiet;
        let verdict = Verdict::take(recordings, result, commentary.on_terminal, is_quiet);
        for (level, text) in &verdict.notices {
            self.notice(*level, text);
        }
        if let Some(text) = shared.page().as_ref().and_then(Page::warning) {
            self.notice(Level::Warning, &text);
        }
        let result = verdict.result;
        if let Some(page) = &mut *shared.page() {
            page.end(&result, self.leave_by.map(page_by));
        }
        result
    }
}

/// The result once a signal is received, after what may have begun to end the server before. `of_signal`: the result of a
/// signal alone, and whether another one was before it.
fn result_after(
    before: Option<ServerShutdown>,
    signal: Signal,
    of_signal: fn(Signal, bool) -> Result<(), Error>,
) -> Result<(), Error> {
    let is_repeated = before.as_ref().is_some_and(ServerShutdown::is_interrupted);
    match (before.map(|shutdown| shutdown.result), of_signal(signal, is_repeated)) {
        // What has failed before is the reason: the signal only ends the wait for the connections. A terminal that was
        // closed causes both.
        (Some(Err(error @ Error::Output(_))), _) if signal != Signal::Hangup => Err(error),
        // A signal that is a regular end hides no failure.
        (Some(Err(error)), Ok(())) => Err(error),
        (_, result) => result,
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn shutdown(signal: Option<Signal>, result: Result<(), Error>) -> ServerShutdown {
        let is_decided = signal.is_some();
        let limits = Limits::without_signal(Instant::now());
        ServerShutdown { limits, signal, notice_at: None, is_decided, result }
    }

    fn full() -> Error {
        let error = io::ErrorKind::StorageFull.into();
        Error::Output(OutputError { name: "standard output".into(), error })
    }

    /// In words.
    fn outcome(result: Result<(), Error>) -> &'static str {
        match result {
            Ok(()) => "success",
            Err(Error::Signal(signal)) => signal.name(),
            Err(Error::Output(_)) => "output",
            Err(_) => "other",
        }
    }

    #[test]
    fn the_command_decides_what_the_result_of_a_signal_is() {
        let always: fn(Signal, bool) -> _ = |signal, _| Err(Error::Signal(signal));
        let repeated: fn(Signal, bool) -> _ = |signal, is_repeated| match is_repeated {
            true => Err(Error::Signal(signal)),
            false => Ok(()),
        };
        let int = Some(Signal::Interrupt);
        for (before, of_signal, expected) in [
            (None, always, "SIGTERM"),
            (None, repeated, "success"),
            (Some(shutdown(None, Ok(()))), repeated, "success"),
            (Some(shutdown(int, Ok(()))), repeated, "SIGTERM"),
            (Some(shutdown(int, Err(Error::Signal(Signal::Interrupt)))), always, "SIGTERM"),
            (Some(shutdown(None, Err(full()))), always, "output"),
            (Some(shutdown(None, Err(full()))), repeated, "output"),
            (Some(shutdown(None, Err(Error::MaxTime(LEAVE_TIMEOUT)))), always, "SIGTERM"),
            (Some(shutdown(None, Err(Error::MaxTime(LEAVE_TIMEOUT)))), repeated, "other"),
        ] {
            let description = format!("{before:?}");
            let result = result_after(before, Signal::Terminate, of_signal);
            assert_eq!(outcome(result), expected, "{description}");
        }
        let before = shutdown(None, Err(full()));
        let result = result_after(Some(before), Signal::Hangup, always);
        assert_eq!(outcome(result), "SIGHUP", "the terminal was closed");
    }

    #[test]
    fn an_output_that_fails_after_a_signal_is_the_result_unless_the_terminal_was_closed() {
        let (int, hup) = (Signal::Interrupt, Signal::Hangup);
        for (signal, result, expected) in [
            (None, Ok(()), true),
            (Some(int), Ok(()), true),
            (Some(int), Err(Error::Signal(int)), true),
            (Some(int), Err(full()), false),
            (Some(hup), Err(Error::Signal(hup)), false),
        ] {
            let shutdown = shutdown(signal, result);
            assert_eq!(shutdown.yields_to_output_error(), expected, "{shutdown:?}");
        }
    }
}
