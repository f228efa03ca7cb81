//! One proxied WebSocket connection: the loop that passes on what both sides send, byte for byte and at once, and then shows
//! it.

use std::io;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::event::Opened;
use crate::net::Reactor;
use crate::net::reactor::tokens;
use crate::protocol::close::ClosePayload;
use crate::protocol::deflate::DeflateParams;
use crate::protocol::inbound::Tolerance;
use crate::protocol::memory::Account;
use crate::protocol::vocabulary::Partial;
use crate::protocol::{Inbound, Side, TapOptions, TransportEnd};
use crate::rules::{Jitter, Judge, SharedRules};
use crate::session::Journal;

use super::counts::MessageCounts;
use super::delayed::Delayed;
use super::end::End;
use super::hold::Holding;
use super::outgoing::{Outgoing, SourceEnd};
use super::queue::{Order, Orders};
use super::stall::Stall;
use closing::{Aborted, ClosedSide, Closing, OwnClose};
use events::Totals;
use injected::Injections;
use passing::Passing;
use sides::{SIDES, at};
use transfer::FIRST_READ;
use undelivered::Losses;

mod closing;
mod events;
mod held;
mod injected;
mod messages;
mod passing;
mod plan;
mod report;
mod sides;
mod transfer;
mod undelivered;
mod verdicts;

pub use report::Report;

/// How a connection is passed on.
#[derive(Clone, Copy, Debug)]
pub struct CableOptions {
    /// A larger message passes without being kept, in bytes.
    pub max_message_size: u64,
    /// Every frame is an event.
    pub observe_frames: bool,
    /// The parameters of permessage-deflate, if it was negotiated.
    pub deflate: Option<DeflateParams>,
    /// Other extensions were negotiated, which are not known here.
    pub has_other_extensions: bool,
    /// A delay of everything that passes.
    pub latency: Option<Jitter>,
    /// The most that passes in each direction, in bytes a second.
    pub throttle: Option<NonZeroU64>,
    /// A frame that violates the protocol is withheld, and both sides are closed.
    pub enforce: bool,
    /// Limit on a closing handshake of ours.
    pub close_timeout: Option<Duration>,
}

/// Both sides after the opening handshake, with what was read behind its heads.
#[derive(Debug)]
pub struct Ends {
    /// To the client, registered with [`tokens::SOCKET`].
    pub client: (End, Vec<u8>),
    /// To the server, registered with [`tokens::UPSTREAM`].
    pub server: (End, Vec<u8>),
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
    /// What waits of all connections.
    pub delayed: Delayed,
    /// What random decisions start from.
    pub seed: u64,
    /// Counts its messages.
    pub messages: MessageCounts,
}

/// A connection between a client and a server.
pub struct Cable<'a> {
    reactor: &'a mut Reactor,
    journal: Journal<'a>,
    opened: &'a Opened,
    options: CableOptions,
    control: CableControl,
    judge: Judge,
    ends: [End; 2],
    /// What the client sent and what the server sent.
    ways: [Way; 2],
    closing: Option<Closing>,
    /// The operator has closed one side, before either side had begun to end the connection.
    closed_side: Option<ClosedSide>,
    /// Both sides were reset.
    aborted: Option<Aborted>,
    since: Instant,
    /// Nothing more passes.
    is_over: bool,
    totals: Totals,
    /// Events wait in the outputs to be handed over.
    has_events: bool,
    /// When memory that only traffic needs is freed.
    idle_at: Option<Instant>,
    random: rand::rngs::SmallRng,
}

/// One direction.
#[derive(Debug)]
struct Way {
    passing: Passing,
    /// Bytes that are read from its source at a time.
    read_size: usize,
    /// What waits to be written.
    outgoing: Outgoing,
    /// What the operator has injected, and is not sent yet.
    injections: Injections,
    /// How its source has ended.
    ended: Option<TransportEnd>,
    /// Where it has ended, if that was within a frame or message.
    cut: Option<Partial>,
    /// That end, which waits for messages before it.
    pending_end: Option<SourceEnd>,
    /// The first Close frame of its source.
    close: Option<ClosePayload>,
    /// Its source had got that of the other side before it sent its own.
    has_got_close: bool,
    /// A Close frame was delivered while bytes were passed on unexamined.
    has_streamed_close: bool,
    /// Events are left because the outputs do not keep up.
    has_more_events: bool,
    /// It was shown how its source has ended, because what the other side sent waits.
    has_shown_end: bool,
    /// The proxy has ended it with a Close frame or a FIN of its own: nothing may follow (RFC 6455 section 5.5.1).
    is_shut: bool,
    /// A Close frame of the proxy that waits for a place.
    own_close: Option<OwnClose>,
    /// What was received and not delivered.
    losses: Losses,
    /// The receiver does not take what waits, although its source has failed.
    stall: Option<Stall>,
}

