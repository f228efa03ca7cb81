//! `--duration`.

use std::time::{Duration, Instant};

use crate::event::EventKind;
use crate::observer::{Observed, Observer, ObserverResponse, Progress};

/// Ends the run some time after its first connection was opened, whether or not an output is stalled meanwhile.
#[derive(Debug)]
pub struct Limited {
    duration: Duration,
    /// In real time: the clock of events is not paused before the first connection.
    until: Option<Instant>,
    is_over: bool,
}

impl Limited {
    /// Ends the run `duration` after the first connection was opened.
    pub fn new(duration: Duration) -> Self {
        Self { duration, until: None, is_over: false }
    }
}

impl Observer for Limited {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        if let EventKind::Open(_) = event.event {
            self.until.get_or_insert(event.at + self.duration);
        }
        ObserverResponse::default()
    }

    fn real_deadline(&self) -> Option<Instant> {
        self.until.filter(|_| !self.is_over)
    }

    fn on_deadline(&mut self, _: Instant) -> ObserverResponse {
        self.is_over = true;
        ObserverResponse { is_decided: true, ..ObserverResponse::default() }
    }

    /// Not a goal before: a connection that ends earlier has not missed anything.
    fn progress(&self) -> Option<Progress> {
        self.is_over.then_some(Progress::Over)
    }
}
