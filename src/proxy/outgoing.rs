//! What waits to be written to one side of a proxied connection. Pure: times are arguments.

use std::collections::VecDeque;
use std::num::NonZeroU64;
use std::ops::Range;
use std::time::{Duration, Instant};

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

impl Outgoing {
    /// Nothing waits. `throttle` is in bytes a second.
    pub fn new(latency: Option<Jitter>, throttle: Option<NonZeroU64>) -> Self {
        Self {
            parcels: VecDeque::new(),
            waiting: 0,
            written: 0,
            own: VecDeque::new(),
            latency,
            throttle: throttle.map(Throttle::new),
            last_due: None,
            end: None,
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
        match self.parcels.back_mut() {
            Some(last) if last.due == due && last.bytes.len() + bytes.len() <= JOINED => {
                last.bytes.extend_from_slice(bytes);
            }
            _ => self.parcels.push_back(Parcel { bytes: bytes.to_vec(), at: 0, due }),
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
        self.written += count as u64;
        if let Some(throttle) = &mut self.throttle {
            throttle.take(count);
        }
        if front.at == front.bytes.len() {
            self.parcels.pop_front();
        }
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

    /// When to look again, if the side takes bytes.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let front = self.parcels.front().map(|front| front.due);
        let due = front.or(self.end.map(|(_, due)| due))?.filter(|due| *due > now);
        let throttled = self.throttle.as_ref().filter(|_| front.is_some());
        due.into_iter().chain(throttled.and_then(|throttle| throttle.next(now))).max()
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn jitter(time: u64, spread: u64) -> Option<Jitter> {
        Some(Jitter { time: millis(time), spread: millis(spread) })
    }

    /// Takes what may be written at `now`.
    fn take(outgoing: &mut Outgoing, now: Instant) -> Vec<u8> {
        let mut all = Vec::new();
        while let Some(bytes) = outgoing.ready(now) {
            all.extend_from_slice(bytes);
            let count = bytes.len();
            outgoing.wrote(count);
        }
        all
    }

    #[test]
    fn without_faults_everything_may_be_written_at_once() {
        let (mut outgoing, now) = (Outgoing::new(None, None), Instant::now());
        assert!(outgoing.is_direct());
        outgoing.push(b"ab", now, || 0.5);
        outgoing.push(b"c", now, || 0.5);
        outgoing.end(SourceEnd::Fin, now, || 0.5);
        assert!(!outgoing.is_direct() && outgoing.waiting() == 3);
        assert_eq!(outgoing.take_end(now), None, "bytes come first");
        assert_eq!(take(&mut outgoing, now), b"abc");
        assert_eq!(outgoing.take_end(now), Some(SourceEnd::Fin));
        assert!(outgoing.is_empty() && outgoing.take_end(now).is_none());
    }

    #[test]
    fn latency_delays_bytes_and_the_end_and_never_reorders() {
        let (mut outgoing, start) = (Outgoing::new(jitter(100, 50), None), Instant::now());
        outgoing.push(b"slow", start, || 1.0);
        outgoing.push(b"fast", start + millis(10), || 0.0);
        outgoing.end(SourceEnd::Fin, start + millis(20), || 0.0);
        assert_eq!(outgoing.deadline(start), Some(start + millis(150)));
        assert_eq!(take(&mut outgoing, start + millis(149)), b"");
        assert_eq!(outgoing.take_end(start + millis(149)), None);
        assert_eq!(take(&mut outgoing, start + millis(150)), b"slowfast");
        assert_eq!(outgoing.take_end(start + millis(150)), Some(SourceEnd::Fin));
    }

    #[test]
    fn the_end_alone_is_delayed_too() {
        let (mut outgoing, start) = (Outgoing::new(jitter(100, 0), None), Instant::now());
        outgoing.end(SourceEnd::Reset, start, || 0.5);
        assert_eq!(outgoing.deadline(start), Some(start + millis(100)));
        assert_eq!(outgoing.take_end(start + millis(99)), None);
        assert_eq!(outgoing.take_end(start + millis(100)), Some(SourceEnd::Reset));
    }

    #[test]
    fn in_a_hurry_nothing_waits_for_its_time() {
        let mut outgoing = Outgoing::new(jitter(100, 0), NonZeroU64::new(1));
        let now = Instant::now();
        outgoing.push(b"ab", now, || 0.5);
        outgoing.end(SourceEnd::Fin, now, || 0.5);
        outgoing.hurry();
        outgoing.push(b"c", now, || 0.5);
        assert_eq!(take(&mut outgoing, now), b"abc");
        assert_eq!(outgoing.take_end(now), Some(SourceEnd::Fin));
        assert!(outgoing.is_direct());
    }

    #[test]
    fn a_reset_waits_for_bytes_as_every_end_does() {
        let (mut outgoing, now) = (Outgoing::new(jitter(100, 0), None), Instant::now());
        outgoing.push(b"ab", now, || 0.5);
        assert!(!outgoing.has_reset());
        outgoing.end(SourceEnd::Reset, now, || 0.5);
        assert!(outgoing.has_reset() && !outgoing.resets(now + millis(100)));
        assert_eq!(outgoing.take_end(now + millis(100)), None, "bytes come first");
        assert_eq!(take(&mut outgoing, now + millis(100)), b"ab");
        assert!(!outgoing.resets(now + millis(99)) && outgoing.resets(now + millis(100)));
        assert_eq!(outgoing.take_end(now + millis(100)), Some(SourceEnd::Reset));
    }

    #[test]
    fn only_bytes_of_the_source_are_lost() {
        let (mut outgoing, now) = (Outgoing::new(None, NonZeroU64::new(3)), Instant::now());
        outgoing.push(b"abcd", now, || 0.5);
        outgoing.push(b"own", now, || 0.5);
        outgoing.note_own(3);
        outgoing.push(b"ef", now, || 0.5);
        assert_eq!((outgoing.waiting(), outgoing.waiting_of_source()), (9, 6));
        assert_eq!(take(&mut outgoing, now), b"abc");
        assert_eq!(take(&mut outgoing, now + millis(1000)), b"dow");
        assert_eq!((outgoing.waiting(), outgoing.waiting_of_source()), (3, 2));
        assert_eq!(outgoing.clear(), 2);
        assert_eq!(outgoing.waiting_of_source(), 0);
    }

    #[test]
    fn a_throttle_allows_a_burst_of_a_second_then_its_rate() {
        let mut outgoing = Outgoing::new(None, NonZeroU64::new(1000));
        let start = Instant::now();
        assert!(!outgoing.is_direct());
        outgoing.push(&[0; 2500], start, || 0.5);
        assert_eq!(take(&mut outgoing, start).len(), 1000);
        let next = outgoing.deadline(start).expect("a time to look again");
        assert!(next > start && next < start + millis(50), "{:?}", next - start);
        assert_eq!(take(&mut outgoing, start + millis(5)).len(), 0, "not worth a write");
        assert_eq!(take(&mut outgoing, start + millis(500)).len(), 500);
        assert_eq!(take(&mut outgoing, start + millis(5000)).len(), 1000, "no more than a burst");
        assert_eq!(outgoing.waiting(), 0);
    }

    #[test]
    fn a_rate_of_one_byte_a_second_is_met() {
        let mut outgoing = Outgoing::new(None, NonZeroU64::new(1));
        let start = Instant::now();
        outgoing.push(b"abc", start, || 0.5);
        assert_eq!(take(&mut outgoing, start), b"a");
        let next = outgoing.deadline(start).expect("a time to look again");
        assert_eq!(take(&mut outgoing, next), b"b");
    }

    proptest! {
        #[test]
        fn everything_is_written_in_order_by_its_deadlines(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 1..20),
            latency in proptest::option::of((0_u64..300, 0_u64..300)),
            rate in proptest::option::of(1_u64..100_000),
            random in proptest::collection::vec(0.0..1.0, 21),
        ) {
            let latency = latency.and_then(|(time, spread)| jitter(time, spread));
            let mut outgoing = Outgoing::new(latency, rate.and_then(NonZeroU64::new));
            let mut now = Instant::now();
            for (chunk, random) in chunks.iter().zip(&random) {
                outgoing.push(chunk, now, || *random);
                now += millis(3);
            }
            outgoing.end(SourceEnd::Fin, now, || random[20]);
            let (mut written, mut rounds) = (Vec::new(), 0);
            loop {
                written.extend(take(&mut outgoing, now));
                if outgoing.take_end(now).is_some() {
                    break;
                }
                now = outgoing.deadline(now).expect("something waits for a time");
                rounds += 1;
                prop_assert!(rounds < 20_000, "no progress");
            }
            prop_assert_eq!(written, chunks.concat());
        }
    }
}
