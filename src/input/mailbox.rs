//! Actions from other threads, of bounded size: whoever posts never waits.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mio::{Registry, Token, Waker};

use super::{Action, Next, Shutdown, Source};
use crate::platform::files::format_size;
use crate::protocol::memory::{Account, SharedPayload};
use crate::protocol::{CloseCode, MessageKind, RawFrame};

/// Where actions are posted.
#[derive(Clone, Debug)]
pub struct ClientQueue {
    shared: Arc<Shared>,
}

/// Where they arrive.
#[derive(Debug)]
pub struct Mailbox {
    shared: Arc<Shared>,
    /// The payload that was handed out last.
    current: Option<Arc<SharedPayload>>,
}

/// One action on its way.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// What is to be done.
    pub content: Content,
    /// It can already be seen on the terminal, because it was typed there.
    pub typed: bool,
}

/// What is to be done. The bytes of a message to many are there once.
#[derive(Clone, Debug)]
pub enum Content {
    /// Send a data message.
    Send(MessageKind, Arc<SharedPayload>),
    /// Send a ping.
    Ping,
    /// Send this very frame.
    Frame(Arc<RawFrame>),
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// It waits to be taken.
    Waiting,
    /// So much was waiting that everything was thrown away and the connection is being closed.
    TooMuch,
    /// The connection is being closed already.
    Closed,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    limit: usize,
    /// Woken when there is room again.
    control: Arc<Waker>,
    sent: AtomicU64,
}

#[derive(Debug, Default)]
struct Queue {
    letters: VecDeque<Outgoing>,
    bytes: usize,
    /// The last thing that is handed out.
    close: Option<(CloseCode, String)>,
    /// It is closed because more waited than may.
    is_overrun: bool,
    /// The Close frame does not wait until the socket takes what is before it.
    is_urgent: bool,
    /// How the session ends, whatever its socket takes.
    shutdown: Option<Shutdown>,
    /// Everything has been handed out, and nothing will be taken.
    is_done: bool,
    /// Whoever has more to post waits for room.
    is_awaited: bool,
    waker: Option<Arc<Waker>>,
    /// Where what waits is counted.
    account: Option<Account>,
}

/// What a letter counts beside its payload.
const OVERHEAD: usize = 64;

/// A box with less than this in it takes more from a source that can wait.
const ROOM: usize = 256 << 10;

/// A connected pair that holds up to `limit` bytes, or one message. `control` is woken when a box
/// that was full has room again.
pub fn mailbox(limit: usize, control: Arc<Waker>) -> (ClientQueue, Mailbox) {
    let queue = Mutex::default();
    let shared = Arc::new(Shared { queue, limit, control, sent: AtomicU64::new(0) });
    (ClientQueue { shared: Arc::clone(&shared) }, Mailbox { shared, current: None })
}

impl ClientQueue {
    /// Hands a letter over. What would go over the limit takes everything that waits with it: a
    /// client that is so far behind gets a Close frame 1013 instead.
    pub fn post(&self, outgoing: Outgoing) -> Enqueued {
        let mut queue = self.shared.queue();
        if queue.close.is_some() || queue.is_done {
            return Enqueued::Closed;
        }
        let size = outgoing.size();
        if !queue.letters.is_empty() && queue.bytes + size > self.shared.limit {
            let reason =
                format!("too slow: {} were waiting", format_size(self.shared.limit as u64));
            queue.clear();
            queue.close = Some((CloseCode::TRY_AGAIN_LATER, reason));
            queue.is_urgent = true;
            queue.is_overrun = true;
            queue.wake();
            return Enqueued::TooMuch;
        }
        let was_empty = queue.letters.is_empty();
        queue.letters.push_back(outgoing);
        let bytes = queue.bytes + size;
        queue.count(bytes);
        if was_empty {
            queue.wake();
        }
        Enqueued::Waiting
    }

    /// Has what waits counted as part of a budget.
    pub fn charge_to(&self, account: &Account) {
        self.shared.queue().account = Some(account.clone());
    }

    /// Throws away what waits and takes nothing more: the connection is being closed by itself.
    pub fn discard(&self) {
        self.shared.shut();
    }

    /// Has the connection closed after what waits.
    pub fn close(&self, code: CloseCode, reason: &str) {
        self.end(code, reason, false);
    }

    /// Has the connection closed even if its socket takes nothing.
    pub fn kick(&self, code: CloseCode, reason: &str) {
        self.end(code, reason, true);
    }

    /// Has the session ended: after what waits, if its socket takes that in time. Others that are posted
    /// are not taken any more.
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

