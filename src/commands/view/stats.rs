//! `wscope view --stats`: a recording in numbers.

mod bars;
mod json;
mod table;

use std::sync::Arc;
use std::time::Duration;

use crate::config::{Stdout, ViewConfig};
use crate::event::Clock;
use crate::output::human::short;
use crate::output::style::Style;
use crate::platform::terminal;
use crate::recording::Recorded;
use crate::recording::stats::Statistics;
use crate::view::View;

/// The width of the table if standard output is not a terminal.
const COLUMNS: usize = 80;

/// Counts what a recording has.
pub(super) struct Counting {
    statistics: Statistics,
    /// Chooses what is counted.
    filter: Option<Arc<View>>,
}

impl Counting {
    pub(super) fn new(config: &ViewConfig) -> Self {
        let filter = (!config.filters.is_empty())
            .then(|| Arc::new(View::new(Clock::start(), config.filters.clone(), None, 0)));
        Self { statistics: Statistics::default(), filter }
    }

    pub(super) fn add(&mut self, event: &Recorded) {
        let filter = self.filter.as_ref();
        if filter.is_none_or(|view| event.with_event(|event| view.decide(event).is_shown)) {
            self.statistics.add(event);
        }
    }

    /// The text for standard output.
    pub(super) fn text(&self, name: &str, config: &ViewConfig) -> String {
        if matches!(config.stdout, Stdout::Json(_)) {
            return json::object(name, &self.statistics);
        }
        let commentary = &config.commentary;
        let columns = if commentary.stdout_on_terminal { terminal::width() } else { COLUMNS };
        table::table(name, &self.statistics, Style::new(commentary.stdout_color), columns)
    }
}

/// A number a second; `None` without a duration.
fn rate(count: u64, duration: Duration) -> Option<f64> {
    (duration > Duration::ZERO).then(|| count as f64 / duration.as_secs_f64())
}

fn time(micros: u64) -> String {
    short(Duration::from_micros(micros))
}