/// Memory that only traffic needs is freed after this time without any.
const IDLE_AFTER: Duration = Duration::from_millis(500);

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
            passing: Passing::Stream(Box::new(
                Inbound::new(decoding.of_side(from), &[])
                    .with_other_extensions(options.has_other_extensions)
                    .charge_to(&control.account),
            )),
            read_size: FIRST_READ,
            outgoing: Outgoing::new(options.latency, options.throttle).counted_in(&control.delayed),
            injections: Injections::default(),
            ended: None,
            cut: None,
            pending_end: None,
            close: None,
            has_got_close: false,
            has_streamed_close: false,
            has_more_events: false,
            has_shown_end: false,
            is_shut: false,
            own_close: None,
            losses: Losses::default(),
            stall: None,
        };
        let Ends { client: (client, from_client), server: (server, from_server) } = ends;
        let mut cable = Self {
            reactor,
            journal,
            opened,
            options,
            judge: Judge::new(control.rules.snapshot(), control.seed, control.number),
            ends: [client, server],
            ways: SIDES.map(way),
            closing: None,
            closed_side: None,
            aborted: None,
            since: Instant::now(),
            is_over: false,
            totals: Totals::default(),
            has_events: true, // of the handshake, and of what came with it
            idle_at: None,
            random: rand::SeedableRng::seed_from_u64(control.seed ^ control.number),
            control,
        };
        cable.ends.iter_mut().for_each(End::assume_ready);
        cable.feed(Side::Server, &from_server);
        cable.feed(Side::Client, &from_client);
        cable
    }

    /// Runs until nothing more passes.
    pub fn run(mut self) -> Report {
        let failed = self.work().err();
        self.read_rest();
        let undelivered = self.undelivered();
        SIDES.iter().for_each(|&side| self.end_holding(side));
        self.show_undelivered(undelivered);
        self.report_unsent();
        self.journal.outputs().flush_early();
        self.report(failed, undelivered)
    }

    fn work(&mut self) -> io::Result<()> {
        self.journal.outputs().register(
            self.reactor.registry(),
            tokens::OUTPUTS,
            &self.reactor.waker(),
        )?;
        self.journal.outputs().set_all_ready(); // readiness announced before was not recorded
        self.show_soon(); // also frees what the opening handshake has used
        self.journal.wake();
        loop {
            self.take_orders();
            for side in SIDES {
                self.pass_on(side);
                self.note_delivered_close(side);
            }
            self.drop_undeliverable();
            self.check_closing();
            self.check_left();
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
                Order::ShutDown { payload, until } => self.shut_down(payload, until),
                Order::CloseSide { side, payload, why } => self.close_side(side, payload, why),
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
        self.journal.outputs().settle();
        let woken = self.reactor.wait(until)?;
        self.journal.wake();
        self.ends[at(Side::Client)].add(woken.socket);
        self.ends[at(Side::Server)].add(woken.upstream);
        for side in SIDES {
            // Nothing else reports a reset while nothing is written to that side.
            if self.ends[at(side)].has_failed() {
                self.write_failed(side);
            }
        }
        self.journal.outputs().set_ready(&woken);
        let may_take_more = woken.is_woken || woken.outputs().next().is_some();
        if may_take_more && self.journal.outputs().held() > 0 {
            self.has_events = true; // what an output refused, which no traffic may follow
        }
        Ok(())
    }

    fn deadline(&self, now: Instant) -> Option<Instant> {
        let ways = SIDES.iter().flat_map(|&from| {
            let way = &self.ways[at(from)];
            let is_writable = self.ends[at(from.other())].is_writable();
            let outgoing = way.outgoing.deadline(now).filter(|_| is_writable);
            let own_close = way.own_close.as_ref().map(|own| own.by);
            let ends = own_close.into_iter().chain(way.stall.as_ref().map(Stall::deadline));
            outgoing.into_iter().chain(way.passing.deadline()).chain(ends)
        });
        let closing = self.closing.as_ref().map(|closing| closing.deadline);
        ways.chain(closing).chain(self.idle_at).min()
    }

    /// Whether there is work that no readiness event will announce again.
    fn can_go_on(&self) -> bool {
        SIDES.into_iter().any(|side| {
            let has_events = self.ways[at(side)].has_more_events && !self.journal.is_backed_up();
            has_events || self.may_read(side)
        })
    }

    /// Hands over what is to be shown, and frees what idle connections need not have.
    fn flush_outputs(&mut self, now: Instant) {
        if self.has_events || self.journal.is_backed_up() {
            self.show();
        }
        if self.idle_at.is_some_and(|at| at <= now) {
            self.idle_at = None;
            for way in &mut self.ways {
                way.passing.release_idle();
                way.outgoing.release_idle();
                way.read_size = FIRST_READ;
            }
        }
    }

    fn show(&mut self) {
        self.has_events = false;
        self.journal.outputs().flush_early();
    }

    /// Has the events handed over before the next wait.
    fn show_soon(&mut self) {
        self.has_events = true;
        self.idle_at = Some(Instant::now() + IDLE_AFTER);
    }
}

impl Cable<'_> {
    /// Records whose Close frame was the first one that was delivered.
    fn note_delivered_close(&mut self, from: Side) {
        if self.ways[at(from)].has_passed_close() {
            self.totals.first_close.get_or_insert(from);
        }
    }

    /// Whether nothing that `from` sends is passed on any more: the proxy has ended that, or the other side takes nothing.
    fn withholds(&self, from: Side) -> bool {
        let way = &self.ways[at(from)];
        let is_ending = self.is_over || (self.closing.is_some() && way.own_close.is_none());
        is_ending || way.is_shut || self.ends[at(from.other())].has_failed()
    }
}

impl Way {
    /// Whether the receiver has got a Close frame: that of the source may have been dropped.
    fn has_delivered_close(&self) -> bool {
        let in_message_mode = match &self.passing {
            Passing::Stream(_) => false,
            Passing::Messages(messages) => messages.relay.has_sent_close(),
        };
        self.has_streamed_close || in_message_mode
    }

    /// Whether that was the Close frame of the source, not one of the proxy, which ends the direction.
    fn has_passed_close(&self) -> bool {
        self.close.is_some() && self.has_delivered_close() && !self.is_shut
    }

    /// Takes how it is passed on, to be replaced.
    fn take_passing(&mut self) -> Passing {
        let options = TapOptions {
            max_message_size: 0,
            observe_frames: false,
            tolerance: Tolerance::Passive,
            deflate: None,
        };
        let placeholder = Inbound::new(options.of_side(Side::Client), &[]);
        std::mem::replace(&mut self.passing, Passing::Stream(Box::new(placeholder)))
    }
}
