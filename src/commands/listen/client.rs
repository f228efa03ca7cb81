//! One client in a thread of its own: the opening handshake, the session, its result.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use super::clients::{ClientRecord, NotAdmitted};
use super::failure::{RefusedRequest, failed, forced_close, secrets_of};
use super::mock::{ClientMock, Mock, MockSource};
use super::observer::ClientObserver;
use super::page;
use super::server::{ClientEvent, Server};
use crate::commands::displays::Failures;
use crate::commands::verdict::{TimeLimits, verdict};
use crate::config::Stdout;
use crate::error::Error;
use crate::event::{EventKind, Failure, Hop, InterimView, Level, Mask, Opened};
use crate::input::Action;
use crate::input::queue::{QueuedActions, client_queue};
use crate::net::Reactor;
use crate::net::malformed::objections;
use crate::observer::Observer;
use crate::output::human::Detail;
use crate::output::{Outputs, finish_and_drain};
use crate::protocol::CloseCode;
use crate::protocol::connection::{Connection, Initiator};
use crate::protocol::handshake::resource_name;
use crate::protocol::keepalive::KeepaliveTimes;
use crate::protocol::memory::Account;
use crate::protocol::vocabulary::Role;
use crate::redact::Redaction;
use crate::server::{
    AcceptError, AcceptedClient, AcceptedSocket, Handshake, Rejected, Rejection, Service,
};
use crate::session::{AfterInput, Echo, Journal, Plan, Report, Session};

/// A client's entry in the table of all clients.
struct Admission {
    number: u64,
    actions: QueuedActions,
    received: Arc<AtomicU64>,
    account: Account,
    /// What a recorded server answers this client.
    mock: Option<ClientMock>,
}

impl Service for Server {
    fn serve(self: Arc<Self>, socket: AcceptedSocket, reactor: &mut Reactor) {
        match self.handshake(socket, reactor) {
            Ok((client, admission)) => self.run_client(client, admission, reactor),
            Err(mut rejected) => {
                let mut outputs = self.shared.outputs(Failures::Each, &reactor.waker(), false);
                self.reject(&mut rejected, reactor, &mut outputs);
                finish_and_drain(&mut outputs, reactor);
            }
        }
    }
}

impl Server {
    fn handshake(
        &self,
        socket: AcceptedSocket,
        reactor: &mut Reactor,
    ) -> Result<(AcceptedClient, Admission), Box<Rejected>> {
        let handshake = socket.read_request(&self.config.accept, page::answer, reactor)?;
        let admission = match self.admit(&handshake, reactor) {
            Ok(admission) => admission,
            Err(why) => return Err(handshake.refuse_for_now(self.describe_refusal(why))),
        };
        match handshake.accept(reactor) {
            Ok(client) => Ok((client, admission)),
            Err(rejected) => {
                self.clients.withdraw(admission.number);
                Err(rejected)
            }
        }
    }

    fn admit(&self, handshake: &Handshake, reactor: &Reactor) -> Result<Admission, NotAdmitted> {
        let config = &self.config;
        let (queue, actions) = client_queue(config.capacity.backlog, self.shared.waker());
        let (discarded, waker) = (queue.clone(), reactor.waker());
        let account = self.memory.open(move || {
            discarded.discard();
            let _ = waker.wake(); // its session has ended
        });
        queue.charge_to(&account);
        let received = Arc::new(AtomicU64::new(0));
        let mock = self.mock.as_ref().map(Mock::client);
        let replayed = mock.as_ref().map(ClientMock::sent).unwrap_or_default();
        let target = resource_name(&handshake.received.request.line.target);
        let number = self.clients.admit(config.capacity.clients, config.once, || ClientRecord {
            number: self.shared.next_number(),
            queue,
            remote: handshake.received.remote,
            target: config.redaction.url(&target).into_owned(),
            protocol: handshake.agreement.subprotocol.clone(),
            since: Instant::now(),
            received: Arc::clone(&received),
            greetings: config.greeting.len() as u64,
            echoes: config.echo,
            replayed,
        })?;
        self.shared.report(ClientEvent::Admitted);
        Ok(Admission { number, actions, received, account, mock })
    }

