//! A bounded queue of actions from other threads: pushing never blocks.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::{Registry, Token, Waker};

use super::{Action, ActionSource, Next, Shutdown};
use crate::platform::files::format_size;
use crate::protocol::CloseCode;
use crate::protocol::memory::Account;

/// The end of a client's queue that others push to.
#[derive(Clone, Debug)]
pub struct ClientQueue {
    shared: Arc<SharedQueue>,
}

/// The end of a client's queue that its session pops from.
#[derive(Debug)]
pub struct QueuedActions {
    shared: Arc<SharedQueue>,
    is_typed: bool,
}

/// An action in a queue.
#[derive(Clone, Debug)]
pub struct QueuedAction {
    /// The action. Clones share the payload.
    pub action: Action,
    /// It is already visible on the terminal, because it was typed there.
    pub typed: bool,
}

/// The result of pushing an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It is in the queue.
    Waiting,
    /// It was over the limit: the queue was emptied, and the connection is being closed.
    Overrun,
    /// The connection is being closed already.
    Closed,
}

#[derive(Debug)]
struct SharedQueue {
    queue: Mutex<QueueState>,
    limit: usize,
    /// Woken when there is room again.
    control: Arc<Waker>,
    /// Data messages that were popped.
    taken: AtomicU64,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<QueuedAction>,
    /// The size of the queued actions, in bytes.
    bytes: usize,
    /// The close that is popped last. Nothing is pushed after it.
    close: Option<(CloseCode, String)>,
    /// The connection is closed because the queue was over its limit.
    is_overrun: bool,
    /// The Close frame does not wait for the data before it to be sent.
    is_urgent: bool,
    /// How the session ends, even if its socket cannot be written to.
    shutdown: Option<Shutdown>,
    /// Everything has been popped, and nothing more is accepted.
    is_done: bool,
    /// A source that can wait has more actions to push.
    is_awaited: bool,
    /// Of the session.
    waker: Option<Arc<Waker>>,
    /// The budget for the queued payloads.
    account: Option<Account>,
}

/// The size that an action counts in addition to its payload, in bytes.
const OVERHEAD: usize = 64;

/// A queue of fewer bytes has room for a source that can wait.
const ROOM: usize = 256 << 10;

/// Both ends of a queue of up to `limit` bytes, or one action. `control` is woken when a queue
/// without room has room again.
pub fn client_queue(limit: usize, control: Arc<Waker>) -> (ClientQueue, QueuedActions) {
    let queue = Mutex::default();
    let shared = Arc::new(SharedQueue { queue, limit, control, taken: AtomicU64::new(0) });
    (ClientQueue { shared: Arc::clone(&shared) }, QueuedActions { shared, is_typed: false })
}

impl ClientQueue {
    /// Puts an action at the end of the queue. One that would exceed the limit empties it: a client that is
    /// that far behind gets a Close frame 1013 instead.
    pub fn push(&self, outgoing: QueuedAction) -> Enqueued {
        let mut queue = self.shared.queue();
        if queue.close.is_some() || queue.is_done {
            return Enqueued::Closed;
        }
        if let Action::Close(code, reason) = outgoing.action {
            queue.close = Some((code.unwrap_or(CloseCode::NORMAL), reason.unwrap_or_default()));
            queue.wake();
            return Enqueued::Waiting;
        }
        let size = outgoing.size();
        if !queue.waiting.is_empty() && queue.bytes + size > self.shared.limit {
            let reason =
                format!("too slow: {} were waiting", format_size(self.shared.limit as u64));
            queue.clear();
            queue.close = Some((CloseCode::TRY_AGAIN_LATER, reason));
            queue.is_urgent = true;
            queue.is_overrun = true;
            queue.wake();
            return Enqueued::Overrun;
        }
        let was_empty = queue.waiting.is_empty();
        queue.waiting.push_back(outgoing);
        let bytes = queue.bytes + size;
        queue.set_bytes(bytes);
        if was_empty {
            queue.wake();
        }
        Enqueued::Waiting
    }

    /// Charges the queued payloads to a budget.
    pub fn charge_to(&self, account: &Account) {
        self.shared.queue().account = Some(account.clone());
    }

    /// Empties the queue and accepts nothing more: the connection is already being closed.
    pub fn discard(&self) {
        self.shared.shut();
    }

    /// Closes the connection, even if its socket cannot be written to.
    pub fn kick(&self, code: CloseCode, reason: &str) {
        self.end(code, reason, true);
    }

    /// Ends the session, after the queued actions if they can be sent in time. Nothing more is accepted.
    pub fn shut_down(&self, code: CloseCode, shutdown: Shutdown) {
        self.shared.queue().shutdown = Some(shutdown);
        self.end(code, "", false);
    }

