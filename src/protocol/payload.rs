//! The shared bytes of a long message.

use std::ops::Range;
use std::sync::Arc;

use super::buffer::Buffer;

/// The bytes of a long received message, which can be cloned without copying them.
#[derive(Clone, Debug)]
pub struct Payload {
    buffer: Arc<Buffer>,
}

impl Payload {
    pub(super) fn new(buffer: Buffer) -> Self {
        Self { buffer: Arc::new(buffer) }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        self.buffer.bytes()
    }

    /// The range of `part` in the payload, if it is a subslice of it.
    pub fn range_of(&self, part: &[u8]) -> Option<Range<usize>> {
        let (all, part) = (self.bytes().as_ptr_range(), part.as_ptr_range());
        let start = part.start.addr().checked_sub(all.start.addr())?;
        (part.end <= all.end).then(|| start..start + (part.end.addr() - part.start.addr()))
    }

    /// Whether both share the same memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.buffer, &other.buffer)
    }

    /// The buffer, if it is not shared.
    pub(super) fn into_buffer(self) -> Result<Buffer, Self> {
        Arc::try_unwrap(self.buffer).map_err(|buffer| Self { buffer })
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl PartialEq for Payload {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Payload {}

impl From<&[u8]> for Payload {
    fn from(bytes: &[u8]) -> Self {
        let mut buffer = Buffer::default();
        buffer.extend(bytes);
        Self::new(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subslice_is_distinguished_from_a_copy() {
        let payload = Payload::from(&b"payload"[..]);
        let bytes = payload.bytes();
        assert_eq!(payload.range_of(&bytes[2..5]), Some(2..5));
        assert_eq!(payload.range_of(bytes), Some(0..7));
        assert_eq!(payload.range_of(Payload::from(bytes).bytes()), None);
    }

    #[test]
    fn the_buffer_is_returned_only_if_it_is_not_shared() {
        let payload = Payload::from(&b"payload"[..]);
        let other = payload.clone();
        assert!(payload.is_same(&other));
        let other = other.into_buffer().expect_err("there are two");
        drop(payload);
        assert_eq!(other.into_buffer().unwrap().into_vec(), b"payload");
    }
}
