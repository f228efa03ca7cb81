//! The connections of a prompt. That of the main loop is only listed here; the others have threads.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use mio::Waker;

use super::entry::{Entry, running, status};
use super::link::{Link, LinkConfig, LinkEvent, Outcome, RunLink};
use super::record::{Record, RunShared};
use super::sinks::Sinks;
use crate::config::ConnectConfig;
use crate::error::Error;
use crate::event::{Clock, Event, EventKind, Level, Shown};
use crate::input::repl::{Liveness, PromptCommand};
use crate::input::{Action, Show, Shutdown};
use crate::output::Outputs;
use crate::protocol::CloseCode;
use crate::session::{Journal, SHOW_CLOSING_AFTER};

/// All connections of a prompt.
pub(super) struct Connections {
    start: Start,
    entries: Vec<Entry>,
    outputs: Outputs,
    event: Receiver<LinkEvent>,
    sender: Sender<LinkEvent>,
    /// The number of the newest connection.
    newest: u64,
    /// All are being closed.
    is_ending: bool,
    /// Connections that were open are closed at the end of the run.
    were_closed: bool,
    /// The result of the connection that ended last.
    pub(super) last: Option<Result<(), Error>>,
    /// The result of the run: a goal was met or missed on one of them.
    pub(super) decision: Option<Result<(), Error>>,
}

/// What connections of a prompt share with the loop of the first one.
pub(super) struct Start {
    /// The configuration of the first one.
    pub(super) config: Arc<ConnectConfig>,
    pub(super) shared: RunShared,
    pub(super) sinks: Sinks,
    pub(super) clock: Clock,
    pub(super) max_time: Option<Instant>,
    pub(super) run_link: RunLink,
    pub(super) control: Arc<Waker>,
}

impl Connections {
    /// With the first connection, which the main loop has.
    pub(super) fn new(start: Start, record: Arc<Record>) -> Self {
        let outputs = start.sinks.outputs(&start.config, &start.shared, &start.control);
        let (sender, event) = channel();
        let newest = record.number;
        let first = Entry {
            config: Arc::clone(&start.config),
            record,
            link: None,
            is_main: true,
            closing: None,
            next: None,
        };
        Self {
            start,
            entries: vec![first],
            outputs,
            event,
            sender,
            newest,
            is_ending: false,
            were_closed: false,
            last: None,
            decision: None,
        }
    }

    /// Whether the main loop has the connection with this name.
    pub(super) fn is_main(&self, name: &str) -> bool {
        self.entry(name).is_some_and(|entry| entry.is_main)
    }

    /// The main loop has no connection any more.
    pub(super) fn release_main(&mut self) {
        self.entries.iter_mut().for_each(|entry| entry.is_main = false);
    }

    /// Whether any connection beside that of the main loop is open, or being opened or closed.
    pub(super) fn are_running(&self) -> bool {
        self.entries.iter().any(|entry| entry.link.as_ref().is_some_and(Link::is_running))
    }

    /// Records how the connection of the main loop has ended. `was_lost`: it had ended before, and was to be opened again:
    /// of connections that `/quit` closes those that were open count, whichever is closed first.
    pub(super) fn note_main(&mut self, result: Result<(), Error>, was_lost: bool) {
        if !(was_lost && self.has_closed_others()) {
            self.last = Some(result);
        }
    }

    /// Whether connections that were open were closed at the end of the run: how they have ended counts.
    pub(super) fn has_closed_others(&self) -> bool {
        self.were_closed && self.last.is_some()
    }

    /// Takes the reports of connections that have ended.
    pub(super) fn take_events(&mut self) {
        while let Ok(LinkEvent { number, outcome }) = self.event.try_recv() {
            let ended = self.entries.iter_mut().find(|entry| entry.record.number == number);
            let (name, next) = ended.map_or((None, None), |entry| {
                entry.link = None;
                (Some(entry.record.name.clone()), entry.next.take())
            });
            match outcome {
                Outcome::Ended(result) => self.last = Some(result),
                Outcome::Decided(result) => {
                    self.decision.get_or_insert(result);
                }
                Outcome::Cancelled => {}
                Outcome::OutOfTime => continue,
            }
            match (next, name) {
                (Some(next), _) => self.open(next),
                (None, Some(name)) => self.advise(&name),
                (None, None) => {}
            }
        }
        self.outputs.set_all_ready();
        self.outputs.flush_early();
    }

