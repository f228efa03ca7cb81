//! SOCKS5 (RFC 1928) with name and password (RFC 1929), without I/O.

use std::net::SocketAddr;

use super::{ProxyFault, TunnelHandshake, TunnelStep};
use crate::net::target::Credentials;
use crate::protocol::vocabulary::TransportEnd;

/// The destination that is requested of the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocksDestination {
    /// An address.
    Address(SocketAddr),
    /// A name that the proxy looks up, and a port.
    Name(String, u16),
}

/// A greeting, perhaps a name and password, a request, and the proxy's replies.
#[derive(Debug)]
pub struct Socks5 {
    credentials: Option<Credentials>,
    destination: SocksDestination,
    /// Read and not used yet.
    received: Vec<u8>,
    state: SocksState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SocksState {
    Start,
    Method,
    Verdict,
    Reply,
    Open,
}

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

impl Socks5 {
    /// A request for `destination`; the credentials are sent if the proxy requires them.
    pub fn new(destination: SocksDestination, credentials: Option<Credentials>) -> Self {
        Self { credentials, destination, received: Vec::new(), state: SocksState::Start }
    }

    /// Offers the same as curl: no authentication, and a password if there is one.
    fn greeting(&self) -> Vec<u8> {
        match self.credentials {
            None => vec![VERSION, 1, NO_AUTHENTICATION],
            Some(_) => vec![VERSION, 2, NO_AUTHENTICATION, PASSWORD],
        }
    }

    fn method(&mut self) -> Result<TunnelStep, ProxyFault> {
        if self.received.first().is_some_and(|version| *version != VERSION) {
            return Err(ProxyFault::NotSocks(std::mem::take(&mut self.received)));
        }
        let Some([_, method]) = self.take() else { return Ok(TunnelStep::Receive) };
        match (method, &self.credentials) {
            (NO_AUTHENTICATION, _) => self.request(),
            (PASSWORD, Some(credentials)) => {
                let message = password_message(credentials);
                self.state = SocksState::Verdict;
                Ok(TunnelStep::Send(message))
            }
            (NONE_ACCEPTABLE, credentials) => Err(ProxyFault::NoMethod(credentials.is_some())),
            (method, _) => Err(ProxyFault::Method(method)),
        }
    }

    /// RFC 1929 section 2. The version is not checked: some proxies send the version of SOCKS.
    fn verdict(&mut self) -> Result<TunnelStep, ProxyFault> {
        match self.take() {
            None => Ok(TunnelStep::Receive),
            Some([_, 0]) => self.request(),
            Some([_, status]) => Err(ProxyFault::Credentials(status)),
        }
    }

    /// RFC 1928 section 4: CONNECT.
    fn request(&mut self) -> Result<TunnelStep, ProxyFault> {
        let mut message = vec![VERSION, 1, 0];
        let port = match &self.destination {
            SocksDestination::Address(SocketAddr::V4(address)) => {
                message.push(1);
                message.extend(address.ip().octets());
                address.port()
            }
            SocksDestination::Address(SocketAddr::V6(address)) => {
                message.push(4);
                message.extend(address.ip().octets());
                address.port()
            }
            SocksDestination::Name(name, port) => {
                message.extend([3, u8::try_from(name.len()).map_err(|_| ProxyFault::NameTooLong)?]);
                message.extend(name.as_bytes());
                *port
            }
        };
        message.extend(port.to_be_bytes());
        self.state = SocksState::Reply;
        Ok(TunnelStep::Send(message))
    }

    /// RFC 1928 section 6. A refusal may lack its address: some proxies close the connection after the code.
    fn reply(&mut self) -> Result<TunnelStep, ProxyFault> {
        let length = match *self.received.as_slice() {
            [version, ..] if version != VERSION => {
                return Err(ProxyFault::BadReply(format!("its version is {version}, not 5")));
            }
            [_, code, ..] if code != 0 => return Err(ProxyFault::Reply(code)),
            [_, _, _, 1, ..] => 4 + 4 + 2,
            [_, _, _, 3, length, ..] => 4 + 1 + usize::from(length) + 2,
            [_, _, _, 3] | [] | [_] | [_, _] | [_, _, _] => return Ok(TunnelStep::Receive),
            [_, _, _, 4, ..] => 4 + 16 + 2,
            [_, _, _, kind, ..] => {
                return Err(ProxyFault::BadReply(format!("address type {kind} is not known")));
            }
        };
        if self.received.len() < length {
            return Ok(TunnelStep::Receive);
        }
        self.state = SocksState::Open;
        Ok(TunnelStep::Done(self.received.split_off(length)))
    }

    /// The first two bytes, once they are received.
    fn take(&mut self) -> Option<[u8; 2]> {
        let bytes = *self.received.first_chunk()?;
        self.received.drain(..bytes.len());
        Some(bytes)
    }
}

/// RFC 1929 section 2. The lengths were checked with the configuration.
fn password_message(credentials: &Credentials) -> Vec<u8> {
    let fields = [&*credentials.user, credentials.password.as_deref().unwrap_or_default()];
    let mut message = vec![1];
    for field in fields {
        let field = &field.as_bytes()[..field.len().min(usize::from(u8::MAX))];
        message.push(field.len() as u8);
        message.extend(field);
    }
    message
}

/// The meaning of a reply code (RFC 1928 section 6).
pub const fn reply_text(code: u8) -> &'static str {
    match code {
        1 => "general SOCKS server failure",
        2 => "connection not allowed by ruleset",
        3 => "network unreachable",
        4 => "host unreachable",
        5 => "connection refused",
        6 => "TTL expired",
        7 => "command not supported",
        8 => "address type not supported",
        _ => "unassigned code",
    }
}

impl TunnelHandshake for Socks5 {
    fn step(&mut self) -> Result<TunnelStep, ProxyFault> {
        match self.state {
            SocksState::Start => {
                self.state = SocksState::Method;
                Ok(TunnelStep::Send(self.greeting()))
            }
            SocksState::Method => self.method(),
            SocksState::Verdict => self.verdict(),
            SocksState::Reply => self.reply(),
            SocksState::Open => Ok(TunnelStep::Done(Vec::new())),
        }
    }

    fn receive(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    fn has_answered(&self) -> bool {
        !matches!(self.state, SocksState::Start | SocksState::Method)
            || self.received.first() == Some(&VERSION)
    }

    fn end(&mut self, end: TransportEnd) -> ProxyFault {
        ProxyFault::Ended(end, std::mem::take(&mut self.received))
    }
}
