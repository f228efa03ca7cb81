//! The wait for the last bytes of a run.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::net::Reactor;
use crate::output::{Buffered, Drain, OutputError, drain};
use crate::platform::signals::Signal;

/// Outputs that are written before the process ends.
pub(super) struct Delivery<'a, O> {
    pub(super) outputs: &'a mut O,
    pub(super) reactor: &'a mut Reactor,
    /// When the wait is over.
    pub(super) until: Option<Instant>,
    /// A signal or `--max-time` has ended the run: its result is known, and another signal only ends the wait.
    pub(super) is_leaving: bool,
    /// The whole of `--max-time`, for its error.
    pub(super) max_time: Duration,
    /// Whether a reader that is gone is an error. One of standard output, as `head`, has what it needs.
    pub(super) needs_reader: bool,
    /// The result of the run.
    pub(super) result: Result<(), Error>,
}

impl<O: Buffered> Delivery<'_, O> {
    /// Writes what waits in the outputs, and returns the result with what has failed meanwhile.
    ///
    /// # Errors
    /// That of the run, else what ended the wait.
    pub(super) fn run(mut self) -> Result<(), Error> {
        self.outputs.set_all_ready(); // readiness may have been announced to another wait
        drain(&mut self);
        self.result
    }
}

impl<O: Buffered> Drain for Delivery<'_, O> {
    fn outputs(&mut self) -> &mut impl Buffered {
        self.outputs
    }

    /// An output that fails now counts only if nothing else has failed. A signal does not hide it, except for the one
    /// of a closed terminal, which is the reason.
    fn on_output_error(&mut self, error: OutputError) -> ControlFlow<()> {
        let is_ignored = error.is_closed_pipe() && !self.needs_reader;
        let has_failed = match &self.result {
            Ok(()) => false,
            Err(Error::Signal(signal)) => *signal == Signal::Hangup,
            Err(_) => true,
        };
        if is_ignored || has_failed {
            return ControlFlow::Continue(());
        }
        self.result = Err(Error::Output(error));
        ControlFlow::Break(())
    }

    fn wait(&mut self) -> ControlFlow<()> {
        let Ok(woken) = self.reactor.wait(self.until) else { return ControlFlow::Break(()) };
        self.outputs.set_ready(&woken);
        let signal = self.reactor.take_signal();
        let is_late = self.until.is_some_and(|until| Instant::now() >= until);
        match signal {
            None if !is_late => return ControlFlow::Continue(()),
            _ if self.is_leaving => {}
            Some(signal) => self.result = Err(Error::Signal(signal)),
            None if self.result.is_ok() => self.result = Err(Error::MaxTime(self.max_time)),
            None => {}
        }
        ControlFlow::Break(())
    }
}
