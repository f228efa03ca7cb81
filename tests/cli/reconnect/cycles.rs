//! A server that restarts repeatedly, with numbered messages in both directions: none is duplicated or
//! reordered, and missing ones were reported as possibly lost.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use super::accept;
#[cfg(unix)]
use crate::support::Running;
use crate::support::{CLOSE, Inflater, Outcome, Peer, Script, Server, script, wscope};

const CYCLES: usize = 20;

/// Lines on the client's stdin for each connection.
const LINES: u64 = 20;

/// Messages that the server sends on each connection.
const ANSWERS: usize = 5;

/// Numbers of the received messages, a list for each connection.
type Seen = Arc<Mutex<Vec<Vec<u64>>>>;

fn number(text: &[u8]) -> u64 {
    String::from_utf8_lossy(text).trim().parse().expect("a number")
}

/// One connection of the server, which ends in one of several ways.
fn connection(cycle: usize, seen: &Seen, feed: &Sender<()>) -> Script {
    let (seen, feed) = (Arc::clone(seen), feed.clone());
    accept(move |peer| {
        for answer in 0..ANSWERS {
            peer.send(crate::support::text(&(cycle * ANSWERS + answer).to_string()));
        }
        feed.send(()).expect("a receiver in the test");
        let mut numbers: Vec<_> =
            (0..cycle * 7 % LINES as usize).map(|_| number(&peer.read_message().1)).collect();
        match cycle % 3 {
            0 => {}
            1 => peer.reset(),
            _ => {
                peer.close(1012, "restart");
                numbers.extend(until_close(peer));
            }
        }
        seen.lock().expect("no script has failed").push(numbers);
    })
}

fn until_close(peer: &mut Peer) -> Vec<u64> {
    let mut numbers = Vec::new();
    loop {
        let frame = peer.read_frame();
        if frame.opcode == CLOSE {
            return numbers;
        }
        numbers.push(number(&frame.payload));
    }
}

/// The last connection, which receives all remaining messages.
fn last_connection(last: u64, seen: &Seen, feed: &Sender<()>) -> Script {
    let (seen, feed) = (Arc::clone(seen), feed.clone());
    accept(move |peer| {
        feed.send(()).expect("a receiver in the test");
        let mut numbers = Vec::new();
        while numbers.last() != Some(&last) {
            numbers.push(number(&peer.read_message().1));
        }
        seen.lock().expect("no script has failed").push(numbers);
        peer.close_and_expect_reply(1000);
    })
}

/// The number of messages reported at each loss as possibly not arrived.
fn reported_losses(stderr: &str) -> Vec<u64> {
    let connections = stderr.split("wscope: reconnected").collect::<Vec<_>>();
    let reported = |connection: &&str| {
        connection
            .lines()
            .filter(|line| line.ends_with("may not have arrived"))
            .map(|line| {
                let count = line
                    .trim_start_matches("wscope: warning: ")
                    .trim_start_matches("up to ")
                    .split(' ')
                    .next();
                count.expect("a count").replace(',', "").parse::<u64>().expect("a number")
            })
            .sum()
    };
    connections.iter().map(reported).collect()
}

#[track_caller]
fn assert_accounted_for(connections: &[Vec<u64>], stderr: &str) {
    let reported = reported_losses(stderr);
    assert_eq!(reported.len(), connections.len(), "{stderr}");
    let mut next = 1;
    for (connection, (numbers, handed_over)) in connections.iter().zip(reported).enumerate() {
        // The received messages are the first of those sent on the connection, without a gap; those not
        // sent come first on the next one.
        let wanted = next..next + numbers.len() as u64;
        assert!(
            numbers.iter().copied().eq(wanted.clone()),
            "{connection}: {numbers:?}, not {wanted:?}"
        );
        let is_last = connection + 1 == connections.len();
        assert!(
            is_last || numbers.len() as u64 <= handed_over,
            "{connection}: only {handed_over} reported"
        );
        next += handed_over;
    }
}

