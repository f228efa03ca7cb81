//! Connections that a rule or `--enforce` ends: what was sent before still arrives, and both sides get a Close frame.

use super::{Proxied, proxy};
use crate::support::{CONTINUATION, Peer, TEXT, close, frame, masked, ping, pong, text};

/// A proxy with these options, and an open connection.
#[track_caller]
fn open(options: &[&str]) -> (Proxied, Peer, Peer) {
    let proxy = proxy(options);
    let (client, server) = proxy.open();
    (proxy, client, server)
}

/// Both sides get this Close frame, answer it, and see the end.
#[track_caller]
fn expect_close(mut client: Peer, mut server: Peer, code: u16, reason: &str) {
    for peer in [&mut client, &mut server] {
        assert_eq!(peer.expect_close(code), reason);
        peer.close(code, "");
    }
    client.expect_eof();
    server.expect_eof();
}

#[test]
fn a_close_frame_is_replaced_on_both_sides() {
    let (_proxy, mut client, mut server) =
        open(&["--json", "--rule", "server close: => close 1011 bye"]);
    server.close(1001, "away");
    assert_eq!(client.expect_close(1011), "bye");
    assert_eq!(server.expect_close(1011), "bye");
    client.close(1011, "");
    client.expect_eof();
    server.expect_eof();
}

#[test]
fn a_side_whose_close_frame_was_dropped_is_closed_too() {
    let (_proxy, mut client, mut server) = open(&[
        "--json",
        "--rule",
        "client close: => drop",
        "--rule",
        "server text:x => close 1011",
    ]);
    client.close(1000, "");
    client.send(masked(&frame(true, 0, 9, b""))); // nothing follows a Close frame: it is passed all the same
    server.expect_ping(b"");
    server.send(text("x"));
    client.expect_close(1011);
    server.expect_close(1011);
    server.close(1011, "");
    client.expect_eof();
    server.expect_eof();
}

#[test]
fn a_rule_closes_behind_what_is_delayed() {
    let (_proxy, mut client, mut server) = open(&[
        "--json",
        "--rule",
        "any text:a => delay 30ms",
        "--rule",
        "any text:b => close 1011",
    ]);
    server.send([text("a"), text("b"), text("c")].concat());
    client.expect_text("a");
    expect_close(client, server, 1011, "");
}

#[test]
fn a_rule_resets_behind_what_is_delayed() {
    let (_proxy, mut client, mut server) =
        open(&["--json", "--rule", "any text:a => delay 30ms", "--rule", "any text:b => abort"]);
    server.send([text("a"), text("b")].concat());
    client.expect_reset(&text("a"));
    server.expect_reset(b"");
}

#[test]
fn a_violation_closes_behind_what_is_delayed() {
    let (_proxy, mut client, mut server) =
        open(&["--json", "--enforce", "--rule", "any text:a => delay 30ms"]);
    server.send([text("a"), frame(true, 2, 1, b"reserved bit")].concat());
    client.expect_text("a");
    client.expect_close(1002);
    server.expect_close(1002);
    client.close(1002, "");
    client.expect_eof();
    server.expect_eof();
}

#[test]
fn latency_loses_nothing_if_both_sides_end_while_they_are_closed() {
    let (_proxy, mut client, mut server) = open(&["--json", "--enforce", "--latency", "50ms"]);
    client.eof();
    server.expect_eof();
    server.send([text("a"), frame(true, 2, 1, b"reserved bit"), close(1000, "")].concat());
    server.eof();
    client.expect_text("a");
    client.expect_close(1002);
    client.expect_eof();
}

/// What came before it is delivered, whether or not the rest of its message has come in the same piece.
#[test]
fn a_close_by_a_control_frame_within_a_message_follows_the_fragments_before_it() {
    for has_rest in [false, true] {
        let proxy = proxy(&["--json", "--once", "--rule", "client ping:a => close 1012"]);
        let (mut client, mut server) = proxy.open();
        let begun = [frame(false, 0, TEXT, b"first "), pong(b"p")].map(|it| masked(&it));
        let rest = [ping(b"a"), frame(true, 0, CONTINUATION, b"last")].map(|it| masked(&it));
        let all = [begun.concat(), rest[..1 + usize::from(has_rest)].concat()].concat();
        client.send(&all);
        assert_eq!(server.read_exact(begun.concat().len()), begun.concat());
        server.expect_close(1012);
        server.close(1012, "");
        client.expect_close(1012);
        client.close(1012, "");
        proxy.running.wait();
    }
}

/// Not even what passes without rules.
#[test]
fn nothing_follows_a_message_for_which_a_rule_closes() {
    let options =
        ["--json", "--once", "--max-message-size", "10", "--rule", "client => close 1012"];
    let (proxy, mut client, mut server) = open(&options);
    let large = masked(&text("over the limit of ten bytes"));
    client.send([&masked(&text("short"))[..], &large, &large[..20]].concat());
    server.expect_close(1012);
    server.close(1012, "");
    client.expect_close(1012);
    drop((client, server));
    proxy.running.wait();
}

#[test]
fn a_rule_closes_also_if_the_end_of_tcp_waits_behind_what_it_is_about() {
    let rules = ["--rule", "server slow => delay 50ms", "--rule", "server close: => close 1012"];
    let (proxy, mut client, mut server) = open(&[&["--json", "--once"], &rules[..]].concat());
    server.send([text("slow"), close(1000, "")].concat());
    server.eof();
    client.expect_text("slow");
    client.expect_close(1012);
    client.close(1012, "");
    drop((client, server));
    proxy.running.wait();
}
