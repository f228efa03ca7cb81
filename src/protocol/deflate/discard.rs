//! Inflating messages whose data is not kept, so that later messages can refer to it.

use super::{InflateError, Inflater};

/// The data inflated at a time, in bytes.
const PIECE: usize = 16 << 10;

/// Called with the inflated data, piece by piece.
pub(in crate::protocol) type Sink<'a> = &'a mut dyn FnMut(&[u8]);

impl Inflater {
    /// Continues a message after [`InflateError::TooBig`] or [`InflateError::OverMemory`] with the unread end of
    /// the piece that caused the error.
    ///
    /// # Errors
    /// As [`Inflater::discard`].
    pub(in crate::protocol) fn discard_unread(
        &mut self,
        piece: &[u8],
        sink: Sink<'_>,
    ) -> Result<(), InflateError> {
        let unread = std::mem::take(&mut self.unread).min(piece.len());
        self.history.stop();
        self.run_discarding(&piece[piece.len() - unread..], sink)
    }

    /// Inflates the next bytes of such a message. Its end is [`Inflater::finish`] with an empty buffer.
    ///
    /// # Errors
    /// If they are not valid DEFLATE data. Then only [`Inflater::recover`] may be called.
    pub(in crate::protocol) fn discard(
        &mut self,
        bytes: &[u8],
        sink: Sink<'_>,
    ) -> Result<(), InflateError> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.remember(bytes);
        self.history.stop();
        if self.distances.as_mut().is_some_and(|distances| distances.push(bytes).is_some()) {
            return Err(self.outside_window());
        }
        self.run_discarding(bytes, sink)
    }

    fn run_discarding(&mut self, mut bytes: &[u8], sink: Sink<'_>) -> Result<(), InflateError> {
        // Data may be left although all bytes were consumed.
        self.has_ended &= bytes.is_empty();
        let mut space = [0; PIECE];
        loop {
            let (written, result) = self.step(&mut bytes, &mut space);
            sink(&space[..written]);
            if !result? {
                return Ok(());
            }
        }
    }

    /// Abandons a message that cannot be inflated, or whose end is missing. Later messages can be inflated only if
    /// they do not refer to it.
    pub(in crate::protocol) fn recover(&mut self) {
        (self.first, self.last, self.fed, self.has_ended) = Default::default();
        self.history.stop();
        if let Some(distances) = &mut self.distances {
            distances.end_message();
        }
        self.is_lost = self.keeps_context;
        self.state = None;
    }

    /// Whether no further message can be inflated.
    pub(in crate::protocol) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Frees the memory that the next message does not need. Must be called between messages.
    pub(in crate::protocol) fn release(&mut self) {
        if !self.keeps_context {
            self.state = None;
            self.history.stop();
        }
    }
}
