//! What both sides of a recorded connection sent, in order.

use std::time::Duration;

use bytes::Bytes;

use crate::event::{Closed, Opened};
use crate::protocol::close::ClosePayload;
use crate::protocol::connection::{EndCause, Initiator};
use crate::protocol::frame::Opcode;
use crate::protocol::vocabulary::{Direction, TransportEnd};
pub use crate::recording::compare::Content;
use crate::recording::{Recorded, RecordedKind, RecordedMessage};

/// A side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that opened it.
    Client,
    /// The one that accepted it.
    Server,
}

impl Side {
    /// The name used in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }
}

/// A recorded connection.
#[derive(Debug, Default)]
pub struct Script {
    /// The opening handshake, if it was recorded.
    pub opened: Option<Box<Opened>>,
    /// What was sent by either side, in order.
    pub steps: Vec<Step>,
    /// How it ended, if that was recorded.
    pub close: Option<RecordedClose>,
    /// The number of frames that a user of the client sent as they were (`--send-frame`), which are not repeated.
    pub raw_frames: u64,
    /// How many messages of the client have `***` in place of a secret that was masked.
    pub masked: u64,
    /// The number of the first of them, from 1.
    pub first_masked: Option<u64>,
    /// How many of its pings, pongs and Close frames have.
    pub masked_control: u64,
    /// What the first of them is, in words.
    pub first_masked_control: Option<&'static str>,
    /// The first message of the client that has `***` and is not known to be masked: older recordings do not say so.
    pub first_unsure: Option<u64>,
    /// How many messages of the server have no data, as the proxy that recorded did not keep them.
    pub not_kept: u64,
    /// The steps that are data messages of the client, and of the server.
    messages: [Vec<usize>; 2],
}

/// Something that one side sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The time since the opening handshake.
    pub at: Duration,
    /// Who sent it.
    pub side: Side,
    /// What was sent.
    pub what: StepKind,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// A data message, in this many frames.
    Message(Content, u64),
    /// A ping.
    Ping(Bytes),
    /// A pong that answers no ping.
    Pong(Bytes),
    /// A Close frame; [`Script::close`] has its payload. It is there if frames were recorded (`-vv`).
    Close,
}

/// The end of a recorded connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedClose {
    /// Who began it, if that is known.
    pub initiator: Option<Side>,
    /// The Close frame of the client.
    pub client: Option<ClosePayload>,
    /// The Close frame of the server.
    pub server: Option<ClosePayload>,
    /// The server reset TCP.
    pub is_reset: bool,
    /// The recording side did not wait for the other one: that this sent no Close frame says nothing about it.
    pub is_abandoned: bool,
}

/// Why a recorded connection cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// A message was streamed from a file, and is not in the recording.
    #[error(
        "message {number} of the {} is the file {path:?} ({size} bytes), which is not in the recording",
        .side.name()
    )]
    NoData {
        /// Who sent it.
        side: Side,
        /// The number of the message among those of its side, from 1.
        number: u64,
        /// The path of the file.
        path: String,
        /// Its size, in bytes.
        size: u64,
    },
    /// Its messages take too much memory.
    #[error("the messages of the connection take more than {0} bytes of memory")]
    TooLarge(u64),
}

impl Script {
    /// How many data messages this side sent.
    pub fn messages(&self, side: Side) -> usize {
        self.messages[side as usize].len()
    }

    /// The data message of this side with this index.
    pub fn content(&self, side: Side, index: usize) -> Option<&Content> {
        let step = *self.messages[side as usize].get(index)?;
        match &self.steps.get(step)?.what {
            StepKind::Message(content, _) => Some(content),
            StepKind::Ping(_) | StepKind::Pong(_) | StepKind::Close => None,
        }
    }

