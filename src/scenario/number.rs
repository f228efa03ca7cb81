//! Comparison of JSON numbers by their exact value, from their decimal digits.

use std::cmp::Ordering;

use serde_json::Number;

/// Whether two numbers have the same value.
pub(crate) fn are_equal(one: &Number, other: &Number) -> bool {
    compare(one, other) == Ordering::Equal
}

/// The order of two numbers. Nothing is converted: the work is in proportion to their texts.
pub(super) fn compare(one: &Number, other: &Number) -> Ordering {
    let (one, other) = (Decimal::of(one.as_str()), Decimal::of(other.as_str()));
    one.sign.cmp(&other.sign).then_with(|| match one.sign {
        0 => Ordering::Equal,
        1 => one.compare_magnitude(&other),
        _ => other.compare_magnitude(&one),
    })
}

/// The value as a text that numbers with another value do not have. Its length is in proportion to the number's text.
pub(crate) fn canonical(number: &Number) -> String {
    let decimal = Decimal::of(number.as_str());
    if decimal.sign == 0 {
        return "0".to_owned();
    }
    let digits = String::from_utf8_lossy(&decimal.significant().collect::<Vec<_>>()).into_owned();
    let sign = if decimal.sign < 0 { "-" } else { "" };
    format!("{sign}0.{digits}e{}", decimal.power)
}

/// Whether a number is written with a fraction or an exponent.
pub(super) fn is_float(number: &Number) -> bool {
    number.as_str().contains(['.', 'e', 'E'])
}

/// A number as `0.DIGITS` times a power of ten; the first digit is not 0.
struct Decimal<'a> {
    /// -1, 0 or 1.
    sign: i8,
    /// The digits before the point, and those behind it.
    digits: (&'a str, &'a str),
    /// The power. An exponent beyond 128 bits is taken as the largest of these.
    power: i128,
}

impl<'a> Decimal<'a> {
    fn of(text: &'a str) -> Self {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let (digits, power) = match whole {
            "" => {
                let digits = fraction.trim_start_matches('0');
                (("", digits), -((fraction.len() - digits.len()) as i128))
            }
            whole => ((whole, fraction), whole.len() as i128),
        };
        let is_zero = digits == ("", "");
        let sign = if is_zero {
            0
        } else if is_negative {
            -1
        } else {
            1
        };
        Self { sign, digits, power: power.saturating_add(saturated(exponent)) }
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        self.power.cmp(&other.power).then_with(|| self.significant().cmp(other.significant()))
    }

    /// The digits without zeros at the end, which have no value there.
    fn significant(&self) -> impl Iterator<Item = u8> {
        let (whole, fraction) = self.digits;
        let whole = if fraction.is_empty() { whole.trim_end_matches('0') } else { whole };
        whole.bytes().chain(fraction.bytes())
    }
}

fn saturated(exponent: &str) -> i128 {
    let extreme = if exponent.starts_with('-') { i128::MIN } else { i128::MAX };
    exponent.parse().unwrap_or(extreme)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scenario language, section 2: "numbers by value (exactly, beyond 2^53 too)"
    #[test]
    fn numbers_are_ordered_by_value() {
        use Ordering::{Equal, Greater, Less};
        let number = |text: &str| serde_json::from_str::<Number>(text).expect("a number");
        for (one, other, order) in [
            ("1", "1.0", Equal),
            ("-0.0", "0", Equal),
            ("-0", "0e99999999999999999999999999999999999999999", Equal),
            ("1e2", "100", Equal),
            ("100.00", "1E+2", Equal),
            ("0.001", "1e-3", Equal),
            ("12.30e1", "123", Equal),
            ("9007199254740993", "9007199254740992", Greater),
            ("9007199254740993", "9007199254740992.0", Greater),
            ("18446744073709551615", "18446744073709551616.0", Less),
            ("18446744073709551617", "18446744073709551616", Greater),
            ("123456789012345678901234567890", "123456789012345678901234567891", Less),
            ("0.10000000000000000001", "0.1", Greater),
            ("-0.10000000000000000001", "-0.1", Less),
            ("18446744073709551615", "-1", Greater),
            ("-1", "-1.5", Greater),
            ("-2", "-1.5", Less),
            ("1", "1.5", Less),
            ("1", "1e300", Less),
            ("1", "-1e300", Greater),
            ("1e400", "1e401", Less),
            ("1e400", "1e400", Equal),
            ("1e-400", "0", Greater),
            ("1e99999999999999999999999999999999999999999", "1e400", Greater),
            ("1e-99999999999999999999999999999999999999999", "1e-400", Less),
            ("0.1", "0.2", Less),
            ("0.02", "0.1", Less),
            ("10", "9", Greater),
            ("1000", "1", Greater),
        ] {
            assert_eq!(compare(&number(one), &number(other)), order, "{one} {other}");
            assert_eq!(compare(&number(other), &number(one)), order.reverse(), "{other} {one}");
            let is_same = canonical(&number(one)) == canonical(&number(other));
            assert_eq!(is_same, order == Equal, "{one} {other}");
        }
    }

    #[test]
    fn a_fraction_or_an_exponent_makes_a_float() {
        let number = |text: &str| serde_json::from_str::<Number>(text).expect("a number");
        for (text, expected) in
            [("1", false), ("18446744073709551616", false), ("1.0", true), ("1e400", true)]
        {
            assert_eq!(is_float(&number(text)), expected, "{text}");
        }
    }
}
