//! The events of an entry.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::document::{Entry, Skipped};
use super::exchange::{Exchange, Phases, is_web_socket};
use super::message::{Message, MessageKind, Sender};
use super::time::{
    MILLISECONDS, MessageTime, Micros, NotATime, SECONDS, date_time, is_since_epoch,
    micros_of_wall, rfc3339,
};
use super::values::{MAX_FIELDS, decimal, number, object, text, unsigned};
use super::warnings::Warnings;
use crate::event::OwnedTransit;
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::Initiator;
use crate::protocol::counted::counted;
use crate::protocol::vocabulary::Direction;
use crate::recording::RecordedKind;
use crate::recording::ndjson::parse_event;
use crate::recording::reading::Place;

mod closing;
mod opening;
mod traffic;

/// The events of an entry, in their order.
#[derive(Debug)]
pub(super) struct EntryEvents {
    pub(super) events: Vec<EntryEvent>,
    /// The number that the connection had when it was recorded.
    pub(super) connection: Option<u64>,
    pub(super) part: Part,
    /// Messages of it that could not be read.
    pub(super) skipped: Option<Skipped>,
    /// This program has recorded it.
    pub(super) is_own: bool,
    /// How long the runs before took, of which events are in the same file.
    pub(super) earlier: Micros,
}

/// What an entry is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A connection, or an attempt.
    Connection,
    /// A redirect: it belongs to the connection of the next entry.
    Redirect,
    /// No connection.
    Run,
}

#[derive(Debug)]
pub(super) struct EntryEvent {
    /// Since the Unix epoch.
    pub(super) time: Micros,
    /// Since the start of the recording, if that is known.
    pub(super) elapsed: Option<Micros>,
    /// It has passed a proxy, which has recorded it.
    pub(super) transit: Option<OwnedTransit>,
    pub(super) what: RecordedKind,
}

/// Whether an entry is one of a WebSocket, or of a request for one.
pub(super) fn is_web_socket_entry(entry: &Entry) -> bool {
    let is_type =
        |value: &RawValue| text(value).is_some_and(|it| it.eq_ignore_ascii_case("websocket"));
    if entry.messages.is_some() || entry.values.resource_type.as_deref().is_some_and(is_type) {
        return true;
    }
    let exchange = Exchange::of(entry);
    let is_answered =
        || exchange.status == 101 && exchange.answered("Sec-WebSocket-Accept").is_some();
    is_web_socket(&url_of(entry)) || exchange.is_upgrade() || is_answered()
}

/// The URL as it is in the file.
fn url_of(entry: &Entry) -> String {
    #[derive(Default, Deserialize)]
    struct Request<'a> {
        #[serde(borrow)]
        url: Option<&'a RawValue>,
    }
    let request: Request<'_> = object(entry.values.request.as_deref());
    request.url.and_then(text).unwrap_or_default()
}

/// When an entry was started. Chrome writes a second before the epoch for a connection that failed before its handshake.
pub(super) fn start_of(entry: &Entry) -> Option<Micros> {
    match MessageTime::of(entry.values.started.as_deref()?) {
        Ok(Some(MessageTime::Wall(time))) if is_since_epoch(time) => Some(time),
        _ => None,
    }
}

/// The most bytes of the values that only our own entries have: in memory they take a multiple of it.
const MAX_OWN: usize = 1 << 20;

/// What only our own entries have.
#[derive(Default, Deserialize)]
struct Own<'a> {
    #[serde(borrow)]
    connection: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    earlier_ms: Option<&'a RawValue>,
    #[serde(borrow)]
    open: Option<&'a RawValue>,
    #[serde(borrow)]
    redirect: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// The events of an entry. What is odd about it is a warning.
