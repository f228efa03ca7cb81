//! A connection of a part, in a thread of its own, as the runner of the part sees it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::Waker;

use super::clock::RunClock;
use super::handshake::{Handshake, Opened, Retries, attempt};
use super::recorded::CheckRecordings;
use super::transcript::Recorder;
use crate::config::ConnectConfig;
use crate::event::{Closed, EventKind};
use crate::input::Action;
use crate::input::queue::{ClientQueue, Enqueued, QueuedAction, client_queue};
use crate::net::Reactor;
use crate::observer::{Observed, Observer, ObserverResponse};
use crate::output::human::{close_text, closed_text};
use crate::output::{Outputs, finish_and_drain};
use crate::protocol::connection::Initiator;
use crate::protocol::vocabulary::{Direction, Partial};
use crate::redact::Secrets;
use crate::scenario::inbox::{Control, End, Inbox, Message, Progress};
use crate::session::{AfterInput, Journal, Plan, Session};

/// How often a wait looks whether the run was interrupted.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How long the connections of a part that is over are waited for.
const END_TIME: Duration = Duration::from_secs(2);

/// Enough for a session and for OpenSSL.
const STACK: usize = 512 << 10;

/// A connection that was started.
pub(super) struct Link {
    shared: Arc<Shared>,
    queue: Option<ClientQueue>,
    /// How many data messages steps have sent.
    sent: AtomicU64,
    thread: Option<JoinHandle<()>>,
    cancelled: Arc<AtomicBool>,
    waker: Option<Arc<Waker>>,
    handshake: Receiver<Started>,
}

struct Shared {
    clock: Arc<RunClock>,
    inbox: Mutex<Inbox>,
    changed: Condvar,
}

impl Shared {
    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Started {
    /// The thread can be woken with this.
    Waiting(Arc<Waker>),
    Done(Handshake, Option<ClientQueue>),
}

/// What ends a wait besides what is waited for.
#[derive(Clone, Copy)]
pub(super) struct WaitLimits<'a> {
    pub(super) interrupted: &'a AtomicBool,
    /// When the part has to be over, in the time of parts.
    pub(super) deadline: Option<Instant>,
}

/// What a connection needs.
pub(super) struct LinkConfig {
    pub(super) connect: ConnectConfig,
    pub(super) name: Option<String>,
    pub(super) inbox: Inbox,
    pub(super) recorder: Recorder,
    pub(super) recordings: Arc<CheckRecordings>,
    /// What is masked in recordings.
    pub(super) secrets: Secrets,
    /// When the opening handshake has to be over, in real time.
    pub(super) deadline: Option<Instant>,
    pub(super) retries: Retries,
    pub(super) clock: Arc<RunClock>,
}

