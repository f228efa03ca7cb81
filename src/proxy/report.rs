//! How a proxied connection went.

use std::io;
use std::time::Instant;

use crate::event::{ProxyClosed, ProxyInitiator, mask};
use crate::protocol::Side;

use super::cable::{Cable, at};

/// How a proxied connection went.
#[derive(Debug)]
pub struct Report {
    /// The end of the connection.
    pub closed: ProxyClosed,
    /// The call of the system that failed, if that ended it.
    pub failed: Option<io::Error>,
}

impl Cable<'_> {
    pub(super) fn report(&mut self, failed: Option<io::Error>) -> Report {
        let closing = self.closing.take();
        let own = closing.as_ref().map(|closing| closing.payload.clone());
        let why = match (&closing, &failed) {
            (Some(closing), _) => Some(closing.why.clone()),
            (None, Some(error)) => Some(error.to_string()),
            (None, None) => self.aborted.clone(),
        };
        let initiator = match self.totals.first_close.or(self.totals.first_end) {
            _ if why.is_some() && self.totals.first_close.is_none() => ProxyInitiator::Local,
            Some(Side::Client) => ProxyInitiator::Client,
            Some(Side::Server) => ProxyInitiator::Server,
            None => ProxyInitiator::Local,
        };
        let secrets = &self.opened.secrets;
        let close = |side| self.ways[at(side)].close.as_ref().map(|it| mask::close(it, secrets));
        let closed = ProxyClosed {
            initiator,
            client: close(Side::Client),
            server: close(Side::Server),
            own,
            client_end: self.ways[at(Side::Client)].ended.clone(),
            server_end: self.ways[at(Side::Server)].ended.clone(),
            from_client: self.ways[at(Side::Client)].passing.inbound().counters(),
            from_server: self.ways[at(Side::Server)].passing.inbound().counters(),
            violations: self.totals.violations,
            touched: self.totals.touched,
            age: Instant::now().saturating_duration_since(self.since),
            why,
        };
        Report { closed, failed }
    }
}
