//! The page: what a browser shows of a run, and what it may do. Nothing here knows sockets.
//!
//! A [`Store`] keeps the lines of all events, most of them in a temporary file. Each browser tab has a [`Tab`], which
//! turns its requests into answers: rows of the store, what a filter finds, downloads ([`Save`]), and calls of
//! [`Control`], which acts on connections.

pub mod assets;
mod block;
mod compact;
mod connections;
mod control;
pub mod embedded;
mod event;
mod facts;
mod filter;
pub mod guard;
mod lane;
mod members;
mod modules;
mod pairs;
mod prepared;
mod preview;
mod protocol;
mod row;
mod runs;
mod save;
mod search;
mod store;
mod tab;
#[cfg(test)]
mod testing;

pub use control::{Control, ControlState, HeldMessage, Payload, PayloadKind, RuleText, Target};
pub use protocol::{Abilities, Hello, MAX_REQUEST, Mode};
pub use save::Save;
pub use store::{Phase, Store, StoreOptions, Summary};
pub use tab::{NOTICE_INTERVAL, Tab};
