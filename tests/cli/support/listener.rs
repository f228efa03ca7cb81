//! A server whose connections the test itself accepts, to drive both ends of a proxy step by step.

use std::net::Ipv4Addr;
use std::sync::Arc;

use socket2::{Domain, Socket, Type};

use super::{DEADLINE, Peer};

/// A listening socket on a free port of 127.0.0.1.
pub struct Listener(Socket);

impl Listener {
    /// Listens on any free port.
    #[track_caller]
    pub fn new() -> Self {
        Self::on(0)
    }

    /// Listens on this port, which a dropped listener had.
    #[track_caller]
    pub fn on(port: u16) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_reuse_address(true).expect("SO_REUSEADDR");
        let address = std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        socket.bind(&address.into()).expect("a free address");
        socket.listen(64).expect("a listening socket");
        socket.set_read_timeout(Some(DEADLINE)).expect("a time limit");
        Self(socket)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        let address = self.0.local_addr().expect("the address of a listening socket");
        address.as_socket().expect("a TCP socket").port()
    }

    /// `ws://127.0.0.1:PORT`, without a path.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port())
    }

    /// The next connection.
    #[track_caller]
    pub fn accept(&self) -> Peer {
        match self.0.accept() {
            Ok((socket, _)) => Peer::accepted(socket, Arc::default()),
            Err(error) => panic!("no connection within {DEADLINE:?}: {error}"),
        }
    }

    /// No connection waits to be accepted.
    #[track_caller]
    pub fn expect_none(&self) {
        self.0.set_nonblocking(true).expect("a socket that does not block");
        let accepted = self.0.accept();
        self.0.set_nonblocking(false).expect("a socket that blocks");
        assert!(accepted.is_err(), "an unexpected connection");
    }
}
