//! The server's side of new connections: listening, accepting, the opening handshake, refusals.
//!
//! A command provides a [`Service`], which an [`Acceptor`] runs in a thread for each connection. There,
//! [`AcceptedSocket::read_request`] and [`Handshake::accept`] lead to an [`AcceptedClient`], or to a
//! [`Rejected`] connection. Both are plain data: the command reports them and decides who is admitted.
//! A command that is not the server itself uses [`AcceptedSocket::receive`], which judges nothing.

use std::sync::Arc;
use std::time::Duration;

use crate::net::Reactor;
use crate::net::accept::TlsAcceptor;
use crate::protocol::handshake::ServerOptions;
use crate::protocol::head::HeaderLine;

mod acceptor;
mod address;
mod handshake;
mod listener;
mod pending;
mod rejection;
mod request;
#[cfg(test)]
mod tests;

pub use acceptor::Acceptor;
pub use handshake::{AcceptedClient, AcceptedSocket, Handshake, Received};
pub use listener::{BoundListener, ListenError, bind, bind_with_default_port};
pub use pending::{Evictions, Network, PendingHandshake};
pub use rejection::{Rejected, Rejection, StaticAnswer};
pub use request::{AcceptError, ReceivedRequest, receive_request};

/// How connections become clients of a WebSocket server.
#[derive(Clone, Debug)]
pub struct AcceptOptions {
    /// How their requests are received.
    pub receive: ReceiveOptions,
    /// Who may connect, and what is negotiated.
    pub rules: ServerOptions,
    /// Lines of a request that are not header fields are ignored.
    pub lenient: bool,
}

/// How requests are received.
#[derive(Clone, Debug)]
pub struct ReceiveOptions {
    /// For wss.
    pub tls: Option<TlsAcceptor>,
    /// Limit on everything up to the end of the opening handshake.
    pub time_limit: Option<Duration>,
    /// Unfinished handshakes at a time, each with a thread.
    pub max_handshakes: usize,
    /// What the response to those over that limit has beside its own fields.
    pub refusal_headers: Vec<HeaderLine>,
}

/// Handles accepted connections.
pub trait Service: Send + Sync + 'static {
    /// Serves a connection, in a thread of its own, until it is over.
    fn serve(self: Arc<Self>, socket: AcceptedSocket, reactor: &mut Reactor);
}
