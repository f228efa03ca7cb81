//! No output.

use super::{Format, Outlet};
use crate::event::Event;

/// Writes nothing.
#[derive(Debug)]
pub struct Silent;

impl Format for Silent {
    fn event(&mut self, _: &Event<'_>, _: &mut Outlet) {}

    fn ignores_messages(&self) -> bool {
        true
    }

    fn ignores_text(&self) -> bool {
        true
    }

    fn ignores_sent(&self) -> bool {
        true
    }
}
