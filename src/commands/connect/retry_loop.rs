//! Attempts to connect, one after the other, until one succeeds or the policy allows no more.

use std::time::Instant;

use super::conversation::{Conversation, InputSource};
use super::opening::{Established, FailedAttempt, Opening};
use crate::client::retry::{
    AttemptLimit, FailureClass, GiveUpReason, RetryDecision, RetryPolicy, RetryWait,
};
use crate::error::{Error, Tries};
use crate::event::{EventKind, Level, RetryScheduled};
use crate::resilience::Backoff;
use crate::session::{Journal, Stop, Unsent};

/// Attempts to open the first connection, or to replace a lost one.
pub(super) struct RetryLoop<'a> {
    pub(super) opening: Opening<'a>,
    pub(super) limit: Option<AttemptLimit>,
    /// A connection was open before.
    pub(super) is_reconnect: bool,
}

/// Why no connection was opened, and no further attempt is made.
pub(super) enum GivenUp {
    /// The last attempt failed.
    Failed(Error),
    /// A connection was lost, and the policy allows no further attempt.
    Lost,
    /// Something else ended the run.
    Stopped(Stop),
}

impl From<Error> for GivenUp {
    fn from(error: Error) -> Self {
        match error {
            Error::Signal(signal) => Self::Stopped(Stop::Signal(signal)),
            error => Self::Failed(error),
        }
    }
}

/// What a further attempt follows.
struct RetryCause {
    class: FailureClass,
    /// The error message.
    reason: String,
    /// `None`: a connection was lost.
    error: Option<Error>,
}

impl RetryLoop<'_> {
    /// Makes attempts, the first one at once unless a connection was lost for the reason `lost`.
    pub(super) fn open(
        &self,
        conversation: &mut Conversation<'_>,
        backoff: &mut Backoff,
        unsent: &mut Unsent,
        lost: Option<String>,
    ) -> Result<Established, GivenUp> {
        let mut failure = lost.map(|reason| {
            let class = FailureClass::Transient { retry_after: None };
            RetryCause { class, reason, error: None }
        });
        loop {
            if let Some(failure) = failure {
                self.wait(conversation, backoff, unsent, failure)?;
            }
            failure = match self.attempt(conversation, unsent)? {
                Ok(established) => return Ok(established),
                Err(FailedAttempt { error, class }) => {
                    Some(RetryCause { class, reason: error.message(), error: Some(error) })
                }
            };
        }
    }

    /// An attempt, unless something ends it. At a prompt lines for other connections do not wait for it.
    fn attempt(
        &self,
        conversation: &mut Conversation<'_>,
        unsent: &mut Unsent,
    ) -> Result<Result<Established, FailedAttempt>, GivenUp> {
        // Where the prompt stays, /reconnect is the next attempt, and no option can be added.
        let is_repeated = self.limit.is_some()
            || conversation.config.stay
            || matches!(conversation.source, Some(InputSource::Queue(_)));
        let tries = if is_repeated { Tries::Several } else { Tries::One };
        if conversation.has_prompt() {
            let open = conversation.open_beside_prompt(self.opening, tries, unsent);
            let open = open.map_err(GivenUp::Stopped)?;
            return Ok(open.and_then(|it| self.opening.establish(it, &mut conversation.journal())));
        }
        let are_several = conversation.shared.prompt.are_several();
        let mut journal = Journal::new(conversation.outputs, conversation.clock)
            .for_one_of_several(conversation.record.number, are_several);
        Ok(self.opening.attempt(tries, conversation.reactor, &mut journal))
    }

    /// Emits the time of the next attempt and waits for it.
    fn wait(
        &self,
        conversation: &mut Conversation<'_>,
        backoff: &mut Backoff,
        unsent: &mut Unsent,
        failure: RetryCause,
    ) -> Result<(), GivenUp> {
        let policy = RetryPolicy { limit: self.limit, max_time: self.opening.max_time };
        let wait = match policy.decide(failure.class, backoff, Instant::now(), rand::random()) {
            RetryDecision::Wait(wait) => wait,
            RetryDecision::GiveUp(GiveUpReason::OutOfTime) => return Err(self.out_of_time(failure)),
            RetryDecision::GiveUp(reason) => return Err(give_up(conversation, reason, failure)),
        };
        let RetryWait { delay, until, is_demanded, is_long } = wait;
        conversation.emit(EventKind::RetryScheduled(&RetryScheduled {
            is_reconnect: self.is_reconnect,
            attempt: backoff.attempts(),
            limit: match self.limit {
                Some(AttemptLimit::UpTo(most)) => Some(most),
                Some(AttemptLimit::Unlimited) | None => None,
            },
            delay,
            is_requested: is_demanded,
            reason: failure.reason,
            waiting: unsent.waiting(),
            unconfirmed: unsent.unconfirmed,
        }));
        unsent.unconfirmed = 0; // reported only once
        if is_long {
            let text =
                "the server requested a long wait: Ctrl-C ends it, --max-time TIME limits it";
            conversation.emit(EventKind::Notice(Level::Warning, text));
        }
        match conversation.pause(until, unsent) {
            None => Ok(()),
            Some(stop) => Err(GivenUp::Stopped(stop)),
        }
    }
}

impl RetryLoop<'_> {
    /// `--max-time` has expired after a failure. An error that reports this itself is kept, with its details.
    fn out_of_time(&self, failure: RetryCause) -> GivenUp {
        let expects = !self.opening.config.ending.expect.is_empty();
        let reports_it = |error: &Error| match error.exit_code() {
            1 => true,
            7 => !expects,
            _ => false,
        };
        match failure.error.filter(reports_it) {
            Some(error) => error.into(),
            None => GivenUp::Stopped(Stop::MaxTime),
        }
    }
}

fn give_up(
    conversation: &mut Conversation<'_>,
    reason: GiveUpReason,
    failure: RetryCause,
) -> GivenUp {
    let text = match reason {
        GiveUpReason::WaitExceedsMaxTime => {
            Some("the server requests a longer wait than --max-time allows (Retry-After)")
        }
        GiveUpReason::WaitTooLong => {
            Some("the server requests a wait of more than a day (Retry-After): not retried")
        }
        GiveUpReason::Permanent | GiveUpReason::LimitReached | GiveUpReason::OutOfTime => None,
    };
    if let Some(text) = text {
        conversation.emit(EventKind::Notice(Level::Warning, text));
    }
    match failure.error {
        Some(error) => error.into(),
        None => GivenUp::Lost,
    }
}
