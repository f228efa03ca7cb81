//! What happened on all connections, for `/scenario`.

use std::sync::{Arc, Mutex, PoisonError};

use crate::commands::recording;
use crate::event::Event;
use crate::input::repl::SessionScenario;
use crate::output::EventLog;
use crate::recording::scenario::ScenarioBuilder;

/// The events of all connections, as far as they fit into a scenario. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(super) struct SessionLog(Arc<Mutex<ScenarioBuilder>>);

impl SessionLog {
    /// The scenario of what has happened until now.
    pub(super) fn scenario(&self) -> SessionScenario {
        // A clone, so that the connections do not wait while the text is made.
        let builder = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        recording::session_scenario(&builder)
    }
}

impl EventLog for SessionLog {
    fn event(&mut self, event: &Event<'_>) {
        let mut builder = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recording::keep_event(&mut builder, event, event.connection);
    }
}
