//! The expectations of a run, checked against messages and the close code.

mod count;
mod describe;
pub mod difference;
pub mod display;
mod duration;
pub mod expect;
mod expectations;
pub mod import;
pub mod inbox;
pub mod json;
pub mod json_path;
pub mod language;
pub mod message;
pub(crate) mod number;
pub mod outcome;
pub mod pattern;
pub mod phrase;
pub mod place;
pub mod plan;
pub mod query;
pub mod relax;

pub use count::Count;
pub use difference::{Comparison, Difference, compare};
pub use duration::Limited;
pub use expectations::Expectations;
pub use pattern::Pattern;
