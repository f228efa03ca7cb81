//! Reports of scenario runs, a file a format. Each is made from the outcomes alone.

pub mod diff;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod tap;
#[cfg(test)]
mod tests;
pub mod text;

use std::time::{Duration, SystemTime};

use crate::scenario::outcome::FileOutcome;

/// A run, for the reports that are about more than its files.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What was run.
    pub files: &'a [FileOutcome],
    /// How long it took.
    pub took: Duration,
    /// When it was over.
    pub ended: SystemTime,
    /// A signal interrupted it: not everything was run to its end.
    pub is_interrupted: bool,
}

/// Seconds with milliseconds, as report formats want them.
fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}
