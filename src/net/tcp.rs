//! TCP to the first of several addresses that answers (RFC 8305 section 5).

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Token};
use socket2::{Domain, Protocol, Socket, Type};

use super::reactor::{Deadline, Reactor, WaitError, tokens};
use super::route::LocalBinding;

mod cause;

use cause::Step;
pub use cause::TcpCause;

/// RFC 8305 section 8: the delay before the next address is tried at the same time.
const STAGGER: Duration = Duration::from_millis(250);

/// The maximum number of addresses that are tried.
const MAX_ADDRESSES: usize = 32;

/// A failed attempt, with the system's error.
#[derive(Debug)]
pub struct TcpFailure {
    /// The address.
    pub address: SocketAddr,
    /// What the error proves.
    pub cause: TcpCause,
    /// The system's error.
    pub error: io::Error,
}

impl TcpFailure {
    fn new(
        address: SocketAddr,
        step: Step,
        source: Option<&LocalBinding>,
        error: io::Error,
    ) -> Self {
        Self { address, cause: TcpCause::of(address, step, source, &error), error }
    }
}

/// Why connecting failed.
#[derive(Debug)]
pub enum ConnectError {
    /// Every address failed.
    Failed(Vec<TcpFailure>),
    /// The wait ended; these were still being tried, and those had failed.
    Wait(WaitError, Vec<SocketAddr>, Vec<TcpFailure>),
}

struct Attempt {
    address: SocketAddr,
    stream: TcpStream,
}

/// Connects to the first address that answers; the next one is tried after 250 ms or a failure.
///
/// # Errors
/// Which addresses failed, each with its reason.
pub fn connect(
    addresses: &[SocketAddr],
    source: Option<&LocalBinding>,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<(TcpStream, SocketAddr), ConnectError> {
    let mut race = Race { attempts: Vec::new(), failures: Vec::new() };
    let mut waiting = addresses.iter().take(MAX_ADDRESSES).enumerate();
    let mut next_start = Some(Instant::now());
    loop {
        if race.is_idle() || next_start.is_some_and(|start| Instant::now() >= start) {
            next_start = match waiting.next() {
                Some((index, address)) => {
                    race.start(index, *address, source, reactor);
                    Some(Instant::now() + STAGGER)
                }
                None if race.is_idle() => return Err(ConnectError::Failed(race.failures)),
                None => None,
            };
            continue;
        }
        match reactor.wait_for(deadline, next_start) {
            Ok(woken) => {
                if let Some(winner) = woken.attempts().find_map(|index| race.settle(index)) {
                    race.give_up(reactor);
                    return finish(winner, reactor);
                }
            }
            Err(error) => {
                let pending =
                    race.attempts.iter().flatten().map(|attempt| attempt.address).collect();
                return Err(ConnectError::Wait(error, pending, race.failures));
            }
        }
    }
}

struct Race {
    /// By index of the address; `None` once it has failed.
    attempts: Vec<Option<Attempt>>,
    failures: Vec<TcpFailure>,
}

impl Race {
    fn is_idle(&self) -> bool {
        self.attempts.iter().all(Option::is_none)
    }

    fn start(
        &mut self,
        index: usize,
        address: SocketAddr,
        source: Option<&LocalBinding>,
        reactor: &Reactor,
    ) {
        let token = Token(tokens::ATTEMPTS + index);
        let started = begin(address, source).and_then(|mut stream| {
            let registered = reactor.registry().register(&mut stream, token, Interest::WRITABLE);
            registered.map_err(|error| (Step::Connect, error))?;
            Ok(Attempt { address, stream })
        });
        match started {
            Ok(attempt) => self.attempts.push(Some(attempt)),
            Err((step, error)) => {
                self.attempts.push(None);
                self.failures.push(TcpFailure::new(address, step, source, error));
            }
        }
    }

    /// Checks an attempt that became ready; returns its stream if it is connected.
    fn settle(&mut self, index: usize) -> Option<Attempt> {
        let slot = self.attempts.get_mut(index)?;
        let attempt = slot.take()?;
        let error = match attempt.stream.take_error() {
            Ok(None) => match attempt.stream.peer_addr() {
                Ok(_) => return Some(attempt),
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                    *slot = Some(attempt);
                    return None;
                }
                Err(error) => error,
            },
            Ok(Some(error)) | Err(error) => error,
        };
        self.failures.push(TcpFailure::new(attempt.address, Step::Connect, None, error));
        None
    }

    fn give_up(&mut self, reactor: &Reactor) {
        for mut attempt in self.attempts.drain(..).flatten() {
            let _ = reactor.registry().deregister(&mut attempt.stream); // it is dropped anyway
        }
    }
}

