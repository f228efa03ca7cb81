//! What to do about a failure, where that can be known.

use super::{Error, Tries};
use crate::config::ConfigError;
use crate::net::DialError;
use crate::net::dial::Phase;
use crate::resilience::redirect::RedirectError;

mod ending;
mod handshake;
mod tls;

pub(super) use handshake::wanted_tls;
use handshake::{ENGINE_IO, is_engine_io};

pub(super) fn hint(error: &Error) -> Option<String> {
    match error {
        Error::Usage { hint, .. } => hint.clone(),
        Error::System(_, error) => system(error),
        Error::Config(ConfigError::Configured(error)) => error.hint.clone(),
        Error::Config(ConfigError::ReadTimeout { path, is_fifo: true, .. }) => {
            Some(format!("{path} is a FIFO: it is read until all that write to it have closed it"))
        }
        Error::Config(_) | Error::Signal(_) | Error::Output(_) => None,
        Error::Dial(error @ DialError::Tcp(failures, _), attempt)
            if attempt.tries == Tries::One && may_be_starting(failures) =>
        {
            dial(error).map(|text| format!("{text} --retry waits for one that is starting"))
        }
        Error::Dial(error, attempt) => dial(error).map(|text| attempt.secrets.mask_text(text)),
        Error::Upgrade(rejected) => handshake::hint(rejected),
        Error::NoSubprotocol(_) | Error::NoCompression => {
            Some("without --strict this is only a warning".to_owned())
        }
        Error::Protocol(closed) => ending::protocol(closed),
        Error::Abnormal(closed) => ending::abnormal(closed),
        Error::CloseTimeout { .. } => Some(
            "the peer may be busy or gone; --close-timeout TIME waits longer, 0 for ever"
                .to_owned(),
        ),
        Error::Redirect(_, why) => redirect(why),
        Error::PingTimeout(missed) => Some(ending::missed_pong(missed.instead).to_owned()),
        Error::IdleTimeout(_) => {
            Some("--ping-interval TIME tells a silent peer from one that is gone".to_owned())
        }
        Error::MaxTime(_) | Error::Input(_) | Error::Unmet(_) => None,
    }
}

fn system(error: &std::io::Error) -> Option<String> {
    let text = match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            "another program listens there: choose another port, or :0 for any free one"
        }
        std::io::ErrorKind::PermissionDenied => "ports below 1024 need privileges",
        _ => return None,
    };
    Some(text.to_owned())
}

pub(super) fn dial(error: &DialError) -> Option<String> {
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
        DialError::Proxy(error) => return super::proxy::hint(error),
        DialError::Timeout { phase: Phase::Tcp(_), .. } => {
            "nothing answered at all: a firewall that drops packets, or a host that is down"
                .to_owned()
        }
        DialError::Timeout { phase: Phase::Tls(_), .. } => {
            "the server accepts connections but does not speak TLS here; try ws://".to_owned()
        }
        DialError::Timeout { phase: Phase::Dns(_), .. } => {
            "the DNS server does not answer".to_owned()
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
fn from_source(failures: &[crate::net::tcp::Failure]) -> Option<String> {
    use std::io::ErrorKind::{AddrNotAvailable, NotFound, PermissionDenied};
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

/// On this machine it is often the user's own server that is not up yet.
fn may_be_starting(failures: &[crate::net::tcp::Failure]) -> bool {
    let is_refused = |failure: &crate::net::tcp::Failure| {
        failure.error.kind() == std::io::ErrorKind::ConnectionRefused
            && failure.address.ip().is_loopback()
    };
    !failures.is_empty() && failures.iter().all(is_refused)
}

fn tcp(failures: &[crate::net::tcp::Failure]) -> Option<String> {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
    let first = failures.first()?;
    let all = |kind| failures.iter().all(|failure| failure.error.kind() == kind);
    let port = first.address.port();
    Some(if all(ConnectionRefused) {
        format!(
            "nothing listens on port {port} there: is the server running, and is the port right?"
        )
    } else if all(TimedOut) {
        "nothing answered at all: a firewall that drops packets, or a host that is down".to_owned()
    } else if failures
        .iter()
        .any(|f| matches!(f.error.kind(), HostUnreachable | NetworkUnreachable))
    {
        "there is no route to that address from here".to_owned()
    } else {
        return None;
    })
}

fn redirect(why: &RedirectError) -> Option<String> {
    let text = match why {
        RedirectError::Downgrade { .. } => {
            "others on the way could read and change all that is said; if that is meant, connect to that ws:// URL"
        }
        RedirectError::TooMany { .. } => "--max-redirs N follows more of them",
        RedirectError::Loop(_) => {
            "the server may want a cookie or a login that the request did not have"
        }
        RedirectError::NoLocation | RedirectError::BadLocation { .. } => return None,
    };
    Some(text.to_owned())
}
