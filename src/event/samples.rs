//! Events for tests, which set what they are about.

use std::time::Duration;

use super::{Closed, LastTraffic, Opened, ProxyClosed, ProxyInitiator, SilenceAdvice};
use crate::protocol::connection::{Ending, Initiator};
use crate::protocol::vocabulary::Counters;

impl Opened {
    /// A connection to this URL that was opened by us, with empty heads.
    pub(crate) fn sample(url: &str) -> Self {
        Self { url: url.to_owned(), ..Self::unknown(Initiator::Local, String::new()) }
    }
}

impl Closed {
    /// A connection that ended in this way, of which nothing else is known.
    pub(crate) fn sample(ending: Ending) -> Self {
        Self {
            ending,
            quiet: Duration::ZERO,
            last: LastTraffic::Other,
            age: Duration::ZERO,
            received: Counters::default(),
            sent: Counters::default(),
            is_unsent: false,
            hint: None,
            application: None,
            is_initiator_unknown: false,
            silence_advice: SilenceAdvice::default(),
            failure_follows: false,
            masked: None,
        }
    }
}

impl ProxyClosed {
    /// A connection that the client ended, of which nothing else is known.
    pub(crate) fn sample() -> Self {
        Self {
            initiator: ProxyInitiator::Client,
            client: None,
            server: None,
            own: None,
            awaited: [false; 2],
            not_delivered: [false; 2],
            undelivered: [None; 2],
            client_end: None,
            server_end: None,
            cut: [None; 2],
            from_client: Counters::default(),
            from_server: Counters::default(),
            violations: 0,
            touched: 0,
            age: Duration::ZERO,
            why: None,
            is_masked: false,
        }
    }
}
