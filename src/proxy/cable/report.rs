//! How a proxied connection went.

use std::io;
use std::time::Instant;

use crate::event::{ProxyClosed, Undelivered, mask};
use crate::protocol::Side;
use crate::protocol::close::ClosePayload;

use super::Cable;
use super::closing::{ClosedSide, Closing};
use super::sides::{SIDES, at};

/// How a proxied connection went.
#[derive(Debug)]
pub struct Report {
    /// The end of the connection.
    pub closed: ProxyClosed,
    /// The proxy has closed it because of a violation of the protocol (`--enforce`).
    pub is_enforced: bool,
    /// The call of the system that failed, if that ended it.
    pub failed: Option<io::Error>,
}

impl Cable<'_> {
    pub(super) fn report(
        &mut self,
        failed: Option<io::Error>,
        undelivered: [Option<Undelivered>; 2],
    ) -> Report {
        SIDES.iter().for_each(|&side| self.note_delivered_close(side)); // before the loop, or at its end
        let closing = self.closing.take();
        let is_enforced = self.ways.iter().any(|way| way.passing.has_violated());
        let closed_side = self.closed_side.take();
        // A Close frame that still waits was not sent.
        let has_got_ours = |side: Side, closing: &Closing| {
            closing.sent[at(side)] && self.ways[at(side.other())].outgoing.is_empty()
        };
        let (why, own) = match (&closed_side, &closing, &failed) {
            (Some(ClosedSide { to, payload, why }), ..) => {
                (Some(format!("{why}, toward the {}", to.name())), Some(payload.clone()))
            }
            (None, Some(closing), _) => {
                let is_sent = SIDES.iter().any(|&side| has_got_ours(side, closing));
                (Some(closing.why.clone()), is_sent.then(|| closing.payload.clone()))
            }
            (None, None, Some(error)) => (Some(error.to_string()), None),
            (None, None, None) => (self.aborted.as_ref().map(|it| it.why.clone()), None),
        };
        let is_ours = match &closing {
            _ if closed_side.is_some() => true,
            Some(closing) => closing.is_first,
            None => match &self.aborted {
                Some(aborted) => aborted.is_first,
                None => failed.is_some() && !self.has_passed_end(),
            },
        };
        let initiator = self.totals.initiator(is_ours);
        // What a side sends after a violation is not decoded, so that its answer is not known.
        let is_awaited = |side| {
            let by_both = closing.as_ref().is_some_and(|closing| has_got_ours(side, closing));
            let by_one = closed_side.as_ref().is_some_and(|closed| closed.to == side);
            (by_both || by_one) && !self.ways[at(side)].passing.has_violated()
        };
        let awaited = SIDES.map(is_awaited);
        let not_delivered = SIDES.map(|side| {
            self.undelivered_close(side).is_some_and(|close| {
                let is_answer = is_answer_to_ours(side, close, own.as_ref(), closing.as_ref());
                let is_second_answer = self.is_second_answer(side, closed_side.as_ref());
                !(is_second_answer || (awaited[at(side)] && is_answer))
            })
        });
        let ([client, server], is_masked) = self.masked_closes();
        let closed = ProxyClosed {
            initiator,
            client,
            server,
            own,
            awaited,
            not_delivered,
            undelivered,
            client_end: self.ways[at(Side::Client)].ended.clone(),
            server_end: self.ways[at(Side::Server)].ended.clone(),
            cut: SIDES.map(|side| self.ways[at(side)].cut),
            from_client: self.ways[at(Side::Client)].passing.inbound().counters(),
            from_server: self.ways[at(Side::Server)].passing.inbound().counters(),
            violations: self.totals.violations,
            touched: self.totals.touched,
            age: Instant::now().saturating_duration_since(self.since),
            why,
            is_masked,
        };
        Report { closed, is_enforced, failed }
    }

    /// The Close frames of the client and the server without secrets, and whether one had any.
    fn masked_closes(&self) -> ([Option<ClosePayload>; 2], bool) {
        let mut is_masked = false;
        let closes = SIDES.map(|side| {
            let close = self.ways[at(side)].close.as_ref()?;
            let masked = mask::close(close, &self.opened.secrets);
            is_masked |= masked != *close;
            Some(masked)
        });
        (closes, is_masked)
    }

    /// Whether the Close frame of a side answers that with which the other one has answered the proxy, which had closed only that side.
    fn is_second_answer(&self, side: Side, closed_side: Option<&ClosedSide>) -> bool {
        let is_other_closed = closed_side.is_some_and(|closed| closed.to == side.other());
        is_other_closed && self.ways[at(side)].has_got_close
    }

    /// The Close frame of a side that the other one has not got.
    fn undelivered_close(&self, side: Side) -> Option<&ClosePayload> {
        let way = &self.ways[at(side)];
        way.close.as_ref().filter(|_| !way.has_passed_close())
    }
}

/// Whether the Close frame of a side that has got one of the proxy answers that: not one that it had sent before. If only that side was
/// sent one, the code tells.
fn is_answer_to_ours(
    side: Side,
    close: &ClosePayload,
    own: Option<&ClosePayload>,
    closing: Option<&Closing>,
) -> bool {
    let had_closed = closing.is_some_and(|closing| closing.had_closed[at(side)]);
    !had_closed && (closing.is_some() || own.is_some_and(|own| own.code == close.code))
}
