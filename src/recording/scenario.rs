//! A scenario from a recording: what the client sent is sent, what it received is expected.
//!
//! What is written is a file that `check` runs at once against the same server. Messages are data: none of them can
//! become a step, a comment or a variable, whatever it holds. Secrets are variables.

use std::time::Duration;

use super::Recorded;
use crate::net::target::Target;
pub use kept::MAX_EVENTS;
use kept::{Kept, is_expressible};
pub use step::{StepPayload, step};
pub(super) use values::MIN_VALUE;

mod capture_query;
mod captures;
mod comments;
mod expected;
mod head;
mod heartbeats;
mod kept;
mod lines;
mod masked;
mod part;
mod payload;
mod plain;
mod secrets;
mod session;
mod step;
mod steps;
#[cfg(test)]
mod tests;
mod texts;
mod uncaptured;
mod unopened;
mod values;

/// The first line of a scenario that was made from a recording.
pub const FIRST_LINE: &str = "# Written by wscope from a recording.";

/// How a scenario is made.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Options of the connections that events do not have.
    pub options: Vec<ScenarioOption>,
    /// The server that they were given for; `None`: they are for all.
    pub server: Option<Target>,
    /// What becomes of secrets that the recording has.
    pub secrets: SecretValues,
    /// The events are those of a file. An older version, which did not say of messages what of them is masked, may have
    /// written it.
    pub is_of_file: bool,
}

/// An option of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioOption {
    /// Its long name.
    pub name: &'static str,
    /// Its value, up to the secret that it may have.
    pub value: String,
    /// The secret, which is a variable, and the rest of the value.
    pub secret: Option<OptionSecret>,
    /// Connections to other servers do not have it.
    pub is_for_server: bool,
}

/// A secret in the value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionSecret {
    /// The name of its variable.
    pub variable: String,
    /// What it is, in words.
    pub what: String,
    /// What is behind it.
    pub rest: String,
}

impl ScenarioOption {
    /// One without a secret.
    pub fn new(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), secret: None, is_for_server: false }
    }

    /// The same for connections to the server of [`Settings::server`] only.
    pub fn for_server(self) -> Self {
        Self { is_for_server: true, ..self }
    }
}

/// What becomes of secrets that a recording has. Those that were masked are variables in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretValues {
    /// They are variables.
    #[default]
    Variables,
    /// They are written, for a scenario that is run and not kept.
    Verbatim,
}

/// A scenario that was made from a recording.
#[derive(Clone, Debug, Default)]
pub struct Generated {
    /// The text of the file.
    pub text: String,
    /// What the file lacks, each in one line.
    pub warnings: Vec<String>,
    /// The variables that need a value.
    pub unknown: Vec<UnknownValue>,
    /// Why the scenario has no connection; it is one of the warnings too.
    pub why_empty: Option<&'static str>,
}

/// A variable of a scenario that needs a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownValue {
    /// Its name.
    pub name: String,
    /// What it is the value of, in words.
    pub what: String,
    /// It was masked in the recording.
    pub is_secret: bool,
}

impl UnknownValue {
    /// That it has to be given, and how.
    pub fn remark(&self) -> String {
        format!("{} is a variable: give it with {}", self.what, self.advice())
    }

    /// How to give it, in words.
    pub fn advice(&self) -> String {
        let Self { name, is_secret, .. } = self;
        match is_secret {
            true => format!("--secret {name}=VALUE, or WSCOPE_SECRET_{name} in the environment"),
            false => {
                format!("--variable {name}=VALUE, or WSCOPE_VARIABLE_{name} in the environment")
            }
        }
    }
}

/// Makes a scenario of a recording. Events are kept in bounded memory. A clone shares the messages.
#[derive(Clone, Debug, Default)]
pub struct ScenarioBuilder {
    kept: Kept,
    settings: Settings,
}

impl ScenarioBuilder {
    /// Makes one with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Whether no further event has a place in the scenario.
    pub fn is_full(&self) -> bool {
        self.kept.is_full()
    }

    /// Keeps an event, if there is room for it. What passed a proxy is kept as the server saw it, with which the scenario is
    /// run.
    pub fn push(&mut self, event: Recorded) {
        if event.is_touched() {
            self.kept.note_touched(event.connection);
        }
        for seen in event.seen_in_scenario() {
            self.kept.push(seen);
        }
    }

    /// The scenario of what is kept.
    pub fn generate(&self) -> Generated {
        let mut generated = self.generate_first(self.len(), self.is_full());
        if self.is_full() {
            let warning = "the scenario ends before the recording does: it cannot be longer";
            generated.warnings.push(warning.to_owned());
        }
        generated
    }

    /// The scenario of the first of the events that are kept. `is_cut`: it says that the recording has more.
    pub(super) fn generate_first(&self, events: usize, is_cut: bool) -> Generated {
        let kept = self.kept.events();
        let events = kept.get(..events).unwrap_or(kept);
        part::generate(events, self.kept.touched(), &self.settings, is_cut)
    }

    /// How many events are kept.
    pub(super) fn len(&self) -> usize {
        self.kept.events().len()
    }

    /// How many data messages are among the first of the events that are kept.
    pub(super) fn messages_in(&self, events: usize) -> u64 {
        let kept = self.kept.events();
        kept.get(..events).unwrap_or(kept).iter().filter(|it| is_expressible(it)).count() as u64
    }

    /// How many data messages are kept.
    pub(super) fn messages(&self) -> u64 {
        self.kept.messages()
    }
}

/// A duration as scenarios have them: in whole seconds, rounded up.
fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs() + u64::from(duration.subsec_nanos() > 0))
}
