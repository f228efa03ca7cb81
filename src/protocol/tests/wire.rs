//! Builds frames for the endpoint under test, valid or not.

use crate::protocol::Role;
use crate::protocol::frame::apply_mask;

/// The masking key of RFC 6455 section 5.7.
pub(super) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One frame, to be encoded for a receiver of either role.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    first: u8,
    /// The length field, without the mask bit.
    length: Vec<u8>,
    payload: Vec<u8>,
    is_mask_valid: bool,
}

/// A frame from its first byte and its payload.
pub(super) fn frame(first: u8, payload: impl AsRef<[u8]>) -> Raw {
    let payload = payload.as_ref().to_vec();
    Raw { first, length: shortest_length(payload.len()), payload, is_mask_valid: true }
}

/// A Close frame.
pub(super) fn close(code: u16, reason: impl AsRef<[u8]>) -> Raw {
    frame(0x88, [&code.to_be_bytes(), reason.as_ref()].concat())
}

impl Raw {
    /// With this length field instead of the right one.
    pub(super) fn with_length(mut self, field: &[u8]) -> Self {
        self.length = field.to_vec();
        self
    }

    /// Masked if it must not be, or unmasked if it must be.
    pub(super) fn wrongly_masked(mut self) -> Self {
        self.is_mask_valid = false;
        self
    }

    pub(super) fn is_control(&self) -> bool {
        self.first & 8 != 0
    }

    pub(super) fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The bytes for a receiver in this role.
    pub(super) fn bytes_for(&self, role: Role) -> Vec<u8> {
        let mut bytes = vec![self.first];
        bytes.extend_from_slice(&self.length);
        let start = bytes.len();
        if (role == Role::Server) != self.is_mask_valid {
            bytes.extend_from_slice(&self.payload);
            return bytes;
        }
        bytes[1] |= 0x80;
        bytes.extend_from_slice(&KEY);
        bytes.extend_from_slice(&self.payload);
        apply_mask(&mut bytes[start + KEY.len()..], KEY, 0);
        bytes
    }
}

/// The role of the peer.
pub(super) fn peer_of(role: Role) -> Role {
    match role {
        Role::Client => Role::Server,
        Role::Server => Role::Client,
    }
}

/// The bytes of several frames for a receiver in this role.
pub(super) fn bytes_for(role: Role, frames: &[Raw]) -> Vec<u8> {
    frames.iter().flat_map(|frame| frame.bytes_for(role)).collect()
}

fn shortest_length(length: usize) -> Vec<u8> {
    match length {
        0..=125 => vec![length as u8],
        126..=0xffff => [&[126][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[127][..], &(length as u64).to_be_bytes()].concat(),
    }
}
