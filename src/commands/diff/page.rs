//! Text on standard output, at the speed of who reads it.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::commands::delivery::Delivery;
use crate::error::Error;
use crate::event::{Clock, Event, EventKind, Shown};
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::output::{Format, Outlet, Output, Outputs};
use crate::platform::stdio::Writer;

/// Standard output.
pub(super) struct Page {
    outputs: Outputs,
    reactor: Reactor,
    clock: Clock,
    /// Why nothing more is written.
    stopped: Option<Stop>,
}

enum Stop {
    /// The reader has what it needs.
    Closed,
    Failed(Error),
}

/// Writes text as it is.
struct Plain;

impl Format for Plain {
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet) {
        if let EventKind::Shown(Shown::Text(text)) = event.what {
            out.put(text.as_bytes());
        }
    }
}

impl Page {
    /// # Errors
    /// If the system refuses it.
    pub(super) fn open() -> Result<Self, Error> {
        const NAME: &str = "standard output";
        let reactor =
            Reactor::new(None).map_err(|error| Error::System("event loop".to_owned(), error))?;
        let writer = Writer::stdout().map_err(|error| Error::System(NAME.to_owned(), error))?;
        let mut outputs = Outputs::default();
        outputs.push(Output::new(Box::new(Plain), Outlet::stream(NAME, writer)));
        outputs
            .register(reactor.registry(), tokens::OUTPUTS, &reactor.waker())
            .map_err(|error| Error::System("event loop".to_owned(), error))?;
        Ok(Self { outputs, reactor, clock: Clock::start(), stopped: None })
    }

    /// Adds text, and waits while too much is waiting. Breaks when nothing more can be written.
    pub(super) fn put(&mut self, text: &str) -> ControlFlow<()> {
        if self.stopped.is_some() {
            return ControlFlow::Break(());
        }
        let what = EventKind::Shown(Shown::Text(text));
        self.outputs.event(&Event {
            at: self.clock.now(),
            connection: None,
            mark: None,
            transit: None,
            what,
        });
        while self.outputs.are_backed_up() {
            if let Err(error) = self.outputs.flush() {
                self.stopped = Some(match error.is_closed_pipe() {
                    true => Stop::Closed,
                    false => Stop::Failed(Error::Output(error)),
                });
                return ControlFlow::Break(());
            }
            if !self.outputs.are_backed_up() {
                break;
            }
            match self.reactor.wait(None) {
                Ok(woken) => self.outputs.set_ready(&woken),
                Err(error) => {
                    let error = Error::System("event loop".to_owned(), error);
                    self.stopped = Some(Stop::Failed(error));
                    return ControlFlow::Break(());
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Writes what is left. An output that fails counts more than that the recordings differ.
    pub(super) fn end(mut self, result: Result<(), Error>) -> Result<(), Error> {
        match self.stopped.take() {
            Some(Stop::Closed) => return result,
            Some(Stop::Failed(error)) => return Err(error),
            None => {}
        }
        self.outputs.finish();
        let delivered = Delivery {
            outputs: &mut self.outputs,
            reactor: &mut self.reactor,
            until: None,
            is_leaving: false,
            max_time: Duration::ZERO,
            needs_reader: false,
            result: Ok(()),
        };
        delivered.run().and(result)
    }
}
