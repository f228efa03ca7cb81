//! What to do about a connection that does not come about.

use std::net::SocketAddr;

use super::tls;
use crate::net::DialError;
use crate::net::dial::Phase;
use crate::net::tcp::Failure;

pub(in crate::error) fn dial(error: &DialError) -> Option<String> {
    let text = match error {
        DialError::Dns { host, .. } => {
            format!("is {host} spelled right, and does this machine have a working DNS server?")
        }
        DialError::NoAddress { by_source: true, .. } => {
            "the address of --interface is of the other family".to_owned()
        }
        DialError::NoAddress { .. } => "leave out -4 or -6".to_owned(),
        DialError::Tcp(failures, None) => return tcp(failures),
        DialError::Tcp(failures, Some(_)) => return from_source(failures),
        DialError::Socket(_, error) => return socket(error),
        DialError::Proxy(error) => return crate::error::proxy::hint(error),
        DialError::Timeout { phase: Phase::Tcp(_), .. } => {
            "no answer came: a firewall may drop the packets, or the host is down".to_owned()
        }
        DialError::Timeout { phase: Phase::Tls(_), .. } => {
            "the server accepted the connection and did not complete the TLS handshake; if it speaks no TLS on this port, use ws://".to_owned()
        }
        DialError::Timeout { phase: Phase::Dns(_), .. } => {
            "the resolver of this system did not answer; --resolve HOST:PORT:ADDRESS does without".to_owned()
        }
        DialError::Tls(failure) => return tls::hint(failure),
        _ => return None,
    };
    Some(text)
}

fn socket(error: &std::io::Error) -> Option<String> {
    use std::io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
    let text = match error.kind() {
        NotFound => "is the server running, and is the path right?",
        ConnectionRefused => {
            "nothing listens on that socket: its server has ended, or not begun to"
        }
        PermissionDenied => {
            "that takes permission to write to the socket, and to enter the folders above it"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// With an end of ours that was asked for.
fn from_source(failures: &[Failure]) -> Option<String> {
    use std::io::ErrorKind::{AddrNotAvailable, NotFound, PermissionDenied};
    if let Some(hint) = lacks_zone(failures) {
        return Some(hint);
    }
    let text = match failures.first()?.error.kind() {
        AddrNotAvailable => "this machine does not have the address of --interface",
        PermissionDenied => {
            "to choose an interface by its name takes privileges; its address does not"
        }
        NotFound => "this machine has no network interface of that name",
        _ if failures[0].error.to_string().starts_with("No such device") => {
            "this machine has no network interface of that name"
        }
        _ => return tcp(failures),
    };
    Some(text.to_owned())
}

/// RFC 4007 section 6: which link an address of one is on, the address does not say.
fn lacks_zone(failures: &[Failure]) -> Option<String> {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return None; // there --interface takes an address only
    }
    let lacks_zone = failures.iter().find(|failure| {
        let is_invalid = failure.error.kind() == std::io::ErrorKind::InvalidInput;
        is_invalid
            && matches!(failure.address, SocketAddr::V6(it) if it.ip().is_unicast_link_local() && it.scope_id() == 0)
    })?;
    Some(format!(
        "{} is an address of one link only: --interface NAME says through which network interface it is reached",
        lacks_zone.address.ip()
    ))
}

/// On this machine it is often the user's own server that is not up yet.
pub(super) fn may_be_starting(failures: &[Failure]) -> bool {
    let is_refused = |failure: &Failure| {
        failure.error.kind() == std::io::ErrorKind::ConnectionRefused
            && failure.address.ip().is_loopback()
    };
    !failures.is_empty() && failures.iter().all(is_refused)
}

fn tcp(failures: &[Failure]) -> Option<String> {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
    let first = failures.first()?;
    if let Some(hint) = lacks_zone(failures) {
        return Some(hint);
    }
    let all = |kind| failures.iter().all(|failure| failure.error.kind() == kind);
    let port = first.address.port();
    Some(if all(ConnectionRefused) {
        format!(
            "nothing listens on port {port} there: is the server running, and is the port right?"
        )
    } else if all(TimedOut) {
        "no answer came: a firewall may drop the packets, or the host is down".to_owned()
    } else if failures
        .iter()
        .any(|f| matches!(f.error.kind(), HostUnreachable | NetworkUnreachable))
    {
        "there is no route to that address from here".to_owned()
    } else {
        return None;
    })
}
