//! What a connection received and no step has taken yet, and the steps that wait for it.
//!
//! Pure: arrivals and the time go in, outcomes come out. Nothing is lost between steps: an arrival is kept
//! until a step takes it, or until more than the limit is kept, which fails the part.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::pattern::Pattern;
use crate::protocol::vocabulary::Partial;
use earlier::Earlier;

mod arrival;
mod earlier;
mod group;
mod passed;
mod seen;
#[cfg(test)]
mod tests;

pub use arrival::{Arrival, Control, End, Message, Received};
pub use earlier::EarlierMessage;
pub use group::{Group, GroupOutcome, Taken};
use seen::Closest;
pub use seen::{Seen, SeenMessage};

/// A message that must not be received, by the number of the step that says so.
#[derive(Clone, Debug)]
struct Forbidden {
    step: usize,
    pattern: Pattern,
}

/// Something was received that a step before forbids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The number of that step.
    pub step: usize,
    /// What was received.
    pub arrival: Arrival,
}

/// Why a wait failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitFailure {
    /// The time is over.
    Timeout,
    /// The connection ended.
    Ended(End),
    /// With `strict`: the next message is another one.
    Unexpected(Received),
    /// A message during SILENCE.
    NotSilent(Received),
    /// Something that a `<!` before forbids.
    Forbidden(Breach),
    /// More was kept than the limit allows, in bytes.
    TooMuch(usize),
}

/// How a wait stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// It goes on, until this time at the latest.
    Pending(Instant),
    /// It is over.
    Done(T),
    /// It failed.
    Failed(WaitFailure),
}

/// What a kept message costs besides its payload, in bytes.
pub const OVERHEAD: usize = size_of::<Received>() + 16;

/// Payloads up to this size share memory; in bytes.
const SMALL: usize = 4096;

/// The size of what they share, in bytes.
const CHUNK: usize = 64 << 10;

/// How many of the kept messages are compared with a pattern of another connection, and of how many bytes.
const MOST_COMPARED: usize = 1000;
const MOST_COMPARED_BYTES: usize = 4 << 20;

/// What was received and not taken.
#[derive(Debug)]
pub struct Inbox {
    messages: VecDeque<Received>,
    controls: VecDeque<Control>,
    end: Option<End>,
    /// The peer's Close frame, in words.
    close: Option<String>,
    ignored: Vec<Pattern>,
    forbidden: Vec<Forbidden>,
    breach: Option<Breach>,
    /// Memory of small payloads, to be filled.
    chunk: bytes::BytesMut,
    last_send: Option<Instant>,
    /// How many data messages were sent.
    sent: u64,
    /// Bytes that are kept.
    held: usize,
    limit: usize,
    is_over_limit: bool,
    /// When something was received last that is not ignored, and what.
    last: Option<(Instant, &'static str)>,
    /// How many messages were like those that are ignored, and when the last one was received.
    ignored_count: u64,
    last_ignored: Option<Instant>,
    /// What earlier steps did with messages.
    earlier: Earlier,
    /// What was received behind the last whole message.
    partial: Option<Partial>,
}

impl Inbox {
    /// Keeps up to `limit` bytes; messages like those `ignored` are not kept at all.
    pub fn new(limit: usize, ignored: Vec<Pattern>) -> Self {
        Self {
            messages: VecDeque::new(),
            controls: VecDeque::new(),
            end: None,
            close: None,
            ignored,
            forbidden: Vec::new(),
            breach: None,
            chunk: bytes::BytesMut::new(),
            last_send: None,
            sent: 0,
            held: 0,
            limit,
            is_over_limit: false,
            last: None,
            ignored_count: 0,
            last_ignored: None,
            earlier: Earlier::new(limit),
            partial: None,
        }
    }

    /// From here on the step with this number takes messages.
    pub fn begin_step(&mut self, step: usize) {
        self.earlier.begin_step(step);
    }

    /// A message like this that a step before the current one has passed over or taken, as far as these are kept.
    pub fn earlier(&self, pattern: &Pattern) -> Option<&EarlierMessage> {
        self.earlier.find(pattern)
    }

    /// A message equal to this that a step before the current one has taken, as far as these are kept.
    pub fn earlier_equal(&self, message: &Received) -> Option<&EarlierMessage> {
        self.earlier.find_equal(message)
    }

