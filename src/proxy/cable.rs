//! One proxied WebSocket connection: the loop that passes on what both sides send, byte for byte and at once, and then shows
//! it.

use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::{EventKind, Omitted, Opened, emit_masked};
use crate::net::reactor::tokens;
use crate::net::{Reactor, Stream};
use crate::protocol::close::ClosePayload;
use crate::protocol::deflate::DeflateParams;
use crate::protocol::inbound::Tolerance;
use crate::protocol::vocabulary::{Direction, Event, FrameEvent};
use crate::protocol::{Inbound, Side, TapOptions, TransportEnd};
use crate::rules::Jitter;
use crate::session::Journal;

use super::closing::Closing;
use super::end::{End, Received};
use super::outgoing::{Outgoing, SourceEnd};
use super::queue::{Order, Orders};

/// How a connection is passed on.
#[derive(Clone, Copy, Debug)]
pub struct CableOptions {
    /// A larger message passes without being kept, in bytes.
    pub max_message_size: u64,
    /// Every frame is an event.
    pub observe_frames: bool,
    /// The parameters of permessage-deflate, if it was negotiated.
    pub deflate: Option<DeflateParams>,
    /// A delay of everything that passes.
    pub latency: Option<Jitter>,
    /// The most that passes in each direction, in bytes a second.
    pub throttle: Option<NonZeroU64>,
    /// Limit on a closing handshake of ours.
    pub close_timeout: Option<Duration>,
}

/// Both streams after the opening handshake, with what was read behind its heads.
#[derive(Debug)]
pub struct Ends {
    /// To the client, registered with [`tokens::SOCKET`].
    pub client: (Stream, Vec<u8>),
    /// To the server, registered with [`tokens::UPSTREAM`].
    pub server: (Stream, Vec<u8>),
}