    fn describe_refusal(&self, why: NotAdmitted) -> String {
        let config = &self.config;
        match why {
            NotAdmitted::Ending => "the server is shutting down".to_owned(),
            NotAdmitted::Full if config.once => "only one client is served (--once)".to_owned(),
            NotAdmitted::Full => format!("there are {} clients already", config.capacity.clients),
        }
    }

    /// Reports a connection that does not become a client, and ends it.
    fn reject(&self, rejected: &mut Rejected, reactor: &mut Reactor, outputs: &mut Outputs) {
        if let Some(failure) = self.failure(rejected) {
            let number = self.shared.next_number(); // only reported connections are numbered
            let mut journal = Journal::new(outputs, self.shared.clock).for_connection(number);
            journal.emit(EventKind::Failure(&failure));
            outputs.flush_early(); // what does not fit is written at the end
        }
        let is_page = matches!(rejected.rejection, Rejection::StaticAnswer)
            && rejected.response.as_ref().is_some_and(|response| response.status == 200);
        if rejected.respond(reactor) && is_page {
            let text = format!("a browser at {} was shown the page", rejected.remote);
            Journal::new(outputs, self.shared.clock).emit(EventKind::Notice(Level::Info, &text));
            outputs.flush_early();
        }
    }

    fn failure(&self, rejected: &Rejected) -> Option<Box<Failure>> {
        let redaction = self.config.redaction;
        let is_tls = self.config.accept.receive.tls.is_some();
        let Rejected { remote, rejection, response, .. } = rejected;
        match (rejection, response) {
            // Load balancers and browsers connect without sending a request: this is reported only on demand.
            (Rejection::Failed(AcceptError::Ended(_, 0)), _)
                if !self.reports_empty_connections() =>
            {
                None
            }
            (Rejection::Failed(error), response) => {
                let limit = self.handshake_limit();
                Some(failed(error, *remote, limit, response.as_ref(), redaction))
            }
            (Rejection::Refused(request, refusal), Some(response)) => {
                let refused = RefusedRequest::new(*remote, request, is_tls, redaction);
                let judged = request.head.judged(self.config.accept.lenient);
                let reason = refused.reason(refusal, &judged);
                Some(refused.failure(response, (&reason, refusal.hint)))
            }
            (Rejection::Unavailable(request, reason), Some(response)) => {
                let refused = RefusedRequest::new(*remote, request, is_tls, redaction);
                Some(refused.failure(response, (reason, None)))
            }
            // The control loop reports all evictions together.
            _ => None,
        }
    }

    fn reports_empty_connections(&self) -> bool {
        self.config.commentary.detail >= Detail::Control
            || matches!(self.config.stdout, Stdout::Json { .. })
    }

    /// Runs the session of a client.
    fn run_client(
        self: &Arc<Self>,
        client: AcceptedClient,
        admission: Admission,
        reactor: &mut Reactor,
    ) {
        // With --once the failure is that of the program, which reports it.
        let failures = if self.config.once { Failures::None } else { Failures::Each };
        let mut outputs = self.shared.outputs(failures, &reactor.waker(), false);
        let opened = opened(&client, self.config.redaction);
        let Admission { number, mut actions, received, account, mock } = admission;
        let mut journal = Journal::new(&mut outputs, self.shared.clock).for_connection(number);
        journal.wake(); // what happens on other connections from now on is shown behind this
        journal.emit(EventKind::Open(&opened));
        let AcceptedClient { stream, request, agreement, .. } = client;
        if let Some(lines) = objections(&request.head, self.config.redaction, &opened.secrets) {
            let text = format!("{lines}: ignored (--lenient)");
            journal.emit(EventKind::Notice(Level::Warning, &text));
        }
        let options = self.connection_options(agreement.deflate);
        let mut connection = Connection::new(options, &request.early)
            .with_other_extensions(agreement.has_others)
            .charge_to(&account);
        if let Some(mock) = &mock {
            connection = mock.configure(connection);
        }
        drop(request);
        let plan = self.plan(number, received, mock.as_ref());
        let mut source = MockSource { mock: mock.clone(), actions: &mut actions };
        let session = Session::new(
            stream,
            connection,
            reactor,
            &mut source,
            journal.reborrow(),
            plan,
            &opened,
        );
        let mut report = session.run();
        self.clients.remove(number);
        if report.deadline.is_some() || report.is_shut_down {
            self.shared.note_lost(&report.lost);
        }
        journal.tick();
        if let Some(text) = mock.and_then(|mock| mock.unsent(&report.closed, report.lost.sent)) {
            journal.emit(EventKind::Notice(Level::Info, &text));
        }
        let forced = match () {
            () if actions.is_overrun() => Some(ForcedClose::TooSlow),
            () if account.is_revoked() => Some(ForcedClose::OverMemory),
            () => None,
        };
        let verdict = self.judge(&mut report, forced, &mut journal);
        let mut charge = account.charge();
        charge.set(outputs.held());
        finish_and_drain(&mut outputs, reactor);
        self.shared.report(ClientEvent::Ended(verdict));
        self.clients.finish();
        let _ = self.shared.waker().wake(); // the control loop may have been waiting for this
    }

