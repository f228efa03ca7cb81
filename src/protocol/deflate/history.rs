//! Evidence for a peer that refers to earlier messages although it agreed not to (RFC 7692 section
//! 7.1.1): what its messages came to, so that one that cannot be inflated on its own is attempted with
//! them before it.

use flate2::{Decompress, FlushDecompress, Status};

/// The farthest that DEFLATE refers back (RFC 1951 section 3.2.5).
const WINDOW: usize = 32 << 10;

/// After so many messages that were inflated on their own the peer is trusted, and nothing is kept: a
/// context that is kept shows within the first few.
const TRUSTED: u32 = 16;

/// What is attempted comes to this much at most.
const MAX_ATTEMPT: usize = 8 << 20;

/// The end of what the messages so far came to.
#[derive(Default)]
pub(super) struct History {
    plain: Vec<u8>,
    messages: u32,
}

impl History {
    /// Takes note of a message that was inflated on its own.
    pub(super) fn note(&mut self, plain: &[u8]) {
        self.messages = self.messages.saturating_add(1);
        if self.messages > TRUSTED {
            self.plain = Vec::new();
            return;
        }
        let plain = &plain[plain.len().saturating_sub(WINDOW)..];
        let kept = self.plain.len().min(WINDOW - plain.len());
        self.plain.drain(..self.plain.len() - kept);
        self.plain.extend_from_slice(plain);
    }

    /// Whether `packed`, the start of a message that cannot be inflated on its own, can be inflated
    /// behind these messages.
    pub(super) fn explains(&self, packed: &[u8]) -> bool {
        let Ok(length) = u16::try_from(self.plain.len()) else { return false };
        if length == 0 {
            return false;
        }
        // A stored block (RFC 1951 section 3.2.4) brings them into the window.
        let [low, high] = length.to_le_bytes();
        let header = [0, low, high, !low, !high];
        let mut state = Decompress::new(false);
        let mut came_to = 0;
        [&header[..], &self.plain, packed]
            .into_iter()
            .all(|bytes| can_inflate(&mut state, bytes, &mut came_to))
    }
}

/// Whether these bytes can be inflated, as far as it is attempted.
fn can_inflate(state: &mut Decompress, mut bytes: &[u8], came_to: &mut usize) -> bool {
    let mut space = [0; 16 << 10];
    while *came_to < MAX_ATTEMPT {
        let (read, made) = (state.total_in(), state.total_out());
        let Ok(status) = state.decompress(bytes, &mut space, FlushDecompress::None) else {
            return false;
        };
        let used = (state.total_in() - read) as usize; // at most what was given
        let written = (state.total_out() - made) as usize; // at most the space
        bytes = &bytes[used..];
        *came_to += written;
        let is_stuck = used == 0 && written == 0;
        if status == Status::StreamEnd || is_stuck || (bytes.is_empty() && written < space.len()) {
            return true;
        }
    }
    true
}
