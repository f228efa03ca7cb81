//! The end of a run: what has no room is dropped and counted.

use super::{Outlet, Output, Outputs};
use crate::event::{Event, EventKind};

/// What is still shown at the end of a run.
#[derive(Debug, Default)]
pub(super) struct Draining {
    /// How many more received messages are shown on a terminal.
    allowance: Option<u64>,
    /// Received messages that an essential output was not given.
    dropped: u64,
}

/// Received messages that are still shown on a terminal after Ctrl-C: the last messages of a quiet peer.
const LAST_MESSAGES: u64 = 20;

impl Outputs {
    #[cold]
    pub(super) fn last_event(&mut self, event: &Event<'_>) {
        let Some(draining) = &mut self.draining else { return };
        let is_received = event.is_peer_message();
        for Output { format, outlet, .. } in &mut self.outputs {
            if tells_of_end(&event.what) || !draining.drops(outlet, is_received) {
                format.event(event, outlet);
                outlet.end_record(is_received);
            }
        }
    }

    /// Begins the end of the run: from now on what has no room is dropped. If the run was interrupted, what
    /// waits for a terminal is dropped too, so that a flood stops at once; what is recorded is not until this is
    /// called again without that.
    pub fn end(&mut self, was_interrupted: bool) {
        if !was_interrupted {
            self.records.end();
        }
        if self.draining.is_some() {
            return;
        }
        let mut draining = Draining::default();
        if was_interrupted && self.have_display() {
            let outlets = self.outputs.iter_mut().map(|output| &mut output.outlet);
            draining.dropped = outlets.map(Outlet::stop_display).sum();
            draining.allowance = Some(if draining.dropped > 0 { 0 } else { LAST_MESSAGES });
        }
        self.draining = Some(draining);
        self.is_conditional = true;
    }

    /// Drops what is waiting. Returns how many received messages did not reach the essential outputs as a
    /// whole, and how many bytes were dropped.
    pub fn give_up(&mut self) -> (u64, usize) {
        let dropped = self.draining.as_ref().map_or(0, |draining| draining.dropped);
        let outlets = self.outputs.iter_mut().map(|output| &mut output.outlet);
        outlets.filter(|outlet| outlet.is_essential()).map(Outlet::give_up).fold(
            (dropped, 0),
            |(messages, bytes), (more_messages, more_bytes)| {
                (messages + more_messages, bytes + more_bytes)
            },
        )
    }
}

/// Whether it says how a connection or the run has ended: a few lines for each, which are shown also where a flood has left no
/// room.
fn tells_of_end(what: &EventKind<'_>) -> bool {
    matches!(
        what,
        EventKind::Closed(_)
            | EventKind::ProxyClosed(_)
            | EventKind::Notice(..)
            | EventKind::Failure(_)
    )
}

impl Draining {
    /// Whether an outlet does not get an event. After the first received message that is dropped no further
    /// one is shown, so that there are no gaps.
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
