//! Numbers of JSON, compared by their decimal digits: neither integers nor exponents are rounded.

use std::cmp::Ordering;

/// A number: 0.DIGITS × 10^`magnitude`, where the first digit is not 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal<'a> {
    is_negative: bool,
    /// Digits before the point, and behind it.
    parts: (&'a str, &'a str),
    /// `None`: the number is 0.
    magnitude: Option<i64>,
}

impl<'a> Decimal<'a> {
    /// Reads a number as JSON has it; a `+`, and nothing before or behind the point, are accepted too. `None`: it is not a number.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (is_negative, digits) = match mantissa.strip_prefix(['-', '+']) {
            Some(digits) => (mantissa.starts_with('-'), digits),
            None => (false, mantissa),
        };
        let parts = digits.split_once('.').unwrap_or((digits, ""));
        let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(parts.0) || !are_digits(parts.1) || (parts.0.len() + parts.1.len() == 0) {
            return None;
        }
        let (all, whole) = (digits_of(parts), parts.0.len() as i64); // a message is far shorter
        let zeros = all.take_while(|digit| *digit == b'0').count();
        let is_zero = zeros == parts.0.len() + parts.1.len();
        let magnitude = whole.saturating_sub(zeros as i64).saturating_add(exponent);
        Some(Self { is_negative, parts, magnitude: (!is_zero).then_some(magnitude) })
    }

    /// -1, 0 or 1.
    fn sign(self) -> i8 {
        match (self.magnitude, self.is_negative) {
            (None, _) => 0,
            (Some(_), true) => -1,
            (Some(_), false) => 1,
        }
    }

    /// Which one is greater.
    pub(super) fn compare(self, other: Self) -> Ordering {
        let by_size = || self.magnitude.cmp(&other.magnitude).then_with(|| self.by_digits(other));
        self.sign().cmp(&other.sign()).then_with(|| match self.sign() {
            0 => Ordering::Equal,
            1 => by_size(),
            _ => by_size().reverse(),
        })
    }

    /// Of the same magnitude: missing digits are zeros.
    fn by_digits(self, other: Self) -> Ordering {
        let significant = |it: Self| digits_of(it.parts).skip_while(|digit| *digit == b'0');
        let (mut one, mut two) = (significant(self), significant(other));
        loop {
            match (one.next(), two.next()) {
                (None, None) => return Ordering::Equal,
                (one, two) => match one.unwrap_or(b'0').cmp(&two.unwrap_or(b'0')) {
                    Ordering::Equal => {}
                    unequal => return unequal,
                },
            }
        }
    }
}

fn digits_of((whole, fraction): (&str, &str)) -> impl Iterator<Item = u8> {
    whole.bytes().chain(fraction.bytes())
}

/// One that is out of range is the greatest or least there is.
fn read_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let greatest = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(greatest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In ascending order, equal ones in one list.
    const ORDER: &[&[&str]] = &[
        &["-1e99999999999999999999"],
        &["-1e400"],
        &["-18446744073709551616"],
        &["-10", "-1e1", "-10.0", "-0.1e2"],
        &["-9.9"],
        &["-1e-400"],
        &["0", "-0", "0.0", "0e999", "000", "-0.000e-5"],
        &["1e-99999999999999999999"],
        &["0.001", "1e-3", ".001", "100e-5"],
        &["0.0010000000000000000001"],
        &["1", "+1", "1.", "1.000", "0.1E+1"],
        &["9007199254740992", "9007199254740992.0"],
        &["9007199254740993", "9.007199254740993e15"],
        &["18446744073709551614"],
        &["18446744073709551615"],
        &["1e308"],
        &["1e309", "10e308"],
        &["1e400"],
    ];

    #[test]
    fn numbers_are_ordered_by_their_value() {
        let all = ORDER.iter().enumerate();
        let all: Vec<_> =
            all.flat_map(|(at, equal)| equal.iter().map(move |it| (at, *it))).collect();
        let decimal = |text| Decimal::parse(text).unwrap_or_else(|| panic!("{text} is a number"));
        for (at, one) in &all {
            for (other_at, other) in &all {
                let order = decimal(one).compare(decimal(other));
                assert_eq!(order, at.cmp(other_at), "{one}, {other}");
            }
        }
    }

    #[test]
    fn what_is_not_a_number() {
        for text in [
            "", "-", ".", "+.", "e5", "1e", "1e+", "1.2.3", "0x1", "inf", "NaN", "--1", "1e5.5",
            "٣",
        ] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }
}
