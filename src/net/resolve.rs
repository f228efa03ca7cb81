//! Resolves names to addresses, with a deadline, in the order in which they are tried.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use url::Host;

use super::reactor::{Deadline, Reactor, WaitError};
use crate::protocol::handshake::is_localhost;

/// The time limit for a name of this machine, which the system resolves without a query.
const LOCAL_PATIENCE: Duration = Duration::from_millis(500);

/// The loopback addresses that this machine has.
pub fn loopback(port: u16) -> Vec<SocketAddr> {
    let has_v6 = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let v6 = has_v6.then_some(IpAddr::V6(Ipv6Addr::LOCALHOST));
    let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
    v6.into_iter().chain([v4]).map(|address| SocketAddr::new(address, port)).collect()
}

/// All addresses of a host, in the order of RFC 8305 section 4. Literal addresses need no lookup. A name of
/// this machine (RFC 6761 section 6.3) is a loopback address even if the system does not know it.
///
/// # Errors
/// The system's error, or why the wait for it ended.
pub fn resolve(
    host: &Host<String>,
    port: u16,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, WaitError> {
    match host {
        Host::Ipv4(address) => Ok(vec![SocketAddr::new(IpAddr::V4(*address), port)]),
        Host::Ipv6(address) => Ok(vec![SocketAddr::new(IpAddr::V6(*address), port)]),
        Host::Domain(name) if is_localhost(name) => {
            let patience = deadline.or_after(LOCAL_PATIENCE);
            let found = match look_up(name.clone(), port, reactor, patience) {
                Err(WaitError::TimedOut) if deadline.has_passed() => Err(WaitError::TimedOut)?,
                Err(WaitError::TimedOut) | Ok(Err(_)) => Vec::new(),
                found => found??,
            };
            let known: Vec<_> = found.into_iter().filter(|it| it.ip().is_loopback()).collect();
            Ok(if known.is_empty() { loopback(port) } else { interleave(known) })
        }
        Host::Domain(name) => {
            let found = look_up(name.clone(), port, reactor, deadline)??;
            Ok(interleave(found))
        }
    }
}

/// The system's reason for an error of a lookup. For EAI_AGAIN musl's text is "Try again", which reads as advice; that of
/// glibc is returned in its place.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.strip_prefix("failed to lookup address information: ") {
        Some("Try again") => "Temporary failure in name resolution".to_owned(),
        Some(reason) => reason.to_owned(),
        None => text,
    }
}

/// Whether this system has no file that names its DNS servers, such as an empty container or Android. The resolver
/// of the C library then asks this machine, and reports that no server answered.
pub fn lacks_configuration() -> bool {
    cfg!(all(unix, not(target_vendor = "apple"))) && !Path::new("/etc/resolv.conf").exists()
}

/// getaddrinfo has no time limit, so it runs in a thread that is abandoned if it takes too long.
fn look_up(
    name: String,
    port: u16,
    reactor: &mut Reactor,
    deadline: Deadline,
) -> Result<io::Result<Vec<SocketAddr>>, WaitError> {
    let waker = reactor.waker();
    let (sender, receiver) = mpsc::channel();
    thread::Builder::new().name("resolver".to_owned()).spawn(move || {
        let addresses = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        let _ = sender.send(addresses); // the receiver is dropped if the deadline has passed
        let _ = waker.wake();
    })?;
    loop {
        if let Ok(addresses) = receiver.try_recv() {
            return Ok(addresses);
        }
        reactor.wait_for(deadline, None)?;
    }
}

/// RFC 8305 section 4: the system's order (RFC 6724), with the address families alternating.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|a| a.is_ipv6() == first_is_v6);
    let mut ordered = Vec::with_capacity(first.len() + second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    loop {
        let turn = [first.next(), second.next()];
        if turn == [None, None] {
            ordered.dedup();
            return ordered;
        }
        ordered.extend(turn.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine() {
        for name in ["localhost", "LOCALHOST.", "a.b.localhost"] {
            assert!(is_localhost(name), "{name}");
        }
        for name in ["localhost.example", "mylocalhost", "", "."] {
            assert!(!is_localhost(name), "{name}");
        }
        assert!(loopback(1).iter().all(|address| address.ip().is_loopback()));
    }

    #[test]
    fn the_reason_does_not_read_as_advice() {
        for (reported, expected) in [
            (
                "failed to lookup address information: Try again",
                "Temporary failure in name resolution",
            ),
            (
                "failed to lookup address information: Name does not resolve",
                "Name does not resolve",
            ),
            ("something new", "something new"),
        ] {
            assert_eq!(reason(&io::Error::other(reported)), expected);
        }
    }

    #[test]
    fn address_families_alternate_in_the_order_of_the_system() {
        let parse = |list: &[&str]| {
            list.iter().map(|a| a.parse().expect("address")).collect::<Vec<SocketAddr>>()
        };
        let given = parse(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        let expected = parse(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]);
        assert_eq!(interleave(given), expected);
        assert_eq!(interleave(parse(&["1.1.1.1:1", "[::1]:1"])), parse(&["1.1.1.1:1", "[::1]:1"]));
        assert_eq!(interleave(Vec::new()), []);
    }
}
