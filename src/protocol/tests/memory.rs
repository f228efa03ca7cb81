//! Memory accounting: memory is counted, freed when idle, and freed immediately when the budget is exceeded.

use std::time::Duration;

use super::support::{Endpoint, Observed, at, options};
use super::wire::{Raw, bytes_for, frame};
use crate::protocol::connection::EndCause;
use crate::protocol::memory::{Account, Budget};
use crate::protocol::vocabulary::Misuse;
use crate::protocol::{
    Connection, ConnectionOptions, Event, Header, MessageKind, Opcode, Role, Rule,
};

const MIB: usize = 1 << 20;

fn large_options() -> ConnectionOptions {
    ConnectionOptions { max_message_size: 64 * MIB as u64, ..options(Role::Server) }
}

/// A server endpoint whose memory is counted.
fn charged(budget: &Budget) -> (Endpoint, Account) {
    let account = budget.open(|| ());
    let mut end = Endpoint::with(large_options());
    end.connection = Connection::new(large_options(), &[]).charge_to(&account);
    (end, account)
}

fn receives(end: &mut Endpoint, frames: &[Raw]) -> Vec<Observed> {
    end.receives(&bytes_for(Role::Server, frames))
}

/// The code and the reason of the Close frame that these bytes end with.
fn close_in(bytes: &[u8]) -> (u16, String) {
    let mut rest = bytes;
    while let Some(header) = Header::decode(rest) {
        let (payload, behind) = rest[header.len()..].split_at(header.length as usize);
        if header.opcode == Opcode::Close {
            assert!(behind.is_empty());
            let code = u16::from_be_bytes([payload[0], payload[1]]);
            return (code, String::from_utf8_lossy(&payload[2..]).into_owned());
        }
        rest = behind;
    }
    panic!("no Close frame");
}

#[test]
fn a_message_being_received_is_discarded_with_1009() {
    let budget = Budget::new(8 * MIB);
    let [(mut first, account), (mut second, _)] = [(); 2].map(|()| charged(&budget));
    assert_eq!(receives(&mut first, &[frame(0x02, vec![1; 6 * MIB])]), []);
    assert!(budget.held() >= 6 * MIB);
    assert_eq!(receives(&mut second, &[frame(0x02, vec![1; 2 * MIB])]), []);
    assert!(account.is_revoked());
    first.connection.check_memory(0, 0, at(0));
    let observed = first.events();
    assert!(
        matches!(&observed[..], [Observed::Violation(violation), ..] if violation.rule == Rule::OverMemory)
    );
    let (code, reason) = close_in(&first.take_output());
    assert_eq!((code, &reason[..]), (1009, "message over --max-memory"));
    assert!(budget.held() < 3 * MIB, "{}", budget.held());
    let observed = receives(&mut second, &[frame(0x80, vec![2; MIB])]);
    assert!(matches!(&observed[..], [Observed::Message { data, .. }] if data.len() == 3 * MIB));
}

#[test]
fn a_single_message_can_exceed_the_budget() {
    let budget = Budget::new(MIB);
    let (mut end, _) = charged(&budget);
    let observed = receives(&mut end, &[frame(0x02, vec![1; 2 * MIB])]);
    assert!(
        matches!(&observed[..], [Observed::Violation(violation), ..] if violation.rule == Rule::OverMemory)
    );
    assert_eq!(close_in(&end.take_output()).0, 1009);
    end.connection.check_memory(0, 0, at(0));
    assert!(budget.held() <= MIB / 8, "{}", budget.held());
}

#[test]
fn unwritten_output_is_dropped_after_the_partly_written_frame() {
    let budget = Budget::new(MIB);
    let (mut end, account) = charged(&budget);
    for _ in 0..100 {
        end.sends(MessageKind::Binary, &[7; 20_000]);
    }
    let mut written = end.take_output_up_to(30_000);
    end.connection.check_memory(0, 0, at(0));
    budget.enforce();
    assert!(account.is_revoked());
    end.connection.check_memory(0, 0, at(0));
    written.extend(end.take_output());
    assert!(written.len() < 50_000, "two frames and the end: {}", written.len());
    let (code, reason) = close_in(&written);
    assert_eq!((code, &reason[..]), (1013, "over --max-memory; try again later"));
    assert!(!end.connection.is_open());
    assert_eq!(budget.held(), 0);
}

