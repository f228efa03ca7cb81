//! Values of events.

use std::borrow::Cow;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use jiff::Timestamp;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::event::Stamp;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary;

/// A string, without a copy if it has no escapes.
#[derive(Clone, Debug, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl Text<'_> {
    pub(super) fn into_bytes(self) -> Bytes {
        match self.0 {
            Cow::Borrowed(text) => Bytes::copy_from_slice(text.as_bytes()),
            Cow::Owned(text) => Bytes::from(text),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;

        impl<'de> Visitor<'de> for Strings {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Strings)
    }
}

/// `null` counts as missing.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Who sent something: the sides of a proxy are named.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Direction {
    Received,
    Sent,
    Client,
    Server,
}

impl Direction {
    /// Whether a proxy recorded it.
    pub(super) const fn is_proxied(self) -> bool {
        matches!(self, Self::Client | Self::Server)
    }
}

impl From<Direction> for vocabulary::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Received | Direction::Server => Self::Received,
            Direction::Sent | Direction::Client => Self::Sent,
        }
    }
}

/// Who opened or ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Side {
    #[serde(rename = "self")]
    Local,
    Peer,
    Client,
    Server,
}

impl Side {
    /// Whether a proxy recorded it.
    pub(super) const fn is_proxied(self) -> bool {
        matches!(self, Self::Client | Self::Server)
    }
}

impl From<Side> for Initiator {
    fn from(side: Side) -> Self {
        match side {
            // What a proxy has recorded is seen as its client saw it.
            Side::Local | Side::Client => Self::Local,
            Side::Peer | Side::Server => Self::Peer,
        }
    }
}

/// Milliseconds, as they are written.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Millis<'a>(#[serde(borrow)] &'a RawValue);

impl Millis<'_> {
    /// To the microsecond; what is behind that is dropped.
    ///
    /// # Errors
    /// What it is instead of a number of milliseconds.
    pub(super) fn duration(self) -> Result<Duration, String> {
        millis(self.0.get())
    }
}

/// The time that a value of JSON has in milliseconds. See [`Millis::duration`].
///
/// # Errors
/// What it is instead of a number of milliseconds.
pub(super) fn millis(text: &str) -> Result<Duration, String> {
    let is_number = text.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    match micros(text) {
        Some(micros) => Ok(Duration::from_micros(micros)),
        None if is_number => Err(format!("{} is out of range for milliseconds", excerpt(text))),
        None => Err(format!("{} is not a number of milliseconds", excerpt(text))),
    }
}

/// The start of a value of the file, for a message.
pub(super) fn excerpt(text: &str) -> &str {
    &text[..text.floor_char_boundary(40)]
}

/// Microseconds of a JSON number of milliseconds.
fn micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(whole) || !is_plain(fraction) {
        let millis: f64 = text.parse().ok()?; // an exponent, or a sign
        let micros = millis * 1e3;
        return (0.0..u64::MAX as f64).contains(&micros).then_some(micros as u64);
    }
    let digit = |at: usize| fraction.as_bytes().get(at).map_or(0, |byte| u64::from(byte - b'0'));
    let below = digit(0) * 100 + digit(1) * 10 + digit(2);
    whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(below)
}

/// Turns the times of events into stamps.
#[derive(Debug, Default)]
pub(super) struct Stamps {
    /// The text of a day, `YYYY-MM-DDT`, and its start in seconds since the epoch.
    day: Option<([u8; DAY], i64)>,
    /// The last event.
    last: Option<Stamp>,
    /// The time of the first event by the clock, and what was `elapsed` then.
    first: Option<Stamp>,
    /// How many events had no time at all.
    pub(super) untimed: u64,
}

/// The length of `YYYY-MM-DDT`.
const DAY: usize = 11;

