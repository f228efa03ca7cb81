//! Messages that a passive observer does not keep: they are decoded to their end, but their payload is discarded
//! as it is received.

use std::ops::Range;

use super::{Inbound, IncomingFrame, KEEP_PAYLOAD, QueuedEvent, Tolerance};
use crate::protocol::frame::apply_mask;
use crate::protocol::message::{Omission, PartialMessage};
use crate::protocol::violation::{MAX_SHOWN, Rule, Violation};

impl Inbound {
    /// Whether messages are returned with their payload, from the next one on; they are at first. A message whose payload
    /// is not wanted is decoded and validated as any other, but not kept, however long it is: it is an
    /// [`Event::Omitted`](crate::protocol::Event::Omitted). No effect where frames are observed.
    pub fn keep_messages(&mut self, keeps: bool) {
        debug_assert_eq!(self.limits.tolerance, Tolerance::Passive);
        self.keeps_messages = keeps || self.limits.observe_frames;
    }

    /// Why the message being received is not kept, if it is not.
    pub(in crate::protocol) fn omission(&self) -> Option<Omission> {
        self.message.and_then(|message| message.omitted)
    }

    /// Keeps the inflated data of messages that are not kept until [`Inbound::take_omitted`]. There can be 1032 times
    /// as much of it as was received.
    pub(in crate::protocol) fn keep_omitted(&mut self, keeps: bool) {
        self.keeps_omitted = keeps;
    }

    /// Moves the inflated data of the message being received to `out`. Call it after [`Inbound::next_event`] has returned
    /// `None` or the [`Event::Omitted`](crate::protocol::Event::Omitted) of the message.
    pub(in crate::protocol) fn take_omitted(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.inflated.bytes());
        self.inflated.clear(KEEP_PAYLOAD);
    }

    /// The inflated data of the compressed message being received, if it is kept.
    pub(in crate::protocol) fn inflated(&self) -> &[u8] {
        self.inflated.bytes()
    }

    /// Discards the message being received, from which no event may be queued, and frees its memory.
    pub(in crate::protocol) fn omit_current(&mut self, reason: Omission) {
        self.omit(reason);
        if let Some(mut frame) = self.frame.take() {
            if self.omission().is_some() && !frame.skipped {
                self.discard_payload(&mut frame);
            }
            self.frame = Some(frame);
        } else if self.omission().is_some() {
            self.payload.release();
        }
    }

    /// Does not keep the message in which this violation was found, if passive.
    ///
    /// # Errors
    /// The violation, otherwise.
    pub(super) fn omit_instead(&mut self, violation: Violation) -> Result<(), Violation> {
        if self.limits.tolerance != Tolerance::Passive {
            return Err(violation);
        }
        let reason = match violation.rule {
            Rule::MessageTooBig => Omission::TooBig,
            Rule::OverMemory => Omission::OverMemory,
            _ => {
                self.tolerate(violation)?;
                if let Some(inflater) = &mut self.inflater {
                    inflater.recover();
                }
                Omission::CannotInflate
            }
        };
        self.omit(reason);
        Ok(())
    }

    /// Keeps no more of the message being received.
    pub(super) fn omit(&mut self, reason: Omission) {
        let Some(message) = &mut self.message else { return };
        match message.omitted {
            None => message.plain_size = self.inflated.len() as u64,
            Some(_) if reason != Omission::CannotInflate => return,
            Some(_) => {}
        }
        message.omitted = Some(reason);
        if reason == Omission::CannotInflate {
            message.unchecked = true;
            self.utf8 = Default::default();
        }
        if !self.keeps_omitted {
            self.inflated.release();
        }
    }

    /// Discards the payload of the message except for the first bytes of this frame, which are shown.
    pub(super) fn discard_payload(&mut self, frame: &mut IncomingFrame) {
        let start = frame.start.min(self.payload.len());
        let shown = self.payload.slice(start..self.payload.len());
        let shown = shown[..shown.len().min(MAX_SHOWN)].to_vec();
        if self.payload.memory_usage() > KEEP_PAYLOAD {
            self.payload.release();
        }
        self.payload.truncate(0);
        self.payload.extend(&shown);
        (frame.start, frame.plain_start) = (0, 0);
        self.count_memory();
    }

    /// Whether the payload of the message being received is neither copied nor inflated.
    pub(super) fn passes_over_payload(&self) -> bool {
        self.message.is_some_and(|message| {
            message.omitted == Some(Omission::Unwanted) && !message.compressed
        })
    }

    /// Validates the received part of the payload of such a message where it is, in the input.
    pub(super) fn pass_over_payload(
        &mut self,
        mut frame: IncomingFrame,
    ) -> Result<bool, Violation> {
        let missing = frame.header.length - frame.taken;
        let count = missing.min(self.input.len() as u64) as usize; // at most the length of the input
        let fresh = self.take_input(count);
        let is_checked = self.message.is_some_and(|message| !message.unchecked);
        if is_checked {
            if let Some(key) = frame.header.mask {
                let offset = (frame.taken % 4) as usize;
                apply_mask(self.input.slice_mut(fresh.clone()), key, offset);
            }
            // The start of the frame is shown if it turns out to be invalid.
            let shown = count.min(MAX_SHOWN.saturating_sub(self.payload.len()));
            self.payload.extend(self.input.slice(fresh.start..fresh.start + shown));
        }
        frame.taken += count as u64;
        if is_checked && let Err(at) = self.utf8.push(self.input.slice(fresh)) {
            self.report_invalid_text(&frame, at, false)?;
        }
        if frame.taken < frame.header.length {
            self.frame = Some(frame);
            return Ok(false);
        }
        self.finish_frame(frame)
    }

    /// Inflates bytes of a message that is not kept; `is_rest`: those that were left when a limit was exceeded.
    pub(super) fn inflate_omitted(
        &mut self,
        frame: &IncomingFrame,
        packed: Range<usize>,
        is_rest: bool,
    ) -> Result<(), Violation> {
        let Some(message) = &mut self.message else { return Ok(()) };
        let Some(inflater) = &mut self.inflater else { return Ok(()) };
        if message.omitted == Some(Omission::CannotInflate) {
            return Ok(());
        }
        let mut invalid_at = None;
        let mut sink = |piece: &[u8]| {
            message.plain_size += piece.len() as u64;
            if self.keeps_omitted {
                self.inflated.extend(piece);
            }
            if !message.unchecked && invalid_at.is_none() {
                invalid_at = self.utf8.push(piece).err();
            }
        };
        let bytes = self.payload.slice(packed);
        let result = match is_rest {
            true => inflater.discard_unread(bytes, &mut sink),
            false => inflater.discard(bytes, &mut sink),
        };
        if let Some(at) = invalid_at {
            self.report_invalid_text(frame, at, false)?;
        }
        result.or_else(|error| self.omit_instead(self.inflate_violation(error, frame)))
    }

    /// Ends a message that is not kept.
    pub(super) fn finish_omitted(&mut self, message: PartialMessage, reason: Omission) {
        let size = match (message.compressed, reason) {
            (true, Omission::CannotInflate) => None,
            (true, _) => Some(message.plain_size),
            (false, _) => Some(message.payload_size),
        };
        self.count_message(&message, size.unwrap_or(0));
        self.queue.push_back(QueuedEvent::Omitted { message, size, reason });
    }
}
