//! The address that a server listens on, and the event loop that watches it.

use std::net::SocketAddr;

use mio::Interest;
use mio::net::TcpListener;

use super::failed;
use crate::error::Error;
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::platform::{Signals, limits};
use crate::protocol::handshake::ListenHosts;
use crate::server::{BoundListener, ListenError, bind};

/// A listening socket, and the reactor of the control loop, which watches it.
pub(in crate::commands) struct Listening {
    pub(in crate::commands) reactor: Reactor,
    pub(super) socket: TcpListener,
    /// The address of the socket.
    pub(in crate::commands) address: SocketAddr,
    /// How requests may name the server.
    pub(in crate::commands) hosts: ListenHosts,
}

impl Listening {
    /// Listens on the address that was given. From then on signals are handled by the loop.
    ///
    /// # Errors
    /// When the system refuses something; what `cannot_listen` makes of an address that cannot be listened on.
    pub(in crate::commands) fn start(
        address: &str,
        cannot_listen: fn(ListenError) -> Error,
    ) -> Result<Self, Error> {
        limits::raise_open_files();
        let signals = Signals::install().map_err(failed("signal handlers"))?;
        let reactor = Reactor::new(Some(signals)).map_err(failed("event loop"))?;
        let BoundListener { mut socket, address, hosts } = bind(address).map_err(cannot_listen)?;
        let registry = reactor.registry();
        registry
            .register(&mut socket, tokens::LISTENER, Interest::READABLE)
            .map_err(failed("event loop"))?;
        Ok(Self { reactor, socket, address, hosts })
    }
}