    fn end(&self, code: CloseCode, reason: &str, is_urgent: bool) {
        let mut queue = self.shared.queue();
        if queue.close.is_none() {
            queue.close = Some((code, reason.to_owned()));
        }
        queue.is_urgent |= is_urgent;
        queue.wake();
    }

    /// Whether a source that can wait may push more; if not, `control` will be woken.
    pub fn has_room(&self) -> bool {
        let mut queue = self.shared.queue();
        let has_room = queue.bytes < ROOM && queue.close.is_none() && !queue.is_done;
        queue.is_awaited = !has_room;
        has_room
    }

    /// How many data messages were popped.
    pub fn taken(&self) -> u64 {
        self.shared.taken.load(Ordering::Relaxed)
    }
}

impl QueuedActions {
    /// Its actions are typed at a prompt, which shows what the session answers.
    pub fn set_typed(&mut self) {
        self.is_typed = true;
    }

    /// Whether the connection was closed because the queue was over its limit.
    pub fn is_overrun(&self) -> bool {
        self.shared.queue().is_overrun
    }
}

impl QueuedAction {
    fn size(&self) -> usize {
        OVERHEAD + self.action.payload_size()
    }
}

impl SharedQueue {
    fn queue(&self) -> MutexGuard<'_, QueueState> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shut(&self) {
        let mut queue = self.queue();
        queue.clear();
        queue.is_done = true;
        queue.is_urgent = false;
        if std::mem::take(&mut queue.is_awaited) {
            let _ = self.control.wake(); // fails only when its loop has ended
        }
    }
}

impl QueueState {
    fn clear(&mut self) {
        self.waiting = VecDeque::new();
        self.set_bytes(0);
    }

    fn set_bytes(&mut self, bytes: usize) {
        self.bytes = bytes;
        if let Some(account) = &self.account {
            account.set_shared(bytes);
        }
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            let _ = waker.wake(); // if it fails, the session pops at the next turn of its loop
        }
    }
}

impl ActionSource for QueuedActions {
    fn register(&mut self, _: &Registry, _: Token, waker: &Arc<Waker>) -> io::Result<()> {
        self.shared.queue().waker = Some(Arc::clone(waker));
        waker.wake() // for actions pushed earlier
    }

    fn set_ready(&mut self) {}

    fn next(&mut self, _: &Registry) -> Next<'_> {
        let mut queue = self.shared.queue();
        let outgoing = queue.waiting.pop_front();
        let bytes = queue.bytes - outgoing.as_ref().map_or(0, QueuedAction::size);
        queue.set_bytes(bytes);
        if queue.is_awaited && queue.bytes < ROOM {
            queue.is_awaited = false;
            let _ = self.shared.control.wake(); // fails only when its loop has ended
        }
        if let Some(outgoing) = outgoing {
            drop(queue);
            if outgoing.action.is_message() {
                self.shared.taken.fetch_add(1, Ordering::Relaxed);
            }
            return Next::Action(outgoing.action);
        }
        if queue.is_done {
            return Next::Pending;
        }
        let Some((code, reason)) = queue.close.take() else { return Next::Pending };
        queue.is_done = true;
        queue.is_urgent = false;
        Next::Action(Action::Close(Some(code), Some(reason)))
    }

    fn is_typed(&self) -> bool {
        self.is_typed
    }

    fn is_end_waiting(&self) -> bool {
        self.shared.queue().close.is_some()
    }

    fn shutdown(&self) -> Option<Shutdown> {
        self.shared.queue().shutdown
    }

    fn take_waiting_messages(&mut self) -> u64 {
        let mut queue = self.shared.queue();
        let messages = queue.waiting.iter().filter(|outgoing| outgoing.action.is_message()).count();
        queue.clear();
        messages as u64
    }

    fn next_is_typed(&self) -> bool {
        self.shared.queue().waiting.front().is_some_and(|outgoing| outgoing.typed)
    }

    fn is_urgent(&self) -> bool {
        self.shared.queue().is_urgent
    }
}

