//! Determines the cause of a failed attempt from the system's error.

use std::io;
use std::net::{IpAddr, SocketAddr};

use super::LocalBinding;

/// A step of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Binding the local end to the source of `--interface`.
    Source,
    /// Connecting.
    Connect,
}

/// Why an attempt failed, as far as the error and the failed step prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpCause {
    /// An RST, or an ICMP "port unreachable", was received.
    Refused,
    /// Nothing was received.
    NoAnswer,
    /// The host cannot be reached, as this system or a router reports.
    HostUnreachable,
    /// A broadcast or multicast address, to which TCP does not connect (RFC 9293 section 3.9.2.3).
    NotUnicast,
    /// No route to the network exists, as this system or a router reports.
    NetworkUnreachable,
    /// A firewall or a policy does not permit the connection.
    NotPermitted,
    /// This system has no address or no port to connect from.
    NoLocalAddress,
    /// A link-local address (RFC 4007 section 6) without the interface that it is reached through.
    NoZone,
    /// The source address is not one of this system's.
    SourceNotLocal,
    /// The source is a link-local address without its interface.
    SourceWithoutZone,
    /// The source is a loopback address, and the destination is not.
    SourceIsLoopback,
    /// Choosing the network interface requires privileges.
    InterfaceNotPermitted,
    /// No network interface has that name.
    NoInterface,
    /// Another cause, described only by the system's error.
    Other,
}

impl TcpCause {
    /// What the error of a step proves, with a connection from `source` to `address`.
    pub(super) fn of(
        address: SocketAddr,
        step: Step,
        source: Option<&LocalBinding>,
        error: &io::Error,
    ) -> Self {
        match (step, source) {
            (Step::Source, Some(LocalBinding::Address(own))) => source_address(*own, error),
            (Step::Source, _) => interface(error),
            (Step::Connect, source) => connect(address, source, error),
        }
    }
}

fn source_address(own: IpAddr, error: &io::Error) -> TcpCause {
    match (error.kind(), own) {
        (io::ErrorKind::AddrNotAvailable, _) => TcpCause::SourceNotLocal,
        (io::ErrorKind::InvalidInput, IpAddr::V6(own)) if own.is_unicast_link_local() => {
            TcpCause::SourceWithoutZone
        }
        _ => TcpCause::Other,
    }
}

fn interface(error: &io::Error) -> TcpCause {
    match error.kind() {
        io::ErrorKind::PermissionDenied => TcpCause::InterfaceNotPermitted,
        _ if is_no_device(error) => TcpCause::NoInterface,
        _ => TcpCause::Other,
    }
}

#[cfg(unix)]
fn is_no_device(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NODEV.raw_os_error())
}

#[cfg(not(unix))]
fn is_no_device(_: &io::Error) -> bool {
    false
}

fn connect(address: SocketAddr, source: Option<&LocalBinding>, error: &io::Error) -> TcpCause {
    let is_from_loopback = matches!(source, Some(LocalBinding::Address(own)) if own.is_loopback());
    match error.kind() {
        _ if is_for_many(address.ip()) => TcpCause::NotUnicast,
        io::ErrorKind::ConnectionRefused => TcpCause::Refused,
        io::ErrorKind::TimedOut => TcpCause::NoAnswer,
        io::ErrorKind::HostUnreachable => TcpCause::HostUnreachable,
        io::ErrorKind::NetworkUnreachable => TcpCause::NetworkUnreachable,
        io::ErrorKind::PermissionDenied => TcpCause::NotPermitted,
        io::ErrorKind::AddrNotAvailable => TcpCause::NoLocalAddress,
        io::ErrorKind::InvalidInput if lacks_zone(address) => TcpCause::NoZone,
        io::ErrorKind::InvalidInput if is_from_loopback && !address.ip().is_loopback() => {
            TcpCause::SourceIsLoopback
        }
        _ => TcpCause::Other,
    }
}

fn is_for_many(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(it) if it.is_broadcast()) || address.is_multicast()
}

fn lacks_zone(address: SocketAddr) -> bool {
    matches!(address, SocketAddr::V6(it) if it.ip().is_unicast_link_local() && it.scope_id() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_distinguishes_the_source_from_the_destination() {
        use io::ErrorKind as Kind;
        let own = LocalBinding::Address([192, 0, 2, 7].into());
        let loopback = LocalBinding::Address([127, 0, 0, 1].into());
        let link_local = LocalBinding::Address("fe80::7".parse().expect("an address"));
        let interface = LocalBinding::Interface("eth9".to_owned());
        for (source, step, kind, expected) in [
            (Some(&own), Step::Source, Kind::AddrNotAvailable, TcpCause::SourceNotLocal),
            (Some(&own), Step::Source, Kind::PermissionDenied, TcpCause::Other),
            (Some(&own), Step::Connect, Kind::AddrNotAvailable, TcpCause::NoLocalAddress),
            (Some(&own), Step::Connect, Kind::PermissionDenied, TcpCause::NotPermitted),
            (Some(&own), Step::Connect, Kind::InvalidInput, TcpCause::Other),
            (Some(&loopback), Step::Connect, Kind::InvalidInput, TcpCause::SourceIsLoopback),
            (Some(&link_local), Step::Source, Kind::InvalidInput, TcpCause::SourceWithoutZone),
            (
                Some(&interface),
                Step::Source,
                Kind::PermissionDenied,
                TcpCause::InterfaceNotPermitted,
            ),
            (Some(&interface), Step::Connect, Kind::PermissionDenied, TcpCause::NotPermitted),
            (None, Step::Connect, Kind::ConnectionRefused, TcpCause::Refused),
            (None, Step::Connect, Kind::HostUnreachable, TcpCause::HostUnreachable),
            (None, Step::Connect, Kind::NetworkUnreachable, TcpCause::NetworkUnreachable),
            (None, Step::Connect, Kind::ConnectionReset, TcpCause::Other),
        ] {
            let address = ([192, 0, 2, 1], 80).into();
            let given = TcpCause::of(address, step, source, &kind.into());
            assert_eq!(given, expected, "{source:?}, {step:?}, {kind:?}");
        }
        for (address, kind, expected) in [
            ("[fe80::1]:80", Kind::InvalidInput, TcpCause::NoZone),
            ("255.255.255.255:80", Kind::NetworkUnreachable, TcpCause::NotUnicast),
            ("[ff02::1]:80", Kind::NetworkUnreachable, TcpCause::NotUnicast),
        ] {
            let address = address.parse().expect("an address");
            let given = TcpCause::of(address, Step::Connect, None, &kind.into());
            assert_eq!(given, expected, "{address}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_interface_that_does_not_exist() {
        let error = io::Error::from_raw_os_error(rustix::io::Errno::NODEV.raw_os_error());
        let source = LocalBinding::Interface("eth9".to_owned());
        let address = ([192, 0, 2, 1], 80).into();
        assert_eq!(
            TcpCause::of(address, Step::Source, Some(&source), &error),
            TcpCause::NoInterface
        );
    }
}
