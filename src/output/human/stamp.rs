//! Times and durations.

use std::time::Duration;

use super::Human;
use crate::event::{Event, EventKind, Stamp};

/// How the time of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timestamps {
    /// Date and time, UTC.
    Utc,
    /// Date and time, local.
    Local,
    /// Since the start.
    Relative,
    /// Since the line before.
    Delta,
}

impl Human {
    /// The time before the lines of an event, with a space after it; empty without `--timestamps`.
    pub(super) fn time_of(&self, event: &Event<'_>) -> String {
        let Some(timestamps) = self.options.timestamps else { return String::new() };
        if matches!(event.what, EventKind::Shown(_)) {
            return String::new();
        }
        let since_last = event.at.elapsed.saturating_sub(self.last.unwrap_or_default());
        let time = match timestamps {
            Timestamps::Utc => format!("{:.6}", calendar(event.at)),
            Timestamps::Local => {
                let local = calendar(event.at).to_zoned(jiff::tz::TimeZone::system());
                local.strftime("%H:%M:%S%.3f").to_string()
            }
            Timestamps::Relative => format!("{:10.6}", event.at.elapsed.as_secs_f64()),
            Timestamps::Delta => format!("+{:.6}", since_last.as_secs_f64()),
        };
        time + " "
    }
}

fn calendar(at: Stamp) -> jiff::Timestamp {
    jiff::Timestamp::try_from(at.wall).unwrap_or_default()
}

/// A duration with three significant digits or so: "12.3 ms", "4.2 s", "3 min 5 s".
pub(super) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.001 {
        format!("{:.0} µs", seconds * 1e6)
    } else if seconds < 0.1 {
        format!("{:.1} ms", seconds * 1e3)
    } else if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else if seconds < 3600.0 {
        format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60)
    } else {
        format!("{} h {} min", duration.as_secs() / 3600, duration.as_secs() / 60 % 60)
    }
}
