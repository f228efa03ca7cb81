//! Pings, pongs and round-trip times (RFC 6455 sections 5.5.2 and 5.5.3).

use std::time::Duration;

use super::support::{Endpoint, Observed, ROLES, at, deliver};
use super::wire::{Raw, bytes_for, frame, peer_of};
use crate::protocol::Role;
use crate::protocol::frame::Opcode;
use crate::protocol::vocabulary::Direction::{Received, Sent};
use crate::protocol::vocabulary::Misuse;

fn pong(payload: impl AsRef<[u8]>) -> Raw {
    frame(0x8a, payload)
}

fn observed(payload: &str, rtt: Option<u64>) -> Observed {
    Observed::Pong(Received, payload.as_bytes().to_vec(), rtt.map(Duration::from_millis))
}

/// A client that has sent these pings at intervals of one millisecond.
fn client_with_pings(payloads: &[&str]) -> Endpoint {
    let mut client = Endpoint::client();
    for (millis, payload) in (0..).zip(payloads) {
        client.at(millis).pings(payload.as_bytes());
    }
    client.events();
    client
}

#[test]
fn a_ping_is_answered_and_timed() {
    for role in ROLES {
        let (mut we, mut peer) = (Endpoint::new(role), Endpoint::new(peer_of(role)));
        we.at(10).pings(b"42");
        assert_eq!(we.events(), [Observed::Ping(Sent, b"42".to_vec())]);
        let received = deliver(&mut we, &mut peer);
        assert_eq!(
            received,
            [Observed::Ping(Received, b"42".to_vec()), Observed::Pong(Sent, b"42".to_vec(), None)]
        );
        we.at(25);
        assert_eq!(deliver(&mut peer, &mut we), [observed("42", Some(15))]);
    }
}

#[test]
fn every_ping_is_answered_in_order() {
    for role in ROLES {
        let pings: Vec<Raw> = ["1", "2", ""].map(|payload| frame(0x89, payload)).to_vec();
        let pongs: Vec<Raw> = ["1", "2", ""].map(pong).to_vec();
        let mut end = Endpoint::new(role);
        end.receives(&bytes_for(role, &pings));
        assert_eq!(end.take_output(), bytes_for(peer_of(role), &pongs));
    }
}

#[test]
fn a_pong_is_matched_to_the_ping_with_its_payload() {
    let mut client = client_with_pings(&["a", "b", "c"]);
    client.at(100);
    let received = client.receives(&bytes_for(Role::Client, &[pong("a"), pong("b"), pong("c")]));
    assert_eq!(
        received,
        [observed("a", Some(100)), observed("b", Some(99)), observed("c", Some(98))]
    );
}

/// RFC 6455 section 5.5.3: a peer may answer only the most recent ping, which answers earlier ones too.
#[test]
fn a_pong_to_the_latest_ping_answers_earlier_ones() {
    let mut client = client_with_pings(&["a", "b", "c", "d"]);
    client.at(100);
    let received =
        client.receives(&bytes_for(Role::Client, &[pong("c"), pong("a"), pong("b"), pong("d")]));
    assert_eq!(
        received,
        [
            observed("c", Some(98)),
            observed("a", None),
            observed("b", None),
            observed("d", Some(97))
        ]
    );
}

#[test]
fn an_unsolicited_pong_has_no_round_trip_time() {
    let mut client = client_with_pings(&["a"]);
    let received =
        client.receives(&bytes_for(Role::Client, &[pong(""), pong("b"), pong("a"), pong("a")]));
    assert_eq!(
        received,
        [observed("", None), observed("b", None), observed("a", Some(0)), observed("a", None)]
    );
    assert_eq!(client.take_output(), frame(0x89, "a").bytes_for(Role::Server));
}

#[test]
fn only_the_last_64_pings_are_tracked() {
    let payloads: Vec<String> = (0..70).map(|number| number.to_string()).collect();
    let mut client = client_with_pings(&payloads.iter().map(String::as_str).collect::<Vec<_>>());
    client.at(100);
    let received =
        client.receives(&bytes_for(Role::Client, &payloads.iter().map(pong).collect::<Vec<_>>()));
    for (number, event) in received.into_iter().enumerate() {
        let rtt = (number >= 6).then(|| 100 - number as u64);
        assert_eq!(event, observed(&number.to_string(), rtt));
    }
}

#[test]
fn a_clock_that_went_back_gives_a_time_of_zero() {
    let mut client = Endpoint::client();
    client.at(50).pings(b"x");
    client.events();
    assert_eq!(
        client.at(40).receives(&pong("x").bytes_for(Role::Client)),
        [observed("x", Some(0))]
    );
}

#[test]
fn unsolicited_pongs_can_be_sent() {
    for role in ROLES {
        let mut end = Endpoint::new(role);
        end.connection.pong(b"alive").expect("it is open");
        assert_eq!(end.events(), [Observed::Pong(Sent, b"alive".to_vec(), None)]);
        assert_eq!(end.take_output(), pong("alive").bytes_for(peer_of(role)));
    }
}

#[test]
fn the_payload_of_a_ping_is_limited_to_125_bytes() {
    let mut end = Endpoint::client();
    let refused = Misuse::ControlTooLong(Opcode::Ping, 126);
    assert_eq!(end.connection.ping(&[0; 126], at(0)), Err(refused));
    assert_eq!(end.connection.ping(&[0; 125], at(0)), Ok(()));
    assert_eq!(end.take_output().len(), 2 + 4 + 125);
}
