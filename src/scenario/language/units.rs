//! Durations and sizes as scenarios write them.

use std::time::Duration;

/// Reads `500ms`, `5s`, `2m` or `1h`; the unit is required.
///
/// # Errors
/// What is wrong, in words.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let millis = match unit {
        "ms" => 1.0,
        "s" => 1000.0,
        "m" | "min" => 60_000.0,
        "h" => 3_600_000.0,
        "" if number.is_some() => return Err(format!("the unit is missing: {text}ms or {text}s")),
        _ => return Err(format!("{text:?} is not a duration: 500ms, 5s or 2m")),
    };
    let number = number.ok_or_else(|| format!("{text:?} is not a duration: 500ms, 5s or 2m"))?;
    match number * millis {
        millis if millis <= MAX_MILLIS => Ok(Duration::from_secs_f64(millis / 1000.0)),
        _ => Err("that is longer than 100 years".to_owned()),
    }
}

/// A century.
const MAX_MILLIS: f64 = 100.0 * 365.25 * 86_400_000.0;

/// Reads `512`, `64K`, `10M` or `1G`: bytes, in units of 1024.
///
/// # Errors
/// What is wrong, in words.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let problem = || format!("{text:?} is not a size: 512, 64K or 10M");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err(problem()),
    };
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| is_number).ok_or_else(problem)?;
    number.checked_mul(1 << shift).ok_or_else(|| "that is more than 16 EiB".to_owned())
}

/// The number at the start of a text, and what follows it.
fn split(text: &str) -> (Option<f64>, &str) {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let number = digits.parse::<f64>().ok().filter(|_| is_number);
    (number, &text[digits.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_their_unit() {
        for (text, millis) in [("500ms", 500), ("5s", 5000), ("1.5s", 1500), ("2m", 120_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse_duration("5"), Err("the unit is missing: 5ms or 5s".to_owned()));
        for text in ["", "s", "5 s", "-1s", "1e3s", "5x", "99999999999h", "1.2.3s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

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
