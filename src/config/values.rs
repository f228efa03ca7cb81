//! Parses durations and sizes.

use std::time::Duration;

use super::ConfigError;
use crate::scenario::language::units::{decimal, number_and_unit, unit_seconds, unit_shift};

/// The longest duration that is accepted: over a century.
const MAX_SECONDS: f64 = 4e9;

/// The duration given to `option`; `None` for 0, which turns a limit off.
pub(super) fn duration(option: &'static str, text: &str) -> Result<Option<Duration>, ConfigError> {
    let duration =
        parse_duration(text).map_err(|reason| ConfigError::value(option, text, reason))?;
    Ok((!duration.is_zero()).then_some(duration))
}

/// The same for an option without a default; `None` also if it was not given.
pub(super) fn optional_duration(
    option: &'static str,
    text: Option<&str>,
) -> Result<Option<Duration>, ConfigError> {
    text.map_or(Ok(None), |text| duration(option, text))
}

/// The size given to `option`, in bytes.
pub(super) fn size(option: &'static str, text: &str) -> Result<u64, ConfigError> {
    parse_size(text).map_err(|reason| ConfigError::value(option, text, reason))
}

/// Reads `500ms`, `5s`, `2m`, `1h` or a plain number of seconds; decimals are allowed.
///
/// # Errors
/// The reason, as text.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (digits, unit) = number_and_unit(text);
    let form = || "a duration is written 500ms, 5s, 2m, 1h or as a number of seconds".to_owned();
    if digits.is_empty() {
        return Err(form());
    }
    let scale = if unit.is_empty() { Some(1.0) } else { unit_seconds(unit) };
    let scale =
        scale.ok_or_else(|| format!("{unit:?} is not a unit of time; use ms, s, m or h"))?;
    let number = decimal(digits).ok_or_else(form)?;
    let seconds = number * scale;
    if seconds > MAX_SECONDS {
        return Err("that is longer than 100 years".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// Reads `4096`, `64K`, `10M`, `1G`; the units are powers of 1024, `KiB`, `KB` and so on are the same.
///
/// # Errors
/// The reason, as text.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, unit) = number_and_unit(text);
    let form = || "a size is a number of bytes, or written 64K, 10M, 1G".to_owned();
    if digits.is_empty() {
        return Err(form());
    }
    let shift = unit_shift(unit).ok_or_else(|| {
        format!("{:?} is not a unit of size; use K, M or G", unit.to_ascii_uppercase())
    })?;
    let number: u64 = digits.parse().map_err(|_| form())?;
    number.checked_mul(1 << shift).ok_or_else(|| "that is too large".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("500ms", 500),
            ("5s", 5000),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("3", 3000),
            ("0.25", 250),
            ("0", 0),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "5x", "-1", "1e3", "inf", "nan", "5 s", "99999999999h", "1.2.3"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_has_no_unit() {
        for text in ["", "abc", "ms", "-1"] {
            let reason = parse_duration(text).expect_err(text);
            assert!(reason.starts_with("a duration is written 500ms"), "{text}: {reason}");
            let reason = parse_size(text).expect_err(text);
            assert!(reason.starts_with("a size is a number of bytes"), "{text}: {reason}");
        }
        assert!(
            parse_duration("5x").is_err_and(|it| it.starts_with("\"x\" is not a unit of time"))
        );
    }

    #[test]
    fn sizes() {
        for (text, bytes) in
            [("0", 0), ("4096", 4096), ("64K", 65536), ("1MiB", 1 << 20), ("2g", 2 << 30)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "K", "1.5M", "-1", "10T", "99999999999999999999", "18446744073709551615G"]
        {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
