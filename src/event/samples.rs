//! Events for tests, which set what they are about.

use std::time::Duration;

use super::{Closed, HeadView, LastTraffic, Opened, ProxyClosed, ProxyInitiator, SilenceAdvice};
use crate::net::Timings;
use crate::protocol::connection::{Ending, Initiator};
use crate::protocol::vocabulary::Counters;
use crate::redact::Secrets;

impl HeadView {
    /// A head without lines.
    pub(crate) fn empty() -> Self {
        Self { start_line: Vec::new(), fields: Vec::new(), malformed: Vec::new() }
    }
}

impl Opened {
    /// A connection to this URL that was opened by us, with empty heads.
    pub(crate) fn sample(url: &str) -> Self {
        Self {
            initiator: Initiator::Local,
            url: url.to_owned(),
            remote: String::new(),
            proxy: None,
            local: String::new(),
            http_minor: 1,
            status: 101,
            reason: String::new(),
            request: HeadView::empty(),
            interim: Vec::new(),
            response: HeadView::empty(),
            has_credentials: false,
            offered: Vec::new(),
            protocol: None,
            extensions: None,
            compression: None,
            tls: None,
            timings: Timings::default(),
            secrets: Secrets::default(),
        }
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
            silence_advice: SilenceAdvice::default(),
            failure_follows: false,
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
            from_client: Counters::default(),
            from_server: Counters::default(),
            violations: 0,
            touched: 0,
            age: Duration::ZERO,
            why: None,
        }
    }
}
