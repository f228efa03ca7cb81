//! A connection in a thread of its own, at a prompt that has several, or stays.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use mio::Waker;

use super::record::{Record, RunShared};
use super::sinks::Sinks;
use crate::config::ConnectConfig;
use crate::error::Error;
use crate::event::Clock;
use crate::input::queue::{ClientQueue, Enqueued, QueuedAction, QueuedActions, client_queue};
use crate::input::{Action, Shutdown};
use crate::net::Reactor;
use crate::protocol::CloseCode;

/// A connection as the prompt's loop sees it.
#[derive(Debug)]
pub(super) struct Link {
    queue: ClientQueue,
    cancelled: Arc<AtomicBool>,
    waker: Arc<Waker>,
    thread: JoinHandle<()>,
}

/// What a connection needs.
pub(super) struct LinkConfig {
    pub(super) config: Arc<ConnectConfig>,
    pub(super) record: Arc<Record>,
    pub(super) shared: RunShared,
    pub(super) clock: Clock,
    pub(super) max_time: Option<Instant>,
    pub(super) sinks: Sinks,
    /// Of the prompt's loop.
    pub(super) control: Arc<Waker>,
    pub(super) sender: Sender<LinkEvent>,
}

/// What the thread does.
pub(super) type RunLink = fn(LinkConfig, Reactor, QueuedActions);

/// The end of a connection.
#[derive(Debug)]
pub(super) struct LinkEvent {
    /// The number of the connection.
    pub(super) number: u64,
    pub(super) outcome: Outcome,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// With this result, which has been reported.
    Ended(Result<(), Error>),
    /// A goal of the run was met or missed: the run ends.
    Decided(Result<(), Error>),
    /// The attempt to open it was cancelled.
    Cancelled,
    /// `--max-time` ended it, which the prompt's loop reports.
    OutOfTime,
}

impl Link {
    /// Starts to open a connection, in a thread that does `run`.
    ///
    /// # Errors
    /// When the system refuses the thread or what it needs.
    pub(super) fn start(config: LinkConfig, run: RunLink) -> io::Result<Self> {
        let mut reactor = Reactor::new(None)?;
        let cancelled = Arc::new(AtomicBool::new(false));
        reactor.interrupt_on(Arc::clone(&cancelled));
        let waker = reactor.waker();
        let (queue, mut actions) = client_queue(usize::MAX, Arc::clone(&config.control));
        actions.set_typed();
        let thread = thread::Builder::new().name("connection".to_owned());
        let thread = thread.spawn(move || run(config, reactor, actions))?;
        Ok(Self { queue, cancelled, waker, thread })
    }

    pub(super) fn is_running(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Passes an action on.
    ///
    /// # Errors
    /// Why it is not carried out, as text.
    pub(super) fn push(&self, action: Action) -> Result<(), &'static str> {
        if action.is_sent() && !self.queue.has_room() {
            return Err("the connection accepts no more data for now: not sent");
        }
        match self.queue.push(QueuedAction { action, typed: true }) {
            Enqueued::Waiting => Ok(()),
            Enqueued::Overrun | Enqueued::Closed => Err("the connection is being closed: not sent"),
        }
    }

    /// Ends the attempt to open the connection, or the wait for the next one.
    pub(super) fn cancel(&self) {
        let close = QueuedAction { action: Action::Close(None, None), typed: true };
        self.queue.push(close); // also ends a connection that has just been opened
        self.cancelled.store(true, Ordering::SeqCst);
        let _ = self.waker.wake(); // if it fails, the deadline ends the wait
    }

    /// Closes the connection, and at this time ends it whatever is stalled.
    pub(super) fn shut_down(&self, code: CloseCode, shutdown: Shutdown) {
        self.queue.shut_down(code, shutdown);
        let _ = self.waker.wake();
    }
}
