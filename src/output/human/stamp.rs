//! Times and durations.

use std::time::Duration;

use super::Human;
use crate::event::{Event, EventKind, whole_micros};
use crate::output::style::Role;

impl Human {
    /// The time before the lines of an event, with a space after it; empty without times.
    pub(super) fn time_of(&self, event: &Event<'_>) -> String {
        let timestamps = match &self.view {
            Some(view) => view.timestamps(),
            None => self.options.timestamps,
        };
        let Some(timestamps) = timestamps else { return String::new() };
        if matches!(event.what, EventKind::Shown(_)) {
            return String::new();
        }
        let last = self.view.as_ref().map_or(self.last, |view| view.last_line());
        timestamps.text(event.at, event.at.elapsed.saturating_sub(last)) + " "
    }

    /// A line with the time of this event is shown.
    pub(super) fn note_time(&mut self, event: &Event<'_>) {
        self.last = event.at.elapsed;
        if let Some(view) = &self.view {
            view.set_last_line(self.last);
        }
    }

    /// The numbers before the lines of an event: that of its connection, and that of its message if these are shown.
    pub(super) fn numbers_of(&self, event: &Event<'_>) -> String {
        let connection = event.connection.map_or_else(String::new, |number| self.prefix(number));
        match event.mark.filter(|_| self.shows_numbers()) {
            Some(mark) => format!("{connection}[{}] ", mark.number),
            None => connection,
        }
    }

    /// The time since the request, shown after an answer.
    pub(super) fn latency_of(&self, event: &Event<'_>) -> Option<String> {
        let latency = event.mark?.latency?;
        Some(self.paint(Role::Dim, &format!(" ({})", short(latency))))
    }
}

/// A duration with three significant digits or so: "12.3 ms", "4.2 s", "3 min 5 s". It is that of a recording, which has whole
/// microseconds.
pub fn short(duration: Duration) -> String {
    let seconds = whole_micros(duration).as_secs_f64();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_that_of_a_recording() {
        for (nanoseconds, expected) in [
            (516_999, "516 µs"),
            (517_000, "517 µs"),
            (999_999, "999 µs"),
            (12_049_999, "12.0 ms"),
            (1_949_999_999, "1.9 s"),
        ] {
            let live = Duration::from_nanos(nanoseconds);
            let recorded = Duration::from_micros(nanoseconds / 1000);
            assert_eq!((short(live).as_str(), short(recorded).as_str()), (expected, expected));
        }
    }
}
