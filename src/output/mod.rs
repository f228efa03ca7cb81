//! Outputs: a format turns events into bytes, an outlet writes them to a stream.
//!
//! A further display or export is a [`Format`] in a file of its own.

mod backlog;
mod batch_sink;
pub mod certificate;
mod deferred;
mod destination;
mod drain;
mod draining;
mod error;
pub mod escape;
pub mod head;
mod held_back;
pub mod hex_dump;
pub mod html;
pub mod human;
mod joined;
pub mod json;
pub mod json_payload;
pub mod json_view;
pub mod outlet;
pub mod payload;
mod recorders;
mod records;
pub mod shared;
mod silent;
pub mod style;
#[cfg(test)]
mod tests;
pub mod wrap;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use mio::{Registry, Token, Waker};

use crate::event::{Event, EventKind, Level};
use crate::net::Woken;
use crate::protocol::{MessageKind, Payload};
use crate::view::{Decision, View};

pub use batch_sink::BatchSink;
use deferred::LONG;
pub use drain::{Buffered, Drain, drain, finish_and_drain};
use draining::Draining;
pub use error::OutputError;
pub use joined::Joined;
pub use outlet::Outlet;
pub use recorders::{RecordedFrames, Recorders};
use records::Records;
pub use records::{LateStart, RecordSource};
pub use silent::Silent;

/// Turns events into bytes.
pub trait Format: Send {
    /// Writes what is shown of an event, if anything.
    fn event(&mut self, event: &Event<'_>, out: &mut Outlet);

    /// Writes what comes after the last event. This is called once, at the end of a run, however that ended.
    fn finish(&mut self, _out: &mut Outlet) {}

    /// Whether it never writes anything for a text message, other than those beyond `--count`. This is called
    /// once. With a pipe most displays ignore them, and most messages are text.
    fn ignores_text(&self) -> bool {
        false
    }

    /// Whether it writes messages as all formats do of which this is true. This is called once.
    fn shares_messages(&self) -> bool {
        false
    }

    /// Whether it never writes anything for a data message, unless a rule or the operator of a proxy has touched it. This
    /// is called once.
    fn ignores_messages(&self) -> bool {
        false
    }

    /// Whether it never writes anything for a message of ours. This is called once.
    fn ignores_sent(&self) -> bool {
        false
    }
}

/// Gets all events, whatever is shown of them.
pub trait EventLog: Send {
    /// Takes note of an event.
    fn event(&mut self, event: &Event<'_>);
}

/// A format and where its bytes go.
pub struct Output {
    format: Box<dyn Format>,
    outlet: Outlet,
    ignores_messages: bool,
    ignores_text: bool,
    ignores_sent: bool,
    shares_messages: bool,
}

impl Output {
    /// Writes what `format` makes of events to `outlet`.
    pub fn new(format: Box<dyn Format>, outlet: Outlet) -> Self {
        let (ignores_text, ignores_sent) = (format.ignores_text(), format.ignores_sent());
        let ignores_messages = format.ignores_messages();
        let shares_messages = format.shares_messages();
        Self { format, outlet, ignores_messages, ignores_text, ignores_sent, shares_messages }
    }
}

/// All outputs of a run.
#[derive(Default)]
pub struct Outputs {
    outputs: Vec<Output>,
    /// What is recorded: all events, whatever is shown.
    records: Records,
    /// Gets all events.
    log: Option<Box<dyn EventLog>>,
    /// An output shows text messages of ours.
    show_sent_text: bool,
    /// An output writes messages as recordings have them.
    shares_messages: bool,
    /// The run is ending: what has no room is dropped.
    draining: Option<Draining>,
    is_finished: bool,
    /// There is a view, or the run is ending: an event may not be shown.
    is_conditional: bool,
    /// Decides what is shown; `None`: everything is, at once.
    view: Option<Arc<View>>,
    /// These outputs show what the view has held back.
    shows_waiting: bool,
}

/// Shown when a pause holds more back than is kept.
const FULL: &str = "more than 64 MiB are held back: the oldest messages are dropped from now on; \
                    /resume shows the others";

impl Outputs {
    /// Adds an output.
    pub fn push(&mut self, output: Output) {
        self.show_sent_text |= !(output.ignores_text || output.ignores_sent);
        self.shares_messages |= output.shares_messages;
        self.outputs.push(output);
    }

    /// Records all events from now on, in the files that are recorded to at the time.
    pub fn record(&mut self, source: RecordSource) {
        self.show_sent_text = true;
        self.records.start(source);
    }