    /// Whether a source that can wait should go on; if not, `control` will be woken.
    pub fn has_room(&self) -> bool {
        let mut queue = self.shared.queue();
        let has_room = queue.bytes < ROOM && queue.close.is_none() && !queue.is_done;
        queue.is_awaited = !has_room;
        has_room
    }

    /// How many data messages were taken out.
    pub fn taken(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }
}

impl Mailbox {
    /// Whether the connection was closed because more waited than may.
    pub fn is_overrun(&self) -> bool {
        self.shared.queue().is_overrun
    }
}

impl Outgoing {
    fn is_message(&self) -> bool {
        matches!(self.content, Content::Send(..))
    }

    fn size(&self) -> usize {
        match &self.content {
            Content::Send(_, data) => OVERHEAD + data.bytes().len(),
            Content::Frame(frame) => OVERHEAD + frame.payload.len(),
            Content::Ping => OVERHEAD,
        }
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shut(&self) {
        let mut queue = self.queue();
        queue.clear();
        queue.is_done = true;
        queue.is_urgent = false;
        if std::mem::take(&mut queue.is_awaited) {
            let _ = self.control.wake(); // it has ended: nobody waits
        }
    }
}

impl Queue {
    fn clear(&mut self) {
        self.letters = VecDeque::new();
        self.count(0);
    }

    fn count(&mut self, bytes: usize) {
        self.bytes = bytes;
        if let Some(account) = &self.account {
            account.set_shared(bytes);
        }
    }

    fn wake(&self) {
        if let Some(waker) = &self.waker {
            let _ = waker.wake(); // without it the session looks at the next turn of its loop
        }
    }
}

impl Source for Mailbox {
    fn register(&mut self, _: &Registry, _: Token, waker: &Arc<Waker>) -> io::Result<()> {
        self.shared.queue().waker = Some(Arc::clone(waker));
        waker.wake() // for what was posted before
    }

    fn set_ready(&mut self) {}

    fn next(&mut self, _: &Registry) -> Next<'_> {
        let mut queue = self.shared.queue();
        let outgoing = queue.letters.pop_front();
        let bytes = queue.bytes - outgoing.as_ref().map_or(0, Outgoing::size);
        queue.count(bytes);
        self.current = None;
        if queue.is_awaited && queue.bytes < ROOM {
            queue.is_awaited = false;
            let _ = self.shared.control.wake(); // it has ended: nobody waits
        }
        match outgoing.map(|outgoing| outgoing.content) {
            Some(Content::Ping) => Next::Action(Action::Ping(Vec::new())),
            Some(Content::Frame(frame)) => {
                Next::Action(Action::Frame(Box::new(frame.as_ref().clone())))
            }
            Some(Content::Send(kind, data)) => {
                drop(queue);
                self.shared.sent.fetch_add(1, Ordering::Relaxed);
                let data = self.current.insert(data);
                Next::Action(Action::Send(kind, Cow::Borrowed(data.bytes())))
            }
            None if queue.is_done => Next::Pending,
            None => match queue.close.take() {
                Some((code, reason)) => {
                    queue.is_done = true;
                    queue.is_urgent = false;
                    Next::Action(Action::Close(Some(code), Some(reason)))
                }
                None => Next::Pending,
            },
        }
    }

    fn shutdown(&self) -> Option<Shutdown> {
        self.shared.queue().shutdown
    }

    fn take_waiting_messages(&mut self) -> u64 {
        let mut queue = self.shared.queue();
        let messages = queue.letters.iter().filter(|outgoing| outgoing.is_message()).count() as u64;
        queue.clear();
        messages
    }

    fn next_is_typed(&self) -> bool {
        self.shared.queue().letters.front().is_some_and(|outgoing| outgoing.typed)
    }

    fn is_urgent(&self) -> bool {
        self.shared.queue().is_urgent
    }
}

/// A client that has gone takes nothing, and nobody waits for it.
impl Drop for Mailbox {
    fn drop(&mut self) {
        self.shared.shut();
        self.shared.queue().account = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use mio::Poll;

    use super::*;
    use crate::protocol::memory::Budget;

    fn text(data: &str) -> Outgoing {
        let data = Budget::new(usize::MAX).share(data.as_bytes());
        Outgoing { content: Content::Send(MessageKind::Text, data), typed: false }
    }

    fn pair(limit: usize) -> (ClientQueue, Mailbox, Poll) {
        let poll = Poll::new().unwrap();
        let waker = Arc::new(Waker::new(poll.registry(), Token(0)).unwrap());
        let (queue, mailbox) = mailbox(limit, waker);
        (queue, mailbox, poll)
    }

    fn take(mailbox: &mut Mailbox, poll: &Poll) -> Option<Action<'static>> {
        match mailbox.next(poll.registry()) {
            Next::Action(action) => Some(action.into_owned()),
            _ => None,
        }
    }

