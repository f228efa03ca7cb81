//! A WebSocket connection of a client: its opening handshake with the server, then what passes.

use std::sync::Arc;
use std::time::Instant;

use rand::{RngExt, SeedableRng, rngs::SmallRng};

use super::failure::{handshake_failed, is_normal};
use super::upstream::{Upstream, unanswered_text};
use super::{After, Client, ClientRequest};
use crate::commands::proxy::server::ConnectionReport;
use crate::error::Error;
use crate::event::{EventKind, Failure, FailureKind, Hop, Level, Mask, Opened};
use crate::net::upgrade::{ServerResponse, UpgradeError};
use crate::net::{Deadline, Timings};
use crate::output::finish_and_drain;
use crate::output::human::proxy_closed_text;
use crate::protocol::TransportEnd;
use crate::protocol::connection::Initiator;
use crate::protocol::forward::{ForwardedRequest, Refused, Rewritten};
use crate::protocol::handshake::{Agreement, Request, validate_response};
use crate::protocol::head::parse_request;
use crate::protocol::vocabulary::Role;
use crate::proxy::{
    Cable, CableControl, CableOptions, Ends, Exchanged, NoResponse, Outbound, PassedResponse, Relay,
};
use crate::redact::{Redaction, Secrets};

/// An opening handshake through the proxy.
struct Handshake {
    request: ClientRequest,
    /// As the server got it.
    sent: Request,
    /// Path and query of it.
    resource: String,
    rewritten: Vec<Rewritten>,
}

