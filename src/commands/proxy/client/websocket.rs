//! A WebSocket connection of a client: its opening handshake with the server, then what passes.

use std::sync::Arc;
use std::time::Instant;

use rand::{RngExt, SeedableRng, rngs::SmallRng};

use super::failure::is_normal;
use super::upstream::{NotConnected, Upstream, left_text};
use super::{After, Client, ClientRequest};
use crate::commands::proxy::server::ConnectionReport;
use crate::error::Error;
use crate::event::{EventKind, Hop, Level, Mask, Opened, REQUEST_TARGET};
use crate::net::reactor::Leaving;
use crate::net::{Deadline, Timings};
use crate::output::finish_and_drain;
use crate::output::human::proxy_closed_text;
use crate::protocol::connection::Initiator;
use crate::protocol::forward::{ForwardedRequest, Refused, Rewritten};
use crate::protocol::handshake::{Agreement, Request, examine_response};
use crate::protocol::head::parse_request;
use crate::protocol::vocabulary::Role;
use crate::proxy::{
    Cable, CableControl, CableOptions, Ends, Exchanged, Outbound, PassedResponse, Relay,
};
use crate::redact::{Redaction, Secrets};

/// An opening handshake through the proxy.
pub(super) struct Handshake {
    pub(super) request: ClientRequest,
    /// As the server got it.
    pub(super) sent: Request,
    /// Path and query of it.
    pub(super) resource: String,
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
        let mut upstream = match self.upstream(deadline, Leaving::Fin) {
            Ok(upstream) => upstream,
            Err(NotConnected::ClientLeft(end)) => {
                self.not_opened(left_text(&end), &end);
                return After::End;
            }
            Err(NotConnected::Failed(why)) => {
                let (refused, error) = self.no_upstream(why.of_request(&request, &forwarded.head));
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
        let (server, orders) = (&mut upstream.end, &*self.orders);
        let mut relay = Relay { reactor: self.reactor, client, server, orders };
        let exchanged = relay.exchange(outbound);
        upstream.timings.add_upgrade(Some(started.elapsed()));
        match exchanged {
            Exchanged::Upgraded { response, from_client, from_server } => {
                let result =
                    self.run_cable(handshake, upstream, *response, (from_client, from_server));
                self.report(result);
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
            }
            other => self.failed(handshake, upstream, other),
        }
        After::End
    }

    /// Whether `--refuse` applies to this connection.
    fn fault(&self) -> Option<Refused> {
        let refuse = self.server.config.faults.refuse?;
        let mut random = SmallRng::seed_from_u64(self.server.seed ^ self.number.rotate_left(32));
        let is_refused = random.random::<f64>() * 100.0 < refuse.percent;
        is_refused.then(|| Refused::new(refuse.status, "refused on purpose (--refuse)"))
    }

    /// Reports the end of a connection once all that was shown of it is written: it may end the run.
    pub(super) fn report(&mut self, result: Result<(), Error>) {
        finish_and_drain(self.journal.outputs(), self.reactor);
        self.report_now(result);
    }

    /// The same at once: the client may go on.
    fn report_now(&self, result: Result<(), Error>) {
        self.server.shared.report(ConnectionReport::Ended(result));
    }

    pub(super) fn emit_error(&mut self, error: &Error) {
        if let Some(failure) = error.failure() {
            self.journal.emit_now(EventKind::Failure(&failure));
            self.journal.outputs().flush_early();
        }
    }

    fn run_cable(
        &mut self,
        handshake: Handshake,
        upstream: Upstream,
        response: PassedResponse,
        early: (Vec<u8>, Vec<u8>),
    ) -> Result<(), Error> {
        let head = response.head.judged(true);
        let (agreement, findings) = examine_response(&handshake.sent, &response.line, &head);
        let opened = self.opened(&handshake, &upstream, &response, &agreement);
        let resource = self.server.config.redaction.url(&handshake.resource).into_owned();
        let resource = opened.secrets.mask_text(resource);
        let messages = self.server.connections.open(self.number, resource, opened.protocol.clone());
        self.journal.wake(); // what happens on other connections from now on is shown behind this
        self.journal.emit(EventKind::Open(&opened));
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
            has_other_extensions: agreement.has_others,
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
            delayed: self.server.delayed.clone(),
            orders: Arc::clone(&self.orders),
            seed: self.server.seed,
            messages,
        };
        let cable =
            Cable::new(ends, self.reactor, self.journal.reborrow(), options, &opened, control);
        let report = cable.run();
        self.journal.emit_now(EventKind::ProxyClosed(&report.closed));
        self.journal.outputs().flush_early();
        let text = proxy_closed_text(&report.closed);
        match report.failed {
            Some(error) => Err(Error::System("event loop".to_owned(), error)),
            // Also if a side had closed before.
            None if report.is_enforced => Err(Error::ProxyViolated(text)),
            None if is_normal(&report.closed) => Ok(()),
            None => Err(Error::ProxyEnded(text)),
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
            client_sent: client_sent(&handshake.rewritten, redaction, &secrets),
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

/// Names of what was changed, and values as the client sent them.
fn client_sent(
    changes: &[Rewritten],
    redaction: Redaction,
    secrets: &Secrets,
) -> Vec<(String, Option<String>)> {
    let sent = |change: &Rewritten| {
        let name = change.field.as_deref().unwrap_or(REQUEST_TARGET);
        let value = change.from.as_ref().map(|value| match &change.field {
            None => redaction.url(value).into_owned(),
            Some(field) => {
                String::from_utf8_lossy(&redaction.value(field, value.as_bytes())).into_owned()
            }
        });
        (secrets.mask_text(name.to_owned()), value.map(|value| secrets.mask_text(value)))
    };
    changes.iter().map(sent).collect()
}
