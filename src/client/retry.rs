//! Whether and when another attempt follows a failure. Pure: the time and the random number are arguments.

use std::time::{Duration, Instant, SystemTime};

use super::error::OpenError;
use crate::net::DialError;
use crate::net::dial::ProxyCause;
use crate::net::tunnel::ProxyFault;
use crate::net::upgrade::{ServerResponse, UpgradeError};
use crate::resilience::Backoff;
use crate::resilience::retry_after::{LONGEST, retry_after};
use crate::resilience::transient::{honors_retry_after, is_dial_transient, is_upgrade_transient};

/// The limit on consecutive attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptLimit {
    /// A maximum number.
    UpTo(u64),
    /// No limit.
    Unlimited,
}

impl AttemptLimit {
    /// Whether another one is allowed after this many.
    fn allows_after(self, attempts: u64) -> bool {
        match self {
            Self::UpTo(most) => attempts < most,
            Self::Unlimited => true,
        }
    }
}

/// Whether another attempt may succeed after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Another attempt would fail again.
    Permanent,
    /// The cause may be temporary.
    Transient {
        /// The wait that the server or the proxy demands.
        retry_after: Option<Duration>,
    },
}

impl FailureClass {
    /// The class of a failed attempt. `now` is for a `Retry-After` with a date.
    pub fn of(error: &OpenError, now: SystemTime) -> Self {
        let (is_transient, refusal) = match error {
            OpenError::Dial(failed) => {
                (is_dial_transient(&failed.error), proxy_refusal(&failed.error))
            }
            OpenError::Handshake(failed) => {
                let refusal = match &failed.error {
                    UpgradeError::Refused(response) => Some(&**response),
                    _ => None,
                };
                (is_upgrade_transient(&failed.error), refusal)
            }
            OpenError::Redirect(..) | OpenError::Interrupted(..) => return Self::Permanent,
        };
        match is_transient {
            true => Self::Transient { retry_after: refusal.and_then(|it| demanded_wait(it, now)) },
            false => Self::Permanent,
        }
    }
}

fn proxy_refusal(error: &DialError) -> Option<&ServerResponse> {
    let DialError::Proxy(proxy) = error else { return None };
    match &proxy.cause {
        ProxyCause::Fault(ProxyFault::Refused(response)) => Some(response),
        _ => None,
    }
}

fn demanded_wait(refusal: &ServerResponse, now: SystemTime) -> Option<Duration> {
    let value = refusal.head.value("Retry-After")?;
    retry_after(&value, now).filter(|_| honors_retry_after(refusal.line.status))
}

/// The limits of further attempts.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// `None`: no further attempts.
    pub limit: Option<AttemptLimit>,
    /// The deadline of the run.
    pub max_time: Option<Instant>,
}

/// What follows a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    /// Another attempt after a wait.
    Wait(RetryWait),
    /// No further attempt.
    GiveUp(GiveUpReason),
}

/// The wait before another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryWait {
    /// How long.
    pub delay: Duration,
    /// Until when; `None`: indefinitely, as that time cannot be represented.
    pub until: Option<Instant>,
    /// The server demands this wait.
    pub is_demanded: bool,
    /// The server demands a long wait, so a notice explains how to end it.
    pub is_long: bool,
}

/// Why there is no further attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveUpReason {
    /// Another attempt would fail again.
    Permanent,
    /// The maximum number of attempts has been reached.
    LimitReached,
    /// `--max-time` has run out.
    OutOfTime,
    /// The server demands a wait that ends after `--max-time`.
    WaitExceedsMaxTime,
    /// The server demands a wait of more than a day.
    WaitTooLong,
}

/// Demanded waits that are longer are pointed out.
const LONG: Duration = Duration::from_secs(300);

impl RetryPolicy {
    /// What follows a failure at `now`. If that is another attempt, `backoff` counts it. `random` is between 0
    /// and 1.
    pub fn decide(
        &self,
        class: FailureClass,
        backoff: &mut Backoff,
        now: Instant,
        random: f64,
    ) -> RetryDecision {
        let FailureClass::Transient { retry_after: demanded } = class else {
            return RetryDecision::GiveUp(GiveUpReason::Permanent);
        };
        if !self.limit.is_some_and(|limit| limit.allows_after(backoff.attempts())) {
            return RetryDecision::GiveUp(GiveUpReason::LimitReached);
        }
        if self.max_time.is_some_and(|end| now >= end) {
            return RetryDecision::GiveUp(GiveUpReason::OutOfTime);
        }
        let own = backoff.next(random);
        let delay = self.in_time(own, backoff, now).max(demanded.unwrap_or_default());
        let until = now.checked_add(delay);
        if let Some(demanded) = demanded.filter(|demanded| *demanded >= own) {
            if self.max_time.is_some_and(|end| until.is_none_or(|until| until > end)) {
                return RetryDecision::GiveUp(GiveUpReason::WaitExceedsMaxTime);
            }
            if demanded > LONGEST {
                return RetryDecision::GiveUp(GiveUpReason::WaitTooLong);
            }
        }
        RetryDecision::Wait(RetryWait {
            delay,
            until,
            is_demanded: demanded.is_some_and(|demanded| demanded >= delay),
            is_long: demanded.is_some_and(|demanded| demanded > LONG),
        })
    }