/// Runs a client that gets `count(last line)` more lines on each request of the server.
#[track_caller]
fn run_fed(
    server: Server,
    requests: Receiver<()>,
    count: impl Fn(u64) -> u64,
    line: impl Fn(u64) -> String,
) -> Outcome {
    let url = server.url();
    let mut running = wscope().args(["--reconnect", "--reconnect-delay", "1ms", &url]).spawn();
    let mut last = 0;
    for () in requests {
        let next = last + count(last);
        running.write_stdin((last + 1..=next).map(&line).collect::<String>());
        last = next;
    }
    server.join();
    running.wait().code(0)
}

#[test]
fn losses_are_reported_and_nothing_is_duplicated() {
    let seen = Seen::default();
    let (feed, requests) = channel();
    let last = LINES * (CYCLES as u64 + 1);
    let connections = (0..CYCLES).map(|cycle| connection(cycle, &seen, &feed));
    let server = Server::scripts(
        connections.chain([last_connection(last, &seen, &feed)]).collect::<Vec<_>>(),
    );
    drop(feed);
    let outcome = run_fed(server, requests, |_| LINES, |line| format!("{line}\n"));
    assert_accounted_for(&seen.lock().expect("no script has failed"), &outcome.stderr);
    let answers: Vec<_> = outcome.stdout.lines().map(|line| number(line.as_bytes())).collect();
    assert!(answers.is_sorted_by(|one, next| one < next), "{answers:?}");
    // A reset discards data that the client has not read; after any other end all is received.
    let promised = (0..CYCLES).filter(|cycle| cycle % 3 != 1);
    for answer in promised.flat_map(|cycle| cycle * ANSWERS..(cycle + 1) * ANSWERS) {
        assert!(answers.contains(&(answer as u64)), "{answer} is missing: {answers:?}");
    }
}

/// The number of a message that may be compressed.
fn compressed_number(peer: &mut Peer, inflater: &mut Inflater) -> u64 {
    const RSV1: u8 = 4;
    let frame = peer.read_frame();
    let is_compressed = frame.rsv == RSV1;
    let text = if is_compressed { inflater.inflate(&frame.payload) } else { frame.payload };
    number(text.split(|byte| *byte == b' ').next().expect("a number first"))
}

/// A line of 8 KiB that is hardly compressible.
fn long_line(number: u64) -> String {
    let mut noise = number;
    let mut line = format!("{number} ");
    while line.len() < 8 << 10 {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        line += &format!("{:x}", noise >> 32);
    }
    line + "\n"
}

/// A server that is killed while more is to be sent than all buffers hold.
fn kill_in_a_flood(extensions: &'static [&'static str]) {
    const KILLS: usize = 12;
    const FLOOD: u64 = 1200;
    const MORE: u64 = 40;
    const LAST: u64 = FLOOD + KILLS as u64 * MORE;
    let seen = Seen::default();
    let (feed, requests) = channel();
    let connections = (0..=KILLS).map(|connection| {
        let (seen, feed) = (Arc::clone(&seen), feed.clone());
        script(move |peer: &mut Peer| {
            let head = peer.read_head();
            peer.accept_with(&head, extensions);
            feed.send(()).expect("a receiver in the test");
            let (mut numbers, mut inflater) = (Vec::new(), Inflater::new());
            let count = if connection == KILLS { usize::MAX } else { 1 + connection * 3 };
            while numbers.len() < count && numbers.last() != Some(&LAST) {
                numbers.push(compressed_number(peer, &mut inflater));
            }
            seen.lock().expect("no script has failed").push(numbers);
            if connection == KILLS {
                peer.close_and_expect_reply(1000);
            } else {
                peer.reset();
            }
        })
    });
    let server = Server::scripts(connections.collect::<Vec<_>>());
    drop(feed);
    let count = |line| if line == 0 { FLOOD } else { MORE };
    let outcome = run_fed(server, requests, count, long_line);
    assert_accounted_for(&seen.lock().expect("no script has failed"), &outcome.stderr);
}

#[test]
fn a_backlog_is_sent_after_reconnects() {
    kill_in_a_flood(&[]);
}

/// Compressed data depends on the context of its connection.
#[test]
fn a_backlog_of_compressed_messages_is_sent_after_reconnects() {
    kill_in_a_flood(&["Sec-WebSocket-Extensions: permessage-deflate"]);
}

