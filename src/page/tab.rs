//! One tab of a browser: its requests and their answers. Sockets and clocks are elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Waker;
use serde::Serialize;

use super::control::Control;
use super::protocol::Hello;
use super::search::Search;
use super::store::{Phase, Store, Watch};
use request::Request;

mod actions;
mod queries;
mod request;
#[cfg(test)]
mod tests;

/// The least time between two notices, but for the first rows that a filter finds and the end of its search.
pub const NOTICE_INTERVAL: Duration = Duration::from_millis(50);

/// A tab. The thread that owns it
/// 1. gives each message of the page to [`Tab::request`] and sends the answer;
/// 2. calls [`Tab::work`] while that returns true, and looks at the socket in between;
/// 3. once everything before was written to the socket, sends what [`Tab::notice`] returns. It calls that whenever it is
///    woken, and at [`Tab::deadline`].
pub struct Tab {
    store: Arc<Store>,
    hello: Hello,
    control: Box<dyn Control>,
    watch: Option<Watch>,
    /// The last notice.
    noticed: Option<Noticed>,
    /// What the filter finds; `None`: it shows everything.
    search: Option<Search>,
    /// Grows with each filter.
    generation: u64,
    /// The search has found out something since the last notice.
    has_changed: bool,
    /// How far the search is.
    reached: Reached,
    /// It has got there since the last notice.
    is_urgent: bool,
}

/// What a user waits for after setting a filter: it is noticed at once, and for each filter once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Reached {
    #[default]
    Nothing,
    FirstRow,
    /// All rows that there were.
    Everything,
}

struct Noticed {
    at: Instant,
    /// What the store had counted before.
    changes: u64,
}

impl Tab {
    /// A tab that was just opened.
    pub fn new(store: Arc<Store>, hello: Hello, control: Box<dyn Control>) -> Self {
        Self {
            store,
            hello,
            control,
            watch: None,
            noticed: None,
            search: None,
            generation: 0,
            has_changed: false,
            reached: Reached::Nothing,
            is_urgent: false,
        }
    }

    /// Wakes the loop of this tab when there may be something to notice.
    pub fn watch(&mut self, waker: &Arc<Waker>) {
        self.watch = Some(self.store.watch(waker));
    }

    /// The answer to a message of the page.
    pub fn request(&mut self, text: &str) -> String {
        match Request::parse(text) {
            Err(error) => request::failed(None, &error.into()),
            Ok(request) => match self.answer(&request) {
                Ok(result) => request::succeeded(request.id, &result),
                Err(error) => request::failed(Some(request.id), &error),
            },
        }
    }

    fn answer(&mut self, request: &Request<'_>) -> Result<String, request::Failure> {
        match &*request.method {
            "hello" => Ok(self.hello()),
            method => match self.query(method, request) {
                Some(answer) => answer,
                None => self.act(method, request),
            },
        }
    }

    fn hello(&self) -> String {
        let options = self.store.options();
        let history = History { memory: options.memory, total: options.history };
        let version = env!("CARGO_PKG_VERSION");
        request::json(&Greeting { version, hello: &self.hello, history, state: self.state() })
    }

    /// A notice, if anything changed since the last one and enough time has passed.
    pub fn notice(&mut self, now: Instant) -> Option<String> {
        if let Some(watch) = &self.watch {
            watch.wait(); // before looking: what changes meanwhile wakes
        }
        let changes = self.store.changes();
        let is_due = match &self.noticed {
            None => true,
            Some(last) => {
                let has_changed = last.changes != changes || self.has_changed;
                self.is_urgent || (has_changed && now >= last.at + NOTICE_INTERVAL)
            }
        };
        if !is_due {
            return None;
        }
        (self.has_changed, self.is_urgent) = (false, false);
        self.noticed = Some(Noticed { at: now, changes });
        Some(request::json(&self.state()))
    }

    /// When [`Tab::notice`] has to be called, if nothing wakes the loop before.
    pub fn deadline(&self) -> Option<Instant> {
        let last = self.noticed.as_ref()?;
        if self.is_urgent {
            return Some(last.at);
        }
        let has_changed = self.has_changed || last.changes != self.store.changes();
        has_changed.then_some(last.at + NOTICE_INTERVAL)
    }

    /// Searches for about this long. Returns whether there is more to search. It has to be called again also after rows
    /// were added.
    pub fn work(&mut self, budget: Duration) -> bool {
        let Some(search) = &mut self.search else { return false };
        let (start, before) = (Instant::now(), search.scanned());
        let has_more = loop {
            if !search.step(&self.store) {
                break false;
            }
            if start.elapsed() >= budget {
                break true;
            }
        };
        self.has_changed |= search.scanned() != before;
        let reached = match (has_more, search.found()) {
            (false, _) => Reached::Everything,
            (true, 1..) => Reached::FirstRow,
            (true, 0) => Reached::Nothing,
        };
        if reached > self.reached {
            (self.reached, self.is_urgent) = (reached, true);
        }
        has_more
    }

    fn state(&self) -> State {
        let summary = self.store.summary();
        let control = self.control.state();
        State {
            notice: "state",
            rows: summary.rows,
            first: summary.first,
            messages: summary.messages,
            bytes: summary.bytes,
            connections: summary.connections,
            connections_version: summary.connections_version,
            phase: summary.phase,
            why: summary.why,
            time: summary.time,
            dropped: summary.dropped,
            filter: self.search.as_ref().map(|search| Found {
                generation: self.generation,
                found: search.found(),
                first: search.first(),
                scanned: search.scanned(),
                done: search.scanned() >= summary.rows,
            }),
            holding: control.is_holding,
            held: control.held,
            held_version: control.held_version,
            rules_version: control.rules_version,
            recorded_end: summary.recorded_end,
        }
    }
}

#[derive(Serialize)]
struct Greeting<'a> {
    version: &'a str,
    #[serde(flatten)]
    hello: &'a Hello,
    history: History,
    state: State,
}

#[derive(Serialize)]
struct History {
    memory: u64,
    total: u64,
}

/// The notice of what there is.
#[derive(Serialize)]
struct State {
    notice: &'static str,
    rows: u64,
    first: u64,
    messages: u64,
    bytes: u64,
    connections: u64,
    connections_version: u64,
    phase: Phase,
    why: Option<String>,
    time: Option<String>,
    dropped: u64,
    filter: Option<Found>,
    holding: bool,
    held: u64,
    held_version: u64,
    rules_version: u64,
    recorded_end: Option<String>,
}

/// How far the search is.
#[derive(Serialize)]
struct Found {
    generation: u64,
    found: u64,
    first: u64,
    scanned: u64,
    done: bool,
}