#[test]
fn inside_a_long_frame_the_connection_is_abandoned() {
    let budget = Budget::new(3 * MIB);
    let (mut end, _) = charged(&budget);
    end.sends(MessageKind::Binary, &vec![7; 2 * MIB]);
    end.take_output_up_to(30_000);
    end.connection.check_memory(2 * MIB, 0, at(0));
    budget.enforce();
    end.connection.check_memory(0, 0, at(0));
    assert!(end.is_finished());
    assert_eq!(end.ending().cause, EndCause::Abandoned);
    assert_eq!(budget.held(), 0);
}

#[test]
fn memory_outside_of_the_connection_is_counted() {
    let budget = Budget::new(MIB);
    let (mut end, account) = charged(&budget);
    end.connection.check_memory(2 * MIB, 0, at(0));
    assert!(budget.held() >= 2 * MIB);
    assert!(!account.is_revoked(), "received data is written first");
    drop(end);
    assert_eq!(budget.held(), 0);
}

#[test]
fn the_memory_of_a_large_message_is_freed_when_idle() {
    let mut end = Endpoint::with(large_options());
    let message = [frame(0x82, vec![1; 5 * MIB])];
    for start in [0, 1000] {
        receives(end.at(start), &message);
        assert_eq!(end.connection.deadline(), Some(at(start) + Duration::from_millis(200)));
        // A second one soon after reuses the memory.
        receives(end.at(start + 100), &message);
        assert_eq!(end.connection.deadline(), Some(at(start) + Duration::from_millis(300)));
        end.at(start + 299).on_deadline();
        assert!(end.connection.memory_usage() > 4 * MIB);
        end.at(start + 300).on_deadline();
        assert!(end.connection.memory_usage() < MIB / 4, "{}", end.connection.memory_usage());
        assert_eq!(end.connection.deadline(), None);
    }
}

#[test]
fn memory_is_kept_while_a_message_is_incomplete() {
    let mut end = Endpoint::with(large_options());
    receives(&mut end, &[frame(0x02, vec![1; MIB])]);
    assert_eq!(end.connection.deadline(), None);
    end.connection.release_idle_memory();
    let observed = receives(&mut end, &[frame(0x80, [2])]);
    assert!(matches!(&observed[..], [Observed::Message { data, .. }] if data.len() == MIB + 1));
}

#[test]
fn freeing_memory_does_not_end_the_connection() {
    let mut end = Endpoint::with(large_options());
    receives(&mut end, &[frame(0x82, vec![1; MIB])]);
    end.at(10_000).on_deadline();
    assert!(end.connection.is_open());
}

/// A server endpoint that observes frames and tolerates violations.
fn tolerant(budget: &Budget) -> (Endpoint, Account) {
    let (mut end, account) = charged(budget);
    let options = ConnectionOptions { observe_frames: true, lenient: true, ..large_options() };
    end.connection = Connection::new(options, &[]).charge_to(&account);
    (end, account)
}

/// Receives bytes, and returns the first event only, as if the output were stalled.
fn receive_first_event(end: &mut Endpoint, bytes: &[u8]) -> Option<Observed> {
    end.connection.receive_space()[..bytes.len()].copy_from_slice(bytes);
    end.connection.received(bytes.len());
    end.connection.next_event(at(0)).map(Observed::from)
}

/// Makes it free its memory.
fn revoke(end: &mut Endpoint, budget: &Budget) {
    end.connection.check_memory(2 * MIB, 0, at(0));
    budget.enforce();
    end.connection.check_memory(0, 0, at(0));
}

