//! When a connection is to be pinged, and when its peer counts as gone. Time comes in as an argument.
//!
//! Only an answer counts as one: a pong with the payload of a ping of ours (RFC 6455 section 5.5.3),
//! as in most libraries. Time in which the answer could not be seen does not count against the peer:
//! while a message is still coming in, while what was queued before the ping is still going out, and
//! while we do not read, when the peer's clock stands still.

use std::time::{Duration, Instant};

/// What the payload of every ping starts with.
const PREFIX: &str = "keepalive ";

/// Whether a ping with this payload is a keepalive ping.
pub fn is_own(payload: &[u8]) -> bool {
    payload.starts_with(PREFIX.as_bytes())
}

/// A moment by two clocks. Pings are sent by the real one, the peer is judged by its own.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the real clock.
    pub real: Instant,
    /// By the clock that stands still while we do not read. Every other time here is one of this clock.
    pub peer: Instant,
    /// Whether that clock stands still.
    pub is_stalled: bool,
}

/// What is to be watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Send a ping so often.
    pub ping_interval: Option<Duration>,
    /// How long its answer may take.
    pub ping_timeout: Option<Duration>,
    /// How long nothing at all may come.
    pub idle_timeout: Option<Duration>,
}

/// Watches one connection. Report what happens as it happens, and ask [`Keepalive::poll`] at
/// [`Keepalive::next_ping`], [`Keepalive::deadline`] and at any other time.
#[derive(Debug)]
pub struct Keepalive {
    times: Times,
    next_ping: Option<Instant>,
    /// Since when the answer to a ping has been awaited.
    awaited: Option<Instant>,
    last_received: Instant,
    /// Bytes that go out before the ping has whose answer is awaited.
    unsent: usize,
    pings: u64,
    /// Messages received.
    messages: u64,
    /// The same when that ping was sent.
    messages_before: u64,
    /// Something has come since.
    has_received: bool,
    /// A pong has come since that answers no ping.
    has_other_pong: bool,
}

/// A ping that was not answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissedPong {
    /// How long the answer could take.
    pub limit: Duration,
    /// What happened meanwhile.
    pub instead: Instead,
}

/// What a peer did instead of answering a ping (RFC 6455 section 5.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// It did not take what was to be sent, so that it cannot have got the ping.
    TookNothing,
    /// It sent pongs with another payload (RFC 6455 section 5.5.3).
    OtherPongs,
    /// It sent so many messages.
    Messages(u64),
    /// It sent something else.
    Other,
    /// It sent nothing.
    Nothing,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing yet.
    Nothing,
    /// Send a ping with this payload.
    Ping(Vec<u8>),
    /// The peer did not answer in time.
    PingTimeout(MissedPong),
    /// Nothing came within this time.
    IdleTimeout(Duration),
}

