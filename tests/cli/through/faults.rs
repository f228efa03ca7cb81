//! `--latency` and `--throttle`. Only lower bounds of times are asserted, and order.

use std::time::{Duration, Instant};

use super::{leave, unread_proxy};
use crate::support::{Peer, binary, masked, text};

/// Whether a message takes at least this long in a direction.
#[track_caller]
fn assert_delayed(from: &mut Peer, to: &mut Peer, frame: &[u8], least: Duration) {
    let start = Instant::now();
    from.send(frame);
    assert_eq!(to.read_exact(frame.len()), frame);
    assert!(start.elapsed() >= least, "{:?}", start.elapsed());
}

#[test]
fn latency_delays_both_directions() {
    const LATENCY: Duration = Duration::from_millis(150);
    let proxy = unread_proxy(&["--latency", "150ms"]);
    let (mut client, mut server) = proxy.open();
    assert_delayed(&mut client, &mut server, &masked(&text("hi")), LATENCY);
    assert_delayed(&mut server, &mut client, &text("ho"), LATENCY);
    let start = Instant::now();
    leave(client, server);
    assert!(start.elapsed() >= 2 * LATENCY, "{:?}", start.elapsed());
}

#[test]
fn latency_keeps_the_order_and_the_end_behind_the_data() {
    let proxy = unread_proxy(&["--latency", "50ms±50ms", "--seed", "3"]);
    let (mut client, mut server) = proxy.open();
    let frames: Vec<_> = (0..100).map(|number| text(&format!("message {number}"))).collect();
    for frame in &frames {
        server.send(frame);
    }
    server.eof();
    let got = client.read_until_eof();
    assert_eq!(got.escape_ascii().to_string(), frames.concat().escape_ascii().to_string());
    client.eof();
    server.expect_eof();
}

/// A burst of a second's bytes, then the rate.
#[test]
fn a_throttle_limits_each_direction() {
    let proxy = unread_proxy(&["--throttle", "100K"]);
    let (mut client, mut server) = proxy.open();
    let frame = binary(&vec![7; 130 << 10]);
    let least = Duration::from_millis(250);
    assert_delayed(&mut server, &mut client, &frame, least);
    assert_delayed(&mut client, &mut server, &masked(&frame), least);
    leave(client, server);
}
