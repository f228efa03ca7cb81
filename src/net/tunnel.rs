//! Through a proxy to the target: the handshakes with it (pure, in [`connect`] and [`socks5`]), and the loop
//! that does their I/O.

use std::time::Duration;

use super::exchange::{Exchange, ExchangeError};
use super::reactor::{Deadline, Reactor, WaitError};
use super::stream::Stream;
use super::upgrade::ServerResponse;
use crate::protocol::head::HeadError;
use crate::protocol::vocabulary::TransportEnd;

pub mod connect;
pub mod socks5;
#[cfg(test)]
mod tests;

pub use connect::{Connect, Heads};
pub use socks5::Socks5;

/// What a handshake with a proxy needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TunnelStep {
    /// These bytes have to be sent.
    Send(Vec<u8>),
    /// Bytes from the proxy.
    Receive,
    /// More bytes, for which only a short wait is made.
    ReceiveRest,
    /// Nothing: the tunnel is open. These bytes are from the target.
    Done(Vec<u8>),
}

/// A handshake with a proxy, without I/O.
pub trait TunnelHandshake {
    /// The next step.
    ///
    /// # Errors
    /// When the proxy does not connect to the target.
    fn step(&mut self) -> Result<TunnelStep, ProxyFault>;

    /// Takes bytes from the proxy.
    fn receive(&mut self, bytes: &[u8]);

    /// Whether the proxy has sent anything in this protocol.
    fn has_answered(&self) -> bool;

    /// Why the handshake fails if no more bytes are received.
    fn end(&mut self, end: TransportEnd) -> ProxyFault;

    /// Why it fails if the rest ([`TunnelStep::ReceiveRest`]) is not received in time.
    fn time_out_rest(&mut self) -> ProxyFault {
        self.end(TransportEnd::Eof)
    }
}

/// Why a proxy does not connect to the target.
#[derive(Debug)]
pub enum ProxyFault {
    /// The response to CONNECT has another status than 2xx.
    Refused(Box<ServerResponse>),
    /// The response to CONNECT has a status of 2xx, and lines that are not header fields.
    Invalid(Box<ServerResponse>),
    /// The response to CONNECT is not HTTP; with what was received.
    Malformed(HeadError, Vec<u8>),
    /// The reply to a SOCKS5 greeting is not SOCKS5; with what was received.
    NotSocks(Vec<u8>),
    /// It accepts none of the authentication methods offered; whether a password was among them.
    NoMethod(bool),
    /// It chose an authentication method that was not offered.
    Method(u8),
    /// It does not accept the name and password; with the status.
    Credentials(u8),
    /// The SOCKS5 reply code (RFC 1928 section 6), which is not 0.
    Reply(u8),
    /// A SOCKS5 reply that cannot be understood.
    BadReply(String),
    /// The name is too long for SOCKS5.
    NameTooLong,
    /// The connection ended; with what had been received of a response.
    Ended(TransportEnd, Vec<u8>),
}

/// Why a tunnel could not be opened.
#[derive(Debug)]
pub enum TunnelError {
    /// The proxy refused or answered incorrectly.
    Fault(ProxyFault),
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

/// Does the handshake. Returns the bytes that follow it: the target's first.
///
/// # Errors
/// With everything that the proxy sent.
pub fn open(
    stream: &mut Stream,
    handshake: &mut dyn TunnelHandshake,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Vec<u8>, TunnelError> {
    let mut exchange = Exchange::new(stream, reactor);
    let mut rest: Option<Deadline> = None;
    loop {
        match handshake.step().map_err(TunnelError::Fault)? {
            TunnelStep::Send(bytes) => send(&mut exchange, &bytes, deadline)?,
            TunnelStep::Receive => {
                if let Some(end) = receive(&mut exchange, handshake, deadline)? {
                    return Err(TunnelError::Fault(handshake.end(end)));
                }
            }
            TunnelStep::ReceiveRest => {
                let until = *rest.get_or_insert_with(|| deadline.or_after(BODY_PATIENCE));
                match receive(&mut exchange, handshake, until) {
                    Ok(None) => {}
                    Ok(Some(end)) => return Err(TunnelError::Fault(handshake.end(end))),
                    Err(WaitError::Interrupted(interrupted)) => {
                        return Err(TunnelError::Wait(interrupted.into()));
                    }
                    Err(_) => return Err(TunnelError::Fault(handshake.time_out_rest())),
                }
            }
            TunnelStep::Done(early) => return Ok(early),
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
    handshake: &mut dyn TunnelHandshake,
    deadline: Deadline,
) -> Result<Option<TransportEnd>, WaitError> {
    let mut received = Vec::new();
    match exchange.read_more(&mut received, deadline) {
        Ok(()) => {
            handshake.receive(&received);
            Ok(None)
        }
        Err(ExchangeError::Transport(end)) => Ok(Some(end)),
        Err(ExchangeError::Alert { message, .. }) => Ok(Some(TransportEnd::Error(message))),
        Err(ExchangeError::Wait(error)) => Err(error),
    }
}
