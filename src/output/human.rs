//! Events for people: decorated messages, and remarks on the connection.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::escape::{Newlines, escape, is_readable_text};
use super::hex_dump::hex_dump;
use super::style::{Role, Style};
use super::wrap::{HANGING, wrap};
use super::{Format, Outlet};
use crate::event::{Event, EventKind, Failure, Level};
use crate::platform::terminal;
use crate::protocol::keepalive;
use crate::protocol::vocabulary::Direction;
use crate::view::{Timestamps, View, number_prefix};

mod attempts;
mod connection;
mod frame;
mod message;
mod notes;
mod preview;
mod stamp;
mod status;
mod transit;

pub use connection::{close_text, closed_text};
pub use message::{grouped, whole_message};
pub use stamp::short;
pub use transit::proxy_closed_text;

/// How much is shown besides messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Errors only.
    Quiet,
    /// One line at the start and one at the end.
    Line,
    /// The response head, what was negotiated, TLS, timings.
    Head,
    /// Both heads and control frames.
    Control,
    /// Every frame.
    Frames,
    /// Every byte.
    Bytes,
}

/// What is shown, and how.
#[derive(Clone, Copy, Debug)]
pub struct HumanOptions {
    /// Colours.
    pub style: Style,
    /// Columns; `None`: the current width of the terminal.
    pub width: Option<usize>,
    /// Messages are shown here.
    pub messages: bool,
    /// What is shown besides them here.
    pub detail: Detail,
    /// There is a prompt, with a command that shows a message with its number in full.
    pub full_command: bool,
    /// JSON messages are indented.
    pub pretty: bool,
    /// The first binary message is noted, because the output of messages does not show their type.
    pub notes_binary: bool,
    /// There is a warning at the first message that may control the terminal, because it is written there
    /// unescaped.
    pub notes_controls: bool,
    /// What the user requests to show is shown here.
    pub answers: bool,
    /// How times are shown, unless a view says it.
    pub timestamps: Option<Timestamps>,
    /// Control characters of the peer are escaped, since the stream is a terminal.
    pub escapes: bool,
    /// Failures of single connections are shown here.
    pub failures: bool,
}

/// The prefix of our lines.
const OURS: &str = "wscope: ";

/// The least width that is laid out for.
const MIN_COLUMNS: usize = 20;

/// A margin of up to one in this many columns is kept free in all lines of an event.
const MAX_MARGIN: usize = 4;

/// A wider margin is kept free too if it leaves this many columns.
const AMPLE_COLUMNS: usize = 48;

/// How many bytes of an excerpt that is not text are dumped.
const MAX_EXCERPT_DUMP: usize = 256;

/// Writes lines for people.
#[derive(Debug)]
pub struct Human {
    options: HumanOptions,
    binary_noted: bool,
    controls_noted: bool,
    surplus: u64,
    /// Says how times and numbers are shown.
    view: Option<Arc<View>>,
    /// The time of the last line that had one, for the delta.
    last: Duration,
    /// What is before the lines of the current event.
    margin: Margin,
}

/// Columns of the time and the number of the connection before the lines of an event.
#[derive(Clone, Copy, Debug, Default)]
struct Margin {
    /// Before lines that have them.
    first: usize,
    /// Before lines that continue the one above, which have blanks instead.
    rest: usize,
}

impl Human {
    /// Writes them according to `options`.
    pub fn new(options: HumanOptions) -> Self {
        Self {
            options,
            binary_noted: false,
            controls_noted: false,
            surplus: 0,
            view: None,
            last: Duration::ZERO,
            margin: Margin::default(),
        }
    }

    /// The same, with the times and numbers that `view` says.
    #[must_use]
    pub fn with_view(self, view: Option<Arc<View>>) -> Self {
        Self { view, ..self }
    }

    fn prefix(&self, number: u64) -> String {
        self.view.as_ref().map_or_else(|| number_prefix(number), |view| view.prefix(number))
    }

    fn shows_numbers(&self) -> bool {
        self.view.as_ref().is_some_and(|view| view.shows_numbers())
    }

    fn shows(&self, detail: Detail) -> bool {
        self.options.detail >= detail
    }

    fn paint(&self, role: Role, text: &str) -> String {
        self.options.style.paint(role, text)
    }

    /// A line that is not a message, marked as ours in a pipe.
    fn remark(&self, role: Role, text: &str) -> String {
        self.escaped_remark(role, &escape(text, Newlines::Escape))
    }

