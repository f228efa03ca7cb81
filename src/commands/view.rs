//! `wscope view`: what was recorded, shown again.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use super::recorded;
use crate::config::ViewConfig;
use crate::error::Error;
use crate::event::{
    Event, EventKind, Level, ProxyClosed, ProxyInitiator, Stamp, Transit, undelivered_texts,
};
use crate::output::escape::{Newlines, escape};
use crate::output::human::Detail;
use crate::platform::signals;
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::recording::reader::{Limits, Summary, read};
use crate::recording::replay::EntryError;
use crate::recording::{ReadError, Recorded, RecordedKind};

mod entries;
mod failure;
pub(super) mod masking;
mod screen;
mod source;
mod stats;

use entries::Entries;
use masking::Masking;
use screen::Screen;
use source::Source;
use stats::Counting;

/// Runs the command to its end.
///
/// # Errors
/// Why it failed: the file is not a recording, or parts of it are invalid, or nothing can be written.
pub fn run(config: ViewConfig) -> Result<(), Error> {
    if !handles_signals(&config) {
        let handlers = |error| Error::System("signal handlers".to_owned(), error);
        signals::exit_at_once().map_err(handlers)?;
    }
    let (name, file) = recorded::open(config.file.as_deref())?;
    check_before_page(&config, &name)?;
    let mut screen = Screen::new(&config)?;
    let of_page = screen.open_page(&config, &name)?;
    let viewing = RefCell::new(Viewing {
        entries: Entries::new(config.entry.clone()),
        screen,
        masking: Masking::new(config.redaction),
        counting: config.stats.then(|| Counting::new(&config)),
        config: &config,
        last: None,
        has_frames: false,
        open: BTreeSet::new(),
        touched_closes: BTreeSet::new(),
    });
    for (level, text) in config.notices.iter().chain(&of_page) {
        viewing.borrow_mut().notice(*level, text);
    }
    let limits = Limits { max_size: config.max_size };
    let source = Source::new(file, &viewing)
        .map_err(|error| Error::System("thread for the file".to_owned(), error))?;
    let result = read(&name, source, &limits, &mut |event| viewing.borrow_mut().event(event));
    viewing.into_inner().end(&name, result)
}

/// Whether the file is a recording, before its page is announced. What can be read only once is not looked at.
fn check_before_page(config: &ViewConfig, name: &str) -> Result<(), Error> {
    let path = config.file.as_deref().filter(|path| config.ui.is_some() && path.is_file());
    let Some(path) = path else { return Ok(()) };
    let (_, file) = recorded::open(Some(path))?;
    let limits = Limits { max_size: config.max_size };
    read(name, file, &limits, &mut |_| ControlFlow::Break(()))?;
    Ok(())
}

/// Whether a signal ends the run in an orderly way: files, or tabs of the page, have to be ended. Otherwise nothing is lost.
fn handles_signals(config: &ViewConfig) -> bool {
    !config.record.files.is_empty() || config.ui.is_some()
}

/// What is shown of a recording.
struct Viewing<'a> {
    config: &'a ViewConfig,
    entries: Entries,
    screen: Screen,
    masking: Masking,
    /// Statistics, which are shown in place of the events.
    counting: Option<Counting>,
    /// The time of the last event.
    last: Option<Stamp>,
    has_frames: bool,
    /// Connections whose end was not shown yet.
    open: BTreeSet<Option<u64>>,
    /// Close frames that were shown when a proxy had not just passed them on: the connection, and whether the client sent it.
    touched_closes: BTreeSet<(Option<u64>, bool)>,
}

/// The most connections of which it is remembered that they are open.
const MAX_OPEN: usize = 10_000;

