//! Further attempts, and the monitoring of the connection: what was typed → what will be done.

use std::time::Duration;

use super::ConfigError;
use super::values::duration;
use crate::cli::{FOREVER, ResilienceArgs};
use crate::client::retry::AttemptLimit;
use crate::protocol::keepalive::KeepaliveTimes;

/// Further attempts, and the monitoring of the connection.
#[derive(Clone, Copy, Debug)]
pub struct ResilienceConfig {
    /// Further attempts at the first connection.
    pub retry: Option<AttemptLimit>,
    /// Attempts at another connection when one was lost.
    pub reconnect: Option<AttemptLimit>,
    /// Connect again also after a normal close by the peer.
    pub on_close: bool,
    /// The first wait before another attempt.
    pub first_delay: Duration,
    /// When pings are sent and when silence ends the connection.
    pub times: KeepaliveTimes,
}

pub(super) fn resilience(args: &ResilienceArgs) -> Result<ResilienceConfig, ConfigError> {
    let optional = |option, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => duration(option, text),
    };
    let ping_interval = optional("--ping-interval", &args.keepalive.ping_interval)?;
    let ping_timeout = duration("--ping-timeout", &args.keepalive.ping_timeout)?;
    Ok(ResilienceConfig {
        retry: attempts("--retry", args.retry.as_deref())?,
        reconnect: attempts("--reconnect", args.reconnect.as_deref())?,
        on_close: args.reconnect_on_close,
        first_delay: first_delay(&args.reconnect_delay)?,
        times: KeepaliveTimes {
            ping_interval,
            ping_timeout: ping_timeout.filter(|_| ping_interval.is_some()),
            idle_timeout: optional("--idle-timeout", &args.keepalive.idle_timeout)?,
        },
    })
}

fn first_delay(text: &str) -> Result<Duration, ConfigError> {
    const OPTION: &str = "--reconnect-delay";
    duration(OPTION, text)?
        .ok_or_else(|| ConfigError::value(OPTION, text, "without a wait it would flood the server"))
}

/// A number, or unlimited; `None` for 0, which turns it off.
fn attempts(option: &'static str, text: Option<&str>) -> Result<Option<AttemptLimit>, ConfigError> {
    match text {
        None => Ok(None),
        Some(FOREVER | "-1") => Ok(Some(AttemptLimit::Unlimited)),
        Some(text) => match text.parse() {
            Ok(0) => Ok(None),
            Ok(most) => Ok(Some(AttemptLimit::UpTo(most))),
            Err(_) => Err(ConfigError::value(option, text, "it takes a number, or none at all")),
        },
    }
}
