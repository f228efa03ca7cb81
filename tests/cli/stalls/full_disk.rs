//! A standard output that cannot be written: the reason is shown and the run ends, whatever else happens meanwhile.

use std::fs::File;
use std::sync::mpsc::channel;

use crate::listen::{client, start};
use crate::scripts::serve;
use crate::support::{Outcome, Signal, Wscope, close, masked, text, wscope};

fn full() -> File {
    File::options().write(true).open("/dev/full").expect("a full device")
}

#[track_caller]
fn assert_reported(outcome: Outcome) {
    outcome.code(8).stderr_contains(
        "wscope: cannot write standard output: No space left on device (os error 28)\n",
    );
}

#[test]
fn a_failed_notice_before_the_connection_is_not_forgotten() {
    // Both streams are the same: the line about the scheme, and the request head, fail first.
    for args in [&[][..], &["-v"], &["--reconnect"], &["--reconnect", "-v"]] {
        let server = serve(|peer| {
            peer.expect_close(1000);
            peer.send(close(1000, ""));
            peer.read_until_eof();
        });
        let url = server.url().replace("ws://", "");
        wscope()
            .args(["--wait", "forever", &url])
            .args(args)
            .stdin_null()
            .stdout_to(full())
            .stderr_to(full())
            .run()
            .code(8);
    }
}

#[test]
fn a_signal_while_the_peer_does_not_answer_does_not_hide_the_reason() {
    let (sender, closed) = channel();
    let server = serve(move |peer| {
        peer.send(text("x"));
        peer.expect_close(1000);
        sender.send(()).expect("a test");
        peer.read_until_eof();
    });
    let program = wscope().args(["--close-timeout", "0", &server.url()]).stdin_open();
    let running = program.stdout_to(full()).spawn();
    closed.recv().expect("a Close");
    running.signal(Signal::TERM);
    assert_reported(running.wait());
}

fn listening() -> Wscope {
    wscope().stdin_null().stdout_to(full())
}

#[test]
fn a_signal_while_clients_do_not_answer_does_not_hide_the_reason() {
    let (server, port) = start(listening(), &[]);
    let mut peer = client(port);
    peer.send(masked(&text("lost")));
    peer.expect_close(1001);
    server.signal(Signal::TERM);
    assert_reported(server.wait());
}

#[test]
fn what_cannot_be_written_after_a_signal_is_reported() {
    let (server, port) = start(listening(), &[]);
    let mut peer = client(port);
    server.signal(Signal::TERM);
    peer.expect_close(1001);
    peer.send(masked(&text("last words")));
    peer.send(masked(&close(1001, "")));
    assert_reported(server.wait());
}
