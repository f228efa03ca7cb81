//! When to ping a connection, and when its peer has timed out. Time is passed in as an argument.
//!
//! Only a pong with the payload of one of our pings is an answer (RFC 6455 section 5.5.3), as in most
//! libraries. The timeout does not run while the answer cannot be received: while a message is being
//! received, while data queued before the ping is being written, and while we do not read (the peer clock
//! is paused then).

use std::time::{Duration, Instant};

/// The start of the payload of every keepalive ping.
const PREFIX: &str = "keepalive ";

/// Whether a ping with this payload is a keepalive ping.
pub fn is_own(payload: &[u8]) -> bool {
    payload.starts_with(PREFIX.as_bytes())
}

/// The current time by two clocks. Pings are scheduled by the real clock, timeouts by the peer clock.
#[derive(Clone, Copy, Debug)]
pub struct KeepaliveTime {
    /// The time by the real clock.
    pub real: Instant,
    /// The time by the peer clock, which is paused while we do not read. All other times here are by this
    /// clock.
    pub peer: Instant,
    /// Whether the peer clock is paused.
    pub is_stalled: bool,
}

/// Intervals and timeouts; `None` turns one off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepaliveTimes {
    /// The interval between pings.
    pub ping_interval: Option<Duration>,
    /// How long to wait for the answer to a ping.
    pub ping_timeout: Option<Duration>,
    /// How long to wait if nothing at all is received.
    pub idle_timeout: Option<Duration>,
}

/// The keepalive state of one connection. Report each event as it occurs, and call [`Keepalive::poll`] at
/// [`Keepalive::next_ping`] and [`Keepalive::deadline`]; it may be called at any other time.
#[derive(Debug)]
pub struct Keepalive {
    times: KeepaliveTimes,
    next_ping: Option<Instant>,
    /// Since when an answer to a ping has been awaited.
    awaited: Option<Instant>,
    last_received: Instant,
    /// Bytes to be written up to the end of the ping whose answer is awaited.
    unsent: usize,
    pings: u64,
    /// Messages received.
    messages: u64,
    /// Messages received when that ping was sent.
    messages_before: u64,
    /// Something was received since then.
    has_received: bool,
    /// A pong that answers no ping was received since then.
    has_other_pong: bool,
}

/// A ping that was not answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissedPong {
    /// The timeout.
    pub limit: Duration,
    /// What the peer did instead.
    pub instead: PeerActivity,
}

/// What a peer did instead of answering a ping (RFC 6455 section 5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerActivity {
    /// It did not read what was to be sent, so it cannot have received the ping.
    NotReading,
    /// It sent pongs with another payload (RFC 6455 section 5.5.3).
    OtherPongs,
    /// It sent this many messages.
    Messages(u64),
    /// It sent something else.
    Other,
    /// It sent nothing.
    Nothing,
}

/// The result of [`Keepalive::poll`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeepaliveAction {
    /// Nothing to do.
    Nothing,
    /// Send a ping with this payload.
    Ping(Vec<u8>),
    /// The peer did not answer in time.
    PingTimeout(MissedPong),
    /// Nothing was received for this time.
    IdleTimeout(Duration),
}

impl Keepalive {
    /// Starts at `now`; `None` if no interval or timeout is set.
    pub fn new(times: KeepaliveTimes, now: Instant) -> Option<Self> {
        (times != KeepaliveTimes::default()).then(|| Self {
            times,
            next_ping: times.ping_interval.and_then(|interval| now.checked_add(interval)),
            awaited: None,
            last_received: now,
            unsent: 0,
            pings: 0,
            messages: 0,
            messages_before: 0,
            has_received: false,
            has_other_pong: false,
        })
    }

    /// Bytes were received; `in_message`: in the middle of a message. `messages`: the total received so far.
    pub fn received(&mut self, now: Instant, in_message: bool, messages: u64) {
        self.last_received = now;
        self.messages = messages;
        self.has_received = true;
        if in_message {
            self.postpone(now);
        }
    }

