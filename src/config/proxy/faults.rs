//! What goes wrong on purpose: `--throttle`, `--latency`, `--refuse`, `--enforce`.

use std::num::NonZeroU64;
use std::time::Duration;

use crate::cli::FaultArgs;
use crate::config::ConfigError;
use crate::config::values::{parse_duration, size};
use crate::rules::Jitter;
use crate::scenario::language::units::{decimal, number_and_unit};

/// What goes wrong on purpose, on every connection.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Faults {
    /// The most bytes a second, in each direction of a connection.
    pub throttle: Option<NonZeroU64>,
    /// How long everything is held back, in each direction.
    pub latency: Option<Jitter>,
    /// Opening handshakes that are refused.
    pub refuse: Option<Refuse>,
    /// Frames that violate the protocol are withheld, and both sides closed.
    pub enforce: bool,
}

/// How opening handshakes are refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refuse {
    /// The status of the response, from 200 to 599.
    pub status: u16,
    /// How many of a hundred are refused, at random: more than 0, and at most 100.
    pub percent: f64,
}

impl Faults {
    /// Resolves the options.
    ///
    /// # Errors
    /// With the first value that is not valid.
    pub(super) fn new(args: &FaultArgs) -> Result<Self, ConfigError> {
        let bad = |option, text: &str| {
            let text = text.to_owned();
            move |reason: String| ConfigError::value(option, &text, reason)
        };
        let latency = |text: &str| latency(text).map_err(bad("--latency", text));
        let refuse = |text: &str| refuse(text).map_err(bad("--refuse", text));
        Ok(Self {
            throttle: args.throttle.as_deref().map(throttle).transpose()?,
            latency: args.latency.as_deref().map(latency).transpose()?.flatten(),
            refuse: args.refuse.as_deref().map(refuse).transpose()?,
            enforce: args.enforce,
        })
    }
}

fn throttle(text: &str) -> Result<NonZeroU64, ConfigError> {
    const OPTION: &str = "--throttle";
    let reason = "nothing would be passed on; without the option there is no limit";
    NonZeroU64::new(size(OPTION, text)?).ok_or_else(|| ConfigError::value(OPTION, text, reason))
}

/// `TIME`, `TIME±TIME` or `TIME+-TIME`; `None` for 0.
fn latency(text: &str) -> Result<Option<Jitter>, String> {
    let Some((middle, range)) = text.split_once('±').or_else(|| text.split_once("+-")) else {
        let jitter = Jitter { time: parse_duration(text)?, spread: Duration::ZERO };
        return Ok((!jitter.time.is_zero()).then_some(jitter));
    };
    let (middle, range) = (middle.trim(), range.trim());
    if range.is_empty() {
        return Err("a time is missing after ±".to_owned());
    }
    let jitter = Jitter { time: parse_duration(middle)?, spread: parse_duration(range)? };
    // 100±20ms would be seconds, then milliseconds.
    let has_unit = |text| !number_and_unit(text).1.is_empty();
    if has_unit(middle) != has_unit(range) {
        return Err("both times need a unit, as in 100ms±20ms".to_owned());
    }
    if jitter.spread > jitter.time {
        return Err("the time after ± is longer than that before it".to_owned());
    }
    Ok((!jitter.time.is_zero()).then_some(jitter))
}

/// `STATUS` or `STATUS,N%`
fn refuse(text: &str) -> Result<Refuse, String> {
    let (status, share) = match text.split_once(',') {
        Some((status, share)) => (status.trim(), Some(share.trim())),
        None => (text.trim(), None),
    };
    let is_number = status.len() == 3 && status.bytes().all(|byte| byte.is_ascii_digit());
    let status = status.parse().ok().filter(|status| is_number && (200..600).contains(status));
    let status = status.ok_or("a status that refuses a request is one from 200 to 599")?;
    let percent = share.map_or(Ok(100.0), percent)?;
    Ok(Refuse { status, percent })
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').ok_or("a share is written with %, as in 503,20%")?;
    let percent = decimal(number.trim_end()).filter(|percent| *percent > 0.0 && *percent <= 100.0);
    percent.ok_or_else(|| "a share is more than 0% and at most 100%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_may_have_a_spread() {
        for (text, time, spread) in [
            ("200ms", 200, 0),
            ("1.5", 1500, 0),
            ("200ms±50ms", 200, 50),
            ("200ms+-50ms", 200, 50),
            ("200ms ± 50ms", 200, 50),
            ("1s±200ms", 1000, 200),
            ("2±1", 2000, 1000),
            ("50ms±50ms", 50, 50),
        ] {
            let [time, spread] = [time, spread].map(Duration::from_millis);
            assert_eq!(latency(text), Ok(Some(Jitter { time, spread })), "{text}");
        }
        for text in ["0", "0ms", "0±0"] {
            assert_eq!(latency(text), Ok(None), "{text}");
        }
    }

    #[test]
    fn a_latency_that_is_not_valid_is_refused_with_the_reason() {
        for (text, reason) in [
            ("", "a duration is written"),
            ("5±", "a time is missing after ±"),
            ("5+-", "a time is missing after ±"),
            ("±5", "a duration is written"),
            ("100±20ms", "both times need a unit"),
            ("100ms±20", "both times need a unit"),
            ("50ms±60ms", "the time after ± is longer"),
            ("5x", "\"x\" is not a unit of time"),
            ("1s±-1s", "a duration is written"),
            ("1s±1s±1s", "a duration is written"),
        ] {
            let why = latency(text).expect_err(text);
            assert!(why.starts_with(reason), "{text}: {why}");
        }
    }

    #[test]
    fn handshakes_may_be_refused_in_part() {
        for (text, status, percent) in [
            ("503", 503, 100.0),
            ("503,20%", 503, 20.0),
            ("429, 0.5 %", 429, 0.5),
            ("200,100%", 200, 100.0),
            ("599", 599, 100.0),
        ] {
            assert_eq!(refuse(text), Ok(Refuse { status, percent }), "{text}");
        }
    }

    #[test]
    fn a_refusal_that_is_not_valid_is_refused_with_the_reason() {
        const STATUS: &str = "a status that refuses a request is one from 200 to 599";
        const SHARE: &str = "a share is more than 0% and at most 100%";
        const SIGN: &str = "a share is written with %, as in 503,20%";
        for (text, reason) in [
            ("99", STATUS),
            ("101", STATUS),
            ("600", STATUS),
            ("0503", STATUS),
            ("+503", STATUS),
            ("", STATUS),
            ("20%", STATUS),
            ("503,200%", SHARE),
            ("503,0%", SHARE),
            ("503,-1%", SHARE),
            ("503,nan%", SHARE),
            ("503,%", SHARE),
            ("503,20", SIGN),
            ("503,", SIGN),
        ] {
            assert_eq!(refuse(text), Err(reason.to_owned()), "{text}");
        }
    }
}
