//! Redirects, further attempts, watching the connection: what was typed → what will be done.

use std::time::Duration;

use super::ConfigError;
use super::connect::duration;
use crate::cli::{FOREVER, ResilienceArgs};
use crate::protocol::keepalive::KeepaliveTimes;

/// What happens where it does not go smoothly.
#[derive(Clone, Copy, Debug)]
pub struct ResilienceConfig {
    /// Redirects that are followed; `None`: they are refusals.
    pub redirects: Option<usize>,
    /// Further attempts at the first connection.
    pub retry: Option<Attempts>,
    /// Attempts at another connection when one was lost.
    pub reconnect: Option<Attempts>,
    /// Connect again also after an end in order.
    pub on_close: bool,
    /// The first wait before another attempt.
    pub first_delay: Duration,
    /// How the connection is watched.
    pub times: KeepaliveTimes,
}

/// How many attempts there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempts {
    /// So many in a row.
    UpTo(u64),
    /// Any number.
    Forever,
}

impl Attempts {
    /// Whether there may be another one after so many.
    pub fn allow_after(self, attempts: u64) -> bool {
        match self {
            Self::UpTo(most) => attempts < most,
            Self::Forever => true,
        }
    }
}

pub(super) fn resilience(args: &ResilienceArgs) -> Result<ResilienceConfig, ConfigError> {
    let optional = |option, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => duration(option, text),
    };
    let ping_interval = optional("--ping-interval", &args.ping_interval)?;
    let ping_timeout = duration("--ping-timeout", &args.ping_timeout)?;
    Ok(ResilienceConfig {
        redirects: args.location.then_some(args.max_redirs),
        retry: attempts("--retry", args.retry.as_deref())?,
        reconnect: attempts("--reconnect", args.reconnect.as_deref())?,
        on_close: args.reconnect_on_close,
        first_delay: first_delay(&args.reconnect_delay)?,
        times: KeepaliveTimes {
            ping_interval,
            ping_timeout: ping_timeout.filter(|_| ping_interval.is_some()),
            idle_timeout: optional("--idle-timeout", &args.idle_timeout)?,
        },
    })
}

fn first_delay(text: &str) -> Result<Duration, ConfigError> {
    const OPTION: &str = "--reconnect-delay";
    duration(OPTION, text)?
        .ok_or_else(|| ConfigError::value(OPTION, text, "without a wait it would flood the server"))
}

/// A number, or any; `None` for 0, which turns it off.
fn attempts(option: &'static str, text: Option<&str>) -> Result<Option<Attempts>, ConfigError> {
    match text {
        None => Ok(None),
        Some(FOREVER | "-1") => Ok(Some(Attempts::Forever)),
        Some(text) => match text.parse() {
            Ok(0) => Ok(None),
            Ok(most) => Ok(Some(Attempts::UpTo(most))),
            Err(_) => Err(ConfigError::value(option, text, "it takes a number, or none at all")),
        },
    }
}
