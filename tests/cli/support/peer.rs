//! One end of a connection, controlled step by step. Every step fails with a message at its deadline.

use super::frame::{self, Frame, NO_STATUS};
use super::head::{switching_protocols, upgrade_request};
use super::server::Gate;
use super::{BINARY, CLOSE, CONTINUATION, DEADLINE, PING, PONG, TEXT};
use socket2::Socket;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

/// The peer of the program under test, controlled by a script or a test: the server of `wscope URL`, the
/// client of `wscope listen` and `wscope proxy`.
pub struct Peer {
    wire: Option<Box<dyn Wire>>,
    /// The same socket as under `wire`, for the operations that TLS on top of it does not offer.
    control: Option<Socket>,
    unread: Vec<u8>,
    role: Role,
    gate: Arc<Gate>,
}

/// The stream that a peer reads from and writes to: a socket, or TLS on one.
pub trait Wire: Read + Write + Send {
    /// Ends this layer (TLS: close_notify), not the socket below it.
    fn end(&mut self) -> io::Result<()>;
}

impl Wire for Socket {
    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Server,
    Client,
}

/// Making and ending connections.
impl Peer {
    /// Connects as a client; [`Peer::request`] comes next.
    #[track_caller]
    pub fn connect(port: u16) -> Self {
        let address = ([127, 0, 0, 1], port).into();
        match TcpStream::connect_timeout(&address, DEADLINE) {
            Ok(stream) => Self::new(stream.into(), Role::Client, Arc::default()),
            Err(error) => panic!("cannot connect to {address}: {error}"),
        }
    }

    pub(super) fn accepted(socket: Socket, gate: Arc<Gate>) -> Self {
        Self::new(socket, Role::Server, gate)
    }

    fn new(socket: Socket, role: Role, gate: Arc<Gate>) -> Self {
        socket.set_read_timeout(Some(DEADLINE)).expect("a read timeout");
        socket.set_write_timeout(Some(DEADLINE)).expect("a write timeout");
        // Fails on sockets that are not TCP, which have no delay to turn off.
        let _ = socket.set_tcp_nodelay(true);
        let control = Some(socket.try_clone().expect("a second handle of the socket"));
        Self { wire: Some(Box::new(socket)), control, unread: Vec::new(), role, gate }
    }

    /// Adds a layer on the socket, such as TLS. No bytes may have been read ahead.
    #[track_caller]
    pub fn upgrade<W: Wire + 'static>(&mut self, wrap: impl FnOnce(Socket) -> W) {
        assert!(self.unread.is_empty(), "bytes before the upgrade: {}", shown(&self.unread));
        self.wire = Some(Box::new(wrap(self.socket())));
    }

    /// Adds a layer on the present one, such as TLS within TLS. No bytes may have been read ahead.
    #[track_caller]
    pub fn nest<W: Wire + 'static>(&mut self, wrap: impl FnOnce(Box<dyn Wire>) -> W) {
        assert!(self.unread.is_empty(), "bytes before the layer: {}", shown(&self.unread));
        let below = self.wire.take().expect("a connection that was not reset before");
        self.wire = Some(Box::new(wrap(below)));
    }

    /// Sends a Close frame with this code, and expects the reply with the same code.
    #[track_caller]
    pub fn close_and_expect_reply(&mut self, code: u16) {
        self.close(code, "");
        self.expect_close(code);
    }

    /// Expects a Close frame with this code, and answers it.
    #[track_caller]
    pub fn answer_close(&mut self, code: u16) {
        self.expect_close(code);
        self.close(code, "");
    }

    /// Sends a Close frame.
    #[track_caller]
    pub fn close(&mut self, code: u16, reason: &str) {
        let frame = frame::close(code, reason);
        self.send(if self.role == Role::Client { frame::masked(&frame) } else { frame });
    }

    /// Another handle of the socket, for a thread that writes while this one reads. Its timeouts are shared.
    #[track_caller]
    pub fn socket(&self) -> Socket {
        self.control().try_clone().expect("a second handle of the socket")
    }

    /// Ends the sending direction; reading continues.
    #[track_caller]
    pub fn eof(&mut self) {
        self.wire().end().expect("an orderly shutdown");
        self.control().shutdown(Shutdown::Write).expect("an orderly shutdown");
    }

    /// Resets the connection.
    #[track_caller]
    pub fn reset(&mut self) {
        self.control().set_linger(Some(Duration::ZERO)).expect("SO_LINGER");
        // The kernel sends the reset when the last handle is closed.
        (self.wire, self.control) = (None, None);
    }

    /// Waits, without reading, until the test releases or joins the server.
    #[track_caller]
    pub fn stall(&mut self) {
        assert!(
            self.gate.wait_for_release(),
            "the test neither released nor joined the stalled server"
        );
    }

    /// Closes the connection after the script without losing data in flight: closing a socket with unread
    /// bytes would reset it.
    pub(super) fn finish(mut self) {
        let (Some(wire), Some(control)) = (&mut self.wire, &self.control) else { return };
        let _ = wire.end();
        let _ = control.shutdown(Shutdown::Write);
        loop {
            match self.read_chunk() {
                Ok(0) => return,
                Err(error) if is_timeout(&error) => {
                    panic!("the client left its side open for {DEADLINE:?} after the script")
                }
                Err(_) => return,
                Ok(_) => self.unread.clear(),
            }
        }
    }
}

