//! Where events go: each format turns events into bytes, each outlet brings bytes to a stream.

mod backlog;
pub mod certificate;
pub mod escape;
pub mod head;
pub mod hex_dump;
pub mod html;
pub mod human;
mod joined;
pub mod json;
pub mod json_view;
mod lane;
mod later;
pub mod outlet;
pub mod payload;
pub mod shared;
pub mod style;
pub mod wrap;

use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::{Registry, Token, Waker};

use crate::event::Event;
use crate::protocol::{MessageKind, Payload};

pub use joined::Joined;
pub use lane::Lane;
use later::LONG;
pub use outlet::Outlet;

/// Turns events into bytes.
pub trait Format: Send {
    /// Takes note of an event and writes what there is to say about it.
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet);

    /// Whether it never has anything to say about a text message, but for those that are more than
    /// were asked for. It is asked once: most displays beside a pipe do, and most messages are text.
    fn ignores_text(&self) -> bool {
        false
    }

    /// Whether it never has anything to say about a message of ours. It is asked once.
    fn ignores_sent(&self) -> bool {
        false
    }
}

/// A format and where its bytes go.
pub struct Output {
    format: Box<dyn Format>,
    outlet: Outlet,
    ignores_text: bool,
    ignores_sent: bool,
}

impl Output {
    /// Joins the two.
    pub fn new(format: Box<dyn Format>, outlet: Outlet) -> Self {
        let (ignores_text, ignores_sent) = (format.ignores_text(), format.ignores_sent());
        Self { format, outlet, ignores_text, ignores_sent }
    }
}

/// All outputs of a run.
#[derive(Default)]
pub struct Outputs {
    outputs: Vec<Output>,
    /// There is one that has something to say about a text message of ours.
    show_sent_text: bool,
    /// The run is ending: nothing waits for room any more.
    ending: Option<Ending>,
}

/// What is left to do for outputs whose run has to end.
#[derive(Debug, Default)]
struct Ending {
    /// How many more received messages people are shown.
    allowance: Option<u64>,
    /// Received messages that were not handed to an output that matters.
    dropped: u64,
}

/// Received messages that people are still shown after Ctrl-C: the last words of a peer that was quiet.
const LAST_MESSAGES: u64 = 20;

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
        self.show_sent_text |= !(output.ignores_text || output.ignores_sent);
        self.outputs.push(output);
    }

    /// Whether a message of ours is worth an event: most displays beside a pipe ignore text.
    #[inline]
    pub fn show_sent(&self, kind: MessageKind) -> bool {
        self.show_sent_text || kind != MessageKind::Text
    }

    /// Lets `registry`, from token `first` on, or `waker` announce when an output takes bytes again.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn register(
        &mut self,
        registry: &Registry,
        first: usize,
        waker: &Arc<Waker>,
    ) -> io::Result<()> {
        for (index, output) in self.outputs.iter_mut().enumerate() {
            output.outlet.register(registry, Token(first + index), waker)?;
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

    /// Reports an event to all outputs.
    #[inline]
    pub fn event(&mut self, event: &Event<'_>) {
        if self.ending.is_some() {
            return self.last_event(event);
        }
        let is_received = event.is_received_message();
        let is_text = event.is_ordinary_text();
        for Output { format, outlet, ignores_text, .. } in &mut self.outputs {
            if !(is_text && *ignores_text) {
                format.event(event, outlet);
                outlet.end_record(is_received);
            }
        }
    }

    /// Lends the outputs the message that the events until the next call are about, so that they need not
    /// copy it.
    pub fn lend(&mut self, payload: Option<&Payload>) {
        for output in &mut self.outputs {
            output.outlet.lend(payload);
        }
    }

    #[cold]
    fn last_event(&mut self, event: &Event<'_>) {
        let Some(ending) = &mut self.ending else { return };
        let is_received = event.is_received_message();
        for Output { format, outlet, .. } in &mut self.outputs {
            if !ending.drops(outlet, is_received) {
                format.event(event, outlet);
                outlet.end_record(is_received);
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

    /// See [`Outlet::flush_ahead`]. What fails is told by [`Outputs::flush`].
    pub fn flush_ahead(&mut self) {
        for output in &mut self.outputs {
            output.outlet.flush_ahead();
        }
    }

    /// Whether so much is waiting that nothing should be added.
    pub fn are_backed_up(&self) -> bool {
        self.outputs.iter().any(|output| output.outlet.is_backed_up())
    }

    /// Bytes that are waiting, also where they were handed to.
    pub fn held(&self) -> usize {
        self.outputs.iter().map(|output| output.outlet.held()).sum()
    }

    /// Bytes that the outputs that matter to the run have taken so far.
    pub fn taken(&self) -> u64 {
        let essential = self.outputs.iter().filter(|output| output.outlet.is_essential());
        essential.map(|output| output.outlet.taken()).sum()
    }

    /// Whether nothing is waiting.
    pub fn are_drained(&self) -> bool {
        self.outputs.iter().all(|output| output.outlet.pending() == 0)
    }

    /// Says that the run is ending: from now on what has no room is dropped. If the run was
    /// interrupted, what people were still to be shown on a terminal is dropped too, so that a flood
    /// stops at once.
    pub fn end(&mut self, was_interrupted: bool) {
        let mut ending = Ending::default();
        if was_interrupted && self.have_display() {
            let outlets = self.outputs.iter_mut().map(|output| &mut output.outlet);
            ending.dropped = outlets.map(Outlet::stop_display).sum();
            ending.allowance = Some(if ending.dropped > 0 { 0 } else { LAST_MESSAGES });
        }
        self.ending = Some(ending);
    }

    /// Drops what waits, since the run ends without it. Returns how many received messages did not
    /// reach the outputs that matter to the run, or not as a whole, and how many bytes were dropped.
    pub fn give_up(&mut self) -> (u64, usize) {
        let dropped = self.ending.as_ref().map_or(0, |ending| ending.dropped);
        let outlets = self.outputs.iter_mut().map(|output| &mut output.outlet);
        outlets.filter(|outlet| outlet.is_essential()).map(Outlet::give_up).fold(
            (dropped, 0),
            |(messages, bytes), (more_messages, more_bytes)| {
                (messages + more_messages, bytes + more_bytes)
            },
        )
    }

    /// Whether received messages are shown to people.
    pub fn have_display(&self) -> bool {
        self.outputs.first().is_some_and(|output| output.outlet.is_display())
    }

    /// Waits, outside of any event loop, until everything has been delivered, or until this time or a
    /// signal.
    ///
    /// # Errors
    /// As [`Outputs::flush`].
    pub fn drain(&mut self, until: Option<Instant>) -> Result<(), OutputError> {
        loop {
            self.flush()?;
            let waiting = self.outputs.iter_mut().find(|output| output.outlet.pending() > 0);
            let Some(Output { outlet, .. }) = waiting else { return Ok(()) };
            if !matches!(outlet.wait(until), Ok(true)) {
                return Ok(());
            }
        }
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

impl Ending {
    /// Whether an outlet is not told of an event. After the first received message that is dropped no
    /// further one is shown: what was shown has no gaps.
    fn drops(&mut self, outlet: &Outlet, is_received: bool) -> bool {
        if !is_received || !outlet.is_essential() {
            return outlet.is_backed_up();
        }
        let is_dropped = outlet.is_backed_up() || self.dropped > 0 || self.allowance == Some(0);
        self.dropped += u64::from(is_dropped);
        self.allowance = self.allowance.map(|left| left.saturating_sub(1));
        is_dropped
    }
}
