//! What the page can do with the connections of `wscope URL`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::Waker;

use crate::commands::page::{About, OnlyActions, Page, Unavailable, action_of};
use crate::config::ConnectConfig;
use crate::event::{EventKind, Mask};
use crate::input::Action;
use crate::input::queue::{ClientQueue, Enqueued, QueuedAction, QueuedActions, client_queue};
use crate::observer::{Observed, Observer, ObserverResponse};
use crate::page::{Abilities, Hello, Mode, Payload, Phase, Store};
use crate::protocol::Side;
use crate::protocol::close::ClosePayload;

/// What the page of this run is about.
pub(super) fn about(config: &ConnectConfig, links: &PageLinks) -> About {
    let endpoint = &config.endpoint;
    let url = Mask::new(endpoint.redaction, &endpoint.secrets).url(&endpoint.target.url());
    let hello = Hello {
        mode: Mode::Connect,
        title: format!("connect {url}"),
        clients_url: None,
        target: Some(url),
        can: Abilities {
            send: vec![Side::Server],
            close: vec![Side::Server],
            hold: false,
            rules: false,
        },
    };
    let links = links.clone();
    About { hello, control: Arc::new(move || Box::new(Unavailable(ToServer(links.clone())))) }
}

/// The connections of a run that are open, by number, as the page reaches them. A clone shares them.
#[derive(Clone)]
pub(super) struct PageLinks {
    queues: Arc<Mutex<BTreeMap<u64, ClientQueue>>>,
    store: Arc<Store>,
    /// A connection that is lost is opened again.
    reconnects: bool,
}

/// Where actions for one connection wait, in bytes: what a page sends beyond it is refused.
const BACKLOG: usize = 64 << 20;

impl PageLinks {
    /// Those of a run with this page.
    pub(super) fn new(page: &Page, config: &ConnectConfig) -> Self {
        let store = Arc::clone(page.store());
        store.set_phase(Phase::Connecting, None, None);
        let reconnects = config.resilience.reconnect.is_some();
        Self { queues: Arc::default(), store, reconnects }
    }

    /// The actions of the page for connection `number`, whose run is controlled by the loop of `control`.
    pub(super) fn open(&self, number: u64, control: Arc<Waker>) -> QueuedActions {
        let (queue, actions) = client_queue(BACKLOG, control);
        self.queues().insert(number, queue);
        actions
    }

    /// Connection `number` has ended.
    pub(super) fn remove(&self, number: u64) {
        let mut queues = self.queues();
        queues.remove(&number);
        if queues.is_empty() {
            let phase = if self.reconnects { Phase::Connecting } else { Phase::Waiting };
            self.store.set_phase(phase, None, None);
        }
    }

    /// No connection is being opened again.
    pub(super) fn set_idle(&self) {
        if self.queues().is_empty() {
            self.store.set_phase(Phase::Waiting, None, None);
        }
    }

    /// Shows on the page how far a connection is.
    pub(super) fn observer(&self) -> Box<dyn Observer> {
        Box::new(PhaseObserver(self.clone()))
    }

    /// The queue of this connection. What has no number is the only one, or was when it was opened.
    fn queue(&self, connection: Option<u64>) -> Result<ClientQueue, String> {
        let queues = self.queues();
        let found = match connection {
            Some(number) => queues.get(&number),
            None => queues.values().next(),
        };
        found.cloned().ok_or_else(|| match connection {
            Some(number) => format!("connection {number} is not open"),
            None => "not connected".to_owned(),
        })
    }

    fn queues(&self) -> MutexGuard<'_, BTreeMap<u64, ClientQueue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for PageLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PageLinks").field(&self.queues().keys()).finish()
    }
}

/// Sends to the servers of the run's connections.
struct ToServer(PageLinks);

impl ToServer {
    fn push(&self, connection: Option<u64>, action: Action) -> Result<(), String> {
        let queue = self.0.queue(connection)?;
        if action.is_sent() && !queue.has_room() {
            return Err("the connection accepts no more data for now: not sent".to_owned());
        }
        match queue.push(QueuedAction { action, typed: false }) {
            Enqueued::Waiting => Ok(()),
            Enqueued::Overrun | Enqueued::Closed => {
                Err("the connection is being closed: not sent".to_owned())
            }
        }
    }
}

impl OnlyActions for ToServer {
    fn send(&mut self, connection: Option<u64>, to: Side, payload: Payload) -> Result<(), String> {
        if to != Side::Server {
            return Err("this program is the client: messages can be sent to the server".to_owned());
        }
        let action = action_of(payload)?;
        self.push(connection, action)
    }

    fn close(&mut self, connection: Option<u64>, close: ClosePayload) -> Result<(), String> {
        self.push(connection, Action::Close(close.code, Some(close.reason)))
    }
}

/// Says how far a connection is.
struct PhaseObserver(PageLinks);

impl Observer for PhaseObserver {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        if let EventKind::Open(_) = event.event {
            self.0.store.set_phase(Phase::Live, None, None);
        }
        ObserverResponse::default()
    }
}
