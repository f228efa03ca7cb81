//! Where clients come in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};

use super::server::Server;
use crate::net::Reactor;

/// The listening socket.
pub(super) struct Door {
    server: Arc<Server>,
    listener: TcpListener,
    /// For the next client: one is accepted only when there is what it takes to serve it.
    spare: Option<Reactor>,
    /// Clients may be waiting: readiness is announced once.
    is_ready: bool,
    /// Out of descriptors or memory: some may be free again then.
    closed_until: Option<Instant>,
}

/// Clients let in before anything else gets its turn.
const BUDGET: usize = 64;

/// How long nobody is let in when the system has nothing left to serve them with.
const REST: Duration = Duration::from_millis(100);

/// Enough for a session and for OpenSSL; a thousand clients are a thousand of these.
const STACK: usize = 256 << 10;

impl Door {
    pub(super) fn new(server: Arc<Server>, listener: TcpListener) -> Self {
        Self { server, listener, spare: None, is_ready: true, closed_until: None }
    }

    /// Takes note that the listener's token was announced.
    pub(super) fn set_ready(&mut self) {
        self.is_ready = true;
    }

    /// When to look again without being told.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.closed_until.or_else(|| self.is_ready.then(Instant::now))
    }

    /// Lets clients in.
    ///
    /// # Errors
    /// Why not, once for each time that it begins to be so.
    pub(super) fn let_in(&mut self) -> io::Result<()> {
        let was_closed = self.closed_until.is_some();
        if self.closed_until.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        for _ in 0..BUDGET {
            match self.accept() {
                Ok(true) => self.closed_until = None,
                Ok(false) => {
                    self.is_ready = false;
                    self.closed_until = None;
                    return Ok(());
                }
                Err(error) => {
                    self.closed_until = Some(Instant::now() + REST);
                    return if was_closed { Ok(()) } else { Err(error) };
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<bool> {
        let reactor = match self.spare.take() {
            Some(reactor) => reactor,
            None => Reactor::new(None)?,
        };
        match self.listener.accept() {
            Ok((stream, remote)) => self.serve(stream, remote, reactor).map(|()| true),
            Err(error) => {
                self.spare = Some(reactor);
                after(error)
            }
        }
    }

    fn serve(&self, stream: TcpStream, remote: SocketAddr, reactor: Reactor) -> io::Result<()> {
        // Beyond that it is an attack, or might as well be.
        let Some(pending) = self.server.begin_handshake() else { return Ok(()) };
        let server = Arc::clone(&self.server);
        let thread = thread::Builder::new().name("client".to_owned()).stack_size(STACK);
        thread.spawn(move || server.serve(stream, remote, reactor, pending)).map(|_| ())
    }
}

/// Whether to go on after a client that could not be accepted.
fn after(error: io::Error) -> io::Result<bool> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(false),
        // That one client has gone.
        io::ErrorKind::Interrupted
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset => Ok(true),
        _ => Err(error),
    }
}
