//! The event loop of one open connection: socket, input, outputs, time and signals, joined by the
//! sans-I/O core. It knows no formats.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use crate::event::{Closed, LastTraffic, Opened};
use crate::input::{Action, InputError, Source};
use crate::net::reactor::tokens;
use crate::net::{Reactor, Stream};
use crate::output::OutputError;
use crate::platform::signals::Signal;
use crate::protocol::keepalive::{Keepalive, KeepaliveTimes, MissedPong};
use crate::protocol::{CloseCode, Connection, MessageKind, Payload};
use crate::scenario::Goal;
use clock::PeerClock;
use reactions::Reactions;

mod actions;
mod clock;
mod end;
mod events;
mod journal;
mod leaving;
mod patience;
mod reactions;
mod resend;
mod socket;
mod timers;
mod upload;
mod wanted;
mod watch;

pub use actions::NO_MESSAGE;
pub use journal::Journal;
pub(crate) use leaving::{SHOW_CLOSING_AFTER, closing_text};
pub use resend::{Rest, TOO_MUCH};

/// What a session is to do.
pub struct Plan {
    /// Sent after open and before the input, in order.
    pub presets: VecDeque<Action<'static>>,
    /// Send every received data message back.
    pub echo: bool,
    /// What follows the end of the input.
    pub after_input: AfterInput,
    /// When everything has to be over.
    pub max_time: Option<Instant>,
    /// Code of our Close frame; `None`: an empty one.
    pub close_code: Option<CloseCode>,
    /// Reason of our Close frame.
    pub close_reason: String,
    /// What ends the session as a success.
    pub goals: Vec<Box<dyn Goal>>,
    /// Takes note of every received data message.
    pub on_message: Option<OnMessage>,
    /// How the connection is watched.
    pub times: KeepaliveTimes,
    /// What the connection before has left; `None`: nothing is kept for one after it.
    pub left: Option<VecDeque<Action<'static>>>,
    /// There is no more input.
    pub input_ended: bool,
}

/// Takes note of a received data message, which it may keep, if it is long, without a copy.
pub type OnMessage = Box<dyn FnMut(MessageKind, &[u8], Option<&Payload>)>;

/// What follows the end of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterInput {
    /// Close at once.
    Close,
    /// Close when nothing has come for so long.
    Silence(Duration),
    /// Go on until something else ends the session.
    Stay,
}

/// Why we ended the connection, if it was we.
#[derive(Debug)]
pub enum Stop {
    /// The input had ended, or the user asked for it.
    Asked,
    /// Every goal was met.
    GoalsMet,
    /// A goal cannot be met any more.
    GoalMissed,
    /// `--max-time` ran out.
    MaxTime,
    /// A ping was not answered in time.
    PingTimeout(MissedPong),
    /// Nothing came within this time.
    IdleTimeout(Duration),
    /// A signal, or Ctrl-C in the line editor.
    Signal(Signal),
    /// An output's reader has gone.
    OutputClosed,
    /// An output cannot be written.
    OutputFailed(OutputError),
    /// The system failed us.
    System(io::Error),
}

/// How a session went.
pub struct Report {
    /// The end of the connection.
    pub closed: Closed,
    /// Why we ended it, if it was we.
    pub stop: Option<Stop>,
    /// Why the input could not be read to its end.
    pub input_error: Option<InputError>,
    /// The goals, as they stand.
    pub goals: Vec<Box<dyn Goal>>,
    /// There is no more input.
    pub input_ended: bool,
    /// What is left for another connection, if it was asked to be kept.
    pub rest: Option<Rest>,
    /// What did not reach its place.
    pub lost: Lost,
    /// A signal or `--max-time` ended the run: it has to be over by then, whatever is stalled.
    pub leave_by: Option<Instant>,
    /// Whoever provides the actions ended the session before the peer answered our Close frame.
    pub is_shut_down: bool,
}

