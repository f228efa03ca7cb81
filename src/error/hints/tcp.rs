//! Hints for failed TCP connections, based on the error for each address.

use std::net::SocketAddr;

use crate::net::tcp::{TcpCause, TcpFailure};

/// The maximum number of addresses that are named.
const MAX_NAMED: usize = 4;

/// The hint for failed attempts, and for those without an answer in time.
pub(in crate::error) fn hint(failures: &[TcpFailure], unanswered: &[SocketAddr]) -> Option<String> {
    let failed = failures.iter().map(|failure| (failure.address, failure.cause));
    let late = unanswered.iter().map(|address| (*address, TcpCause::NoAnswer));
    let causes: Vec<(SocketAddr, TcpCause)> = failed.chain(late).collect();
    let (address, first) = *causes.first()?;
    match causes.iter().all(|(_, cause)| *cause == first) {
        true => alone(first, address, causes.iter().any(|(address, _)| address.is_ipv6())),
        false => one_by_one(&causes),
    }
}

/// Whether the server may be a local one that is not running yet.
pub(super) fn may_be_starting(failures: &[TcpFailure]) -> bool {
    let is_refused = |failure: &TcpFailure| {
        failure.cause == TcpCause::Refused && failure.address.ip().is_loopback()
    };
    !failures.is_empty() && failures.iter().all(is_refused)
}

/// The hint if all addresses failed with the same cause.
fn alone(cause: TcpCause, address: SocketAddr, has_v6: bool) -> Option<String> {
    let text = match cause {
        TcpCause::Refused => {
            return Some(format!(
                "no program listens on port {} there, or a firewall rejects the connection: is the server running, and is the port right?",
                address.port()
            ));
        }
        TcpCause::NoAnswer => {
            "no answer was received: the host may be down, or a firewall may drop the packets"
        }
        TcpCause::HostUnreachable => {
            "this system or a router reports that the host cannot be reached: it is down, its address is wrong, or a firewall rejects the packets"
        }
        TcpCause::NetworkUnreachable if has_v6 => {
            "there is no route to that network: is this machine connected to it, with IPv6 for an IPv6 address?"
        }
        TcpCause::NetworkUnreachable => {
            "there is no route to that network: is this machine connected to it (by a VPN, for example)?"
        }
        TcpCause::NotUnicast => {
            "that is a broadcast or multicast address, to which TCP cannot connect"
        }
        TcpCause::NotPermitted => {
            "a firewall, a sandbox or a routing rule does not permit the connection"
        }
        TcpCause::NoLocalAddress if has_v6 => {
            "this machine has no IPv6 address to connect from, or no free port"
        }
        TcpCause::NoLocalAddress => "this machine has no address to connect from, or no free port",
        TcpCause::NoZone => return no_zone(address),
        TcpCause::SourceNotLocal => "this machine does not have the address of --interface",
        TcpCause::SourceWithoutZone => {
            "a link-local address does not say which network interface it belongs to: --interface NAME does"
        }
        TcpCause::SourceIsLoopback => {
            "the address of --interface is a loopback address, from which only this machine can be reached"
        }
        TcpCause::InterfaceNotPermitted => {
            "choosing an interface by its name requires privileges here (CAP_NET_RAW); its address does not"
        }
        TcpCause::NoInterface => "this machine has no network interface of that name",
        TcpCause::Other => return None,
    };
    Some(text.to_owned())
}

/// RFC 4007 section 6. On other systems `--interface` only accepts an address.
fn no_zone(address: SocketAddr) -> Option<String> {
    cfg!(any(target_os = "linux", target_os = "android")).then(|| {
        format!(
            "{} is a link-local address: --interface NAME names the network interface that it is reached through",
            address.ip()
        )
    })
}

/// The hint if addresses failed with different causes: that of each.
fn one_by_one(causes: &[(SocketAddr, TcpCause)]) -> Option<String> {
    let named = causes
        .iter()
        .filter_map(|(address, cause)| clause(*cause).map(|clause| format!("{address}: {clause}")));
    let mut list: Vec<String> = named.collect();
    let more = list.len().saturating_sub(MAX_NAMED);
    list.truncate(MAX_NAMED);
    if more > 0 {
        list.push(format!("{more} more failed"));
    }
    (!list.is_empty()).then(|| list.join("; "))
}

