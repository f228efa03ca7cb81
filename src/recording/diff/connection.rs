//! The connections of a recording, as they are compared.

use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

use super::item::{Item, ItemKind};
use crate::event::{Closed, Failure, Opened};
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::vocabulary::Direction;
use crate::recording::compare::Ignore;
use crate::recording::replay::{Selector, Side};
use crate::recording::seen::NOT_KEPT;
use crate::recording::{Belonging, Labels, Recorded, RecordedKind};

/// A connection of a recording, or an attempt that failed.
#[derive(Debug)]
pub struct Connection {
    /// Its number, as `--entry` takes it.
    pub label: String,
    /// Its URL, if the recording has it.
    pub url: Option<String>,
    /// The side that recorded.
    pub own: Side,
    /// The opening handshake, if it was recorded.
    pub opened: Option<Box<Opened>>,
    /// Why it was not opened.
    pub failure: Option<Box<Failure>>,
    /// Data messages, and with [`Collecting::control`] pings and pongs, in order.
    pub items: Vec<Item>,
    /// The end, if it was recorded.
    pub end: Option<End>,
    /// The time of the opening handshake or of the first event.
    pub start: Duration,
    /// The same by the clock of the machine that recorded.
    pub began: SystemTime,
    /// How many messages have no data, as a proxy did not keep them: their sizes are compared.
    pub not_kept: u64,
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// Who ended it first, if that is known.
    pub initiator: Option<Side>,
    /// The Close frame of the client.
    pub client: Option<ClosePayload>,
    /// The Close frame of the server.
    pub server: Option<ClosePayload>,
    /// The closing handshake was completed.
    pub was_clean: bool,
    /// The recording side did not wait for the other one, whose Close frame is not known.
    pub is_abandoned: bool,
    /// When it was.
    pub at: Duration,
}

/// What is read of a recording.
#[derive(Clone, Debug)]
pub struct Collecting {
    /// Which connections.
    pub selector: Selector,
    /// What is not compared.
    pub ignore: Ignore,
    /// Pings and pongs too.
    pub control: bool,
}

/// Collects connections from events.
#[derive(Debug)]
pub struct Collector {
    collecting: Collecting,
    connections: Vec<Entry>,
    labels: Labels,
    messages: usize,
    /// Bytes of payloads that may still be kept.
    left: usize,
    /// The same of all else.
    details_left: usize,
    error: Option<CollectError>,
}

#[derive(Debug)]
struct Entry {
    connection: Connection,
    is_selected: bool,
}

/// Why a recording cannot be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CollectError {
    /// It has no connection.
    None,
    /// None of its connections is the one that was chosen.
    NotFound(String, Vec<String>),
    /// It has too many connections.
    TooManyConnections,
    /// It has too many messages.
    TooManyMessages,
    /// Its opening handshakes, failures and ends take too much memory.
    TooLarge,
}

/// The most connections of a recording.
const MAX_CONNECTIONS: usize = 10_000;

/// The most messages of a recording: each takes about 200 bytes besides its payload.
const MAX_MESSAGES: usize = 5_000_000;

/// Payloads are kept up to this many bytes in all. Of those behind it is only known whether they are equal, and their
/// start.
const MAX_KEPT: usize = 512 << 20;

/// Opening handshakes, failures and ends are kept up to this many bytes in all.
const MAX_DETAILS: usize = 64 << 20;

/// How many connections are listed.
const MAX_LISTED: usize = 30;

/// How many characters of a URL are listed.
const MAX_URL: usize = 120;

impl Collector {
    /// A collector without connections.
    pub fn new(collecting: Collecting) -> Self {
        Self {
            collecting,
            connections: Vec::new(),
            labels: Labels::default(),
            messages: 0,
            left: MAX_KEPT,
            details_left: MAX_DETAILS,
            error: None,
        }
    }

