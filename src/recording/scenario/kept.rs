//! The events that a scenario is made from, in bounded memory.

use std::collections::{BTreeSet, HashMap};

use crate::protocol::{MessageKind, Opcode};
use crate::recording::{Recorded, RecordedKind};

/// How much of a recording becomes a scenario, in bytes of events, which have some beside their payload. What is written has at most seven times as many, which is
/// less than the largest file that `check` reads.
pub const MAX_EVENTS: usize = 8 << 20;

/// The first events of a recording, as many as fit.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    events: Vec<Recorded>,
    size: usize,
    /// How many of them are data messages that a scenario can express.
    messages: u64,
    /// The first event of the connection that each number of the recording stands for now: its place in `events`.
    begun: HashMap<Option<u64>, usize>,
    /// Those of connections whose messages a proxy did not just pass on.
    touched: BTreeSet<usize>,
    /// One did not fit: none behind it is kept.
    is_full: bool,
}

impl Kept {
    /// Whether nothing more fits.
    pub(super) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Keeps an event if it fits. Frames are passed over: a scenario has none, and of a Close frame only its place.
    pub(super) fn push(&mut self, event: Recorded) {
        if matches!(&event.what, RecordedKind::Frame(frame) if frame.header.opcode != Opcode::Close)
        {
            return;
        }
        let size = event.size();
        if self.is_full() || self.size.saturating_add(size) > MAX_EVENTS {
            self.is_full = true;
            return;
        }
        self.size += size;
        self.messages += u64::from(is_expressible(&event));
        match event.what {
            RecordedKind::Open(_) => drop(self.begun.insert(event.connection, self.events.len())),
            _ => drop(self.begun.entry(event.connection).or_insert(self.events.len())),
        }
        self.events.push(event);
    }

    /// A proxy did not just pass on a message of this connection.
    pub(super) fn note_touched(&mut self, connection: Option<u64>) {
        self.touched.extend(self.begun.get(&connection));
    }

    /// The places of the first events of connections whose messages a proxy did not just pass on.
    pub(super) fn touched(&self) -> &BTreeSet<usize> {
        &self.touched
    }

    pub(super) fn events(&self) -> &[Recorded] {
        &self.events
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages
    }
}

/// Whether it is a message that has a step in a scenario: a text that is not UTF-8 has none.
pub(super) fn is_expressible(event: &Recorded) -> bool {
    match &event.what {
        RecordedKind::Message(message) if message.kind == MessageKind::Text => {
            str::from_utf8(&message.data).is_ok()
        }
        _ => event.is_message(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recording::ndjson::parse_event;
    use crate::recording::replay::testing::events;

    #[test]
    fn all_that_is_kept_counts() {
        let long = "a".repeat(MAX_EVENTS);
        let end = format!("end self 1000 1000 {long}");
        let event = |members: &str| {
            let line = format!(r#"{{"event":{members}}}"#);
            parse_event(line.as_bytes()).expect("an event").expect("a known one")
        };
        let retry = event(&format!(r#""retry","attempt":1,"delay_ms":1,"reason":"{long}""#));
        let failure = event(&format!(r#""error","kind":"abnormal","message":"{long}""#));
        for event in events(&[&end]).into_iter().chain([retry, failure]) {
            let mut kept = Kept::default();
            kept.push(event);
            assert!(kept.events().is_empty() && kept.is_full());
        }
    }
}
