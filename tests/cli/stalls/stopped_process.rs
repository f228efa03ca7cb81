//! SIGSTOP for longer than the timers, then SIGCONT: the time in between counts for nothing.

use super::pause;
use crate::scripts::serve;
use crate::support::{CLOSE, PING, Peer, Running, Server, Signal, pong, text, wscope};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// Stops the program, and returns when it is.
fn stop(running: &Running) {
    running.signal(Signal::STOP);
    let pid = Pid::from_raw(running.id().cast_signed()).expect("the id of a process");
    let options = WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(pid), options).expect("a process that stops");
}

/// Says something once the program goes on, and closes.
fn serve_late() -> Server {
    serve(|peer| {
        peer.stall();
        peer.send(text("late"));
        peer.close(1000, "");
        while peer.read_frame().opcode != CLOSE {}
    })
}

#[track_caller]
fn assert_unharmed(options: &[&str], server: &Server) {
    let program = wscope().args(options).arg(server.url());
    let mut running = program.stdin_null().spawn();
    running.wait_stderr("connected");
    assert_goes_on(running, server);
}

/// Stops the program for longer than its timers, and continues it.
#[track_caller]
fn assert_goes_on(running: Running, server: &Server) {
    stop(&running);
    pause();
    running.signal(Signal::CONT);
    server.release();
    running.wait().code(0).stdout("late\n");
}

#[test]
fn the_time_for_which_the_process_was_stopped_was_taken_for_an_idle_server() {
    let options = ["--wait", "forever", "--idle-timeout", "700ms"];
    assert_unharmed(&options, &serve_late());
}

#[test]
fn the_time_for_which_the_process_was_stopped_was_taken_for_silence() {
    assert_unharmed(&["--wait", "700ms"], &serve_late());
}

#[test]
fn the_time_for_which_the_process_was_stopped_was_taken_for_an_unanswered_ping() {
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
    assert_goes_on(running, &server);
}

fn read_ping(peer: &mut Peer) -> Vec<u8> {
    let ping = peer.read_frame();
    assert_eq!(ping.opcode, PING);
    ping.payload
}

#[test]
fn the_time_for_which_the_process_was_stopped_was_taken_for_an_unanswered_close() {
    let (sender, closed) = std::sync::mpsc::channel();
    let server = serve(move |peer| {
        peer.expect_close(1000);
        sender.send(()).expect("a waiting test");
        peer.stall();
        peer.send(text("late"));
        peer.close(1000, "");
    });
    let options = ["--wait", "0", "--close-timeout", "700ms", &server.url()];
    let running = wscope().args(options).stdin_null().spawn();
    crate::scripts::next(&closed);
    assert_goes_on(running, &server);
}

/// It is asked for as a time on the clock: being stopped does not make it longer.
#[test]
fn the_time_limit_goes_on_while_the_process_is_stopped() {
    let server = serve(|peer| {
        peer.expect_close(1000);
        peer.close(1000, "");
    });
    let program = wscope().args(["-m", "500ms", "--wait", "forever", &server.url()]);
    let mut running = program.stdin_open().spawn();
    running.wait_stderr("connected");
    stop(&running);
    pause();
    running.signal(Signal::CONT);
    running.wait().code(7);
}