    /// The transport accepted `count` bytes; `reading`: the connection is being read meanwhile.
    pub fn wrote(&mut self, count: usize, reading: bool, now: Instant) {
        if self.unsent > 0 || !reading {
            self.postpone(now);
        }
        if !reading {
            self.last_received = self.last_received.max(now);
        }
        self.unsent = self.unsent.saturating_sub(count);
    }

    /// A pong was received that answers one of our pings.
    pub fn answered(&mut self, payload: &[u8], now: Instant) {
        match payload == self.payload() {
            true => self.awaited = None,
            // The peer is alive, and still answering earlier pings.
            false => self.postpone(now),
        }
    }

    /// A pong was received that answers none of our pings.
    pub fn other_pong(&mut self) {
        self.has_other_pong = true;
    }

    /// What the peer has done since the ping whose answer is awaited was sent.
    fn instead(&self) -> PeerActivity {
        match self.messages.saturating_sub(self.messages_before) {
            _ if self.unsent > 0 => PeerActivity::NotReading,
            _ if self.has_other_pong => PeerActivity::OtherPongs,
            0 if self.has_received => PeerActivity::Other,
            0 => PeerActivity::Nothing,
            messages => PeerActivity::Messages(messages),
        }
    }

    /// When to send the next ping, by the real clock.
    pub fn next_ping(&self) -> Option<Instant> {
        self.next_ping
    }

    /// When the peer times out, if nothing is received before.
    pub fn deadline(&self) -> Option<Instant> {
        let ends = [self.ping_end(), self.idle_end()];
        ends.into_iter().flatten().map(|(end, _)| end).min()
    }

    /// What to do now. `pending`: bytes not yet accepted by the transport.
    pub fn poll(&mut self, now: KeepaliveTime, pending: usize) -> KeepaliveAction {
        // While we do not read, the answer may have arrived already.
        let is_late = |(end, _): &(Instant, Duration)| !now.is_stalled && now.peer >= *end;
        if let Some((_, limit)) = self.ping_end().filter(is_late) {
            return KeepaliveAction::PingTimeout(MissedPong { limit, instead: self.instead() });
        }
        if let Some((_, limit)) = self.idle_end().filter(is_late) {
            return KeepaliveAction::IdleTimeout(limit);
        }
        if self.next_ping.is_none_or(|at| now.real < at) {
            return KeepaliveAction::Nothing;
        }
        let interval = self.times.ping_interval;
        self.next_ping = interval.and_then(|interval| now.real.checked_add(interval));
        if self.awaited.is_some() && pending > 0 {
            // One queued ping is enough: they must not accumulate on a stalled transport.
            return KeepaliveAction::Nothing;
        }
        self.pings += 1;
        let payload = self.payload();
        if self.awaited.is_none() {
            self.awaited = Some(now.peer);
            self.unsent = pending.saturating_add(payload.len());
            self.messages_before = self.messages;
            (self.has_received, self.has_other_pong) = (false, false);
        }
        KeepaliveAction::Ping(payload)
    }

    /// The payload of the last ping: unique, and self-explanatory in the log of a server.
    fn payload(&self) -> Vec<u8> {
        format!("{PREFIX}{}", self.pings).into_bytes()
    }

    fn postpone(&mut self, now: Instant) {
        self.awaited = self.awaited.map(|awaited| awaited.max(now));
    }

    fn ping_end(&self) -> Option<(Instant, Duration)> {
        let limit = self.times.ping_timeout?;
        Some((self.awaited?.checked_add(limit)?, limit))
    }

