//! What a view has held back while the display was paused.

use super::Outputs;
use crate::event::{Event, EventKind, Level, Transit};
use crate::view::Kept;

impl Outputs {
    /// Shows what the view has held back, as far as there is room.
    pub(super) fn show_waiting(&mut self) {
        while self.shows_waiting
            && !self.outputs.iter().any(|output| output.outlet.is_backed_up())
            && let Some(kept) = self.view.as_ref().and_then(|view| view.next_waiting())
        {
            match &kept.transit {
                None => self.show_kept(&kept, None),
                Some(transit) => transit.lend(|transit| self.show_kept(&kept, Some(transit))),
            }
            self.outputs.iter_mut().for_each(|output| output.outlet.flush());
        }
    }

    fn show_kept(&mut self, kept: &Kept, transit: Option<Transit<'_>>) {
        self.show(&Event {
            at: kept.at,
            connection: kept.connection,
            mark: Some(&kept.mark()),
            transit,
            what: EventKind::Message(kept.message()),
        });
    }

    /// Ends a pause of the display: nothing more will be received.
    pub fn end_pause(&mut self) {
        let Some(view) = self.view.as_ref().filter(|_| self.shows_waiting) else { return };
        let (_, lost) = view.resume(true).unwrap_or_default();
        if lost > 0 {
            let at = view.now();
            let text = format!("the first {lost} of the messages held back were dropped");
            let what = EventKind::Notice(Level::Warning, &text);
            self.show(&Event { at, connection: None, mark: None, transit: None, what });
        }
    }

    #[cold]
    pub(super) fn is_catching_up(&self) -> bool {
        self.shows_waiting && self.view.as_ref().is_some_and(|view| view.is_catching_up())
    }
}
