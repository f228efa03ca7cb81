//! Statistics of a recording, in bounded memory.

mod histogram;
mod traffic;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use crate::event::{FailureKind, Stamp};
use crate::protocol::vocabulary::Direction;
use crate::recording::{Belonging, Labels, Recorded, RecordedKind};
use crate::view::Latencies;

pub use histogram::Histogram;
pub use traffic::{Packed, Traffic};

/// How many connections have numbers of their own.
pub const MAX_CONNECTIONS: usize = 1000;

/// How many bytes are kept of a URL or of a message of a failure.
const MAX_TEXT: usize = 1 << 10;

/// What a recording, or a connection of it, has.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// What was received.
    pub received: Traffic,
    /// What was sent.
    pub sent: Traffic,
    /// Microseconds between requests and their answers with the same `id` in JSON.
    pub latency: Histogram,
    /// Microseconds between pings and their pongs.
    pub rtt: Histogram,
    /// Pings of both sides.
    pub pings: u64,
    /// Pongs of both sides.
    pub pongs: u64,
    /// How often connections ended with each close code.
    pub closes: BTreeMap<u16, u64>,
    /// Failures of each kind, with the first message.
    pub failures: Vec<(FailureKind, u64, String)>,
    /// Violations of the protocol that were tolerated.
    pub tolerated: u64,
    /// The time by the clock of the first event.
    pub started: Option<SystemTime>,
    /// The time from the first to the last event. Where a recording begins again, it goes on; time that an earlier run
    /// has covered is not counted twice.
    pub duration: Duration,
    /// The time of the last event.
    last: Option<Duration>,
    /// The latest time by the clock.
    latest: Option<SystemTime>,
    /// Where a recording has begun again: until when earlier runs have covered the time.
    covered: Option<SystemTime>,
}

/// A connection.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// Its number, if the recording has it.
    pub number: Option<u64>,
    /// What `--entry` calls it.
    pub label: String,
    /// Its URL, or the start of it; empty if that was not recorded.
    pub url: String,
    /// What it has.
    pub stats: Stats,
}

/// Statistics of a recording.
#[derive(Debug, Default)]
pub struct Statistics {
    /// All connections together.
    pub total: Stats,
    /// The first connections, in the order in which they were opened.
    pub connections: Vec<Connection>,
    /// How many connections there are.
    pub count: u64,
    latencies: Latencies,
    labels: Labels,
}

impl Statistics {
    /// Adds an event.
    pub fn add(&mut self, event: &Recorded) {
        let latency = event.message().and_then(|message| {
            let (direction, data) = (message.direction, &message.data);
            self.latencies.observe(event.connection, direction, data, event.at.elapsed)
        });
        self.total.add(event, latency);
        if let Some(index) = self.place(event)
            && let Some(connection) = self.connections.get_mut(index)
        {
            match &event.what {
                RecordedKind::Open(opened) => connection.url = start(&opened.url),
                RecordedKind::Failure(failure) if connection.url.is_empty() => {
                    let attempt = failure.attempt.as_ref();
                    connection.url = attempt.map(|it| start(&it.url)).unwrap_or_default();
                }
                _ => {}
            }
            connection.stats.add(event, latency);
        }
    }

    /// The connection of an event.
    fn place(&mut self, event: &Recorded) -> Option<usize> {
        if matches!(event.what, RecordedKind::Http(_)) {
            return None; // it is not a WebSocket connection
        }
        match self.labels.belonging(event) {
            Belonging::Current(place) => Some(place),
            Belonging::Nothing => None,
            Belonging::Begins => {
                let (place, label) = self.labels.begin(event.connection);
                self.count += 1;
                if place < MAX_CONNECTIONS {
                    let number = event.connection;
                    let connection = Connection { number, label, ..Connection::default() };
                    self.connections.push(connection);
                }
                Some(place)
            }
        }
    }
}

impl Stats {
    fn add(&mut self, event: &Recorded, latency: Option<Duration>) {
        let at = event.at.elapsed;
        self.started.get_or_insert(event.at.wall);
        self.advance(event.at);
        if let Some(latency) = latency {
            self.latency.add(micros(latency));
        }
        match &event.what {
            RecordedKind::Message(message) => {
                self.traffic(message.direction).add_message(at, message);
            }
            RecordedKind::FileSent { size, .. } => self.sent.add(at, *size),
            RecordedKind::Omitted(it) => self.traffic(it.direction).add(at, it.size),
            RecordedKind::Ping(..) => self.pings += 1,
            RecordedKind::Pong(_, _, rtt) => {
                self.pongs += 1;
                rtt.iter().for_each(|rtt| self.rtt.add(micros(*rtt)));
            }
            RecordedKind::Closed(closed) => {
                *self.closes.entry(closed.ending.code().get()).or_default() += 1;
            }
            RecordedKind::ProxyClosed(closed) => {
                *self.closes.entry(closed.code().get()).or_default() += 1;
            }
            RecordedKind::Failure(failure) => {
                match self.failures.iter_mut().find(|(kind, ..)| *kind == failure.kind) {
                    Some((_, count, _)) => *count += 1,
                    None => self.failures.push((failure.kind, 1, start(&failure.message))),
                }
            }
            RecordedKind::Tolerated(..) => self.tolerated += 1,
            RecordedKind::Open(_)
            | RecordedKind::Violation(..)
            | RecordedKind::CloseFrame(..)
            | RecordedKind::Decided(_)
            | RecordedKind::Http(_)
            | RecordedKind::Frame(_)
            | RecordedKind::Redirect(_)
            | RecordedKind::Retry(_) => {}
        }
    }

    fn advance(&mut self, Stamp { wall, elapsed }: Stamp) {
        let last = self.last.replace(elapsed).unwrap_or(elapsed);
        match elapsed.checked_sub(last) {
            Some(step) => {
                let since_covered = |until| wall.duration_since(until).unwrap_or_default();
                let new = self.covered.map_or(step, |until| step.min(since_covered(until)));
                self.duration = self.duration.saturating_add(new);
            }
            None => self.covered = self.latest.filter(|_| has_clock(wall)),
        }
        self.latest = self.latest.max(Some(wall));
    }

    fn traffic(&mut self, direction: Direction) -> &mut Traffic {
        match direction {
            Direction::Received => &mut self.received,
            Direction::Sent => &mut self.sent,
        }
    }
}

/// Whether the time by the clock was recorded: without it a recording begins at the epoch.
fn has_clock(wall: SystemTime) -> bool {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    wall.duration_since(SystemTime::UNIX_EPOCH).is_ok_and(|since| since > YEAR)
}

/// A duration in microseconds, at most the largest number.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// The start of a text.
fn start(text: &str) -> String {
    text[..text.floor_char_boundary(MAX_TEXT)].to_owned()
}

#[cfg(test)]
mod tests;
