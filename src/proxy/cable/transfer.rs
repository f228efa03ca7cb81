//! Reading from one side, writing to the other, and showing what passed.

use std::time::{Duration, Instant};

use rand::rngs::SmallRng;

use crate::event::Transit;
use crate::protocol::vocabulary::Event;
use crate::protocol::{Side, TransportEnd};

use super::events::{as_passed, note_close, show};
use super::passing::Passing;
use super::sides::{SIDES, at};
use super::{Cable, Way};
use crate::proxy::end::{End, Received};
use crate::proxy::outgoing::{Outgoing, SourceEnd};
use crate::proxy::stall::Stall;

/// Reads in a row from one side before anything else gets its turn.
const READ_BUDGET: usize = 16;

/// Bytes read at a time where messages are decided one by one.
const CHUNK: usize = 16 << 10;

/// Bytes read at a time from a side that has sent little: most connections are idle at any time.
pub(super) const FIRST_READ: usize = 2 << 10;

/// Each read that fills its buffer is followed by one of this many times as much, up to [`MOST_READ`].
const READ_GROWTH: usize = 8;

/// The most bytes that are asked for at a time. It is written to the other side while it is in the cache: on loopback this was up to 12 %
/// faster than with 256 KiB, for messages of 1 MiB as well as of 64 bytes.
const MOST_READ: usize = 48 << 10;

/// The most reads of [`CHUNK`] bytes from each side of what has arrived when a connection is over: as much as sockets hold, not what a side
/// goes on sending.
const REST_READS: usize = 512;

/// How long these reads from both sides may take together: what is reported behind it has to come before the end of the run.
const REST_TIME: Duration = Duration::from_millis(50);