impl Viewing<'_> {
    /// Shows an event of the recording.
    fn event(&mut self, mut event: Recorded) -> ControlFlow<()> {
        self.masking.mask(&mut event);
        if !self.entries.accept(&event) {
            return ControlFlow::Continue(());
        }
        self.last = Some(event.at);
        if let Some(counting) = &mut self.counting {
            counting.add(&event);
            return ControlFlow::Continue(());
        }
        if self.is_converted() {
            self.screen.record(&self.config.record)?;
            return event.with_event(|event| self.screen.record_event(event));
        }
        if !self.config.is_shown {
            return event.with_event(|event| self.screen.record_event(event));
        }
        self.show(&event)
    }

    fn is_converted(&self) -> bool {
        !self.config.record.files.is_empty()
    }

    fn show(&mut self, event: &Recorded) -> ControlFlow<()> {
        match &event.what {
            RecordedKind::Open(opened)
                if opened.initiator == Initiator::Local && event.transit.is_none() =>
            {
                // It was sent before, which is not recorded.
                let took = opened.timings.upgrade.unwrap_or_default();
                let at = Stamp {
                    wall: event.at.wall.checked_sub(took).unwrap_or(event.at.wall),
                    elapsed: event.at.elapsed.saturating_sub(took),
                };
                self.screen.event(&Event {
                    at,
                    connection: event.connection,
                    mark: None,
                    transit: None,
                    what: EventKind::Request(&opened.request),
                })?;
            }
            RecordedKind::ProxyClosed(closed) => self.show_before_end(event, closed)?,
            _ => {}
        }
        self.note(event);
        event.with_event(|event| self.screen.event(event))?;
        if let RecordedKind::Failure(failure) = &event.what {
            self.screen.failure(event, failure)?;
        }
        ControlFlow::Continue(())
    }

    /// Shows what a live run of a proxy has shown before the end of a connection, and has recorded only with that.
    fn show_before_end(&mut self, event: &Recorded, closed: &ProxyClosed) -> ControlFlow<()> {
        let (at, connection) = (event.at, event.connection);
        let texts: Vec<_> = undelivered_texts(closed.undelivered).collect();
        let mut show =
            |transit, what| self.screen.event(&Event { at, connection, mark: None, transit, what });
        let mut closes = [(Direction::Sent, &closed.client), (Direction::Received, &closed.server)];
        if closed.initiator == ProxyInitiator::Server {
            closes.reverse();
        }
        for (direction, close) in closes {
            // What was not just passed on has an event of its own.
            let is_shown = self.touched_closes.remove(&(connection, direction == Direction::Sent));
            if let Some(close) = close.as_ref().filter(|_| !is_shown) {
                show(Some(Transit::default()), EventKind::CloseFrame(direction, close))?;
            }
        }
        for text in &texts {
            show(None, EventKind::Notice(Level::Warning, text))?;
        }
        ControlFlow::Continue(())
    }

    /// Takes note of what the end of the output depends on.
    fn note(&mut self, event: &Recorded) {
        match event.what {
            RecordedKind::Frame(_) => self.has_frames = true,
            RecordedKind::CloseFrame(direction, _) if self.touched_closes.len() < MAX_OPEN => {
                self.touched_closes.insert((event.connection, direction == Direction::Sent));
            }
            RecordedKind::Open(_) if self.open.len() < MAX_OPEN => {
                self.open.insert(event.connection);
            }
            RecordedKind::Closed(_) | RecordedKind::ProxyClosed(_) => {
                self.open.remove(&event.connection);
            }
            _ => {}
        }
    }

    fn notice(&mut self, level: Level, text: &str) {
        let at = self.last.unwrap_or(screen::START);
        let what = EventKind::Notice(level, text);
        // What fails is reported at the end.
        let _ = self.screen.event(&Event { at, connection: None, mark: None, transit: None, what });
    }

    fn warn(&mut self, name: &str, summary: &Summary) {
        for warning in &summary.warnings {
            self.notice(Level::Warning, &escape(warning, Newlines::Escape));
        }
        if self.last.is_none() && self.entries.are_all() {
            let files = if self.is_converted() { "; nothing was recorded" } else { "" };
            self.notice(Level::Warning, &format!("{name}: {}{files}", EntryError::None));
        }
    }

    /// Says what the recording does not have.
    fn note_missing(&mut self, summary: &Summary) {
        let is_about_frames = self.config.commentary.detail >= Detail::Frames;
        if is_about_frames && !self.has_frames {
            let text = match summary.is_har {
                true => "the recording has no frames: a HAR has messages only",
                false => "the recording has no frames: it was made without -vv",
            };
            self.notice(Level::Info, text);
        }
        // HARs of other programs never say how a connection ended.
        let open = if summary.is_har { 0 } else { self.open.len() };
        match open {
            0 => {}
            1 => self.notice(Level::Info, "the recording ends while the connection is open"),
            count => {
                let text = format!("the recording ends while {count} connections are open");
                self.notice(Level::Info, &text);
            }
        }
    }

    fn end(mut self, name: &str, result: Result<Summary, ReadError>) -> Result<(), Error> {
        let was_interrupted = self.screen.was_interrupted();
        if was_interrupted {
            let text = format!("interrupted: the rest of {name} was not recorded");
            self.notice(Level::Warning, &text);
        } else if let Ok(summary) = &result
            && !self.screen.is_stopped()
        {
            self.warn(name, summary);
        }
        let is_shown = self.counting.is_none() && !self.is_converted() && !self.screen.is_stopped();
        self.screen.set_read(&result);
        if self.screen.has_page()
            && let Err(error) = &result
        {
            self.notice(Level::Warning, &escape(&error.to_string(), Newlines::Escape)); // not only at the end
        }
        if is_shown && let Ok(summary) = &result {
            self.note_missing(summary);
        }
        let result = result.map_err(Error::from).and_then(|_| self.entries.check(name));
        let is_recording = match &result {
            Ok(()) | Err(Error::Recording(ReadError::Broken { .. })) => true,
            Err(_) => self.last.is_some(),
        };
        if is_recording {
            self.screen.stay();
        }
        let result = self.screen.end(result, self.config);
        match &self.counting {
            Some(counting) if is_recording => {
                super::print(counting.text(name, self.config).as_bytes()).and(result)
            }
            _ => result,
        }
    }
}
