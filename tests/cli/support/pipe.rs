//! The reading end of a child's stdout or stderr.

use std::io::{ErrorKind, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

/// Reads only on request, so that a test can let the pipe fill up, and can close it at once.
pub(super) struct Pipe {
    requests: Option<Sender<ReadRequest>>,
    chunks: Receiver<Vec<u8>>,
    state: State,
    /// Everything read so far.
    pub(super) seen: Vec<u8>,
    /// How much of it has been taken.
    taken: usize,
}

/// Nothing was read before the deadline.
pub(super) struct TimedOut;

enum ReadRequest {
    Once,
    ToTheEnd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Requested,
    Draining,
    Ended,
}

impl Pipe {
    pub(super) fn new(source: impl Read + Send + 'static) -> Self {
        let (requests, requested) = mpsc::channel();
        let (sender, chunks) = mpsc::channel();
        thread::spawn(move || serve(source, &requested, &sender));
        Self { requests: Some(requests), chunks, state: State::Idle, seen: Vec::new(), taken: 0 }
    }

    /// Reads continuously from now on.
    pub(super) fn drain(&mut self) {
        if self.state != State::Ended {
            self.request(ReadRequest::ToTheEnd);
            self.state = State::Draining;
        }
    }

    /// Closes this end; further writes of the child fail.
    pub(super) fn close(&mut self) {
        self.requests = None;
        self.state = State::Ended;
    }

    /// Reads more; false at the end.
    pub(super) fn read_more(&mut self, until: Instant) -> Result<bool, TimedOut> {
        if self.state == State::Ended {
            return Ok(false);
        }
        if self.state == State::Idle {
            self.request(ReadRequest::Once);
            self.state = State::Requested;
        }
        match self.chunks.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(chunk) if !chunk.is_empty() => self.seen.extend(chunk),
            Ok(_) | Err(RecvTimeoutError::Disconnected) => self.state = State::Ended,
            Err(RecvTimeoutError::Timeout) => return Err(TimedOut),
        }
        if self.state == State::Requested {
            self.state = State::Idle;
        }
        Ok(self.state != State::Ended)
    }

    /// The bytes read and not taken yet.
    pub(super) fn untaken(&self) -> &[u8] {
        &self.seen[self.taken..]
    }

    /// Takes the next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Vec<u8> {
        let bytes = self.untaken()[..count].to_vec();
        self.taken += count;
        bytes
    }

    fn request(&self, request: ReadRequest) {
        // Fails when the reading thread has reached the end, which `read_more` then reports.
        let _ = self.requests.as_ref().map(|requests| requests.send(request));
    }
}

fn serve(mut source: impl Read, requests: &Receiver<ReadRequest>, chunks: &Sender<Vec<u8>>) {
    for request in requests {
        loop {
            let chunk = read_chunk(&mut source);
            let end = chunk.is_empty();
            if chunks.send(chunk).is_err() || end {
                return;
            }
            if matches!(request, ReadRequest::Once) {
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
