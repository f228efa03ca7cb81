//! Endings without a closing handshake: the transport ends, a timeout runs out, we abandon the connection.

use std::time::Duration;

use super::support::{CLOSE_TIMEOUT, Endpoint, ROLES, at, close_payload, options};
use super::wire::{bytes_for, close, frame};
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::vocabulary::{Misuse, Position, ReadyState};
use crate::protocol::{MessageKind, Opcode, Role, TransportEnd};

fn ends() -> [TransportEnd; 3] {
    [TransportEnd::Eof, TransportEnd::Truncated, TransportEnd::Reset]
}

/// The peer is not involved.
#[test]
fn a_failure_of_the_local_network_is_not_attributed_to_the_peer() {
    let mut we = Endpoint::client();
    we.end_transport(TransportEnd::Error("Network is down".to_owned()));
    assert_eq!((we.ending().code().get(), we.ending().initiator), (1006, Initiator::Local));
}

#[test]
fn system_errors_are_attributed_to_the_right_side() {
    use std::io::{Error, ErrorKind};
    let end = |kind: ErrorKind| TransportEnd::from(&Error::from(kind));
    assert_eq!(end(ErrorKind::ConnectionReset), TransportEnd::Reset);
    for kind in [ErrorKind::TimedOut, ErrorKind::NetworkDown, ErrorKind::ConnectionAborted] {
        assert!(matches!(end(kind), TransportEnd::Error(_)), "{kind}");
    }
}

#[test]
fn an_incomplete_message_is_part_of_the_ending() {
    let words = |end: &Endpoint| end.ending().incomplete.map(|message| message.to_string());
    for role in ROLES {
        let fragments = bytes_for(role, &[frame(0x01, "abc"), frame(0x00, "de")]);
        let mut closed = Endpoint::new(role);
        closed.receives(&[fragments.clone(), close(1000, "").bytes_for(role)].concat());
        assert_eq!(words(&closed), Some("5 bytes of a text message in 2 frames".to_owned()));
        assert!(closed.ending().is_clean());
        let mut answered = Endpoint::new(role);
        answered.closes(1000, "");
        answered.receives(&[fragments.clone(), close(1000, "").bytes_for(role)].concat());
        assert_eq!(words(&answered), Some("5 bytes of a text message in 2 frames".to_owned()));
        let mut cut = Endpoint::new(role);
        let part = frame(0x80, "xyz").bytes_for(role);
        cut.receives(&[fragments.clone(), part[..part.len() - 1].to_vec()].concat());
        cut.end_transport(TransportEnd::Eof);
        assert_eq!(words(&cut), Some("7 bytes of a text message in 3 frames".to_owned()));
        let mut whole = Endpoint::new(role);
        whole.receives(&[fragments, part, close(1000, "").bytes_for(role)].concat());
        assert_eq!(words(&whole), None);
        let mut broken = Endpoint::new(role);
        broken.receives(&bytes_for(role, &[frame(0x02, [0; 9]), frame(0x81, "a")]));
        broken.end_transport(TransportEnd::Eof);
        assert_eq!(words(&broken), None, "the violation names it");
    }
}

#[test]
fn the_transport_ends_before_any_close() {
    for role in ROLES {
        for end in ends() {
            let mut we = Endpoint::new(role);
            we.receives(&frame(0x81, "hi").bytes_for(role));
            we.end_transport(end.clone());
            let ending = we.ending();
            assert_eq!(ending.cause, EndCause::Transport(end, Position::Boundary));
            assert_eq!(ending.initiator, Initiator::Peer);
            assert_eq!((ending.code().get(), ending.reason()), (1006, ""));
            assert_eq!((&ending.sent, &ending.received, &ending.violation), (&None, &None, &None));
            assert!(!ending.is_clean() && we.is_finished());
            assert_eq!(we.connection.ready_state(), ReadyState::Closed);
        }
    }
}

#[test]
fn the_transport_ends_after_our_close() {
    for role in ROLES {
        for end in ends() {
            let mut we = Endpoint::new(role);
            we.closes(1000, "bye");
            we.take_output();
            we.end_transport(end.clone());
            let ending = we.ending();
            assert_eq!(ending.cause, EndCause::Transport(end, Position::Boundary));
            assert_eq!(ending.initiator, Initiator::Local);
            assert_eq!((ending.code().get(), ending.reason()), (1006, ""));
            assert_eq!(
                (&ending.sent, &ending.received),
                (&Some(close_payload(1000, "bye")), &None)
            );
            assert!(!ending.is_clean() && we.is_finished());
        }
    }
}

#[test]
fn the_transport_ends_after_both() {
    for role in ROLES {
        for end in ends() {
            let mut we = Endpoint::new(role);
            we.receives(&close(4321, "enough").bytes_for(role));
            we.take_output();
            let before = we.ending();
            we.end_transport(end);
            assert_eq!(we.ending(), before);
            assert_eq!(before.cause, EndCause::Handshake);
            assert_eq!((before.code().get(), before.reason()), (4321, "enough"));
        }
    }
}