impl Stamps {
    /// The stamp of an event. What is missing is calculated from the rest: without `time` the clock went on by what
    /// has elapsed, and without `elapsed` the other way round.
    ///
    /// # Errors
    /// If the time is not one.
    pub(super) fn stamp(
        &mut self,
        time: Option<&str>,
        elapsed: Option<Duration>,
    ) -> Result<Stamp, String> {
        let wall = time.map(|text| self.wall(text)).transpose()?;
        let last = self.last;
        let at = match (wall, elapsed) {
            (Some(wall), Some(elapsed)) => Stamp { wall, elapsed },
            (Some(wall), None) => {
                let first = self.first.map_or(wall, |first| first.wall);
                let since = wall.duration_since(first).unwrap_or_default();
                let base = self.first.map_or(Duration::ZERO, |first| first.elapsed);
                Stamp { wall, elapsed: base.saturating_add(since) }
            }
            (None, Some(elapsed)) => {
                let first = self.first.unwrap_or(START);
                let since = elapsed.saturating_sub(first.elapsed);
                Stamp { wall: first.wall.checked_add(since).unwrap_or(first.wall), elapsed }
            }
            (None, None) => {
                self.untimed += 1;
                last.unwrap_or(START)
            }
        };
        self.first.get_or_insert(at);
        self.last = Some(at);
        Ok(at)
    }

    fn wall(&mut self, text: &str) -> Result<SystemTime, String> {
        if let Some((day, start)) = &self.day
            && let Some((date, rest)) = text.as_bytes().split_first_chunk::<DAY>()
            && date == day
            && let Some(micros) = time_of_day(rest)
        {
            return system_time(*start, micros * 1000).ok_or_else(|| invalid(text));
        }
        let timestamp: Timestamp = text.parse().map_err(|_| invalid(text))?;
        if let Some(date) = text.as_bytes().first_chunk::<DAY>()
            && text.ends_with('Z')
            && let Some(start) = start_of_day(text)
        {
            self.day = Some((*date, start));
        }
        let nanos = timestamp.as_nanosecond();
        let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).map_err(|_| invalid(text))?;
        let below = nanos.rem_euclid(1_000_000_000) as u64; // less than a second
        system_time(seconds, below).ok_or_else(|| invalid(text))
    }
}

const START: Stamp = Stamp { wall: UNIX_EPOCH, elapsed: Duration::ZERO };

fn invalid(text: &str) -> String {
    let reason = match is_out_of_range(text) {
        true => "is out of range",
        false => "is not a time of RFC 3339",
    };
    format!("'{}' {reason}", excerpt(text))
}

/// Whether a time that cannot be calculated with would be valid in another year.
fn is_out_of_range(text: &str) -> bool {
    let Some((year, rest)) = text.split_at_checked(4) else { return false };
    let is_year = year.bytes().all(|byte| byte.is_ascii_digit());
    is_year && format!("2000{rest}").parse::<Timestamp>().is_ok()
}

/// Seconds since the epoch of the day that `text` starts with.
fn start_of_day(text: &str) -> Option<i64> {
    let midnight = format!("{}00:00:00Z", text.get(..DAY)?);
    Some(midnight.parse::<Timestamp>().ok()?.as_second())
}

fn system_time(seconds: i64, nanos: u64) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = match seconds < 0 {
        true => UNIX_EPOCH.checked_sub(whole)?,
        false => UNIX_EPOCH.checked_add(whole)?,
    };
    second.checked_add(Duration::from_nanos(nanos))
}