    /// Carries out a command, unless it is one on the connection of the main loop.
    pub(super) fn execute(&mut self, command: PromptCommand) {
        match command {
            PromptCommand::Action(Action::Show(show)) => {
                if let Some(shown) = show.shown() {
                    self.emit(EventKind::Shown(shown));
                }
            }
            PromptCommand::To(name, action) => self.act(&name, action),
            PromptCommand::Connect(Some(name), _) => self.connect(&name),
            PromptCommand::Reconnect(Some(name)) => self.reconnect(&name, true),
            PromptCommand::Enter(name) => self.reconnect(&name, false),
            PromptCommand::Use(name) => {
                if let Some(text) = self.entry(&name).filter(|it| !it.is_running()).map(status) {
                    self.show(&text);
                }
            }
            PromptCommand::Connections => self.show(&self.table()),
            PromptCommand::Cancel(name) => self.cancel(&name),
            PromptCommand::Action(_)
            | PromptCommand::Connect(None, _)
            | PromptCommand::Reconnect(None)
            | PromptCommand::CloseWord(..)
            | PromptCommand::Quit => {} // the prompt's loop has carried them out, or resolved them
        }
        self.outputs.flush_early();
    }

    fn act(&mut self, name: &str, action: Action) {
        let Some(entry) = self.entry(name) else { return };
        let is_status = matches!(action, Action::Show(Show::Status));
        if is_status && (!entry.is_running() || entry.record.is_opening()) {
            let text = status(entry);
            return self.show(&text);
        }
        let is_close = matches!(action, Action::Close(..));
        let result = match &entry.link {
            Some(link) if !entry.record.is_opening() || action.is_sent() => {
                link.push(action).map_err(str::to_owned)
            }
            Some(link) if is_close => {
                link.cancel();
                Ok(())
            }
            Some(_) => Err("not connected yet".to_owned()),
            None if action.is_sent() => Err(self.not_connected(name)),
            None => Err("not connected".to_owned()),
        };
        match result {
            Err(problem) => self.show_problem(&self.named(name, &problem)),
            Ok(()) if is_close => self.set_closing(name),
            Ok(()) => {}
        }
    }

