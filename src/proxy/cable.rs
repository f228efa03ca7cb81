//! One proxied WebSocket connection: the loop that passes on what both sides send, byte for byte and at once, and then shows
//! it.

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::Opened;
use crate::net::reactor::tokens;
use crate::net::{Reactor, Stream};
use crate::protocol::close::ClosePayload;
use crate::protocol::deflate::DeflateParams;
use crate::protocol::inbound::Tolerance;
use crate::protocol::memory::Account;
use crate::protocol::vocabulary::{Direction, Event};
use crate::protocol::{Inbound, Side, TapOptions, TransportEnd};
use crate::rules::{Jitter, Judge, SharedRules};
use crate::session::Journal;

use super::closing::Closing;
use super::counts::MessageCounts;
use super::end::{End, Received};
use super::events::{Totals, show};
use super::hold::{Holding, Payload};
use super::outgoing::{Outgoing, SourceEnd};
use super::passing::Passing;
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
    /// A frame that violates the protocol is withheld, and both sides are closed.
    pub enforce: bool,
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

/// What a connection shares with other threads.
#[derive(Clone, Debug)]
pub struct CableControl {
    /// The number of the connection.
    pub number: u64,
    /// What other threads have it do.
    pub orders: Arc<Orders>,
    /// The rules of all connections.
    pub rules: Arc<SharedRules>,
    /// What is held of all connections.
    pub holding: Arc<Holding>,
    /// What it may keep is part of this.
    pub account: Account,
    /// What random decisions start from.
    pub seed: u64,
    /// Counts its messages.
    pub messages: MessageCounts,
}

/// A connection between a client and a server.
pub struct Cable<'a> {
    pub(super) reactor: &'a mut Reactor,
    pub(super) journal: Journal<'a>,
    pub(super) opened: &'a Opened,
    pub(super) options: CableOptions,
    pub(super) control: CableControl,
    pub(super) judge: Judge,
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
    random: rand::rngs::SmallRng,
}

/// One direction.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) passing: Passing,
    /// What waits to be written.
    pub(super) outgoing: Outgoing,
    /// What the operator has injected, and is not sent yet.
    pub(super) injections: VecDeque<Payload>,
    /// How its source has ended.
    pub(super) ended: Option<TransportEnd>,
    /// That end, which waits for messages before it.
    pub(super) pending_end: Option<SourceEnd>,
    /// The first Close frame of its source.
    pub(super) close: Option<ClosePayload>,
    /// A Close frame was delivered while bytes were passed on unexamined.
    pub(super) has_streamed_close: bool,
    /// Events are left because the outputs do not keep up.
    has_more_events: bool,
}

/// Reads in a row from one side before anything else gets its turn.
const READ_BUDGET: usize = 16;

/// A direction with this many bytes that wait is not read, in bytes.
const HIGH_WATER: usize = 128 << 10;

/// The same where bytes wait for their time, `--latency`.
const HIGH_WATER_DELAYED: usize = 16 << 20;

/// Bytes read at a time where messages are decided one by one.
const CHUNK: usize = 16 << 10;

/// Events are handed to the threads that write them after this time at the latest: to wake these for every message would
/// delay the messages.
const SHOW_AFTER: Duration = Duration::from_millis(1);

