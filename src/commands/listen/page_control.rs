//! What the page can do with the clients of `wscope listen`.

use std::sync::Arc;

use super::clients::Recipients;
use super::operator::{no_client, try_push, url};
use super::server::{ClientEvent, Server};
use crate::commands::page::{About, OnlyActions, Unavailable, action_of};
use crate::input::Action;
use crate::input::queue::QueuedAction;
use crate::page::{Abilities, Hello, Mode, Payload};
use crate::protocol::Side;
use crate::protocol::close::ClosePayload;

/// What the page of this server is about.
pub(super) fn about(server: &Arc<Server>, address: std::net::SocketAddr) -> About {
    let clients_url = url("ws", &server.config, address);
    let hello = Hello {
        mode: Mode::Listen,
        title: format!("listen {address}"),
        clients_url: Some(clients_url),
        target: None,
        can: Abilities {
            send: vec![Side::Client],
            close: vec![Side::Client],
            hold: false,
            rules: false,
        },
    };
    let server = Arc::clone(server);
    About {
        hello,
        control: Arc::new(move || Box::new(Unavailable(ToClients(Arc::clone(&server))))),
    }
}

/// Sends to clients, through their queues.
struct ToClients(Arc<Server>);

impl OnlyActions for ToClients {
    fn send(&mut self, connection: Option<u64>, to: Side, payload: Payload) -> Result<(), String> {
        if to != Side::Client {
            return Err("this program is the server: messages can be sent to clients".to_owned());
        }
        let action = action_of(payload)?;
        let recipients = connection.map_or(Recipients::All, Recipients::One);
        let action = self.0.charge(action);
        try_push(&self.0, recipients, &QueuedAction { action, typed: false })
    }

    fn close(&mut self, connection: Option<u64>, close: ClosePayload) -> Result<(), String> {
        let Some(number) = connection else { return Err("no client is chosen".to_owned()) };
        if !self.0.clients.has(number) {
            return Err(no_client(number));
        }
        let ClosePayload { code, reason } = close;
        let shown = code.map(|code| format!(" {} {reason}", code.get())).unwrap_or_default();
        let action = Action::Close(code, Some(reason));
        let queued = QueuedAction { action, typed: false };
        try_push(&self.0, Recipients::One(number), &queued)?;
        self.0.shared.report(ClientEvent::Page(format!("/close {number}{}", shown.trim_end())));
        Ok(())
    }
}
