//! One client in a thread of its own: the opening handshake, the session, what came of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use mio::net::TcpStream;

use super::clients::{Entry, NotAdmitted};
use super::failure::{
    RefusedRequest, TOO_MANY_HANDSHAKES, failed, forced_close, secrets_of, unavailable,
};
use super::handshakes::Pending;
use super::page;
use super::server::{ClientEvent, Server};
use super::streams::hand_over;
use crate::commands::displays::Failures;
use crate::commands::verdict::{Limits, note_end, verdict};
use crate::config::Stdout;
use crate::error::Error;
use crate::event::{EventKind, Failure, HeadView, Hop, InterimView, Level, Opened};
use crate::input::mailbox::{Mailbox, mailbox};
use crate::net::accept::{
    AcceptError, Asked, accept, read_request, send_away, send_away_at_once, write,
};
use crate::net::malformed::objections;
use crate::net::tls::TlsInfo;
use crate::net::{Deadline, Reactor, Stream, Timings};
use crate::output::Outputs;
use crate::output::human::Detail;
use crate::protocol::connection::{Connection, Initiator};
use crate::protocol::deflate::DeflateParams;
use crate::protocol::handshake::{Agreement, Response, answer, expects_continue, resource_name};
use crate::protocol::head::Head;
use crate::protocol::memory::Account;
use crate::protocol::vocabulary::Role;
use crate::redact::Redaction;
use crate::session::{Journal, Report, Session};

/// A client whose request has been accepted.
struct AcceptedClient {
    number: u64,
    stream: Stream,
    mail: Mailbox,
    early: Vec<u8>,
    opened: Opened,
    /// Lines of its request that are not header fields.
    objections: Option<String>,
    deflate: Option<DeflateParams>,
    received: Arc<AtomicU64>,
    account: Account,
}

/// A connection of which comes no client, and what there is to tell.
enum Rejection {
    Failed(Box<Failure>),
    /// A request that is nobody's fault was answered.
    Answered(String),
    Unnoticed,
}

/// A connection on its way to be a client.
struct Arrival<'a> {
    server: &'a Server,
    pending: &'a Pending,
    remote: SocketAddr,
    reactor: &'a mut Reactor,
    deadline: Deadline,
    started: Instant,
}

impl Server {
    /// Serves what has connected from `remote` until it has gone.
    pub(super) fn serve(
        self: &Arc<Self>,
        tcp: TcpStream,
        remote: SocketAddr,
        mut reactor: Reactor,
        pending: Pending,
    ) {
        pending.start();
        let mut outputs = self.outputs(Failures::Each, &reactor.waker());
        let deadline = Deadline::after(self.config.handshake_timeout);
        let started = Instant::now();
        let mut arrival = Arrival {
            server: self,
            pending: &pending,
            remote,
            reactor: &mut reactor,
            deadline,
            started,
        };
        match arrival.handshake(tcp, &mut outputs) {
            Ok(client) => {
                drop(pending);
                reactor.interrupt_on(Arc::default()); // a client is not evicted for a new connection
                self.run_client(client, &mut reactor);
            }
            Err(rejection) => {
                self.emit_rejection(&rejection, &mut outputs);
                hand_over(&mut outputs, &mut reactor);
            }
        }
    }

    /// Tells why there comes no client. Only what may matter to somebody takes a number.
    fn emit_rejection(&self, rejection: &Rejection, outputs: &mut Outputs) {
        let mut journal = Journal::new(outputs, self.clock);
        match rejection {
            Rejection::Unnoticed => return,
            Rejection::Answered(text) => journal.emit(EventKind::Notice(Level::Info, text)),
            Rejection::Failed(failure) => {
                journal.for_connection(self.next_number()).emit(EventKind::Failure(failure));
            }
        }
        let _ = outputs.flush(); // what finds no room is handed over at the end
    }

