//! What the client sends.

use std::time::Instant;

use super::{HIGH_WATER, Progress};
use crate::protocol::TransportEnd;
use crate::protocol::forward::Progress as BodyProgress;
use crate::proxy::end::End;
use crate::proxy::exchange::outcome::{CutOff, Exchanged};
use crate::proxy::outgoing::SourceEnd;
use crate::proxy::stall::Lost;

impl Progress {
    /// Whether more of it can be taken.
    pub(in crate::proxy::exchange) fn wants_request(&self) -> bool {
        self.up.len() < HIGH_WATER
            && self.from_client.len() < HIGH_WATER
            && self.client_ended.is_none()
            && self.client_reset.is_none()
            && self.bad_body.is_none()
            && self.outcome.is_none()
    }

    /// Bytes of the request's body, or behind it.
    pub(in crate::proxy::exchange) fn take_request(&mut self, bytes: &[u8]) {
        let used = self.outbound.body.scan(bytes);
        if let BodyProgress::Malformed(fault) = self.outbound.body.progress() {
            self.bad_body = Some(fault);
            if !self.has_whole_response() {
                self.outcome = Some(match self.response {
                    Some(_) => self.cut_off(CutOff::Request(fault)),
                    None => Exchanged::BadBody(fault),
                });
            }
            return;
        }
        self.up.push(&bytes[..used]);
        self.from_client.extend_from_slice(&bytes[used..]);
    }

    /// The client sends no more.
    pub(in crate::proxy::exchange) fn client_ended(&mut self, end: TransportEnd) {
        self.client_ended = Some(end);
    }

    /// The client has reset its connection.
    pub(in crate::proxy::exchange) fn client_was_reset(&mut self, end: TransportEnd) {
        self.client_reset.get_or_insert(end);
    }

    /// Whether no more of the request is read because the server does not take what was.
    pub(in crate::proxy::exchange) fn has_full_request(&self) -> bool {
        self.up.len() >= HIGH_WATER
    }

    /// How the client has reset its connection, once that is to be passed on: the server has taken all that was received before,
    /// or takes nothing. With what it does not get. `is_unsent`: the system still has some for it.
    pub(in crate::proxy::exchange) fn reset_of_client(
        &mut self,
        now: Instant,
        server: &End,
        is_unsent: bool,
    ) -> Option<(TransportEnd, Lost)> {
        let end = self.client_reset.clone().unwrap_or(TransportEnd::Reset);
        let is_waiting = !server.has_failed() && (self.up.len() > 0 || is_unsent);
        if !is_waiting {
            return Some((end, self.up.lost(None)));
        }
        let is_given_up = self.up.stalls(&mut self.stall, now, is_unsent, server);
        is_given_up.then(|| (end, self.up.lost(self.stall)))
    }

    /// How the client has ended its direction, once the server has everything before that. It is not passed on behind bytes that
    /// are not: another request, or what is for the protocol after a 101.
    pub(in crate::proxy::exchange) fn end_of_request(&self) -> Option<SourceEnd> {
        let is_next = self.up.len() == 0 && self.from_client.is_empty();
        self.client_ended.as_ref().filter(|_| is_next).map(SourceEnd::from)
    }

    /// Whether the server can still get more of the request.
    pub(super) fn is_uploading(&self) -> bool {
        let is_complete = self.outbound.body.is_complete() && self.up.len() == 0;
        let is_cut = self.client_ended.is_some() && self.up.len() == 0;
        !is_complete && !is_cut && self.bad_body.is_none() && !self.server_ended
    }
}