/// A client that has disconnected accepts nothing.
impl Drop for QueuedActions {
    fn drop(&mut self) {
        self.shared.shut();
        self.shared.queue().account = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use bytes::Bytes;
    use mio::Poll;

    use super::*;
    use crate::protocol::MessageKind;
    use crate::protocol::memory::Budget;

    fn outgoing(action: Action) -> QueuedAction {
        QueuedAction { action, typed: false }
    }

    fn text(data: &str) -> QueuedAction {
        outgoing(Action::text(data))
    }

    fn pair(limit: usize) -> (ClientQueue, QueuedActions, Poll) {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let (queue, actions) = client_queue(limit, waker);
        (queue, actions, poll)
    }

    fn pop(actions: &mut QueuedActions, poll: &Poll) -> Option<Action> {
        match actions.next(poll.registry()) {
            Next::Action(action) => Some(action),
            _ => None,
        }
    }

    fn closed(code: CloseCode, reason: &str) -> Option<Action> {
        Some(Action::Close(Some(code), Some(reason.to_owned())))
    }

    #[test]
    fn a_close_follows_the_queued_actions() {
        let (queue, mut actions, poll) = pair(1000);
        assert_eq!(queue.push(text("a")), Enqueued::Waiting);
        queue.push(outgoing(Action::Close(None, Some("done".to_owned()))));
        assert_eq!(queue.push(text("b")), Enqueued::Closed);
        assert!(matches!(pop(&mut actions, &poll), Some(Action::Send(..))));
        assert_eq!(pop(&mut actions, &poll), closed(CloseCode::NORMAL, "done"));
        assert_eq!(pop(&mut actions, &poll), None);
        assert_eq!(queue.taken(), 1);
    }

    #[test]
    fn a_session_that_is_ended_receives_the_queued_actions_first() {
        let (queue, mut actions, poll) = pair(1000);
        assert_eq!(queue.push(text("a")), Enqueued::Waiting);
        let shutdown = Shutdown { until: Instant::now(), is_interrupted: true };
        queue.shut_down(CloseCode::GOING_AWAY, shutdown);
        assert_eq!(actions.shutdown(), Some(shutdown));
        assert_eq!(queue.push(text("b")), Enqueued::Closed);
        assert!(matches!(pop(&mut actions, &poll), Some(Action::Send(..))));
        assert_eq!(pop(&mut actions, &poll), closed(CloseCode::GOING_AWAY, ""));
        assert_eq!(pop(&mut actions, &poll), None);
    }

    #[test]
    fn messages_that_are_not_taken_are_counted_and_dropped() {
        let (queue, mut actions, poll) = pair(1000);
        for action in [text("a"), outgoing(Action::Ping(Bytes::new())), text("b")] {
            queue.push(action);
        }
        assert_eq!(actions.take_waiting_messages(), 2);
        assert_eq!(actions.take_waiting_messages(), 0);
        assert_eq!(pop(&mut actions, &poll), None);
    }

    #[test]
    fn an_overrun_queue_is_emptied_and_closed() {
        let (queue, mut actions, poll) = pair(2 * (OVERHEAD + 1));
        assert_eq!(
            [(); 3].map(|()| queue.push(text("x")))[1..],
            [Enqueued::Waiting, Enqueued::Overrun]
        );
        assert_eq!(queue.push(text("x")), Enqueued::Closed);
        assert!(actions.is_urgent());
        let reason = "too slow: 130 bytes were waiting";
        assert_eq!(pop(&mut actions, &poll), closed(CloseCode::TRY_AGAIN_LATER, reason));
        assert!(!actions.is_urgent());
    }

    #[test]
    fn one_message_may_be_of_any_size() {
        let (queue, mut actions, poll) = pair(10);
        assert_eq!(queue.push(text("longer than ten bytes")), Enqueued::Waiting);
        assert!(pop(&mut actions, &poll).is_some());
        assert_eq!(queue.push(text("again")), Enqueued::Waiting);
    }

    #[test]
    fn queued_payloads_are_charged_until_taken_or_dropped() {
        let (queue, mut actions, poll) = pair(usize::MAX);
        let budget = Budget::new(1 << 20);
        let account = budget.open(|| ());
        queue.charge_to(&account);
        let action = Action::Send(MessageKind::Binary, budget.share(vec![b'x'; 1 << 19]));
        for _ in 0..3 {
            queue.push(outgoing(action.clone()));
        }
        drop(action);
        assert_eq!(budget.held(), 1 << 19);
        pop(&mut actions, &poll);
        queue.discard();
        assert_eq!(pop(&mut actions, &poll), None);
        assert_eq!(budget.held(), 0);
        assert_eq!(queue.push(text("late")), Enqueued::Closed);
    }

    #[test]
    fn a_full_queue_has_room_again_once_it_is_emptied() {
        let (queue, mut actions, poll) = pair(usize::MAX);
        assert!(queue.has_room());
        queue.push(text(&"x".repeat(ROOM)));
        assert!(!queue.has_room());
        pop(&mut actions, &poll);
        assert!(queue.has_room());
        drop(actions);
        assert!(!queue.has_room());
    }
}