    /// Whether anything is recorded now.
    pub fn are_recorded(&self) -> bool {
        !self.records.are_empty()
    }

    /// Gives all events to `log`, whatever the view shows of them.
    pub fn set_log(&mut self, log: Box<dyn EventLog>) {
        self.show_sent_text = true;
        self.log = Some(log);
    }

    /// Shows only what `view` decides. `shows_waiting`: also what it held back; of all outputs with the same view only
    /// one may do so.
    pub fn set_view(&mut self, view: Arc<View>, shows_waiting: bool) {
        let keeps_messages = view.keeps_messages();
        self.show_sent_text |= keeps_messages;
        self.view = Some(view);
        self.is_conditional = true;
        self.shows_waiting = shows_waiting && keeps_messages; // only a prompt can hold back
    }

    /// The command whose filters hide this: `filter` or `mute`.
    pub fn hidden_by(&self, connection: Option<u64>, what: &EventKind<'_>) -> Option<&'static str> {
        self.view.as_ref().and_then(|view| view.hidden_by(connection, what))
    }

    /// Whether a message of ours needs an event.
    #[inline]
    pub fn show_sent(&self, kind: MessageKind) -> bool {
        self.show_sent_text || kind != MessageKind::Text
    }

    /// Whether a message that passes through a proxy needs an event. This may change when a recording begins.
    pub fn want_messages(&self) -> bool {
        self.outputs.iter().any(|output| !output.ignores_messages)
            || self.records.want_messages()
            || self.log.is_some()
            || self.view.as_ref().is_some_and(|view| view.keeps_messages())
    }

    /// Registers for readiness to write: `registry`, from token `first` on, or `waker` reports it.
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

    /// Records which outputs take bytes again, after a wait.
    pub fn set_ready(&mut self, woken: &Woken) {
        if woken.is_woken {
            self.set_all_ready(); // also after a wake-up that is not about them
        }
        for (index, reader_gone) in woken.outputs() {
            if let Some(output) = self.outputs.get_mut(index) {
                output.outlet.set_ready(reader_gone);
            }
        }
    }

    /// Assumes that every output takes bytes again.
    pub fn set_all_ready(&mut self) {
        for output in &mut self.outputs {
            output.outlet.set_ready(false);
        }
        self.records.set_ready();
    }

    /// Tells that events may follow that happen from this time on, since the program started: later ones of other connections
    /// are written behind them.
    pub fn announce(&mut self, elapsed: Duration) {
        self.outputs.iter_mut().for_each(|output| output.outlet.announce(elapsed));
        self.records.announce(elapsed);
    }

    /// All events so far were handed over, or have no room.
    pub fn settle(&mut self) {
        self.outputs.iter_mut().for_each(|output| output.outlet.settle());
        self.records.settle();
    }

    /// Reports an event to all outputs.
    #[inline]
    pub fn event(&mut self, event: &Event<'_>) {
        let rendered = match self.records.is_active() {
            true => self.records.event(event, self.shares_messages),
            false => None,
        };
        if let Some(log) = &mut self.log {
            log.event(event);
        }
        if self.is_conditional {
            return self.conditional_event(event);
        }
        deliver(&mut self.outputs, event, rendered);
    }

    /// Reports an event to the outputs that have room, if the view shows it now.
    #[cold]
    fn conditional_event(&mut self, event: &Event<'_>) {
        let Some(view) = &self.view else { return self.show(event) };
        let Decision { mark, is_shown, is_full } = view.decide(event);
        if is_shown {
            self.show(&Event { mark: mark.as_ref(), ..*event });
        }
        if is_full {
            let what = EventKind::Notice(Level::Warning, FULL);
            self.show(&Event { mark: None, what, ..*event });
        }
    }

    /// Records an event that is not shown.
    pub fn record_only(&mut self, event: &Event<'_>) {
        let _ = self.records.event(event, false); // nothing else is rendered
    }

    fn show(&mut self, event: &Event<'_>) {
        match self.draining {
            Some(_) => self.last_event(event),
            None => deliver(&mut self.outputs, event, None),
        }
    }

    /// Lends the outputs the message that the events until the next call are about, so that they can keep it
    /// without a copy.
    pub fn lend(&mut self, payload: Option<&Payload>) {
        for output in &mut self.outputs {
            output.outlet.lend(payload);
        }
        self.records.lend(payload);
    }

    /// Lets each format write what comes after the last event, the first time. To be called before the outputs are
    /// drained at the end of a run, in whatever way that has ended.
    pub fn finish(&mut self) {
        if std::mem::replace(&mut self.is_finished, true) {
            return;
        }
        for Output { format, outlet, .. } in &mut self.outputs {
            format.finish(outlet);
            outlet.end_record(false);
        }
    }

    /// Writes what the streams take now.
    ///
    /// # Errors
    /// The first output that cannot be written to any more. It is reported once.
    pub fn flush(&mut self) -> Result<(), OutputError> {
        self.flush_records();
        self.show_waiting();
        let mut failed = None;
        for output in &mut self.outputs {
            output.outlet.flush();
            if let Some(error) = output.outlet.take_error() {
                failed.get_or_insert(OutputError { name: output.outlet.name(), error });
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// The same; [`Outputs::flush`] reports what fails.
    pub fn flush_early(&mut self) {
        self.flush_records();
        self.show_waiting();
        for output in &mut self.outputs {
            output.outlet.flush();
        }
    }

    /// Hands over what is recorded, and shows what is to be said about that.
    fn flush_records(&mut self) {
        if !self.records.is_active() {
            return;
        }
        self.records.flush();
        if let Some((at, notices)) = self.records.take_notices() {
            for (level, text) in &notices {
                let what = EventKind::Notice(*level, text);
                self.show(&Event { at, connection: None, mark: None, transit: None, what });
            }
        }
    }

    /// See [`Outlet::flush_ahead`]. [`Outputs::flush`] reports what fails.
    pub fn flush_ahead(&mut self) {
        for output in &mut self.outputs {
            output.outlet.flush_ahead();
        }
    }

    /// Whether so much is waiting that nothing should be added.
    #[inline]
    pub fn are_backed_up(&self) -> bool {
        self.outputs.iter().any(|output| output.outlet.is_backed_up())
            || self.records.are_backed_up()
            || (self.is_conditional && self.is_catching_up())
    }

    /// Whether so much is waiting for an output that shows what we send, or for a file that is recorded to, that nothing
    /// more should be sent.
    #[inline]
    pub fn hold_up_sending(&self) -> bool {
        let mut shown = self.outputs.iter().filter(|output| !output.ignores_sent);
        shown.any(|output| output.outlet.is_backed_up()) || self.records.are_backed_up()
    }

    /// Bytes that are waiting, here or in a [`BatchSink`].
    pub fn held(&self) -> usize {
        self.outputs.iter().map(|output| output.outlet.held()).sum::<usize>() + self.records.held()
    }

    /// Bytes that the essential outputs have written, and the files that are recorded to have taken, so far.
    pub fn taken(&self) -> u64 {
        let essential = self.outputs.iter().filter(|output| output.outlet.is_essential());
        essential.map(|output| output.outlet.taken()).sum::<u64>() + self.records.taken()
    }

    /// Whether nothing is waiting.
    pub fn are_drained(&self) -> bool {
        self.outputs.iter().all(|output| output.outlet.pending() == 0)
            && self.records.are_drained()
            && !self.is_catching_up()
    }

    /// Whether received messages are shown on a terminal.
    pub fn have_display(&self) -> bool {
        self.outputs.first().is_some_and(|output| output.outlet.is_display())
    }

    /// Undoes [`Outputs::redirect`].
    pub fn restore(&mut self, index: usize) {
        if let Some(output) = self.outputs.get_mut(index) {
            output.outlet.restore();
        }
    }

    /// Hands the bytes of outlet `index` to `sink` in place of its stream.
    pub fn redirect(&mut self, index: usize, sink: Box<dyn BatchSink>) {
        if let Some(output) = self.outputs.get_mut(index) {
            output.outlet.redirect(sink);
        }
    }
}

/// Gives an event to the formats that show something of it. `rendered` is what those write that share messages.
#[inline]
fn deliver(outputs: &mut [Output], event: &Event<'_>, rendered: Option<&[u8]>) {
    let is_received = event.is_peer_message();
    let is_text = event.is_ordinary_text();
    for Output { format, outlet, ignores_text, shares_messages, .. } in outputs {
        if is_text && *ignores_text {
            continue;
        }
        outlet.set_time(event.at.elapsed);
        match rendered {
            Some(rendered) if *shares_messages => outlet.put_record(rendered, b""),
            _ => format.event(event, outlet),
        }
        outlet.end_record(is_received);
    }
}