/// What did not reach its place, because the run was ended or the peer closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Received messages that were not shown or written, or not as a whole.
    pub received: u64,
    /// Bytes that wait for the outputs.
    pub bytes: usize,
    /// Messages that the transport did not take.
    pub sent: u64,
    /// Messages were not taken, and the input had not been read to its end.
    pub input_left: bool,
}

/// One open connection being worked on.
pub struct Session<'a> {
    stream: Stream,
    connection: Connection,
    reactor: &'a mut Reactor,
    source: &'a mut dyn Source,
    journal: Journal<'a>,
    plan: Plan,
    opened: &'a Opened,
    socket: socket::Readiness,
    /// Events were left because the outputs did not keep up.
    has_more_events: bool,
    /// The input was left because the socket did not keep up.
    has_more_input: bool,
    input_ended: bool,
    input_error: Option<InputError>,
    stop: Option<Stop>,
    started: Instant,
    /// Time as it counts against the peer.
    clock: PeerClock,
    /// Since when an output was stalled when memory was last freed for that.
    freed_in: Option<Instant>,
    /// When the last wait was over, in real time.
    woke: Instant,
    /// Since when timers have been put off because there is something to read.
    behind: Option<Instant>,
    /// When the last wait or read was over, by the peer's clock: all that it brought has happened then.
    now: Instant,
    /// When bytes last came or went, by the peer's clock.
    last_traffic: Instant,
    /// When bytes last came, by the peer's clock.
    last_read: Option<Instant>,
    /// What had come and gone before the last read.
    before_read: end::BeforeRead,
    /// How long nothing had come or gone before the peer's Close frame, and what was before that.
    before_close: Option<(Duration, LastTraffic)>,
    /// When the transport had last taken a data message, by the peer's clock.
    last_sent: Option<Instant>,
    /// When data last came, or the last of the input had gone, by the peer's clock.
    last_data: Instant,
    /// Messages sent that the transport has taken.
    messages_gone: u64,
    /// The last raw frame that was sent.
    raw_sent: Option<end::RawSent>,
    /// The start of the first message, if that is text.
    first_text: Option<String>,
    /// Messages received when the last one was sent.
    received_before_send: u64,
    /// Whether there is somebody to ask for the last message.
    keeps_last_message: bool,
    /// The last received message, for `/full`.
    last_message: Option<(MessageKind, Vec<u8>)>,
    last_rtt: Option<Duration>,
    /// What `--echo` sends next.
    echo: VecDeque<(MessageKind, events::Echo)>,
    reactions: Reactions,
    keepalive: Option<Keepalive>,
    resend: Option<resend::Resend>,
    /// A signal or `--max-time` is ending the run: it has to be over by then.
    leave_by: Option<Instant>,
    /// Outputs are still waited for although it is.
    patience: Option<patience::Patience>,
    /// Its source has ended it before the closing handshake was complete.
    is_shut_down: bool,
    /// Since when we wait for the peer's Close frame, where somebody at a terminal waits with us.
    closing: Option<leaving::Closing>,
    lost: Lost,
    /// A file that is being sent: no other action is taken meanwhile.
    upload: Option<upload::Upload>,
}

/// No input is taken while more than this many bytes wait for the socket. Fewer, larger writes are a
/// quarter of the cost of bulk data.
const HIGH_WATER: usize = 768 << 10;

