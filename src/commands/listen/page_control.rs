//! What the page can do with the clients of `wscope listen`.

use std::sync::Arc;

use super::clients::Recipients;
use super::operator::{no_client, try_push, url};
use super::server::{ClientEvent, Server};
use crate::commands::page::{About, OnlyActions, Unavailable};
use crate::input::Action;
use crate::input::queue::QueuedAction;
use crate::page::{Abilities, Hello, Mode, Payload, PayloadKind};
use crate::protocol::close::ClosePayload;
use crate::protocol::{MessageKind, Side};

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
        let data = payload.data.into();
        let action = match payload.kind {
            PayloadKind::Text => Action::Send(MessageKind::Text, data),
            PayloadKind::Binary => Action::Send(MessageKind::Binary, data),
            PayloadKind::Ping => Action::Ping(data),
            PayloadKind::Pong => Action::Pong(data),
            PayloadKind::Close => return Err("a Close frame is sent by closing".to_owned()),
        };
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
        self.0.shared.report(ClientEvent::Page(format!("close {number}{}", shown.trim_end())));
        Ok(())
    }
}