    fn plan(
        self: &Arc<Self>,
        number: u64,
        received: Arc<AtomicU64>,
        mock: Option<&ClientMock>,
    ) -> Plan {
        let greeting = self.config.greeting.iter();
        let mut observers = self.observers(number, received);
        observers.extend(mock.map(|mock| Box::new(mock.clone()) as Box<dyn Observer>));
        Plan {
            presets: greeting.map(|text| Action::text(text)).collect(),
            after_input: AfterInput::Stay,
            max_time: None,
            close_code: mock.map_or(Some(CloseCode::NORMAL), ClientMock::close_code),
            close_reason: String::new(),
            observers,
            beside: None,
            times: KeepaliveTimes::default(),
            unsent: None,
            notes_hidden: false, // said once for all clients
            input_ended: false,
        }
    }

    fn observers(
        self: &Arc<Self>,
        number: u64,
        received: Arc<AtomicU64>,
    ) -> Vec<Box<dyn Observer>> {
        let mut observers: Vec<Box<dyn Observer>> = Vec::new();
        if let Some(count) = &self.count {
            observers.push(Box::new(count.clone()));
        }
        observers.push(Box::new(ClientObserver::new(Arc::clone(self), number, received)));
        if self.config.echo {
            observers.push(Box::new(Echo::default()));
        }
        observers
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
            report.observers.clear(); // their goals are those of all clients together
        }
        let limits = TimeLimits { max_time: None, close_timeout: self.config.close_timeout };
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
    /// Its queue was over the limit.
    TooSlow,
    /// It used the most memory when all clients together were over the limit.
    OverMemory,
}

fn opened(client: &AcceptedClient, redaction: Redaction) -> Opened {
    let AcceptedClient { request, response, agreement, .. } = client;
    let local = client.stream.local_address().unwrap_or_default();
    let scheme = if client.tls.is_some() { "wss" } else { "ws" };
    let resource = resource_name(&request.line.target);
    let url = format!("{scheme}://{local}{resource}");
    let secrets = secrets_of(request, redaction);
    let mask = Mask::new(redaction, &secrets);
    let interim = client.interim.as_ref().map(|head| InterimView {
        from: Hop::Server,
        status: 100,
        reason: "Continue".to_owned(),
        head: mask.head(head),
    });
    Opened {
        initiator: Initiator::Peer,
        url: mask.url(&url),
        remote: client.remote.to_string(),
        proxy: None,
        local,
        http_minor: request.line.minor_version,
        status: 101,
        reason: "Switching Protocols".to_owned(),
        request: mask.head(&request.head),
        client_sent: Vec::new(),
        interim: interim.into_iter().collect(),
        has_credentials: !Redaction::credentials(&resource, request.head.fields()).is_empty(),
        response: mask.head(response),
        offered: request
            .head
            .list("Sec-WebSocket-Protocol")
            .into_iter()
            .map(|it| mask.text(it))
            .collect(),
        protocol: agreement.subprotocol.clone().map(|it| mask.text(it)),
        extensions: agreement.extensions.clone(),
        compression: agreement.deflate.map(|agreed| agreed.describe(Role::Server)),
        tls: client.tls.clone(),
        timings: client.timings,
        secrets,
    }
}
