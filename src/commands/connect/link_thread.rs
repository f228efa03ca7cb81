//! What the thread of a connection does.

use std::sync::Arc;

use super::conversation::{Conversation, InputSource};
use super::link::{LinkConfig, LinkEvent, Outcome};
use super::opening::Opening;
use super::run::{Ended, Run};
use crate::error::Error;
use crate::event::{EventKind, Level};
use crate::input::ActionSource;
use crate::input::queue::QueuedActions;
use crate::net::Reactor;
use crate::output::finish_and_drain;
use crate::platform::signals::Signal;
use crate::session::Stop;

/// Opens a connection, runs it to its end, and reports that.
pub(super) fn run(link: LinkConfig, mut reactor: Reactor, actions: QueuedActions) {
    let LinkConfig { config, record, naming, presets, clock, max_time, sinks, control, sender } =
        link;
    let mut outputs = sinks.outputs(&config, &naming.display, &reactor.waker());
    let mut conversation = Conversation {
        config: &config,
        clock,
        outputs: &mut outputs,
        reactor: &mut reactor,
        source: Some(InputSource::Queue(Box::new(actions))),
        record: Arc::clone(&record),
        naming,
        max_time,
        run_link: run,
    };
    conversation.emit_notices();
    let opening = Opening { config: &config, max_time };
    let result = Run { opening, conversation: &mut conversation, presets }.run();
    let outcome = conversation.outcome(result);
    conversation.warn_of_unsent();
    finish_and_drain(&mut outputs, &mut reactor);
    let number = record.number;
    let _ = sender.send(LinkEvent { number, outcome }); // the prompt has ended
    let _ = control.wake();
}

impl Conversation<'_> {
    /// Reports how the connection ended.
    fn outcome(&mut self, result: Result<Option<Ended>, Error>) -> Outcome {
        let ended = match result {
            Ok(Some(ended)) => ended,
            Ok(None) => return Outcome::Cancelled,
            Err(Error::Signal(Signal::Interrupt) | Error::Interrupted(..)) => {
                self.record.set_ended("cancelled".to_owned());
                self.emit(EventKind::Notice(Level::Info, "cancelled"));
                return Outcome::Cancelled;
            }
            Err(error) => {
                self.record.set_failed(&error);
                let is_late = matches!(error, Error::MaxTime(_) | Error::Unmet(..));
                let error = Err(self.report_failure(error));
                return if is_late { Outcome::Decided(error) } else { Outcome::Ended(error) };
            }
        };
        let is_decided = ended.report.stop.as_ref().is_some_and(is_decision);
        let verdict = self.conclude(ended).map_err(|error| self.report_failure(error));
        if is_decided { Outcome::Decided(verdict) } else { Outcome::Ended(verdict) }
    }

    /// Says how much of what was typed for a connection that was never open is lost.
    fn warn_of_unsent(&mut self) {
        let Some(InputSource::Queue(actions)) = &mut self.source else { return };
        let text = match actions.take_waiting_messages() {
            0 => return,
            1 => "1 message was not sent".to_owned(),
            many => format!("{many} messages were not sent"),
        };
        self.emit(EventKind::Notice(Level::Warning, &text));
    }
}

/// Whether the run ends, also where the prompt stays when a connection ends.
pub(super) fn is_decision(stop: &Stop) -> bool {
    match stop {
        Stop::GoalsMet
        | Stop::GoalMissed
        | Stop::MaxTime
        | Stop::OutputClosed
        | Stop::OutputFailed(_)
        | Stop::System(_) => true,
        Stop::Requested | Stop::PingTimeout(_) | Stop::IdleTimeout(_) | Stop::Signal(_) => false,
    }
}
