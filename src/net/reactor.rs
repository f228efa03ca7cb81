//! The one place that waits: for sockets, streams, signals and time.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Registry, Waker};

use crate::platform::Signals;
use crate::platform::signals::Signal;
use crate::protocol::vocabulary::TransportEnd;

#[cfg(test)]
pub(in crate::net) mod tests;
mod woken;

pub use woken::{SocketReadiness, Woken};

/// The tokens of the event loop's sources.
pub mod tokens {
    use mio::Token;

    /// The connection's socket.
    pub const SOCKET: Token = Token(0);
    /// SIGINT, SIGTERM, SIGHUP and SIGCONT.
    pub const SIGNALS: Token = Token(1);
    /// The source of actions.
    pub const INPUT: Token = Token(2);
    /// Wake-ups by other threads.
    pub const WAKER: Token = Token(3);
    /// The listening socket.
    pub const LISTENER: Token = Token(4);
    /// The second socket, where a loop joins two: that to the server.
    pub const UPSTREAM: Token = Token(5);
    /// The socket of a peer for whom something else is waited for: see [`super::Reactor::watch`].
    pub const WATCHED: Token = Token(6);
    /// The first of the outputs; the others have the next numbers.
    pub const OUTPUTS: usize = 8;
    /// The first of the connection attempts; the others have the next numbers.
    pub const ATTEMPTS: usize = 64;
}

/// A signal was received during a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted by {}", .0.name())]
pub struct Interrupted(pub Signal);

/// A time limit over several steps.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    /// When it passes; `None`: never.
    pub at: Option<Instant>,
    /// The limit, for messages.
    pub limit: Duration,
}

impl Deadline {
    /// A limit that starts now; `None`: no limit.
    pub fn after(limit: Option<Duration>) -> Self {
        Self { at: limit.map(|limit| Instant::now() + limit), limit: limit.unwrap_or_default() }
    }

    /// The earlier of this one and a limit that starts now.
    pub fn or_after(self, limit: Duration) -> Self {
        let other = Self::after(Some(limit));
        Self { at: self.at.into_iter().chain(other.at).min(), ..self }
    }

    /// Whether it has passed.
    pub fn has_passed(&self) -> bool {
        self.at.is_some_and(|at| Instant::now() >= at)
    }
}

/// A poll with its events, and the signals, which may end every wait.
#[derive(Debug)]
pub struct Reactor {
    poll: Poll,
    events: Events,
    signals: Option<Signals>,
    /// mio allows one for each poll; when it is dropped, a wake-up that was not seen yet is lost.
    waker: Arc<Waker>,
    /// Ends [`Reactor::wait_for`].
    interrupted: Option<Arc<AtomicBool>>,
    /// Ends [`Reactor::wait_for`], too.
    watched: Option<WatchedPeer>,
}

/// A peer for whom something else is waited for.
#[derive(Debug)]
struct WatchedPeer {
    leaves_at: Leaving,
    /// How it has left.
    left: Option<TransportEnd>,
}

/// What shows that a watched peer has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// The end of its direction, or of the connection.
    Fin,
    /// Only the end of the connection: after a FIN it may still wait for an answer.
    Reset,
}

/// Where signals cannot be waited for, waits are split into intervals of this length.
const LONGEST_WAIT: Option<Duration> =
    if cfg!(unix) { None } else { Some(Duration::from_millis(100)) };

impl Reactor {
    /// A reactor whose waits are also ended by `signals`.
    ///
    /// # Errors
    /// When the system refuses one.
    pub fn new(mut signals: Option<Signals>) -> io::Result<Self> {
        let poll = Poll::new()?;
        if let Some(signals) = &mut signals {
            signals.register(poll.registry(), tokens::SIGNALS)?;
        }
        let waker = Arc::new(Waker::new(poll.registry(), tokens::WAKER)?);
        Ok(Self {
            poll,
            events: Events::with_capacity(64),
            signals,
            waker,
            interrupted: None,
            watched: None,
        })
    }

