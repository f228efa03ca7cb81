//! The near end of a child's stdout or stderr.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

/// Reads only when asked to, so that a test can let the pipe fill up, and can close it at once.
pub(super) struct Pipe {
    asks: Option<Sender<Ask>>,
    chunks: Receiver<Vec<u8>>,
    state: State,
    /// Everything read so far.
    pub(super) seen: Vec<u8>,
    /// How much of it has been handed out.
    taken: usize,
}

/// Nothing came in time.
pub(super) struct TooLate;

enum Ask {
    Once,
    ToTheEnd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Asked,
    Draining,
    Ended,
}

impl Pipe {
    pub(super) fn new(source: impl Read + Send + 'static) -> Self {
        let (asks, asked) = mpsc::channel();
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || serve(source, &asked, &sender));
        Self { asks: Some(asks), chunks, state: State::Idle, seen: Vec::new(), taken: 0 }
    }

    /// Reads from now on without being asked.
    pub(super) fn drain(&mut self) {
        if self.state != State::Ended {
            self.ask(Ask::ToTheEnd);
            self.state = State::Draining;
        }
    }

    /// Closes this end; what the child writes then fails.
    pub(super) fn close(&mut self) {
        self.asks = None;
        self.state = State::Ended;
    }

    /// Reads on; false at the end.
    pub(super) fn read_more(&mut self, until: Instant) -> Result<bool, TooLate> {
        if self.state == State::Ended {
            return Ok(false);
        }
        if self.state == State::Idle {
            self.ask(Ask::Once);
            self.state = State::Asked;
        }
        match self.chunks.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(chunk) if !chunk.is_empty() => self.seen.extend(chunk),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => self.state = State::Ended,
            Err(RecvTimeoutError::Timeout) => return Err(TooLate),
        }
        if self.state == State::Asked {
            self.state = State::Idle;
        }
        Ok(self.state != State::Ended)
    }

    /// What has been read and not handed out yet.
    pub(super) fn untaken(&self) -> &[u8] {
        &self.seen[self.taken..]
    }

    /// Hands out the next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        let bytes = self.untaken()[..count].to_vec();
        self.taken += count;
        bytes
    }

    fn ask(&self, ask: Ask) {
        // Fails when the reading thread has met the end, which `read_more` then tells.
        let _ = self.asks.as_ref().map(|asks| asks.send(ask));
    }
}

fn serve(mut source: impl Read, asks: &Receiver<Ask>, chunks: &Sender<Vec<u8>>) {
    for ask in asks {
        loop {
            let chunk = read_chunk(&mut source);
            let end = chunk.is_empty();
            if chunks.send(chunk).is_err() || end {
                return;
            }
            if matches!(ask, Ask::Once) {
                break;
            }
        }
    }
}

/// Empty at the end.
fn read_chunk(source: &mut impl Read) -> Vec<u8> {
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match source.read(&mut chunk) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            read => {
                chunk.truncate(read.unwrap_or(0));
                return chunk;
            }
        }
    }
}
