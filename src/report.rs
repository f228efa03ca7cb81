//! Reports of scenario runs, a file a format. Each is made from the outcomes alone.

pub mod diff;
pub mod json;
pub mod junit;
pub mod tap;
#[cfg(test)]
mod tests;
pub mod text;

use std::time::Duration;

/// Seconds with milliseconds, as report formats want them.
fn seconds(duration: Duration) -> String {
    format!("{:.3}", duration.as_secs_f64())
}
