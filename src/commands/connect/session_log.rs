//! What happened on the connections of a prompt, for `/scenario`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::commands::recording;
use crate::config::ConnectConfig;
use crate::event::Event;
use crate::input::repl::SessionScenario;
use crate::output::{EventLog, Outputs};
use crate::recording::scenario::{ScenarioBuilder, Settings};

/// The most connections of which events are kept, as many as a prompt has: of each, as much as fits into a scenario.
const MAX_CONNECTIONS: usize = 16;

/// The events of each connection of a prompt, by its name. A clone shares them.
#[derive(Clone, Default)]
pub(super) struct SessionLogs(Arc<Mutex<BTreeMap<String, Log>>>);

/// The events of a connection.
struct Log {
    builder: ScenarioBuilder,
    /// When it was begun, among the logs.
    order: usize,
    /// How many outputs may add to it.
    keepers: usize,
}

impl SessionLogs {
    /// Has these outputs keep the events of the connection of `config`.
    pub(super) fn keep(&self, outputs: &mut Outputs, config: &ConnectConfig) {
        outputs.set_log(Box::new(self.begin(&config.name, config.record.scenario_settings())));
    }

    /// A connection that is opened again under its name goes on with its log. The oldest of those that have ended make
    /// room.
    fn begin(&self, name: &str, settings: Settings) -> Keeper {
        let mut logs = self.logs();
        let order = logs.values().map(|log| log.order + 1).max().unwrap_or_default();
        let log = logs.entry(name.to_owned());
        let log = log.or_insert_with(|| Log {
            builder: ScenarioBuilder::new(settings),
            order,
            keepers: 0,
        });
        log.keepers += 1;
        while logs.len() > MAX_CONNECTIONS {
            let ended = logs.iter().filter(|(_, log)| log.keepers == 0);
            let oldest = ended.min_by_key(|(_, log)| log.order).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            logs.remove(&oldest);
        }
        Keeper { logs: self.clone(), name: name.to_owned() }
    }

    /// The scenario of the connection with this name.
    pub(super) fn scenario(&self, name: &str) -> SessionScenario {
        // A clone, so that the connection does not wait while the text is made.
        let builder = self.logs().get(name).map(|log| log.builder.clone()).unwrap_or_default();
        recording::session_scenario(&builder)
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<String, Log>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SessionLogs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SessionLogs").field(&self.logs().len()).finish()
    }
}

/// Keeps the events of one connection.
struct Keeper {
    logs: SessionLogs,
    name: String,
}

impl EventLog for Keeper {
    fn event(&mut self, event: &Event<'_>) {
        let mut logs = self.logs.logs();
        if let Some(Log { builder, .. }) = logs.get_mut(&self.name) {
            // The log is that of one connection, whatever number that has when.
            recording::keep_event(builder, event, None);
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(log) = self.logs.logs().get_mut(&self.name) {
            log.keepers -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RecordConfig;
    use crate::event::{Clock, EventKind, Message, Opened};
    use crate::net::target::Target;
    use crate::output::json::JsonFrames;
    use crate::platform::record_file::Existing;
    use crate::protocol::MessageKind;
    use crate::recording::scenario::ScenarioOption;

    fn message(data: &[u8]) -> Event<'_> {
        let what = EventKind::Message(Message::received(MessageKind::Text, data));
        Event { at: Clock::start().now(), connection: Some(7), mark: None, transit: None, what }
    }

    #[test]
    fn each_connection_has_its_log() {
        let logs = SessionLogs::default();
        for name in ["one", "two"] {
            let mut keeper = logs.begin(name, Settings::default());
            keeper.event(&message(name.as_bytes()));
        }
        assert!(logs.scenario("one").text.ends_with("\n< one\n"));
        assert!(logs.scenario("two").text.ends_with("\n< two\n"));
        assert!(!logs.scenario("three").text.contains('<'));
        assert!(logs.scenario("one").notes[0].contains("--variable url=VALUE"), "it has no Open");
    }

    /// A client certificate is for the server that it was given for.
    #[test]
    fn options_for_one_server_are_not_those_of_another_connection() {
        let config = RecordConfig {
            files: Vec::new(),
            existing: Existing::Refuse,
            frames: JsonFrames::None,
            used: Vec::new(),
            options: vec![ScenarioOption::new("cert", "/c.pem").for_server()],
            server: Target::parse("wss://a/").ok(),
            is_of_file: false,
        };
        let logs = SessionLogs::default();
        for (url, has_it) in [("wss://a/x", true), ("wss://b/", false)] {
            let mut keeper = logs.begin(url, config.scenario_settings());
            let opened = Opened::sample(url);
            keeper.event(&Event { what: EventKind::Open(&opened), ..message(b"") });
            assert_eq!(logs.scenario(url).text.contains("cert: /c.pem\n"), has_it, "{url}");
        }
    }

    #[test]
    fn the_oldest_logs_of_connections_that_have_ended_are_dropped() {
        let logs = SessionLogs::default();
        let open = logs.begin("open", Settings::default());
        for number in 0..40 {
            drop(logs.begin(&format!("n{number}"), Settings::default()));
        }
        let names: Vec<_> = logs.logs().keys().cloned().collect();
        assert_eq!(names.len(), MAX_CONNECTIONS);
        assert!(names.contains(&"open".to_owned()) && names.contains(&"n39".to_owned()));
        drop(open);
    }
}