impl Cable<'_> {
    /// Passes on what one side sends.
    pub(super) fn pass_on(&mut self, from: Side) {
        self.advance(from);
        for _ in 0..READ_BUDGET {
            self.write_waiting(from);
            self.deliver_injections(from);
            self.send_own_close(from, false);
            if self.ways[at(from)].has_more_events {
                self.take_events(from);
            }
            if self.is_over || !self.may_read(from) || self.is_interrupted() {
                return;
            }
            match &self.ways[at(from)].passing {
                Passing::Stream(_) if !self.wants_frames(from) => self.stream(from),
                _ => self.read(from),
            }
            if self.has_events {
                self.show(); // what is handed over together stays together
            }
        }
    }

    /// Whether to read from a side: not before what it has sent was written and shown.
    pub(super) fn may_read(&self, from: Side) -> bool {
        let way = &self.ways[at(from)];
        let has_room = way.outgoing.has_room() && way.passing.has_room();
        self.ends[at(from)].is_readable()
            && way.ended.is_none()
            && !way.has_more_events
            && (has_room || self.withholds(from))
            && !self.journal.is_backed_up()
    }

    /// Reads what one side has sent, writes it to the other, then decodes it.
    fn stream(&mut self, from: Side) {
        let is_withheld = self.withholds(from);
        let Self { ends: [client, server], ways, journal, random, .. } = self;
        let (source, sink) = match from {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let way = &mut ways[at(from)];
        let Way { passing: Passing::Stream(inbound), outgoing, read_size, .. } = way else {
            return;
        };
        inbound.keep_messages(journal.outputs().want_messages());
        let space = inbound.receive_space_of(*read_size);
        let size = space.len();
        let count = match source.read(space) {
            Received::Nothing => return,
            Received::End(end) => return self.source_ended(from, end),
            Received::Bytes(count) => count,
        };
        journal.tick(); // before what is received can have an effect anywhere
        if count == size {
            *read_size = (*read_size * READ_GROWTH).min(MOST_READ);
        }
        if !is_withheld {
            deliver(&space[..count], outgoing, sink, random);
        }
        inbound.received(count);
        if is_withheld {
            way.losses.add_bytes(count);
        }
        let has_failed = sink.has_failed();
        self.take_events(from);
        if has_failed {
            self.write_failed(from.other());
        }
    }

    /// Reads what one side has sent, to be passed on message by message.
    fn read(&mut self, from: Side) {
        let mut chunk = vec![0; CHUNK]; // on the stack it would stay in memory
        match self.ends[at(from)].read(&mut chunk) {
            Received::Nothing => {}
            Received::End(end) => self.source_ended(from, end),
            Received::Bytes(count) => {
                self.journal.tick();
                self.show_soon();
                self.feed(from, &chunk[..count]);
            }
        }
    }

    /// Writes bytes to the other side of `from`, or keeps them.
    pub(super) fn write_or_keep(&mut self, from: Side, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let (way, to) = (&mut self.ways[at(from)], &mut self.ends[at(from.other())]);
        deliver(bytes, &mut way.outgoing, to, &mut self.random);
        if to.has_failed() {
            self.write_failed(from.other());
        }
    }

    /// The same with bytes that `from` has not sent: what of them is not delivered is not lost.
    pub(super) fn write_own(&mut self, from: Side, bytes: &[u8]) {
        let (way, to) = (&mut self.ways[at(from)], &mut self.ends[at(from.other())]);
        let before = way.outgoing.waiting();
        deliver(bytes, &mut way.outgoing, to, &mut self.random);
        way.outgoing.note_own(way.outgoing.waiting().saturating_sub(before));
        if to.has_failed() {
            self.write_failed(from.other());
        }
    }

    /// Writes what waits for the other side of `from`, and passes on its end.
    pub(super) fn write_waiting(&mut self, from: Side) {
        let (way, to) = (&mut self.ways[at(from)], &mut self.ends[at(from.other())]);
        if way.outgoing.is_empty() {
            way.stall = None;
            return;
        }
        let (now, waiting) = (Instant::now(), way.outgoing.waiting());
        while to.is_writable()
            && let Some(bytes) = way.outgoing.ready(now)
        {
            let written = to.write(bytes);
            way.outgoing.wrote(written);
        }
        if to.has_failed() {
            return self.write_failed(from.other());
        }
        // A reset discards what the system has not sent yet.
        let is_unsent = way.outgoing.resets(now) && !to.has_sent_all();
        if !is_unsent && let Some(end) = way.outgoing.take_end(now) {
            to.finish(end);
            return self.note_finished(end);
        }
        let has_written = way.outgoing.waiting() < waiting;
        self.check_stalled(from, now, has_written, is_unsent);
    }

    /// Gives up what waits for a side that takes nothing, if its source has failed: its reset would never pass.
    fn check_stalled(&mut self, from: Side, now: Instant, has_written: bool, is_unsent: bool) {
        let has_failed = self.ends[at(from)].has_failed();
        let (way, to) = (&mut self.ways[at(from)], &mut self.ends[at(from.other())]);
        let is_refused = !to.is_writable() && way.outgoing.ready(now).is_some();
        if !has_failed || !(is_refused || is_unsent) {
            way.stall = None;
            return;
        }
        let stall = way.stall.get_or_insert_with(|| Stall::new(now));
        if has_written {
            stall.wrote(now);
        }
        if stall.is_over(now, || to.unacknowledged()) {
            way.losses.add_unacknowledged(stall.unacknowledged());
            way.give_up();
            to.finish(SourceEnd::Reset);
            self.note_finished(SourceEnd::Reset);
        }
    }

    /// The end of one direction was passed on.
    fn note_finished(&mut self, end: SourceEnd) {
        let are_finished = SIDES.iter().all(|&side| {
            self.ways[at(side)].ended.is_some() && self.ends[at(side.other())].is_finished()
        });
        self.is_over |= are_finished || end == SourceEnd::Reset;
    }

    /// A side takes no more bytes: it has been reset, or closed completely.
    pub(super) fn write_failed(&mut self, to: Side) {
        self.ways[at(to.other())].give_up();
        if self.ways[at(to)].ended.is_none() || self.closing.is_some() {
            return;
        }
        // The other side is now reset as well; but what `to` has sent before comes first.
        match &mut self.ways[at(to)].pending_end {
            Some(end) => *end = SourceEnd::Reset,
            None => self.pass_end(to, SourceEnd::Reset),
        }
    }

    /// One side sends no more.
    pub(super) fn source_ended(&mut self, from: Side, end: TransportEnd) {
        self.journal.tick();
        self.show_soon();
        self.send_own_close(from, true);
        self.end_decoding(from);
        self.totals.first_end.get_or_insert(from);
        let passed = match end {
            _ if self.ends[at(from)].has_failed() => SourceEnd::Reset,
            _ => SourceEnd::from(&end),
        };
        self.ways[at(from)].ended = Some(end);
        if self.closing.is_some() {
            return;
        }
        if self.ways[at(from)].passing.is_empty() {
            return self.pass_end(from, passed);
        }
        self.ways[at(from)].pending_end = Some(passed);
        if passed != SourceEnd::Reset {
            self.note_waiting_end(from, "ended TCP");
        }
        self.advance(from);
    }

    /// Reads what has arrived when the connection is over: nobody gets it, but how a side has closed is shown, and what is
    /// lost is counted.
    pub(super) fn read_rest(&mut self) {
        self.is_over = true;
        if self.aborted.is_some() {
            return;
        }
        let by = Instant::now() + REST_TIME;
        by_turns(REST_READS, |from| {
            let reads = self.may_read(from) && Instant::now() < by;
            if reads {
                self.read(from);
            }
            if self.ends[at(from)].has_failed() && self.ways[at(from)].ended.is_none() {
                self.source_ended(from, TransportEnd::Reset);
            }
            reads
        });
    }

    /// Passes on the end of a direction, behind what waits.
    pub(super) fn pass_end(&mut self, from: Side, end: SourceEnd) {
        if self.ends[at(from.other())].has_failed() {
            // It needs no end any more.
            self.is_over |= SIDES.iter().all(|&side| self.ways[at(side)].ended.is_some());
            return;
        }
        if self.ways[at(from)].outgoing.has_reset() {
            return;
        }
        let random = || rand::RngExt::random(&mut self.random);
        self.ways[at(from)].outgoing.end(end, Instant::now(), random);
        self.write_waiting(from);
    }

    fn end_decoding(&mut self, from: Side) {
        let mut out = Vec::new();
        self.take_all_events(from);
        let way = &mut self.ways[at(from)];
        way.cut = way.passing.inbound().partial();
        match &mut way.passing {
            Passing::Stream(inbound) => {
                inbound.end();
                self.take_all_events(from);
            }
            Passing::Messages(messages) => {
                messages.relay.end(&mut out);
                self.keep_order(from, &mut out);
                self.decide(from);
            }
        }
    }

    /// Shows what was decoded, while the outputs keep up.
    pub(super) fn take_events(&mut self, from: Side) {
        self.show_soon();
        let has_more = loop {
            if self.journal.is_backed_up() {
                self.journal.outputs().flush_early();
                if self.journal.is_backed_up() {
                    break true;
                }
            }
            if !self.take_event(from) {
                break false;
            }
        };
        self.ways[at(from)].has_more_events = has_more;
        if !has_more {
            self.ways[at(from)].passing.check_memory();
            self.control.account.reinstate();
        }
    }

    /// All of them, as what a decoder holds is bounded.
    pub(super) fn take_all_events(&mut self, from: Side) {
        while self.take_event(from) {}
        self.ways[at(from)].has_more_events = false;
    }

    fn take_event(&mut self, from: Side) -> bool {
        let is_closing = self.withholds(from);
        let has_got_close = self.ways[at(from.other())].has_passed_close();
        let Way {
            passing: Passing::Stream(inbound),
            close: first_close,
            has_got_close: had_got_close,
            has_streamed_close,
            losses,
            ..
        } = &mut self.ways[at(from)]
        else {
            return false;
        };
        let passed_over = inbound.pass_over_messages();
        if passed_over > 0 {
            self.control.messages.add(from, passed_over);
            losses.add_messages(if is_closing { passed_over } else { 0 });
        }
        let Some(event) = inbound.next_event() else { return false };
        self.totals.note(&event, from, &self.control.messages);
        if let Event::Close(_, close) = &event {
            note_close((first_close, had_got_close), close, has_got_close);
            *has_streamed_close |= !is_closing;
        }
        if is_closing {
            losses.add_event(&event, from);
        }
        let transit = if is_closing { Transit::withheld() } else { Transit::default() };
        let event = as_passed(event, false, is_closing);
        show(event, transit, from.direction(), self.opened, &mut self.journal);
        true
    }
}

