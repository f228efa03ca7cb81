//! The page that `--ui` serves: the store of all events, the server of the page, and its end.
//!
//! A command that has a page calls [`listen`] before it makes anything that would be left behind, [`Page::open`] before it
//! makes its outputs, which record into the store from then on, [`Page::serve`] once there is something to act on, and in the
//! end [`Page::end_recording`] and [`Page::end`].

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Interest;
use mio::net::TcpListener;

use super::recording::RunRecordings;
use crate::config::UiConfig;
use crate::error::Error;
use crate::event::Level;
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::net::target::reached_at;
use crate::output::escape::{Newlines, escape};
use crate::page::guard::{Guard, Secret};
use crate::page::{Control, Hello, Phase, Store, StoreOptions};
use crate::server::{BoundListener, ListenError, bind_with_default_port};

mod actions;
mod answers;
mod browser;
mod download;
mod recorder;
mod service;
mod serving;
mod tab;
mod tabs;

pub(super) use actions::{OnlyActions, ReadOnly, Unavailable, action_of};
use recorder::Recorder;
use service::PageService;
use serving::Serving;
use tabs::Tabs;

/// A page.
pub(super) struct Page {
    store: Arc<Store>,
    recorder: Recorder,
    guard: Guard,
    address: SocketAddr,
    opens_browser: bool,
    /// Until the page is served.
    listener: Option<TcpListener>,
    serving: Option<Serving>,
    tabs: Arc<Tabs>,
}

/// What a page is about.
pub(super) struct About {
    /// What the answer to `hello` says of the command.
    pub(super) hello: Hello,
    /// Makes what acts on connections, for each tab.
    pub(super) control: ControlMaker,
}

/// Makes what acts on connections, for each tab.
pub(super) type ControlMaker = Arc<dyn Fn() -> Box<dyn Control> + Send + Sync>;

/// Tabs and downloads at a time. Each has a thread.
const MAX_TABS: usize = 16;

/// A free port.
const ANY_PORT: u16 = 0;

/// How long tabs may take for the last notice, the requests that follow it, and the closing handshake.
const END_LIMIT: Duration = Duration::from_secs(1);

/// The least time for that after a signal.
const LEAST_TIME: Duration = Duration::from_millis(100);

/// The socket of a page, if there is to be one. Nothing is accepted yet.
///
/// # Errors
/// When the address cannot be listened on.
pub(super) fn listen(config: Option<&UiConfig>) -> Result<Option<PageSocket>, Error> {
    let bind = |config: &UiConfig| {
        let bound = bind_with_default_port(&config.address, ANY_PORT).map_err(cannot_listen)?;
        Ok(PageSocket { config: config.clone(), bound })
    };
    config.map(bind).transpose()
}

/// The socket of a page.
pub(super) struct PageSocket {
    config: UiConfig,
    bound: BoundListener,
}

impl Page {
    /// Has all outputs that are made from now on record into the store of the page. Of `options` what they say of the lines
    /// counts.
    ///
    /// # Errors
    /// When the system refuses something.
    pub(super) fn open(
        PageSocket { config, bound }: PageSocket,
        recordings: &mut RunRecordings,
        options: StoreOptions,
    ) -> Result<Self, Error> {
        let BoundListener { socket, address, hosts } = bound;
        let store = Arc::new(Store::new(StoreOptions { history: config.history, ..options }));
        let recorder = Recorder::start(Arc::clone(&store), recordings.recordings.recorders())
            .map_err(|error| Error::System("thread for the page".to_owned(), error))?;
        recordings.set_page();
        let [token, session] = [(); 2].map(|()| Secret::new(rand::random()));
        Ok(Self {
            store,
            recorder,
            guard: Guard::new(address, &hosts.hosts, token, session),
            address,
            opens_browser: config.opens_browser,
            listener: Some(socket),
            serving: None,
            tabs: Arc::new(Tabs::new(MAX_TABS)),
        })
    }