/// `before` is the time to use if the entry has none.
pub(super) fn events(entry: &mut Entry, before: Micros, warnings: &mut Warnings) -> EntryEvents {
    let messages = entry.messages.take().unwrap_or_default();
    let control = std::mem::take(&mut entry.control);
    let skipped = entry.skipped.take();
    let lacks_messages = skipped.is_some();
    let exchange = Exchange::of(entry);
    let own: Own<'_> = object(entry.values.own.as_deref());
    let phases = Phases::of(entry);
    let mut builder = Builder {
        entry,
        warnings,
        exchange,
        phases,
        events: Vec::with_capacity(messages.len() + control.len() + 2),
        now: At::default(),
        before,
        initiator: Initiator::Local,
        is_proxied: false,
        totals: Totals::default(),
        close_frames: Vec::new(),
        skipped,
    };
    builder.warn_of_mistyped();
    builder.warn_of_left_out();
    builder.now = builder.started(&own, &messages);
    let is_frames = |message: &Message| matches!(message.what, MessageKind::Frames(..));
    let has_frames = lacks_messages || messages.iter().chain(&control).any(is_frames);
    let status = builder.exchange.status;
    // Browsers follow no redirects of WebSockets: for other programs it is a refusal.
    let is_redirect = !has_frames && own.redirect.is_some();
    if is_redirect {
        builder.redirect(own.redirect);
    } else if status == 101 || has_frames {
        builder.open(own.open);
        builder.messages(messages, control);
        builder.violations();
        builder.close();
        builder.error();
        builder.end_without_error();
    } else {
        builder.refusal(own.error, &messages);
    }
    let connection = own.connection.and_then(unsigned);
    let part = if is_redirect { Part::Redirect } else { Part::Connection };
    let (is_own, earlier) = (builder.is_own(), span(own.earlier_ms).unwrap_or_default());
    let Builder { events, skipped, .. } = builder;
    EntryEvents { events, connection, part, skipped, is_own, earlier }
}

/// A place in time.
#[derive(Clone, Copy, Debug, Default)]
struct At {
    time: Micros,
    elapsed: Option<Micros>,
}

struct Builder<'a> {
    entry: &'a Entry,
    warnings: &'a mut Warnings,
    exchange: Exchange,
    phases: Phases,
    events: Vec<EntryEvent>,
    /// The time of the last event.
    now: At,
    /// The time of the entry before.
    before: Micros,
    /// Who recorded: that it was the client, unless one of ours says otherwise.
    initiator: Initiator,
    /// A proxy has recorded, as the client saw it.
    is_proxied: bool,
    totals: Totals,
    /// The Close frames of programs that record them as messages, in their order.
    close_frames: Vec<(Direction, ClosePayload)>,
    /// Messages that are not there, or could not be read.
    skipped: Option<Skipped>,
}

/// What was counted of the messages in each direction, for entries that are not ours.
#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    sent: Traffic,
    received: Traffic,
}

#[derive(Clone, Copy, Debug, Default)]
struct Traffic {
    messages: u64,
    bytes: u64,
}

