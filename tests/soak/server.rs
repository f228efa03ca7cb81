//! The server of a run: one thread that sends, one that reads.

use std::io::{self, Write};
use std::net::Shutdown;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rand::RngExt;
use socket2::Socket;

use crate::encode::{Decoder, Encoder};
use crate::messages::Message;
use crate::pauses::{Longest, Pauses};
use crate::scenario::{Compression, Ending, LIMIT, PermanentStall, Scenario};
use crate::starvation;
use crate::support::{CLOSE, PONG, Peer, close, frame};

/// What the server has received and sent.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// Messages that the client sent.
    pub(crate) messages: Vec<Message>,
    /// The payload of the client's Close.
    pub(crate) close: Option<Vec<u8>>,
    /// Messages that were written completely.
    pub(crate) sent: usize,
    /// Messages that were started.
    pub(crate) started: usize,
    /// The server sent a Close.
    pub(crate) closed: bool,
    /// Its own longest pause while there was something to send or to read, and all time without a processor.
    pub(crate) longest_pause: Duration,
    /// A protocol violation of the client.
    pub(crate) fault: Option<String>,
}

/// The client's Close, for the sending thread.
#[derive(Default)]
struct Closing {
    /// The payload of the client's Close, `None` at an end without one.
    state: Mutex<Option<Option<Vec<u8>>>>,
    changed: Condvar,
}

impl Closing {
    fn set(&self, payload: Option<Vec<u8>>) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        self.changed.notify_all();
    }

    fn is_set(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn wait(&self) -> Option<Vec<u8>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = self.changed.wait_while(state, |state| state.is_none());
        state.unwrap_or_else(PoisonError::into_inner).clone().flatten()
    }
}

/// Serves the run.
pub(crate) fn serve(peer: &mut Peer, scenario: &Scenario, seed: u64) -> Log {
    let socket = peer.socket();
    socket.set_read_timeout(Some(LIMIT)).expect("a read timeout");
    socket.set_write_timeout(Some(LIMIT)).expect("a write timeout");
    let head = peer.read_head();
    match scenario.compression {
        Compression::None => peer.accept(&head),
        Compression::ContextKept => {
            peer.accept_with(&head, &["Sec-WebSocket-Extensions: permessage-deflate"])
        }
        Compression::NoContext => peer.accept_with(
            &head,
            &["Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover"],
        ),
    }
    let longest = Arc::new(Longest::default());
    let closing = Arc::new(Closing::default());
    let sender = Sender {
        socket,
        closing: Arc::clone(&closing),
        longest: Arc::clone(&longest),
        pauses: Pauses::new(scenario.stalls.server_sending, seed, 1),
        encoder: Encoder::new(scenario.compression),
        log: Log::default(),
    };
    let (messages, ending) = (scenario.received.clone(), scenario.ending);
    let sending = thread::spawn(move || sender.run(&messages, ending));
    let mut reading = Log::default();
    let last_pong = read(peer, scenario, seed, &mut reading, &longest, &closing);
    closing.set(reading.close.clone());
    let (sent, pings) = sending.join().expect("a sender that does not panic");
    if ending == Ending::PeerReset {
        peer.reset();
    }
    let fault = match last_pong {
        Ok(last) if last > pings => Some(format!("pong {last}, of {pings} pings")),
        last => last.err(),
    };
    Log {
        messages: reading.messages,
        close: reading.close,
        longest_pause: longest.get() + sent.longest_pause + starvation::of_this_thread(),
        fault,
        ..sent
    }
}

/// Reads up to the client's Close or the end. The number of the last pong.
fn read(
    peer: &mut Peer,
    scenario: &Scenario,
    seed: u64,
    log: &mut Log,
    longest: &Longest,
    closing: &Closing,
) -> Result<u64, String> {
    let mut pauses = Pauses::new(scenario.stalls.server_reading, seed, 2);
    let (mut decoder, mut last_pong) = (Decoder::new(), 0);
    let stall_after = match scenario.ending {
        Ending::Signal(_, _, PermanentStall { server, .. })
        | Ending::MaxTime(_, PermanentStall { server, .. }) => server,
        _ => None,
    };
    for number in 0.. {
        if stall_after.is_some_and(|after| number >= after) {
            peer.stall();
        }
        let start = Instant::now();
        pauses.stall_at_random();
        longest.record_since(start);
        let Ok(Some(frame)) = peer.try_read_frame() else { break };
        match frame.opcode {
            CLOSE => {
                log.close = Some(frame.payload.clone());
                closing.set(Some(frame.payload));
                break;
            }
            PONG => last_pong = check_pong(&frame.payload, last_pong)?,
            _ => log.messages.extend(decoder.decode(frame)?),
        }
    }
    Ok(last_pong)
}

/// Pongs have the payloads of pings, in their order; some may be left out (RFC 6455 section 5.5.3).
fn check_pong(payload: &[u8], last: u64) -> Result<u64, String> {
    let number = String::from_utf8_lossy(payload).parse().ok().filter(|number| *number > last);
    number.ok_or_else(|| format!("pong {:?} after {last}", payload.escape_ascii().to_string()))
}

struct Sender {
    socket: Socket,
    closing: Arc<Closing>,
    longest: Arc<Longest>,
    pauses: Pauses,
    encoder: Encoder,
    log: Log,
}

impl Sender {
    /// What was sent, and the number of pings.
    fn run(mut self, messages: &[Message], ending: Ending) -> (Log, u64) {
        // Fails when the client has disconnected, which it may do at any time.
        let _ = self.send_all(messages).and_then(|()| self.end(ending));
        self.log.longest_pause = starvation::of_this_thread();
        (self.log, self.encoder.pings())
    }

    fn send_all(&mut self, messages: &[Message]) -> io::Result<()> {
        let mut written = Instant::now();
        for message in messages {
            if self.closing.is_set() {
                return Ok(());
            }
            let bytes = self.encoder.encode(message, self.pauses.random());
            self.log.started += 1;
            let mut rest = &*bytes;
            while !rest.is_empty() {
                let (piece, more) = rest.split_at(self.piece(rest.len()));
                if !self.closing.is_set() {
                    self.pauses.stall_at_random();
                }
                self.longest.record_since(written);
                self.socket.write_all(piece)?;
                written = Instant::now();
                rest = more;
            }
            self.log.sent += 1;
        }
        Ok(())
    }

    /// Mostly all, sometimes a few bytes.
    fn piece(&mut self, length: usize) -> usize {
        let random = self.pauses.random();
        match random.random_range(0..10) {
            0 => random.random_range(1..=length.min(10)),
            1 | 2 => random.random_range(1..=length),
            _ => length,
        }
    }

    fn end(&mut self, ending: Ending) -> io::Result<()> {
        if self.closing.is_set() {
            return self.answer_close();
        }
        match ending {
            Ending::PeerClose(code) => {
                self.log.closed = true;
                self.socket.write_all(&close(code, ""))
            }
            Ending::PeerFin => self.socket.shutdown(Shutdown::Write),
            Ending::PeerReset => self.socket.shutdown(Shutdown::Read),
            _ => self.answer_close(),
        }
    }

    fn answer_close(&mut self) -> io::Result<()> {
        if let Some(payload) = self.closing.wait() {
            self.socket.write_all(&frame(true, 0, CLOSE, &payload))?;
            self.log.closed = true;
        }
        Ok(())
    }
}
