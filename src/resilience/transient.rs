//! Which failures are transient: the next attempt may succeed.

use std::io::ErrorKind;

use crate::net::DialError;
use crate::net::dial::ProxyCause;
use crate::net::tls::TlsFault;
use crate::net::tunnel::ProxyFault;
use crate::net::upgrade::UpgradeError;
use crate::protocol::CloseCode;
use crate::protocol::connection::Ending;

/// Whether another attempt to dial may succeed. Names and servers may become reachable; certificates and options
/// stay as they are.
pub fn is_dial_transient(error: &DialError) -> bool {
    match error {
        DialError::Dns { .. } | DialError::Tcp(..) | DialError::Timeout { .. } => true,
        // Probably ended by the network, not by one of the two sides.
        DialError::Tls(failure) => failure.fault == TlsFault::Ended,
        DialError::Socket(_, error) => {
            matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused)
        }
        DialError::Proxy(proxy) => match &proxy.cause {
            ProxyCause::Reach(error) => is_dial_transient(error),
            ProxyCause::Fault(fault) => is_proxy_transient(fault),
        },
        DialError::Setting(_)
        | DialError::NoAddress { .. }
        | DialError::TlsSetup(_)
        | DialError::Interrupted(..)
        | DialError::System(..) => false,
    }
}

/// Whether a proxy may reach the target later. A SOCKS5 proxy (RFC 1928 section 6) that failed, or did not reach
/// the target, may succeed then; its rules stay as they are.
fn is_proxy_transient(fault: &ProxyFault) -> bool {
    match fault {
        ProxyFault::Refused(response) => is_status_transient(response.line.status),
        ProxyFault::Reply(code) => matches!(code, 1 | 3..=6),
        ProxyFault::Ended(..) => true,
        ProxyFault::Malformed(..)
        | ProxyFault::Invalid(_)
        | ProxyFault::NotSocks(_)
        | ProxyFault::NoMethod(_)
        | ProxyFault::Method(_)
        | ProxyFault::Credentials(_)
        | ProxyFault::BadReply(_)
        | ProxyFault::NameTooLong => false,
    }
}

/// Whether another opening handshake may succeed.
pub fn is_upgrade_transient(error: &UpgradeError) -> bool {
    match error {
        UpgradeError::Refused(response) => is_status_transient(response.line.status),
        UpgradeError::Ended(..) | UpgradeError::TimedOut(..) => true,
        UpgradeError::Invalid(..)
        | UpgradeError::Malformed(..)
        | UpgradeError::Tls(_)
        | UpgradeError::Interrupted(_)
        | UpgradeError::System(_) => false,
    }
}

/// Whether the same request may get another answer later (RFC 9110 section 15, RFC 6585 section 4,
/// RFC 8470 section 5.2). What the server does not implement (501, 505) it will not implement soon.
pub fn is_status_transient(status: u16) -> bool {
    match status {
        408 | 425 | 429 => true,
        501 | 505 => false,
        status => (500..600).contains(&status),
    }
}

/// Whether `Retry-After` is honored with this status.
pub fn honors_retry_after(status: u16) -> bool {
    matches!(status, 429 | 503)
}

