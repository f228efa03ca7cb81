//! Messages sent to clients by options.

use super::{client, leave, listen};
use crate::support::{binary, masked, text};

#[test]
fn presets_are_sent_to_every_client() {
    let (_server, port) = listen(&["-x", "welcome", "--send", "-1"]);
    for _ in 0..2 {
        let mut peer = client(port);
        peer.expect_text("welcome");
        peer.expect_text("-1");
        leave(peer);
    }
}

#[test]
fn broadcast_sends_to_all_other_clients() {
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
fn broadcast_all_includes_the_sender_and_keeps_the_order() {
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
fn the_server_ends_after_count_messages() {
    let (server, port) = listen(&["--count", "3"]);
    let [mut one, mut two] = [client(port), client(port)];
    one.send(masked(&text("1")));
    one.send(masked(&text("2")));
    two.send(masked(&text("3")));
    for peer in [&mut one, &mut two] {
        peer.answer_close(1000);
        peer.expect_eof();
    }
    let outcome = server.wait().code(0);
    let mut lines: Vec<_> = outcome.stdout.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["1", "2", "3"]);
}
