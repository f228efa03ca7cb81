//! What a run has to bring about, judged from messages and the close code alone.

pub mod expect;
pub mod goal;

pub use expect::{Pattern, PatternError};
pub use goal::{Count, Expectations, Goal, Progress};
