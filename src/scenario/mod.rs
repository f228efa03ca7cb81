//! What a run is expected to bring about, judged from messages and the close code alone.

mod count;
pub mod difference;
pub mod expect;
mod expectations;

pub use count::Count;
pub use difference::{Comparison, Difference, compare};
pub use expect::{MatchResult, Pattern, PatternError};
pub use expectations::Expectations;
