//! `wscope listen`: accept clients, each with a session of its own in a thread of its own.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Interest, net::TcpStream as MioStream};

use super::displays;
use crate::config::ListenConfig;
use crate::error::Error;
use crate::event::{Clock, Event, HeadView, Level, Opened, What};
use crate::input::Action;
use crate::input::mailbox::{Postbox, mailbox};
use crate::net::reactor::tokens;
use crate::net::{Reactor, Stream, Timings};
use crate::output::{Outlet, Outputs};
use crate::platform::Signals;
use crate::protocol::CloseCode;
use crate::protocol::connection::{Connection, Options, Party, Role};
use crate::protocol::frame::Masks;
use crate::protocol::handshake::{Agreement, ServerOptions, answer};
use crate::protocol::head::{Head, MAX_HEAD, RequestLine, parse_request};
use crate::redact::Redaction;
use crate::session::{AfterInput, Journal, Plan, Session};

/// A client that has not sent its request by then is dropped.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a client may take to answer our Close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long all clients together may take when we leave.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// A received message over this many bytes closes its connection with 1009.
const MAX_MESSAGE_SIZE: u64 = 64 << 20;

/// Clients at a time; others are refused.
const MAX_CLIENTS: usize = 4096;

/// Listens until a signal comes.
///
/// # Errors
/// When the address cannot be listened on; the signal that ended it.
pub fn run(config: ListenConfig) -> Result<(), Error> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error| Error::System(what, error)
    };
    let signals = Signals::install().map_err(failed("signal handlers"))?;
    let mut reactor = Reactor::new(Some(signals)).map_err(failed("event loop"))?;
    let listener = bind(&config.address)?;
    let address = listener.local_addr().map_err(failed("listen"))?;
    let server = Arc::new(Server {
        options: ServerOptions { subprotocols: config.subprotocols.clone() },
        config,
        clock: Clock::start(),
        clients: Mutex::default(),
    });
    server.announce(address);
    let acceptor = Arc::clone(&server);
    thread::Builder::new()
        .name("acceptor".to_owned())
        .spawn(move || acceptor.accept(&listener))
        .map_err(failed("listen"))?;
    loop {
        reactor.wait(None).map_err(failed("event loop"))?;
        if let Some(signal) = reactor.take_signal() {
            server.dismiss();
            return Err(Error::Signal(signal));
        }
    }
}

fn bind(address: &str) -> Result<TcpListener, Error> {
    let bad = |error: io::Error| Error::Usage {
        message: format!("bad address {address:?}: {error}"),
        hint: None,
    };
    let addresses: Vec<SocketAddr> = address.to_socket_addrs().map_err(bad)?.collect();
    TcpListener::bind(addresses.as_slice())
        .map_err(|error| Error::System(format!("cannot listen on {address}"), error))
}

struct Server {
    options: ServerOptions,
    config: ListenConfig,
    clock: Clock,
    clients: Mutex<Vec<(u64, Postbox)>>,
}

