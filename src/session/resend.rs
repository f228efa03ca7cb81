//! What the next connection has to send if this one is lost: input that the transport has not taken
//! completely. A message that was taken in part cannot have arrived, so it is sent again; one that was
//! taken completely may have arrived, so it is not.

use std::collections::VecDeque;

use super::{HIGH_WATER, Session};
use crate::event::{EventKind, Shown};
use crate::input::Action;

/// What a connection has not sent.
#[derive(Debug, Default)]
pub struct Unsent {
    /// Input that has not been sent, in order.
    pub actions: VecDeque<Action>,
    /// Messages that the transport has taken since the last ping that was answered, and that may not have
    /// arrived, with the replies that it has not taken.
    pub unconfirmed: u64,
    /// Once, what is typed without a connection is acknowledged: it is sent later.
    pub is_to_be_acknowledged: bool,
}

/// Keeps what is sent until the transport has taken it.
#[derive(Debug, Default)]
pub(super) struct Resend {
    /// To be sent on this connection, or on the next one.
    waiting: VecDeque<Action>,
    waiting_bytes: usize,
    /// Encoded and not taken by the transport completely.
    queued: VecDeque<Queued>,
    queued_bytes: usize,
    /// Bytes that the transport has taken.
    written: u64,
    /// Messages that the transport has taken.
    handed_over: u64,
    /// Those of them that the peer has received, because it answered a later ping.
    confirmed: u64,
    /// Pings that are not answered, each with the messages sent before it.
    pings: VecDeque<(Vec<u8>, u64)>,
    /// Replies that were not sent.
    lost_replies: u64,
}

/// What is remembered until the transport has taken it.
#[derive(Debug)]
pub(super) enum Tracked {
    /// It is sent again on the next connection.
    Input(Action),
    /// A message of an observer. It belongs to this connection: it is only counted.
    Reply,
}

/// What was sent and where its bytes are in all that is written.
#[derive(Debug)]
struct Queued {
    start: u64,
    end: u64,
    what: Tracked,
}

impl Queued {
    fn size(&self) -> usize {
        match &self.what {
            Tracked::Input(action) => size(action),
            Tracked::Reply => OVERHEAD,
        }
    }

    fn is_message(&self) -> bool {
        match &self.what {
            Tracked::Input(action) => is_message(action),
            Tracked::Reply => true,
        }
    }
}

/// Pings that are remembered; the oldest is forgotten first.
const MAX_PINGS: usize = 64;

/// Counted for an input beside its payload, in bytes.
const OVERHEAD: usize = 64;

/// Bytes that may wait for a connection; one message more is accepted.
const MAX_WAITING: usize = 16 << 20;

impl Resend {
    /// Starts with what the previous connection has left.
    pub(super) fn new(waiting: VecDeque<Action>) -> Self {
        let waiting_bytes = waiting.iter().map(size).sum();
        Self { waiting, waiting_bytes, ..Self::default() }
    }

    /// Whether more may be encoded: what is kept stays as small as what waits for the transport.
    pub(super) fn has_room(&self) -> bool {
        self.queued_bytes < HIGH_WATER
    }

    /// Whether nothing of the previous connection is left.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The first of what the previous connection has left.
    pub(super) fn next_waiting(&mut self) -> Option<Action> {
        let action = self.waiting.pop_front()?;
        self.waiting_bytes -= size(&action);
        Some(action)
    }

    /// Keeps an input for the next connection; `false` if the queue is full.
    pub(super) fn keep(&mut self, action: Action) -> bool {
        keep(&mut self.waiting, &mut self.waiting_bytes, action)
    }

    /// Puts back an input that was taken and not begun.
    pub(super) fn put_back(&mut self, action: Action) {
        self.waiting_bytes += size(&action);
        self.waiting.push_front(action);
    }

    /// Remembers what was encoded, from `start` to `end` in the bytes that wait.
    pub(super) fn track(&mut self, what: Tracked, start: u64, end: u64) {
        let (start, end) = (self.written + start, self.written + end);
        let queued = Queued { start, end, what };
        self.queued_bytes += queued.size();
        self.queued.push_back(queued);
    }

    /// Counts a reply that could not be encoded.
    pub(super) fn note_lost_reply(&mut self) {
        self.lost_replies += 1;
    }

