//! The listening socket.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use mio::net::TcpListener;
use url::Host;

use super::address;
use crate::net::resolve::{loopback, reason};
use crate::platform::limits;
use crate::protocol::handshake::{ListenHosts, is_localhost};

/// A listening socket, with its address and names.
#[derive(Debug)]
pub struct BoundListener {
    /// Not registered with a reactor yet.
    pub socket: TcpListener,
    /// Its address.
    pub address: SocketAddr,
    /// How requests may name this server: by the address, and as the user wrote it.
    pub hosts: ListenHosts,
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// It is not an address, or not that of this machine.
    #[error("bad address {address:?}: {reason}")]
    BadAddress {
        /// As it was given, or with what was left out.
        address: String,
        /// The reason.
        reason: String,
    },
    /// The system refuses it.
    #[error("cannot listen on {address}")]
    System {
        /// With host and port.
        address: String,
        /// The reason.
        #[source]
        error: io::Error,
    },
}

/// Listens on an address in one of these forms: `HOST:PORT`, `HOST`, `:PORT` or `PORT`.
///
/// # Errors
/// When the address is not valid, cannot be looked up, or is in use.
pub fn bind(given: &str) -> Result<BoundListener, ListenError> {
    bind_with_default_port(given, DEFAULT_PORT)
}

/// The port that is listened on if none is given.
const DEFAULT_PORT: u16 = 8080;

/// The same; without a port, on this one.
///
/// # Errors
/// As [`bind`].
pub fn bind_with_default_port(given: &str, port: u16) -> Result<BoundListener, ListenError> {
    let bad_address = |address: &str, reason| {
        let address = address.to_owned();
        ListenError::BadAddress { address, reason }
    };
    let address =
        address::with_host_and_port(given, port).map_err(|reason| bad_address(given, reason))?;
    let candidates = look_up(&address).map_err(|reason| bad_address(&address, reason))?;
    let bound = bind_first(&candidates).and_then(|socket| {
        limits::widen_backlog(&socket);
        Ok((socket.local_addr()?, socket))
    });
    match bound {
        Ok((bound, socket)) => {
            Ok(BoundListener { socket, address: bound, hosts: hosts(&address, bound) })
        }
        Err(error) => Err(ListenError::System { address, error }),
    }
}

fn look_up(address: &str) -> Result<Vec<SocketAddr>, String> {
    match (address.to_socket_addrs(), port_of_localhost(address)) {
        (Ok(found), _) => Ok(found.collect()),
        (Err(_), Some(port)) => Ok(loopback(port).into_iter().rev().collect()), // IPv4 as by default
        (Err(error), None) => Err(format!("the name cannot be looked up: {}", reason(&error))),
    }
}

fn bind_first(addresses: &[SocketAddr]) -> io::Result<TcpListener> {
    let mut result = Err(io::ErrorKind::AddrNotAvailable.into());
    for address in addresses {
        result = TcpListener::bind(*address);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// The port of an address whose host is a name of this machine. Such a name is valid also where the
/// system does not know it.
fn port_of_localhost(address: &str) -> Option<u16> {
    let (name, port) = address.rsplit_once(':')?;
    port.parse().ok().filter(|_| is_localhost(name))
}

fn hosts(given: &str, address: SocketAddr) -> ListenHosts {
    let ip = address.ip().to_canonical();
    let name = given.rsplit_once(':').and_then(|(host, _)| Host::parse(host).ok());
    let bound = match ip {
        IpAddr::V4(ip) => Host::Ipv4(ip),
        IpAddr::V6(ip) => Host::Ipv6(ip),
    };
    ListenHosts {
        is_loopback: ip.is_loopback(),
        hosts: [Some(bound), name].into_iter().flatten().collect(),
    }
}