impl Link {
    /// Starts to open a connection.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(super) fn start(config: LinkConfig) -> std::io::Result<Self> {
        let LinkConfig { connect, name, inbox, recorder, recordings, secrets, .. } = config;
        let LinkConfig { deadline, retries, clock, .. } = config;
        let shared = Arc::new(Shared { clock, inbox: Mutex::new(inbox), changed: Condvar::new() });
        let cancelled = Arc::new(AtomicBool::new(false));
        let (sender, handshake) = channel();
        let work = Work {
            connect,
            name,
            recorder,
            recordings,
            secrets,
            deadline,
            retries,
            shared: Arc::clone(&shared),
            cancelled: Arc::clone(&cancelled),
            sender,
        };
        let thread = thread::Builder::new().name("connection".to_owned()).stack_size(STACK);
        let thread = Some(thread.spawn(move || work.run())?);
        let sent = AtomicU64::new(0);
        Ok(Self { shared, queue: None, sent, thread, cancelled, waker: None, handshake })
    }

    /// Waits for the opening handshake; `None` if the run was interrupted.
    pub(super) fn await_handshake(&mut self, interrupted: &AtomicBool) -> Option<Handshake> {
        loop {
            match self.handshake.recv_timeout(LOOK_AGAIN) {
                Ok(Started::Waiting(waker)) => self.waker = Some(waker),
                Ok(Started::Done(handshake, queue)) => {
                    self.queue = queue;
                    return Some(handshake);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if interrupted.load(Ordering::SeqCst) {
                        self.cancel();
                        return None;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let reason = "the connection's thread ended unexpectedly".to_owned();
                    return Some(Handshake::Failed(reason, None));
                }
            }
        }
    }

    /// Ends whatever the thread does.
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::SeqCst);
        if let Some(waker) = &self.waker {
            let _ = waker.wake(); // if it fails, the deadline ends the wait
        }
    }

    /// Whether there is a connection, or was one.
    pub(super) fn is_usable(&self) -> bool {
        self.queue.is_some()
    }

    /// Sends.
    ///
    /// # Errors
    /// With the reason, in words, if the connection has ended or is being closed.
    pub(super) fn send(&self, action: Action) -> Result<(), String> {
        if let Some(closed) = self.inbox().closed() {
            return Err(format!("the connection ended: {closed}"));
        }
        let Some(queue) = &self.queue else { return Err("not connected".to_owned()) };
        let is_message = action.is_message();
        match queue.push(QueuedAction { action, typed: false }) {
            Enqueued::Waiting => {}
            Enqueued::Closed | Enqueued::Overrun => {
                return Err("the connection is being closed".to_owned());
            }
        }
        if is_message {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// How many messages that steps have sent were not passed on, as the connection ended.
    pub(super) fn unsent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed).saturating_sub(self.inbox().sent())
    }

    /// What was received.
    pub(super) fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.shared.inbox()
    }

    /// Calls `poll` with the time of steps whenever something was received, until it is done, or the run is
    /// interrupted (`None`). When the part has to be over, every time that it waits for has come.
    pub(super) fn wait<T>(
        &self,
        limits: WaitLimits<'_>,
        mut poll: impl FnMut(&mut Inbox, Instant) -> Progress<T>,
    ) -> Option<Progress<T>> {
        let mut inbox = self.inbox();
        loop {
            let now = self.shared.clock.now();
            let is_over = |deadline: &Instant| self.shared.clock.part_time() >= *deadline;
            let now = limits.deadline.filter(is_over).map_or(now, |deadline| now.max(deadline));
            let until = match poll(&mut inbox, now) {
                Progress::Pending(until) => until,
                over => return Some(over),
            };
            if limits.interrupted.load(Ordering::SeqCst) {
                return None;
            }
            let left = until.saturating_duration_since(now).min(LOOK_AGAIN);
            let wait = self.shared.changed.wait_timeout(inbox, left);
            inbox = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the connection without waiting for the peer.
    pub(super) fn abort(&self) {
        if let Some(queue) = &self.queue {
            let now = Instant::now();
            let shutdown = crate::input::Shutdown { until: now, is_interrupted: true };
            queue.shut_down(crate::protocol::CloseCode::GOING_AWAY, shutdown);
        }
    }

    /// Waits until the thread has ended, for at most this time; whether it has.
    pub(super) fn join(&mut self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.handshake.recv_timeout(left) {
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => break, // its end drops the sender
            }
        }
        self.thread.take().is_none_or(|thread| thread.join().is_ok())
    }
}

/// Ends all connections of a part that is over, within [`END_TIME`] in all: a thread that waits for an output longer
/// than that ends when the output does.
pub(super) fn end_all<'l>(links: impl Iterator<Item = &'l mut Link>) {
    let mut links: Vec<_> = links.collect();
    for link in &links {
        link.cancel();
        link.abort();
    }
    let until = Instant::now() + END_TIME;
    for link in &mut links {
        link.join(until.saturating_duration_since(Instant::now()));
    }
}

/// Ends the thread, without waiting for it.
impl Drop for Link {
    fn drop(&mut self) {
        self.cancel();
        self.abort();
    }
}

/// What the thread of a connection does.
struct Work {
    connect: ConnectConfig,
    name: Option<String>,
    recorder: Recorder,
    recordings: Arc<CheckRecordings>,
    secrets: Secrets,
    deadline: Option<Instant>,
    retries: Retries,
    shared: Arc<Shared>,
    cancelled: Arc<AtomicBool>,
    sender: Sender<Started>,
}

impl Work {
    fn run(self) {
        let mut reactor = match Reactor::new(None) {
            Ok(reactor) => reactor,
            Err(error) => {
                let failed = Handshake::Failed(format!("event loop: {error}"), None);
                let _ = self.sender.send(Started::Done(failed, None));
                return;
            }
        };
        reactor.interrupt_on(Arc::clone(&self.cancelled));
        let _ = self.sender.send(Started::Waiting(reactor.waker()));
        let mut outputs = self.recorder.outputs(self.name.as_deref());
        self.recordings.record(&mut outputs, reactor.waker(), &self.secrets);
        self.connection(&mut reactor, &mut outputs);
        finish_and_drain(&mut outputs, &mut reactor);
    }