    /// The connection with this name is being closed from now on.
    pub(super) fn set_closing(&mut self, name: &str) {
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.record.name == name) {
            entry.closing.get_or_insert_with(Instant::now);
        }
    }

    /// Ctrl-C ends the wait for those that are being closed and have said so, if the run goes on without them. Returns
    /// whether there are any, and whether one of them is that of the main loop, which has to end that itself.
    pub(super) fn give_up_closing(&mut self) -> (bool, bool) {
        let is_waiting = |entry: &&Entry| {
            let is_told = |since: Instant| since.elapsed() >= SHOW_CLOSING_AFTER;
            entry.is_running() && entry.closing.is_some_and(is_told)
        };
        let waiting: Vec<_> = self.entries.iter().filter(is_waiting).collect();
        let running = self.entries.iter().filter(|entry| entry.is_running()).count();
        if self.is_ending || !(self.stays() || running > waiting.len()) {
            return (false, false);
        }
        let shutdown = Shutdown { until: Instant::now(), is_interrupted: false };
        for link in waiting.iter().filter_map(|entry| entry.link.as_ref()) {
            link.shut_down(self.close_code(), shutdown);
        }
        (!waiting.is_empty(), waiting.iter().any(|entry| entry.is_main))
    }

    fn not_connected(&self, name: &str) -> String {
        let is_current = self.start.shared.prompt.upcoming() == name;
        let how = if is_current {
            "/reconnect or Enter connects again"
        } else {
            "/reconnect connects again"
        };
        format!("not connected: {how}")
    }

    /// Says how the connection with this name, which has ended, is opened again, unless the run ends with it.
    pub(super) fn advise(&mut self, name: &str) {
        let is_over = self.is_ending || self.decision.is_some();
        let are_others = self.entries.iter().any(Entry::is_running);
        let Some(entry) = self.entry(name).filter(|_| !is_over && (are_others || self.stays()))
        else {
            return;
        };
        let (upcoming, is_left) =
            (self.start.shared.prompt.upcoming(), self.start.shared.prompt.take_left(name));
        let text = match (upcoming == name, are_others) {
            (false, _) if is_left => {
                format!("not opened: lines go to {upcoming}; /reconnect {name} tries again")
            }
            (true, false) => "Enter or /reconnect connects again; /quit leaves".to_owned(),
            (true, true) => "Enter or /reconnect connects again".to_owned(),
            (false, _) => format!("/reconnect {name} connects again"),
        };
        let (number, are_several) = (entry.record.number, self.start.shared.prompt.are_several());
        Journal::new(&mut self.outputs, self.start.clock)
            .for_one_of_several(number, are_several)
            .emit(EventKind::Notice(Level::Info, &text));
    }

    /// A text about a connection, with its name if there are several.
    fn named(&self, name: &str, text: &str) -> String {
        match self.start.shared.prompt.are_several().load(Ordering::Relaxed) {
            true => format!("{name}: {text}"),
            false => text.to_owned(),
        }
    }

    fn cancel(&mut self, name: &str) {
        let link = self.entry(name).and_then(|entry| entry.link.as_ref());
        if let Some(link) = link {
            link.cancel();
        }
    }

    /// Opens the same connection again. `is_asked`: it was asked for with a command.
    fn reconnect(&mut self, name: &str, is_asked: bool) {
        let Some(entry) = self.entry(name) else { return };
        let (config, state) = (Arc::clone(&entry.config), entry.record.state());
        if !entry.is_running() {
            self.open(config);
        } else if is_asked && !self.open_next(name, &config) {
            let text = format!("not reconnected, because it has not ended ({state})");
            self.show_problem(&self.named(name, &text));
        }
    }

    /// Opens it later in place of one that has ended and whose thread is about to; `false`: that has not ended.
    fn open_next(&mut self, name: &str, config: &Arc<ConnectConfig>) -> bool {
        let is_ending =
            |it: &&mut Entry| it.record.name == name && !it.is_main && it.record.has_ended();
        let ending = self.entries.iter_mut().find(is_ending);
        ending.map(|entry| entry.next = Some(Arc::clone(config))).is_some()
    }

    /// Opens the connection that the prompt has prepared.
    fn connect(&mut self, name: &str) {
        let Some(config) = self.start.shared.prepared.take(name) else { return };
        if self.entry(name).is_some_and(Entry::is_running) {
            if self.open_next(name, &config) {
                return;
            }
            self.start.shared.prompt.set(name, Liveness::Ended);
            return self.show_problem(&self.named(name, "the connection is still being closed"));
        }
        self.open(config);
    }

    /// Opens a connection in place of the one of the same name.
    fn open(&mut self, config: Arc<ConnectConfig>) {
        if self.is_ending {
            return;
        }
        self.forget_old();
        self.newest += 1;
        let record = Arc::new(Record::new(self.newest, &config, &self.start.shared));
        record.set_opening();
        let link_config = LinkConfig {
            config: Arc::clone(&config),
            record: Arc::clone(&record),
            shared: self.start.shared.clone(),
            clock: self.start.clock,
            max_time: self.start.max_time,
            sinks: self.start.sinks.clone(),
            control: Arc::clone(&self.start.control),
            sender: self.sender.clone(),
        };
        let link = match Link::start(link_config, self.start.run_link) {
            Ok(link) => Some(link),
            Err(error) => {
                let text = format!("cannot start a connection: {error}");
                self.show_problem(&text);
                record.set_ended(text);
                None
            }
        };
        let entry = Entry { config, record, link, is_main: false, closing: None, next: None };
        match self.entries.iter_mut().find(|it| it.record.name == entry.record.name) {
            Some(earlier) => *earlier = entry,
            None => self.entries.push(entry),
        }
    }

    /// Forgets connections that the prompt has forgotten.
    fn forget_old(&mut self) {
        let known = self.start.shared.prompt.all();
        self.entries.retain(|entry| known.contains(&entry.record.name));
    }

    /// Closes all but that of the main loop.
    pub(super) fn close(&mut self) {
        if !self.is_ending && self.are_running() {
            self.were_closed = true;
            self.last = None; // those that are closed now count
        }
        self.is_ending = true;
        let ending = &self.start.config.ending;
        let (code, reason) = (ending.close_code, ending.close_reason.clone());
        for (entry, link) in running(&self.entries) {
            let _ = link.push(Action::Close(Some(code), Some(reason.clone()))); // it may be closing already
            if entry.record.is_opening() {
                link.cancel();
            }
        }
    }

    /// Closes all but that of the main loop, and ends them at this time whatever is stalled.
    pub(super) fn shut_down(&mut self, code: CloseCode, until: Instant) {
        self.is_ending = true;
        for (_, link) in running(&self.entries) {
            link.shut_down(code, Shutdown { until, is_interrupted: true });
            link.cancel();
        }
    }

    /// Waits until what they have shown beside the prompt is written.
    pub(super) fn finish(&mut self, until: Instant) {
        self.outputs.flush_early();
        self.start.sinks.finish(until);
    }

    /// The prompt stays when the last one has ended.
    pub(super) fn stays(&self) -> bool {
        self.start.config.stay
    }

    /// The name of the first connection.
    pub(super) fn first_name(&self) -> String {
        self.start.config.name.clone()
    }

    /// The code of our Close frame.
    pub(super) fn close_code(&self) -> CloseCode {
        self.start.config.ending.close_code
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.record.name == name)
    }

    fn table(&self) -> String {
        let current = self.start.shared.prompt.upcoming();
        let width = self.entries.iter().map(|it| it.record.name.len()).max().unwrap_or_default();
        let line = |Entry { record, .. }: &Entry| {
            let mark = if record.name == current { '*' } else { ' ' };
            let (name, url, counts) = (&record.name, &record.url, record.counts());
            let state = record.state();
            format!("{mark} {name:<width$}  {url}  {state}; {counts}")
        };
        self.entries.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn show(&mut self, text: &str) {
        self.emit(EventKind::Shown(Shown::Text(text)));
    }

    fn show_problem(&mut self, text: &str) {
        self.emit(EventKind::Shown(Shown::Problem(text)));
    }

    fn emit(&mut self, what: EventKind<'_>) {
        self.outputs.event(&Event {
            at: self.start.clock.now(),
            connection: None,
            mark: None,
            transit: None,
            what,
        });
    }
}