    /// Works with a client until it has gone.
    fn run_client(self: &Arc<Self>, mut client: AcceptedClient, reactor: &mut Reactor) {
        // With --once the failure is that of the program, which tells it.
        let failures = if self.config.once { Failures::None } else { Failures::Each };
        let mut outputs = self.outputs(failures, &reactor.waker());
        let number = client.number;
        let mut journal = Journal::new(&mut outputs, self.clock).for_connection(number);
        journal.emit(EventKind::Open(&client.opened));
        if let Some(text) = &client.objections {
            journal.emit(EventKind::Notice(Level::Warning, text));
        }
        let early = std::mem::take(&mut client.early);
        let mut report = Session::new(
            client.stream,
            Connection::new(self.connection_options(client.deflate), &early)
                .charge_to(&client.account),
            reactor,
            &mut client.mail,
            journal.again(),
            self.plan(number, client.received),
            &client.opened,
        )
        .run();
        self.clients.remove(number);
        if report.leave_by.is_some() || report.is_shut_down {
            self.note_lost(&report.lost);
        }
        journal.tick();
        let forced = match () {
            () if client.mail.is_overrun() => Some(ForcedClose::TooSlow),
            () if client.account.is_revoked() => Some(ForcedClose::OverMemory),
            () => None,
        };
        let verdict = self.judge(&mut report, forced, &mut journal);
        let mut charge = client.account.charge();
        charge.set(outputs.held());
        hand_over(&mut outputs, reactor);
        self.report(ClientEvent::Gone(verdict));
        self.clients.finish();
        let _ = self.waker().wake(); // the control loop may have been waiting for this
    }

    fn describe(&self, reason: ForcedClose) -> String {
        let capacity = &self.config.capacity;
        match reason {
            ForcedClose::TooSlow => {
                format!("too slow: {} MiB were waiting", capacity.backlog >> 20)
            }
            ForcedClose::OverMemory => format!(
                "over --max-memory ({} bytes for all clients): this client held the most",
                capacity.memory
            ),
        }
    }

    fn judge(
        &self,
        report: &mut Report,
        forced: Option<ForcedClose>,
        journal: &mut Journal<'_>,
    ) -> Result<(), Error> {
        if !self.config.once {
            report.goals.clear(); // they are those of all clients together
        }
        let limits = Limits { max_time: None, close_timeout: self.config.close_timeout };
        note_end(report);
        let verdict = verdict(report, limits);
        journal.emit(EventKind::Closed(&report.closed));
        let mut failure = verdict.as_ref().err().and_then(Error::failure);
        if let Some(reason) = forced.filter(|_| report.closed.ending.violation.is_none()) {
            failure = Some(forced_close(failure, &self.describe(reason)));
        }
        if let Some(failure) = failure {
            journal.emit(EventKind::Failure(&failure));
        }
        verdict
    }
}

/// Why we ended a connection.
#[derive(Clone, Copy)]
enum ForcedClose {
    /// Too much was waiting for it.
    TooSlow,
    /// It held the most of the memory that all together may hold.
    OverMemory,
}

/// What is sent before the final response to a client that waits for it (RFC 9110 section 10.1.1).
fn interim_response(asked: &Asked) -> Option<Head> {
    let is_expected = expects_continue(&asked.line, &asked.head);
    is_expected.then(|| Head::build("HTTP/1.1 100 Continue", &[]))
}

/// Ends a connection whose place another has taken.
fn close_evicted(stream: Stream, has_begun: bool) -> Rejection {
    send_away_at_once(stream, &unavailable(TOO_MANY_HANDSHAKES), has_begun);
    Rejection::Unnoticed
}