impl Server {
    fn announce(&self, address: SocketAddr) {
        let mut outputs = self.outputs();
        let mut tell = |level, text: &str| {
            outputs.event(&Event {
                at: self.clock.now(),
                connection: None,
                what: What::Notice(level, text),
            });
        };
        tell(Level::Info, &format!("listening on ws://{address}/"));
        if !address.ip().is_loopback() {
            tell(Level::Warning, "this address can be reached from other machines");
        }
        let _ = outputs.flush(); // standard output is gone: there is nobody to tell
    }

    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        let numbers = AtomicU64::new(1);
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                // Out of descriptors, most likely: some will be free again.
                thread::sleep(Duration::from_millis(10));
                continue;
            };
            let (server, number) = (Arc::clone(self), numbers.fetch_add(1, Ordering::Relaxed));
            let thread = thread::Builder::new().name(format!("client {number}"));
            let _ = thread.spawn(move || server.serve(stream, number)); // without a thread the client is dropped
        }
    }

    fn serve(&self, stream: TcpStream, number: u64) {
        let mut outputs = self.outputs();
        let mut journal = Journal::new(&mut outputs, self.clock).for_connection(number);
        let problem = self.converse(stream, number, &mut journal).err();
        self.clients
            .lock()
            .map_or_else(|_| (), |mut clients| clients.retain(|(other, _)| *other != number));
        if let Some(problem) = problem {
            journal.tick();
            journal.tell(What::Notice(Level::Warning, &problem));
        }
        let _ = outputs.flush(); // as above
    }

    fn converse(
        &self,
        mut stream: TcpStream,
        number: u64,
        journal: &mut Journal<'_>,
    ) -> Result<(), String> {
        let text = |error: io::Error| error.to_string();
        let started = Instant::now();
        let remote = stream.peer_addr().map_err(text)?;
        let local = stream.local_addr().map_err(text)?;
        stream.set_nodelay(true).map_err(text)?;
        let (line, head, early) = read_request(&mut stream)?;
        let (response, agreement) = match answer(&self.options, &line, &head) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                let _ = stream.write_all(&refusal.response); // it may have gone already
                let list: Vec<_> = refusal.findings.iter().map(ToString::to_string).collect();
                return Err(format!("request from {remote} refused: {}", list.join("; ")));
            }
        };
        let (postbox, mut mail) = mailbox();
        self.admit(number, postbox)?;
        stream.write_all(response.bytes()).map_err(text)?;
        let opened = opened(remote, local, &line, &head, &response, agreement, started.elapsed());
        journal.tick();
        journal.tell(What::Open(&opened));
        let mut reactor = Reactor::new(None).map_err(text)?;
        stream.set_nonblocking(true).map_err(text)?;
        let mut stream = MioStream::from_std(stream);
        let interest = Interest::READABLE | Interest::WRITABLE;
        reactor.registry().register(&mut stream, tokens::SOCKET, interest).map_err(text)?;
        let connection = self.connection(&early);
        let session = Session::new(
            Stream::Plain(stream),
            connection,
            &mut reactor,
            &mut mail,
            journal.again(),
            self.plan(),
            &opened,
        );
        let report = session.run();
        journal.tick();
        journal.tell(What::Closed(&report.closed));
        Ok(())
    }

    fn admit(&self, number: u64, postbox: Postbox) -> Result<(), String> {
        let mut clients = self.clients.lock().map_err(|error| error.to_string())?;
        if clients.len() >= MAX_CLIENTS {
            return Err(format!("dropped: there are {MAX_CLIENTS} clients already"));
        }
        clients.push((number, postbox));
        Ok(())
    }

    /// Closes all connections, and waits a little for the closing handshakes.
    fn dismiss(&self) {
        let deadline = Instant::now() + LEAVE_TIMEOUT;
        let all = || self.clients.lock().map(|clients| clients.clone()).unwrap_or_default();
        for (_, postbox) in all() {
            postbox.post(Action::Close(Some(CloseCode::GOING_AWAY), None));
        }
        while !all().is_empty() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn connection(&self, early: &[u8]) -> Connection {
        let options = Options {
            role: Role::Server,
            max_message_size: MAX_MESSAGE_SIZE,
            close_timeout: Some(CLOSE_TIMEOUT),
            observe_frames: self.config.commentary.observes_frames(),
            lenient: false,
            deflate: None,
            masks: Masks::Fixed([0; 4]), // a server does not mask
        };
        Connection::new(options, early)
    }

    fn plan(&self) -> Plan {
        Plan {
            presets: VecDeque::new(),
            echo: self.config.echo,
            after_input: AfterInput::Stay,
            max_time: None,
            close_code: Some(CloseCode::NORMAL),
            close_reason: String::new(),
            goals: Vec::new(),
        }
    }

    fn outputs(&self) -> Outputs {
        displays::outputs(
            self.config.stdout,
            &self.config.commentary,
            Outlet::shared_stdout(),
            Outlet::shared_stderr(),
        )
    }
}

/// The request, and what came behind it.
fn read_request(stream: &mut TcpStream) -> Result<(RequestLine, Head, Vec<u8>), String> {
    let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
    let mut received = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match parse_request(&received) {
            Ok(Some((line, head))) => {
                received.drain(..head.bytes().len());
                return Ok((line, head, received));
            }
            Ok(None) => {}
            Err(error) => {
                let _ = stream.write_all(
                    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                );
                return Err(format!("bad request: {error}"));
            }
        }
        debug_assert!(received.len() <= MAX_HEAD + buffer.len());
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(format!("no whole request within {HANDSHAKE_TIMEOUT:?}"));
        }
        stream.set_read_timeout(Some(left)).map_err(|error| error.to_string())?;
        match stream.read(&mut buffer) {
            Ok(0) if received.is_empty() => return Err("it connected and hung up".to_owned()),
            Ok(0) => return Err("it hung up in the middle of its request".to_owned()),
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

fn opened(
    remote: SocketAddr,
    local: SocketAddr,
    line: &RequestLine,
    request: &Head,
    response: &Head,
    agreement: Agreement,
    took: Duration,
) -> Opened {
    let redaction = Redaction::Mask;
    Opened {
        initiator: Party::Peer,
        url: redaction.url(&format!("ws://{local}{}", line.target)).into_owned(),
        remote: remote.to_string(),
        local: local.to_string(),
        http_minor: line.minor_version,
        status: 101,
        reason: "Switching Protocols".to_owned(),
        request: HeadView::new(request, redaction),
        response: HeadView::new(response, redaction),
        offered: request.list("Sec-WebSocket-Protocol"),
        protocol: agreement.subprotocol,
        extensions: agreement.extensions,
        compression: agreement.deflate.map(|agreed| agreed.describe(Role::Server)),
        tls: None,
        timings: Timings { upgrade: Some(took), total: took, ..Timings::default() },
    }
}
