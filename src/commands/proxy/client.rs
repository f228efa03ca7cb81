//! One client in a thread of its own: its requests, and what they lead to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Host;

use super::connections::{NotAdmitted, Record};
use super::server::Server;
use crate::commands::displays::Failures;
use crate::event::{EventKind, HttpExchange, Level, Mask};
use crate::net::exchange::Exchange;
use crate::net::{Deadline, Reactor};
use crate::output::{Outputs, finish_and_drain};
use crate::protocol::TransportEnd;
use crate::protocol::forward::{Refused, RequestKind, forward};
use crate::protocol::head::{Head, RequestLine};
use crate::proxy::{CutOff, End, Orders};
use crate::redact::{Redaction, Secrets};
use crate::server::{
    AcceptError, AcceptedSocket, Received, ReceivedRequest, Service, receive_request,
};
use crate::session::Journal;
use failure::{refusal, unreadable};
use upstream::Upstream;

mod failure;
mod unopened;
mod upstream;
mod websocket;

/// A client, with what its requests share.
struct Client<'a> {
    server: &'a Arc<Server>,
    reactor: &'a mut Reactor,
    journal: Journal<'a>,
    number: u64,
    remote: SocketAddr,
    stream: Option<End>,
    /// The address that it is connected to.
    local: Host,
    orders: Arc<Orders>,
    /// A connection to the server that may serve another request.
    upstream: Option<Upstream>,
}

/// A request of a client.
struct ClientRequest {
    line: RequestLine,
    head: Head,
    /// What was received after the head.
    early: Vec<u8>,
    /// When it was received.
    at: Instant,
    /// What is masked in all that is shown about it.
    secrets: Secrets,
}

/// What follows a request.
enum After {
    /// Another request, of which these bytes are received.
    Request(Vec<u8>),
    /// Nothing.
    End,
}

/// How long a client may take for its next request on a connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a client may go on sending, or take to end its direction, once it was answered for the last time.
const LINGER: Duration = Duration::from_secs(1);

impl Service for Server {
    fn serve(self: Arc<Self>, socket: AcceptedSocket, reactor: &mut Reactor) {
        // With --once the failure is that of the program, which reports it.
        let failures = if self.config.once { Failures::None } else { Failures::Each };
        let mut outputs = self.shared.outputs(failures, &reactor.waker(), false);
        match socket.receive(&self.receive, reactor) {
            Ok(received) => self.serve_client(received, reactor, &mut outputs),
            Err(mut rejected) => {
                if let Some(failure) = unreadable(&rejected, &self) {
                    let number = self.shared.next_number(); // only reported connections are numbered
                    let journal = Journal::new(&mut outputs, self.shared.clock);
                    journal.for_connection(number).emit(EventKind::Failure(&failure));
                    outputs.flush_early(); // what does not fit is written at the end
                }
                rejected.respond(reactor);
            }
        }
        finish_and_drain(&mut outputs, reactor);
    }
}

impl Server {
    fn serve_client(
        self: &Arc<Self>,
        received: Received,
        reactor: &mut Reactor,
        outputs: &mut Outputs,
    ) {
        let Received { remote, request, stream, pending, .. } = received;
        pending.admit(reactor);
        let number = self.shared.next_number();
        let orders = Arc::new(Orders::new(reactor.waker()));
        reactor.interrupt_on(orders.interruption());
        let record = Record::new(number, remote, Arc::clone(&orders));
        let admitted = self.connections.admit(self.config.capacity.clients, record);
        let local = stream.local_address().and_then(|it| it.parse::<SocketAddr>().ok());
        let local = match local.map(|address| address.ip().to_canonical()) {
            Some(std::net::IpAddr::V6(ip)) => Host::Ipv6(ip),
            Some(std::net::IpAddr::V4(ip)) => Host::Ipv4(ip),
            None => Host::Domain("localhost".to_owned()),
        };
        let journal = Journal::new(outputs, self.shared.clock).for_connection(number).in_transit();
        let mut client = Client {
            server: self,
            reactor,
            journal,
            number,
            remote,
            stream: Some(End::new(stream)),
            local,
            orders,
            upstream: None,
        };
        let request = client.request(request);
        match admitted {
            Ok(()) => client.run(request),
            Err(why) => client.answer(Some(&request), &self.not_admitted(why)),
        }
        drop(client);
        finish_and_drain(outputs, reactor); // before the end of the run need not wait for it any more
        self.connections.remove(number);
        let _ = self.shared.waker().wake(); // the end of the run may have waited for it
    }

    fn not_admitted(&self, why: NotAdmitted) -> Refused {
        let clients = self.config.capacity.clients;
        Refused::new(
            503,
            match why {
                NotAdmitted::Full => format!("there are {clients} clients already (--max-clients)"),
                NotAdmitted::Last if self.config.once => {
                    "only one connection is served (--once)".to_owned()
                }
                NotAdmitted::Last => "no more connections are served (--connections)".to_owned(),
                NotAdmitted::Ending => "the proxy is ending".to_owned(),
            },
        )
    }
}

