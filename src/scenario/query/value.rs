//! The values that queries give and that predicates compare.

use std::fmt::Write;
use std::time::Duration;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde_json::{Map, Number, Value as Json};

use crate::protocol::hex::hex;
use crate::scenario::difference::compare;
use crate::scenario::{json, number};

/// How much of a value is shown, in bytes: with its type it fits into 1 KiB.
const MAX_SHOWN: usize = 960;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// JSON's null.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as it is written.
    Number(Number),
    /// A text.
    String(String),
    /// Bytes that need not be text.
    Bytes(Vec<u8>),
    /// Several values, of any types.
    List(Vec<Value>),
    /// A JSON object.
    Object(Map<String, Json>),
    /// A span of time.
    Duration(Duration),
    /// A point in time.
    Date(Timestamp),
}

impl Value {
    /// An integer.
    pub fn integer(number: impl Into<Number>) -> Self {
        Self::Number(number.into())
    }

    /// A text if the bytes are UTF-8.
    pub fn text_or_bytes(bytes: &[u8]) -> Self {
        match str::from_utf8(bytes) {
            Ok(text) => Self::String(text.to_owned()),
            Err(_) => Self::Bytes(bytes.to_vec()),
        }
    }

    /// The value of a variable that was given as text, as in `--variable NAME=VALUE`: a JSON number,
    /// `true`, `false` or `null` if it is one, otherwise the text.
    pub fn from_variable(text: &str) -> Self {
        match json::parse(text.as_bytes()) {
            Ok(scalar @ (Json::Null | Json::Bool(_) | Json::Number(_)))
                if !text.contains(char::is_whitespace) =>
            {
                scalar.into()
            }
            _ => Self::String(text.to_owned()),
        }
    }

    /// The text that stands for the value where `{{name}}` is replaced: a string as it is, an object,
    /// list, number or boolean as JSON, bytes as hexadecimal digits, a date as RFC 3339.
    pub fn to_text(&self) -> String {
        match self {
            Self::String(text) => text.clone(),
            Self::Bytes(bytes) => HEXLOWER.encode(bytes),
            Self::Duration(duration) => duration_text(*duration),
            Self::Date(date) => date.to_string(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Object(_) => {
                self.to_json().to_string()
            }
        }
    }

    /// The value as JSON. Types that JSON does not have become their text.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Number(number) => Json::Number(number.clone()),
            Self::List(values) => values.iter().map(Self::to_json).collect(),
            Self::Object(members) => Json::Object(members.clone()),
            Self::String(_) | Self::Bytes(_) | Self::Duration(_) | Self::Date(_) => {
                Json::String(self.to_text())
            }
        }
    }

    /// The name of the type, with its article.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(number) if number::is_float(number) => "a float",
            Self::Number(_) => "an integer",
            Self::String(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
            Self::Duration(_) => "a duration",
            Self::Date(_) => "a date",
        }
    }

    /// The value as it is shown in a failure: on one line of at most about 1 KiB.
    pub fn shown(&self) -> String {
        match self {
            Self::String(text) => quoted(text),
            Self::Bytes(bytes) => shown_bytes(bytes),
            Self::List(values) => shown_list(values),
            Self::Duration(_) | Self::Date(_) => self.to_text(),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Object(_) => {
                shortened(one_line(self.to_json().to_string()))
            }
        }
    }

    /// The type and the value: `a string: "12"`.
    pub fn described(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            value => format!("{}: {}", value.type_name(), value.shown()),
        }
    }

    /// Whether both have the same type and value; numbers count by value, whatever their notation.
    pub fn is_equal(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => number::are_equal(one, other),
            (Self::List(one), Self::List(other)) => {
                one.len() == other.len()
                    && one.iter().zip(other).all(|(one, other)| one.is_equal(other))
            }
            (Self::Object(one), Self::Object(other)) => {
                let (one, other) = (Json::Object(one.clone()), Json::Object(other.clone()));
                compare(&one, &other).is_match() && compare(&other, &one).is_match()
            }
            (one, other) => one == other,
        }
    }
}

impl From<Json> for Value {
    fn from(json: Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => Self::Number(number),
            Json::String(text) => Self::String(text),
            Json::Array(values) => Self::List(values.into_iter().map(Self::from).collect()),
            Json::Object(members) => Self::Object(members),
        }
    }
}

/// A duration as it can be written in a scenario, to the microsecond.
pub(super) fn duration_text(duration: Duration) -> String {
    let micros = duration.as_micros();
    let (whole, fraction, digits, unit) = match micros {
        0..1_000_000 => (micros / 1000, micros % 1000, 3, "ms"),
        _ => (micros / 1_000_000, micros % 1_000_000, 6, "s"),
    };
    let fraction = format!("{fraction:0digits$}");
    match fraction.trim_end_matches('0') {
        "" => format!("{whole}{unit}"),
        fraction => format!("{whole}.{fraction}{unit}"),
    }
}

/// A text in quotes, on one line, cut when it is long.
pub(super) fn quoted(text: &str) -> String {
    let start = start_of(text, MAX_SHOWN);
    let quoted = one_line(Json::from(start).to_string());
    let is_whole = start.len() == text.len() && quoted.len() <= MAX_SHOWN + 2;
    if is_whole {
        return quoted;
    }
    let start = start_of(quoted.trim_end_matches('"'), MAX_SHOWN);
    format!("{start}…\" ({} bytes)", text.len())
}

