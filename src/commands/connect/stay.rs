//! The prompt while the main loop has no connection: others are open, or `--stay` keeps it.

use std::time::{Duration, Instant};

use super::conclusion::is_decision;
use super::conversation::{Conversation, InputSource};
use super::prompt::{Leave, Prompt};
use super::run::Ended;
use crate::config::Input;
use crate::error::Error;
use crate::input::ActionSource;
use crate::output::OutputError;
use crate::platform::signals::Signal;
use crate::protocol::CloseCode;
use crate::session::Stop;

/// The result of the first connection.
type First = Result<Option<Ended>, Error>;

/// How a run ended at its prompt.
pub(super) struct Stayed {
    pub(super) result: Result<(), Error>,
    /// A signal or `--max-time` ended it: no wait is longer than until then.
    pub(super) leave_by: Option<Instant>,
}

/// The end of the run has begun.
struct RunEnd {
    /// Connections that are open then are given up.
    until: Option<Instant>,
    /// `None`: that of the connection that ended last.
    result: Option<Result<(), Error>>,
}

/// The time from a signal, or the end of `--max-time`, until connections that are open are given up.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(700);

/// The time in which their threads end then.
const GIVE_UP_TIME: Duration = Duration::from_millis(50);

impl Conversation<'_> {
    /// Whether the run goes on after the end of the first connection.
    pub(super) fn goes_on(&mut self, first: &First) -> bool {
        let stays = self.config.stay && self.config.input == Input::Repl;
        let Some(InputSource::Repl(prompt)) = &mut self.source else {
            return stays && self.source.is_none() && first.as_ref().is_err_and(may_be_retried);
        };
        prompt.take_lines();
        let others = &prompt.connections;
        if others.are_running() || others.has_closed_others() || others.decision.is_some() {
            return true;
        }
        let is_over = match first {
            Err(error) => !may_be_retried(error),
            Ok(None) => true,
            Ok(Some(Ended { report, .. })) => {
                report.input_error.is_some()
                    || report.deadline.is_some()
                    || report.stop.as_ref().is_some_and(is_final)
            }
        };
        stays && !is_over && prompt.leave().is_none()
    }

    /// Reports the end of the first connection, and runs the prompt until the end of the run.
    pub(super) fn stay(&mut self, first: First) -> Stayed {
        if let Err(error) = &first {
            self.record.set_failed(error);
        }
        if let Some(page) = &self.shared.page {
            page.set_idle();
        }
        if self.source.is_none() {
            match self.start(false) {
                Ok(source) => self.source = Some(source),
                Err(error) => return Stayed { result: Err(error), leave_by: None },
            }
        }
        let unsent = self.prompt().map(Prompt::release_main).unwrap_or_default();
        let (mut end, is_decided) = self.end_by_first(&first);
        let was_lost = matches!(&first, Ok(Some(ended)) if ended.is_reported);
        let result = match first {
            Ok(Some(ended)) => self.verdict(ended),
            Ok(None) => Ok(()),
            Err(error) => Err(self.report_failure(error)),
        };
        if let (Some(end), Some(prompt)) = (&end, self.prompt()) {
            prompt.take_leave();
            match end.until {
                Some(until) => prompt.on_end(until, None), // if they were closed before, that counts
                None => prompt.connections.close(),
            }
        }
        match &mut end {
            Some(end) if is_decided => end.result = Some(result),
            _ => {
                if let Some(prompt) = self.prompt() {
                    prompt.connections.note_main(result, was_lost);
                }
            }
        }
        let name = self.record.name.clone();
        self.outputs.flush_early();
        if let Some(prompt) = self.prompt() {
            if end.is_none() {
                prompt.connections.advise(&name);
            }
            prompt.refuse(unsent);
        }
        let result = self.run_prompt(end);
        result.unwrap_or_else(|error| Stayed {
            result: Err(Error::System("event loop".to_owned(), error)),
            leave_by: None,
        })
    }

    /// How the end of the first connection ends the run, if it does, and whether its result is that of the run.
    fn end_by_first(&mut self, first: &First) -> (Option<RunEnd>, bool) {
        let (until, is_final) = match first {
            Ok(Some(ended)) => (ended.leave_by(), ended.report.stop.as_ref().is_some_and(is_final)),
            Ok(None) => (None, true),
            Err(error) => (None, !may_be_retried(error)),
        };
        let is_left = self.prompt().is_some_and(|prompt| prompt.leave().is_some());
        let is_decided = until.is_some() || is_final;
        ((is_decided || is_left).then_some(RunEnd { until, result: None }), is_decided)
    }

    fn prompt(&mut self) -> Option<&mut Prompt> {
        match &mut self.source {
            Some(InputSource::Repl(prompt)) => Some(prompt),
            _ => None,
        }
    }

    fn run_prompt(&mut self, mut end: Option<RunEnd>) -> std::io::Result<Stayed> {
        loop {
            self.take_commands(&mut end);
            if let Err(error) = self.outputs.flush() {
                self.end_prompt(&mut end, None, output_result(error));
            }
            let is_late = self.max_time.is_some_and(|limit| Instant::now() >= limit);
            if is_late && end.as_ref().is_none_or(|end| end.until.is_none()) {
                let until = Instant::now() + LEAVE_TIMEOUT;
                let error = self.opening().out_of_time();
                self.end_prompt(&mut end, Some(until), Err(error));
            }
            let is_running = self.prompt().is_some_and(|prompt| prompt.connections.are_running());
            let stays = self.config.stay && end.is_none();
            let deadline = end.as_ref().and_then(|end| end.until);
            let is_given_up = deadline.is_some_and(|at| Instant::now() >= at + GIVE_UP_TIME);
            let is_over = !(is_running || stays);
            if is_over {
                self.outputs.end_pause();
            }
            let is_shown = self.outputs.are_drained() || deadline.is_some();
            if is_given_up || (is_over && is_shown) {
                self.take_commands(&mut end); // of the last one
                return Ok(self.stayed(end));
            }
            let until = deadline.map(|until| until + GIVE_UP_TIME);
            self.wait_at_prompt(&mut end, until.or(self.max_time))?;
        }
    }

    fn stayed(&mut self, end: Option<RunEnd>) -> Stayed {
        let (until, result) = end.map_or((None, None), |end| (end.until, end.result));
        let result = result.or_else(|| {
            let connections = &mut self.prompt()?.connections;
            connections.decision.take().or_else(|| connections.last.take())
        });
        Stayed { result: result.unwrap_or(Ok(())), leave_by: until }
    }

    fn take_commands(&mut self, end: &mut Option<RunEnd>) {
        let Some(prompt) = self.prompt() else { return };
        prompt.repl().forget_interrupt();
        prompt.take_lines();
        match prompt.take_leave() {
            None => {}
            Some(Leave::Quit) => {
                end.get_or_insert(RunEnd { until: None, result: None });
            }
            Some(Leave::Signal(Signal::Interrupt))
                if end.is_none() && !prompt.connections.are_running() =>
            {
                *end = Some(RunEnd { until: None, result: None });
            }
            Some(Leave::Signal(signal)) => self.on_signal(end, signal),
        }
    }

    fn wait_at_prompt(
        &mut self,
        end: &mut Option<RunEnd>,
        until: Option<Instant>,
    ) -> std::io::Result<()> {
        let woken = self.reactor.wait(until)?;
        self.outputs.set_ready(&woken);
        if woken.is_signalled {
            while let Some(signal) = self.reactor.take_signal() {
                self.on_signal(end, signal);
            }
        } else if woken.was_interrupted
            && self.prompt().is_some_and(|prompt| prompt.was_interrupted())
        {
            self.on_signal(end, Signal::Interrupt);
        }
        Ok(())
    }

    /// Closes all connections; the second time, at once.
    fn on_signal(&mut self, end: &mut Option<RunEnd>, signal: Signal) {
        let until = match end {
            Some(RunEnd { until: Some(_), .. }) if signal == Signal::Hangup => return,
            Some(_) => Instant::now(),
            None => Instant::now() + LEAVE_TIMEOUT,
        };
        if let Some(prompt) = self.prompt() {
            prompt.on_end(until, Some(signal));
        }
        *end = Some(RunEnd { until: Some(until), result: Some(Err(Error::Signal(signal))) });
    }

    fn end_prompt(
        &mut self,
        end: &mut Option<RunEnd>,
        until: Option<Instant>,
        result: Result<(), Error>,
    ) {
        if let Some(prompt) = self.prompt() {
            match until {
                Some(until) => prompt.connections.shut_down(CloseCode::GOING_AWAY, until),
                None => prompt.connections.close(),
            }
        }
        *end = Some(RunEnd { until, result: Some(result) });
    }
}

/// A reader that stops reading ends the run without a failure.
fn output_result(error: OutputError) -> Result<(), Error> {
    if error.is_closed_pipe() { Ok(()) } else { Err(Error::Output(error)) }
}

/// Whether it is a failure to connect, after which another attempt can be made at the prompt.
fn may_be_retried(error: &Error) -> bool {
    match error {
        Error::Dial(_, attempt) => attempt.max_time.is_none(),
        Error::Upgrade(rejected) | Error::Redirect(rejected, _) => rejected.max_time.is_none(),
        Error::NoSubprotocol { .. } | Error::NoCompression => true,
        _ => false,
    }
}

fn is_final(stop: &Stop) -> bool {
    is_decision(stop) || matches!(stop, Stop::Signal(_))
}
