//! The end of a proxied connection that the proxy itself decides: a rule, the operator, `--enforce`, or the end of the run.

use std::time::{Duration, Instant};

use crate::event::{EventKind, Level, Undelivered, undelivered_texts};
use crate::protocol::close::ClosePayload;
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
    /// The other side of neither had got its end before.
    pub(super) is_first: bool,
    /// The sides that had sent a Close frame before: it is no answer to ours.
    pub(super) had_closed: [bool; 2],
    /// The sides that have got a Close frame, of the other side or ours: nothing else is sent to them.
    pub(super) told: [bool; 2],
    /// The sides to which ours was sent.
    pub(super) sent: [bool; 2],
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

/// Both sides were reset.
#[derive(Debug)]
pub(super) struct Aborted {
    /// Why, for people.
    pub(super) why: String,
    /// As in [`Closing`].
    pub(super) is_first: bool,
}

/// A Close frame of the proxy toward one side, which waits: there can be none inside a frame, and what was injected before it
/// is delivered before it.
#[derive(Debug)]
pub(super) struct OwnClose {
    payload: ClosePayload,
    /// When it waits no longer.
    pub(super) by: Instant,
    /// What has ended the connection once it is sent, if it is for one side only.
    closed_side: Option<ClosedSide>,
}

/// How long a Close frame of the proxy waits for the end of a frame, and of a message if something is injected behind that.
const BOUNDARY_WAIT: Duration = Duration::from_secs(1);

/// How long both sides may take to end TCP after the closing handshake.
const LINGER: Duration = Duration::from_millis(100);

