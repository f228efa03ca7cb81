//! Whether a value is as a predicate wants it.

use std::cmp::Ordering;
use std::fmt;

use super::error::EvalError;
use super::facts::Variables;
use super::literal::{date, from_text, rfc3339};
use super::tree::{Operand, Predicate, PredicateKind, Relation, ValueType};
use super::value::{Value, one_line, start_of};
use crate::scenario::number;
use crate::scenario::phrase::Phrase;
use crate::scenario::place::{self, Place};

/// What was expected and what was there instead, each on one line of at most about 1 KiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What was expected.
    pub expected: String,
    /// What was there.
    pub actual: String,
    /// Where two long texts begin to differ.
    pub difference: Option<Phrase>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, got {}", self.expected, self.actual)
    }
}

/// Texts up to this length are seen at a glance if they have little in common, in bytes.
const MIN_LENGTH: usize = 40;

/// The longest expectation, in bytes.
const MAX_EXPECTED: usize = 1024;

/// What an absent value is called.
pub(super) const NOTHING: &str = "nothing";

/// Whether a value is as a predicate wants it. Without a value only `not exists` holds.
///
/// # Errors
/// With a variable that has no value.
pub fn judge(
    predicate: &Predicate,
    value: Option<&Value>,
    variables: &dyn Variables,
) -> Result<Result<(), Mismatch>, EvalError> {
    let Some(value) = value else {
        let is_met = matches!(predicate.kind, PredicateKind::Exists) && predicate.is_negated;
        let expected = expectation(predicate, value, variables)?;
        let actual = NOTHING.to_owned();
        let mismatch = || Mismatch { expected, actual, difference: None };
        return Ok(if is_met { Ok(()) } else { Err(mismatch()) });
    };
    let (outcome, operand) = match &predicate.kind {
        PredicateKind::Relation(relation, operand) => {
            let operand = resolve(operand, Some(value), variables)?;
            (relate(*relation, value, &operand), Some(operand))
        }
        PredicateKind::Matches(regex) => match value {
            Value::String(text) => (Outcome::from(regex.regex(variables)?.is_match(text)), None),
            _ => (Outcome::WrongType("a string"), None),
        },
        PredicateKind::Exists => (Outcome::Holds, None),
        PredicateKind::IsEmpty => (is_empty(value), None),
        PredicateKind::Is(wanted) => (Outcome::from(is_of(value, *wanted)), None),
        PredicateKind::IsIsoDate => match value {
            Value::String(text) => (Outcome::from(rfc3339(text).is_some()), None),
            Value::Date(_) => (Outcome::Holds, None),
            _ => (Outcome::WrongType("a string"), None),
        },
    };
    if outcome == (if predicate.is_negated { Outcome::Fails } else { Outcome::Holds }) {
        return Ok(Ok(()));
    }
    let expected = expectation(predicate, Some(value), variables)?;
    Ok(Err(mismatch(predicate, outcome, value, operand.as_ref(), expected)))
}

/// What a condition says about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Holds,
    Fails,
    /// It says nothing about a value that is not of this type.
    WrongType(&'static str),
}

impl From<bool> for Outcome {
    fn from(holds: bool) -> Self {
        if holds { Self::Holds } else { Self::Fails }
    }
}

fn mismatch(
    predicate: &Predicate,
    outcome: Outcome,
    value: &Value,
    operand: Option<&Value>,
    expected: String,
) -> Mismatch {
    let is_equality = matches!(predicate.kind, PredicateKind::Relation(Relation::Equal, _))
        && !predicate.is_negated;
    let has_other_type =
        operand.is_some_and(|operand| comparable_type(operand) != comparable_type(value));
    let is_about_type = matches!(predicate.kind, PredicateKind::Is(_));
    let (expected, actual) = match (outcome, operand) {
        (Outcome::WrongType(wanted), _) => (format!("{wanted} ({expected})"), value.described()),
        (_, Some(operand)) if is_equality && has_other_type => {
            (operand.described(), value.described())
        }
        _ if is_about_type => (expected, value.described()),
        _ => (expected, value.shown()),
    };
    let difference = match (value, operand) {
        (Value::String(actual), Some(Value::String(expected))) if is_equality => {
            first_difference(expected, actual)
        }
        (Value::Bytes(actual), Some(Value::Bytes(expected))) if is_equality => {
            place::of_bytes(expected, actual).map(Place::into_phrase)
        }
        _ => None,
    };
    Mismatch { expected: one_line(start(expected)), actual, difference }
}

/// Where two texts begin to differ, if that is not seen at a glance.
fn first_difference(expected: &str, actual: &str) -> Option<Phrase> {
    let is_long = expected.len().max(actual.len()) > MIN_LENGTH;
    let place = place::of_texts(expected, actual)?;
    (is_long || place.is_similar()).then(|| place.into_phrase())
}

/// An expectation, cut when a regular expression makes it long.
fn start(expected: String) -> String {
    match start_of(&expected, MAX_EXPECTED) {
        start if start.len() < expected.len() => format!("{start}…"),
        _ => expected,
    }
}

/// The type that values have to share to be compared.
fn comparable_type(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "a number",
        value => value.type_name(),
    }
}