impl Client<'_> {
    fn run(&mut self, mut request: ClientRequest) {
        while let After::Request(early) = self.handle(request) {
            self.journal.outputs().flush_early();
            let Some(end) = &mut self.stream else { return };
            let deadline = Deadline::after(Some(KEEP_ALIVE));
            match receive_request(end.stream(), early, self.reactor, deadline) {
                Ok(received) => {
                    end.assume_ready();
                    request = self.request(received);
                }
                Err(AcceptError::Unreadable(error)) => {
                    return self.answer(None, &Refused::unreadable(&error));
                }
                Err(_) => return, // it sends no more requests
            }
        }
    }

    fn request(&self, received: ReceivedRequest) -> ClientRequest {
        let ReceivedRequest { line, head, early } = received;
        let redaction = self.server.config.redaction;
        let secrets = Secrets::of_request(redaction, &line.target, head.lenient().fields());
        let secrets = match redaction {
            Redaction::Mask => secrets.and(self.server.config.secrets.clone()),
            Redaction::Show => secrets,
        };
        ClientRequest { line, head, early, at: Instant::now(), secrets }
    }

    fn handle(&mut self, request: ClientRequest) -> After {
        let forwarded = forward(&self.server.forward, &self.local, &request.line, &request.head);
        if forwarded.as_ref().is_ok_and(|forwarded| forwarded.withholds_credentials) {
            self.warn_of_page(&request);
        }
        match forwarded {
            Ok(forwarded) if forwarded.kind == RequestKind::WebSocket => {
                self.open(request, forwarded)
            }
            Ok(forwarded) => self.relay_http(request, forwarded),
            Err(refused) => {
                self.answer(Some(&request), &refused);
                After::End
            }
        }
    }

    /// Says that a page of another site asked for a connection: it is not given the user's credentials.
    fn warn_of_page(&mut self, request: &ClientRequest) {
        let value = |name| request.head.value(name).filter(|value| !value.trim().is_empty());
        let whose = match (value("Origin"), value("Host")) {
            (Some(origin), _) => format!("a page of {origin}"),
            (None, Some(host)) => format!("a page of another site, or for another host ({host})"),
            (None, None) => "a page of another site".to_owned(),
        };
        let text = format!("{whose} made this request: the credentials given here were not added");
        let text = request.secrets.mask_text(text);
        self.journal.emit_now(EventKind::Notice(Level::Warning, &text));
    }

    /// Answers a request in place of the server, and ends the connection.
    fn answer(&mut self, request: Option<&ClientRequest>, refused: &Refused) {
        let is_websocket = request.is_some_and(|request| {
            request.line.method == "GET" && request.head.value("Upgrade").is_some()
        });
        match request {
            Some(request) if !is_websocket => {
                self.emit_http(request, Some(refused.status), Some(refused.reason.clone()));
            }
            _ => {
                let failure = refusal(self, request, refused);
                self.journal.emit_now(EventKind::Failure(&failure));
            }
        }
        self.respond(request, refused);
    }

    /// Sends a response of our own, and ends the connection.
    fn respond(&mut self, request: Option<&ClientRequest>, refused: &Refused) {
        self.journal.outputs().flush_early();
        let Some(end) = &mut self.stream else { return };
        let deadline = Deadline::after(Some(LINGER));
        let response = refused.response(request.map(|request| &request.line));
        let mut exchange = Exchange::new(end.stream(), self.reactor);
        if exchange.write_all(&response.bytes(), deadline).is_ok() {
            exchange.linger(deadline);
        }
        self.stream = None;
    }

    fn emit_http(&mut self, request: &ClientRequest, status: Option<u16>, note: Option<String>) {
        let mask = Mask::new(self.server.config.redaction, &request.secrets);
        let exchange = HttpExchange {
            method: request.line.method.clone(),
            target: mask.url(&request.line.target),
            status,
            duration: request.at.elapsed(),
            note: note.map(|note| mask.text(note)),
        };
        self.journal.emit_now(EventKind::Http(&exchange));
    }

    /// Ends our direction to the client, which was answered for the last time.
    fn finish(&mut self) {
        if let Some(mut end) = self.stream.take() {
            let deadline = Deadline::after(Some(LINGER));
            Exchange::new(end.stream(), self.reactor).linger(deadline);
        }
    }

    /// Ends the connection to the client as the server has ended its own. It is reset where an orderly end could complete
    /// a response of which a part is missing.
    fn end_as(&mut self, end: &TransportEnd) {
        if *end == TransportEnd::Eof {
            return self.finish();
        }
        if let Some(end) = &mut self.stream {
            end.abort();
        }
        self.stream = None;
    }

    /// The same, behind a part of a response.
    fn cut_off(&mut self, why: &CutOff) {
        match why {
            CutOff::Server(end) => self.end_as(end),
            CutOff::Body(_) | CutOff::Request(_) | CutOff::System(_) => {
                self.end_as(&TransportEnd::Reset);
            }
        }
    }
}
