//! What the next connection has to send if this one is lost: input that the transport has not taken
//! as a whole. A message that was taken in part cannot have arrived, so it is sent again as a whole;
//! one that was taken as a whole may have arrived, so it is not.

use std::collections::VecDeque;

use super::upload::Origin;
use super::{HIGH_WATER, Session};
use crate::event::{EventKind, Shown};
use crate::input::Action;

/// What a connection left undone.
#[derive(Debug, Default)]
pub struct Rest {
    /// Input that has not been sent, in order.
    pub unsent: VecDeque<Action>,
    /// Messages that the transport has taken since the last ping that was answered: nobody knows
    /// whether they have arrived. Echoes that it has not taken are among them.
    pub unconfirmed: u64,
}

/// Keeps what is sent until the transport has taken it.
#[derive(Debug, Default)]
pub(super) struct Resend {
    /// To be sent on this connection, or on the next one.
    waiting: VecDeque<Action>,
    waiting_bytes: usize,
    /// Encoded and not taken by the transport as a whole.
    queued: VecDeque<Queued>,
    queued_bytes: usize,
    /// Bytes that the transport has taken.
    written: u64,
    /// Messages that the transport has taken.
    handed_over: u64,
    /// Those of them that the peer has seen, because it answered a later ping.
    confirmed: u64,
    /// Pings that are not answered, each with the messages sent before it.
    pings: VecDeque<(Vec<u8>, u64)>,
    /// Echoes that were not sent. They answer what came on this connection, so the next one is not
    /// for them.
    lost: u64,
}

/// An input and where its bytes are in the stream of all that is written.
#[derive(Debug)]
struct Queued {
    start: u64,
    end: u64,
    /// `None`: an echo.
    action: Option<Action>,
}

impl Queued {
    fn size(&self) -> usize {
        self.action.as_ref().map_or(OVERHEAD, size)
    }

    fn is_message(&self) -> bool {
        self.action.as_ref().is_none_or(is_message)
    }
}

/// Pings that are remembered; the oldest is forgotten first.
const MAX_PINGS: usize = 64;

/// What an input counts beside its payload.
const OVERHEAD: usize = 64;

/// What may wait for a connection, one message more.
const MAX_WAITING: usize = 16 << 20;

impl Resend {
    /// Starts with what the connection before has left.
    pub(super) fn new(waiting: VecDeque<Action>) -> Self {
        let waiting_bytes = waiting.iter().map(size).sum();
        Self { waiting, waiting_bytes, ..Self::default() }
    }

    /// Whether more may be encoded: what is kept stays as small as what waits for the transport.
    pub(super) fn keeps_up(&self) -> bool {
        self.queued_bytes < HIGH_WATER
    }

