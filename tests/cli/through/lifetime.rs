//! How long a proxy runs, and its exit status.

use std::io::Read;
use std::thread;
use std::time::{Duration, Instant};

use super::{Proxied, assert_alive, assert_status, leave, proxy};
use crate::support::{Peer, Signal, frame, masked, text, upgrade_request};

/// The time limit of an end by a signal: the documented second, and a margin for a busy machine.
const SOON: Duration = Duration::from_secs(3);

/// Sends a signal, after which the proxy ends in time with this status.
#[track_caller]
fn end(proxy: Proxied, signal: Signal, status: i32) -> crate::support::Outcome {
    let start = Instant::now();
    proxy.running.signal(signal);
    let outcome = proxy.running.wait().code(status);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    outcome
}

#[test]
fn once_the_status_is_that_of_the_connection() {
    for (code, status) in [(1000, 0), (1001, 0), (1011, 6), (4000, 6)] {
        let proxy = proxy(&["--once"]);
        let (mut client, mut server) = proxy.open();
        let mut late = proxy.client();
        late.request("/", &[]);
        assert_status(&late.read_head(), 503);
        server.close(code, "");
        client.expect_close(code);
        client.close(code, "");
        server.expect_close(code);
        drop((client, server));
        proxy.running.wait().code(status);
    }
}

/// What was received is shown, however much of it waits when the connection has ended. The time between two batches, in
/// which nothing waits in the queue to stdout, is short: thus several runs.
#[test]
fn the_end_of_the_only_connection_waits_for_what_it_has_shown() {
    const COUNT: usize = 6000;
    let message = |number: usize| format!("{number:064}");
    for _ in 0..8 {
        let mut proxy = proxy(&["--once"]);
        let (client, mut server) = proxy.open();
        let flood: Vec<u8> = (0..COUNT).flat_map(|number| text(&message(number))).collect();
        let mut socket = client.socket();
        let reader = thread::spawn(move || {
            let mut all = vec![0; COUNT * 66];
            socket.read_exact(&mut all).expect("all messages");
            client
        });
        server.send(flood);
        leave(reader.join().expect("a reader without errors"), server);
        proxy.running.wait_stderr("closed by the client");
        let shown = proxy.running.wait().code(0).stdout;
        let expected: String =
            (0..COUNT).map(|number| format!("#1 < {}\n", message(number))).collect();
        assert!(shown == expected, "{} of {} bytes", shown.len(), expected.len());
    }
}

#[test]
fn once_a_reset_is_exit_6() {
    let proxy = proxy(&["--once"]);
    let (client, mut server) = proxy.open();
    server.reset();
    proxy.running.wait().code(6).stderr_contains("1006");
    drop(client);
}

#[test]
fn once_a_refusal_is_exit_4_a_server_that_is_down_3_a_silent_one_7() {
    let one = proxy(&["--once"]);
    let mut client = one.client();
    client.request("/", &[]);
    let mut server = one.target.accept();
    server.read_head();
    server.send("HTTP/1.1 401 No\r\nContent-Length: 3\r\nConnection: close\r\n\r\nwhy");
    assert_status(&client.read_head(), 401);
    drop((client, server));
    // Hints are about options of a client, which this is not.
    let outcome = one.running.wait().code(4).stderr_contains("401 No").stderr_contains("why");
    outcome.stderr_lacks("hint:");

    let Proxied { running, port, target } = proxy(&["--once"]);
    drop(target);
    let mut client = Peer::connect(port);
    client.request("/", &[]);
    assert_status(&client.read_head(), 502);
    drop(client);
    running.wait().code(3).stderr_contains("refused");

    let three = proxy(&["--once", "--connect-timeout", "100ms"]);
    let mut client = three.client();
    client.request("/", &[]);
    assert_status(&client.read_head(), 504);
    drop(client);
    three.running.wait().code(7).stderr_lacks("hint:");
}

