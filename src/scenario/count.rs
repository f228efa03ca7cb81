//! `--count N`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::observer::{Observed, Observer, ObserverResponse, Progress};

/// Met by a number of received data messages. Clones share one count.
#[derive(Clone, Debug)]
pub struct Count {
    target: u64,
    received: Arc<AtomicU64>,
}

impl Count {
    /// This many received data messages.
    pub fn new(target: u64) -> Self {
        Self { target, received: Arc::default() }
    }

    /// Whether enough messages have been received.
    pub fn is_reached(&self) -> bool {
        self.received() >= self.target
    }

    fn received(&self) -> u64 {
        self.received.load(Ordering::SeqCst)
    }
}

impl Observer for Count {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        if event.received_message().is_none() {
            return ObserverResponse::default();
        }
        let received = self.received.fetch_add(1, Ordering::SeqCst) + 1;
        ObserverResponse {
            is_decided: received >= self.target,
            surplus: received > self.target,
            ..ObserverResponse::default()
        }
    }

    fn progress(&self) -> Option<Progress> {
        Some(if self.is_reached() { Progress::Met } else { Progress::Open })
    }

    fn shortfall(&self) -> String {
        format!("{} of {} messages were received", self.received(), self.target)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::event::{EventKind, Message};
    use crate::protocol::MessageKind;

    #[test]
    fn a_count_is_reached_at_its_last_message() {
        let mut count = Count::new(2);
        let mut other = count.clone();
        let event = EventKind::Message(Message::received(MessageKind::Text, b""));
        let message = Observed { at: Instant::now(), event: &event, payload: None };
        assert_eq!(count.on_event(&message), ObserverResponse::default());
        assert_eq!(count.shortfall(), "1 of 2 messages were received");
        let decided = ObserverResponse { is_decided: true, ..ObserverResponse::default() };
        assert_eq!(other.on_event(&message), decided);
        assert_eq!((count.progress(), count.is_reached()), (Some(Progress::Met), true));
        assert_eq!(count.on_event(&message), ObserverResponse { surplus: true, ..decided });
    }
}
