//! Endings without a closing handshake: the transport ends, a timeout runs out, we abandon the connection.

use std::time::Duration;

use super::support::{CLOSE_TIMEOUT, End, ROLES, at, options, said};
use super::wire::{close, frame, heard_by};
use crate::protocol::connection::{EndCause, Party};
use crate::protocol::vocabulary::{Misuse, Position, ReadyState};
use crate::protocol::{MessageKind, Opcode, Role, TransportEnd};

fn ends() -> [TransportEnd; 3] {
    [TransportEnd::Eof, TransportEnd::Truncated, TransportEnd::Reset]
}

/// The peer is not involved.
#[test]
fn a_failure_of_the_local_network_is_not_attributed_to_the_peer() {
    let mut we = End::client();
    we.loses_transport(TransportEnd::Error("Network is down".to_owned()));
    assert_eq!((we.ending().code().get(), we.ending().initiator), (1006, Party::Local));
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
    let words = |end: &End| end.ending().incomplete.map(|message| message.to_string());
    for role in ROLES {
        let fragments = heard_by(role, &[frame(0x01, "abc"), frame(0x00, "de")]);
        let mut closed = End::new(role);
        closed.hears(&[fragments.clone(), close(1000, "").heard_by(role)].concat());
        assert_eq!(words(&closed), Some("5 bytes of a text message in 2 frames".to_owned()));
        assert!(closed.ending().is_clean());
        let mut answered = End::new(role);
        answered.closes(1000, "");
        answered.hears(&[fragments.clone(), close(1000, "").heard_by(role)].concat());
        assert_eq!(words(&answered), Some("5 bytes of a text message in 2 frames".to_owned()));
        let mut cut = End::new(role);
        let part = frame(0x80, "xyz").heard_by(role);
        cut.hears(&[fragments.clone(), part[..part.len() - 1].to_vec()].concat());
        cut.loses_transport(TransportEnd::Eof);
        assert_eq!(words(&cut), Some("7 bytes of a text message in 3 frames".to_owned()));
        let mut whole = End::new(role);
        whole.hears(&[fragments, part, close(1000, "").heard_by(role)].concat());
        assert_eq!(words(&whole), None);
        let mut broken = End::new(role);
        broken.hears(&heard_by(role, &[frame(0x02, [0; 9]), frame(0x81, "a")]));
        broken.loses_transport(TransportEnd::Eof);
        assert_eq!(words(&broken), None, "the violation names it");
    }
}

#[test]
fn the_transport_ends_before_any_close() {
    for role in ROLES {
        for end in ends() {
            let mut we = End::new(role);
            we.hears(&frame(0x81, "hi").heard_by(role));
            we.loses_transport(end.clone());
            let ending = we.ending();
            assert_eq!(ending.cause, EndCause::Transport(end, Position::Boundary));
            assert_eq!(ending.initiator, Party::Peer);
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
            let mut we = End::new(role);
            we.closes(1000, "bye");
            we.writes();
            we.loses_transport(end.clone());
            let ending = we.ending();
            assert_eq!(ending.cause, EndCause::Transport(end, Position::Boundary));
            assert_eq!(ending.initiator, Party::Local);
            assert_eq!((ending.code().get(), ending.reason()), (1006, ""));
            assert_eq!((&ending.sent, &ending.received), (&Some(said(1000, "bye")), &None));
            assert!(!ending.is_clean() && we.is_finished());
        }
    }
}

#[test]
fn the_transport_ends_after_both() {
    for role in ROLES {
        for end in ends() {
            let mut we = End::new(role);
            we.hears(&close(4321, "enough").heard_by(role));
            we.writes();
            let before = we.ending();
            we.loses_transport(end);
            assert_eq!(we.ending(), before);
            assert_eq!(before.cause, EndCause::Handshake);
            assert_eq!((before.code().get(), before.reason()), (4321, "enough"));
        }
    }
}

/// The peer closes the transport before it has received our answer.
#[test]
fn the_transport_ends_before_our_answer_is_written() {
    let mut we = End::server();
    we.hears(&close(1001, "").heard_by(Role::Server));
    assert!(!we.is_finished());
    we.loses_transport(TransportEnd::Eof);
    assert!(we.is_finished());
    assert_eq!((we.ending().code().get(), we.ending().initiator), (1001, Party::Peer));
}

#[test]
fn the_first_ending_is_kept() {
    let mut end = End::client();
    end.loses_transport(TransportEnd::Truncated);
    let first = end.ending();
    end.loses_transport(TransportEnd::Eof);
    end.connection.abandon();
    end.at(1_000_000).looks_at_the_clock();
    assert_eq!(end.hears(&frame(0x81, "late").heard_by(Role::Client)), []);
    assert_eq!(end.ending(), first);
}

