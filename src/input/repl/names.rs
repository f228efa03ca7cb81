//! The connections that a prompt has, by name: what the thread that reads lines knows of them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::destination::{Destination, Destinations, NoDestinations};
use crate::redact::Secrets;

/// The most connections that a prompt has.
const MAX_CONNECTIONS: usize = 16;

/// The longest name.
const MAX_NAME: usize = 32;

/// The state of a connection, as far as the prompt has to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// It is being opened.
    Opening,
    /// It is open, or being closed.
    Open,
    /// It has ended, or was never opened.
    Ended,
}

/// The connections of a prompt, and the one that lines are for. A line is for the connection whose prompt it was
/// typed at, whatever happens before it is carried out: so the thread that reads lines resolves `/use` and
/// `/connect` itself.
#[derive(Debug)]
pub struct PromptNames {
    state: Mutex<State>,
    destinations: Arc<dyn Destinations>,
    /// The prompt stays when the last connection has ended.
    stays: bool,
    /// There is or was more than one connection.
    are_several: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    connections: Vec<Named>,
    current: String,
    /// Of all connections, also of those that are forgotten.
    secrets: Secrets,
}

#[derive(Debug)]
struct Named {
    name: String,
    liveness: Liveness,
    /// The folder of its saved messages.
    messages: Option<PathBuf>,
}

/// For a prompt that is not at a connection.
impl Default for PromptNames {
    fn default() -> Self {
        Self::alone(Destination::default())
    }
}

impl PromptNames {
    /// A prompt at its first connection.
    pub fn new(
        first: &str,
        destination: Destination,
        destinations: Arc<dyn Destinations>,
        stays: bool,
    ) -> Self {
        let mut state = State { current: first.to_owned(), ..State::default() };
        state.add(first, destination);
        let are_several = AtomicBool::new(false);
        Self { state: Mutex::new(state), destinations, stays, are_several }
    }

    /// A prompt that is not at one of several connections.
    pub fn alone(destination: Destination) -> Self {
        Self::new("", destination, Arc::new(NoDestinations), false)
    }

    /// The prompt as it is shown.
    pub(super) fn prompt(&self) -> String {
        match self.are_several.load(Ordering::Relaxed) {
            true => format!("{}> ", self.current()),
            false => "> ".to_owned(),
        }
    }

    /// Set once there is more than one connection.
    pub fn are_several(&self) -> &AtomicBool {
        &self.are_several
    }

    /// The connection that lines are for.
    pub fn current(&self) -> String {
        self.state().current.clone()
    }

    /// All names, in the order of their first use.
    pub fn all(&self) -> Vec<String> {
        self.state().connections.iter().map(|it| it.name.clone()).collect()
    }

    /// The endpoints that can be connected to.
    pub(super) fn endpoints(&self) -> Vec<String> {
        self.destinations.endpoints()
    }

    /// Records the state of a connection.
    pub fn set(&self, name: &str, liveness: Liveness) {
        if let Some(connection) = self.state().find(name) {
            connection.liveness = liveness;
        }
    }

    /// The folder of the saved messages of the connection that lines are for.
    pub(super) fn messages(&self) -> Option<PathBuf> {
        let mut state = self.state();
        let current = state.current.clone();
        state.find(&current)?.messages.clone()
    }

    /// A text with `***` in place of the secrets that were given for any connection.
    pub(super) fn without_secrets(&self, text: String) -> String {
        self.state().secrets.mask_text(text)
    }

    /// The current connection, if an attempt to open it can be cancelled while the prompt stays.
    pub(super) fn cancellable(&self) -> Option<String> {
        let stays = self.stays || self.are_several.load(Ordering::Relaxed);
        let mut state = self.state();
        let current = state.current.clone();
        let is_opening =
            state.find(&current).is_some_and(|connection| connection.liveness == Liveness::Opening);
        (stays && is_opening).then_some(current)
    }