    /// The transport accepted this many bytes.
    pub(super) fn note_written(&mut self, count: usize) {
        self.written += count as u64;
        while let Some(queued) = self.queued.front().filter(|first| first.end <= self.written) {
            self.queued_bytes -= queued.size();
            self.handed_over += u64::from(queued.is_message());
            self.queued.pop_front();
        }
    }

    /// A ping was sent: its answer confirms all that was sent before it.
    pub(super) fn note_ping(&mut self, payload: &[u8]) {
        if self.pings.len() == MAX_PINGS {
            self.pings.pop_front();
        }
        let queued = self.queued.iter().filter(|queued| queued.is_message()).count();
        let sent = self.handed_over + queued as u64;
        self.pings.push_back((payload.to_vec(), sent));
    }

    /// A ping was answered.
    pub(super) fn note_pong(&mut self, payload: &[u8]) {
        if let Some(index) = self.pings.iter().position(|(sent, _)| sent == payload)
            && let Some((_, sent)) = self.pings.drain(..=index).next_back()
        {
            self.confirmed = sent;
        }
    }

    /// Keeps for the next connection what the transport has not begun to take. Returns how many of the bytes
    /// that wait are still to be written.
    fn take_back(&mut self) -> Option<usize> {
        let first = self.queued.iter().position(|queued| queued.start >= self.written)?;
        let keep = self.queued[first].start - self.written;
        let keep = usize::try_from(keep).unwrap_or(usize::MAX); // the rest of a file is not in memory yet
        for queued in self.queued.drain(first..).rev() {
            let size = queued.size();
            self.queued_bytes -= size;
            match queued.what {
                Tracked::Reply => self.lost_replies += 1,
                Tracked::Input(action) => {
                    self.waiting_bytes += size;
                    self.waiting.push_front(action);
                }
            }
        }
        Some(keep)
    }

    /// What is left for the next connection.
    pub(super) fn into_unsent(mut self) -> Unsent {
        let mut actions = VecDeque::new();
        for queued in self.queued.drain(..) {
            match queued.what {
                Tracked::Reply => self.lost_replies += 1,
                Tracked::Input(action) => actions.push_back(action),
            }
        }
        actions.append(&mut self.waiting);
        let unconfirmed = self.handed_over.saturating_sub(self.confirmed) + self.lost_replies;
        Unsent { actions, unconfirmed, is_to_be_acknowledged: false }
    }
}

impl Unsent {
    /// Messages that have not been sent.
    pub fn waiting(&self) -> usize {
        self.actions.iter().filter(|action| is_message(action)).count()
    }

    /// Keeps an input for the next connection; `false` if the queue is full.
    pub fn keep(&mut self, action: Action) -> bool {
        let mut bytes = self.actions.iter().map(size).sum();
        keep(&mut self.actions, &mut bytes, action)
    }
}

fn keep(waiting: &mut VecDeque<Action>, bytes: &mut usize, action: Action) -> bool {
    let has_room = *bytes < MAX_WAITING;
    if has_room {
        *bytes += size(&action);
        waiting.push_back(action);
    }
    has_room
}

/// Whether its loss is reported.
fn is_message(action: &Action) -> bool {
    !matches!(action, Action::Ping(_) | Action::Pong(_))
}

fn size(action: &Action) -> usize {
    action.payload_size() + OVERHEAD
}

impl Session<'_> {
    /// Whether input is kept for the next connection: the peer is ending this one.
    pub(super) fn keeps_input(&self) -> bool {
        self.outgoing.resend.is_some() && !self.connection.is_open() && self.stop.is_none()
    }

    /// Keeps an input for the next connection.
    pub(super) fn keep_input(&mut self, action: Action) {
        if let Some(resend) = &mut self.outgoing.resend
            && !resend.keep(action)
        {
            self.journal.emit(EventKind::Shown(Shown::Problem(QUEUE_FULL)));
        }
    }

    /// The peer has sent its Close frame and takes no more messages: keeps those not begun for the next
    /// connection.
    pub(super) fn keep_unsent(&mut self) {
        // TLS keeps a record that the transport did not take: its bytes must not change.
        if self.stop.is_some() || (self.stream.is_tls() && !self.socket.is_writable()) {
            return;
        }
        if let Some(keep) = self.outgoing.resend.as_mut().and_then(Resend::take_back) {
            self.connection.retract_output(keep);
        }
    }
}

