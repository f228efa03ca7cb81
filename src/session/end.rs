//! The end of a connection, with what preceded it.

use std::time::Duration;

use super::traffic::Quiet;
use super::{Session, hints};
use crate::event::{Closed, SOON, SilenceAdvice, mask};
use crate::protocol::close::Application;
use crate::protocol::connection::{Ending, Initiator};

/// What a connection was like when it ended.
pub(super) struct Circumstances {
    quiet: Quiet,
    age: Duration,
    /// Our Close frame has not been taken by the transport.
    is_unsent: bool,
}

impl Session<'_> {
    /// What the connection was like when it ended, before anything else takes time.
    pub(super) fn circumstances(&self) -> Circumstances {
        let (received, sent) =
            (self.connection.received_counters(), self.connection.sent_counters());
        Circumstances {
            quiet: self.traffic.quiet(self.clock.now(), received, sent),
            age: self.clock.age(),
            is_unsent: self.connection.is_close_unsent(),
        }
    }

    /// The end of the connection.
    pub(super) fn closed(&self, ending: Ending, circumstances: Circumstances) -> Closed {
        let Circumstances { quiet: Quiet { duration: quiet, last }, age, is_unsent } =
            circumstances;
        let (received, sent) =
            (self.connection.received_counters(), self.connection.sent_counters());
        let hint = match self.traffic.is_nothing_sent(sent) && received.messages <= 1 && age < SOON
        {
            true => hints::hint(&ending, self.opened, self.traffic.first_text()),
            false => {
                let is_unanswered = self.traffic.is_unanswered(received);
                let sent = last.sent().filter(|(_, ago)| is_unanswered && *ago < SOON);
                sent.and_then(|(what, _)| hints::bare_close(&ending, self.opened, &what))
            }
        };
        let (ending, is_masked) = mask::ending(as_sent(ending, is_unsent), &self.opened.secrets);
        Closed {
            ending,
            quiet,
            last,
            age,
            received,
            sent,
            is_unsent,
            hint,
            application: Application::of(self.opened.protocol.as_deref(), &self.opened.url),
            is_initiator_unknown: false,
            silence_advice: self.silence_advice(),
            failure_follows: false,
            masked: is_masked.then(Box::default),
        }
    }

    /// Only for a client: `listen` does not have these options.
    fn silence_advice(&self) -> SilenceAdvice {
        let is_client = self.opened.initiator == Initiator::Local;
        SilenceAdvice {
            ping_interval: is_client && self.plan.times.ping_interval.is_none(),
            reconnect: is_client && self.outgoing.resend.is_none(),
            goals: is_client && self.observers.progress().is_none(),
        }
    }
}

/// The end without a Close frame of ours that was not sent.
fn as_sent(ending: Ending, is_unsent: bool) -> Ending {
    match is_unsent {
        true => Ending { sent: None, ..ending },
        false => ending,
    }
}
