//! Actions from another thread.

use std::io;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, OnceLock};

use mio::{Registry, Token, Waker};

use super::{Action, Next, Source};

/// Where actions are posted.
#[derive(Clone, Debug)]
pub struct Postbox {
    sender: Sender<Action<'static>>,
    waker: Arc<OnceLock<Arc<Waker>>>,
}

/// Where they arrive.
#[derive(Debug)]
pub struct Mailbox {
    receiver: Receiver<Action<'static>>,
    waker: Arc<OnceLock<Arc<Waker>>>,
}

/// A connected pair.
pub fn mailbox() -> (Postbox, Mailbox) {
    let (sender, receiver) = channel();
    let waker = Arc::new(OnceLock::new());
    (Postbox { sender, waker: Arc::clone(&waker) }, Mailbox { receiver, waker })
}

impl Postbox {
    /// Hands an action over; nothing happens when the other side has gone.
    pub fn post(&self, action: Action<'static>) {
        let _ = self.sender.send(action);
        if let Some(waker) = self.waker.get() {
            let _ = waker.wake();
        }
    }
}

impl Source for Mailbox {
    fn register(&mut self, _: &Registry, _: Token, waker: &Arc<Waker>) -> io::Result<()> {
        let _ = self.waker.set(Arc::clone(waker)); // it is registered once
        waker.wake() // for what was posted before
    }

    fn set_ready(&mut self) {}

    fn next(&mut self, _: &Registry) -> Next<'_> {
        match self.receiver.try_recv() {
            Ok(action) => Next::Action(action),
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => Next::Pending,
        }
    }
}