    /// A message like this that no step has taken, of the last ones.
    pub fn kept_match(&self, pattern: &Pattern) -> Option<&Received> {
        let mut bytes = 0;
        let last = self.messages.iter().rev().take(MOST_COMPARED).take_while(|message| {
            bytes += message.data.len();
            bytes <= MOST_COMPARED_BYTES
        });
        last.into_iter().find(|it| pattern.is_match(it.kind, &it.data))
    }

    /// What was received behind the last whole message.
    pub fn note_partial(&mut self, partial: Option<Partial>) {
        self.partial = partial;
        // A partial message counts towards the limit, though the connection holds it.
        let size = partial.and_then(|partial| partial.message).map_or(0, |message| message.size);
        self.is_over_limit |= usize::try_from(size).is_ok_and(|size| self.held + size > self.limit);
    }

    /// What was received behind the last whole message: the start of another one, or of a frame.
    pub fn partial(&self) -> Option<Partial> {
        self.partial
    }

    /// A data message was sent.
    pub fn note_sent(&mut self, at: Instant) {
        self.last_send = Some(at);
        self.sent += 1;
    }

    /// How many data messages were sent.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Keeps a message. What it does not keep, because that is ignored or beyond the limit, costs nothing.
    pub fn push_message(&mut self, message: Message<'_>) {
        let Message { kind, data, at, frames, wire_size, is_compressed } = message;
        if self.ignored.iter().any(|pattern| pattern.is_match(kind, data)) {
            self.ignored_count += 1;
            self.last_ignored = Some(at);
            return;
        }
        self.last = Some((at, "message"));
        let cost = data.len() + OVERHEAD;
        if self.is_over_limit || self.held + cost > self.limit {
            self.is_over_limit = true;
            return;
        }
        self.held += cost;
        let since_send = self.last_send.map(|sent| at.saturating_duration_since(sent));
        let data = self.keep(data);
        let message = Received { kind, data, at, since_send, frames, wire_size, is_compressed };
        let is_like = |it: &&Forbidden| it.pattern.is_match(kind, &message.data);
        if let Some(step) = self.forbidden.iter().find(is_like).map(|it| it.step) {
            let arrival = Arrival::Message(message.clone());
            self.breach.get_or_insert(Breach { step, arrival });
        }
        self.messages.push_back(message);
    }

    /// Keeps a ping or a pong.
    pub fn push_control(&mut self, control: Control) {
        self.last = Some((control.at, control.name()));
        let cost = control.payload.len() + OVERHEAD;
        if self.is_over_limit || self.held + cost > self.limit {
            self.is_over_limit = true;
            return;
        }
        self.held += cost;
        if let Some(step) = self.forbidden.iter().find(|it| is_like(&it.pattern, &control)) {
            let arrival = Arrival::Control(control.clone());
            self.breach.get_or_insert(Breach { step: step.step, arrival });
        }
        self.controls.push_back(control);
    }

    /// The connection ended. An answer to our own Close frame is not forbidden: every part ends with one.
    pub fn push_end(&mut self, end: End) {
        let is_like =
            |it: &&Forbidden| !end.is_answer() && it.pattern.matches_close(end.code, &end.reason);
        if let Some(step) = self.forbidden.iter().find(is_like).map(|it| it.step) {
            let arrival = Arrival::End(end.clone());
            self.breach.get_or_insert(Breach { step, arrival });
        }
        self.end = Some(end);
    }

    fn keep(&mut self, data: &[u8]) -> Bytes {
        if data.len() > SMALL {
            return Bytes::copy_from_slice(data);
        }
        if self.chunk.capacity() - self.chunk.len() < data.len() {
            self.chunk = bytes::BytesMut::with_capacity(CHUNK);
        }
        self.chunk.extend_from_slice(data);
        self.chunk.split().freeze()
    }

    /// From here on nothing like this may be received; what is kept counts too.
    pub fn forbid(&mut self, step: usize, pattern: Pattern) {
        let message = self.messages.iter().find(|it| pattern.is_match(it.kind, &it.data));
        let control = || self.controls.iter().find(|it| is_like(&pattern, it));
        let end = || {
            let end = self.end.as_ref().filter(|end| !end.is_answer());
            end.filter(|end| pattern.matches_close(end.code, &end.reason))
        };
        let arrival = message.cloned().map(Arrival::Message);
        let arrival = arrival.or_else(|| control().cloned().map(Arrival::Control));
        let arrival = arrival.or_else(|| end().cloned().map(Arrival::End));
        if let Some(arrival) = arrival {
            self.breach.get_or_insert(Breach { step, arrival });
        }
        self.forbidden.push(Forbidden { step, pattern });
    }

