//! The end of a session, with what it was like before: what came last, and what the peer may have missed.

use std::time::Duration;

use super::Session;
use crate::event::{Closed, LastTraffic, Opened, secrets};
use crate::protocol::connection::{Ending, Party};

/// What ends sooner after the opening handshake ends because of it.
const EARLY: Duration = Duration::from_secs(1);

/// What a request may have and a server may want.
const CREDENTIALS: [&str; 2] = ["Authorization", "Cookie"];

/// What a connection was like when it ended.
pub(super) struct Circumstances {
    /// How long nothing had come or gone.
    quiet: Duration,
    last: LastTraffic,
    age: Duration,
    /// Something has not been taken by the transport.
    is_unsent: bool,
}

impl Session<'_> {
    /// What the connection was like when it ended, before anything else takes time.
    pub(super) fn circumstances(&self) -> Circumstances {
        let now = self.clock.now();
        let (received, sent) =
            (self.connection.received_counters(), self.connection.sent_counters());
        let is_unanswered =
            self.last_read.is_none_or(|read| self.last_sent.is_some_and(|sent| sent > read));
        let last = match self.last_sent {
            None if received.wire_bytes == 0 && sent.wire_bytes == 0 => LastTraffic::Handshake,
            Some(at) if is_unanswered && self.messages_gone == sent.messages => {
                LastTraffic::Message(sent.messages, now.saturating_duration_since(at))
            }
            _ => LastTraffic::Other,
        };
        let quiet = now.saturating_duration_since(self.last_traffic);
        let is_unsent = self.connection.unwritten() > 0;
        Circumstances { quiet, last, age: self.started.elapsed(), is_unsent }
    }

    /// The end of the connection.
    pub(super) fn closed(&self, ending: Ending, circumstances: Circumstances) -> Closed {
        let Circumstances { quiet, last, age, is_unsent } = circumstances;
        let (received, sent) =
            (self.connection.received_counters(), self.connection.sent_counters());
        let is_early = received.messages == 0 && sent.messages == 0 && age < EARLY;
        let hint = is_early.then(|| missed(&ending, self.opened)).flatten();
        Closed {
            ending: secrets::ending(ending, &self.opened.secrets),
            quiet,
            last,
            age,
            received,
            sent,
            is_unsent,
            hint,
            failure_follows: false,
        }
    }
}

/// What a server may have missed that closed right after the handshake and did not say why: of the two
/// things that servers close for after they have accepted a connection, those that it did not get.
fn missed(ending: &Ending, opened: &Opened) -> Option<String> {
    let close = ending.received.as_ref()?;
    let is_silent = close.code.is_none() && ending.failure().is_none();
    if !is_silent || ending.initiator == Party::Local || opened.initiator == Party::Peer {
        return None;
    }
    let has_credentials = opened
        .request
        .fields
        .iter()
        .any(|(name, _)| CREDENTIALS.iter().any(|wanted| name.eq_ignore_ascii_case(wanted)));
    let what = match (opened.offered.is_empty(), has_credentials) {
        (true, false) => {
            "no subprotocol was offered (-s NAME) and no credentials were sent (-u, --bearer, --cookie)"
        }
        (true, true) => "no subprotocol was offered (-s NAME)",
        (false, false) => "no credentials were sent (-u, --bearer, --cookie)",
        (false, true) => return None,
    };
    Some(format!("closed right after the handshake: {what}, and the server may want that"))
}
