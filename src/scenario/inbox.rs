//! What a connection received and no step has taken yet, and the steps that wait for it.
//!
//! Pure: arrivals and the time go in, outcomes come out. Nothing is lost between steps: an arrival is kept
//! until a step takes it, or until more than the limit is kept, which fails the part.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::pattern::{Match, Pattern};
use crate::protocol::{CloseCode, MessageKind};

mod group;
mod passed;
mod seen;
#[cfg(test)]
mod tests;

pub use group::{Group, GroupOutcome, Taken};
pub use seen::{Closest, Seen, SeenMessage};

/// A received data message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Text or binary.
    pub kind: MessageKind,
    /// Its payload, uncompressed.
    pub data: Bytes,
    /// When it was complete.
    pub at: Instant,
    /// How long after the last message was sent; `None` if none was.
    pub since_send: Option<Duration>,
    /// In how many frames.
    pub frames: u64,
    /// Bytes on the wire, with the headers of its frames.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub is_compressed: bool,
}

/// A received ping or pong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    /// A pong, otherwise a ping.
    pub is_pong: bool,
    /// Its payload.
    pub payload: Bytes,
    /// When it was received.
    pub at: Instant,
    /// Of a pong: the time since the ping that it answers.
    pub rtt: Option<Duration>,
}

impl Control {
    /// `ping` or `pong`.
    pub fn name(&self) -> &'static str {
        if self.is_pong { "pong" } else { "ping" }
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The code of the peer's Close frame; 1005: it had none; 1006: there was no Close frame.
    pub code: CloseCode,
    /// Its reason.
    pub reason: String,
    /// The closing handshake was complete.
    pub is_clean: bool,
    /// We began it.
    pub is_ours: bool,
    /// The code of our Close frame, if we sent one with a code.
    pub sent: Option<CloseCode>,
    /// How it ended, in words.
    pub description: String,
    /// What was received of a message that was not complete, in words.
    pub incomplete: Option<String>,
}

impl End {
    /// Whether the peer only answered our Close frame, with the same code.
    pub fn is_answer(&self) -> bool {
        self.is_ours && self.sent == Some(self.code)
    }
}

/// Something that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A data message.
    Message(Received),
    /// A ping or a pong.
    Control(Control),
    /// The end of the connection.
    End(End),
}

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
const OVERHEAD: usize = size_of::<Received>() + 16;

/// Payloads up to this size share memory; in bytes.
const SMALL: usize = 4096;

/// The size of what they share, in bytes.
const CHUNK: usize = 64 << 10;

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
    /// When something was received last, and what.
    last: Option<(Instant, &'static str)>,
    /// How many messages were like those that are ignored.
    ignored_count: u64,
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
        }
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
        self.last = Some((at, "message"));
        if self.ignored.iter().any(|pattern| pattern.judge(kind, data) == Match::Yes) {
            self.ignored_count += 1;
            return;
        }
        let cost = data.len() + OVERHEAD;
        if self.is_over_limit || self.held + cost > self.limit {
            self.is_over_limit = true;
            return;
        }
        self.held += cost;
        let since_send = self.last_send.map(|sent| at.saturating_duration_since(sent));
        let data = self.keep(data);
        let message = Received { kind, data, at, since_send, frames, wire_size, is_compressed };
        let is_like = |it: &&Forbidden| it.pattern.judge(kind, &message.data) == Match::Yes;
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
        let message =
            self.messages.iter().find(|it| pattern.judge(it.kind, &it.data) == Match::Yes);
        let control = || self.controls.iter().find(|it| is_like(&pattern, it));
        let end = || self.end.as_ref().filter(|end| pattern.matches_close(end.code, &end.reason));
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

    /// When something was received last, and what it was: a `message`, a `ping` or a `pong`.
    pub fn last(&self) -> Option<(Instant, &'static str)> {
        self.last
    }

    /// How many messages were set aside because they are like those that are ignored.
    pub fn ignored_count(&self) -> u64 {
        self.ignored_count
    }

    /// How many bytes the messages that no step has taken hold.
    pub fn held(&self) -> usize {
        self.held
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
            taken.extend(self.messages.pop_front());
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

/// A data message as the connection hands it out.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Text or binary.
    pub kind: MessageKind,
    /// Its payload.
    pub data: &'a [u8],
    /// When it was complete.
    pub at: Instant,
    /// In how many frames.
    pub frames: u64,
    /// Bytes on the wire.
    pub wire_size: u64,
    /// Whether it was compressed.
    pub is_compressed: bool,
}

fn is_like(pattern: &Pattern, control: &Control) -> bool {
    match control.is_pong {
        true => pattern.matches_pong(&control.payload),
        false => pattern.matches_ping(&control.payload),
    }
}
