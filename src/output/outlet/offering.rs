//! What an outlet hands to a sink, and the times of it.

use std::time::Duration;

use super::Outlet;
use crate::output::batch_sink::BatchSink;
use crate::output::destination::Destination;

/// A longer record is offered in parts, to sinks that take them. This is less than [`super::FLUSH_SIZE`], since what
/// is left below this size is not offered before more of the record is rendered.
const PART_SIZE: usize = 48 << 10;

impl Outlet {
    /// Sets the time of the events that follow, since the program started.
    #[inline]
    pub(in crate::output) fn set_time(&mut self, elapsed: Duration) {
        self.latest = elapsed;
        if self.backlog.len() == 0 && self.refused.is_none() {
            self.since = Some(elapsed);
        }
    }

    /// See [`crate::output::Outputs::announce`].
    pub(in crate::output) fn announce(&mut self, elapsed: Duration) {
        if let Destination::Batches(sink, _) = &mut self.destination {
            sink.announce(elapsed);
        }
    }

    /// See [`crate::output::Outputs::settle`].
    pub(in crate::output) fn settle(&mut self) {
        if let Destination::Batches(sink, _) = &mut self.destination {
            sink.settle();
        }
    }

    /// Hands everything that is waiting, and all that follows, to `sink` in place of the stream.
    pub fn redirect(&mut self, sink: Box<dyn BatchSink>) {
        self.render_more(usize::MAX);
        self.destination.redirect(sink);
        self.ready = true;
    }

    /// Undoes [`Outlet::redirect`].
    pub fn restore(&mut self) {
        self.destination.restore();
        if let Some(batch) = self.refused.take() {
            self.backlog.put_back(batch);
        }
    }

    /// Hands over what is waiting for a sink if it is this much, unless the sink has refused something.
    #[inline]
    pub(in crate::output) fn offer_from(&mut self, size: usize) {
        if self.backlog.len() >= size && self.refused.is_none() {
            self.offer();
        }
    }

    pub(super) fn offer(&mut self) {
        let Destination::Batches(sink, _) = &mut self.destination else { return };
        let takes_parts = sink.takes_parts();
        while self.refused.is_some() || self.backlog.len() > 0 {
            let mut batch = match (self.refused.take(), takes_parts) {
                (Some(refused), _) => refused,
                (None, false) => self.backlog.take_batch(self.batch_size),
                (None, true) => match self.backlog.take_part(self.batch_size, PART_SIZE) {
                    Some(part) => part,
                    None => return,
                },
            };
            batch.since = batch.since.or(self.since.replace(self.latest));
            if self.backlog.needs_buffer()
                && let Some(buffer) = sink.spare()
            {
                self.backlog.set_buffer(buffer);
            }
            if !sink.offer(&mut batch) {
                self.refused = Some(batch);
                return;
            }
        }
    }
}
