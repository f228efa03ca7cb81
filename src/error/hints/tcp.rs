//! Hints for failed TCP connections, based on the error for each address.

use std::net::SocketAddr;

use crate::net::tcp::{Cause, TcpFailure};

/// The maximum number of addresses that are named.
const MAX_NAMED: usize = 4;

/// The hint for failed attempts, and for those without an answer in time.
pub(in crate::error) fn hint(failures: &[TcpFailure], unanswered: &[SocketAddr]) -> Option<String> {
    let failed = failures.iter().map(|failure| (failure.address, failure.cause));
    let late = unanswered.iter().map(|address| (*address, Cause::NoAnswer));
    let causes: Vec<(SocketAddr, Cause)> = failed.chain(late).collect();
    let (address, first) = *causes.first()?;
    match causes.iter().all(|(_, cause)| *cause == first) {
        true => alone(first, address, causes.iter().any(|(address, _)| address.is_ipv6())),
        false => one_by_one(&causes),
    }
}

/// Whether the server may be a local one that is not running yet.
pub(super) fn may_be_starting(failures: &[TcpFailure]) -> bool {
    let is_refused = |failure: &TcpFailure| {
        failure.cause == Cause::Refused && failure.address.ip().is_loopback()
    };
    !failures.is_empty() && failures.iter().all(is_refused)
}

/// The hint if all addresses failed with the same cause.
fn alone(cause: Cause, address: SocketAddr, has_v6: bool) -> Option<String> {
    let text = match cause {
        Cause::Refused => {
            return Some(format!(
                "no program listens on port {} there, or a firewall rejects the connection: is the server running, and is the port right?",
                address.port()
            ));
        }
        Cause::NoAnswer => {
            "no answer was received: the host may be down, or a firewall may drop the packets"
        }
        Cause::HostUnreachable => {
            "this system or a router reports that the host cannot be reached: it is down, its address is wrong, or a firewall rejects the packets"
        }
        Cause::NetworkUnreachable if has_v6 => {
            "there is no route to that network: is this machine connected to it, with IPv6 for an IPv6 address?"
        }
        Cause::NetworkUnreachable => {
            "there is no route to that network: is this machine connected to it (by a VPN, for example)?"
        }
        Cause::NotUnicast => {
            "that is a broadcast or multicast address, to which TCP cannot connect"
        }
        Cause::NotPermitted => {
            "a firewall, a sandbox or a routing rule does not permit the connection"
        }
        Cause::NoLocalAddress if has_v6 => {
            "this machine has no IPv6 address to connect from, or no free port"
        }
        Cause::NoLocalAddress => "this machine has no address to connect from, or no free port",
        Cause::NoZone => return no_zone(address),
        Cause::SourceNotLocal => "this machine does not have the address of --interface",
        Cause::SourceWithoutZone => {
            "a link-local address does not say which network interface it belongs to: --interface NAME does"
        }
        Cause::SourceIsLoopback => {
            "the address of --interface is a loopback address, from which only this machine can be reached"
        }
        Cause::InterfaceNotPermitted => {
            "choosing an interface by its name requires privileges here (CAP_NET_RAW); its address does not"
        }
        Cause::NoInterface => "this machine has no network interface of that name",
        Cause::Other => return None,
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
fn one_by_one(causes: &[(SocketAddr, Cause)]) -> Option<String> {
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

fn clause(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::Refused => "no program listens on that port, or a firewall rejects the connection",
        Cause::NoAnswer => "no answer: the host may be down, or a firewall may drop the packets",
        Cause::HostUnreachable => "the host cannot be reached",
        Cause::NetworkUnreachable => "no route",
        Cause::NotUnicast => "a broadcast or multicast address",
        Cause::NotPermitted => {
            "a firewall, a sandbox or a routing rule does not permit the connection"
        }
        Cause::NoLocalAddress => "no local address or no free port to connect from",
        Cause::NoZone => "a link-local address requires --interface NAME",
        Cause::SourceNotLocal
        | Cause::SourceWithoutZone
        | Cause::SourceIsLoopback
        | Cause::InterfaceNotPermitted
        | Cause::NoInterface
        | Cause::Other => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn failures(list: &[(&str, Cause)]) -> Vec<TcpFailure> {
        let failure = |(address, cause): &(&str, Cause)| TcpFailure {
            address: address.parse().expect("an address"),
            cause: *cause,
            error: io::Error::other("x"),
        };
        list.iter().map(failure).collect()
    }

    #[test]
    fn a_single_cause_is_explained() {
        for (cause, words) in [
            (Cause::Refused, "no program listens on port 80 there, or a firewall rejects"),
            (Cause::NoAnswer, "no answer was received"),
            (Cause::HostUnreachable, "reports that the host cannot be reached"),
            (Cause::NetworkUnreachable, "(by a VPN, for example)?"),
            (Cause::NotPermitted, "does not permit the connection"),
            (Cause::NoLocalAddress, "no address to connect from, or no free port"),
            (Cause::SourceNotLocal, "does not have the address of --interface"),
            (Cause::SourceWithoutZone, "--interface NAME does"),
            (Cause::InterfaceNotPermitted, "requires privileges"),
            (Cause::NoInterface, "no network interface of that name"),
        ] {
            let list = failures(&[("192.0.2.1:80", cause), ("192.0.2.2:80", cause)]);
            let given = hint(&list, &[]).unwrap_or_default();
            assert!(given.contains(words), "{cause:?}: {given}");
        }
        assert_eq!(hint(&failures(&[("192.0.2.1:80", Cause::Other)]), &[]), None);
        let is_linux = cfg!(any(target_os = "linux", target_os = "android"));
        let list = failures(&[("[fe80::1]:80", Cause::NoZone)]);
        assert_eq!(hint(&list, &[]).is_some(), is_linux);
    }

    /// A missing route for one address must not hide that another address refused.
    #[test]
    fn different_causes_are_given_for_each_address() {
        let list = failures(&[
            ("[2001:db8::1]:80", Cause::NetworkUnreachable),
            ("192.0.2.1:80", Cause::Refused),
            ("192.0.2.2:80", Cause::Other),
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
        assert_eq!(hint(&[], &late), alone(Cause::NoAnswer, late[0], false));
    }

    #[test]
    fn a_local_server_may_be_starting() {
        for (list, is_so) in [
            (&[("127.0.0.1:80", Cause::Refused)][..], true),
            (&[("192.0.2.1:80", Cause::Refused)], false),
            (&[("127.0.0.1:80", Cause::NoAnswer)], false),
            (&[], false),
        ] {
            assert_eq!(may_be_starting(&failures(list)), is_so, "{list:?}");
        }
    }
}
