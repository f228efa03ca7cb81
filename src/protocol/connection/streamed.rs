//! Sending a message that is too large for memory: one frame whose payload is supplied in pieces.
//!
//! Nothing can be sent between the bytes of a frame. Everything else that is sent before the payload is
//! complete follows it: pongs, the Close frame, other messages (RFC 6455 sections 5.4 and 5.5).

use super::Connection;
use crate::protocol::frame::Header;
use crate::protocol::message::MessageKind;
use crate::protocol::vocabulary::Misuse;

impl Connection {
    /// Starts a data message of `length` bytes, in one frame. The payload is supplied with
    /// [`Connection::push_payload`]. It is not compressed, since the length of a frame precedes its
    /// payload; RFC 7692 section 6 allows that for each message.
    ///
    /// # Errors
    /// [`Misuse::Closing`] once a Close frame has been sent or received, [`Misuse::InsideFrame`]
    /// while the payload of another message is not complete.
    pub fn begin_frame(&mut self, kind: MessageKind, length: u64) -> Result<Header, Misuse> {
        self.must_be_open()?;
        if self.is_inside_frame() {
            return Err(Misuse::InsideFrame);
        }
        let header = self.outbox.begin(kind.opcode(), length);
        self.sent.wire_bytes += header.len() as u64;
        self.count_if_complete();
        Ok(header)
    }

    /// Appends the next piece of the payload, whatever the state of the connection: a frame that was
    /// started must be completed. Bytes beyond the length of the frame are discarded. Text must be valid
    /// UTF-8 as a whole; that is not checked here.
    pub fn push_payload(&mut self, piece: &[u8]) {
        if self.is_inside_frame() {
            let length = self.outbox.push_payload(piece) as u64;
            self.sent.payload_bytes += length;
            self.sent.wire_bytes += length;
            self.count_if_complete();
        }
    }

    /// Whether the payload of a started frame is incomplete: if the transport ends now, it ends inside a
    /// frame.
    pub fn is_inside_frame(&self) -> bool {
        self.outbox.is_inside_frame()
    }

    /// Bytes buffered for writing, including those queued until the payload is complete.
    pub fn buffered_output(&self) -> usize {
        self.outbox.buffered()
    }

    /// Bytes still to be written, including payload that has not been supplied yet.
    pub fn unwritten(&self) -> u64 {
        self.outbox.unwritten()
    }

    /// Whether every frame is reported as an event.
    pub fn observes_frames(&self) -> bool {
        self.observe_frames
    }

    /// Drops all unwritten output: the transport accepts no more bytes. Returns the number of unsent
    /// messages, as [`Connection::unsent_messages`].
    pub fn discard_output(&mut self) -> u64 {
        let unsent = self.unsent_messages();
        self.is_close_discarded |= self.is_close_unsent();
        self.outbox.clear();
        unsent
    }

    /// Whether our Close frame, which is the last one, was queued and not completely written.
    pub fn is_close_unsent(&self) -> bool {
        self.is_close_discarded || (self.sent_close.is_some() && self.outbox.unwritten() > 0)
    }

    /// The number of data messages that were not completely written, not counting a streamed one.
    pub fn unsent_messages(&mut self) -> u64 {
        let boundary = self.outbox.next_boundary_after(0);
        let is_message_cut = !self.is_inside_frame() && self.outbox.is_message_cut();
        self.outbox.messages_after(boundary) + u64::from(is_message_cut)
    }

    fn count_if_complete(&mut self) {
        if !self.is_inside_frame() {
            self.sent.messages += 1;
            self.sent.frames += 1;
        }
    }
}