fn clause(cause: TcpCause) -> Option<&'static str> {
    Some(match cause {
        TcpCause::Refused => {
            "no program listens on that port, or a firewall rejects the connection"
        }
        TcpCause::NoAnswer => "no answer: the host may be down, or a firewall may drop the packets",
        TcpCause::HostUnreachable => "the host cannot be reached",
        TcpCause::NetworkUnreachable => "no route",
        TcpCause::NotUnicast => "a broadcast or multicast address",
        TcpCause::NotPermitted => {
            "a firewall, a sandbox or a routing rule does not permit the connection"
        }
        TcpCause::NoLocalAddress => "no local address or no free port to connect from",
        TcpCause::NoZone => "a link-local address requires --interface NAME",
        TcpCause::SourceNotLocal
        | TcpCause::SourceWithoutZone
        | TcpCause::SourceIsLoopback
        | TcpCause::InterfaceNotPermitted
        | TcpCause::NoInterface
        | TcpCause::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn failures(list: &[(&str, TcpCause)]) -> Vec<TcpFailure> {
        let failure = |(address, cause): &(&str, TcpCause)| TcpFailure {
            address: address.parse().expect("an address"),
            cause: *cause,
            error: io::Error::other("x"),
        };
        list.iter().map(failure).collect()
    }

    #[test]
    fn a_single_cause_is_explained() {
        for (cause, words) in [
            (TcpCause::Refused, "no program listens on port 80 there, or a firewall rejects"),
            (TcpCause::NoAnswer, "no answer was received"),
            (TcpCause::HostUnreachable, "reports that the host cannot be reached"),
            (TcpCause::NetworkUnreachable, "(by a VPN, for example)?"),
            (TcpCause::NotPermitted, "does not permit the connection"),
            (TcpCause::NoLocalAddress, "no address to connect from, or no free port"),
            (TcpCause::SourceNotLocal, "does not have the address of --interface"),
            (TcpCause::SourceWithoutZone, "--interface NAME does"),
            (TcpCause::InterfaceNotPermitted, "requires privileges"),
            (TcpCause::NoInterface, "no network interface of that name"),
        ] {
            let list = failures(&[("192.0.2.1:80", cause), ("192.0.2.2:80", cause)]);
            let given = hint(&list, &[]).unwrap_or_default();
            assert!(given.contains(words), "{cause:?}: {given}");
        }
        assert_eq!(hint(&failures(&[("192.0.2.1:80", TcpCause::Other)]), &[]), None);
        let is_linux = cfg!(any(target_os = "linux", target_os = "android"));
        let list = failures(&[("[fe80::1]:80", TcpCause::NoZone)]);
        assert_eq!(hint(&list, &[]).is_some(), is_linux);
    }

    /// A missing route for one address must not hide that another address refused.
    #[test]
    fn different_causes_are_given_for_each_address() {
        let list = failures(&[
            ("[2001:db8::1]:80", TcpCause::NetworkUnreachable),
            ("192.0.2.1:80", TcpCause::Refused),
            ("192.0.2.2:80", TcpCause::Other),
        ]);
        assert_eq!(
            hint(&list, &[]).as_deref(),
            Some(
                "[2001:db8::1]:80: no route; 192.0.2.1:80: no program listens on that port, or a firewall rejects the connection"
            )
        );
        let late = ["192.0.2.9:80".parse().expect("an address")];
        let given = hint(&list[1..2], &late).unwrap_or_default();
        assert!(given.starts_with("192.0.2.1:80: no program listens"), "{given}");
        assert!(given.contains("; 192.0.2.9:80: no answer: "), "{given}");
        assert_eq!(hint(&[], &late), alone(TcpCause::NoAnswer, late[0], false));
    }

    #[test]
    fn a_local_server_may_be_starting() {
        for (list, is_so) in [
            (&[("127.0.0.1:80", TcpCause::Refused)][..], true),
            (&[("192.0.2.1:80", TcpCause::Refused)], false),
            (&[("127.0.0.1:80", TcpCause::NoAnswer)], false),
            (&[], false),
        ] {
            assert_eq!(may_be_starting(&failures(list)), is_so, "{list:?}");
        }
    }
}