    /// Opens the connection and runs its session.
    fn connection(self, reactor: &mut Reactor, outputs: &mut Outputs) {
        let clock = self.recordings.clock;
        let mut journal = Journal::new(outputs, clock);
        let opened = attempt(
            &self.connect,
            self.deadline,
            self.retries,
            &self.cancelled,
            reactor,
            &mut journal,
        );
        let Opened { stream, connection, opened, facts, warnings } = match opened {
            Ok(opened) => *opened,
            Err(handshake) => {
                let _ = self.sender.send(Started::Done(handshake, None));
                return;
            }
        };
        reactor.interrupt_on(Arc::default()); // from now on the queue ends it
        let (queue, mut actions) = client_queue(usize::MAX, reactor.waker());
        let _ = self.sender.send(Started::Done(Handshake::Open(facts, warnings), Some(queue)));
        let observer = InboxObserver { shared: Arc::clone(&self.shared) };
        let plan = Plan {
            presets: Default::default(),
            after_input: AfterInput::Stay,
            max_time: None,
            close_code: Some(self.connect.ending.close_code),
            close_reason: String::new(),
            observers: vec![Box::new(observer)],
            beside: None,
            times: self.connect.resilience.times,
            unsent: None,
            notes_hidden: false,
            input_ended: false,
        };
        let report =
            Session::new(stream, connection, reactor, &mut actions, journal, plan, &opened).run();
        Journal::new(outputs, clock).emit(EventKind::Closed(&report.closed));
    }
}

/// Puts what is received into the inbox.
struct InboxObserver {
    shared: Arc<Shared>,
}

impl Observer for InboxObserver {
    fn on_event(&mut self, event: &Observed<'_>) -> ObserverResponse {
        let at = self.shared.clock.now();
        let mut inbox = self.shared.inbox();
        match event.event {
            EventKind::Message(message) if message.direction == Direction::Sent => {
                inbox.note_sent(at);
                return ObserverResponse::default();
            }
            EventKind::Message(message) => inbox.push_message(Message {
                kind: message.kind,
                data: message.data,
                at,
                frames: message.frames,
                wire_size: message.wire_size,
                is_compressed: message.compressed,
            }),
            EventKind::Ping(Direction::Received, data) => inbox.push_control(Control {
                is_pong: false,
                payload: bytes::Bytes::copy_from_slice(data),
                at,
                rtt: None,
            }),
            EventKind::Pong(Direction::Received, data, rtt) => inbox.push_control(Control {
                is_pong: true,
                payload: bytes::Bytes::copy_from_slice(data),
                at,
                rtt: *rtt,
            }),
            EventKind::CloseFrame(Direction::Received, close) => {
                inbox.note_close(format!("closed by the peer: {}", close_text(close)));
            }
            EventKind::Closed(closed) => inbox.push_end(end(closed)),
            _ => return ObserverResponse::default(),
        }
        drop(inbox);
        self.shared.changed.notify_all();
        ObserverResponse::default()
    }

    fn on_partial(&mut self, partial: Option<Partial>) {
        let mut inbox = self.shared.inbox();
        inbox.note_partial(partial);
    }

    fn wants_partial(&self) -> bool {
        true
    }

    fn wants_sent(&self) -> bool {
        true
    }
}

fn end(closed: &Closed) -> End {
    let ending = &closed.ending;
    End {
        code: ending.code(),
        reason: ending.received.as_ref().map(|close| close.reason.clone()).unwrap_or_default(),
        is_clean: ending.is_clean(),
        is_ours: ending.initiator == Initiator::Local,
        sent: ending.sent.as_ref().and_then(|close| close.code),
        incomplete: ending.incomplete.map(|message| message.to_string()),
        description: match &ending.violation {
            Some(violation) => format!("protocol error: {violation}"),
            None => closed_text(closed) + &without_reason(closed),
        },
    }
}

/// That the peer has answered our Close frame without its reason: a pattern may expect the reason.
fn without_reason(closed: &Closed) -> String {
    let (sent, received) = (&closed.ending.sent, &closed.ending.received);
    match (sent, received) {
        (Some(sent), Some(received))
            if closed.ending.initiator == Initiator::Local
                && received.code == sent.code
                && !sent.reason.is_empty()
                && received.reason.is_empty() =>
        {
            format!("; the peer answered: {} without a reason", closed.ending.code())
        }
        _ => String::new(),
    }
}