    /// The data messages that the client sent after that of the server with this index.
    pub(super) fn sent_after(&self, index: usize) -> impl Iterator<Item = &Content> {
        let step = self.messages[Side::Server as usize].get(index);
        let first = step.map_or(self.steps.len(), |step| step + 1);
        self.steps.get(first..).unwrap_or_default().iter().filter_map(|step| match &step.what {
            StepKind::Message(content, _) if step.side == Side::Client => Some(content),
            _ => None,
        })
    }

    /// The data messages of this side, in order.
    pub fn contents(&self, side: Side) -> impl Iterator<Item = &Content> {
        (0..self.messages(side)).filter_map(move |index| self.content(side, index))
    }
}

/// Puts a script together from the events of one connection.
#[derive(Debug)]
pub struct ScriptBuilder {
    script: Script,
    /// The side that recorded.
    own: Side,
    /// The time of the opening handshake, or of the first event.
    start: Option<Duration>,
    /// Pings that have no pong yet, by their receiver: to know pongs that answer.
    pings: Vec<(Side, Bytes)>,
    messages: [u64; 2],
    /// Memory that is left, in bytes.
    left: u64,
    limit: u64,
    error: Option<ScriptError>,
}

/// What a step takes in memory besides its event, in bytes.
const OVERHEAD: u64 = 64;

/// How many unanswered pings are remembered, as in the protocol core.
const MAX_PINGS: usize = 64;

impl ScriptBuilder {
    /// A builder that keeps at most `limit` bytes.
    pub fn new(limit: u64) -> Self {
        Self {
            script: Script::default(),
            own: Side::Client,
            start: None,
            pings: Vec::new(),
            messages: [0; 2],
            left: limit,
            limit,
            error: None,
        }
    }

    /// The number of data messages so far: of the client, and of the server.
    pub fn counts(&self) -> [u64; 2] {
        self.messages
    }

    /// Drops what it has: only the numbers are needed from now on.
    pub fn drop_all(&mut self) {
        self.script = Script::default();
        self.pings = Vec::new();
    }

    /// Adds an event. With `counts_only` messages are counted, and nothing is kept.
    pub fn push(&mut self, event: Recorded, counts_only: bool) {
        match &event.what {
            RecordedKind::Open(opened) => {
                self.own = match opened.initiator {
                    Initiator::Local => Side::Client,
                    Initiator::Peer => Side::Server,
                };
            }
            RecordedKind::Message(message) => self.count(self.side(message.direction)),
            RecordedKind::FileSent { .. } => self.count(self.own),
            _ => {}
        }
        let at = event.at.elapsed;
        let start = *self.start.get_or_insert(at);
        if !counts_only && self.error.is_none() {
            self.keep(at.saturating_sub(start), event);
        }
    }

    fn keep(&mut self, at: Duration, event: Recorded) {
        let size = event.size() as u64;
        match event.what {
            RecordedKind::Open(opened) if self.script.opened.is_none() => {
                self.script.opened = self.takes(size).then_some(opened);
            }
            RecordedKind::Message(message) => {
                self.note_masked(&message);
                let content = Content::new(message.kind, message.data);
                let what = StepKind::Message(content, message.frames);
                self.add(at, self.side(message.direction), what, size);
            }
            RecordedKind::FileSent { path, size, .. } => {
                let side = self.own;
                let number = self.messages[side as usize];
                self.error = Some(ScriptError::NoData { side, number, path, size });
                self.drop_all();
            }
            RecordedKind::Omitted(_) => self.script.not_kept += 1,
            RecordedKind::Ping(direction, data) => {
                let side = self.side(direction);
                self.note_masked_control("a ping", side, data.is_masked);
                let data = data.data;
                if self.pings.len() == MAX_PINGS {
                    self.pings.remove(0);
                }
                self.pings.push((side.other(), data.clone()));
                self.add(at, side, StepKind::Ping(data), size);
            }
            RecordedKind::Pong(direction, data, _) => {
                let side = self.side(direction);
                let is_masked = data.is_masked;
                let answered = (side, data.data);
                match self.pings.iter().position(|ping| *ping == answered) {
                    // It answers for earlier ones too (RFC 6455 section 5.5.3).
                    Some(place) => {
                        let pings = self.pings.drain(..=place).collect::<Vec<_>>();
                        self.pings.splice(0..0, pings.into_iter().filter(|ping| ping.0 != side));
                    }
                    None => {
                        self.note_masked_control("a pong", side, is_masked);
                        self.add(at, side, StepKind::Pong(answered.1), size);
                    }
                }
            }
            RecordedKind::Frame(frame) => match frame.header.opcode {
                _ if frame.raw => self.script.raw_frames += 1,
                Opcode::Close => self.add(at, self.side(frame.direction), StepKind::Close, 0),
                _ => {}
            },
            RecordedKind::Closed(closed) => {
                let [sent, received] = closed.masked_reasons();
                let masked = if self.own == Side::Client { sent } else { received };
                // An answer to a Close frame of the server is not sent again.
                let side = self.initiator(&closed).unwrap_or(Side::Client);
                self.note_masked_control("the Close frame", side, masked.is_some());
                self.script.close = self.takes(size).then(|| self.close(&closed));
            }
            _ => {}
        }
    }