    /// Shortens the wait so that another attempt fits before `--max-time`, unless hardly any time is left.
    fn in_time(&self, delay: Duration, backoff: &Backoff, now: Instant) -> Duration {
        let Some(end) = self.max_time else { return delay };
        let left = end.saturating_duration_since(now);
        let is_worth_it = left > backoff.first_delay();
        if delay >= left && is_worth_it { left / 2 } else { delay }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(1);
    const TRANSIENT: FailureClass = FailureClass::Transient { retry_after: None };

    fn demanding(seconds: u64) -> FailureClass {
        FailureClass::Transient { retry_after: Some(Duration::from_secs(seconds)) }
    }

    /// What follows the first failure, with this many seconds left for the run.
    fn decide(class: FailureClass, left: Option<u64>) -> RetryDecision {
        let now = Instant::now();
        let max_time = left.map(|left| now + Duration::from_secs(left));
        let policy = RetryPolicy { limit: Some(AttemptLimit::Unlimited), max_time };
        policy.decide(class, &mut Backoff::new(FIRST), now, 1.0)
    }

    fn wait(decision: RetryDecision) -> RetryWait {
        match decision {
            RetryDecision::Wait(wait) => wait,
            RetryDecision::GiveUp(reason) => panic!("gave up: {reason:?}"),
        }
    }

    #[test]
    fn there_are_as_many_attempts_as_the_limit_allows() {
        for (limit, expected) in [
            (None, 0),
            (Some(AttemptLimit::UpTo(1)), 1),
            (Some(AttemptLimit::UpTo(3)), 3),
            (Some(AttemptLimit::Unlimited), 100),
        ] {
            let policy = RetryPolicy { limit, max_time: None };
            let mut backoff = Backoff::new(FIRST);
            let mut decide = || policy.decide(TRANSIENT, &mut backoff, Instant::now(), 0.5);
            let last =
                (0..100).map(|_| decide()).take_while(|it| matches!(it, RetryDecision::Wait(_)));
            assert_eq!(last.count(), expected, "{limit:?}");
            let attempts = backoff.attempts();
            assert_eq!(attempts, expected as u64, "{limit:?}");
        }
    }

    #[test]
    fn a_permanent_failure_ends_the_attempts() {
        let decision = decide(FailureClass::Permanent, None);
        assert_eq!(decision, RetryDecision::GiveUp(GiveUpReason::Permanent));
    }

    #[test]
    fn a_demanded_wait_is_honored() {
        for (class, seconds, is_demanded, is_long) in [
            (TRANSIENT, 1, false, false),
            (demanding(0), 1, false, false),
            (demanding(1), 1, true, false),
            (demanding(7), 7, true, false),
            (demanding(300), 300, true, false),
            (demanding(301), 301, true, true),
        ] {
            let wait = wait(decide(class, None));
            let given = (wait.delay.as_secs(), wait.is_demanded, wait.is_long);
            assert_eq!(given, (seconds, is_demanded, is_long), "{class:?}");
        }
    }

    #[test]
    fn a_demanded_wait_has_limits() {
        for (class, left, reason) in [
            (demanding(11), Some(10), GiveUpReason::WaitExceedsMaxTime),
            (demanding(86_401), None, GiveUpReason::WaitTooLong),
            (
                FailureClass::Transient { retry_after: Some(Duration::MAX) },
                None,
                GiveUpReason::WaitTooLong,
            ),
            (TRANSIENT, Some(0), GiveUpReason::OutOfTime),
        ] {
            assert_eq!(decide(class, left), RetryDecision::GiveUp(reason), "{class:?}");
        }
        assert_eq!(wait(decide(demanding(86_400), None)).delay.as_secs(), 86_400);
    }

    #[test]
    fn a_delay_of_ours_leaves_time_for_an_attempt() {
        let now = Instant::now();
        for (left, delay) in [(8, 4), (2, 1), (100, 16)] {
            let max_time = Some(now + Duration::from_secs(left));
            let policy = RetryPolicy { limit: Some(AttemptLimit::Unlimited), max_time };
            let mut backoff = Backoff::new(FIRST);
            for _ in 0..4 {
                backoff.next(0.0);
            }
            let wait = wait(policy.decide(TRANSIENT, &mut backoff, now, 1.0));
            assert_eq!(wait.delay.as_secs(), delay, "{left} s left");
        }
    }
}