/// The handshake, and raw bytes.
impl Peer {
    /// A request or response head, up to and with its empty line.
    #[track_caller]
    pub fn read_head(&mut self) -> String {
        const END: &[u8] = b"\r\n\r\n";
        loop {
            if let Some(at) = self.unread.windows(END.len()).position(|window| window == END) {
                let head: Vec<u8> = self.unread.drain(..at + END.len()).collect();
                return String::from_utf8_lossy(&head).into_owned();
            }
            self.fill_for("an HTTP head");
        }
    }

    /// The next `count` bytes.
    #[track_caller]
    pub fn read_exact(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count {
            self.fill_for(&format!("{count} bytes"));
        }
        self.unread.drain(..count).collect()
    }

    /// Reads the request and accepts it. Returns its head.
    #[track_caller]
    pub fn accept_request(&mut self) -> String {
        let head = self.read_head();
        self.accept(&head);
        head
    }

    /// Accepts the request.
    #[track_caller]
    pub fn accept(&mut self, head: &str) {
        self.accept_with(head, &[]);
    }

    /// Accepts the request, with additional header lines.
    #[track_caller]
    pub fn accept_with(&mut self, head: &str, extra_headers: &[&str]) {
        self.send(switching_protocols(head, extra_headers));
    }

    /// Sends a response as written.
    #[track_caller]
    pub fn respond(&mut self, raw: &str) {
        self.send(raw);
    }

    /// Requests the upgrade, as a client.
    #[track_caller]
    pub fn request(&mut self, path: &str, extra_headers: &[&str]) {
        self.send(upgrade_request(path, extra_headers));
    }

    /// Sends bytes: frames, or anything else.
    #[track_caller]
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let wire = self.wire();
        if let Err(error) = wire.write_all(bytes.as_ref()).and_then(|()| wire.flush()) {
            panic!("cannot send {} bytes within {DEADLINE:?}: {error}", bytes.as_ref().len());
        }
    }

    /// Sends bytes to a peer that may have closed already; returns whether it succeeded.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        let wire = self.wire();
        wire.write_all(bytes.as_ref()).and_then(|()| wire.flush()).is_ok()
    }

    /// Sends bytes one at a time, each in its own write.
    #[track_caller]
    pub fn send_slowly(&mut self, bytes: impl AsRef<[u8]>) {
        for byte in bytes.as_ref() {
            self.send([*byte]);
        }
    }

    /// All bytes up to the end of the other side.
    #[track_caller]
    pub fn read_until_eof(&mut self) -> Vec<u8> {
        while self.fill("the end of the connection") {}
        std::mem::take(&mut self.unread)
    }

    /// The head of a response and its body, which ends with the connection.
    #[track_caller]
    pub fn answer(mut self) -> (String, String) {
        let head = self.read_head();
        let body = String::from_utf8(self.read_until_eof()).expect("a body in UTF-8");
        (head, body)
    }

    /// The other side ends without sending anything more.
    #[track_caller]
    pub fn expect_eof(&mut self) {
        let rest = self.read_until_eof();
        assert!(rest.is_empty(), "expected the end of the connection, got {}", shown(&rest));
    }

    /// The other side resets the connection, after these bytes.
    #[track_caller]
    pub fn expect_reset(&mut self, before: &[u8]) {
        let error = loop {
            match self.read_chunk() {
                Ok(0) => panic!("expected a reset, got an end; unread: {}", shown(&self.unread)),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "unread: {}", shown(&self.unread));
        assert_eq!(shown(&self.unread), shown(before), "before the reset");
    }
}

/// Frames and messages.
impl Peer {
    /// The next frame, whatever it is.
    #[track_caller]
    pub fn read_frame(&mut self) -> Frame {
        loop {
            if let Some(frame) = frame::parse(&self.unread) {
                self.unread.drain(..frame.raw_len);
                return frame;
            }
            self.fill_for("a frame");
        }
    }