impl Way {
    /// Drops what waits for the receiver, which takes nothing any more.
    fn give_up(&mut self) {
        self.losses.add_waiting(self.outgoing.clear());
        self.stall = None;
    }
}

/// Writes bytes, or puts them behind what waits.
fn deliver(bytes: &[u8], outgoing: &mut Outgoing, to: &mut End, random: &mut SmallRng) {
    let written = if outgoing.is_direct() { to.write(bytes) } else { 0 };
    if written < bytes.len() {
        let random = || rand::RngExt::random(random);
        outgoing.push(&bytes[written..], Instant::now(), random);
    }
}

/// Reads from one side and the other until both have nothing more, at most so many times: what one side goes on sending must not
/// take the time of the other, which may have sent a Close frame.
fn by_turns(most: usize, mut read: impl FnMut(Side) -> bool) {
    for _ in 0..most {
        let have_read = SIDES.map(&mut read);
        if have_read == [false; 2] {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_that_goes_on_sending_leaves_the_other_its_turn() {
        let mut left = [usize::MAX, 2];
        let mut reads = Vec::new();
        by_turns(4, |from| {
            let has_more = left[at(from)] > 0;
            if has_more {
                left[at(from)] -= 1;
                reads.push(from);
            }
            has_more
        });
        let (client, server) = (Side::Client, Side::Server);
        assert_eq!(reads, [client, server, client, server, client, client]);
    }

    #[test]
    fn reading_ends_when_neither_side_has_more() {
        let mut turns = 0;
        by_turns(4, |_| {
            turns += 1;
            false
        });
        assert_eq!(turns, 2);
    }
}
