//! What a run is expected to bring about, judged from messages and the close code alone.

mod count;
pub mod difference;
pub mod expect;
mod expectations;
pub mod inbox;
pub mod language;
pub mod message;
mod number;
pub mod outcome;
pub mod pattern;
pub mod plan;
pub mod query;

pub use count::Count;
pub use difference::{Comparison, Difference, compare};
pub use expect::{Match, Pattern, PatternError};
pub use expectations::Expectations;