    /// The next frame, or `None` at the end of the connection. A reset is an error, as is a missed deadline.
    pub fn try_read_frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = frame::parse(&self.unread) {
                self.unread.drain(..frame.raw_len);
                return Ok(Some(frame));
            }
            if self.read_chunk()? == 0 {
                return Ok(None);
            }
        }
    }

    /// The opcode and the payload of the next message, from all of its fragments. Pings and pongs are
    /// skipped, and nothing is answered.
    #[track_caller]
    pub fn read_message(&mut self) -> (u8, Vec<u8>) {
        let mut frame = self.read_valid_frame();
        assert!(matches!(frame.opcode, TEXT | BINARY), "expected a message, got {frame:?}");
        let (opcode, mut message) = (frame.opcode, frame.payload);
        while !frame.fin {
            frame = self.read_valid_frame();
            assert_eq!(frame.opcode, CONTINUATION, "expected the rest of a message, got {frame:?}");
            message.append(&mut frame.payload);
        }
        (opcode, message)
    }

    /// The next message is this text.
    #[track_caller]
    pub fn expect_text(&mut self, expected: &str) {
        let (opcode, message) = self.read_message();
        assert_eq!((opcode, &*String::from_utf8_lossy(&message)), (TEXT, expected));
    }

    /// The next message is binary with these bytes.
    #[track_caller]
    pub fn expect_binary(&mut self, expected: &[u8]) {
        let (opcode, message) = self.read_message();
        assert_eq!((opcode, shown(&message)), (BINARY, shown(expected)));
    }

    /// The next frame is a ping with this payload.
    #[track_caller]
    pub fn expect_ping(&mut self, expected: &[u8]) {
        let frame = self.read_frame();
        assert_eq!((frame.opcode, shown(&frame.payload)), (PING, shown(expected)));
    }

    /// The next frame is a pong with this payload.
    #[track_caller]
    pub fn expect_pong(&mut self, expected: &[u8]) {
        let frame = self.read_frame();
        assert_eq!((frame.opcode, shown(&frame.payload)), (PONG, shown(expected)));
    }

    /// The next frame, except pings and pongs, is a Close frame with this code, or without one for
    /// [`NO_STATUS`]. Returns the reason.
    #[track_caller]
    pub fn expect_close(&mut self, code: u16) -> String {
        let frame = self.read_valid_frame();
        assert_eq!(frame.opcode, CLOSE, "expected a Close frame, got {frame:?}");
        let (got, reason) = match frame.payload.split_first_chunk() {
            Some((code, reason)) => (u16::from_be_bytes(*code), reason),
            None => (NO_STATUS, &frame.payload[..]),
        };
        let reason = String::from_utf8(reason.to_vec()).expect("a reason in UTF-8");
        assert_eq!(got, code, "the code of a Close frame whose reason is {reason:?}");
        reason
    }

    /// The next frame that is not a ping or pong, masked as required and without reserved bits (RFC 6455
    /// sections 5.1, 5.2).
    #[track_caller]
    fn read_valid_frame(&mut self) -> Frame {
        loop {
            let frame = self.read_frame();
            assert_eq!(
                frame.masked,
                self.role == Role::Server,
                "clients must mask, servers must not: {frame:?}"
            );
            assert_eq!(frame.rsv, 0, "reserved bits set: {frame:?}");
            if !matches!(frame.opcode, PING | PONG) {
                return frame;
            }
        }
    }
}

/// Reading under a deadline.
impl Peer {
    #[track_caller]
    fn fill_for(&mut self, awaited: &str) {
        let more = self.fill(awaited);
        assert!(
            more,
            "the connection ended while waiting for {awaited}; unread: {}",
            shown(&self.unread)
        );
    }

    /// Reads available bytes; false at the end of the connection.
    #[track_caller]
    fn fill(&mut self, awaited: &str) -> bool {
        let read = self.read_chunk();
        let unread = &self.unread;
        match read {
            Ok(count) => count > 0,
            Err(error) if is_timeout(&error) => {
                panic!("waited {DEADLINE:?} for {awaited}; unread: {}", shown(unread))
            }
            Err(error) => panic!("{error} while waiting for {awaited}; unread: {}", shown(unread)),
        }
    }

    fn read_chunk(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 64 * 1024];
        loop {
            match self.wire().read(&mut chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(count) => {
                    self.unread.extend(&chunk[..count]);
                    return Ok(count);
                }
            }
        }
    }

    #[track_caller]
    fn wire(&mut self) -> &mut dyn Wire {
        self.wire.as_deref_mut().expect("a connection that was not reset before")
    }

    #[track_caller]
    fn control(&self) -> &Socket {
        self.control.as_ref().expect("a connection that was not reset before")
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn shown(bytes: &[u8]) -> String {
    const MOST: usize = 400;
    let more = if bytes.len() > MOST { "…" } else { "" };
    format!("\"{}{more}\" ({} bytes)", bytes[..bytes.len().min(MOST)].escape_ascii(), bytes.len())
}
