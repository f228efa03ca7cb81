//! Attempts to connect, one after the other, until one succeeds or it is no use.

use std::time::{Duration, Instant, SystemTime};

use super::conversation::Conversation;
use super::opening::{Open, Opening};
use crate::config::Attempts;
use crate::error::Error;
use crate::event::{EventKind, Level, RetryScheduled};
use crate::net::DialError;
use crate::net::dial::ProxyCause;
use crate::net::tunnel::Fault;
use crate::net::upgrade::UpgradeError;
use crate::resilience::Backoff;
use crate::resilience::healing::{honors_retry_after, is_dial_transient, is_upgrade_transient};
use crate::resilience::retry_after::{LONGEST, retry_after};
use crate::session::{Journal, Stop, Unsent};

/// Longer waits that a server asks for are pointed out.
const LONG: Duration = Duration::from_secs(300);

/// Attempts of one kind.
pub(super) struct Persistence<'a> {
    pub(super) opening: Opening<'a>,
    pub(super) attempts: Option<Attempts>,
    /// There was a connection before.
    pub(super) is_reconnect: bool,
}

/// Why there is no connection, and will be none.
pub(super) enum GivenUp {
    /// The last attempt failed.
    Failed(Error),
    /// A connection was lost once too often.
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

impl Persistence<'_> {
    /// Makes attempts, the first one at once unless a connection was lost for `lost`.
    pub(super) fn open(
        &self,
        conversation: &mut Conversation<'_>,
        backoff: &mut Backoff,
        unsent: &mut Unsent,
        lost: Option<String>,
    ) -> Result<Open, GivenUp> {
        let mut failure = match lost {
            Some(reason) => Failure { reason, error: None },
            None => match self.attempt(conversation) {
                Ok(open) => return Ok(open),
                Err(error) => self.failure(error)?,
            },
        };
        loop {
            self.wait(conversation, backoff, unsent, failure)?;
            failure = match self.attempt(conversation) {
                Ok(open) => return Ok(open),
                Err(error) => self.failure(error)?,
            };
        }
    }

    fn attempt(&self, conversation: &mut Conversation<'_>) -> Result<Open, Error> {
        let mut journal = Journal::new(conversation.outputs, conversation.clock);
        let attempt = self.opening.attempt(conversation.reactor, &mut journal);
        match self.attempts {
            Some(_) => attempt.map_err(Error::of_several_tries),
            None => attempt,
        }
    }

    /// A failure that may heal; another one ends the attempts.
    fn failure(&self, error: Error) -> Result<Failure, GivenUp> {
        let heals = match &error {
            Error::Dial(error, _) => is_dial_transient(error),
            Error::Upgrade(rejected) => is_upgrade_transient(&rejected.error),
            _ => false,
        };
        match heals && self.attempts.is_some() && !self.opening.is_out_of_time() {
            true => Ok(Failure { reason: error.message(), error: Some(error) }),
            false => Err(error.into()),
        }
    }

    /// Tells of the next attempt and waits for its time.
    fn wait(
        &self,
        conversation: &mut Conversation<'_>,
        backoff: &mut Backoff,
        unsent: &mut Unsent,
        failure: Failure,
    ) -> Result<(), GivenUp> {
        if !self.attempts.is_some_and(|most| most.allow_after(backoff.attempts())) {
            return Err(failure.error.map_or(GivenUp::Lost, GivenUp::from));
        }
        let chance = backoff.next(rand::random());
        let asked = failure.asked();
        let delay = self.in_time(chance).max(asked.unwrap_or_default());
        let at = Instant::now().checked_add(delay);
        if let Some(text) = self.too_long(asked.filter(|asked| *asked >= chance), at)
            && let Some(error) = failure.error
        {
            conversation.emit(EventKind::Notice(Level::Warning, text));
            return Err(error.into());
        }
        conversation.emit(EventKind::RetryScheduled(&RetryScheduled {
            is_reconnect: self.is_reconnect,
            attempt: backoff.attempts(),
            limit: match self.attempts {
                Some(Attempts::UpTo(most)) => Some(most),
                Some(Attempts::Forever) | None => None,
            },
            delay,
            is_asked: asked.is_some_and(|asked| asked >= delay),
            reason: failure.reason,
            waiting: unsent.waiting(),
            unconfirmed: unsent.unconfirmed,
        }));
        unsent.unconfirmed = 0; // reported only once
        if asked.is_some_and(|asked| asked > LONG) {
            let text =
                "the server asked for a long wait: Ctrl-C ends it, --max-time TIME limits it";
            conversation.emit(EventKind::Notice(Level::Warning, text));
        }
        match conversation.pause(at, self.opening.max_time, unsent) {
            None => Ok(()),
            Some(stop) => Err(GivenUp::Stopped(stop)),
        }
    }
}

impl Persistence<'_> {
    /// What is wrong with the wait that the server asks for, which would end `at` that time.
    fn too_long(&self, asked: Option<Duration>, at: Option<Instant>) -> Option<&'static str> {
        let asked = asked?;
        if self.opening.max_time.is_some_and(|end| at.is_none_or(|at| at > end)) {
            return Some("the server asks to wait for longer than --max-time leaves (Retry-After)");
        }
        let text = "the server asks to wait for longer than a day (Retry-After): not waited for";
        (asked > LONGEST).then_some(text)
    }

    /// Leaves time for another attempt before `--max-time`, unless hardly any is left.
    fn in_time(&self, delay: Duration) -> Duration {
        let Some(end) = self.opening.max_time else { return delay };
        let left = end.saturating_duration_since(Instant::now());
        let is_worth_it = left > self.opening.config.resilience.first_delay;
        if delay >= left && is_worth_it { left / 2 } else { delay }
    }
}

/// A failure that may heal.
struct Failure {
    reason: String,
    /// `None`: the connection that was lost.
    error: Option<Error>,
}

impl Failure {
    /// The wait that the server, or the proxy, asks for.
    fn asked(&self) -> Option<Duration> {
        let response = match self.error.as_ref()? {
            Error::Upgrade(rejected) => match &rejected.error {
                UpgradeError::Refused(response) => response,
                _ => return None,
            },
            Error::Dial(DialError::Proxy(proxy), _) => match &proxy.cause {
                ProxyCause::Fault(Fault::Refused(response)) => response,
                _ => return None,
            },
            _ => return None,
        };
        let value = response.head.value("Retry-After")?;
        let is_honored = honors_retry_after(response.line.status);
        retry_after(&value, SystemTime::now()).filter(|_| is_honored)
    }
}