    /// The peer has sent a Close frame; the connection may not have ended yet.
    pub fn note_close(&mut self, description: String) {
        self.close = Some(description);
    }

    /// Why nothing can be sent any more, in words.
    pub fn closed(&self) -> Option<&str> {
        let end = self.end.as_ref().map(|end| end.description.as_str());
        end.or(self.close.as_deref())
    }

    /// How the connection ended, if it did.
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// What is wrong whatever a step waits for.
    pub fn fault(&self) -> Option<WaitFailure> {
        if let Some(breach) = &self.breach {
            return Some(WaitFailure::Forbidden(breach.clone()));
        }
        self.is_over_limit.then_some(WaitFailure::TooMuch(self.limit))
    }

    /// When something was received last that is not ignored, and what it was: a `message`, a `ping` or a `pong`.
    pub fn last(&self) -> Option<(Instant, &'static str)> {
        self.last
    }

    /// How many messages were set aside because they are like those that are ignored, and when the last one was
    /// received; `None` if none was.
    pub fn ignored(&self) -> Option<(u64, Instant)> {
        Some((self.ignored_count, self.last_ignored?))
    }

    /// Pings and pongs that no step has taken.
    pub fn kept_controls(&self) -> impl Iterator<Item = &Control> {
        self.controls.iter()
    }

    /// Messages that no step has taken.
    pub fn kept(&self) -> impl Iterator<Item = &Received> {
        self.messages.iter()
    }

    fn take_message(&mut self) -> Option<Received> {
        let message = self.messages.pop_front()?;
        self.held -= message.data.len() + OVERHEAD;
        Some(message)
    }

    /// Takes the first ping or pong like this, of those behind the first `compared`.
    fn take_control(&mut self, pattern: &Pattern, compared: usize) -> Option<Control> {
        let at =
            compared + self.controls.iter().skip(compared).position(|it| is_like(pattern, it))?;
        let control = self.controls.remove(at)?;
        self.held -= control.payload.len() + OVERHEAD;
        Some(control)
    }

    /// SILENCE: no data message until then. `allows_end`: a later step waits for the end.
    pub fn silence(&mut self, until: Instant, allows_end: bool, now: Instant) -> Progress<()> {
        if let Some(fault) = self.fault() {
            return Progress::Failed(fault);
        }
        if let Some(message) = self.take_message() {
            return Progress::Failed(WaitFailure::NotSilent(message));
        }
        if let Some(end) = self.end.as_ref().filter(|_| !allows_end) {
            return Progress::Failed(WaitFailure::Ended(end.clone()));
        }
        if now >= until { Progress::Done(()) } else { Progress::Pending(until) }
    }

    /// DURING: takes into `taken` all that is received until then.
    pub fn during(
        &mut self,
        until: Instant,
        allows_end: bool,
        taken: &mut Vec<Received>,
        now: Instant,
    ) -> Progress<()> {
        if let Some(fault) = self.fault() {
            return Progress::Failed(fault);
        }
        // What was received after it stays for the next step.
        while self.messages.front().is_some_and(|message| message.at <= until) {
            // It is still held: `taken` keeps it.
            if let Some(message) = self.messages.pop_front() {
                self.earlier.push(&message, true);
                taken.push(message);
            }
        }
        if let Some(end) = self.end.as_ref().filter(|_| !allows_end) {
            return Progress::Failed(WaitFailure::Ended(end.clone()));
        }
        if now >= until { Progress::Done(()) } else { Progress::Pending(until) }
    }

    /// What DURING took is judged and gone.
    pub fn release(&mut self, taken: Vec<Received>) {
        self.held -= taken.iter().map(|message| message.data.len() + OVERHEAD).sum::<usize>();
    }
}

fn is_like(pattern: &Pattern, control: &Control) -> bool {
    match control.is_pong {
        true => pattern.matches_pong(&control.payload),
        false => pattern.matches_ping(&control.payload),
    }
}
