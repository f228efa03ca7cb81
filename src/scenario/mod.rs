//! The expectations of a run, checked against messages and the close code.

mod count;
pub mod difference;
pub mod expect;
mod expectations;

pub use count::Count;
pub use difference::{Comparison, Difference, compare};
pub use expect::{MatchResult, Pattern, PatternError};
pub use expectations::Expectations;
