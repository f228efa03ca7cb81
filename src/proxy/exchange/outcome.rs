//! What is exchanged, and what can become of it.

use std::io;
use std::time::Instant;

use crate::net::upgrade::Interim;
use crate::protocol::TransportEnd;
use crate::protocol::body::Excerpt;
use crate::protocol::forward::{ChunkFault, Transfer};
use crate::protocol::head::{Head, HeadError, StatusLine};
use crate::proxy::stall::Lost;

/// A request whose head is ready to be sent.
#[derive(Debug)]
pub struct Outbound {
    /// The head, as it goes to the server.
    pub head: Vec<u8>,
    /// Its method: a response to HEAD has no body.
    pub method: String,
    /// What belongs to its body.
    pub body: Transfer,
    /// What was received after the head.
    pub early: Vec<u8>,
    /// It asks for a WebSocket: 101 may be the answer.
    pub opens_websocket: bool,
    /// How long a response is awaited; `None`: without limit.
    pub answer_by: Option<Instant>,
}

/// A final response whose head was passed on.
#[derive(Debug)]
pub struct PassedResponse {
    /// Its first line.
    pub line: StatusLine,
    /// Its head.
    pub head: Head,
    /// The interim responses before it.
    pub interim: Vec<Interim>,
    /// The start of its body.
    pub body: Excerpt,
}

/// What became of an exchange.
#[derive(Debug)]
pub enum Exchanged {
    /// The server has switched protocols. With what both sides have sent after their heads.
    Upgraded {
        /// The response.
        response: Box<PassedResponse>,
        /// Sent by the client after its request.
        from_client: Vec<u8>,
        /// Sent by the server after its response.
        from_server: Vec<u8>,
    },
    /// The response was passed on completely.
    Answered {
        /// The response.
        response: Box<PassedResponse>,
        /// Sent by the client after its request.
        from_client: Vec<u8>,
        /// Both connections can be used for another exchange.
        persists: bool,
    },
    /// The server gave no response that could be passed on.
    Unanswered(Box<Unanswered>),
    /// The response could only be passed on in part. With what of that the client did not take.
    CutOff(Box<PassedResponse>, CutOff, Lost),
    /// The client has reset its connection, or it failed. With the response that the server had begun before, and what of the
    /// request the server did not take.
    ClientGone(TransportEnd, Option<Box<PassedResponse>>, Lost),
    /// The run has ended before. With the response of which a part was passed on, and what the sides did not get.
    Ending(Option<Box<PassedResponse>>, LostParts),
    /// The request's body is not valid.
    BadBody(ChunkFault),
}

/// What was received of an exchange and not delivered.
#[derive(Clone, Copy, Debug, Default)]
pub struct LostParts {
    /// What the server did not get of the request.
    pub request: Lost,
    /// What the client did not get of the response.
    pub response: Lost,
}

/// Why there is no response.
#[derive(Debug)]
pub struct Unanswered {
    /// The reason.
    pub why: NoResponse,
    /// Interim responses that were passed on before.
    pub interim: Vec<Interim>,
    /// What was received in place of a response.
    pub received: Vec<u8>,
    /// How the client had ended its direction before.
    pub client_ended: Option<TransportEnd>,
    /// The client takes nothing, and has got only a part of an interim response: no other response can follow.
    pub is_cut: bool,
}

impl Unanswered {
    /// How the server has ended the connection, if it had sent nothing for this request.
    pub fn end_before_response(&self) -> Option<&TransportEnd> {
        match &self.why {
            NoResponse::Ended(end) if self.received.is_empty() && self.interim.is_empty() => {
                Some(end)
            }
            _ => None,
        }
    }
}

/// Why there is no response.
#[derive(Debug)]
pub enum NoResponse {
    /// The server ended the connection.
    Ended(TransportEnd),
    /// What it sent is not an HTTP response.
    Malformed(HeadError),
    /// It sent one interim response (1xx) after the other.
    TooManyInterim,
    /// It sent 101 to a request that does not ask for a WebSocket.
    UnaskedUpgrade,
    /// The body of its response is malformed from the start.
    Body(ChunkFault),
    /// None came in time.
    TimedOut,
    /// The system refused something.
    System(io::Error),
}

/// Why a response was not passed on completely.
#[derive(Debug)]
pub enum CutOff {
    /// The server ended the connection within it.
    Server(TransportEnd),
    /// Its body is malformed.
    Body(ChunkFault),
    /// The rest of the request's body is malformed.
    Request(ChunkFault),
    /// The system refused something.
    System(io::Error),
}
