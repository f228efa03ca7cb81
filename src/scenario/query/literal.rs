//! Numbers, durations, sizes, bytes and words as they are written in a line.

use std::time::Duration;

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER_PERMISSIVE};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::value::Value;
use crate::scenario::json;
use crate::scenario::language::literal::base64_problem;

/// The longest duration, in seconds: over a century.
const MAX_SECONDS: f64 = 4e9;

const FORMS: &str =
    "numbers are written 5, -0.5 or 1e3, durations 500ms, 5s or 2m, sizes 64K or 10M";

/// Why a text is not a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LiteralError {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl LiteralError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BytesEncoding {
    /// Hexadecimal digits, with or without spaces.
    Hex,
    /// Base64 (RFC 4648 section 4), with or without padding.
    Base64,
}

impl BytesEncoding {
    /// The bytes that a text stands for.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn decode(self, text: &str) -> Result<Vec<u8>, String> {
        match self {
            Self::Hex => {
                let digits: String = text.split_whitespace().collect();
                let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
                bytes.map_err(|_| match digits.chars().find(|c| !c.is_ascii_hexdigit()) {
                    Some(c) => format!("{c:?} is not a hexadecimal digit"),
                    None => "an odd number of hexadecimal digits".to_owned(),
                })
            }
            Self::Base64 => {
                let encoding = if text.ends_with('=') { BASE64 } else { BASE64_NOPAD };
                encoding.decode(text.as_bytes()).map_err(|error| base64_problem(text, &error))
            }
        }
    }
}

/// `true`, `false` or `null`.
pub(super) fn word(text: &str) -> Option<Value> {
    match text {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ => None,
    }
}

/// A number, a duration or a size.
pub(super) fn quantity(text: &str) -> Result<Value, LiteralError> {
    if let Some(number) = json::number(text) {
        return Ok(Value::Number(number));
    }
    let is_mantissa = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    let mantissa = &text[..text.len() - text.trim_start_matches(is_mantissa).len()];
    let unit = &text[mantissa.len()..];
    let scale = match unit {
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "K" | "M" | "G" => return size(mantissa, unit).map(Value::integer),
        _ => return Err(not_a_quantity(text, mantissa, unit)),
    };
    let number = decimal(mantissa).ok_or_else(|| not_a_quantity(text, mantissa, ""))?;
    match number * scale {
        seconds if seconds < 0.0 => Err(LiteralError::new("a duration cannot be negative")),
        seconds if seconds > MAX_SECONDS => Err(LiteralError::new("longer than 100 years")),
        seconds => Ok(Value::Duration(Duration::from_secs_f64(seconds))),
    }
}

/// The value of a text where another type than a string is needed, such as `500ms` for a duration.
pub(super) fn from_text(text: &str) -> Option<Value> {
    let bytes = |encoding: BytesEncoding, digits| encoding.decode(digits).ok().map(Value::Bytes);
    match text.split_once(':') {
        Some(("hex", digits)) => bytes(BytesEncoding::Hex, digits),
        Some(("base64", digits)) => bytes(BytesEncoding::Base64, digits),
        _ => word(text).or_else(|| quantity(text).ok()),
    }
}

/// A date and time as in RFC 3339; without an offset it is UTC, and a date alone is its midnight.
pub(super) fn date(text: &str) -> Option<Timestamp> {
    let civil = || {
        let is_plain = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | ' ');
        let is_civil = text.chars().all(is_plain) && text.matches('-').count() == 2;
        let civil: DateTime = is_civil.then(|| text.parse().ok()).flatten()?;
        TimeZone::UTC.to_timestamp(civil).ok()
    };
    rfc3339(text).or_else(civil)
}

/// A date and time exactly as in RFC 3339 section 5.6.
pub(super) fn rfc3339(text: &str) -> Option<Timestamp> {
    has_shape(text).then(|| text.parse().ok()).flatten()
}

/// Whether this is `0000-00-00T00:00:00`, perhaps a fraction, and an offset.
fn has_shape(text: &str) -> bool {
    let is_like = |bytes: &[u8], form: &[u8]| {
        bytes.len() == form.len()
            && bytes.iter().zip(form).all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                b'+' => matches!(byte, b'+' | b'-'),
                form => byte == form,
            })
    };
    let Some((start, rest)) = text.as_bytes().split_at_checked(19) else { return false };
    let offset = match rest.strip_prefix(b".") {
        Some([first, rest @ ..]) if first.is_ascii_digit() => without_digits(rest),
        Some(_) => return false,
        None => rest,
    };
    is_like(start, b"0000-00-00T00:00:00")
        && (matches!(offset, b"Z" | b"z") || is_like(offset, b"+00:00"))
}

fn without_digits(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| !byte.is_ascii_digit());
    &bytes[end.unwrap_or(bytes.len())..]
}

/// A number without exponent.
fn decimal(text: &str) -> Option<f64> {
    json::number(text)?.as_f64()
}

fn size(digits: &str, unit: &str) -> Result<u64, LiteralError> {
    let shift = match unit {
        "K" => 10,
        "M" => 20,
        _ => 30,
    };
    let is_whole = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_whole {
        return Err(LiteralError::new("a size is a whole number of K, M or G"));
    }
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| LiteralError::new("larger than 64 bits can hold"))
}

