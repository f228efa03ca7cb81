//! The event loop of one open connection: socket, input, outputs, timers and signals around the sans-I/O
//! core. Observers control it. It is independent of formats.

use std::io;
use std::time::{Duration, Instant};

use crate::event::{EventKind, Opened};
use crate::input::ActionSource;
use crate::net::reactor::tokens;
use crate::net::{Reactor, Stream};
use crate::output::drain;
use crate::platform::signals::Signal;
use crate::protocol::Connection;
use crate::protocol::keepalive::Keepalive;
use actions::InputState;
use clock::{PeerClock, Wait};
use closing::Closing;
use observers::Observers;
use outgoing::Outgoing;
use reactions::Reactions;
use traffic::Traffic;

mod acknowledged;
mod actions;
mod clock;
mod closing;
mod echo;
mod end;
mod events;
mod hints;
mod journal;
mod observers;
mod outgoing;
mod output_grace;
mod plan;
mod reactions;
mod report;
mod resend;
mod sender;
mod socket;
#[cfg(test)]
mod tests;
mod timers;
mod traffic;
mod upload;
mod watch;

pub(crate) use closing::{SHOW_CLOSING_AFTER, closing_text};
pub use echo::Echo;
pub use journal::Journal;
pub use plan::{AfterInput, Plan};
pub use report::{Lost, Report, Stop};
pub use resend::{QUEUE_FULL, Unsent};

/// One open connection and all that the loop works with.
pub struct Session<'a> {
    stream: Stream,
    connection: Connection,
    reactor: &'a mut Reactor,
    source: &'a mut dyn ActionSource,
    journal: Journal<'a>,
    plan: Plan,
    opened: &'a Opened,
    socket: socket::Readiness,
    /// Events were left in the connection because the outputs did not keep up.
    has_more_events: bool,
    input: InputState,
    observers: Observers,
    outgoing: Outgoing,
    /// What reading has added to the output.
    reactions: Reactions,
    keepalive: Option<Keepalive>,
    clock: PeerClock,
    traffic: Traffic,
    last_rtt: Option<Duration>,
    /// The stall of an output for which memory was last freed, by its start.
    freed_in: Option<Instant>,
    /// Why we ended the connection.
    stop: Option<Stop>,
    closing: Closing,
    lost: Lost,
}

/// No input is taken while more than this many bytes wait for the socket. Fewer, larger writes cost a quarter
/// for bulk data.
const HIGH_WATER: usize = 768 << 10;

/// Actions taken in a row before their bytes are written, so that the peer works on small messages while we
/// read on.
const ACTION_BUDGET: usize = 4096;

/// Reads in a row before timers, input and signals get their turn.
const READ_BUDGET: usize = 16;

/// Bytes written in a row before anything else gets its turn.
const WRITE_BUDGET: usize = 8 << 20;

/// How long the peer may take to end TCP after the closing handshake.
const LINGER: Duration = Duration::from_millis(100);

impl<'a> Session<'a> {
    /// A session on a connection that is open.
    pub fn new(
        stream: Stream,
        connection: Connection,
        reactor: &'a mut Reactor,
        source: &'a mut dyn ActionSource,
        journal: Journal<'a>,
        mut plan: Plan,
        opened: &'a Opened,
    ) -> Self {
        let now = Instant::now();
        let observers = Observers::new(std::mem::take(&mut plan.observers));
        let outgoing = Outgoing::new(std::mem::take(&mut plan.presets), plan.unsent.take());
        Self {
            stream,
            connection,
            reactor,
            source,
            journal,
            opened,
            socket: socket::Readiness::default(),
            has_more_events: false,
            input: InputState::new(plan.input_ended),
            observers,
            outgoing,
            reactions: Reactions::default(),
            keepalive: Keepalive::new(plan.times, now),
            clock: PeerClock::new(now),
            traffic: Traffic::new(now),
            last_rtt: None,
            freed_in: None,
            stop: None,
            closing: Closing::default(),
            lost: Lost::default(),
            plan,
        }
    }

    /// Runs until the connection has ended and the outputs have taken everything received.
    pub fn run(mut self) -> Report {
        if let Err(error) = self.prepare().and_then(|()| self.work()) {
            self.connection.abandon();
            self.stop = Some(Stop::System(error));
        }
        self.end_upload();
        let circumstances = self.circumstances();
        self.linger();
        if self.closing.has_deadline() || !self.source.outlives_connection() {
            self.journal.outputs().end_pause();
        }
        drain(&mut self);
        self.count_lost();
        let ending = self.connection.ending().unwrap_or_else(|| {
            self.connection.abandon();
            self.connection.ending().expect("abandoned just now")
        });
        let closed = self.closed(ending, circumstances);
        let now = self.clock.event_time();
        self.observers.on_event(now, &EventKind::Closed(&closed), None);
        Report {
            closed,
            stop: self.stop,
            input_error: self.input.error,
            observers: self.observers.into_list(),
            input_ended: self.input.has_ended,
            unsent: self.outgoing.into_unsent(),
            lost: self.lost,
            deadline: self.closing.deadline(),
            is_shut_down: self.closing.is_shut_down(),
        }
    }

    fn prepare(&mut self) -> io::Result<()> {
        let now = self.clock.event_time();
        self.observers.on_event(now, &EventKind::Open(self.opened), None);
        self.source.register(self.reactor.registry(), tokens::INPUT, &self.reactor.waker())?;
        if let Some(beside) = &mut self.plan.beside {
            beside.register(self.reactor.registry(), tokens::INPUT, &self.reactor.waker())?;
        }
        self.journal.outputs().register(
            self.reactor.registry(),
            tokens::OUTPUTS,
            &self.reactor.waker(),
        )?;
        self.journal.outputs().set_all_ready(); // readiness announced while dialling was not recorded
        Ok(())
    }

    fn work(&mut self) -> io::Result<()> {
        // Before what was received with the handshake: that may already meet every goal.
        self.send_presets();
        self.follow_observers();
        loop {
            self.take_events();
            self.take_actions();
            self.write_socket();
            self.check_time();
            self.take_events();
            // May end the connection: the Close frame has to be written before the wait.
            self.flush_outputs();
            self.write_socket();
            self.end_tcp_if_written();
            if self.connection.is_finished() {
                return Ok(());
            }
            let until = if self.can_go_on() { Some(Instant::now()) } else { self.next_deadline() };
            self.wait_until(until)?;
            self.read_socket();
        }
    }

    /// Waits for readiness, a waker, a signal or the time `until`, and records what is ready.
    fn wait_until(&mut self, until: Option<Instant>) -> io::Result<()> {
        let wait = Wait { start: Instant::now(), until };
        self.journal.outputs().settle();
        let woken = self.reactor.wait(until)?;
        self.journal.wake();
        self.socket.add(woken.socket);
        if woken.is_input_ready {
            self.source.set_ready();
        }
        if woken.is_woken {
            self.source.on_woken();
        }
        self.journal.outputs().set_ready(&woken);
        self.note_wake(wait, &woken);
        if woken.is_signalled {
            while let Some(signal) = self.reactor.take_signal() {
                self.on_signal(signal);
            }
        } else if woken.was_interrupted && self.source.was_interrupted() {
            self.on_signal(Signal::Interrupt);
        }
        Ok(())
    }

    /// Whether there is work that no readiness event will announce again.
    fn can_go_on(&self) -> bool {
        self.is_behind()
            || (self.has_more_events && !self.is_stalled_by_output())
            || self.can_take_input()
            || (self.socket.is_writable() && !self.connection.pending_output().is_empty())
    }
}