    /// Whether nothing of the connection before is left.
    pub(super) fn is_through(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The first of what is left of the connection before.
    pub(super) fn next_waiting(&mut self) -> Option<Action> {
        let action = self.waiting.pop_front()?;
        self.waiting_bytes -= size(&action);
        Some(action)
    }

    /// Leaves an input for the next connection; `false` if too much waits already.
    pub(super) fn keep(&mut self, action: Action) -> bool {
        keep(&mut self.waiting, &mut self.waiting_bytes, action)
    }

    /// Takes back an input that was taken and not begun.
    pub(super) fn put_back(&mut self, action: Action) {
        self.waiting_bytes += size(&action);
        self.waiting.push_front(action);
    }

    /// Takes note of an input that is encoded, from `before` to `after` in the bytes that wait.
    pub(super) fn note_queued(&mut self, action: Action, before: u64, after: u64) {
        self.note(Some(action), before, after);
    }

    /// Takes note of an echo in the same way, or that it could not be encoded.
    pub(super) fn note_echo(&mut self, is_encoded: bool, before: u64, after: u64) {
        match is_encoded {
            true => self.note(None, before, after),
            false => self.lost += 1,
        }
    }

    fn note(&mut self, action: Option<Action>, before: u64, after: u64) {
        let (start, end) = (self.written + before, self.written + after);
        let queued = Queued { start, end, action };
        self.queued_bytes += queued.size();
        self.queued.push_back(queued);
    }

    /// Takes note that the transport took so many bytes.
    pub(super) fn note_written(&mut self, count: usize) {
        self.written += count as u64;
        while let Some(queued) = self.queued.pop_front_if(|first| first.end <= self.written) {
            self.queued_bytes -= queued.size();
            self.handed_over += u64::from(queued.is_message());
        }
    }

    /// Takes note of a ping: its answer confirms all that was sent before it.
    pub(super) fn note_ping(&mut self, payload: &[u8]) {
        if self.pings.len() == MAX_PINGS {
            self.pings.pop_front();
        }
        let queued = self.queued.iter().filter(|queued| queued.is_message()).count();
        let sent = self.handed_over + queued as u64;
        self.pings.push_back((payload.to_vec(), sent));
    }

    /// Takes note that a ping was answered.
    pub(super) fn note_pong(&mut self, payload: &[u8]) {
        if let Some(index) = self.pings.iter().position(|(sent, _)| sent == payload)
            && let Some((_, sent)) = self.pings.drain(..=index).next_back()
        {
            self.confirmed = sent;
        }
    }

    /// Leaves for the next connection what the transport has not begun to take. Returns how many of
    /// the bytes that wait are still to be written.
    fn spare(&mut self) -> Option<usize> {
        let first = self.queued.iter().position(|queued| queued.start >= self.written)?;
        let keep = self.queued[first].start - self.written;
        let keep = usize::try_from(keep).unwrap_or(usize::MAX); // what is not in memory yet is kept
        for queued in self.queued.drain(first..).rev() {
            let size = queued.size();
            self.queued_bytes -= size;
            match queued.action {
                None => self.lost += 1,
                Some(action) => {
                    self.waiting_bytes += size;
                    self.waiting.push_front(action);
                }
            }
        }
        Some(keep)
    }

    /// What is left for the next connection.
    pub(super) fn into_rest(mut self) -> Rest {
        let echoes = self.queued.iter().filter(|queued| queued.action.is_none()).count() as u64;
        let mut unsent: VecDeque<_> =
            self.queued.drain(..).filter_map(|queued| queued.action).collect();
        unsent.append(&mut self.waiting);
        let unconfirmed = self.handed_over.saturating_sub(self.confirmed) + self.lost + echoes;
        Rest { unsent, unconfirmed }
    }
}

impl Rest {
    /// Messages that have not been sent.
    pub fn waiting(&self) -> usize {
        self.unsent.iter().filter(|action| is_message(action)).count()
    }

    /// Leaves an input for the next connection; `false` if too much waits already.
    pub fn keep(&mut self, action: Action) -> bool {
        let mut bytes = self.unsent.iter().map(size).sum();
        keep(&mut self.unsent, &mut bytes, action)
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

/// Whether the loss of it matters to anybody.
fn is_message(action: &Action) -> bool {
    !matches!(action, Action::Ping(_) | Action::Pong(_))
}

fn size(action: &Action) -> usize {
    action.payload_size() + OVERHEAD
}

impl Session<'_> {
    /// Whether input is left to the next connection: the peer is ending this one, not we.
    pub(super) fn leaves_input(&self) -> bool {
        self.resend.is_some() && !self.connection.is_open() && self.stop.is_none()
    }

    /// Leaves an input to the next connection.
    pub(super) fn keep_for_next(&mut self, action: Action) {
        if let Some(resend) = &mut self.resend
            && !resend.keep(action)
        {
            self.journal.emit(EventKind::Shown(Shown::Problem(TOO_MUCH)));
        }
    }

    /// The next of what the connection before has left.
    pub(super) fn next_left(&mut self) -> Option<Action> {
        let is_open = self.connection.is_open();
        self.resend.as_mut().filter(|_| is_open)?.next_waiting()
    }

    /// Does what the input asks for, and keeps it until the transport has taken it.
    pub(super) fn act_on_input(&mut self, action: Action, typed: bool) {
        if let Action::File(file) = action {
            return self.start_upload(file, Origin::Input, typed);
        }
        let copy = self.resend.is_some().then(|| action.clone());
        let before = self.connection.unwritten();
        let is_done = self.act(action, typed);
        let after = self.connection.unwritten();
        if let (Some(copy), Some(resend)) = (copy, &mut self.resend)
            && is_done
            && copy.is_sent()
        {
            resend.note_queued(copy, before, after);
        }
    }

    /// The peer has sent its Close frame, so it takes no more messages: those not begun are spared
    /// for the next connection.
    pub(super) fn spare_unsent(&mut self) {
        // TLS holds on to a record that the transport did not take: its bytes must not change.
        if self.stop.is_some() || (self.stream.is_tls() && !self.socket.is_writable()) {
            return;
        }
        if let Some(keep) = self.resend.as_mut().and_then(Resend::spare) {
            self.connection.retract_output(keep);
        }
    }
}

/// Said where an input cannot be kept.
pub const TOO_MUCH: &str = "not connected, and too much is waiting already: it is not kept";

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Action {
        Action::text(text)
    }