    /// Registers sources.
    pub fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// A waker with which other threads end a wait.
    pub fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// The next signal that was received, each one once.
    pub fn take_signal(&mut self) -> Option<Signal> {
        self.signals.as_mut().and_then(Signals::take)
    }

    /// Whether the process was stopped and has been continued since the last call.
    pub fn take_continued(&mut self) -> bool {
        self.signals.as_mut().is_some_and(Signals::take_continued)
    }

    /// Lets [`Reactor::wait_for`] be ended by this flag, which is set before the loop is woken.
    pub fn interrupt_on(&mut self, interrupted: Arc<AtomicBool>) {
        self.interrupted = Some(interrupted);
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.as_ref().is_some_and(|flag| flag.swap(false, Ordering::SeqCst))
    }

    /// Lets [`Reactor::wait_for`] be ended, as by an interrupt, when a peer leaves, whose socket has the token
    /// [`tokens::WATCHED`]: nobody awaits the result any more. A connection attempt that succeeds at the same time is not lost.
    pub fn watch(&mut self, leaves_at: Leaving) {
        self.watched = Some(WatchedPeer { leaves_at, left: None });
    }

    /// Ends [`Reactor::watch`]. Returns how the peer has left, if it has.
    pub fn stop_watching(&mut self) -> Option<TransportEnd> {
        self.watched.take().and_then(|watched| watched.left)
    }

    fn has_watched_left(&self) -> bool {
        self.watched.as_ref().is_some_and(|watched| watched.left.is_some())
    }

    /// See [`Signals::leave_to_loop`].
    pub fn leave_signals_to_loop(&mut self) {
        if let Some(signals) = &mut self.signals {
            signals.leave_to_loop();
        }
    }

    /// Waits until something happens or `until` is reached.
    ///
    /// # Errors
    /// With the system's error.
    pub fn wait(&mut self, until: Option<Instant>) -> io::Result<Woken> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let timeout = match (left, LONGEST_WAIT) {
            (Some(left), Some(longest)) => Some(left.min(longest)),
            (left, longest) => left.or(longest),
        };
        let was_interrupted = match self.poll.poll(&mut self.events, timeout) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.poll_again()?; // for what the signal's handler has reported
                true
            }
            result => result.map(|()| false)?,
        };
        let mut woken = Woken::new(was_interrupted);
        self.events.iter().for_each(|event| woken.add(event));
        Ok(woken)
    }

    fn poll_again(&mut self) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            result => result,
        }
    }

    /// Waits as [`Reactor::wait`] does, for the steps before the session.
    ///
    /// # Errors
    /// [`WaitError::Interrupted`] by a signal or what else interrupts, [`WaitError::TimedOut`] at the deadline.
    pub fn wait_for(
        &mut self,
        deadline: Deadline,
        until: Option<Instant>,
    ) -> Result<Woken, WaitError> {
        if deadline.has_passed() {
            return Err(WaitError::TimedOut);
        }
        if self.has_watched_left() {
            return Err(WaitError::Interrupted(Interrupted(Signal::Interrupt)));
        }
        let until = [deadline.at, until].into_iter().flatten().min();
        let woken = self.wait(until)?;
        if let Some(watched) = &mut self.watched {
            watched.add(woken.watched);
        }
        let has_left = self.has_watched_left() && woken.attempts().next().is_none();
        let pressed = (self.is_interrupted() || has_left).then_some(Signal::Interrupt);
        match pressed.or_else(|| self.take_signal()) {
            Some(signal) => Err(WaitError::Interrupted(Interrupted(signal))),
            None => Ok(woken),
        }
    }
}

impl WatchedPeer {
    fn add(&mut self, announced: SocketReadiness) {
        if announced.has_hung_up {
            self.left = Some(TransportEnd::Reset);
        } else if announced.is_read_closed && self.leaves_at == Leaving::Fin {
            self.left.get_or_insert(TransportEnd::Eof);
        }
    }
}

/// Why a wait ended without what was waited for.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The deadline passed.
    #[error("timed out")]
    TimedOut,
    /// A signal was received.
    #[error(transparent)]
    Interrupted(#[from] Interrupted),
    /// The system refused something.
    #[error(transparent)]
    Io(#[from] io::Error),
}
