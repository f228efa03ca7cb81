//! Times of a HAR: decimal numbers, read and written exactly to the microsecond, and RFC 3339.

use std::fmt;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use super::values::{decimal, number, text};

/// A time or a span, in microseconds; times are since the Unix epoch.
pub(super) type Micros = i64;

/// The number of microseconds in a second, as a power of ten.
pub(super) const SECONDS: i32 = 6;
/// The number of microseconds in a millisecond, as a power of ten.
pub(super) const MILLISECONDS: i32 = 3;

/// Over this a time is in milliseconds (Playwright), else in seconds: as seconds it is the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// Over this a time is in microseconds.
const MICROSECONDS_FROM: i64 = MILLISECONDS_FROM * 1000;
/// Over this a time is in nanoseconds.
const NANOSECONDS_FROM: i64 = MICROSECONDS_FROM * 1000;

/// Below this a time is not since the Unix epoch, but since the start of something that is not known: as seconds
/// since the epoch it is in 1973.
const EPOCH_FROM: i64 = 100_000_000;

/// A message's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageTime {
    /// Since the Unix epoch.
    Wall(Micros),
    /// By a clock with an unknown start.
    Relative(Micros),
}

/// A value is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotATime;

impl MessageTime {
    /// The time that a value stands for: a number since the Unix epoch, in a unit that follows from its magnitude, or
    /// a date and time. None for a negative number, which Playwright writes without times.
    ///
    /// # Errors
    /// If it is something else.
    pub(super) fn of(value: &RawValue) -> Result<Option<Self>, NotATime> {
        if let Some(number) = number(value)
            && let Some(whole) = decimal(number, 0)
        {
            return Self::parse(number, whole);
        }
        let time = text(value).and_then(|text| date_time(&text)).ok_or(NotATime)?;
        Ok(Some(Self::Wall(time)))
    }

    /// The same of a number, which is `whole` without its fraction.
    fn parse(number: &str, whole: i64) -> Result<Option<Self>, NotATime> {
        let in_unit = |power| decimal(number, power).ok_or(NotATime);
        Ok(Some(match whole {
            _ if number.starts_with('-') => return Ok(None),
            NANOSECONDS_FROM.. => Self::Wall(in_unit(-3)?),
            MICROSECONDS_FROM.. => Self::Wall(in_unit(0)?),
            MILLISECONDS_FROM.. => Self::Wall(in_unit(MILLISECONDS)?),
            _ => match in_unit(SECONDS)? {
                micros if is_since_epoch(micros) => Self::Wall(micros),
                micros => Self::Relative(micros),
            },
        }))
    }
}

/// Whether a time can be one since the Unix epoch.
pub(super) fn is_since_epoch(micros: Micros) -> bool {
    micros >= EPOCH_FROM * 1_000_000
}

/// Microseconds since the epoch as seconds, as Chrome writes them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seconds(pub(super) Micros);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
    }
}

/// Microseconds as milliseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Millis(pub(super) Micros);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:03}", micros / 1000, micros % 1000)
    }
}

/// A date and time with its offset from UTC; without an offset it is taken as UTC.
pub(super) fn date_time(text: &str) -> Option<Micros> {
    let zoned = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let timestamp = text.parse().ok().or_else(|| zoned().map(|zoned| zoned.timestamp()));
    timestamp.map(Timestamp::as_microsecond)
}

/// RFC 3339 in UTC with microseconds; out of range, the epoch.
pub(super) fn rfc3339(micros: Micros) -> String {
    format!("{:.6}", Timestamp::from_microsecond(micros).unwrap_or_default())
}

