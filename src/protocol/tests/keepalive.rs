//! Keepalive of a connection, with a peer that answers and one that does not.

use std::time::Duration;

use super::support::{Endpoint, Observed, at, deliver};
use crate::protocol::keepalive::{
    Keepalive, KeepaliveAction, KeepaliveTime, KeepaliveTimes, MissedPong, PeerActivity,
};
use crate::protocol::vocabulary::Direction::Received;

const TIMES: KeepaliveTimes = KeepaliveTimes {
    ping_interval: Some(Duration::from_secs(1)),
    ping_timeout: Some(Duration::from_secs(3)),
    idle_timeout: Some(Duration::from_secs(5)),
};

fn missed(instead: PeerActivity) -> KeepaliveAction {
    KeepaliveAction::PingTimeout(MissedPong { limit: Duration::from_secs(3), instead })
}

/// A client with keepalive, and its server.
struct Pair {
    client: Endpoint,
    server: Endpoint,
    watch: Keepalive,
}

impl Pair {
    fn new() -> Self {
        let watch = Keepalive::new(TIMES, at(0)).expect("a timeout is set");
        Self { client: Endpoint::client(), server: Endpoint::server(), watch }
    }

    /// Polls the client's keepalive at this time, and sends the ping if there is one.
    fn look(&mut self, millis: u64) -> KeepaliveAction {
        let pending = self.client.connection.pending_output().len();
        let now = KeepaliveTime { real: at(millis), peer: at(millis), is_stalled: false };
        let action = self.watch.poll(now, pending);
        if let KeepaliveAction::Ping(payload) = &action {
            self.client.at(millis).pings(payload);
            self.client.events();
        }
        action
    }

    /// Delivers the ping and its answer.
    fn exchange(&mut self, millis: u64) {
        let sent = self.client.connection.pending_output().len();
        self.server.at(millis);
        deliver(&mut self.client, &mut self.server);
        if sent > 0 {
            self.watch.wrote(sent, true, at(millis));
        }
        self.client.at(millis);
        for observed in deliver(&mut self.server, &mut self.client) {
            self.watch.received(at(millis), self.client.connection.is_receiving_message(), 0);
            match observed {
                Observed::Pong(Received, payload, Some(_)) => {
                    self.watch.answered(&payload, at(millis))
                }
                Observed::Pong(Received, _, None) => self.watch.other_pong(),
                _ => {}
            }
        }
    }

    /// The length of the state of both endpoints as text: it grows if old state is kept.
    fn size(&self) -> usize {
        let ends = [&self.client.connection, &self.server.connection];
        ends.iter().map(|end| format!("{end:?}").len()).sum()
    }
}

#[test]
fn a_day_of_pings_does_not_accumulate_state() {
    const DAY: u64 = 86_400;
    let mut pair = Pair::new();
    let mut early = 0;
    for second in 1..=DAY {
        let millis = 1000 * second;
        assert!(matches!(pair.look(millis), KeepaliveAction::Ping(_)), "second {second}");
        pair.exchange(millis + 40);
        assert_eq!(pair.look(millis + 41), KeepaliveAction::Nothing, "second {second}");
        if second == 10 {
            early = pair.size();
        }
    }
    assert_eq!(pair.server.counters()[0].frames, DAY);
    assert_eq!(pair.client.counters()[0].frames, DAY);
    let late = pair.size();
    assert!(late < early + 200, "{early} characters at first, {late} at the end");
}

#[test]
fn a_peer_that_hangs_is_detected_in_time() {
    let mut pair = Pair::new();
    for second in 1..=60 {
        pair.look(1000 * second);
        pair.exchange(1000 * second + 40);
    }
    assert!(matches!(pair.look(61_000), KeepaliveAction::Ping(_)));
    assert!(matches!(pair.look(62_000), KeepaliveAction::Nothing)); // the first one is not written yet
    assert_eq!(pair.look(63_999), KeepaliveAction::Nothing);
    assert_eq!(pair.look(64_000), missed(PeerActivity::NotReading));
}

#[test]
fn an_unsolicited_pong_is_not_an_answer() {
    let mut pair = Pair::new();
    pair.look(1000);
    let lost = pair.client.take_output();
    pair.watch.wrote(lost.len(), true, at(1000));
    for payload in ["", "keepalive 0", "keepalive 2", "1"] {
        pair.server.connection.pong(payload.as_bytes()).expect("it is open");
    }
    pair.exchange(3900);
    assert_eq!(pair.look(4000), missed(PeerActivity::OtherPongs));
}
