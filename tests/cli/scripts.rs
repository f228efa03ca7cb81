//! What the servers of many tests do, and what is seen of the program from outside.

use crate::support::{CLOSE, DEADLINE, Frame, Outcome, Peer, Server, Wire};
use crate::support::{last_header, text, wscope};
use native_tls::{Identity, TlsAcceptor, TlsStream};
use socket2::Socket;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// Where nobody listens.
pub(crate) fn deserted_url() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    format!("ws://{}", listener.local_addr().expect("the address of the listener"))
}

/// A server that accepts one WebSocket and goes on with `steps`.
pub(crate) fn serve(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Server {
    Server::script(move |peer| {
        let head = peer.read_head();
        peer.accept(&head);
        steps(peer);
    })
}

/// The same, with an answer to the extensions that the client offers.
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

/// A server that accepts permessage-deflate, sends these bytes, and answers when the client closes with
/// 1000.
pub(crate) fn serve_packed(bytes: impl AsRef<[u8]> + Send + 'static) -> Server {
    serve_extension("permessage-deflate", move |peer| {
        peer.send(bytes);
        answer_close(peer);
    })
}

/// What comes of bytes whose last frame breaks the protocol: exit status 5, a Close frame with this code
/// and a reason, and the header of the guilty frame on stderr.
#[track_caller]
pub(crate) fn violate(bytes: &[u8], code: u16) -> Outcome {
    violate_with(&[], bytes, code)
}

/// The same, with further arguments.
#[track_caller]
pub(crate) fn violate_with(args: &[&str], bytes: &[u8], code: u16) -> Outcome {
    expect_violation(args, None, bytes, code)
}

/// The same where permessage-deflate has been agreed on.
#[track_caller]
pub(crate) fn violate_packed(args: &[&str], bytes: &[u8], code: u16) -> Outcome {
    expect_violation(args, Some("permessage-deflate"), bytes, code)
}

/// A message that is fine comes before, so that the place of the first frame is byte 4.
#[track_caller]
fn expect_violation(args: &[&str], extension: Option<&str>, bytes: &[u8], code: u16) -> Outcome {
    let guilty: Vec<_> = last_header(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let bytes = [&text("ok"), bytes].concat();
    let steps = move |peer: &mut Peer| {
        peer.send(bytes);
        let reason = peer.expect_close(code);
        assert!(!reason.is_empty(), "the Close frame does not say why");
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
        .stderr_contains(&format!("; header {}", guilty.join(" ")))
}

/// A server that accepts one WebSocket under TLS, with a certificate that nobody knows.
pub(crate) fn serve_tls(steps: impl FnOnce(&mut Peer) + Send + 'static) -> Server {
    Server::script(move |peer| {
        under_tls(peer);
        let head = peer.read_head();
        peer.accept(&head);
        steps(peer);
    })
}

/// Goes on under TLS, with a certificate that nobody knows.
pub(crate) fn under_tls(peer: &mut Peer) {
    peer.upgrade(|socket| Tls(acceptor().accept(socket).expect("a TLS handshake")));
}

/// Shows a certificate that nobody knows to a client that does not put up with it.
pub(crate) fn fail_under_tls(peer: &mut Peer) {
    peer.upgrade(|socket| {
        assert!(acceptor().accept(socket).is_err(), "the client took any certificate");
        io::empty()
    });
}

impl Wire for io::Empty {
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server that sends these bytes, and answers when the client closes with 1000.
pub(crate) fn serve_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Server {
    serve(move |peer| {
        peer.send(bytes);
        answer_close(peer);
    })
}

/// A server that takes what the client sends, up to its Close, which it answers.
pub(crate) fn serve_sink() -> (Server, Receiver<Vec<Frame>>) {
    let (sender, frames) = channel();
    let server = serve(move |peer| {
        sender.send(read_to_close(peer)).expect("a test that waits for the frames");
    });
    (server, frames)
}

/// The client closes with 1000 and is answered.
pub(crate) fn answer_close(peer: &mut Peer) {
    peer.expect_close(1000);
    peer.close(1000, "");
}

/// The server closes and is answered with the same code.
pub(crate) fn close(peer: &mut Peer, code: u16, reason: &str) {
    peer.close(code, reason);
    peer.expect_close(code);
}

/// All frames before the client's Close, which is answered in kind.
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

/// What comes next from a script, which must not take long.
#[track_caller]
pub(crate) fn next<T>(receiver: &Receiver<T>) -> T {
    receiver.recv_timeout(DEADLINE).expect("word from the server's script in time")
}

/// Nothing comes from a script for so long.
#[track_caller]
pub(crate) fn expect_quiet<T>(receiver: &Receiver<T>, duration: Duration) {
    let came = receiver.recv_timeout(duration);
    assert!(matches!(came, Err(RecvTimeoutError::Timeout)), "the script got on, or ended");
}

/// The sum of what is reported, up to the first stop.
pub(crate) fn sum_until_stalled(progress: &Receiver<usize>) -> usize {
    const STALL: Duration = Duration::from_millis(400);
    let mut sum = progress.recv_timeout(DEADLINE).expect("some progress");
    while let Ok(more) = progress.recv_timeout(STALL) {
        sum += more;
    }
    sum
}

/// The most memory that the process has held so far, in MiB.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn peak_memory(process: u32) -> usize {
    let status =
        std::fs::read_to_string(format!("/proc/{process}/status")).expect("a running process");
    let line =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak of memory");
    let kilobytes: usize =
        line.trim().trim_end_matches(" kB").parse().expect("a number of kilobytes");
    kilobytes / 1024
}

/// Waits until the process has nothing to do: with a file as its input, because nobody takes what it sends; behind
/// a long message, because nobody takes what it writes.
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn wait_until_blocked(process: u32) {
    let mut asleep = 0;
    while asleep < 20 {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a process");
        let (_, state) = stat.rsplit_once(") ").expect("fields after the name");
        asleep = if state.starts_with('S') { asleep + 1 } else { 0 };
        // One that waits for the processor only is not asleep, however long it takes.
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Processor time of the process so far, which may have ended but not been waited for.
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