#[test]
fn pages_are_no_connections_to_count() {
    let proxy = proxy(&["--connections", "2"]);
    proxy.forwarded("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let (first, second) = (proxy.open(), proxy.open());
    let mut third = proxy.client();
    third.request("/", &[]);
    assert_status(&third.read_head(), 503);
    let ((mut client, mut server), (other, mut reset)) = (first, second);
    reset.reset();
    drop((other, third));
    assert_alive(&mut client, &mut server);
    leave(client, server);
    proxy.running.wait().code(0);
}

#[test]
fn a_duration_ends_with_1000() {
    let proxy = proxy(&["--duration", "300ms"]);
    let (mut client, mut server) = proxy.open();
    client.expect_close(1000);
    server.expect_close(1000);
    client.close(1000, "");
    server.close(1000, "");
    drop((client, server));
    proxy.running.wait().code(0);
}

#[test]
fn at_rest_a_signal_ends_at_once() {
    for (signal, status) in [(Signal::INT, 0), (Signal::TERM, 0), (Signal::HUP, 129)] {
        end(proxy(&[]), signal, status);
    }
}

#[test]
fn a_signal_closes_both_sides() {
    for signal in [Signal::INT, Signal::TERM] {
        let mut proxy = proxy(&["--json"]);
        let (mut client, mut server) = proxy.open();
        proxy.running.signal(signal);
        client.expect_close(1001);
        server.expect_close(1001);
        client.close(1001, "");
        server.close(1001, "");
        client.expect_eof();
        server.expect_eof();
        let close = proxy.event("close");
        assert_eq!(
            (&close["initiator"], &close["code"]),
            (&"self".into(), &1001.into()),
            "{close}"
        );
        drop((client, server));
        proxy.running.wait().code(0);
    }
}

#[test]
fn a_signal_within_frames_ends_tcp_there() {
    let mut proxy = proxy(&["--json"]);
    let (mut client, mut server) = proxy.open();
    let from_client = &masked(&text("incomplete"))[..9];
    let from_server = &text("incomplete")[..5];
    super::deliver(&mut client, &mut server, from_client);
    super::deliver(&mut server, &mut client, from_server);
    // Each frame is known to be incomplete once what it began with was shown, for which nothing stands: a second
    // connection is served by another thread.
    let (one, two) = proxy.open();
    proxy.event("open");
    drop((one, two));
    proxy.running.signal(Signal::TERM);
    client.expect_eof();
    server.expect_eof();
    drop((client, server));
    proxy.running.wait().code(0);
}

/// Between the fragments of a message there may be a Close frame.
#[test]
fn a_signal_within_a_fragmented_message_closes_both_sides() {
    let proxy = proxy(&[]);
    let (mut client, mut server) = proxy.open();
    super::deliver(&mut client, &mut server, &masked(&frame(false, 0, 1, b"fragment")));
    proxy.running.signal(Signal::TERM);
    server.expect_close(1001);
    client.expect_close(1001);
    drop((client, server));
    proxy.running.wait().code(0);
}

#[test]
fn a_signal_ends_in_time_though_no_side_answers() {
    let proxy = proxy(&[]);
    let (client, server) = proxy.open();
    end(proxy, Signal::TERM, 0);
    drop((client, server));
}

#[test]
fn a_second_signal_ends_at_once() {
    let proxy = proxy(&[]);
    let (mut client, server) = proxy.open();
    proxy.running.signal(Signal::INT);
    client.expect_close(1001);
    end(proxy, Signal::INT, 130);
    drop(server);
}

/// The client does not read, so that the Close frame cannot be written.
#[test]
fn a_signal_ends_in_time_though_a_side_is_stalled() {
    use std::io::Write;
    let proxy = super::unread_proxy(&[]);
    let (client, server) = proxy.open();
    let (sender, progress) = std::sync::mpsc::channel();
    let mut socket = server.socket();
    let writer = thread::spawn(move || {
        let bytes = text(&"x".repeat(60_000));
        while socket.write_all(&bytes).is_ok() {
            let _ = sender.send(bytes.len());
        }
    });
    crate::scripts::sum_until_stalled(&progress);
    end(proxy, Signal::TERM, 0);
    drop((client, server));
    writer.join().expect("a writer without errors");
}

/// Neither an idle connection nor an unanswered request holds up the end.
#[test]
fn a_signal_ends_requests_of_pages() {
    let proxy = proxy(&[]);
    let mut idle = proxy.client();
    idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut server = proxy.target.accept();
    server.read_head();
    server.send(super::NOT_FOUND);
    assert_status(&idle.read_head(), 404);
    let mut waiting = proxy.client();
    waiting.send("GET /poll HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut silent = proxy.target.accept();
    silent.read_head();
    let mut opening = proxy.client();
    opening.send(upgrade_request("/", &[]));
    let mut undecided = proxy.target.accept();
    undecided.read_head();
    end(proxy, Signal::TERM, 0).stderr_lacks("panicked");
    drop((idle, waiting, opening));
}
