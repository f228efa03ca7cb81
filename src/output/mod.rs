//! Where events go: each format turns events into bytes, each outlet brings bytes to a stream.

pub mod certificate;
pub mod escape;
pub mod hex_dump;
pub mod human;
pub mod json;
pub mod json_view;
pub mod outlet;
pub mod payload;
pub mod shared;
pub mod style;

use std::io;

use mio::{Registry, Token};

use crate::event::Event;

pub use outlet::{Lane, Outlet};

/// Turns events into bytes.
pub trait Format: Send {
    /// Takes note of an event and writes what there is to say about it.
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet);
}

/// A format and where its bytes go.
pub struct Output {
    format: Box<dyn Format>,
    outlet: Outlet,
}

impl Output {
    /// Joins the two.
    pub fn new(format: impl Format + 'static, outlet: Outlet) -> Self {
        Self { format: Box::new(format), outlet }
    }
}

/// All outputs of a run.
#[derive(Default)]
pub struct Outputs {
    outputs: Vec<Output>,
}

/// An output cannot be written any more.
#[derive(Debug)]
pub struct OutputError {
    /// Which one, in the user's words.
    pub name: &'static str,
    /// The system's words.
    pub error: io::Error,
}

impl OutputError {
    /// Whether the reader has gone, as `head` does when it has enough.
    pub fn is_closed_pipe(&self) -> bool {
        self.error.kind() == io::ErrorKind::BrokenPipe
    }
}

impl Outputs {
    /// Adds one.
    pub fn push(&mut self, output: Output) {
        self.outputs.push(output);
    }

    /// Lets `registry` announce, from token `first` on, when an output takes bytes again.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn register(&mut self, registry: &Registry, first: usize) -> io::Result<()> {
        for (index, output) in self.outputs.iter_mut().enumerate() {
            output.outlet.register(registry, Token(first + index))?;
        }
        Ok(())
    }

    /// Takes note that an output's token was announced.
    pub fn set_ready(&mut self, index: usize, reader_gone: bool) {
        if let Some(output) = self.outputs.get_mut(index) {
            output.outlet.set_ready(reader_gone);
        }
    }

    /// Takes note that any output may take bytes again.
    pub fn set_all_ready(&mut self) {
        for output in &mut self.outputs {
            output.outlet.set_ready(false);
        }
    }

    /// Tells all outputs of an event.
    pub fn event(&mut self, event: &Event<'_>) {
        for output in &mut self.outputs {
            let before = output.outlet.pending();
            output.format.event(event, &mut output.outlet);
            if event.is_received_message() && output.outlet.pending() > before {
                output.outlet.end_message();
            }
        }
    }

    /// Brings on what the streams take now.
    ///
    /// # Errors
    /// The first output that cannot be written any more; it is told once, and is silent from then on.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        let mut failed = None;
        for output in &mut self.outputs {
            output.outlet.flush();
            if let Some(error) = output.outlet.take_error() {
                failed.get_or_insert(OutputError { name: output.outlet.name(), error });
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Whether so much is waiting that nothing should be added.
    pub fn are_backed_up(&self) -> bool {
        self.outputs.iter().any(|output| output.outlet.is_backed_up())
    }

    /// Bytes that are waiting, also where they were handed to.
    pub fn held(&self) -> usize {
        self.outputs.iter().map(|output| output.outlet.held()).sum()
    }

    /// Whether nothing is waiting.
    pub fn are_drained(&self) -> bool {
        self.outputs.iter().all(|output| output.outlet.pending() == 0)
    }

    /// Comes back from [`Outputs::redirect`].
    pub fn restore(&mut self, index: usize) {
        if let Some(output) = self.outputs.get_mut(index) {
            output.outlet.restore();
        }
    }

    /// Moves the bytes of outlet `index` to another way.
    pub fn redirect(&mut self, index: usize, lane: Box<dyn Lane>) {
        if let Some(output) = self.outputs.get_mut(index) {
            output.outlet.redirect(lane);
        }
    }
}