/// Actions taken in a row before what they come to is written: the peer is to work on small messages
/// while we read on.
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
        source: &'a mut dyn Source,
        journal: Journal<'a>,
        mut plan: Plan,
        opened: &'a Opened,
    ) -> Self {
        let now = Instant::now();
        let keeps_last_message = source.is_typed();
        let (input_ended, times) = (plan.input_ended, plan.times);
        let resend = plan.left.take().map(resend::Resend::new);
        Self {
            stream,
            connection,
            reactor,
            source,
            journal,
            plan,
            opened,
            socket: socket::Readiness::default(),
            has_more_events: false,
            has_more_input: false,
            input_ended,
            input_error: None,
            stop: None,
            started: now,
            clock: PeerClock::default(),
            freed_in: None,
            woke: now,
            behind: None,
            now,
            last_traffic: now,
            last_read: None,
            before_read: end::BeforeRead { traffic: now, read: None, frames: 0 },
            before_close: None,
            last_sent: None,
            last_data: now,
            messages_gone: 0,
            raw_sent: None,
            first_text: None,
            received_before_send: 0,
            keeps_last_message,
            last_message: None,
            last_rtt: None,
            echo: VecDeque::new(),
            reactions: Reactions::default(),
            keepalive: Keepalive::new(times, now),
            resend,
            leave_by: None,
            patience: None,
            is_shut_down: false,
            closing: None,
            lost: Lost::default(),
            upload: None,
        }
    }

    /// Works until the connection is over and everything received has been handed on.
    pub fn run(mut self) -> Report {
        if let Err(error) = self.prepare().and_then(|()| self.work()) {
            self.connection.abandon();
            self.stop = Some(Stop::System(error));
        }
        self.end_upload();
        let circumstances = self.circumstances();
        self.linger();
        self.drain_outputs();
        self.count_lost();
        let ending = self.connection.ending().unwrap_or_else(|| {
            self.connection.abandon();
            self.connection.ending().expect("abandoned just now")
        });
        Report {
            closed: self.closed(ending, circumstances),
            stop: self.stop,
            input_error: self.input_error,
            goals: self.plan.goals,
            input_ended: self.input_ended,
            rest: self.resend.map(resend::Resend::into_rest),
            lost: self.lost,
            leave_by: self.leave_by,
            is_shut_down: self.is_shut_down,
        }
    }

    fn prepare(&mut self) -> io::Result<()> {
        self.source.register(self.reactor.registry(), tokens::INPUT, &self.reactor.waker())?;
        self.journal.outputs().register(
            self.reactor.registry(),
            tokens::OUTPUTS,
            &self.reactor.waker(),
        )?;
        self.journal.outputs().set_all_ready(); // what was announced while dialling went unheard
        Ok(())
    }

    fn work(&mut self) -> io::Result<()> {
        // Before anything that came early: it may be all that was waited for.
        self.send_presets();
        loop {
            self.take_events();
            self.take_actions();
            self.write_socket();
            self.check_time();
            self.take_events();
            // May end the connection: the Close frame has to go out before the wait.
            self.flush_outputs();
            self.write_socket();
            if self.connection.is_finished() {
                return Ok(());
            }
            let until = if self.can_go_on() { Some(Instant::now()) } else { self.next_deadline() };
            self.wait(until)?;
            self.read_socket();
        }
    }

    /// Waits for whatever there is to wait for, and takes note of what came.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<()> {
        let wait = timers::Wait { began: Instant::now(), until };
        let mut is_signalled = false;
        for event in self.reactor.wait(until)? {
            match event.token() {
                tokens::SOCKET => self.socket.note(event),
                tokens::INPUT => self.source.set_ready(),
                // Also from a look-up that was given up: it says nothing of the input.
                tokens::WAKER => self.journal.outputs().set_all_ready(),
                tokens::SIGNALS => is_signalled = true,
                mio::Token(output) if output >= tokens::OUTPUTS => {
                    let reader_gone = event.is_error() || event.is_write_closed();
                    self.journal.outputs().set_ready(output - tokens::OUTPUTS, reader_gone);
                }
                _ => {}
            }
        }
        self.note_wake(wait, is_signalled);
        self.journal.tick();
        if is_signalled || cfg!(not(unix)) {
            while let Some(signal) = self.reactor.take_signal() {
                self.on_signal(signal);
            }
        } else if self.reactor.was_interrupted() && self.source.was_interrupted() {
            self.on_signal(Signal::Interrupt);
        }
        Ok(())
    }

    /// Whether there is work that no readiness will announce again.
    fn can_go_on(&self) -> bool {
        self.is_behind()
            || (self.has_more_events && !self.is_stalled_by_output())
            || self.can_take_input()
            || (self.socket.is_writable() && !self.connection.pending_output().is_empty())
    }
}
