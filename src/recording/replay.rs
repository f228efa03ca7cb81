//! What was sent on a recorded connection, to be sent again: by a client (`wscope replay`), or by a server
//! (`wscope listen --replay`).
//!
//! All of it is pure: time comes in as an argument, and what is to be sent comes out as a value.

mod check;
mod differences;
mod entries;
mod pace;
mod player;
mod replies;
mod script;
mod sent_back;
#[cfg(test)]
pub(super) mod testing;

pub use check::{Check, Rules};
pub use differences::Differences;
pub use entries::{Collected, Collector, EntryError, EntryInfo, Selector};
pub use pace::Pace;
pub use player::{Player, Turn};
pub use replies::{Deviation, Replies, Reply};
pub use script::{
    Content, RecordedClose, Script, ScriptBuilder, ScriptError, Side, Step, StepKind,
};