/// After a read of at least this many bytes they are handed over at once: then much passes, and a thread that is woken
/// has much to write.
const BULK: usize = 16 << 10;

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
        control: CableControl,
    ) -> Self {
        let decoding = TapOptions {
            max_message_size: options.max_message_size,
            observe_frames: options.observe_frames,
            tolerance: Tolerance::Passive,
            deflate: options.deflate,
        };
        let way = |from| Way {
            passing: Passing::Stream(
                Inbound::new(decoding.of_side(from), &[]).charge_to(&control.account),
            ),
            outgoing: Outgoing::new(options.latency, options.throttle),
            injections: VecDeque::new(),
            ended: None,
            pending_end: None,
            close: None,
            has_streamed_close: false,
            has_more_events: false,
        };
        let Ends { client: (client, from_client), server: (server, from_server) } = ends;
        let mut cable = Self {
            reactor,
            journal,
            opened,
            options,
            judge: Judge::new(control.rules.snapshot(), control.seed, control.number),
            ends: [End::new(client), End::new(server)],
            ways: SIDES.map(way),
            closing: None,
            aborted: None,
            since: Instant::now(),
            is_over: false,
            totals: Totals::default(),
            show_at: Some(Instant::now()), // the events of the handshake, and of what came with it
            idle_at: None,
            random: rand::SeedableRng::seed_from_u64(control.seed ^ control.number),
            control,
        };
        cable.feed(Side::Server, &from_server);
        cable.feed(Side::Client, &from_client);
        cable
    }

    /// Runs until nothing more passes.
    pub fn run(mut self) -> super::Report {
        let failed = self.work().err();
        self.forget_held();
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
        while let Some(order) = self.control.orders.take() {
            match order {
                Order::Close { payload, why, until } => self.close(payload, why, until),
                Order::CloseSide { side, payload } => self.close_side(side, &payload),
                Order::Inject { to, payload } => self.inject(to, payload),
                Order::Release { number, is_dropped } => self.release(number, is_dropped),
                Order::Refresh => {
                    self.judge.refresh(&self.control.rules);
                    SIDES.iter().for_each(|&side| self.update_passing(side));
                }
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
        let ways = SIDES.iter().flat_map(|&from| {
            let way = &self.ways[at(from)];
            let is_writable = self.ends[at(other(from))].is_writable();
            let outgoing = way.outgoing.deadline(now).filter(|_| is_writable);
            outgoing.into_iter().chain(way.passing.deadline())
        });
        let closing = self.closing.as_ref().map(|closing| closing.deadline);
        ways.chain(closing).chain(self.show_at).chain(self.idle_at).min()
    }

    /// Whether there is work that no readiness event will announce again.
    fn can_go_on(&self) -> bool {
        SIDES.into_iter().any(|side| {
            let has_events = self.ways[at(side)].has_more_events && !self.journal.is_backed_up();
            has_events || self.may_read(side)
        })
    }

    /// Hands over what is to be shown, unless that can wait a little.
    fn flush_outputs(&mut self, now: Instant) {
        if self.show_at.is_some_and(|at| at <= now) || self.journal.is_backed_up() {
            self.show();
        }
        if self.idle_at.is_some_and(|at| at <= now) {
            self.idle_at = None;
            self.ways.iter_mut().for_each(|way| way.passing.release_idle());
        }
    }

    fn show(&mut self) {
        self.show_at = None;
        self.journal.outputs().flush_early();
    }

    /// Has the events handed over soon.
    pub(super) fn show_soon(&mut self) {
        let now = Instant::now();
        self.show_at.get_or_insert(now + SHOW_AFTER);
        self.idle_at = Some(now + IDLE_AFTER);
    }

    /// Passes on what one side sends.
    fn pass_on(&mut self, from: Side) {
        self.advance(from);
        for _ in 0..READ_BUDGET {
            self.write_waiting(from);
            if self.ways[at(from)].has_more_events {
                self.take_events(from);
            }
            if self.is_over || !self.may_read(from) {
                return;
            }
            match &self.ways[at(from)].passing {
                Passing::Stream(_) if !self.wants_messages(from) => self.stream(from),
                _ => self.read(from),
            }
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
            && way.passing.has_room()
            && !(self.ends[at(other(from))].has_failed() && self.closing.is_none())
            && !self.journal.is_backed_up()
    }

    /// Reads what one side has sent, writes it to the other, then decodes it.
    fn stream(&mut self, from: Side) {
        let Self { ends: [client, server], ways, closing, random, .. } = self;
        let (source, sink) = match from {
            Side::Client => (client, server),
            Side::Server => (server, client),
        };
        let Way { passing: Passing::Stream(inbound), outgoing, .. } = &mut ways[at(from)] else {
            return;
        };
        let space = inbound.receive_space();
        let count = match source.read(space) {
            Received::Nothing => return,
            Received::End(end) => return self.source_ended(from, end),
            Received::Bytes(count) => count,
        };
        if closing.is_none() {
            let bytes = &space[..count];
            let written = if outgoing.is_direct() { sink.write(bytes) } else { 0 };
            if written < count {
                let random = || rand::RngExt::random(random);
                outgoing.push(&bytes[written..], Instant::now(), random);
            }
        }
        inbound.received(count);
        let has_failed = sink.has_failed();
        self.journal.tick();
        self.take_events(from);
        if count >= BULK {
            self.show();
        }
        if has_failed {
            self.write_failed(other(from));
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
        let (way, to) = (&mut self.ways[at(from)], &mut self.ends[at(other(from))]);
        let written = if way.outgoing.is_direct() { to.write(bytes) } else { 0 };
        if written < bytes.len() {
            let random = || rand::RngExt::random(&mut self.random);
            way.outgoing.push(&bytes[written..], Instant::now(), random);
        }
        if to.has_failed() {
            self.write_failed(other(from));
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
            self.note_finished(end);
        }
    }

    /// The end of one direction was passed on.
    fn note_finished(&mut self, end: SourceEnd) {
        let are_finished = SIDES.iter().all(|&side| {
            self.ways[at(side)].ended.is_some() && self.ends[at(other(side))].is_finished()
        });
        self.is_over |= are_finished || end == SourceEnd::Reset;
    }

    /// A side takes no more bytes: it has been reset, or closed completely.
    fn write_failed(&mut self, to: Side) {
        let from = other(to);
        self.ways[at(from)].outgoing.clear();
        // The other side would now be reset as well; but what `to` has sent before comes first.
        if self.ways[at(to)].ended.is_some() {
            self.ends[at(from)].abort();
            self.is_over = true;
        }
    }

    /// One side sends no more.
    fn source_ended(&mut self, from: Side, end: TransportEnd) {
        self.journal.tick();
        self.show_soon();
        self.end_decoding(from);
        self.totals.first_end.get_or_insert(from);
        let passed = match end {
            _ if self.ends[at(from)].has_failed() => SourceEnd::Reset,
            TransportEnd::Eof => SourceEnd::Fin,
            TransportEnd::Truncated => SourceEnd::Cut,
            TransportEnd::Reset | TransportEnd::Error(_) => SourceEnd::Reset,
        };
        self.ways[at(from)].ended = Some(end);
        if self.closing.is_some() {
            return;
        }
        match passed {
            SourceEnd::Fin | SourceEnd::Cut if !self.ways[at(from)].passing.is_empty() => {
                self.ways[at(from)].pending_end = Some(passed);
            }
            _ => self.pass_end(from, passed),
        }
    }

    /// Passes on the end of a direction, behind what waits.
    pub(super) fn pass_end(&mut self, from: Side, end: SourceEnd) {
        let random = || rand::RngExt::random(&mut self.random);
        self.ways[at(from)].outgoing.end(end, Instant::now(), random);
        self.write_waiting(from);
    }

    fn end_decoding(&mut self, from: Side) {
        let mut out = Vec::new();
        self.take_all_events(from);
        match &mut self.ways[at(from)].passing {
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
    fn take_events(&mut self, from: Side) {
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
        let Way {
            passing: Passing::Stream(inbound), close: first_close, has_streamed_close, ..
        } = &mut self.ways[at(from)]
        else {
            return false;
        };
        let Some(event) = inbound.next_event() else { return false };
        self.totals.note(&event, from, &self.control.messages);
        if let Event::Close(_, close) = &event {
            first_close.get_or_insert_with(|| (*close).clone());
            *has_streamed_close |= self.closing.is_none();
        }
        show(event, direction(from), self.opened, &mut self.journal);
        true
    }
}

impl Way {
    /// Whether the receiver has got a Close frame: that of the source may have been dropped.
    pub(super) fn has_delivered_close(&self) -> bool {
        let in_message_mode = match &self.passing {
            Passing::Stream(_) => false,
            Passing::Messages(messages) => messages.relay.has_sent_close(),
        };
        self.has_streamed_close || in_message_mode
    }

    /// Takes how it is passed on, to be replaced.
    pub(super) fn take_passing(&mut self) -> Passing {
        let options = TapOptions {
            max_message_size: 0,
            observe_frames: false,
            tolerance: Tolerance::Passive,
            deflate: None,
        };
        let placeholder = Inbound::new(options.of_side(Side::Client), &[]);
        std::mem::replace(&mut self.passing, Passing::Stream(placeholder))
    }
}
