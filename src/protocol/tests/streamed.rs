//! A message whose payload is supplied in pieces, and what else is sent meanwhile.

use super::deflate;
use super::support::{Endpoint, Observed, ROLES, close_payload, deliver};
use super::wire::{bytes_for, close, frame, peer_of};
use crate::protocol::connection::EndCause;
use crate::protocol::vocabulary::{Direction, Misuse};
use crate::protocol::{MessageKind, Role};

fn begin(end: &mut Endpoint, length: u64) {
    end.connection.begin_frame(MessageKind::Binary, length).expect("it is open");
}

fn message(kind: MessageKind, data: &[u8], wire_size: u64) -> Observed {
    Observed::Message { kind, data: data.to_vec(), frames: 1, wire_size, compressed: false }
}

#[test]
fn pieces_form_the_same_frame_as_the_whole() {
    let payload: Vec<u8> = (0..20_000_u32).map(|index| (index * 7) as u8).collect();
    for role in ROLES {
        for size in [1, 3, 4, 999, 8191, 8193, 20_000] {
            let (mut whole, mut pieces) = (Endpoint::new(role), Endpoint::new(role));
            whole.sends(MessageKind::Binary, &payload);
            begin(&mut pieces, payload.len() as u64);
            payload.chunks(size).for_each(|piece| pieces.connection.push_payload(piece));
            assert_eq!(pieces.counters(), whole.counters());
            assert_eq!(pieces.take_output(), whole.take_output(), "{role:?}, {size} at a time");
        }
    }
}

#[test]
fn an_empty_message_is_complete_immediately() {
    let mut end = Endpoint::client();
    begin(&mut end, 0);
    assert!(!end.connection.is_inside_frame());
    assert_eq!(end.counters()[1].messages, 1);
    assert_eq!(deliver(&mut end, &mut Endpoint::server()), [message(MessageKind::Binary, b"", 6)]);
}

#[test]
fn nothing_is_sent_between_the_bytes_of_a_frame() {
    for role in ROLES {
        let (mut end, mut peer) = (Endpoint::new(role), Endpoint::new(peer_of(role)));
        begin(&mut end, 4);
        end.connection.push_payload(b"ab");
        end.receives(&bytes_for(role, &[frame(0x89, "ping")]));
        end.sends(MessageKind::Text, b"echo");
        end.closes(1000, "");
        assert_eq!(deliver(&mut end, &mut peer), []);
        assert!(!end.is_finished());
        end.connection.push_payload(b"cd and more than the frame has");
        let header = if role == Role::Client { 6 } else { 2 };
        let observed = deliver(&mut end, &mut peer);
        assert_eq!(
            observed[..3],
            [
                message(MessageKind::Binary, b"abcd", header + 4),
                Observed::Pong(Direction::Received, b"ping".to_vec(), None),
                message(MessageKind::Text, b"echo", header + 4),
            ]
        );
        assert_eq!(observed[3], Observed::Close(Direction::Received, close_payload(1000, "")));
    }
}

#[test]
fn two_messages_do_not_interleave_and_none_follows_a_close() {
    let mut end = Endpoint::client();
    begin(&mut end, 4);
    let again = |end: &mut Endpoint| end.connection.begin_frame(MessageKind::Text, 1).err();
    assert_eq!(again(&mut end), Some(Misuse::InsideFrame));
    end.closes(1000, "");
    assert_eq!(again(&mut end), Some(Misuse::Closing));
}

#[test]
fn unwritten_bytes_are_counted() {
    let mut end = Endpoint::server();
    begin(&mut end, 1 << 40);
    assert_eq!(
        (end.connection.unwritten(), end.connection.buffered_output()),
        ((1 << 40) + 10, 10)
    );
    end.connection.push_payload(&[0; 90]);
    end.receives(&bytes_for(Role::Server, &[frame(0x89, "")])); // its pong is queued
    assert_eq!(end.connection.pending_output().len(), 100);
    assert_eq!(end.connection.buffered_output(), 102);
    end.take_output_up_to(60);
    assert_eq!(
        (end.connection.unwritten(), end.connection.buffered_output()),
        ((1 << 40) - 48, 42)
    );
    end.connection.discard_output();
    assert_eq!((end.connection.unwritten(), end.connection.is_inside_frame()), (0, false));
}

#[test]
fn the_rest_of_the_frame_is_sent_before_the_answer_to_a_close() {
    let mut end = Endpoint::client();
    begin(&mut end, 2);
    end.take_output();
    end.receives(&bytes_for(Role::Client, &[close(1000, "")]));
    assert!(!end.is_finished(), "the frame is not complete");
    end.connection.push_payload(b"ab");
    assert!(!end.is_finished(), "the Close frame is not written");
    end.take_output();
    assert!(end.is_finished());
    assert_eq!(end.ending().cause, EndCause::Handshake);
}

#[test]
fn a_streamed_frame_can_be_retracted_before_it_is_written() {
    for (written, is_kept) in [(0, false), (1, true), (4, true)] {
        let mut end = Endpoint::server();
        end.sends(MessageKind::Text, b"first");
        let first = end.connection.pending_output().len();
        begin(&mut end, 4);
        end.connection.push_payload(b"ab");
        end.take_output_up_to(first + written);
        end.sends(MessageKind::Text, b"held");
        end.receives(&bytes_for(Role::Server, &[close(1000, "")]));
        end.connection.retract_output(0);
        assert_eq!(end.connection.is_inside_frame(), is_kept, "{written}");
        end.connection.push_payload(b"cd");
        let expected: &[u8] = match written {
            0 => b"\x88\x02\x03\xe8",
            1 => b"\x04abcd\x88\x02\x03\xe8",
            _ => b"cd\x88\x02\x03\xe8",
        };
        assert_eq!(end.take_output(), expected, "{written}");
    }
}

#[test]
fn a_streamed_message_is_not_compressed() {
    let (mut end, mut peer) = (deflate::end(Role::Client), deflate::end(Role::Server));
    begin(&mut end, 1000);
    end.connection.push_payload(&[b'x'; 1000]);
    end.sends(MessageKind::Binary, &[b'x'; 1000]);
    let compressed: Vec<_> = deliver(&mut end, &mut peer)
        .iter()
        .map(|observed| matches!(observed, Observed::Message { compressed: true, .. }))
        .collect();
    assert_eq!(compressed, [false, true]);
}
