//! What waits to be written to one side of a proxied connection. Pure: times are arguments.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::ops::Range;
use std::time::{Duration, Instant};

use super::delayed::{Delayed, DelayedShare};
use crate::protocol::TransportEnd;
use crate::rules::Jitter;

/// How the source of a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceEnd {
    /// With FIN, under TLS after a close_notify alert.
    Fin,
    /// With FIN where TLS demands a close_notify alert before it.
    Cut,
    /// With RST.
    Reset,
}

impl From<&TransportEnd> for SourceEnd {
    fn from(end: &TransportEnd) -> Self {
        match end {
            TransportEnd::Eof => Self::Fin,
            TransportEnd::Truncated => Self::Cut,
            TransportEnd::Reset | TransportEnd::Error(_) => Self::Reset,
        }
    }
}

/// Bytes for one side in order, then the end of their source. Each is kept until its time (`--latency`), and written at
/// a limited rate (`--throttle`).
#[derive(Debug)]
pub struct Outgoing {
    parcels: VecDeque<Parcel>,
    /// The memory of a parcel that was written, for the next one: to free and map it each time leaves holes.
    spare: Vec<u8>,
    /// Bytes that wait.
    waiting: usize,
    /// Bytes that were written after they had waited, since the start.
    written: u64,
    /// Where bytes are that the source has not sent, among all that have waited.
    own: VecDeque<Range<u64>>,
    latency: Option<Jitter>,
    throttle: Option<Throttle>,
    /// The time of the last parcel: none is written before an earlier one.
    last_due: Option<Instant>,
    end: Option<(SourceEnd, Option<Instant>)>,
    /// When it was last determined what may be written.
    looked_at: Option<Instant>,
    /// What waits, as a part of what waits of all connections.
    share: DelayedShare,
}

#[derive(Debug)]
struct Parcel {
    bytes: Vec<u8>,
    /// How many of them are written.
    at: usize,
    /// When they may be written; `None`: at once.
    due: Option<Instant>,
}

/// What is pushed while it is at the back and has the same time is joined up to this size, in bytes.
const JOINED: usize = 64 << 10;

/// Memory of a parcel that is larger than this many bytes is not kept.
const MAX_SPARE: usize = 512 << 10;

/// A side for which this many bytes wait gets no more, in bytes.
pub(super) const HIGH_WATER: usize = 128 << 10;

/// The same where bytes wait for their time.
const HIGH_WATER_DELAYED: usize = 16 << 20;

impl Outgoing {
    /// Nothing waits. `throttle` is in bytes a second.
    pub fn new(latency: Option<Jitter>, throttle: Option<NonZeroU64>) -> Self {
        Self {
            parcels: VecDeque::new(),
            spare: Vec::new(),
            waiting: 0,
            written: 0,
            own: VecDeque::new(),
            latency,
            throttle: throttle.map(Throttle::new),
            last_due: None,
            end: None,
            looked_at: None,
            share: DelayedShare::default(),
        }
    }

    /// The same, of which what waits is counted with that of other connections, if there is latency: nothing else depends on it.
    pub fn counted_in(self, delayed: &Delayed) -> Self {
        match self.latency {
            Some(_) => Self { share: delayed.share(), ..self },
            None => self,
        }
    }

    /// Whether bytes may be written now without being pushed first.
    pub fn is_direct(&self) -> bool {
        self.parcels.is_empty() && self.latency.is_none() && self.throttle.is_none()
    }

    /// Adds bytes that were received `now`. `random`, from 0 to 1, chooses their delay.
    pub fn push(&mut self, bytes: &[u8], now: Instant, random: impl FnOnce() -> f64) {
        if bytes.is_empty() {
            return;
        }
        let due = self.due(now, random);
        self.waiting += bytes.len();
        self.share.set(self.waiting);
        match self.parcels.back_mut() {
            Some(last) if last.due == due && last.bytes.len() + bytes.len() <= JOINED => {
                last.bytes.extend_from_slice(bytes);
            }
            _ => {
                let mut own = std::mem::take(&mut self.spare);
                own.extend_from_slice(bytes);
                self.parcels.push_back(Parcel { bytes: own, at: 0, due });
            }
        }
    }

    /// Adds the end of the source, which was seen `now`. Nothing may follow it.
    pub fn end(&mut self, end: SourceEnd, now: Instant, random: impl FnOnce() -> f64) {
        let due = self.due(now, random);
        self.end = Some((end, due));
    }

    fn due(&mut self, now: Instant, random: impl FnOnce() -> f64) -> Option<Instant> {
        let delay = self.latency?.at(random());
        let due = now.checked_add(delay).unwrap_or(now).max(self.last_due.unwrap_or(now));
        self.last_due = Some(due);
        Some(due)
    }

    /// Has everything written as soon as the side takes it: there is no latency any more, and no limit on the rate.
    pub fn hurry(&mut self) {
        (self.latency, self.throttle) = (None, None);
        self.parcels.iter_mut().for_each(|parcel| parcel.due = None);
        self.end = self.end.map(|(end, _)| (end, None));
    }

    /// What may be written now, at least one byte.
    pub fn ready(&mut self, now: Instant) -> Option<&[u8]> {
        self.looked_at = Some(now);
        let front = self.parcels.front().filter(|front| front.due.is_none_or(|due| due <= now))?;
        let rest = &front.bytes[front.at..];
        let room = match &mut self.throttle {
            Some(throttle) => throttle.room(now),
            None => rest.len(),
        };
        Some(&rest[..rest.len().min(room)]).filter(|bytes| !bytes.is_empty())
    }