    /// Serves the page from now on. Returns what is to be said about it.
    ///
    /// # Errors
    /// When the system refuses something.
    pub(super) fn serve(&mut self, about: About) -> Result<Vec<(Level, String)>, Error> {
        let Some(listener) = self.listener.take() else { return Ok(Vec::new()) };
        let (guard, store) = (self.guard.clone(), Arc::clone(&self.store));
        let service = PageService::new(guard, store, about, Arc::clone(&self.tabs));
        let serving = Serving::start(service, listener);
        self.serving = Some(serving.map_err(|error| Error::System("page".to_owned(), error))?);
        let url = self.url();
        let mut notices = vec![(Level::Needed, format!("page: {url}"))];
        if !self.address.ip().to_canonical().is_loopback() {
            let text = "the page can be reached from other machines, without encryption";
            notices.push((Level::Warning, text.to_owned()));
        }
        if self.opens_browser
            && let Err(error) = browser::open(&url)
        {
            let text = format!("the browser cannot be started: {error}; open the URL of the page");
            notices.push((Level::Warning, text));
        }
        Ok(notices)
    }

    /// What the page keeps.
    pub(super) fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The address of the page.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL with the token, which browsers send to no server.
    fn url(&self) -> String {
        let address = SocketAddr::new(reached_at(self.address.ip()), self.address.port());
        format!("http://{address}/#token={}", self.guard.token())
    }

    /// Nothing more is recorded than what outputs have by now.
    pub(super) fn end_recording(&self) {
        self.recorder.end();
    }

    /// Says that a recording has been read, once the store has all of it: see [`Page::end_recording`].
    pub(super) fn set_read(&self, why: &str) {
        self.recorder.wait_until_over(Instant::now() + END_LIMIT);
        self.store.set_phase(Phase::Ended, Some(why.to_owned()), None);
    }

    /// What is to be said at the end: less was kept than was asked for.
    pub(super) fn warning(&self) -> Option<String> {
        self.store.file_error().map(|error| format!("page: {error}"))
    }

    /// Drops what the store's queue has no room for from now on, as the run must end.
    pub(super) fn stop_waiting(&self) {
        self.recorder.stop_waiting();
    }

    /// Tells all tabs that the run has ended, and why, answers what they ask for because of that, and closes them.
    /// `leave_by`: a signal ends the run then.
    pub(super) fn end(&mut self, result: &Result<(), Error>, leave_by: Option<Instant>) {
        let now = Instant::now();
        let until = leave_by.map_or(now + END_LIMIT, |leave_by| leave_by.max(now + LEAST_TIME));
        self.recorder.end();
        self.recorder.wait_until_over(until);
        let why = match result {
            Err(error) => error.message(),
            Ok(()) if leave_by.is_some() || self.store.summary().connections == 0 => {
                "stopped".to_owned()
            }
            Ok(()) => "the last connection has ended".to_owned(),
        };
        self.store.end(why, time());
        self.tabs.close(until);
        self.serving = None; // accepts nothing more
    }
}

/// What is shown of something that the page did: `line` is what would be typed for it.
pub(super) fn done_text(line: &str) -> String {
    format!("page: {}", escape(line, Newlines::Escape))
}

/// The time, as events have it.
fn time() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

fn cannot_listen(error: ListenError) -> Error {
    match error {
        ListenError::BadAddress { address, reason } => Error::Usage {
            message: format!("bad --ui {address:?}: {reason}"),
            hint: Some(
                "write --ui, or --ui=HOST:PORT, --ui=HOST, --ui=:PORT or --ui=PORT".to_owned(),
            ),
        },
        ListenError::System { address, error } => {
            Error::System(format!("cannot listen on {address} for the page"), error)
        }
    }
}

/// A reactor that watches this socket.
fn reactor_of(listener: &mut TcpListener) -> io::Result<Reactor> {
    let reactor = Reactor::new(None)?;
    reactor.registry().register(listener, tokens::LISTENER, Interest::READABLE)?;
    Ok(reactor)
}