/// The condition in words.
fn expectation(
    predicate: &Predicate,
    value: Option<&Value>,
    variables: &dyn Variables,
) -> Result<String, EvalError> {
    let not = if predicate.is_negated { "not " } else { "" };
    Ok(match &predicate.kind {
        PredicateKind::Relation(relation, operand) => {
            let operand = resolve(operand, value, variables)?.shown();
            match (relation, predicate.is_negated) {
                (Relation::Equal, false) => operand,
                (Relation::NotEqual, false) | (Relation::Equal, true) => format!("not {operand}"),
                (relation, _) => format!("{not}{} {operand}", relation.name()),
            }
        }
        PredicateKind::Matches(regex) => {
            format!("{not}matches /{}/", regex.regex(variables)?.as_str())
        }
        PredicateKind::Exists => format!("{not}exists"),
        PredicateKind::IsEmpty => format!("{not}empty"),
        PredicateKind::Is(wanted) => format!("{not}{}", wanted.name()),
        PredicateKind::IsIsoDate => format!("{not}a date and time as in RFC 3339"),
    })
}

/// The value to compare with. What is a text is read as another type where it is needed: a date beside a
/// date, and the value of a variable without quotes beside anything but a text.
fn resolve(
    operand: &Operand,
    value: Option<&Value>,
    variables: &dyn Variables,
) -> Result<Value, EvalError> {
    let operand_value = match operand {
        Operand::Literal(literal) => literal.clone(),
        Operand::Text(text) => Value::String(text.expand(variables).map_err(EvalError::unknown)?),
        Operand::Bytes(encoding, digits) => {
            let text = digits.expand(variables).map_err(EvalError::unknown)?;
            let bytes = encoding.decode(&text);
            Value::Bytes(bytes.map_err(|reason| EvalError::in_scenario(digits.at.clone(), reason))?)
        }
        Operand::Variable(variable) => {
            let value = variables.typed(&variable.name);
            value.ok_or_else(|| EvalError::unknown(variable.clone()))?
        }
    };
    let is_variable = matches!(operand, Operand::Variable(_));
    Ok(match (&operand_value, value) {
        (Value::String(text), Some(Value::Date(_))) => {
            date(text).map_or(operand_value, Value::Date)
        }
        (Value::String(_), None | Some(Value::String(_) | Value::List(_))) => operand_value,
        (Value::String(text), Some(_)) if is_variable => from_text(text).unwrap_or(operand_value),
        _ => operand_value,
    })
}

fn relate(relation: Relation, value: &Value, operand: &Value) -> Outcome {
    let ordered = |is_met: fn(Ordering) -> bool| match order(value, operand) {
        Some(order) => Outcome::from(is_met(order)),
        None => Outcome::WrongType(comparable_type(operand)),
    };
    match relation {
        Relation::Equal => Outcome::from(value.is_equal(operand)),
        Relation::NotEqual => Outcome::from(!value.is_equal(operand)),
        Relation::Greater => ordered(Ordering::is_gt),
        Relation::GreaterOrEqual => ordered(Ordering::is_ge),
        Relation::Less => ordered(Ordering::is_lt),
        Relation::LessOrEqual => ordered(Ordering::is_le),
        Relation::StartsWith => part(value, operand, <[u8]>::starts_with),
        Relation::EndsWith => part(value, operand, <[u8]>::ends_with),
        Relation::Contains if matches!(value, Value::List(_)) => includes(value, operand),
        Relation::Contains => {
            part(value, operand, |all, part| memchr::memmem::find(all, part).is_some())
        }
        Relation::Includes => includes(value, operand),
    }
}

/// The order of two values of one type that has an order.
fn order(value: &Value, operand: &Value) -> Option<Ordering> {
    match (value, operand) {
        (Value::Number(one), Value::Number(other)) => Some(number::compare(one, other)),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Duration(one), Value::Duration(other)) => Some(one.cmp(other)),
        (Value::Date(one), Value::Date(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

/// Whether a text has a part, or bytes have one; in UTF-8 both are the same question.
fn part(value: &Value, operand: &Value, is_part: fn(&[u8], &[u8]) -> bool) -> Outcome {
    match (value, operand) {
        (Value::String(all), Value::String(part)) => {
            Outcome::from(is_part(all.as_bytes(), part.as_bytes()))
        }
        (Value::Bytes(all), Value::Bytes(part)) => Outcome::from(is_part(all, part)),
        (_, Value::Bytes(_)) => Outcome::WrongType("bytes"),
        _ => Outcome::WrongType("a string"),
    }
}

fn includes(value: &Value, operand: &Value) -> Outcome {
    match value {
        Value::List(values) => Outcome::from(values.iter().any(|value| value.is_equal(operand))),
        _ => Outcome::WrongType("a list"),
    }
}

fn is_empty(value: &Value) -> Outcome {
    Outcome::from(match value {
        Value::String(text) => text.is_empty(),
        Value::Bytes(bytes) => bytes.is_empty(),
        Value::List(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => return Outcome::WrongType("a string, a list, an object or bytes"),
    })
}

fn is_of(value: &Value, wanted: ValueType) -> bool {
    match (value, wanted) {
        (Value::Number(number), ValueType::Integer) => !number::is_float(number),
        (Value::Number(number), ValueType::Float) => number::is_float(number),
        (Value::Number(_), ValueType::Number)
        | (Value::Bool(_), ValueType::Boolean)
        | (Value::String(_), ValueType::String)
        | (Value::List(_), ValueType::List)
        | (Value::Object(_), ValueType::Object) => true,
        _ => false,
    }
}
