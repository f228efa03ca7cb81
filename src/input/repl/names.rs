//! The connections that a prompt has, by name: what the thread that reads lines knows of them.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::destination::{Destination, Destinations, NoDestinations};
use crate::redact::Secrets;

/// The most connections that a prompt has.
const MAX_CONNECTIONS: usize = 16;

/// The longest name.
const MAX_NAME: usize = 32;

/// The prompt of a new connection is shown once it is open, and after this time at the latest: if it cannot be opened, the
/// prompt does not change.
const OPENING_TIME: Duration = Duration::from_millis(150);

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
    /// The state of a connection has changed.
    changed: Condvar,
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
    /// The current one could not be opened: from the next prompt on lines are for this one.
    next: Option<String>,
    /// The next prompt is the first one since the current one was asked for.
    is_new: bool,
    /// Of all connections, also of those that are forgotten.
    secrets: Secrets,
}

#[derive(Debug)]
struct Named {
    name: String,
    liveness: Liveness,
    /// Until it is open, the connection that lines were for before.
    before: Option<String>,
    /// It could not be opened, and lines are for another one again, which was not shown yet.
    is_left: bool,
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
        let (state, changed) = (Mutex::new(state), Condvar::new());
        Self { state, changed, destinations, stays, are_several }
    }

    /// A prompt that is not at one of several connections.
    pub fn alone(destination: Destination) -> Self {
        Self::new("", destination, Arc::new(NoDestinations), false)
    }

    /// Decides which connection lines are for, before a prompt is shown for the next one.
    pub(super) fn settle(&self) {
        let is_opening = |state: &mut State| {
            let current = state.current.clone();
            let is_opening =
                |it: &mut Named| it.liveness == Liveness::Opening && it.before.is_some();
            state.is_new && state.find(&current).is_some_and(is_opening)
        };
        let settled = self.changed.wait_timeout_while(self.state(), OPENING_TIME, is_opening);
        let (mut state, _) = settled.unwrap_or_else(PoisonError::into_inner);
        state.is_new = false;
        if let Some(next) = state.next.take() {
            state.current = next;
        }
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

    /// The connection that lines are for from the next prompt on.
    pub fn upcoming(&self) -> String {
        let state = self.state();
        state.next.as_ref().unwrap_or(&state.current).clone()
    }

    /// The connection that Enter on the empty line is for; `None`: it only ends the prompt of one that could not be opened.
    pub(super) fn entered(&self) -> Option<String> {
        let state = self.state();
        state.next.is_none().then(|| state.current.clone())
    }

    /// Whether a connection could not be opened and lines are for another one again, once.
    pub fn take_left(&self, name: &str) -> bool {
        self.state().find(name).is_some_and(|named| std::mem::take(&mut named.is_left))
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
        self.state().set(name, liveness);
        self.changed.notify_all();
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
        state.select(name);
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
        let before = state.current.clone();
        if state.add(&name, destination) {
            self.are_several.store(true, Ordering::SeqCst);
        }
        state.select(&name);
        state.is_new = true;
        if before != name
            && let Some(added) = state.find(&name)
        {
            added.before = Some(before);
        }
        Ok(name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Lines are for this connection, whether or not it can be opened.
    fn select(&mut self, name: &str) {
        name.clone_into(&mut self.current);
        self.next = None;
        if let Some(selected) = self.find(name) {
            selected.before = None;
        }
    }

    fn set(&mut self, name: &str, liveness: Liveness) {
        let Some(connection) = self.find(name) else { return };
        connection.liveness = liveness;
        if liveness == Liveness::Opening {
            return;
        }
        let Some(before) = connection.before.take().filter(|_| liveness == Liveness::Ended) else {
            return;
        };
        connection.is_left = true;
        for other in &mut self.connections {
            if other.before.as_deref() == Some(name) {
                other.before = Some(before.clone());
            }
        }
        if self.current == name && self.find(&before).is_some() {
            self.next = Some(before);
        }
    }

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
        let (name, liveness) = (name.to_owned(), Liveness::Opening);
        let added = Named { name, liveness, before: None, is_left: false, messages };
        if let Some(earlier) = self.find(&added.name) {
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
pub(super) mod tests;
