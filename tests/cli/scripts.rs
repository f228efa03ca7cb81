//! Scripts of servers that many tests use, and observations of the process.

use crate::support::{CLOSE, DEADLINE, Frame, Outcome, Peer, Server, Wire};
use crate::support::{last_header, text, wscope};
use native_tls::{Identity, TlsAcceptor, TlsStream};
use socket2::Socket;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// A URL that refuses connections.
pub(crate) fn refused_url() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    format!("ws://{}", listener.local_addr().expect("the address of the listener"))
}

/// A server that accepts one WebSocket and runs `steps`.
pub(crate) fn serve(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Server {
    Server::script(move |peer| {
        peer.accept_request();
        steps(peer);
    })
}

/// A server that accepts one WebSocket, and runs `steps` when the test releases it.
pub(crate) fn serve_on_release(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Server {
    serve(move |peer| {
        peer.stall();
        steps(peer);
    })
}

/// A server that reports the request, accepts it when the test releases it, and runs `steps`.
pub(crate) fn accept_on_release(
    steps: impl FnOnce(&mut Peer) + Send + 'static,
) -> (Server, Receiver<()>) {
    let (sender, requested) = channel();
    let server = Server::script(move |peer| {
        let head = peer.read_head();
        sender.send(()).expect("a receiver in the test");
        peer.stall();
        peer.accept(&head);
        steps(peer);
    });
    (server, requested)
}

/// A server that reports the request, and does not respond to it.
pub(crate) fn serve_silence() -> (Server, Receiver<()>) {
    let (sender, requested) = channel();
    let server = Server::script(move |peer| {
        peer.read_head();
        sender.send(()).expect("a receiver in the test");
        peer.expect_eof();
    });
    (server, requested)
}

/// Accepts the request, echoes one message, and closes.
pub(crate) fn echo_once(peer: &mut Peer) {
    peer.accept_request();
    let (opcode, message) = peer.read_message();
    peer.send(crate::support::frame(true, 0, opcode, &message));
    peer.close_and_expect_reply(1000);
}

/// As [`serve`], with this `Sec-WebSocket-Extensions` header in the response.
pub(crate) fn serve_extension(
    answer: &str,
    steps: impl FnOnce(&mut Peer) + Send + 'static,
) -> Server {
    let answer = format!("Sec-WebSocket-Extensions: {answer}");
    Server::script(move |peer| {
        let head = peer.read_head();
        peer.accept_with(&head, &[&answer]);
        steps(peer);
    })
}

/// A server that accepts permessage-deflate, sends these bytes, and answers the client's Close with 1000.
pub(crate) fn serve_deflate(bytes: impl AsRef<[u8]> + Send + 'static) -> Server {
    serve_extension("permessage-deflate", move |peer| {
        peer.send(bytes);
        answer_close(peer);
    })
}

/// A run in which the server sends bytes whose last frame violates the protocol: exit status 5, a Close frame with
/// this code and a reason, and the header of the offending frame on stderr.
#[track_caller]
pub(crate) fn violate(bytes: &[u8], code: u16) -> Outcome {
    violate_with(&[], bytes, code)
}

/// The same, with additional arguments.
#[track_caller]
pub(crate) fn violate_with(args: &[&str], bytes: &[u8], code: u16) -> Outcome {
    expect_violation(args, None, bytes, code)
}

/// The same with permessage-deflate negotiated.
#[track_caller]
pub(crate) fn violate_deflate(args: &[&str], bytes: &[u8], code: u16) -> Outcome {
    expect_violation(args, Some("permessage-deflate"), bytes, code)
}

/// A valid message is sent before, so that the first offending frame is at byte 4.
#[track_caller]
fn expect_violation(args: &[&str], extension: Option<&str>, bytes: &[u8], code: u16) -> Outcome {
    let offending: Vec<_> = last_header(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let bytes = [&text("ok"), bytes].concat();
    let steps = move |peer: &mut Peer| {
        peer.send(bytes);
        let reason = peer.expect_close(code);
        assert!(!reason.is_empty(), "the Close frame has no reason");
    };
    let server = match extension {
        Some(extension) => serve_extension(extension, steps),
        None => serve(steps),
    };
    let outcome = wscope().args(args).arg(server.url()).stdin_open().run().code(5).stdout("ok\n");
    outcome
        .stderr_contains("wscope: protocol error: ")
        .stderr_contains(&format!("closed with {code}"))
        .stderr_contains("wscope: offending frame at byte ")
        .stderr_contains(&format!("; header {}", offending.join(" ")))
}

/// A server that accepts one WebSocket over TLS, with an untrusted certificate.
pub(crate) fn serve_tls(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Server {
    Server::script(move |peer| {
        start_untrusted_tls(peer);
        peer.accept_request();
        steps(peer);
    })
}

/// Starts TLS, with an untrusted certificate.
pub(crate) fn start_untrusted_tls(peer: &mut Peer) {
    peer.upgrade(|socket| Tls(acceptor().accept(socket).expect("a TLS handshake")));
}

/// Presents an untrusted certificate to a client that must refuse it.
pub(crate) fn refuse_untrusted_tls(peer: &mut Peer) {
    peer.upgrade(|socket| {
        assert!(acceptor().accept(socket).is_err(), "the client accepted an untrusted certificate");
        io::empty()
    });
}

impl Wire for io::Empty {
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server that sends these bytes, and answers the client's Close with 1000.
pub(crate) fn serve_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Server {
    serve(move |peer| {
        peer.send(bytes);
        answer_close(peer);
    })
}

/// A server that reads all frames up to the client's Close, which it answers.
pub(crate) fn serve_sink() -> (Server, Receiver<Vec<Frame>>) {
    let (sender, frames) = channel();
    let server = serve(move |peer| {
        sender.send(read_to_close(peer)).expect("a receiver in the test");
    });
    (server, frames)
}

/// Expects the client's Close with 1000 and answers it.
pub(crate) fn answer_close(peer: &mut Peer) {
    peer.answer_close(1000);
}

/// Closes, and expects the client's reply with the same code.
pub(crate) fn close(peer: &mut Peer, code: u16, reason: &str) {
    peer.close(code, reason);
    peer.expect_close(code);
}

/// All frames before the client's Close, which is answered with its payload.
pub(crate) fn read_to_close(peer: &mut Peer) -> Vec<Frame> {
    let mut frames = Vec::new();
    loop {
        let frame = peer.read_frame();
        if frame.opcode == CLOSE {
            peer.send(crate::support::frame(true, 0, CLOSE, &frame.payload));
            return frames;
        }
        frames.push(frame);
    }
}

/// The next value from a script, before the deadline.
#[track_caller]
pub(crate) fn next<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(DEADLINE).expect("a value from the server's script in time")
}

/// The script sends nothing for `duration`.
#[track_caller]
pub(crate) fn expect_quiet<T>(receiver: &Receiver<T>, duration: Duration) {
    let received = receiver.recv_timeout(duration);
    assert!(matches!(received, Err(RecvTimeoutError::Timeout)), "the script continued, or ended");
}

/// The sum of the reported sizes, up to the first stall.
pub(crate) fn sum_until_stalled(progress: &Receiver<usize>) -> usize {
    const STALL: Duration = Duration::from_millis(400);
    let mut sum = progress.recv_timeout(DEADLINE).expect("some progress");
    while let Ok(more) = progress.recv_timeout(STALL) {
        sum += more;
    }
    sum
}

/// The peak memory of the process so far, in MiB, without the pages of the program's file: in a build that is not optimised
/// they are most of it.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn peak_memory(process: u32) -> usize {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        let number: usize = line.trim().trim_end_matches(" kB").parse().expect("a number");
        number
    };
    kilobytes("VmHWM:").saturating_sub(kilobytes("RssFile:")) / 1024
}

/// Waits until the process sleeps: with a file as its input, because the server does not read; after a long
/// message, because stdout is not read.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn wait_until_blocked(process: u32) {
    let mut asleep = 0;
    while asleep < 20 {
        asleep = if is_asleep(process) { asleep + 1 } else { 0 };
        // A process that only waits for the processor is not asleep.
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether all threads of the process sleep.
#[cfg(target_os = "linux")]
#[track_caller]
fn is_asleep(process: u32) -> bool {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("a process");
    // A thread may have ended.
    let stat = |thread: std::fs::DirEntry| std::fs::read_to_string(thread.path().join("stat")).ok();
    threads.flatten().filter_map(stat).all(|stat| {
        let (_, state) = stat.rsplit_once(") ").expect("fields after the name");
        state.starts_with('S')
    })
}

/// Processor time of the process so far, which may have ended but must not have been reaped.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn processor_time(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a process");
    let (_, fields) = stat.rsplit_once(") ").expect("fields after the name");
    let ticks =
        fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().expect("a number"));
    Duration::from_millis(10 * ticks.sum::<u64>())
}

/// TLS on the server's side.
struct Tls(TlsStream<Socket>);

impl Read for Tls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Tls {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Wire for Tls {
    fn end(&mut self) -> io::Result<()> {
        self.0.shutdown()
    }
}

fn acceptor() -> TlsAcceptor {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let identity =
        Identity::from_pkcs8(certificate.as_bytes(), key.as_bytes()).expect("an identity");
    TlsAcceptor::new(identity).expect("an acceptor")
}
