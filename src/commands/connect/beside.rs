//! An attempt of the main loop in a thread of its own, so that lines for other connections do not wait for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;

use super::conversation::{Conversation, InputSource};
use super::opening::events::OpeningEvent;
use super::opening::{FailedAttempt, Opening};
use crate::client::OpenConnection;
use crate::error::{Error, Tries};
use crate::net::Reactor;
use crate::session::{Stop, Unsent};

/// The result of an attempt.
type Attempted = Result<OpenConnection, FailedAttempt>;

impl Conversation<'_> {
    /// Whether the input is a prompt, whose lines may be for other connections.
    pub(super) fn has_prompt(&self) -> bool {
        matches!(self.source, Some(InputSource::Repl(_)))
    }

    /// Makes an attempt, and takes the lines of the prompt meanwhile.
    ///
    /// # Errors
    /// What ended the attempt.
    pub(super) fn open_beside_prompt(
        &mut self,
        opening: Opening<'_>,
        tries: Tries,
        unsent: &mut Unsent,
    ) -> Result<Attempted, Stop> {
        let mut reactor = Reactor::new(None).map_err(Stop::System)?;
        let cancelled = Arc::new(AtomicBool::new(false));
        reactor.interrupt_on(Arc::clone(&cancelled));
        let (own, control) = (reactor.waker(), self.reactor.waker());
        let (sender, events) = channel();
        let attempt = move || {
            let opened = opening.open(tries, &mut reactor, |event| {
                let _ = sender.send(event); // the loop has ended the attempt
                let _ = control.wake();
            });
            drop(sender);
            let _ = control.wake();
            (opened, reactor)
        };
        let (opened, reactor) = thread::scope(|scope| {
            let thread = thread::Builder::new().name("attempt".to_owned());
            let thread = thread.spawn_scoped(scope, attempt).map_err(Stop::System)?;
            let stopped = self.pause_while(None, unsent, |this| this.take_events(&events));
            // At the end of --max-time it ends by itself, and says what it was waiting for.
            if stopped.as_ref().is_some_and(|stop| !matches!(stop, Stop::MaxTime)) {
                cancelled.store(true, Ordering::SeqCst);
                let _ = own.wake(); // if it fails, the deadline ends the attempt
            }
            let attempted =
                thread.join().map_err(|_| Stop::System(io::Error::other("a thread panicked")))?;
            match stopped {
                None | Some(Stop::MaxTime) => Ok(attempted),
                Some(stop) => Err(stop),
            }
        })?;
        self.take_events(&events);
        let moved = |mut open: OpenConnection| {
            let moved = open.stream.move_to(self.reactor, &reactor);
            moved
                .map(|()| open)
                .map_err(|error| Error::System("event loop".to_owned(), error).into())
        };
        Ok(opened.and_then(moved))
    }

    /// Emits the events of an attempt; `false` once it is over.
    fn take_events(&mut self, events: &Receiver<OpeningEvent>) -> bool {
        loop {
            match events.try_recv() {
                Ok(event) => event.emit(&mut self.journal()),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }
}
