//! Queries, filters and predicates: the lines of `[Captures]` and `[Asserts]`. Pure: they are read to a
//! tree and evaluated on facts that are handed in.

mod argument;
mod assertion;
mod context;
mod error;
mod evaluate;
mod facts;
mod filter;
mod literal;
mod msgpack;
mod predicate;
mod syntax;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub use assertion::{Failure, FailureKind};
pub use context::{Context, check_context};
pub use error::{ErrorCause, EvalError};
pub use evaluate::evaluate;
pub use facts::{
    CertificateFacts, CloseFacts, CommandFacts, Facts, HandshakeFacts, MessageFacts, PeriodFacts,
    PongFacts, Timings, Variables,
};
pub use filter::apply;
pub use predicate::{Mismatch, judge};
#[cfg(test)]
pub(crate) use syntax::all_words;
pub use syntax::{is_query_word, parse_assertion, parse_capture};
pub use tree::{Assertion, Expression, Filter, Predicate, Quantifier, Query};
pub use value::Value;
