//! A message that is too large for memory: one frame whose payload comes in pieces.
//!
//! Nothing may come between the bytes of a frame. Whatever else is sent until the payload is complete
//! follows it: pongs, the Close frame, other messages (RFC 6455 sections 5.4 and 5.5).

use super::Connection;
use crate::protocol::frame::Header;
use crate::protocol::message::MessageKind;
use crate::protocol::vocabulary::Misuse;

impl Connection {
    /// Begins a data message of `length` bytes, in one frame. Its payload follows with
    /// [`Connection::push_payload`]. It is not compressed, since the length of a frame comes before
    /// its payload; RFC 7692 section 6 lets each message choose.
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
    /// begun has to be completed. What is longer than the frame is left out. Text must be UTF-8 as a
    /// whole; that is not checked here.
    pub fn push_payload(&mut self, piece: &[u8]) {
        if self.is_inside_frame() {
            let length = self.outbox.push_payload(piece) as u64;
            self.sent.payload_bytes += length;
            self.sent.wire_bytes += length;
            self.count_if_complete();
        }
    }

    /// Whether the payload of a message that was begun is not complete: if the transport ends now, it
    /// ends inside a frame.
    pub fn is_inside_frame(&self) -> bool {
        self.outbox.is_inside_frame()
    }

    /// Bytes in memory that wait to be written, with those that wait for the end of the payload.
    pub fn buffered_output(&self) -> usize {
        self.outbox.buffered()
    }

    /// Bytes still to be written, with those of the payload that have not been handed over.
    pub fn unwritten(&self) -> u64 {
        self.outbox.unwritten()
    }

    /// Whether every frame is to be reported.
    pub fn observes_frames(&self) -> bool {
        self.observe_frames
    }

    /// Drops all that is still to be written: the transport takes nothing any more. Returns how many
    /// data messages it has not taken as a whole, as [`Connection::unsent_messages`].
    pub fn discard_output(&mut self) -> u64 {
        let unsent = self.unsent_messages();
        self.is_close_discarded |= self.is_close_unsent();
        self.outbox.clear();
        unsent
    }

    /// Whether our Close frame was queued and has not been taken by the transport: it is the last frame.
    pub fn is_close_unsent(&self) -> bool {
        self.is_close_discarded || (self.sent_close.is_some() && self.outbox.unwritten() > 0)
    }

    /// How many data messages the transport has not taken as a whole, without one that is streamed.
    pub fn unsent_messages(&mut self) -> u64 {
        let begun = self.outbox.begun(0);
        let is_message_cut = !self.is_inside_frame() && self.outbox.is_message_cut();
        self.outbox.messages_behind(begun) + u64::from(is_message_cut)
    }

    fn count_if_complete(&mut self) {
        if !self.is_inside_frame() {
            self.sent.messages += 1;
            self.sent.frames += 1;
        }
    }
}