impl Arrival<'_> {
    fn handshake(
        &mut self,
        tcp: TcpStream,
        outputs: &mut Outputs,
    ) -> Result<AcceptedClient, Rejection> {
        let acceptor = self.server.config.tls.as_ref();
        let (mut stream, tls) = accept(tcp, acceptor, self.reactor, self.deadline)
            .map_err(|error| self.rejection(&error, None))?;
        let tls_took = tls.is_some().then(|| self.started.elapsed());
        let asked = match read_request(&mut stream, self.reactor, self.deadline) {
            Ok(asked) => asked,
            Err(error) => return Err(self.reject(stream, &error, outputs)),
        };
        if !self.pending.set_answered() {
            return Err(close_evicted(stream, true));
        }
        let config = &self.server.config;
        let judged = asked.head.judged(config.lenient);
        let (response, agreement) = match answer(&config.handshake, &asked.line, &judged) {
            Ok(accepted) => accepted,
            Err(refusal) => {
                if let Some(page) = page::answer(&refusal, &asked.line, &asked.head) {
                    return Err(self.show(stream, &page));
                }
                let refused = RefusedRequest::new(self.remote, &asked, config.redaction);
                let reason = refused.reason(&refusal, &judged);
                let failure = refused.failure(&refusal.response, (&reason, refusal.hint));
                return Err(self.refuse(stream, &refusal.response, failure, outputs));
            }
        };
        let (number, mail, received, account) = match self.admit(&asked, &agreement) {
            Ok(admitted) => admitted,
            Err(why) => return Err(self.refuse_for_now(stream, &asked, why, outputs)),
        };
        let mut bytes = response.bytes().to_vec();
        if let Some(head) = interim_response(&asked) {
            bytes.splice(..0, head.bytes().iter().copied());
        }
        if let Err(error) = write(&mut stream, &bytes, self.reactor, self.deadline) {
            self.server.clients.withdraw(number);
            return Err(self.failure(&error, None));
        }
        let mut timings =
            Timings { tls: tls_took, total: self.started.elapsed(), ..Timings::default() };
        timings.upgrade = Some(timings.total - tls_took.unwrap_or_default());
        let deflate = agreement.deflate;
        let opened = self.opened(&stream, &asked, &response, agreement, tls, timings);
        let objections = objections(&asked.head, config.redaction, &opened.secrets)
            .map(|lines| format!("{lines}: ignored (--lenient)"));
        Ok(AcceptedClient {
            number,
            stream,
            mail,
            early: asked.early,
            opened,
            objections,
            deflate,
            received,
            account,
        })
    }

    fn admit(
        &self,
        asked: &Asked,
        agreement: &Agreement,
    ) -> Result<(u64, Mailbox, Arc<AtomicU64>, Account), NotAdmitted> {
        let server = self.server;
        let (queue, mail) = mailbox(server.config.capacity.backlog, server.waker());
        let (discarded, waker) = (queue.clone(), self.reactor.waker());
        let account = server.memory.open(move || {
            discarded.discard();
            let _ = waker.wake(); // its session is at its end
        });
        queue.charge_to(&account);
        let received = Arc::new(AtomicU64::new(0));
        let number =
            server.clients.admit(server.config.capacity.clients, server.config.once, || Entry {
                number: server.next_number(),
                queue,
                remote: self.remote,
                target: server
                    .config
                    .redaction
                    .url(&resource_name(&asked.line.target))
                    .into_owned(),
                protocol: agreement.subprotocol.clone(),
                since: Instant::now(),
                received: Arc::clone(&received),
                greetings: server.config.greeting.len() as u64,
                echoes: server.config.echo,
            })?;
        server.report(ClientEvent::Come);
        Ok((number, mail, received, account))
    }

    /// A request that cannot be read is answered all the same, if there is anybody to read it.
    fn reject(&mut self, stream: Stream, error: &AcceptError, outputs: &mut Outputs) -> Rejection {
        if let AcceptError::Evicted(received) = error {
            return close_evicted(stream, *received > 0);
        }
        if !self.pending.set_answered() {
            return close_evicted(stream, true);
        }
        let response = match error {
            AcceptError::Unreadable(error) => Some(Response::to_unreadable(error)),
            AcceptError::TimedOut(1..) => {
                Some(Response::text(408, &[], "no whole request came in time\n"))
            }
            _ => None,
        };
        let rejection = self.rejection(error, response.as_ref());
        self.server.emit_rejection(&rejection, outputs);
        if let Some(response) = response {
            let _ = send_away(stream, &response, self.reactor); // it has been told
        }
        Rejection::Unnoticed
    }

    fn refuse(
        &mut self,
        stream: Stream,
        response: &Response,
        failure: Box<Failure>,
        outputs: &mut Outputs,
    ) -> Rejection {
        self.server.emit_rejection(&Rejection::Failed(failure), outputs);
        let _ = send_away(stream, response, self.reactor); // it has been told
        Rejection::Unnoticed
    }

    fn refuse_for_now(
        &mut self,
        stream: Stream,
        asked: &Asked,
        why: NotAdmitted,
        outputs: &mut Outputs,
    ) -> Rejection {
        let config = &self.server.config;
        let reason = match why {
            NotAdmitted::Ending => "the server is shutting down".to_owned(),
            NotAdmitted::Full if config.once => "only one client is served (--once)".to_owned(),
            NotAdmitted::Full => format!("there are {} clients already", config.capacity.clients),
        };
        let response = unavailable(&reason);
        let refused = RefusedRequest::new(self.remote, asked, config.redaction);
        self.refuse(stream, &response, refused.failure(&response, (&reason, None)), outputs)
    }

    fn show(&mut self, stream: Stream, page: &Response) -> Rejection {
        let is_page = page.status == 200;
        match send_away(stream, page, self.reactor) {
            Ok(()) if is_page => {
                Rejection::Answered(format!("a browser at {} was shown the page", self.remote))
            }
            _ => Rejection::Unnoticed, // an icon, or a window closed at once
        }
    }

    /// Load balancers and browsers connect without wanting anything: told on demand only.
    fn rejection(&self, error: &AcceptError, response: Option<&Response>) -> Rejection {
        let is_verbose = self.server.config.commentary.detail >= Detail::Control;
        let is_json = matches!(self.server.config.stdout, Stdout::Json { .. });
        match error {
            AcceptError::Ended(_, 0) if !is_verbose && !is_json => Rejection::Unnoticed,
            AcceptError::Evicted(_) => Rejection::Unnoticed, // the control loop warns of all together
            error => self.failure(error, response),
        }
    }

    fn failure(&self, error: &AcceptError, response: Option<&Response>) -> Rejection {
        let redaction = self.server.config.redaction;
        let limit = self.server.handshake_limit();
        Rejection::Failed(failed(error, self.remote, limit, response, redaction))
    }

    fn opened(
        &self,
        stream: &Stream,
        asked: &Asked,
        response: &Head,
        agreement: Agreement,
        tls: Option<TlsInfo>,
        timings: Timings,
    ) -> Opened {
        let redaction = self.server.config.redaction;
        let local = stream.local_address().unwrap_or_default();
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        let resource = resource_name(&asked.line.target);
        let url = format!("{scheme}://{local}{resource}");
        let secrets = secrets_of(asked, redaction);
        let said = |text: String| secrets.mask_text(text);
        let interim = interim_response(asked).map(|head| InterimView {
            from: Hop::Server,
            status: 100,
            reason: "Continue".to_owned(),
            head: HeadView::new(&head, redaction),
        });
        Opened {
            initiator: Initiator::Peer,
            url: redaction.url(&url).into_owned(),
            remote: self.remote.to_string(),
            proxy: None,
            local,
            http_minor: asked.line.minor_version,
            status: 101,
            reason: "Switching Protocols".to_owned(),
            request: HeadView::new(&asked.head, redaction).without(&secrets),
            interim: interim.into_iter().collect(),
            has_credentials: !Redaction::credentials(&resource, asked.head.fields()).is_empty(),
            response: HeadView::new(response, redaction).without(&secrets),
            offered: asked.head.list("Sec-WebSocket-Protocol").into_iter().map(said).collect(),
            protocol: agreement.subprotocol.map(said),
            extensions: agreement.extensions,
            compression: agreement.deflate.map(|agreed| agreed.describe(Role::Server)),
            tls,
            timings,
            secrets,
        }
    }
}
