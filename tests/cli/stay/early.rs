//! What is typed before a connection is open for the first time.

use super::several::{answer, connect, named};
use super::{accept, quit};
use crate::support::{Peer, Script, Server, script};

/// Refuses a client, which may try again after a second.
fn busy() -> Script {
    script(|peer: &mut Peer| {
        peer.read_head();
        peer.respond("HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n");
    })
}

#[test]
fn lines_typed_between_the_first_attempts_are_sent() {
    for options in [&["--retry"][..], &["--retry", "--reconnect"]] {
        let one = named("one");
        let two = Server::scripts([busy(), accept(|peer| answer(peer, "two"))]);
        let terminal = connect(&one, options);
        terminal.type_line(&format!("/connect b {}", two.url()));
        terminal.wait_for("trying again in 1.0 s");
        terminal.type_line("early");
        terminal.wait_for("[b] < two heard early");
        terminal.type_line("late");
        terminal.wait_for("[b] < two heard late");
        quit(terminal, 0);
    }
}

#[test]
fn lines_typed_between_attempts_that_all_fail_are_counted() {
    let (one, two) = (named("one"), Server::scripts([busy(), busy()]));
    let terminal = connect(&one, &["--retry=1"]);
    terminal.type_line(&format!("/connect b {}", two.url()));
    terminal.wait_for("trying again in 1.0 s");
    terminal.type_line("early");
    terminal.wait_for("warning: not sent: 1 message");
    quit(terminal, 0);
}
