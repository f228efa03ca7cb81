//! Durations and sizes as scenarios write them.

use std::time::Duration;

/// Reads `500ms`, `5s`, `2m` or `1h`; the unit is required.
///
/// # Errors
/// What is wrong, in words.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = number_and_unit(text);
    match (decimal(number), unit_seconds(unit)) {
        (Some(_), None) if unit.is_empty() => Err(missing_unit(text)),
        (Some(number), Some(unit)) if number * unit <= MAX_SECONDS => {
            Ok(Duration::from_secs_f64(number * unit))
        }
        (Some(_), Some(_)) => Err("that is longer than 100 years".to_owned()),
        _ => Err(not_a_duration(text)),
    }
}

/// What is wrong with a number where a duration is expected.
pub fn missing_unit(number: &str) -> String {
    format!("a duration needs a unit: {number}ms or {number}s")
}

fn not_a_duration(text: &str) -> String {
    let joined: String = text.split_whitespace().collect();
    match joined != text && parse_duration(&joined).is_ok() {
        true => format!("{text:?} is not a duration: write {joined}"),
        false => format!("{text:?} is not a duration: 500ms, 5s or 2m"),
    }
}

const MAX_SECONDS: f64 = 100.0 * 365.25 * 86_400.0;

/// Reads `512`, `64K`, `10M` or `1G`: bytes, in units of 1024.
///
/// # Errors
/// What is wrong, in words.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let problem = || format!("{text:?} is not a size: 512, 64K or 10M");
    let (digits, unit) = number_and_unit(text);
    let shift = unit_shift(unit).ok_or_else(problem)?;
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_number).ok_or_else(problem)?;
    number.checked_mul(1 << shift).ok_or_else(|| "that is more than 16 EiB".to_owned())
}

/// What is before the letters at the end of a text, and these.
pub fn number_and_unit(text: &str) -> (&str, &str) {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    text.split_at(digits.len())
}

/// A number of digits and at most one point.
pub fn decimal(text: &str) -> Option<f64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| is_number)
}

/// How many seconds a unit of time has.
pub fn unit_seconds(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return None,
    })
}

/// The power of two that a unit of size stands for; no unit is bytes.
pub fn unit_shift(unit: &str) -> Option<u32> {
    Some(match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenario language, section 1: "Durations are `500ms`, `5s`, `2m`: in scenarios the unit is required."
    #[test]
    fn durations_need_their_unit() {
        for (text, millis) in [("500ms", 500), ("5s", 5000), ("1.5s", 1500), ("2m", 120_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for (text, problem) in [
            ("5", "a duration needs a unit: 5ms or 5s"),
            ("5 s", "\"5 s\" is not a duration: write 5s"),
            ("5 x", "\"5 x\" is not a duration: 500ms, 5s or 2m"),
        ] {
            assert_eq!(parse_duration(text), Err(problem.to_owned()));
        }
        for text in ["", "s", "5 s", "-1s", "1e3s", "5x", "99999999999h", "1.2.3s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    /// Scenario language, section 1: "Sizes are `512`, `64K`, `10M`."
    #[test]
    fn sizes_are_in_units_of_1024() {
        for (text, bytes) in [("0", 0), ("512", 512), ("64K", 65_536), ("10MiB", 10 << 20)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "K", "1.5M", "-1", "10T", "99999999999999999999", "18446744073709551615G"]
        {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
