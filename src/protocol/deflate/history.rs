//! Evidence for a peer that refers to earlier messages although it agreed not to (RFC 7692 section
//! 7.1.1): what its messages came to, so that one that cannot be inflated on its own is attempted with
//! them before it.

use flate2::{Decompress, FlushDecompress, Status};

/// The farthest that DEFLATE refers back (RFC 1951 section 3.2.5).
const WINDOW: usize = 32 << 10;

/// After so many messages that were inflated on their own the peer is trusted, and nothing is kept: a
/// context that is kept shows within the first few.
const TRUSTED: u32 = 16;

/// How much of a compressed message is kept: what refers to another does so at its start.
const MAX_PACKED: usize = 16 << 10;

/// What is attempted comes to this much at most.
const MAX_ATTEMPT: usize = 8 << 20;

/// The end of what the messages so far came to, and the start of the one that is coming in.
#[derive(Default)]
pub(super) struct History {
    plain: Vec<u8>,
    packed: Vec<u8>,
    messages: u32,
}

impl History {
    /// Takes the next bytes of a message.
    pub(super) fn push(&mut self, packed: &[u8]) {
        if !self.plain.is_empty() {
            let room = MAX_PACKED - self.packed.len();
            self.packed.extend_from_slice(&packed[..packed.len().min(room)]);
        }
    }

    /// Takes note that the message was inflated on its own, to this.
    pub(super) fn note(&mut self, plain: &[u8]) {
        self.packed.clear();
        self.messages = self.messages.saturating_add(1);
        if self.messages > TRUSTED {
            (self.plain, self.packed) = (Vec::new(), Vec::new());
            return;
        }
        let plain = &plain[plain.len().saturating_sub(WINDOW)..];
        let kept = self.plain.len().min(WINDOW - plain.len());
        self.plain.drain(..self.plain.len() - kept);
        self.plain.extend_from_slice(plain);
    }

    /// Whether the first byte of the message that cannot be inflated on its own can be inflated behind
    /// those before it. What has come after that byte does not matter.
    pub(super) fn explains_failure(&self) -> bool {
        let Ok(length) = u16::try_from(self.plain.len()) else { return false };
        // A stored block (RFC 1951 section 3.2.4) brings them into the window.
        let [low, high] = length.to_le_bytes();
        let header = [0, low, high, !low, !high];
        let (mut alone, mut behind) = (Attempt::new(), Attempt::new());
        if !(behind.goes_on(&header) && behind.goes_on(&self.plain)) {
            return false;
        }
        for byte in self.packed.chunks(1) {
            let goes_on = behind.goes_on(byte);
            if !alone.goes_on(byte) {
                return goes_on && alone.has_failed;
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

    /// Whether these bytes can be inflated and more can follow.
    fn goes_on(&mut self, mut bytes: &[u8]) -> bool {
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
