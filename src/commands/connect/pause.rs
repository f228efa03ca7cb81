//! The pause between two attempts: outputs are written, signals end it, and typed lines are kept.

use std::time::Instant;

use bytes::Bytes;

use super::conversation::{Conversation, InputSource};
use crate::event::{EventKind, Shown};
use crate::input::{Action, Next, Show};
use crate::output::OutputError;
use crate::platform::signals::Signal;
use crate::session::{QUEUE_FULL, Stop, Unsent};

impl Conversation<'_> {
    /// Waits until `at`, or indefinitely without it. Returns what ends the run before that, if anything does.
    pub(super) fn pause(&mut self, at: Option<Instant>, unsent: &mut Unsent) -> Option<Stop> {
        self.pause_while(at, unsent, |_| true)
    }

    /// The same, for as long as something goes on that wakes the loop when it is over.
    pub(super) fn pause_while(
        &mut self,
        at: Option<Instant>,
        unsent: &mut Unsent,
        mut is_going_on: impl FnMut(&mut Self) -> bool,
    ) -> Option<Stop> {
        let until = [at, self.max_time].into_iter().flatten().min();
        if let Some(InputSource::Plain(lines)) = &mut self.source {
            lines.set_ready(); // readiness may have been reported during an attempt
        }
        loop {
            if let Some(stop) = self.read_input(unsent) {
                return Some(stop);
            }
            if !is_going_on(self) {
                return None;
            }
            if let Err(error) = self.outputs.flush()
                && !(error.is_closed_pipe() && self.has_goal())
            {
                return Some(stop_by(error));
            }
            let now = Instant::now();
            if self.max_time.is_some_and(|end| now >= end) {
                return Some(Stop::MaxTime);
            }
            if at.is_some_and(|at| now >= at) {
                return None;
            }
            if let Err(error) = self.wait(until) {
                return Some(Stop::System(error));
            }
            if let Some(signal) = self.reactor.take_signal() {
                if signal == Signal::Interrupt && self.clear_line() {
                    continue;
                }
                return Some(Stop::Signal(signal));
            }
        }
    }

    /// Whether there is a goal, which is judged whether or not anyone reads. It is open as long as a connection is
    /// replaced.
    fn has_goal(&self) -> bool {
        let ending = &self.config.ending;
        ending.count.is_some() || !ending.expect.is_empty() || self.playback.is_some()
    }

    /// Whether Ctrl-C only discarded the line that was being typed.
    fn clear_line(&mut self) -> bool {
        self.source.as_mut().is_some_and(|source| source.source().clear_line())
    }

    fn wait(&mut self, until: Option<Instant>) -> std::io::Result<()> {
        let woken = self.reactor.wait(until)?;
        // Standard input is read only while a connection is open.
        if woken.is_input_ready
            && let Some(InputSource::Plain(lines)) = &mut self.source
        {
            lines.set_ready();
        }
        self.outputs.set_ready(&woken);
        Ok(())
    }

    /// Takes the typed lines. Other input is not read.
    fn read_input(&mut self, unsent: &mut Unsent) -> Option<Stop> {
        if let Some(InputSource::Repl(prompt)) = &mut self.source {
            prompt.repl().forget_interrupt();
            if prompt.take_cancelled() {
                return Some(Stop::Requested);
            }
        }
        loop {
            let Some(
                source @ (InputSource::Repl(_) | InputSource::Plain(_) | InputSource::Queue(_)),
            ) = &mut self.source
            else {
                return None;
            };
            if source.source().shutdown().is_some() {
                return Some(Stop::Requested);
            }
            let action = match source.source().next(self.reactor.registry()) {
                Next::Pending => return None,
                Next::End | Next::Failed(_) => return Some(Stop::Requested),
                Next::Message(kind, data) => Action::Send(kind, Bytes::copy_from_slice(data)),
                Next::Action(action) => action,
            };
            match action {
                Action::Leave(signal) => return Some(Stop::Signal(signal)),
                Action::Close(..) => return Some(Stop::Requested),
                Action::Show(show) => self.show(&show),
                action => {
                    if !unsent.keep(action) {
                        self.emit(EventKind::Shown(Shown::Problem(QUEUE_FULL)));
                    } else if std::mem::take(&mut unsent.is_to_be_acknowledged) {
                        let text = "not connected: queued until reconnected";
                        self.emit(EventKind::Shown(Shown::Text(text)));
                    }
                }
            }
        }
    }

    fn show(&mut self, show: &Show) {
        let shown = show.shown();
        self.emit(EventKind::Shown(shown.unwrap_or(Shown::Problem("not connected"))));
    }
}

fn stop_by(error: OutputError) -> Stop {
    if error.is_closed_pipe() { Stop::OutputClosed } else { Stop::OutputFailed(error) }
}