/// The time of the system's clock.
pub(super) fn wall(micros: Micros) -> SystemTime {
    let span = Duration::from_micros(micros.unsigned_abs());
    let time = match micros {
        0.. => SystemTime::UNIX_EPOCH.checked_add(span),
        _ => SystemTime::UNIX_EPOCH.checked_sub(span),
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Microseconds since the epoch, as outputs show them: what is less is cut off.
pub(super) fn micros_of_wall(time: SystemTime) -> Micros {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => micros_of(since),
        Err(_) => Timestamp::try_from(time).map_or(0, Timestamp::as_microsecond),
    }
}

/// The microseconds of a span.
pub(super) fn micros_of(span: Duration) -> Micros {
    Micros::try_from(span.as_micros()).unwrap_or(Micros::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_read_exactly() {
        for (text, power, value) in [
            ("0", 6, Some(0)),
            ("1700000000.123456", 6, Some(1_700_000_000_123_456)),
            ("1700000000.1234567", 6, Some(1_700_000_000_123_457)),
            ("1700000000", 6, Some(1_700_000_000_000_000)),
            ("1.7e9", 6, Some(1_700_000_000_000_000)),
            ("17E+8", 6, Some(1_700_000_000_000_000)),
            ("1700000000123.456e-3", 6, Some(1_700_000_000_123_456)),
            ("12.345", 3, Some(12_345)),
            ("12.3454", 3, Some(12_345)),
            ("12.3455", 3, Some(12_346)),
            ("-0.5", 3, Some(-500)),
            ("0.0000004", 6, Some(0)),
            ("0.0000005", 6, Some(1)),
            ("5e-7", 6, Some(1)),
            ("5e-8", 6, Some(0)),
            ("9e-999999999", 6, Some(0)),
            ("0e999999999", 6, Some(0)),
            ("9e999999999", 6, None),
            ("1e99999999999", 6, None),
            ("9223372036854775807", 6, None),
            ("9223372036854.775807", 6, Some(i64::MAX)),
            ("9223372036854.7758075", 6, None),
            ("", 6, None),
            (".5", 6, None),
            ("1x", 6, None),
            ("null", 6, None),
            ("1.2.3", 6, None),
        ] {
            assert_eq!(decimal(text, power), value, "{text}");
        }
    }

    #[test]
    fn the_unit_of_a_message_time_is_found() {
        let wall = |micros| Ok(Some(MessageTime::Wall(micros)));
        for (json, time) in [
            ("1700000000.5", wall(1_700_000_000_500_000)),
            ("1700000000500.25", wall(1_700_000_000_500_250)),
            ("1700000000500250", wall(1_700_000_000_500_250)),
            ("1700000000500250499", wall(1_700_000_000_500_250)),
            ("\"1700000000500\"", wall(1_700_000_000_500_000)),
            ("\"2023-11-14T22:13:20.5Z\"", wall(1_700_000_000_500_000)),
            ("\"2023-11-15T00:13:20.500+02:00\"", wall(1_700_000_000_500_000)),
            ("\"2023-11-14T22:13:20.5\"", wall(1_700_000_000_500_000)),
            ("12345.5", Ok(Some(MessageTime::Relative(12_345_500_000)))),
            ("0", Ok(Some(MessageTime::Relative(0)))),
            ("-1", Ok(None)),
            ("\"x\"", Err(NotATime)),
            ("\"12x\"", Err(NotATime)),
            ("99999999999999999999", Err(NotATime)),
            ("true", Err(NotATime)),
            ("{}", Err(NotATime)),
        ] {
            let value = RawValue::from_string(json.to_owned()).expect("JSON");
            assert_eq!(MessageTime::of(&value), time, "{json}");
        }
    }

    #[test]
    fn dates_have_offsets() {
        for (text, micros) in [
            ("1970-01-01T00:00:01.5Z", Some(1_500_000)),
            ("1970-01-01T02:00:01.000001+02:00", Some(1_000_001)),
            ("1969-12-31T23:59:59-00:00", Some(-1_000_000)),
            ("1970-01-01T00:00:01", Some(1_000_000)),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(date_time(text), micros, "{text}");
        }
        assert_eq!(rfc3339(1_700_000_000_123_456), "2023-11-14T22:13:20.123456Z");
        assert_eq!(rfc3339(i64::MAX), "1970-01-01T00:00:00.000000Z");
    }

    proptest! {
        #[test]
        fn any_number_of_microseconds_is_read_back(micros in any::<i64>()) {
            prop_assert_eq!(decimal(&Seconds(micros).to_string(), SECONDS).map(|it| it == micros),
                (micros != i64::MIN).then_some(true));
            prop_assert_eq!(decimal(&Millis(micros).to_string(), MILLISECONDS).map(|it| it == micros),
                (micros != i64::MIN).then_some(true));
        }

        #[test]
        fn any_time_is_read_back(micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000) {
            prop_assert_eq!(date_time(&rfc3339(micros)), Some(micros));
            prop_assert_eq!(micros_of_wall(wall(micros)), micros);
        }

        #[test]
        fn no_text_is_too_strange(text in "[-0-9.eE+]{0,12}|\\PC{0,12}") {
            let value = RawValue::from_string(serde_json::Value::from(&*text).to_string()).expect("JSON");
            let _ = (decimal(&text, SECONDS), MessageTime::of(&value), date_time(&text));
        }
    }
}
