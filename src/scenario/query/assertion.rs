//! Whole lines of `[Captures]` and `[Asserts]`: queries with their filters and predicates.

use std::ops::Range;

use super::error::{ErrorCause, EvalError};
use super::evaluate::evaluate;
use super::facts::{Facts, PeriodFacts, Variables};
use super::filter::apply;
use super::predicate::{Mismatch, NOTHING, judge};
use super::tree::{Assertion, Expression, FilterKind, PredicateKind, Quantifier, QueryKind};
use super::value::Value;
use crate::protocol::counted::counted;
use crate::scenario::json;
use crate::scenario::phrase::Phrase;

/// Why an assertion does not hold, or a capture has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where in the file, in bytes.
    pub at: Range<usize>,
    /// What went wrong.
    pub kind: FailureKind,
}

/// What went wrong with an assertion or a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The value is another one.
    Mismatch(Mismatch),
    /// There is no value to look at; with the reason.
    Error(String),
}

/// Why a message has no duration.
const NOTHING_SENT: &str =
    "duration counts from the last message sent on this connection before, and none was sent";

impl Expression {
    /// The value behind the filters; nothing if there is none.
    ///
    /// # Errors
    /// As for [`evaluate`] and [`apply`].
    pub fn value(
        &self,
        facts: &Facts<'_>,
        variables: &dyn Variables,
    ) -> Result<Option<Value>, EvalError> {
        let mut value = evaluate(&self.query, facts, variables)?;
        for filter in &self.filters {
            let Some(input) = value else { break };
            value = apply(filter, input, variables)?;
        }
        Ok(value)
    }

    /// The value to capture.
    ///
    /// # Errors
    /// When there is none.
    pub fn capture(&self, facts: &Facts<'_>, variables: &dyn Variables) -> Result<Value, Failure> {
        match self.value(facts, variables) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => {
                let end = self.filters.last().map_or(self.query.at.end, |filter| filter.at.end);
                let message = match self.why_nothing(facts, variables) {
                    Some(reason) => format!("there is nothing to capture: {reason}"),
                    None => "there is nothing to capture".to_owned(),
                };
                let at = self.query.at.start..end;
                Err(Failure { at, kind: FailureKind::Error(message) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Why there is no value, if that is known.
    fn why_nothing(&self, facts: &Facts<'_>, variables: &dyn Variables) -> Option<String> {
        match (&self.query.kind, facts) {
            (QueryKind::Duration, Facts::Message(message)) if message.duration.is_none() => {
                Some(NOTHING_SENT.to_owned())
            }
            _ => self.reached(facts, variables),
        }
    }

    /// How far the JSONPath goes into the message, if it names nothing there.
    fn reached(&self, facts: &Facts<'_>, variables: &dyn Variables) -> Option<String> {
        let (QueryKind::JsonPath(path), Facts::Message(message)) = (&self.query.kind, facts) else {
            return None;
        };
        let value = json::parse(message.data).ok()?;
        path.reached(&value, variables)
    }

    /// Whether the value is a list of what a path names, which does not exist if the path names nothing.
    fn is_node_list(&self) -> bool {
        match (self.filters.last(), &self.query.kind) {
            (Some(filter), _) => {
                matches!(&filter.kind, FilterKind::JsonPath(path) if !path.is_singular())
            }
            (None, QueryKind::JsonPath(path)) => !path.is_singular(),
            (None, _) => false,
        }
    }
}

impl Assertion {
    /// Whether it holds.
    ///
    /// # Errors
    /// When it does not, with what was expected and what was there.
    pub fn check(&self, facts: &Facts<'_>, variables: &dyn Variables) -> Result<(), Failure> {
        match (self.expression.quantifier, facts) {
            (Some(quantifier), Facts::Period(period)) => {
                self.quantified(quantifier, period, variables)
            }
            _ => self.judge(facts, variables)?.map_err(|mismatch| self.failure(mismatch)),
        }
    }

    fn failure(&self, mismatch: Mismatch) -> Failure {
        Failure { at: self.predicate.at.clone(), kind: FailureKind::Mismatch(mismatch) }
    }

    fn judge(
        &self,
        facts: &Facts<'_>,
        variables: &dyn Variables,
    ) -> Result<Result<(), Mismatch>, EvalError> {
        let value = self.expression.value(facts, variables)?;
        let is_existence = matches!(self.predicate.kind, PredicateKind::Exists);
        let names_nothing = matches!(&value, Some(Value::List(values)) if values.is_empty())
            && self.expression.is_node_list();
        let value = value.filter(|_| !(is_existence && names_nothing));
        let is_nothing = value.is_none();
        Ok(judge(&self.predicate, value.as_ref(), variables)?.map_err(
            |mismatch| match is_nothing {
                true => {
                    let reason = self.expression.why_nothing(facts, variables);
                    Mismatch { difference: reason.map(Phrase::from), ..mismatch }
                }
                false => mismatch,
            },
        ))
    }

    fn quantified(
        &self,
        quantifier: Quantifier,
        period: &PeriodFacts<'_>,
        variables: &dyn Variables,
    ) -> Result<(), Failure> {
        let count = period.messages.len();
        let messages = counted(count as u64, "message");
        let mut last = None;
        for (number, (_, message)) in (1..).zip(&period.messages) {
            let judged = self.judge(&Facts::Message(message), variables);
            let place = format!("message {number} of {count}");
            match (quantifier, judged) {
                (_, Err(error)) if error.cause == ErrorCause::Scenario => return Err(error.into()),
                (Quantifier::Each, Err(error)) => {
                    return Err(EvalError { message: format!("{place}: {error}"), ..error }.into());
                }
                (Quantifier::Each, Ok(Err(mismatch))) => {
                    let actual = format!("{} in {place}", mismatch.actual);
                    return Err(self.failure(Mismatch { actual, ..mismatch }));
                }
                (Quantifier::Any, Ok(Ok(()))) => return Ok(()),
                (Quantifier::None, Ok(Ok(()))) => {
                    let expected = format!("no message that meets it, of {messages}");
                    let actual = format!("{place} meets it");
                    return Err(self.failure(Mismatch { expected, actual, difference: None }));
                }
                (Quantifier::Any, Ok(Err(mismatch))) => {
                    last = Some((mismatch.expected, mismatch.actual));
                }
                (Quantifier::Any, Err(error)) if last.is_none() => {
                    last = Some(("a message that meets it".to_owned(), error.message));
                }
                _ => {}
            }
        }
        if quantifier != Quantifier::Any {
            return Ok(());
        }
        let (expected, actual) = match last {
            Some((expected, actual)) => {
                (format!("{expected} in any of {messages}"), format!("{actual} in the last one"))
            }
            None => ("a message".to_owned(), NOTHING.to_owned()),
        };
        Err(self.failure(Mismatch { expected, actual, difference: None }))
    }
}

impl From<EvalError> for Failure {
    fn from(error: EvalError) -> Self {
        Self { at: error.at, kind: FailureKind::Error(error.message) }
    }
}