impl Client<'_> {
    /// Opens a WebSocket, and passes on what both sides send until it has ended.
    pub(super) fn open(
        &mut self,
        mut request: ClientRequest,
        forwarded: ForwardedRequest,
    ) -> After {
        let config = &self.server.config;
        let most = if config.once { Some(1) } else { config.connections };
        if let Err(why) = self.server.connections.begin(most) {
            self.answer(Some(&request), &self.server.not_admitted(why));
            return After::End;
        }
        if let Some(refused) = self.fault() {
            self.answer(Some(&request), &refused);
            self.report(Err(Error::ProxyRefused(refused.reason)));
            return After::End;
        }
        let deadline = Deadline::after(config.endpoint.connect_timeout);
        let mut upstream = match self.upstream(deadline) {
            Ok(upstream) => upstream,
            Err(why) => {
                let (refused, error) = self.no_upstream(why);
                self.emit_error(&error);
                self.respond(Some(&request), &refused);
                self.report(Err(error));
                return After::End;
            }
        };
        let started = Instant::now();
        let outbound = Outbound {
            head: forwarded.head.clone(),
            method: request.line.method.clone(),
            body: forwarded.body,
            early: std::mem::take(&mut request.early),
            opens_websocket: true,
            answer_by: deadline.at,
        };
        let Some(handshake) = handshake(request, &forwarded.head, forwarded.rewritten) else {
            return After::End; // it was parsed before
        };
        let Some(client) = &mut self.stream else { return After::End };
        let mut relay = Relay { reactor: self.reactor, client, server: &mut upstream.end };
        let exchanged = relay.exchange(outbound);
        upstream.timings.add_upgrade(Some(started.elapsed()));
        match exchanged {
            Exchanged::Upgraded { response, from_client, from_server } => {
                let result =
                    self.run_cable(handshake, upstream, *response, (from_client, from_server));
                self.report(result);
                After::End
            }
            Exchanged::Answered { response, from_client, persists } => {
                let error = self.refused_by_server(handshake, &upstream, *response);
                if persists {
                    self.report_now(Err(error));
                    self.upstream = Some(upstream);
                    return After::Request(from_client);
                }
                self.report(Err(error));
                self.finish();
                After::End
            }
            other => {
                self.failed(handshake, upstream, other);
                After::End
            }
        }
    }

    /// Whether `--refuse` applies to this connection.
    fn fault(&self) -> Option<Refused> {
        let refuse = self.server.config.faults.refuse?;
        let mut random = SmallRng::seed_from_u64(self.server.seed ^ self.number.rotate_left(32));
        let is_refused = random.random::<f64>() * 100.0 < refuse.percent;
        is_refused.then(|| Refused::new(refuse.status, "refused on purpose (--refuse)"))
    }

    /// Reports the end of a connection once all that was shown of it is written: it may end the run.
    fn report(&mut self, result: Result<(), Error>) {
        finish_and_drain(self.journal.outputs(), self.reactor);
        self.report_now(result);
    }

    /// The same at once: the client may go on.
    fn report_now(&self, result: Result<(), Error>) {
        self.server.shared.report(ConnectionReport::Ended(result));
    }

    fn emit_error(&mut self, error: &Error) {
        if let Some(mut failure) = error.failure() {
            if matches!(error, Error::Upgrade(_)) {
                failure.hint = None; // it is about options of a client
            }
            self.journal.emit_now(EventKind::Failure(&failure));
            self.journal.outputs().flush_early();
        }
    }

    /// The server has answered with another status than 101, which the client has got.
    fn refused_by_server(
        &mut self,
        handshake: Handshake,
        upstream: &Upstream,
        response: PassedResponse,
    ) -> Error {
        let PassedResponse { line, head, interim, body } = response;
        let response = Box::new(ServerResponse { line, head, body });
        let error = UpgradeError::Refused(response);
        let error = handshake_failed(
            self.server,
            (handshake.sent, &handshake.resource, handshake.request.secrets),
            upstream,
            (error, interim),
        );
        self.emit_error(&error);
        error
    }

    /// The client has ended its connection, and the server has given no response before its own `end`.
    fn client_gone(&mut self, first: &TransportEnd, end: &TransportEnd) {
        let text = format!("the client ended the connection before the server answered: {first}");
        let failure = Failure::new(FailureKind::Abnormal, text);
        self.journal.emit_now(EventKind::Failure(&failure));
        self.end_as(end);
        let how = format!("ended by the client before the server answered: {first}");
        self.report(Err(Error::ProxyEnded(how)));
    }

    /// What the server sent is HTTP, but cannot be passed on.
    fn no_response(&mut self, request: &ClientRequest, why: String) {
        let error = Error::ProxyRefused(why);
        self.emit_error(&error);
        self.respond(Some(request), &Refused::new(502, error.message()));
        self.report(Err(error));
    }

    /// There was no whole response.
    fn failed(&mut self, handshake: Handshake, upstream: Upstream, exchanged: Exchanged) {
        let (error, interim, status) = match exchanged {
            Exchanged::Unanswered(failed) => {
                if let (NoResponse::Ended(end), Some(before)) = (&failed.why, &failed.client_ended)
                {
                    return self.client_gone(before, end);
                }
                let received = failed.received;
                let (error, status) = match failed.why {
                    NoResponse::Ended(end) => (UpgradeError::Ended(end, received), 502),
                    NoResponse::Malformed(error) => (UpgradeError::Malformed(error, received), 502),
                    NoResponse::TimedOut => {
                        let limit = self.server.config.endpoint.connect_timeout;
                        (UpgradeError::TimedOut(received, limit.unwrap_or_default()), 504)
                    }
                    why @ (NoResponse::TooManyInterim
                    | NoResponse::UnaskedUpgrade
                    | NoResponse::Body(_)) => {
                        return self.no_response(&handshake.request, unanswered_text(&why));
                    }
                    NoResponse::System(error) => (UpgradeError::System(error), 502),
                };
                (error, failed.interim, status)
            }
            Exchanged::CutOff(response, why) => {
                let error = self.refused_by_server(handshake, &upstream, *response);
                self.cut_off(&why);
                return self.report(Err(error));
            }
            Exchanged::ClientGone(end) => {
                drop(upstream); // the reset does not wait for what follows
                return self.client_gone(&end, &end);
            }
            _ => return self.report(Ok(())),
        };
        let request = handshake.request;
        let error = handshake_failed(
            self.server,
            (handshake.sent, &handshake.resource, request.secrets.clone()),
            &upstream,
            (error, interim),
        );
        self.emit_error(&error);
        let why = request.secrets.mask_text(error.message());
        self.respond(Some(&request), &Refused::new(status, why));
        self.report(Err(error));
    }

    fn run_cable(
        &mut self,
        handshake: Handshake,
        upstream: Upstream,
        response: PassedResponse,
        early: (Vec<u8>, Vec<u8>),
    ) -> Result<(), Error> {
        let head = response.head.judged(true);
        let validated = validate_response(&handshake.sent, &response.line, &head);
        let (agreement, findings) = match validated {
            Ok(agreement) => (agreement, Vec::new()),
            Err(findings) => (Agreement::default(), findings),
        };
        let opened = self.opened(&handshake, &upstream, &response, &agreement);
        let resource = self.server.config.redaction.url(&handshake.resource).into_owned();
        let resource = opened.secrets.mask_text(resource);
        let messages = self.server.connections.open(self.number, resource, opened.protocol.clone());
        self.journal.emit_now(EventKind::Open(&opened));
        self.note_changes(&handshake, &opened.secrets);
        if !findings.is_empty() {
            let list: Vec<_> = findings.iter().map(ToString::to_string).collect();
            let text =
                format!("the server's 101 is not valid, and was passed on: {}", list.join("; "));
            let text = opened.secrets.mask_text(text);
            self.journal.emit_now(EventKind::Notice(Level::Warning, &text));
        }
        self.journal.outputs().flush_early(); // before anything passes, which may be much later
        drop((handshake, response)); // not to be kept as long as the connection
        let Some(client) = self.stream.take() else { return Ok(()) };
        let (from_client, from_server) = early;
        let ends = Ends { client: (client, from_client), server: (upstream.end, from_server) };
        let config = &self.server.config;
        let options = CableOptions {
            max_message_size: config.capacity.message,
            observe_frames: config.commentary.observes_frames(config.ui.as_ref()),
            deflate: agreement.deflate,
            latency: config.faults.latency,
            throttle: config.faults.throttle,
            enforce: config.faults.enforce,
            close_timeout: config.close_timeout,
        };
        let orders = Arc::clone(&self.orders);
        let control = CableControl {
            number: self.number,
            rules: Arc::clone(&self.server.rules),
            holding: Arc::clone(&self.server.holding),
            account: self.server.memory.open(move || orders.wake()),
            orders: Arc::clone(&self.orders),
            seed: self.server.seed,
            messages,
        };
        let cable =
            Cable::new(ends, self.reactor, self.journal.reborrow(), options, &opened, control);
        let report = cable.run();
        self.journal.emit_now(EventKind::ProxyClosed(&report.closed));
        self.journal.outputs().flush_early();
        match (is_normal(&report.closed), report.failed) {
            (_, Some(error)) => Err(Error::System("event loop".to_owned(), error)),
            (true, None) => Ok(()),
            (false, None) => {
                let text = proxy_closed_text(&report.closed);
                let is_breach = report.is_enforced;
                Err(if is_breach { Error::ProxyViolated(text) } else { Error::ProxyEnded(text) })
            }
        }
    }

    /// Says what of the request was changed.
    fn note_changes(&mut self, handshake: &Handshake, secrets: &Secrets) {
        let detail = self.server.config.commentary.detail;
        if detail < crate::output::human::Detail::Control {
            return;
        }
        for change in &handshake.rewritten {
            let text = secrets.mask_text(change_text(change, self.server.config.redaction));
            self.journal.emit_now(EventKind::Notice(Level::Info, &text));
        }
    }

    fn opened(
        &self,
        handshake: &Handshake,
        upstream: &Upstream,
        response: &PassedResponse,
        agreement: &Agreement,
    ) -> Opened {
        let redaction = self.server.config.redaction;
        let head = &handshake.sent.head;
        let secrets = Secrets::of_request(redaction, &handshake.resource, head.fields())
            .and(handshake.request.secrets.clone())
            .and(Secrets::of_response(redaction, response.head.fields()));
        let mask = Mask::new(redaction, &secrets);
        let target = crate::net::Target {
            resource: handshake.resource.clone(),
            ..self.server.config.endpoint.target.clone()
        };
        Opened {
            initiator: Initiator::Local,
            url: mask.url(&target.url()),
            remote: upstream.remote.socket(),
            proxy: None,
            local: upstream.local.clone(),
            http_minor: response.line.minor_version,
            status: response.line.status,
            reason: mask.text(response.line.reason.clone()),
            request: mask.head(head),
            interim: mask.interim(&response.interim, Hop::Server),
            has_credentials: !Redaction::credentials(&handshake.resource, head.fields()).is_empty(),
            response: mask.head(&response.head),
            offered: handshake.sent.subprotocols().iter().map(|it| mask.text(it.clone())).collect(),
            protocol: agreement.subprotocol.clone().map(|it| mask.text(it)),
            extensions: agreement.extensions.clone(),
            compression: agreement.deflate.map(|agreed| agreed.describe(Role::Client)),
            tls: upstream.tls.clone(),
            timings: Timings { ..upstream.timings },
            secrets,
        }
    }
}

fn handshake(request: ClientRequest, sent: &[u8], rewritten: Vec<Rewritten>) -> Option<Handshake> {
    let (line, head) = parse_request(sent).ok().flatten()?;
    let sent = Request::of_head(head);
    Some(Handshake { request, sent, resource: line.target, rewritten })
}

/// "Host: localhost:9000 → example.com".
fn change_text(change: &Rewritten, redaction: Redaction) -> String {
    let shown = |value: &Option<String>| match (value, &change.field) {
        (None, _) => "(none)".to_owned(),
        (Some(value), None) => redaction.url(value).into_owned(),
        (Some(value), Some(field)) => {
            let value = redaction.value(field, value.as_bytes());
            String::from_utf8_lossy(&value).into_owned()
        }
    };
    let name = change.field.as_deref().unwrap_or("request target");
    format!("changed toward the server: {name}: {} → {}", shown(&change.from), shown(&change.to))
}