    /// Takes an event, in which secrets are already masked. Breaks when the recording cannot be compared.
    pub fn push(&mut self, event: Recorded) -> ControlFlow<()> {
        event.seen_by_client().try_for_each(|seen| self.add_seen(seen))
    }

    fn add_seen(&mut self, event: Recorded) -> ControlFlow<()> {
        let index = match self.labels.belonging(&event) {
            Belonging::Nothing => return ControlFlow::Continue(()),
            Belonging::Current(index) => index,
            Belonging::Begins => self.begin(&event)?,
        };
        if self.connections[index].is_selected {
            self.add(index, event)?;
        }
        ControlFlow::Continue(())
    }

    fn begin(&mut self, event: &Recorded) -> ControlFlow<(), usize> {
        if self.connections.len() == MAX_CONNECTIONS {
            self.error = Some(CollectError::TooManyConnections);
            return ControlFlow::Break(());
        }
        let (index, label) = self.labels.begin(event.connection);
        let (url, own) = match &event.what {
            RecordedKind::Open(opened) => (Some(opened.url.as_str()), opened.initiator),
            _ => (None, Initiator::Local),
        };
        let own = match own {
            Initiator::Local => Side::Client,
            Initiator::Peer => Side::Server,
        };
        let is_selected = self.collecting.selector.accepts(&label, url.unwrap_or_default());
        let url = url.map(|url| match is_selected {
            true => url.to_owned(),
            false => url.chars().take(MAX_URL + 1).collect(), // that there is more is shown
        });
        let connection = Connection {
            label,
            url,
            own,
            opened: None,
            failure: None,
            items: Vec::new(),
            end: None,
            start: event.at.elapsed,
            began: event.at.wall,
            not_kept: 0,
        };
        self.connections.push(Entry { connection, is_selected });
        ControlFlow::Continue(index)
    }

    fn add(&mut self, index: usize, event: Recorded) -> ControlFlow<()> {
        if !self.has_room_for(&event) {
            self.error = Some(CollectError::TooLarge);
            return ControlFlow::Break(());
        }
        let at = event.at.elapsed;
        let connection = &mut self.connections[index].connection;
        let (own, ignore) = (connection.own, &self.collecting.ignore);
        let side = |direction| match (direction, own) {
            (Direction::Sent, own) => own,
            (Direction::Received, Side::Client) => Side::Server,
            (Direction::Received, Side::Server) => Side::Client,
        };
        let item = match event.what {
            RecordedKind::Message(message) => {
                let side = side(message.direction);
                Item::new(message.kind.into(), side, message.data, ignore)
            }
            RecordedKind::FileSent { kind, path, size, .. } => {
                connection.not_kept += u64::from(path == NOT_KEPT);
                Item::file(own, kind, &path, size)
            }
            RecordedKind::Omitted(it) => {
                connection.not_kept += 1;
                Item::file(side(it.direction), it.kind, NOT_KEPT, it.size)
            }
            RecordedKind::Ping(direction, data) if self.collecting.control => {
                Item::new(ItemKind::Ping, side(direction), data.data, ignore)
            }
            RecordedKind::Pong(direction, data, _) if self.collecting.control => {
                Item::new(ItemKind::Pong, side(direction), data.data, ignore)
            }
            RecordedKind::Open(opened) => {
                connection.opened = Some(opened);
                return ControlFlow::Continue(());
            }
            RecordedKind::Failure(failure) => {
                if !connection.is_open() {
                    connection.failure = Some(failure);
                }
                return ControlFlow::Continue(());
            }
            RecordedKind::Closed(closed) => {
                connection.end = Some(End::of(&closed, own, at));
                return ControlFlow::Continue(());
            }
            _ => return ControlFlow::Continue(()),
        };
        self.keep(index, Item { at, ..item })
    }

    /// Whether the limit of memory allows an event that is not an item.
    fn has_room_for(&mut self, event: &Recorded) -> bool {
        let size = match &event.what {
            RecordedKind::Open(_) | RecordedKind::Failure(_) | RecordedKind::Closed(_) => {
                event.size()
            }
            _ => 0,
        };
        let left = self.details_left.checked_sub(size);
        self.details_left = left.unwrap_or_default();
        left.is_some()
    }

