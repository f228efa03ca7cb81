//! Opening handshakes that led to no connection.

use super::failure::handshake_failed;
use super::upstream::{
    ENDED_UNANSWERED, Upstream, cut_off_text, unanswered_text, with_both_lost, with_lost,
};
use super::websocket::Handshake;
use super::{Client, ClientRequest};
use crate::error::Error;
use crate::event::{EventKind, Failure, FailureKind, Level};
use crate::net::upgrade::{ServerResponse, UpgradeError};
use crate::protocol::TransportEnd;
use crate::protocol::forward::Refused;
use crate::proxy::{Exchanged, LostParts, NoResponse, PassedResponse, Unanswered};

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
            Exchanged::CutOff(response, why, lost) => {
                let error = self.refused_by_server(handshake, &upstream, *response);
                self.warn(&with_lost(cut_off_text(&why), "client", lost));
                self.cut_off(&why);
                self.report(Err(error));
            }
            Exchanged::ClientGone(end, response, request) => {
                let lost = LostParts { request, ..LostParts::default() };
                let response = response.map(|response| *response);
                self.ended_within(handshake, upstream, (response, lost), &end, |is_answered| {
                    let what = if is_answered { "it got the 101" } else { "the server answered" };
                    format!("the client ended the connection before {what}: {end}")
                });
            }
            Exchanged::Ending(response, lost) => {
                let (response, end) = (response.map(|response| *response), TransportEnd::Reset);
                let text = |_| ENDED_UNANSWERED.to_owned();
                self.ended_within(handshake, upstream, (response, lost), &end, text);
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

    /// The connection has ended before the client had the whole response, with what was lost. `text`, from whether the server has answered with 101,
    /// is the reason unless the server has refused.
    fn ended_within(
        &mut self,
        handshake: Handshake,
        upstream: Upstream,
        (response, lost): (Option<PassedResponse>, LostParts),
        end: &TransportEnd,
        text: impl FnOnce(bool) -> String,
    ) {
        match response {
            Some(response) if response.line.status != 101 => {
                let error = self.refused_by_server(handshake, &upstream, response);
                drop(upstream); // the reset does not wait for what follows
                for (side, lost) in [("client", lost.response), ("server", lost.request)] {
                    if !lost.is_nothing() {
                        self.warn(&format!("not delivered to the {side}: {lost}"));
                    }
                }
                self.end_as(end);
                self.report(Err(error));
            }
            response => {
                drop(upstream);
                let text = with_both_lost(text(response.is_some()), lost);
                self.not_opened(text, end);
            }
        }
    }

    /// Shows what a side did not get.
    fn warn(&mut self, text: &str) {
        self.journal.emit_now(EventKind::Notice(Level::Warning, text));
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
                let error = Error::ProxyUnanswered(unanswered_text(&why));
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
