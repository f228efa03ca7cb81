//! Waiting until the outputs have written everything.

use std::ops::ControlFlow;

use super::{Outlet, OutputError, Outputs};
use crate::net::reactor::tokens;
use crate::net::{Reactor, Woken};

/// Bytes on their way to streams that may not take all of them at once.
pub trait Buffered {
    /// Writes what the streams take now.
    ///
    /// # Errors
    /// The first output that cannot be written to any more. It is reported once.
    fn write_ready(&mut self) -> Result<(), OutputError>;

    /// Whether nothing is waiting.
    fn is_drained(&self) -> bool;

    /// Records which streams take bytes again, after a wait.
    fn set_ready(&mut self, woken: &Woken);

    /// Assumes that every stream takes bytes again.
    fn set_all_ready(&mut self);
}

impl Buffered for Outputs {
    fn write_ready(&mut self) -> Result<(), OutputError> {
        self.flush()
    }

    fn is_drained(&self) -> bool {
        self.are_drained()
    }

    fn set_ready(&mut self, woken: &Woken) {
        Self::set_ready(self, woken);
    }

    fn set_all_ready(&mut self) {
        Self::set_all_ready(self);
    }
}

/// An outlet to a file, whose thread reports by a wake-up.
impl Buffered for Outlet {
    fn write_ready(&mut self) -> Result<(), OutputError> {
        self.flush();
        match self.take_error() {
            Some(error) => Err(OutputError { name: self.name(), error }),
            None => Ok(()),
        }
    }

    fn is_drained(&self) -> bool {
        self.pending() == 0
    }

    fn set_ready(&mut self, woken: &Woken) {
        if woken.is_woken {
            self.set_all_ready(); // also after a wake-up that is not about it
        }
    }

    fn set_all_ready(&mut self) {
        Self::set_ready(self, false);
    }
}

/// Who waits for its outputs, and what time, signals and failed outputs mean to it meanwhile.
pub trait Drain {
    /// The outputs.
    fn outputs(&mut self) -> &mut impl Buffered;

    /// An output has failed.
    fn on_output_error(&mut self, error: OutputError) -> ControlFlow<()>;

    /// Called each time the outputs have written what they can.
    fn on_flushed(&mut self) {}

    /// Waits until an output may take more, for which it is marked as ready, or for what else ends the wait.
    fn wait(&mut self) -> ControlFlow<()>;
}

/// Writes what waits in the outputs until nothing is left, or `drain` breaks off.
pub fn drain(drain: &mut impl Drain) {
    loop {
        if let Err(error) = drain.outputs().write_ready()
            && drain.on_output_error(error).is_break()
        {
            return;
        }
        drain.on_flushed();
        if drain.outputs().is_drained() || drain.wait().is_break() {
            return;
        }
    }
}

/// Finishes outputs and writes what is left in them, however long that takes. Errors are not reported, and nothing
/// but the end of the process interrupts it.
pub fn finish_and_drain(outputs: &mut Outputs, reactor: &mut Reactor) {
    outputs.finish();
    let registered = outputs.register(reactor.registry(), tokens::OUTPUTS, &reactor.waker());
    outputs.set_all_ready(); // readiness may have been announced to another wait
    if registered.is_ok() {
        drain(&mut Uninterrupted { outputs, reactor });
    }
}

struct Uninterrupted<'a> {
    outputs: &'a mut Outputs,
    reactor: &'a mut Reactor,
}

impl Drain for Uninterrupted<'_> {
    fn outputs(&mut self) -> &mut impl Buffered {
        self.outputs
    }

    fn on_output_error(&mut self, _: OutputError) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn wait(&mut self) -> ControlFlow<()> {
        let Ok(woken) = self.reactor.wait(None) else { return ControlFlow::Break(()) };
        self.outputs.set_ready(&woken);
        ControlFlow::Continue(())
    }
}