impl Keepalive {
    /// Watches from now on; `None` if there is nothing to watch.
    pub fn new(times: Times, now: Instant) -> Option<Self> {
        (times != Times::default()).then(|| Self {
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

    /// Bytes came; `in_message`: in the middle of a message. `messages` have come so far.
    pub fn received(&mut self, now: Instant, in_message: bool, messages: u64) {
        self.last_received = now;
        self.messages = messages;
        self.has_received = true;
        if in_message {
            self.postpone(now);
        }
    }

    /// The transport took so many bytes; `reading`: what comes meanwhile is read.
    pub fn wrote(&mut self, count: usize, reading: bool, now: Instant) {
        if self.unsent > 0 || !reading {
            self.postpone(now);
        }
        if !reading {
            self.last_received = self.last_received.max(now);
        }
        self.unsent = self.unsent.saturating_sub(count);
    }

    /// A pong came that answers a ping of ours.
    pub fn answered(&mut self, payload: &[u8], now: Instant) {
        match payload == self.payload() {
            true => self.awaited = None,
            // The peer is there, and busy with earlier pings.
            false => self.postpone(now),
        }
    }

    /// A pong came that answers no ping of ours.
    pub fn other_pong(&mut self) {
        self.has_other_pong = true;
    }

    /// What the peer has done since the ping whose answer is awaited.
    fn instead(&self) -> Instead {
        match self.messages.saturating_sub(self.messages_before) {
            _ if self.unsent > 0 => Instead::TookNothing,
            _ if self.has_other_pong => Instead::OtherPongs,
            0 if self.has_received => Instead::Other,
            0 => Instead::Nothing,
            messages => Instead::Messages(messages),
        }
    }

    /// When the next ping is to be sent, by the real clock.
    pub fn next_ping(&self) -> Option<Instant> {
        self.next_ping
    }

    /// When the peer is late, if nothing happens before.
    pub fn deadline(&self) -> Option<Instant> {
        let ends = [self.ping_end(), self.idle_end()];
        ends.into_iter().flatten().map(|(end, _)| end).min()
    }

    /// What is to be done now. `pending`: bytes that wait for the transport.
    pub fn poll(&mut self, now: Moment, pending: usize) -> Action {
        // While we do not read, the answer may be there already.
        let is_late = |(end, _): &(Instant, Duration)| !now.is_stalled && now.peer >= *end;
        if let Some((_, limit)) = self.ping_end().filter(is_late) {
            return Action::PingTimeout(MissedPong { limit, instead: self.instead() });
        }
        if let Some((_, limit)) = self.idle_end().filter(is_late) {
            return Action::IdleTimeout(limit);
        }
        if self.next_ping.is_none_or(|at| now.real < at) {
            return Action::Nothing;
        }
        let interval = self.times.ping_interval;
        self.next_ping = interval.and_then(|interval| now.real.checked_add(interval));
        if self.awaited.is_some() && pending > 0 {
            // One that waits to be sent is enough: a stalled transport must not collect them.
            return Action::Nothing;
        }
        self.pings += 1;
        let payload = self.payload();
        if self.awaited.is_none() {
            self.awaited = Some(now.peer);
            self.unsent = pending.saturating_add(payload.len());
            self.messages_before = self.messages;
            (self.has_received, self.has_other_pong) = (false, false);
        }
        Action::Ping(payload)
    }

    /// Payload of the last ping: no two are alike, and it explains itself in the log of a server.
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

    fn pings(interval: u64, timeout: u64) -> Times {
        Times {
            ping_interval: Some(SECOND * interval as u32),
            ping_timeout: Some(SECOND * timeout as u32),
            idle_timeout: None,
        }
    }

    fn idle(limit: u64) -> Times {
        Times { idle_timeout: Some(SECOND * limit as u32), ..Times::default() }
    }

    /// A watch, and what so many seconds after its start is.
    fn watch(times: Times) -> (Keepalive, impl Fn(u64) -> Instant) {
        let start = Instant::now();
        let watch = Keepalive::new(times, start).expect("something to watch");
        (watch, move |second| start + Duration::from_secs(second))
    }

    /// A moment at which we read.
    fn moment(now: Instant) -> Moment {
        Moment { real: now, peer: now, is_stalled: false }
    }

    /// When to poll next, where both clocks show the same.
    fn next(watch: &Keepalive) -> Option<Instant> {
        watch.next_ping().into_iter().chain(watch.deadline()).min()
    }

    fn missed(limit: u64, instead: Instead) -> Action {
        Action::PingTimeout(MissedPong { limit: Duration::from_secs(limit), instead })
    }

    fn ping(number: u64) -> Action {
        Action::Ping(format!("keepalive {number}").into_bytes())
    }

    #[test]
    fn nothing_to_watch() {
        assert!(Keepalive::new(Times::default(), Instant::now()).is_none());
    }

    #[test]
    fn a_peer_that_answers_is_pinged_on_and_on() {
        let (mut watch, at) = watch(pings(20, 10));
        for number in 1..=5 {
            let second = 20 * number;
            assert_eq!(next(&watch), Some(at(second)));
            assert_eq!(watch.poll(moment(at(second - 1)), 0), Action::Nothing);
            assert_eq!(watch.poll(moment(at(second)), 0), ping(number));
            watch.answered(format!("keepalive {number}").as_bytes(), at(second + 1));
        }
    }

    #[test]
    fn one_that_does_not_is_gone() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(moment(at(20)), 0), ping(1));
        watch.wrote(17, true, at(20));
        assert_eq!(next(&watch), Some(at(30)));
        assert_eq!(watch.poll(moment(at(29)), 0), Action::Nothing);
        assert_eq!(watch.poll(moment(at(30)), 0), missed(10, Instead::Nothing));
    }

    /// None of it is an answer, and each is said.
    #[test]
    fn what_came_instead_of_a_pong_is_told() {
        for (pongs, messages, instead) in [
            (0, 0, Instead::Other), // such as a ping
            (0, 2, Instead::Messages(2)),
            (1, 0, Instead::OtherPongs),
            (1, 2, Instead::OtherPongs),
        ] {
            let (mut watch, at) = watch(pings(20, 10));
            watch.received(at(10), false, 5);
            watch.other_pong(); // before the ping
            assert_eq!(watch.poll(moment(at(20)), 0), ping(1));
            watch.wrote(17, true, at(20));
            (0..pongs).for_each(|_| watch.other_pong());
            watch.received(at(25), false, 5 + messages);
            assert_eq!(watch.poll(moment(at(30)), 0), missed(10, instead));
        }
    }

    #[test]
    fn a_timeout_may_be_longer_than_the_interval() {
        let (mut watch, at) = watch(pings(1, 3));
        assert_eq!(watch.poll(moment(at(1)), 0), ping(1));
        watch.wrote(17, true, at(1));
        assert_eq!(watch.poll(moment(at(2)), 0), ping(2));
        watch.answered(b"keepalive 1", at(3));
        assert_eq!(watch.poll(moment(at(3)), 0), ping(3));
        watch.wrote(17, true, at(3));
        assert_eq!(watch.poll(moment(at(4)), 0), ping(4));
        watch.wrote(17, true, at(4));
        assert_eq!(watch.poll(moment(at(5)), 0), ping(5));
        watch.wrote(17, true, at(5));
        assert_eq!(watch.poll(moment(at(6)), 0), missed(3, Instead::Nothing));
    }

    #[test]
    fn without_a_timeout_it_only_pings() {
        let (mut watch, at) = watch(Times { ping_timeout: None, ..pings(20, 1) });
        for number in 1..100 {
            assert_eq!(watch.poll(moment(at(20 * number)), 0), ping(number));
        }
    }

    #[test]
    fn while_we_do_not_read_the_peer_is_not_late() {
        let (mut watch, at) = watch(Times { idle_timeout: Some(15 * SECOND), ..pings(20, 10) });
        watch.received(at(18), false, 0);
        assert_eq!(watch.poll(moment(at(20)), 0), ping(1));
        watch.wrote(17, true, at(20));
        // Since the 25th second we have not read.
        let stalled = |real| Moment { real: at(real), peer: at(25), is_stalled: true };
        assert_eq!(watch.poll(stalled(39), 0), Action::Nothing);
        assert_eq!(watch.poll(stalled(40), 0), ping(2)); // to keep the connection busy
        let resumed = |real, peer| Moment { real: at(real), peer: at(peer), is_stalled: false };
        assert_eq!(watch.poll(resumed(59, 29), 1), Action::Nothing); // 9 s that we have read
        assert_eq!(watch.poll(resumed(60, 30), 1), missed(10, Instead::Nothing));
    }

    #[test]
    fn a_peer_that_is_late_is_not_given_up_before_we_have_read() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(moment(at(20)), 0), ping(1));
        watch.wrote(17, true, at(20));
        let stalled = Moment { real: at(31), peer: at(31), is_stalled: true };
        assert_eq!(watch.poll(stalled, 0), Action::Nothing);
    }

    #[test]
    fn a_message_that_is_still_coming_in_holds_the_pong_back() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(moment(at(20)), 0), ping(1));
        watch.wrote(17, true, at(20));
        watch.received(at(29), true, 0);
        assert_eq!(watch.poll(moment(at(38)), 1), Action::Nothing);
        assert_eq!(watch.poll(moment(at(39)), 1), missed(10, Instead::Other));
    }

    #[test]
    fn what_goes_out_slowly_holds_the_ping_back() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(moment(at(20)), 1000), ping(1));
        watch.wrote(500, true, at(28));
        watch.wrote(500, true, at(36));
        assert_eq!(watch.poll(moment(at(40)), 100), Action::Nothing); // it still waits: no second one
        watch.wrote(100, true, at(40));
        watch.wrote(100, true, at(45)); // behind the ping
        assert_eq!(watch.poll(moment(at(49)), 1), Action::Nothing);
        assert_eq!(watch.poll(moment(at(50)), 1), missed(10, Instead::Nothing));
    }

    #[test]
    fn a_transport_that_takes_nothing_is_gone_too() {
        let (mut watch, at) = watch(pings(20, 10));
        assert_eq!(watch.poll(moment(at(20)), 500_000), ping(1));
        assert_eq!(watch.poll(moment(at(30)), 500_000), missed(10, Instead::TookNothing));
    }

    #[test]
    fn silence_is_counted_from_the_last_byte() {
        let (mut watch, at) = watch(idle(60));
        watch.received(at(50), false, 0);
        assert_eq!(next(&watch), Some(at(110)));
        watch.wrote(10, true, at(100)); // what we send is no sign of life
        assert_eq!(watch.poll(moment(at(109)), 0), Action::Nothing);
        assert_eq!(watch.poll(moment(at(110)), 0), Action::IdleTimeout(60 * SECOND));
    }

    #[test]
    fn times_beyond_the_clock_never_come() {
        let times = Times {
            ping_interval: Some(Duration::MAX),
            ping_timeout: Some(Duration::MAX),
            idle_timeout: Some(Duration::MAX),
        };
        let (mut watch, at) = watch(times);
        assert_eq!(next(&watch), None);
        assert_eq!(watch.poll(moment(at(1_000_000)), 0), Action::Nothing);
    }
}
