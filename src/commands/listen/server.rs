//! The state that all clients of a server share.

use std::time::Duration;

use super::clients::Clients;
use super::mock::Mock;
use crate::commands::serving::{Served, Shared};
use crate::config::ListenConfig;
use crate::error::Error;
use crate::input::{Action, Shutdown};
use crate::protocol::CloseCode;
use crate::protocol::connection::ConnectionOptions;
use crate::protocol::deflate::DeflateParams;
use crate::protocol::frame::Masks;
use crate::protocol::memory::Budget;
use crate::protocol::vocabulary::Role;
use crate::scenario::Count;
use crate::server::ReceiveOptions;

/// The state that the control loop and the threads of all clients share.
pub(super) struct Server {
    pub(super) config: ListenConfig,
    /// What it has in common with the servers of other commands.
    pub(super) shared: Shared<ClientEvent>,
    pub(super) clients: Clients,
    /// The limit on the memory of all connections together.
    pub(super) memory: Budget,
    /// Messages from all clients, if they are counted.
    pub(super) count: Option<Count>,
    /// The recorded server that is played for each client.
    pub(super) mock: Option<Mock>,
}

/// What clients report to the control loop.
#[derive(Debug)]
pub(super) enum ClientEvent {
    /// One was admitted.
    Admitted,
    /// One has ended, with this result.
    Ended(Result<(), Error>),
    /// One is closed because its queue was over the limit.
    TooSlow(u64),
    /// The number of messages of `--count` was received.
    CountReached,
    /// The page did this.
    Page(String),
}

impl Served for Server {
    type Report = ClientEvent;

    fn shared(&self) -> &Shared<ClientEvent> {
        &self.shared
    }

    fn receive_options(&self) -> &ReceiveOptions {
        &self.config.accept.receive
    }

    fn shut_down(&self, code: CloseCode, shutdown: Shutdown) {
        self.clients.shut_down(code, shutdown);
    }

    fn have_finished(&self) -> bool {
        self.clients.have_finished()
    }
}

impl Server {
    /// One that plays the recorded server `mock` for each client, if given.
    pub(super) fn new(
        config: ListenConfig,
        shared: Shared<ClientEvent>,
        mock: Option<Mock>,
    ) -> Self {
        Self {
            count: config.count.map(Count::new),
            memory: Budget::new(config.capacity.memory),
            config,
            shared,
            clients: Clients::default(),
            mock,
        }
    }

    pub(super) fn handshake_limit(&self) -> Duration {
        self.config.accept.receive.time_limit.unwrap_or_default()
    }

    pub(super) fn note_slow(&self, numbers: Vec<u64>) {
        for number in numbers {
            self.shared.report(ClientEvent::TooSlow(number));
        }
    }

    /// Charges the payload of an action, which several clients may share, to the memory of the server.
    pub(super) fn charge(&self, mut action: Action) -> Action {
        if let Some(payload) = action.payload_mut() {
            *payload = self.memory.share(std::mem::take(payload));
        }
        action
    }

    pub(super) fn note_progress(&self) {
        if self.count.as_ref().is_some_and(Count::is_reached) {
            self.shared.report(ClientEvent::CountReached);
        }
    }

    pub(super) fn connection_options(&self, deflate: Option<DeflateParams>) -> ConnectionOptions {
        ConnectionOptions {
            role: Role::Server,
            max_message_size: self.config.capacity.message,
            close_timeout: self.config.close_timeout,
            observe_frames: self.config.commentary.observes_frames(self.config.ui.as_ref()),
            lenient: self.config.accept.lenient,
            deflate,
            masks: Masks::Fixed([0; 4]), // a server does not mask
        }
    }
}