impl Cable<'_> {
    /// Sends both sides a Close frame, and ends once they have answered or at `deadline`. The first reason counts.
    pub(super) fn close(&mut self, payload: ClosePayload, why: String, deadline: Instant) {
        if let Some(closing) = &mut self.closing {
            closing.deadline = closing.deadline.min(deadline);
            return;
        }
        SIDES.iter().for_each(|&from| self.deliver_before_close(from));
        let is_first = !self.has_passed_end();
        let had_closed = SIDES.map(|side| self.ways[at(side)].close.is_some());
        let told = SIDES.map(|to| self.ways[at(to.other())].has_delivered_close());
        SIDES.iter().for_each(|&to| self.prepare_close(to, &payload, None));
        let sent = [false; 2];
        let closing = Closing { payload, why, deadline, is_first, had_closed, told, sent };
        self.closing = Some(closing);
        SIDES.iter().for_each(|&from| self.send_own_close(from, false));
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
            let released = messages.take_released();
            self.write_or_keep(from, &out);
            self.show_released(from, released);
        }
    }

    /// What was received and not delivered, because the proxy has ended the connection before, or the other side was reset or took
    /// nothing.
    pub(super) fn undelivered(&mut self) -> [Option<Undelivered>; 2] {
        SIDES.map(|from| {
            let is_gone = self.ends[at(from.other())].has_failed();
            self.ways[at(from)].undelivered(is_gone)
        })
    }

    /// Shows it.
    pub(super) fn show_undelivered(&mut self, amounts: [Option<Undelivered>; 2]) {
        for text in undelivered_texts(amounts) {
            self.journal.emit_now(EventKind::Notice(Level::Warning, &text));
        }
    }

    /// Has one side sent a Close frame, unless it has got one, or cannot get any.
    fn prepare_close(&mut self, to: Side, payload: &ClosePayload, closed_side: Option<ClosedSide>) {
        let way = &mut self.ways[at(to.other())];
        // The end of the source may wait behind that for which a rule closes: it is not passed on any more.
        let is_ruled = way.pending_end.is_some()
            && way.passing.messages().is_some_and(|messages| messages.is_ending());
        let is_ended = (way.ended.is_some() && !is_ruled)
            || way.is_shut
            || way.own_close.is_some()
            || self.ends[at(to)].has_failed();
        if !is_ended && !way.has_delivered_close() {
            let (payload, by) = (payload.clone(), Instant::now() + BOUNDARY_WAIT);
            way.own_close = Some(OwnClose { payload, by, closed_side });
        }
    }

    /// Sends the Close frame of the proxy, if there is one and its place is here. `is_last`: there is no other place for it, and
    /// inside a frame TCP ends without it.
    pub(super) fn send_own_close(&mut self, from: Side, is_last: bool) {
        let way = &mut self.ways[at(from)];
        let Some(own) = &way.own_close else { return };
        let (now, to) = (Instant::now(), from.other());
        if way.has_delivered_close() {
            way.own_close = None; // the source has sent one meanwhile
            return self.note_told(to);
        }
        let is_parsed = !way.passing.has_violated() && !way.passing.inbound().ignores_input();
        let is_last = is_last || own.by <= now || !is_parsed;
        self.update_passing(from);
        self.deliver_injections(from);
        if !is_last && !self.ways[at(from)].injections.waiting.is_empty() {
            return;
        }
        let frame = self.own_close_frame(from);
        if frame.is_none() && !is_last {
            return;
        }
        let way = &mut self.ways[at(from)];
        let Some(own) = way.own_close.take() else { return };
        way.is_shut = true;
        if way.passing.messages().is_some_and(|messages| messages.relay.holds_back()) {
            way.losses.add_start();
        }
        match frame {
            Some(_) if self.ends[at(to)].has_failed() => {}
            Some(frame) => {
                self.note_told(to);
                if let Some(closing) = &mut self.closing {
                    closing.sent[at(to)] = true;
                }
                if own.closed_side.is_some() {
                    self.closed_side = own.closed_side;
                }
                self.write_own(from, &frame);
            }
            None => way.outgoing.end(SourceEnd::Fin, now, || 0.5),
        }
        self.write_waiting(from);
    }

    fn note_told(&mut self, to: Side) {
        if let Some(closing) = &mut self.closing {
            closing.told[at(to)] = true;
        }
    }

    /// The Close frame that waits; `None`: this is no place for it.
    fn own_close_frame(&mut self, from: Side) -> Option<Vec<u8>> {
        let way = &mut self.ways[at(from)];
        let payload = way.own_close.as_ref()?.payload.to_bytes();
        let (mut fragments, mut frame) = (Vec::new(), Vec::new());
        if let Some(messages) = way.passing.messages() {
            if messages.is_empty() {
                messages.relay.deliver_fragments(&mut fragments);
            }
            let content = Content::Control(Opcode::Close, &payload);
            let is_sent = messages.relay.inject(content, &mut frame).is_ok();
            self.write_or_keep(from, &fragments);
            return is_sent.then_some(frame);
        }
        if !way.passing.inbound().is_between_frames() {
            return None;
        }
        push_control(from, Masks::random(), Opcode::Close, &payload, &mut frame);
        way.has_streamed_close = true;
        Some(frame)
    }

    /// Sends one side a Close frame, as if the other side had sent it, and goes on with the rest.
    pub(super) fn close_side(&mut self, to: Side, payload: ClosePayload, why: String) {
        if self.closing.is_some() {
            return;
        }
        if !self.ways[at(to.other())].has_delivered_close() {
            self.deliver_before_close(to.other());
        }
        let is_first = !self.has_passed_end() && self.closed_side.is_none();
        let closed_side = is_first.then(|| ClosedSide { to, payload: payload.clone(), why });
        self.prepare_close(to, &payload, closed_side);
        self.send_own_close(to.other(), false);
    }

    /// Whether one side has got the end of the other: a Close frame, or that of TCP. What waits is no end yet, so that the order in
    /// which the proxy decides counts, not what was received in one piece.
    pub(super) fn has_passed_end(&self) -> bool {
        self.ways.iter().any(|way| {
            let has_ended = way.ended.is_some() && way.pending_end.is_none();
            way.has_delivered_close() || has_ended
        })
    }

    /// Whether the end of the run, or of the connection, does not wait for more that is received.
    pub(super) fn is_interrupted(&self) -> bool {
        let is_overdue = |closing: &Closing| Instant::now() >= closing.deadline;
        self.closing.as_ref().is_some_and(is_overdue) || self.control.orders.shutdown().is_some()
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
            let is_answered = way.close.is_some() || way.ended.is_some() || !is_told;
            let has_answered = is_answered && self.ways[at(side.other())].own_close.is_none();
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
        SIDES.iter().for_each(|&from| self.take_all_events(from)); // a Close frame that was streamed
        let is_first = !self.has_passed_end();
        self.aborted.get_or_insert(Aborted { why, is_first });
        for side in SIDES {
            let (end, losses) = (&mut self.ends[at(side)], &mut self.ways[at(side.other())].losses);
            if !end.has_sent_all() {
                losses.add_discarded(end.unacknowledged());
            }
            end.abort();
        }
        self.is_over = true;
    }
}