#[test]
fn the_position_of_the_end_is_reported() {
    let payload = |opcode, got, of| Position::Payload { opcode, got, of };
    for role in ROLES {
        let key = if role == Role::Server { 4 } else { 0 };
        let long = frame(0x82, [0; 300]).heard_by(role);
        let fragments = heard_by(role, &[frame(0x01, "a"), frame(0x00, "b"), frame(0x89, "")]);
        let cases = [
            (vec![], Position::Boundary),
            (frame(0x81, "abc").heard_by(role), Position::Boundary),
            (long[..1].to_vec(), Position::Header(1)),
            (long[..3 + key].to_vec(), Position::Header(3 + key)),
            (long[..4 + key].to_vec(), payload(Opcode::Binary, 0, 300)),
            (long[..5 + key].to_vec(), payload(Opcode::Binary, 1, 300)),
            (long[..303 + key].to_vec(), payload(Opcode::Binary, 299, 300)),
            (fragments.clone(), Position::Message(2)),
            ([&fragments[..], &[0x80]].concat(), Position::Header(1)),
            (
                [&fragments[..], &long[..0], &frame(0x80, "xyz").heard_by(role)[..4 + key]]
                    .concat(),
                { payload(Opcode::Continuation, 2, 3) },
            ),
            (frame(0x89, "ping").heard_by(role)[..4 + key].to_vec(), payload(Opcode::Ping, 2, 4)),
            (close(1000, "").heard_by(role)[..2 + key].to_vec(), payload(Opcode::Close, 0, 2)),
        ];
        for (bytes, position) in cases {
            let mut end = End::new(role);
            end.hears(&bytes);
            end.loses_transport(TransportEnd::Eof);
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
        let mut end = End::new(role);
        assert_eq!(end.connection.deadline(), None);
        end.at(100).closes(1000, "");
        end.writes();
        assert_eq!(end.connection.deadline(), Some(at(100) + CLOSE_TIMEOUT));
        end.at(5099).looks_at_the_clock();
        assert!(!end.is_finished() && end.connection.ending().is_none());
        end.at(5100).looks_at_the_clock();
        assert!(end.is_finished());
        assert_eq!(end.connection.deadline(), None);
        let ending = end.ending();
        assert_eq!((&ending.cause, ending.initiator), (&EndCause::CloseTimeout, Party::Local));
        assert_eq!((ending.code().get(), ending.is_clean()), (1006, false));
    }
}

/// Received messages do not extend the close timeout.
#[test]
fn messages_do_not_extend_the_deadline() {
    let mut end = End::client();
    end.closes(1000, "");
    end.at(4999).hears(&frame(0x81, "still here").heard_by(Role::Client));
    assert_eq!(end.connection.deadline(), Some(at(5000)));
}

#[test]
fn an_answer_in_time_removes_the_deadline() {
    let mut end = End::client();
    end.closes(1000, "");
    end.writes();
    end.at(4000).hears(&close(1000, "").heard_by(Role::Client));
    assert_eq!(end.connection.deadline(), None);
    end.at(60_000).looks_at_the_clock();
    assert_eq!(end.ending().cause, EndCause::Handshake);
}

/// A peer that has closed but does not read any more.
#[test]
fn an_answer_that_cannot_be_written_is_abandoned_soon() {
    let mut end = End::server();
    end.at(10).hears(&close(1000, "").heard_by(Role::Server));
    assert_eq!(end.connection.deadline(), Some(at(110)));
    end.at(110).looks_at_the_clock();
    assert!(end.is_finished());
    assert_eq!(end.ending().cause, EndCause::Handshake);
}

/// A peer that continues to read gets more time, up to a limit.
#[test]
fn output_progress_extends_the_deadline_of_the_answer() {
    let mut end = End::server();
    end.sends(MessageKind::Text, &[b'x'; 1000]);
    end.hears(&close(1000, "").heard_by(Role::Server));
    for millis in [80, 160, 4990] {
        end.writes_up_to(10);
        end.connection.note_output_progress(at(millis));
        let latest = at((millis + 100).min(5000));
        assert_eq!(end.connection.deadline(), Some(latest));
    }
}

/// The close timeout restarts while the peer reads what was sent before our Close frame.
#[test]
fn a_peer_that_is_still_reading_messages_is_not_late() {
    let mut end = End::client();
    end.sends(MessageKind::Text, &[b'x'; 1000]);
    end.closes(1000, "");
    end.writes_up_to(10);
    end.connection.note_output_progress(at(4000));
    assert_eq!(end.connection.deadline(), Some(at(4000) + CLOSE_TIMEOUT));
}

#[test]
fn without_a_timeout_there_is_no_deadline() {
    let mut options = options(Role::Client);
    options.close_timeout = None;
    let mut end = End::with(options);
    end.closes(1000, "");
    assert_eq!(end.connection.deadline(), None);
    end.at(1_000_000_000).looks_at_the_clock();
    assert!(!end.is_finished());
}

#[test]
fn a_timeout_of_zero_ends_immediately() {
    let mut options = options(Role::Client);
    options.close_timeout = Some(Duration::ZERO);
    let mut end = End::with(options);
    end.closes(1000, "");
    end.looks_at_the_clock();
    assert_eq!(end.ending().cause, EndCause::CloseTimeout);
}

#[test]
fn abandoning_ends_the_connection_immediately() {
    for role in ROLES {
        let mut open = End::new(role);
        open.sends(MessageKind::Text, b"unwritten");
        let mut closing = End::new(role);
        closing.closes(1000, "");
        for mut end in [open, closing] {
            end.hears(&frame(0x01, "half").heard_by(role)[..3]);
            end.connection.abandon();
            assert!(end.is_finished());
            let ending = end.ending();
            assert_eq!((&ending.cause, ending.initiator), (&EndCause::Abandoned, Party::Local));
            assert_eq!((ending.code().get(), ending.is_clean()), (1006, false));
            assert_eq!(end.connection.send(MessageKind::Text, b"x"), Err(Misuse::Closing));
            assert_eq!(end.hears(&frame(0x81, "late").heard_by(role)), []);
        }
    }
}

#[test]
fn abandoning_after_the_closing_handshake_is_clean() {
    let mut end = End::client();
    end.hears(&close(1000, "").heard_by(Role::Client));
    end.connection.abandon();
    assert!(end.ending().is_clean());
    assert!(end.is_finished(), "our answer is not waited for");
}
