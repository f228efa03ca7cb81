//! The end of a proxied connection that the proxy itself decides: a rule, the operator, `--enforce`, or the end of the run.

use std::time::{Duration, Instant};

use crate::event::{EventKind, Level};
use crate::protocol::close::ClosePayload;
use crate::protocol::counted::counted;
use crate::protocol::relay::{Content, push_control};
use crate::protocol::{Masks, Opcode, Side};

use super::Cable;
use super::sides::{SIDES, at};
use crate::proxy::outgoing::SourceEnd;

/// The proxy is closing the connection on both sides.
#[derive(Debug)]
pub(super) struct Closing {
    /// What it sends.
    pub(super) payload: ClosePayload,
    /// Why, for people.
    pub(super) why: String,
    /// When it ends whatever the sides do.
    pub(super) deadline: Instant,
    /// Neither side had begun to end the connection before.
    pub(super) is_first: bool,
    /// The sides that have got our Close frame.
    pub(super) told: [bool; 2],
}

/// The proxy has closed the connection toward one side.
#[derive(Debug)]
pub(super) struct ClosedSide {
    /// Who got the Close frame.
    pub(super) to: Side,
    /// Its payload.
    pub(super) payload: ClosePayload,
    /// Why, for people.
    pub(super) why: String,
}

/// How long both sides may take to end TCP after the closing handshake.
const LINGER: Duration = Duration::from_millis(100);

impl Cable<'_> {
    /// Sends both sides a Close frame, and ends once they have answered or at `deadline`. The first reason counts.
    pub(super) fn close(&mut self, payload: ClosePayload, why: String, deadline: Instant) {
        if let Some(closing) = &mut self.closing {
            closing.deadline = closing.deadline.min(deadline);
            return;
        }
        let is_first = self.has_not_begun_to_end();
        SIDES.iter().for_each(|&from| self.deliver_before_close(from));
        let told = SIDES.map(|to| self.send_close(to, &payload));
        self.closing = Some(Closing { payload, why, deadline, is_first, told });
    }

    /// Closes both sides because the run ends: `--latency` and `--throttle` delay nothing any more.
    pub(super) fn shut_down(&mut self, payload: ClosePayload, deadline: Instant) {
        self.ways.iter_mut().for_each(|way| way.outgoing.hurry());
        self.close(payload, "the proxy is ending".to_owned(), deadline);
    }

    /// Delivers messages that wait for their time only, unless a rule ends the connection before them. Then what is received is not
    /// delivered any more, and what has been is shown as such.
    fn deliver_before_close(&mut self, from: Side) {
        self.take_all_events(from);
        let Some(messages) = self.ways[at(from)].passing.messages() else { return };
        if !messages.is_ending() {
            let mut out = Vec::new();
            messages.hurry(Instant::now(), &mut out);
            if messages.is_empty() {
                messages.relay.deliver_fragments(&mut out);
            }
            let released = messages.take_released();
            self.write_or_keep(from, &out);
            self.show_released(from, released);
        }
    }

    /// Shows what was received and not delivered, because the proxy has ended the connection before, or the other side was
    /// reset or took nothing.
    pub(super) fn show_undelivered(&mut self) {
        for from in SIDES {
            let way = &mut self.ways[at(from)];
            let waiting = way.passing.messages().map_or(0, |messages| messages.waiting());
            let messages = way.dropped + waiting;
            let bytes = way.lost + way.outgoing.waiting() as u64;
            let parts = [(messages, "message"), (bytes, "byte")];
            let parts = parts.into_iter().filter(|(count, _)| *count > 0);
            let list: Vec<_> = parts.map(|(count, what)| counted(count, what)).collect();
            if !list.is_empty() {
                let to = from.other().name();
                let text = format!("not delivered to the {to}: {}", list.join(" and "));
                self.journal.emit_now(EventKind::Notice(Level::Warning, &text));
            }
        }
    }

    /// Sends one side a Close frame if it has got none. Returns whether it has one now. Inside a frame there can be none:
    /// there TCP ends.
    fn send_close(&mut self, to: Side, payload: &ClosePayload) -> bool {
        let from = to.other();
        let now = Instant::now();
        let has_one = self.ways[at(from)].has_delivered_close();
        if has_one || self.ways[at(from)].ended.is_some() || self.ways[at(from)].is_shut {
            return has_one;
        }
        let way = &mut self.ways[at(from)];
        way.is_shut = true;
        if let Some(messages) = way.passing.messages() {
            let mut out = Vec::new();
            let bytes = payload.to_bytes();
            let content = Content::Control(Opcode::Close, &bytes);
            let is_sent = messages.relay.inject(content, &mut out).is_ok();
            match is_sent {
                true => self.write_or_keep(from, &out),
                false => way.outgoing.end(SourceEnd::Fin, now, || 0.5),
            }
            return is_sent;
        }
        if !way.passing.inbound().is_between_frames() {
            way.outgoing.end(SourceEnd::Fin, now, || 0.5);
            return false;
        }
        let mut frame = Vec::new();
        push_control(from, Masks::random(), Opcode::Close, &payload.to_bytes(), &mut frame);
        way.outgoing.push(&frame, now, || 0.5);
        way.has_streamed_close = true;
        true
    }

    /// Sends one side a Close frame, as if the other side had sent it, and goes on with the rest.
    pub(super) fn close_side(&mut self, to: Side, payload: ClosePayload, why: String) {
        if self.closing.is_some() {
            return;
        }
        let is_first = self.has_not_begun_to_end() && self.closed_side.is_none();
        if !self.ways[at(to.other())].has_delivered_close() {
            self.deliver_before_close(to.other());
        }
        if self.send_close(to, &payload) && is_first {
            self.closed_side = Some(ClosedSide { to, payload, why });
        }
    }

    fn has_not_begun_to_end(&self) -> bool {
        self.totals.first_close.is_none() && self.totals.first_end.is_none()
    }

    /// Ends what is complete, or overdue.
    pub(super) fn check_closing(&mut self) {
        let Some(closing) = &mut self.closing else { return };
        let now = Instant::now();
        if now >= closing.deadline {
            self.is_over = true;
            return;
        }
        let (mut have_answered, mut are_written) = (true, true);
        for side in SIDES {
            let is_told = closing.told[at(side)];
            let toward = &mut self.ways[at(side.other())].outgoing;
            let is_written = toward.is_empty();
            let way = &self.ways[at(side)];
            let has_answered = way.close.is_some() || way.ended.is_some() || !is_told;
            if has_answered && is_written {
                self.ends[at(side)].finish(SourceEnd::Fin);
            }
            have_answered &= has_answered && is_written;
            are_written &= is_written;
        }
        if have_answered {
            closing.deadline = closing.deadline.min(now + LINGER);
        }
        let have_ended = SIDES.iter().all(|&side| self.ways[at(side)].ended.is_some());
        self.is_over |= have_ended && are_written;
    }

    /// Resets both sides.
    pub(super) fn abort(&mut self, why: String) {
        self.aborted.get_or_insert(why);
        SIDES.iter().for_each(|&side| self.ends[at(side)].abort());
        self.is_over = true;
    }
}
