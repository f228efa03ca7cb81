//! Opening handshakes that led to no connection.

use super::failure::handshake_failed;
use super::upstream::{ENDED_UNANSWERED, Upstream, unanswered_text};
use super::websocket::Handshake;
use super::{Client, ClientRequest};
use crate::error::Error;
use crate::event::{EventKind, Failure, FailureKind};
use crate::net::upgrade::{ServerResponse, UpgradeError};
use crate::protocol::TransportEnd;
use crate::protocol::forward::Refused;
use crate::proxy::{Exchanged, NoResponse, PassedResponse, Unanswered};

impl Client<'_> {
    /// Reports why there is no connection, and ends that to the client.
    pub(super) fn failed(
        &mut self,
        handshake: Handshake,
        upstream: Upstream,
        exchanged: Exchanged,
    ) {
        match exchanged {
            Exchanged::Unanswered(failed) => self.unanswered(handshake, &upstream, *failed),
            Exchanged::CutOff(response, why, _) => {
                let error = self.refused_by_server(handshake, &upstream, *response);
                self.cut_off(&why);
                self.report(Err(error));
            }
            Exchanged::ClientGone(end, response, _) => {
                let response = response.map(|response| *response);
                self.ended_within(handshake, upstream, response, &end, |is_answered| {
                    let what = if is_answered { "it got the 101" } else { "the server answered" };
                    format!("the client ended the connection before {what}: {end}")
                });
            }
            Exchanged::Ending(response) => {
                let (response, end) = (response.map(|response| *response), TransportEnd::Reset);
                let text = |_| ENDED_UNANSWERED.to_owned();
                self.ended_within(handshake, upstream, response, &end, text);
            }
            _ => self.report(Ok(())),
        }
    }

    /// The server has answered with another status than 101, which the client has got.
    pub(super) fn refused_by_server(
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

    /// The connection has ended before the client had the whole response. `text`, from whether the server has answered with 101,
    /// is the reason unless the server has refused.
    fn ended_within(
        &mut self,
        handshake: Handshake,
        upstream: Upstream,
        response: Option<PassedResponse>,
        end: &TransportEnd,
        text: impl FnOnce(bool) -> String,
    ) {
        match response {
            Some(response) if response.line.status != 101 => {
                let error = self.refused_by_server(handshake, &upstream, response);
                drop(upstream); // the reset does not wait for what follows
                self.end_as(end);
                self.report(Err(error));
            }
            response => {
                drop(upstream);
                self.not_opened(text(response.is_some()), end);
            }
        }
    }

    /// There is no connection, although no side has refused it.
    pub(super) fn not_opened(&mut self, text: String, end: &TransportEnd) {
        let failure = Failure::new(FailureKind::Abnormal, text.clone());
        self.journal.emit_now(EventKind::Failure(&failure));
        self.end_as(end);
        self.report(Err(Error::ProxyEnded(format!("was not opened: {text}"))));
    }

    /// The server gave no response that could be passed on.
    fn unanswered(&mut self, handshake: Handshake, upstream: &Upstream, failed: Unanswered) {
        if let (NoResponse::Ended(end), Some(before)) = (&failed.why, &failed.client_ended) {
            let text =
                format!("the client ended the connection before the server answered: {before}");
            return self.not_opened(text, end);
        }
        let (is_cut, received) = (failed.is_cut, failed.received);
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
                let error = Error::ProxyRefused(unanswered_text(&why));
                let text = error.message();
                return self.conclude_unopened(&handshake.request, error, (502, text), is_cut);
            }
            NoResponse::System(error) => (UpgradeError::System(error), 502),
        };
        let request = handshake.request;
        let error = handshake_failed(
            self.server,
            (handshake.sent, &handshake.resource, request.secrets.clone()),
            upstream,
            (error, failed.interim),
        );
        let text = request.secrets.mask_text(error.message());
        self.conclude_unopened(&request, error, (status, text), is_cut);
    }

    /// Answers in place of the server, unless the client has got a part of another response.
    fn conclude_unopened(
        &mut self,
        request: &ClientRequest,
        error: Error,
        (status, text): (u16, String),
        is_cut: bool,
    ) {
        self.emit_error(&error);
        match is_cut {
            true => self.end_as(&TransportEnd::Reset),
            false => self.respond(Some(request), &Refused::new(status, text)),
        }
        self.report(Err(error));
    }
}