/// The peer closes the transport before it has received our answer.
#[test]
fn the_transport_ends_before_our_answer_is_written() {
    let mut we = Endpoint::server();
    we.receives(&close(1001, "").bytes_for(Role::Server));
    assert!(!we.is_finished());
    we.end_transport(TransportEnd::Eof);
    assert!(we.is_finished());
    assert_eq!((we.ending().code().get(), we.ending().initiator), (1001, Initiator::Peer));
}

#[test]
fn the_first_ending_is_kept() {
    let mut end = Endpoint::client();
    end.end_transport(TransportEnd::Truncated);
    let first = end.ending();
    end.end_transport(TransportEnd::Eof);
    end.connection.abandon();
    end.at(1_000_000).on_deadline();
    assert_eq!(end.receives(&frame(0x81, "late").bytes_for(Role::Client)), []);
    assert_eq!(end.ending(), first);
}

#[test]
fn the_position_of_the_end_is_reported() {
    let payload = |opcode, got, of| Position::Payload { opcode, got, of };
    for role in ROLES {
        let key = if role == Role::Server { 4 } else { 0 };
        let long = frame(0x82, [0; 300]).bytes_for(role);
        let fragments = bytes_for(role, &[frame(0x01, "a"), frame(0x00, "b"), frame(0x89, "")]);
        let cases = [
            (vec![], Position::Boundary),
            (frame(0x81, "abc").bytes_for(role), Position::Boundary),
            (long[..1].to_vec(), Position::Header(1)),
            (long[..3 + key].to_vec(), Position::Header(3 + key)),
            (long[..4 + key].to_vec(), payload(Opcode::Binary, 0, 300)),
            (long[..5 + key].to_vec(), payload(Opcode::Binary, 1, 300)),
            (long[..303 + key].to_vec(), payload(Opcode::Binary, 299, 300)),
            (fragments.clone(), Position::Message(2)),
            ([&fragments[..], &[0x80]].concat(), Position::Header(1)),
            (
                [&fragments[..], &long[..0], &frame(0x80, "xyz").bytes_for(role)[..4 + key]]
                    .concat(),
                { payload(Opcode::Continuation, 2, 3) },
            ),
            (frame(0x89, "ping").bytes_for(role)[..4 + key].to_vec(), payload(Opcode::Ping, 2, 4)),
            (close(1000, "").bytes_for(role)[..2 + key].to_vec(), payload(Opcode::Close, 0, 2)),
        ];
        for (bytes, position) in cases {
            let mut end = Endpoint::new(role);
            end.receives(&bytes);
            end.end_transport(TransportEnd::Eof);
            let cause = EndCause::Transport(TransportEnd::Eof, position);
            assert_eq!(end.ending().cause, cause, "{role:?}, {bytes:x?}");
        }
    }
}

#[test]
fn positions_are_described() {
    let payload = Position::Payload { opcode: Opcode::Text, got: 3, of: 10 };
    for (position, words) in [
        (Position::Boundary, "between frames"),
        (Position::Header(1), "in the middle of a frame header (after 1 byte)"),
        (payload, "in the middle of a text frame (3 of 10 payload bytes received)"),
        (Position::Message(1), "in the middle of a fragmented message (after 1 frame)"),
        (Position::Message(2), "in the middle of a fragmented message (after 2 frames)"),
    ] {
        assert_eq!(position.to_string(), words);
    }
}

#[test]
fn a_peer_that_does_not_answer_our_close_times_out() {
    for role in ROLES {
        let mut end = Endpoint::new(role);
        assert_eq!(end.connection.deadline(), None);
        end.at(100).closes(1000, "");
        end.take_output();
        assert_eq!(end.connection.deadline(), Some(at(100) + CLOSE_TIMEOUT));
        end.at(5099).on_deadline();
        assert!(!end.is_finished() && end.connection.ending().is_none());
        end.at(5100).on_deadline();
        assert!(end.is_finished());
        assert_eq!(end.connection.deadline(), None);
        let ending = end.ending();
        assert_eq!((&ending.cause, ending.initiator), (&EndCause::CloseTimeout, Initiator::Local));
        assert_eq!((ending.code().get(), ending.is_clean()), (1006, false));
    }
}

/// Received messages do not extend the close timeout.
#[test]
fn messages_do_not_extend_the_deadline() {
    let mut end = Endpoint::client();
    end.closes(1000, "");
    end.at(4999).receives(&frame(0x81, "still here").bytes_for(Role::Client));
    assert_eq!(end.connection.deadline(), Some(at(5000)));
}

#[test]
fn an_answer_in_time_removes_the_deadline() {
    let mut end = Endpoint::client();
    end.closes(1000, "");
    end.take_output();
    end.at(4000).receives(&close(1000, "").bytes_for(Role::Client));
    assert_eq!(end.connection.deadline(), None);
    end.at(60_000).on_deadline();
    assert_eq!(end.ending().cause, EndCause::Handshake);
}

