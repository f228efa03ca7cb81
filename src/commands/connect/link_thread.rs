//! What the thread of a connection does.

use std::time::Instant;

use super::conclusion::is_decision;
use super::conversation::{Conversation, InputSource};
use super::link::{LinkConfig, LinkEvent, Outcome};
use super::run::{Ended, Run};
use crate::error::Error;
use crate::event::{EventKind, Level};
use crate::input::queue::QueuedActions;
use crate::net::Reactor;
use crate::output::finish_and_drain;
use crate::platform::signals::Signal;
use crate::session::{Lost, Stop};

/// Opens a connection, runs it to its end, and reports that.
pub(super) fn run(link: LinkConfig, mut reactor: Reactor, actions: QueuedActions) {
    let LinkConfig { config, record, shared, clock, max_time, sinks, control, sender } = link;
    let mut outputs = sinks.outputs(&config, &shared, &reactor.waker());
    shared.record(&mut outputs, reactor.waker(), record.number);
    shared.keep_events(&mut outputs, &config);
    let mut conversation = Conversation {
        config: &config,
        clock,
        outputs: &mut outputs,
        reactor: &mut reactor,
        source: Some(InputSource::Queue(Box::new(actions))),
        record: &record,
        shared,
        max_time,
        run_link: run,
        playback: None,
    };
    conversation.emit_notices();
    let result = Run { conversation: &mut conversation }.run();
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
            Ok(None) | Err(Error::Signal(Signal::Interrupt) | Error::Interrupted(..)) => {
                self.record.set_ended("cancelled".to_owned());
                self.emit(EventKind::Notice(Level::Info, "cancelled"));
                return Outcome::Cancelled;
            }
            Err(error) => {
                self.record.set_failed(&error);
                if self.is_out_of_time() {
                    return Outcome::OutOfTime;
                }
                return Outcome::Ended(Err(self.report_failure(error)));
            }
        };
        let stop = ended.report.stop.as_ref();
        let is_decision = stop.is_some_and(is_decision);
        if matches!(stop, Some(Stop::MaxTime)) {
            return Outcome::OutOfTime;
        }
        let verdict = self.verdict(ended);
        if is_decision { Outcome::Decided(verdict) } else { Outcome::Ended(verdict) }
    }

    fn is_out_of_time(&self) -> bool {
        self.max_time.is_some_and(|end| Instant::now() >= end)
    }

    /// Says how much of what was typed for a connection that was never open is lost.
    fn warn_of_unsent(&mut self) {
        let lost = Lost { sent: self.take_waiting_messages(), ..Lost::default() };
        self.warn_of_lost(&lost, false);
    }
}
