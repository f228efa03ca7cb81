//! The last received message, for `/full`.

use crate::event::Message;
use crate::observer::{Observed, Observer, ObserverResponse};
use crate::protocol::MessageKind;

/// Keeps a copy of the last received message.
#[derive(Debug, Default)]
pub(super) struct LastMessage {
    last: Option<(MessageKind, Vec<u8>)>,
}

impl LastMessage {
    pub(super) fn message(&self) -> Option<Message<'_>> {
        self.last.as_ref().map(|(kind, data)| Message::received(*kind, data))
    }
}

impl Observer for LastMessage {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        if let Some(message) = event.received_message() {
            self.last = Some((message.kind, message.data.to_vec()));
        }
        ObserverResponse::default()
    }
}