    /// Records that the first `count` bytes of [`Outgoing::ready`] were written.
    pub fn wrote(&mut self, count: usize) {
        let Some(front) = self.parcels.front_mut() else { return };
        front.at += count;
        self.waiting -= count;
        self.share.set(self.waiting);
        self.written += count as u64;
        if let Some(throttle) = &mut self.throttle {
            throttle.take(count);
        }
        if front.at == front.bytes.len()
            && let Some(Parcel { mut bytes, .. }) = self.parcels.pop_front()
            && bytes.capacity() <= MAX_SPARE
        {
            bytes.clear();
            self.spare = bytes;
        }
    }

    /// Frees memory that only traffic needs.
    pub fn release_idle(&mut self) {
        self.spare = Vec::new();
    }

    /// The end of the source, if it is to be passed on now: behind all bytes.
    pub fn take_end(&mut self, now: Instant) -> Option<SourceEnd> {
        let (end, due) = self.end?;
        let is_due = due.is_none_or(|due| due <= now);
        if is_due && self.parcels.is_empty() {
            self.end = None;
            return Some(end);
        }
        None
    }

    /// Whether the end is to be passed on now, and is a reset.
    pub fn resets(&self, now: Instant) -> bool {
        let is_due = self.end.is_some_and(|(_, due)| due.is_none_or(|due| due <= now));
        self.has_reset() && is_due && self.parcels.is_empty()
    }

    /// Whether a reset waits to be passed on.
    pub fn has_reset(&self) -> bool {
        self.end.is_some_and(|(end, _)| end == SourceEnd::Reset)
    }

    /// When to look again, if the side takes bytes. What has become due since [`Outgoing::ready`] was called counts: it may be
    /// past.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let front = self.parcels.front().map(|front| front.due);
        let is_new = |due: &Instant| self.looked_at.is_none_or(|looked_at| *due >= looked_at);
        let due = front.or(self.end.map(|(_, due)| due))?.filter(is_new);
        let throttled = self.throttle.as_ref().filter(|_| front.is_some());
        due.into_iter().chain(throttled.and_then(|throttle| throttle.next(now))).max()
    }

    /// Whether more may be received for the side: with latency as much as may be under way, unless that of all connections together
    /// is too much.
    pub fn has_room(&self) -> bool {
        let may_delay = self.latency.is_some() && self.share.has_room();
        self.waiting < if may_delay { HIGH_WATER_DELAYED } else { HIGH_WATER }
    }

    /// Bytes that wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Records that the last `count` bytes that wait are not of the source: the proxy has sent them.
    pub fn note_own(&mut self, count: usize) {
        while self.own.front().is_some_and(|own| own.end <= self.written) {
            self.own.pop_front();
        }
        let end = self.position();
        if count > 0 {
            self.own.push_back(end - count as u64..end);
        }
    }

    /// Bytes of the source that wait.
    pub fn waiting_of_source(&self) -> u64 {
        let unwritten = |own: &Range<u64>| own.end.saturating_sub(own.start.max(self.written));
        self.waiting as u64 - self.own.iter().map(unwritten).sum::<u64>()
    }

    /// Where what is pushed next begins among all bytes that have waited.
    pub fn position(&self) -> u64 {
        self.written + self.waiting as u64
    }

    /// Whether the bytes before this [`Outgoing::position`] were written.
    pub fn has_written(&self, position: u64) -> bool {
        self.written >= position
    }

    /// Whether nothing waits, not even an end.
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty() && self.end.is_none()
    }

    /// Drops what waits. Returns how many bytes of the source that were.
    pub fn clear(&mut self) -> u64 {
        let lost = self.waiting_of_source();
        (self.parcels, self.own) = (VecDeque::new(), VecDeque::new());
        (self.end, self.waiting) = (None, 0);
        self.share.set(0);
        lost
    }
}

/// A rate in bytes a second. What is not used for up to a second may be used at once.
#[derive(Debug)]
struct Throttle {
    rate: u64,
    /// Bytes that may be written.
    room: f64,
    /// When `room` was computed.
    at: Option<Instant>,
}

/// A throttled side is written to at most this many times a second, unless that is less than a byte each time.
const WRITES_A_SECOND: u64 = 50;

impl Throttle {
    fn new(rate: NonZeroU64) -> Self {
        let rate = rate.get();
        Self { rate, room: rate as f64, at: None }
    }

    fn room(&mut self, now: Instant) -> usize {
        if let Some(at) = self.at {
            let more = now.saturating_duration_since(at).as_secs_f64() * self.rate as f64;
            self.room = (self.room + more).min(self.rate as f64);
        }
        self.at = Some(now);
        if self.room < self.least() { 0 } else { self.room as usize }
    }

    fn take(&mut self, count: usize) {
        self.room -= count as f64;
    }

    /// The least that is worth a write.
    fn least(&self) -> f64 {
        (self.rate / WRITES_A_SECOND).max(1) as f64
    }

    /// When there is room; `None`: there is some.
    fn next(&self, now: Instant) -> Option<Instant> {
        let missing = self.least() - self.room;
        let at = self.at.unwrap_or(now);
        // A millisecond more, as waits are rounded.
        let wait = Duration::from_secs_f64((missing / self.rate as f64).max(0.0));
        (missing > 0.0).then(|| at + wait + Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests;