/// Shown when an input cannot be kept.
pub const QUEUE_FULL: &str = "not connected, and too much is waiting already: it is not kept";

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Action {
        Action::text(text)
    }

    fn input(text: &str) -> Tracked {
        Tracked::Input(message(text))
    }

    /// Three messages of ten bytes on the wire, of which the transport took `written` bytes.
    fn three(written: usize) -> Resend {
        let mut resend = Resend::new(VecDeque::new());
        for (start, text) in [(0, "1"), (10, "2"), (20, "3")] {
            resend.track(input(text), start, start + 10);
        }
        resend.note_written(written);
        resend
    }

    fn texts(left: &Unsent) -> Vec<String> {
        let text = |action: &Action| match action {
            Action::Send(_, data) => String::from_utf8_lossy(data).into_owned(),
            other => panic!("{other:?}"),
        };
        left.actions.iter().map(text).collect()
    }

    #[test]
    fn what_was_not_taken_as_a_whole_is_sent_again() {
        for (written, unsent, unconfirmed) in [
            (0, &["1", "2", "3"][..], 0),
            (1, &["1", "2", "3"], 0),
            (9, &["1", "2", "3"], 0),
            (10, &["2", "3"], 1),
            (29, &["3"], 2),
            (30, &[], 3),
        ] {
            let left = three(written).into_unsent();
            assert_eq!(
                (&texts(&left)[..], left.unconfirmed),
                (
                    &unsent.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()[..],
                    unconfirmed
                )
            );
        }
    }

    #[test]
    fn an_answered_ping_confirms_what_was_before_it() {
        let mut resend = three(10);
        resend.note_ping(b"p");
        resend.track(input("4"), 20, 30);
        resend.note_written(30);
        resend.note_pong(b"other");
        resend.note_pong(b"p");
        let left = resend.into_unsent();
        assert_eq!((texts(&left), left.unconfirmed), (Vec::new(), 1));
    }

    #[test]
    fn replies_are_counted_and_not_sent_again() {
        let mut resend = Resend::default();
        resend.track(Tracked::Reply, 0, 10);
        resend.track(input("1"), 10, 20);
        resend.track(Tracked::Reply, 20, 30);
        resend.note_written(10);
        resend.note_lost_reply();
        let left = resend.into_unsent();
        assert_eq!((texts(&left), left.unconfirmed), (vec!["1".to_owned()], 3));
    }

    #[test]
    fn what_was_left_comes_before_what_is_typed_meanwhile() {
        let mut resend = three(15);
        assert!(resend.keep(message("4")));
        let left = resend.into_unsent();
        assert_eq!(texts(&left), ["2", "3", "4"]);
        let mut next = Resend::new(left.actions);
        assert_eq!(next.next_waiting(), Some(message("2")));
        assert!(!next.is_empty());
    }

    #[test]
    fn what_the_transport_has_begun_is_written_to_its_end() {
        for (written, keep, unsent) in
            [(0, Some(0), 3), (5, Some(5), 2), (10, Some(0), 2), (25, None, 0), (30, None, 0)]
        {
            let mut resend = three(written);
            assert_eq!(resend.take_back(), keep, "{written}");
            resend.note_written(keep.unwrap_or(0) + 8); // and the Close frame
            let left = resend.into_unsent();
            assert_eq!(left.actions.len(), if written == 25 { 0 } else { unsent }, "{written}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut resend = Resend::default();
        let long = "x".repeat(HIGH_WATER);
        assert!(resend.has_room());
        resend.track(input(&long), 0, HIGH_WATER as u64);
        assert!(!resend.has_room());
        resend.note_written(HIGH_WATER);
        assert!(resend.has_room());
        let kept = (0..1000).filter(|_| resend.keep(message(&long))).count();
        assert_eq!(kept, MAX_WAITING.div_ceil(HIGH_WATER + OVERHEAD));
        for index in 0..1000 {
            resend.note_ping(format!("{index}").as_bytes());
        }
        assert_eq!(resend.pings.len(), MAX_PINGS);
    }
}
