//! The connections that a prompt has, by name: what the thread that reads lines knows of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    check_url: fn(&str) -> Result<(), String>,
    /// The prompt stays when the last connection has ended.
    stays: bool,
    /// There is or was more than one connection.
    are_several: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    connections: Vec<(String, Liveness)>,
    current: String,
}

/// For a prompt that is not at a connection.
impl Default for PromptNames {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            check_url: |_| Ok(()),
            stays: false,
            are_several: AtomicBool::new(false),
        }
    }
}

impl PromptNames {
    /// A prompt at its first connection. `check_url` says what is wrong with a URL.
    pub fn new(first: &str, check_url: fn(&str) -> Result<(), String>, stays: bool) -> Self {
        let connections = vec![(first.to_owned(), Liveness::Opening)];
        let state = Mutex::new(State { connections, current: first.to_owned() });
        Self { state, check_url, stays, are_several: AtomicBool::new(false) }
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
        self.state().connections.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Records the state of a connection.
    pub fn set(&self, name: &str, liveness: Liveness) {
        let mut state = self.state();
        state.connections.iter_mut().filter(|it| it.0 == name).for_each(|it| it.1 = liveness);
    }

    /// The current connection, if an attempt to open it can be cancelled while the prompt stays.
    pub(super) fn cancellable(&self) -> Option<String> {
        let stays = self.stays || self.are_several.load(Ordering::Relaxed);
        let state = self.state();
        let is_opening = state.connections.contains(&(state.current.clone(), Liveness::Opening));
        (stays && is_opening).then(|| state.current.clone())
    }

    /// Makes this connection the current one.
    ///
    /// # Errors
    /// The reason, as text.
    pub(super) fn select(&self, name: &str) -> Result<(), String> {
        let mut state = self.state();
        if !state.has(name) {
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
        if self.state().has(name) { Ok(()) } else { Err(unknown(name)) }
    }

    /// Makes a connection to `url` the current one: with a new name, or in place of one that has ended. Without a name it
    /// is that of the current one.
    ///
    /// # Errors
    /// The reason, as text.
    pub(super) fn connect(&self, name: Option<&str>, url: &str) -> Result<String, String> {
        name.map_or(Ok(()), check_name)?;
        (self.check_url)(url)?;
        let mut state = self.state();
        let name = name.map_or_else(|| state.current.clone(), str::to_owned);
        match state.connections.iter().find(|(known, _)| *known == name) {
            Some((_, Liveness::Ended)) => {}
            Some(_) => {
                let text =
                    "is still connected: /close closes it, /connect NAME URL opens another one";
                return Err(format!("{name} {text}"));
            }
            None => {
                state.make_room()?;
                state.connections.push((name.clone(), Liveness::Opening));
                self.are_several.store(true, Ordering::SeqCst);
            }
        }
        state.current.clone_from(&name);
        Ok(name)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has(&self, name: &str) -> bool {
        self.connections.iter().any(|(known, _)| known == name)
    }

    /// Forgets the oldest connection that has ended, if there are as many as there may be.
    fn make_room(&mut self) -> Result<(), String> {
        if self.connections.len() < MAX_CONNECTIONS {
            return Ok(());
        }
        let ended = self.connections.iter().position(|(_, it)| *it == Liveness::Ended);
        match ended {
            Some(at) => {
                self.connections.remove(at);
                Ok(())
            }
            None => {
                Err(format!("{MAX_CONNECTIONS} connections are open: /close one of them first"))
            }
        }
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
mod tests {
    use super::*;

    fn names(stays: bool) -> PromptNames {
        let check = |url: &str| if url == "bad" { Err("bad URL".to_owned()) } else { Ok(()) };
        PromptNames::new("main", check, stays)
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