    fn note_masked(&mut self, message: &RecordedMessage) {
        if self.side(message.direction) == Side::Server {
            return;
        }
        let number = self.messages[Side::Client as usize];
        if message.is_masked {
            self.script.masked += 1;
            self.script.first_masked.get_or_insert(number);
        } else if message.may_be_masked() {
            self.script.first_unsure.get_or_insert(number);
        }
    }

    /// Notes what is sent again, if this side is the client.
    fn note_masked_control(&mut self, what: &'static str, side: Side, is_masked: bool) {
        if is_masked && side == Side::Client {
            self.script.masked_control += 1;
            self.script.first_masked_control.get_or_insert(what);
        }
    }

    fn side(&self, direction: Direction) -> Side {
        match direction {
            Direction::Sent => self.own,
            Direction::Received => self.own.other(),
        }
    }

    fn count(&mut self, side: Side) {
        self.messages[side as usize] += 1;
    }

    fn add(&mut self, at: Duration, side: Side, what: StepKind, size: u64) {
        if self.takes(size.saturating_add(OVERHEAD)) {
            self.script.steps.push(Step { at, side, what });
        }
    }

    /// Takes so many bytes of the memory that is left. If there are not as many, the script cannot be used any more.
    fn takes(&mut self, size: u64) -> bool {
        let left = self.left.checked_sub(size);
        match left {
            Some(left) => self.left = left,
            None => {
                self.error = Some(ScriptError::TooLarge(self.limit));
                self.drop_all();
            }
        }
        left.is_some()
    }

    fn initiator(&self, closed: &Closed) -> Option<Side> {
        closed.initiator().map(|initiator| match initiator {
            Initiator::Local => self.own,
            Initiator::Peer => self.own.other(),
        })
    }

    fn close(&self, closed: &Closed) -> RecordedClose {
        let ending = &closed.ending;
        let own = (ending.sent.clone(), ending.received.clone());
        let (client, server) = match self.own {
            Side::Client => own,
            Side::Server => (own.1, own.0),
        };
        let initiator = self.initiator(closed);
        let is_abandoned =
            ending.cause == EndCause::Abandoned && ending.initiator == Initiator::Local;
        let is_reset = initiator == Some(Side::Server) && is_reset(&ending.cause);
        RecordedClose { initiator, client, server, is_reset, is_abandoned }
    }

    /// The script.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn finish(mut self) -> Result<Script, ScriptError> {
        for (index, step) in self.script.steps.iter().enumerate() {
            if matches!(step.what, StepKind::Message(..)) {
                self.script.messages[step.side as usize].push(index);
            }
        }
        self.error.map_or(Ok(self.script), Err)
    }
}

/// Whether the peer has reset TCP.
pub(super) fn is_reset(cause: &EndCause) -> bool {
    matches!(cause, EndCause::Transport(TransportEnd::Reset, _))
}

#[cfg(test)]
mod tests;