/// A connection between a client and a server.
pub struct Cable<'a> {
    pub(super) reactor: &'a mut Reactor,
    pub(super) journal: Journal<'a>,
    pub(super) opened: &'a Opened,
    pub(super) options: CableOptions,
    pub(super) ends: [End; 2],
    /// What the client sent and what the server sent.
    pub(super) ways: [Way; 2],
    pub(super) closing: Option<Closing>,
    /// Why both sides were reset.
    pub(super) aborted: Option<String>,
    pub(super) since: Instant,
    /// Nothing more passes.
    pub(super) is_over: bool,
    pub(super) totals: Totals,
    /// When events that wait in the outputs are handed over.
    show_at: Option<Instant>,
    /// When memory that only traffic needs is freed.
    idle_at: Option<Instant>,
    orders: Arc<Orders>,
    random: rand::rngs::SmallRng,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Way {
    /// Decodes what its source sends.
    pub(super) decoder: Inbound,
    /// What waits to be written.
    pub(super) outgoing: Outgoing,
    /// How its source has ended.
    pub(super) ended: Option<TransportEnd>,
    /// The first Close frame of its source.
    pub(super) close: Option<ClosePayload>,
    /// Events are left because the outputs do not keep up.
    has_more_events: bool,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Totals {
    pub(super) violations: u64,
    pub(super) touched: u64,
    /// Who sent the first Close frame, or else ended first.
    pub(super) first_close: Option<Side>,
    pub(super) first_end: Option<Side>,
}

/// Reads in a row from one side before anything else gets its turn.
const READ_BUDGET: usize = 16;

/// A direction with this many bytes that wait is not read, in bytes.
const HIGH_WATER: usize = 128 << 10;

/// The same where bytes wait for their time, `--latency`.
const HIGH_WATER_DELAYED: usize = 16 << 20;

/// Events are handed to the threads that write them after this time at the latest: to wake these for every message would
/// delay the messages.
const SHOW_AFTER: Duration = Duration::from_millis(1);

/// Memory that only traffic needs is freed after this time without any.
const IDLE_AFTER: Duration = Duration::from_millis(500);

pub(super) const SIDES: [Side; 2] = [Side::Client, Side::Server];

/// The index of what belongs to a side.
pub(super) const fn at(side: Side) -> usize {
    match side {
        Side::Client => 0,
        Side::Server => 1,
    }
}

/// The other side.
pub(super) const fn other(side: Side) -> Side {
    match side {
        Side::Client => Side::Server,
        Side::Server => Side::Client,
    }
}

/// The direction of what `side` sent, from the client's point of view.
pub(super) const fn direction(side: Side) -> Direction {
    match side {
        Side::Client => Direction::Sent,
        Side::Server => Direction::Received,
    }
}

impl<'a> Cable<'a> {
    /// A connection whose opening handshake has just passed.
    pub fn new(
        ends: Ends,
        reactor: &'a mut Reactor,
        journal: Journal<'a>,
        options: CableOptions,
        opened: &'a Opened,
        orders: Arc<Orders>,
        seed: u64,
    ) -> Self {
        let decoding = TapOptions {
            max_message_size: options.max_message_size,
            observe_frames: options.observe_frames,
            tolerance: Tolerance::Passive,
            deflate: options.deflate,
        };
        let way = |from| Way {
            decoder: Inbound::new(decoding.of_side(from), &[]),
            outgoing: Outgoing::new(options.latency, options.throttle),
            ended: None,
            close: None,
            has_more_events: false,
        };
        let Ends { client: (client, from_client), server: (server, from_server) } = ends;
        let mut cable = Self {
            reactor,
            journal,
            opened,
            options,
            ends: [End::new(client), End::new(server)],
            ways: SIDES.map(way),
            closing: None,
            aborted: None,
            since: Instant::now(),
            is_over: false,
            totals: Totals::default(),
            show_at: Some(Instant::now()), // the events of the handshake, and of what came with it
            idle_at: None,
            orders,
            random: rand::SeedableRng::seed_from_u64(seed),
        };
        cable.pass_early(Side::Server, &from_server);
        cable.pass_early(Side::Client, &from_client);
        cable
    }

    /// Runs until nothing more passes.
    pub fn run(mut self) -> super::Report {
        let failed = self.work().err();
        self.journal.outputs().flush_early();
        self.report(failed)
    }

    fn work(&mut self) -> io::Result<()> {
        self.journal.outputs().register(
            self.reactor.registry(),
            tokens::OUTPUTS,
            &self.reactor.waker(),
        )?;
        self.journal.outputs().set_all_ready(); // readiness announced before was not recorded
        loop {
            self.take_orders();
            for side in SIDES {
                self.pass_on(side);
            }
            self.check_closing();
            if self.is_over {
                return Ok(());
            }
            self.wait()?;
        }
    }

    fn take_orders(&mut self) {
        while let Some(order) = self.orders.take() {
            match order {
                Order::Close { payload, why, until } => self.close(payload, why, until),
            }
        }
    }

    /// Waits until something can go on.
    fn wait(&mut self) -> io::Result<()> {
        let now = Instant::now();
        self.flush_outputs(now);
        let until = if self.can_go_on() { Some(now) } else { self.deadline(now) };
        let woken = self.reactor.wait(until)?;
        self.ends[at(Side::Client)].add(woken.socket);
        self.ends[at(Side::Server)].add(woken.upstream);
        self.journal.outputs().set_ready(&woken);
        Ok(())
    }

    fn deadline(&self, now: Instant) -> Option<Instant> {
        let outgoing = SIDES.iter().filter_map(|&from| {
            let is_writable = self.ends[at(other(from))].is_writable();
            self.ways[at(from)].outgoing.deadline(now).filter(|_| is_writable)
        });
        let closing = self.closing.as_ref().map(|closing| closing.deadline);
        outgoing.chain(closing).chain(self.show_at).chain(self.idle_at).min()
    }

    /// Whether there is work that no readiness event will announce again.
    fn can_go_on(&mut self) -> bool {
        SIDES.into_iter().any(|side| self.may_read(side) || self.has_events(side))
    }

    fn has_events(&self, from: Side) -> bool {
        self.ways[at(from)].has_more_events && !self.journal.is_backed_up()
    }

    /// Hands over what is to be shown, unless that can wait a little.
    fn flush_outputs(&mut self, now: Instant) {
        if self.show_at.is_some_and(|at| at <= now) || self.journal.is_backed_up() {
            self.show_at = None;
            self.journal.outputs().flush_early();
        }
        if self.idle_at.is_some_and(|at| at <= now) {
            self.idle_at = None;
            self.ways.iter_mut().for_each(|way| way.decoder.release_idle_memory());
        }
    }

    /// Passes on what one side sends.
    fn pass_on(&mut self, from: Side) {
        for _ in 0..READ_BUDGET {
            self.write_waiting(from);
            if self.ways[at(from)].has_more_events {
                self.take_events(from);
            }
            if self.is_over || !self.may_read(from) {
                return;
            }
            self.read(from);
        }
    }

    /// Whether to read from a side: not before what it has sent was written and shown.
    fn may_read(&self, from: Side) -> bool {
        let way = &self.ways[at(from)];
        let limit = if self.options.latency.is_some() { HIGH_WATER_DELAYED } else { HIGH_WATER };
        self.ends[at(from)].is_readable()
            && way.ended.is_none()
            && !way.has_more_events
            && way.outgoing.waiting() < limit
            && !(self.ends[at(other(from))].has_failed() && self.closing.is_none())
            && !self.journal.is_backed_up()
    }

    fn read(&mut self, from: Side) {
        let space = self.ways[at(from)].decoder.receive_space();
        match self.ends[at(from)].read(space) {
            Received::Nothing => {}
            Received::End(end) => self.source_ended(from, end),
            Received::Bytes(count) => {
                if self.closing.is_none() {
                    self.forward(from, count);
                }
                self.ways[at(from)].decoder.received(count);
                self.journal.tick();
                self.take_events(from);
            }
        }
    }

    /// Writes the bytes that were read last, or keeps them.
    fn forward(&mut self, from: Side, count: usize) {
        let Way { decoder, outgoing, .. } = &mut self.ways[at(from)];
        let (bytes, to) = (&decoder.receive_space()[..count], &mut self.ends[at(other(from))]);
        let written = if outgoing.is_direct() { to.write(bytes) } else { 0 };
        if written < count {
            let random = || rand::RngExt::random(&mut self.random);
            outgoing.push(&bytes[written..], Instant::now(), random);
        }
        if to.has_failed() {
            self.write_failed(other(from));
        }
    }

    /// Passes on bytes that were read before the loop began.
    fn pass_early(&mut self, from: Side, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let space = self.ways[at(from)].decoder.receive_space();
            let count = space.len().min(bytes.len());
            space[..count].copy_from_slice(&bytes[..count]);
            self.forward(from, count);
            self.ways[at(from)].decoder.received(count);
            self.take_all_events(from);
            bytes = &bytes[count..];
        }
    }

    /// Writes what waits for the other side of `from`, and passes on its end.
    fn write_waiting(&mut self, from: Side) {
        let (way, to) = (&mut self.ways[at(from)], &mut self.ends[at(other(from))]);
        if way.outgoing.is_empty() {
            return;
        }
        let now = Instant::now();
        while to.is_writable()
            && let Some(bytes) = way.outgoing.ready(now)
        {
            let written = to.write(bytes);
            way.outgoing.wrote(written);
        }
        if to.has_failed() {
            return self.write_failed(other(from));
        }
        if let Some(end) = way.outgoing.take_end(now) {
            to.finish(end);
            self.note_finished(from, end);
        }
    }

    /// The end of one direction was passed on.
    fn note_finished(&mut self, from: Side, end: SourceEnd) {
        if end == SourceEnd::Reset {
            self.is_over = true;
        }
        let are_finished = SIDES.iter().all(|&side| {
            self.ways[at(side)].ended.is_some() && self.ends[at(other(side))].is_finished()
        });
        self.is_over |= are_finished;
        let _ = from;
    }

    /// A side takes no more bytes: it has been reset, or closed completely.
    fn write_failed(&mut self, to: Side) {
        let from = other(to);
        self.ways[at(from)].outgoing.clear();
        // A client or server would now be reset as well; but what `to` has sent before comes first.
        if self.ways[at(to)].ended.is_some() {
            self.ends[at(from)].abort();
            self.is_over = true;
        }
    }

    /// One side sends no more.
    fn source_ended(&mut self, from: Side, end: TransportEnd) {
        self.take_all_events(from);
        self.ways[at(from)].decoder.end();
        self.take_all_events(from);
        self.totals.first_end.get_or_insert(from);
        let passed = match end {
            _ if self.ends[at(from)].has_failed() => SourceEnd::Reset,
            TransportEnd::Eof => SourceEnd::Fin,
            TransportEnd::Truncated => SourceEnd::Cut,
            TransportEnd::Reset | TransportEnd::Error(_) => SourceEnd::Reset,
        };
        let way = &mut self.ways[at(from)];
        way.ended = Some(end);
        if self.closing.is_none() {
            let random = || rand::RngExt::random(&mut self.random);
            way.outgoing.end(passed, Instant::now(), random);
            self.write_waiting(from);
        }
    }

    /// Shows what was decoded, while the outputs keep up.
    fn take_events(&mut self, from: Side) {
        let now = Instant::now();
        self.show_at.get_or_insert(now + SHOW_AFTER);
        self.idle_at = Some(now + IDLE_AFTER);
        let has_more = loop {
            if self.journal.is_backed_up() {
                break true;
            }
            if !self.take_event(from) {
                break false;
            }
        };
        self.ways[at(from)].has_more_events = has_more;
    }

    /// All of them, as what the tap holds is bounded.
    fn take_all_events(&mut self, from: Side) {
        while self.take_event(from) {}
        self.ways[at(from)].has_more_events = false;
    }

    fn take_event(&mut self, from: Side) -> bool {
        let Way { decoder, close: first_close, .. } = &mut self.ways[at(from)];
        let Some(event) = decoder.next_event() else { return false };
        let direction = direction(from);
        match &event {
            Event::Close(_, close) => {
                first_close.get_or_insert_with(|| (*close).clone());
                self.totals.first_close.get_or_insert(from);
            }
            Event::Violation(_) | Event::Tolerated(_) => self.totals.violations += 1,
            _ => {}
        }
        show(event, direction, self.opened, &mut self.journal);
        true
    }
}