/// Whether another connection is of use after one that ended like this. `on_close`: also if the peer closed it
/// normally.
///
/// A peer that is going away, restarting, failing or overloaded (1001, 1011 to 1014) may be back soon, and so may
/// one whose connection was cut (1006). One that objects to what we send (1002, 1003, 1007 to 1010) would object
/// again, and one that broke the protocol would break it again.
pub fn is_ending_transient(ending: &Ending, on_close: bool) -> bool {
    if ending.violation.is_some() {
        return false;
    }
    match ending.code() {
        CloseCode::ABNORMAL
        | CloseCode::GOING_AWAY
        | CloseCode::INTERNAL_ERROR
        | CloseCode::SERVICE_RESTART
        | CloseCode::TRY_AGAIN_LATER
        | CloseCode::BAD_GATEWAY => true,
        CloseCode::NORMAL | CloseCode::NO_STATUS => on_close,
        // What an application means by its codes is not known: often that the client is rejected.
        code => on_close && (3000..5000).contains(&code.get()),
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::time::Duration;

    use super::*;
    use crate::net::dial::DialPhase;
    use crate::net::tls::{TlsFailure, TlsOptions};
    use crate::protocol::close::ClosePayload;
    use crate::protocol::connection::{EndCause, Initiator};
    use crate::protocol::vocabulary::{Position, TransportEnd};

    fn tls(reason: &str) -> DialError {
        let (remote, name) = ("127.0.0.1:443".to_owned(), "h".to_owned());
        let options = TlsOptions::default();
        let failure = TlsFailure::new(remote, name, reason.to_owned(), &[], &options);
        DialError::Tls(Box::new(failure))
    }

    #[test]
    fn dial_errors() {
        let host = || "h".to_owned();
        let timeout = DialError::Timeout {
            phase: DialPhase::Dns(host()),
            limit: Duration::ZERO,
            failures: Vec::new(),
        };
        for (error, is_transient) in [
            (
                DialError::Dns {
                    host: host(),
                    error: io::Error::other("x"),
                    lacks_configuration: false,
                },
                true,
            ),
            (DialError::Tcp(Vec::new(), None), true),
            (DialError::Socket("s".into(), ErrorKind::NotFound.into()), true),
            (DialError::Socket("s".into(), ErrorKind::PermissionDenied.into()), false),
            (timeout, true),
            (tls("unexpected EOF"), true),
            (tls("Connection reset by peer (os error 104)"), true),
            (tls("certificate verify failed: self-signed certificate"), false),
            (tls("certificate has expired"), false),
            (tls("ssl/tls alert handshake failure"), false),
            (
                DialError::NoAddress {
                    host: host(),
                    is_literal: false,
                    family: "IPv6",
                    by_source: false,
                },
                false,
            ),
            (DialError::TlsSetup(host()), false),
        ] {
            assert_eq!(is_dial_transient(&error), is_transient, "{error}");
        }
    }

    #[test]
    fn proxy_faults() {
        for (fault, is_transient) in [
            (ProxyFault::Reply(1), true),
            (ProxyFault::Reply(2), false),
            (ProxyFault::Reply(5), true),
            (ProxyFault::Reply(7), false),
            (ProxyFault::Credentials(1), false),
            (ProxyFault::NoMethod(false), false),
            (ProxyFault::Ended(TransportEnd::Eof, Vec::new()), true),
        ] {
            assert_eq!(is_proxy_transient(&fault), is_transient, "{fault:?}");
        }
    }

    #[test]
    fn statuses() {
        for status in [408, 425, 429, 500, 502, 503, 504, 520, 599] {
            assert!(is_status_transient(status), "{status}");
        }
        for status in [200, 204, 301, 400, 401, 403, 404, 407, 410, 426, 431, 451, 501, 505, 600] {
            assert!(!is_status_transient(status), "{status}");
        }
    }

    fn closed_with(code: u16) -> Ending {
        let code = (code != 1005).then(|| CloseCode::new(code));
        Ending {
            cause: EndCause::Handshake,
            initiator: Initiator::Peer,
            sent: None,
            received: Some(ClosePayload { code, reason: String::new() }),
            violation: None,
            incomplete: None,
        }
    }

    #[test]
    fn close_codes() {
        for (code, is_transient, on_close) in [
            (1000, false, true),
            (1001, true, true),
            (1002, false, false),
            (1003, false, false),
            (1005, false, true),
            (1007, false, false),
            (1008, false, false),
            (1009, false, false),
            (1010, false, false),
            (1011, true, true),
            (1012, true, true),
            (1013, true, true),
            (1014, true, true),
            (3000, false, true),
            (4999, false, true),
        ] {
            assert_eq!(is_ending_transient(&closed_with(code), false), is_transient, "{code}");
            assert_eq!(is_ending_transient(&closed_with(code), true), on_close, "{code}, on close");
        }
    }

    #[test]
    fn a_connection_that_was_cut() {
        let ending = Ending {
            cause: EndCause::Transport(TransportEnd::Eof, Position::Boundary),
            received: None,
            ..closed_with(1000)
        };
        assert!(is_ending_transient(&ending, false));
    }
}
