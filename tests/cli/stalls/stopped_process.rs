//! SIGSTOP for longer than the timers, then SIGCONT: the timers do not count the time between them.

use super::pause;
use crate::scripts::serve;
use crate::support::{CLOSE, PING, Peer, Running, Server, Signal, pong, text, wscope};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Stops the program, and waits until it has stopped.
fn stop(running: &Running) {
    running.signal(Signal::STOP);
    let pid = Pid::from_raw(running.id().cast_signed()).expect("the id of a process");
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), options).expect("a process that stops");
}

/// Sends a message after the program has been continued, and closes.
fn serve_late() -> Server {
    serve(|peer| {
        peer.stall();
        peer.send(text("late"));
        peer.close(1000, "");
        while peer.read_frame().opcode != CLOSE {}
    })
}

#[track_caller]
fn assert_no_timeout(options: &[&str], server: &Server) {
    let program = wscope().args(options).arg(server.url());
    let mut running = program.stdin_null().spawn();
    running.wait_stderr("connected");
    stop_and_continue(running, server);
}

/// Stops the program for longer than its timers, and continues it.
#[track_caller]
fn stop_and_continue(running: Running, server: &Server) {
    stop(&running);
    pause();
    running.signal(Signal::CONT);
    server.release();
    running.wait().code(0).stdout("late\n");
}

#[test]
fn being_stopped_does_not_cause_an_idle_timeout() {
    let options = ["--wait", "forever", "--idle-timeout", "900ms"];
    assert_no_timeout(&options, &serve_late());
}

#[test]
fn being_stopped_does_not_count_as_silence() {
    assert_no_timeout(&["--wait", "700ms"], &serve_late());
}

#[test]
fn being_stopped_does_not_cause_a_ping_timeout() {
    let server = serve(|peer| {
        let ping = read_ping(peer);
        peer.stall();
        peer.send(pong(&ping));
        peer.send(text("late"));
        peer.close(1000, "");
        while peer.read_frame().opcode != CLOSE {}
    });
    let options = ["--wait", "forever", "--ping-interval", "50ms", "--ping-timeout", "700ms"];
    let program = wscope().args(options).args(["-v", &server.url()]);
    let mut running = program.stdin_null().spawn();
    running.wait_stderr("> ping");
    stop_and_continue(running, &server);
}

fn read_ping(peer: &mut Peer) -> Vec<u8> {
    let ping = peer.read_frame();
    assert_eq!(ping.opcode, PING);
    ping.payload
}

#[test]
fn being_stopped_does_not_cause_a_close_timeout() {
    let (sender, closed) = std::sync::mpsc::channel();
    let server = serve(move |peer| {
        peer.expect_close(1000);
        sender.send(()).expect("a receiver in the test");
        peer.stall();
        peer.send(text("late"));
        peer.close(1000, "");
    });
    let options = ["--wait", "0", "--close-timeout", "700ms", &server.url()];
    let running = wscope().args(options).stdin_null().spawn();
    crate::scripts::next(&closed);
    stop_and_continue(running, &server);
}

/// `--max-time` is a wall-clock limit: being stopped does not extend it.
#[test]
fn max_time_counts_while_the_process_is_stopped() {
    let server = serve(|peer| {
        peer.answer_close(1000);
    });
    let program = wscope().args(["-m", "500ms", "--wait", "forever", &server.url()]);
    let mut running = program.stdin_open().spawn();
    running.wait_stderr("connected");
    stop(&running);
    pause();
    running.signal(Signal::CONT);
    running.wait().code(7);
}