/// Microseconds since midnight of `HH:MM:SS.ffffffZ`, as we write it; `None` for every other form.
fn time_of_day(text: &[u8]) -> Option<u64> {
    let text: &[u8; 16] = text.try_into().ok()?;
    let has_marks = text[2] == b':' && text[5] == b':' && text[8] == b'.' && text[15] == b'Z';
    let number = |range: std::ops::Range<usize>| {
        text[range].iter().try_fold(0, |number: u64, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
        })
    };
    let (hours, minutes, seconds) = (number(0..2)?, number(3..5)?, number(6..8)?);
    let is_time = has_marks && hours < 24 && minutes < 60 && seconds < 60;
    is_time.then_some(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + number(9..15)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_read_to_the_microsecond() {
        for (text, expected) in [
            ("0", Some(0)),
            ("0.001", Some(1)),
            ("12.345", Some(12_345)),
            ("12.3456789", Some(12_345)),
            ("12.5", Some(12_500)),
            ("1e3", Some(1_000_000)),
            ("1.5E-1", Some(150)),
            ("18446744073709551.615", Some(u64::MAX)),
            ("18446744073709551.616", None),
            ("18446744073709552", None),
            ("99999999999999999999999", None),
            ("1e300", None),
            ("1e999", None),
            ("-1", None),
            ("-0", Some(0)),
            ("\"1\"", None),
            ("null", None),
            ("[1]", None),
            ("NaN", None),
            ("infinity", None),
        ] {
            assert_eq!(micros(text), expected, "{text}");
        }
    }

    fn wall(text: &str) -> Result<i128, String> {
        let mut stamps = Stamps::default();
        let slow = stamps.stamp(Some(text), None)?;
        let fast = stamps.stamp(Some(text), None)?; // the day is known then
        assert_eq!(slow.wall, fast.wall);
        Ok(Timestamp::try_from(slow.wall).expect("a time").as_nanosecond())
    }

    #[test]
    fn times_are_those_of_rfc_3339() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.000000Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1_000),
            ("2026-07-31T12:34:56.789012Z", 1_785_501_296_789_012_000),
            ("2026-07-31T12:34:56Z", 1_785_501_296_000_000_000),
            ("2026-07-31T14:34:56.789012+02:00", 1_785_501_296_789_012_000),
            ("0001-01-01T00:00:00.000001Z", -62_135_596_799_999_999_000),
            ("9999-12-30T00:00:00.000000Z", 253_402_128_000_000_000_000),
        ] {
            assert_eq!(wall(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "yesterday",
            "2026-07-31",
            "2026-07-31T12:34:56.789012",
            "2026-13-31T12:34:56Z",
            "99999-01-01T00:00:00Z",
            "2026-07-31T25:00:00.000000Z",
            "2026-07-31T12:34:5é.000000Z",
        ] {
            assert!(wall(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_known_day_does_not_make_a_wrong_time_right() {
        let mut stamps = Stamps::default();
        stamps.stamp(Some("2026-07-31T12:34:56.000000Z"), None).expect("a time");
        for text in ["2026-07-31T24:34:56.000000Z", "2026-07-31T12-34:56.000000Z", "2026-07-31T"] {
            assert!(stamps.stamp(Some(text), None).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_missing_of_a_time_is_calculated() {
        let mut stamps = Stamps::default();
        let ms = Duration::from_millis;
        let first = stamps.stamp(Some("1970-01-01T00:00:01Z"), Some(ms(40))).expect("a time");
        assert_eq!(first, Stamp { wall: UNIX_EPOCH + ms(1000), elapsed: ms(40) });
        let no_elapsed = stamps.stamp(Some("1970-01-01T00:00:02Z"), None).expect("a time");
        assert_eq!(no_elapsed.elapsed, ms(1040));
        let no_time = stamps.stamp(None, Some(ms(540))).expect("a time");
        assert_eq!(no_time.wall, UNIX_EPOCH + ms(1500));
        assert_eq!(stamps.stamp(None, None), Ok(no_time));
        let earlier = stamps.stamp(Some("1970-01-01T00:00:00Z"), None).expect("a time");
        assert_eq!(earlier.elapsed, ms(40), "time went backwards");
        assert_eq!(Stamps::default().stamp(None, None), Ok(START));
        let far = Stamps::default().stamp(None, Some(Duration::MAX)).expect("a time");
        assert_eq!(far.wall, UNIX_EPOCH, "no clock has that");
    }
}