/// A server process, which prints received messages and sends its stdin.
#[cfg(unix)]
fn server_process(address: &str, tls: Option<&[String; 2]>) -> Running {
    let server = wscope().args(["listen", address, "--output", "lines"]);
    let Some([certificate, key]) = tls else { return server.spawn() };
    let server = server.file("certificate.pem", certificate).file("key.pem", key);
    server.args(["--tls-cert", "certificate.pem", "--tls-key", "key.pem"]).spawn()
}

/// Slow; `cargo test -- --ignored two_hundred` runs it.
#[cfg(unix)]
#[test]
#[ignore = "200 processes take a quarter of a minute"]
fn two_hundred_servers_are_killed() {
    kill_servers(None);
}

/// The same over TLS, where a partial record is unusable.
#[cfg(unix)]
#[test]
#[ignore = "200 processes take half a minute"]
fn two_hundred_servers_are_killed_over_tls() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    kill_servers(Some([made.cert.pem(), made.signing_key.serialize_pem()]));
}

#[cfg(unix)]
fn kill_servers(tls: Option<[String; 2]>) {
    const KILLS: u64 = 200;
    const BATCH: u64 = 50;
    let mut server = server_process("127.0.0.1:0", tls.as_ref());
    let ready = server.wait_stderr("://127.0.0.1:");
    let address = ready.split("://").nth(1).expect("a URL");
    let address = address.split(['/', ' ']).next().expect("an address").to_owned();
    let scheme = if tls.is_some() { "wss" } else { "ws" };
    let mut client = wscope()
        .args(["-k", "--reconnect", "--reconnect-delay", "2ms", &format!("{scheme}://{address}")])
        .deadline(std::time::Duration::from_secs(300))
        .spawn();
    let (mut connections, mut answers) = (Vec::new(), Vec::new());
    for kill in 0..=KILLS {
        server.wait_stderr("connected");
        let lines = |from: u64| (from + 1..=from + BATCH).map(|line| format!("{line}\n"));
        client.write_stdin(lines(kill * BATCH).collect::<String>());
        server.write_stdin(lines(kill * BATCH).collect::<String>());
        let read = if kill == KILLS { u64::MAX } else { kill * 7 % BATCH };
        let mut numbers = Vec::new();
        while (numbers.len() as u64) < read && numbers.last() != Some(&((KILLS + 1) * BATCH)) {
            numbers.push(number(server.read_stdout_line().as_bytes()));
        }
        connections.push(numbers);
        answers.push(number(client.read_stdout_line().as_bytes()));
        if kill < KILLS {
            drop(server); // SIGKILL
            server = server_process(&address, tls.as_ref());
        }
    }
    client.signal(crate::support::Signal::TERM);
    let outcome = client.wait().code(143);
    assert_accounted_for(&connections, &outcome.stderr);
    assert!(answers.is_sorted_by(|one, next| one < next), "{answers:?}");
}

/// An idle timeout of the peer is recognised when it ends a second connection. Ends after less than 5 s have other
/// causes, unless the reason names idleness.
#[test]
fn two_ends_after_the_same_silence_are_reported() {
    const SILENCE: std::time::Duration = std::time::Duration::from_millis(300);
    let cut = || {
        accept(|peer: &mut Peer| {
            peer.send(crate::support::text("x"));
            std::thread::sleep(SILENCE);
        })
    };
    let close = |reason: &'static str, silence| {
        accept(move |peer: &mut Peer| {
            peer.send(crate::support::text("x"));
            std::thread::sleep(silence);
            peer.close(1001, reason);
            peer.expect_close(1001);
        })
    };
    let idle = |silence| close("Idle Timeout", silence);
    let restart = || close("restart", SILENCE);
    let words = "warning: two connections in a row were ended by the peer after the same time without \
                 traffic; --ping-interval TIME";
    for (scripts, count) in [
        (vec![idle(SILENCE), idle(SILENCE), idle(SILENCE)], 1),
        (vec![idle(SILENCE), idle(2 * SILENCE)], 0),
        (vec![restart(), restart()], 0),
        (vec![cut(), cut()], 0),
    ] {
        let end = accept(|peer: &mut Peer| {
            peer.close_and_expect_reply(1000);
        });
        let server = Server::scripts(scripts.into_iter().chain([end]));
        let outcome = wscope().args(super::SOON).arg(server.url()).stdin_open().run().code(0);
        assert_eq!(outcome.stderr.matches(words).count(), count, "{}", outcome.stderr);
    }
}
