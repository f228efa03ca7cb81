//! The closing handshake in every order (RFC 6455 section 7.1), and what is possible during it.

use super::support::{Endpoint, Observed, ROLES, at, close_payload, deliver};
use super::wire::{bytes_for, close, frame, peer_of};
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::vocabulary::Direction::{Received, Sent};
use crate::protocol::vocabulary::{Misuse, ReadyState};
use crate::protocol::{MessageKind, Role, TransportEnd};

fn pair(role: Role) -> (Endpoint, Endpoint) {
    (Endpoint::new(role), Endpoint::new(peer_of(role)))
}

#[test]
fn we_close_first() {
    for role in ROLES {
        let (mut we, mut peer) = pair(role);
        we.closes(1000, "bye");
        assert_eq!(we.connection.ready_state(), ReadyState::Closing);
        assert_eq!(we.events(), [Observed::Close(Sent, close_payload(1000, "bye"))]);

        let observed = deliver(&mut we, &mut peer);
        assert_eq!(
            observed,
            [
                Observed::Close(Received, close_payload(1000, "bye")),
                Observed::Close(Sent, close_payload(1000, ""))
            ]
        );
        assert!(!we.is_finished() && we.connection.ending().is_none());

        assert_eq!(
            deliver(&mut peer, &mut we),
            [Observed::Close(Received, close_payload(1000, ""))]
        );
        assert!(we.is_finished() && peer.is_finished());
        assert_eq!(we.connection.ready_state(), ReadyState::Closed);

        let (ours, theirs) = (we.ending(), peer.ending());
        assert_eq!((ours.initiator, theirs.initiator), (Initiator::Local, Initiator::Peer));
        assert_eq!((ours.code().get(), ours.reason()), (1000, ""));
        assert_eq!((theirs.code().get(), theirs.reason()), (1000, "bye"));
        assert_eq!(
            (ours.sent, theirs.sent),
            (Some(close_payload(1000, "bye")), Some(close_payload(1000, "")))
        );
        assert!(we.ending().is_clean() && peer.ending().is_clean());
    }
}

#[test]
fn without_a_code_the_frames_are_empty() {
    for role in ROLES {
        let (mut we, mut peer) = pair(role);
        we.try_close(None, "").expect("it is open");
        let written = we.take_output();
        assert_eq!(written, frame(0x88, "").bytes_for(peer_of(role)));
        peer.receives(&written);
        deliver(&mut peer, &mut we);
        for end in [we, peer] {
            let ending = end.ending();
            assert_eq!((ending.code().get(), ending.reason()), (1005, ""));
            assert_eq!(
                (&ending.sent, &ending.received),
                (&Some(close_payload(None, "")), &Some(close_payload(None, "")))
            );
            assert!(ending.is_clean());
        }
    }
}

#[test]
fn both_close_at_once() {
    for role in ROLES {
        let (mut we, mut peer) = pair(role);
        we.closes(1001, "we go");
        peer.closes(4000, "they go");
        assert_eq!(we.events(), [Observed::Close(Sent, close_payload(1001, "we go"))]);
        assert_eq!(peer.events(), [Observed::Close(Sent, close_payload(4000, "they go"))]);
        let (from_us, from_peer) = (we.take_output(), peer.take_output());
        assert_eq!(
            we.receives(&from_peer),
            [Observed::Close(Received, close_payload(4000, "they go"))]
        );
        assert_eq!(
            peer.receives(&from_us),
            [Observed::Close(Received, close_payload(1001, "we go"))]
        );
        assert_eq!((we.take_output(), peer.take_output()), (vec![], vec![]));
        let (ours, theirs) = (we.ending(), peer.ending());
        assert_eq!((ours.initiator, theirs.initiator), (Initiator::Local, Initiator::Local));
        assert_eq!((ours.code().get(), theirs.code().get()), (4000, 1001));
        assert!(ours.is_clean() && theirs.is_clean());
    }
}

#[test]
fn the_connection_is_finished_only_when_our_answer_is_written() {
    for role in ROLES {
        let mut end = Endpoint::new(role);
        end.receives(&close(1000, "").bytes_for(role));
        assert_eq!(end.connection.ready_state(), ReadyState::Closed);
        let answer = close(1000, "").bytes_for(peer_of(role));
        let mut written = Vec::new();
        while written.len() < answer.len() {
            assert!(!end.is_finished(), "after {} of {} bytes", written.len(), answer.len());
            written.append(&mut end.take_output_up_to(1));
        }
        assert_eq!(written, answer);
        assert!(end.is_finished());
    }
}

/// The peer's Close frame is received while ours is not written yet.
#[test]
fn the_connection_is_finished_only_when_our_close_is_written() {
    let mut end = Endpoint::client();
    end.closes(1000, "");
    end.receives(&close(1001, "").bytes_for(Role::Client));
    assert!(!end.is_finished());
    end.take_output_up_to(7);
    assert!(!end.is_finished());
    end.take_output();
    assert!(end.is_finished());
    assert_eq!(end.ending().initiator, Initiator::Local);
}

