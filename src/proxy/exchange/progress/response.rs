//! What the server sends.

use super::{HIGH_WATER, Progress, Response};
use crate::net::upgrade::Interim;
use crate::protocol::TransportEnd;
use crate::protocol::body::Body;
use crate::protocol::forward::{Progress as BodyProgress, Transfer, is_interim};
use crate::protocol::head::{Head, StatusLine, parse_response};
use crate::proxy::exchange::outcome::{CutOff, NoResponse};

/// The most interim responses (1xx) before the final one.
const MAX_INTERIM: usize = 10_000;

/// How many of them are kept for events.
const KEPT_INTERIM: usize = 64;

impl Progress {
    /// Whether more of it can be taken. While the request goes on behind the response, only the end of the server is of interest.
    pub(in crate::proxy::exchange) fn wants_response(&self) -> bool {
        let is_expected = !self.has_whole_response() || self.received.is_empty();
        self.down.len() < HIGH_WATER && is_expected && !self.server_ended && self.outcome.is_none()
    }

    /// Whether the final response was received whole.
    pub(super) fn has_whole_response(&self) -> bool {
        self.response.as_ref().is_some_and(|response| response.scan.is_complete())
    }

    /// Bytes of its responses, or behind the last of them.
    pub(in crate::proxy::exchange) fn take_response(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
        while self.response.is_none() && self.outcome.is_none() {
            let why = match parse_response(&self.received) {
                Ok(None) => return,
                Ok(Some((line, _)))
                    if is_interim(line.status) && self.interim_count >= MAX_INTERIM =>
                {
                    NoResponse::TooManyInterim
                }
                Ok(Some((line, _))) if line.status == 101 && !self.outbound.opens_websocket => {
                    NoResponse::UnaskedUpgrade
                }
                Ok(Some((line, head))) => {
                    self.take_head(line, head);
                    continue;
                }
                Err(error) => NoResponse::Malformed(error),
            };
            self.outcome = Some(self.unanswered(why));
        }
        self.take_body();
    }

    fn take_head(&mut self, line: StatusLine, head: Head) {
        self.received.drain(..head.bytes().len());
        if is_interim(line.status) {
            self.down.push(head.bytes());
            self.interim_count += 1;
            if self.interim.len() < KEPT_INTERIM {
                self.interim.push(Interim { line, head });
            }
            return;
        }
        let scan = Transfer::response(&self.outbound.method, &line, &head)
            .unwrap_or_else(|_| Transfer::until_end());
        // Nothing of a response is passed on if what came with its head shows that it is none: not even the size of its first chunk
        // is valid. What is malformed behind that ends a response that was passed on, in however many pieces it came.
        let mut ahead = scan.clone();
        let valid = ahead.scan(&self.received);
        let has_begun = self.received[..valid].contains(&b'\n');
        if let BodyProgress::Malformed(fault) = ahead.progress()
            && !has_begun
        {
            self.outcome = Some(self.unanswered(NoResponse::Body(fault)));
            return;
        }
        self.down.push(head.bytes());
        let excerpt = Body::new(line.status, &head);
        self.response = Some(Response { line, head, scan, excerpt });
    }

    fn take_body(&mut self) {
        let Some(response) = &mut self.response else { return };
        if response.line.status == 101 {
            return; // what follows are frames
        }
        let mut bytes = std::mem::take(&mut self.received);
        let used = response.scan.scan(&bytes);
        self.down.push(&bytes[..used]);
        if !response.excerpt.is_done() {
            response.excerpt.push(&bytes[..used]);
        }
        if let BodyProgress::Malformed(fault) = response.scan.progress() {
            self.outcome = Some(self.cut_off(CutOff::Body(fault)));
        } else {
            self.received = bytes.split_off(used);
        }
    }

    /// The server sends no more.
    pub(in crate::proxy::exchange) fn server_ended(&mut self, end: TransportEnd) {
        let Some(response) = &self.response else {
            self.outcome = Some(self.unanswered(NoResponse::Ended(end)));
            return;
        };
        let is_its_end =
            response.scan.progress() == BodyProgress::UntilEnd && end == TransportEnd::Eof;
        if is_its_end || response.scan.is_complete() {
            self.server_ended = true;
        } else {
            self.outcome = Some(self.cut_off(CutOff::Server(end)));
        }
    }
}
