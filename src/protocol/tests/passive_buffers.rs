//! How much memory the buffers of a passive decoder use.

use super::passive::{observer, receive, texts};
use super::support::{LIMIT, pass_through};
use super::wire::{bytes_for, frame};
use crate::protocol::{Role, Side, Tap, TapOptions, Tolerance};

#[test]
fn a_declared_length_allocates_nothing() {
    for header in [&b"\x82\x7f\0\0\0\0\x40\0\0\0"[..], b"\x8b\x7f\0\0\0\0\x40\0\0\0"] {
        let mut inbound = observer(Role::Client, None);
        receive(&mut inbound, header, usize::MAX);
        assert_eq!(inbound.wanted(), 128 << 10);
        for _ in 0..100 {
            receive(&mut inbound, &[7; 64 << 10], usize::MAX);
        }
        assert!(inbound.memory_usage() < 300_000, "{}", inbound.memory_usage());
    }
}

#[test]
fn a_buffer_is_no_larger_than_what_is_to_be_read() {
    let mut inbound = observer(Role::Client, None);
    for (size, bounds) in [(4 << 10, 4096..=8192), (usize::MAX, 256 << 10..=512 << 10)] {
        let space = inbound.receive_space_of(size).len();
        assert!(bounds.contains(&space), "{size}: {space}");
    }
}

#[test]
fn large_reads_that_end_inside_a_frame_use_little_memory() {
    let mut inbound = observer(Role::Client, None);
    let frames = bytes_for(Role::Client, &[frame(0x82, vec![b'm'; 61])]).repeat(1 << 16);
    let mut rest = &frames[..frames.len() - 1];
    while !rest.is_empty() {
        let space = inbound.receive_space_of(usize::MAX);
        assert!(space.len() <= 256 << 10, "{}", space.len());
        let count = space.len().min(rest.len());
        space[..count].copy_from_slice(&rest[..count]);
        inbound.received(count);
        rest = &rest[count..];
        while inbound.next_event().is_some() {}
    }
    assert!(inbound.memory_usage() < 1 << 20, "{}", inbound.memory_usage());
}

#[test]
fn an_idle_tap_keeps_no_buffers() {
    let options = TapOptions {
        max_message_size: LIMIT,
        observe_frames: false,
        tolerance: Tolerance::Passive,
        deflate: None,
    };
    let mut tap = Tap::new(options);
    let message = [frame(0x01, vec![b'm'; 5000]), frame(0x80, vec![b'm'; 50_000])];
    for (side, role) in [(Side::Client, Role::Server), (Side::Server, Role::Client)] {
        let bytes = bytes_for(role, &message);
        let (last, others) = bytes.split_last().expect("there are some");
        assert_eq!(pass_through(&mut tap, side, others), []);
        tap.release_idle();
        let observed = pass_through(&mut tap, side, &[*last]);
        assert_eq!(texts(&observed), [[b'm'; 55_000]]);
        let observed = pass_through(&mut tap, side, &bytes);
        assert_eq!(texts(&observed), [[b'm'; 55_000]]);
    }
    assert!(tap.memory_usage() >= 100_000);
    tap.release_idle();
    assert_eq!(tap.memory_usage(), 0);
    assert!(size_of::<Tap>() <= 1600, "{}", size_of::<Tap>());
}
