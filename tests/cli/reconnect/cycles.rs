//! A server that goes down and comes back again and again, with numbered messages both ways: none is
//! sent twice, none overtakes another, and of those that are missing it was said that they may be.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use super::accept;
#[cfg(unix)]
use crate::support::Running;
use crate::support::{CLOSE, Peer, Script, Server, Unpacker, script, wscope};

const CYCLES: usize = 20;

/// Lines that the client is given for each connection.
const LINES: u64 = 20;

/// Messages that the server sends on each connection.
const ANSWERS: usize = 5;

/// Numbers of the messages that came, a list for each connection.
type Seen = Arc<Mutex<Vec<Vec<u64>>>>;

fn number(text: &[u8]) -> u64 {
    String::from_utf8_lossy(text).trim().parse().expect("a number")
}

/// One life of the server, which ends in one of several ways.
fn life(cycle: usize, seen: &Seen, feed: &Sender<()>) -> Script {
    let (seen, feed) = (Arc::clone(seen), feed.clone());
    accept(move |peer| {
        for answer in 0..ANSWERS {
            peer.send(crate::support::text(&(cycle * ANSWERS + answer).to_string()));
        }
        feed.send(()).expect("a test that feeds the client");
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

/// The last life: everything that is left comes.
fn last_life(last: u64, seen: &Seen, feed: &Sender<()>) -> Script {
    let (seen, feed) = (Arc::clone(seen), feed.clone());
    accept(move |peer| {
        feed.send(()).expect("a test that feeds the client");
        let mut numbers = Vec::new();
        while numbers.last() != Some(&last) {
            numbers.push(number(&peer.read_message().1));
        }
        seen.lock().expect("no script has failed").push(numbers);
        peer.close(1000, "");
        peer.expect_close(1000);
    })
}

/// What was said at each loss of the messages that may not have arrived.
fn told_lost(stderr: &str) -> Vec<u64> {
    let lives = stderr.split("wscope: connected again").collect::<Vec<_>>();
    let told = |life: &&str| {
        life.lines()
            .filter(|line| line.ends_with("may not have arrived"))
            .map(|line| {
                let count = line.trim_start_matches("wscope: warning: ").split(' ').next();
                count.expect("a count").replace(',', "").parse::<u64>().expect("a number")
            })
            .sum()
    };
    lives.iter().map(told).collect()
}

#[track_caller]
fn assert_accounted_for(lives: &[Vec<u64>], stderr: &str) {
    let told = told_lost(stderr);
    assert_eq!(told.len(), lives.len(), "{stderr}");
    let mut next = 1;
    for (life, (numbers, handed_over)) in lives.iter().zip(told).enumerate() {
        // What has come is a start, without a gap, of what the connection took; what it had not
        // taken comes first on the next one.
        let wanted = next..next + numbers.len() as u64;
        assert!(numbers.iter().copied().eq(wanted.clone()), "{life}: {numbers:?}, not {wanted:?}");
        let is_last = life + 1 == lives.len();
        assert!(is_last || numbers.len() as u64 <= handed_over, "{life}: only {handed_over} told");
        next += handed_over;
    }
}

#[test]
fn nothing_is_lost_in_silence_and_nothing_comes_twice() {
    let seen = Seen::default();
    let (feed, fed) = channel();
    let last = LINES * (CYCLES as u64 + 1);
    let lives = (0..CYCLES).map(|cycle| life(cycle, &seen, &feed));
    let server = Server::scripts(lives.chain([last_life(last, &seen, &feed)]).collect::<Vec<_>>());
    drop(feed);
    let url = server.url();
    let mut running = wscope().args(["--reconnect", "--reconnect-delay", "1ms", &url]).spawn();
    let mut line = 0;
    for () in fed {
        let lines: String = (line + 1..=line + LINES).map(|line| format!("{line}\n")).collect();
        line += LINES;
        running.write_stdin(lines);
    }
    server.join();
    let outcome = running.wait().code(0);
    let seen = seen.lock().expect("no script has failed");
    assert_accounted_for(&seen, &outcome.stderr);
    let answers: Vec<_> = outcome.stdout.lines().map(|line| number(line.as_bytes())).collect();
    assert!(answers.is_sorted_by(|one, next| one < next), "{answers:?}");
    // A reset takes with it what the client has not read; after any other end all is there.
    let promised = (0..CYCLES).filter(|cycle| cycle % 3 != 1);
    for answer in promised.flat_map(|cycle| cycle * ANSWERS..(cycle + 1) * ANSWERS) {
        assert!(answers.contains(&(answer as u64)), "{answer} is missing: {answers:?}");
    }
}

/// The number of a message that may be compressed.
fn unpacked_number(peer: &mut Peer, unpacker: &mut Unpacker) -> u64 {
    const RSV1: u8 = 4;
    let frame = peer.read_frame();
    let is_packed = frame.rsv == RSV1;
    let text = if is_packed { unpacker.unpack(&frame.payload) } else { frame.payload };
    number(text.split(|byte| *byte == b' ').next().expect("a number first"))
}

/// A line of 8 KiB that hardly gets shorter by compression.
fn long_line(number: u64) -> String {
    let mut noise = number;
    let mut line = format!("{number} ");
    while line.len() < 8 << 10 {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        line += &format!("{:x}", noise >> 32);
    }
    line + "\n"
}

/// A server that is killed while more is to be sent than anybody's buffers hold.
fn kill_in_a_flood(extensions: &'static [&'static str]) {
    const KILLS: usize = 12;
    const FLOOD: u64 = 1200;
    const MORE: u64 = 40;
    const LAST: u64 = FLOOD + KILLS as u64 * MORE;
    let seen = Seen::default();
    let (feed, fed) = channel();
    let lives = (0..=KILLS).map(|life| {
        let (seen, feed) = (Arc::clone(&seen), feed.clone());
        script(move |peer: &mut Peer| {
            let head = peer.read_head();
            peer.accept_with(&head, extensions);
            feed.send(()).expect("a test that feeds the client");
            let (mut numbers, mut unpacker) = (Vec::new(), Unpacker::new());
            let count = if life == KILLS { usize::MAX } else { 1 + life * 3 };
            while numbers.len() < count && numbers.last() != Some(&LAST) {
                numbers.push(unpacked_number(peer, &mut unpacker));
            }
            seen.lock().expect("no script has failed").push(numbers);
            if life == KILLS {
                peer.close(1000, "");
                peer.expect_close(1000);
            } else {
                peer.reset();
            }
        })
    });
    let server = Server::scripts(lives.collect::<Vec<_>>());
    drop(feed);
    let url = server.url();
    let mut running = wscope().args(["--reconnect", "--reconnect-delay", "1ms", &url]).spawn();
    let mut line = 0;
    for () in fed {
        let count = if line == 0 { FLOOD } else { MORE };
        running.write_stdin((line + 1..=line + count).map(long_line).collect::<String>());
        line += count;
    }
    server.join();
    let outcome = running.wait().code(0);
    let seen = seen.lock().expect("no script has failed");
    assert_accounted_for(&seen, &outcome.stderr);
}

#[test]
fn a_backlog_survives() {
    kill_in_a_flood(&[]);
}

/// What is compressed for one connection means nothing on the next.
#[test]
fn a_backlog_of_compressed_messages_survives() {
    kill_in_a_flood(&["Sec-WebSocket-Extensions: permessage-deflate"]);
}

/// A server of its own process, which prints what comes and sends what it is given.
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

/// The same over TLS, where a record that was not taken as a whole is nothing at all.
#[cfg(unix)]
#[test]
#[ignore = "200 processes take half a minute"]
fn two_hundred_servers_are_killed_under_tls() {
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
    let (mut lives, mut answers) = (Vec::new(), Vec::new());
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
        lives.push(numbers);
        answers.push(number(client.read_stdout_line().as_bytes()));
        if kill < KILLS {
            drop(server); // SIGKILL
            server = server_process(&address, tls.as_ref());
        }
    }
    client.signal(crate::support::Signal::TERM);
    let outcome = client.wait().code(143);
    assert_accounted_for(&lives, &outcome.stderr);
    assert!(answers.is_sorted_by(|one, next| one < next), "{answers:?}");
}

/// An idle time limit shows when it ends a connection a second time. Ends after less than 5 s have other causes,
/// unless the peer says that it was idle.
#[test]
fn connections_that_are_ended_after_the_same_silence_are_pointed_out() {
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
            peer.close(1000, "");
            peer.expect_close(1000);
        });
        let server = Server::scripts(scripts.into_iter().chain([end]));
        let outcome = wscope().args(super::SOON).arg(server.url()).stdin_open().run().code(0);
        assert_eq!(outcome.stderr.matches(words).count(), count, "{}", outcome.stderr);
    }
}
