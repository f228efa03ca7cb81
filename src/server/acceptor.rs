//! Accepts connections. Each has its own thread, which is started before the connection is accepted.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};

use super::handshake::AcceptedSocket;
use super::pending::{Evictions, HandshakeTable, Interrupter, PendingHandshake, TableFull};
use super::rejection::close_over_limit;
use super::{ReceiveOptions, Service};
use crate::net::{Reactor, Stream};

/// A listening socket whose connections are served by `S`.
pub struct Acceptor<S> {
    service: Arc<S>,
    listener: TcpListener,
    handshakes: Arc<HandshakeTable>,
    /// The clients use TLS: a refusal in plain text would not be understood.
    is_tls: bool,
    reserve: Option<Reserve>,
    /// Connections may be waiting: readiness is reported once.
    is_ready: bool,
    /// Nothing is accepted before this time.
    paused_until: Option<Instant>,
    /// The system had no descriptors, threads or memory left at the last attempt.
    is_exhausted: bool,
    /// When evictions were last reported.
    reported: Option<Instant>,
}

/// A thread, with the descriptors it needs, for the next connection: one is accepted only when it can be
/// served.
struct Reserve {
    interrupter: Interrupter,
    sender: SyncSender<(TcpStream, SocketAddr, PendingHandshake)>,
}

impl Reserve {
    fn new(service: Arc<impl Service>) -> io::Result<Self> {
        let mut reactor = Reactor::new(None)?;
        let interrupter = Interrupter::of(&mut reactor);
        let (sender, receiver) = sync_channel(1);
        let thread = thread::Builder::new().name("client".to_owned()).stack_size(STACK);
        thread.spawn(move || {
            if let Ok((tcp, remote, pending)) = receiver.recv() {
                service.serve(AcceptedSocket::new(tcp, remote, pending), &mut reactor);
            }
        })?;
        Ok(Self { interrupter, sender })
    }
}

/// The maximum number of connections accepted before the caller's other work.
const BUDGET: usize = 64;

/// The pause in accepting when the system has no resources left.
const PAUSE: Duration = Duration::from_millis(100);

/// The pause in accepting while threads start or end.
const SHORT_PAUSE: Duration = Duration::from_millis(2);

/// The minimum time between two reports of evictions.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// The stack size: enough for a session and for OpenSSL, as there is one for each client.
const STACK: usize = 256 << 10;

impl<S: Service> Acceptor<S> {
    /// Accepts from `listener`, which the caller's reactor watches.
    pub fn new(service: Arc<S>, listener: TcpListener, options: &ReceiveOptions) -> Self {
        Self {
            service,
            listener,
            handshakes: Arc::new(HandshakeTable::new(
                options.max_handshakes,
                options.refusal_headers.clone(),
            )),
            is_tls: options.tls.is_some(),
            reserve: None,
            is_ready: true,
            paused_until: None,
            is_exhausted: false,
            reported: None,
        }
    }

    /// Records that the listener's token was reported.
    pub fn set_ready(&mut self) {
        self.is_ready = true;
    }

    /// When to call [`Acceptor::accept_pending`] and [`Acceptor::take_evictions`] without readiness.
    pub fn deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        let accept = self.paused_until.or(self.is_ready.then_some(now));
        let report = self.handshakes.have_evicted().then(|| self.next_report().unwrap_or(now));
        accept.into_iter().chain(report).min()
    }

    fn next_report(&self) -> Option<Instant> {
        self.reported.map(|reported| reported + REPORT_INTERVAL)
    }

    /// The handshakes that were closed for newer connections since the last call, at most once a second
    /// unless it is the end.
    pub fn take_evictions(&mut self, is_end: bool) -> Option<Evictions> {
        if !is_end && self.next_report().is_some_and(|next| Instant::now() < next) {
            return None;
        }
        let evictions = self.handshakes.take_evictions()?;
        self.reported = Some(Instant::now());
        Some(evictions)
    }

    /// Accepts the connections that are waiting.
    ///
    /// # Errors
    /// Why none can be accepted for now, once each time this begins.
    pub fn accept_pending(&mut self) -> io::Result<()> {
        let was_exhausted = self.is_exhausted;
        if self.paused_until.is_some_and(|until| Instant::now() < until) {
            return Ok(());
        }
        for _ in 0..BUDGET {
            if self.handshakes.are_behind() {
                self.paused_until = Some(Instant::now() + SHORT_PAUSE);
                return Ok(());
            }
            match self.accept() {
                Ok(true) => (self.paused_until, self.is_exhausted) = (None, false),
                Ok(false) => {
                    self.is_ready = false;
                    (self.paused_until, self.is_exhausted) = (None, false);
                    return Ok(());
                }
                // The system reports its limits even if no connection is waiting.
                Err(_) if !is_client_waiting(&self.listener) => {
                    self.is_ready = false;
                    self.paused_until = None;
                    return Ok(());
                }
                Err(_) if self.handshakes.evict_for_system() => {
                    self.paused_until = Some(Instant::now() + SHORT_PAUSE);
                    return Ok(());
                }
                Err(error) => {
                    self.paused_until = Some(Instant::now() + PAUSE);
                    self.is_exhausted = true;
                    return if was_exhausted { Ok(()) } else { Err(error) };
                }
            }
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<bool> {
        let reserve = match self.reserve.take() {
            Some(reserve) => reserve,
            None => Reserve::new(Arc::clone(&self.service))?,
        };
        match self.listener.accept() {
            Ok((tcp, remote)) => {
                self.serve(tcp, remote, reserve);
                Ok(true)
            }
            Err(error) => {
                self.reserve = Some(reserve);
                after(error)
            }
        }
    }

    fn serve(&self, tcp: TcpStream, remote: SocketAddr, reserve: Reserve) {
        let Reserve { interrupter, sender } = reserve;
        match self.handshakes.begin(remote.ip(), interrupter) {
            // The thread only waits for it.
            Ok(pending) => drop(sender.send((tcp, remote, pending))),
            Err(TableFull) if self.is_tls => {}
            Err(TableFull) => {
                close_over_limit(Stream::Plain(tcp), false, self.handshakes.refusal_headers());
            }
        }
    }
}

/// Whether a connection is waiting to be accepted, as far as the system reports that.
#[cfg(unix)]
fn is_client_waiting(listener: &TcpListener) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&Timespec::default()))
        .map_or(true, |count| count > 0)
}

/// Whether a connection is waiting to be accepted: not known on this system.
#[cfg(not(unix))]
fn is_client_waiting(_: &TcpListener) -> bool {
    true
}

/// Whether more may be waiting after a connection that could not be accepted.
fn after(error: io::Error) -> io::Result<bool> {
    match error.kind() {
        io::ErrorKind::WouldBlock => Ok(false),
        // That one connection has ended.
        io::ErrorKind::Interrupted
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionReset => Ok(true),
        _ => Err(error),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_client_is_detected_without_accepting_it() {
        let listener = TcpListener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        assert!(!is_client_waiting(&listener));
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let is_seen = (0..1_000_000).any(|_| {
            thread::yield_now(); // the last segment of the handshake may not have arrived yet
            is_client_waiting(&listener)
        });
        assert!(is_seen);
        drop((client, listener.accept().unwrap()));
        assert!(!is_client_waiting(&listener));
    }
}
