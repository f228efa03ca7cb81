//! The observer of each client's messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::server::Server;
use crate::event::Message;
use crate::input::Action;
use crate::input::queue::QueuedAction;
use crate::observer::{Observed, Observer, ObserverResponse};
use crate::protocol::{Payload, large};

/// Counts the messages of a client, and relays them to other clients
/// (`--broadcast`).
pub(super) struct ClientObserver {
    server: Arc<Server>,
    number: u64,
    /// The number of messages that the client has sent.
    received: Arc<AtomicU64>,
}

impl ClientObserver {
    pub(super) fn new(server: Arc<Server>, number: u64, received: Arc<AtomicU64>) -> Self {
        Self { server, number, received }
    }

    fn on_message(&self, message: &Message<'_>, payload: Option<&Payload>) {
        let (server, kind) = (&self.server, message.kind);
        self.received.fetch_add(1, Ordering::Relaxed);
        if let Some(whom) = server.config.broadcast {
            let shared = match payload {
                Some(payload) => server.memory.share(payload.clone()),
                None => server.memory.share(large::copy(message.data)),
            };
            let outgoing = QueuedAction { action: Action::Send(kind, shared), typed: false };
            server.note_slow(server.clients.relay(self.number, whom, &outgoing));
            server.memory.enforce();
        }
        server.note_progress();
    }
}

impl Observer for ClientObserver {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        if let Some(message) = event.received_message() {
            self.on_message(message, event.payload);
        }
        ObserverResponse::default()
    }
}