    fn closed(code: CloseCode, reason: &str) -> Option<Action<'static>> {
        Some(Action::Close(Some(code), Some(reason.to_owned())))
    }

    #[test]
    fn a_close_comes_after_what_waits() {
        let (queue, mut mailbox, poll) = pair(1000);
        assert_eq!(queue.post(text("a")), Enqueued::Waiting);
        queue.close(CloseCode::NORMAL, "done");
        assert_eq!(queue.post(text("b")), Enqueued::Closed);
        assert!(matches!(take(&mut mailbox, &poll), Some(Action::Send(..))));
        assert_eq!(take(&mut mailbox, &poll), closed(CloseCode::NORMAL, "done"));
        assert_eq!(take(&mut mailbox, &poll), None);
        assert_eq!(queue.taken(), 1);
    }

    #[test]
    fn a_session_that_is_ended_gets_what_waits_first() {
        let (queue, mut mailbox, poll) = pair(1000);
        assert_eq!(queue.post(text("a")), Enqueued::Waiting);
        let shutdown = Shutdown { until: Instant::now(), is_interrupted: true };
        queue.shut_down(CloseCode::GOING_AWAY, shutdown);
        assert_eq!(mailbox.shutdown(), Some(shutdown));
        assert_eq!(queue.post(text("b")), Enqueued::Closed);
        assert!(matches!(take(&mut mailbox, &poll), Some(Action::Send(..))));
        assert_eq!(take(&mut mailbox, &poll), closed(CloseCode::GOING_AWAY, ""));
        assert_eq!(take(&mut mailbox, &poll), None);
    }

    #[test]
    fn messages_that_are_not_taken_are_counted_and_given_up() {
        let (queue, mut mailbox, poll) = pair(1000);
        for content in [text("a").content, Content::Ping, text("b").content] {
            queue.post(Outgoing { content, typed: false });
        }
        assert_eq!(mailbox.take_waiting_messages(), 2);
        assert_eq!(mailbox.take_waiting_messages(), 0);
        assert_eq!(take(&mut mailbox, &poll), None);
    }

    #[test]
    fn too_much_is_thrown_away_and_closed() {
        let (queue, mut mailbox, poll) = pair(2 * (OVERHEAD + 1));
        assert_eq!(
            [(); 3].map(|()| queue.post(text("x")))[1..],
            [Enqueued::Waiting, Enqueued::TooMuch]
        );
        assert_eq!(queue.post(text("x")), Enqueued::Closed);
        assert!(mailbox.is_urgent());
        let reason = "too slow: 130 bytes were waiting";
        assert_eq!(take(&mut mailbox, &poll), closed(CloseCode::TRY_AGAIN_LATER, reason));
        assert!(!mailbox.is_urgent());
    }

    #[test]
    fn one_message_may_be_of_any_size() {
        let (queue, mut mailbox, poll) = pair(10);
        assert_eq!(queue.post(text("longer than ten bytes")), Enqueued::Waiting);
        assert!(take(&mut mailbox, &poll).is_some());
        assert_eq!(queue.post(text("again")), Enqueued::Waiting);
    }

    #[test]
    fn what_waits_is_counted_until_it_is_taken_or_thrown_away() {
        let (queue, mut mailbox, poll) = pair(usize::MAX);
        let budget = Budget::new(1 << 20);
        let account = budget.open(|| ());
        queue.charge_to(&account);
        let payload = budget.share(&[b'x'; 1 << 19]);
        let content = Content::Send(MessageKind::Binary, payload);
        for _ in 0..3 {
            queue.post(Outgoing { content: content.clone(), typed: false });
        }
        drop(content);
        assert_eq!(budget.held(), 1 << 19);
        take(&mut mailbox, &poll);
        queue.discard();
        assert_eq!(take(&mut mailbox, &poll), None);
        assert_eq!(budget.held(), 0);
        assert_eq!(queue.post(text("late")), Enqueued::Closed);
    }

    #[test]
    fn a_full_box_has_room_again_once_it_is_emptied() {
        let (queue, mut mailbox, poll) = pair(usize::MAX);
        assert!(queue.has_room());
        queue.post(text(&"x".repeat(ROOM)));
        assert!(!queue.has_room());
        take(&mut mailbox, &poll);
        assert!(queue.has_room());
        drop(mailbox);
        assert!(!queue.has_room());
    }
}
