//! Through a proxy to the target: what is said (pure, in [`connect`] and [`socks5`]), and the loop that
//! carries it over a stream.

use std::time::Duration;

use super::exchange::{Exchange, ExchangeError};
use super::reactor::{Deadline, Reactor, WaitError};
use super::stream::Stream;
use super::upgrade::Response;
use crate::protocol::head::HeadError;
use crate::protocol::vocabulary::TransportEnd;

pub mod connect;
pub mod socks5;
#[cfg(test)]
mod tests;

pub use connect::{Connect, Heads};
pub use socks5::Socks5;

/// What a conversation with a proxy needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// These bytes have to be sent.
    Send(Vec<u8>),
    /// Bytes from the proxy.
    Receive,
    /// The same, but what is missing is not worth a long wait.
    ReceiveRest,
    /// Nothing: the target is reached. These bytes are from it already.
    Done(Vec<u8>),
}

/// A conversation with a proxy, without I/O.
pub trait Conversation {
    /// What is to be done next.
    ///
    /// # Errors
    /// When the target cannot be reached like this.
    fn step(&mut self) -> Result<Step, Fault>;

    /// Takes bytes from the proxy.
    fn receive(&mut self, bytes: &[u8]);

    /// Whether the proxy has sent something in this protocol.
    fn has_answered(&self) -> bool;

    /// What it means that no more bytes will come.
    fn end(&mut self, end: TransportEnd) -> Fault;

    /// What it means that the rest ([`Step::ReceiveRest`]) was not received in time.
    fn time_out_rest(&mut self) -> Fault {
        self.end(TransportEnd::Eof)
    }
}

/// Why a proxy does not lead to the target.
#[derive(Debug)]
pub enum Fault {
    /// The answer to CONNECT is no: another status than 2xx.
    Refused(Box<Response>),
    /// The answer to CONNECT is yes, with lines that are not header fields.
    Invalid(Box<Response>),
    /// The answer to CONNECT is not HTTP; with what came.
    Malformed(HeadError, Vec<u8>),
    /// The answer to a SOCKS5 greeting is not SOCKS5; with what came.
    NotSocks(Vec<u8>),
    /// It accepts none of the authentication methods offered; whether a password was among them.
    NoMethod(bool),
    /// It chose an authentication method that was not offered.
    Method(u8),
    /// It does not accept the name and password.
    Credentials(u8),
    /// The SOCKS5 reply code (RFC 1928 section 6), which is not 0.
    Reply(u8),
    /// A SOCKS5 reply that cannot be understood.
    BadReply(String),
    /// The name is too long for SOCKS5.
    NameTooLong,
    /// The connection ended; with what had come of an answer.
    Ended(TransportEnd, Vec<u8>),
}

/// Why there is no tunnel.
#[derive(Debug)]
pub enum TunnelError {
    /// The proxy is why.
    Fault(Fault),
    /// The wait for it ended.
    Wait(WaitError),
}

impl From<WaitError> for TunnelError {
    fn from(error: WaitError) -> Self {
        Self::Wait(error)
    }
}

/// How long the body of a refusal is waited for, once its head is there.
const BODY_PATIENCE: Duration = Duration::from_secs(2);

/// Holds a conversation to its end. Returns what came behind it: the target's first bytes.
///
/// # Errors
/// With everything the proxy said.
pub fn open(
    stream: &mut Stream,
    conversation: &mut dyn Conversation,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Vec<u8>, TunnelError> {
    let mut exchange = Exchange::new(stream, reactor);
    let mut rest: Option<Deadline> = None;
    loop {
        match conversation.step().map_err(TunnelError::Fault)? {
            Step::Send(bytes) => send(&mut exchange, &bytes, deadline)?,
            Step::Receive => {
                if let Some(end) = receive(&mut exchange, conversation, deadline)? {
                    return Err(TunnelError::Fault(conversation.end(end)));
                }
            }
            Step::ReceiveRest => {
                let until = *rest.get_or_insert_with(|| deadline.or_after(BODY_PATIENCE));
                match receive(&mut exchange, conversation, until) {
                    Ok(None) => {}
                    Ok(Some(end)) => return Err(TunnelError::Fault(conversation.end(end))),
                    Err(WaitError::Interrupted(interrupted)) => {
                        return Err(TunnelError::Wait(interrupted.into()));
                    }
                    Err(_) => return Err(TunnelError::Fault(conversation.time_out_rest())),
                }
            }
            Step::Done(early) => return Ok(early),
        }
    }
}

fn send(exchange: &mut Exchange<'_>, bytes: &[u8], deadline: Deadline) -> Result<(), WaitError> {
    match exchange.write_all(bytes, deadline) {
        Err(ExchangeError::Wait(error)) => Err(error),
        // The proxy may have sent the reason before it closed the connection: read that first.
        Ok(()) | Err(ExchangeError::Transport(_) | ExchangeError::Alert { .. }) => Ok(()),
    }
}

/// Reads at least one byte; `Some` at the end of the stream.
fn receive(
    exchange: &mut Exchange<'_>,
    conversation: &mut dyn Conversation,
    deadline: Deadline,
) -> Result<Option<TransportEnd>, WaitError> {
    let mut received = Vec::new();
    match exchange.read_more(&mut received, deadline) {
        Ok(()) => {
            conversation.receive(&received);
            Ok(None)
        }
        Err(ExchangeError::Transport(end)) => Ok(Some(end)),
        Err(ExchangeError::Alert { message, .. }) => Ok(Some(TransportEnd::Error(message))),
        Err(ExchangeError::Wait(error)) => Err(error),
    }
}
