//! Detection of a peer that refers to earlier messages although it agreed not to (RFC 7692 section 7.1.1):
//! its inflated messages are kept, and a message that cannot be inflated on its own is tried again with them
//! as its context.

use flate2::{Decompress, FlushDecompress, Status};

/// The maximum distance of a back-reference in DEFLATE (RFC 1951 section 3.2.5).
const WINDOW: usize = 32 << 10;

/// After this many messages that were inflated on their own, nothing is kept any more: a peer that takes
/// over the context does so within the first few messages.
const TRUSTED: u32 = 16;

/// The number of bytes kept of a compressed message: references to earlier messages are near its start.
const MAX_COMPRESSED: usize = 16 << 10;

/// The maximum output of an attempt, in bytes.
const MAX_ATTEMPT: usize = 8 << 20;

/// The last bytes of the inflated messages so far, and the first bytes of the current compressed one.
#[derive(Default)]
pub(super) struct History {
    plain: Vec<u8>,
    compressed: Vec<u8>,
    messages: u32,
}

impl History {
    /// Adds the next compressed bytes of the current message.
    pub(super) fn push(&mut self, compressed: &[u8]) {
        if !self.plain.is_empty() {
            let room = MAX_COMPRESSED - self.compressed.len();
            self.compressed.extend_from_slice(&compressed[..compressed.len().min(room)]);
        }
    }

    /// Records that the current message was inflated to `plain` on its own.
    pub(super) fn note(&mut self, plain: &[u8]) {
        self.compressed.clear();
        self.messages = self.messages.saturating_add(1);
        if self.messages > TRUSTED {
            (self.plain, self.compressed) = (Vec::new(), Vec::new());
            return;
        }
        let plain = &plain[plain.len().saturating_sub(WINDOW)..];
        let kept = self.plain.len().min(WINDOW - plain.len());
        self.plain.drain(..self.plain.len() - kept);
        self.plain.extend_from_slice(plain);
    }

    /// Keeps nothing any more: part of a message is missing.
    pub(super) fn stop(&mut self) {
        *self = Self { messages: u32::MAX, ..Self::default() };
    }

    /// Whether the first byte at which the message fails on its own can be inflated with the earlier messages
    /// as context. Bytes after it are not used, so the result does not depend on how many were received.
    pub(super) fn explains_failure(&self) -> bool {
        let Ok(length) = u16::try_from(self.plain.len()) else { return false };
        // A stored block (RFC 1951 section 3.2.4) fills the window with them.
        let [low, high] = length.to_le_bytes();
        let header = [0, low, high, !low, !high];
        let (mut alone, mut with_context) = (Attempt::new(), Attempt::new());
        if !(with_context.can_continue(&header) && with_context.can_continue(&self.plain)) {
            return false;
        }
        for byte in self.compressed.chunks(1) {
            let can_continue = with_context.can_continue(byte);
            if !alone.can_continue(byte) {
                return can_continue && alone.has_failed;
            }
        }
        false
    }
}

/// An attempt to inflate a message.
struct Attempt {
    state: Decompress,
    has_failed: bool,
}

impl Attempt {
    fn new() -> Self {
        Self { state: Decompress::new(false), has_failed: false }
    }

    /// Inflates `bytes`; returns whether that succeeded and more can follow.
    fn can_continue(&mut self, mut bytes: &[u8]) -> bool {
        let mut space = [0; 4 << 10];
        loop {
            let (read, made) = (self.state.total_in(), self.state.total_out());
            let result = self.state.decompress(bytes, &mut space, FlushDecompress::None);
            let used = (self.state.total_in() - read) as usize; // at most what was given
            let written = (self.state.total_out() - made) as usize; // at most the space
            bytes = &bytes[used..];
            match result {
                Err(_) => {
                    self.has_failed = true;
                    return false;
                }
                Ok(Status::StreamEnd) => return false,
                Ok(_) if self.state.total_out() > MAX_ATTEMPT as u64 => return false,
                Ok(_) if written == space.len() => {}
                Ok(_) => return bytes.is_empty(),
            }
        }
    }
}
