//! What a run has to bring about, judged from messages and the close code alone.

pub mod difference;
pub mod expect;
pub mod goal;
pub mod inbox;
pub mod language;
pub mod message;
mod number;
pub mod outcome;
pub mod pattern;
pub mod query;

pub use difference::{Comparison, Difference, compare};
pub use expect::{Match, Pattern, PatternError};
pub use goal::{Count, Expectations, Goal, Progress};
