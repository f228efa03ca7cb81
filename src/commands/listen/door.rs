//! Where clients come in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};

use super::failure::{TOO_MANY_HANDSHAKES, unavailable};
use super::handshakes::{Interrupt, NoPlace, Pending};
use super::server::Server;
use crate::net::accept::{is_client_waiting, send_away_at_once};
use crate::net::{Reactor, Stream};

/// The listening socket.
pub(super) struct Door {
    server: Arc<Server>,
    listener: TcpListener,
    spare: Option<Spare>,
    /// Clients may be waiting: readiness is announced once.
    is_ready: bool,
    /// Nothing is accepted before.
    closed_until: Option<Instant>,
    /// The system had no descriptors, threads or memory left when last asked.
    is_exhausted: bool,
    /// When the user was last warned of handshakes that were closed.
    warned: Option<Instant>,
}

/// A thread for the next client: one is accepted only when there is what it takes to serve it.
struct Spare {
    interrupt: Interrupt,
    arrivals: SyncSender<(TcpStream, SocketAddr, Pending)>,
}

impl Spare {
    fn new(server: &Arc<Server>) -> io::Result<Self> {
        let mut reactor = Reactor::new(None)?;
        let interrupt = Interrupt::of(&mut reactor);
        let server = Arc::clone(server);
        let (arrivals, next) = sync_channel(1);
        let thread = thread::Builder::new().name("client".to_owned()).stack_size(STACK);
        thread.spawn(move || {
            if let Ok((tcp, remote, pending)) = next.recv() {
                server.serve(tcp, remote, reactor, pending);
            }
        })?;
        Ok(Self { interrupt, arrivals })
    }
}

/// Clients let in before anything else gets its turn.
const BUDGET: usize = 64;

/// How long nobody is let in when the system has nothing left to serve them with.
const REST: Duration = Duration::from_millis(100);

/// How long the threads that were started, or have to end, get to do so.
const SHORT_REST: Duration = Duration::from_millis(2);

/// The least time between two warnings of handshakes that were closed.
const WARNING_INTERVAL: Duration = Duration::from_secs(1);

/// Enough for a session and for OpenSSL; a thousand clients are a thousand of these.
const STACK: usize = 256 << 10;

impl Door {
    pub(super) fn new(server: Arc<Server>, listener: TcpListener) -> Self {
        Self {
            server,
            listener,
            spare: None,
            is_ready: true,
            closed_until: None,
            is_exhausted: false,
            warned: None,
        }
    }

    /// Takes note that the listener's token was announced.
    pub(super) fn set_ready(&mut self) {
        self.is_ready = true;
    }

    /// When to look again without being told.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        let accept = self.closed_until.or(self.is_ready.then_some(now));
        let warn =
            self.server.handshakes.have_evicted().then(|| self.next_warning().unwrap_or(now));
        accept.into_iter().chain(warn).min()
    }

    fn next_warning(&self) -> Option<Instant> {
        self.warned.map(|warned| warned + WARNING_INTERVAL)
    }

    /// What to tell of handshakes that were closed for others, at most once a second unless it is the end.
    pub(super) fn take_warning(&mut self, is_end: bool) -> Option<String> {
        if !is_end && self.next_warning().is_some_and(|next| Instant::now() < next) {
            return None;
        }
        let warning = self.server.handshakes.take_warning()?;
        self.warned = Some(Instant::now());
        Some(warning)
    }

    /// Lets clients in.
    ///
    /// # Errors
    /// Why not, once for each time that it begins to be so.
    pub(super) fn accept_pending(&mut self) -> io::Result<()> {
        let was_exhausted = self.is_exhausted;
        if self.closed_until.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        for _ in 0..BUDGET {
            if self.server.handshakes.are_behind() {
                self.closed_until = Some(Instant::now() + SHORT_REST);
                return Ok(());
            }
            match self.accept() {
                Ok(true) => (self.closed_until, self.is_exhausted) = (None, false),
                Ok(false) => {
                    self.is_ready = false;
                    (self.closed_until, self.is_exhausted) = (None, false);
                    return Ok(());
                }
                // The system says so before it looks whether anybody is waiting.
                Err(_) if !is_client_waiting(&self.listener) => {
                    self.is_ready = false;
                    self.closed_until = None;
                    return Ok(());
                }
                Err(_) if self.server.handshakes.evict_for_system() => {
                    self.closed_until = Some(Instant::now() + SHORT_REST);
                    return Ok(());
                }
                Err(error) => {
                    self.closed_until = Some(Instant::now() + REST);
                    self.is_exhausted = true;
                    return if was_exhausted { Ok(()) } else { Err(error) };
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<bool> {
        let spare = match self.spare.take() {
            Some(spare) => spare,
            None => Spare::new(&self.server)?,
        };
        match self.listener.accept() {
            Ok((tcp, remote)) => {
                self.serve(tcp, remote, spare);
                Ok(true)
            }
            Err(error) => {
                self.spare = Some(spare);
                after(error)
            }
        }
    }

    fn serve(&mut self, tcp: TcpStream, remote: SocketAddr, spare: Spare) {
        let Spare { interrupt, arrivals } = spare;
        match self.server.handshakes.begin(remote.ip(), interrupt) {
            // The thread does nothing but wait for it.
            Ok(pending) => drop(arrivals.send((tcp, remote, pending))),
            Err(NoPlace) => self.send_away(tcp),
        }
    }

    /// Ends a connection for which there is no place.
    fn send_away(&self, tcp: TcpStream) {
        if self.server.config.tls.is_none() {
            send_away_at_once(Stream::Plain(tcp), &unavailable(TOO_MANY_HANDSHAKES), false);
        }
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
