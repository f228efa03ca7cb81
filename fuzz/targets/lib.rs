//! The fuzz targets. `tests/corpus.rs` of the main crate runs them on the inputs in `corpus/` and
//! `regressions/`.

pub mod conversation;
pub mod curl;
pub mod forward;
pub mod frames;
pub mod har;
pub mod head;
pub mod matching;
pub mod messages;
pub mod page;
pub mod recording;
pub mod relay;
pub mod rules;
pub mod scenario;

mod end;
mod input;
mod wire;

#[path = "../../src/protocol/tests/observed.rs"]
mod observed;

use wscope::protocol;