    /// The same of a text that is escaped, and may have several lines.
    fn escaped_remark(&self, role: Role, text: &str) -> String {
        let prefix = if self.options.escapes { "" } else { OURS };
        format!("{prefix}{}\n", self.paragraph(role, text, prefix.len(), HANGING))
    }

    /// A hint.
    fn advice(&self, text: &str) -> String {
        let label = "hint:";
        let text = escape(text, Newlines::Escape);
        let text = self.wrapped(&text, label.len() + 1, HANGING);
        format!("{} {text}\n", self.paint(Role::Hint, label))
    }

    /// A painted text, which is escaped, whose first line has `lead` columns before it.
    fn paragraph(&self, role: Role, text: &str, lead: usize, indent: usize) -> String {
        self.options.style.paint_lines(role, &self.wrapped(text, lead, indent))
    }

    /// See [`wrap`]; in a pipe lines are not broken. A text that starts with a blank continues the line above.
    fn wrapped<'t>(&self, text: &'t str, lead: usize, indent: usize) -> Cow<'t, str> {
        let lead = if text.starts_with(' ') { lead } else { lead + self.overhang() };
        wrap(text, self.columns(), lead, indent)
    }

    /// Columns of the terminal for the lines of an event; `None` in a pipe.
    fn columns(&self) -> Option<usize> {
        self.options.escapes.then(|| self.width())
    }

    /// The same; in a pipe the width that JSON is laid out for.
    fn width(&self) -> usize {
        self.terminal_width().saturating_sub(self.margin.rest).max(MIN_COLUMNS)
    }

    fn terminal_width(&self) -> usize {
        self.options.width.unwrap_or_else(terminal::width)
    }

    /// How many more columns are taken before a line with the time and the number than before the others.
    fn overhang(&self) -> usize {
        self.margin.first - self.margin.rest
    }

    /// The margin of an event whose time and number take `first` columns.
    fn margin(&self, first: usize) -> Margin {
        if first == 0 || !self.options.escapes {
            return Margin::default(); // in a pipe lines are not laid out
        }
        let columns = self.terminal_width();
        let is_free = first <= columns / MAX_MARGIN || first + AMPLE_COLUMNS <= columns;
        Margin { first, rest: if is_free { first } else { 0 } }
    }

    fn notice(&self, level: Level, text: &str) -> String {
        let text = escape(text, Newlines::Keep);
        match level {
            Level::Info | Level::Needed => self.escaped_remark(Role::Dim, &text),
            Level::Warning => self.escaped_warning(&text),
        }
    }

    fn failure(&self, failure: &Failure) -> String {
        let mut text = self.failure_message(failure);
        let heads = failure.request.iter().map(|head| (Direction::Received, head));
        let answer = failure.response.iter().map(|response| (Direction::Sent, &response.head));
        for (direction, head) in heads.chain(answer).filter(|_| self.shows(Detail::Control)) {
            text += &self.head(direction, head);
        }
        text + &self.excerpt(&failure.excerpt)
    }

    /// What failed, and the hint.
    fn failure_message(&self, failure: &Failure) -> String {
        let message = escape(&failure.message, Newlines::Escape);
        let message = self.paragraph(Role::Error, &message, OURS.len(), HANGING);
        let mut text = format!("{OURS}{message}\n");
        if let Some(hint) = &failure.hint {
            text += &self.advice(hint);
        }
        text
    }

    /// Bytes of the peer that a failure quotes.
    fn excerpt(&self, bytes: &[u8]) -> String {
        if !is_readable_text(bytes) {
            let bytes = &bytes[..bytes.len().min(MAX_EXCERPT_DUMP)];
            let dump = hex_dump(bytes, self.options.style, "  ", self.columns());
            return if dump.is_empty() { dump } else { dump + "\n" };
        }
        let arrow = self.paint(Role::Received, "<");
        let line = |line: &str| format!("{arrow} {}\n", escape(line, Newlines::Escape));
        String::from_utf8_lossy(bytes).trim_end().lines().map(line).collect()
    }

    fn text_of(&mut self, event: &Event<'_>) -> Option<String> {
        let time = self.time_of(event);
        let number = self.numbers_of(event);
        self.margin = self.margin(time.len() + number.len());
        let mut text = self.lines_of(event)?;
        if text.is_empty() {
            return Some(text);
        }
        // The last line of a touched message is not the message.
        if let Some(latency) = self.latency_of(event).filter(|_| event.touch().is_none()) {
            text.insert_str(text.trim_end_matches('\n').len(), &latency);
        }
        if !time.is_empty() {
            self.note_time(event);
        }
        let prefix = self.paint(Role::Dim, &time) + &number;
        Some(match prefix.is_empty() {
            true => text,
            false => self.behind(&prefix, &text),
        })
    }

    /// The lines of `text`, each behind the time and the number; on a terminal those that continue the line above
    /// are behind blanks instead.
    fn behind(&self, prefix: &str, text: &str) -> String {
        let blanks = " ".repeat(self.margin.rest);
        let mut lines = String::with_capacity(text.len() + prefix.len());
        for (index, line) in text.lines().enumerate() {
            let continues = index > 0 && self.options.escapes && is_indented(line);
            lines += if continues { &blanks } else { prefix };
            lines += line;
            lines.push('\n');
        }
        lines
    }

    /// The lines of an event without time and number.
    fn lines_of(&mut self, event: &Event<'_>) -> Option<String> {
        match event.transit {
            None => self.own_lines_of(event),
            Some(transit) => self.transit_lines_of(event, transit),
        }
    }

    /// The lines of an event of a connection of ours, and of those that are shown in the same way in a proxy.
    fn own_lines_of(&mut self, event: &Event<'_>) -> Option<String> {
        Some(match &event.what {
            EventKind::Tunnel(heads) => self.tunnel(heads)?,
            EventKind::Request(head) => self.request(head)?,
            EventKind::Open(opened) => self.opened(opened)?,
            EventKind::Message(message) => {
                let notes = self.notes(message);
                notes + &self.message(message, event.mark).unwrap_or_default()
            }
            EventKind::FileSent(file) => self.file_sent(file)?,
            EventKind::Ping(direction, data) => self.control("ping", *direction, data)?,
            EventKind::Pong(_, data, Some(_))
                if keepalive::is_own(data) && !self.shows(Detail::Control) =>
            {
                return None; // that ping was not typed
            }
            EventKind::Pong(_, data, Some(rtt)) => self.answered_ping(data, *rtt)?,
            EventKind::Pong(direction, data, None) => self.control("pong", *direction, data)?,
            EventKind::CloseFrame(direction, close) => self.close_frame(*direction, close)?,
            EventKind::Frame(frame) => self.frame(frame)?,
            EventKind::Violation(_, violation) => self.violation(violation)?,
            EventKind::Tolerated(_, violation) => self.tolerated(violation)?,
            EventKind::Closed(closed) => self.closed(closed)?,
            EventKind::Omitted(_)
            | EventKind::Decided(_)
            | EventKind::Http(_)
            | EventKind::ProxyClosed(_) => return None, // in a proxy
            EventKind::Redirect(hop) => self.redirect(hop)?,
            EventKind::RetryScheduled(retry) => self.retry(retry)?,
            EventKind::Notice(Level::Info, _) if !self.shows(Detail::Line) => return None,
            EventKind::Notice(Level::Warning, _) if self.options.detail == Detail::Quiet => {
                return None;
            }
            EventKind::Notice(level, text) => self.notice(*level, text),
            EventKind::Shown(shown) => self.shown(shown)?,
            EventKind::Failure(failure) if self.options.failures && event.connection.is_some() => {
                self.failure(failure)
            }
            EventKind::Failure(_) => return None, // printed at the end of the program
        })
    }
}

impl Format for Human {
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        if let EventKind::Message(message) = &event.what {
            self.surplus += u64::from(message.surplus);
            if event.touch().is_none() && self.ignores(message) {
                return;
            }
        }
        if let Some(text) = self.text_of(event) {
            out.put(text.as_bytes());
        }
    }

    fn ignores_messages(&self) -> bool {
        self.ignores_text() && !self.options.notes_binary
    }

    fn ignores_text(&self) -> bool {
        !self.options.messages && !self.options.notes_controls
    }
}

/// Whether a line, which may start in colour, starts with a blank.
fn is_indented(line: &str) -> bool {
    let mut rest = line;
    while let Some((_, after)) = rest.strip_prefix("\x1b[").and_then(|code| code.split_once('m')) {
        rest = after;
    }
    rest.starts_with(' ')
}

fn arrow(direction: Direction) -> &'static str {
    match direction {
        Direction::Received => "<",
        Direction::Sent => ">",
    }
}

fn role(direction: Direction) -> Role {
    match direction {
        Direction::Received => Role::Received,
        Direction::Sent => Role::Sent,
    }
}

#[cfg(test)]
pub(crate) mod tests;
