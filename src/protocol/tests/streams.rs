//! All tables of streams together, for tests that apply to any stream.

use super::wire::bytes_for;
use super::{accepted, close_codes, utf8, violations};
use crate::protocol::Role;

/// Every stream of the tables with its name, encoded for an endpoint in this role.
pub(super) fn all(role: Role) -> Vec<(String, Vec<u8>)> {
    let accepted = accepted::table().into_iter().map(|case| (case.name, case.frames));
    let broken = violations::table().into_iter().map(|case| (case.name, case.frames));
    let closes = close_codes::table().into_iter().map(|case| (case.name, case.frames));
    let texts = utf8::table().into_iter().map(|case| (case.name, case.frames));
    let frames = accepted.chain(broken).chain(closes).chain(texts);
    frames.map(|(name, frames)| (format!("{role:?}, {name}"), bytes_for(role, &frames))).collect()
}
