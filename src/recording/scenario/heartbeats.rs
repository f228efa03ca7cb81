//! Messages that a server sends at regular intervals whatever the client does: a scenario ignores them.

use std::collections::HashMap;
use std::time::Duration;

use super::session::{Connection, Step};
use crate::protocol::MessageKind;
use crate::recording::Recorded;

/// How often the same message has to come.
const LEAST: usize = 3;

/// The shortest interval; what comes faster is no heartbeat.
const SHORTEST: Duration = Duration::from_millis(100);

/// How much longer than the shortest interval the longest may be, in percent.
const TOLERANCE: u32 = 50;

/// A longer message is none, in bytes.
const LONGEST: usize = 1024;

/// How many messages of a connection are looked at.
const MAX_DIFFERENT: usize = 10_000;

/// How many are found: each is an option, with which each received message is compared.
const MAX_FOUND: usize = 20;

/// The texts of such messages on a connection, in the order in which they came first. There are
/// only a few of them.
pub(super) fn heartbeats<'a>(connection: &Connection<'a>, events: &[Recorded]) -> Vec<&'a str> {
    let mut seen: HashMap<&'a str, Seen> = HashMap::new();
    let mut is_answer = false;
    for (number, step) in &connection.steps {
        match step {
            Step::Received(message) if message.kind == MessageKind::Text => {
                let text = str::from_utf8(&message.data).ok().filter(|it| it.len() <= LONGEST);
                let has_room = seen.len() < MAX_DIFFERENT;
                if let Some(text) = text.filter(|it| has_room || seen.contains_key(it)) {
                    let seen = seen.entry(text).or_default();
                    seen.first = seen.first.min(*number);
                    seen.times.push(events[*number].at.elapsed);
                    seen.answers += usize::from(is_answer);
                }
            }
            _ => {}
        }
        is_answer = matches!(step, Step::Sent(_));
    }
    let mut found: Vec<_> = seen.into_iter().filter(|(_, seen)| seen.is_regular()).collect();
    found.sort_by_key(|(_, seen)| seen.first);
    found.into_iter().take(MAX_FOUND).map(|(text, _)| text).collect()
}

/// A message that was received.
struct Seen {
    first: usize,
    times: Vec<Duration>,
    /// How often it came directly behind a message of the client: then it may be the answer.
    answers: usize,
}

impl Default for Seen {
    fn default() -> Self {
        Self { first: usize::MAX, times: Vec::new(), answers: 0 }
    }
}

impl Seen {
    fn is_regular(&self) -> bool {
        let gaps = || self.times.windows(2).map(|pair| pair[1].saturating_sub(pair[0]));
        let (Some(shortest), Some(longest)) = (gaps().min(), gaps().max()) else { return false };
        self.times.len() >= LEAST
            && self.answers * 2 < self.times.len()
            && shortest >= SHORTEST
            && longest * 100 <= shortest * (100 + TOLERANCE)
    }
}