    /// Makes this connection the current one.
    ///
    /// # Errors
    /// The reason, as text.
    pub(super) fn select(&self, name: &str) -> Result<(), String> {
        let mut state = self.state();
        if state.find(name).is_none() {
            return Err(unknown(name));
        }
        name.clone_into(&mut state.current);
        Ok(())
    }

    /// Whether there is a connection of this name.
    ///
    /// # Errors
    /// If not, that as text.
    pub(super) fn check(&self, name: &str) -> Result<(), String> {
        self.state().find(name).map(drop).ok_or_else(|| unknown(name))
    }

    /// Makes a connection to `url` the current one: with a new name, or in place of one that has ended. Without a name it
    /// is that of the current one.
    ///
    /// # Errors
    /// The reason, as text.
    pub(super) fn connect(&self, name: Option<&str>, url: &str) -> Result<String, String> {
        name.map_or(Ok(()), check_name)?;
        let name = name.map_or_else(|| self.current(), str::to_owned);
        self.state().check_free(&name)?;
        // Without the lock, as it may wait for files.
        let destination = self.destinations.prepare(&name, url)?;
        let mut state = self.state();
        state.check_free(&name)?;
        if state.add(&name, destination) {
            self.are_several.store(true, Ordering::SeqCst);
        }
        state.current.clone_from(&name);
        Ok(name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&mut self, name: &str) -> Option<&mut Named> {
        self.connections.iter_mut().find(|known| known.name == name)
    }

    /// Whether a connection can be opened under this name.
    fn check_free(&mut self, name: &str) -> Result<(), String> {
        match self.find(name).map(|connection| connection.liveness) {
            Some(Liveness::Ended) => Ok(()),
            Some(liveness) => {
                let (state, effect) = match liveness {
                    Liveness::Opening => ("connecting", "cancels"),
                    _ => ("connected", "closes"),
                };
                // It is for the connection that the prompt is at.
                let first = if name == self.current { "" } else { &format!("/use {name} and ") };
                let text = "/connect NAME URL opens another one";
                Err(format!("{name} is still {state}: {first}/close {effect} it, {text}"))
            }
            None if self.connections.len() < MAX_CONNECTIONS || self.oldest_ended().is_some() => {
                Ok(())
            }
            None => {
                Err(format!("{MAX_CONNECTIONS} connections are open: /close one of them first"))
            }
        }
    }

    fn oldest_ended(&self) -> Option<usize> {
        self.connections.iter().position(|connection| connection.liveness == Liveness::Ended)
    }

    /// Adds a connection that is being opened, in place of the one of its name. Returns whether the name is new. Of as many
    /// as there may be, the oldest that has ended is forgotten.
    fn add(&mut self, name: &str, destination: Destination) -> bool {
        let Destination { messages, secrets } = destination;
        self.secrets = std::mem::take(&mut self.secrets).and(secrets);
        let added = Named { name: name.to_owned(), liveness: Liveness::Opening, messages };
        if let Some(earlier) = self.find(name) {
            *earlier = added;
            return false;
        }
        if self.connections.len() >= MAX_CONNECTIONS
            && let Some(at) = self.oldest_ended()
        {
            self.connections.remove(at);
        }
        self.connections.push(added);
        true
    }
}

fn unknown(name: &str) -> String {
    format!("no connection is called {name:?}; /connections lists them")
}

/// Whether this can be the name of a connection.
///
/// # Errors
/// If not, what is wrong with it.
pub fn check_name(name: &str) -> Result<(), String> {
    let is_valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match name.len() {
        1..=MAX_NAME if name.chars().all(is_valid) => Ok(()),
        1..=MAX_NAME => {
            Err(format!("{name:?} is not a name: it may have letters, digits, - and _"))
        }
        _ => Err(format!("a name has 1 to {MAX_NAME} characters")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The last part of a URL is the folder of its messages.
    #[derive(Debug)]
    pub(in crate::input::repl) struct Known;

    impl Destinations for Known {
        fn prepare(&self, _: &str, url: &str) -> Result<Destination, String> {
            let messages = Some(url.rsplit('/').next().unwrap_or_default().into());
            let destination = Destination { messages, ..Destination::default() };
            if url == "bad" { Err("bad URL".to_owned()) } else { Ok(destination) }
        }

        fn endpoints(&self) -> Vec<String> {
            vec!["staging".to_owned(), "local".to_owned()]
        }
    }

    pub(in crate::input::repl) fn names(stays: bool) -> PromptNames {
        let first = Destination { messages: Some("first".into()), ..Destination::default() };
        PromptNames::new("main", first, Arc::new(Known), stays)
    }

    #[test]
    fn saved_messages_are_those_of_the_current_connection() {
        let names = names(true);
        let folder = |names: &PromptNames| names.messages().map(|it| it.display().to_string());
        assert_eq!(folder(&names).as_deref(), Some("first"));
        names.connect(Some("b"), "ws://other").expect("a name");
        assert_eq!(folder(&names).as_deref(), Some("other"));
        names.select("main").expect("a name");
        assert_eq!(folder(&names).as_deref(), Some("first"));
        names.set("main", Liveness::Ended);
        names.connect(None, "ws://third").expect("a name");
        assert_eq!(folder(&names).as_deref(), Some("third"));
    }

    #[test]
    fn the_prompt_has_a_name_once_there_are_several_connections() {
        let names = names(false);
        assert_eq!(names.prompt(), "> ");
        assert_eq!(names.connect(Some("b"), "ws://h"), Ok("b".to_owned()));
        assert_eq!(names.prompt(), "b> ");
        assert_eq!(names.select("main"), Ok(()));
        assert_eq!(names.prompt(), "main> ");
        assert!(names.select("c").is_err_and(|reason| reason.contains("\"c\"")));
        assert_eq!(names.all(), ["main", "b"]);
    }

    #[test]
    fn only_a_connection_that_has_ended_is_replaced() {
        let names = names(true);
        assert!(
            names.connect(None, "ws://h").is_err_and(|reason| reason.contains("main is still"))
        );
        names.set("main", Liveness::Ended);
        assert_eq!(names.connect(None, "bad"), Err("bad URL".to_owned()));
        assert_eq!(names.connect(None, "ws://h"), Ok("main".to_owned()));
        assert_eq!(names.prompt(), "> ");
        let reason = names.connect(None, "ws://h").expect_err("it is being opened");
        assert!(reason.starts_with("main is still connecting: /close cancels it, "), "{reason}");
        names.connect(Some("b"), "ws://h").expect("another one");
        let reason = names.connect(Some("main"), "ws://h").expect_err("it is being opened");
        assert!(reason.contains("still connecting: /use main and /close cancels it"), "{reason}");
        names.set("main", Liveness::Open);
        let reason = names.connect(Some("main"), "ws://h").expect_err("it is open");
        assert!(reason.contains("still connected: /use main and /close closes it"), "{reason}");
    }

    #[test]
    fn names_are_short_words() {
        for name in ["a", "B-2_c", &"x".repeat(MAX_NAME)] {
            assert_eq!(check_name(name), Ok(()));
        }
        for name in ["", "a b", "é", "a/b", "ws://h", &"x".repeat(MAX_NAME + 1)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_number_of_connections_is_limited() {
        let names = names(true);
        for number in 1..MAX_CONNECTIONS {
            let name = format!("c{number}");
            assert_eq!(names.connect(Some(&name), "ws://h"), Ok(name.clone()));
            names.set(&name, Liveness::Open);
        }
        assert!(names.connect(Some("more"), "ws://h").is_err());
        names.set("c3", Liveness::Ended);
        assert_eq!(names.connect(Some("more"), "ws://h"), Ok("more".to_owned()));
        assert_eq!(names.all().len(), MAX_CONNECTIONS);
        assert!(names.check("c3").is_err());
    }

    #[test]
    fn an_attempt_can_be_cancelled_where_the_prompt_stays() {
        assert_eq!(names(false).cancellable(), None);
        let names = names(true);
        assert_eq!(names.cancellable(), Some("main".to_owned()));
        names.set("main", Liveness::Open);
        assert_eq!(names.cancellable(), None);
    }
}