impl Builder<'_> {
    fn warn(&mut self, reason: &str) {
        self.warnings.add(self.place(), &self.named(reason));
    }

    /// Warns that messages are missing.
    fn warn_of_missing(&mut self, reason: &str) {
        self.warn(reason);
        if self.skipped.is_none() {
            let (place, reason) = (self.place(), self.named(reason));
            self.skipped = Some(Skipped { place, reason, others: 0 });
        }
    }

    fn place(&self) -> Place {
        self.entry.place.unwrap_or(Place { line: 1, column: 1, offset: 0 })
    }

    fn named(&self, reason: &str) -> String {
        format!("entry {}: {reason}", self.entry.number)
    }

    fn warn_of_mistyped(&mut self) {
        for (name, wanted) in std::mem::take(&mut self.exchange.mistyped) {
            self.warn(&format!("{name} is not {wanted}: ignored"));
        }
    }

    fn warn_of_left_out(&mut self) {
        if self.exchange.left_out > 0 {
            let count = counted(self.exchange.left_out, "header field");
            self.warn(&format!(
                "{count} left out: a head is kept up to {MAX_FIELDS} fields and 1 MiB"
            ));
        }
    }

    /// Whether the entry is one of ours.
    fn is_own(&self) -> bool {
        self.entry.values.own.is_some()
    }

    /// HARs say which of client and server it was.
    fn direction(&self, sender: Sender) -> Direction {
        match (self.initiator, sender) {
            (Initiator::Local, Sender::Client) | (Initiator::Peer, Sender::Server) => {
                Direction::Sent
            }
            _ => Direction::Received,
        }
    }

    fn push(&mut self, at: At, what: RecordedKind) {
        let transit = self.is_proxied.then(OwnedTransit::default);
        self.push_in(at, transit, what);
    }

    fn push_in(&mut self, at: At, transit: Option<OwnedTransit>, what: RecordedKind) {
        self.events.push(EntryEvent { time: at.time, elapsed: at.elapsed, transit, what });
        self.now = at;
    }

    /// Adds an event of an object as it is in a recording of lines. `own` is what our HARs have of it; it is left out
    /// if it is not valid.
    fn push_object(&mut self, at: At, own: Option<&RawValue>, values: Value) {
        let is_large = own.is_some_and(|own| own.get().len() > MAX_OWN);
        if is_large {
            self.warn("_wscope is ignored: it is larger than 1 MiB");
        }
        let own = own.filter(|_| !is_large);
        let own = own.and_then(|own| serde_json::from_str::<Map<String, Value>>(own.get()).ok());
        let attempts = own.map(|own| (own, true)).into_iter().chain([(Map::new(), false)]);
        for (mut object, is_own) in attempts {
            if let Value::Object(values) = &values {
                object.extend(values.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            object.insert("time".to_owned(), rfc3339(at.time).into());
            object.shift_remove("connection");
            object.shift_remove("elapsed_ms");
            match parse_event(Value::Object(object).to_string().as_bytes()) {
                Ok(Some(event)) => {
                    let transit = event.transit.filter(|_| self.is_own());
                    return self.push_in(at, transit, event.what);
                }
                Ok(None) => return,
                Err(reason) if is_own => self.warn(&format!("_wscope is ignored: {reason}")),
                Err(reason) => self.warn(&format!("it is skipped: {reason}")),
            }
        }
    }

    /// When the connection was opened, or was refused.
    fn started(&mut self, own: &Own<'_>, messages: &[Message]) -> At {
        let opened = own.time.and_then(|value| decimal(number(value)?, SECONDS));
        if let Some(time) = opened {
            return At { time, elapsed: elapsed(own.open.or(own.redirect).or(own.error)) };
        }
        let first = messages.iter().find_map(|message| match message.time {
            Some(MessageTime::Wall(time)) => Some(time),
            _ => None,
        });
        let time = match (start_of(self.entry), first) {
            (Some(started), first) => {
                let opened = started.saturating_add(self.phases.total);
                let opened = first.map_or(opened, |first| opened.min(first));
                // With the end of the handshake it says when that began.
                self.phases.total = opened.saturating_sub(started).max(0);
                opened
            }
            (None, first) => {
                let started = self.entry.values.started.as_deref();
                if started.is_some_and(|value| MessageTime::of(value) == Err(NotATime)) {
                    self.warn("`startedDateTime` is not a date and time");
                }
                first.unwrap_or(self.before)
            }
        };
        At { time, elapsed: None }
    }
}

/// `elapsed_ms` of an object of an event.
fn elapsed(value: Option<&RawValue>) -> Option<Micros> {
    #[derive(Default, Deserialize)]
    struct Elapsed<'a> {
        #[serde(borrow)]
        elapsed_ms: Option<&'a RawValue>,
    }
    let object: Elapsed<'_> = object(value);
    span(object.elapsed_ms)
}

/// A span in milliseconds.
fn span(value: Option<&RawValue>) -> Option<Micros> {
    decimal(number(value?)?, MILLISECONDS).filter(|micros| *micros >= 0)
}

/// `time` of an object of an event.
fn own_time(value: Option<&RawValue>) -> Option<Micros> {
    #[derive(Default, Deserialize)]
    struct Time<'a> {
        #[serde(borrow)]
        time: Option<&'a RawValue>,
    }
    let object: Time<'_> = object(value);
    date_time(&text(object.time?)?)
}

/// The events of a failure that belongs to no connection, which our own HARs have.
pub(super) fn run_error(value: &RawValue) -> Option<EntryEvents> {
    let event = parse_event(value.get().as_bytes()).ok()??;
    let time = micros_of_wall(event.at.wall);
    let (elapsed, transit) = (elapsed(Some(value)), event.transit);
    let events = vec![EntryEvent { time, elapsed, transit, what: event.what }];
    let own: Own<'_> = object(Some(value));
    Some(EntryEvents {
        events,
        connection: event.connection,
        part: Part::Run,
        skipped: None,
        is_own: true,
        earlier: span(own.earlier_ms).unwrap_or_default(),
    })
}