    fn keep(&mut self, index: usize, mut item: Item) -> ControlFlow<()> {
        if self.messages == MAX_MESSAGES {
            self.error = Some(CollectError::TooManyMessages);
            return ControlFlow::Break(());
        }
        self.messages += 1;
        match self.left.checked_sub(item.data.len()) {
            Some(left) => self.left = left,
            None => item.shorten(),
        }
        let items = &mut self.connections[index].connection.items;
        item.number = items.len() as u64 + 1;
        items.push(item);
        ControlFlow::Continue(())
    }

    /// The connections that were selected.
    ///
    /// # Errors
    /// Why the recording cannot be compared.
    pub fn finish(self) -> Result<Vec<Connection>, CollectError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let has_selected = self.connections.iter().any(|entry| entry.is_selected);
        match self.collecting.selector {
            _ if self.connections.is_empty() => Err(CollectError::None),
            Selector::Entry(entry) if !has_selected => {
                let lines = self.connections.iter().take(MAX_LISTED).map(line);
                let mut list: Vec<_> = lines.collect();
                if self.connections.len() > list.len() {
                    list.push(format!("… and {} more", self.connections.len() - list.len()));
                }
                Err(CollectError::NotFound(entry, list))
            }
            _ => {
                let selected = self.connections.into_iter().filter(|entry| entry.is_selected);
                Ok(selected.map(|entry| entry.connection).collect())
            }
        }
    }
}

fn line(entry: &Entry) -> String {
    let url = entry.connection.url.as_deref().unwrap_or("(URL not recorded)");
    let shown: String = url.chars().take(MAX_URL).collect();
    let dots = if shown.len() < url.len() { "…" } else { "" };
    format!("{}  {shown}{dots}", entry.connection.label)
}

impl End {
    fn of(closed: &Closed, own: Side, at: Duration) -> Self {
        let ending = &closed.ending;
        let (sent, received) = (ending.sent.clone(), ending.received.clone());
        let (client, server) = match own {
            Side::Client => (sent, received),
            Side::Server => (received, sent),
        };
        let initiator = closed.initiator().map(|initiator| match (initiator, own) {
            (Initiator::Local, own) => own,
            (Initiator::Peer, Side::Client) => Side::Server,
            (Initiator::Peer, Side::Server) => Side::Client,
        });
        let was_clean = ending.is_clean();
        let is_abandoned =
            ending.cause == EndCause::Abandoned && ending.initiator == Initiator::Local;
        Self { initiator, client, server, was_clean, is_abandoned, at }
    }
}

impl Connection {
    /// Whether it was opened, as far as that is known.
    pub(super) fn is_open(&self) -> bool {
        self.opened.is_some() || self.end.is_some() || !self.items.is_empty()
    }

    /// The path of its URL, or an empty text.
    pub(super) fn path(&self) -> &str {
        let url = self.url.as_deref().unwrap_or_default();
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let rest = &rest[..end];
        rest.find('/').map_or("", |at| &rest[at..])
    }
}

impl fmt::Display for CollectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("the recording has no WebSocket connection"),
            Self::NotFound(entry, _) => {
                write!(f, "--entry {entry}: no connection has this number or text in its URL")
            }
            Self::TooManyConnections => {
                write!(f, "the recording has more than {MAX_CONNECTIONS} connections")
            }
            Self::TooManyMessages => write!(
                f,
                "the recording has more than {MAX_MESSAGES} messages; --entry chooses a connection"
            ),
            Self::TooLarge => write!(
                f,
                "the opening handshakes of the recording take more than {MAX_DETAILS} bytes of memory; --entry chooses a connection"
            ),
        }
    }
}

impl std::error::Error for CollectError {}

#[cfg(test)]
mod tests;
