//! The filters behind a query.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use regex::{Captures, Regex};
use serde_json::{Number, Value as Json};

use super::argument::{JsonPathArgument, RegexArgument};
use super::error::EvalError;
use super::facts::Variables;
use super::literal::{BytesEncoding, rfc3339};
use super::msgpack;
use super::tree::{Filter, FilterKind, Index, Replaced};
use super::value::Value;
use crate::protocol::counted::counted;
use crate::scenario::language::{Template, Values};
use crate::scenario::{json, number};

/// The format of `toDate` that stands for RFC 3339, as in hurl.
const RFC_3339: &str = "%+";

/// A value as a filter changes it; nothing if the filter finds nothing in it.
///
/// # Errors
/// With a value of another type than the filter takes, or one that it cannot change.
pub fn apply(
    filter: &Filter,
    value: Value,
    variables: &dyn Variables,
) -> Result<Option<Value>, EvalError> {
    let input = Input { filter, value };
    match &filter.kind {
        FilterKind::Count => input.count().map(Some),
        FilterKind::Nth(index) => input.nth(index, variables).map(Some),
        FilterKind::First => input.end(|mut values| values.drain(..).next()).map(Some),
        FilterKind::Last => input.end(|mut values| values.pop()).map(Some),
        FilterKind::Split(separator) => input.split(separator, variables).map(Some),
        FilterKind::Replace(replaced, new) => input.replace(replaced, new, variables).map(Some),
        FilterKind::Regex(regex) => input.find(regex, variables),
        FilterKind::ToInt => input.integer().map(Some),
        FilterKind::ToFloat => input.float().map(Some),
        FilterKind::ToString => input.string().map(Some),
        FilterKind::ToDate(format) => input.date(format, variables).map(Some),
        FilterKind::JsonPath(path) => input.json_path(path, variables),
        FilterKind::Base64Decode => input.bytes(BytesEncoding::Base64).map(Some),
        FilterKind::HexDecode => input.bytes(BytesEncoding::Hex).map(Some),
        FilterKind::UrlDecode => input.url_decode().map(Some),
        FilterKind::DecodeMsgpack => input.msgpack().map(Some),
    }
}

/// A value with the filter that is to change it.
struct Input<'a> {
    filter: &'a Filter,
    value: Value,
}

