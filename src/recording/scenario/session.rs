//! What happened in a recording, as a client of the server saw it: connections, and what was done on each.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::event::{Closed, Failure, FailureKind, Omitted, Opened, Redirect};
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::Direction;
use crate::protocol::{CloseCode, MessageKind, Opcode};
use crate::recording::{Recorded, RecordedControl, RecordedKind, RecordedMessage};
use plain_http::is_no_handshake;
use start::place_of;

mod plain_http;
mod start;

/// How many pings are remembered that are not answered yet, as in the protocol core.
const MAX_PINGS: usize = 64;

/// How the payload of a ping begins that wscope sent by itself.
const KEEPALIVE: &[u8] = b"keepalive ";

/// A connection of a recording.
#[derive(Debug)]
pub(super) struct Connection<'a> {
    /// How it was opened; `None` if the recording does not say.
    pub(super) opening: Option<Opening<'a>>,
    /// What was done on it, each with the number of its event.
    pub(super) steps: Vec<(usize, Step<'a>)>,
    /// The number of its first event: that of the end of its handshake, if the recording has that.
    pub(super) first: usize,
    /// The number of the first event behind the start of its handshake.
    pub(super) start: usize,
    /// The number of its last event; behind that of the last event of all if it was not closed.
    pub(super) last: usize,
    /// When its handshake began, and when it ended, since the start of the recording.
    pub(super) times: (Duration, Duration),
    /// The longest time that something received was waited for.
    pub(super) longest_wait: Duration,
    /// The first redirect, of a connection that was redirected.
    pub(super) redirect: Option<&'a Redirect>,
    /// Pings of the server, which no step expects, each with the number of its event.
    pub(super) received_pings: Vec<(usize, &'a [u8])>,
    /// A violation of the server was tolerated.
    pub(super) is_lenient: bool,
    /// A proxy withheld a violation of the server: it was closing the connection, or closed it because of that.
    has_violated: bool,
    /// Pings of the client that are not answered, and of the server.
    pings: [VecDeque<&'a [u8]>; 2],
    /// The number of the event of the client's Close frame, if that was recorded for itself.
    close_frame: Option<usize>,
    /// When the last event was.
    latest: Duration,
}

/// How a connection was opened.
#[derive(Debug)]
pub(super) enum Opening<'a> {
    Opened(&'a Opened),
    Refused(&'a Recorded, &'a Failure),
}

/// What was done on a connection. What was sent was sent by the client.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Sent(&'a RecordedMessage),
    Received(&'a RecordedMessage),
    /// A file whose data was not recorded: path and size.
    SentFile(&'a str, u64),
    /// A message that a proxy did not keep, and whether it was sent.
    Omitted(&'a Omitted, bool),
    SentPing(&'a RecordedControl),
    SentPong(&'a RecordedControl),
    ReceivedPong(&'a RecordedControl),
    SentClose(Option<CloseCode>, Reason<'a>),
    /// 1005 is a Close frame without a code, 1006 an end without one.
    Ended(CloseCode, Reason<'a>),
    /// The recording does not say which side closed with this code.
    EndedByEither(CloseCode),
}

/// The reason of a Close frame.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reason<'a> {
    pub(super) text: &'a str,
    /// The hashes of what was masked in it, if anything was.
    pub(super) masked: Option<&'a [u64]>,
}

/// What a recording has.
#[derive(Debug)]
pub(super) struct Connections<'a> {
    /// Those that were opened or refused, in the order in which their handshakes began.
    pub(super) list: Vec<Connection<'a>>,
    /// The failures of those that could not be opened.
    pub(super) failed: Vec<&'a Failure>,
    /// The refusals of requests that were not for a WebSocket, or that no client of WebSockets makes.
    pub(super) not_web_socket: Vec<&'a Failure>,
}

/// The connections of a recording.
pub(super) fn connections(events: &[Recorded]) -> Connections<'_> {
    let mut reader = Reader { events, ..Reader::default() };
    for (number, event) in events.iter().enumerate() {
        reader.event(number, event);
    }
    let last = events.len(); // behind all events
    let still_open: Vec<_> = reader.open.into_values().collect();
    for index in still_open {
        reader.connections[index].last = last;
    }
    reader.connections.sort_by_key(|it| (it.start, it.times.0, it.first));
    Connections {
        list: reader.connections,
        failed: reader.failed.into_iter().map(|(_, failure)| failure).collect(),
        not_web_socket: reader.not_web_socket,
    }
}

/// Connections that were open at the same time, however indirectly, are one group; the groups follow each other.
pub(super) fn groups(connections: Vec<Connection<'_>>) -> Vec<Vec<Connection<'_>>> {
    let mut groups: Vec<Vec<Connection<'_>>> = Vec::new();
    let mut end = None;
    for connection in connections {
        let last = connection.last;
        match groups.last_mut().filter(|_| end.is_some_and(|end| connection.start <= end)) {
            Some(group) => group.push(connection),
            None => groups.push(vec![connection]),
        }
        end = end.max(Some(last));
    }
    groups
}

/// The text of a text message, if it is UTF-8.
pub(super) fn text_of(message: &RecordedMessage) -> Option<&str> {
    match message.kind {
        MessageKind::Text => str::from_utf8(&message.data).ok(),
        MessageKind::Binary => None,
    }
}

#[derive(Default)]
struct Reader<'a> {
    events: &'a [Recorded],
    connections: Vec<Connection<'a>>,
    /// The connection that each number of the recording stands for now.
    open: HashMap<Option<u64>, usize>,
    /// The first redirect of an attempt, and when it was.
    redirects: HashMap<Option<u64>, (&'a Redirect, Duration)>,
    /// Attempts to open a connection that got no response, each with the number of the connection.
    failed: Vec<(Option<u64>, &'a Failure)>,
    not_web_socket: Vec<&'a Failure>,
}

impl<'a> Reader<'a> {
    fn event(&mut self, number: usize, event: &'a Recorded) {
        match &event.what {
            RecordedKind::Open(opened) => {
                let opening = Opening::Opened(opened);
                let index = self.begin(number, event, Some(opening));
                self.open.insert(event.connection, index);
            }
            RecordedKind::Failure(failure) => self.failure(number, event, failure),
            RecordedKind::Redirect(redirect) => self.redirect(event, redirect),
            // The attempt is made again: what came of this one means nothing.
            RecordedKind::Retry(_) => self.forget_attempt(event.connection),
            RecordedKind::Frame(frame) => {
                if frame.header.opcode == Opcode::Close {
                    self.close_frame(number, event, frame.direction);
                }
            }
            RecordedKind::CloseFrame(direction, _) => self.close_frame(number, event, *direction),
            RecordedKind::Closed(closed) => {
                let Some(index) = self.open.remove(&event.connection) else { return };
                let connection = &mut self.connections[index];
                connection.end(number, event.at.elapsed, closed);
            }
            what => self.traffic(number, event, what),
        }
    }

    /// Which code and reason it has is known at the end of the connection.
    fn close_frame(&mut self, number: usize, event: &Recorded, direction: Direction) {
        let Some(index) = self.open.get(&event.connection) else { return };
        let connection = &mut self.connections[*index];
        if connection.is_sent(direction) && connection.close_frame.is_none() {
            connection.close_frame = Some(number);
            connection.note(event.at.elapsed, false);
        }
    }

    fn begin(&mut self, number: usize, event: &'a Recorded, opening: Option<Opening<'a>>) -> usize {
        let redirect = self.redirects.remove(&event.connection);
        let took = opening.as_ref().map(Opening::took).unwrap_or_default();
        let at = event.at.elapsed;
        let began = at.saturating_sub(took);
        let began = redirect.map_or(began, |(_, redirected)| began.min(redirected));
        let start = place_of(number, at.saturating_sub(began), self.events);
        if let Some(before) = self.open.remove(&event.connection) {
            self.connections[before].last = start.saturating_sub(1);
        }
        self.connections.push(Connection {
            opening,
            steps: Vec::new(),
            first: number,
            start,
            last: number,
            times: (began, at),
            longest_wait: Duration::ZERO,
            redirect: redirect.map(|(redirect, _)| redirect),
            received_pings: Vec::new(),
            is_lenient: false,
            has_violated: false,
            pings: Default::default(),
            close_frame: None,
            latest: at,
        });
        self.connections.len() - 1
    }

    fn failure(&mut self, number: usize, event: &'a Recorded, failure: &'a Failure) {
        if self.open.contains_key(&event.connection) {
            return;
        }
        let is_attempt = failure.attempt.is_some() || failure.kind == FailureKind::Connect;
        if is_no_handshake(failure) {
            self.not_web_socket.push(failure);
        } else if failure.kind == FailureKind::Handshake && failure.response.is_some() {
            self.begin(number, event, Some(Opening::Refused(event, failure)));
        } else if is_attempt {
            self.failed.push((event.connection, failure));
        }
    }

    fn redirect(&mut self, event: &'a Recorded, redirect: &'a Redirect) {
        self.redirects.entry(event.connection).or_insert((redirect, event.at.elapsed));
    }

    fn forget_attempt(&mut self, connection: Option<u64>) {
        if self.failed.pop_if(|(number, _)| *number == connection).is_some() {
            return;
        }
        self.connections.pop_if(|it| match &it.opening {
            Some(Opening::Refused(event, _)) => event.connection == connection,
            _ => false,
        });
    }

    fn traffic(&mut self, number: usize, event: &'a Recorded, what: &'a RecordedKind) {
        let index = match self.open.get(&event.connection) {
            Some(index) => *index,
            // The recording begins in the middle of a connection.
            None => {
                let index = self.begin(number, event, None);
                self.open.insert(event.connection, index);
                index
            }
        };
        let connection = &mut self.connections[index];
        connection.is_lenient |= matches!(what, RecordedKind::Tolerated(..));
        connection.has_violated |= matches!(what, RecordedKind::Violation(..));
        // What is masked is known to the client: it is not what the server gives it.
        if let RecordedKind::Ping(direction, data) = what
            && !(connection.is_sent(*direction) || data.is_masked)
        {
            connection.received_pings.push((number, data));
        }
        let has_violated = connection.has_violated;
        // A violation is detected again, before what is behind it.
        let step = connection.step(what).filter(|step| step.is_of_client() || !has_violated);
        let is_received = matches!(step, Some(Step::Received(_) | Step::ReceivedPong(_)));
        connection.note(event.at.elapsed, is_received);
        connection.last = number;
        connection.steps.extend(step.map(|step| (number, step)));
    }
}

impl Opening<'_> {
    /// How long it took, as far as that is known.
    fn took(&self) -> Duration {
        let timings = match self {
            Self::Opened(opened) => Some(&opened.timings),
            Self::Refused(_, failure) => {
                failure.attempt.as_ref().and_then(|attempt| attempt.timings.as_ref())
            }
        };
        timings.map(|timings| timings.total).unwrap_or_default()
    }
}

impl<'a> Connection<'a> {
    /// Whether the recording was made by the server.
    fn is_servers(&self) -> bool {
        match &self.opening {
            Some(Opening::Opened(opened)) => opened.initiator == Initiator::Peer,
            _ => false,
        }
    }

    fn is_sent(&self, direction: Direction) -> bool {
        (direction == Direction::Sent) != self.is_servers()
    }

    fn note(&mut self, at: Duration, is_received: bool) {
        let wait = at.saturating_sub(self.latest);
        self.latest = self.latest.max(at);
        self.times.1 = self.latest;
        if is_received {
            self.longest_wait = self.longest_wait.max(wait);
        }
    }

    fn step(&mut self, what: &'a RecordedKind) -> Option<Step<'a>> {
        match what {
            RecordedKind::Message(message) => Some(match self.is_sent(message.direction) {
                true => Step::Sent(message),
                false => Step::Received(message),
            }),
            RecordedKind::FileSent { path, size, .. } if !self.is_servers() => {
                Some(Step::SentFile(path, *size))
            }
            RecordedKind::Omitted(it) => Some(Step::Omitted(it, self.is_sent(it.direction))),
            RecordedKind::Ping(direction, data) => self.ping(self.is_sent(*direction), data),
            RecordedKind::Pong(direction, data, _) => self.pong(self.is_sent(*direction), data),
            _ => None,
        }
    }

    /// Pings of the server are answered without a step, and those that only keep a connection open need none.
    fn ping(&mut self, is_sent: bool, data: &'a RecordedControl) -> Option<Step<'a>> {
        let pings = &mut self.pings[usize::from(!is_sent)];
        if is_sent && data.starts_with(KEEPALIVE) {
            return None;
        }
        pings.push_back(data);
        if pings.len() > MAX_PINGS {
            pings.pop_front();
        }
        is_sent.then_some(Step::SentPing(data))
    }

    /// A pong of the client is a step if it answers no ping, one of the server if it answers one.
    fn pong(&mut self, is_sent: bool, data: &'a RecordedControl) -> Option<Step<'a>> {
        let pings = &mut self.pings[usize::from(is_sent)];
        let ping = pings.iter().position(|ping| *ping == &***data);
        if let Some(ping) = ping {
            pings.drain(..=ping);
        }
        match (is_sent, ping.is_some()) {
            (true, false) => Some(Step::SentPong(data)),
            (false, true) => Some(Step::ReceivedPong(data)),
            _ => None,
        }
    }

    fn end(&mut self, number: usize, at: Duration, closed: &'a Closed) {
        self.last = number;
        let ending = &closed.ending;
        let [sent, received] = closed.masked_reasons();
        let (sent, received) = ((&ending.sent, sent), (&ending.received, received));
        let ((ours, our_masked), (theirs, their_masked), is_ours_first) = match self.is_servers() {
            false => (sent, received, ending.initiator == Initiator::Local),
            true => (received, sent, ending.initiator == Initiator::Peer),
        };
        self.note(at, !is_ours_first || self.close_frame.is_some());
        if closed.is_initiator_unknown {
            self.steps.push((number, Step::EndedByEither(ending.code())));
            return;
        }
        if ending.violation.is_some() {
            return; // it is detected again, and no step can ask for it
        }
        if let Some(close) = ours.as_ref().filter(|_| is_ours_first) {
            let (place, number) = self.place_of_close(number);
            let reason = Reason { text: &close.reason, masked: our_masked };
            let step = Step::SentClose(close.code, reason);
            self.steps.insert(place, (number, step));
        }
        match theirs {
            // The violation is detected again, before its answer.
            _ if self.has_violated => {}
            Some(close) => {
                let code = close.code.unwrap_or(CloseCode::NO_STATUS);
                let reason = Reason { text: &close.reason, masked: their_masked };
                self.steps.push((number, Step::Ended(code, reason)));
            }
            // An end that this side brought about by itself is not repeated.
            None if ours.is_none() && !is_ours_first => {
                self.steps.push((number, Step::Ended(CloseCode::ABNORMAL, Reason::default())));
            }
            None => {}
        }
    }

    /// The place of the client's Close frame among the steps, and the number of its event: that of the end of the connection
    /// if it was not recorded for itself. Nothing that the client sent follows it.
    fn place_of_close(&self, end: usize) -> (usize, usize) {
        let Some(number) = self.close_frame else { return (self.steps.len(), end) };
        let is_before = |(other, step): &(usize, Step<'_>)| *other < number || step.is_of_client();
        let place = self.steps.iter().rposition(is_before).map_or(0, |last| last + 1);
        let last = place.checked_sub(1).map_or(number, |last| self.steps[last].0);
        (place, number.max(last))
    }
}

impl<'a> Step<'a> {
    /// Its text and the hashes of what was masked in it, if anything was.
    pub(super) fn masked_text(&self) -> Option<(&'a str, &'a [u64])> {
        match self {
            Self::Sent(it) | Self::Received(it) => {
                text_of(it).filter(|_| it.is_masked).map(|text| (text, &*it.secret_ids))
            }
            Self::SentPing(it) | Self::SentPong(it) | Self::ReceivedPong(it) => {
                let text = str::from_utf8(&it.data).ok().filter(|_| it.is_masked);
                text.map(|text| (text, &*it.secret_ids))
            }
            Self::SentClose(_, reason) | Self::Ended(_, reason) => {
                reason.masked.map(|ids| (reason.text, ids))
            }
            Self::SentFile(..) | Self::Omitted(..) | Self::EndedByEither(_) => None,
        }
    }

    /// Whether the client sent it.
    pub(super) fn is_of_client(&self) -> bool {
        match self {
            Self::Sent(_)
            | Self::SentFile(..)
            | Self::SentPing(_)
            | Self::SentPong(_)
            | Self::SentClose(..) => true,
            Self::Omitted(_, is_sent) => *is_sent,
            Self::Received(_)
            | Self::ReceivedPong(_)
            | Self::Ended(..)
            | Self::EndedByEither(_) => false,
        }
    }
}