fn shown_bytes(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(MAX_SHOWN / 3)];
    let shown = format!("hex:{}", hex(start));
    if start.len() < bytes.len() { format!("{shown} … ({} bytes)", bytes.len()) } else { shown }
}

fn shown_list(values: &[Value]) -> String {
    let mut shown = "[".to_owned();
    for (index, value) in values.iter().enumerate() {
        if shown.len() > MAX_SHOWN {
            let _ = write!(shown, "… ({} values)", values.len());
            break;
        }
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(shown, "{comma}{}", value.shown());
    }
    shortened(shown + "]")
}

/// The text, cut when it is long.
fn shortened(text: String) -> String {
    match start_of(&text, MAX_SHOWN) {
        start if start.len() < text.len() => format!("{start}…"),
        _ => text,
    }
}

/// The longest start of a text of at most so many bytes.
pub(super) fn start_of(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A text with what would break a line or control a terminal escaped. JSON itself escapes only what is
/// below U+0020.
pub(super) fn one_line(text: String) -> String {
    let is_unsafe = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(is_unsafe) {
        return text;
    }
    text.chars().fold(String::new(), |mut text, c| {
        if is_unsafe(c) {
            let _ = write!(text, "\\u{:04x}", u32::from(c));
        } else {
            text.push(c);
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Value {
        json::parse(text.as_bytes()).expect("JSON").into()
    }

    #[test]
    fn each_type_has_its_name_its_display_and_its_text() {
        let date: Timestamp = "2027-01-02T03:04:05Z".parse().expect("a date");
        for (value, name, shown, text) in [
            (Value::Null, "null", "null", "null"),
            (Value::Bool(true), "a boolean", "true", "true"),
            (
                json("18446744073709551615"),
                "an integer",
                "18446744073709551615",
                "18446744073709551615",
            ),
            (json("1.5"), "a float", "1.5", "1.5"),
            (json(r#""a\"b""#), "a string", r#""a\"b""#, "a\"b"),
            (Value::Bytes(vec![1, 0, 10]), "bytes", "hex:01 00 0a", "01000a"),
            (json(r#"[1,"a",[]]"#), "a list", r#"[1,"a",[]]"#, r#"[1,"a",[]]"#),
            (json(r#"{"a":1}"#), "an object", r#"{"a":1}"#, r#"{"a":1}"#),
            (Value::Duration(Duration::from_millis(1500)), "a duration", "1.5s", "1.5s"),
            (Value::Date(date), "a date", "2027-01-02T03:04:05Z", "2027-01-02T03:04:05Z"),
        ] {
            let found = (value.type_name(), value.shown(), value.to_text());
            assert_eq!(found, (name, shown.to_owned(), text.to_owned()));
        }
        assert_eq!(json("\"12\"").described(), "a string: \"12\"");
        assert_eq!(Value::Null.described(), "null");
    }

    #[test]
    fn durations_are_shown_to_the_microsecond() {
        for (micros, text) in [
            (0, "0ms"),
            (1, "0.001ms"),
            (12_340, "12.34ms"),
            (500_000, "500ms"),
            (1_000_000, "1s"),
            (61_000_001, "61.000001s"),
        ] {
            assert_eq!(duration_text(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn long_values_are_cut_and_stay_on_one_line() {
        let shown = Value::String("é\n".repeat(1000)).shown();
        assert!(shown.starts_with("\"é\\né") && shown.ends_with("…\" (3000 bytes)"), "{shown}");
        let shown = Value::Bytes(vec![7; 5000]).shown();
        assert!(shown.ends_with(" 07 … (5000 bytes)") && shown.len() < 1100, "{shown}");
        let shown = json(&format!("[{}1]", "1,".repeat(5000))).shown();
        assert!(shown.len() < 1100 && shown.ends_with('…'), "{shown}");
        let shown = json(&format!("{{\"a\":\"{}\"}}", "x".repeat(5000))).shown();
        assert!(shown.len() < 1100 && shown.ends_with('…'), "{shown}");
        let shown = Value::String("\u{1b}".repeat(500)).shown();
        assert!(shown.len() < 1024 && shown.ends_with("…\" (500 bytes)"), "{shown}");
        let shown = Value::String("\u{1b}[31m\u{7f}\u{85}\u{2028}\r".to_owned()).shown();
        assert_eq!(shown, r#""\u001b[31m\u007f\u0085\u2028\r""#);
    }

    #[test]
    fn numbers_are_equal_by_value_at_any_depth() {
        for (one, other, equal) in [
            ("1", "1.0", true),
            ("[1,{\"a\":2}]", "[1.0,{\"a\":2e0}]", true),
            ("{\"a\":1}", "{\"a\":1,\"b\":2}", false),
            ("{\"a\":1,\"b\":2}", "{\"a\":1}", false),
            ("9007199254740993", "9007199254740992.0", false),
            ("1", "\"1\"", false),
            ("[1]", "[1,2]", false),
            ("null", "null", true),
        ] {
            assert_eq!(json(one).is_equal(&json(other)), equal, "{one} {other}");
        }
    }

    #[test]
    fn a_variable_that_was_given_as_text_has_a_type() {
        for (text, name) in [
            ("5", "an integer"),
            ("-1.5e3", "a float"),
            ("true", "a boolean"),
            ("null", "null"),
            ("007", "a string"),
            ("\"5\"", "a string"),
            ("[1]", "a string"),
            (" 5", "a string"),
            ("", "a string"),
        ] {
            assert_eq!(Value::from_variable(text).type_name(), name, "{text:?}");
        }
    }
}
