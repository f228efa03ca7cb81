//! What the fuzz targets do with their input. `tests/corpus.rs` of the main crate does the same with
//! the inputs that are kept.

pub mod conversation;
pub mod frames;
pub mod head;
pub mod messages;

mod end;
mod input;
mod wire;
