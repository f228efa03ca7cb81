//! The `Retry-After` field (RFC 9110 section 10.2.3): seconds, or a date in any of the three formats of HTTP
//! (section 5.6.7).

use std::time::{Duration, SystemTime};

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

/// IMF-fixdate, then the obsolete formats of RFC 850 and of C's `asctime`.
const FORMS: [&str; 3] =
    ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"];

/// Longer waits are refused: a script would hang, and a person does not wait that long.
pub const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// How long the server demands to wait; zero for a date that has passed. `None` for an invalid value.
pub fn retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(value.parse().map_or(Duration::MAX, Duration::from_secs));
    }
    let at = SystemTime::from(date(value)?);
    Some(at.duration_since(now).unwrap_or_default())
}

fn date(value: &str) -> Option<jiff::Timestamp> {
    let form = FORMS.iter().find_map(|form| strtime::parse(form, value).ok())?;
    let date: DateTime = form.to_datetime().ok()?;
    TimeZone::UTC.to_timestamp(date).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Sun, 06 Nov 1994 08:49:07 GMT.
    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_747)
    }

    #[test]
    fn seconds_and_dates() {
        for (value, seconds) in [
            ("0", Some(0)),
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30)),
            ("Sun Nov  6 08:49:37 1994", Some(30)),
            ("Sun, 06 Nov 1994 08:49:06 GMT", Some(0)),
            ("Mon, 07 Nov 1994 08:49:07 GMT", Some(86_400)),
            ("", None),
            ("soon", None),
            ("-1", None),
            ("1.5", None),
            ("5 s", None),
            ("Sun, 06 Nov 1994 25:49:37 GMT", None),
            ("Sun, 31 Feb 1994 08:49:37 GMT", None),
        ] {
            assert_eq!(retry_after(value, now()), seconds.map(Duration::from_secs), "{value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_read_without_a_panic(
            value in "(Sun|Sunday), ?[0-9]{0,9}[ -]Nov[ -][0-9]{0,9} [0-9]{0,4}:[0-9]{0,3}:[0-9]{0,3} GMT|\\PC{0,60}",
        ) {
            retry_after(&value, now());
        }
    }

    #[test]
    fn more_seconds_than_a_number_holds() {
        assert_eq!(retry_after("99999999999999999999999", now()), Some(Duration::MAX));
    }
}
