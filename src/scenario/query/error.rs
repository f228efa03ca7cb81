//! Why a query or filter has no result.

use std::ops::Range;

use crate::scenario::language::Variable;

/// A query, filter or predicate that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// Where in the file, in bytes.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What is at fault.
    pub cause: ErrorCause,
}

/// What is at fault when something cannot be evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCause {
    /// The scenario, such as a variable without a value: no message can change that.
    Scenario,
    /// The data, such as a message that is not JSON.
    Data,
}

impl EvalError {
    /// A fault of the scenario.
    pub(super) fn in_scenario(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), cause: ErrorCause::Scenario }
    }

    /// A fault of the data.
    pub(super) fn in_data(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), cause: ErrorCause::Data }
    }

    /// A variable that has no value.
    pub(super) fn unknown(variable: Variable) -> Self {
        let message = format!("the variable {:?} has no value", variable.name);
        Self::in_scenario(variable.at, message)
    }
}