/// A peer that has closed but does not read any more.
#[test]
fn an_answer_that_cannot_be_written_is_abandoned_soon() {
    let mut end = Endpoint::server();
    end.at(10).receives(&close(1000, "").bytes_for(Role::Server));
    assert_eq!(end.connection.deadline(), Some(at(110)));
    end.at(110).on_deadline();
    assert!(end.is_finished());
    assert_eq!(end.ending().cause, EndCause::Handshake);
}

/// A peer that continues to read gets more time, up to a limit.
#[test]
fn output_progress_extends_the_deadline_of_the_answer() {
    let mut end = Endpoint::server();
    end.sends(MessageKind::Text, &[b'x'; 1000]);
    end.receives(&close(1000, "").bytes_for(Role::Server));
    for millis in [80, 160, 4990] {
        end.take_output_up_to(10);
        end.connection.note_output_progress(at(millis));
        let latest = at((millis + 100).min(5000));
        assert_eq!(end.connection.deadline(), Some(latest));
    }
}

/// The close timeout restarts while the peer reads what was sent before our Close frame.
#[test]
fn a_peer_that_is_still_reading_messages_is_not_late() {
    let mut end = Endpoint::client();
    end.sends(MessageKind::Text, &[b'x'; 1000]);
    end.closes(1000, "");
    end.take_output_up_to(10);
    end.connection.note_output_progress(at(4000));
    assert_eq!(end.connection.deadline(), Some(at(4000) + CLOSE_TIMEOUT));
}

#[test]
fn without_a_timeout_there_is_no_deadline() {
    let mut options = options(Role::Client);
    options.close_timeout = None;
    let mut end = Endpoint::with(options);
    end.closes(1000, "");
    assert_eq!(end.connection.deadline(), None);
    end.at(1_000_000_000).on_deadline();
    assert!(!end.is_finished());
}

#[test]
fn a_timeout_of_zero_ends_immediately() {
    let mut options = options(Role::Client);
    options.close_timeout = Some(Duration::ZERO);
    let mut end = Endpoint::with(options);
    end.closes(1000, "");
    end.on_deadline();
    assert_eq!(end.ending().cause, EndCause::CloseTimeout);
}

#[test]
fn abandoning_ends_the_connection_immediately() {
    for role in ROLES {
        let mut open = Endpoint::new(role);
        open.sends(MessageKind::Text, b"unwritten");
        let mut closing = Endpoint::new(role);
        closing.closes(1000, "");
        for mut end in [open, closing] {
            end.receives(&frame(0x01, "half").bytes_for(role)[..3]);
            end.connection.abandon();
            assert!(end.is_finished());
            let ending = end.ending();
            assert_eq!((&ending.cause, ending.initiator), (&EndCause::Abandoned, Initiator::Local));
            assert_eq!((ending.code().get(), ending.is_clean()), (1006, false));
            assert_eq!(end.connection.send(MessageKind::Text, b"x"), Err(Misuse::Closing));
            assert_eq!(end.receives(&frame(0x81, "late").bytes_for(role)), []);
        }
    }
}

#[test]
fn abandoning_after_the_closing_handshake_is_clean() {
    let mut end = Endpoint::client();
    end.receives(&close(1000, "").bytes_for(Role::Client));
    end.connection.abandon();
    assert!(end.ending().is_clean());
    assert!(end.is_finished(), "our answer is not waited for");
}

#[test]
fn what_was_received_in_part_is_known_while_the_connection_is_open() {
    let payload = |opcode, got, of| Position::Payload { opcode, got, of };
    let bytes = bytes_for(Role::Client, &[frame(0x01, "abc"), frame(0x89, "p"), frame(0x80, "de")]);
    let expected = [
        (None, Position::Boundary),
        (None, Position::Header(1)),
        (Some((1, 0)), payload(Opcode::Text, 0, 3)),
        (Some((1, 1)), payload(Opcode::Text, 1, 3)),
        (Some((1, 2)), payload(Opcode::Text, 2, 3)),
        (Some((1, 3)), Position::Message(1)),
        (Some((1, 3)), Position::Header(1)),
        (Some((1, 3)), payload(Opcode::Ping, 0, 1)),
        (Some((1, 3)), Position::Message(1)),
        (Some((1, 3)), Position::Header(1)),
        (Some((2, 3)), payload(Opcode::Continuation, 0, 2)),
        (Some((2, 4)), payload(Opcode::Continuation, 1, 2)),
        (None, Position::Boundary),
    ];
    assert_eq!(bytes.len() + 1, expected.len());
    for (count, (message, position)) in expected.into_iter().enumerate() {
        let mut we = Endpoint::client();
        we.receives(&bytes[..count]);
        let partial = we.connection.partial();
        if message.is_none() && position == Position::Boundary {
            assert_eq!(partial, None, "{count} bytes");
            continue;
        }
        let partial = partial.expect("a part");
        let got = partial.message.map(|message| (message.frames, message.size));
        assert_eq!((got, partial.position), (message, position), "{count} bytes");
        we.end_transport(TransportEnd::Eof);
        assert_eq!(we.connection.partial(), None, "it has ended");
    }
}