impl Input<'_> {
    fn failed(&self, reason: impl std::fmt::Display) -> EvalError {
        let message = format!("{}: {reason}", self.filter.kind.name());
        EvalError::in_data(self.filter.at.clone(), message)
    }

    fn wrong_type(&self, expected: &str) -> EvalError {
        self.failed(format!("{expected} is expected, got {}", self.value.described()))
    }

    fn text(&self) -> Result<&str, EvalError> {
        match &self.value {
            Value::String(text) => Ok(text),
            _ => Err(self.wrong_type("a string")),
        }
    }

    fn count(self) -> Result<Value, EvalError> {
        match &self.value {
            Value::List(values) => Ok(Value::integer(values.len())),
            Value::Bytes(bytes) => Ok(Value::integer(bytes.len())),
            _ => Err(self.wrong_type("a list")),
        }
    }

    fn nth(mut self, index: &Index, variables: &dyn Variables) -> Result<Value, EvalError> {
        let index = self.index(index, variables)?;
        let Value::List(values) = &mut self.value else { return Err(self.wrong_type("a list")) };
        let length = values.len();
        let from_start = match usize::try_from(index) {
            Ok(index) => Some(index),
            Err(_) => usize::try_from(index.unsigned_abs())
                .ok()
                .and_then(|from_end| length.checked_sub(from_end)),
        };
        match from_start.filter(|index| *index < length) {
            Some(index) => Ok(values.swap_remove(index)),
            None => Err(self.failed(format!(
                "there is no value at index {index} of a list of {}",
                counted(length as u64, "value")
            ))),
        }
    }

    fn index(&self, index: &Index, variables: &dyn Variables) -> Result<i64, EvalError> {
        let variable = match index {
            Index::Literal(index) => return Ok(*index),
            Index::Variable(variable) => variable,
        };
        let value = variables.typed(&variable.name);
        let value = value.ok_or_else(|| EvalError::unknown(variable.clone()))?;
        match &value {
            Value::Number(number) if number.is_i64() => Ok(number.as_i64().unwrap_or_default()),
            _ => {
                let message = format!("nth: an index is expected, got {}", value.described());
                Err(EvalError::in_scenario(variable.at.clone(), message))
            }
        }
    }

    fn end(mut self, take: fn(Vec<Value>) -> Option<Value>) -> Result<Value, EvalError> {
        let Value::List(values) = &mut self.value else { return Err(self.wrong_type("a list")) };
        take(std::mem::take(values)).ok_or_else(|| self.failed("the list is empty"))
    }

    fn split(self, separator: &Template, values: &dyn Variables) -> Result<Value, EvalError> {
        let separator = expanded(separator, values)?;
        let parts = self.text()?.split(&separator);
        Ok(Value::List(parts.map(|part| Value::String(part.to_owned())).collect()))
    }

    fn replace(
        self,
        replaced: &Replaced,
        new: &Template,
        values: &dyn Variables,
    ) -> Result<Value, EvalError> {
        let text = self.text()?;
        Ok(Value::String(match replaced {
            Replaced::Text(old) => text.replace(&expanded(old, values)?, &expanded(new, values)?),
            Replaced::Regex(regex) => {
                // A `$` of a value does not stand for a group.
                let new = new.expand_with(values, |value| value.replace('$', "$$"));
                let new = new.map_err(EvalError::unknown)?;
                let regex: &Regex = &*regex.regex(values)?;
                let put_in = |captures: &Captures<'_>| {
                    let mut text = String::new();
                    captures.expand(&new, &mut text);
                    text
                };
                regex.replace_all(text, put_in).into_owned()
            }
        }))
    }

    fn find(
        self,
        regex: &RegexArgument,
        values: &dyn Variables,
    ) -> Result<Option<Value>, EvalError> {
        regex.find(self.text()?, values)
    }

    fn integer(self) -> Result<Value, EvalError> {
        match &self.value {
            Value::Number(number) if !number::is_float(number) => Ok(self.value),
            Value::Number(number) => {
                number.as_f64().and_then(whole).map(Value::Number).ok_or_else(|| {
                    self.failed(format!("{} is too large for an integer", self.value.shown()))
                })
            }
            Value::String(text) => {
                let number = text.parse::<i64>().map(Number::from).ok();
                let exact = || json::number(text).filter(|number| !number::is_float(number));
                number
                    .or_else(exact)
                    .map(Value::Number)
                    .ok_or_else(|| self.failed(format!("{} is not an integer", self.value.shown())))
            }
            _ => Err(self.wrong_type("a number or a string")),
        }
    }

    fn float(self) -> Result<Value, EvalError> {
        let number = match &self.value {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => return Err(self.wrong_type("a number or a string")),
        };
        let number = number.and_then(Number::from_f64).map(Value::Number);
        number.ok_or_else(|| self.failed(format!("{} is not a number", self.value.shown())))
    }

    fn string(self) -> Result<Value, EvalError> {
        match &self.value {
            Value::List(_) | Value::Object(_) => {
                Err(self.failed(format!("{} cannot be a string", self.value.type_name())))
            }
            Value::Bytes(bytes) => match str::from_utf8(bytes) {
                Ok(text) => Ok(Value::String(text.to_owned())),
                Err(_) => Err(self.failed(format!("{} are not UTF-8", self.value.described()))),
            },
            value => Ok(Value::String(value.to_text())),
        }
    }

    fn date(self, format: &Template, values: &dyn Variables) -> Result<Value, EvalError> {
        let format = expanded(format, values)?;
        let text = self.text()?;
        let date = match format.as_str() {
            RFC_3339 => rfc3339(text).ok_or_else(|| "not RFC 3339".to_owned()),
            format => parse_date(format, text).map_err(|error| error.to_string()),
        };
        date.map(Value::Date).map_err(|reason| {
            let shown = self.value.shown();
            self.failed(format!("{shown} is not a date of the format {format:?}: {reason}"))
        })
    }

    fn json_path(
        self,
        path: &JsonPathArgument,
        values: &dyn Variables,
    ) -> Result<Option<Value>, EvalError> {
        let json: Json = match &self.value {
            Value::String(text) => self.parsed(text.as_bytes())?,
            Value::Bytes(bytes) => self.parsed(bytes)?,
            Value::List(_) | Value::Object(_) => self.value.to_json(),
            _ => return Err(self.wrong_type("an object, a list or JSON")),
        };
        path.query(&json, values)
    }

    fn parsed(&self, text: &[u8]) -> Result<Json, EvalError> {
        json::parse(text)
            .map_err(|error| self.failed(format!("{} is not JSON: {error}", self.value.shown())))
    }

    fn bytes(self, encoding: BytesEncoding) -> Result<Value, EvalError> {
        let bytes = encoding.decode(self.text()?);
        bytes.map(Value::Bytes).map_err(|reason| {
            self.failed(format!("{} cannot be decoded: {reason}", self.value.shown()))
        })
    }

    fn msgpack(self) -> Result<Value, EvalError> {
        let Value::Bytes(bytes) = &self.value else {
            return Err(self.failed(format!("bytes are expected, got {}", self.value.described())));
        };
        msgpack::decode(bytes).map(Value::from).map_err(|error| self.failed(error))
    }

    fn url_decode(self) -> Result<Value, EvalError> {
        let decoded = String::from_utf8(percent_decoded(self.text()?.as_bytes()));
        decoded.map(Value::String).map_err(|_| {
            self.failed(format!("{} is not UTF-8 when it is decoded", self.value.shown()))
        })
    }
}

fn expanded(template: &Template, values: &dyn Variables) -> Result<String, EvalError> {
    let values: &dyn Values = values;
    template.expand(values).map_err(EvalError::unknown)
}

/// The integer that remains without the fraction.
fn whole(float: f64) -> Option<Number> {
    let whole = float.trunc();
    // The casts saturate: what comes back unchanged is in range.
    let signed = Some(whole as i64).filter(|number| *number as f64 == whole && *number < i64::MAX);
    let unsigned =
        Some(whole as u64).filter(|number| *number as f64 == whole && *number < u64::MAX);
    signed.map(Number::from).or(unsigned.map(Number::from))
}

/// A date of this format; without an offset it is UTC, without a time midnight.
fn parse_date(format: &str, text: &str) -> Result<Timestamp, jiff::Error> {
    let parsed = strtime::parse(format, text)?;
    if let Ok(date) = parsed.to_timestamp() {
        return Ok(date);
    }
    let date = match parsed.to_datetime() {
        Ok(date) => date,
        Err(_) => parsed.to_date()?.into(),
    };
    TimeZone::UTC.to_timestamp(date)
}

/// The bytes with each `%xx` decoded; a `%` before anything else stays.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let byte =
            digits.and_then(|digits| BytesEncoding::Hex.decode(str::from_utf8(digits).ok()?).ok());
        match byte.as_deref() {
            Some([byte]) => {
                decoded.push(*byte);
                rest = &after[2..];
            }
            _ => {
                decoded.push(*first);
                rest = after;
            }
        }
    }
    decoded
}