#[test]
fn messages_before_the_close_are_written_before_it() {
    for role in ROLES {
        let (mut we, mut peer) = pair(role);
        we.sends(MessageKind::Text, b"last words");
        we.closes(1000, "");
        let observed = deliver(&mut we, &mut peer);
        let is_message =
            matches!(&observed[0], Observed::Message { data, .. } if data == b"last words");
        assert!(is_message && matches!(observed[1], Observed::Close(Received, _)), "{observed:?}");
    }
}

#[test]
fn nothing_can_be_sent_after_either_close() {
    for role in ROLES {
        let mut closing = Endpoint::new(role);
        closing.closes(1000, "");
        let mut closed = Endpoint::new(role);
        closed.receives(&close(1000, "").bytes_for(role));
        let mut broken = Endpoint::new(role);
        broken.receives(&frame(0x80, "").bytes_for(role));
        let mut gone = Endpoint::new(role);
        gone.end_transport(TransportEnd::Eof);
        for mut end in [closing, closed, broken, gone] {
            let (written, sent) = (end.take_output(), end.counters());
            assert_eq!(end.connection.send(MessageKind::Text, b"x"), Err(Misuse::Closing));
            assert_eq!(end.connection.ping(b"", at(0)), Err(Misuse::Closing));
            assert_eq!(end.connection.pong(b""), Err(Misuse::Closing));
            assert_eq!(end.try_close(Some(1000), ""), Err(Misuse::Closing));
            assert_eq!(end.try_close(Some(1005), ""), Err(Misuse::Closing));
            assert_eq!((end.take_output(), end.counters()), (vec![], sent), "after {written:?}");
        }
    }
}

#[test]
fn messages_are_received_after_our_close() {
    for role in ROLES {
        let mut end = Endpoint::new(role);
        end.receives(&frame(0x01, "started ").bytes_for(role));
        end.closes(1000, "");
        end.events();
        let observed = end.receives(&bytes_for(
            role,
            &[frame(0x80, "before"), frame(0x82, "whole"), close(1000, "")],
        ));
        let [
            Observed::Message { data, .. },
            Observed::Message { .. },
            Observed::Close(Received, _),
        ] = &observed[..]
        else {
            panic!("{observed:?}")
        };
        assert_eq!(data, b"started before");
    }
}

#[test]
fn pings_are_reported_but_not_answered_after_our_close() {
    for role in ROLES {
        let mut end = Endpoint::new(role);
        end.closes(1000, "");
        end.events();
        end.take_output();
        let observed = end.receives(&frame(0x89, "there?").bytes_for(role));
        assert_eq!(observed, [Observed::Ping(Received, b"there?".to_vec())]);
        assert_eq!(end.take_output(), b"");
    }
}

#[test]
fn a_pong_after_our_close_has_a_round_trip_time() {
    let mut end = Endpoint::client();
    end.pings(b"1");
    end.closes(1000, "");
    end.events();
    let observed = end.at(30).receives(&frame(0x8a, "1").bytes_for(Role::Client));
    assert_eq!(observed, [Observed::Pong(Received, b"1".to_vec(), Some(at(30) - at(0)))]);
}

/// A violation after our Close frame is reported; no second Close frame is sent.
#[test]
fn a_violation_after_our_close_causes_no_second_close() {
    for role in ROLES {
        let mut end = Endpoint::new(role);
        end.closes(1000, "");
        end.events();
        end.take_output();
        let observed = end.receives(&frame(0x80, "").bytes_for(role));
        assert!(matches!(&observed[..], [Observed::Violation(_)]), "{observed:?}");
        assert_eq!(end.take_output(), b"");
        end.end_transport(TransportEnd::Eof);
        assert_eq!(end.ending().cause, EndCause::Violation);
        assert_eq!(end.ending().sent, Some(close_payload(1000, "")));
    }
}

/// A peer that has closed accepts no more messages: those that are not partly written can be retracted,
/// for another connection.
#[test]
fn unwritten_messages_can_be_retracted_when_the_peer_closes() {
    for role in ROLES {
        let (mut end, mut peer) = (Endpoint::new(role), Endpoint::new(peer_of(role)));
        end.sends(MessageKind::Text, b"begun");
        let first = end.connection.pending_output().len();
        end.sends(MessageKind::Text, b"not begun");
        let begun = end.take_output_up_to(3);
        peer.closes(1012, "restart");
        end.receives(&peer.take_output());
        end.connection.retract_output(first - 3);
        let rest = end.take_output();
        assert!(end.is_finished());
        peer.events();
        let observed = peer.receives(&[begun, rest].concat());
        let text = |observed: &Observed| matches!(observed, Observed::Message { data, .. } if data == b"begun");
        assert!(text(&observed[0]), "{observed:?}");
        assert_eq!(
            observed[1..],
            [Observed::Close(Received, close_payload(1012, ""))],
            "{observed:?}"
        );
    }
}

/// Without the peer's Close frame nothing is dropped.
#[test]
fn nothing_is_retracted_from_an_open_connection() {
    let mut end = Endpoint::client();
    end.sends(MessageKind::Text, b"stays");
    let before = end.connection.pending_output().to_vec();
    end.connection.retract_output(0);
    assert_eq!(end.connection.pending_output(), before);
}
