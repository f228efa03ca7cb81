//! Comparison of JSON numbers by their exact value.

use std::cmp::Ordering;

use serde_json::Number;

/// Whether two numbers have the same value.
pub(super) fn are_equal(one: &Number, other: &Number) -> bool {
    compare(one, other) == Some(Ordering::Equal)
}

/// The order of two numbers. Integers beyond 2^53 are not converted to a double.
pub(super) fn compare(one: &Number, other: &Number) -> Option<Ordering> {
    match (integer(one), integer(other)) {
        (Some(one), Some(other)) => Some(one.cmp(&other)),
        (None, None) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Some(integer), None) => compare_mixed(integer, other.as_f64()?),
        (None, Some(integer)) => compare_mixed(integer, one.as_f64()?).map(Ordering::reverse),
    }
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

/// The order of an integer and a double. The cast saturates far beyond any 64-bit integer.
fn compare_mixed(integer: i128, float: f64) -> Option<Ordering> {
    let floor = float.floor();
    match integer.cmp(&(floor as i128)) {
        Ordering::Equal => floor.partial_cmp(&float),
        order => Some(order),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_ordered_by_value() {
        use Ordering::{Equal, Greater, Less};
        let number = |text: &str| serde_json::from_str::<Number>(text).expect("a number");
        for (one, other, order) in [
            ("1", "1.0", Equal),
            ("-0.0", "0", Equal),
            ("1e2", "100", Equal),
            ("9007199254740993", "9007199254740992", Greater),
            ("9007199254740993", "9007199254740992.0", Greater),
            ("18446744073709551615", "18446744073709551616.0", Less),
            ("18446744073709551615", "-1", Greater),
            ("-1", "-1.5", Greater),
            ("-2", "-1.5", Less),
            ("1", "1.5", Less),
            ("1", "1e300", Less),
            ("1", "-1e300", Greater),
            ("0.1", "0.2", Less),
        ] {
            assert_eq!(compare(&number(one), &number(other)), Some(order), "{one} {other}");
            assert_eq!(
                compare(&number(other), &number(one)),
                Some(order.reverse()),
                "{other} {one}"
            );
        }
    }
}