    fn idle_end(&self) -> Option<(Instant, Duration)> {
        let limit = self.times.idle_timeout?;
        Some((self.last_received.checked_add(limit)?, limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pings(interval: u64, timeout: u64) -> KeepaliveTimes {
        KeepaliveTimes {
            ping_interval: Some(SECOND * interval as u32),
            ping_timeout: Some(SECOND * timeout as u32),
            idle_timeout: None,
        }
    }

    fn idle(limit: u64) -> KeepaliveTimes {
        KeepaliveTimes { idle_timeout: Some(SECOND * limit as u32), ..KeepaliveTimes::default() }
    }

    /// A keepalive state, and a function from seconds after its start to instants.
    fn watch(times: KeepaliveTimes) -> (Keepalive, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        let watch = Keepalive::new(times, start).expect("a timeout is set");
        (watch, move |second| start + Duration::from_secs(second))
    }

    /// A time at which we read.
    fn time_at(now: Instant) -> KeepaliveTime {
        KeepaliveTime { real: now, peer: now, is_stalled: false }
    }

    /// When to poll next, if both clocks agree.
    fn next(watch: &Keepalive) -> Option<Instant> {
        watch.next_ping().into_iter().chain(watch.deadline()).min()
    }

    fn missed(limit: u64, instead: PeerActivity) -> KeepaliveAction {
        KeepaliveAction::PingTimeout(MissedPong { limit: Duration::from_secs(limit), instead })
    }

    fn ping(number: u64) -> KeepaliveAction {
        KeepaliveAction::Ping(format!("keepalive {number}").into_bytes())
    }

    #[test]
    fn without_times_there_is_no_keepalive() {
        assert!(Keepalive::new(KeepaliveTimes::default(), Instant::now()).is_none());
    }

    #[test]
    fn a_peer_that_answers_is_pinged_repeatedly() {
        let (mut watch, at) = watch(pings(20, 10));
        for number in 1..=5 {
            let second = 20 * number;
            assert_eq!(next(&watch), Some(at(second)));
            assert_eq!(watch.poll(time_at(at(second - 1)), 0), KeepaliveAction::Nothing);
            assert_eq!(watch.poll(time_at(at(second)), 0), ping(number));
            watch.answered(format!("keepalive {number}").as_bytes(), at(second + 1));
        }
    }

    #[test]
    fn a_peer_that_does_not_answer_times_out() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(time_at(at(20)), 0), ping(1));
        watch.wrote(17, true, at(20));
        assert_eq!(next(&watch), Some(at(30)));
        assert_eq!(watch.poll(time_at(at(29)), 0), KeepaliveAction::Nothing);
        assert_eq!(watch.poll(time_at(at(30)), 0), missed(10, PeerActivity::Nothing));
    }

    /// None of it is an answer, but it is reported.
    #[test]
    fn what_was_received_instead_of_a_pong_is_reported() {
        for (pongs, messages, instead) in [
            (0, 0, PeerActivity::Other), // such as a ping
            (0, 2, PeerActivity::Messages(2)),
            (1, 0, PeerActivity::OtherPongs),
            (1, 2, PeerActivity::OtherPongs),
        ] {
            let (mut watch, at) = watch(pings(20, 10));
            watch.received(at(10), false, 5);
            watch.other_pong(); // before the ping
            assert_eq!(watch.poll(time_at(at(20)), 0), ping(1));
            watch.wrote(17, true, at(20));
            (0..pongs).for_each(|_| watch.other_pong());
            watch.received(at(25), false, 5 + messages);
            assert_eq!(watch.poll(time_at(at(30)), 0), missed(10, instead));
        }
    }

    #[test]
    fn the_timeout_may_be_longer_than_the_interval() {
        let (mut watch, at) = watch(pings(1, 3));
        assert_eq!(watch.poll(time_at(at(1)), 0), ping(1));
        watch.wrote(17, true, at(1));
        assert_eq!(watch.poll(time_at(at(2)), 0), ping(2));
        watch.answered(b"keepalive 1", at(3));
        assert_eq!(watch.poll(time_at(at(3)), 0), ping(3));
        watch.wrote(17, true, at(3));
        assert_eq!(watch.poll(time_at(at(4)), 0), ping(4));
        watch.wrote(17, true, at(4));
        assert_eq!(watch.poll(time_at(at(5)), 0), ping(5));
        watch.wrote(17, true, at(5));
        assert_eq!(watch.poll(time_at(at(6)), 0), missed(3, PeerActivity::Nothing));
    }

    #[test]
    fn without_a_timeout_pings_are_only_sent() {
        let (mut watch, at) = watch(KeepaliveTimes { ping_timeout: None, ..pings(20, 1) });
        for number in 1..100 {
            assert_eq!(watch.poll(time_at(at(20 * number)), 0), ping(number));
        }
    }

    #[test]
    fn the_timeout_does_not_run_while_we_do_not_read() {
        let (mut watch, at) =
            watch(KeepaliveTimes { idle_timeout: Some(15 * SECOND), ..pings(20, 10) });
        watch.received(at(18), false, 0);
        assert_eq!(watch.poll(time_at(at(20)), 0), ping(1));
        watch.wrote(17, true, at(20));
        // We have not read since second 25.
        let stalled = |real| KeepaliveTime { real: at(real), peer: at(25), is_stalled: true };
        assert_eq!(watch.poll(stalled(39), 0), KeepaliveAction::Nothing);
        assert_eq!(watch.poll(stalled(40), 0), ping(2)); // to keep the connection busy
        let resumed =
            |real, peer| KeepaliveTime { real: at(real), peer: at(peer), is_stalled: false };
        assert_eq!(watch.poll(resumed(59, 29), 1), KeepaliveAction::Nothing); // we have read for 9 s
        assert_eq!(watch.poll(resumed(60, 30), 1), missed(10, PeerActivity::Nothing));
    }

    #[test]
    fn a_peer_does_not_time_out_before_we_have_read() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(time_at(at(20)), 0), ping(1));
        watch.wrote(17, true, at(20));
        let stalled = KeepaliveTime { real: at(31), peer: at(31), is_stalled: true };
        assert_eq!(watch.poll(stalled, 0), KeepaliveAction::Nothing);
    }

    #[test]
    fn a_message_being_received_extends_the_timeout() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(time_at(at(20)), 0), ping(1));
        watch.wrote(17, true, at(20));
        watch.received(at(29), true, 0);
        assert_eq!(watch.poll(time_at(at(38)), 1), KeepaliveAction::Nothing);
        assert_eq!(watch.poll(time_at(at(39)), 1), missed(10, PeerActivity::Other));
    }

    #[test]
    fn slow_output_before_the_ping_extends_the_timeout() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(time_at(at(20)), 1000), ping(1));
        watch.wrote(500, true, at(28));
        watch.wrote(500, true, at(36));
        assert_eq!(watch.poll(time_at(at(40)), 100), KeepaliveAction::Nothing); // the first one is still queued
        watch.wrote(100, true, at(40));
        watch.wrote(100, true, at(45)); // after the ping
        assert_eq!(watch.poll(time_at(at(49)), 1), KeepaliveAction::Nothing);
        assert_eq!(watch.poll(time_at(at(50)), 1), missed(10, PeerActivity::Nothing));
    }

    #[test]
    fn a_peer_that_does_not_read_times_out() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(time_at(at(20)), 500_000), ping(1));
        assert_eq!(watch.poll(time_at(at(30)), 500_000), missed(10, PeerActivity::NotReading));
    }

    #[test]
    fn the_idle_timeout_starts_at_the_last_byte() {
        let (mut watch, at) = watch(idle(60));
        watch.received(at(50), false, 0);
        assert_eq!(next(&watch), Some(at(110)));
        watch.wrote(10, true, at(100)); // output does not reset it
        assert_eq!(watch.poll(time_at(at(109)), 0), KeepaliveAction::Nothing);
        assert_eq!(watch.poll(time_at(at(110)), 0), KeepaliveAction::IdleTimeout(60 * SECOND));
    }

    #[test]
    fn times_beyond_the_range_of_the_clock_are_never_reached() {
        let times = KeepaliveTimes {
            ping_interval: Some(Duration::MAX),
            ping_timeout: Some(Duration::MAX),
            idle_timeout: Some(Duration::MAX),
        };
        let (mut watch, at) = watch(times);
        assert_eq!(next(&watch), None);
        assert_eq!(watch.poll(time_at(at(1_000_000)), 0), KeepaliveAction::Nothing);
    }
}
