//! Comparison of data messages: JSON as JSON, everything else byte by byte.
//!
//! Recordings and peers are hostile: JSON is read by [`crate::scenario::json`], which bounds its nesting, longer
//! messages are compared as bytes, and what is shown of a difference has a limit.

mod align;
mod change;
mod ignore;
mod print;

use bytes::Bytes;
use serde_json::Value;

use crate::protocol::MessageKind;
use crate::scenario::json;

pub(super) use align::cheapest;
pub use align::{Pair, align, match_any_order};
pub(super) use change::walk;
pub use change::{Change, Changes, shown};
pub use ignore::{Ignore, IgnoreError};
pub use print::Fingerprint;

/// A longer message is not read as JSON, in bytes: its values would take some 30 times the memory.
pub const MAX_JSON: usize = 16 << 20;

/// A data message to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// Text or binary.
    pub kind: MessageKind,
    /// The payload.
    pub data: Bytes,
}

impl Content {
    /// A message with this payload.
    pub fn new(kind: MessageKind, data: impl Into<Bytes>) -> Self {
        Self { kind, data: data.into() }
    }

    /// See [`Fingerprint`].
    pub fn fingerprint(&self, ignore: &Ignore) -> Fingerprint {
        Fingerprint::of(self.kind, &self.data, ignore)
    }
}

/// The object or array that a payload is, without what is ignored. One in which it takes too long to find what is
/// ignored is compared as bytes, as a longer message is.
pub(super) fn json_of(data: &[u8], ignore: &Ignore) -> Option<Value> {
    if data.len() > MAX_JSON || !json::looks_like_json(data) {
        return None;
    }
    let mut value = json::parse(data).ok()?;
    ignore.remove_from(&mut value).ok()?;
    Some(value)
}