#[test]
fn queued_events_are_kept_when_a_message_is_discarded() {
    let budget = Budget::new(MIB);
    let (mut end, account) = tolerant(&budget);
    let unmasked = frame(0x02, [7; 1000]).wrongly_masked().bytes_for(Role::Server);
    let first = receive_first_event(&mut end, &unmasked);
    assert!(matches!(first, Some(Observed::Tolerated(_))), "{first:?}");
    revoke(&mut end, &budget);
    assert!(account.is_revoked());
    let observed = end.events();
    assert!(
        matches!(&observed[..], [Observed::Frame(_, _, shown), Observed::Violation(_), ..] if *shown == [7; 1000]),
        "{observed:?}"
    );
}

#[test]
fn queued_events_are_kept_when_input_is_ignored() {
    for bad in [frame(0x82, [7; 1000]).wrongly_masked(), frame(0x0a, [7; 100])] {
        let (mut end, _) = tolerant(&Budget::new(MIB));
        let payload = bad.payload().to_vec();
        let first = receive_first_event(&mut end, &bad.bytes_for(Role::Server));
        assert!(matches!(first, Some(Observed::Tolerated(_))), "{first:?}");
        end.connection.abandon();
        end.connection.receive_space()[..2000].fill(9);
        end.connection.received(2000);
        let observed = end.events();
        assert!(
            matches!(&observed[..], [Observed::Frame(_, _, shown), _] if *shown == payload),
            "{observed:?}"
        );
    }
}

#[test]
fn a_skipped_frame_can_be_discarded() {
    let budget = Budget::new(MIB);
    let (mut end, _) = tolerant(&budget);
    receives(&mut end, &[frame(0x01, "he"), frame(0x80, "llo")]);
    let reserved = frame(0x8b, [7; 100]).bytes_for(Role::Server);
    end.receives(&reserved[..50]);
    revoke(&mut end, &budget);
    let observed = end.events();
    let is_discarded = |observed: &Observed| matches!(observed, Observed::Violation(it) if it.rule == Rule::OverMemory);
    assert!(observed.iter().any(is_discarded), "{observed:?}");
}

#[test]
fn a_message_to_send_is_counted_before_it_is_copied() {
    let budget = Budget::new(3 * MIB);
    let (mut end, account) = charged(&budget);
    assert!(end.connection.send(MessageKind::Binary, &vec![7; 2 * MIB]).is_ok());
    assert!(budget.held() >= 2 * MIB);
    let misuse = end.connection.send(MessageKind::Binary, &vec![7; 2 * MIB]).unwrap_err();
    assert_eq!(misuse, Misuse::Closing);
    assert!(account.is_revoked());
    assert!(end.connection.memory_usage() < 3 * MIB, "it was not copied");
}

#[test]
fn a_long_message_is_sent_back_without_a_copy() {
    let budget = Budget::new(8 * MIB);
    let (mut end, _) = charged(&budget);
    let bytes = bytes_for(Role::Server, &[frame(0x82, vec![1; 2 * MIB])]);
    let (last, others) = bytes.split_last().unwrap();
    for _ in 0..3 {
        end.receives(others);
        end.connection.receive_space()[0] = *last;
        end.connection.received(1);
        let payload = match end.connection.next_event(at(0)) {
            Some(Event::Message { payload: Some(payload), .. }) => payload.clone(),
            other => panic!("{other:?}"),
        };
        end.connection.send_back(MessageKind::Binary, payload).unwrap();
        assert!(end.connection.memory_usage() < 3 * MIB, "{}", end.connection.memory_usage());
        assert_eq!(end.take_output().len(), 2 * MIB + 10);
    }
}

#[test]
fn the_memory_of_a_message_that_is_not_shared_is_reused() {
    let budget = Budget::new(8 * MIB);
    let (mut end, _) = charged(&budget);
    let message = [frame(0x82, vec![1; 2 * MIB])];
    receives(&mut end, &message);
    end.connection.check_memory(0, 0, at(0));
    assert!(end.connection.memory_usage() >= 2 * MIB);
    receives(&mut end, &message);
    end.connection.check_memory(0, 0, at(0));
    assert!(end.connection.memory_usage() < 3 * MIB);
}