fn not_a_quantity(text: &str, mantissa: &str, unit: &str) -> LiteralError {
    let is_number = decimal(mantissa).is_some();
    if is_number && unit.starts_with(['e', 'E']) {
        return LiteralError::new(format!("{text} is not a number")).with_help(FORMS);
    }
    let suggestion = match unit {
        "k" | "kb" | "kB" | "KB" | "KiB" => Some("K"),
        "mb" | "MB" | "MiB" => Some("M"),
        "g" | "gb" | "GB" | "GiB" => Some("G"),
        "min" => Some("m"),
        "S" | "sec" => Some("s"),
        "MS" | "msec" => Some("ms"),
        _ => None,
    };
    match suggestion {
        Some(suggestion) if is_number => {
            let help = format!("write {mantissa}{suggestion}");
            LiteralError::new(format!("{unit:?} is not a unit")).with_help(help)
        }
        _ if is_number && !unit.is_empty() => {
            let help = "durations have the units ms, s, m and h, sizes K, M and G";
            LiteralError::new(format!("{unit:?} is not a unit")).with_help(help)
        }
        _ => LiteralError::new(format!("{text:?} is not a number")).with_help(FORMS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers_durations_and_sizes() {
        for (text, shown) in [
            ("0", "0"),
            ("-5", "-5"),
            ("1.50", "1.50"),
            ("1e3", "1e3"),
            ("1e400", "1e400"),
            ("9007199254740993", "9007199254740993"),
            ("18446744073709551615", "18446744073709551615"),
            ("500ms", "500ms"),
            ("0.5s", "500ms"),
            ("5s", "5s"),
            ("2m", "120s"),
            ("1h", "3600s"),
            ("4K", "4096"),
            ("10M", "10485760"),
            ("2G", "2147483648"),
        ] {
            assert_eq!(quantity(text).map(|value| value.shown()), Ok(shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_quantity_has_a_reason() {
        for (text, message) in [
            ("05", "\"05\" is not a number"),
            ("+5", "\"+5\" is not a number"),
            (".5", "\".5\" is not a number"),
            ("5.", "\"5.\" is not a number"),
            ("1.2.3", "\"1.2.3\" is not a number"),
            ("-", "\"-\" is not a number"),
            ("1e", "1e is not a number"),
            ("-5s", "a duration cannot be negative"),
            ("9999999999h", "longer than 100 years"),
            ("05s", "\"05s\" is not a number"),
            ("1.5K", "a size is a whole number of K, M or G"),
            ("-1K", "a size is a whole number of K, M or G"),
            ("99999999999999G", "larger than 64 bits can hold"),
            ("5x", "\"x\" is not a unit"),
            ("5kb", "\"kb\" is not a unit"),
        ] {
            assert_eq!(quantity(text).expect_err(text).message, message);
        }
        let help = |text: &str| quantity(text).expect_err(text).help;
        assert_eq!(help("5kb").as_deref(), Some("write 5K"));
        assert_eq!(help("5min").as_deref(), Some("write 5m"));
    }

    #[test]
    fn bytes_are_hexadecimal_or_base64() {
        use BytesEncoding::{Base64, Hex};
        assert_eq!(Hex.decode(" 01 00 0A"), Ok(vec![1, 0, 10]));
        assert_eq!(Hex.decode(""), Ok(Vec::new()));
        assert_eq!(Hex.decode("0"), Err("an odd number of hexadecimal digits".to_owned()));
        assert_eq!(Hex.decode("0g"), Err("'g' is not a hexadecimal digit".to_owned()));
        assert_eq!(Base64.decode("AQA="), Ok(vec![1, 0]));
        assert_eq!(Base64.decode("AQA"), Ok(vec![1, 0]));
        assert!(Base64.decode("A!").unwrap_err().starts_with("not base64: "));
    }

    #[test]
    fn a_text_may_stand_for_another_type() {
        for (text, name) in [
            ("500ms", Some("a duration")),
            ("4K", Some("an integer")),
            ("true", Some("a boolean")),
            ("hex:01", Some("bytes")),
            ("base64:AQ==", Some("bytes")),
            ("hex:0", None),
            ("x", None),
        ] {
            assert_eq!(from_text(text).map(|value| value.type_name()), name, "{text}");
        }
    }

    #[test]
    fn dates_are_those_of_rfc_3339() {
        for (text, is_date, is_time) in [
            ("2027-01-02T03:04:05Z", true, true),
            ("2027-01-02 03:04:05.123+01:00", true, true),
            ("2027-01-02", true, false),
            ("2027-01-02T03:04:05", true, false),
            ("2027-01-02T03:04:05+01:00[Europe/Paris]", false, false),
            ("2027-01-02T03:04:05.Z", false, false),
            ("2027-01-02T03:04:05.5z", true, true),
            ("2027-01-02T03:04Z", false, false),
            ("2027-13-02T03:04:05Z", false, false),
            ("20270102T030405Z", false, false),
            ("tomorrow", false, false),
            ("", false, false),
        ] {
            assert_eq!(rfc3339(text).is_some(), is_time, "{text}");
            assert_eq!(date(text).is_some(), is_date, "{text}");
        }
    }
}
