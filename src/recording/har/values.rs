//! Values of a HAR, taken as what they are meant to be. Each is parsed for itself, so that one of the wrong type costs
//! nothing else.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// The bytes of a string. Halves of a UTF-16 pair, which JavaScript allows, are three bytes that are not UTF-8.
pub(super) fn bytes(value: &RawValue) -> Option<Vec<u8>> {
    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
    }

    let text = value.get();
    let is_string = text.starts_with('"');
    is_string.then(|| serde_json::Deserializer::from_str(text).deserialize_bytes(Bytes).ok())?
}

/// A string; what is not UTF-8 is replaced.
pub(super) fn text(value: &RawValue) -> Option<String> {
    let bytes = bytes(value)?;
    Some(
        String::from_utf8(bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
    )
}

/// The text of a number; some programs write numbers as strings.
pub(super) fn number(value: &RawValue) -> Option<&str> {
    let text = value.get();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    bare.starts_with(|c: char| c == '-' || c.is_ascii_digit()).then_some(bare)
}

/// A number that is not negative.
pub(super) fn unsigned(value: &RawValue) -> Option<u64> {
    let text = number(value)?;
    let whole = decimal(text, 0).and_then(|number| u64::try_from(number).ok());
    text.parse().ok().or(whole)
}

/// A number of JSON times ten to the `power`, rounded to an integer. A floating-point number would lose microseconds.
/// None if it is too large, or not a number.
pub(super) fn decimal(number: &str, power: i32) -> Option<i64> {
    let (is_negative, rest) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    let shift = exponent.saturating_add(power);
    let end = i32::try_from(whole.len()).ok()?.saturating_add(shift);
    let mut digits = whole.bytes().chain(fraction.bytes()).map(|digit| i64::from(digit - b'0'));
    let mut value: i64 = 0;
    for _ in 0..end {
        let digit = digits.next();
        value = value.checked_mul(10)?.checked_add(digit.unwrap_or(0))?;
        if value == 0 && digit.is_none() {
            break; // zero, however large the exponent
        }
    }
    if end >= 0 && digits.next().is_some_and(|digit| digit >= 5) {
        value = value.checked_add(1)?;
    }
    Some(if is_negative { -value } else { value })
}

/// Whether it is `true`.
pub(super) fn is_true(value: &RawValue) -> bool {
    value.get() == "true"
}

/// The data of base64 in any of its spellings.
pub(super) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    [BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD]
        .iter()
        .find_map(|encoding| encoding.decode(text).ok())
}

/// An object, or none if the value is another; its members that are not known are passed over.
pub(super) fn object<'a, T: Deserialize<'a> + Default>(value: Option<&'a RawValue>) -> T {
    value.and_then(|value| serde_json::from_str(value.get()).ok()).unwrap_or_default()
}

/// Names and values, as many as are kept of a head.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pub(super) list: Vec<(String, Vec<u8>)>,
    /// How many others there are.
    pub(super) left_out: u64,
}

/// The most fields of a head that are kept, and the most bytes of JSON with them. Programs limit the heads that they
/// receive to far less.
pub(super) const MAX_FIELDS: usize = 10_000;
const MAX_BYTES: usize = 1 << 20;

/// `[{"name": …, "value": …}]`, as the specification says, or `[["name", "value"]]`.
pub(super) fn pairs(value: &RawValue) -> Option<Pairs> {
    struct List;

    impl<'de> Visitor<'de> for List {
        type Value = Pairs;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Pairs, A::Error> {
            let (mut pairs, mut left) = (Pairs::default(), MAX_BYTES);
            while let Some(item) = items.next_element::<&RawValue>()? {
                match left.checked_sub(item.get().len()) {
                    Some(rest) if pairs.list.len() < MAX_FIELDS => {
                        left = rest;
                        pairs.list.extend(pair(item));
                    }
                    _ => pairs.left_out += 1,
                }
            }
            Ok(pairs)
        }
    }

    serde_json::Deserializer::from_str(value.get()).deserialize_seq(List).ok()
}

fn pair(item: &RawValue) -> Option<(String, Vec<u8>)> {
    #[derive(Deserialize)]
    struct Pair<'a> {
        #[serde(borrow)]
        name: &'a RawValue,
        #[serde(borrow)]
        value: Option<&'a RawValue>,
    }
    // Serde takes the members of a struct from an array, too.
    let Pair { name, value } = serde_json::from_str(item.get()).ok()?;
    let value = value.map(|value| bytes(value).unwrap_or_else(|| value.get().into()));
    Some((text(name)?, value.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).expect("JSON")
    }

    #[test]
    fn strings_are_decoded() {
        for (json, decoded) in [
            (r#""""#, Some(&b""[..])),
            (r#""a\n\"\u00e9\ud83d\ude00é""#, Some("a\n\"é😀é".as_bytes())),
            (r#""\ud83d!""#, Some(b"\xed\xa0\xbd!")),
            ("1", None),
            ("null", None),
            ("[1]", None),
            ("[]", None),
        ] {
            assert_eq!(bytes(&raw(json)).as_deref(), decoded, "{json}");
        }
        assert_eq!(text(&raw(r#""\ud83d!""#)).as_deref(), Some("\u{fffd}\u{fffd}\u{fffd}!"));
    }

    #[test]
    fn numbers_may_be_strings() {
        for (json, number) in [
            ("101", Some(101)),
            ("101.0", Some(101)),
            ("\"101\"", Some(101)),
            ("18446744073709551615", Some(u64::MAX)),
            ("-1", None),
            ("\"\"", None),
            ("\"", None),
            ("true", None),
            ("{}", None),
        ] {
            let value = RawValue::from_string(json.to_owned());
            assert_eq!(value.ok().and_then(|value| unsigned(&value)), number, "{json}");
        }
    }

    #[test]
    fn headers_are_objects_or_arrays() {
        let value = raw(
            r#"[{"name": "A", "value": "1"}, ["b", "2"], {"value": 5, "name": "C", "comment": ""},
                {"name": "D", "value": null}, {"name": "E"}, 7, {"value": "x"}, {"name": 1, "value": "y"}]"#,
        );
        let pairs = pairs(&value).expect("a list");
        let shown: Vec<_> = pairs
            .list
            .iter()
            .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
            .collect();
        assert_eq!(shown, ["A=1", "b=2", "C=5", "D=", "E="]);
        assert_eq!(pairs.left_out, 0);
        assert!(super::pairs(&raw("{}")).is_none());
    }

    #[test]
    fn a_limited_number_of_headers_is_kept() {
        let kept = |list: &[String]| {
            let Pairs { list, left_out } =
                pairs(&raw(&format!("[{}]", list.join(",")))).expect("a list");
            (list.len(), left_out)
        };
        let small = r#"["a","b"]"#.to_owned();
        assert_eq!(kept(&vec![small.clone(); MAX_FIELDS]), (MAX_FIELDS, 0));
        assert_eq!(kept(&vec![small.clone(); MAX_FIELDS + 5]), (MAX_FIELDS, 5));
        let large = format!(r#"["a","{}"]"#, "b".repeat(MAX_BYTES));
        assert_eq!(kept(&[small.clone(), large, small]), (2, 1));
    }

    #[test]
    fn every_spelling_of_base64_is_decoded() {
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(base64(text.as_bytes()).as_deref(), Some(&[0xfb, 0xff][..]), "{text}");
        }
        assert_eq!(base64(b"not base64!"), None);
    }
}