/// Starts to connect, from the configured local end.
fn begin(
    address: SocketAddr,
    source: Option<&LocalBinding>,
) -> Result<TcpStream, (Step, io::Error)> {
    let connecting = |error| (Step::Connect, error);
    let Some(source) = source else { return TcpStream::connect(address).map_err(connecting) };
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP));
    let socket = socket.map_err(connecting)?;
    socket.set_nonblocking(true).map_err(connecting)?;
    let bound = match source {
        LocalBinding::Address(own) => socket.bind(&SocketAddr::new(*own, 0).into()),
        LocalBinding::Interface(name) => bind_to_interface(&socket, name),
    };
    bound.map_err(|error| (Step::Source, error))?;
    match socket.connect(&address.into()) {
        Err(error) if !is_in_progress(&error) => Err((Step::Connect, error)),
        _ => Ok(TcpStream::from_std(socket.into())),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn bind_to_interface(socket: &Socket, name: &str) -> io::Result<()> {
    socket.bind_device(Some(name.as_bytes()))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn bind_to_interface(_: &Socket, _: &str) -> io::Result<()> {
    let reason = "on this system --interface takes an address, not a name";
    Err(io::Error::new(io::ErrorKind::Unsupported, reason))
}

fn is_in_progress(error: &io::Error) -> bool {
    #[cfg(unix)]
    let in_progress = Some(rustix::io::Errno::INPROGRESS.raw_os_error());
    #[cfg(not(unix))]
    let in_progress = None;
    error.kind() == io::ErrorKind::WouldBlock
        || (in_progress.is_some() && error.raw_os_error() == in_progress)
}

fn finish(winner: Attempt, reactor: &Reactor) -> Result<(TcpStream, SocketAddr), ConnectError> {
    let Attempt { address, mut stream } = winner;
    let ready = stream.set_nodelay(true).and_then(|()| {
        let interest = Interest::READABLE | Interest::WRITABLE;
        reactor.registry().reregister(&mut stream, tokens::SOCKET, interest)
    });
    match ready {
        Ok(()) => Ok((stream, address)),
        Err(error) => {
            let failure = TcpFailure::new(address, Step::Connect, None, error);
            Err(ConnectError::Failed(vec![failure]))
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// A port that drops every SYN because its queue is full; with the sockets that keep it full.
    fn black_hole() -> (SocketAddr, Socket, Vec<TcpStream>) {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).expect("socket");
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).expect("bind");
        listener.listen(0).expect("listen");
        let address = listener.local_addr().expect("address").as_socket().expect("IP");
        let queue = (0..4).map(|_| TcpStream::connect(address).expect("started")).collect();
        (address, listener, queue)
    }

    #[test]
    fn an_address_without_an_answer_delays_the_next_by_250_ms() {
        let (dead, _listener, _queue) = black_hole();
        let alive = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("bind");
        let alive = alive.local_addr().expect("address");
        let mut reactor = Reactor::new(None).expect("poll");
        let started = Instant::now();
        let deadline = Deadline::after(Some(Duration::from_secs(10)));
        let (_, winner) = connect(&[dead, alive], None, &mut reactor, deadline).expect("connected");
        assert_eq!(winner, alive);
        let took = started.elapsed();
        assert!((STAGGER..Duration::from_secs(5)).contains(&took), "{took:?}");
    }

    #[test]
    fn an_address_without_an_answer_is_named_at_the_deadline() {
        let (dead, _listener, _queue) = black_hole();
        let mut reactor = Reactor::new(None).expect("poll");
        let deadline = Deadline::after(Some(Duration::from_millis(100)));
        match connect(&[dead], None, &mut reactor, deadline) {
            Err(ConnectError::Wait(WaitError::TimedOut, pending, failures)) => {
                assert_eq!((pending, failures.len()), (vec![dead], 0));
            }
            other => panic!("{other:?}"),
        }
    }
}