    /// Three messages of ten bytes on the wire, of which the transport took `written` bytes.
    fn three(written: usize) -> Resend {
        let mut resend = Resend::new(VecDeque::new());
        for (start, text) in [(0, "1"), (10, "2"), (20, "3")] {
            resend.note_queued(message(text), start, start + 10);
        }
        resend.note_written(written);
        resend
    }

    fn texts(rest: &Rest) -> Vec<String> {
        let text = |action: &Action| match action {
            Action::Send(_, data) => String::from_utf8_lossy(data).into_owned(),
            other => panic!("{other:?}"),
        };
        rest.unsent.iter().map(text).collect()
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
            let rest = three(written).into_rest();
            assert_eq!(
                (&texts(&rest)[..], rest.unconfirmed),
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
        resend.note_queued(message("4"), 20, 30);
        resend.note_written(30);
        resend.note_pong(b"other");
        resend.note_pong(b"p");
        let rest = resend.into_rest();
        assert_eq!((texts(&rest), rest.unconfirmed), (Vec::new(), 1));
    }

    #[test]
    fn what_was_left_comes_before_what_is_typed_meanwhile() {
        let mut resend = three(15);
        assert!(resend.keep(message("4")));
        let rest = resend.into_rest();
        assert_eq!(texts(&rest), ["2", "3", "4"]);
        let mut next = Resend::new(rest.unsent);
        assert_eq!(next.next_waiting(), Some(message("2")));
        assert!(!next.is_through());
    }

    #[test]
    fn what_the_transport_has_begun_is_written_to_its_end() {
        for (written, keep, unsent) in
            [(0, Some(0), 3), (5, Some(5), 2), (10, Some(0), 2), (25, None, 0), (30, None, 0)]
        {
            let mut resend = three(written);
            assert_eq!(resend.spare(), keep, "{written}");
            resend.note_written(keep.unwrap_or(0) + 8); // and the Close frame
            let rest = resend.into_rest();
            assert_eq!(rest.unsent.len(), if written == 25 { 0 } else { unsent }, "{written}");
        }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut resend = Resend::default();
        let long = "x".repeat(HIGH_WATER);
        assert!(resend.keeps_up());
        resend.note_queued(message(&long), 0, HIGH_WATER as u64);
        assert!(!resend.keeps_up());
        resend.note_written(HIGH_WATER);
        assert!(resend.keeps_up());
        let kept = (0..1000).filter(|_| resend.keep(message(&long))).count();
        assert_eq!(kept, MAX_WAITING.div_ceil(HIGH_WATER + OVERHEAD));
        for index in 0..1000 {
            resend.note_ping(format!("{index}").as_bytes());
        }
        assert_eq!(resend.pings.len(), MAX_PINGS);
    }
}