/// Emits what passes in this direction.
pub(super) fn show(
    event: Event<'_>,
    direction: Direction,
    opened: &Opened,
    journal: &mut Journal<'_>,
) {
    let mut emit = |event: EventKind<'_>| {
        emit_masked(event, &opened.secrets, |event| journal.emit(event));
    };
    match event {
        Event::Message { kind, data, frames, wire_size, compressed, payload } => {
            let _ = payload;
            emit(EventKind::Message(crate::event::Message {
                direction,
                kind,
                data,
                wire_size,
                compressed,
                frames,
                typed: false,
                surplus: false,
            }));
        }
        Event::Ping(_, data) => emit(EventKind::Ping(direction, data)),
        Event::Pong(_, data, rtt) => emit(EventKind::Pong(direction, data, rtt)),
        Event::Close(_, close) => emit(EventKind::CloseFrame(direction, close)),
        Event::Frame(frame) => emit(EventKind::Frame(&FrameEvent { direction, ..frame })),
        Event::Violation(violation) => emit(EventKind::Violation(direction, violation)),
        Event::Tolerated(violation) => emit(EventKind::Tolerated(direction, violation)),
        Event::Omitted { kind, size, frames, wire_size, compressed, .. } => {
            emit(EventKind::Omitted(&Omitted {
                direction,
                kind,
                size: size.unwrap_or(wire_size),
                wire_size,
                compressed,
                frames,
            }));
        }
    }
}
