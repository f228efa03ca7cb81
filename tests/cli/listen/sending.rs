//! What clients are sent without anybody typing it.

use super::{client, leave, listen};
use crate::support::{binary, masked, text};

#[test]
fn every_client_is_greeted() {
    let (_server, port) = listen(&["-x", "welcome", "--send", "-1"]);
    for _ in 0..2 {
        let mut peer = client(port);
        peer.expect_text("welcome");
        peer.expect_text("-1");
        leave(peer);
    }
}

#[test]
fn a_broadcast_goes_to_all_others() {
    let (_server, port) = listen(&["--broadcast"]);
    let [mut one, mut two, mut three] = [client(port), client(port), client(port)];
    one.send(masked(&text("from one")));
    two.expect_text("from one");
    three.expect_text("from one");
    two.send(masked(&binary(&[0, 255])));
    one.expect_binary(&[0, 255]); // and not its own message
    three.expect_binary(&[0, 255]);
    [one, two, three].into_iter().for_each(leave);
}

#[test]
fn a_broadcast_to_all_comes_back_to_the_sender_in_the_same_order_for_all() {
    let (_server, port) = listen(&["--broadcast=all"]);
    let mut peers = [client(port), client(port)];
    for turn in 0..20 {
        for (name, peer) in peers.iter_mut().enumerate() {
            peer.send(masked(&text(&format!("{name} {turn}"))));
        }
    }
    let [one, two] = peers.each_mut().map(|peer| [(); 40].map(|()| peer.read_message()));
    assert_eq!(one, two);
    peers.into_iter().for_each(leave);
}

#[test]
fn the_server_ends_when_as_many_messages_have_come_as_were_asked_for() {
    let (server, port) = listen(&["--count", "3"]);
    let [mut one, mut two] = [client(port), client(port)];
    one.send(masked(&text("1")));
    one.send(masked(&text("2")));
    two.send(masked(&text("3")));
    for peer in [&mut one, &mut two] {
        peer.expect_close(1000);
        peer.close(1000, "");
        peer.expect_eof();
    }
    let outcome = server.wait().code(0);
    let mut lines: Vec<_> = outcome.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["1", "2", "3"]);
}
