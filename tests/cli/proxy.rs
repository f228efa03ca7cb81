//! Through proxies. A scripted one plays the target too, behind its own answer.

mod choice;
mod connect;
mod http_refusals;
mod socks;
pub(crate) mod tls;

use crate::support::{Outcome, Peer, Server, wscope};

const TARGET: &str = "ws://target.invalid/x";

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// What a WebSocket server does: takes a message, sends it back, closes.
fn echo(peer: &mut Peer) {
    let head = peer.read_head();
    peer.accept(&head);
    peer.expect_text("hi");
    peer.send(crate::support::text("hi"));
    peer.close(1000, "");
    peer.expect_close(1000);
}

/// Runs `-x hi` through a proxy of this scheme, `USER:PASS@` included, to the target.
fn through(scheme: &str, proxy: &Server, options: &[&str]) -> Outcome {
    let proxy = format!("{scheme}127.0.0.1:{}", proxy.port());
    wscope().args(["-x", "hi", "--proxy", &proxy]).args(options).arg(TARGET).run()
}

/// What a proxy said on standard error where nothing secret may be.
#[track_caller]
fn assert_hidden(outcome: &Outcome, secrets: &[&str]) {
    for secret in secrets {
        let is_shown = outcome.stdout.contains(secret) || outcome.stderr.contains(secret);
        assert!(!is_shown, "{secret} in\n{}\n{}", outcome.stdout, outcome.stderr);
    }
}
